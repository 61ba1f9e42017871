//! What is to be written, complete: stored with the job, enough to make the call and to recognise it afterwards.

use bot::channel::{Content, FileKind, Frame, Handed};
use graph_api::{
    budget::Bucket,
    client::{Credentials, Graph, MediaKind},
    endpoint::{
        comments::{WriteComment, WriteReply},
        mentions::AnswerMention,
        messages::{Attachment, SendMessage, To, What},
    },
    error::CallError,
};
use serde::{Deserialize, Serialize};
use store::Conversation;
use utoipa::ToSchema;

/// One visible write.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub(crate) enum Deed {
    /// A comment under a post.
    Comment { media: String, text: String },
    /// A reply to a comment.
    Reply { comment: String, text: String },
    /// An answer where somebody named the account.
    Mention {
        media: String,
        comment: Option<String>,
        text: String,
    },
    /// The one private reply to a comment; who wrote it, where Meta told.
    PrivateReply {
        comment: String,
        person: Option<String>,
        text: String,
    },
    /// A direct message.
    Message {
        to: String,
        message: Message,
        reply_to: Option<String>,
        human_agent: bool,
    },
}

/// What a direct message holds.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "holds", rename_all = "snake_case")]
pub(crate) enum Message {
    /// Words.
    Text {
        text: String,
        #[serde(default)]
        choices: Vec<(String, String)>,
    },
    /// One file.
    File { kind: FileWord, file: MessageFile },
    /// Several pictures.
    Images { files: Vec<MessageFile> },
    /// A post of the account's own.
    Post { media: String },
    /// A heart.
    Heart,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileWord {
    /// PNG or JPEG.
    Image,
    Video,
    Audio,
    /// A PDF.
    File,
}

/// Where a file is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MessageFile {
    /// Meta fetches it.
    Url(String),
    /// Meta has it.
    AttachmentId(String),
}

// Deeds are people's words.
impl std::fmt::Debug for Deed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

impl FileWord {
    fn meta(self) -> MediaKind {
        match self {
            Self::Image => MediaKind::Image,
            Self::Video => MediaKind::Video,
            Self::Audio => MediaKind::Audio,
            Self::File => MediaKind::File,
        }
    }

    fn seen(self) -> FileKind {
        match self {
            Self::Image => FileKind::Image,
            Self::Video => FileKind::Video,
            Self::Audio => FileKind::Audio,
            Self::File => FileKind::Document,
        }
    }
}

impl MessageFile {
    fn name(&self) -> Handed {
        match self {
            Self::Url(name) | Self::AttachmentId(name) => Handed::Known(name.clone()),
        }
    }

    fn meta(&self) -> Attachment {
        match self {
            Self::Url(url) => Attachment::Url(url.clone()),
            Self::AttachmentId(id) => Attachment::Known(id.as_str().into()),
        }
    }
}

