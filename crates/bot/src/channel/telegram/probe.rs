//! Finding the message that a try of unknown outcome became, although a bot cannot read what was said.
//!
//! Two facts make it possible. First, message ids are counted: in private chats and basic groups by one counter for each
//! bot, in a supergroup by its own, so a lost message has an id shortly after those that were known before it. Second, an
//! edit that changes nothing is answered by "message is not modified", which says: that id is ours, is of this kind and
//! looks just like this. So the ids that come next are asked for such an edit, one after the other, until one says yes.
//! Nothing is changed by a question that meets somebody else's message, no message, or another kind of ours.
//!
//! **What "not there" is worth.** In a supergroup every message shows (as "can't be edited"), so a row of ids without any
//! is the end of the counter: proof. Elsewhere messages of other chats use up ids that look empty from here. If this
//! process made the try, it knows an id from just before it and the newest it has seen since, and goes on past that one by
//! a margin. If it did not (it was started after a crash), it knows only the conversation's own messages and looks at all
//! [`MOST_COLD`] ids after the newest of them.
//!
//! **What remains.** A lost message is sent again, and so seen twice, if between the last message known in this chat and
//! the lost one more than [`MOST_COLD`] messages of *other* chats were counted *and* the process died during that very
//! call. Where the gap is known to be larger than what may be asked, nothing is proven and nothing repeated: then the
//! message stays unsettled. And an edit is no question for a message that we do not know of but that looks different: it
//! would change it. Such are only messages that another program sent with the same token, after our last one.

use std::collections::HashMap;

use serde_json::Value;
use store::Conversation;

use super::fault::{Deed, Mirror, refuse};
use super::place::Place;
use super::{Telegram, compose, locked};
use crate::channel::{ChannelError, Content, Probe, Reaction};

/// Ids without a message that end the search where the newest id is known.
const MARGIN: i32 = 20;
/// Ids without a message that end the search where it is not.
const MOST_COLD: i32 = 50;
/// Most ids that one search asks for.
const MOST: usize = 100;

/// What this process has seen of the counters.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// The newest id seen, by counter; 0 is the one that private chats and basic groups share.
    newest: HashMap<i64, i32>,
    /// The newest id that was known when a try began whose outcome is not known.
    tries: HashMap<Place, i32>,
}

fn counter(place: Place) -> i64 {
    if place.counts_alone() { place.chat } else { 0 }
}

impl Ids {
    /// There is such a message.
    pub(super) fn saw(&mut self, place: Place, mid: i32) {
        let newest = self.newest.entry(counter(place)).or_insert(mid);
        *newest = (*newest).max(mid);
    }

    /// A message is being sent there.
    pub(super) fn trying(&mut self, place: Place) {
        match self.newest.get(&counter(place)) {
            Some(newest) => self.tries.insert(place, *newest),
            None => self.tries.remove(&place),
        };
    }

    /// Its outcome is known.
    pub(super) fn settled(&mut self, place: Place) {
        self.tries.remove(&place);
    }

    /// The ids to ask for, given a message that was there before, and those known to be others.
    pub(super) fn search(&self, place: Place, after: i32, known: &[String]) -> Search {
        let known: Vec<i32> = known.iter().filter_map(|mid| mid.parse().ok()).collect();
        let before = self.tries.get(&place).copied();
        let from = before.map_or(after, |before| before.max(after));
        let mut newest = known.iter().copied().fold(from, i32::max);
        if before.is_some() {
            newest = self
                .newest
                .get(&counter(place))
                .copied()
                .map_or(newest, |seen| seen.max(newest));
        }
        Search {
            known,
            next: from.saturating_add(1),
            newest,
            margin: if before.is_some() || place.counts_alone() {
                MARGIN
            } else {
                MOST_COLD
            },
            asked: 0,
        }
    }
}

/// A walk over ids.
#[derive(Debug)]
pub(super) struct Search {
    known: Vec<i32>,
    next: i32,
    newest: i32,
    margin: i32,
    asked: usize,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for this message.
    Ask(i32),
    /// It is not there.
    Absent,
    /// Further than may be asked.
    TooFar,
}

