//! The person's day: which day a request counts towards and when the count starts again.
//!
//! Midnight is local to a configured time zone and comes from the time zone database, because in
//! some zones the day of the clock change has no midnight at all.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// A local day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `2026-11-22`: the name quota rows carry.
    pub name: String,
    /// When the next one begins.
    pub ends_ms: i64,
}

/// The day this moment belongs to.
pub fn day_of(now_ms: i64, zone: &TimeZone) -> Day {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let local = now.to_zoned(zone.clone());
    let ends_ms = local
        .checked_add(1.day())
        .and_then(|tomorrow| tomorrow.start_of_day())
        .map_or(now_ms, |midnight| midnight.timestamp().as_millisecond());
    Day {
        name: local.date().to_string(),
        ends_ms,
    }
}

/// The zone of this IANA name; `None` if the database does not know it.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// The day of this moment in the zone.
pub(crate) fn local_date(at_ms: i64, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(at_ms)
        .unwrap_or_default()
        .to_zoned(zone.clone())
        .date()
}

/// "22/11 14:30" in the zone: how an answer says until when a file can be had.
pub(crate) fn short_local(at_ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(at_ms)
        .map(|at| {
            at.to_zoned(zone.clone())
                .strftime("%d/%m %H:%M")
                .to_string()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: &str, zone_name: &str, name: &str, ends: &str) {
        let zone = zone(zone_name).expect("a zone of the database");
        let now: Timestamp = now.parse().expect("a timestamp");
        let ends: Timestamp = ends.parse().expect("a timestamp");
        let day = day_of(now.as_millisecond(), &zone);
        assert_eq!(
            day,
            Day {
                name: name.into(),
                ends_ms: ends.as_millisecond()
            }
        );
    }

    #[test]
    fn the_day_is_the_local_one() {
        check(
            "2026-11-22T02:59:59Z",
            "America/Sao_Paulo",
            "2026-11-21",
            "2026-11-22T03:00:00Z",
        );
        check(
            "2026-11-22T03:00:00Z",
            "America/Sao_Paulo",
            "2026-11-22",
            "2026-11-23T03:00:00Z",
        );
        check(
            "2026-11-22T03:00:00Z",
            "UTC",
            "2026-11-22",
            "2026-11-23T00:00:00Z",
        );
    }

    #[test]
    fn a_day_without_midnight_starts_when_its_clock_does() {
        // Sao Paulo jumped from 23:59:59 to 01:00 on 2018-11-04.
        check(
            "2018-11-03T20:00:00Z",
            "America/Sao_Paulo",
            "2018-11-03",
            "2018-11-04T03:00:00Z",
        );
        // Lisbon's short day of 2027 has 23 hours.
        check(
            "2027-03-28T12:00:00Z",
            "Europe/Lisbon",
            "2027-03-28",
            "2027-03-28T23:00:00Z",
        );
    }
}
