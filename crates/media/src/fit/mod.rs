//! The ladder: from a downloaded file to one that the channel takes, with as much of it left as
//! possible. Each rung is tried in turn and its result is looked at, never assumed.

mod extras;
mod ffmpeg;
mod plan;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::probe::sniff::Container;
use crate::probe::{Picture, ProbeError, Probed, Prober, boxes};
use crate::settings::Settings;
use crate::tool::ToolError;
use crate::{ChannelLimits, FitError, FitHow, Fitted, Item, Progress, Step};
use ffmpeg::{Ended, Ffmpeg, Input, Target};

/// A silent preview need not be larger.
const PREVIEW_BYTES: u64 = 1_500_000;

/// Makes files fit.
#[derive(Clone, Debug)]
pub(crate) struct Fitter {
    ffmpeg: Ffmpeg,
    prober: Prober,
    slots: Arc<Semaphore>,
}

/// One file on its way down the ladder.
struct Job<'a> {
    input: Input<'a>,
    probed: &'a Probed,
    limits: &'a ChannelLimits,
    progress: &'a Progress,
    /// What the names of our results begin with, so that the items of a carousel do not meet.
    stem: &'a str,
}

impl From<ToolError> for FitError {
    fn from(error: ToolError) -> Self {
        Self::Tools(error.to_string())
    }
}

impl From<ProbeError> for FitError {
    fn from(error: ProbeError) -> Self {
        match error {
            ProbeError::TooLong => Self::TooLong,
            ProbeError::Tool(detail) => Self::Tools(detail),
            ProbeError::Hostile(_) | ProbeError::NotMedia(_) => Self::Refused(error.to_string()),
        }
    }
}

