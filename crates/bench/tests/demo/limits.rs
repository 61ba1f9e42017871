//! A source far beyond what Instagram takes.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Demo, attachments, has_video};

#[tokio::test(flavor = "multi_thread")]
async fn a_60_megabyte_reel_fits_with_its_sound() {
    let demo = Demo::start().await;
    let big = demo.sample("big").await;
    demo.write(
        "5550000000000031",
        &json!({"share": {"code": big["code"], "as": "ig_reel", "url": "cdn"}}),
    )
    .await;
    let answers = demo.wait("5550000000000031", 600, has_video).await;
    let video = &attachments(&answers, "video")[0];

    let bytes = demo.fetch(video["url"].as_str().unwrap()).await;
    assert!(bytes.len() <= 24_900_000, "{} bytes", bytes.len());
    assert!(
        bytes.len() >= 5_000_000,
        "a real re-encode, not a preview: {} bytes",
        bytes.len()
    );
    let moov = position(&bytes, *b"moov");
    assert!(moov < position(&bytes, *b"mdat"), "moov comes first");

    // Seen by ffprobe, not by us.
    let file = demo.data().join("big-answer.mp4");
    std::fs::write(&file, &bytes).unwrap();
    let probe = ffprobe(&file);
    let stream = |kind: &str| {
        probe["streams"]
            .as_array()
            .unwrap()
            .iter()
            .find(|stream| stream["codec_type"] == kind)
            .cloned()
            .unwrap()
    };
    let (picture, sound) = (stream("video"), stream("audio"));
    assert_eq!(picture["codec_name"], "h264");
    assert_eq!(sound["codec_name"], "aac");
    let short_side = picture["width"]
        .as_u64()
        .unwrap()
        .min(picture["height"].as_u64().unwrap());
    assert!(short_side >= 540, "short side {short_side}");
    let duration: f64 = probe["format"]["duration"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let wanted = demo.sample("big").await["duration_ms"].as_f64().unwrap() / 1000.0;
    assert!(
        (duration - wanted).abs() <= 0.3,
        "{duration} s of {wanted} s"
    );
}

fn position(bytes: &[u8], name: [u8; 4]) -> usize {
    bytes
        .windows(4)
        .position(|four| *four == name)
        .unwrap_or(usize::MAX)
}

fn ffprobe(file: &std::path::Path) -> Value {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_streams",
            "-show_format",
            "-of",
            "json",
        ])
        .arg(file)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}
