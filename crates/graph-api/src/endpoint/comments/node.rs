//! `GET /{comment-id}`: one comment or reply.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-comment> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::{count, flag, object, text};
use crate::error::CallError;
use crate::id::{CommentId, MediaId};
use crate::request::{Answer, Endpoint, Request};
use serde_json::Value;
use std::fmt;

/// What is asked of each comment.
pub(super) const FIELDS: &str =
    "id,text,username,timestamp,like_count,hidden,parent_id,from,media{id,media_product_type}";
/// What is asked of each comment of a list: the first replies come along.
pub(super) const LIST_FIELDS: &str = "id,text,username,timestamp,like_count,hidden,parent_id,from,\
     replies.limit(10){id,text,username,timestamp,like_count,hidden,parent_id,from}";

/// A comment or a reply.
#[derive(Clone, PartialEq, Eq)]
pub struct Comment {
    /// The comment.
    pub id: CommentId,
    /// Its words.
    pub text: String,
    /// Who wrote it, by name.
    pub username: Option<String>,
    /// Who wrote it, as this account sees them.
    pub from_id: Option<String>,
    /// When, as Meta spells it.
    pub timestamp: Option<String>,
    /// How many like it.
    pub like_count: Option<i64>,
    /// Whether only its writer and the account see it.
    pub hidden: Option<bool>,
    /// The comment that a reply stands under.
    pub parent: Option<CommentId>,
    /// The post it stands under.
    pub media: Option<MediaId>,
    /// Its first replies, where they were asked for.
    pub replies: Vec<Self>,
}

// Comments are people's words.
impl fmt::Debug for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comment")
            .field("id", &self.id)
            .field("parent", &self.parent)
            .field("replies", &self.replies.len())
            .finish_non_exhaustive()
    }
}

impl Comment {
    pub(crate) fn of(row: &Value) -> Option<Self> {
        let from = row.get("from").unwrap_or(&Value::Null);
        let replies = row.pointer("/replies/data").and_then(Value::as_array);
        Some(Self {
            id: text(row, "id")?.into(),
            text: text(row, "text").unwrap_or_default(),
            username: text(row, "username").or_else(|| text(from, "username")),
            from_id: text(from, "id"),
            timestamp: text(row, "timestamp"),
            like_count: count(row, "like_count"),
            hidden: flag(row, "hidden"),
            parent: text(row, "parent_id").map(Into::into),
            media: row
                .get("media")
                .and_then(|media| text(media, "id"))
                .map(Into::into),
            replies: replies.into_iter().flatten().filter_map(Self::of).collect(),
        })
    }
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetComment {
    /// Which.
    pub comment: CommentId,
}

impl Endpoint for GetComment {
    type Answer = Comment;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("comment", &[self.comment.as_str()]).with("fields", FIELDS)
    }

    fn read(&self, answer: &Answer) -> Result<Comment, CallError> {
        const WHAT: &str = "a comment has an id";
        Comment::of(&object(answer, WHAT)?).ok_or_else(|| answer.malformed(WHAT))
    }
}
