//! Deliveries as a whole: batches in any cut and order, odd neighbours, hostile JSON.

use crate::fixtures::{ACCOUNT, PERSON, all, check_both_ways, check_stored, events, wire};
use bytes::Bytes;
use graph_api::webhook::{Event, MAX_DEPTH, ParseError, Verified, parse, parse_stored};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::OnceLock;

fn read(body: &[u8]) -> Result<Vec<Event>, ParseError> {
    let verified = Verified::trusted_from_disk(Bytes::copy_from_slice(body));
    parse(&verified).map(|delivery| delivery.events)
}

fn said(number: usize) -> Value {
    json!({
        "sender": {"id": PERSON},
        "recipient": {"id": ACCOUNT},
        "timestamp": 1_767_225_600_000_u64 + number as u64,
        "message": {"mid": format!("mid-{number}"), "text": format!("número {number}")},
    })
}

fn comment(number: usize) -> Value {
    json!({"field": "comments", "value": {
        "id": format!("c{number}"), "text": "?", "from": {"id": PERSON, "username": "u"},
    }})
}

/// Items that are no events, each odd in its own way.
fn odd() -> Vec<Value> {
    vec![
        json!(null),
        json!(7),
        json!("text"),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"sender": 5}),
        json!({"sender": {"id": {"id": 1}}, "message": []}),
        json!({"message": {"mid": ["a"], "is_deleted": true}}),
        json!({"read": {"watermark": 1}}),
        json!({"reaction": {"mid": "x"}}),
        json!({"message_edit": "x"}),
        json!({"postback": 1}),
        json!({"field": 5, "value": 6}),
        json!({"field": "comments", "value": {"text": "no id"}}),
        json!({"field": "mentions", "value": null}),
        json!({"message": {"mid": "m", "attachments": {"type": 5, "payload": [1]}}}),
    ]
}

fn keys(events: &[Event]) -> BTreeSet<String> {
    events.iter().map(|event| event.dedupe.hex()).collect()
}

#[test]
fn a_full_batch_is_read_whole() {
    let entries: Vec<Value> = (0..1000)
        .map(|n| json!({"id": ACCOUNT, "time": 1, "messaging": (0..10).map(|i| said(n * 10 + i)).collect::<Vec<_>>()}))
        .collect();
    let body = json!({"object": "instagram", "entry": entries});
    let events = events(&serde_json::to_vec(&body).unwrap());
    assert_eq!(events.len(), 10_000);
    assert_eq!(keys(&events).len(), 10_000);
    assert!(events.iter().all(|event| event.kind.name() == "message"));
}

#[test]
fn odd_items_cost_no_neighbour() {
    for list in ["messaging", "standby", "changes"] {
        let good = |n| {
            if list == "changes" {
                comment(n)
            } else {
                said(n)
            }
        };
        let mut items = vec![good(0)];
        for (n, odd) in odd().into_iter().enumerate() {
            items.push(odd);
            items.push(good(n + 1));
        }
        let count = items.len();
        let body = json!({"object": "instagram", "entry": [
            7, null, "x", [], {}, {"id": ACCOUNT, "time": "x", list: items}, {"id": {}, list: 5},
        ]});
        let events = events(&serde_json::to_vec(&body).unwrap());
        let kind = if list == "changes" {
            "comment"
        } else {
            "message"
        };
        let found = events
            .iter()
            .filter(|event| event.kind.name() == kind)
            .count();
        assert!(found > odd().len(), "{list}: {found}");
        // Nothing is dropped in silence: every item and every odd entry is an event.
        assert_eq!(events.len(), count + 6, "{list}");
        events.iter().for_each(check_stored);
        check_both_ways(&serde_json::to_vec(&body).unwrap());
    }
}

#[test]
fn one_bad_string_costs_no_neighbour() {
    let body = r#"{"object":"instagram","entry":[{"id":"178","time":1,"messaging":[
        {"sender":{"id":"1"},"recipient":{"id":"178"},"timestamp":1767225600000,
         "message":{"mid":"a","text":"half \ud83d of it","\ud800":1}},
        {"sender":{"id":"1"},"recipient":{"id":"178"},"timestamp":1767225600001,
         "message":{"mid":"b","text":"whole"}}]}]}"#;
    let events = events(body.as_bytes());
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["message", "message"]);
    let graph_api::webhook::Kind::Message(message) = &events[0].kind else {
        panic!()
    };
    assert_eq!(message.text.as_deref(), Some("half \u{fffd} of it"));
    events.iter().for_each(check_stored);
}

