//! The line that reels wait in, told truthfully.

use media::Language;
use store::StoreError;
use uuid::Uuid;

use crate::context::Context;
use crate::plan::REEL;
use crate::told;

/// So many finished reels say how long one usually takes.
const USUAL_OF: u32 = 25;

impl Context {
    /// "You are 3rd in line, about 40 seconds", if this job has to wait for others.
    pub(crate) async fn waits(
        &self,
        job: Uuid,
        language: Language,
    ) -> Result<Option<String>, StoreError> {
        let Some(place) = self.store.place_in_line(job).await? else {
            return Ok(None);
        };
        let hands = u32::try_from(self.settings.concurrency.max(1)).unwrap_or(1);
        if place.ahead < hands {
            return Ok(None);
        }
        let nth = place.ahead.saturating_sub(place.running) + 1;
        let usual_ms = self.store.usual_ms(REEL, USUAL_OF).await?;
        let wait_ms = usual_ms
            .and_then(|usual_ms| u64::try_from(usual_ms).ok())
            .map(|usual_ms| u64::from(place.ahead) * usual_ms / u64::from(hands))
            .filter(|wait_ms| *wait_ms >= 1_000);
        Ok(Some(told::queued(language, nth.into(), wait_ms)))
    }
}
