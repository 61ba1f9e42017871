//! What every handler of the API may use, built once.

use std::sync::Arc;

use bot::channel::instagram::SharedBudget;
use graph_api::client::Graph;
use store::{Clock, Store};
use tokio_util::sync::CancellationToken;

use super::Allowances;
use crate::{accounts::Registry, gateway::Gateway, settings::Settings};

/// The parts behind the API.
pub(crate) struct Gate {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    /// The client that the bot uses as well.
    pub(crate) graph: Arc<Graph>,
    /// The allowance that the bot spends as well.
    pub(crate) budget: SharedBudget,
    pub(crate) accounts: Arc<Registry>,
    /// What is kept of Meta's answers, and what was learned from its refusals.
    pub(crate) gateway: Arc<Gateway>,
    /// How often each caller may ask.
    pub(crate) limits: Allowances,
    /// Cancelled when the server is asked to end: streams end then.
    pub(crate) stop: CancellationToken,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}
