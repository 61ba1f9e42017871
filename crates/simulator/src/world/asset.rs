//! Files behind CDN addresses: uploads, fetched media, samples. An address is signed, expires on
//! Meta's clock and dies with an unsent message; the media host asks here before it serves.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::OnceCell;

use super::World;
use super::probe::Probe;

/// How long a CDN address works. Meta names no figure; the test server we compare with says 24 h.
const URL_LIFE_MS: i64 = 24 * 3_600_000;

/// Where the bytes of an asset are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A file that a client uploaded or that we fetched for it.
    File(PathBuf),
    /// A sample (or one item of it), made on first use.
    Sample { code: String, item: Option<usize> },
}

/// One file that the media host can serve.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) id: String,
    pub(crate) source: Source,
    pub(crate) mime: String,
    /// 0 until known (samples are made lazily).
    pub(crate) bytes: u64,
    pub(crate) probe: OnceCell<Probe>,
}

/// Why a CDN address is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// 403: not signed by us, or changed.
    BadSignature,
    /// 403: older than its life on Meta's clock.
    Expired,
    /// 404: the message was unsent, or there never was such an asset.
    Gone,
}

#[derive(Debug, Default)]
pub(crate) struct Assets {
    by_id: Mutex<HashMap<String, Arc<Asset>>>,
    sample_ids: Mutex<HashMap<(String, Option<usize>), String>>,
}

impl Assets {
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Asset>> {
        self.by_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    pub(crate) fn remove(&self, id: &str) {
        self.by_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    pub(crate) fn clear(&self) {
        self.by_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.sample_ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn insert(&self, asset: Asset) -> Arc<Asset> {
        let asset = Arc::new(asset);
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        by_id.insert(asset.id.clone(), Arc::clone(&asset));
        asset
    }
}

impl World {
    pub(crate) fn add_file(&self, path: PathBuf, mime: &str, bytes: u64) -> Arc<Asset> {
        self.assets().insert(Asset {
            id: self.new_id("18"),
            source: Source::File(path),
            mime: mime.to_owned(),
            bytes,
            probe: OnceCell::new(),
        })
    }

    /// The asset of a sample: the same id each time, so that two shares show one media id.
    pub(crate) fn sample_asset(&self, code: &str, item: Option<usize>, mime: &str) -> Arc<Asset> {
        let key = (code.to_owned(), item);
        let mut ids = self
            .assets()
            .sample_ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(asset) = ids.get(&key).and_then(|id| self.assets().get(id)) {
            return asset;
        }
        let asset = self.assets().insert(Asset {
            id: self.new_id("17"),
            source: Source::Sample {
                code: code.to_owned(),
                item,
            },
            mime: mime.to_owned(),
            bytes: 0,
            probe: OnceCell::new(),
        });
        ids.insert(key, asset.id.clone());
        asset
    }

    /// A fresh signed address of an asset, as webhooks and read-backs carry it.
    pub(crate) fn cdn_url(&self, asset_id: &str) -> String {
        let expires_ms = self.clock().now_ms() + URL_LIFE_MS;
        let signature = self.cdn_signature(asset_id, expires_ms);
        format!(
            "{}/cdn/lookaside.fbsbx.com/ig_messaging_cdn/?asset_id={asset_id}&signature={expires_ms}.{signature}",
            self.base_url()
        )
    }

    /// Checks what a CDN request brought; the media host serves the asset that comes back.
    pub(crate) fn open_cdn(&self, asset_id: &str, signature: &str) -> Result<Arc<Asset>, Closed> {
        let (expires, mac) = signature.split_once('.').ok_or(Closed::BadSignature)?;
        let expires_ms = expires.parse::<i64>().map_err(|_| Closed::BadSignature)?;
        if self.cdn_signature(asset_id, expires_ms) != mac {
            return Err(Closed::BadSignature);
        }
        if self.clock().now_ms() > expires_ms {
            return Err(Closed::Expired);
        }
        self.assets().get(asset_id).ok_or(Closed::Gone)
    }

    fn cdn_signature(&self, asset_id: &str, expires_ms: i64) -> String {
        let text = format!("{asset_id}.{expires_ms}");
        hmac_hex(self.cdn_key(), text.as_bytes())[..40].to_owned()
    }
}

/// HMAC-SHA256 in lowercase hex.
pub(crate) fn hmac_hex(key: &[u8], text: &[u8]) -> String {
    // HMAC takes a key of any length, so there is no error to report.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(text);
    hex::encode(mac.finalize().into_bytes())
}
