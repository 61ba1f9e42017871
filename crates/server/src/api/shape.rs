//! Small things that both faces of the reading side say alike: notes, days, ids, maps in their order.

use garde::Validate;
use graph_api::{
    id::is_id,
    insights::{Day, Window, WindowError},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
use utoipa::ToSchema;

use super::{ApiError, Gate};
use crate::{
    error::InputProblem,
    gateway::{Missing, Period},
};

/// Days that one call may ask for: each costs a call to Meta until it is settled and kept.
const LONGEST_DAYS: i64 = 93;

/// Something that is not there, and why.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[garde(allow_unvalidated)]
pub(crate) struct NoteOut {
    #[schema(example = "website_clicks")]
    pub(crate) metric: String,
    pub(crate) note: String,
}

impl From<Missing> for NoteOut {
    fn from(missing: Missing) -> Self {
        Self {
            metric: missing.metric,
            note: missing.note,
        }
    }
}

/// A map that keeps Meta's order, which is by size or by age.
#[derive(Debug, Clone, Default)]
pub(crate) struct InOrder(pub(crate) Vec<(String, i64)>);

impl Serialize for InOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (group, number) in &self.0 {
            map.serialize_entry(group, number)?;
        }
        map.end()
    }
}

/// An id of a path: ids go into addresses of Meta's, and anything else would only come back as unknown.
pub(crate) fn meta_id<T: From<String>>(at: &str, text: String) -> Result<T, ApiError> {
    if is_id(&text) {
        Ok(text.into())
    } else {
        Err(ApiError::invalid_at(at, "is no id of Meta's"))
    }
}

/// A moment as Meta writes it.
pub(crate) fn meta_time(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .unwrap_or_default()
        .strftime("%Y-%m-%dT%H:%M:%S+0000")
        .to_string()
}

/// A moment that a caller names: a day (UTC) or a time, as epoch seconds.
pub(crate) fn moment(at: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let day = || {
        let day: jiff::civil::Date = text.parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok()
    };
    let moment = if text.len() == 10 {
        day().map(|midnight| midnight.timestamp())
    } else {
        text.parse::<Timestamp>().ok()
    };
    match moment {
        Some(moment) => Ok(Some(moment.as_second())),
        None => Err(ApiError::invalid_at(
            at,
            "must be a day like 2026-01-31 or a time like 2026-01-31T12:00:00Z",
        )),
    }
}

/// The days that a caller asks for; without any, the last one that is over. Every problem is told at once.
pub(crate) fn window(
    gate: &Gate,
    period: Option<&str>,
    since: Option<&str>,
    until: Option<&str>,
) -> Result<(Period, Window), ApiError> {
    let mut problems = Vec::new();
    let mut wrong = |at: &str, says: &str| {
        problems.push(InputProblem {
            at: at.to_owned(),
            says: says.to_owned(),
        });
    };
    let period = match period.filter(|word| !word.is_empty()) {
        None => Some(Period::Day),
        Some(word) => Period::of_word(word),
    };
    if period.is_none() {
        wrong("period", "must be day, week or days_28");
    }
    let mut day = |at: &str, text: Option<&str>| {
        let text = text.filter(|text| !text.is_empty())?;
        let day = Day::parse(text);
        if day.is_none() {
            wrong(at, "must be a day like 2024-01-31");
        }
        day
    };
    let (first, last) = (day("since", since), day("until", until));
    let now_ms = gate.clock.now_ms();
    let window = match (first, last) {
        (None, None) => Ok(Window::last(1, now_ms)),
        (Some(since), None) => {
            let until = since.max(Day::of(now_ms));
            Window::new(since, until, now_ms, LONGEST_DAYS)
        }
        (since, Some(until)) => Window::new(since.unwrap_or(until), until, now_ms, LONGEST_DAYS),
    };
    match (period, window) {
        (Some(period), Ok(window)) if problems.is_empty() => Ok((period, window)),
        (_, window) => {
            if let Err(error) = window {
                let at = match error {
                    WindowError::TooLong(_) => "until",
                    WindowError::Backwards | WindowError::Future => "since",
                };
                problems.push(InputProblem {
                    at: at.to_owned(),
                    says: error.to_string(),
                });
            }
            Err(ApiError::invalid(problems))
        }
    }
}