#[test]
fn bytes_that_are_no_utf8_are_read_around() {
    let mut body =
        br#"{"object":"instagram","entry":[{"id":"178","messaging":[{"sender":{"id":"1"},
        "message":{"mid":"a","text":"caf"#
            .to_vec();
    body.extend_from_slice(b"\xe9\"}}]}]}");
    let events = events(&body);
    assert_eq!(events[0].kind.name(), "message");
}

#[test]
fn keys_given_twice_are_not_guessed_at() {
    let twice = |inner: &str| {
        let body = format!(r#"{{"object":"instagram","entry":[{inner}]}}"#);
        events(body.as_bytes())
            .iter()
            .map(|event| event.kind.name())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let item = r#"{"sender":{"id":"1"},"sender":{"id":"2"},"message":{"mid":"a"}}"#;
    let good = r#"{"sender":{"id":"1"},"message":{"mid":"b"}}"#;
    let entry = format!(r#"{{"id":"178","messaging":[{item},{good}]}}"#);
    assert_eq!(twice(&entry), "unknown message");
    // Said twice in the same words, it is only said twice.
    let same = r#"{"sender":{"id":"1"},"sender":{"id":"1"},"message":{"mid":"a"}}"#;
    assert_eq!(
        twice(&format!(r#"{{"id":"178","messaging":[{same}]}}"#)),
        "message"
    );
    assert_eq!(
        twice(&format!(
            r#"{{"id":"178","id":"179","messaging":[{good}]}}"#
        )),
        "unknown"
    );
    let root = r#"{"object":"instagram","entry":[],"entry":[{"id":"1","messaging":[]}]}"#;
    let whole = events(root.as_bytes());
    assert_eq!(
        (whole.len(), whole[0].kind.name(), &*whole[0].raw),
        (1, "unknown", root)
    );
}

#[test]
fn deep_json_is_refused() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(read(deep.as_bytes()).unwrap_err(), ParseError::TooDeep);
    }
    let inside = format!(
        r#"{{"object":"instagram","entry":[{{"id":"1","messaging":[{}{}]}}]}}"#,
        "[".repeat(MAX_DEPTH),
        "]".repeat(MAX_DEPTH)
    );
    assert_eq!(read(inside.as_bytes()).unwrap_err(), ParseError::TooDeep);
    let brackets_in_text = format!(r#"{{"object":"{}","entry":[]}}"#, "[\\\"{".repeat(1000));
    assert!(read(brackets_in_text.as_bytes()).unwrap().is_empty());
    // A stored row that is too deep is unknown, not a crash.
    let stored = parse_stored(
        "178",
        graph_api::webhook::Shape::Messaging,
        &"[".repeat(10_000),
    );
    assert_eq!(stored.kind.name(), "unknown");
}

#[test]
fn wide_and_huge_json_is_harmless() {
    let keys: Vec<String> = (0..200_000).map(|n| format!("\"k{n}\":0")).collect();
    let body = format!(
        r#"{{{},"entry":[{{"id":"1","messaging":[{{}}]}}]}}"#,
        keys.join(",")
    );
    assert_eq!(read(body.as_bytes()).unwrap().len(), 1);
    let huge = r#"{"entry":[{"id":1e999,"time":1e999,"messaging":[
        {"timestamp":99999999999999999999999,"sender":{"id":123456789012345678901234567890},
         "message":{"mid":"a","text":5}}]}]}"#;
    let events = read(huge.as_bytes()).unwrap();
    assert_eq!((events[0].kind.name(), events[0].at_ms), ("message", 0));
}

#[test]
fn what_is_no_envelope_is_said_to_be_none() {
    for (body, error) in [
        ("", ParseError::NotJson),
        ("{", ParseError::NotJson),
        ("{} {}", ParseError::NotJson),
        ("<html>", ParseError::NotJson),
        ("7", ParseError::NotAnEnvelope),
        ("\"a\"", ParseError::NotAnEnvelope),
        ("null", ParseError::NotAnEnvelope),
        ("[7]", ParseError::NotAnEnvelope),
    ] {
        assert_eq!(read(body.as_bytes()).unwrap_err(), error, "{body}");
    }
    for empty in [
        "{}",
        "[]",
        r#"{"object":"instagram","entry":[]}"#,
        r#"{"entry":null}"#,
    ] {
        assert!(read(empty.as_bytes()).unwrap().is_empty(), "{empty}");
    }
    let bare = br#"{"field":"comments","value":{"id":"5","text":"x"}}"#;
    assert_eq!(read(bare).unwrap()[0].kind.name(), "comment");
}

#[test]
fn kinds_about_one_message_do_not_hide_each_other() {
    let about = |inner: Value| {
        let mut item = json!({"sender": {"id": PERSON}, "recipient": {"id": ACCOUNT}, "timestamp": 1_767_225_600_000_u64});
        item.as_object_mut()
            .unwrap()
            .extend(inner.as_object().unwrap().clone());
        item
    };
    let items = vec![
        about(json!({"message": {"mid": "m", "text": "x"}})),
        about(json!({"message": {"mid": "m", "is_deleted": true}})),
        about(json!({"message": {"mid": "m", "is_echo": true}})),
        about(json!({"read": {"mid": "m"}})),
        about(json!({"reaction": {"mid": "m", "action": "react", "emoji": "x"}})),
        about(json!({"reaction": {"mid": "m", "action": "unreact"}})),
        about(json!({"message_edit": {"mid": "m", "text": "y", "num_edit": "1"}})),
        about(json!({"message_edit": {"mid": "m", "text": "z", "num_edit": 2}})),
        about(json!({"postback": {"mid": "m", "payload": "p"}})),
    ];
    let count = items.len();
    let body = json!({"object": "instagram", "entry": [{"id": ACCOUNT, "messaging": items}]});
    let events = events(&serde_json::to_vec(&body).unwrap());
    assert_eq!(keys(&events).len(), count);
}

#[test]
fn accounts_do_not_share_events() {
    let of = |account: &str| {
        let body = json!({"entry": [{"id": account, "messaging": [said(1)]}]});
        events(&serde_json::to_vec(&body).unwrap())[0].dedupe
    };
    assert_ne!(of(ACCOUNT), of("17841400000000002"));
}

#[test]
fn a_second_attempt_of_meta_is_the_same_event() {
    // Meta may send an event again in another envelope, later, and spelled otherwise.
    for (name, fixture) in all() {
        if !name.starts_with("webhook-") || name.contains("unknown") || name.ends_with("batch") {
            continue;
        }
        let first = events(&wire(fixture));
        let mut body = fixture["body"].clone();
        let envelope = if body.is_array() {
            &mut body[0]
        } else {
            &mut body
        };
        envelope["entry"][0]["time"] = json!(1_767_229_999_000_u64);
        let again = events(&serde_json::to_vec_pretty(&body).unwrap());
        let own_time = !matches!(
            first[0].kind.name(),
            "comment" | "live_comment" | "mention" | "story_insights"
        );
        if own_time {
            assert_eq!(again[0].at_ms, first[0].at_ms, "{name}");
        }
        assert_eq!(again[0].dedupe, first[0].dedupe, "{name}");
    }
}

/// Every item of every fixture, with its list and account.
fn pool() -> Vec<(String, String, Value)> {
    let mut pool = Vec::new();
    for (name, fixture) in all() {
        if !name.starts_with("webhook-") {
            continue;
        }
        let body = &fixture["body"];
        let body = if body.is_array() { &body[0] } else { body };
        for entry in body["entry"].as_array().unwrap() {
            let account = entry["id"].to_string().trim_matches('"').to_owned();
            for list in ["messaging", "standby", "changes"] {
                for item in entry[list].as_array().into_iter().flatten() {
                    pool.push((account.clone(), list.to_owned(), item.clone()));
                }
            }
        }
    }
    pool
}

/// The keys of the events of every item delivered by itself.
fn alone() -> &'static BTreeSet<String> {
    static ALONE: OnceLock<BTreeSet<String>> = OnceLock::new();
    ALONE.get_or_init(|| {
        let deliver = |item| events(&batch(std::slice::from_ref(item), &[0]));
        pool()
            .iter()
            .flat_map(|item| keys(&deliver(item)))
            .collect()
    })
}

