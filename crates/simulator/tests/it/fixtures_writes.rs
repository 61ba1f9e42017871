//! Comments, mentions, publishing, other people's accounts and hashtags: the pinned requests are understood, and their
//! answers and refusals have the pinned shapes.

use serde_json::{Value, json};

use crate::files::{Files, container, film, jpeg, posted, publish, settled};
use crate::fixtures::{fixture, same_error};
use crate::pinned::{ask, holds, holds_pinned, is_like, understood};
use crate::support::{ACCOUNT, Answer, FACEBOOK, INSTAGRAM, PERSON, World};

const COMMENT: &str = "17900000000000101";
const MEDIA: &str = "17900000000000201";
const CONTAINER: &str = "17900000000000301";
const HASHTAG: &str = "17840000000000401";
const HOSTS: [&str; 2] = [FACEBOOK, INSTAGRAM];

async fn square() -> std::sync::Arc<Files> {
    let film = film(4, "-movflags +faststart");
    Files::serve(vec![("square.jpg", jpeg("320x320")), ("film.mp4", film)]).await
}

async fn said(world: &World, media: &str, text: &str) -> String {
    let body = json!({"from": PERSON, "media_id": media, "text": text});
    let answer = world.sim("comments", body).await;
    answer["id"].as_str().unwrap().to_owned()
}

fn id(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}

/// An answer that gives the id of what was made.
async fn makes(
    world: &World,
    host: &str,
    (asked, answered): (&str, &str),
    ours: &[(&str, &str)],
) -> String {
    let body = understood(world, host, asked, ours).await;
    is_like(answered, &body);
    id(&body)
}

#[tokio::test]
async fn comments_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let media = posted(&world, &*square().await, "Disco novo").await;
    for host in HOSTS {
        let comment = said(&world, &media, "Que disco é esse?").await;
        let ours = [(COMMENT, comment.as_str()), (MEDIA, media.as_str())];
        makes(&world, host, ("comment-write", "comment-made"), &ours).await;
        makes(&world, host, ("comment-reply", "comment-made"), &ours).await;
        is_like("comment", &understood(&world, host, "comment", &ours).await);
        let replies = understood(&world, host, "comment-replies", &ours).await;
        // Which media a reply is under is asked for and not pinned.
        holds_pinned("comment-replies", &replies);
        let done = understood(&world, host, "comment-hide", &ours).await;
        is_like("success", &done);
        let done = understood(&world, host, "comment-delete", &ours).await;
        is_like("success", &done);
    }
    let ours = [(MEDIA, media.as_str())];
    let done = understood(&world, FACEBOOK, "comments-switch", &ours).await;
    is_like("success", &done);
}

#[tokio::test]
async fn pages_of_comments_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let media = posted(&world, &*square().await, "Disco novo").await;
    for number in 0..101 {
        let comment = said(&world, &media, "Que disco é esse?").await;
        if number == 30 {
            let ours = [(COMMENT, comment.as_str())];
            understood(&world, FACEBOOK, "comment-reply", &ours).await;
        }
    }
    for host in HOSTS {
        let first = world.get(&format!("{host}/{media}/comments")).await.body;
        let after = first["paging"]["cursors"]["after"].as_str().unwrap();
        let ours = [(MEDIA, media.as_str()), ("QVFI", after)];
        let page = understood(&world, host, "comments", &ours).await;
        // A page in the middle also names the one before; the client reads neither that nor the pages of replies.
        holds_pinned("comments", &page);
    }
}

#[tokio::test]
async fn mentions_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let body = json!({"media_id": MEDIA, "comment_id": COMMENT, "username": "loja", "text": "@gramophone olha"});
    world.sim("mentions", body).await;
    for host in HOSTS {
        for name in ["mentioned-media", "mentioned-comment"] {
            let body = understood(&world, host, name, &[]).await;
            holds_pinned(name, &body);
        }
        makes(&world, host, ("mention-answer", "comment-made"), &[]).await;
    }
}

#[tokio::test]
async fn messages_about_comments_and_messages_are_understood() {
    let world = World::without_webhook().await;
    world
        .sim("limits", json!({"conversations_per_second": 0}))
        .await;
    let media = posted(&world, &*square().await, "Disco novo").await;
    let mid = world.person_writes("hi").await;
    let feature = json!({"id": ACCOUNT, "human_agent": true});
    world.sim("accounts", feature).await;
    for host in HOSTS {
        let comment = said(&world, &media, "Que disco é esse?").await;
        let page = if host == INSTAGRAM {
            ACCOUNT
        } else {
            "100000000000001"
        };
        let ours = [
            (COMMENT, comment.as_str()),
            ("mid.1", mid.as_str()),
            ("100000000000001", page),
        ];
        let body = understood(&world, host, "private-reply", &ours).await;
        is_like("send", &body);
        let body = understood(&world, host, "send-human-agent", &ours).await;
        is_like("send", &body);
        understood(&world, host, "react", &ours).await;
        let list = understood(&world, host, "conversations-list", &ours).await;
        holds_pinned("conversations-list", &list);
    }
}

