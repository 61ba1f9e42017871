//! One metric in the document's shape, with what we add: whether it is there, and what it was made of.

use graph_api::insights::words;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One metric.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InsightOut {
    #[schema(example = "reach")]
    pub(super) name: String,
    /// `lifetime`, `day`, `week`, `days_28`.
    #[schema(example = "lifetime")]
    pub(super) period: String,
    pub(super) values: Vec<ValueOut>,
    #[schema(example = "Reach")]
    pub(super) title: String,
    pub(super) description: String,
    /// False where Meta does not give it; its value is then 0 and means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) available: Option<bool>,
    /// Why it is not there, or what to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    /// The metric of today that this one was made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "views")]
    pub(super) derived_from: Option<&'static str>,
}

/// A value.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ValueOut {
    /// A number.
    #[schema(example = 1250)]
    pub(super) value: Value,
    /// The end of its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2024-01-15T08:00:00+0000")]
    pub(super) end_time: Option<String>,
    /// True where Meta does not say it and it follows from what Meta says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) derived: Option<bool>,
}

impl InsightOut {
    /// A metric with our words for it; Meta's own replace them where it sent some.
    pub(super) fn new(name: &str, period: &str, values: Vec<ValueOut>) -> Self {
        let (title, description) = words(name);
        let title = if title.is_empty() { name } else { title };
        Self {
            name: name.to_owned(),
            period: period.to_owned(),
            values,
            title: title.to_owned(),
            description: description.to_owned(),
            available: None,
            note: None,
            derived_from: None,
        }
    }

    pub(super) fn said_by_meta(
        mut self,
        title: Option<String>,
        description: Option<String>,
    ) -> Self {
        if let Some(title) = title {
            self.title = title;
        }
        if let Some(description) = description {
            self.description = description;
        }
        self
    }
}

impl ValueOut {
    pub(super) fn of(value: impl Into<Value>) -> Self {
        Self {
            value: value.into(),
            end_time: None,
            derived: None,
        }
    }
}
