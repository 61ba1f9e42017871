//! Days as Meta counts them for insights: calendar days in Los Angeles, whatever the account's own zone is.
//! Their `end_time` is 07:00 UTC in summer and 08:00 UTC in winter.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The rule itself instead of a database, which a small container may not have.
fn zone() -> TimeZone {
    TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC)
}

/// The Pacific day that `at_ms` is in.
pub(crate) fn day_of(at_ms: i64) -> Date {
    Timestamp::from_millisecond(at_ms)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned(zone())
        .date()
}

/// When a Pacific day begins.
pub(crate) fn start_ms(day: Date) -> i64 {
    day.to_zoned(zone())
        .map(|at| at.timestamp().as_millisecond())
        .unwrap_or_default()
}

/// When it ends, which is what insights call `end_time`.
pub(crate) fn end_ms(day: Date) -> i64 {
    start_ms(plus(day, 1))
}

/// So many days later, or earlier.
pub(crate) fn plus(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::clock::iso;

    #[test]
    fn days_end_at_seven_in_summer_and_at_eight_in_winter() {
        let day = |year, month, day| Date::new(year, month, day).unwrap();
        assert_eq!(iso(end_ms(day(2026, 7, 14))), "2026-07-15T07:00:00+0000");
        assert_eq!(iso(end_ms(day(2026, 11, 20))), "2026-11-21T08:00:00+0000");
        // The night of the change: a day of 25 hours.
        let change = day(2026, 11, 1);
        assert_eq!(end_ms(change) - start_ms(change), 25 * 3_600_000);
        assert_eq!(day_of(start_ms(change)), change);
        assert_eq!(day_of(start_ms(change) - 1), plus(change, -1));
    }
}
