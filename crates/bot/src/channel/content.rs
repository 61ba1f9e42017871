//! Visible messages as they are stored before they are sent.
//!
//! What is stored must be enough to send the same message again after a crash, in the words and order of the plan.

use serde::{Deserialize, Serialize};

/// What kind of file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A still picture.
    Image,
    /// Silent pictures that move in a loop.
    Animation,
    /// Moving pictures.
    Video,
    /// Sound alone.
    Audio,
    /// Anything else, by its name.
    Document,
}

impl FileKind {
    /// The word that the thread uses for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Image | Self::Animation => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
        }
    }
}

/// A file of ours that goes out with the message that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalFile {
    /// Its work folder.
    pub folder: String,
    /// Its name in there.
    pub file: String,
    /// Its type.
    pub mime: String,
    /// The print of its bytes: under this the channel's name for it is remembered.
    pub hash: String,
    /// A small still picture of it, in the same folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    /// The name a person sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<String>,
}

/// A file as it is handed to the channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Handed {
    /// By the channel's own name for it.
    Known(String),
    /// By its bytes.
    Local(LocalFile),
}

/// How large a picture is and how long it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Look {
    /// In pixels.
    pub width: Option<u32>,
    /// In pixels.
    pub height: Option<u32>,
    /// In milliseconds.
    pub duration_ms: Option<u64>,
}

/// Something a person can tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What it says, at most 20 characters.
    pub title: String,
    /// What it stands for, at most 64 bytes.
    pub data: String,
}

/// What surrounds a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Frame {
    /// The message of ours that it replaces. Replacing may be repeated without harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<String>,
    /// What it offers to tap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// One visible message, complete: what is stored before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Words, already within the channel's length.
    Text {
        /// The words.
        text: String,
        /// What surrounds them.
        #[serde(flatten)]
        frame: Frame,
    },
    /// One file.
    File {
        /// What it is.
        file: FileKind,
        /// The bytes, or their name.
        attachment: Handed,
        /// Words below it, where the channel has room for them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        /// Its size and length.
        #[serde(default)]
        look: Look,
        /// What surrounds it.
        #[serde(flatten)]
        frame: Frame,
    },
    /// Several pictures in one message.
    Pictures {
        /// The pictures.
        attachments: Vec<Handed>,
        /// What surrounds them.
        #[serde(flatten)]
        frame: Frame,
    },
}

impl Content {
    /// Words and nothing around them.
    pub fn text(text: impl Into<String>) -> Self {
        Self::framed(text, Frame::default())
    }

    /// Words in a frame.
    pub fn framed(text: impl Into<String>, frame: Frame) -> Self {
        Self::Text {
            text: text.into(),
            frame,
        }
    }

    /// What surrounds it.
    pub fn frame(&self) -> &Frame {
        match self {
            Self::Text { frame, .. } | Self::File { frame, .. } | Self::Pictures { frame, .. } => {
                frame
            }
        }
    }

    /// The same as a message of its own.
    pub fn without_place(self) -> Self {
        self.over(None)
    }

    /// The same over another message.
    pub fn over(mut self, mid: Option<String>) -> Self {
        match &mut self {
            Self::Text { frame, .. } | Self::File { frame, .. } | Self::Pictures { frame, .. } => {
                frame.over = mid;
            }
        }
        self
    }

    /// The files in it.
    pub fn files(&self) -> &[Handed] {
        match self {
            Self::Text { .. } => &[],
            Self::File { attachment, .. } => std::slice::from_ref(attachment),
            Self::Pictures { attachments, .. } => attachments,
        }
    }

    /// Whether a second try does no harm: it changes a message to what it may be already.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::Text { frame, .. } | Self::File { frame, .. } => frame.over.is_some(),
            // Several pictures are always messages of their own.
            Self::Pictures { .. } => false,
        }
    }

    /// The word in the outbox and in metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::File { file, .. } => file.word(),
            Self::Pictures { .. } => "images",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_older_version_planned_is_still_read() {
        let text: Content = serde_json::from_value(json!({"kind": "text", "text": "oi"})).unwrap();
        assert_eq!(text, Content::text("oi"));
        let file: Content =
            serde_json::from_value(json!({"kind": "file", "file": "video", "attachment": "77"}))
                .unwrap();
        assert_eq!(file.files(), [Handed::Known("77".into())]);
        let several: Content =
            serde_json::from_value(json!({"kind": "pictures", "attachments": ["1", "2"]})).unwrap();
        assert_eq!(several.files().len(), 2);
    }

    #[test]
    fn everything_survives_the_outbox() {
        let content = Content::File {
            file: FileKind::Video,
            attachment: Handed::Local(LocalFile {
                folder: "f".into(),
                file: "v.mp4".into(),
                mime: "video/mp4".into(),
                hash: "h".into(),
                thumbnail: Some("t.jpg".into()),
                shown_as: None,
            }),
            caption: Some("c".into()),
            look: Look {
                width: Some(9),
                height: Some(16),
                duration_ms: Some(1),
            },
            frame: Frame {
                over: Some("1".into()),
                under: None,
                choices: vec![Choice {
                    title: "t".into(),
                    data: "d".into(),
                }],
            },
        };
        let stored = serde_json::to_value(&content).unwrap();
        assert_eq!(serde_json::from_value::<Content>(stored).unwrap(), content);
        assert!(content.is_repeatable() && !Content::text("x").is_repeatable());
    }
}
