//! `/v1/keys`: the keys of this API and the handles of logins: made, listed, revoked. A key is shown once, in the answer
//! that made it. A key for some accounts makes, sees and revokes keys for these accounts alone.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use garde::Validate;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use store::{KeyKind, KeyRow, NewKey};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    accounts::secret,
    api::{ApiError, Caller, Failures, Gate, In, Reach, Scope, ShownOnce},
    convert::moment,
};

const DAY_MS: i64 = 86_400_000;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(revoke))
}

/// A key as its owner may see it.
#[derive(Debug, Serialize, ToSchema)]
struct KeyOut {
    #[schema(example = "0199d3c2-6c1e-7a52-b2f4-3b1f0f6f2a11")]
    id: String,
    /// `key`: made here or on the command line. `handle`: what a login answered with.
    #[schema(example = "key")]
    kind: &'static str,
    #[schema(example = "dashboard")]
    name: String,
    /// Its first letters.
    #[schema(example = "gmk_Yx3K")]
    prefix: String,
    #[schema(example = json!(["read"]))]
    scopes: Vec<String>,
    /// The accounts it may use; none: all of them.
    accounts: Option<Vec<String>>,
    #[schema(example = "2026-11-22T15:00:00Z")]
    created_at: String,
    /// To the minute.
    last_used_at: Option<String>,
    revoked_at: Option<String>,
    expires_at: Option<String>,
}

/// A key that was just made, with the only sight of it.
#[derive(Debug, Serialize, ToSchema)]
struct MadeOut {
    /// The key itself. It is shown here and never again.
    #[schema(example = "gmk_…")]
    key: String,
    #[serde(flatten)]
    about: KeyOut,
}

/// Every key.
#[derive(Debug, Serialize, ToSchema)]
struct KeysOut {
    data: Vec<KeyOut>,
}

/// A key to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyIn {
    /// What people call it.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(example = "dashboard")]
    name: String,
    /// `read`, `send`, `manage`, `publish`, `admin`.
    #[garde(length(min = 1, max = 5), inner(custom(known_scope)))]
    #[schema(example = json!(["read"]))]
    scopes: Vec<String>,
    /// The professional accounts it may use; left out: all of them.
    #[garde(inner(length(min = 1, max = 100), inner(custom(account_id))))]
    accounts: Option<Vec<String>>,
    /// Days until it ends; left out: it does not.
    #[garde(range(min = 1, max = 3650))]
    days: Option<i64>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its validators references, whatever they check"
)]
fn known_scope(word: &str, (): &()) -> garde::Result {
    match Scope::parse(word) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new(
            "is none of: read, send, manage, publish, admin",
        )),
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its validators references, whatever they check"
)]
fn account_id(id: &str, (): &()) -> garde::Result {
    let is_id = !id.is_empty() && id.len() <= 40 && id.bytes().all(|c| c.is_ascii_digit());
    if is_id {
        Ok(())
    } else {
        Err(garde::Error::new("is no account id: digits only"))
    }
}

/// Every key and handle within the caller's reach, revoked ones too, the newest first.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", responses((status = 200, body = KeysOut), Failures))]
async fn list(State(gate): State<Arc<Gate>>, caller: Caller) -> Result<Json<KeysOut>, ApiError> {
    caller.need(Scope::Admin)?;
    let keys = gate.store.keys().await?;
    Ok(Json(KeysOut {
        data: keys
            .into_iter()
            .filter(|row| is_within(caller.reach(), row.accounts.as_deref()))
            .map(key_out)
            .collect(),
    }))
}

/// Makes a key.
#[utoipa::path(
    post, path = "/v1/keys", tag = "keys", request_body = KeyIn,
    responses((status = 201, body = MadeOut), Failures)
)]
async fn make(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    In(key): In<KeyIn>,
) -> Result<(StatusCode, Extension<ShownOnce>, Json<MadeOut>), ApiError> {
    caller.need(Scope::Admin)?;
    if !is_within(caller.reach(), key.accounts.as_deref()) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "account_not_allowed",
            "this key may use some accounts only, and can make keys for these alone",
        )
        .next_step(
            "Name accounts that GET /v1/me lists, or make the key with: gramophone keys new.",
        ));
    }
    let fresh = secret::make(KeyKind::Key);
    let now_ms = gate.clock.now_ms();
    let row = NewKey {
        kind: KeyKind::Key,
        hash: fresh.hash.clone(),
        prefix: fresh.prefix,
        name: key.name,
        scopes: key.scopes,
        accounts: key.accounts,
        expires_at_ms: key.days.map(|days| now_ms + days * DAY_MS),
    };
    gate.store.add_key(row).await?;
    let row = gate.store.key_by_hash(&fresh.hash).await?;
    let row = row.ok_or_else(ApiError::internal)?;
    let made = MadeOut {
        key: fresh.secret.expose_secret().to_owned(),
        about: key_out(row),
    };
    Ok((StatusCode::CREATED, Extension(ShownOnce), Json(made)))
}

/// From now on this key is no good.
#[utoipa::path(
    delete, path = "/v1/keys/{key}", tag = "keys",
    params(("key" = String, Path, description = "The key's id, as the list shows it")),
    responses((status = 204, description = "It is revoked."), Failures)
)]
async fn revoke(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.need(Scope::Admin)?;
    let key: Uuid = key.parse().map_err(|_| ApiError::not_found())?;
    if *caller.reach() != Reach::All {
        let all = gate.store.keys().await?;
        let within = |row: &KeyRow| is_within(caller.reach(), row.accounts.as_deref());
        if !all.iter().any(|row| row.id == key && within(row)) {
            return Err(ApiError::not_found());
        }
    }
    if gate.store.revoke_key(key).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}

/// Whether a key for these accounts opens nothing that this reach does not; none named: it opens all.
fn is_within(reach: &Reach, accounts: Option<&[String]>) -> bool {
    match (reach, accounts) {
        (Reach::All, _) => true,
        (Reach::Only(_), None) => false,
        (Reach::Only(allowed), Some(accounts)) => {
            accounts.iter().all(|account| allowed.contains(account))
        }
    }
}

fn key_out(row: KeyRow) -> KeyOut {
    KeyOut {
        id: row.id.to_string(),
        kind: match row.kind {
            KeyKind::Key => "key",
            KeyKind::Handle => "handle",
        },
        name: row.name,
        prefix: row.prefix,
        scopes: row.scopes,
        accounts: row.accounts,
        created_at: moment(row.created_at_ms),
        last_used_at: row.last_used_at_ms.map(moment),
        revoked_at: row.revoked_at_ms.map(moment),
        expires_at: row.expires_at_ms.map(moment),
    }
}
