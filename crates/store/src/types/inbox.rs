//! A webhook as the store takes it in, and its events as they are read back.

use bytes::Bytes;
use uuid::Uuid;

use super::NewJob;

/// One webhook body with the events found in it.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Chosen by the caller, so that logs can name it before it is stored.
    pub id: Uuid,
    /// `"instagram"` or `"telegram"`.
    pub channel: &'static str,
    /// When the body arrived.
    pub received_at_ms: i64,
    /// The bytes as they came, for replay.
    pub body: Bytes,
    /// The events in the order of the body.
    pub events: Vec<NewEvent>,
}

/// One event of a delivery.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The account it happened to.
    pub account: String,
    /// The other side of the conversation, where there is one.
    pub person: Option<String>,
    /// Its kind, e.g. `"message"`.
    pub kind: &'static str,
    /// In which list of the body it stood.
    pub shape: &'static str,
    /// The message it is or speaks of.
    pub mid: Option<String>,
    /// When the sender says it happened.
    pub at_ms: i64,
    /// Two events with the same key are one.
    pub dedupe: [u8; 16],
    /// Whether it lets us write to this person for the next 24 hours.
    pub opens_window: bool,
    /// The event's own JSON.
    pub raw: Box<str>,
    /// The job it causes. Its payload gets the stored event's id as `event_id`.
    pub job: Option<NewJob>,
}

/// How many events of a delivery were stored and how many had been before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Stored now.
    pub new: usize,
    /// Known already, or repeated within the same delivery, or erased before and so left out.
    pub seen: usize,
}

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Ours.
    pub id: Uuid,
    /// The delivery that brought it.
    pub delivery_id: Uuid,
    /// `"instagram"` or `"telegram"`.
    pub channel: String,
    /// The account it happened to.
    pub account: String,
    /// The other side of the conversation.
    pub person: Option<String>,
    /// Its kind.
    pub kind: String,
    /// In which list of the body it stood.
    pub shape: String,
    /// The message it is or speaks of.
    pub mid: Option<String>,
    /// When the sender says it happened.
    pub at_ms: i64,
    /// When we stored it.
    pub received_at_ms: i64,
    /// Whether it opened the 24-hour window.
    pub opens_window: bool,
    /// The event's own JSON.
    pub raw: String,
}

/// A stored webhook body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// As it was accepted.
    pub id: Uuid,
    /// `"instagram"` or `"telegram"`.
    pub channel: String,
    /// When the body arrived.
    pub received_at_ms: i64,
    /// The bytes as they came.
    pub body: Bytes,
}
