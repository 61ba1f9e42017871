//! Keys that we make: 256 random bits with a few letters in front that say what they are. Only their hash is kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use store::KeyKind;

const KEY: &str = "gmk_";
const HANDLE: &str = "gmh_";
/// Letters of a key that people may see: enough to recognise it, 24 bits of 256.
const SHOWN: usize = 8;

/// A key that was just made: the only moment at which it can be shown.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) secret: SecretString,
    pub(crate) hash: String,
    pub(crate) prefix: String,
}

/// Makes a key.
pub(crate) fn make(kind: KeyKind) -> Fresh {
    let front = match kind {
        KeyKind::Key => KEY,
        KeyKind::Handle => HANDLE,
    };
    let text = format!("{front}{}", random());
    Fresh {
        hash: hash(&text),
        prefix: text.chars().take(SHOWN).collect(),
        secret: SecretString::from(text),
    }
}

/// 256 random bits as text.
pub(crate) fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is kept of a secret, in hex.
pub(crate) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// By which a token of Meta's is told from another; nothing leads back from it.
pub(crate) fn print(token: &SecretString) -> String {
    hash(token.expose_secret()).chars().take(32).collect()
}

/// Whether this is a key or handle of ours, by its looks.
pub(crate) fn is_ours(text: &str) -> bool {
    text.starts_with(KEY) || text.starts_with(HANDLE)
}

/// Whether this looks like a token of Meta's: `IG…` from Instagram Login, `EAA…` from Facebook Login.
pub(crate) fn is_metas(text: &str) -> bool {
    text.starts_with("IG") || text.starts_with("EAA")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_it_is_and_keeps_the_rest() {
        let key = make(KeyKind::Key);
        let text = key.secret.expose_secret();
        assert!(
            text.starts_with("gmk_") && text.len() == 4 + 43,
            "{}",
            text.len()
        );
        assert!(text.starts_with(&key.prefix) && key.prefix.len() == 8);
        assert_eq!(hash(text), key.hash);
        assert!(is_ours(text) && !is_metas(text));
        assert!(make(KeyKind::Handle).prefix.starts_with("gmh_"));
        assert_ne!(make(KeyKind::Key).hash, key.hash);
        assert!(!format!("{key:?}").contains(text));
    }
}
