//! What there is of a person: found by reading, on a thread of its own, before anything is written.
//!
//! An erasure is rare, and an index for it would cost every webhook a page. So it goes over the tables, in pieces.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bytes::Bytes;
use sea_orm::Value;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::db::{Result, Row, Tx, in_lists, key_text, values};
use crate::inbox::talk_values;
use crate::store::Store;
use crate::types::Conversation;

/// Rows that are read at a time.
const PIECE: u32 = 500;

const JOBS: &str = "SELECT id, person, order_key, quota_scope, payload FROM job WHERE id > ? \
     ORDER BY id LIMIT 500";

/// The jobs of a person, and the shared work that only they refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traces {
    pub(crate) jobs: BTreeSet<Uuid>,
    pub(crate) works: BTreeSet<String>,
    /// Events of nobody in particular that name them: of a kind we do not know.
    pub(crate) events: BTreeSet<Uuid>,
    /// Uploads of theirs that somebody else refers to as well.
    pub(crate) shared_uploads: BTreeSet<String>,
}

/// By what a job is told to be of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    key: String,
    line: String,
    line_end: String,
    person: String,
    payer: String,
    events: HashSet<Uuid>,
    jobs: HashSet<Uuid>,
}

impl Mark {
    fn new(conversation: &Conversation) -> Self {
        let key = conversation.key();
        let payer = Conversation::new(
            conversation.channel.as_str(),
            conversation.account.as_str(),
            conversation.person.split('#').next().unwrap_or_default(),
        );
        Self {
            person: key_text(&conversation.person).into_owned(),
            payer: key_text(&payer.key()).into_owned(),
            line: key_text(&key).into_owned(),
            line_end: format!(":{key}"),
            key,
            events: HashSet::new(),
            jobs: HashSet::new(),
        }
    }

    /// A job is of the conversation whose line it stands in (`…:<conversation>`), whose event caused it, or whom it
    /// sends to. Who pays does not tell, for a chat pays for all its topics (`<chat>#<topic>`), each a conversation of
    /// its own; with the person it does.
    pub(crate) fn is_on(&self, row: &Row) -> Result<bool> {
        let id: Uuid = row.get("id")?;
        if self.jobs.contains(&id) {
            return Ok(true);
        }
        let line: Option<String> = row.get("order_key")?;
        if line.is_some_and(|line| {
            line == self.line || line == self.key || line.ends_with(&self.line_end)
        }) {
            return Ok(true);
        }
        let person: Option<String> = row.get("person")?;
        let payer: Option<String> = row.get("quota_scope")?;
        if person.as_ref() == Some(&self.person) && payer.as_ref() == Some(&self.payer) {
            return Ok(true);
        }
        let event = event_of(&row.get::<String>("payload")?);
        Ok(event.is_some_and(|event| self.events.contains(&event)))
    }
}

/// The event that caused a job, by its payload.
pub(crate) fn event_of(payload: &str) -> Option<Uuid> {
    let payload: Json = serde_json::from_str(payload).ok()?;
    payload.get("event_id")?.as_str()?.parse().ok()
}

/// Every text in a JSON document.
pub(crate) fn texts(json: &str, found: &mut BTreeSet<String>) {
    fn walk(json: Json, found: &mut BTreeSet<String>) {
        match json {
            Json::String(text) => {
                found.insert(text);
            }
            Json::Array(list) => list.into_iter().for_each(|one| walk(one, found)),
            Json::Object(fields) => fields.into_iter().for_each(|(_, one)| walk(one, found)),
            _ => {}
        }
    }
    if let Ok(json) = serde_json::from_str(json) {
        walk(json, found);
    }
}

impl Store {
    pub(crate) async fn mark_of(&self, conversation: &Conversation) -> Result<Mark> {
        let mut mark = Mark::new(conversation);
        for (table, column) in [("event", "id"), ("part", "job_id"), ("library", "job_id")] {
            let sql = format!(
                "SELECT {column} AS id FROM {table} WHERE person = ? AND account = ? AND channel = ?"
            );
            for row in self.reader().all(&sql, talk_values(conversation)).await? {
                let id = row.get("id")?;
                if table == "event" {
                    mark.events.insert(id);
                } else {
                    mark.jobs.insert(id);
                }
            }
        }
        Ok(mark)
    }

