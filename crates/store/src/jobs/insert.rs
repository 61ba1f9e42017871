//! New job rows, many at a time.

use std::collections::{BTreeSet, HashMap};

use sea_orm::Value;
use serde_json::Value as Json;
use uuid::Uuid;

use super::UNFINISHED;
use crate::db::{Result, Tx, in_lists, key_text, values};
use crate::types::NewJob;

const JOB_COLUMNS: [&str; 17] = [
    "id",
    "queue",
    "state",
    "priority",
    "turn",
    "run_at_ms",
    "attempts",
    "max_attempts",
    "epoch",
    "dedupe_key",
    "order_key",
    "person",
    "payload",
    "quota_scope",
    "quota_day",
    "charged",
    "created_at_ms",
];

/// A job and what surrounds it.
pub(crate) struct Insert<'a> {
    pub(crate) job: &'a NewJob,
    /// The event that causes it, for its payload.
    pub(crate) event_id: Option<Uuid>,
    /// Whose allowance of which day it uses.
    pub(crate) charge: Option<(&'a str, &'a str)>,
}

/// Stores jobs whose dedupe keys are not stored yet. Answers in order: the id, and whether it is
/// new.
pub(crate) async fn jobs(tx: &Tx, inserts: &[Insert<'_>]) -> Result<Vec<(Uuid, bool)>> {
    let now_ms = tx.now_ms();
    let mut known = known_ids(tx, inserts).await?;
    let mut turns = turns(tx, inserts).await?;
    let mut answers = Vec::with_capacity(inserts.len());
    let mut rows = Vec::with_capacity(inserts.len() * JOB_COLUMNS.len());
    for insert in inserts {
        let job = insert.job;
        let dedupe_key = job.dedupe_key.as_deref().map(key_text);
        if let Some(id) = dedupe_key.as_deref().and_then(|key| known.get(key)) {
            answers.push((*id, false));
            continue;
        }
        let id = tx.new_id();
        answers.push((id, true));
        if let Some(key) = &dedupe_key {
            known.insert(key.clone().into_owned(), id);
        }
        let line = job.order_key.as_deref().filter(|_| takes_turns(insert));
        let turn = line.map_or(0, |line| {
            let turn = turns.entry(key_text(line).into_owned()).or_insert(0);
            *turn += 1;
            *turn - 1
        });
        let run_at_ms = job.run_at_ms.unwrap_or(now_ms);
        let state = if run_at_ms > now_ms {
            "scheduled"
        } else {
            "waiting"
        };
        rows.extend(values![
            id,
            job.queue,
            state,
            i32::from(job.priority),
            turn,
            run_at_ms,
            0_i32,
            job.max_attempts.max(1),
            0_i64,
            dedupe_key.as_deref(),
            job.order_key.as_deref().map(key_text).as_deref(),
            job.person.as_deref().map(key_text).as_deref(),
            payload_text(&job.payload, insert.event_id),
            insert.charge.map(|(scope, _)| scope),
            insert.charge.map(|(_, day)| day),
            insert.charge.is_some(),
            now_ms,
        ]);
    }
    if !rows.is_empty() {
        tx.insert_rows("job", &JOB_COLUMNS, rows).await?;
        tx.wake_runners();
    }
    Ok(answers)
}

/// The jobs that are stored already, by dedupe key.
pub(crate) async fn known_ids(tx: &Tx, inserts: &[Insert<'_>]) -> Result<HashMap<String, Uuid>> {
    let keys: Vec<Value> = inserts
        .iter()
        .filter_map(|insert| insert.job.dedupe_key.as_deref())
        .map(|key| Value::from(key_text(key).into_owned()))
        .collect();
    let mut known = HashMap::with_capacity(keys.len());
    for (list, keys) in in_lists(&keys) {
        let sql = format!("SELECT dedupe_key, id FROM job WHERE dedupe_key {list}");
        for row in tx.all(&sql, keys).await? {
            known.insert(row.get("dedupe_key")?, row.get("id")?);
        }
    }
    Ok(known)
}

/// Deliveries of events go out in the order in which the events came, whoever wrote how many.
fn takes_turns(insert: &Insert<'_>) -> bool {
    insert.job.queue != crate::forward::QUEUE
}

/// How many unfinished jobs stand in each line already: nobody's tenth goes before another's first.
async fn turns(tx: &Tx, inserts: &[Insert<'_>]) -> Result<HashMap<String, i32>> {
    // A job that an event causes only looks at one message. Nobody's messages hold up another's for long enough to
    // be worth a question on the way to the 200; what they ask for is admitted, and counted, later.
    let lines: BTreeSet<_> = inserts
        .iter()
        .filter(|insert| insert.event_id.is_none() && takes_turns(insert))
        .filter_map(|insert| insert.job.order_key.as_deref().map(key_text))
        .collect();
    let lines: Vec<Value> = lines
        .into_iter()
        .map(|line| Value::from(line.into_owned()))
        .collect();
    let mut turns = HashMap::with_capacity(lines.len());
    for (list, lines) in in_lists(&lines) {
        let sql = format!(
            "SELECT order_key, COUNT(*) AS unfinished FROM job \
             WHERE order_key {list} AND state IN {UNFINISHED} GROUP BY order_key"
        );
        for row in tx.all(&sql, lines).await? {
            let count: i64 = row.get("unfinished")?;
            turns.insert(
                row.get("order_key")?,
                i32::try_from(count).unwrap_or(i32::MAX),
            );
        }
    }
    Ok(turns)
}

/// The payload with the event's id in it.
fn payload_text(payload: &Json, event_id: Option<Uuid>) -> String {
    let Some(event_id) = event_id else {
        return payload.to_string();
    };
    match payload {
        Json::Object(fields) if fields.contains_key("event_id") => {
            let mut fields = fields.clone();
            fields.insert("event_id".to_owned(), Json::from(event_id.to_string()));
            Json::Object(fields).to_string()
        }
        Json::Object(fields) if !fields.is_empty() => {
            let text = payload.to_string();
            let rest = text.strip_prefix('{').unwrap_or("}");
            format!("{{\"event_id\":\"{event_id}\",{rest}")
        }
        Json::Object(_) | Json::Null => format!("{{\"event_id\":\"{event_id}\"}}"),
        other => {
            serde_json::json!({ "event_id": event_id.to_string(), "payload": other }).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_payload_carries_the_event() {
        let id = Uuid::from_u128(7);
        let check = |payload: Json, expected: Json| {
            let text = payload_text(&payload, Some(id));
            assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), expected);
        };
        check(json!({}), json!({ "event_id": id.to_string() }));
        check(Json::Null, json!({ "event_id": id.to_string() }));
        check(
            json!({"a": "}"}),
            json!({ "event_id": id.to_string(), "a": "}" }),
        );
        check(
            json!({"event_id": "x", "b": 1}),
            json!({ "event_id": id.to_string(), "b": 1 }),
        );
        check(
            json!([1]),
            json!({ "event_id": id.to_string(), "payload": [1] }),
        );
        assert_eq!(payload_text(&json!({"a": 1}), None), r#"{"a":1}"#);
    }
}
