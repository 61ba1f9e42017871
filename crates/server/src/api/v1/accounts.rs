//! `/v1/accounts`: the connected accounts and how they are, disconnecting, refreshing, and the link to connect again.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use garde::Validate;
use graph_api::oauth::{FACEBOOK_SCOPES, INSTAGRAM_SCOPES, Unsubscribe};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    accounts::{FACEBOOK, Known, Registry, no_account, tend::Tended, verdict::Verdict},
    api::{ApiError, Asked, Caller, Failures, Gate, Reach, Scope},
    convert::moment,
    error::throttled,
};

const DAY_MS: i64 = 86_400_000;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one, disconnect))
        .routes(routes!(refresh))
        .routes(routes!(reconnect))
}

/// How an account is.
#[derive(Debug, Serialize, ToSchema)]
struct HealthOut {
    /// `fine`, `unchecked`, `expiring`, `expired`, `revoked`, `checkpoint`, `no_role`, `wrong_scope_family` or
    /// `not_professional`.
    #[schema(example = "fine")]
    verdict: &'static str,
    #[schema(example = "2026-11-22T15:00:00Z")]
    since: String,
    /// Days until the token ends; none: it has no end, or nobody knows it.
    #[schema(example = 59)]
    days_left: Option<i64>,
    /// What the token may do; none: Meta has not said.
    scopes: Option<Vec<String>>,
    /// What we ask for and it may not do.
    missing_scopes: Vec<&'static str>,
    last_good_call_at: Option<String>,
    /// Meta's code of the last refusal of the token, with its subcode.
    #[schema(example = "190/463")]
    last_error: Option<String>,
    last_error_at: Option<String>,
    /// Where its owner connects it again, when that is needed.
    reconnect_url: Option<String>,
}

/// A connected account.
#[derive(Debug, Serialize, ToSchema)]
struct AccountOut {
    /// The professional account, as webhooks name it.
    #[schema(example = "17841400000000001")]
    id: String,
    /// The account as this app alone knows it.
    #[schema(example = "23945278568488807")]
    app_scoped_id: Option<String>,
    page_id: Option<String>,
    /// `instagram` or `facebook`.
    #[schema(example = "instagram")]
    login: String,
    #[schema(example = "business_account")]
    username: Option<String>,
    name: Option<String>,
    #[schema(example = "BUSINESS")]
    account_type: Option<String>,
    /// `login` or `settings`.
    #[schema(example = "login")]
    origin: String,
    connected_at: String,
    token_issued_at: Option<String>,
    token_refreshed_at: Option<String>,
    token_expires_at: Option<String>,
    health: HealthOut,
}

/// Every account that the key may use.
#[derive(Debug, Serialize, ToSchema)]
struct AccountsOut {
    data: Vec<AccountOut>,
}

/// The link to connect an account again.
#[derive(Debug, Serialize, ToSchema)]
struct LinkOut {
    /// Lets in nobody but the account's owner; open it in a browser.
    #[schema(example = "https://bot.example.org/instagram/auth/url?account=17841400000000001")]
    url: String,
}

/// The connected accounts.
#[utoipa::path(get, path = "/v1/accounts", tag = "accounts", responses((status = 200, body = AccountsOut), Failures))]
async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
) -> Result<Json<AccountsOut>, ApiError> {
    caller.need(Scope::Read)?;
    let all = gate.accounts.all();
    let within = all.iter().filter(|known| is_within(&caller, known));
    Ok(Json(AccountsOut {
        data: within.map(|known| account_out(&gate, known)).collect(),
    }))
}

