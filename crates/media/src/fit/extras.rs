//! What else is made of a file: a small still picture of it, its sound alone.

use std::path::Path;
use std::time::Duration;

use super::ffmpeg::{Ended, Input};
use super::{Fitter, Job, fitted, plain_name};
use crate::{ChannelLimits, FitError, FitHow, Fitted, Item, Progress};

/// Thumbnails: Telegram takes JPEG of at most 320 pixels a side and 200 kB
/// (<https://core.telegram.org/bots/api#sendvideo>, read 2026-11-22).
const THUMBNAIL_SIDE: u32 = 320;
const THUMBNAIL_BYTES: u64 = 200_000;
const THUMBNAIL_AT: Duration = Duration::from_secs(1);

impl Fitter {
    /// A small still picture of a file of ours.
    pub(crate) async fn thumbnail(&self, file: &str, dir: &Path) -> Result<String, FitError> {
        let Some(stem) = plain_name(file) else {
            return Err(FitError::Refused("not a file name of ours".to_owned()));
        };
        let probed = self.prober.probe(dir, file).await?;
        let input = Input {
            dir,
            file,
            container: probed.container,
        };
        // The first picture is often black.
        let is_long = probed
            .duration
            .is_some_and(|duration| duration > 2 * THUMBNAIL_AT);
        let at = if is_long {
            THUMBNAIL_AT
        } else {
            Duration::ZERO
        };
        let to = format!("{stem}-thumb.jpg");
        for quality in [5, 12, 24] {
            let look = (THUMBNAIL_SIDE, quality);
            if self
                .ffmpeg
                .jpeg(&input, at.as_secs_f64(), look, &to)
                .await?
                != Ended::Well
            {
                return Err(FitError::Refused("cannot be decoded".to_owned()));
            }
            let made = std::fs::metadata(dir.join(&to));
            if made.is_ok_and(|made| made.len() <= THUMBNAIL_BYTES) {
                return Ok(to);
            }
        }
        Err(FitError::TooBig)
    }

    /// The sound of `item` alone.
    pub(crate) async fn sound_of(
        &self,
        item: &Item,
        dir: &Path,
        limits: &ChannelLimits,
    ) -> Result<Fitted, FitError> {
        let Some(stem) = plain_name(&item.file) else {
            return Err(FitError::Refused("not a file name of ours".to_owned()));
        };
        let probed = self.prober.probe(dir, &item.file).await?;
        if probed.audio_codec.is_none() {
            return Err(FitError::Refused("has no sound".to_owned()));
        }
        let input = Input {
            dir,
            file: &item.file,
            container: probed.container,
        };
        let job = Job {
            input,
            probed: &probed,
            limits,
            progress: &Progress::none(),
            stem,
        };
        let name = job.name("sound.m4a");
        if let Ok(made) = self.prober.probe(dir, &name).await
            && made.bytes <= limits.hard_bytes
        {
            return Ok(fitted(&name, &made, FitHow::Audio));
        }
        // Several people may ask at once: each makes one, and under its name there only ever stands a whole one.
        let own = job.name(&format!("sound-{:016x}.m4a", rand::random::<u64>()));
        let mut made = self.sound(&job, &own).await?;
        if made.file == own {
            tokio::fs::rename(dir.join(&own), dir.join(&name))
                .await
                .map_err(|error| FitError::Tools(error.to_string()))?;
            made.file = name;
        }
        Ok(made)
    }
}
