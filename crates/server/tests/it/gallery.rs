//! Files to publish, made by ffmpeg, and the address where Meta fetches them.

use std::process::Command;

use axum::{Router, routing::get};
use serde_json::{Value, json};

use crate::office::Office;

/// What ffmpeg makes of these words and this file name.
fn made(words: &str, name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("ffmpeg")
        .args("-v error -nostdin -f lavfi".split(' '))
        .args(words.split_whitespace())
        .arg(name)
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "ffmpeg could not make {name}");
    std::fs::read(folder.path().join(name)).unwrap()
}

pub(crate) fn jpeg() -> Vec<u8> {
    made("-i color=c=red:s=320x320 -frames:v 1", "a.jpg")
}

/// A film of four silent seconds.
pub(crate) fn film() -> Vec<u8> {
    let codec = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -movflags +faststart";
    made(&format!("-i testsrc=s=180x320:r=25:d=4 {codec}"), "a.mp4")
}

/// The address of a picture that Meta can fetch.
pub(crate) async fn picture() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a.jpg", listener.local_addr().unwrap());
    let bytes = jpeg();
    let app = Router::new().route(
        "/a.jpg",
        get(move || {
            let bytes = bytes.clone();
            async move { ([("content-type", "image/jpeg")], bytes) }
        }),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// How many posts people see.
pub(crate) async fn count(office: &Office) -> u64 {
    office.look("media").await["count"].as_u64().unwrap()
}

/// What was posted last.
pub(crate) async fn newest(office: &Office) -> Value {
    office.look("media?limit=1").await["media"][0].clone()
}

/// A picture to be published.
pub(crate) fn post(url: &str, caption: &str) -> Value {
    json!({"kind": "image", "items": [{"image_url": url}], "caption": caption})
}

/// Orders a publication; its id.
pub(crate) async fn ordered(office: &Office, body: &Value) -> String {
    let got = office.api.post(&office.path("publications"), body).await;
    assert_eq!(got.status, 201, "{}", got.text);
    got.body["id"].as_str().unwrap().to_owned()
}
