//! `GET /{ig-id}?fields=mentioned_comment.comment_id(…)`: somebody's comment that names the account.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/mentioned_comment> (read 2026)

use crate::client::Credentials;
use crate::endpoint::comments::Comment;
use crate::endpoint::rows::object;
use crate::error::CallError;
use crate::id::CommentId;
use crate::request::{Answer, Endpoint, Request};

const FIELDS: &str = "id,text,timestamp,like_count,username,from,media{id,media_product_type}";

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionedComment {
    /// Which: the webhook names it.
    pub comment: CommentId,
}

impl Endpoint for MentionedComment {
    type Answer = Comment;

    fn request(&self, credentials: &Credentials) -> Request {
        let fields = format!("mentioned_comment.comment_id({}){{{FIELDS}}}", self.comment);
        Request::get("mentioned_comment", &[credentials.account.as_str()]).with("fields", fields)
    }

    fn read(&self, answer: &Answer) -> Result<Comment, CallError> {
        const WHAT: &str = "a mention has the comment";
        object(answer, WHAT)?
            .get("mentioned_comment")
            .and_then(Comment::of)
            .ok_or_else(|| answer.malformed(WHAT))
    }
}
