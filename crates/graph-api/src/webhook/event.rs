//! What a delivery says, as types. Meta adds fields and kinds without notice, so every type here
//! holds what we act on and the event keeps its own JSON for the rest.
//! Kinds and keys: <https://developers.facebook.com/docs/instagram-platform/webhooks/examples> and
//! <https://developers.facebook.com/docs/graph-api/webhooks/reference/instagram> (read 2026)

use super::DedupeKey;
use super::message::{Message, Referral};
use crate::id::{AccountId, Igsid, Mid};
use serde_json::Value;
use std::fmt;

/// One POST: up to 1,000 updates of one or more accounts.
#[derive(Clone, PartialEq)]
pub struct Delivery {
    /// The subscribed object, `instagram` for everything that concerns us; empty when absent.
    pub object: String,
    /// Every item of every list of every entry, in the order they came.
    pub events: Vec<Event>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delivery({}, {} events)", self.object, self.events.len())
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq)]
pub struct Event {
    /// The professional account it happened to (`entry[].id`); empty when the delivery names none.
    pub account: AccountId,
    /// The other side: who wrote, reacted, commented, or got the message that an echo reports.
    pub person: Option<Igsid>,
    /// Which list it came in.
    pub shape: Shape,
    /// What happened.
    pub kind: Kind,
    /// When, in epoch milliseconds; 0 when the item does not say.
    pub at_ms: i64,
    /// Equal for two deliveries of the same event, different for any two events.
    pub dedupe: DedupeKey,
    /// The item's own JSON, as it came.
    pub raw: Box<str>,
}

// Texts of people stay out of logs, so Debug shows what an event is and not what it says.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind.name())
            .field("shape", &self.shape)
            .field("account", &self.account)
            .field("at_ms", &self.at_ms)
            .field("dedupe", &self.dedupe)
            .finish_non_exhaustive()
    }
}

/// The list of an entry that an event came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// `messaging`: addressed to us.
    Messaging,
    /// `standby`: another app owns the thread; to be kept, not to be answered.
    Standby,
    /// `changes`, or `field` and `value` in the entry itself.
    Change,
}

impl Shape {
    /// The word that is stored beside an event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messaging => "messaging",
            Self::Standby => "standby",
            Self::Change => "change",
        }
    }

    /// The shape of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Messaging, Self::Standby, Self::Change]
            .into_iter()
            .find(|shape| shape.as_str() == word)
    }
}

/// What happened. `Unknown` is everything that we do not know or cannot read: kept, never lost.
#[derive(Clone, PartialEq)]
pub enum Kind {
    /// A person wrote.
    Message(Message),
    /// The account wrote: through us, another app, or by hand. Nothing tells which.
    Echo(Message),
    /// A person unsent a message.
    Deleted {
        /// The message that is gone.
        mid: Mid,
    },
    /// A reaction was set or taken back.
    Reaction(Reaction),
    /// The person has read up to this message.
    Seen {
        /// The last message read.
        mid: Mid,
    },
    /// An ice breaker, a template button or a menu item was tapped.
    Postback {
        /// Present since v11.
        mid: Option<Mid>,
        /// What the button said.
        title: Option<String>,
        /// What the button carries.
        payload: Option<String>,
        /// Where the person came from.
        referral: Option<Referral>,
        /// The account tapped its own button.
        is_self: bool,
    },
    /// A person came into an existing thread through a link.
    Referral(Referral),
    /// A message was edited. May come without the message itself.
    Edit {
        /// The message that was edited.
        mid: Mid,
        /// The new text.
        text: Option<String>,
        /// How many times it has been edited.
        num_edit: i64,
    },
    /// An opt-in, whose shape on Instagram Meta does not document.
    Optin(Value),
    /// Another app got, took or asked for the thread.
    ThreadControl(ThreadControl),
    /// Meta blocked, unblocked or warned the account.
    PolicyEnforcement {
        /// `block`, `unblock` or `warning`.
        action: String,
        /// Meta's words.
        reason: Option<String>,
    },
    /// Thumbs up or down on a message that we sent; keys undocumented.
    Feedback(Value),
    /// A comment on a post or a reel.
    Comment(Comment),
    /// A comment during a live broadcast.
    LiveComment(Comment),
    /// The account was mentioned in a caption or, with `comment_id`, in a comment.
    Mention {
        /// The media that mentions.
        media_id: String,
        /// The comment that mentions.
        comment_id: Option<String>,
    },
    /// The numbers of a story that expired.
    StoryInsights(StoryInsights),
    /// Something else; the event's JSON has it.
    Unknown,
}

