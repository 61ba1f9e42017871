//! What stands under a post or a comment, as the send protocol looks for a write of ours in it. Pure.

use bot::channel::Lying;
use graph_api::{endpoint::comments::Comment, limits::COMMENTS_PER_PAGE, time::epoch_ms};

/// Their clock and ours may differ by this much.
const CLOCKS_APART_MS: i64 = 5_000;

/// How an account stands below what it writes.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) account: String,
    pub(super) app_scoped_id: Option<String>,
    pub(super) username: Option<String>,
}

/// The write that is looked for.
pub(super) struct Wanted<'a> {
    pub(super) own: &'a Own,
    pub(super) words: &'a str,
    /// When it was ordered.
    pub(super) since_ms: i64,
    /// Meta gives an empty list where it should refuse one: Instagram Login without the permission or without Advanced
    /// Access. <https://developers.facebook.com/docs/instagram-platform/comment-moderation> (read 2026-11-22)
    pub(super) may_be_hidden: bool,
}

impl Own {
    /// Whether the account wrote this. Meta names it by one of several ids, of which not all are known here, or by its
    /// name; a comment without any writer may be ours.
    fn wrote(&self, comment: &Comment) -> bool {
        let is = |known: Option<&str>, told: Option<&str>| known.is_some() && known == told;
        let id = comment.from_id.as_deref();
        let name = comment.username.as_deref();
        is(Some(&self.account), id)
            || is(self.app_scoped_id.as_deref(), id)
            || is(self.username.as_deref(), name)
            || (id.is_none() && (name.is_none() || self.username.is_none()))
    }
}

impl Wanted<'_> {
    /// What was listed, newest first, as it would lie in a thread. Where the list is whole, what was there before us
    /// stands at its end: then a write that is not in it was not made. `None`: the same words came since from somebody
    /// who may be us, and a doubt must never lead to a second comment.
    pub(super) fn lying(&self, comments: Vec<Comment>) -> Option<Vec<Lying>> {
        let is_whole = comments.len() < COMMENTS_PER_PAGE as usize
            && !(self.may_be_hidden && comments.is_empty());
        let (ours, others): (Vec<_>, Vec<_>) = comments
            .iter()
            .filter(|comment| self.may_be_it(comment))
            .partition(|comment| self.own.wrote(comment));
        if ours.is_empty() && !others.is_empty() {
            return None;
        }
        let mut found: Vec<Lying> = comments
            .into_iter()
            .map(|comment| Lying {
                at_ms: at_ms(&comment).unwrap_or(0),
                ours: self.own.wrote(&comment),
                mid: comment.id.into_string(),
                text: Some(comment.text),
                files: Vec::new(),
            })
            .collect();
        found.sort_by_key(|lying| std::cmp::Reverse(lying.at_ms));
        if is_whole {
            found.push(Lying {
                mid: "before".to_owned(),
                at_ms: 0,
                ours: false,
                text: None,
                files: Vec::new(),
            });
        }
        Some(found)
    }

    /// Whether a comment has the words and came since.
    fn may_be_it(&self, comment: &Comment) -> bool {
        let same = comment
            .text
            .split_whitespace()
            .eq(self.words.split_whitespace());
        same && at_ms(comment).is_none_or(|at_ms| at_ms >= self.since_ms - CLOCKS_APART_MS)
    }
}

fn at_ms(comment: &Comment) -> Option<i64> {
    comment.timestamp.as_deref().and_then(epoch_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERED: i64 = 1_767_225_600_000;
    const BEFORE: &str = "2025-12-31T23:00:00+0000";
    const AFTER: &str = "2026-01-01T00:00:10+0000";

    fn comment(from: Option<&str>, name: Option<&str>, text: &str, at: &str) -> Comment {
        Comment {
            id: "1".into(),
            text: text.to_owned(),
            username: name.map(str::to_owned),
            from_id: from.map(str::to_owned),
            timestamp: Some(at.to_owned()),
            like_count: None,
            hidden: None,
            parent: None,
            media: None,
            replies: Vec::new(),
        }
    }

    fn read(comments: Vec<Comment>, may_be_hidden: bool) -> Option<(usize, bool)> {
        let own = Own {
            account: "17".to_owned(),
            app_scoped_id: Some("99".to_owned()),
            username: Some("casa".to_owned()),
        };
        let wanted = Wanted {
            own: &own,
            words: "Obrigada!",
            since_ms: ORDERED,
            may_be_hidden,
        };
        let lying = wanted.lying(comments)?;
        let ours = lying.iter().filter(|lying| lying.ours).count();
        Some((ours, lying.iter().any(|lying| lying.mid == "before")))
    }

    #[test]
    fn an_empty_list_proves_nothing_where_meta_hides_comments() {
        assert_eq!(read(Vec::new(), false), Some((0, true)));
        assert_eq!(read(Vec::new(), true), Some((0, false)));
        let other = comment(Some("5"), Some("ana"), "Oi", BEFORE);
        assert_eq!(read(vec![other], true), Some((0, true)));
    }

    #[test]
    fn ours_is_known_by_each_of_its_names() {
        for (from, name) in [
            (Some("17"), None),
            (Some("99"), Some("casa")),
            (Some("4711"), Some("casa")),
            (None, Some("casa")),
            (None, None),
        ] {
            let ours = comment(from, name, "Obrigada!", AFTER);
            assert_eq!(
                read(vec![ours], false),
                Some((1, true)),
                "{from:?} {name:?}"
            );
        }
        let other = comment(None, Some("ana"), "Oi", AFTER);
        assert_eq!(read(vec![other], false), Some((0, true)));
    }

    #[test]
    fn the_same_words_since_then_by_somebody_unknown_are_a_doubt() {
        let strange = |at| comment(Some("4711"), None, " Obrigada!", at);
        assert_eq!(read(vec![strange(AFTER)], false), None);
        assert_eq!(read(vec![strange(BEFORE)], false), Some((0, true)));
        let ours = comment(Some("17"), None, "Obrigada!", AFTER);
        assert_eq!(read(vec![strange(AFTER), ours], false), Some((1, true)));
    }
}
