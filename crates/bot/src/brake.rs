//! The brake that ends a conversation between two machines.
//!
//! A bot that answers a bot that answers a bot can run all night. Nobody asks for more than a few
//! answers a minute by hand, so above that we first wait, and above the hourly mark fall silent and
//! say so to the operator. It lives in memory: after a restart a loop gets at most one more hour's
//! worth, which the daily limit bounds again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Beyond this many conversations the quiet ones are forgotten.
const REMEMBERED: usize = 10_000;
/// Our own texts remembered per conversation.
const REMEMBERED_TEXTS: usize = 16;

/// How many answers one conversation may cause.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(default)]
pub struct BrakeSettings {
    /// Answers a minute; more of them wait.
    pub per_minute: usize,
    /// Answers an hour; more of them are refused without a word.
    pub per_hour: usize,
    /// At most one error sentence in this time.
    pub error_every_seconds: u32,
}

impl Default for BrakeSettings {
    fn default() -> Self {
        Self {
            per_minute: 10,
            per_hour: 60,
            error_every_seconds: 600,
        }
    }
}

/// What the brake says to one more answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Go on; it has been counted.
    Go,
    /// Too fast for a person; there is room again then.
    WaitUntil(i64),
    /// A loop. `first` is true once, so that the operator is told once.
    Silent {
        /// Whether this is the first refusal of the run.
        first: bool,
    },
}

#[derive(Debug, Default)]
struct Recent {
    answers: VecDeque<(i64, String)>,
    /// When each error sentence was last said and for whom, by what it was about.
    errors: HashMap<String, (i64, String)>,
    /// Hashes of our latest texts, newest last.
    said: VecDeque<String>,
    silenced: bool,
}

/// Counts answers per conversation.
#[derive(Debug, Default)]
pub struct Brake {
    settings: BrakeSettings,
    recent: Mutex<HashMap<String, Recent>>,
}

impl Brake {
    /// A brake with these marks.
    pub fn new(settings: BrakeSettings) -> Self {
        Self {
            settings,
            recent: Mutex::default(),
        }
    }

    /// May this conversation get one more answer now? The same `token` is counted once, so that a
    /// retried job does not pay twice.
    pub fn answer(&self, conversation: &str, token: &str, now_ms: i64) -> Pace {
        let mut all = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        forget_the_quiet(&mut all, now_ms);
        let recent = all.entry(conversation.to_owned()).or_default();
        recent.answers.retain(|(at, _)| now_ms - at < HOUR_MS);
        if recent.answers.iter().any(|(_, counted)| counted == token) {
            return Pace::Go;
        }
        if recent.answers.len() >= self.settings.per_hour {
            let first = !recent.silenced;
            recent.silenced = true;
            return Pace::Silent { first };
        }
        recent.silenced = false;
        let in_minute: Vec<i64> = recent
            .answers
            .iter()
            .map(|(at, _)| *at)
            .filter(|at| now_ms - at < MINUTE_MS)
            .collect();
        if let Some(oldest) = in_minute.first()
            && in_minute.len() >= self.settings.per_minute
        {
            return Pace::WaitUntil(oldest + MINUTE_MS);
        }
        recent.answers.push_back((now_ms, token.to_owned()));
        Pace::Go
    }

    /// May the error sentence about this be said now? Counts it when so. The same `token` may say
    /// it again: a job that is retried may not have got as far as saying it.
    pub fn error(&self, conversation: &str, about: &str, token: &str, now_ms: i64) -> bool {
        let mut all = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = all.entry(conversation.to_owned()).or_default();
        let every_ms = i64::from(self.settings.error_every_seconds) * 1000;
        recent
            .errors
            .retain(|_, (last, _)| now_ms - *last < every_ms);
        if let Some((_, counted)) = recent.errors.get(about) {
            return counted == token;
        }
        let counted = (now_ms, token.to_owned());
        recent.errors.insert(about.to_owned(), counted);
        true
    }

    /// Forgets a conversation.
    pub fn forget(&self, conversation: &str) {
        let mut all = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(conversation);
    }

    /// Remembers the hash of a text that we said.
    pub fn said(&self, conversation: &str, hash: &str) {
        let mut all = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let said = &mut all.entry(conversation.to_owned()).or_default().said;
        said.push_back(hash.to_owned());
        if said.len() > REMEMBERED_TEXTS {
            said.pop_front();
        }
    }

    /// Whether a text with this hash is one of our own, coming back.
    pub fn is_ours(&self, conversation: &str, hash: &str) -> bool {
        let all = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(conversation)
            .is_some_and(|recent| recent.said.iter().any(|said| said == hash))
    }
}

fn forget_the_quiet(all: &mut HashMap<String, Recent>, now_ms: i64) {
    if all.len() > REMEMBERED {
        all.retain(|_, recent| {
            recent
                .answers
                .back()
                .is_some_and(|(at, _)| now_ms - at < HOUR_MS)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_a_minute_then_wait_thirty_an_hour_then_silence() {
        let brake = Brake::new(BrakeSettings {
            per_minute: 5,
            per_hour: 30,
            ..BrakeSettings::default()
        });
        let mut now = 1_000_000;
        for n in 0..5 {
            assert_eq!(brake.answer("c", &n.to_string(), now), Pace::Go);
        }
        assert_eq!(
            brake.answer("c", "5", now),
            Pace::WaitUntil(now + MINUTE_MS)
        );
        assert_eq!(
            brake.answer("c", "4", now),
            Pace::Go,
            "a retry is not a new answer"
        );
        assert_eq!(
            brake.answer("other", "5", now),
            Pace::Go,
            "conversations are apart"
        );
        for n in 5..30 {
            if n % 5 == 0 {
                now += MINUTE_MS;
            }
            assert_eq!(brake.answer("c", &n.to_string(), now), Pace::Go, "{n}");
        }
        now += MINUTE_MS;
        assert_eq!(brake.answer("c", "30", now), Pace::Silent { first: true });
        assert_eq!(brake.answer("c", "31", now), Pace::Silent { first: false });
        assert_eq!(brake.answer("c", "32", now + HOUR_MS), Pace::Go);
    }

    #[test]
    fn one_error_sentence_in_ten_minutes() {
        let brake = Brake::default();
        assert!(brake.error("c", "private a", "1", 0));
        assert!(!brake.error("c", "private a", "2", 599_999));
        assert!(
            brake.error("c", "private a", "1", 599_999),
            "a retry is not a new sentence"
        );
        assert!(
            brake.error("c", "private b", "2", 599_999),
            "another link is another question"
        );
        assert!(brake.error("c", "private a", "2", 600_000));
    }

    #[test]
    fn our_own_words_are_known_when_they_come_back() {
        let brake = Brake::default();
        brake.said("c", "hash");
        assert!(brake.is_ours("c", "hash"));
        assert!(!brake.is_ours("other", "hash"));
    }
}
