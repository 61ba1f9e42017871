//! What can go wrong with a call, named after what the caller can do next. Meta's codes and
//! subcodes decide, not the HTTP status (almost always 400) and never the words, which change and
//! are translated.

mod kind;

pub use kind::{ErrorKind, classify};

use std::fmt;
use std::time::Duration;

/// What [`CallError::Malformed`] says of an answer that is longer than what is read of one.
pub(crate) const TOO_LONG: &str = "too long";

/// A call that did not do what it was meant to. It answers two questions: what to do next, and whether it may have been
/// done all the same.
///
/// ```
/// use graph_api::error::{CallError, NotSent, Outcome, Reaction};
///
/// let error = CallError::NotSent(NotSent::Connect("refused".to_owned()));
/// assert_eq!(error.reaction(), Reaction::RetryLater { after: None });
/// assert_eq!(error.outcome(), Outcome::Refused); // so a second try repeats nothing
/// ```
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// Meta answered with an error of its own.
    #[error("{0}")]
    Graph(Box<GraphError>),
    /// The request never left, so nothing was done.
    #[error("not sent: {0}")]
    NotSent(NotSent),
    /// The request left and no whole answer came: it may have been done.
    #[error("sent, but the answer was lost: {0}")]
    Lost(String),
    /// An answer came that is not Meta's: a success without its id, a proxy's page, a redirect.
    #[error("answered with {status}, which could not be understood: {what}")]
    Malformed {
        /// The HTTP status.
        status: u16,
        /// What was wrong with it.
        what: &'static str,
    },
    /// The file to upload could not be read.
    #[error("the file could not be read: {0}")]
    File(String),
}

/// Why a request never left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// No connection: name not found, refused, timed out, or TLS failed.
    #[error("no connection: {0}")]
    Connect(String),
    /// The request itself cannot be made: an id that is none, too many images.
    #[error("the request cannot be made: {0}")]
    Unsendable(&'static str),
}

/// An `error` object as Meta sends it.
/// <https://developers.facebook.com/docs/graph-api/guides/error-handling> (read 2026)
#[derive(Clone, PartialEq, Eq)]
pub struct GraphError {
    /// `code`
    pub code: i64,
    /// `error_subcode`
    pub subcode: Option<i64>,
    /// What code and subcode mean.
    pub kind: ErrorKind,
    /// `message`: for people, in no fixed words.
    pub message: String,
    /// `is_transient`: Meta thinks that it passes.
    pub is_transient: bool,
    /// What Meta's support asks for.
    pub fbtrace_id: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// How long to stay away, from the usage headers or `Retry-After`.
    pub retry_after: Option<Duration>,
}

// Messages may quote tokens or texts of people, so logs get codes only.
impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "graph error {}", self.code)?;
        if let Some(subcode) = self.subcode {
            write!(f, "/{subcode}")?;
        }
        write!(f, " ({})", self.kind.as_str())?;
        if let Some(trace) = &self.fbtrace_id {
            write!(f, ", fbtrace {trace}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphError")
            .field("code", &self.code)
            .field("subcode", &self.subcode)
            .field("kind", &self.kind)
            .field("status", &self.status)
            .field("is_transient", &self.is_transient)
            .field("fbtrace_id", &self.fbtrace_id)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

/// Whether a visible send may have happened although it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Provably not done; doing it again repeats nothing.
    Refused,
    /// It may have been done: look before sending again.
    Unknown,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It passes; try again, later.
    RetryLater {
        /// How long to wait, where somebody said so.
        after: Option<Duration>,
    },
    /// Too much: stop this bucket. Calling while it is closed makes it longer.
    Throttled {
        /// How long, where Meta said so.
        after: Option<Duration>,
    },
    /// The 24 hours are over: give up until the person writes again.
    WindowClosed,
    /// Give up on this person.
    PersonUnreachable,
    /// The token is dead or the link to the Page is broken: the owner has to connect again.
    NeedsLogin,
    /// Meta or the owner stopped this account or app: stop, and tell the operator.
    AccountStopped,
    /// Another app has the thread: stand by.
    ThreadOwnedByOther,
    /// The request is wrong and stays wrong: no retry.
    Refused,
    /// Nobody knows whether it was done: look, do not resend.
    Reconcile,
}

