//! The server as a supervisor runs it: a free port, a log without secrets, a quick and clean end.

use std::time::Duration;

use crate::program::Running;

const SECRET: &str = "canary-app-secret-93c1";
const VERIFY_TOKEN: &str = "canary-verify-token-93c1";
const TOKEN: &str = "canary-page-token-93c1";
const TEXT: &str = "canary-text-of-a-person-93c1";
const CDN: &str =
    "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=canary-signature-93c1";

fn environment() -> Vec<(&'static str, &'static str)> {
    vec![
        ("INSTAGRAM_APP_SECRET", SECRET),
        ("INSTAGRAM_VERIFY_TOKEN", VERIFY_TOKEN),
        ("INSTAGRAM_PAGE_ACCESS_TOKEN", TOKEN),
        ("INSTAGRAM_PAGE_ID", "42"),
        ("GRAMOPHONE_INSTAGRAM__ACCOUNT_ID", "17841400000000001"),
        // Nobody listens there: every send fails, and failures are where secrets leak.
        ("GRAMOPHONE_GRAPH__GRAPH_FACEBOOK", "http://127.0.0.1:9"),
        ("GRAMOPHONE_MEDIA__PAGES", "http://127.0.0.1:9"),
        ("GRAMOPHONE_LOG__LEVEL", "trace"),
    ]
}

fn signed(body: &str) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn delivery() -> String {
    let now_ms = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let item = |mid: &str, message: serde_json::Value| {
        let mut message = message;
        message["mid"] = mid.into();
        serde_json::json!({"sender": {"id": "5550000000000001"}, "recipient": {"id": "17841400000000001"}, "timestamp": now_ms, "message": message})
    };
    serde_json::json!({"object": "instagram", "entry": [{"id": "17841400000000001", "time": now_ms, "messaging": [
        item("m-1", serde_json::json!({"text": TEXT})),
        item("m-2", serde_json::json!({"attachments": [{"type": "ig_reel", "payload": {"url": CDN, "title": TEXT}}]})),
    ]}]})
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_word_of_a_person_is_in_the_log() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path(), &["up", "--port", "0"], &environment());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let webhook = format!("{}/webhooks/instagram", server.base);
    let body = delivery();
    for signature in [signed(&body), signed("another body")] {
        http.post(&webhook)
            .header("x-hub-signature-256", signature)
            .body(body.clone())
            .send()
            .await
            .unwrap();
    }
    let wrong =
        format!("{webhook}?hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}");
    http.get(&wrong).send().await.unwrap();
    // Until the jobs have failed at least once.
    let tried = async {
        loop {
            let numbers = http
                .get(format!("{}/metrics", server.base))
                .send()
                .await
                .unwrap()
                .text()
                .await
                .unwrap();
            if numbers.contains("gramophone_graph_calls_total{") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), tried)
        .await
        .expect("no send was tried");
    let (_, _, log) = server.stop();
    assert!(
        log.contains("delivery taken in") && log.contains("\"delivery\":"),
        "the log says nothing"
    );
    for canary in [
        SECRET,
        VERIFY_TOKEN,
        TOKEN,
        TEXT,
        "canary-signature-93c1",
        &signed(&body)[7..],
    ] {
        let leak = log.lines().find(|line| line.contains(canary));
        assert!(leak.is_none(), "{canary} in the log: {leak:?}");
    }
    for line in log.lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok(),
            "not JSON: {line}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_cleanly_when_told_to_and_starts_again_on_its_data() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    for round in 0..2 {
        let server = Running::start(folder.path(), &["up", "--port", "0"], &environment());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let health = http
            .get(format!("{}/healthz", server.base))
            .send()
            .await
            .unwrap();
        assert_eq!(health.status(), 200);
        let (took, well, log) = server.stop();
        assert!(well, "round {round}:\n{log}");
        assert!(
            took < Duration::from_secs(10),
            "round {round}: {took:?} for an idle server"
        );
    }
}

#[test]
fn two_servers_on_the_same_data_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), &["up", "--port", "0"], &environment());
    let (output, said) = crate::program::run(folder.path(), &["up", "--port", "0"], &environment());
    assert!(!output.status.success(), "{said}");
    let (_, well, _) = first.stop();
    assert!(well);
}