impl Fitter {
    pub(crate) fn new(settings: &Settings, prober: Prober) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let slots = match settings.media.encode_slots {
            0 => (cores / 2).max(1),
            slots => slots,
        };
        Self {
            ffmpeg: Ffmpeg {
                program: settings.tools.ffmpeg.clone(),
                max_duration: prober.max_duration,
            },
            prober,
            slots: Arc::new(Semaphore::new(slots)),
        }
    }

    pub(crate) async fn fit(
        &self,
        item: &Item,
        dir: &Path,
        limits: &ChannelLimits,
        progress: &Progress,
    ) -> Result<Fitted, FitError> {
        let Some(stem) = plain_name(&item.file) else {
            return Err(FitError::Refused("not a file name of ours".to_owned()));
        };
        let probed = self.prober.probe(dir, &item.file).await?;
        let input = Input {
            dir,
            file: &item.file,
            container: probed.container,
        };
        let job = Job {
            input,
            probed: &probed,
            limits,
            progress,
            stem,
        };
        let fitted = match &probed.picture {
            _ if probed.container.is_image() => self.picture(&job).await,
            Some(picture) => self.film(&job, picture).await,
            None => self.sound(&job, &job.name("fit.m4a")).await,
        }?;
        progress.report(Step::Fit, 1.0);
        Ok(fitted)
    }

    async fn film(&self, job: &Job<'_>, picture: &Picture) -> Result<Fitted, FitError> {
        if let Some(fitted) = self.unchanged(job, picture).await? {
            return Ok(fitted);
        }
        let _slot = self
            .slots
            .acquire()
            .await
            .map_err(|_| FitError::Tools("stopping".into()))?;
        let duration = job.probed.duration.unwrap_or(self.prober.max_duration);
        if let Some(fitted) = self.encoded(job, picture, duration).await? {
            return Ok(fitted);
        }
        self.preview(job, duration).await
    }

    /// Rungs 0 and 1: nothing is decoded.
    async fn unchanged(
        &self,
        job: &Job<'_>,
        picture: &Picture,
    ) -> Result<Option<Fitted>, FitError> {
        if job.probed.bytes > job.limits.hard_bytes || !plan::picture_fits(picture) {
            return Ok(None);
        }
        if plan::is_mp4(job.probed) && plan::codecs_fit(job.probed) {
            let layout = boxes::layout(&job.input.dir.join(job.input.file));
            if layout.is_ok_and(boxes::Layout::plays_at_once) {
                return Ok(Some(fitted(
                    job.input.file,
                    job.probed,
                    FitHow::PassThrough,
                )));
            }
        }
        let to = job.name("remux.mp4");
        let copy_audio = plan::codecs_fit(job.probed);
        // Copying does not know how large it will get, so it gets a little more than it may keep.
        let target = Target {
            file: &to,
            max_bytes: job.limits.hard_bytes / 50 * 51,
        };
        let ended = self.ffmpeg.remux(&job.input, copy_audio, target).await?;
        let made = self.checked(job, ended, target, FitHow::Remux).await?;
        Ok(made.filter(|made| made.bytes <= job.limits.hard_bytes))
    }

    /// Rungs 2 and 3: one capped encode, and if it missed the limit, two passes one rung lower.
    async fn encoded(
        &self,
        job: &Job<'_>,
        picture: &Picture,
        duration: Duration,
    ) -> Result<Option<Fitted>, FitError> {
        let has_audio = job.probed.audio_codec.is_some();
        let max_bytes = job.limits.hard_bytes;
        let Some(encode) = plan::first(picture, has_audio, duration, job.limits) else {
            return Ok(None);
        };
        let to = job.name("fit.mp4");
        let target = Target {
            file: &to,
            max_bytes,
        };
        let ended = self
            .ffmpeg
            .capped(&job.input, &encode, target, job.progress)
            .await?;
        let how = FitHow::Reencoded {
            short_side: encode.short_side(),
        };
        if let Some(fitted) = self.checked(job, ended, target, how).await? {
            return Ok(Some(fitted));
        }
        // Out of time or undecodable: a second, longer encode would end no better.
        if ended != Ended::Well {
            return Ok(None);
        }
        let Some(encode) = plan::second(picture, has_audio, &encode, job.limits) else {
            return Ok(None);
        };
        let to = job.name("fit2.mp4");
        let target = Target {
            file: &to,
            max_bytes,
        };
        let ended = self
            .ffmpeg
            .two_pass(&job.input, &encode, target, job.progress)
            .await?;
        let how = FitHow::TwoPass {
            short_side: encode.short_side(),
        };
        self.checked(job, ended, target, how).await
    }

    /// Rung 4: a few silent seconds.
    async fn preview(&self, job: &Job<'_>, duration: Duration) -> Result<Fitted, FitError> {
        if job.limits.prefer_gif {
            let to = job.name("preview.gif");
            let target = Target {
                file: &to,
                max_bytes: job.limits.gif_bytes,
            };
            for shape in [(320, 10, 128), (240, 8, 64), (160, 6, 32)] {
                let ended = self.ffmpeg.gif(&job.input, shape, target).await?;
                if let Some(fitted) = self.checked(job, ended, target, FitHow::Gif).await? {
                    return Ok(fitted);
                }
            }
        }
        let to = job.name("preview.mp4");
        let target = Target {
            file: &to,
            max_bytes: job.limits.hard_bytes.min(PREVIEW_BYTES),
        };
        let ended = self
            .ffmpeg
            .preview(&job.input, duration.as_secs_f64(), target)
            .await?;
        if ended == Ended::Badly {
            return Err(FitError::Refused("cannot be decoded".to_owned()));
        }
        self.checked(job, ended, target, FitHow::Preview)
            .await?
            .ok_or(FitError::TooBig)
    }

    async fn picture(&self, job: &Job<'_>) -> Result<Fitted, FitError> {
        let max = match job.probed.container {
            Container::Gif => job.limits.gif_bytes,
            _ => job.limits.image_bytes,
        };
        let sent_as_it_is = matches!(
            job.probed.container,
            Container::Jpeg | Container::Png | Container::Gif
        );
        if sent_as_it_is && job.probed.bytes <= max {
            return Ok(fitted(job.input.file, job.probed, FitHow::PassThrough));
        }
        for look in [(2160, 3), (1440, 6), (1080, 12)] {
            let to = job.name("fit.jpg");
            if self.ffmpeg.jpeg(&job.input, 0.0, look, &to).await? != Ended::Well {
                return Err(FitError::Refused("cannot be decoded".to_owned()));
            }
            let made = self.prober.probe(job.input.dir, &to).await?;
            if made.bytes <= job.limits.image_bytes {
                return Ok(fitted(&to, &made, FitHow::Image));
            }
        }
        Err(FitError::TooBig)
    }

    async fn sound(&self, job: &Job<'_>, to: &str) -> Result<Fitted, FitError> {
        let max_bytes = job.limits.hard_bytes;
        let is_aac = job.probed.audio_codec.as_deref() == Some("aac");
        let is_alone = job.probed.picture.is_none();
        if is_alone && is_aac && plan::is_mp4(job.probed) && job.probed.bytes <= max_bytes {
            return Ok(fitted(job.input.file, job.probed, FitHow::PassThrough));
        }
        for bits_per_second in [128_000, 64_000] {
            let target = Target {
                file: to,
                max_bytes,
            };
            let ended = self
                .ffmpeg
                .audio(&job.input, bits_per_second, target)
                .await?;
            if ended == Ended::Badly {
                return Err(FitError::Refused("cannot be decoded".to_owned()));
            }
            if let Some(fitted) = self.checked(job, ended, target, FitHow::Audio).await? {
                return Ok(fitted);
            }
        }
        Err(FitError::TooBig)
    }

    /// Looks at what was made. ffmpeg cuts a file silently when it reaches `-fs`, so a file that
    /// comes close to the limit counts as cut.
    async fn checked(
        &self,
        job: &Job<'_>,
        ended: Ended,
        target: Target<'_>,
        how: FitHow,
    ) -> Result<Option<Fitted>, FitError> {
        if ended != Ended::Well {
            return Ok(None);
        }
        let made = match self.prober.probe(job.input.dir, target.file).await {
            Ok(made) => made,
            Err(ProbeError::Tool(detail)) => return Err(FitError::Tools(detail)),
            Err(_) => return Ok(None),
        };
        let cut = made.bytes >= target.max_bytes - target.max_bytes / 100;
        let silenced = job.probed.audio_codec.is_some() && made.audio_codec.is_none();
        let may_be_silent = matches!(how, FitHow::Preview | FitHow::Gif);
        if cut || (silenced && !may_be_silent) {
            return Ok(None);
        }
        Ok(Some(fitted(target.file, &made, how)))
    }
}

impl Job<'_> {
    fn name(&self, rest: &str) -> String {
        format!("{}-{rest}", self.stem)
    }
}

/// The stem of a name that can only mean a file in the job's folder.
fn plain_name(file: &str) -> Option<&str> {
    let plain = file
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let stem = file.split('.').next().unwrap_or_default();
    (plain && !stem.is_empty() && !file.starts_with('-')).then_some(stem)
}

fn fitted(file: &str, probed: &Probed, how: FitHow) -> Fitted {
    Fitted {
        file: file.to_owned(),
        bytes: probed.bytes,
        duration_ms: probed.duration_ms(),
        width: probed.picture.as_ref().map(|picture| picture.width),
        height: probed.picture.as_ref().map(|picture| picture.height),
        how,
        has_audio: probed.audio_codec.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours() {
        assert_eq!(plain_name("item-0.mp4"), Some("item-0"));
        for bad in [
            "", ".", "..", "../x.mp4", "a/b.mp4", "-y.mp4", "http:x", ".hidden", "a b.mp4",
        ] {
            assert_eq!(plain_name(bad), None, "{bad}");
        }
    }
}
