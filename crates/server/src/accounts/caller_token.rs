//! A token of Meta's that a caller brings along: used for that caller's calls and kept nowhere. Whose it is is asked
//! once and remembered for a few minutes in memory, under its hash, so that a dashboard's fifty calls do not become a
//! hundred.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use graph_api::{
    budget::Urgency,
    client::{AccessToken, Credentials, Login},
    id::{AccountId, PageId},
};
use secrecy::{ExposeSecret as _, SecretString};
use store::Clock;

use super::{Registry, secret, settings::Found, verdict};
use crate::{
    api::{Account, ApiError},
    error::throttled,
};

const REMEMBERED_MS: i64 = 5 * 60_000;
const MOST: usize = 1_000;

/// Whose the tokens are that callers brought lately.
pub(super) struct Brought {
    clock: Arc<dyn Clock>,
    found: Mutex<HashMap<String, (i64, Found)>>,
}

impl Brought {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            found: Mutex::default(),
        }
    }

    fn get(&self, hash: &str) -> Option<Found> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let (at_ms, found) = found.get(hash)?;
        ((self.clock.now_ms() - at_ms).abs() < REMEMBERED_MS).then(|| found.clone())
    }

    fn keep(&self, hash: String, account: Found) {
        let now_ms = self.clock.now_ms();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() >= MOST {
            found.retain(|_, (at_ms, _)| (now_ms - *at_ms).abs() < REMEMBERED_MS);
        }
        if found.len() < MOST {
            found.insert(hash, (now_ms, account));
        }
    }
}

impl Registry {
    /// The account behind a token that a caller brought.
    pub(crate) async fn brought(&self, token: &SecretString) -> Result<Account, ApiError> {
        let text = token.expose_secret();
        let nobody = AccountId::from("me");
        let login = if text.starts_with("EAA") {
            Login::Facebook {
                page_id: PageId::from("me"),
            }
        } else {
            Login::Instagram
        };
        // It may have been given to another app than ours, whose secret we do not have.
        let mut credentials = Credentials {
            account: nobody.clone(),
            login,
            token: AccessToken::from(token.clone()).of_guest(),
            app_secret: None,
        };
        let hash = secret::hash(text);
        let found = if let Some(found) = self.brought.get(&hash) {
            found
        } else {
            if let Err(until_ms) = self.permit(&credentials.payer(), Urgency::Now) {
                let wait_ms = until_ms.saturating_sub(self.brought.clock.now_ms());
                return Err(throttled(Duration::from_millis(wait_ms.unsigned_abs())));
            }
            let found = self.who(&credentials).await.map_err(|error| {
                let failure = verdict::of(&error);
                let (says, next) = failure.english;
                if failure.verdict.is_usable() {
                    return ApiError::from(error);
                }
                ApiError::new(StatusCode::UNAUTHORIZED, failure.code, says).next_step(next)
            })?;
            self.brought.keep(hash.clone(), found.clone());
            found
        };
        if found.account == nobody.as_str() {
            let (says, next) = verdict::PAGE_WITHOUT_ACCOUNT.english;
            return Err(ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                verdict::PAGE_WITHOUT_ACCOUNT.code,
                says,
            )
            .next_step(next));
        }
        credentials.account = AccountId::from(found.account);
        if let (Login::Facebook { page_id }, Some(page)) = (&mut credentials.login, found.page_id) {
            *page_id = page.into();
        }
        Ok(Account {
            id: credentials.account.clone(),
            app_scoped_id: found.app_scoped_id,
            credentials,
            private: Some(hash),
        })
    }
}
