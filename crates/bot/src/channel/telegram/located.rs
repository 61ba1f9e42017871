//! Where a file lies that a person sent: behind an address, or in the folder of a local Bot API server.
//!
//! A server in local mode names an absolute path and serves nothing over HTTP
//! (<https://core.telegram.org/bots/api#using-a-local-bot-api-server>, 2026-11). What it names is followed to its end and
//! must lie in the folder that the operator named; nothing else on this machine is a person's file.

use std::path::Path;

use frankenstein::methods::GetFileParams;
use serde::Deserialize;

use super::client::Call;
use super::fault::refuse;
use super::{Telegram, params};
use crate::channel::{ChannelError, Located};

impl Telegram {
    /// Where the file of this name is.
    pub(super) async fn find_file(&self, file: &str) -> Result<Located, ChannelError> {
        #[derive(Deserialize)]
        struct Found {
            file_path: Option<String>,
        }
        let asked = GetFileParams::builder().file_id(file).build();
        let found: Found = self
            .quietly(Call::quiet("getFile", params(&asked)?))
            .await?;
        let path = found.file_path.ok_or_else(|| refuse("no_file_path"))?;
        if Path::new(&path).is_absolute() {
            return self.local(Path::new(&path)).await;
        }
        self.api
            .file_address(&path)
            .map(Located::At)
            .ok_or_else(|| refuse("file_path"))
    }

    async fn local(&self, path: &Path) -> Result<Located, ChannelError> {
        let Some(root) = &self.local_files_root else {
            return Err(refuse("local_files_unset"));
        };
        let (root, path) = (
            tokio::fs::canonicalize(root).await,
            tokio::fs::canonicalize(path).await,
        );
        match (root, path) {
            (Ok(root), Ok(path)) if path.starts_with(&root) => Ok(Located::Here(path)),
            (Ok(_), Ok(_)) => Err(refuse("local_file_outside")),
            _ => Err(refuse("local_file_missing")),
        }
    }
}
