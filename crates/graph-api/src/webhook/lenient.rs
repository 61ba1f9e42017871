//! Reading JSON that may be odd: picks the keys we know out of an object without building a tree,
//! and takes ids, times and flags in every spelling Meta has used.

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de::DeserializeSeed};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Longest id that we take for an account or a person; Meta's have 15 to 19 digits.
const MAX_ID_BYTES: usize = 64;

/// Why an object cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Odd {
    /// It is no object.
    NotAnObject,
    /// A key we act on is there twice with two meanings. Readers of JSON differ in which one they
    /// take, so we take neither.
    Ambiguous,
}

/// The values of the named keys, each as its own JSON; `null` counts as absent.
pub(super) fn pick<'a, const N: usize>(
    raw: &'a RawValue,
    names: [&'static str; N],
) -> Result<[Option<&'a RawValue>; N], Odd> {
    pick_str(raw.get(), names)
}

/// As [`pick`], from text.
pub(super) fn pick_str<'a, const N: usize>(
    json: &'a str,
    names: [&'static str; N],
) -> Result<[Option<&'a RawValue>; N], Odd> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let picked = Pick(&names)
        .deserialize(&mut reader)
        .map_err(|_| Odd::NotAnObject)?;
    if picked.ambiguous {
        return Err(Odd::Ambiguous);
    }
    Ok(picked.values)
}

struct Picked<'a, const N: usize> {
    values: [Option<&'a RawValue>; N],
    ambiguous: bool,
}

struct Pick<'n, const N: usize>(&'n [&'static str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Pick<'_, N> {
    type Value = Picked<'de, N>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Pick<'_, N> {
    type Value = Picked<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut picked = Picked {
            values: [None; N],
            ambiguous: false,
        };
        while let Some(place) = map.next_key_seed(Key(self.0))? {
            let Some(place) = place else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: &'de RawValue = map.next_value()?;
            if value.get() == "null" {
                continue;
            }
            if let Some(before) = picked.values[place].replace(value) {
                picked.ambiguous |= before.get() != value.get();
            }
        }
        Ok(picked)
    }
}

/// Reads a key as its place among the names. As bytes, because a key with a lone surrogate is no
/// string, and must not cost us the object.
struct Key<'n>(&'n [&'static str]);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        self.visit_bytes(key.as_bytes())
    }

    fn visit_bytes<E: serde::de::Error>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|name| name.as_bytes() == key))
    }
}

/// The items of a list. What is no list counts as a list of one, so that nothing is dropped.
pub(super) fn items(raw: &RawValue) -> Vec<&RawValue> {
    if raw.get().starts_with('[') {
        serde_json::from_str(raw.get()).unwrap_or_else(|_| vec![raw])
    } else {
        vec![raw]
    }
}

/// A string, escapes undone; a lone surrogate becomes U+FFFD instead of an error.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<Lossy>(raw.get())
        .ok()
        .map(|text| Cow::Owned(text.0))
}

/// A string, owned.
pub(super) fn text(raw: Option<&RawValue>) -> Option<String> {
    string(raw?).map(Cow::into_owned)
}

/// A string or a whole number, as text: ids come as either.
pub(super) fn word(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let raw = raw?;
    if let Some(text) = string(raw) {
        let odd = text.is_empty() || text.chars().any(char::is_control);
        return (!odd).then_some(text);
    }
    let digits = raw.get();
    (!digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()))
        .then_some(Cow::Borrowed(digits))
}

/// As [`word`], owned.
pub(super) fn owned_word(raw: Option<&RawValue>) -> Option<String> {
    word(raw).map(Cow::into_owned)
}

/// The id of an account or a person; anything longer than an id can be is none.
pub(super) fn id(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    word(raw).filter(|id| id.len() <= MAX_ID_BYTES)
}

/// A whole number, also as a string or with a fraction that says nothing.
pub(super) fn integer(raw: Option<&RawValue>) -> Option<i64> {
    let raw = raw?;
    let quoted = string(raw);
    let digits = quoted.as_deref().unwrap_or(raw.get()).trim();
    if let Ok(whole) = digits.parse::<i64>() {
        return Some(whole);
    }
    let float = digits
        .parse::<f64>()
        .ok()
        .filter(|f| f.is_finite() && f.abs() < 9e15)?;
    #[allow(clippy::cast_possible_truncation)] // within 9e15, checked above
    Some(float as i64)
}

