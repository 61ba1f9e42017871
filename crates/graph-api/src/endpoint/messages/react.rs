//! `POST /{page or account}/messages` with `sender_action` `react` or `unreact`. Facebook Login knows `love` alone,
//! Instagram Login any emoji.
//! <https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::object;
use crate::error::CallError;
use crate::id::{Igsid, Mid};
use crate::request::{Answer, Endpoint, Request};
use serde_json::json;

/// The call. Repeating it does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct React {
    /// Who wrote the message.
    pub to: Igsid,
    /// The message.
    pub message: Mid,
    /// What is put on it; none takes it away.
    pub reaction: Option<String>,
}

impl Endpoint for React {
    type Answer = ();

    fn request(&self, credentials: &Credentials) -> Request {
        let mut payload = json!({ "message_id": self.message });
        if let Some(reaction) = &self.reaction {
            payload["reaction"] = reaction.as_str().into();
        }
        let action = if self.reaction.is_some() {
            "react"
        } else {
            "unreact"
        };
        Request::post("sender_action", &[credentials.node(), "messages"]).json(json!({
            "recipient": { "id": self.to }, "sender_action": action, "payload": payload,
        }))
    }

    fn read(&self, answer: &Answer) -> Result<(), CallError> {
        object(answer, "a sign is answered with recipient_id").map(drop)
    }
}
