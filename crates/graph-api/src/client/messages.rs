//! `POST /{page or account}/messages`: what the person sees, and the two signs that we are there.
//! <https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message> and
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api>
//! (read 2026-09-11)

use super::attachments::MediaKind;
use super::call::{Answer, Body, Call, unsendable};
use super::{Credentials, Graph};
use crate::error::CallError;
use crate::id::{AttachmentId, Igsid, Mid};
use crate::limits::{
    IMAGES_PER_MESSAGE, QUICK_REPLIES, QUICK_REPLY_PAYLOAD, QUICK_REPLY_TITLE, TEXT_BYTES,
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

/// One message to a person.
#[derive(Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Words, at most [`TEXT_BYTES`] bytes; `limits::split_text` cuts longer ones.
    Text(String),
    /// Words with quick replies below them: title and payload. Meta's apps on phones show them; on a desktop only the
    /// words are seen.
    /// <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/quick-replies>
    Choices {
        /// As in [`Outgoing::Text`].
        text: String,
        /// At most [`QUICK_REPLIES`] of them.
        choices: Vec<(String, String)>,
    },
    /// A file that was uploaded before.
    Attachment {
        /// What it is.
        kind: MediaKind,
        /// What the upload answered.
        id: AttachmentId,
    },
    /// Up to ten images in one message. Where Meta has not enabled that, the error's kind is
    /// `ManyImagesOff`: send them one by one.
    Images(Vec<AttachmentId>),
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Choices { text, choices } => {
                write!(f, "Choices({} bytes, {})", text.len(), choices.len())
            }
            Self::Attachment { kind, id } => write!(f, "Attachment({kind:?} {id})"),
            Self::Images(ids) => write!(f, "Images({})", ids.len()),
        }
    }
}

/// Proof that a message went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// To whom.
    pub recipient_id: Igsid,
    /// The same id that the echo will carry.
    pub message_id: Mid,
}

/// Signs that are no message. Repeating one does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Shown for about 20 seconds.
    TypingOn,
    /// Takes the sign away.
    TypingOff,
    /// The person sees that their message was read.
    MarkSeen,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::TypingOn => "typing_on",
            Self::TypingOff => "typing_off",
            Self::MarkSeen => "mark_seen",
        }
    }
}

#[derive(Deserialize)]
struct SentAnswer {
    recipient_id: Option<Igsid>,
    message_id: Option<Mid>,
}

impl Graph {
    /// Sends one message, once. After an error whose `outcome` is `Unknown` it may be in the chat:
    /// look before sending again.
    pub async fn send(
        &self,
        credentials: &Credentials,
        to: &Igsid,
        what: &Outgoing,
    ) -> Result<Sent, CallError> {
        let body = json!({ "recipient": { "id": to }, "message": message(what)? });
        let answer = self
            .post_message("messages", credentials, body, true)
            .await?;
        let sent: SentAnswer = answer.read("a send's answer is recipient_id and message_id")?;
        match sent.message_id {
            Some(message_id) if !message_id.as_str().is_empty() => Ok(Sent {
                recipient_id: sent.recipient_id.unwrap_or_else(|| to.clone()),
                message_id,
            }),
            _ => Err(answer.malformed("a send was answered without message_id")),
        }
    }

    /// Shows that we have seen a message or are writing.
    pub async fn sender_action(
        &self,
        credentials: &Credentials,
        to: &Igsid,
        action: Action,
    ) -> Result<(), CallError> {
        let body = json!({ "recipient": { "id": to }, "sender_action": action.as_str() });
        self.post_message("sender_action", credentials, body, false)
            .await
            .map(drop)
    }

    async fn post_message(
        &self,
        endpoint: &'static str,
        credentials: &Credentials,
        body: Value,
        visible: bool,
    ) -> Result<Answer, CallError> {
        let call = Call {
            endpoint,
            method: Method::POST,
            path: &[credentials.node(), "messages"],
            query: &[],
            body: Body::Json(body),
            visible,
        };
        self.call(credentials, call).await
    }
}

/// The `message` object; what Meta is sure to refuse is not sent at all.
fn message(what: &Outgoing) -> Result<Value, CallError> {
    match what {
        Outgoing::Text(text) | Outgoing::Choices { text, .. } if text.trim().is_empty() => {
            Err(unsendable("the text is empty"))
        }
        Outgoing::Text(text) | Outgoing::Choices { text, .. } if text.len() > TEXT_BYTES => {
            Err(unsendable("the text is longer than 1000 bytes"))
        }
        Outgoing::Text(text) => Ok(json!({ "text": text })),
        Outgoing::Choices { text, choices } => {
            Ok(json!({ "text": text, "quick_replies": quick_replies(choices)? }))
        }
        Outgoing::Attachment { kind, id } => Ok(json!({ "attachment": attachment(*kind, id) })),
        Outgoing::Images(ids) if ids.is_empty() => Err(unsendable("there are no images")),
        Outgoing::Images(ids) if ids.len() > IMAGES_PER_MESSAGE => {
            Err(unsendable("a message holds ten images"))
        }
        Outgoing::Images(ids) => {
            let images: Vec<Value> = ids
                .iter()
                .map(|id| attachment(MediaKind::Image, id))
                .collect();
            Ok(json!({ "attachments": images }))
        }
    }
}

/// Meta cuts a longer title without a word, and the person would tap half of one.
fn quick_replies(choices: &[(String, String)]) -> Result<Vec<Value>, CallError> {
    if choices.is_empty() || choices.len() > QUICK_REPLIES {
        return Err(unsendable("a message holds one to thirteen quick replies"));
    }
    choices
        .iter()
        .map(|(title, payload)| {
            if title.trim().is_empty() || title.chars().count() > QUICK_REPLY_TITLE {
                return Err(unsendable(
                    "a quick reply's title has one to twenty characters",
                ));
            }
            if payload.is_empty() || payload.len() > QUICK_REPLY_PAYLOAD {
                return Err(unsendable(
                    "a quick reply's payload has one to a thousand bytes",
                ));
            }
            Ok(json!({ "content_type": "text", "title": title, "payload": payload }))
        })
        .collect()
}

fn attachment(kind: MediaKind, id: &AttachmentId) -> Value {
    json!({ "type": kind.as_str(), "payload": { "attachment_id": id } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meta_would_refuse_is_not_sent() {
        let long = "é".repeat(501);
        let bad = [
            Outgoing::Text(" ".to_owned()),
            Outgoing::Text(long),
            Outgoing::Choices {
                text: "x".to_owned(),
                choices: Vec::new(),
            },
            Outgoing::Choices {
                text: "x".to_owned(),
                choices: vec![("twenty-one characters".to_owned(), "p".to_owned())],
            },
            Outgoing::Images(Vec::new()),
            Outgoing::Images(vec![AttachmentId::from("1"); 11]),
        ];
        for what in bad {
            assert!(message(&what).is_err(), "{what:?}");
        }
        assert!(message(&Outgoing::Text("é".repeat(500))).is_ok());
    }

    #[test]
    fn a_text_is_not_printed() {
        let shown = format!("{:?}", Outgoing::Text("dear diary".to_owned()));
        assert_eq!(shown, "Text(10 bytes)");
    }
}