/// A flag; `"true"` and 1 count.
pub(super) fn flag(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| matches!(raw.get(), "true" | "\"true\"" | "1" | "\"1\""))
}

/// A moment in epoch milliseconds. Meta sends seconds in `changes` and milliseconds in
/// `messaging`, sometimes as strings, so the magnitude decides.
pub(super) fn moment_ms(raw: Option<&RawValue>) -> Option<i64> {
    match integer(raw)? {
        moment if moment <= 0 => None,
        // Below 1e11 it is seconds (until the year 5138); as milliseconds it would be before 1973.
        seconds if seconds < 100_000_000_000 => Some(seconds * 1000),
        milliseconds if milliseconds < 100_000_000_000_000 => Some(milliseconds),
        microseconds => Some(microseconds / 1000),
    }
}

struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        // serde_json gives bytes for strings that are not Unicode: lone surrogates come as the
        // three bytes that UTF-8 would spell them with if it allowed them.
        reader.deserialize_bytes(LossyVisitor)
    }
}

struct LossyVisitor;

impl Visitor<'_> for LossyVisitor {
    type Value = Lossy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Lossy, E> {
        Ok(Lossy(text.to_owned()))
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
        let mut text = String::with_capacity(bytes.len());
        let mut after_gap = false;
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            after_gap &= chunk.valid().is_empty();
            if !chunk.invalid().is_empty() && !after_gap {
                text.push(char::REPLACEMENT_CHARACTER);
                after_gap = true;
            }
        }
        Ok(Lossy(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn lone_surrogates_do_not_cost_the_text() {
        assert_eq!(string(raw(r#""a\ud83db""#)).as_deref(), Some("a\u{fffd}b"));
        assert_eq!(string(raw(r#""\udc00""#)).as_deref(), Some("\u{fffd}"));
        assert_eq!(
            string(raw(r#""\ud83c\udfb5 \u00e4\/""#)).as_deref(),
            Some("🎵 ä/")
        );
        assert_eq!(string(raw("12")), None);
    }

    #[test]
    fn moments_come_in_every_unit() {
        let cases = [
            ("1520622968", Some(1_520_622_968_000)),
            ("\"1520622968\"", Some(1_520_622_968_000)),
            ("1569262486134", Some(1_569_262_486_134)),
            ("\"1569262486134\"", Some(1_569_262_486_134)),
            ("1569262486134.0", Some(1_569_262_486_134)),
            ("1569262486134000", Some(1_569_262_486_134)),
            ("0", None),
            ("-5", None),
            ("1e999", None),
            ("\"yesterday\"", None),
            ("{}", None),
        ];
        for (json, expected) in cases {
            // `1e999` is good JSON; it just is no number that anything can hold.
            assert_eq!(moment_ms(Some(raw(json))), expected, "{json}");
        }
    }

    #[test]
    fn ids_are_digits_or_strings() {
        assert_eq!(
            id(Some(raw("17841400000000001"))).as_deref(),
            Some("17841400000000001")
        );
        assert_eq!(id(Some(raw("\"178\""))).as_deref(), Some("178"));
        for odd in ["\"\"", "1.5", "-1", "true", "[1]", "\"a\\u0000b\""] {
            assert_eq!(id(Some(raw(odd))), None, "{odd}");
        }
        assert_eq!(id(Some(raw(&format!("\"{}\"", "9".repeat(65))))), None);
    }

    #[test]
    fn a_key_given_twice_is_taken_only_if_both_agree() {
        assert!(pick_str(r#"{"a":1,"a":1,"b":2,"b":3}"#, ["a"]).is_ok());
        assert_eq!(
            pick_str(r#"{"a":1,"a":2}"#, ["a"]).unwrap_err(),
            Odd::Ambiguous
        );
        let [a] = pick_str(r#"{"a":null,"\ud800":0,"\u0061":5}"#, ["a"]).unwrap();
        assert_eq!(a.unwrap().get(), "5");
        assert_eq!(pick_str("[]", ["a"]).unwrap_err(), Odd::NotAnObject);
    }
}
