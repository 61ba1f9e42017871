//! A reel with speech, as a share and as a pasted link, and what everybody must be told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Demo, attachments, has_video, texts};

/// A sentence that nobody could have prepared an answer for.
fn sentence() -> String {
    const PEOPLE: [&str; 4] = ["teacher", "farmer", "doctor", "captain"];
    const VERBS: [&str; 4] = ["bought", "painted", "carried", "repaired"];
    const THINGS: [&str; 4] = ["window", "table", "bicycle", "garden"];
    const PLACES: [&str; 4] = ["market", "river", "mountain", "station"];
    let pick = |list: &[&'static str; 4]| list[rand::random_range(0..4)];
    format!(
        "The {} {} a yellow {} near the {}. It was a cold winter morning and the water was very high.",
        pick(&PEOPLE),
        pick(&VERBS),
        pick(&THINGS),
        pick(&PLACES)
    )
}

/// Words that carry meaning, lower case.
fn content_words(text: &str) -> BTreeSet<String> {
    const SMALL: [&str; 12] = [
        "the", "a", "it", "was", "and", "near", "very", "of", "in", "to", "is", "that",
    ];
    text.split(|letter: char| !letter.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| !word.is_empty() && !SMALL.contains(&word.as_str()))
        .collect()
}

/// At least 60 % of the spoken content words must be in the answer.
fn assert_heard(spoken: &str, answers: &[Value]) {
    let spoken = content_words(spoken);
    let answered = content_words(&texts(answers));
    let heard = spoken.intersection(&answered).count();
    assert!(
        heard * 10 >= spoken.len() * 6,
        "{heard} of {} words were heard: {spoken:?} in {answered:?}",
        spoken.len()
    );
}

fn assert_playable(answers: &[Value]) {
    let videos = attachments(answers, "video");
    assert_eq!(videos.len(), 1, "one video: {answers:#?}");
    assert_eq!(videos[0]["video_codec"], "h264");
    assert_eq!(videos[0]["audio_codec"], "aac");
    assert!(videos[0]["bytes"].as_u64().unwrap() <= 24_900_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_is_answered_with_what_was_said_and_a_playable_video() {
    let demo = Demo::start().await;

    // As a share: Meta's own link to the media, fetched by us.
    let spoken = sentence();
    let reel = demo
        .post(
            "/_sim/reels",
            &json!({"text": spoken, "caption": "bom dia pessoal #vida"}),
        )
        .await;
    let code = reel["code"].as_str().unwrap();
    demo.write(
        "5550000000000011",
        &json!({"share": {"code": code, "as": "ig_reel", "url": "cdn"}}),
    )
    .await;
    let answers = demo.wait("5550000000000011", 120, has_video).await;
    assert_heard(&spoken, &answers);
    assert_playable(&answers);

    // As a pasted link: the real yt-dlp reads the page.
    let spoken = sentence();
    let reel = demo
        .post(
            "/_sim/reels",
            &json!({"text": spoken, "caption": "boa tarde #viagem"}),
        )
        .await;
    let link = format!(
        "https://www.instagram.com/reel/{}/?igsh=abc",
        reel["code"].as_str().unwrap()
    );
    demo.write(
        "5550000000000012",
        &json!({"text": format!("olha isso {link}")}),
    )
    .await;
    let answers = demo.wait("5550000000000012", 120, has_video).await;
    assert_heard(&spoken, &answers);
    assert_playable(&answers);

    // Who asked the outsiders: our own client for the share, yt-dlp (a browser's name or its own) for the page.
    let calls = demo.calls().await;
    let agents = |part: &str| -> BTreeSet<String> {
        calls
            .iter()
            .filter(|call| {
                format!(
                    "{}{}",
                    call["host"].as_str().unwrap_or(""),
                    call["path"].as_str().unwrap_or("")
                )
                .contains(part)
            })
            .filter_map(|call| call["user_agent"].as_str().map(str::to_lowercase))
            .collect()
    };
    let media = agents("ig_messaging_cdn");
    assert!(
        media.iter().any(|agent| agent.contains("gramophone")),
        "the share was fetched by us: {media:?}"
    );
    let pages = agents(&format!("/reel/{}", reel["code"].as_str().unwrap()));
    assert!(
        !pages.is_empty() && pages.iter().all(|agent| !agent.contains("gramophone")),
        "the page was read by yt-dlp: {pages:?}"
    );

    // The same reel again, from somebody else: answered from finished work, without a second download.
    let before = demo.calls().await.len();
    demo.write("5550000000000013", &json!({"text": link})).await;
    demo.wait("5550000000000013", 60, has_video).await;
    let again: Vec<Value> = demo.calls().await.into_iter().skip(before).collect();
    for call in &again {
        let path = call["path"].as_str().unwrap_or("");
        assert!(
            !path.contains("/reel/") && !path.contains("message_attachments"),
            "done twice: {call}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_why_when_there_is_no_video_or_no_speech() {
    let demo = Demo::start().await;

    let music = demo.sample("music").await;
    demo.write(
        "5550000000000021",
        &json!({"share": {"code": music["code"], "as": "ig_reel", "url": "cdn"}}),
    )
    .await;
    let answers = demo.wait("5550000000000021", 120, has_video).await;
    assert!(
        texts(&answers).to_lowercase().contains("música"),
        "music is named: {}",
        texts(&answers)
    );

    // A private link: the reason, and the quota given back (the reel before it counts, this one does not).
    let private = demo.sample("private").await;
    demo.write("5550000000000022", &json!({"text": private["url"]}))
        .await;
    let answers = demo
        .wait("5550000000000022", 60, |answers| {
            texts(answers).contains("privada")
        })
        .await;
    assert!(!has_video(&answers));
    // The words are seen a moment before the job that said them ends, and with its end the charge is given back.
    demo.quiet().await;
    assert_eq!(
        demo.quota_used("5550000000000022").await,
        0,
        "a failure is not charged"
    );
    assert_eq!(
        demo.quota_used("5550000000000021").await,
        1,
        "an answer is charged"
    );

    // A playlist that calls itself a video opens nothing and is refused.
    let hostile = demo.sample("hostile").await;
    demo.write(
        "5550000000000023",
        &json!({"share": {"code": hostile["code"], "as": "ig_reel", "url": "cdn"}}),
    )
    .await;
    let answers = demo
        .wait("5550000000000023", 60, |answers| !texts(answers).is_empty())
        .await;
    assert!(
        !has_video(&answers),
        "nothing of another file comes back: {answers:#?}"
    );

    // Thirty deliveries of one message are one answer.
    let speech = demo.sample("speech").await;
    demo.write(
        "5550000000000024",
        &json!({"share": {"code": speech["code"], "as": "ig_reel", "url": "cdn"}}),
    )
    .await;
    for _ in 0..29 {
        demo.post("/_sim/webhooks/redeliver", &json!({})).await;
    }
    demo.wait("5550000000000024", 120, has_video).await;
    demo.quiet().await;
    let answers = demo.answers("5550000000000024").await;
    assert_eq!(
        attachments(&answers, "video").len(),
        1,
        "one answer: {answers:#?}"
    );
    let mut lines: Vec<&str> = answers
        .iter()
        .filter_map(|answer| answer["text"].as_str())
        .collect();
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "no text twice");
}
