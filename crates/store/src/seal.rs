//! How a secret is written down: XChaCha20-Poly1305, with the place it stands in as what must match, so that a row
//! copied over another does not open. Why this cipher and these keys: decision 0011.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use crate::db::Result;
use crate::error::StoreError;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
/// Format, key, nonce.
const HEADER_BYTES: usize = 1 + 8 + NONCE_BYTES;
const TAG_BYTES: usize = 16;

/// Where a secret stands: part of what is authenticated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) table: &'static str,
    pub(crate) row: Uuid,
    pub(crate) column: &'static str,
}

impl Place {
    /// The header and the place, each part with its length, so that no two places read alike.
    fn associated(&self, header: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(96);
        let parts: [&[u8]; 5] = [
            b"gramophone seal",
            header,
            self.table.as_bytes(),
            self.row.as_bytes(),
            self.column.as_bytes(),
        ];
        for part in parts {
            data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

/// A key that seals.
pub(crate) struct SealKey(SecretBox<[u8; 32]>);

impl SealKey {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(SecretBox::init_with_mut(|key: &mut [u8; 32]| {
            *key = rand::random();
        }))
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        Some(Self(SecretBox::init_with_mut(|key: &mut [u8; 32]| {
            *key = bytes;
        })))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0.expose_secret()))
    }

    /// Seals with this key, called `id`.
    pub(crate) fn seal(&self, id: i64, place: &Place, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let mut sealed = Vec::with_capacity(HEADER_BYTES + plain.len() + TAG_BYTES);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&id.to_be_bytes());
        let associated = place.associated(&sealed);
        sealed.extend_from_slice(&nonce);
        let payload = Payload {
            msg: plain,
            aad: &associated,
        };
        let body = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::corrupt("a secret could not be sealed"))?;
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what this key has sealed in this place.
    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>> {
        let damaged = || {
            StoreError::corrupt(format!(
                "a secret in {}.{} does not open",
                place.table, place.column
            ))
        };
        key_of(sealed).ok_or_else(damaged)?;
        let (header, body) = sealed.split_at_checked(HEADER_BYTES).ok_or_else(damaged)?;
        let (front, nonce) = header.split_at(HEADER_BYTES - NONCE_BYTES);
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| damaged())?;
        let payload = Payload {
            msg: body,
            aad: &place.associated(front),
        };
        self.cipher()
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| damaged())
    }
}

/// Which key a sealed secret names; `None`: it is none of ours.
pub(crate) fn key_of(sealed: &[u8]) -> Option<i64> {
    let (format, rest) = sealed.split_first()?;
    let id = rest.get(..8)?.try_into().ok()?;
    (*format == FORMAT).then(|| i64::from_be_bytes(id))
}

/// A key that only seals other keys; it is made from the master key and never stored.
pub(crate) struct OuterKey {
    /// By which it is recognised; nothing leads back from it.
    pub(crate) name: String,
    key: SealKey,
}

impl OuterKey {
    /// The outer key of a master key.
    pub(crate) fn of(master: &SecretString) -> Result<Self> {
        let bytes = derive(master, b"gramophone: the key that seals keys, 1")?;
        let name = derive(
            master,
            b"gramophone: the name of the key that seals keys, 1",
        )?;
        let key = SealKey::from_slice(&bytes)
            .ok_or_else(|| StoreError::corrupt("a derived key has a wrong length"))?;
        Ok(Self {
            name: hex::encode(name.get(..8).unwrap_or_default()),
            key,
        })
    }

    pub(crate) fn wrap(&self, id: i64, inner: &SealKey) -> Result<Vec<u8>> {
        self.key.seal(id, &key_place(id), inner.0.expose_secret())
    }

    pub(crate) fn unwrap_key(&self, id: i64, sealed: &[u8]) -> Result<SealKey> {
        let bytes = self.key.open(&key_place(id), sealed)?;
        SealKey::from_slice(&bytes).ok_or_else(|| StoreError::corrupt("a key has a wrong length"))
    }
}

fn key_place(id: i64) -> Place {
    Place {
        table: "seal_key",
        row: Uuid::from_u128(u128::try_from(id).unwrap_or(0)),
        column: "sealed",
    }
}

fn derive(master: &SecretString, label: &[u8]) -> Result<Vec<u8>> {
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(master.expose_secret().as_bytes())
            .map_err(|_| StoreError::Config("the master key cannot be used".to_owned()))?;
    mac.update(label);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(row: u128, column: &'static str) -> Place {
        Place {
            table: "account",
            row: Uuid::from_u128(row),
            column,
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let (key, other) = (SealKey::random(), SealKey::random());
        let sealed = key.seal(7, &place(1, "token"), b"canary").unwrap();
        assert_eq!(key_of(&sealed), Some(7));
        assert_eq!(key.open(&place(1, "token"), &sealed).unwrap(), b"canary");
        assert!(key.open(&place(2, "token"), &sealed).is_err());
        assert!(key.open(&place(1, "name"), &sealed).is_err());
        assert!(other.open(&place(1, "token"), &sealed).is_err());
        assert!(!sealed.windows(6).any(|bytes| bytes == b"canary"));
    }

    #[test]
    fn no_bit_can_be_turned_and_nothing_cut_off() {
        let key = SealKey::random();
        let sealed = key.seal(7, &place(1, "token"), b"canary").unwrap();
        for index in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[index] ^= 1;
            assert!(key.open(&place(1, "token"), &bent).is_err(), "{index}");
            assert!(key.open(&place(1, "token"), &sealed[..index]).is_err());
        }
    }

    #[test]
    fn two_seals_of_one_secret_differ() {
        let key = SealKey::random();
        let seal = || key.seal(1, &place(1, "token"), b"same").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_key_opens_with_its_outer_key_under_its_number_only() {
        let outer = OuterKey::of(&SecretString::from("a master key of enough length")).unwrap();
        let same = OuterKey::of(&SecretString::from("a master key of enough length")).unwrap();
        let other = OuterKey::of(&SecretString::from("another master key of some length")).unwrap();
        let inner = SealKey::random();
        let wrapped = outer.wrap(3, &inner).unwrap();
        let back = same.unwrap_key(3, &wrapped).unwrap();
        assert_eq!(back.0.expose_secret(), inner.0.expose_secret());
        assert!(same.unwrap_key(4, &wrapped).is_err());
        assert!(other.unwrap_key(3, &wrapped).is_err());
        assert_eq!(outer.name, same.name);
        assert_ne!(outer.name, other.name);
    }
}
