//! Which metrics Meta refuses: learned once, believed for a while, remembered across starts.

use std::sync::PoisonError;

use graph_api::insights::{Family, Refusal, Support, Surface};
use store::RefusalRow;

use super::flow::Gateway;
use crate::api::{Account, Gate};

impl Gateway {
    /// What may be asked for, and what not.
    pub(crate) fn split<'a>(
        &self,
        family: Family,
        surface: Surface,
        wanted: &[&'a str],
        now_ms: i64,
    ) -> (Vec<&'a str>, Vec<&'a str>) {
        let support = self.support.read().unwrap_or_else(PoisonError::into_inner);
        support.split(family, surface, wanted, now_ms)
    }

    /// Remembers that Meta does not give a metric. What it refuses to a token that a caller brought may be that token's
    /// fault, and is believed for that answer alone.
    pub(crate) async fn learn_refusal(
        &self,
        gate: &Gate,
        account: &Account,
        surface: Surface,
        metric: &str,
    ) {
        if account.private.is_some() {
            return;
        }
        let family = Family::from(&account.credentials.login);
        let now_ms = gate.clock.now_ms();
        let learnt = self
            .support
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .learn(family, surface, metric, now_ms);
        let Some(refusal) = learnt else {
            return;
        };
        let row = RefusalRow {
            family: family.as_str().to_owned(),
            surface: surface.as_str().to_owned(),
            metric: refusal.metric,
            until_ms: refusal.until_ms,
        };
        tracing::info!(
            metric,
            surface = row.surface,
            family = row.family,
            "Meta refused a metric; it is left out for a while"
        );
        if let Err(error) = gate.store.keep_refusal(row).await {
            tracing::warn!(%error, "a refusal could not be written down");
        }
    }

    /// Refusals of earlier processes, read once.
    pub(super) async fn remember_refusals(&self, gate: &Gate) {
        let read = self.remembered.get_or_try_init(|| async {
            let rows = gate.store.refusals().await?;
            let refusals = rows.into_iter().filter_map(|row| {
                Some(Refusal {
                    family: Family::from_word(&row.family)?,
                    surface: Surface::from_word(&row.surface)?,
                    metric: row.metric,
                    until_ms: row.until_ms,
                })
            });
            let support = Support::from_refusals(refusals);
            *self.support.write().unwrap_or_else(PoisonError::into_inner) = support;
            Ok::<(), store::StoreError>(())
        });
        if let Err(error) = read.await {
            tracing::warn!(%error, "earlier refusals cannot be read");
        }
    }
}
