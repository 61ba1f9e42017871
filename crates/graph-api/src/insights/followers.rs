//! Followers: Meta says how many there are now and how many came on each day. What there were earlier follows.

use super::days::Day;

/// The total at the end of each day, newest first known: `total` at the end of the last day, and before it what is
/// left when later days are taken off. `changes` are (day, came that day), in order.
pub fn totals_from_changes(total: i64, changes: &[(Day, i64)]) -> Vec<(Day, i64)> {
    let mut left = total;
    let mut totals: Vec<(Day, i64)> = changes
        .iter()
        .rev()
        .map(|(day, change)| {
            let at_its_end = left;
            left -= change;
            (*day, at_its_end)
        })
        .collect();
    totals.reverse();
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_totals_are_what_is_left() {
        let first = Day::parse("2026-11-01").unwrap();
        let changes = [(first, 5), (first.plus(1), 0), (first.plus(2), 7)];
        let totals = totals_from_changes(100, &changes);
        let numbers: Vec<i64> = totals.iter().map(|(_, total)| *total).collect();
        assert_eq!(numbers, [93, 93, 100]);
        assert_eq!(totals[0].0, first);
        assert_eq!(totals_from_changes(100, &[]), []);
    }
}
