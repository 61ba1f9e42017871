//! Publishing: containers of every kind, what they refuse, and what stands in the account afterwards.

use serde_json::{Value, json};

use crate::files::{Files, container, create, film, jpeg, posted, publish, settled};
use crate::support::{ACCOUNT, Answer, FACEBOOK, INSTAGRAM, World};

const DAY_MS: i64 = 24 * 3_600_000;

async fn world() -> World {
    let world = World::without_webhook().await;
    world.sim("publishing", json!({"processing_ms": 0})).await;
    world
}

async fn square() -> std::sync::Arc<Files> {
    Files::serve(vec![("square.jpg", jpeg("320x320"))]).await
}

#[tokio::test]
async fn a_picture_is_published_once_it_is_ready() {
    let world = world().await;
    world
        .sim("publishing", json!({"processing_ms": 60_000}))
        .await;
    let files = square().await;
    let before = world.look("media").await["count"].as_u64().unwrap();
    let body = json!({"image_url": files.url("square.jpg"), "caption": "Olá #vinil", "alt_text": "Um disco"});
    let made = container(&world, body).await;
    let path = format!("{FACEBOOK}/{made}?fields=status_code,status");
    assert_eq!(world.get(&path).await.body["status_code"], "IN_PROGRESS");
    assert_eq!(
        publish(&world, &made).await.error(),
        (9_007, Some(2_207_027))
    );
    world.sim("clock", json!({"advance_ms": 60_000})).await;
    assert_eq!(settled(&world, &made).await.0, "FINISHED");
    let answer = publish(&world, &made).await;
    let media = answer.body["id"].as_str().unwrap();
    assert_ne!(media, made);
    assert_eq!(settled(&world, &made).await.0, "PUBLISHED");
    assert_eq!(
        publish(&world, &made).await.error(),
        (9_007, Some(2_207_027)),
        "twice"
    );
    let shown = world.look("media").await;
    assert_eq!(shown["count"].as_u64().unwrap(), before + 1);
    let newest = &shown["media"][0];
    assert_eq!(
        (
            &newest["id"],
            &newest["caption"],
            &newest["alt_text"],
            &newest["container"]
        ),
        (
            &json!(media),
            &json!("Olá #vinil"),
            &json!("Um disco"),
            &json!(made)
        )
    );
    let file = world
        .client
        .get(newest["file"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(file.headers()["content-type"], "image/jpeg");
    assert!(files.asked_by.lock().unwrap()[0].starts_with("facebookexternalhit"));
    let unknown = publish(&world, "17900000000000000").await;
    assert_eq!(unknown.error(), (24, Some(2_207_008)));
}

#[tokio::test]
async fn two_containers_make_two_posts_and_a_lost_answer_leaves_one() {
    let world = world().await;
    let files = square().await;
    let before = world.look("media").await["count"].as_u64().unwrap();
    posted(&world, &files, "igual").await;
    posted(&world, &files, "igual").await;
    let count = async || world.look("media").await["count"].as_u64().unwrap() - before;
    assert_eq!(count().await, 2, "nothing is the same post twice");
    let made = container(&world, json!({"image_url": files.url("square.jpg")})).await;
    let fault = json!({"match": {"path": "*/media_publish"}, "do": {"kind": "apply_then_drop"}});
    world.sim("faults", fault).await;
    let request = world
        .client
        .post(world.url(&format!("{FACEBOOK}/{ACCOUNT}/media_publish")));
    let request = request
        .bearer_auth("SIM-PAGE-TOKEN")
        .json(&json!({"creation_id": made}));
    assert!(request.send().await.is_err(), "no answer came");
    assert_eq!(count().await, 3, "and yet it is posted");
    assert_eq!(settled(&world, &made).await.0, "PUBLISHED");
}

#[tokio::test]
async fn reels_are_fetched_while_the_client_waits() {
    let world = world().await;
    let files = Files::serve(vec![
        ("reel.mp4", film(4, "-movflags +faststart")),
        ("late_index.mp4", film(4, "")),
        ("short.mp4", film(1, "-movflags +faststart")),
        ("page.mp4", b"<html>not a film</html>".to_vec()),
    ])
    .await;
    let reel = |name: &str| json!({"media_type": "REELS", "video_url": files.url(name)});
    let mut body = reel("reel.mp4");
    body["caption"] = "Som".into();
    body["thumb_offset"] = 1_500.into();
    body["share_to_feed"] = false.into();
    let made = container(&world, body).await;
    assert_eq!(settled(&world, &made).await.0, "FINISHED");
    publish(&world, &made).await;
    let newest = world.look("media").await["media"][0].clone();
    assert_eq!(
        (&newest["media_type"], &newest["media_product_type"]),
        (&json!("VIDEO"), &json!("REELS"))
    );
    for (name, subcode) in [
        ("late_index.mp4", 2_207_026),
        ("short.mp4", 2_207_026),
        ("page.mp4", 2_207_026),
        ("none.mp4", 2_207_052),
    ] {
        let made = container(&world, reel(name)).await;
        let (code, status) = settled(&world, &made).await;
        assert_eq!(code, "ERROR", "{name}");
        assert!(
            status.ends_with(&format!("error code {subcode}")),
            "{name}: {status}"
        );
        assert_eq!(publish(&world, &made).await.error(), (-1, Some(2_207_053)));
    }
    let mut body = reel("reel.mp4");
    body["thumb_offset"] = 4_001.into();
    let made = container(&world, body).await;
    assert!(settled(&world, &made).await.1.ends_with("2207057"));
}

#[tokio::test]
async fn pictures_are_judged_before_the_answer() {
    let world = world().await;
    let mut big = jpeg("320x320");
    big.resize(8 * 1_024 * 1_024 + 1, 0);
    let files = Files::serve(vec![
        ("wide.jpg", jpeg("640x320")),
        ("big.jpg", big),
        ("a.png", b"\x89PNG\r\n\x1a\n0000".to_vec()),
        ("tall.jpg", jpeg("180x320")),
    ])
    .await;
    for (url, code, subcode) in [
        (files.url("wide.jpg"), 36_003, 2_207_009),
        (files.url("big.jpg"), 36_000, 2_207_004),
        (files.url("a.png"), 36_001, 2_207_005),
        (files.url("none.jpg"), 9_004, 2_207_052),
        (files.url("é.jpg"), 9_004, 2_207_052),
        ("http://example.org/a.jpg".into(), 9_004, 2_207_052),
    ] {
        let answer = create(&world, json!({"image_url": url})).await;
        assert_eq!(answer.error(), (code, Some(subcode)), "{url}");
        assert_eq!(answer.status, 400);
        let error = &answer.body["error"];
        assert!(error["error_user_title"].is_string() && error["is_transient"].is_boolean());
    }
    let story = json!({"media_type": "STORIES", "image_url": files.url("tall.jpg")});
    let made = container(&world, story).await;
    publish(&world, &made).await;
    let newest = world.look("media").await["media"][0].clone();
    assert_eq!(newest["media_product_type"], "STORY", "a story may be tall");
    world.sim("clock", json!({"advance_ms": DAY_MS})).await;
    let left = world.look("media").await;
    assert!(
        !left.to_string().contains(newest["id"].as_str().unwrap()),
        "a story lives a day"
    );
}

#[tokio::test]
async fn a_carousel_is_made_of_items() {
    let world = world().await;
    let files = Files::serve(vec![
        ("square.jpg", jpeg("320x320")),
        ("clip.mp4", film(4, "-movflags +faststart")),
    ])
    .await;
    let picture = json!({"is_carousel_item": true, "image_url": files.url("square.jpg"), "caption": "nobody sees it"});
    let clip = json!({"is_carousel_item": true, "media_type": "VIDEO", "video_url": files.url("clip.mp4")});
    let first = container(&world, picture.clone()).await;
    let second = container(&world, clip).await;
    let parent = |children: Value| json!({"media_type": "CAROUSEL", "caption": "Dois", "children": children});
    settled(&world, &second).await;
    assert_eq!(
        create(&world, parent(json!([first]))).await.error(),
        (100, Some(2_207_028))
    );
    let alone = container(&world, json!({"image_url": files.url("square.jpg")})).await;
    assert_eq!(
        create(&world, parent(json!([first, alone]))).await.error(),
        (100, None)
    );
    let gone = create(&world, parent(json!([first, "1"]))).await;
    assert_eq!(gone.error(), (24, Some(2_207_008)));
    assert_eq!(
        publish(&world, &first).await.error(),
        (100, None),
        "an item alone"
    );
    let made = container(&world, parent(format!("{first},{second}").into())).await;
    assert_eq!(publish(&world, &made).await.status, 200);
    let newest = world.look("media").await["media"][0].clone();
    assert_eq!(newest["media_type"], "CAROUSEL_ALBUM");
    assert_eq!(newest["children"].as_array().unwrap().len(), 2);
    world
        .sim("publishing", json!({"processing_ms": 60_000}))
        .await;
    let young = container(&world, picture).await;
    let early = create(&world, parent(json!([young, young]))).await;
    assert_eq!(early.error(), (9_007, Some(2_207_027)));
}

#[tokio::test]
async fn parameters_have_rules() {
    let world = world().await;
    let files = square().await;
    let url = files.url("square.jpg");
    let tag = |x: f64| json!([{"username": "loja", "x": x, "y": 0.5}]);
    let cases: [(Value, i64, Option<i64>); 17] = [
        (json!({}), 100, None),
        (
            json!({"media_type": "VIDEO", "video_url": url}),
            100,
            Some(2_207_023),
        ),
        (
            json!({"media_type": "IGTV", "video_url": url}),
            100,
            Some(2_207_023),
        ),
        (
            json!({"media_type": "REELS", "is_carousel_item": true, "video_url": url}),
            100,
            Some(2_207_023),
        ),
        (json!({"media_type": "REELS"}), 100, None),
        (
            json!({"media_type": "STORIES", "image_url": url, "video_url": url}),
            100,
            None,
        ),
        (
            json!({"image_url": url, "caption": "a".repeat(2_201)}),
            36_004,
            Some(2_207_010),
        ),
        (
            json!({"image_url": url, "caption": "#a ".repeat(31)}),
            36_004,
            Some(2_207_010),
        ),
        (
            json!({"image_url": url, "caption": "@a ".repeat(21)}),
            100,
            Some(2_207_040),
        ),
        (
            json!({"image_url": url, "alt_text": "a".repeat(1_001)}),
            100,
            None,
        ),
        (
            json!({"media_type": "REELS", "video_url": url, "alt_text": "a"}),
            100,
            None,
        ),
        (
            json!({"image_url": url, "collaborators": ["a", "b", "c", "d"]}),
            100,
            None,
        ),
        (json!({"image_url": url, "user_tags": tag(1.5)}), 100, None),
        (
            json!({"image_url": url, "product_tags": [{"product_id": "1"}]}),
            100,
            Some(2_207_036),
        ),
        (
            json!({"image_url": url, "is_carousel_item": true, "is_ai_generated": true}),
            100,
            None,
        ),
        (
            json!({"image_url": url, "trial_params": {"graduation_strategy": "MANUAL"}}),
            100,
            None,
        ),
        (
            json!({"media_type": "REELS", "video_url": url, "thumb_offset": -1}),
            1,
            Some(2_207_057),
        ),
    ];
    for (body, code, subcode) in cases {
        assert_eq!(
            create(&world, body.clone()).await.error(),
            (code, subcode),
            "{body}"
        );
    }
    let good = json!({"image_url": url, "user_tags": tag(0.5), "collaborators": "a,b,c", "is_ai_generated": "true"});
    container(&world, good).await;
    let path = format!("{INSTAGRAM}/me/media");
    let host = world
        .post(&path, json!({"media_type": "CAROUSEL", "children": "1"}))
        .await;
    assert_eq!(
        host.error(),
        (100, Some(2_207_028)),
        "both families publish"
    );
    assert_eq!(
        world
            .post(
                &path,
                json!({"image_url": url, "is_paid_partnership": true})
            )
            .await
            .error(),
        (100, None)
    );
    world.sim("publishing", json!({"trial_reels": false})).await;
    let trial = json!({"media_type": "REELS", "video_url": url, "trial_params": {"graduation_strategy": "MANUAL"}});
    assert_eq!(create(&world, trial).await.error(), (100, Some(2_207_081)));
}

#[tokio::test]
async fn quotas_are_counted_over_a_moving_day() {
    let world = world().await;
    let files = square().await;
    world.sim("publishing", json!({"quota_total": 2})).await;
    let usage = async || {
        let path =
            format!("{FACEBOOK}/{ACCOUNT}/content_publishing_limit?fields=config,quota_usage");
        world.get(&path).await.body["data"][0].clone()
    };
    posted(&world, &files, "um").await;
    world.sim("clock", json!({"advance_ms": 3_600_000})).await;
    posted(&world, &files, "dois").await;
    assert_eq!(
        usage().await,
        json!({"quota_usage": 2, "config": {"quota_total": 2, "quota_duration": 86_400}})
    );
    let made = container(&world, json!({"image_url": files.url("square.jpg")})).await;
    assert_eq!(publish(&world, &made).await.error(), (9, Some(2_207_042)));
    world
        .sim("clock", json!({"advance_ms": DAY_MS - 3_600_000}))
        .await;
    assert_eq!(usage().await["quota_usage"], 1);
    assert_eq!(
        publish(&world, &made).await.status,
        200,
        "the container still waits"
    );
    let old = world
        .get(&format!(
            "{FACEBOOK}/{ACCOUNT}/content_publishing_limit?since=1000"
        ))
        .await;
    assert_eq!(old.error(), (100, None));
}

#[tokio::test]
async fn containers_expire_fail_on_demand_and_are_400_a_day() {
    let world = world().await;
    let files = square().await;
    let body = json!({"image_url": files.url("square.jpg")});
    let made = container(&world, body.clone()).await;
    world.sim("clock", json!({"advance_ms": DAY_MS})).await;
    assert_eq!(settled(&world, &made).await.0, "EXPIRED");
    assert_eq!(publish(&world, &made).await.error(), (-2, Some(2_207_020)));
    world
        .sim("publishing", json!({"fail": {"subcode": 2_207_082}}))
        .await;
    let failed = container(&world, body.clone()).await;
    assert!(settled(&world, &failed).await.1.ends_with("2207082"));
    let upload = json!({"media_type": "REELS", "upload_type": "resumable"});
    for _ in 1..400 {
        container(&world, upload.clone()).await;
    }
    assert_eq!(create(&world, upload).await.error(), (9, Some(2_207_042)));
}

/// One request to the upload host.
async fn send(world: &World, uri: &str, headers: &[(&str, String)], bytes: Vec<u8>) -> Answer {
    let mut request = world
        .client
        .post(uri)
        .header("authorization", "OAuth SIM-PAGE-TOKEN");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let answer = request.body(bytes).send().await.unwrap();
    Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.json().await.unwrap(),
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off() {
    let world = world().await;
    let film = film(4, "-movflags +faststart");
    let answer = create(
        &world,
        json!({"media_type": "REELS", "upload_type": "resumable"}),
    )
    .await;
    let (id, uri) = (
        answer.body["id"].as_str().unwrap(),
        answer.body["uri"].as_str().unwrap(),
    );
    assert!(uri.ends_with(&format!("/rupload.facebook.com/ig-api-upload/v26.0/{id}")));
    let size = film.len().to_string();
    let part = |offset: usize| [("offset", offset.to_string()), ("file_size", size.clone())];
    let cut = film.len() / 3;
    let broken = send(&world, uri, &part(0), film[..cut].to_vec()).await;
    assert_eq!(
        (broken.status, &broken.body["debug_info"]["retriable"]),
        (400, &json!(true))
    );
    let status = world
        .get(&format!("{FACEBOOK}/{id}?fields=status_code,video_status"))
        .await
        .body;
    assert_eq!(status["status_code"], "IN_PROGRESS");
    assert_eq!(
        status["video_status"]["uploading_phase"]["bytes_transferred"],
        cut
    );
    let again = send(&world, uri, &part(0), film.clone()).await;
    assert_eq!(again.body["debug_info"]["type"], "OffsetInvalidError");
    let rest = send(&world, uri, &part(cut), film[cut..].to_vec()).await;
    assert_eq!((rest.status, &rest.body["success"]), (200, &json!(true)));
    assert_eq!(settled(&world, id).await.0, "FINISHED");
    let late = send(&world, uri, &part(0), film.clone()).await;
    assert_eq!(
        late.body["debug_info"]["retriable"], false,
        "it is here already"
    );
    let media = publish(&world, id).await.body["id"].clone();
    let newest = world.look("media").await["media"][0].clone();
    assert_eq!(newest["id"], media);
    let published = world
        .client
        .get(newest["file"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(published.bytes().await.unwrap(), film, "byte for byte");
    let log = world.look("calls?limit=100").await;
    assert!(log.to_string().contains("file_size"));
    let nobody = world
        .client
        .post(uri)
        .header("authorization", "OAuth X")
        .body("")
        .send()
        .await
        .unwrap();
    let nobody: Value = nobody.json().await.unwrap();
    assert_eq!(nobody["debug_info"]["type"], "NotAuthorizedError");
}

#[tokio::test]
async fn an_upload_may_be_named_by_address() {
    let world = world().await;
    let files = Files::serve(vec![("reel.mp4", film(4, "-movflags +faststart"))]).await;
    let answer = create(
        &world,
        json!({"media_type": "STORIES", "upload_type": "resumable"}),
    )
    .await;
    let (id, uri) = (
        answer.body["id"].as_str().unwrap(),
        answer.body["uri"].as_str().unwrap(),
    );
    let sent = send(
        &world,
        uri,
        &[("file_url", files.url("reel.mp4"))],
        Vec::new(),
    )
    .await;
    assert_eq!(sent.status, 200);
    assert_eq!(settled(&world, id).await.0, "FINISHED");
    let bare = create(
        &world,
        json!({"media_type": "REELS", "upload_type": "resumable"}),
    )
    .await;
    let bare = send(&world, bare.body["uri"].as_str().unwrap(), &[], Vec::new()).await;
    assert_eq!(bare.status, 400);
}

#[tokio::test]
async fn media_is_deleted_with_its_comments_and_only_with_the_permission() {
    let world = world().await;
    let files = square().await;
    let media = posted(&world, &files, "adeus").await;
    let comment = world
        .sim(
            "comments",
            json!({"from": "5550000000000001", "media_id": media, "text": "Oi"}),
        )
        .await["id"]
        .clone();
    let delete = async |host: &str, token: &str| {
        let request = world.client.delete(world.url(&format!("{host}/{media}")));
        world.call(request.bearer_auth(token)).await
    };
    let instagram = delete(INSTAGRAM, "SIM-INSTAGRAM-TOKEN").await;
    assert_eq!(instagram.error(), (100, None), "Facebook Login only");
    let body = json!({"token": "FEW", "login": "facebook", "scopes": ["instagram_basic", "instagram_manage_comments"]});
    world.sim("tokens", body).await;
    assert_eq!(delete(FACEBOOK, "FEW").await.error(), (10, None));
    assert_eq!(
        delete(FACEBOOK, "SIM-PAGE-TOKEN").await.body,
        json!({"success": true})
    );
    assert_eq!(
        delete(FACEBOOK, "SIM-PAGE-TOKEN").await.error(),
        (100, Some(33))
    );
    let read = world
        .get(&format!("{FACEBOOK}/{}", comment.as_str().unwrap()))
        .await;
    assert_eq!(read.error(), (100, Some(33)));
    assert_eq!(
        create_with(&world, "FEW").await.error(),
        (10, None),
        "nor may it publish"
    );
}

async fn create_with(world: &World, token: &str) -> Answer {
    let request = world
        .client
        .post(world.url(&format!("{FACEBOOK}/{ACCOUNT}/media")));
    let body = json!({"image_url": "http://127.0.0.1:1/a.jpg"});
    world.call(request.bearer_auth(token).json(&body)).await
}