impl Deed {
    /// The word in answers and metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Comment { .. } => "comment",
            Self::Reply { .. } => "reply",
            Self::Mention { .. } => "mention_answer",
            Self::PrivateReply { .. } => "private_reply",
            Self::Message { .. } => "message",
        }
    }

    /// Where it is written: at most one write of unknown outcome is open there at a time. Under a post that is the post
    /// or the comment, which stands where a person stands otherwise.
    pub(crate) fn place(&self, account: &str) -> Conversation {
        let side = match self {
            Self::Comment { media, .. } => format!("media-{media}"),
            Self::Reply { comment, .. } => format!("comment-{comment}"),
            Self::Mention { media, .. } => format!("mention-{media}"),
            Self::PrivateReply {
                comment, person, ..
            } => match person {
                Some(person) => person.clone(),
                None => format!("comment-{comment}"),
            },
            Self::Message { to, .. } => to.clone(),
        };
        Conversation::new("instagram", account, side)
    }

    /// Who is written to, where it is one person.
    pub(crate) fn person(&self) -> Option<&str> {
        match self {
            Self::PrivateReply { person, .. } => person.as_deref(),
            Self::Message { to, .. } => Some(to),
            _ => None,
        }
    }

    /// What people see of it, by which it is recognised where it lies.
    pub(crate) fn content(&self) -> Content {
        match self {
            Self::Comment { text, .. }
            | Self::Reply { text, .. }
            | Self::Mention { text, .. }
            | Self::PrivateReply { text, .. } => Content::text(text),
            Self::Message { message, .. } => message.content(),
        }
    }

    /// Which of Meta's allowances it costs.
    pub(crate) fn bucket(&self) -> Bucket {
        match self {
            Self::Comment { .. } | Self::Reply { .. } | Self::Mention { .. } => Bucket::Other,
            Self::PrivateReply { .. } => Bucket::PrivateReplies,
            Self::Message { message, .. } => match message {
                Message::File { .. } | Message::Images { .. } => Bucket::Media,
                _ => Bucket::Text,
            },
        }
    }

    /// The one call. Answers with Meta's id of what was written.
    pub(crate) async fn carry(
        &self,
        graph: &Graph,
        credentials: &Credentials,
    ) -> Result<String, CallError> {
        match self {
            Self::Comment { media, text } => {
                let call = WriteComment {
                    media: media.as_str().into(),
                    text: text.clone(),
                };
                Ok(graph.ask(credentials, &call).await?.into_string())
            }
            Self::Reply { comment, text } => {
                let call = WriteReply {
                    comment: comment.as_str().into(),
                    text: text.clone(),
                };
                Ok(graph.ask(credentials, &call).await?.into_string())
            }
            Self::Mention {
                media,
                comment,
                text,
            } => {
                let call = AnswerMention {
                    media: media.as_str().into(),
                    comment: comment.as_deref().map(Into::into),
                    text: text.clone(),
                };
                Ok(graph.ask(credentials, &call).await?.into_string())
            }
            Self::PrivateReply { .. } | Self::Message { .. } => {
                Ok(graph.ask(credentials, &self.send()).await?.id.into_string())
            }
        }
    }

    fn send(&self) -> SendMessage {
        match self {
            Self::Message {
                to,
                message,
                reply_to,
                human_agent,
            } => SendMessage {
                to: To::Person(to.as_str().into()),
                what: message.meta(),
                reply_to: reply_to.as_deref().map(Into::into),
                human_agent: *human_agent,
            },
            Self::PrivateReply { comment, text, .. }
            | Self::Reply { comment, text }
            | Self::Comment {
                media: comment,
                text,
            }
            | Self::Mention {
                media: comment,
                text,
                ..
            } => SendMessage {
                to: To::Comment(comment.as_str().into()),
                what: What::Text {
                    text: text.clone(),
                    choices: Vec::new(),
                },
                reply_to: None,
                human_agent: false,
            },
        }
    }
}

impl Message {
    fn content(&self) -> Content {
        let file = |kind, name| Content::File {
            file: kind,
            attachment: name,
            caption: None,
            look: bot::channel::Look::default(),
            frame: Frame::default(),
        };
        match self {
            Self::Text { text, .. } => Content::text(text),
            Self::File { kind, file: named } => file(kind.seen(), named.name()),
            Self::Images { files } => Content::Pictures {
                attachments: files.iter().map(MessageFile::name).collect(),
                frame: Frame::default(),
            },
            Self::Post { media } => file(FileKind::Document, Handed::Known(media.clone())),
            Self::Heart => file(FileKind::Document, Handed::Known("heart".to_owned())),
        }
    }

    fn meta(&self) -> What {
        match self {
            Self::Text { text, choices } => What::Text {
                text: text.clone(),
                choices: choices.clone(),
            },
            Self::File { kind, file } => What::File {
                kind: kind.meta(),
                file: file.meta(),
            },
            Self::Images { files } => What::Images(files.iter().map(MessageFile::meta).collect()),
            Self::Post { media } => What::Post(media.as_str().into()),
            Self::Heart => What::Heart,
        }
    }

    /// What the thread or an echo calls it, in the words of [`Content::kind`].
    pub(crate) fn as_seen(&self, kind: String) -> String {
        let ours = match self {
            Self::File {
                kind: FileWord::Audio | FileWord::File,
                ..
            } => matches!(kind.as_str(), "file" | "audio"),
            Self::Post { .. } => {
                matches!(
                    kind.as_str(),
                    "share" | "ig_post" | "ig_reel" | "MEDIA_SHARE"
                )
            }
            Self::Heart => matches!(kind.as_str(), "like_heart" | "unknown"),
            _ => false,
        };
        if ours {
            self.content().kind().to_owned()
        } else {
            kind
        }
    }
}
