//! A caller of the API: JSON in, JSON out, no redirect followed, cookies in the test's own hands.

use std::net::SocketAddr;

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use crate::house::House;

/// Where the API is.
pub(crate) struct Api {
    base: String,
    client: reqwest::Client,
}

/// A call to be made.
pub(crate) struct Asked {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
    form: Option<Vec<(String, String)>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null where it is no JSON.
    pub(crate) body: Value,
}

impl Asked {
    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self {
            body: Some(body.clone()),
            ..Self::new(Method::POST, path)
        }
    }

    pub(crate) fn form(path: &str, pairs: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            form: Some(pairs.iter().map(own).collect()),
            ..Self::new(Method::POST, path)
        }
    }

    pub(crate) fn put(path: &str, body: &Value) -> Self {
        Self {
            body: Some(body.clone()),
            ..Self::new(Method::PUT, path)
        }
    }

    pub(crate) fn patch(path: &str, body: &Value) -> Self {
        Self {
            body: Some(body.clone()),
            ..Self::new(Method::PATCH, path)
        }
    }

    pub(crate) fn delete(path: &str) -> Self {
        Self::new(Method::DELETE, path)
    }

    fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            form: None,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Api {
    pub(crate) fn of(house: &House) -> Self {
        Self::at(house.address)
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            base: format!("http://{address}"),
            client,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.ask(Asked::get(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Got {
        self.ask(Asked::post(path, body)).await
    }

    /// Makes the call; a path that is a whole address goes there.
    pub(crate) async fn ask(&self, asked: Asked) -> Got {
        let url = if asked.path.starts_with("http") {
            asked.path
        } else {
            format!("{}{}", self.base, asked.path)
        };
        let mut request = self.client.request(asked.method, url);
        for (name, value) in asked.headers {
            request = request.header(name, value);
        }
        if let Some(body) = asked.body {
            request = request.json(&body);
        }
        if let Some(form) = asked.form {
            request = request.form(&form);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Got {
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }
}
