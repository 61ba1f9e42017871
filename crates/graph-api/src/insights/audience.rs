//! Who the people are: Meta gives head counts by one dimension a call, and the top 45 rows only. Shares are made here.

use super::reading::{Insight, whole};

/// What people are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Axis {
    /// `13-17`, `18-24`, …
    Age,
    /// `F`, `M`, `U`.
    Gender,
    /// Two letters.
    Country,
    /// City and region.
    City,
}

impl Axis {
    /// The three that the document shows.
    pub const DOCUMENT: [Self; 3] = [Self::Age, Self::Gender, Self::Country];

    /// Meta's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Gender => "gender",
            Self::Country => "country",
            Self::City => "city",
        }
    }
}

/// Which people count.
/// <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timeframe {
    /// The last 7 days.
    ThisWeek,
    /// The last 30 days.
    ThisMonth,
}

impl Timeframe {
    /// Meta's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ThisWeek => "this_week",
            Self::ThisMonth => "this_month",
        }
    }

    /// The nearest to a period of the document; there are no daily demographics.
    pub fn of_period(period: &str) -> Option<Self> {
        match period {
            "lifetime" | "days_28" => Some(Self::ThisMonth),
            "day" | "week" => Some(Self::ThisWeek),
            _ => None,
        }
    }
}

/// The head counts of one axis. The axis is found by its name: Meta may put `timeframe` before it.
pub fn counts(insight: &Insight, axis: Axis) -> Vec<(String, i64)> {
    let breakdowns = insight
        .total_value
        .iter()
        .flat_map(|total| &total.breakdowns);
    let mut counts = Vec::new();
    for breakdown in breakdowns {
        let keys = &breakdown.dimension_keys;
        let Some(at) = keys
            .iter()
            .position(|key| key.eq_ignore_ascii_case(axis.as_str()))
        else {
            continue;
        };
        for row in &breakdown.results {
            if let (Some(name), Some(count)) = (row.dimension_values.get(at), whole(&row.value)) {
                counts.push((name.clone(), count));
            }
        }
    }
    counts
}

/// A group's part of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The group.
    pub group: String,
    /// How many.
    pub count: i64,
    /// Of a hundred, rounded to the nearest whole number, halves up. Each is rounded by itself, so that they may add
    /// up to a little more or less than a hundred.
    pub percent: i64,
}

/// Head counts as shares of all that Meta returned (`U`, unknown, included).
pub fn shares(counts: &[(String, i64)]) -> Vec<Share> {
    let all: i128 = counts.iter().map(|(_, count)| i128::from(*count)).sum();
    let percent = |count: i64| {
        if all <= 0 {
            return 0;
        }
        let rounded = (i128::from(count) * 200 + all) / (2 * all);
        i64::try_from(rounded).unwrap_or_default()
    };
    counts
        .iter()
        .map(|(group, count)| Share {
            group: group.clone(),
            count: *count,
            percent: percent(*count),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn insight(keys: &[&str], rows: &serde_json::Value) -> Insight {
        serde_json::from_value(json!({"name": "follower_demographics", "total_value": {
            "breakdowns": [{"dimension_keys": keys, "results": rows}]}}))
        .unwrap()
    }

    #[test]
    fn an_axis_is_found_by_its_name() {
        let rows = json!([{"dimension_values": ["LAST_30_DAYS", "BR"], "value": 70}]);
        let read = counts(&insight(&["timeframe", "country"], &rows), Axis::Country);
        assert_eq!(read, [("BR".to_owned(), 70)]);
        let rows = json!([{"dimension_values": ["F"], "value": "3"}, {"dimension_values": []}]);
        let gender = insight(&["GENDER"], &rows);
        assert_eq!(counts(&gender, Axis::Gender), [("F".to_owned(), 3)]);
        assert_eq!(counts(&gender, Axis::Age), []);
    }

    #[test]
    fn shares_are_rounded_each_by_itself() {
        let people = [("M", 45), ("F", 55), ("U", 1)].map(|(group, n)| (group.to_owned(), n));
        let percents: Vec<i64> = shares(&people).iter().map(|share| share.percent).collect();
        assert_eq!(percents, [45, 54, 1]);
        assert_eq!(shares(&[("F".to_owned(), 0)])[0].percent, 0);
        assert_eq!(shares(&[]), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_share_is_never_off_by_more_than_a_half(numbers in proptest::collection::vec(0_i64..10_000_000, 1..45)) {
            let people: Vec<(String, i64)> = numbers.iter().map(|n| ("x".to_owned(), *n)).collect();
            let all: i64 = numbers.iter().sum();
            for share in shares(&people) {
                // |percent/100 − count/all| ≤ 1/200, without fractions.
                prop_assert!(all == 0 || (share.percent * all - 100 * share.count).abs() * 2 <= all);
            }
        }
    }
}
