//! `GET /me/accounts` and `GET /{page}`: the Pages that a person lets us use, each with a token of its own, and the
//! Instagram account behind each.
//! <https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived> (read 2026-09-11)

use crate::client::{Answer, Credentials};
use crate::endpoint::rows::word;
use crate::error::CallError;
use crate::id::{AccountId, PageId};
use crate::request::{Endpoint, Request};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

const FIELDS: &str = "id,name,access_token,tasks,instagram_business_account{id,username}";

/// A Page, with what opens it.
#[derive(Debug, Clone)]
pub struct LinkedPage {
    /// Its id.
    pub id: PageId,
    /// What it is called.
    pub name: Option<String>,
    /// Its own token; without the right role there is none.
    pub token: Option<SecretString>,
    /// What the person may do there.
    pub tasks: Vec<String>,
    /// The Instagram account linked to it.
    pub account: Option<AccountId>,
    /// That account's handle.
    pub username: Option<String>,
}

/// The Pages of the person whose user token asks, up to 100.
#[derive(Debug, Clone, Copy)]
pub struct OwnPages;

impl Endpoint for OwnPages {
    type Answer = Vec<LinkedPage>;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("own_pages", &["me", "accounts"])
            .with("fields", FIELDS)
            .with("limit", "100")
    }

    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError> {
        #[derive(Deserialize)]
        struct List {
            data: Vec<PageAnswer>,
        }
        let list: List = answer.read("/me/accounts answers with a list of Pages")?;
        Ok(list.data.into_iter().filter_map(PageAnswer::page).collect())
    }
}

/// One Page, by its id: for those that `/me/accounts` leaves out although they were allowed.
#[derive(Debug, Clone)]
pub struct PageAccount {
    /// The Page.
    pub page: PageId,
}

impl Endpoint for PageAccount {
    type Answer = LinkedPage;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("page", &[self.page.as_str()]).with("fields", FIELDS)
    }

    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError> {
        let page: PageAnswer = answer.read("a Page is an object")?;
        page.page()
            .ok_or_else(|| answer.malformed("a Page without an id"))
    }
}

#[derive(Deserialize)]
struct PageAnswer {
    #[serde(default)]
    id: Value,
    name: Option<String>,
    access_token: Option<SecretString>,
    #[serde(default)]
    tasks: Vec<String>,
    #[serde(default)]
    instagram_business_account: Value,
}

impl PageAnswer {
    fn page(self) -> Option<LinkedPage> {
        let account = &self.instagram_business_account;
        Some(LinkedPage {
            id: word(&self.id)?.into(),
            name: self.name,
            token: self.access_token,
            tasks: self.tasks,
            account: account.get("id").and_then(word).map(AccountId::from),
            username: account
                .get("username")
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }
}
