//! What an insights call asks: from its arguments, or from `insights.metric(…).period(…)` in a field list.

use serde_json::Value;

use crate::graph::call::Call;
use crate::graph::error::GraphError;
use crate::graph::fields::Field;

#[derive(Debug, Clone, Default)]
pub(in crate::graph) struct Asked {
    pub(super) metrics: Vec<String>,
    pub(super) period: Option<String>,
    pub(super) metric_type: Option<String>,
    pub(super) breakdowns: Vec<String>,
    pub(super) timeframe: Option<String>,
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
}

impl Asked {
    pub(in crate::graph) fn call(call: &Call) -> Result<Self, GraphError> {
        let list = |name: &str| -> Result<Vec<String>, GraphError> {
            match call.params.text(name) {
                Some(text) if !text.trim_start().starts_with('[') => Ok(names(&text)),
                _ => Ok(call
                    .params
                    .list(name)?
                    .unwrap_or_default()
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()),
            }
        };
        let text = |name: &str| call.params.text(name).filter(|text| !text.is_empty());
        Ok(Self {
            metrics: list("metric")?,
            breakdowns: list("breakdown")?,
            period: text("period"),
            metric_type: text("metric_type"),
            timeframe: text("timeframe"),
            since: text("since"),
            until: text("until"),
        })
    }

    pub(in crate::graph) fn field(field: &Field) -> Self {
        let text = |name: &str| field.option(name).map(str::to_owned);
        Self {
            metrics: names(field.option("metric").unwrap_or_default()),
            breakdowns: names(field.option("breakdown").unwrap_or_default()),
            period: text("period"),
            metric_type: text("metric_type"),
            timeframe: text("timeframe"),
            since: text("since"),
            until: text("until"),
        }
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
