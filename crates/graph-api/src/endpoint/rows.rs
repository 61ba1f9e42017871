//! What the answers of these calls have in common: lists with cursors, ids that are text or numbers, `success`.

use crate::error::CallError;
use crate::request::Answer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A page of a list. Meta's own links to its neighbours carry the token and are not kept: ask for the next one with
/// [`after`](Self::after).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Meta's cursor of the first.
    pub before: Option<String>,
    /// Meta's cursor of the last; none where nothing follows.
    pub after: Option<String>,
}

impl<T> Page<T> {
    /// Reads `{data, paging}`; an item that is none costs no neighbour.
    pub(crate) fn of(list: &Value, item: impl Fn(&Value) -> Option<T>) -> Self {
        // Some edges name a cursor on their last page too; what they never name there is `next`. Others never do.
        let ends = list
            .get("paging")
            .is_some_and(|paging| paging.get("next").is_none() && paging.get("previous").is_some());
        Self::read(list, ends, item)
    }

    /// The same of an edge that has `next` on every page but the last, where a cursor stands all the same.
    pub(crate) fn linked(list: &Value, item: impl Fn(&Value) -> Option<T>) -> Self {
        let ends = list.pointer("/paging/next").is_none_or(Value::is_null);
        Self::read(list, ends, item)
    }

    fn read(list: &Value, ends: bool, item: impl Fn(&Value) -> Option<T>) -> Self {
        let data = list.get("data").and_then(Value::as_array);
        let cursors = list.pointer("/paging/cursors").unwrap_or(&Value::Null);
        Self {
            data: data.into_iter().flatten().filter_map(item).collect(),
            before: text(cursors, "before"),
            after: text(cursors, "after").filter(|_| !ends),
        }
    }
}

/// An object, or an answer that cannot be understood.
pub(crate) fn object(answer: &Answer, what: &'static str) -> Result<Value, CallError> {
    let value: Value = answer.read(what)?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(answer.malformed(what))
    }
}

/// Text, or a number as text: Meta spells ids both ways.
pub(crate) fn text(of: &Value, name: &str) -> Option<String> {
    word(of.get(name)?)
}

/// The same of the value itself. An id can be larger than a floating number holds, so it is never read as one.
pub(crate) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// A count.
pub(crate) fn count(of: &Value, name: &str) -> Option<i64> {
    of.get(name)?.as_i64()
}

/// Yes or no.
pub(crate) fn flag(of: &Value, name: &str) -> Option<bool> {
    of.get(name)?.as_bool()
}

/// The `id` of what was made.
pub(crate) fn made(answer: &Answer, what: &'static str) -> Result<String, CallError> {
    text(&object(answer, what)?, "id").ok_or_else(|| answer.malformed(what))
}

/// `{"success": true}`; on some edges a bare `true`.
pub(crate) fn success(answer: &Answer) -> Result<(), CallError> {
    let value: Value = answer.read("a change is answered with success")?;
    let is_done = value == Value::Bool(true) || flag(&value, "success") == Some(true);
    if is_done {
        Ok(())
    } else {
        Err(answer.malformed("a change was answered without success"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn large_ids_keep_every_digit() {
        let value: Value = serde_json::from_str("17841400000000001").unwrap();
        assert_eq!(word(&value).as_deref(), Some("17841400000000001"));
        assert_eq!(word(&Value::from(1.5)), None);
        assert_eq!(word(&json!("")), None);
    }

    #[test]
    fn a_cursor_of_the_last_page_leads_nowhere() {
        let ids = |list: &Value| Page::of(list, |row| text(row, "id"));
        let more = json!({"data": [{"id": "1"}, {"no": "id"}, {"id": 2}],
            "paging": {"cursors": {"before": "b", "after": "a"}, "next": "https://x/?access_token=t"}});
        let page = ids(&more);
        assert_eq!(page.data, ["1", "2"]);
        assert_eq!(page.before.as_deref(), Some("b"));
        assert_eq!(page.after.as_deref(), Some("a"));
        let last =
            json!({"data": [], "paging": {"cursors": {"after": "a"}, "previous": "https://x"}});
        assert_eq!(ids(&last).after, None);
        // Business discovery has cursors only.
        let bare = json!({"data": [{"id": "1"}], "paging": {"cursors": {"after": "a"}}});
        assert_eq!(ids(&bare).after.as_deref(), Some("a"));
        let linked = |list: &Value| Page::linked(list, |row| text(row, "id")).after;
        assert_eq!(linked(&bare), None);
        assert_eq!(linked(&more).as_deref(), Some("a"));
        assert_eq!(ids(&json!({})).data.len(), 0);
    }
}