    /// What there is of a person now.
    pub(crate) async fn traces(&self, conversation: &Conversation, mark: &Mark) -> Result<Traces> {
        let mut traces = Traces::default();
        let mut texts_of_theirs = BTreeSet::new();
        let mut after = Uuid::nil();
        loop {
            let rows = self.reader().all(JOBS, values![after]).await?;
            let Some(last) = rows.last() else { break };
            after = last.get("id")?;
            for row in &rows {
                if mark.is_on(row)? {
                    traces.jobs.insert(row.get("id")?);
                    texts(&row.get::<String>("payload")?, &mut texts_of_theirs);
                }
            }
        }
        traces.events = self.nameless(conversation).await?;
        traces.works = self.works_of(conversation, texts_of_theirs).await?;
        self.leave_to_others(conversation, &mut traces).await?;
        traces.shared_uploads = self.shared_uploads(conversation, &traces).await?;
        Ok(traces)
    }

    /// Events without a person in which this one stands.
    async fn nameless(&self, conversation: &Conversation) -> Result<BTreeSet<Uuid>> {
        let sql = "SELECT id FROM event WHERE person IS NULL AND account = ? AND channel = ?";
        let of = values![conversation.account.as_str(), conversation.channel.as_str()];
        let rows = self.reader().all(sql, of).await?;
        let ids: Vec<Value> = rows
            .iter()
            .map(|row| row.get::<Uuid>("id").map(Into::into))
            .collect::<Result<_>>()?;
        let mut found = BTreeSet::new();
        for (list, ids) in in_lists(&ids) {
            let sql = format!("SELECT id, raw FROM event WHERE id {list}");
            for row in self.reader().all(&sql, ids).await? {
                let raw: String = row.get("raw")?;
                if names(raw.as_bytes(), conversation.person.as_bytes()) {
                    found.insert(row.get("id")?);
                }
            }
        }
        Ok(found)
    }

    /// Which of these texts are keys of shared work; and those that their library names.
    async fn works_of(
        &self,
        conversation: &Conversation,
        texts: BTreeSet<String>,
    ) -> Result<BTreeSet<String>> {
        let mut works = BTreeSet::new();
        let keys: Vec<Value> = texts
            .iter()
            .map(|text| Value::from(key_text(text).into_owned()))
            .collect();
        for (list, keys) in in_lists(&keys) {
            let sql = format!("SELECT work_key FROM work WHERE work_key {list}");
            for row in self.reader().all(&sql, keys).await? {
                works.insert(row.get("work_key")?);
            }
        }
        let sql = "SELECT work_key FROM library WHERE person = ? AND account = ? AND channel = ?";
        for row in self.reader().all(sql, talk_values(conversation)).await? {
            works.insert(row.get("work_key")?);
        }
        Ok(works)
    }

    /// Takes out what somebody else refers to.
    async fn leave_to_others(&self, own: &Conversation, traces: &mut Traces) -> Result<()> {
        let mut after = Uuid::nil();
        while !traces.works.is_empty() {
            let rows = self.reader().all(JOBS, values![after]).await?;
            let Some(last) = rows.last() else { break };
            after = last.get("id")?;
            for row in &rows {
                leave_what_is_told(traces, row)?;
            }
        }
        let mut after = Uuid::nil();
        while !traces.works.is_empty() {
            let sql = "SELECT id, channel, account, person, work_key FROM library WHERE id > ? \
                       ORDER BY id LIMIT 500";
            let rows = self.reader().all(sql, values![after]).await?;
            let Some(last) = rows.last() else { break };
            after = last.get("id")?;
            for row in &rows {
                if conversation_of(row)?.as_ref() != Some(own) {
                    traces.works.remove(&row.get::<String>("work_key")?);
                }
            }
        }
        Ok(())
    }

