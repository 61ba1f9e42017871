//! What the examples share: a client, and whose account it is. All of it comes from the environment, so that no token
//! stands in a command line.
//!
//! | variable | what it is |
//! |---|---|
//! | `INSTAGRAM_ACCOUNT_ID` | the professional account |
//! | `INSTAGRAM_TOKEN` | its token: a Page token with Facebook Login, a user token with Instagram Login |
//! | `INSTAGRAM_PAGE_ID` | the Page; with it the calls go to graph.facebook.com, without it to graph.instagram.com |
//! | `META_AT` | where somebody stands in for Meta, each host as the first part of the path; not set: Meta |

#![allow(dead_code, reason = "no example needs all of it")]

use graph_api::client::{
    AccessToken, BuildError, Credentials, Graph, Hosts, Login, Unobserved, Version,
};
use graph_api::id::{AccountId, PageId};
use std::env::{self, VarError};
use std::sync::Arc;

/// The client. Its TLS provider is installed first, once in a program.
pub(crate) fn graph() -> Result<Graph, BuildError> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let hosts = match env::var("META_AT") {
        Ok(base) => Hosts::behind(&base)?,
        Err(_) => Hosts::meta()?,
    };
    Graph::new(hosts, Version::NEWEST, Arc::new(Unobserved))
}

/// In whose name the calls are made.
pub(crate) fn credentials() -> Result<Credentials, VarError> {
    let page = env::var("INSTAGRAM_PAGE_ID").ok();
    Ok(Credentials {
        account: AccountId::from(env::var("INSTAGRAM_ACCOUNT_ID")?),
        login: page.map_or(Login::Instagram, |page| Login::Facebook {
            page_id: PageId::from(page),
        }),
        token: AccessToken::new(&env::var("INSTAGRAM_TOKEN")?),
        app_secret: None,
    })
}

/// The argument at this place, or what it should have been.
pub(crate) fn argument(at: usize, what: &str) -> Result<String, String> {
    env::args()
        .nth(at)
        .ok_or_else(|| format!("argument {at} is missing: {what}"))
}
