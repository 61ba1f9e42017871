//! Keeps every connected account well, each by a job of its own, so that what fails for one stops nobody: tokens are
//! refreshed long before their end, and an account that nothing was asked of for a day is asked how it is.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use graph_api::{
    budget::{Payer, Urgency},
    error::CallError,
    oauth::OwnAccount,
};
use serde_json::json;
use store::{AccountRow, Claimed, Finish, FreshToken, Handler, HealthChange, NewJob, StoreError};
use tokio_util::sync::CancellationToken;

use super::{
    FACEBOOK, Known, Registry,
    heard::refusal,
    login::Family,
    secret,
    verdict::{self, Failure, Verdict},
};

/// The queue of these jobs.
pub(crate) const QUEUE: &str = "tokens";

const DAY_MS: i64 = 86_400_000;
/// How often somebody looks which accounts are due.
const LOOK_EVERY: Duration = Duration::from_mins(10);
/// Meta refuses younger tokens
/// (<https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login>,
/// read 2026-02-06).
const REFRESHABLE_AFTER_MS: i64 = DAY_MS;
/// A token of 60 days is refreshed from its tenth day on: fifty tries before it ends.
const REFRESH_WITH_LEFT_MS: i64 = 50 * DAY_MS;
/// With less than this left, the owner is told.
const WARN_WITH_LEFT_MS: i64 = 7 * DAY_MS;
/// Accounts that connected together do not ask together.
const JITTER_MS: i64 = 30 * 60_000;

/// What looking after an account came to.
#[derive(Debug)]
pub(crate) enum Tended {
    /// A fresh token is stored.
    Refreshed,
    /// Meta was asked, and the account is well.
    Checked,
    /// The account needs its owner.
    Bad(Failure),
    /// Meta was away: later.
    Later(CallError),
    /// Meta's allowance is used up, or kept for people, until then.
    Waits(i64),
}

