//! The envelope that several events travel in.

use serde_json::{Map, Value, json};

use super::event::{Event, List};
use crate::world::World;

/// One entry per account and person, so that a batch has several entries and several items in one.
pub(super) fn envelope(world: &World, events: &[Event]) -> Value {
    let now_ms = world.clock().now_ms();
    let mut entries: Vec<(&str, &str, List, Vec<Value>)> = Vec::new();
    for event in events {
        let last = entries.last_mut().filter(|(account, person, list, _)| {
            *account == event.account && *person == event.person && *list == event.list
        });
        match last {
            Some((.., items)) => items.push(event.item.clone()),
            None => entries.push((
                event.account.as_str(),
                event.person.as_str(),
                event.list,
                vec![event.item.clone()],
            )),
        }
    }
    let entries: Vec<Value> = entries
        .into_iter()
        .map(|(account, _, list, items)| {
            // Meta's samples count milliseconds for messaging and seconds for changes.
            let time = if list == List::Changes {
                now_ms / 1_000
            } else {
                now_ms
            };
            let mut entry = Map::new();
            entry.insert("id".into(), account.into());
            entry.insert("time".into(), time.into());
            entry.insert(list.key().into(), items.into());
            entry.into()
        })
        .collect();
    json!({"object": "instagram", "entry": entries})
}
