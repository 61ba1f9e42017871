//! Secrets never stand in the log.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Names whose values are secrets anywhere: query, form or JSON.
const SECRETS: [&str; 10] = [
    "access_token",
    "appsecret_proof",
    "client_secret",
    "code",
    "fb_exchange_token",
    "hub.verify_token",
    "input_token",
    "secret_token",
    "signature",
    "signed_request",
];

/// Secrets in addresses inside of texts: `paging.next`, the entries of a batch.
const IN_TEXT: [&str; 4] = [
    "access_token=",
    "client_secret=",
    "fb_exchange_token=",
    "input_token=",
];

/// Letters of a fingerprint: enough to find one token, useless for guessing it.
const FINGERPRINT: usize = 16;

/// What stands for a secret: the first letters of its SHA-256 in hexadecimal.
fn fingerprint(secret: &str) -> String {
    let mut text = hex::encode(Sha256::digest(secret.as_bytes()));
    text.truncate(FINGERPRINT);
    text
}

pub(super) fn header_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, token) = value.split_once(' ')?;
    Some(fingerprint(token.trim()))
}

pub(super) fn secrets_of_pairs(text: &str) -> Vec<String> {
    url::form_urlencoded::parse(text.as_bytes())
        .filter(|(name, _)| SECRETS.contains(&name.as_ref()))
        .map(|(_, value)| fingerprint(&value))
        .collect()
}

pub(super) fn secrets_of(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if SECRETS.contains(&name.as_str()) => vec![fingerprint(text)],
                _ => secrets_of(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(secrets_of).collect(),
        _ => Vec::new(),
    }
}

/// Takes secrets out of addresses that stand in a text.
fn scrubbed(mut text: String) -> String {
    for name in IN_TEXT {
        let mut from = 0;
        while let Some(at) = text[from..].find(name) {
            let start = from + at + name.len();
            let rest = &text[start..];
            let end = rest
                .find(|letter: char| {
                    letter.is_whitespace() || matches!(letter, '&' | '"' | '\\' | '#' | '\'')
                })
                .unwrap_or(rest.len());
            text.replace_range(start..start + end, "***");
            from = start;
        }
    }
    text
}

/// A Telegram bot's token stands in its path.
pub(super) fn mask_path(host: &str, path: &str) -> String {
    if host == "api.telegram.org"
        && let Some((front, rest)) = path.split_once("bot")
        && (front.is_empty() || front == "file/")
    {
        let method = rest.split_once('/').map_or("", |(_, method)| method);
        return format!("/{front}bot***/{method}");
    }
    format!("/{path}")
}

pub(super) fn mask_pairs(text: &str) -> Value {
    let mut object = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let secret = SECRETS.contains(&name.as_ref());
        let value = if secret {
            "***".to_owned()
        } else {
            scrubbed(value.into_owned())
        };
        object.insert(name.into_owned(), Value::String(value));
    }
    Value::Object(object)
}

pub(super) fn masked(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .map(|(name, value)| {
                // `code` is a secret only as text: in an error it is Meta's error number.
                let secret = SECRETS.contains(&name.as_str()) && value.is_string();
                let value = if secret {
                    Value::String("***".into())
                } else {
                    masked(value)
                };
                (name, value)
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(masked).collect::<Vec<_>>().into(),
        Value::String(text) => scrubbed(text).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_in_addresses_are_masked_too() {
        let link = "http://x/y?access_token=T0P&after=b\"access_token=";
        assert_eq!(
            masked(json!({"paging": {"next": link}})),
            json!({"paging": {"next": "http://x/y?access_token=***&after=b\"access_token=***"}})
        );
    }

    #[test]
    fn a_fingerprint_names_a_secret_without_telling_it() {
        let body = json!({"batch": [{"access_token": "canary"}], "text": "canary"});
        assert_eq!(
            secrets_of(&body),
            secrets_of_pairs("code=canary&fields=canary")
        );
        assert_eq!(secrets_of(&body).len(), 1);
        assert_eq!(secrets_of(&body)[0].len(), FINGERPRINT);
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        assert_eq!(
            mask_pairs("access_token=T0P&fields=id"),
            json!({"access_token": "***", "fields": "id"})
        );
        let value = json!({"a": [{"client_secret": "x"}], "error": {"code": 190}});
        assert_eq!(
            masked(value),
            json!({"a": [{"client_secret": "***"}], "error": {"code": 190}})
        );
        let value = json!({"next": "http://a/b?x=1&access_token=T0P&after=c"});
        assert_eq!(
            masked(value),
            json!({"next": "http://a/b?x=1&access_token=***&after=c"})
        );
    }
}