fn batch(items: &[(String, String, Value)], cuts: &[usize]) -> Vec<u8> {
    let mut entries: Vec<Value> = Vec::new();
    for (n, (account, list, item)) in items.iter().enumerate() {
        // Cut at will; and an entry holds one account, with any of its lists.
        let cut = cuts
            .get(n % cuts.len().max(1))
            .is_none_or(|cut| cut % 3 == 0);
        let same = entries
            .last()
            .is_some_and(|entry| entry["id"] == json!(account));
        if cut || !same {
            entries.push(json!({"id": account, "time": 1_767_225_600}));
        }
        let entry = entries.last_mut().unwrap();
        match entry.get_mut(list).and_then(Value::as_array_mut) {
            Some(list) => list.push(item.clone()),
            None => entry[list] = json!([item]),
        }
    }
    serde_json::to_vec(&json!({"object": "instagram", "entry": entries})).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_batching_gives_the_same_events(
        order in Just(pool()).prop_shuffle(),
        cuts in proptest::collection::vec(0_usize..9, 1..20),
    ) {
        let together = events(&batch(&order, &cuts));
        prop_assert_eq!(together.len(), order.len());
        prop_assert_eq!(&keys(&together), alone());
        check_both_ways(&batch(&order, &cuts));
    }

    #[test]
    fn changed_bodies_never_panic(
        name in proptest::sample::select(all().keys().filter(|n| n.starts_with("webhook-")).cloned().collect::<Vec<_>>()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..12),
    ) {
        let mut body = wire(&all()[&name]);
        for (place, byte, how) in changes {
            let place = place.index(body.len().max(1)).min(body.len());
            match how {
                0 if place < body.len() => body[place] = byte,
                1 => body.insert(place, byte),
                _ if place < body.len() => drop(body.remove(place)),
                _ => {}
            }
        }
        if let Ok(events) = read(&body) {
            events.iter().for_each(check_stored);
        }
    }

    #[test]
    fn any_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&body);
        let _ = parse_stored("1", graph_api::webhook::Shape::Change, &String::from_utf8_lossy(&body));
    }
}
