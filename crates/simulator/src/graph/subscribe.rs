//! `subscribed_apps`: which webhook fields the app gets for an account. After an hour of failed
//! deliveries an account is unsubscribed and only this call brings its events back.

use serde_json::{Value, json};

use super::auth::Caller;
use super::call::Call;
use super::error::GraphError;
use crate::world::Shared;
use crate::world::account::{Login, WEBHOOK_FIELDS};

pub(super) fn run(world: &Shared, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    caller.need("pages_manage_metadata", "instagram_business_basic")?;
    let mut state = world.lock();
    let account = state
        .accounts
        .get_mut(&caller.account)
        .ok_or_else(|| GraphError::no_object("me"))?;
    match call.method.as_str() {
        "POST" => {
            let asked = call
                .params
                .text("subscribed_fields")
                .filter(|fields| !fields.is_empty())
                .ok_or_else(|| {
                    GraphError::argument("The parameter subscribed_fields is required.")
                })?;
            let all = WEBHOOK_FIELDS.iter().map(|field| (*field).to_owned());
            account.fields = match caller.login {
                // The Instagram fields of a Page are chosen in the dashboard: any Page field subscribes.
                Login::Facebook => all.collect(),
                Login::Instagram => {
                    let fields: Vec<String> = asked
                        .split(',')
                        .map(|field| field.trim().to_owned())
                        .collect();
                    let unknown = fields
                        .iter()
                        .find(|field| !WEBHOOK_FIELDS.contains(&field.as_str()));
                    if let Some(field) = unknown {
                        return Err(GraphError::argument(format!(
                            "Param subscribed_fields must be one of the known fields - got \"{field}\"."
                        )));
                    }
                    for field in &fields {
                        if let Some(scope) = scope_of(field) {
                            caller.need("", scope)?;
                        }
                    }
                    fields.into_iter().collect()
                }
            };
            world.webhooks().enable();
            Ok(json!({"success": true}))
        }
        "GET" => {
            if account.fields.is_empty() {
                return Ok(json!({"data": []}));
            }
            let fields: Vec<&String> = account.fields.iter().collect();
            let id = &world.options().app_id;
            Ok(json!({"data": [{"id": id, "name": "Gramophone", "subscribed_fields": fields}]}))
        }
        "DELETE" => {
            account.fields.clear();
            Ok(json!({"success": true}))
        }
        _ => Err(GraphError::argument("Unsupported method")),
    }
}

/// The scope a field needs in Instagram Login; some need none but the basic one
/// (<https://developers.facebook.com/docs/instagram-platform/webhooks>, 2026-11).
fn scope_of(field: &str) -> Option<&'static str> {
    match field {
        "comments" | "live_comments" | "mentions" => Some("instagram_business_manage_comments"),
        "messages" | "standby" | "message_edit" | "message_reactions" => {
            Some("instagram_business_manage_messages")
        }
        _ if field.starts_with("messaging_") => Some("instagram_business_manage_messages"),
        _ => None,
    }
}
