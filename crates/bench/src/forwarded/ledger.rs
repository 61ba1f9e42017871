//! The judge of what was forwarded: every event that Meta was told to be accepted has reached the receiver, always under
//! one id, and stands once in the feed and once in the stream; nobody was told anything else. Pure, so that it is known
//! to find what it looks for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::receiver::{Came, KEY};

/// The end of a trial. An event is known by what Meta said of it, as JSON text.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Events that were acknowledged with 200.
    pub accepted: BTreeSet<String>,
    /// Events that were not, although Meta tried to the end.
    pub refused: Vec<String>,
    /// What the receiver got.
    pub came: Vec<Came>,
    /// What `/v1/events` lists.
    pub listed: Vec<Value>,
    /// What `/v1/stream` showed, with its number.
    pub streamed: Vec<(i64, Value)>,
}

/// What is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Events that went by two ids, or stand twice in the feed or the stream.
    pub twice: Vec<String>,
    /// Events that did not come.
    pub lost: Vec<String>,
    /// Other things that must not be.
    pub other: Vec<String>,
}

impl Findings {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self == &Self::default()
    }
}

/// How an event of ours names what Meta said.
pub(super) fn said(event: &Value) -> String {
    event["raw"].to_string()
}

/// Decides.
pub fn judge(ledger: &Ledger) -> Findings {
    let mut findings = Findings::default();
    for event in &ledger.refused {
        let event = start(event);
        findings.other.push(format!("{event} was never accepted"));
    }
    judge_list("the feed", &ledger.listed, ledger, &mut findings);
    let streamed: Vec<Value> = ledger
        .streamed
        .iter()
        .map(|(_, event)| event.clone())
        .collect();
    judge_list("the stream", &streamed, ledger, &mut findings);
    let numbers = ledger.streamed.iter().map(|(number, _)| number);
    if !numbers.is_sorted_by(|one, next| one < next) {
        let says = "the numbers of the stream do not grow".to_owned();
        findings.other.push(says);
    }
    judge_receiver(ledger, &mut findings);
    findings
}

/// A list in which each event stands once.
fn judge_list(list: &str, events: &[Value], ledger: &Ledger, findings: &mut Findings) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for event in events {
        *times.entry(said(event)).or_default() += 1;
    }
    for event in &ledger.accepted {
        let name = start(event);
        match times.get(event).copied().unwrap_or(0) {
            0 => findings.lost.push(format!("{name} is not in {list}")),
            1 => {}
            many => findings
                .twice
                .push(format!("{name}: {many} times in {list}")),
        }
    }
    for event in times.keys().filter(|said| !ledger.accepted.contains(*said)) {
        let event = start(event);
        findings
            .other
            .push(format!("{event} is in {list}, and nobody said it"));
    }
}

fn judge_receiver(ledger: &Ledger, findings: &mut Findings) {
    let mut ids: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for came in &ledger.came {
        let event = said(&came.body);
        let name = start(&event);
        if came.key != KEY {
            findings.other.push(format!("{name} came without the key"));
        }
        if came.body["id"] != came.id.as_str() {
            let id = &came.id;
            findings
                .other
                .push(format!("{name} calls itself otherwise than {id}"));
        }
        if came.status == 200 {
            taken.insert(event.clone());
        }
        ids.entry(event).or_default().insert(&came.id);
    }
    for event in ledger.accepted.difference(&taken) {
        let event = start(event);
        findings.lost.push(format!("{event} was not delivered"));
    }
    let listed: BTreeMap<String, &Value> = ledger
        .listed
        .iter()
        .map(|event| (said(event), &event["id"]))
        .collect();
    for (event, ids) in &ids {
        let name = start(event);
        if !ledger.accepted.contains(event) {
            findings
                .other
                .push(format!("{name} was delivered, and nobody said it"));
        }
        if ids.len() > 1 {
            findings.twice.push(format!("{name} goes by {ids:?}"));
        } else if let Some(id) = listed.get(event)
            && !ids.iter().any(|one| *id == *one)
        {
            findings.other.push(format!(
                "{name} is {id} in the feed and {ids:?} at the receiver"
            ));
        }
    }
}

fn start(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(number: i64) -> Value {
        json!({"id": format!("e{number}"), "raw": {"comment": number}})
    }

    fn came(number: i64, status: u16) -> Came {
        Came {
            id: format!("e{number}"),
            key: KEY.to_owned(),
            body: event(number),
            status,
            life: 0,
        }
    }

    /// Three events; the second was refused at first, the third came twice.
    fn ledger() -> Ledger {
        let events = [event(1), event(2), event(3)];
        Ledger {
            accepted: events.iter().map(said).collect(),
            refused: Vec::new(),
            came: vec![
                came(2, 500),
                came(1, 200),
                came(2, 200),
                came(3, 200),
                came(3, 200),
            ],
            listed: events.to_vec(),
            streamed: (1..).zip(events).collect(),
        }
    }

    #[test]
    fn at_least_once_under_one_id_is_clean() {
        assert_eq!(judge(&ledger()), Findings::default());
    }

    #[test]
    fn what_did_not_come_is_found() {
        let mut refused = ledger();
        refused
            .came
            .retain(|came| came.id != "e2" || came.status != 200);
        assert_eq!(judge(&refused).lost.len(), 1);
        let mut unlisted = ledger();
        unlisted.listed.remove(0);
        assert_eq!(judge(&unlisted).lost.len(), 1);
        let mut unseen = ledger();
        unseen.streamed.remove(0);
        assert_eq!(judge(&unseen).lost.len(), 1);
        let mut unaccepted = ledger();
        unaccepted.refused.push("{}".to_owned());
        assert_eq!(judge(&unaccepted).other.len(), 1);
    }

    #[test]
    fn another_id_and_a_second_place_are_found() {
        let mut renamed = ledger();
        let mut again = came(3, 200);
        again.id = "e9".to_owned();
        again.body["id"] = "e9".into();
        renamed.came.push(again);
        assert_eq!(judge(&renamed).twice.len(), 1);
        let mut doubled = ledger();
        doubled.listed.push(event(1));
        assert_eq!(judge(&doubled).twice.len(), 1);
        let mut seen_again = ledger();
        seen_again.streamed.push((9, event(1)));
        assert_eq!(judge(&seen_again).twice.len(), 1);
        let mut back = ledger();
        back.streamed.swap(0, 1);
        assert_eq!(judge(&back).other.len(), 1);
    }

    #[test]
    fn what_nobody_said_is_found() {
        let mut strange = ledger();
        strange.came.push(came(4, 200));
        assert_eq!(judge(&strange).other.len(), 1);
        let mut keyless = ledger();
        keyless.came[0].key.clear();
        assert_eq!(judge(&keyless).other.len(), 1);
        let mut otherwise = ledger();
        otherwise.listed[0]["id"] = "e7".into();
        assert_eq!(judge(&otherwise).other.len(), 1);
    }
}
