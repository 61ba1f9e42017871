//! Files that were handed in: where they lie, how Meta gets them, and when they go.

use std::path::{Path, PathBuf};

use bot::files::{FileName, HANDED_IN, signed_link, work_dir};
use secrecy::SecretString;
use store::{Store, StoreError, UploadRow};
use url::Url;
use uuid::Uuid;

use super::spec::{Item, Reach};

/// How long Meta may fetch a file of ours: as long as a container lives.
const LINK_MS: i64 = 24 * 3_600_000;

/// A file that nothing is to be made of goes after this long.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// A folder that no row knows goes after this long: its file was arriving when its process died.
const STRAY_MS: i64 = 24 * 3_600_000;

/// Where files lie and under which address the world sees them.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    pub(crate) data_dir: PathBuf,
    pub(crate) public_url: Option<Url>,
    pub(crate) key: SecretString,
}

/// The folder of one upload, by a name that links can carry.
fn folder(id: Uuid) -> String {
    format!("{HANDED_IN}{}", id.simple())
}

/// The upload whose folder this is.
fn upload_of(name: &str) -> Option<Uuid> {
    name.strip_prefix(HANDED_IN)?.parse().ok()
}

/// When an id was given; one that does not say so is of today.
fn made_ms(id: Uuid) -> i64 {
    let (seconds, nanos) = id.get_timestamp().map_or((u64::MAX, 0), |at| at.to_unix());
    i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000)
        .saturating_add(i64::from(nanos / 1_000_000))
}

/// Where an upload lies.
pub(crate) fn upload_path(data_dir: &Path, id: Uuid, file: &str) -> PathBuf {
    work_dir(data_dir, &folder(id)).join(file)
}

impl Shelf {
    /// How an item reaches Meta: where it is, or by a link of ours, or by its bytes. `None` when there is no way.
    pub(super) fn reach(
        &self,
        item: &Item,
        upload: Option<&UploadRow>,
        now_ms: i64,
    ) -> Option<Reach> {
        if let Some(url) = &item.image_url {
            return Some(Reach::Url(url.clone(), false));
        }
        if let Some(url) = &item.video_url {
            return Some(Reach::Url(url.clone(), true));
        }
        let upload = upload?;
        let is_video = upload.mime.starts_with("video/");
        let linked = self.public_url.as_ref().and_then(|public| {
            let name = FileName::new(&folder(upload.id), &upload.file)?;
            Some(signed_link(public, &self.key, &name, now_ms + LINK_MS))
        });
        match linked {
            Some(url) => Some(Reach::Url(url, is_video)),
            // Meta takes the bytes of videos only.
            None if is_video => Some(Reach::Bytes),
            None => None,
        }
    }

    /// Where an upload lies.
    pub(super) fn path(&self, upload: &UploadRow) -> PathBuf {
        upload_path(&self.data_dir, upload.id, &upload.file)
    }

    /// Takes the file of an upload away that is forgotten. Its row went first, so that nobody orders a post of a file
    /// that is going; what is left behind by a crash in between is swept up.
    pub(super) async fn clear(&self, store: &Store, id: Uuid) -> Result<(), StoreError> {
        if store.has_upload(id).await? {
            return Ok(());
        }
        let folder = work_dir(&self.data_dir, &folder(id));
        if let Err(error) = tokio::fs::remove_dir_all(&folder).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an upload cannot be removed");
        }
        Ok(())
    }

    /// Takes uploads away that nothing was made of for a week.
    pub(crate) async fn sweep(&self, store: &Store) -> Result<(), StoreError> {
        let before_ms = store.clock().now_ms().saturating_sub(KEPT_MS);
        for id in store.idle_uploads(before_ms).await? {
            self.clear(store, id).await?;
        }
        self.sweep_strays(store).await
    }

    /// Takes folders away that no row knows.
    async fn sweep_strays(&self, store: &Store) -> Result<(), StoreError> {
        let before_ms = store.clock().now_ms().saturating_sub(STRAY_MS);
        let Ok(mut folders) = tokio::fs::read_dir(self.data_dir.join("uploads")).await else {
            return Ok(());
        };
        while let Ok(Some(found)) = folders.next_entry().await {
            let name = found.file_name();
            let Some(id) = name.to_str().and_then(upload_of) else {
                continue;
            };
            if made_ms(id) < before_ms {
                self.clear(store, id).await?;
            }
        }
        Ok(())
    }
}
