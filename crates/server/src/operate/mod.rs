//! What an operator asks of the product from the command line; the words are printed by the binary.

pub mod accounts;
pub mod doctor;
pub mod init;
pub mod keys;
pub mod models;
pub mod replay;
pub mod secrets;

use crate::{app, settings::Settings};

/// Brings the database's schema up to date.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    app::open_store(settings, false).await?.close().await;
    Ok(())
}

/// An error with its causes in one line. An error that words its cause itself is common below us; said once is enough.
pub fn told(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.contains(&cause) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&cause);
    }
    line
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::told;

    #[test]
    fn each_cause_is_said_once() {
        let cause = || anyhow!("Address already in use (os error 98)");
        let worded =
            cause().context("cannot listen: Address already in use (os error 98); choose another");
        assert_eq!(
            told(&worded.context("the demo cannot start")),
            "the demo cannot start: cannot listen: Address already in use (os error 98); choose another"
        );
        let unworded = cause().context("cannot listen on 127.0.0.1:1");
        assert_eq!(
            told(&unworded),
            "cannot listen on 127.0.0.1:1: Address already in use (os error 98)"
        );
    }
}
