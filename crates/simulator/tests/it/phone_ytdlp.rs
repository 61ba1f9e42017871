//! The real yt-dlp reads our pages: what it downloads, and what it says when it cannot.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it fails, helpers too"
)]

use std::{path::Path, process::Output};

use serde_json::Value;

use crate::phone_samples::start;

/// The pinned yt-dlp that `make test` installs, else the one in PATH.
fn program() -> std::path::PathBuf {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/yt-dlp/bin/yt-dlp");
    if pinned.exists() {
        pinned
    } else {
        "yt-dlp".into()
    }
}

async fn download(base: &str, path: &str, folder: &Path) -> Output {
    let url = format!("{base}/www.instagram.com/{path}");
    tokio::process::Command::new(program())
        .args([
            "--ignore-config",
            "--no-plugin-dirs",
            "--no-cache-dir",
            "--no-update",
            "--color",
            "never",
        ])
        .args([
            "--use-extractors",
            "generic",
            "--retries",
            "0",
            "--extractor-retries",
            "0",
            "--socket-timeout",
            "60",
        ])
        .args([
            "-f",
            "b[ext=mp4]/b",
            "--no-simulate",
            "-J",
            "-o",
            "%(id)s.%(ext)s",
            "--",
            &url,
        ])
        .env_remove("http_proxy")
        .env_remove("HTTP_PROXY")
        .current_dir(folder)
        .output()
        .await
        .expect("yt-dlp runs: scripts/setup.sh test installs it")
}

#[tokio::test]
async fn a_reel_comes_with_its_caption_and_author() {
    let (simulator, _) = start().await;
    let folder = tempfile::tempdir().unwrap();
    let output = download(&simulator.base_url(), "reel/CPaoCaseiro/", folder.path()).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let post: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(post["uploader"], "nina.na.cozinha");
    assert_eq!(post["id"], "CPaoCaseiro");
    assert!(post["description"].as_str().unwrap().contains("#caseiro"));
    assert!(
        folder
            .path()
            .join("CPaoCaseiro.mp4")
            .metadata()
            .unwrap()
            .len()
            > 100_000
    );
}

#[tokio::test]
async fn a_carousel_comes_whole_and_a_photo_as_a_picture() {
    let (simulator, _) = start().await;
    let folder = tempfile::tempdir().unwrap();
    let output = download(&simulator.base_url(), "p/ECarouselXY/", folder.path()).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let post: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(post["_type"], "playlist");
    assert_eq!(post["uploader"], "rota.livre");
    for name in [
        "ECarouselXY_1.mp4",
        "ECarouselXY_2.jpg",
        "ECarouselXY_3.jpg",
        "ECarouselXY_4.mp4",
    ] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    let output = download(&simulator.base_url(), "p/FPhotoStill/", folder.path()).await;
    assert!(output.status.success());
    assert!(folder.path().join("FPhotoStill.jpg").exists());
}

#[tokio::test]
async fn refusals_can_be_told_apart() {
    let (simulator, _) = start().await;
    let folder = tempfile::tempdir().unwrap();
    for (path, said) in [
        (
            "reel/FQ7xk2LmPvA/",
            "accounts/login/?next=/reel/FQ7xk2LmPvA&reason=private",
        ),
        (
            "reel/GL9sv4KcYuI/",
            "accounts/login/?next=/reel/GL9sv4KcYuI",
        ),
        ("reel/GZ3hd8WnRtE/", "HTTP Error 404"),
        ("reel/GR5pm1TbXoQ/", "HTTP Error 429"),
    ] {
        let output = download(&simulator.base_url(), path, folder.path()).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert!(stderr.contains(said), "{path}: {stderr}");
    }
}