impl Kind {
    /// The word that is stored beside an event and counted in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Echo(_) => "echo",
            Self::Deleted { .. } => "deleted",
            Self::Reaction(_) => "reaction",
            Self::Seen { .. } => "seen",
            Self::Postback { .. } => "postback",
            Self::Referral(_) => "referral",
            Self::Edit { .. } => "edit",
            Self::Optin(_) => "optin",
            Self::ThreadControl(_) => "thread_control",
            Self::PolicyEnforcement { .. } => "policy_enforcement",
            Self::Feedback(_) => "feedback",
            Self::Comment(_) => "comment",
            Self::LiveComment(_) => "live_comment",
            Self::Mention { .. } => "mention",
            Self::StoryInsights(_) => "story_insights",
            Self::Unknown => "unknown",
        }
    }

    /// The message that this is, or is about.
    pub fn mid(&self) -> Option<&Mid> {
        match self {
            Self::Message(message) | Self::Echo(message) => message.mid.as_ref(),
            Self::Deleted { mid } | Self::Seen { mid } | Self::Edit { mid, .. } => Some(mid),
            Self::Reaction(reaction) => Some(&reaction.mid),
            Self::Postback { mid, .. } => mid.as_ref(),
            _ => None,
        }
    }

    /// Whether it starts the 24 hours in which we may write. Messages do, by Meta's word. For taps
    /// on buttons Meta is silent; we count them, and Meta's refusal (10/2534022) corrects us. For
    /// reactions and reads we do not try.
    pub fn opens_window(&self) -> bool {
        match self {
            Self::Message(_) => true,
            Self::Postback { is_self, .. } => !is_self,
            _ => false,
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A reaction set (`react`) or taken back (`unreact`, without the two words after it).
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// The message reacted to.
    pub mid: Mid,
    /// `react` or `unreact`.
    pub action: String,
    /// `love`, `like`, `laugh`, `wow`, `sad`, `angry` or `other`.
    pub reaction: Option<String>,
    /// The emoji itself.
    pub emoji: Option<String>,
}

/// Which way a thread changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadAction {
    /// `pass_thread_control`
    Pass,
    /// `take_thread_control`
    Take,
    /// `request_thread_control`
    Request,
    /// `app_roles`
    Roles,
}

impl ThreadAction {
    /// The key that Meta uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass_thread_control",
            Self::Take => "take_thread_control",
            Self::Request => "request_thread_control",
            Self::Roles => "app_roles",
        }
    }
}

/// A thread changes hands between apps.
#[derive(Debug, Clone, PartialEq)]
pub struct ThreadControl {
    /// Which way.
    pub action: ThreadAction,
    /// The app that had it.
    pub previous_owner_app_id: Option<String>,
    /// The app that has it now.
    pub new_owner_app_id: Option<String>,
    /// The app that asks for it.
    pub requested_owner_app_id: Option<String>,
    /// Whatever the other app wanted to say.
    pub metadata: Option<String>,
}

/// A comment.
#[derive(Clone, PartialEq)]
pub struct Comment {
    /// The comment (`id`, or `comment_id` on some of Meta's pages).
    pub id: String,
    /// What it says.
    pub text: Option<String>,
    /// The comment it answers.
    pub parent_id: Option<String>,
    /// The writer's name.
    pub username: Option<String>,
    /// The media commented on.
    pub media_id: Option<String>,
    /// `FEED`, `REELS`, `AD`, …
    pub media_product_type: Option<String>,
    /// Written by the account itself: answering it would be answering ourselves.
    pub is_own: bool,
}

impl fmt::Debug for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comment")
            .field("id", &self.id)
            .field("media_id", &self.media_id)
            .field("is_own", &self.is_own)
            .finish_non_exhaustive()
    }
}

/// The numbers of an expired story; a count under 5 comes as -1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoryInsights {
    /// The story.
    pub media_id: String,
    /// Times seen.
    pub impressions: Option<i64>,
    /// People who saw it.
    pub reach: Option<i64>,
    /// Taps to the next.
    pub taps_forward: Option<i64>,
    /// Taps to the one before.
    pub taps_back: Option<i64>,
    /// Times left.
    pub exits: Option<i64>,
    /// Answers.
    pub replies: Option<i64>,
}
