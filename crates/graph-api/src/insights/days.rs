//! Meta's days: calendar days of the Pacific coast, so 23 to 25 hours long, and windows of them in pieces that one
//! call may ask for.

use super::{SETTLED_MS, WINDOW_S};
use crate::time::epoch_ms;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use std::fmt;

/// The zone in which Meta's days begin.
/// <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)
const ZONE: &str = "America/Los_Angeles";

/// What holds there since 2007, and so on every day that Instagram has seen: for a machine without time zones.
const RULE: &str = "PST8PDT,M3.2.0,M11.1.0";

/// A day as Meta counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn pacific() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or_else(|_| by_rule())
}

fn by_rule() -> TimeZone {
    TimeZone::posix(RULE).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(-8)))
}

impl Day {
    /// A day written as `2026-11-22`, and in no other way.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 10 && text.bytes().all(|c| c.is_ascii_digit() || c == b'-');
        let date: Date = plain.then(|| text.parse().ok()).flatten()?;
        // Instagram is from 2010; far away days would only overflow sums.
        (2010..=2100).contains(&date.year()).then_some(Self(date))
    }

    /// The day to which this moment belongs.
    pub fn of(at_ms: i64) -> Self {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        Self(at.to_zoned(pacific()).date())
    }

    /// So many days later, or earlier.
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// Midnight at its beginning, in epoch seconds.
    pub fn start_s(self) -> i64 {
        self.0
            .to_zoned(pacific())
            .map_or(0, |midnight| midnight.timestamp().as_second())
    }

    /// Midnight at its end.
    pub fn end_s(self) -> i64 {
        self.plus(1).start_s()
    }

    /// Its end as Meta writes it: `2024-01-15T08:00:00+0000`.
    pub fn end_time(self) -> String {
        Timestamp::from_second(self.end_s())
            .unwrap_or_default()
            .strftime("%Y-%m-%dT%H:%M:%S+0000")
            .to_string()
    }

    /// The day that a value with this `end_time` is about.
    pub fn of_end_time(end_time: &str) -> Option<Self> {
        Some(Self::of(epoch_ms(end_time)? - 1000))
    }

    /// Whether its numbers are final.
    pub fn is_settled(self, now_ms: i64) -> bool {
        self.end_s() * 1000 + SETTLED_MS <= now_ms
    }

    /// Days from here to there.
    pub fn days_until(self, other: Self) -> i64 {
        i64::from(self.0.until(other.0).map_or(0, |span| span.get_days()))
    }
}

/// Days from the first to the last, both included.
///
/// ```
/// use graph_api::insights::{Day, Window};
///
/// let (since, until) = (Day::parse("2026-01-01").unwrap(), Day::parse("2026-02-09").unwrap());
/// let window = Window::new(since, until, until.end_s() * 1000, 93).unwrap();
/// // Meta takes thirty days a call.
/// assert_eq!(window.days().count(), 40);
/// assert_eq!(window.slices().len(), 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first.
    pub since: Day,
    /// The last.
    pub until: Day,
}

/// Why there is no such window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Its end lies before its beginning.
    #[error("since is after until")]
    Backwards,
    /// It begins later than tomorrow.
    #[error("since is in the future")]
    Future,
    /// More days than anybody should ask for at once.
    #[error("it is longer than {0} days")]
    TooLong(i64),
}

/// What one call asks for, in epoch seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// `since`
    pub since_s: i64,
    /// `until`
    pub until_s: i64,
}

impl Window {
    /// The days from `since` to `until`, cut off at today. Most of the world is already at tomorrow when the Pacific's
    /// today ends, so who asks from tomorrow on means today.
    pub fn new(
        since: Day,
        until: Day,
        now_ms: i64,
        longest_days: i64,
    ) -> Result<Self, WindowError> {
        let today = Day::of(now_ms);
        if since > until {
            return Err(WindowError::Backwards);
        }
        if since > today.plus(1) {
            return Err(WindowError::Future);
        }
        let (since, until) = (since.min(today), until.min(today));
        if since.days_until(until) >= longest_days {
            return Err(WindowError::TooLong(longest_days));
        }
        Ok(Self { since, until })
    }

    /// The last `days` days that are over.
    pub fn last(days: i64, now_ms: i64) -> Self {
        let until = Day::of(now_ms).plus(-1);
        Self {
            since: until.plus(1 - days),
            until,
        }
    }

    /// Its days, first to last.
    pub fn days(self) -> impl Iterator<Item = Day> {
        let count = self.since.days_until(self.until);
        (0..=count).map(move |at| self.since.plus(at))
    }

    /// The whole window as one span, midnight to midnight.
    pub fn span(self) -> Span {
        Span {
            since_s: self.since.start_s(),
            until_s: self.until.end_s(),
        }
    }

    /// In pieces of at most thirty days, for a series of daily values. A value belongs to a window by its
    /// `end_time`, which is the midnight after its day, so a piece that is a little too long in seconds may begin
    /// after the first midnight and loses nothing.
    pub fn slices(self) -> Vec<(Self, Span)> {
        let mut pieces = Vec::new();
        let mut since = self.since;
        while since <= self.until {
            let piece = Self {
                since,
                until: since.plus(29).min(self.until),
            };
            let mut span = piece.span();
            span.since_s = span.since_s.max(span.until_s - WINDOW_S);
            pieces.push((piece, span));
            since = piece.until.plus(1);
        }
        pieces
    }

