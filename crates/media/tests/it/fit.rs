//! The ladder with the real ffmpeg: every rung, and what must hold on all of them.

use std::path::Path;
use std::sync::{Arc, Mutex};

use media::{ChannelLimits, FitError, FitHow, Fitted, Progress, Step};

use crate::fixture::{clip, ffmpeg, field, item, offline};

/// Instagram's limits, made `parts` times smaller.
fn limits(parts: u64) -> ChannelLimits {
    let whole = ChannelLimits::instagram();
    ChannelLimits {
        target_bytes: whole.target_bytes / parts,
        hard_bytes: whole.hard_bytes / parts,
        ..whole
    }
}

async fn fit(dir: &Path, file: &str, limits: &ChannelLimits) -> Result<Fitted, FitError> {
    offline()
        .fit(&item(dir, file), dir, limits, &Progress::none())
        .await
}

/// What every video that we send must be.
async fn playable(dir: &Path, fitted: &Fitted, limits: &ChannelLimits) {
    let bytes = std::fs::read(dir.join(&fitted.file)).unwrap();
    assert_eq!(bytes.len() as u64, fitted.bytes);
    assert!(fitted.bytes <= limits.hard_bytes, "{fitted:?}");
    assert!(fitted.file.is_ascii() && fitted.mime() == "video/mp4");
    let at = |kind: &[u8]| bytes.windows(4).position(|window| window == kind).unwrap();
    assert!(at(b"moov") < at(b"mdat"), "the index must come first");
    let codecs = field(dir, &fitted.file, "stream=codec_name").await;
    let expected = if fitted.has_audio {
        "h264\naac"
    } else {
        "h264"
    };
    assert_eq!(codecs, expected);
    let pixels = field(dir, &fitted.file, "stream=pix_fmt").await;
    assert!(pixels.contains("yuv420p"), "{pixels}");
}

#[tokio::test]
async fn what_fits_is_sent_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    clip(dir.path(), "item-0.mp4", 2).await;
    let fitted = fit(dir.path(), "item-0.mp4", &limits(1)).await.unwrap();
    assert_eq!(
        (fitted.how, fitted.file.as_str()),
        (FitHow::PassThrough, "item-0.mp4")
    );
    assert_eq!(
        (fitted.width, fitted.height, fitted.has_audio),
        (Some(360), Some(640), true)
    );
    playable(dir.path(), &fitted, &limits(1)).await;
}

#[tokio::test]
async fn wrong_wrapping_is_only_rewrapped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    clip(path, "clip.mp4", 2).await;
    let picture_before = field(path, "clip.mp4", "stream=nb_frames").await;
    for (file, how) in [
        ("end.mp4", "-c copy"),
        ("matroska.mkv", "-c copy"),
        ("quicktime.mov", "-c copy -movflags +faststart"),
        ("pieces.mp4", "-c copy -movflags +frag_keyframe+empty_moov"),
        ("opus.mkv", "-c:v copy -c:a libopus"),
    ] {
        ffmpeg(path, &format!("-i clip.mp4 {how} {file}")).await;
        let fitted = fit(path, file, &limits(1)).await.unwrap();
        assert_eq!(fitted.how, FitHow::Remux, "{file}");
        assert!(fitted.has_audio);
        playable(path, &fitted, &limits(1)).await;
        let frames = field(path, &fitted.file, "stream=nb_frames").await;
        assert_eq!(
            frames.lines().next(),
            picture_before.lines().next(),
            "{file}"
        );
    }
}

