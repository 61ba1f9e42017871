//! Reading Graph answers with patience: what Meta leaves out or spells otherwise costs that field, not the answer.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::insights::whole;

fn value<'de, D: Deserializer<'de>>(reader: D) -> Result<Value, D::Error> {
    Value::deserialize(reader)
}

/// Text, or a number as text (ids come as either); an empty text is none.
pub(crate) fn text<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    Ok(match value(reader)? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A whole number, also as a string.
pub(crate) fn count<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<i64>, D::Error> {
    Ok(whole(&value(reader)?))
}

/// A flag, also as a word.
pub(crate) fn flag<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<bool>, D::Error> {
    Ok(match value(reader)? {
        Value::Bool(flag) => Some(flag),
        Value::String(word) => word.parse().ok(),
        _ => None,
    })
}

/// The items of a list that can be read; none of something else.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    reader: D,
) -> Result<Vec<T>, D::Error> {
    Ok(match value(reader)? {
        Value::Array(items) => items
            .into_iter()
            .filter_map(|item| serde_json::from_value(item).ok())
            .collect(),
        _ => Vec::new(),
    })
}

/// As [`list`], of an edge: `{"data": […]}`.
pub(crate) fn edge<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    reader: D,
) -> Result<Vec<T>, D::Error> {
    let mut read = value(reader)?;
    let data = match &mut read {
        Value::Object(_) => read.get_mut("data").map(Value::take),
        _ => Some(read),
    };
    list(data.unwrap_or_default()).map_err(serde::de::Error::custom)
}

/// The thing, or none if it is something else.
pub(crate) fn maybe<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    reader: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(value(reader)?).ok())
}
