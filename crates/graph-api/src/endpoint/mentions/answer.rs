//! `POST /{ig-id}/mentions`: a comment of ours where somebody named the account, under their post or their comment.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/mentions> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::made;
use crate::error::CallError;
use crate::id::{CommentId, MediaId};
use crate::request::{Answer, Endpoint, Request};
use std::fmt;

/// The call. Not repeatable: people see each one.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerMention {
    /// The post.
    pub media: MediaId,
    /// The comment in which we are named; none: the caption.
    pub comment: Option<CommentId>,
    /// The words.
    pub text: String,
}

impl fmt::Debug for AnswerMention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AnswerMention({}, {:?}, {} bytes)",
            self.media,
            self.comment,
            self.text.len()
        )
    }
}

impl Endpoint for AnswerMention {
    type Answer = CommentId;

    fn request(&self, credentials: &Credentials) -> Request {
        let mut form = vec![
            ("media_id", self.media.to_string()),
            ("message", self.text.clone()),
        ];
        if let Some(comment) = &self.comment {
            form.push(("comment_id", comment.to_string()));
        }
        Request::post(
            "mention_answer",
            &[credentials.account.as_str(), "mentions"],
        )
        .form(form)
    }

    fn read(&self, answer: &Answer) -> Result<CommentId, CallError> {
        made(answer, "an answer to a mention has an id").map(Into::into)
    }
}
