//! People, their threads with an account, and the messages in them.

use std::collections::VecDeque;

use serde_json::Value;

use super::State;

/// Somebody on Instagram who writes to an account.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of Meta's profile"
)]
pub(crate) struct Person {
    pub(crate) igsid: String,
    /// The person's own Instagram user id, which is not a messaging id (100/2534014).
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) name: Option<String>,
    pub(crate) has_picture: bool,
    pub(crate) followers: u64,
    pub(crate) verified: bool,
    pub(crate) follows_business: bool,
    pub(crate) followed_by_business: bool,
    /// Has blocked the account (551/1545041, and no profile).
    pub(crate) blocked: bool,
}

impl Person {
    pub(crate) fn new(igsid: &str) -> Self {
        let tail: String = igsid
            .chars()
            .skip(igsid.chars().count().saturating_sub(6))
            .collect();
        Self {
            igsid: igsid.to_owned(),
            user_id: format!("178414{tail:0>11}"),
            username: format!("pessoa_{tail}"),
            name: Some(format!("Pessoa {tail}")),
            has_picture: true,
            followers: 321,
            verified: false,
            follows_business: true,
            followed_by_business: false,
            blocked: false,
        }
    }
}

/// Which side wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Person,
    Business,
}

/// Which app may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Owner {
    #[default]
    Ours,
    Other,
}

/// What hangs on a message.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Meta's type word: `image`, `video`, `ig_reel`, `template`, …
    pub(crate) kind: String,
    /// A file the media host serves.
    pub(crate) asset: Option<String>,
    /// An address that is not ours: a permalink.
    pub(crate) link: Option<String>,
    pub(crate) title: Option<String>,
    /// `ig_post_media_id` or `reel_video_id`, with the id.
    pub(crate) media_id: Option<(&'static str, String)>,
    /// A payload given or sent as it is: a template, or what a test made up.
    pub(crate) payload: Option<Value>,
}

impl Part {
    pub(crate) fn bare(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            asset: None,
            link: None,
            title: None,
            media_id: None,
            payload: None,
        }
    }
}

/// What a message answers.
#[derive(Debug, Clone)]
pub(crate) enum ReplyTo {
    Message {
        mid: String,
        own: bool,
    },
    Story {
        id: String,
        asset: Option<String>,
        link: Option<String>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) mid: String,
    pub(crate) at_ms: i64,
    pub(crate) from: From,
    pub(crate) text: Option<String>,
    pub(crate) parts: Vec<Part>,
    pub(crate) reply_to: Option<ReplyTo>,
    pub(crate) quick_replies: Option<Value>,
    /// The reaction of the person and of the business: (word, emoji).
    pub(crate) reaction_of_person: Option<(String, String)>,
    pub(crate) reaction_of_business: Option<String>,
    pub(crate) unsupported: bool,
    pub(crate) deleted: bool,
    pub(crate) edits: u32,
}

impl Message {
    pub(crate) fn new(mid: String, at_ms: i64, from: From) -> Self {
        Self {
            mid,
            at_ms,
            from,
            text: None,
            parts: Vec::new(),
            reply_to: None,
            quick_replies: None,
            reaction_of_person: None,
            reaction_of_business: None,
            unsupported: false,
            deleted: false,
            edits: 0,
        }
    }
}

/// More than a person reads; keeps a load test's memory flat.
const KEPT_MESSAGES: usize = 2_000;

/// The conversation of one account with one person.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) person: String,
    pub(crate) messages: VecDeque<Message>,
    /// When the person last did something that opens the 24-hour window.
    pub(crate) opened_ms: Option<i64>,
    pub(crate) typing_until_ms: i64,
    /// When the business marked the thread as seen.
    pub(crate) seen_ms: Option<i64>,
    pub(crate) owner: Owner,
    pub(crate) updated_ms: i64,
    /// A private reply was sent and the person has not answered yet.
    pub(crate) awaiting_answer: bool,
    /// The person messaged or tapped, so their profile may be read.
    pub(crate) consent: bool,
    /// In General (the account answered) or still in Requests.
    pub(crate) general: bool,
}

impl Thread {
    pub(crate) fn new(id: String, account: &str, person: &str) -> Self {
        Self {
            id,
            account: account.to_owned(),
            person: person.to_owned(),
            messages: VecDeque::new(),
            opened_ms: None,
            typing_until_ms: 0,
            seen_ms: None,
            owner: Owner::Ours,
            updated_ms: 0,
            awaiting_answer: false,
            consent: false,
            general: false,
        }
    }

    pub(crate) fn find(&mut self, mid: &str) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .rev()
            .find(|message| message.mid == mid)
    }
}

impl State {
    /// The person, who comes into being when somebody first names them through the control API.
    pub(crate) fn person(&mut self, igsid: &str) -> &mut Person {
        self.people
            .entry(igsid.to_owned())
            .or_insert_with(|| Person::new(igsid))
    }

    /// Makes a person who is known by name already.
    pub(crate) fn meet(&mut self, igsid: &str, username: &str) {
        if !self.people.contains_key(igsid) && !self.accounts.contains_key(igsid) {
            username.clone_into(&mut self.person(igsid).username);
        }
    }

    pub(crate) fn thread(&mut self, account: &str, person: &str) -> &mut Thread {
        let key = (account.to_owned(), person.to_owned());
        self.threads.entry(key).or_insert_with(|| {
            // Meta's thread ids are opaque; this one is stable for the same pair of ids.
            let mixed = format!("{account}:{person}");
            let id = format!("aWdfZAG06{}", super::letters(mixed.as_bytes()));
            Thread::new(id, account, person)
        })
    }

    /// Puts a message into its thread.
    pub(crate) fn add(&mut self, account: &str, person: &str, message: Message) {
        let key = (account.to_owned(), person.to_owned());
        self.threads_by_mid.insert(message.mid.clone(), key);
        let thread = self.thread(account, person);
        thread.updated_ms = message.at_ms;
        match message.from {
            From::Person => {
                thread.opened_ms = Some(message.at_ms);
                thread.consent = true;
                thread.awaiting_answer = false;
            }
            From::Business => {
                thread.typing_until_ms = 0;
                thread.general = true;
            }
        }
        thread.messages.push_back(message);
        if thread.messages.len() > KEPT_MESSAGES
            && let Some(oldest) = thread.messages.pop_front()
        {
            self.threads_by_mid.remove(&oldest.mid);
        }
    }

    pub(crate) fn thread_of_mid(&mut self, mid: &str) -> Option<&mut Thread> {
        let key = self.threads_by_mid.get(mid)?;
        self.threads.get_mut(key)
    }
}
