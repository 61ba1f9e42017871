//! Uploads: streamed, judged by their bytes, used by id or by address.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{Answer, FACEBOOK, INSTAGRAM, PERSON, World};

/// Bytes that begin as an MP4 does.
fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(bytes, 0);
    file
}

fn form(kind: &str, file: Vec<u8>, name: &str) -> Form {
    let message =
        json!({"attachment": {"type": kind, "payload": {"is_reusable": true}}}).to_string();
    Form::new()
        .text("platform", "instagram")
        .text("message", message)
        .part(
            "filedata",
            Part::bytes(file)
                .file_name(name.to_owned())
                .mime_str("video/mp4")
                .unwrap(),
        )
}

async fn upload(world: &World, form: Form) -> Answer {
    let request = world
        .client
        .post(world.url(&format!("{FACEBOOK}/me/message_attachments")));
    world
        .call(request.bearer_auth("SIM-PAGE-TOKEN").multipart(form))
        .await
}

async fn send(world: &World, kind: &str, payload: Value) -> Answer {
    let message = json!({"attachment": {"type": kind, "payload": payload}});
    world
        .post(
            &format!("{FACEBOOK}/me/messages"),
            json!({"recipient": {"id": PERSON}, "message": message}),
        )
        .await
}

#[tokio::test]
async fn an_upload_is_sent_by_id_and_can_be_downloaded() {
    let world = World::start().await;
    world.person_writes("hi").await;
    let file = mp4(300_000);
    let answer = upload(&world, form("video", file.clone(), "reel.mp4")).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let id = answer.body["attachment_id"].clone();
    for _ in 0..2 {
        assert_eq!(
            send(&world, "video", json!({"attachment_id": id}))
                .await
                .status,
            200,
            "reusable"
        );
    }
    assert_eq!(
        send(&world, "audio", json!({"attachment_id": id}))
            .await
            .error(),
        (100, Some(2_018_047))
    );
    assert_eq!(
        send(&world, "video", json!({"attachment_id": "1"}))
            .await
            .error(),
        (100, Some(2_018_074))
    );
    let thread = world.thread().await;
    let attachment = &thread["messages"][1]["attachments"][0];
    assert_eq!(
        (&attachment["type"], &attachment["bytes"]),
        (&json!("video"), &json!(300_000))
    );
    let url = attachment["url"].as_str().unwrap();
    let downloaded = world
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(downloaded, file);
    let arrivals = world.receiver.wait(3).await;
    assert_eq!(
        arrivals[1].item()["message"]["attachments"][0]["type"],
        "video"
    );
    let calls = world.look("calls?path=message_attachments").await;
    let parts = calls["calls"][0]["body"]["multipart"].as_array().unwrap();
    assert!(parts.contains(
        &json!({"name": "filedata", "file_name": "reel.mp4", "type": "video/mp4", "bytes": 300_000})
    ));
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let world = World::without_webhook().await;
    let error = async |form: Form| upload(&world, form).await.error();
    assert_eq!(
        error(form("video", mp4(25_000_001), "a.mp4")).await,
        (100, Some(2_018_109))
    );
    assert_eq!(
        upload(&world, form("video", mp4(25_000_000), "a.mp4"))
            .await
            .status,
        200
    );
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe0];
    jpeg.resize(8_000_001, 0);
    assert_eq!(
        error(form("image", jpeg.clone(), "a.jpg")).await,
        (100, Some(2_018_109))
    );
    jpeg.truncate(8_000_000);
    assert_eq!(
        upload(&world, form("image", jpeg, "a.jpg")).await.status,
        200
    );
    assert_eq!(
        error(form("video", b"#EXTM3U".to_vec(), "a.mp4")).await,
        (100, Some(2_018_047))
    );
    assert_eq!(
        error(form("video", mp4(99), "vídeo.mp4")).await,
        (100, None),
        "not ASCII"
    );
    assert_eq!(
        error(form("hologram", mp4(99), "a.mp4")).await,
        (100, Some(2_534_015))
    );
    let message = r#"{"attachment":{"type":"video","payload":{}}}"#;
    let file = || Part::bytes(mp4(99)).file_name("a.mp4");
    let no_platform = Form::new()
        .text("message", message)
        .part("filedata", file());
    assert_eq!(error(no_platform).await, (100, None));
    let no_file = Form::new()
        .text("platform", "instagram")
        .text("message", message);
    assert_eq!(error(no_file).await, (100, None));
    let no_message = Form::new()
        .text("platform", "instagram")
        .part("filedata", file());
    assert_eq!(error(no_message).await, (100, None));
    let stranger = world
        .client
        .post(world.url(&format!("{FACEBOOK}/me/message_attachments")));
    let answer = world
        .call(stranger.multipart(form("video", mp4(99), "a.mp4")))
        .await;
    assert_eq!(answer.error(), (190, None));
}

