//! Followers: Meta says how many there are now and how many came on each day. What there were earlier follows, unless
//! somebody counted them then.

use std::collections::BTreeMap;

use super::days::Day;

/// How a total is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Meta's total of this moment.
    Now,
    /// It was counted when the day ended.
    Counted,
    /// A later total less those who came since. Meta's daily changes name who came, not who left.
    Derived,
}

/// All followers at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowerTotal {
    /// The day.
    pub day: Day,
    /// How many.
    pub total: i64,
    /// How that is known.
    pub known: Known,
}

/// Totals from `since` to today, in order, as far as they can be known: backwards from `now`, which is today and its
/// total, by what `changes` says of each day, and anew from each day that was `counted`. A day without either ends the
/// walk until the next day that was counted.
pub fn follower_totals(
    now: (Day, i64),
    changes: &BTreeMap<Day, i64>,
    counted: &BTreeMap<Day, i64>,
    since: Day,
) -> Vec<FollowerTotal> {
    let (today, total) = now;
    let mut totals = vec![FollowerTotal {
        day: today,
        total,
        known: Known::Now,
    }];
    let mut after = Some(total);
    let mut day = today.plus(-1);
    while day >= since {
        let came_after = match changes.get(&day.plus(1)) {
            Some(change) => Some(*change),
            // Who comes today is not told before tomorrow; without yesterday's change nothing is told at all.
            None => (day.plus(1) == today && changes.contains_key(&day)).then_some(0),
        };
        let derived = after.zip(came_after).map(|(after, came)| after - came);
        let (total, known) = match counted.get(&day) {
            Some(total) => (Some(*total), Known::Counted),
            None => (derived, Known::Derived),
        };
        if let Some(total) = total {
            totals.push(FollowerTotal { day, total, known });
        }
        after = total;
        day = day.plus(-1);
    }
    totals.reverse();
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(changes: &[(i64, i64)], counted: &[(i64, i64)]) -> Vec<(i64, i64, Known)> {
        let first = Day::parse("2026-11-01").unwrap();
        let by_day = |list: &[(i64, i64)]| -> BTreeMap<Day, i64> {
            list.iter().map(|(at, n)| (first.plus(*at), *n)).collect()
        };
        let now = (first.plus(5), 100);
        follower_totals(now, &by_day(changes), &by_day(counted), first)
            .iter()
            .map(|it| (first.days_until(it.day), it.total, it.known))
            .collect()
    }

    #[test]
    fn earlier_totals_are_what_is_left() {
        use Known::{Counted, Derived, Now};
        // Nobody says yet who came today, so yesterday ended with what there is now.
        let changes = [(1, 5), (2, 0), (3, 7), (4, 1)];
        assert_eq!(
            numbers(&changes, &[]),
            [
                (0, 87, Derived),
                (1, 92, Derived),
                (2, 92, Derived),
                (3, 99, Derived),
                (4, 100, Derived),
                (5, 100, Now)
            ]
        );
        // What was counted goes before, and the walk goes on from there.
        let with_today = [changes.as_slice(), &[(5, 2)]].concat();
        assert_eq!(
            numbers(&with_today, &[(3, 96)]),
            [
                (0, 84, Derived),
                (1, 89, Derived),
                (2, 89, Derived),
                (3, 96, Counted),
                (4, 98, Derived),
                (5, 100, Now)
            ]
        );
    }

    #[test]
    fn nothing_is_derived_over_a_gap() {
        use Known::{Counted, Derived, Now};
        assert_eq!(numbers(&[], &[]), [(5, 100, Now)]);
        assert_eq!(numbers(&[(2, 9)], &[]), [(5, 100, Now)]);
        assert_eq!(
            numbers(&[(1, 4), (4, 3)], &[(1, 50)]),
            [
                (0, 46, Derived),
                (1, 50, Counted),
                (3, 97, Derived),
                (4, 100, Derived),
                (5, 100, Now)
            ]
        );
    }
}
