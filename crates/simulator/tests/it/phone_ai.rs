//! The OpenAI-compatible endpoint: hears what the samples say, and misbehaves when told to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it fails, helpers too"
)]

use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::phone_samples::{sample, start};

async fn hear(
    base: &str,
    client: &reqwest::Client,
    bytes: Vec<u8>,
    format: &str,
) -> reqwest::Response {
    let file = Part::bytes(bytes)
        .file_name("speech.ogg")
        .mime_str("audio/ogg")
        .unwrap();
    let form = Form::new()
        .part("file", file)
        .text("model", "whisper-1")
        .text("response_format", format.to_owned());
    client
        .post(format!("{base}/ai/v1/audio/transcriptions"))
        .multipart(form)
        .send()
        .await
        .unwrap()
}

/// The sound of a video as a client would send it: mono, 16 kHz, heavily compressed.
fn sound_of(video: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.mp4"), video).unwrap();
    let status = std::process::Command::new("ffmpeg")
        .args([
            "-v", "error", "-i", "in.mp4", "-vn", "-ac", "1", "-ar", "16000", "-c:a", "libopus",
            "-b:a", "24k", "out.ogg",
        ])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    std::fs::read(folder.path().join("out.ogg")).unwrap()
}

#[tokio::test]
async fn a_sample_is_recognised_by_its_sound() {
    let (simulator, client) = start().await;
    let base = simulator.base_url();
    for what in ["injection", "webm", "music"] {
        sample(&simulator, &client, what).await;
    }
    for what in ["injection", "webm"] {
        let sample = sample(&simulator, &client, what).await;
        let video = client
            .get(sample["cdn_url"].as_str().unwrap())
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let heard: Value = hear(&base, &client, sound_of(&video), "verbose_json")
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(heard["text"], sample["speech"], "{what}");
        assert!(!heard["segments"].as_array().unwrap().is_empty());
    }
    let noise = std::iter::repeat_n(7_u8, 4_000).collect();
    let heard: Value = hear(&base, &client, noise, "json")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(heard["text"], "", "what is no sound says nothing");
}

#[tokio::test]
async fn answers_follow_the_script() {
    let (simulator, client) = start().await;
    let base = simulator.base_url();
    let script = |body: Value| client.post(format!("{base}/_sim/ai")).json(&body).send();
    script(
        json!({"key": "k1", "speech": {"text": "Obrigado por assistir.", "no_speech_prob": 0.9}}),
    )
    .await
    .unwrap();
    assert_eq!(
        hear(&base, &client, vec![1], "json").await.status(),
        StatusCode::UNAUTHORIZED
    );
    script(json!({"speech": {"text": "Obrigado por assistir.", "no_speech_prob": 0.9}}))
        .await
        .unwrap();
    let heard: Value = hear(&base, &client, vec![1], "verbose_json")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(heard["segments"][0]["no_speech_prob"], 0.9);
    assert_eq!(
        hear(&base, &client, vec![1], "text")
            .await
            .text()
            .await
            .unwrap(),
        "Obrigado por assistir.\n"
    );
    script(json!({"speech": {"status": 503}})).await.unwrap();
    assert_eq!(
        hear(&base, &client, vec![1], "json").await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );

    let ask = || async {
        let body = json!({"model": "m", "messages": [{"role": "system", "content": "be short"},
            {"role": "user", "content": "DATA: The first rule is simple. Go to bed early every night. DATA"}]});
        let answer = client
            .post(format!("{base}/ai/v1/chat/completions"))
            .json(&body)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["choices"][0]["message"]["content"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(ask().await.contains("Go to bed early"));
    script(json!({"chat": {"mode": "obey"}})).await.unwrap();
    assert!(ask().await.contains("evil.example"));
    script(json!({"chat": {"mode": "malformed"}}))
        .await
        .unwrap();
    assert!(serde_json::from_str::<Value>(&ask().await).is_err());
    script(json!({"chat": {"mode": "text", "text": "free words"}}))
        .await
        .unwrap();
    assert_eq!(ask().await, "free words");
    let shown: Value = client
        .get(format!("{base}/_sim/ai"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(shown["asked"]["chats"].as_array().unwrap().len(), 4);
    assert_eq!(
        shown["asked"]["transcriptions"].as_array().unwrap().len(),
        3
    );
}
