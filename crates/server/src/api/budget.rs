//! A permit for one call to Meta: waited for within a bound, and told when the bound is too short.

use std::time::Duration;

use graph_api::{
    budget::{Bucket, Permit, Urgency},
    id::AccountId,
};

use super::{ApiError, Gate};
use crate::error::throttled;

/// Waits for a permit as long as `api.wait_seconds` allows; else says when to come back.
pub(crate) async fn permit(
    gate: &Gate,
    account: &AccountId,
    bucket: Bucket,
    urgency: Urgency,
) -> Result<(), ApiError> {
    let patience_ms = i64::from(gate.settings.api.wait_seconds) * 1000;
    let give_up_ms = gate.clock.now_ms().saturating_add(patience_ms);
    loop {
        let now_ms = gate.clock.now_ms();
        match gate.budget.take(account, bucket, urgency, now_ms) {
            Permit::Go => return Ok(()),
            Permit::Wait { until_ms } if until_ms <= give_up_ms => {
                gate.clock.sleep_until(until_ms).await;
            }
            Permit::Wait { until_ms } => {
                let wait_ms = until_ms.saturating_sub(now_ms).unsigned_abs();
                return Err(throttled(Duration::from_millis(wait_ms)));
            }
        }
    }
}
