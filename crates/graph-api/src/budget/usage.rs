//! Meta's usage headers: how much of an allowance is spent, in percent, and for how many minutes
//! it is closed. <https://developers.facebook.com/docs/graph-api/overview/rate-limiting> (read 2026)

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// Longer headers are not Meta's.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Meta lists up to 32 objects; repeated keys may make it more lines.
const MAX_LINES: usize = 256;
/// Nobody is closed out for longer than a day.
const MAX_REGAIN_MINUTES: u64 = 24 * 60;

/// What the headers of one answer said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// `X-App-Usage`: what all calls of the app together have spent.
    pub app: Option<Load>,
    /// `X-Business-Use-Case-Usage`: what one account has spent for one use.
    pub business: Vec<BusinessUse>,
}

/// Percent of three allowances; the fullest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Calls.
    pub call_count: u32,
    /// Time.
    pub total_time: u32,
    /// Processor time.
    pub total_cputime: u32,
}

impl Load {
    /// The fullest of the three.
    pub fn fullest(self) -> u32 {
        self.call_count.max(self.total_time).max(self.total_cputime)
    }
}

/// One line of `X-Business-Use-Case-Usage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessUse {
    /// The account, Page or business it counts for.
    pub object_id: String,
    /// `instagram`, `messenger`, `pages`, …
    pub kind: String,
    /// How full.
    pub load: Load,
    /// For how long it is closed, if it is.
    pub regain: Option<Duration>,
}

impl Usage {
    /// Reads the two headers. What cannot be read is left out; none where nothing could.
    pub fn from_headers(app: Option<&str>, business: Option<&str>) -> Option<Self> {
        let app = app.and_then(read::<Value>).as_ref().and_then(load);
        let business = business
            .and_then(read::<Lines>)
            .map(|lines| lines.0)
            .unwrap_or_default();
        (app.is_some() || !business.is_empty()).then_some(Self { app, business })
    }

    /// The longest time for which something is closed.
    pub fn regain(&self) -> Option<Duration> {
        self.business.iter().filter_map(|line| line.regain).max()
    }

    /// The fullest business allowance.
    pub fn fullest_business(&self) -> u32 {
        self.business
            .iter()
            .map(|line| line.load.fullest())
            .max()
            .unwrap_or(0)
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    if json.len() > MAX_HEADER_BYTES {
        return None;
    }
    serde_json::from_str(json).ok()
}

fn percent(value: &Value, key: &str) -> Option<u32> {
    let value = value.get(key)?;
    let number = value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())?;
    // Percent can pass 100, but hardly a million; a float that is no number becomes 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some(number.clamp(0.0, 1e6) as u32)
}

fn load(value: &Value) -> Option<Load> {
    let counts = ["call_count", "total_time", "total_cputime"].map(|key| percent(value, key));
    counts.iter().any(Option::is_some).then(|| {
        let [calls, time, cpu] = counts.map(Option::unwrap_or_default);
        Load {
            call_count: calls,
            total_time: time,
            total_cputime: cpu,
        }
    })
}

fn business_use(object_id: &str, value: &Value) -> Option<BusinessUse> {
    let minutes = percent(value, "estimated_time_to_regain_access").map(u64::from);
    let load = load(value);
    if load.is_none() && minutes.is_none() {
        return None;
    }
    Some(BusinessUse {
        object_id: object_id.to_owned(),
        kind: value
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        load: load.unwrap_or_default(),
        regain: minutes
            .filter(|minutes| *minutes > 0)
            .map(|minutes| Duration::from_secs(60 * minutes.min(MAX_REGAIN_MINUTES))),
    })
}

/// An object of lists, whose keys may repeat (they do in Meta's own sample): every line counts.
struct Lines(Vec<BusinessUse>);

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(LinesVisitor)
    }
}

struct LinesVisitor;

impl<'de> Visitor<'de> for LinesVisitor {
    type Value = Lines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of lists")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lines, A::Error> {
        let mut lines = Vec::new();
        while let Some((object_id, value)) = map.next_entry::<String, Value>()? {
            let list = match &value {
                Value::Array(list) => list.as_slice(),
                other => std::slice::from_ref(other),
            };
            lines.extend(
                list.iter()
                    .filter_map(|line| business_use(&object_id, line)),
            );
        }
        lines.truncate(MAX_LINES);
        Ok(Lines(lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_all_count() {
        let header = r#"{"1":[{"type":"instagram","call_count":85}],
            "1":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":19}]}"#;
        let usage = Usage::from_headers(None, Some(header)).unwrap();
        assert_eq!(usage.business.len(), 2);
        assert_eq!(usage.regain(), Some(Duration::from_mins(19)));
        assert_eq!(usage.fullest_business(), 100);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for odd in [
            "",
            "{",
            "[]",
            "7",
            "{}",
            r#"{"1":[]}"#,
            r#"{"1":[7]}"#,
            r#"{"1":{"a":1}}"#,
        ] {
            assert_eq!(Usage::from_headers(Some(odd), Some(odd)), None, "{odd}");
        }
        let usage = Usage::from_headers(
            Some(r#"{"call_count":"28","total_time":25.7,"total_cputime":-3}"#),
            Some(r#"{"1":{"call_count":1e300,"estimated_time_to_regain_access":99999}}"#),
        )
        .unwrap();
        let app = usage.app.unwrap();
        assert_eq!(
            (app.call_count, app.total_time, app.total_cputime),
            (28, 25, 0)
        );
        assert_eq!(usage.business[0].load.fullest(), 1_000_000);
        assert_eq!(usage.regain(), Some(Duration::from_hours(24)));
        let long = format!(
            "{{\"1\":[{}{{\"call_count\":1}}]}}",
            " ".repeat(MAX_HEADER_BYTES)
        );
        assert_eq!(Usage::from_headers(None, Some(&long)), None);
    }
}
