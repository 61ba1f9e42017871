//! What an operator asks of the product from the command line; the words are printed by the binary.

pub mod accounts;
pub mod doctor;
pub mod init;
pub mod models;
pub mod replay;

use crate::{app, settings::Settings};

/// Brings the database's schema up to date.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    app::open_store(settings, false).await?.close().await;
    Ok(())
}
