//! The request that carries an event: its body in the form that was asked for, and what proves who sent it.

use bytes::Bytes;
use graph_api::webhook::Shape;
use hmac::{Hmac, KeyInit as _, Mac as _};
use media::net::Letter;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use store::EventRow;

use super::shape;
use crate::settings::Forward;

const KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Standard Webhooks' names; the id is the same however often it is sent.
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// The request for one event.
pub(super) fn letter(settings: &Forward, format: &str, event: &EventRow, now_ms: i64) -> Letter {
    let body = match format {
        "raw" => envelope(event),
        _ => serde_json::to_string(&shape::event(event)).unwrap_or_default(),
    };
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: &str, secret: bool| {
        // A value that cannot stand in a header is left out; the receiver refuses, and that is told.
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(secret);
            headers.insert(name, value);
        }
    };
    put(CONTENT_TYPE, "application/json", false);
    put(ID, &event.id.to_string(), false);
    put(TIMESTAMP, &(now_ms / 1_000).to_string(), false);
    if let Some(key) = &settings.key {
        put(KEY, key.expose_secret(), true);
    }
    if let (Some(secret), "raw") = (&settings.secret, format) {
        put(SIGNATURE, &signature(secret, body.as_bytes()), false);
    }
    Letter {
        headers,
        body: Bytes::from(body),
    }
}

/// `sha256=…`, as Meta signs.
fn signature(secret: &SecretString, body: &[u8]) -> String {
    let key = secret.expose_secret().as_bytes();
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(body);
            format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
        }
        // HMAC takes keys of any length.
        Err(_) => String::new(),
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    object: &'static str,
    entry: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    time: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messaging: Vec<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    standby: Vec<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<&'a RawValue>,
}

/// What Meta would have sent if this had been the only event: its own JSON, byte for byte, in Meta's envelope. The whole
/// body that brought it may speak of other people and other accounts, and of this one once more.
fn envelope(event: &EventRow) -> String {
    let shape = Shape::from_word(&event.shape).unwrap_or(Shape::Change);
    let item: Vec<&RawValue> = serde_json::from_str(&event.raw).into_iter().collect();
    let (mut messaging, mut standby, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    // Meta counts the time of changes in seconds, that of messages in milliseconds.
    let time = match shape {
        Shape::Messaging => {
            messaging = item;
            event.at_ms
        }
        Shape::Standby => {
            standby = item;
            event.at_ms
        }
        Shape::Change => {
            changes = item;
            event.at_ms / 1_000
        }
    };
    let envelope = Envelope {
        object: "instagram",
        entry: [Entry {
            id: &event.account,
            time,
            messaging,
            standby,
            changes,
        }],
    };
    serde_json::to_string(&envelope).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn stored(shape: &str, raw: &str) -> EventRow {
        EventRow {
            id: Uuid::from_u128(7),
            delivery_id: Uuid::nil(),
            channel: "instagram".to_owned(),
            account: "178".to_owned(),
            person: None,
            kind: "comment".to_owned(),
            shape: shape.to_owned(),
            mid: None,
            at_ms: 1_700_000_000_123,
            received_at_ms: 1_700_000_000_200,
            opens_window: false,
            raw: raw.to_owned(),
        }
    }

    #[test]
    fn an_event_stands_in_its_own_envelope_as_it_came() {
        let raw = r#"{"field":"comments", "value":{"id":"9","text":"\u00e9"}}"#;
        assert_eq!(
            envelope(&stored("change", raw)),
            format!(
                r#"{{"object":"instagram","entry":[{{"id":"178","time":1700000000,"changes":[{raw}]}}]}}"#
            )
        );
        assert!(
            envelope(&stored("messaging", "{}"))
                .contains(r#""time":1700000000123,"messaging":[{}]"#)
        );
        assert!(envelope(&stored("standby", "{}")).contains(r#""standby":[{}]"#));
    }

    /// RFC 4231, case 2.
    #[test]
    fn the_signature_is_metas() {
        let signed = signature(&SecretString::from("Jefe"), b"what do ya want for nothing?");
        assert_eq!(
            signed,
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