/// One account and how it is.
#[utoipa::path(
    get, path = "/v1/accounts/{account}", tag = "accounts",
    params(("account" = String, Path, description = "Either id of the account")),
    responses((status = 200, body = AccountOut), Failures)
)]
async fn one(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<AccountOut>, ApiError> {
    caller.need(Scope::Read)?;
    let known = found(&gate.accounts, &caller, &account)?;
    Ok(Json(account_out(&gate, &known)))
}

/// What becomes of the numbers that were kept.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
struct DisconnectIn {
    /// `keep` or `erase`: the daily numbers of the account and its posts, and its stories' last ones.
    #[param(default = "keep", example = "keep")]
    history: Option<String>,
}

/// Disconnects an account: its events stop, its token, every handle of it and every answer kept of Meta's are gone.
///
/// Its history stays, since Meta could not give it back: snapshots of the account, its posts and its stories. They are
/// shown again when the account is connected again. `history=erase` erases them too, also those of an account that was
/// disconnected before.
#[utoipa::path(
    delete, path = "/v1/accounts/{account}", tag = "accounts",
    params(("account" = String, Path, description = "Either id of the account"), DisconnectIn),
    responses((status = 204, description = "It is disconnected."), Failures)
)]
async fn disconnect(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    Asked(asked): Asked<DisconnectIn>,
) -> Result<StatusCode, ApiError> {
    caller.need(Scope::Admin)?;
    let erase = match asked.history.as_deref() {
        None | Some("" | "keep") => false,
        Some("erase") => true,
        Some(_) => return Err(ApiError::invalid_at("history", "must be keep or erase")),
    };
    let account = match found(&gate.accounts, &caller, &account) {
        Ok(known) => {
            end_connection(&gate, &known).await?;
            known.row.account
        }
        Err(error) if erase => once_connected(&gate, &caller, &account)
            .await?
            .ok_or(error)?,
        Err(error) => return Err(error),
    };
    if erase {
        let rows = gate.store.erase_history(&account).await?;
        tracing::info!(account, rows, "the account's history was erased");
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn end_connection(gate: &Gate, known: &Known) -> Result<(), ApiError> {
    // With a dead token Meta delivers nothing either; the account goes all the same.
    if let Some(credentials) = gate.accounts.credentials_of(known)
        && let Err(error) = gate.graph.ask(&credentials, &Unsubscribe).await
    {
        tracing::warn!(%error, account = %known.row.account, "Meta was not told to stop its deliveries");
    }
    gate.store.remove_account(&known.row.account).await?;
    gate.accounts.reload().await?;
    gate.gateway.forget(&known.row.account).await;
    Ok(())
}

/// The id of an account that is not connected any more and that this caller may speak of.
async fn once_connected(
    gate: &Gate,
    caller: &Caller,
    account: &str,
) -> Result<Option<String>, ApiError> {
    let may = match caller.reach() {
        Reach::All => true,
        Reach::Only(ids) => ids.contains(account),
    };
    let row = gate.store.linked_account(account).await?;
    let row = row.filter(|row| may && row.removed_at_ms.is_some());
    Ok(row.map(|row| row.account))
}

/// Refreshes the token now, or asks Meta how the account is where there is nothing to refresh.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/refresh", tag = "accounts",
    params(("account" = String, Path, description = "Either id of the account")),
    responses((status = 200, body = AccountOut), Failures)
)]
async fn refresh(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<AccountOut>, ApiError> {
    caller.need(Scope::Manage)?;
    let known = found(&gate.accounts, &caller, &account)?;
    match gate.accounts.tend(&known.row.account, true).await? {
        Some(Tended::Refreshed | Tended::Checked) => {
            let known = found(&gate.accounts, &caller, &account)?;
            Ok(Json(account_out(&gate, &known)))
        }
        Some(Tended::Bad(failure)) => {
            let (says, next) = failure.english;
            Err(ApiError::new(StatusCode::CONFLICT, failure.code, says)
                .next_step(next)
                .about("account"))
        }
        Some(Tended::Later(error)) => Err(error.into()),
        Some(Tended::Waits(until_ms)) => {
            let wait_ms = until_ms.saturating_sub(gate.clock.now_ms());
            Err(throttled(Duration::from_millis(wait_ms.unsigned_abs())))
        }
        None => Err(no_account()),
    }
}

/// Where the account's owner connects it again.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/reconnect", tag = "accounts",
    params(("account" = String, Path, description = "Either id of the account")),
    responses((status = 200, body = LinkOut), Failures)
)]
async fn reconnect(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<LinkOut>, ApiError> {
    caller.need(Scope::Read)?;
    let known = found(&gate.accounts, &caller, &account)?;
    Ok(Json(LinkOut {
        url: gate.accounts.reconnect_link(&known.row.account),
    }))
}

fn is_within(caller: &Caller, known: &Known) -> bool {
    match caller.reach() {
        Reach::All => true,
        Reach::Only(ids) => ids.contains(&known.row.account),
    }
}

fn found(accounts: &Registry, caller: &Caller, id: &str) -> Result<Known, ApiError> {
    accounts
        .find(id)
        .filter(|known| is_within(caller, known))
        .ok_or_else(no_account)
}

fn account_out(gate: &Gate, known: &Known) -> AccountOut {
    let row = known.row.clone();
    let verdict = Verdict::parse(&row.health.verdict);
    let now_ms = gate.clock.now_ms();
    let wanted = if row.login == FACEBOOK {
        FACEBOOK_SCOPES
    } else {
        INSTAGRAM_SCOPES
    };
    let lacks = |scope: &&&str| {
        let granted = row.scopes.as_ref();
        granted.is_some_and(|granted| !granted.iter().any(|given| given == **scope))
    };
    let needs_owner = !matches!(verdict, Verdict::Fine | Verdict::Unchecked);
    AccountOut {
        health: HealthOut {
            verdict: verdict.as_str(),
            since: moment(row.health.verdict_at_ms),
            days_left: row
                .expires_at_ms
                .map(|end_ms| (end_ms - now_ms).max(0) / DAY_MS),
            missing_scopes: wanted.iter().filter(lacks).copied().collect(),
            scopes: row.scopes,
            last_good_call_at: row.health.last_good_at_ms.map(moment),
            last_error: row.health.last_error,
            last_error_at: row.health.last_error_at_ms.map(moment),
            reconnect_url: needs_owner.then(|| gate.accounts.reconnect_link(&row.account)),
        },
        id: row.account,
        app_scoped_id: row.app_scoped_id,
        page_id: row.page_id,
        login: row.login,
        username: row.username,
        name: row.name,
        account_type: row.account_type,
        origin: row.origin,
        connected_at: moment(row.connected_at_ms),
        token_issued_at: row.issued_at_ms.map(moment),
        token_refreshed_at: row.refreshed_at_ms.map(moment),
        token_expires_at: row.expires_at_ms.map(moment),
    }
}
