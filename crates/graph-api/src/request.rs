//! A call as plain data: what would be sent, without sending it and without the token.
//!
//! An endpoint is a type that says how its request looks and how its answer is read. The client only carries it, so a
//! test, a log or a batch can look at a request before anything leaves.

use crate::client::{Credentials, Graph, USUAL_ANSWER_BYTES};
use crate::error::CallError;
use reqwest::Method;
use serde_json::Value;

pub use crate::client::Answer;

/// A request below host and version. It never holds a token: that is added when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The endpoint's name, for metrics and logs.
    pub endpoint: &'static str,
    /// How it is sent.
    pub method: Method,
    /// The segments of the path, each an id or a fixed word.
    pub path: Vec<String>,
    /// What stands behind the question mark.
    pub query: Vec<(&'static str, String)>,
    /// What it carries.
    pub body: Payload,
    /// Whether people see what it does: such a call never goes over a connection that was idle for long, since its
    /// outcome would then be unknown for nothing.
    pub visible: bool,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// A form of names and values.
    Form(Vec<(&'static str, String)>),
}

impl Request {
    /// A read.
    pub fn get(endpoint: &'static str, path: &[&str]) -> Self {
        Self::new(endpoint, Method::GET, path)
    }

    /// A write that people see.
    pub fn post(endpoint: &'static str, path: &[&str]) -> Self {
        Self {
            visible: true,
            ..Self::new(endpoint, Method::POST, path)
        }
    }

    /// Takes something away that people saw.
    pub fn delete(endpoint: &'static str, path: &[&str]) -> Self {
        Self {
            visible: true,
            ..Self::new(endpoint, Method::DELETE, path)
        }
    }

    fn new(endpoint: &'static str, method: Method, path: &[&str]) -> Self {
        Self {
            endpoint,
            method,
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
            query: Vec::new(),
            body: Payload::None,
            visible: false,
        }
    }

    /// The same with one more parameter in the query.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The same with a parameter, where there is a value.
    pub fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with JSON.
    pub fn json(mut self, body: Value) -> Self {
        self.body = Payload::Json(body);
        self
    }

    /// The same with a form.
    pub fn form(mut self, body: Vec<(&'static str, String)>) -> Self {
        self.body = Payload::Form(body);
        self
    }
}

/// One of Meta's calls: a type with its parameters. Those of this crate are in [`endpoint`](crate::endpoint); one that
/// it does not have is a type of yours:
///
/// ```
/// use graph_api::client::Credentials;
/// use graph_api::error::CallError;
/// use graph_api::request::{Answer, Endpoint, Request};
///
/// /// `GET /{ig-id}?fields=id,website`
/// struct Website;
///
/// #[derive(serde::Deserialize)]
/// struct Found {
///     website: Option<String>,
/// }
///
/// impl Endpoint for Website {
///     type Answer = Option<String>;
///
///     fn request(&self, credentials: &Credentials) -> Request {
///         Request::get("website", &[credentials.account.as_str()]).with("fields", "id,website")
///     }
///
///     fn read(&self, answer: &Answer) -> Result<Option<String>, CallError> {
///         let found: Found = answer.read("an account is an object")?;
///         Ok(found.website)
///     }
/// }
/// ```
pub trait Endpoint: Sync {
    /// What a good answer means.
    type Answer;

    /// So much of an answer is read; what is longer is none.
    const MAX_ANSWER_BYTES: usize = USUAL_ANSWER_BYTES;

    /// The call's request. The credentials tell the login family and the ids that stand in paths.
    fn request(&self, credentials: &Credentials) -> Request;

    /// Reads a good answer.
    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError>;
}

impl Graph {
    /// Makes the call, once.
    pub async fn ask<E: Endpoint>(
        &self,
        credentials: &Credentials,
        endpoint: &E,
    ) -> Result<E::Answer, CallError> {
        let answer = self
            .carry(
                credentials,
                endpoint.request(credentials),
                E::MAX_ANSWER_BYTES,
            )
            .await?;
        endpoint.read(&answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_can_be_looked_at_before_it_is_sent() {
        let request = Request::get("media", &["17841400000000001", "media"])
            .with("fields", "id,caption")
            .with_some("after", None::<String>);
        assert_eq!(request.method, Method::GET);
        assert_eq!(request.path, ["17841400000000001", "media"]);
        assert_eq!(request.query, [("fields", "id,caption".to_owned())]);
        assert!(!request.visible);
        assert!(Request::delete("comment", &["1"]).visible);
    }
}