    /// Whether a value with this `end_time` is of one of its days.
    pub fn holds(self, end_time: &str) -> Option<Day> {
        Day::of_end_time(end_time).filter(|day| (self.since..=self.until).contains(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn days_are_pacific_and_change_their_length() {
        assert_eq!(day("2024-01-15").end_time(), "2024-01-16T08:00:00+0000");
        assert_eq!(day("2024-07-15").end_time(), "2024-07-16T07:00:00+0000");
        let hours = |text| (day(text).end_s() - day(text).start_s()) / 3600;
        assert_eq!(hours("2024-03-10"), 23);
        assert_eq!(hours("2024-11-03"), 25);
        assert_eq!(hours("2024-11-04"), 24);
        // 06:59 UTC on the fifth of June is still the fourth at the Pacific.
        let five = day("2024-06-05").start_s() * 1000;
        assert_eq!(Day::of(five), day("2024-06-05"));
        assert_eq!(Day::of(five - 1), day("2024-06-04"));
    }

    #[test]
    fn a_machine_without_time_zones_has_the_same_days() {
        let mut date = jiff::civil::date(2010, 1, 1);
        while date.year() < 2038 {
            let by = |zone: TimeZone| date.to_zoned(zone).unwrap().timestamp();
            assert_eq!(by(by_rule()), by(TimeZone::get(ZONE).unwrap()), "{date}");
            date = date.tomorrow().unwrap();
        }
    }

    #[test]
    fn a_value_is_of_the_day_that_ended() {
        for (end_time, expected) in [
            ("2024-06-06T07:00:00+0000", "2024-06-05"),
            ("2024-01-16T08:00:00+0000", "2024-01-15"),
            ("2024-06-06T07:00:00+00:00", "2024-06-05"),
        ] {
            assert_eq!(
                Day::of_end_time(end_time),
                Some(day(expected)),
                "{end_time}"
            );
        }
        assert_eq!(Day::of_end_time("yesterday"), None);
    }

    #[test]
    fn only_one_spelling_is_a_day() {
        for bad in [
            "2024-1-5",
            "2024-13-01",
            "20240115",
            "2024-01-15T00",
            "1999-01-01",
            "",
        ] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn windows_end_today_and_never_run_backwards() {
        let now_ms = (day("2026-11-22").start_s() + 3600) * 1000;
        let make = |since, until| Window::new(day(since), day(until), now_ms, 90);
        let cut = make("2026-11-20", "2026-12-31").unwrap();
        assert_eq!(cut.until, day("2026-11-22"));
        assert_eq!(
            make("2026-11-20", "2026-11-19"),
            Err(WindowError::Backwards)
        );
        // It is the 23rd in London already.
        let today = make("2026-11-23", "2026-11-23").unwrap();
        assert_eq!(
            (today.since, today.until),
            (day("2026-11-22"), day("2026-11-22"))
        );
        assert_eq!(make("2026-11-24", "2026-11-24"), Err(WindowError::Future));
        assert_eq!(
            make("2026-01-01", "2026-11-22"),
            Err(WindowError::TooLong(90))
        );
        assert_eq!(Window::last(7, now_ms).days().count(), 7);
        assert_eq!(Window::last(7, now_ms).until, day("2026-11-21"));
    }

    #[test]
    fn a_day_is_settled_after_two_more() {
        let end_ms = day("2026-11-10").end_s() * 1000;
        assert!(!day("2026-11-10").is_settled(end_ms + SETTLED_MS - 1));
        assert!(day("2026-11-10").is_settled(end_ms + SETTLED_MS));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

        #[test]
        fn slices_hold_every_day_once_and_are_short_enough(from in 0_i64..6_000, length in 0_i64..120) {
            let since = day("2012-01-01").plus(from);
            let window = Window { since, until: since.plus(length) };
            let pieces = window.slices();
            let days: Vec<Day> = pieces.iter().flat_map(|(piece, _)| piece.days()).collect();
            prop_assert_eq!(days, window.days().collect::<Vec<_>>());
            prop_assert_eq!(i64::try_from(pieces.len()), Ok(length / 30 + 1));
            for (piece, span) in pieces {
                prop_assert!(span.until_s - span.since_s <= WINDOW_S);
                for day in piece.days() {
                    // Its `end_time` is what Meta looks at.
                    prop_assert!(span.since_s < day.end_s() && day.end_s() <= span.until_s);
                    prop_assert_eq!(window.holds(&day.end_time()), Some(day));
                }
                prop_assert_eq!(piece.holds(&piece.since.plus(-1).end_time()), None);
            }
        }

        #[test]
        fn a_moment_is_in_the_day_it_belongs_to(at_s in 1_300_000_000_i64..4_000_000_000) {
            let day = Day::of(at_s * 1000);
            prop_assert!(day.start_s() <= at_s && at_s < day.end_s());
            prop_assert_eq!(Day::parse(&day.to_string()), Some(day));
        }
    }
}
