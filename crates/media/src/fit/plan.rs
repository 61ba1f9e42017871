//! The arithmetic of the ladder, pure: from what a file is to what an encode should make of it.
//! The figures come from measurements of November 2026 on a grainy 60 s clip: what matters most is
//! bits per pixel, and a smaller sharp picture beats a large blurred one.

use std::time::Duration;

use crate::ChannelLimits;
use crate::probe::sniff::Container;
use crate::probe::{Picture, Probed, to_u32};

/// Short sides that an encode may have, largest first.
const RUNGS: [u32; 4] = [1080, 720, 540, 360];

/// Bits per pixel and frame below which a smaller picture looks better.
const MIN_BITS_PER_PIXEL: f64 = 0.09;

/// Frames per second of an encode; nobody misses more on a phone.
const MAX_FPS: f64 = 30.0;

/// Frames per second of the lowest rung.
const FLOOR_FPS: f64 = 24.0;

/// Bits per second of picture below which even the lowest rung is not worth watching.
const MIN_VIDEO_BPS: f64 = 180_000.0;

/// More than this helps nobody at 1080 lines, however short the clip.
const MAX_VIDEO_BPS: f64 = 12_000_000.0;

/// Share of the file that is left for the container.
const PAYLOAD: f64 = 0.985;

/// One encode.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Encode {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) fps: f64,
    pub(super) crf: u32,
    /// Bits per second for the picture.
    pub(super) video_bps: f64,
    /// Bits per second for the sound.
    pub(super) audio_bps: u32,
    pub(super) mono: bool,
    /// Length of the clip.
    pub(super) seconds: f64,
}

impl Encode {
    pub(super) fn short_side(&self) -> u32 {
        self.width.min(self.height)
    }

    /// How much the encoder may run ahead of its rate. A second's worth, less for short clips, in
    /// which a second would be a large part of the whole.
    pub(super) fn buffer_bits(&self) -> f64 {
        self.video_bps * (self.seconds / 20.0).clamp(0.25, 1.0)
    }
}

/// Whether the file can be sent as it is: MP4 with H.264 in 8-bit 4:2:0 and AAC or no sound, not
/// rotated, within the limit. The layout is judged apart.
pub(super) fn codecs_fit(probed: &Probed) -> bool {
    probed.picture.as_ref().is_some_and(picture_fits)
        && matches!(probed.audio_codec.as_deref(), None | Some("aac"))
}

/// Whether the picture can be kept as it is.
pub(super) fn picture_fits(picture: &Picture) -> bool {
    picture.codec == "h264"
        && matches!(picture.pix_fmt.as_str(), "yuv420p" | "yuvj420p")
        && !picture.rotated
}

/// Whether the container is MP4's family at all.
pub(super) fn is_mp4(probed: &Probed) -> bool {
    probed.container == Container::IsoMedia
}

/// The first encode to try; `None` when the clip is too long for any.
pub(super) fn first(
    picture: &Picture,
    has_audio: bool,
    duration: Duration,
    limits: &ChannelLimits,
) -> Option<Encode> {
    let budget = Budget::new(has_audio, duration, to_f64(limits.target_bytes));
    let fps = picture.fps.min(MAX_FPS);
    let source = picture.width.min(picture.height);
    let mut sides: Vec<u32> = RUNGS.into_iter().filter(|rung| *rung < source).collect();
    // Never enlarged; a source between two rungs may keep its own size.
    sides.insert(0, source.min(RUNGS[0]));
    let floor = RUNGS[RUNGS.len() - 1].min(source);
    for side in sides {
        let (width, height) = scaled(picture, side);
        let pixels = f64::from(width) * f64::from(height);
        if budget.video_bps >= MIN_BITS_PER_PIXEL * pixels * fps {
            return Some(budget.encode(width, height, fps, 23));
        }
    }
    (budget.video_bps >= MIN_VIDEO_BPS).then(|| {
        let (width, height) = scaled(picture, floor);
        budget.encode(width, height, fps.min(FLOOR_FPS), 28)
    })
}

/// The second try after `missed` came out too large: one rung lower, an exact size to aim at.
pub(super) fn second(
    picture: &Picture,
    has_audio: bool,
    missed: &Encode,
    limits: &ChannelLimits,
) -> Option<Encode> {
    let duration = Duration::try_from_secs_f64(missed.seconds).ok()?;
    let budget = Budget::new(has_audio, duration, 0.97 * to_f64(limits.target_bytes));
    let lower = RUNGS.into_iter().find(|rung| *rung < missed.short_side());
    let (width, height) = scaled(picture, lower.unwrap_or(missed.short_side()));
    let fps = if lower.is_some() {
        missed.fps
    } else {
        missed.fps.min(FLOOR_FPS)
    };
    (budget.video_bps >= MIN_VIDEO_BPS / 2.0).then(|| budget.encode(width, height, fps, missed.crf))
}