impl CallError {
    /// Whether a visible send may have happened. A 5xx, codes 1, 2 and 1200, an answer that
    /// cannot be understood and a lost connection prove nothing.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Graph(error) => error.outcome(),
            Self::NotSent(_) | Self::File(_) => Outcome::Refused,
            Self::Lost(_) | Self::Malformed { .. } => Outcome::Unknown,
        }
    }

    /// What to do after a visible send failed this way.
    pub fn reaction(&self) -> Reaction {
        match self {
            Self::Graph(error) => error.reaction(),
            Self::NotSent(NotSent::Connect(_)) => Reaction::RetryLater { after: None },
            Self::NotSent(NotSent::Unsendable(_)) | Self::File(_) => Reaction::Refused,
            Self::Lost(_) | Self::Malformed { .. } => Reaction::Reconcile,
        }
    }

    /// What to do where a repeat does no harm (reads, uploads, seen, typing): as
    /// [`Self::reaction`], but what cannot be known is tried again instead of reconciled.
    pub fn reaction_if_repeatable(&self) -> Reaction {
        match self.reaction() {
            Reaction::Reconcile => Reaction::RetryLater { after: None },
            other => other,
        }
    }

    /// Meta's error, where there is one.
    pub fn graph(&self) -> Option<&GraphError> {
        match self {
            Self::Graph(error) => Some(error),
            _ => None,
        }
    }

    /// More came than is read: a smaller question may be answered.
    pub fn is_too_long(&self) -> bool {
        matches!(self, Self::Malformed { what, .. } if *what == TOO_LONG)
    }

    /// What Meta's support asks for.
    pub fn fbtrace_id(&self) -> Option<&str> {
        self.graph()?.fbtrace_id.as_deref()
    }
}

impl GraphError {
    /// See [`CallError::outcome`].
    pub fn outcome(&self) -> Outcome {
        let proves_nothing = match self.kind {
            ErrorKind::Service | ErrorKind::MaybeDelivered | ErrorKind::UnknownCause => true,
            ErrorKind::Other => self.is_transient,
            _ => false,
        };
        if self.status >= 500 || proves_nothing {
            Outcome::Unknown
        } else {
            Outcome::Refused
        }
    }

    /// See [`CallError::reaction`].
    pub fn reaction(&self) -> Reaction {
        // Dead tokens and throttles are what they are under any status; the send may still have
        // happened if the status is 5xx, which `outcome` says.
        match self.kind.reaction(self.retry_after) {
            Reaction::Throttled { after } => Reaction::Throttled { after },
            Reaction::NeedsLogin => Reaction::NeedsLogin,
            _ if self.outcome() == Outcome::Unknown => Reaction::Reconcile,
            reaction => reaction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(code: i64, subcode: Option<i64>, status: u16, is_transient: bool) -> CallError {
        CallError::Graph(Box::new(GraphError {
            code,
            subcode,
            kind: classify(code, subcode),
            message: "the words of somebody".to_owned(),
            is_transient,
            fbtrace_id: Some("Abc".to_owned()),
            status,
            retry_after: None,
        }))
    }

    #[test]
    fn what_may_have_happened_is_never_called_refused() {
        let unknown = [
            graph(1, None, 400, false),
            graph(2, None, 400, true),
            graph(1200, None, 400, true),
            graph(1, Some(1_357_046), 400, false),
            graph(1, Some(99), 400, false),
            graph(100, Some(2_534_015), 500, false),
            graph(987_654, None, 400, true),
            CallError::Lost("reset".to_owned()),
            CallError::Malformed {
                status: 200,
                what: "no id",
            },
        ];
        for error in unknown {
            assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
            assert_eq!(error.reaction(), Reaction::Reconcile, "{error}");
            let repeatable = error.reaction_if_repeatable();
            assert_eq!(repeatable, Reaction::RetryLater { after: None }, "{error}");
        }
    }

    #[test]
    fn a_definite_refusal_is_called_so() {
        let refused = [
            (
                graph(10, Some(2_534_022), 400, false),
                Reaction::WindowClosed,
            ),
            (graph(551, None, 400, false), Reaction::PersonUnreachable),
            (graph(190, Some(460), 401, false), Reaction::NeedsLogin),
            (graph(100, Some(2_534_015), 400, false), Reaction::Refused),
            (
                graph(613, None, 400, false),
                Reaction::Throttled { after: None },
            ),
            (graph(987_654, None, 400, false), Reaction::Refused),
            (
                CallError::NotSent(NotSent::Connect("refused".to_owned())),
                Reaction::RetryLater { after: None },
            ),
            (
                CallError::NotSent(NotSent::Unsendable("bad id")),
                Reaction::Refused,
            ),
            (CallError::File("gone".to_owned()), Reaction::Refused),
        ];
        for (error, reaction) in refused {
            assert_eq!(error.outcome(), Outcome::Refused, "{error}");
            assert_eq!(error.reaction(), reaction, "{error}");
        }
    }

    #[test]
    fn words_of_people_are_not_displayed() {
        let error = graph(100, Some(33), 400, false);
        assert_eq!(
            error.to_string(),
            "graph error 100/33 (not_found), fbtrace Abc"
        );
        assert!(!format!("{error:?}").contains("words"), "{error:?}");
    }
}
