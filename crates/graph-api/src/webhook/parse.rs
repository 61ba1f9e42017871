//! A delivery, from its envelope down to its items. Every entry and every list in it is read; what
//! cannot be read is an `Unknown` event of its own and costs no neighbour.
//! Envelope: <https://developers.facebook.com/docs/instagram-platform/webhooks/examples> (read 2026)

use super::event::{Delivery, Event, Shape};
use super::item::{self, Place};
use super::lenient::{Odd, id, items, moment_ms, pick, pick_str, text};
use super::signature::Verified;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Deepest nesting that is read: as deep as serde_json goes by itself. Counted beforehand, because
/// skipping a value, which is most of the work here, has no limit of its own.
pub const MAX_DEPTH: usize = 128;

/// Why a body is no delivery at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// It is nested deeper than [`MAX_DEPTH`].
    #[error("the body is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// It is JSON, but no object and no list of objects.
    #[error("the body is no webhook envelope")]
    NotAnEnvelope,
}

/// Reads a verified body.
pub fn parse(verified: &Verified) -> Result<Delivery, ParseError> {
    let body = verified.bytes();
    // Bytes that are no UTF-8 are read with U+FFFD in their place; the vault has the original.
    let json =
        std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
    if too_deep(json.as_bytes()) {
        return Err(ParseError::TooDeep);
    }
    if let Some(delivery) = read_usual(&json) {
        return Ok(delivery);
    }
    let root: &RawValue = serde_json::from_str(&json).map_err(|_| ParseError::NotJson)?;
    let mut delivery = Delivery {
        object: String::new(),
        events: Vec::new(),
    };
    // Some of Meta's samples wrap the envelope in a list of one.
    for envelope in items(root) {
        read_envelope(envelope, &mut delivery)?;
    }
    Ok(delivery)
}

/// Reads a stored event again. Never fails: what cannot be read is `Unknown`. The time of the
/// entry is not part of an item, so `at_ms` is 0 where the item does not carry its own.
pub fn parse_stored(account: &str, shape: Shape, raw: &str) -> Event {
    let place = Place {
        account,
        shape,
        entry_ms: None,
    };
    let read = (!too_deep(raw.as_bytes()))
        .then(|| serde_json::from_str::<&RawValue>(raw).ok())
        .flatten();
    match (read, shape) {
        (None, _) => item::unknown(place, raw),
        (Some(read), Shape::Change) => item::change(place, read),
        (Some(read), Shape::Messaging | Shape::Standby) => item::messaging(place, read),
    }
}

/// The envelope as it nearly always looks, for reading it down to its items in one pass.
#[derive(Deserialize)]
struct Usual<'a> {
    object: &'a str,
    #[serde(borrow)]
    entry: Vec<UsualEntry<'a>>,
}

#[derive(Deserialize)]
struct UsualEntry<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    time: Option<&'a RawValue>,
    messaging: Option<Vec<&'a RawValue>>,
    standby: Option<Vec<&'a RawValue>>,
    changes: Option<Vec<&'a RawValue>>,
    field: Option<&'a RawValue>,
}

/// None where anything is odd: then [`read_envelope`] goes through it with care.
fn read_usual(json: &str) -> Option<Delivery> {
    let envelope: Usual<'_> = serde_json::from_str(json).ok()?;
    let mut delivery = Delivery {
        object: envelope.object.to_owned(),
        events: Vec::new(),
    };
    for entry in envelope.entry {
        if entry.field.is_some() {
            return None;
        }
        let account = id(entry.id).unwrap_or_default();
        let entry_ms = moment_ms(entry.time);
        let place = |shape| Place {
            account: &account,
            shape,
            entry_ms,
        };
        let events = &mut delivery.events;
        let mut has_lists = false;
        for (list, shape) in [
            (entry.messaging, Shape::Messaging),
            (entry.standby, Shape::Standby),
        ] {
            has_lists |= list.is_some();
            let said = list.unwrap_or_default().into_iter();
            events.extend(said.map(|said| item::messaging(place(shape), said)));
        }
        has_lists |= entry.changes.is_some();
        let changes = entry.changes.unwrap_or_default().into_iter();
        events.extend(changes.map(|change| item::change(place(Shape::Change), change)));
        if !has_lists {
            return None;
        }
    }
    Some(delivery)
}

fn read_envelope(envelope: &RawValue, delivery: &mut Delivery) -> Result<(), ParseError> {
    let nowhere = Place {
        account: "",
        shape: Shape::Change,
        entry_ms: None,
    };
    match pick(envelope, ["object", "entry", "field"]) {
        Ok([object, entries, field]) => {
            if let Some(object) = text(object) {
                delivery.object = object;
            }
            match entries {
                Some(entries) => {
                    for entry in items(entries) {
                        read_entry(entry, &mut delivery.events);
                    }
                }
                // The dashboard's test button sends one bare `field` and `value`.
                None if field.is_some() => read_entry(envelope, &mut delivery.events),
                None => {}
            }
            Ok(())
        }
        Err(Odd::Ambiguous) => {
            delivery.events.push(item::unknown(nowhere, envelope.get()));
            Ok(())
        }
        Err(Odd::NotAnObject) => Err(ParseError::NotAnEnvelope),
    }
}

fn read_entry(entry: &RawValue, events: &mut Vec<Event>) {
    let names = [
        "id",
        "time",
        "messaging",
        "standby",
        "changes",
        "field",
        "value",
    ];
    let before = events.len();
    let mut place = Place {
        account: "",
        shape: Shape::Change,
        entry_ms: None,
    };
    let Ok([account, time, messaging, standby, changes, field, value]) =
        pick_str(entry.get(), names)
    else {
        events.push(item::unknown(place, entry.get()));
        return;
    };
    let account = id(account).unwrap_or_default();
    place.account = &account;
    place.entry_ms = moment_ms(time);
    for (list, shape) in [(messaging, Shape::Messaging), (standby, Shape::Standby)] {
        let place = Place { shape, ..place };
        let read = list.map(items).unwrap_or_default();
        events.extend(read.into_iter().map(|said| item::messaging(place, said)));
    }
    let has_lists = messaging.is_some() || standby.is_some() || changes.is_some();
    let changes = changes.map(items).unwrap_or_default();
    events.extend(
        changes
            .into_iter()
            .map(|change| item::change(place, change)),
    );
    if let (Some(field), Some(value)) = (field, value) {
        let whole = format!(r#"{{"field":{},"value":{}}}"#, field.get(), value.get());
        events.push(item::field_and_value(place, field, value, &whole));
    }
    if events.len() == before && !has_lists {
        events.push(item::unknown(place, entry.get()));
    }
}

/// Whether brackets outside strings nest deeper than [`MAX_DEPTH`].
fn too_deep(json: &[u8]) -> bool {
    // Most bodies have too few brackets in all, which is much quicker to see.
    if json
        .iter()
        .filter(|byte| matches!(byte, b'[' | b'{'))
        .count()
        <= MAX_DEPTH
    {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