struct Budget {
    seconds: f64,
    video_bps: f64,
    audio_bps: u32,
    mono: bool,
}

impl Budget {
    fn new(has_audio: bool, duration: Duration, target_bytes: f64) -> Self {
        let seconds = duration.as_secs_f64().max(0.1);
        let (audio_bps, mono) = match (has_audio, seconds) {
            (false, _) => (0, false),
            (true, ..=90.0) => (128_000, false),
            (true, ..=300.0) => (96_000, false),
            (true, ..=900.0) => (64_000, true),
            (true, _) => (48_000, true),
        };
        let video_bps = target_bytes * 8.0 * PAYLOAD / seconds - f64::from(audio_bps);
        Self {
            seconds,
            video_bps: video_bps.min(MAX_VIDEO_BPS),
            audio_bps,
            mono,
        }
    }

    fn encode(&self, width: u32, height: u32, fps: f64, crf: u32) -> Encode {
        let Self {
            seconds,
            video_bps,
            audio_bps,
            mono,
        } = *self;
        Encode {
            width,
            height,
            fps,
            crf,
            video_bps,
            audio_bps,
            mono,
            seconds,
        }
    }
}

/// The picture's size with `side` as its short side; even numbers, as H.264 wants them.
pub(super) fn scaled(picture: &Picture, side: u32) -> (u32, u32) {
    let (width, height) = (f64::from(picture.width), f64::from(picture.height));
    let factor = f64::from(side) / width.min(height);
    let even = |length: f64| (to_u32((length * factor / 2.0).round()) * 2).max(2);
    (even(width), even(height))
}

#[allow(clippy::cast_precision_loss, reason = "sizes stay far below 2^52")]
pub(super) fn to_f64(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn picture(width: u32, height: u32, fps: f64) -> Picture {
        Picture {
            codec: "h264".into(),
            pix_fmt: "yuv420p".into(),
            width,
            height,
            rotated: false,
            fps,
        }
    }

    fn side(seconds: u64) -> Option<u32> {
        let limits = ChannelLimits::instagram();
        first(
            &picture(1080, 1920, 30.0),
            true,
            Duration::from_secs(seconds),
            &limits,
        )
        .map(|encode| encode.short_side())
    }

    #[test]
    fn portrait_reels_of_every_length() {
        assert_eq!(side(20), Some(1080));
        assert_eq!(side(60), Some(720));
        assert_eq!(side(70), Some(720));
        assert_eq!(side(110), Some(540));
        assert_eq!(side(240), Some(360));
        assert_eq!(side(770), Some(360));
        assert_eq!(side(1000), None);
    }

    #[test]
    fn small_sources_keep_their_size() {
        let limits = ChannelLimits::instagram();
        let small = first(
            &picture(320, 240, 60.0),
            false,
            Duration::from_secs(20),
            &limits,
        )
        .unwrap();
        assert_eq!((small.width, small.height, small.audio_bps), (320, 240, 0));
        assert!((small.fps - 30.0).abs() < f64::EPSILON);
        let square = first(
            &picture(641, 641, 25.0),
            true,
            Duration::from_secs(20),
            &limits,
        )
        .unwrap();
        assert_eq!((square.width, square.height), (642, 642));
    }

    #[test]
    fn the_second_try_is_smaller() {
        let limits = ChannelLimits::instagram();
        let source = picture(1080, 1920, 30.0);
        let once = first(&source, true, Duration::from_mins(1), &limits).unwrap();
        let twice = second(&source, true, &once, &limits).unwrap();
        assert_eq!((once.short_side(), twice.short_side()), (720, 540));
        assert!(twice.video_bps < once.video_bps);
    }

    proptest! {
        #[test]
        fn planned_bytes_stay_below_the_target(
            width in 2_u32..4096, height in 2_u32..2160, fps in 1.0_f64..120.0,
            seconds in 1_u64..1800, audio in any::<bool>(),
        ) {
            let limits = ChannelLimits::instagram();
            let source = picture(width, height, fps);
            if let Some(encode) = first(&source, audio, Duration::from_secs(seconds), &limits) {
                let bits = (encode.video_bps + f64::from(encode.audio_bps)) * encode.seconds;
                prop_assert!(bits / 8.0 <= to_f64(limits.target_bytes));
                prop_assert!(encode.width % 2 == 0 && encode.height % 2 == 0);
                prop_assert!(encode.short_side() <= width.min(height).max(2) + 1);
                prop_assert!(encode.fps <= 30.0);
                if let Some(again) = second(&source, audio, &encode, &limits) {
                    prop_assert!(again.short_side() <= encode.short_side());
                }
            }
        }
    }
}
