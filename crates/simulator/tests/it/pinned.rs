//! Pinned requests put to the simulator, and what answers have in common with pinned ones where lists differ in length.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fixtures::fixture;
use crate::support::{Answer, INSTAGRAM, World};

/// Among the ids of this world: the token to ask with, if it is not the account's usual one.
pub(crate) const BEARER: &str = "bearer";

/// Puts a pinned request, with ids of this world in place of those that the fixture made up.
pub(crate) async fn ask(world: &World, host: &str, name: &str, ours: &[(&str, &str)]) -> Answer {
    let pinned = fixture(&format!("request-{name}"));
    let spell = |text: &str| {
        ours.iter().fold(text.to_owned(), |text, (pinned, ours)| {
            text.replace(pinned, ours)
        })
    };
    let pairs = |part: &Value| -> Vec<(String, String)> {
        let object = part.as_object().into_iter().flatten();
        object
            .map(|(name, value)| (name.clone(), spell(value.as_str().unwrap())))
            .collect()
    };
    let given = ours.iter().find(|(name, _)| *name == BEARER);
    let token = match given {
        Some((_, token)) => token,
        None if host == INSTAGRAM => "SIM-INSTAGRAM-TOKEN",
        None => "SIM-PAGE-TOKEN",
    };
    let method = pinned["method"].as_str().unwrap().parse().unwrap();
    let address = world.url(&format!(
        "{host}{}",
        spell(pinned["path"].as_str().unwrap())
    ));
    let request = world
        .client
        .request(method, address)
        .query(&pairs(&pinned["query"]))
        .bearer_auth(token);
    let request = if pinned["form"].is_object() {
        request.form(&pairs(&pinned["form"]))
    } else if pinned["body"].is_object() {
        let body: Value = serde_json::from_str(&spell(&pinned["body"].to_string())).unwrap();
        request.json(&body)
    } else {
        request
    };
    world.call(request).await
}

/// The answer to a pinned request that has to be understood.
pub(crate) async fn understood(
    world: &World,
    host: &str,
    name: &str,
    ours: &[(&str, &str)],
) -> Value {
    let answer = ask(world, host, name, ours).await;
    assert_eq!(answer.status, 200, "{name} at {host}: {}", answer.body);
    answer.body
}

/// Keys and types; of a list, the different shapes that its items have.
pub(crate) fn shape(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let names = object
                .iter()
                .map(|(name, value)| (name.clone(), shape(value)));
            json!(names.collect::<BTreeMap<_, _>>())
        }
        Value::Array(items) => {
            let each = items
                .iter()
                .map(shape)
                .map(|shape| (shape.to_string(), shape));
            json!(
                each.collect::<BTreeMap<_, _>>()
                    .into_values()
                    .collect::<Vec<_>>()
            )
        }
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("yes or no"),
        Value::Null => Value::Null,
    }
}

/// Same shape as the pinned answer, lists however long.
#[track_caller]
pub(crate) fn is_like(name: &str, ours: &Value) {
    let theirs = &fixture(&format!("answer-{name}"))["body"];
    assert_eq!(shape(ours), shape(theirs), "{name}: {ours}");
}

/// Each pinned row has one like it in our list.
#[track_caller]
pub(crate) fn has_rows(name: &str, ours: &[Value]) {
    let pinned = fixture(&format!("answer-{name}"))["body"]["data"].clone();
    for row in pinned.as_array().unwrap() {
        let wanted = shape(row);
        let kind = |row: &Value| (row["media_product_type"].clone(), row["media_type"].clone());
        let alike: Vec<Value> = ours
            .iter()
            .filter(|ours| kind(ours) == kind(row))
            .map(shape)
            .collect();
        assert!(alike.contains(&wanted), "{name}: {wanted} in {alike:#?}");
    }
}

/// All that is pinned is there, with its type; more may be, where more was asked for. Of a list, an item like each
/// pinned one.
pub(crate) fn holds(ours: &Value, pinned: &Value) -> bool {
    match (ours, pinned) {
        (Value::Object(ours), Value::Object(pinned)) => pinned
            .iter()
            .all(|(name, pinned)| ours.get(name).is_some_and(|ours| holds(ours, pinned))),
        (Value::Array(ours), Value::Array(pinned)) => pinned
            .iter()
            .all(|pinned| ours.iter().any(|ours| holds(ours, pinned))),
        (ours, pinned) => std::mem::discriminant(ours) == std::mem::discriminant(pinned),
    }
}

/// See [`holds`].
#[track_caller]
pub(crate) fn holds_pinned(name: &str, ours: &Value) {
    let pinned = &fixture(&format!("answer-{name}"))["body"];
    assert!(holds(ours, pinned), "{name}: {pinned} in {ours}");
}
