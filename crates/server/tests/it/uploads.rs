//! Files that are handed in, and every kind of post that is made of them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    gallery::{count, film, jpeg, newest, ordered, picture, post},
    house::eventually,
    office::Office,
};

const PATIENCE: Duration = Duration::from_mins(1);

async fn hand_in(office: &Office, mime: &str, bytes: Vec<u8>) -> (u16, Value) {
    let url = format!(
        "http://{}{}",
        office.process.address,
        office.path("uploads")
    );
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request.post(url).header("content-type", mime).body(bytes);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_that_was_handed_in_reaches_meta_by_its_bytes_and_goes() {
    let office = Office::open().await;
    let before = count(&office).await;
    let bytes = film();
    let size = bytes.len();
    let (status, upload) = hand_in(&office, "video/mp4", bytes).await;
    assert_eq!((status, &upload["bytes"]), (201, &json!(size)), "{upload}");
    let file = office.handed_in();
    assert_eq!(file.len(), 1, "{file:?}");
    let body = json!({
        "kind": "reel", "items": [{"upload": upload["id"]}], "caption": "Em bytes", "thumb_offset_ms": 1500,
        "share_to_feed": false,
    });
    // Before any byte arrived, in the middle, and after the last one.
    for (earlier, breaks) in [
        (0, json!({"kind": "drop_then_close"})),
        (1, json!({"kind": "break_off", "bytes": size / 3})),
        (2, json!({"kind": "apply_then_drop"})),
    ] {
        let path = "rupload.facebook.com*";
        let fault = json!({"match": {"path": path}, "after": earlier, "times": 1, "do": breaks});
        office.sim("faults", fault).await;
    }
    let id = ordered(&office, &body).await;
    let over = office.over_with(&id, 1_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    let reel = newest(&office).await;
    assert_eq!(reel["id"], over["media_id"]);
    assert_eq!(reel["media_product_type"], "REELS", "{reel}");
    let again = office.api.post(&office.path("publications"), &body).await;
    assert_eq!(again.status, 422, "{}", again.text);
    assert_eq!(again.body["error"]["problems"][0]["at"], "items[0].upload");
    // Its row is gone with the news that it is out, its file right after.
    eventually("what is out is not kept", PATIENCE, async || {
        office.handed_in().is_empty()
    })
    .await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_meta_would_not_publish_are_not_taken() {
    let office = Office::open().await;
    for (mime, bytes, status, code) in [
        ("image/png", vec![1], 415, "not_published"),
        ("image/jpeg", Vec::new(), 422, "invalid_input"),
        (
            "image/jpeg",
            vec![0; 8 * 1024 * 1024 + 1],
            413,
            "body_too_large",
        ),
    ] {
        let (got, body) = hand_in(&office, mime, bytes).await;
        assert_eq!(
            (got, &body["error"]["code"]),
            (status, &json!(code)),
            "{body}"
        );
    }
    assert_eq!(office.handed_in().len(), 0, "nothing of them is kept");
    // Meta takes pictures by their address, and nobody outside reaches this server.
    let (status, upload) = hand_in(&office, "image/jpeg", jpeg()).await;
    assert_eq!(status, 201, "{upload}");
    let body = json!({"kind": "image", "items": [{"upload": upload["id"]}], "publsh_at": "2027-01-01T00:00:00Z"});
    let got = office.api.post(&office.path("publications"), &body).await;
    assert_eq!(got.status, 422, "{}", got.text);
    let problems = got.body["error"]["problems"].clone();
    let at: Vec<&str> = problems
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|problem| problem["at"].as_str())
        .collect();
    assert_eq!(at, ["publsh_at", "items[0].upload"], "{problems}");
    assert_eq!(office.calls("/media").await, 0);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_one_story_though_its_answer_was_lost() {
    let office = Office::open().await;
    let url = picture().await;
    let stories = async || {
        let all = office.look("media?limit=2000").await["media"].clone();
        let all = all.as_array().unwrap().clone();
        all.into_iter()
            .filter(|one| one["media_product_type"] == "STORY")
            .count()
    };
    let before = stories().await;
    office.lose_answer("*/media_publish").await;
    let body = json!({"kind": "story", "items": [{ "image_url": url }]});
    let id = ordered(&office, &body).await;
    let over = office.over(&id).await;
    assert_eq!(over["state"], "published", "{over}");
    assert!(over["media_id"].is_string(), "{over}");
    assert_eq!(stories().await, before + 1);
    assert_eq!(office.calls("/media_publish").await, 1);
    let body = json!({"kind": "story", "items": [{ "image_url": url }], "first_comment": "Oi"});
    let got = office.api.post(&office.path("publications"), &body).await;
    assert_eq!(got.body["error"]["problems"][0]["at"], "first_comment");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carousel_with_a_bad_item_is_not_published_and_the_item_is_named() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    let bad = json!({"image_url": url.replace("a.jpg", "none.jpg")});
    let body = json!({"kind": "carousel", "items": [{"image_url": url}, bad, {"image_url": url}], "caption": "Três"});
    let id = ordered(&office, &body).await;
    let over = office.over_with(&id, 2_000).await;
    assert_eq!(over["state"], "failed", "{over}");
    let says = over["error"]["detail"].as_str().unwrap();
    assert!(says.starts_with("items[1]: "), "{says}");
    assert!(over["error"]["error"]["meta"].is_object(), "{over}");
    assert_eq!(over["error"]["error"]["code"], "media_not_fetched");
    // Meta has it and cannot use it.
    let fail = json!({"fail": {"subcode": 2_207_026, "times": 1}});
    office.sim("publishing", fail).await;
    let body = json!({"kind": "carousel", "items": [{"image_url": url}, {"image_url": url}], "caption": "Dois"});
    let id = ordered(&office, &body).await;
    let over = office.over(&id).await;
    assert_eq!(over["state"], "failed", "{over}");
    let says = over["error"]["detail"].as_str().unwrap();
    assert!(says.starts_with("items[0]: "), "{says}");
    assert_eq!(count(&office).await, before);
    assert_eq!(office.calls("/media_publish").await, 0);
    // A fault of Meta's own passes.
    let fail = json!({"fail": {"subcode": 2_207_001, "times": 1}});
    office.sim("publishing", fail).await;
    let id = ordered(&office, &body).await;
    let over = office.over(&id).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_allowance_is_told_and_waited_for() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    office.sim("publishing", json!({"quota_total": 0})).await;
    let id = ordered(&office, &post(&url, "Espera")).await;
    let got = office.waits(&id, "quota").await;
    assert_eq!(got.body["quota"]["total"], 0, "{}", got.text);
    let wait = got.headers["retry-after"].to_str().unwrap().to_owned();
    let wait: u64 = wait.parse().unwrap();
    assert!((800..=900).contains(&wait), "{wait}");
    assert!(got.body["waits_until"].is_string(), "{}", got.text);
    assert_eq!(office.calls("/media").await, 0);
    office.sim("publishing", json!({"quota_total": 50})).await;
    // Somebody else uses it up just before the call.
    let fault = json!({
        "match": {"method": "POST", "path": "*/media_publish"}, "times": 1,
        "do": {"kind": "status", "status": 403, "code": 9, "subcode": 2_207_042, "message": "Application request limit"},
    });
    office.sim("faults", fault).await;
    office.advance(15 * 60_000).await;
    crate::house::eventually(
        "it was refused once",
        std::time::Duration::from_mins(1),
        || async { office.calls("/media_publish").await == 1 },
    )
    .await;
    office.waits(&id, "quota").await;
    assert_eq!(count(&office).await, before);
    office.advance(16 * 60_000).await;
    let over = office.over_with(&id, 1_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_leaves_nothing_behind() {
    use tokio::io::AsyncWriteExt as _;
    let office = Office::open().await;
    let path = office.path("uploads");
    let address = office.process.address;
    let mut wire = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: video/mp4\r\ncontent-length: 1000000\r\n\r\n"
    );
    wire.write_all(head.as_bytes()).await.unwrap();
    wire.write_all(&[7; 5_000]).await.unwrap();
    let patience = std::time::Duration::from_mins(1);
    crate::house::eventually("it is arriving", patience, || async {
        office.handed_in().len() == 1
    })
    .await;
    drop(wire);
    crate::house::eventually("its remains are gone", patience, || async {
        office.handed_in().is_empty()
    })
    .await;
    office.close().await;
}