#[tokio::test]
async fn publishing_has_the_pinned_shapes() {
    let world = World::without_webhook().await;
    world.sim("publishing", json!({"processing_ms": 0})).await;
    let files = square().await;
    let (picture, film) = (files.url("square.jpg"), files.url("film.mp4"));
    for host in HOSTS {
        let ours = [
            ("https://example.com/a.jpg", picture.as_str()),
            ("https://example.com/c.jpg", picture.as_str()),
            ("https://example.com/a.mp4", film.as_str()),
        ];
        for name in ["container-image", "container-reel", "container-story"] {
            let made = makes(&world, host, (name, "container"), &ours).await;
            settled(&world, &made).await;
            let made = [(CONTAINER, made.as_str())];
            let status = understood(&world, host, "container-status", &made).await;
            is_like("container-finished", &status);
            makes(&world, host, ("publish", "published"), &made).await;
        }
        let first = makes(&world, host, ("container-item", "container"), &ours).await;
        let second = makes(&world, host, ("container-item", "container"), &ours).await;
        settled(&world, &first).await;
        settled(&world, &second).await;
        let items = [
            (CONTAINER, first.as_str()),
            ("17900000000000302", second.as_str()),
        ];
        makes(&world, host, ("container-carousel", "container"), &items).await;
        let upload = understood(&world, host, "container-upload", &[]).await;
        // Where to send the bytes stands beside the id.
        holds_pinned("container", &upload);
        let limit = understood(&world, host, "publishing-limit", &[]).await;
        is_like("publishing-limit", &limit);
    }
    world
        .sim("publishing", json!({"fail": {"subcode": 2_207_026}}))
        .await;
    let failed = container(&world, json!({"image_url": picture})).await;
    settled(&world, &failed).await;
    let ours = [(CONTAINER, failed.as_str())];
    let status = understood(&world, FACEBOOK, "container-status", &ours).await;
    is_like("container-error", &status);
    let pinned = fixture("answer-container-error")["body"]["status"].clone();
    assert_eq!(status["status"], pinned);
}

#[tokio::test]
async fn refusals_to_publish_are_the_pinned_ones() {
    let world = World::without_webhook().await;
    let files = square().await;
    let picture = files.url("square.jpg");
    let gone = ask(&world, FACEBOOK, "publish", &[]).await;
    same_error("error-container-gone", &gone);
    let nothing = files.url("nothing.jpg");
    let ours = [("https://example.com/a.jpg", nothing.as_str())];
    let refused = ask(&world, FACEBOOK, "container-image", &ours).await;
    same_error("error-media-not-fetchable", &refused);
    world
        .sim("publishing", json!({"processing_ms": 60_000}))
        .await;
    let early = container(&world, json!({"image_url": picture})).await;
    let publish_it = async |container: &str| -> Answer {
        ask(&world, FACEBOOK, "publish", &[(CONTAINER, container)]).await
    };
    same_error("error-container-not-ready", &publish_it(&early).await);
    let body = json!({"processing_ms": 0, "quota_total": 1});
    world.sim("publishing", body).await;
    for spent in [false, true] {
        let made = container(&world, json!({"image_url": picture})).await;
        settled(&world, &made).await;
        if spent {
            same_error("error-publish-quota", &publish_it(&made).await);
        } else {
            assert_eq!(publish(&world, &made).await.status, 200);
        }
    }
}

#[tokio::test]
async fn media_are_deleted_as_pinned() {
    let world = World::without_webhook().await;
    let media = posted(&world, &*square().await, "adeus").await;
    let ours = [(MEDIA, media.as_str())];
    let done = understood(&world, FACEBOOK, "media-delete", &ours).await;
    is_like("success", &done);
}

/// With Facebook Login only.
#[tokio::test]
async fn other_accounts_and_hashtags_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let path = format!(
        "{FACEBOOK}/{ACCOUNT}?fields=business_discovery.username(discos.do_mar){{media.limit(25){{id}}}}"
    );
    let first = world.get(&path).await.body;
    let after = first.pointer("/business_discovery/media/paging/cursors/after");
    let ours = [
        ("a.shop_1", "discos.do_mar"),
        ("QVFI", after.unwrap().as_str().unwrap()),
        ("limit(2)", "limit(25)"),
    ];
    let found = understood(&world, FACEBOOK, "business-discovery", &ours).await;
    holds_pinned("business-discovery", &found);
    let found = understood(&world, FACEBOOK, "hashtag-search", &[]).await;
    is_like("hashtag-search", &found);
    let tag = id(&found["data"][0]);
    let ours = [(HASHTAG, tag.as_str())];
    let top = understood(&world, FACEBOOK, "hashtag-top", &ours).await;
    holds_pinned("hashtag-media", &top);
    // One page, which needs no cursor.
    let recent = understood(&world, FACEBOOK, "hashtag-recent", &ours).await;
    let pinned = fixture("answer-hashtag-media")["body"]["data"].clone();
    assert!(holds(&recent["data"], &pinned), "{recent}");
    let used = understood(&world, FACEBOOK, "recent-hashtags", &[]).await;
    holds_pinned("recent-hashtags", &used);
}
