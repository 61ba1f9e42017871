//! What callers of the API make happen: keys that make a repeat harmless, publications, uploads.

mod keys;
pub(crate) mod publications;
mod uploads;

pub(crate) use keys::forget_person;
