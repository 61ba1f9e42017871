//! What a caller may learn about every call, for metrics, logs and budgets: codes and durations,
//! never a token, an address or a text.

use crate::budget::{Payer, Usage};
use crate::id::AccountId;
use std::fmt;
use std::time::Duration;

/// Hears of every call, whatever came of it. Must not block.
pub trait Observer: Send + Sync {
    /// A call has ended.
    fn called(&self, call: &CallRecord);
}

/// For those who do not care.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn called(&self, _: &CallRecord) {}
}

/// One call that ended.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// The endpoint's name: `messages`, `sender_action`, `message_attachments`, …
    pub endpoint: &'static str,
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// In whose name.
    pub account: AccountId,
    /// Whose allowance it was made from.
    pub payer: Payer,
    /// What came of it.
    pub code: CallCode,
    /// How long it took.
    pub duration: Duration,
    /// What Meta's support asks for.
    pub fbtrace_id: Option<String>,
    /// What Meta said about our consumption.
    pub usage: Option<Usage>,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallCode {
    /// An HTTP status, and a body that is not Meta's error.
    Http(u16),
    /// Meta's error.
    Graph {
        /// `code`
        code: i64,
        /// `error_subcode`
        subcode: Option<i64>,
    },
    /// No answer: `connect`, `timeout`, `file`, `lost`.
    Transport(&'static str),
}

impl fmt::Display for CallCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status) => write!(f, "http_{status}"),
            Self::Graph {
                code,
                subcode: None,
            } => write!(f, "graph_{code}"),
            Self::Graph {
                code,
                subcode: Some(subcode),
            } => write!(f, "graph_{code}_{subcode}"),
            Self::Transport(what) => f.write_str(what),
        }
    }
}