impl Search {
    /// The next step.
    pub(super) fn step(&mut self) -> Step {
        while self.known.contains(&self.next) {
            self.next = self.next.saturating_add(1);
        }
        if self.next > self.newest.saturating_add(self.margin) {
            return Step::Absent;
        }
        if self.asked >= MOST {
            return Step::TooFar;
        }
        self.asked += 1;
        self.next = self.next.saturating_add(1);
        Step::Ask(self.next - 1)
    }

    /// There is another message under this id.
    pub(super) fn saw(&mut self, mid: i32) {
        self.newest = self.newest.max(mid);
    }
}

impl Telegram {
    /// The message that a try of unknown outcome became, if it is there.
    pub(super) async fn find(
        &self,
        of: &Conversation,
        probe: Probe<'_>,
    ) -> Result<Option<String>, ChannelError> {
        let unproven = |code| ChannelError {
            reaction: Reaction::Later(None),
            ..refuse(code)
        };
        let place = self.place(of)?;
        let after = probe
            .after
            .and_then(|mid| mid.parse().ok())
            .ok_or_else(|| unproven("probe_blind"))?;
        let mut search = locked(&self.ids).search(place, after, probe.known);
        loop {
            let mid = match search.step() {
                Step::Ask(mid) => mid,
                Step::Absent => return Ok(None),
                Step::TooFar => return Err(unproven("probe_far")),
            };
            match self.mirrors(place, mid, probe.content).await? {
                Mirror::Same => {
                    let mut ids = locked(&self.ids);
                    ids.saw(place, mid);
                    ids.settled(place);
                    return Ok(Some(mid.to_string()));
                }
                Mirror::Other => search.saw(mid),
                Mirror::Nothing => {}
            }
        }
    }

    /// Asks whether message `mid` is this content.
    async fn mirrors(
        &self,
        place: Place,
        mid: i32,
        content: &Content,
    ) -> Result<Mirror, ChannelError> {
        let call = compose::mirror(place, mid, content)?.into_call();
        match self.api.call::<Value>(call).await {
            // It was ours and looked different, and no other of ours can be here: see above.
            Ok(_) => Ok(Mirror::Same),
            Err(error) => {
                Mirror::of(&error).ok_or_else(|| self.learn(place, &error, Deed::Repeatable))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: Place = Place {
        chat: 7,
        thread: None,
    };
    const GROUP: Place = Place {
        chat: -1_001_234_567_890,
        thread: None,
    };

    fn asked(mut search: Search) -> (Vec<i32>, Step) {
        let mut ids = Vec::new();
        loop {
            match search.step() {
                Step::Ask(id) => ids.push(id),
                end => return (ids, end),
            }
        }
    }

    #[test]
    fn a_process_that_made_the_try_looks_from_there_to_what_it_saw_since() {
        let mut ids = Ids::default();
        ids.saw(ANA, 10);
        ids.saw(
            Place {
                chat: 8,
                thread: None,
            },
            300,
        );
        ids.trying(ANA);
        ids.saw(
            Place {
                chat: 9,
                thread: None,
            },
            305,
        );
        let (asked, end) = asked(ids.search(ANA, 10, &["301".into()]));
        assert_eq!(
            (asked[0], asked[1], asked.last(), end),
            (302, 303, Some(&325), Step::Absent)
        );
        ids.settled(ANA);
        assert_eq!(ids.search(ANA, 10, &[]).next, 11);
    }

    #[test]
    fn after_a_start_everything_near_is_looked_at() {
        let ids = Ids::default();
        let (asked, end) = asked(ids.search(ANA, 10, &["12".into(), "x".into()]));
        assert_eq!(
            (asked[0], asked[1], asked.last(), end),
            (11, 13, Some(&62), Step::Absent)
        );
    }

    #[test]
    fn a_supergroup_ends_where_its_messages_end() {
        let mut ids = Ids::default();
        ids.saw(ANA, 5_000);
        let mut search = ids.search(GROUP, 10, &[]);
        assert_eq!(search.step(), Step::Ask(11));
        search.saw(11);
        let (asked, end) = asked(search);
        assert_eq!((asked.last(), end), (Some(&31), Step::Absent));
    }

    #[test]
    fn a_gap_that_is_too_wide_proves_nothing() {
        let mut ids = Ids::default();
        ids.saw(ANA, 10);
        ids.trying(ANA);
        ids.saw(ANA, 400);
        let (asked, end) = asked(ids.search(ANA, 10, &[]));
        assert_eq!((asked.len(), end), (MOST, Step::TooFar));
    }
}