#[tokio::test]
async fn a_grainy_clip_is_made_to_fit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    // A fifth of the hard case: 12 s of grain in portrait, a fifth of the limit.
    ffmpeg(
        path,
        "-f lavfi -i testsrc2=s=1080x1920:r=30:d=12 -f lavfi -i sine=440:d=12 -vf noise=alls=40:allf=t \
         -c:v libx264 -preset ultrafast -b:v 9M -maxrate 9M -bufsize 9M -pix_fmt yuv420p -c:a aac big.mp4",
    )
    .await;
    let limits = limits(5);
    let source = std::fs::metadata(path.join("big.mp4")).unwrap().len();
    assert!(source > 2 * limits.hard_bytes, "{source}");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let progress = Progress::new(move |step, share| log.lock().unwrap().push((step, share)));
    let studio = offline();
    let fitted = studio
        .fit(&item(path, "big.mp4"), path, &limits, &progress)
        .await
        .unwrap();
    assert!(
        matches!(
            fitted.how,
            FitHow::Reencoded { .. } | FitHow::TwoPass { .. }
        ),
        "{fitted:?}"
    );
    playable(path, &fitted, &limits).await;
    assert!(fitted.has_audio);
    assert!(
        fitted.width.unwrap().min(fitted.height.unwrap()) >= 540,
        "{fitted:?}"
    );
    assert!(fitted.height.unwrap() > fitted.width.unwrap());
    assert!(
        fitted.duration_ms.unwrap().abs_diff(12_000) <= 300,
        "{fitted:?}"
    );
    // A rung is there to be used: a tiny file would mean that quality was thrown away.
    assert!(fitted.bytes > limits.target_bytes / 2, "{fitted:?}");
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 3 && seen.iter().all(|(step, _)| *step == Step::Fit));
    assert!(
        seen.windows(2).all(|pair| pair[0].1 <= pair[1].1 + 0.001),
        "{seen:?}"
    );
    assert!((seen.last().unwrap().1 - 1.0).abs() < f32::EPSILON);
}

#[tokio::test]
async fn other_codecs_rotation_and_silence() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    ffmpeg(
        path,
        "-f lavfi -i testsrc2=s=320x240:r=24:d=2 -c:v libvpx-vp9 -deadline realtime -an a.webm",
    )
    .await;
    let fitted = fit(path, "a.webm", &limits(1)).await.unwrap();
    assert_eq!(fitted.how, FitHow::Reencoded { short_side: 240 });
    assert!(!fitted.has_audio);
    playable(path, &fitted, &limits(1)).await;

    ffmpeg(
        path,
        "-f lavfi -i testsrc2=s=320x240:r=24:d=2 -c:v libx264 -pix_fmt yuv444p ten.mp4",
    )
    .await;
    let fitted = fit(path, "ten.mp4", &limits(1)).await.unwrap();
    assert!(matches!(fitted.how, FitHow::Reencoded { .. }));
    playable(path, &fitted, &limits(1)).await;

    // A phone held upright: stored lying, shown standing.
    ffmpeg(
        path,
        "-f lavfi -i testsrc2=s=640x360:r=24:d=2 -c:v libx264 -pix_fmt yuv420p lying.mp4",
    )
    .await;
    ffmpeg(
        path,
        "-i lying.mp4 -c copy -metadata:s:v rotate=90 turned.mp4",
    )
    .await;
    let fitted = fit(path, "turned.mp4", &limits(1)).await.unwrap();
    assert_eq!((fitted.width, fitted.height), (Some(360), Some(640)));
    assert!(matches!(fitted.how, FitHow::Reencoded { .. }));
    playable(path, &fitted, &limits(1)).await;
}

#[tokio::test]
async fn when_one_encode_misses_two_passes_hit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    // Half a second of white noise: the encoder's head start is a third of so short a clip, so the
    // capped encode misses by far.
    ffmpeg(
        path,
        "-f lavfi -i color=gray:s=540x960:r=30:d=0.5 -vf noise=alls=100:allf=t+u -c:v libx264 -preset ultrafast \
         -crf 18 -pix_fmt yuv420p noise.mp4",
    )
    .await;
    let tight = ChannelLimits {
        target_bytes: 120_000,
        hard_bytes: 124_500,
        ..limits(1)
    };
    let fitted = fit(path, "noise.mp4", &tight).await.unwrap();
    assert_eq!(
        fitted.how,
        FitHow::TwoPass { short_side: 360 },
        "{fitted:?}"
    );
    playable(path, &fitted, &tight).await;
    assert!(
        fitted.duration_ms.unwrap().abs_diff(500) <= 100,
        "{fitted:?}"
    );
}