    /// The stored webhook bodies in which a person stands. True when all that a body brought is theirs.
    pub(crate) async fn bodies_of(
        &self,
        conversation: &Conversation,
    ) -> Result<Vec<(Uuid, Bytes, bool)>> {
        let mut brought = BTreeMap::new();
        let sql = "SELECT DISTINCT delivery_id FROM event \
                   WHERE person = ? AND account = ? AND channel = ?";
        for row in self.reader().all(sql, talk_values(conversation)).await? {
            let id: Uuid = row.get("delivery_id")?;
            brought.insert(id, self.is_all_of(id, conversation).await?);
        }
        // A body may also hold an event of theirs that an earlier one had brought, or nothing that was understood.
        let needle = conversation.person.as_bytes();
        let mut bodies = Vec::new();
        let mut after = Uuid::nil();
        loop {
            let sql =
                format!("SELECT id, body FROM delivery WHERE id > ? ORDER BY id LIMIT {PIECE}");
            let rows = self.reader().all(&sql, values![after]).await?;
            let Some(last) = rows.last() else { break };
            after = last.get("id")?;
            for row in &rows {
                let id: Uuid = row.get("id")?;
                let only_theirs = brought.get(&id).copied();
                let body: Vec<u8> = row.get("body")?;
                if only_theirs.is_some() || names(&body, needle) {
                    bodies.push((id, body.into(), only_theirs.unwrap_or(false)));
                }
            }
        }
        Ok(bodies)
    }

    async fn is_all_of(&self, delivery: Uuid, conversation: &Conversation) -> Result<bool> {
        let sql = "SELECT DISTINCT channel, account, person FROM event WHERE delivery_id = ?";
        let rows = self.reader().all(sql, values![delivery]).await?;
        for row in &rows {
            if conversation_of(row)?.as_ref() != Some(conversation) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn conversation_of(row: &Row) -> Result<Option<Conversation>> {
    let person: Option<String> = row.get("person")?;
    let (channel, account): (String, String) = (row.get("channel")?, row.get("account")?);
    Ok(person.map(|person| Conversation::new(channel, account, person)))
}

fn leave_what_is_told(traces: &mut Traces, row: &Row) -> Result<()> {
    if !traces.jobs.contains(&row.get::<Uuid>("id")?) {
        let mut told = BTreeSet::new();
        texts(&row.get::<String>("payload")?, &mut told);
        for text in &told {
            traces.works.remove(&*key_text(text));
        }
    }
    Ok(())
}

/// Adds what was stored since the search began, in the transaction that removes it.
pub(crate) async fn catch_up(tx: &Tx, mark: &Mark, since: Uuid, traces: &mut Traces) -> Result<()> {
    let mut after = since;
    loop {
        let rows = tx.all(JOBS, values![after]).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.get("id")?;
        for row in &rows {
            if mark.is_on(row)? {
                traces.jobs.insert(row.get("id")?);
            } else {
                leave_what_is_told(traces, row)?;
            }
        }
    }
}

/// Whether a text names somebody: the id, not as a piece of a longer one.
fn names(text: &[u8], id: &[u8]) -> bool {
    if id.is_empty() {
        return false;
    }
    let is_edge = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let mut from = 0;
    while let Some(found) = text
        .get(from..)
        .and_then(|rest| rest.windows(id.len()).position(|window| window == id))
    {
        let at = from + found;
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        if is_edge(before) && is_edge(text.get(at + id.len())) {
            return true;
        }
        from = at + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_not_a_piece_of_a_longer_one() {
        for (text, expected) in [
            (&br#"{"id":"123"}"#[..], true),
            (br#"{"id":123}"#, true),
            (b"123", true),
            (b"1234 0123", false),
            (b"1234 123", true),
            (b"", false),
        ] {
            assert_eq!(names(text, b"123"), expected);
        }
        assert!(!names(b"x", b""));
    }

    #[test]
    fn texts_are_found_however_deep() {
        let mut found = BTreeSet::new();
        texts(r#"{"a":["x",{"b":"y"}],"c":1}"#, &mut found);
        texts("not json", &mut found);
        assert_eq!(found.into_iter().collect::<String>(), "xy");
    }
}