impl Registry {
    /// Enqueues a job for each account that is due, until told to stop.
    pub(crate) async fn schedule(self: Arc<Self>, stop: CancellationToken) {
        let clock = Arc::clone(self.safe.store().clock());
        while !stop.is_cancelled() {
            if let Err(error) = self.enqueue_due().await {
                tracing::warn!(%error, "the accounts that are due cannot be enqueued");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = clock.sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn enqueue_due(&self) -> Result<(), StoreError> {
        let store = self.safe.store();
        let now_ms = store.clock().now_ms();
        let due = store.linked_accounts().await?;
        for row in due.iter().filter(|row| is_due(row, now_ms)) {
            let account = &row.account;
            // One job an account and day: the day's retries are the job's own.
            let job = NewJob {
                dedupe_key: Some(format!("tend:{account}:{}", now_ms.div_euclid(DAY_MS))),
                order_key: Some(format!("tend:{account}")),
                run_at_ms: Some(now_ms + i64::from(rand::random::<u32>()) % JITTER_MS),
                ..NewJob::new(QUEUE, json!({ "account": account }))
            };
            store.enqueue(job).await?;
        }
        Ok(())
    }

    /// Refreshes an account's token if that is due or `now`, else asks Meta whether it still works: so too where it is
    /// too young to be refreshed, which Meta would refuse in the words of a dead token.
    pub(crate) async fn tend(
        &self,
        account: &str,
        now: bool,
    ) -> Result<Option<Tended>, StoreError> {
        // What another process has stored meanwhile counts.
        self.reload().await?;
        let Some(known) = self.find(account) else {
            return Ok(None);
        };
        let now_ms = self.safe.store().clock().now_ms();
        let row = &known.row;
        let urgency = if now { Urgency::Now } else { Urgency::CanWait };
        if let Some(credentials) = self.credentials_of(&known)
            && let Err(until_ms) = self.permit(&credentials.payer(), urgency)
        {
            self.warn_of_end(account).await?;
            return Ok(Some(Tended::Waits(until_ms)));
        }
        let refreshes = may_refresh(row, now_ms) && (now || wants_refresh(row, now_ms));
        let asked = if refreshes {
            self.refresh(&known).await?
        } else {
            self.check(&known).await
        };
        let tended = match asked {
            Ok(tended) => tended,
            Err(error) => self.tend_failed(&known, error).await,
        };
        self.warn_of_end(account).await?;
        self.reload().await?;
        Ok(Some(tended))
    }

    async fn refresh(&self, known: &Known) -> Result<Result<Tended, CallError>, StoreError> {
        let row = &known.row;
        let (Some(token), Some(print)) = (&known.token, &row.token_print) else {
            return Ok(Ok(Tended::Bad(verdict::REVOKED)));
        };
        let grant = match self.graph.instagram_refresh(token).await {
            Ok(grant) => grant,
            Err(error) => return Ok(Err(error)),
        };
        let store = self.safe.store();
        let now_ms = store.clock().now_ms();
        let lives_ms = grant
            .lives
            .and_then(|lives| i64::try_from(lives.as_millis()).ok());
        let fresh = FreshToken {
            token_print: secret::print(&grant.token),
            token: grant.token,
            expires_at_ms: lives_ms.map(|lives_ms| now_ms + lives_ms),
        };
        // A login that came in between has a newer token than this one.
        if self.safe.freshen(&row.account, print, fresh).await? {
            tracing::info!(account = %row.account, "an account's token was refreshed");
        }
        let well = HealthChange {
            verdict: Some(Verdict::Fine.as_str().to_owned()),
            good_at_ms: Some(now_ms),
            scopes: grant.permissions,
            ..HealthChange::default()
        };
        store.note_health(&row.account, well).await?;
        Ok(Ok(Tended::Refreshed))
    }

    /// Asks Meta how an account is; of a Page's token it also tells what it may do, and until when.
    async fn check(&self, known: &Known) -> Result<Tended, CallError> {
        let Some(credentials) = self.credentials_of(known) else {
            return Ok(Tended::Bad(verdict::REVOKED));
        };
        self.graph.ask(&credentials, &OwnAccount).await?;
        let store = self.safe.store();
        let mut well = HealthChange {
            verdict: Some(Verdict::Fine.as_str().to_owned()),
            good_at_ms: Some(store.clock().now_ms()),
            ..HealthChange::default()
        };
        if let (FACEBOOK, Some(token), Ok(app)) = (
            known.row.login.as_str(),
            &known.token,
            self.app(Family::Facebook),
        ) && self.permit(&Payer::App, Urgency::CanWait).is_ok()
            && let Ok(facts) = self.graph.debug_token(&app, token).await
            && facts.is_valid
        {
            // Data stop about 90 days after the login, even where the token itself has no end.
            let ends = [facts.expires_at, facts.data_access_expires_at];
            well.expires_at_ms = ends.into_iter().flatten().min().map(|end| end * 1000);
            well.scopes = Some(facts.scopes);
        }
        if let Err(error) = store.note_health(&known.row.account, well).await {
            tracing::warn!(%error, "an account's health cannot be written down");
        }
        Ok(Tended::Checked)
    }

    async fn tend_failed(&self, known: &Known, error: CallError) -> Tended {
        if let Some(credentials) = self.credentials_of(known)
            && let Some(until_ms) = self.learn(&credentials.payer(), &error)
        {
            return Tended::Waits(until_ms);
        }
        let failure = verdict::of(&error);
        if !failure.verdict.is_usable() {
            let change = match error.graph() {
                Some(graph) => refusal(graph.code, graph.subcode, failure),
                None => HealthChange::default(),
            };
            self.judge(&known.row.account, change, failure).await;
            return Tended::Bad(failure);
        }
        tracing::warn!(%error, account = %known.row.account, "an account could not be looked after now");
        Tended::Later(error)
    }

    /// A token that nears or has passed its end says so, whatever kept it from being refreshed.
    async fn warn_of_end(&self, account: &str) -> Result<(), StoreError> {
        let store = self.safe.store();
        let now_ms = store.clock().now_ms();
        let Some(row) = store.linked_account(account).await? else {
            return Ok(());
        };
        let Some(left_ms) = row.expires_at_ms.map(|end_ms| end_ms - now_ms) else {
            return Ok(());
        };
        let failure = match left_ms {
            ..=0 => verdict::EXPIRED,
            1..WARN_WITH_LEFT_MS => verdict::EXPIRING,
            _ => return Ok(()),
        };
        let worse = Verdict::parse(&row.health.verdict);
        if worse.is_usable() {
            let change = HealthChange {
                verdict: Some(failure.verdict.as_str().to_owned()),
                ..HealthChange::default()
            };
            self.judge(account, change, failure).await;
        }
        Ok(())
    }
}

fn is_due(row: &AccountRow, now_ms: i64) -> bool {
    let health = &row.health;
    if !Verdict::parse(&health.verdict).is_usable() {
        // Most often only its owner can help, by logging in; but some refusals pass, and nothing else would notice.
        return true;
    }
    let is_quiet = health
        .last_good_at_ms
        .is_none_or(|at_ms| now_ms - at_ms >= DAY_MS);
    is_quiet || row.login == FACEBOOK || wants_refresh(row, now_ms) || is_ending(row, now_ms)
}

fn is_ending(row: &AccountRow, now_ms: i64) -> bool {
    row.expires_at_ms
        .is_some_and(|end_ms| end_ms - now_ms < WARN_WITH_LEFT_MS)
}

/// Old enough for Meta, and not so fresh that it would be a wasted call. Of the settings' token nobody knows its age:
/// it is tried, which also tells its end.
fn wants_refresh(row: &AccountRow, now_ms: i64) -> bool {
    let is_worth_it = row
        .expires_at_ms
        .is_none_or(|end_ms| end_ms - now_ms < REFRESH_WITH_LEFT_MS);
    may_refresh(row, now_ms) && is_worth_it
}

/// Whether Meta would take it: a Page's token has no end, and a young one is refused.
fn may_refresh(row: &AccountRow, now_ms: i64) -> bool {
    let is_old_enough = row
        .issued_at_ms
        .is_none_or(|at_ms| now_ms - at_ms >= REFRESHABLE_AFTER_MS);
    row.login != FACEBOOK && is_old_enough
}

/// Does the jobs of the queue.
#[derive(Debug)]
pub(crate) struct Tender(pub(crate) Arc<Registry>);

#[async_trait]
impl Handler for Tender {
    async fn run(&self, job: &Claimed) -> Finish {
        let done = |note: &str| Finish::Done {
            note: note.to_owned(),
        };
        let Some(account) = job.payload["account"].as_str() else {
            return done("no account is named");
        };
        match self.0.tend(account, false).await {
            Ok(Some(Tended::Refreshed)) => done("refreshed"),
            Ok(Some(Tended::Checked)) => done("checked"),
            Ok(Some(Tended::Bad(failure))) => done(failure.code),
            Ok(Some(Tended::Waits(until_ms))) => {
                let why = "Meta's allowance is used up, or kept for people".to_owned();
                Finish::Wait { until_ms, why }
            }
            Ok(None) => done("the account is no longer connected"),
            Ok(Some(Tended::Later(error))) => Finish::Retry {
                after_ms: None,
                error: error.to_string(),
            },
            Err(error) => Finish::Retry {
                after_ms: None,
                error: error.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use store::AccountHealth;
    use uuid::Uuid;

    use super::*;

    const NOW_MS: i64 = 1_790_000_000_000;

    fn row(age_days: i64, left_days: i64) -> AccountRow {
        AccountRow {
            id: Uuid::nil(),
            account: "178".to_owned(),
            app_scoped_id: None,
            page_id: None,
            login: super::super::INSTAGRAM.to_owned(),
            username: None,
            name: None,
            account_type: None,
            origin: "login".to_owned(),
            token_print: None,
            settings_print: None,
            issued_at_ms: Some(NOW_MS - age_days * DAY_MS),
            refreshed_at_ms: None,
            expires_at_ms: Some(NOW_MS + left_days * DAY_MS),
            scopes: None,
            health: AccountHealth {
                verdict: "fine".to_owned(),
                last_good_at_ms: Some(NOW_MS),
                ..AccountHealth::default()
            },
            connected_at_ms: 0,
            removed_at_ms: None,
        }
    }

    #[test]
    fn a_token_is_refreshed_when_it_is_old_enough_and_worth_it() {
        for (age, left, wants) in [
            (0, 60, false),
            (0, 10, false),
            (5, 55, false),
            (11, 49, true),
            (59, 1, true),
        ] {
            assert_eq!(
                wants_refresh(&row(age, left), NOW_MS),
                wants,
                "{age} {left}"
            );
            assert_eq!(is_due(&row(age, left), NOW_MS), wants, "{age} {left}");
        }
        let unknown = AccountRow {
            issued_at_ms: None,
            expires_at_ms: None,
            ..row(0, 0)
        };
        assert!(wants_refresh(&unknown, NOW_MS));
        let page = AccountRow {
            login: FACEBOOK.to_owned(),
            ..row(59, 1)
        };
        assert!(!wants_refresh(&page, NOW_MS) && is_due(&page, NOW_MS));
    }

    #[test]
    fn an_account_that_is_bad_or_quiet_is_asked_once_a_day() {
        let mut dead = row(59, 1);
        dead.health.verdict = Verdict::Revoked.as_str().to_owned();
        assert!(is_due(&dead, NOW_MS));
        let mut quiet = row(2, 58);
        quiet.health.last_good_at_ms = Some(NOW_MS - DAY_MS);
        assert!(is_due(&quiet, NOW_MS));
    }
}
