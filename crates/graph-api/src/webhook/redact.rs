//! A stored body without what is one person's in it: for the person who asks to be forgotten.

use serde_json::Value;

const LISTS: [&str; 3] = ["messaging", "standby", "changes"];

/// The body without every item in which this person stands, and with the number of them as `redacted` in its entry.
/// `None` if nothing else is in it, or if it cannot be read: then it goes as a whole.
pub fn without_person(body: &[u8], person: &str) -> Option<Vec<u8>> {
    let mut root: Value = serde_json::from_slice(body).ok()?;
    let envelopes = match &mut root {
        Value::Array(envelopes) => envelopes.as_mut_slice(),
        envelope => std::slice::from_mut(envelope),
    };
    let mut left = 0;
    for envelope in envelopes {
        for entry in envelope.get_mut("entry")?.as_array_mut()? {
            let mut redacted = 0;
            for list in LISTS {
                let Some(items) = entry.get_mut(list).and_then(Value::as_array_mut) else {
                    continue;
                };
                let before = items.len();
                items.retain(|item| !names(item, person));
                redacted += before - items.len();
                left += items.len();
            }
            if redacted > 0 {
                entry
                    .as_object_mut()?
                    .insert("redacted".to_owned(), redacted.into());
            }
        }
    }
    let body = serde_json::to_vec(&root).ok()?;
    // Whatever else named them stands outside of the items that we know.
    let is_clean = !names(&root, person);
    (left > 0 && is_clean).then_some(body)
}

/// Whether this id stands anywhere in here, however it is written.
fn names(value: &Value, person: &str) -> bool {
    match value {
        Value::String(text) => text.contains(person),
        Value::Number(number) => number.to_string() == person,
        Value::Array(items) => items.iter().any(|item| names(item, person)),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains(person) || names(value, person)),
        Value::Null | Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_persons_items_go() {
        let item = |who: &str| json!({"sender": {"id": who}, "message": {"mid": "m", "text": who}});
        let body = json!({"object": "instagram", "entry": [
            {"id": "178", "time": 1, "messaging": [item("111"), item("222")]},
            {"id": "178", "time": 1, "changes": [{"field": "comments", "value": {"from": {"id": 111}}}]},
        ]});
        let rest = without_person(body.to_string().as_bytes(), "111").unwrap();
        let rest: Value = serde_json::from_slice(&rest).unwrap();
        assert_eq!(rest["entry"][0]["messaging"], json!([item("222")]));
        assert_eq!(
            (&rest["entry"][0]["redacted"], &rest["entry"][1]["redacted"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(
            without_person(body.to_string().as_bytes(), "333")
                .unwrap()
                .len(),
            body.to_string().len()
        );
    }

    #[test]
    fn what_holds_nothing_else_goes_whole() {
        let alone = json!({"object": "instagram", "entry": [{"id": "178", "messaging": [{"sender": {"id": "111"}}]}]});
        assert_eq!(without_person(alone.to_string().as_bytes(), "111"), None);
        assert_eq!(without_person(b"no json", "111"), None);
        let elsewhere = json!({"entry": [{"id": "111", "messaging": [{"sender": {"id": "222"}}]}]});
        assert_eq!(
            without_person(elsewhere.to_string().as_bytes(), "111"),
            None
        );
    }
}