#[tokio::test]
async fn too_long_for_the_limit_becomes_a_silent_preview() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    clip(path, "item-3.mp4", 30).await;
    let tight = ChannelLimits {
        target_bytes: 390_000,
        hard_bytes: 400_000,
        ..limits(1)
    };
    let fitted = fit(path, "item-3.mp4", &tight).await.unwrap();
    assert_eq!(
        (fitted.how, fitted.file.as_str()),
        (FitHow::Preview, "item-3-preview.mp4")
    );
    assert!(!fitted.has_audio);
    assert!(
        fitted.duration_ms.unwrap().abs_diff(6000) <= 300,
        "{fitted:?}"
    );
    playable(path, &fitted, &tight).await;

    let gif = ChannelLimits {
        prefer_gif: true,
        ..tight
    };
    let fitted = fit(path, "item-3.mp4", &gif).await.unwrap();
    assert_eq!((fitted.how, fitted.mime()), (FitHow::Gif, "image/gif"));
    assert!(fitted.bytes <= gif.gif_bytes && fitted.bytes > 1000);

    let nothing = ChannelLimits {
        target_bytes: 900,
        hard_bytes: 1000,
        ..limits(1)
    };
    let refused = fit(path, "item-3.mp4", &nothing).await;
    assert!(matches!(refused, Err(FitError::TooBig)), "{refused:?}");
}

#[tokio::test]
async fn pictures() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    ffmpeg(path, "-f lavfi -i testsrc2=s=1080x1350 -frames:v 1 a.jpg").await;
    ffmpeg(path, "-f lavfi -i testsrc2=s=1080x1350 -frames:v 1 b.png").await;
    ffmpeg(
        path,
        "-f lavfi -i testsrc2=s=1080x1350 -frames:v 1 -c:v libwebp c.webp",
    )
    .await;
    for file in ["a.jpg", "b.png"] {
        let fitted = fit(path, file, &limits(1)).await.unwrap();
        assert_eq!(
            (fitted.how, fitted.file.as_str()),
            (FitHow::PassThrough, file)
        );
    }
    let fitted = fit(path, "c.webp", &limits(1)).await.unwrap();
    assert_eq!((fitted.how, fitted.mime()), (FitHow::Image, "image/jpeg"));
    assert_eq!((fitted.width, fitted.height), (Some(1080), Some(1350)));
    let small = ChannelLimits {
        image_bytes: 60_000,
        ..limits(1)
    };
    let fitted = fit(path, "b.png", &small).await;
    match fitted {
        Ok(fitted) => assert!(fitted.bytes <= 60_000 && fitted.how == FitHow::Image),
        Err(error) => assert!(matches!(error, FitError::TooBig), "{error}"),
    }
}

#[tokio::test]
async fn sound_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    ffmpeg(path, "-f lavfi -i sine=440:d=2 -c:a aac voice.m4a").await;
    let fitted = fit(path, "voice.m4a", &limits(1)).await.unwrap();
    assert_eq!(
        (fitted.how, fitted.mime()),
        (FitHow::PassThrough, "audio/mp4")
    );
    ffmpeg(path, "-f lavfi -i sine=440:d=2 -c:a libopus voice.ogg").await;
    let fitted = fit(path, "voice.ogg", &limits(1)).await.unwrap();
    assert_eq!((fitted.how, fitted.mime()), (FitHow::Audio, "audio/mp4"));
    assert!(fitted.duration_ms.unwrap().abs_diff(2000) <= 100);
}
