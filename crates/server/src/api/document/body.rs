//! What the document's calls carry besides the token: which account, where the caller has several.

use garde::Validate;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::{Account, ApiError, DocumentCall, Gate, Scope};

/// The body of the document's calls.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[garde(allow_unvalidated)]
pub(super) struct TokenIn {
    /// An account's handle, which is the key for its account; or, beside an API key, a token of Meta's. Not needed with
    /// an API key.
    #[serde(default, skip_deserializing)]
    #[allow(
        dead_code,
        reason = "read before the rest of the body, and shown in the contract"
    )]
    access_token: Option<String>,
    /// Either id of the account, where the caller has several.
    #[serde(default, deserialize_with = "word")]
    #[schema(value_type = Option<String>, example = "17841400000000001")]
    user_id: Option<String>,
}

/// Ids are digits, and some clients write them as numbers.
fn word<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(reader)? {
        Value::Null => Ok(None),
        Value::String(word) if word.trim().is_empty() => Ok(None),
        Value::String(word) => Ok(Some(word)),
        Value::Number(number) if number.is_u64() => Ok(Some(number.to_string())),
        _ => Err(serde::de::Error::custom("must be an id")),
    }
}

/// The account that a call is about.
pub(super) async fn account(
    gate: &Gate,
    call: &DocumentCall<TokenIn>,
) -> Result<Account, ApiError> {
    call.caller.need(Scope::Read)?;
    call.caller
        .account(gate, call.body.user_id.as_deref())
        .await
}
