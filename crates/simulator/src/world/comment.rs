//! Comments under the posts of an account, in the order in which they came. Each may get one private reply.

use super::State;

/// One comment, or one reply to a comment.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about a comment"
)]
pub(crate) struct Comment {
    pub(crate) id: String,
    /// Whose post it stands under.
    pub(crate) account: String,
    pub(crate) media: String,
    /// The comment it answers; there is one level only.
    pub(crate) parent: Option<String>,
    /// IGSID of who wrote it, or the account's own id.
    pub(crate) person: String,
    pub(crate) username: String,
    pub(crate) text: String,
    pub(crate) at_ms: i64,
    pub(crate) hidden: bool,
    pub(crate) live: bool,
    pub(crate) likes: u64,
    /// The account likes it; counted in `likes` too.
    pub(crate) liked: bool,
    pub(crate) replied_privately: bool,
}

impl Comment {
    /// The account's own words cannot be hidden.
    pub(crate) fn is_own(&self) -> bool {
        self.person == self.account
    }

    /// Where it stands in a list: time, then id, which grows too.
    pub(crate) fn place(&self) -> (i64, &str) {
        (self.at_ms, &self.id)
    }
}

impl State {
    /// Comments of the first level, newest first.
    pub(crate) fn comments_of(&self, media: &str) -> Vec<&Comment> {
        let mut found: Vec<&Comment> = self
            .comments
            .values()
            .filter(|comment| comment.media == media && comment.parent.is_none())
            .collect();
        found.sort_by(|a, b| b.place().cmp(&a.place()));
        found
    }

    /// Replies to a comment, oldest first, as a conversation is read.
    pub(crate) fn replies_to(&self, comment: &str) -> Vec<&Comment> {
        let mut found: Vec<&Comment> = self
            .comments
            .values()
            .filter(|reply| reply.parent.as_deref() == Some(comment))
            .collect();
        found.sort_by(|a, b| a.place().cmp(&b.place()));
        found
    }

    /// Removes a comment and what answers it; false if there was none.
    pub(crate) fn remove_comment(&mut self, id: &str) -> bool {
        let Some(comment) = self.comments.remove(id) else {
            return false;
        };
        let before = self.comments.len();
        self.comments
            .retain(|_, reply| reply.parent.as_deref() != Some(id));
        let gone = 1 + (before - self.comments.len()) as u64;
        if let Some(media) = self.media.get_mut(&comment.media) {
            media.comments_count = media.comments_count.saturating_sub(gone);
        }
        true
    }

    /// Puts a comment under its post and counts it there.
    pub(crate) fn add_comment(&mut self, comment: Comment) {
        if let Some(media) = self.media.get_mut(&comment.media) {
            media.comments_count += 1;
        }
        self.comments.insert(comment.id.clone(), comment);
    }
}
