//! What goes in and out of the store: plain data, no SQL, no behaviour.

mod inbox;
mod jobs;
mod outbox;
mod upkeep;

pub use inbox::{Accepted, DeliveryRow, EventRow, NewDelivery, NewEvent};
pub use jobs::{
    Admission, Admitted, Claimed, Enqueued, Finish, JobRow, Lease, NewJob, Work, WorkState,
    WorkTurn,
};
pub use outbox::{Conversation, Intent, IntentIn, NewPart, Part, Settle};
pub use upkeep::{
    AccountState, JobCount, Note, NoteChange, PartCount, Purged, Retention, WriterStats,
};
