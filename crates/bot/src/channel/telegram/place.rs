//! Where a message goes: a chat, and within it perhaps a topic.
//!
//! `Conversation::person` holds the chat's id, or `<chat>#<message_thread_id>` in a topic: each topic is a conversation
//! of its own.

use std::fmt;

/// Ids from here downwards are supergroups and channels
/// (<https://core.telegram.org/api/bots/ids>, 2026-11).
const SUPERGROUPS: i64 = -1_000_000_000_000;

/// A chat, and a topic in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) chat: i64,
    pub(super) thread: Option<i32>,
}

impl Place {
    /// From `Conversation::person`.
    pub(super) fn parse(person: &str) -> Option<Self> {
        let (chat, thread) = match person.split_once('#') {
            Some((chat, thread)) => (chat, Some(thread.parse().ok()?)),
            None => (person, None),
        };
        let chat = chat.parse().ok().filter(|chat| *chat != 0)?;
        Some(Self { chat, thread })
    }

    /// Whether messages here are counted apart from those of all other chats.
    pub(super) fn counts_alone(self) -> bool {
        self.chat <= SUPERGROUPS
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.thread {
            Some(thread) => write!(f, "{}#{thread}", self.chat),
            None => write!(f, "{}", self.chat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_spelled_one_way() {
        for good in ["7", "-42", "-1001234567890", "-1001234567890#17"] {
            assert_eq!(Place::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "0", "x", "1#", "#1", "1#x", "1#2#3"] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_supergroups_count_alone() {
        for (person, alone) in [("7", false), ("-42", false), ("-1001234567890#17", true)] {
            assert_eq!(
                Place::parse(person).unwrap().counts_alone(),
                alone,
                "{person}"
            );
        }
    }
}
