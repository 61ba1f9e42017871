//! The keys that stored tokens are sealed with, changed while everything runs.

use anyhow::Context as _;
use store::{Rotated, Safe};

use crate::{app, master_key, settings::Settings};

/// Seals every stored secret with a new key and throws the older ones away.
pub async fn rotate(settings: &Settings) -> anyhow::Result<Rotated> {
    let master = master_key::load_or_make(settings)?;
    let store = app::open_store(settings, false).await?;
    let rotated = async {
        let safe = Safe::new(store.clone(), &master, &settings.master_key_before)?;
        safe.rotate().await
    };
    let rotated = rotated.await.context("the rotation stopped; run it again");
    store.close().await;
    rotated
}
