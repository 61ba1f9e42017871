//! `online_followers`: how many followers were online in each hour of a day.
//! <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)
//!
//! A call of its own with `period=lifetime`, for accounts with at least 100 followers, for the last 30 days. Each value
//! is about one of Meta's days, which end at the Pacific's midnight; hours are numbered from 0 to 23. Meta does not say
//! in which zone, so they are read as hours of that day. A day that it has not finished counting is an empty object.

use std::collections::BTreeMap;

use serde_json::Value;

/// Heads by the hour, as far as this value says them.
pub fn online_hours(value: &Value) -> BTreeMap<u32, i64> {
    let hours = value.as_object().into_iter().flatten();
    hours
        .filter_map(|(hour, heads)| {
            let hour: u32 = hour.parse().ok().filter(|hour| *hour < 24)?;
            Some((hour, super::whole(heads)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hours_are_numbers_below_twenty_four() {
        let value = json!({"0": 12, "9": "31", "10": 4, "24": 1, "noon": 1, "11": null});
        assert_eq!(online_hours(&value), [(0, 12), (9, 31), (10, 4)].into());
        for empty in [json!({}), json!(7), json!(null)] {
            assert!(online_hours(&empty).is_empty(), "{empty}");
        }
    }
}
