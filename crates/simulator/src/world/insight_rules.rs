//! What is open at Meta, or may be gone tomorrow, about insights: a test switches it with `POST /_sim/insights`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What one row without insights does to a list that asks for them in its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expansion {
    /// The row comes without `insights`.
    #[default]
    Omits,
    /// The whole call fails with the row's error.
    Fails,
}

/// Whether demographics take `timeframe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Timeframe {
    /// Taken; engaged and reached audiences need it.
    #[default]
    Accepted,
    /// Refused with 100, which some clients saw.
    Refused,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InsightRules {
    /// Metrics that are refused as if Meta had retired them.
    pub(crate) refuse: BTreeSet<String>,
    pub(crate) expansion: Expansion,
    pub(crate) timeframe: Timeframe,
}
