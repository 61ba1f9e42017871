//! One Graph call, read: where it goes, its arguments wherever they stand, and its token.

use axum::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};

use super::Host;
use super::error::GraphError;

/// Arguments from the query, a form or a JSON body; Meta takes all three.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Map<String, Value>);

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) host: Host,
    pub(crate) method: hyper::Method,
    /// Below host and version.
    pub(crate) segments: Vec<String>,
    pub(crate) version: Option<String>,
    pub(crate) params: Params,
    pub(crate) token: Option<String>,
    pub(crate) hints: crate::fault::Hints,
    /// It came although a budget was closed and the client knew.
    pub(crate) blocked: bool,
}

impl Call {
    pub(crate) fn new(host: Host, method: hyper::Method, path: &str) -> Self {
        let mut segments: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        let version = segments.first().filter(|first| is_version(first)).cloned();
        if version.is_some() {
            segments.remove(0);
        }
        Self {
            host,
            method,
            segments,
            version,
            params: Params::default(),
            token: None,
            hints: crate::fault::Hints::default(),
            blocked: false,
        }
    }

    /// Takes arguments in; the header's token wins, as Meta's own clients send only one.
    pub(crate) fn fill(
        &mut self,
        headers: &HeaderMap,
        query: Option<&str>,
        body: &Bytes,
    ) -> Result<(), GraphError> {
        self.params.add_pairs(query.unwrap_or_default().as_bytes());
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if content_type.contains("json") && !body.is_empty() {
            match serde_json::from_slice::<Value>(body) {
                Ok(Value::Object(object)) => self.params.0.extend(object),
                _ => return Err(GraphError::argument("The body is not a JSON object")),
            }
        } else if content_type.contains("x-www-form-urlencoded") {
            self.params.add_pairs(body);
        }
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| {
                value
                    .strip_prefix("Bearer ")
                    .or_else(|| value.strip_prefix("OAuth "))
            });
        self.token = bearer
            .map(|token| token.trim().to_owned())
            .or_else(|| self.params.text("access_token"));
        Ok(())
    }
}

impl Params {
    fn add_pairs(&mut self, pairs: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(pairs) {
            self.0
                .insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), Value::String(value));
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// Everything but secrets, for whoever looks at what was asked.
    pub(crate) fn shown(&self) -> Value {
        let secret = |name: &str| matches!(name, "access_token" | "appsecret_proof");
        let kept = self.0.iter().filter(|(name, _)| !secret(name));
        let pairs = kept.map(|(name, value)| (name.clone(), value.clone()));
        Value::Object(pairs.collect())
    }

    /// An object, given as JSON or as text that is JSON.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, GraphError> {
        let wrong = || GraphError::argument(format!("param {name} must be a JSON object"));
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object.clone())),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }
}

impl Params {
    /// A list, given as JSON or as text that is JSON.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Vec<Value>>, GraphError> {
        let wrong = || GraphError::argument(format!("param {name} must be an array"));
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list.clone())),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }
}

/// Ids come as text or as numbers.
pub(crate) fn id_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `v26.0`
fn is_version(text: &str) -> bool {
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| {
            let digits =
                |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits(major) && digits(minor)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_be_left_out() {
        let with = Call::new(Host::Facebook, hyper::Method::GET, "/v26.0/me/messages");
        assert_eq!(with.version.as_deref(), Some("v26.0"));
        assert_eq!(with.segments, ["me", "messages"]);
        let without = Call::new(Host::Facebook, hyper::Method::GET, "/me");
        assert_eq!(
            (without.version, without.segments),
            (None, vec!["me".to_owned()])
        );
        assert!(!is_version("videos"));
    }

    #[test]
    fn objects_may_come_as_text() {
        let mut params = Params::default();
        params.set("recipient", "{\"id\":\"7\"}".into());
        let object = params.object("recipient").unwrap().unwrap();
        assert_eq!(id_of(object.get("id")).as_deref(), Some("7"));
        params.set("message", "nonsense".into());
        assert!(params.object("message").is_err());
    }
}
