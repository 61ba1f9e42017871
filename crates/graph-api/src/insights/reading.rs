//! Insights as Meta answers them, read with patience: numbers may be strings, titles are translated (names are not),
//! lists may be empty or missing, and a total stands beside the values or instead of them.

use crate::lenient;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The numbers of one object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Insights {
    /// One entry a metric. Empty where Meta has no data, which is not zero. `paging` is not kept: it is about other
    /// times and carries the token.
    #[serde(default, deserialize_with = "lenient::list")]
    pub data: Vec<Insight>,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Insight {
    /// Meta's name for it; the only word here that is the same in every language.
    pub name: String,
    /// `lifetime`, `day`, …
    #[serde(default, deserialize_with = "lenient::text")]
    pub period: Option<String>,
    /// For people, in the language of the account.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// For people, in the language of the account.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description: Option<String>,
    /// Its values.
    #[serde(default, deserialize_with = "lenient::list")]
    pub values: Vec<Point>,
    /// Its value for the whole window, with breakdowns.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub total_value: Option<TotalValue>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// A number; for a few metrics an object.
    pub value: Value,
    /// When its period ended.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::text"
    )]
    pub end_time: Option<String>,
}

/// A total.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TotalValue {
    /// The number; missing where only breakdowns are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The same, split.
    #[serde(default, deserialize_with = "lenient::list")]
    pub breakdowns: Vec<Breakdown>,
}

/// A total, split by one or more dimensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The dimensions. Meta sometimes puts `timeframe` before the one that was asked for.
    #[serde(default, deserialize_with = "lenient::list")]
    pub dimension_keys: Vec<String>,
    /// One row for each combination; missing altogether while Meta has none yet.
    #[serde(default, deserialize_with = "lenient::list")]
    pub results: Vec<Row>,
}

/// A row of a breakdown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// As many as there are keys, in their order.
    #[serde(default, deserialize_with = "lenient::list")]
    pub dimension_values: Vec<String>,
    /// How many.
    pub value: Value,
}

impl Insights {
    /// The metric of this name.
    pub fn get(&self, name: &str) -> Option<&Insight> {
        self.data.iter().find(|insight| insight.name == name)
    }
}

impl Insight {
    /// Its one number, wherever it stands; none where Meta has no data.
    pub fn number(&self) -> Option<Value> {
        let total = || self.total_value.as_ref()?.value.as_ref();
        let first = self.values.first().map(|point| &point.value);
        number(first.or_else(total)?)
    }
}

/// A number, also where it is written as a string; anything else is none.
pub(crate) fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => {
            let whole = text.trim().parse::<i64>().map(Value::from).ok();
            whole.or_else(|| {
                let float: f64 = text.trim().parse().ok()?;
                serde_json::Number::from_f64(float).map(Value::Number)
            })
        }
        _ => None,
    }
}

/// A whole number of a value.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    let number = number(value)?;
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|f| f.abs() < 9e15)?;
        #[allow(clippy::cast_possible_truncation)] // within 9e15, checked above
        Some(float as i64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Insights {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn numbers_are_read_wherever_and_however_they_stand() {
        let insights = read(json!({"data": [
            {"name": "views", "period": "lifetime", "values": [{"value": "12"}], "title": 5},
            {"name": "likes", "total_value": {"value": 3}},
            {"name": "reels_skip_rate", "values": [{"value": 9.2}], "title": null},
            {"name": "follows_and_unfollows", "total_value": {"breakdowns": [{"dimension_keys": ["follow_type"]}]}},
            {"name": "reach", "values": []},
        ], "paging": {"next": "https://graph.facebook.com/?access_token=x"}}));
        let number = |name| insights.get(name).unwrap().number();
        assert_eq!(number("views"), Some(json!(12)));
        assert_eq!(number("likes"), Some(json!(3)));
        assert_eq!(number("reels_skip_rate"), Some(json!(9.2)));
        assert_eq!(number("follows_and_unfollows"), None);
        assert_eq!(number("reach"), None);
        assert!(
            !serde_json::to_string(&insights)
                .unwrap()
                .contains("access_token")
        );
    }

    #[test]
    fn what_cannot_be_read_does_not_cost_the_rest() {
        let insights =
            read(json!({"data": [{"period": "day"}, 7, {"name": "reach", "values": null}]}));
        assert_eq!(insights.data.len(), 1);
        assert_eq!(read(json!({"data": null})).data, []);
        assert_eq!(read(json!({})).data, []);
    }
}
