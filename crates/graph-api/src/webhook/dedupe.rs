//! When are two deliveries the same event? Meta repeats deliveries, and repeats `mid` on purpose:
//! an unsend, an edit, a reaction and a read carry the id of the message they are about. So the
//! key is channel, account, kind and `mid`, and what else tells two events of one kind apart.
//! <https://developers.facebook.com/docs/messenger-platform/webhooks> (read 2026-09-11)

use super::event::{Event, Kind, Shape};
use sha2::{Digest, Sha256};
use std::fmt;

/// Equal for repeats of one event. A SHA-256 cut to 16 bytes: small enough for an index, far too
/// wide to meet by chance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DedupeKey([u8; 16]);

impl DedupeKey {
    /// The key as stored.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The key as 32 hex digits.
    pub fn hex(self) -> String {
        hex::encode(self.0)
    }

    pub(super) const UNSET: Self = Self([0; 16]);
}

impl fmt::Debug for DedupeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl From<DedupeKey> for [u8; 16] {
    fn from(key: DedupeKey) -> Self {
        key.0
    }
}

/// What the item says beside its kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sides<'a> {
    pub(super) sender: &'a str,
    /// The item's own time; never the entry's, which changes when Meta tries again.
    pub(super) own_ms: Option<i64>,
}

/// The key of a finished event.
///
/// Longer than other functions, because it is a table: one arm for each kind, with what makes two of it the same.
pub(super) fn key(event: &Event, sides: Sides<'_>) -> DedupeKey {
    let mut hash = Parts(Sha256::new());
    hash.add("instagram");
    hash.add(event.account.as_str());
    hash.add(event.kind.name());
    // What we overheard in another app's thread is not what is later said to us.
    hash.add(if event.shape == Shape::Standby {
        "standby"
    } else {
        ""
    });
    match &event.kind {
        Kind::Message(message) | Kind::Echo(message) => match &message.mid {
            Some(mid) => hash.add(mid.as_str()),
            None => hash.derived(event, sides),
        },
        Kind::Deleted { mid } | Kind::Seen { mid } | Kind::Postback { mid: Some(mid), .. } => {
            hash.add(mid.as_str());
        }
        Kind::Edit { mid, num_edit, .. } => {
            hash.add(mid.as_str());
            hash.number(*num_edit);
        }
        Kind::Reaction(reaction) => {
            hash.add(reaction.mid.as_str());
            hash.add(sides.sender);
            hash.add(&reaction.action);
            hash.number(sides.own_ms.unwrap_or(0));
        }
        Kind::Postback {
            mid: None, payload, ..
        } => {
            hash.add(payload.as_deref().unwrap_or(""));
            hash.derived(event, sides);
        }
        Kind::ThreadControl(control) => {
            hash.add(control.action.as_str());
            hash.derived(event, sides);
        }
        Kind::PolicyEnforcement { action, .. } => {
            hash.add(action);
            hash.derived(event, sides);
        }
        Kind::Referral(_) | Kind::Optin(_) | Kind::Feedback(_) => hash.derived(event, sides),
        Kind::Comment(comment) | Kind::LiveComment(comment) => hash.add(&comment.id),
        Kind::Mention {
            media_id,
            comment_id,
        } => {
            hash.add(media_id);
            hash.add(comment_id.as_deref().unwrap_or(""));
        }
        // Sent once after the story's end; should Meta correct a number, that is news.
        Kind::StoryInsights(story) => {
            hash.add(&story.media_id);
            let counts = [
                story.impressions,
                story.reach,
                story.taps_forward,
                story.taps_back,
                story.exits,
                story.replies,
            ];
            for count in counts {
                hash.number(count.unwrap_or(i64::MIN));
            }
        }
        Kind::Unknown => hash.add(&event.raw),
    }
    hash.finish()
}

/// Parts with their lengths, so that no two lists of parts run into one.
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part.as_bytes());
    }

    fn number(&mut self, number: i64) {
        self.0.update(number.to_le_bytes());
    }

    /// For events without an id: sender and time, or else every byte of the item.
    fn derived(&mut self, event: &Event, sides: Sides<'_>) {
        match sides.own_ms {
            Some(own_ms) => {
                self.add(sides.sender);
                self.add(event.person.as_ref().map_or("", |person| person.as_str()));
                self.number(own_ms);
            }
            None => self.add(&event.raw),
        }
    }

    fn finish(self) -> DedupeKey {
        let mut key = [0; 16];
        key.copy_from_slice(&self.0.finalize()[..16]);
        DedupeKey(key)
    }
}
