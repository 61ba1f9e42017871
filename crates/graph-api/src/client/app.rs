//! Calls in the app's own name, with its id and secret: those that make tokens. Meta wants secrets in the query of some
//! of them; they are sent so and never logged, and an error loses its address before anybody sees it.

use super::Graph;
use super::call::{
    Answer, Called, Told, USUAL_ANSWER_BYTES, header, method_name, not_answered, read_answer,
    unsendable, usage,
};
use crate::budget::Payer;
use crate::error::CallError;
use crate::id::{AccountId, is_id};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use std::time::Instant;
use url::Url;

/// Which host a call goes to, and whether the version stands in its path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AppHost {
    /// api.instagram.com: no version.
    InstagramApi,
    /// graph.instagram.com: no version, as Meta's login pages write it.
    GraphInstagram,
    /// graph.facebook.com with the version.
    GraphFacebook,
}

/// A call in the app's own name.
pub(crate) struct AppCall<'a> {
    pub(crate) endpoint: &'static str,
    pub(crate) host: AppHost,
    pub(crate) path: &'a [&'static str],
    /// Sent as a form to `InstagramApi`, in the query elsewhere.
    pub(crate) pairs: Vec<(&'static str, SecretString)>,
}

impl Graph {
    /// Makes the call, once, and tells the observer.
    pub(crate) async fn ask_app(&self, call: AppCall<'_>) -> Result<Answer, CallError> {
        let method = match call.host {
            AppHost::InstagramApi => Method::POST,
            AppHost::GraphInstagram | AppHost::GraphFacebook => Method::GET,
        };
        let called = Called {
            endpoint: call.endpoint,
            method: method_name(&method),
            payer: Payer::App,
            account: AccountId::from("app"),
            started: Instant::now(),
        };
        let mut told = Told::default();
        let result = self.attempt_app(call, method, &mut told).await;
        self.tell(called, &result, told);
        result
    }

    async fn attempt_app(
        &self,
        call: AppCall<'_>,
        method: Method,
        told: &mut Told,
    ) -> Result<Answer, CallError> {
        let mut url = self.app_address(call.host, call.path)?;
        let pairs: Vec<(&str, &str)> = call
            .pairs
            .iter()
            .map(|(name, value)| (*name, value.expose_secret()))
            .collect();
        // A code is good once: not over a connection that may be closing just now.
        let request = if method == Method::POST {
            self.brisk.request(method, url).form(&pairs)
        } else {
            url.query_pairs_mut().extend_pairs(pairs);
            self.brisk.request(method, url)
        };
        let response = request
            .timeout(self.call_timeout)
            .send()
            .await
            .map_err(not_answered)?;
        told.status = response.status().as_u16();
        told.usage = usage(response.headers());
        told.fbtrace_id = header(response.headers(), "x-fb-trace-id").map(str::to_owned);
        read_answer(response, USUAL_ANSWER_BYTES, told).await
    }

    fn app_address(&self, host: AppHost, path: &[&str]) -> Result<Url, CallError> {
        let mut url = match host {
            AppHost::InstagramApi => self.hosts.instagram_api.clone(),
            AppHost::GraphInstagram => self.hosts.graph_instagram.clone(),
            AppHost::GraphFacebook => self.hosts.graph_facebook.clone(),
        };
        if !path.iter().all(|segment| is_id(segment)) {
            return Err(unsendable("a path has characters that no path has"));
        }
        let mut segments = url
            .path_segments_mut()
            .map_err(|()| unsendable("the base address has no path"))?;
        segments.pop_if_empty();
        if matches!(host, AppHost::GraphFacebook) {
            segments.push(&self.version.to_string());
        }
        segments.extend(path);
        drop(segments);
        Ok(url)
    }
}
