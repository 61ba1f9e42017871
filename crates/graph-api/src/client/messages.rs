//! The everyday part of writing to people, and the signs that somebody is there: the calls are those of
//! [`endpoint::messages`](crate::endpoint::messages), looked over for what Meta is sure to refuse.

use super::attachments::MediaKind;
use super::call::unsendable;
use super::{Credentials, Graph};
use crate::endpoint::messages::{Attachment, SendMessage, ShowSign, To, What};
use crate::error::CallError;
use crate::id::{AttachmentId, Igsid, Mid};
use crate::limits::{
    IMAGES_PER_MESSAGE, QUICK_REPLIES, QUICK_REPLY_PAYLOAD, QUICK_REPLY_TITLE, TEXT_BYTES,
};
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
    /// Meta's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TypingOn => "typing_on",
            Self::TypingOff => "typing_off",
            Self::MarkSeen => "mark_seen",
        }
    }
}

impl Graph {
    /// Sends one message, once. After an error whose `outcome` is `Unknown` it may be in the chat: look before sending
    /// again. The same call as data, with more kinds of messages and no look at Meta's limits, is
    /// [`SendMessage`].
    pub async fn send(
        &self,
        credentials: &Credentials,
        to: &Igsid,
        what: &Outgoing,
    ) -> Result<Sent, CallError> {
        check(what)?;
        let call = SendMessage {
            to: To::Person(to.clone()),
            what: what.into(),
            reply_to: None,
            human_agent: false,
        };
        let sent = self.ask(credentials, &call).await?;
        Ok(Sent {
            recipient_id: sent.recipient.unwrap_or_else(|| to.clone()),
            message_id: sent.id,
        })
    }

    /// Shows that we have seen a message or are writing.
    pub async fn sender_action(
        &self,
        credentials: &Credentials,
        to: &Igsid,
        action: Action,
    ) -> Result<(), CallError> {
        let to = to.clone();
        self.ask(credentials, &ShowSign { to, action }).await
    }
}

impl From<&Outgoing> for What {
    fn from(what: &Outgoing) -> Self {
        let image = |id: &AttachmentId| Attachment::Known(id.clone());
        match what {
            Outgoing::Text(text) => Self::Text {
                text: text.clone(),
                choices: Vec::new(),
            },
            Outgoing::Choices { text, choices } => Self::Text {
                text: text.clone(),
                choices: choices.clone(),
            },
            Outgoing::Attachment { kind, id } => Self::File {
                kind: *kind,
                file: image(id),
            },
            Outgoing::Images(ids) => Self::Images(ids.iter().map(image).collect()),
        }
    }
}

/// What Meta is sure to refuse is not sent at all.
fn check(what: &Outgoing) -> Result<(), CallError> {
    match what {
        Outgoing::Text(text) | Outgoing::Choices { text, .. } if text.trim().is_empty() => {
            Err(unsendable("the text is empty"))
        }
        Outgoing::Text(text) | Outgoing::Choices { text, .. } if text.len() > TEXT_BYTES => {
            Err(unsendable("the text is longer than 1000 bytes"))
        }
        Outgoing::Choices { choices, .. } => check_choices(choices),
        Outgoing::Images(ids) if ids.is_empty() => Err(unsendable("there are no images")),
        Outgoing::Images(ids) if ids.len() > IMAGES_PER_MESSAGE => {
            Err(unsendable("a message holds ten images"))
        }
        Outgoing::Text(_) | Outgoing::Attachment { .. } | Outgoing::Images(_) => Ok(()),
    }
}

/// Meta cuts a longer title without a word, and the person would tap half of one.
fn check_choices(choices: &[(String, String)]) -> Result<(), CallError> {
    if choices.is_empty() || choices.len() > QUICK_REPLIES {
        return Err(unsendable("a message holds one to thirteen quick replies"));
    }
    for (title, payload) in choices {
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
    }
    Ok(())
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
            assert!(check(&what).is_err(), "{what:?}");
        }
        assert!(check(&Outgoing::Text("é".repeat(500))).is_ok());
    }

    #[test]
    fn a_text_is_not_printed() {
        let shown = format!("{:?}", Outgoing::Text("dear diary".to_owned()));
        assert_eq!(shown, "Text(10 bytes)");
    }
}
