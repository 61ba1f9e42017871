//! What a reading says about a call whose answer was lost. Pure.

use graph_api::endpoint::{media::Media, publish::StatusCode as Word};

use super::worker::Hand;

/// Their clock and ours may differ by this much.
const CLOCKS_APART_MS: i64 = 5_000;

/// What a reading says about a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// This is what it became.
    Post(String),
    /// It was published; as what is not to be seen yet.
    Somewhere,
    /// It is not there.
    Nothing(Word),
    /// It proves nothing.
    Doubt,
}

/// What the container's word (`None`: Meta does not know it any more) and the newest posts say about a call that was
/// first made then.
pub(super) fn judged(newest: &[Media], hand: &Hand, since_ms: i64, word: Option<Word>) -> Seen {
    let call = Call::of(hand, since_ms);
    if let Some(post) = call.found(newest, word.unwrap_or(Word::Other)) {
        return Seen::Post(post);
    }
    match word {
        Some(Word::Published) => Seen::Somewhere,
        Some(word) => Seen::Nothing(word),
        // A container that is gone may be gone because it was published.
        None if call.is_proven_absent(newest) => Seen::Nothing(Word::Expired),
        None => Seen::Doubt,
    }
}

/// The post that our call made: one that was not there before it and came after it, and, unless the container itself
/// says that it was published, with our words.
pub(super) fn ours(newest: &[Media], hand: &Hand, since_ms: i64, word: Word) -> Option<String> {
    Call::of(hand, since_ms).found(newest, word)
}

/// When the first call was made, or this one, if it is the first.
pub(super) fn first_intent_ms(hand: &Hand, this_ms: i64) -> i64 {
    let earlier_ms = hand.publication.intent_at_ms;
    let noted_ms = hand.progress.first_intent_ms;
    noted_ms.or(earlier_ms).unwrap_or(this_ms)
}

/// What is known of a call: the words below the post, the posts before it, when it was first made.
struct Call<'a> {
    words: &'a str,
    before: &'a [String],
    since_ms: i64,
}

impl<'a> Call<'a> {
    fn of(hand: &'a Hand, since_ms: i64) -> Self {
        Self {
            words: hand.spec.caption.as_deref().unwrap_or_default(),
            before: &hand.progress.before,
            since_ms,
        }
    }

    fn found(&self, newest: &[Media], word: Word) -> Option<String> {
        let same_words = |post: &Media| {
            let theirs = post.caption.as_deref().unwrap_or_default();
            are_ours(self.words, theirs)
        };
        newest
            .iter()
            .filter(|post| !self.was_there(post) && self.age(post) == Some(true))
            .filter(|post| word == Word::Published || same_words(post))
            .max_by_key(|post| same_words(post))
            .map(|post| post.id.to_string())
    }

    /// Whether nothing of what is listed can be ours, and what is not listed cannot be either: without words ours could
    /// be any, a post that is new and strange may be ours with other words, and only a list that reaches back before
    /// the call shows everything that came after it.
    fn is_proven_absent(&self, newest: &[Media]) -> bool {
        let is_old = |post: &Media| self.was_there(post) || self.age(post) == Some(false);
        let is_known = !self.words.trim().is_empty() && newest.iter().all(is_old);
        is_known && (!newest.is_empty() || self.before.is_empty())
    }

    fn was_there(&self, post: &Media) -> bool {
        self.before.iter().any(|id| id == post.id.as_str())
    }

    /// Whether a post came after the call; `None`: Meta does not tell when it came.
    fn age(&self, post: &Media) -> Option<bool> {
        let at_ms = post.published_ms()?;
        Some(at_ms >= self.since_ms - CLOCKS_APART_MS)
    }
}

/// Whether a post is known by its words, whatever became of the white space between them. No words are nobody's.
fn are_ours(ours: &str, theirs: &str) -> bool {
    let mut ours = ours.split_whitespace().peekable();
    ours.peek().is_some() && ours.eq(theirs.split_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLED: i64 = 1_767_225_600_000;

    fn post(id: &str, at: &str, caption: &str) -> Media {
        let post = serde_json::json!({"id": id, "timestamp": at, "caption": caption});
        serde_json::from_value(post).expect("a post")
    }

    fn is_absent(words: &str, before: &[&str], newest: &[Media]) -> bool {
        let before: Vec<String> = before.iter().map(|id| (*id).to_owned()).collect();
        let call = Call {
            words,
            before: &before,
            since_ms: CALLED,
        };
        call.is_proven_absent(newest)
    }

    #[test]
    fn posts_without_words_are_not_known_by_them() {
        assert!(are_ours("Sea  air", " Sea\nair\n"));
        assert!(!are_ours("Sea", "Lake"));
        assert!(!are_ours("", ""));
    }

    #[test]
    fn a_container_that_is_gone_proves_nothing_beside_a_strange_new_post() {
        let old = || post("1", "2025-12-30T00:00:00+0000", "Old");
        let new = || post("2", "2026-01-01T00:00:30+0000", "Other words");
        assert!(is_absent("Sea", &["1"], &[old()]));
        assert!(is_absent("Sea", &[], &[old()]));
        assert!(is_absent("Sea", &[], &[]), "an account's first post");
        assert!(!is_absent("Sea", &["1"], &[]), "where is the other one?");
        assert!(!is_absent("", &["1"], &[old()]));
        assert!(!is_absent("Sea", &["1"], &[new(), old()]));
        // So many new ones that the place where ours would be is not listed.
        assert!(!is_absent("Sea", &["1"], &[new()]));
        let timeless = Media {
            timestamp: None,
            ..old()
        };
        assert!(!is_absent("Sea", &[], &[timeless]));
    }
}
