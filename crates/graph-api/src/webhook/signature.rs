//! The signature of a delivery: HMAC-SHA256 over the bytes as they came. Meta signs its own
//! spelling of the JSON (escaped unicode, two serialisers), so nothing here decodes or re-encodes.
//! <https://developers.facebook.com/docs/instagram-platform/webhooks> (read 2026-09-11)

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::fmt;

type HmacSha256 = Hmac<Sha256>;

const PREFIX: &[u8] = b"sha256=";

/// The app secrets that may have signed a delivery. Meta's pages do not say whether the Meta app
/// secret or the Instagram app secret signs under Instagram Login, so every one is tried.
#[derive(Clone)]
pub struct AppSecrets {
    /// The keyed state is kept, so that a delivery does not pay for hashing the key again.
    keys: Vec<HmacSha256>,
}

/// Why a list of secrets cannot check anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSecret {
    /// The list is empty.
    #[error("no app secret is set: set instagram.app_secrets (or INSTAGRAM_APP_SECRET)")]
    Empty,
    /// One of the secrets has no characters: anyone could sign with it.
    #[error("app secret number {0} is blank: remove it or fill it in")]
    Blank(usize),
}

/// Why a delivery was not believed. Says nothing that helps to forge one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no `X-Hub-Signature-256` header.
    #[error("the signature header is missing")]
    Missing,
    /// The header is not `sha256=` and 64 lower-case hex digits.
    #[error("the signature header is malformed")]
    Malformed,
    /// The signature is not one of ours over these bytes.
    #[error("the signature does not match")]
    Mismatch,
}

/// Bytes whose signature was checked. Only [`AppSecrets::verify`] makes one, or
/// [`Verified::trusted_from_disk`] for bytes that were checked before they were put aside.
#[derive(Clone)]
pub struct Verified(Bytes);

impl AppSecrets {
    /// Takes every secret that may sign. An empty list or a blank secret is refused: a receiver
    /// without a secret must not start.
    pub fn new(secrets: Vec<SecretString>) -> Result<Self, NoSecret> {
        if secrets.is_empty() {
            return Err(NoSecret::Empty);
        }
        let mut keys = Vec::with_capacity(secrets.len());
        for (index, secret) in secrets.into_iter().enumerate() {
            let secret = secret.expose_secret().trim();
            if secret.is_empty() {
                return Err(NoSecret::Blank(index + 1));
            }
            let key = HmacSha256::new_from_slice(secret.as_bytes());
            keys.push(key.map_err(|_| NoSecret::Blank(index + 1))?);
        }
        Ok(Self { keys })
    }

    /// Checks `X-Hub-Signature-256` against the body as received. Every secret is tried in full,
    /// so the time taken does not tell which one was right.
    pub fn verify(&self, header: Option<&[u8]>, body: Bytes) -> Result<Verified, SignatureError> {
        let header = header.ok_or(SignatureError::Missing)?;
        let claimed = decode(header).ok_or(SignatureError::Malformed)?;
        let mut genuine = false;
        for key in &self.keys {
            let mut mac = key.clone();
            mac.update(&body);
            // `verify_slice` compares in constant time; no early exit between secrets either.
            genuine |= mac.verify_slice(&claimed).is_ok();
        }
        if genuine {
            Ok(Verified(body))
        } else {
            Err(SignatureError::Mismatch)
        }
    }
}

impl fmt::Debug for AppSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppSecrets({} redacted)", self.keys.len())
    }
}

impl Verified {
    /// The body, byte for byte as Meta sent it.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// For a body that was verified when it arrived and waited on our own disk since.
    pub fn trusted_from_disk(body: Bytes) -> Self {
        Self(body)
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({} bytes)", self.0.len())
    }
}

/// `sha256=` and exactly 64 lower-case hex digits; Meta never writes upper case.
fn decode(header: &[u8]) -> Option<[u8; 32]> {
    let digits = header.strip_prefix(PREFIX)?;
    if digits.len() != 64 || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut tag = [0_u8; 32];
    hex::decode_to_slice(digits, &mut tag).ok()?;
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(list: &[&str]) -> AppSecrets {
        let list = list.iter().map(|s| SecretString::from(*s)).collect();
        AppSecrets::new(list).unwrap()
    }

    fn sign(secret: &str, body: &[u8]) -> String {
        let mut mac = HmacSha256::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }

    fn check(header: Option<&str>, body: &'static [u8]) -> Result<Verified, SignatureError> {
        secrets(&["one", "two"]).verify(header.map(str::as_bytes), Bytes::from_static(body))
    }

    #[test]
    fn a_published_vector_holds() {
        // RFC 4231, test case 2.
        let header = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let verified = secrets(&["Jefe"]).verify(
            Some(header.as_bytes()),
            Bytes::from_static(b"what do ya want for nothing?"),
        );
        assert!(verified.is_ok());
    }

    #[test]
    fn any_listed_secret_opens_and_no_other() {
        for secret in ["one", "two"] {
            let verified = check(Some(&sign(secret, b"{}")), b"{}").unwrap();
            assert_eq!(verified.bytes().as_ref(), b"{}");
        }
        let other = check(Some(&sign("three", b"{}")), b"{}");
        assert_eq!(other.unwrap_err(), SignatureError::Mismatch);
    }

    #[test]
    fn malformed_headers_are_refused() {
        let good = sign("one", b"{}");
        let digits = good.trim_start_matches("sha256=");
        assert_eq!(check(None, b"{}").unwrap_err(), SignatureError::Missing);
        let bad = [
            String::new(),
            "sha256=".to_owned(),
            digits.to_owned(),
            good[..good.len() - 1].to_owned(),
            format!("{good}0"),
            format!(" {good}"),
            format!("{good} "),
            format!("SHA256={digits}"),
            format!("sha256={}", digits.to_uppercase()),
            format!("sha1={}", &digits[..40]),
            format!("sha256={}g", &digits[..63]),
            format!("sha256={digits},sha256={digits}"),
        ];
        for header in bad {
            let answer = check(Some(&header), b"{}");
            assert_eq!(answer.unwrap_err(), SignatureError::Malformed, "{header}");
        }
    }

    #[test]
    fn a_receiver_without_a_secret_is_not_built() {
        assert_eq!(AppSecrets::new(Vec::new()).unwrap_err(), NoSecret::Empty);
        let blank = AppSecrets::new(vec!["a".into(), " ".into()]);
        assert_eq!(blank.unwrap_err(), NoSecret::Blank(2));
    }

    #[test]
    fn nothing_printable_shows_secret_or_digest() {
        let secrets = secrets(&["hunter2"]);
        let good = sign("hunter2", b"body");
        let digest = good.trim_start_matches("sha256=");
        let wrong = sign("other", b"body");
        let body = Bytes::from_static(b"body");
        let error = secrets
            .verify(Some(wrong.as_bytes()), body.clone())
            .unwrap_err();
        let verified = secrets.verify(Some(good.as_bytes()), body).unwrap();
        let shown = format!("{secrets:?} {error:?} {error} {verified:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains(digest),
            "{shown}"
        );
        assert!(!shown.contains("body\""), "{shown}");
    }
}
