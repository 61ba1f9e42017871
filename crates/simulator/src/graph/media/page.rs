//! Pages of a list of media: cursors, and the addresses of the pages before and after, which carry the token.

use serde_json::{Value, json};

use super::View;
use crate::graph::call::Call;
use crate::graph::error::GraphError;
use crate::graph::fields::Field;
use crate::world::Shared;
use crate::world::media::{Media, iso};

/// Meta gives no figure for Instagram; the Graph's usual one.
const USUAL: usize = 25;
/// More than these are not given at once (seen in practice, 2026-09).
const MOST: usize = 100;

/// What part of a list is asked.
#[derive(Debug)]
pub(super) struct Page {
    limit: usize,
    after: Option<(i64, String)>,
    before: Option<(i64, String)>,
    since_ms: Option<i64>,
    until_ms: Option<i64>,
}

impl Page {
    pub(super) fn asked(call: &Call) -> Result<Self, GraphError> {
        let text = |name: &str| call.params.text(name).filter(|text| !text.is_empty());
        let limit = text("limit")
            .map(|limit| {
                limit
                    .parse::<usize>()
                    .ok()
                    .filter(|limit| *limit > 0)
                    .ok_or_else(|| GraphError::argument("param limit must be a positive integer"))
            })
            .transpose()?;
        let place = |name: &str| {
            text(name)
                .map(|cursor| {
                    read(&cursor)
                        .ok_or_else(|| GraphError::argument(format!("param {name} is not valid")))
                })
                .transpose()
        };
        let time = |name: &str| {
            text(name)
                .map(|time| {
                    moment(&time)
                        .ok_or_else(|| GraphError::argument(format!("{name} param is not valid")))
                })
                .transpose()
        };
        Ok(Self {
            limit: limit.unwrap_or(USUAL).min(MOST),
            after: place("after")?,
            before: place("before")?,
            since_ms: time("since")?,
            until_ms: time("until")?,
        })
    }

    /// Whether it was posted within `since` and `until`.
    pub(super) fn holds(&self, media: &Media) -> bool {
        self.since_ms
            .is_none_or(|since| media.timestamp_ms >= since)
            && self
                .until_ms
                .is_none_or(|until| media.timestamp_ms <= until)
    }

    /// Where the page begins and ends in a list, newest first. A place stays right when something new is
    /// posted or the post it names is gone.
    fn cut(&self, all: &[&Media]) -> (usize, usize) {
        let newer_than = |place: &(i64, String)| {
            all.partition_point(|media| (media.timestamp_ms, &media.id) > (place.0, &place.1))
        };
        if let Some(place) = &self.before {
            let end = newer_than(place);
            return (end.saturating_sub(self.limit), end);
        }
        let start = self.after.as_ref().map_or(0, |place| {
            all.partition_point(|media| (media.timestamp_ms, &media.id) >= (place.0, &place.1))
        });
        (start, all.len().min(start + self.limit))
    }

    pub(super) fn answer(
        &self,
        world: &Shared,
        view: &View<'_>,
        all: &[&Media],
        fields: &[Field],
    ) -> Result<Value, GraphError> {
        let (start, end) = self.cut(all);
        let shown = &all[start..end];
        let data = shown
            .iter()
            .map(|media| view.row(media, fields))
            .collect::<Result<Vec<_>, _>>()?;
        let mut answer = json!({"data": data});
        if let (Some(first), Some(last)) = (shown.first(), shown.last()) {
            let (before, after) = (write(first), write(last));
            answer["paging"] = json!({"cursors": {"before": before, "after": after}});
            if end < all.len() {
                answer["paging"]["next"] = self.address(world, view.call, ("after", &after)).into();
            }
            if start > 0 {
                answer["paging"]["previous"] =
                    self.address(world, view.call, ("before", &before)).into();
            }
        }
        Ok(answer)
    }

    /// A page's address as Meta makes it: everything that was asked, and the token.
    fn address(&self, world: &Shared, call: &Call, (way, cursor): (&str, &str)) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(token) = &call.token {
            query.append_pair("access_token", token);
        }
        for name in ["fields", "since", "until"] {
            if let Some(value) = call.params.text(name) {
                query.append_pair(name, &value);
            }
        }
        query.append_pair("limit", &self.limit.to_string());
        query.append_pair(way, cursor);
        call.address(world, &query.finish())
    }
}

/// Opaque for clients: where a media stands in time.
fn write(media: &Media) -> String {
    let place = format!("{}:{}", media.timestamp_ms, media.id);
    format!("QVFI{}", hex::encode(place))
}

fn read(cursor: &str) -> Option<(i64, String)> {
    let bytes = hex::decode(cursor.strip_prefix("QVFI")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (at, id) = text.split_once(':')?;
    Some((at.parse().ok()?, id.to_owned()))
}

/// `since` and `until`: epoch seconds, a date or an ISO time.
pub(in crate::graph) fn moment(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000);
    }
    // A date alone: its parser would also take a time and forget it.
    if text.len() == 10 {
        return text.parse().ok().map(crate::world::pacific::start_ms);
    }
    iso::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went() {
        let media = Media::new("17900000000000001", "1", 1_795_000_000_000);
        assert_eq!(
            read(&write(&media)),
            Some((1_795_000_000_000, "17900000000000001".into()))
        );
        assert_eq!(read("QVFIzz"), None);
        assert_eq!(read("x"), None);
    }

    #[test]
    fn times_come_in_three_spellings() {
        assert_eq!(moment("1795000000"), Some(1_795_000_000_000));
        assert_eq!(moment("2026-11-22"), moment("2026-11-22T08:00:00+0000"));
        assert_eq!(moment("2026-11-22T08:00:01Z"), Some(1_795_334_401_000));
        assert_eq!(moment("yesterday-ish"), None);
    }
}
