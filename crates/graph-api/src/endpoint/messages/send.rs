//! `POST /{page or account}/messages`: one message, or the one private reply to a comment (`recipient.comment_id`, within
//! seven days of the comment, at `/{ig-id}/messages`).
//! <https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message>,
//! <https://developers.facebook.com/docs/instagram-platform/private-replies> (read 2026)

use crate::client::{Credentials, MediaKind};
use crate::endpoint::rows::{object, text};
use crate::error::CallError;
use crate::id::{AttachmentId, CommentId, Igsid, MediaId, Mid};
use crate::request::{Answer, Endpoint, Request};
use serde_json::{Value, json};
use std::fmt;

/// Whom it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Somebody who wrote to the account.
    Person(Igsid),
    /// Whoever wrote this comment.
    Comment(CommentId),
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attachment {
    /// Meta fetches it.
    Url(String),
    /// It was uploaded before.
    Known(AttachmentId),
}

/// What the person sees.
#[derive(Clone, PartialEq, Eq)]
pub enum What {
    /// Words, with quick replies (title and payload) below them where there are any.
    Text {
        /// The words.
        text: String,
        /// What can be tapped.
        choices: Vec<(String, String)>,
    },
    /// One file.
    File {
        /// What it is.
        kind: MediaKind,
        /// Where it is.
        file: Attachment,
    },
    /// Up to ten images in one message.
    Images(Vec<Attachment>),
    /// A post of the account's own.
    Post(MediaId),
    /// A heart.
    Heart,
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { text, .. } => write!(f, "Text({} bytes)", text.len()),
            Self::File { kind, .. } => write!(f, "File({kind:?})"),
            Self::Images(images) => write!(f, "Images({})", images.len()),
            Self::Post(media) => write!(f, "Post({media})"),
            Self::Heart => f.write_str("Heart"),
        }
    }
}

/// The call. Not repeatable: people see each one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// To whom.
    pub to: To,
    /// What.
    pub what: What,
    /// The message that it answers.
    pub reply_to: Option<Mid>,
    /// A person of the account's writes this, not a program: Meta then allows seven days (tag `HUMAN_AGENT`).
    pub human_agent: bool,
}

/// Proof that a message went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// To whom; a private reply tells it here first.
    pub recipient: Option<Igsid>,
    /// The message.
    pub id: Mid,
}

impl Endpoint for SendMessage {
    type Answer = SentMessage;

    fn request(&self, credentials: &Credentials) -> Request {
        let (node, recipient) = match &self.to {
            To::Person(person) => (credentials.node(), json!({ "id": person })),
            To::Comment(comment) => (
                credentials.account.as_str(),
                json!({ "comment_id": comment }),
            ),
        };
        let mut body = json!({ "recipient": recipient, "message": message(&self.what) });
        if let Some(reply_to) = &self.reply_to {
            body["reply_to"] = json!({ "mid": reply_to });
        }
        if self.human_agent {
            body["messaging_type"] = "MESSAGE_TAG".into();
            body["tag"] = "HUMAN_AGENT".into();
        }
        Request::post("messages", &[node, "messages"]).json(body)
    }

    fn read(&self, answer: &Answer) -> Result<SentMessage, CallError> {
        const WHAT: &str = "a send's answer is recipient_id and message_id";
        let sent = object(answer, WHAT)?;
        Ok(SentMessage {
            recipient: text(&sent, "recipient_id").map(Into::into),
            id: text(&sent, "message_id")
                .ok_or_else(|| answer.malformed(WHAT))?
                .into(),
        })
    }
}

fn message(what: &What) -> Value {
    match what {
        What::Text { text, choices } if choices.is_empty() => json!({ "text": text }),
        What::Text { text, choices } => {
            let choices: Vec<Value> = choices
                .iter()
                .map(|(title, payload)| {
                    json!({ "content_type": "text", "title": title, "payload": payload })
                })
                .collect();
            json!({ "text": text, "quick_replies": choices })
        }
        What::File { kind, file } => json!({ "attachment": attachment(*kind, file) }),
        What::Images(images) => {
            let images: Vec<Value> = images
                .iter()
                .map(|image| attachment(MediaKind::Image, image))
                .collect();
            json!({ "attachments": images })
        }
        What::Post(media) => {
            json!({ "attachment": { "type": "MEDIA_SHARE", "payload": { "id": media } } })
        }
        What::Heart => json!({ "attachment": { "type": "like_heart" } }),
    }
}

fn attachment(kind: MediaKind, file: &Attachment) -> Value {
    let payload = match file {
        Attachment::Url(url) => json!({ "url": url }),
        Attachment::Known(id) => json!({ "attachment_id": id }),
    };
    json!({ "type": kind.as_str(), "payload": payload })
}
