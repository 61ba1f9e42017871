//! What each scope opens, which webhook fields it brings, and which versions answer.

use serde_json::json;

use crate::support::{ACCOUNT, Answer, FACEBOOK, INSTAGRAM, World};

impl World {
    /// The seeded tokens hold exactly these scopes from now on.
    async fn only(&self, facebook: &[&str], instagram: &[&str]) {
        self.sim("tokens", json!({"scopes": facebook})).await;
        let body =
            json!({"token": "SIM-INSTAGRAM-TOKEN", "login": "instagram", "scopes": instagram});
        self.sim("tokens", body).await;
    }
}

fn message(answer: &Answer) -> &str {
    answer.body["error"]["message"].as_str().unwrap()
}

/// Longer than other tests: a table of edges.
#[tokio::test]
async fn every_edge_names_the_scope_it_lacks() {
    let world = World::without_webhook().await;
    world.only(&["pages_show_list"], &[]).await;
    for (method, edge, facebook, instagram) in [
        (
            "GET",
            "media",
            "instagram_basic",
            "instagram_business_basic",
        ),
        (
            "GET",
            "stories",
            "instagram_basic",
            "instagram_business_basic",
        ),
        (
            "GET",
            "insights?metric=reach",
            "instagram_manage_insights",
            "instagram_business_manage_insights",
        ),
        (
            "POST",
            "media",
            "instagram_content_publish",
            "instagram_business_content_publish",
        ),
        (
            "POST",
            "media_publish",
            "instagram_content_publish",
            "instagram_business_content_publish",
        ),
        (
            "POST",
            "comments",
            "instagram_manage_comments",
            "instagram_business_manage_comments",
        ),
        (
            "GET",
            "conversations",
            "instagram_manage_messages",
            "instagram_business_manage_messages",
        ),
        (
            "POST",
            "subscribed_apps",
            "pages_manage_metadata",
            "instagram_business_basic",
        ),
    ] {
        for (host, token, scope) in [
            (FACEBOOK, "SIM-PAGE-TOKEN", facebook),
            (INSTAGRAM, "SIM-INSTAGRAM-TOKEN", instagram),
        ] {
            let address = world.url(&format!("{host}/{ACCOUNT}/{edge}"));
            let request = world.client.request(method.parse().unwrap(), address);
            let answer = world.call(request.bearer_auth(token)).await;
            assert_eq!(
                (answer.status, answer.error()),
                (403, (10, None)),
                "{host} {method} {edge}"
            );
            assert!(message(&answer).contains(scope), "{}", message(&answer));
        }
    }
}

#[tokio::test]
async fn comments_without_their_scope_are_an_empty_list_in_one_family() {
    let world = World::without_webhook().await;
    world
        .only(&["instagram_basic"], &["instagram_business_basic"])
        .await;
    let empty = world
        .get(&format!("{INSTAGRAM}/17900000000000001/comments"))
        .await;
    assert_eq!((empty.status, empty.body), (200, json!({"data": []})));
    let refused = world
        .get(&format!("{FACEBOOK}/17900000000000001/comments"))
        .await;
    assert_eq!(refused.error(), (10, None));
}

#[tokio::test]
async fn what_one_family_lacks_is_an_unknown_path_there() {
    let world = World::without_webhook().await;
    let answer = world
        .post(&format!("{INSTAGRAM}/{ACCOUNT}/likes"), json!({}))
        .await;
    assert_eq!(answer.error(), (2500, None));
}

#[tokio::test]
async fn webhook_fields_need_the_scope_of_what_they_tell() {
    let world = World::without_webhook().await;
    world
        .only(
            &["pages_manage_metadata"],
            &[
                "instagram_business_basic",
                "instagram_business_manage_comments",
            ],
        )
        .await;
    let path = |fields: &str| format!("{INSTAGRAM}/me/subscribed_apps?subscribed_fields={fields}");
    let refused = world.post(&path("comments,messages"), json!({})).await;
    assert_eq!(refused.error(), (10, None));
    assert!(message(&refused).contains("instagram_business_manage_messages"));
    let good = world.post(&path("comments,mentions"), json!({})).await;
    assert_eq!(good.body, json!({"success": true}));
    let list = world.get(&format!("{INSTAGRAM}/me/subscribed_apps")).await;
    assert_eq!(
        list.body["data"][0]["subscribed_fields"],
        json!(["comments", "mentions"])
    );
    let address = world.url(&format!("{INSTAGRAM}/me/subscribed_apps"));
    let request = world.client.delete(address);
    let gone = world.call(request.bearer_auth("SIM-INSTAGRAM-TOKEN")).await;
    assert_eq!(gone.body, json!({"success": true}));
    let page = world
        .post(
            &format!("{FACEBOOK}/me/subscribed_apps?subscribed_fields=feed"),
            json!({}),
        )
        .await;
    assert_eq!(page.body, json!({"success": true}));
    let unknown = world.post(&path("stars"), json!({})).await;
    assert_eq!(unknown.error(), (100, None));
}

#[tokio::test]
async fn versions_that_are_gone_are_refused_or_lifted() {
    let world = World::without_webhook().await;
    for (version, code) in [
        ("v18.0", 2635),
        ("v20.0", 2635),
        ("v27.0", 2500),
        ("v26.1", 2500),
    ] {
        let answer = world.get(&format!("graph.facebook.com/{version}/me")).await;
        assert_eq!(answer.error().0, code, "{version}");
        assert_eq!(answer.headers["facebook-api-version"], "v26.0");
    }
    for (version, answers) in [("v21.0/", "v21.0"), ("v26.0/", "v26.0"), ("", "v26.0")] {
        let answer = world.get(&format!("graph.instagram.com/{version}me")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["facebook-api-version"], answers);
    }
    world.sim("app", json!({"gone_versions": "upgrade"})).await;
    let lifted = world.get("graph.facebook.com/v18.0/me").await;
    assert_eq!(lifted.status, 200);
    assert_eq!(lifted.headers["facebook-api-version"], "v21.0");
    // 2027-01-22: v21.0 is gone too.
    world
        .sim("clock", json!({"to": 1_800_576_000_000_i64}))
        .await;
    let later = world.get("graph.facebook.com/v21.0/me").await;
    assert_eq!(later.headers["facebook-api-version"], "v22.0");
}

#[tokio::test]
async fn every_token_of_an_account_can_be_changed_at_once() {
    let world = World::without_webhook().await;
    let body = json!({"account": ACCOUNT, "all": true, "login": "instagram", "state": "revoked"});
    let changed = world.sim("tokens", body).await;
    assert_eq!(changed["tokens"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.get(&format!("{INSTAGRAM}/me")).await.error(),
        (190, Some(460))
    );
    assert_eq!(world.get(&format!("{FACEBOOK}/me")).await.status, 200);
}
