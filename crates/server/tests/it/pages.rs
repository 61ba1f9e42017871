//! Health, metrics, links to files, the status page.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bot::files::{FileName, signed_link, work_dir};
use secrecy::SecretString;
use server::Roles;
use url::Url;

use crate::{
    client::{get, messages, post},
    house::{House, eventually},
};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn health_names_the_part_that_is_down() {
    let house = House::serving(&[]).await;
    assert_eq!(
        get(house.address, "/healthz", "").await.body,
        r#"{"ok":true}"#
    );
    let ready = get(house.address, "/readyz", "").await;
    assert_eq!(ready.status, 200, "{}", ready.body);
    let told: serde_json::Value = serde_json::from_str(&ready.body).unwrap();
    assert_eq!(told["parts"]["database"]["ok"], true);
    assert_eq!(told["parts"]["spool"]["ok"], true);
    house.close().await;
}

/// With a worker, its beat and its tools count; here one tool does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_tool_is_named() {
    let house = House::with(Roles::BOTH, &[("tools.yt_dlp", "/does/not/exist/yt-dlp")]).await;
    eventually("the tools were looked at", PATIENCE, || async {
        get(house.address, "/readyz", "")
            .await
            .body
            .contains("ffmpeg")
    })
    .await;
    let ready = get(house.address, "/readyz", "").await;
    let told: serde_json::Value = serde_json::from_str(&ready.body).unwrap();
    assert_eq!(ready.status, 503, "{told}");
    assert_eq!(told["parts"]["worker"]["ok"], true, "{told}");
    assert_eq!(told["parts"]["ffmpeg"]["ok"], true, "{told}");
    let down: Vec<_> = told["parts"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, part)| part["ok"] == false)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(down, ["yt-dlp"], "{told}");
    house.close().await;
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_who_has_the_key() {
    let house = House::serving(&[("metrics.key", "the-metrics-key")]).await;
    assert_eq!(
        post(house.address, &messages(&[("m-1", "55", "hello")]))
            .await
            .status,
        200
    );
    let local = get(house.address, "/metrics", "").await;
    assert_eq!(local.status, 200);
    for number in [
        "gramophone_ack_seconds_count",
        "gramophone_deliveries_total",
        "gramophone_oldest_waiting_seconds",
        "gramophone_jobs{",
    ] {
        assert!(local.body.contains(number), "{number} in\n{}", local.body);
    }
    let through_proxy = "x-forwarded-for: 192.0.2.1\r\n";
    assert_eq!(
        get(house.address, "/metrics", through_proxy).await.status,
        401
    );
    let wrong = format!("{through_proxy}authorization: Bearer the-metrics-keyx\r\n");
    assert_eq!(get(house.address, "/metrics", &wrong).await.status, 401);
    let right = format!("{through_proxy}authorization: Bearer the-metrics-key\r\n");
    assert_eq!(get(house.address, "/metrics", &right).await.status, 200);
    house.close().await;
}

#[tokio::test]
async fn without_a_key_nobody_elsewhere_reads_metrics() {
    let house = House::serving(&[]).await;
    for headers in [
        "x-forwarded-for: 192.0.2.1\r\n",
        "x-forwarded-for: 192.0.2.1\r\nauthorization: Bearer \r\n",
    ] {
        assert_eq!(get(house.address, "/metrics", headers).await.status, 401);
    }
    house.close().await;
}

#[tokio::test]
async fn a_link_opens_its_file_until_it_ends() {
    let key = "0123456789abcdef0123456789abcdef";
    let house = House::serving(&[("master_key", key)]).await;
    let folder = work_dir(house.folder.path(), "w1");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("video.mp4"), "not really a video").unwrap();
    let secret = SecretString::from(key);
    let name = FileName::new("w1", "video.mp4").unwrap();
    let public: Url = "https://bot.example.com".parse().unwrap();
    let path = |until_ms: i64| {
        signed_link(&public, &secret, &name, until_ms)
            .trim_start_matches("https://bot.example.com")
            .to_owned()
    };
    let now_ms = i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap();

    let good = get(house.address, &path(now_ms + 60_000), "").await;
    assert_eq!(
        (good.status, good.body.as_str()),
        (200, "not really a video")
    );
    for header in [
        "content-disposition: attachment; filename=\"video.mp4\"",
        "nosniff",
        "content-type: video/mp4",
        "content-length: 18",
    ] {
        assert!(good.head.contains(header), "{header} in\n{}", good.head);
    }
    assert_eq!(
        get(house.address, &path(now_ms - 60_000), "").await.status,
        410
    );
    let forged = path(now_ms + 60_000).replace("until=", "until=9");
    assert_eq!(get(house.address, &forged, "").await.status, 404);
    assert_eq!(
        get(house.address, "/files/w1/video.mp4", "").await.status,
        404
    );
    assert_eq!(
        get(
            house.address,
            "/files/..%2f..%2fmaster.key/x?until=1&sign=00",
            ""
        )
        .await
        .status,
        404
    );
    std::fs::remove_file(folder.join("video.mp4")).unwrap();
    assert_eq!(
        get(house.address, &path(now_ms + 60_000), "").await.status,
        410
    );
    house.close().await;
}

#[tokio::test]
async fn the_status_page_speaks_to_its_reader() {
    let house = House::serving(&[]).await;
    let english = get(house.address, "/", "accept-language: en\r\n").await;
    assert_eq!(english.status, 200);
    assert!(
        english.body.contains("Everything works.")
            && english.body.contains("INSTAGRAM_PAGE_ACCESS_TOKEN"),
        "{}",
        english.body
    );
    let portuguese = get(house.address, "/", "accept-language: pt-BR,pt;q=0.9\r\n").await;
    assert!(
        portuguese.body.contains("Tudo funcionando.") && portuguese.body.contains("lang=\"pt-BR\"")
    );
    assert!(
        portuguese
            .head
            .contains("content-security-policy: default-src 'none'")
    );
    let nowhere = get(house.address, "/wp-login.php", "").await;
    assert_eq!(
        (nowhere.status, nowhere.body.as_str()),
        (
            404,
            r#"{"detail":"there is nothing here","error":{"code":"not_found","kind":"request","retry_after":null,"next_step":"Look up the path at /docs, or in /openapi.json.","meta":null}}"#
        )
    );
    house.close().await;
}
