//! `POST /{page or account}/messages` with `sender_action` `typing_on`, `typing_off` or `mark_seen`: signs that are no
//! message.
//! <https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message>,
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api>
//! (read 2026-09-11)

use crate::client::{Action, Credentials};
use crate::error::CallError;
use crate::id::Igsid;
use crate::request::{Answer, Endpoint, Request};
use serde_json::json;

/// The call. Repeating it does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowSign {
    /// Who sees it.
    pub to: Igsid,
    /// Which.
    pub action: Action,
}

impl Endpoint for ShowSign {
    type Answer = ();

    fn request(&self, credentials: &Credentials) -> Request {
        let body = json!({
            "recipient": { "id": self.to },
            "sender_action": self.action.as_str(),
        });
        Request {
            // It may be repeated, so its connection may be an old one.
            visible: false,
            ..Request::post("sender_action", &[credentials.node(), "messages"]).json(body)
        }
    }

    /// Any good answer will do.
    fn read(&self, _: &Answer) -> Result<(), CallError> {
        Ok(())
    }
}