#[tokio::test]
async fn the_instagram_flavour_needs_no_platform() {
    let world = World::without_webhook().await;
    let form = Form::new()
        .text("message", r#"{"attachment":{"type":"video","payload":{}}}"#)
        .part("filedata", Part::bytes(mp4(99)).file_name("a.mp4"));
    let request = world
        .client
        .post(world.url(&format!("{INSTAGRAM}/me/message_attachments")));
    let answer = world
        .call(request.bearer_auth("SIM-INSTAGRAM-TOKEN").multipart(form))
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn files_are_fetched_by_address() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let answer = upload(&world, form("video", mp4(5_000), "a.mp4")).await;
    send(
        &world,
        "video",
        json!({"attachment_id": answer.body["attachment_id"]}),
    )
    .await;
    let url = world.thread().await["messages"][1]["attachments"][0]["url"].clone();
    assert_eq!(send(&world, "video", json!({"url": url})).await.status, 200);
    assert_eq!(
        send(&world, "image", json!({"url": url})).await.error(),
        (100, Some(2_018_047))
    );
    let by_url = json!({"platform": "instagram", "message": {"attachment": {"type": "video", "payload": {"url": url, "is_reusable": "true"}}}});
    let answer = world
        .post(&format!("{FACEBOOK}/me/message_attachments"), by_url)
        .await;
    assert!(answer.body["attachment_id"].is_string());
    for bad in [
        "http://example.org/a.mp4",
        "ftp://example.org/a",
        "nonsense",
        &world.url("cdn/x/none.mp4"),
    ] {
        assert_eq!(
            send(&world, "video", json!({"url": bad})).await.error(),
            (100, Some(2_018_008)),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn several_images_go_in_one_message() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let jpeg = || vec![0xff, 0xd8, 0xff, 0xe0, 0, 0];
    let mut images = Vec::new();
    for _ in 0..2 {
        let id = upload(&world, form("image", jpeg(), "a.jpg")).await.body["attachment_id"].clone();
        images.push(json!({"type": "image", "payload": {"attachment_id": id}}));
    }
    let body = json!({"recipient": {"id": PERSON}, "message": {"attachments": images}});
    let path = format!("{FACEBOOK}/me/messages");
    assert_eq!(world.post(&path, body.clone()).await.status, 200);
    assert_eq!(
        world.thread().await["messages"][1]["attachments"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    world
        .sim(
            "accounts",
            json!({"id": crate::support::ACCOUNT, "image_lists": false}),
        )
        .await;
    assert_eq!(
        world.post(&path, body).await.error(),
        (100, Some(2_534_068))
    );
}

#[tokio::test]
async fn ten_videos_a_second_are_enough() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    world.sim("limits", json!({"media_per_second": 1})).await;
    let id = upload(&world, form("video", mp4(99), "a.mp4")).await.body["attachment_id"].clone();
    let mut refused = 0;
    for _ in 0..4 {
        let answer = send(&world, "video", json!({"attachment_id": id})).await;
        if answer.status != 200 {
            assert_eq!(answer.error(), (613, Some(2_534_040)));
            refused += 1;
        }
    }
    assert!(refused > 0);
    assert_eq!(
        world.send_text("texts have their own limit").await.status,
        200
    );
}
