//! What goes in and out of the store: plain data, no SQL, no behaviour.

mod accounts;
mod erasure;
mod forward;
mod gateway;
mod inbox;
mod jobs;
mod library;
mod outbox;
mod snapshots;
mod upkeep;
mod writes;

pub use accounts::{
    AccountHealth, AccountRow, FreshToken, HealthChange, KeyKind, KeyRow, LoginTurn, NewAccount,
    NewKey, NewLogin, Rotated,
};
pub use erasure::{Erase, Erased};
pub use forward::{
    FeedEntry, FeedItem, FeedPage, FeedQuery, ForwardAttempt, Forwarding, ForwardingFilter,
    NewAlert, NewSubscription, Resent, Severity, Subscription, Then, Tried,
};
pub use gateway::{CacheRow, CallCount, RefusalRow};
pub use inbox::{Accepted, DeliveryRow, EventRow, NewDelivery, NewEvent};
pub use jobs::{
    Admission, Admitted, Claimed, Enqueued, Finish, JobRow, Lease, NewJob, Place, Work, WorkState,
    WorkTurn,
};
pub use library::{Entry, NewEntry};
pub use outbox::{Conversation, Intent, IntentIn, NewPart, Part, Settle};
pub use snapshots::{
    DayValue, MediaDay, NewStory, NumberNotes, Numbers, StoryQuery, StoryReading, StoryRow,
};
pub use upkeep::{
    AccountState, JobCount, Note, NoteChange, PartCount, Purged, Retention, WriterStats,
};
pub use writes::{
    Begun, KeyEnd, KeyHold, KeyUse, NewPublication, Publication, PublicationChange,
    PublicationState, UploadRow, Wished,
};
