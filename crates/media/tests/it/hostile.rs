//! Files made to do harm: each is refused, none makes us open another.

use std::path::Path;

use media::{ChannelLimits, FitError, Progress};

use crate::fixture::{clip, ffmpeg, item, offline};

async fn refused(dir: &Path, file: &str) -> String {
    let limits = ChannelLimits::instagram();
    match offline()
        .fit(&item(dir, file), dir, &limits, &Progress::none())
        .await
    {
        Err(FitError::Refused(why)) => why,
        other => panic!("{file}: {other:?}"),
    }
}

/// Time of last reading, in nanoseconds; set back first, so that any reading shows.
fn unread(path: &Path) -> impl Fn() -> bool + use<> {
    let past = std::time::SystemTime::UNIX_EPOCH;
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_times(std::fs::FileTimes::new().set_accessed(past))
        .unwrap();
    let path = path.to_owned();
    move || std::fs::metadata(&path).unwrap().accessed().unwrap() == past
}

#[tokio::test]
async fn playlists_named_mp4_read_no_other_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    clip(path, "canary.mp4", 1).await;
    ffmpeg(path, "-i canary.mp4 -c copy -f mpegts canary.ts").await;
    let lists = [
        (
            "hls.mp4",
            "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\ncanary.ts\n#EXT-X-ENDLIST\n",
        ),
        (
            "hls2.mp4",
            "\u{feff}\n #EXTM3U\n#EXTINF:5,\nfile:canary.ts\n",
        ),
        (
            "map.mp4",
            "#EXTM3U\n#EXT-X-MAP:URI=\"canary.mp4\"\n#EXTINF:5,\ncanary.ts\n",
        ),
        ("concat.mp4", "ffconcat version 1.0\nfile canary.mp4\n"),
        ("list.mp4", "file 'canary.mp4'\n"),
        (
            "dash.mp4",
            "<?xml version=\"1.0\"?>\n<MPD><BaseURL>canary.mp4</BaseURL></MPD>",
        ),
        (
            "sdp.mp4",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 1 RTP/AVP 96\n",
        ),
        ("subfile.mp4", "subfile,,start,0,end,100,,:canary.mp4"),
        (
            "svg.mp4",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"canary.mp4\"/></svg>",
        ),
        // A film's first bytes in front of a playlist.
        (
            "poly.mp4",
            "\0\0\0\u{18}ftypisom\0\0\0\0isomiso2#EXTM3U\n#EXTINF:5,\ncanary.ts\n",
        ),
        (
            "poly.avi",
            "RIFF\0\0\0\0AVI LIST#EXTM3U\n#EXTINF:5,\ncanary.ts\n",
        ),
        ("poly.ogg", "OggS#EXTM3U\n#EXTINF:5,\ncanary.ts\n"),
    ];
    let film = unread(&path.join("canary.mp4"));
    let stream = unread(&path.join("canary.ts"));
    for (name, text) in lists {
        std::fs::write(path.join(name), text).unwrap();
        let why = refused(path, name).await;
        assert!(film() && stream(), "{name} made us read the canary ({why})");
    }
    // The witness can speak: reading the canary does change what it says.
    std::fs::read(path.join("canary.mp4")).unwrap();
    assert!(
        !film(),
        "this file system keeps no access times; the test would prove nothing"
    );
}

#[tokio::test]
async fn what_is_not_media() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    for (name, bytes) in [
        ("zero.mp4", &b""[..]),
        ("text.mp4", b"just words"),
        ("page.mp4", b"<!DOCTYPE html><html></html>"),
        ("noise.mp4", &[0xa5; 4096]),
        ("head.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomiso2"),
        ("script.mp4", b"#!/bin/sh\necho x\n"),
    ] {
        std::fs::write(path.join(name), bytes).unwrap();
        refused(path, name).await;
    }
}

#[tokio::test]
async fn truncated_films_end_in_a_refusal_or_a_film() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    clip(path, "whole.mp4", 2).await;
    let whole = std::fs::read(path.join("whole.mp4")).unwrap();
    let limits = ChannelLimits::instagram();
    for part in [1, 5, 9] {
        std::fs::write(path.join("cut.mp4"), &whole[..whole.len() * part / 10]).unwrap();
        // Either is right; hanging or crashing would not be.
        let _ = offline()
            .fit(&item(path, "cut.mp4"), path, &limits, &Progress::none())
            .await;
    }
}

#[tokio::test]
async fn bombs_are_refused_before_they_are_decoded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    // One frame is enough: the size is in the header.
    ffmpeg(path, "-f lavfi -i color=black:s=16000x9000:r=1:d=1 -frames:v 1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p wide.mp4").await;
    let why = refused(path, "wide.mp4").await;
    assert!(
        why.contains("pixels") || why.contains("size") || why.contains("unreadable"),
        "{why}"
    );
    ffmpeg(
        path,
        "-f lavfi -i color=black:s=16000x9000 -frames:v 1 wide.png",
    )
    .await;
    refused(path, "wide.png").await;
    ffmpeg(
        path,
        "-f lavfi -i testsrc2=s=64x64:r=500:d=1 -c:v libx264 -pix_fmt yuv420p fast.mp4",
    )
    .await;
    assert!(refused(path, "fast.mp4").await.contains("frames"));
    let many = " -map 0".repeat(9);
    ffmpeg(
        path,
        &format!("-f lavfi -i sine=d=1{many} -c:a aac many.mp4"),
    )
    .await;
    assert!(refused(path, "many.mp4").await.contains("streams"));
    // A rare decoder, as in CVE-2026-8461.
    ffmpeg(
        path,
        "-f lavfi -i testsrc2=s=64x64:d=1 -c:v magicyuv rare.avi",
    )
    .await;
    let why = refused(path, "rare.avi").await;
    assert!(!why.is_empty());
}

#[tokio::test]
async fn hours_of_silence_are_too_long() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    ffmpeg(
        path,
        "-f lavfi -i anullsrc=r=8000:cl=mono -t 7200 -c:a aac -b:a 8k long.m4a",
    )
    .await;
    let limits = ChannelLimits::instagram();
    let answer = offline()
        .fit(&item(path, "long.m4a"), path, &limits, &Progress::none())
        .await;
    assert!(matches!(answer, Err(FitError::TooLong)), "{answer:?}");
}
