//! Is that message in the thread the one we tried to send? And when do we look again?
//!
//! Pure. The rules are section 4.3 of the reliability study: an echo or a read-back proves a send,
//! doubt counts as sent, and only two readings after the settle time prove that nothing happened.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::channel::{Content, Handed, Lying};
use crate::settings::SendSettings;

/// Their clock and ours may differ by this much.
pub(super) const CLOCKS_APART_MS: i64 = 5_000;
/// When to read the thread back, in seconds after the try, for a settle time of 120 s.
const READ_AT_SECONDS: [i64; 7] = [2, 5, 15, 45, 90, 125, 150];
/// The settle time that the moments above were chosen for.
const READ_AT_SETTLE_SECONDS: i64 = 120;
/// After the last moment: again this often, until giving up.
const READ_EVERY_SECONDS: i64 = 60;
/// Readings after the settle time that must agree.
const PROOFS: u32 = 2;

/// The hash under which a part is stored and recognised: of what a person sees, not of its bytes,
/// because the thread gives words back with its own idea of white space.
pub fn hash_of(content: &Content) -> String {
    let seen = match content {
        Content::Text { text, .. } => format!("text\n{}", normalise(text)),
        Content::File { .. } | Content::Pictures { .. } => {
            let names: Vec<&str> = content.files().iter().map(name).collect();
            format!("{}\n{}", content.kind(), names.join("\n"))
        }
    };
    hex::encode(Sha256::digest(seen.as_bytes()))
}

fn name(handed: &Handed) -> &str {
    match handed {
        Handed::Known(id) => id,
        Handed::Local(file) => &file.hash,
    }
}

fn normalise(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a message of our side looks like this content. Files carry no name, so their kind and
/// number must do: a human who sends a video at the same moment is taken for us, never the reverse.
pub(super) fn looks_like(lying: &Lying, content: &Content) -> bool {
    if !lying.ours {
        return false;
    }
    match content {
        Content::Text { text, .. } => lying
            .text
            .as_deref()
            .is_some_and(|theirs| normalise(theirs) == normalise(text)),
        Content::File { .. } => lying.files.len() == 1 && lying.files[0] == content.kind(),
        Content::Pictures { attachments, .. } => {
            lying.files.len() == attachments.len() && lying.files.iter().all(|kind| kind == "image")
        }
    }
}

/// What is known about one try.
#[derive(Debug, Clone, Copy)]
pub(super) struct Try<'a> {
    /// What was sent.
    pub(super) content: &'a Content,
    /// When.
    pub(super) intent_at_ms: i64,
    /// The newest message we knew before.
    pub(super) cursor: Option<&'a str>,
    /// Messages that other parts of ours became.
    pub(super) taken: &'a [String],
}

/// The message that this try became, in a thread read newest first.
pub(super) fn find<'a>(thread: &'a [Lying], tried: &Try<'_>) -> Option<&'a Lying> {
    let cursor = tried
        .cursor
        .and_then(|cursor| thread.iter().position(|m| m.mid == cursor));
    let newer = &thread[..cursor.unwrap_or(thread.len())];
    newer
        .iter()
        // Without the cursor in sight only the time separates this try from older equal words.
        .filter(|m| cursor.is_some() || m.at_ms >= tried.intent_at_ms - CLOCKS_APART_MS)
        .filter(|m| !tried.taken.contains(&m.mid))
        .find(|m| looks_like(m, tried.content))
}

/// Whether a thread in which the try was not found proves anything: it must reach back to a message
/// that we know was there before. A reading that lags does not, and neither does one of a thread
/// so busy that twenty newer messages hide the place.
pub(super) fn reaches_back(thread: &[Lying], tried: &Try<'_>) -> bool {
    match tried.cursor {
        Some(cursor) => thread.iter().any(|m| m.mid == cursor),
        None => thread
            .iter()
            .any(|m| m.at_ms < tried.intent_at_ms - CLOCKS_APART_MS),
    }
}

/// What was read so far about one try; kept as a step of the job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Readings {
    /// How many times the thread was asked for, with or without success.
    pub(super) asked: usize,
    /// Readings in a row, after the settle time, that showed nothing.
    pub(super) absent: u32,
}

/// What to do about a try whose outcome is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask for the thread now.
    Read,
    /// Nothing to do before then.
    WaitUntil(i64),
    /// It was not sent.
    Absent,
    /// Nobody can tell; leave it alone.
    GiveUp,
}

impl Readings {
    /// What to do now.
    pub(super) fn next(&self, intent_at_ms: i64, now_ms: i64, settings: SendSettings) -> Next {
        if self.absent >= PROOFS {
            return Next::Absent;
        }
        let due = intent_at_ms.saturating_add(self.due_after_ms(settings));
        let give_up = intent_at_ms.saturating_add(i64::from(settings.give_up_seconds) * 1000);
        if now_ms >= due {
            // One last reading is owed to a try whose process was away for long.
            return if now_ms >= give_up && self.asked >= READ_AT_SECONDS.len() {
                Next::GiveUp
            } else {
                Next::Read
            };
        }
        Next::WaitUntil(due)
    }

    /// The thread was read and the message is not in it.
    pub(super) fn absent_at(&mut self, intent_at_ms: i64, now_ms: i64, settings: SendSettings) {
        self.asked += 1;
        if now_ms >= intent_at_ms + i64::from(settings.settle_seconds) * 1000 {
            self.absent += 1;
        }
    }

    /// The thread could not be read: what was proven before is no longer the latest word.
    pub(super) fn failed(&mut self) {
        self.asked += 1;
        self.absent = 0;
    }

    fn due_after_ms(&self, settings: SendSettings) -> i64 {
        let last = READ_AT_SECONDS[READ_AT_SECONDS.len() - 1];
        let seconds = READ_AT_SECONDS.get(self.asked).copied().unwrap_or_else(|| {
            let beyond = i64::try_from(self.asked - READ_AT_SECONDS.len()).unwrap_or(0) + 1;
            last + beyond * READ_EVERY_SECONDS
        });
        seconds * 1000 * i64::from(settings.settle_seconds) / READ_AT_SETTLE_SECONDS
    }
}

#[cfg(test)]
mod tests;
