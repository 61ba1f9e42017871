//! Secrets never stand in the log.

use serde_json::{Map, Value};

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
            value.into_owned()
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
        // The address of a next page carries the token.
        Value::String(text) if text.contains("access_token=") => mask_address(&text).into(),
        other => other,
    }
}

fn mask_address(text: &str) -> String {
    let mut parts = text.split("access_token=");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['&', '#']).unwrap_or(part.len());
        masked.push_str("access_token=***");
        masked.push_str(&part[end..]);
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
