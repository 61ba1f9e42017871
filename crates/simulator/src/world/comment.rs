//! Comments that people left, as far as messaging needs them: each can get one private reply.

/// One comment under a post of an account.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) account: String,
    pub(crate) person: String,
    pub(crate) at_ms: i64,
    pub(crate) replied_privately: bool,
}
