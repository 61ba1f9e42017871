//! The line that reels wait in, told truthfully.

use media::Language;
use store::StoreError;
use uuid::Uuid;

use crate::context::Context;
use crate::plan::REEL;
use crate::texts::{Arg, Text, say};

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
        let nth = ("n", Arg::Number(nth.into()));
        let usual_ms = self.store.usual_ms(REEL, USUAL_OF).await?;
        let wait = usual_ms.map(|usual_ms| i64::from(place.ahead) * usual_ms / i64::from(hands));
        Ok(Some(match wait {
            Some(wait_ms) if wait_ms >= 1_000 => {
                let wait = ("wait", Arg::Words(about(language, wait_ms).into()));
                say(language, Text::QueuePlaceWait, &[nth, wait])
            }
            _ => say(language, Text::QueuePlace, &[nth]),
        }))
    }
}

/// "about 40 seconds": rounded up, so that it is rather too much than too little.
fn about(language: Language, wait_ms: i64) -> String {
    let seconds = (wait_ms + 9_999) / 10_000 * 10;
    let (text, n) = if seconds <= 90 {
        (Text::AboutSeconds, seconds)
    } else {
        (Text::AboutMinutes, (seconds + 59) / 60)
    };
    say(language, text, &[("n", Arg::Number(n))])
}
