//! Tokens, scopes, proofs, unknown paths: what is checked before anything else.

use serde_json::json;

use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, PERSON, World, text_to};

#[tokio::test]
async fn me_answers_on_both_hosts_with_and_without_a_version() {
    let world = World::without_webhook().await;
    let page = world
        .get(&format!(
            "{FACEBOOK}/me?fields=name,instagram_business_account{{username}}"
        ))
        .await;
    assert_eq!(page.body["id"], "100000000000001");
    assert_eq!(
        page.body["instagram_business_account"],
        json!({"id": ACCOUNT, "username": "gramophone"})
    );
    let user = world
        .get("graph.instagram.com/me?fields=id,user_id,username")
        .await;
    assert_eq!(user.body["user_id"], ACCOUNT);
    assert_ne!(user.body["id"], ACCOUNT, "id is app-scoped");
    assert_eq!(user.headers["facebook-api-version"], "v26.0");
    let own = world
        .get(&format!("{FACEBOOK}/{ACCOUNT}?fields=username"))
        .await;
    assert_eq!(own.body, json!({"id": ACCOUNT, "username": "gramophone"}));
    world
        .sim("accounts", json!({"id": ACCOUNT, "wrapped_me": true}))
        .await;
    assert_eq!(
        world.get(&format!("{INSTAGRAM}/me")).await.body["data"][0]["user_id"],
        ACCOUNT
    );
}

#[tokio::test]
async fn a_missing_or_foreign_token_is_190_in_the_hosts_own_words() {
    let world = World::without_webhook().await;
    for (host, kind) in [(FACEBOOK, "OAuthException"), (INSTAGRAM, "IGApiException")] {
        for token in [None, Some("nonsense"), Some("other host")] {
            let token = match (token, host) {
                (Some("other host"), FACEBOOK) => Some("SIM-INSTAGRAM-TOKEN"),
                (Some("other host"), _) => Some("SIM-PAGE-TOKEN"),
                (token, _) => token,
            };
            let mut request = world
                .client
                .get(world.url(&format!("{host}/nowhere/at/all")));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let answer = world.call(request).await;
            assert_eq!(
                (answer.status, answer.error()),
                (401, (190, None)),
                "{host} {token:?}"
            );
            assert_eq!(answer.body["error"]["type"], kind);
            assert!(answer.headers.contains_key("www-authenticate"));
        }
    }
}

#[tokio::test]
async fn dead_tokens_say_how_they_died() {
    let world = World::without_webhook().await;
    let states = [
        ("expired", 463),
        ("revoked", 460),
        ("app_removed", 458),
        ("checkpoint", 459),
        ("invalid", 467),
        ("role_lost", 492),
    ];
    for (state, subcode) in states {
        world.sim("tokens", json!({"state": state})).await;
        let answer = world.get(&format!("{FACEBOOK}/me")).await;
        assert_eq!(answer.error(), (190, Some(subcode)), "{state}");
    }
    let now_ms = world.look("clock").await["now_ms"].as_i64().unwrap();
    world
        .sim(
            "tokens",
            json!({"state": "active", "expires_ms": now_ms + 60_000}),
        )
        .await;
    assert_eq!(world.get(&format!("{FACEBOOK}/me")).await.status, 200);
    world.sim("clock", json!({"advance_ms": 60_001})).await;
    assert_eq!(
        world.get(&format!("{FACEBOOK}/me")).await.error(),
        (190, Some(463))
    );
}

#[tokio::test]
async fn a_token_may_stand_in_the_query_and_its_proof_is_checked() {
    let world = World::without_webhook().await;
    let good = "6e9b1d0ffbd4ed0c1fd0e6e5f2f4d2b5";
    let query = format!("{FACEBOOK}/me?access_token=SIM-PAGE-TOKEN");
    let plain = world.call(world.client.get(world.url(&query))).await;
    assert_eq!(plain.status, 200);
    let wrong = world
        .call(
            world
                .client
                .get(world.url(&format!("{query}&appsecret_proof={good}"))),
        )
        .await;
    assert_eq!(wrong.error(), (100, None));
    // printf SIM-PAGE-TOKEN | openssl dgst -sha256 -hmac simulator-app-secret
    let proof = include_str!("proof.txt").trim();
    let right = world
        .call(
            world
                .client
                .get(world.url(&format!("{query}&appsecret_proof={proof}"))),
        )
        .await;
    assert_eq!(right.status, 200, "{:?}", right.body);
}

#[tokio::test]
async fn missing_permissions_and_unknown_things_are_told_apart() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    world
        .sim("tokens", json!({"scopes": ["instagram_basic"]}))
        .await;
    let answer = world.send_text("hello").await;
    assert_eq!((answer.status, answer.error()), (403, (10, None)));
    world
        .sim("tokens", json!({"token": "SIM-INSTAGRAM-TOKEN", "login": "instagram", "scopes": ["instagram_business_basic"]}))
        .await;
    let answer = world
        .post(
            &format!("{INSTAGRAM}/me/messages"),
            text_to(PERSON, "hello"),
        )
        .await;
    assert_eq!(answer.error(), (10, None));
    assert_eq!(
        world.get(&format!("{FACEBOOK}/123456")).await.error(),
        (100, Some(33))
    );
    let path = world.get(&format!("{INSTAGRAM}/me/impressions/day")).await;
    assert_eq!(
        (path.error(), path.body["error"]["type"].as_str()),
        ((2500, None), Some("IGApiException"))
    );
    let field = world.get(&format!("{FACEBOOK}/me?fields=shoe_size")).await;
    assert_eq!(field.error(), (100, None));
    let calls = world.look("calls").await;
    let unmodelled = calls["unmodelled"].as_array().unwrap();
    assert_eq!(unmodelled.len(), 1, "{unmodelled:?}");
    assert_eq!(unmodelled[0]["path"], "/v26.0/me/impressions/day");
}

#[tokio::test]
async fn a_restricted_account_may_do_nothing() {
    let world = World::without_webhook().await;
    world
        .sim("accounts", json!({"id": ACCOUNT, "restricted": true}))
        .await;
    assert_eq!(
        world.get(&format!("{FACEBOOK}/me")).await.error(),
        (10, Some(1_893_063))
    );
}

#[tokio::test]
async fn two_accounts_do_not_see_each_other() {
    let world = World::without_webhook().await;
    world
        .sim(
            "accounts",
            json!({"id": "17841400000000002", "page_id": "100000000000002"}),
        )
        .await;
    world
        .sim(
            "tokens",
            json!({"token": "SECOND", "account": "17841400000000002"}),
        )
        .await;
    world.person_writes("to the first").await;
    let send = |path: &str| {
        let request = world
            .client
            .post(world.url(&format!("{FACEBOOK}/{path}/messages")));
        request
            .bearer_auth("SECOND")
            .json(&text_to(PERSON, "hello"))
    };
    assert_eq!(
        world.call(send("me")).await.error(),
        (10, Some(2_534_022)),
        "they never wrote to the second"
    );
    assert_eq!(
        world.call(send("100000000000001")).await.error(),
        (100, Some(33))
    );
    let body = json!({"text": "to the second", "to": "17841400000000002"});
    world.sim(&format!("people/{PERSON}/messages"), body).await;
    assert_eq!(world.call(send("100000000000002")).await.status, 200);
    let seen = world
        .look(&format!("people/{PERSON}/messages?to=17841400000000002"))
        .await;
    assert_eq!(seen["messages"].as_array().unwrap().len(), 2);
    assert_eq!(
        world.thread().await["messages"].as_array().unwrap().len(),
        1
    );
}
