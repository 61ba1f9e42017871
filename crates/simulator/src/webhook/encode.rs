//! How Meta spells a webhook body on the wire, and the signature over that spelling.
//!
//! Messaging events and comment events seem to leave through different serialisers (captures of
//! third parties): the first compact with `\/`, the second with spaces after `:` and `,`. Both write
//! everything beyond ASCII as `\uXXXX` in lowercase hex
//! (<https://developers.facebook.com/docs/messenger-platform/webhooks>, 2026-09). A receiver that
//! verifies re-serialised JSON fails on at least one of the two.

use std::fmt::Write as _;

use serde_json::Value;

use crate::world::asset::hmac_hex;

/// Which serialiser wrote a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `{"a":["b\/c"]}`
    Compact,
    /// `{"a": ["b/c"]}`
    Spaced,
}

pub(crate) fn encode(value: &Value, spelling: Spelling) -> String {
    let mut text = String::with_capacity(512);
    write_value(&mut text, value, spelling);
    text
}

/// The value of `X-Hub-Signature-256`.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hmac_hex(secret.as_bytes(), body))
}

fn write_value(text: &mut String, value: &Value, spelling: Spelling) {
    let comma = if spelling == Spelling::Spaced {
        ", "
    } else {
        ","
    };
    match value {
        Value::String(string) => write_string(text, string, spelling),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { comma });
                write_value(text, item, spelling);
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (at, (name, item)) in object.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { comma });
                write_string(text, name, spelling);
                text.push_str(if spelling == Spelling::Spaced {
                    ": "
                } else {
                    ":"
                });
                write_value(text, item, spelling);
            }
            text.push('}');
        }
        plain => {
            // Writing into a String cannot fail.
            let _ = write!(text, "{plain}");
        }
    }
}

fn write_string(text: &mut String, string: &str, spelling: Spelling) {
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '/' if spelling == Spelling::Compact => text.push_str("\\/"),
            ' '..='~' => text.push(letter),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_escape_and_mean_the_same() {
        let value = json!({"a": ["ä/😀", "\u{7f}\u{1}\n"], "b": {"c": 1, "d": true}});
        let compact = encode(&value, Spelling::Compact);
        assert_eq!(
            compact,
            r#"{"a":["\u00e4\/\ud83d\ude00","\u007f\u0001\n"],"b":{"c":1,"d":true}}"#
        );
        let spaced = encode(&value, Spelling::Spaced);
        assert_eq!(
            spaced,
            r#"{"a": ["\u00e4/\ud83d\ude00", "\u007f\u0001\n"], "b": {"c": 1, "d": true}}"#
        );
        for text in [compact, spaced] {
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }

    #[test]
    fn the_signature_is_the_known_one() {
        // RFC 4231, test case 2.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
