//! What Redis tells, read: pure, so that it is tested without one.

use bytes::Bytes;
use redis::{FromRedisValue, Value};

use super::{Kind, Taken};

/// An entry of a stream as Redis tells it; `None` where it was deleted meanwhile.
pub(super) type Raw = (String, Option<Vec<Vec<u8>>>);

/// The answer of XAUTOCLAIM; newer versions of Redis add a list of what was deleted.
pub(super) struct Page {
    pub(super) next: String,
    pub(super) entries: Vec<Raw>,
}

impl FromRedisValue for Page {
    fn from_redis_value(value: Value) -> Result<Self, redis::ParsingError> {
        let parts: Vec<Value> = redis::from_redis_value(value)?;
        let mut parts = parts.into_iter();
        let next = redis::from_redis_value(parts.next().unwrap_or(Value::Nil))?;
        // Redis 6.2 tells of a deleted entry as nothing at all.
        let entries: Vec<Option<Raw>> =
            redis::from_redis_value(parts.next().unwrap_or(Value::Nil))?;
        Ok(Self {
            next,
            entries: entries.into_iter().flatten().collect(),
        })
    }
}

pub(super) fn taken_of_stream((id, fields): Raw) -> Option<Taken> {
    Some(Taken {
        id,
        from: Kind::Stream,
        body: payload(&fields?),
    })
}

/// The field that holds the job: by its name, or the only one. All fields as JSON where there is none.
fn payload(fields: &[Vec<u8>]) -> Result<Bytes, Bytes> {
    let (pairs, _) = fields.as_chunks::<2>();
    for name in ["job", "data", "payload"] {
        if let Some([_, job]) = pairs.iter().find(|[field, _]| field == name.as_bytes()) {
            return Ok(Bytes::copy_from_slice(job));
        }
    }
    if let [[_, only]] = pairs {
        return Ok(Bytes::copy_from_slice(only));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all: serde_json::Map<String, serde_json::Value> = pairs
        .iter()
        .map(|[field, value]| (text(field), text(value).into()))
        .collect();
    Err(serde_json::Value::Object(all).to_string().into())
}

/// What to change in the settings of Redis so that it keeps what it has taken.
pub(super) fn advice(told: &[(&str, String)]) -> Vec<&'static str> {
    let mut advice = Vec::new();
    for (name, value) in told {
        match (*name, value.as_str()) {
            ("appendonly", "no") => {
                advice.push("set `appendonly yes`: without it a restart of Redis forgets");
            }
            ("maxmemory-policy", policy) if policy != "noeviction" => {
                advice.push("set `maxmemory-policy noeviction`: others throw entries away");
            }
            _ => {}
        }
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(words: &[&str]) -> Vec<Vec<u8>> {
        words.iter().map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn the_payload_is_found_by_name_or_because_it_is_alone() {
        for (words, expected) in [
            (&["a", "1", "job", "x"][..], Ok("x")),
            (&["payload", "p", "data", "d"], Ok("d")),
            (&["whatever", "w"], Ok("w")),
            (&["a", "1", "b", "2"], Err(r#"{"a":"1","b":"2"}"#)),
            (&[], Err("{}")),
        ] {
            let expected = expected.map(Bytes::from).map_err(Bytes::from);
            assert_eq!(payload(&fields(words)), expected, "{words:?}");
        }
    }

    #[test]
    fn settings_that_lose_entries_are_told() {
        let told = |appendonly: &str, policy: &str| {
            advice(&[
                ("appendonly", appendonly.to_owned()),
                ("maxmemory-policy", policy.to_owned()),
            ])
            .len()
        };
        assert_eq!(told("yes", "noeviction"), 0);
        assert_eq!(told("no", "noeviction"), 1);
        assert_eq!(told("no", "allkeys-lru"), 2);
    }
}
