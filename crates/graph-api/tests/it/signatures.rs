//! Forged deliveries: over the exact bytes of every fixture, one changed bit is enough to be
//! refused, in the signature as in the body.

use crate::fixtures::{all, wire};
use bytes::Bytes;
use graph_api::webhook::{AppSecrets, SignatureError};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;

const SECRET: &str = "an-app-secret";

pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn secrets() -> AppSecrets {
    AppSecrets::new(vec!["another-secret".into(), SECRET.into()]).unwrap()
}

fn check(header: &[u8], body: &[u8]) -> Result<(), SignatureError> {
    secrets()
        .verify(Some(header), Bytes::copy_from_slice(body))
        .map(drop)
}

#[test]
fn only_the_exact_spelling_passes() {
    let mut checked = 0;
    for (name, fixture) in all() {
        if fixture.get("wire").is_none() {
            continue;
        }
        let wire = wire(fixture);
        let header = sign(SECRET, &wire);
        assert_eq!(check(header.as_bytes(), &wire), Ok(()), "{name}");
        // What a server sees that parsed first and wrote the JSON again.
        let compact = serde_json::to_vec(&fixture["body"]).unwrap();
        let pretty = serde_json::to_vec_pretty(&fixture["body"]).unwrap();
        for rewritten in [compact, pretty] {
            assert_ne!(rewritten, wire);
            let answer = check(header.as_bytes(), &rewritten);
            assert_eq!(answer, Err(SignatureError::Mismatch), "{name}");
        }
        checked += 1;
    }
    assert_eq!(checked, 3);
}

#[test]
fn every_flipped_bit_of_a_signature_is_refused() {
    let body = br#"{"object":"instagram","entry":[]}"#;
    let header = sign(SECRET, body).into_bytes();
    assert_eq!(check(&header, body), Ok(()));
    for place in 0..header.len() {
        for bit in 0..8 {
            let mut forged = header.clone();
            forged[place] ^= 1 << bit;
            assert!(check(&forged, body).is_err(), "byte {place}, bit {bit}");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_body_is_refused() {
    let body = br#"{"object":"instagram","entry":[]}"#.to_vec();
    let header = sign(SECRET, &body);
    for place in 0..body.len() {
        for bit in 0..8 {
            let mut changed = body.clone();
            changed[place] ^= 1 << bit;
            let answer = check(header.as_bytes(), &changed);
            assert_eq!(
                answer,
                Err(SignatureError::Mismatch),
                "byte {place}, bit {bit}"
            );
        }
    }
}

#[test]
fn an_empty_body_has_a_signature_too() {
    assert_eq!(check(sign(SECRET, b"").as_bytes(), b""), Ok(()));
    assert_eq!(
        check(sign(SECRET, b"").as_bytes(), b" "),
        Err(SignatureError::Mismatch)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_header_is_answered_without_panic(
        header in proptest::collection::vec(any::<u8>(), 0..100),
        body in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        prop_assert!(check(&header, &body).is_err());
    }

    #[test]
    fn other_secrets_never_open(secret in "[ -~]{1,40}", body in ".{0,60}") {
        prop_assume!(secret.trim() != SECRET && secret.trim() != "another-secret");
        let header = sign(&secret, body.as_bytes());
        prop_assert_eq!(check(header.as_bytes(), body.as_bytes()), Err(SignatureError::Mismatch));
    }
}
