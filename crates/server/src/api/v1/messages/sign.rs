//! Small signs: a reaction on a message, "typing", "seen". Repeating one does no harm.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::{
    budget::Bucket,
    client::{Action, Login},
    endpoint::messages::React,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{ApiError, Caller, Failures, Gate, In, Scope, ask, ask_with, meta_id};

/// It was shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignOut {
    #[schema(example = true)]
    success: bool,
}

/// What is put on a message.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReactionIn {
    /// The person in whose conversation the message is.
    #[garde(length(min = 1, max = 64), alphanumeric)]
    #[schema(example = "5550000000000001")]
    to: String,
    /// An emoji, or `love`, the only one that accounts of Facebook Login have; none takes it away.
    #[garde(length(min = 1, max = 32))]
    #[schema(example = "love")]
    reaction: Option<String>,
}

/// Puts a reaction on a message, or takes it away.
#[utoipa::path(
    put, path = "/v1/accounts/{account}/messages/{message}/reaction", tag = "messages",
    params(("account" = String, Path), ("message" = String, Path)), request_body = ReactionIn,
    responses((status = 200, body = SignOut), Failures)
)]
pub(super) async fn react(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, message)): Path<(String, String)>,
    In(body): In<ReactionIn>,
) -> Result<Json<SignOut>, ApiError> {
    caller.need(Scope::Send)?;
    let message = meta_id("message", message)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let is_love = body
        .reaction
        .as_deref()
        .is_none_or(|reaction| reaction == "love");
    if !is_love && matches!(account.credentials.login, Login::Facebook { .. }) {
        let says = "accounts of Facebook Login have love alone";
        return Err(ApiError::invalid_at("reaction", says));
    }
    let call = React {
        to: body.to.into(),
        message,
        reaction: body.reaction,
    };
    ask(&gate, &account, Bucket::Text, &call).await?;
    Ok(Json(SignOut { success: true }))
}

/// Which sign.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SignWord {
    /// For about twenty seconds.
    TypingOn,
    TypingOff,
    /// The person sees that their message was read.
    Seen,
}

/// Which sign, to whom.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    #[garde(length(min = 1, max = 64), alphanumeric)]
    #[schema(example = "5550000000000001")]
    to: String,
    /// `typing_on`, `typing_off`, `seen`.
    #[garde(skip)]
    sign: SignWord,
}

/// Shows a sign that leaves no message behind.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/signs", tag = "messages",
    params(("account" = String, Path)), request_body = SignIn,
    responses((status = 200, body = SignOut), Failures)
)]
pub(super) async fn sign(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    In(body): In<SignIn>,
) -> Result<Json<SignOut>, ApiError> {
    caller.need(Scope::Send)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let action = match body.sign {
        SignWord::TypingOn => Action::TypingOn,
        SignWord::TypingOff => Action::TypingOff,
        SignWord::Seen => Action::MarkSeen,
    };
    let person = body.to.into();
    let credentials = &account.credentials;
    let call = gate.graph.sender_action(credentials, &person, action);
    ask_with(&gate, credentials, Bucket::Text, call).await?;
    Ok(Json(SignOut { success: true }))
}
