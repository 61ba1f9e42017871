//! Finding the message that a try of unknown outcome became, although a bot cannot read what was said.
//!
//! Two facts make it possible. First, message ids are counted: in private chats and basic groups by one counter for each
//! bot, in a supergroup by its own, so a lost message has an id shortly after those that were known before it. Second, an
//! edit that changes nothing is answered by "message is not modified", which says: that id is ours, is of this kind and
//! looks just like this. So the ids that come next are asked for such an edit, one after the other, until one says yes.
//! Nothing is changed by a question that meets somebody else's message, no message, or another kind of ours.
//!
//! **What "not there" is worth.** In a supergroup every message shows (as "can't be edited"), so a row of ids without any
//! is the end of the counter: proof. Elsewhere messages of other chats use up ids that look empty from here. So each try
//! is written down with the newest id of the counter that was known before it (`Channel::cursor`), and the search goes
//! from there to the newest id that has been seen since, and on by a margin; by a wider one in a process that has seen
//! nothing yet. An id below the newest that shows no message never will, so a search that has become too long goes on at
//! the next question where it ended, and proves nothing until it is through.
//!
//! **What remains.** A lost message is sent again, and so seen twice, if more than [`MOST_COLD`] messages of *other* chats
//! were counted between the newest id known before the try and the lost message, *and* the process died during that very
//! call, *and* the next one has heard of none of them. And an edit is no question for a message that we do not know of
//! but that looks different: it would change it. Such are only messages that another program sent with the same token,
//! after our last one.

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
    /// How far searches came that had become too long: where they began and where they go on.
    looked: HashMap<Place, (i32, i32)>,
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

    /// The newest id seen where messages of this place are counted.
    pub(super) fn newest(&self, place: Place) -> Option<i32> {
        self.newest.get(&counter(place)).copied()
    }

    /// The outcome of the last try there is known.
    pub(super) fn settled(&mut self, place: Place) {
        self.looked.remove(&place);
    }

    /// A search ends here for now.
    fn pause(&mut self, place: Place, search: &Search) {
        let next = search.next.min(search.newest.saturating_add(1));
        self.looked.insert(place, (search.after, next));
    }

    /// The ids to ask for, given a message that was there before, and those known to be others.
    pub(super) fn search(&self, place: Place, after: i32, known: &[String]) -> Search {
        let known: Vec<i32> = known.iter().filter_map(|mid| mid.parse().ok()).collect();
        let seen = self.newest(place);
        let newest = known.iter().copied().chain(seen).fold(after, i32::max);
        let went_on = self.looked.get(&place).filter(|(began, _)| *began == after);
        Search {
            known,
            after,
            next: went_on.map_or(after.saturating_add(1), |(_, next)| *next),
            newest,
            margin: if seen.is_some_and(|seen| seen > after) || place.counts_alone() {
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
    after: i32,
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
                Step::TooFar => {
                    locked(&self.ids).pause(place, &search);
                    return Err(unproven("probe_far"));
                }
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
    fn looks_from_what_was_there_before_to_what_was_seen_since() {
        let mut ids = Ids::default();
        ids.saw(ANA, 10);
        ids.saw(
            Place {
                chat: 8,
                thread: None,
            },
            305,
        );
        ids.saw(ANA, 12);
        assert_eq!((ids.newest(ANA), ids.newest(GROUP)), (Some(305), None));
        let (asked, end) = asked(ids.search(ANA, 300, &["301".into()]));
        assert_eq!(
            (asked[0], asked[1], asked.last(), end),
            (302, 303, Some(&325), Step::Absent)
        );
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
    fn a_long_search_goes_on_where_it_ended() {
        let mut ids = Ids::default();
        ids.saw(ANA, 250);
        let mut last = 10;
        for ends in [Step::TooFar, Step::TooFar, Step::Absent] {
            let mut search = ids.search(ANA, 10, &[]);
            let end = loop {
                match search.step() {
                    Step::Ask(id) => {
                        assert_eq!(id, last + 1);
                        last = id;
                    }
                    end => break end,
                }
            };
            assert_eq!(end, ends);
            ids.pause(ANA, &search);
        }
        assert_eq!(last, 270);
        assert_eq!(
            ids.search(ANA, 10, &[]).next,
            251,
            "above the newest nothing is sure"
        );
        assert_eq!(ids.search(ANA, 11, &[]).next, 12, "another try");
        ids.settled(ANA);
        assert_eq!(ids.search(ANA, 10, &[]).next, 11);
    }
}
