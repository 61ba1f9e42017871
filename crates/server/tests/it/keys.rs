//! API keys: who gets in, what they may do, and that a revoked key stops at once.

use serde_json::{Value, json};
use store::{KeyKind, NewKey};

use crate::{
    api::{Api, Asked},
    client::ACCOUNT,
    house::House,
};

#[tokio::test]
async fn without_a_key_nobody_gets_in_unless_the_setting_lets_them() {
    let house = House::serving(&[]).await;
    let api = Api::of(&house);
    let answer = api.get("/v1/me").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body["error"]["code"], "key_missing");
    assert!(
        answer.body["error"]["next_step"]
            .as_str()
            .unwrap()
            .contains("gramophone keys new")
    );
    house.close().await;

    let open = House::serving(&[("api.open_on_loopback", "true")]).await;
    let api = Api::of(&open);
    assert_eq!(api.get("/v1/me").await.status, 200);
    // A proxy on this machine is not whoever sits at it.
    for header in [
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-proto",
        "via",
        "x-real-ip",
    ] {
        let answer = api
            .ask(Asked::get("/v1/me").header(header, "1.2.3.4"))
            .await;
        assert_eq!(answer.status, 401, "{header}");
    }
    open.close().await;

    let public = [
        ("api.open_on_loopback", "true"),
        ("public_url", "https://bot.example.org"),
    ];
    let public = House::serving(&public).await;
    assert_eq!(Api::of(&public).get("/v1/me").await.status, 401);
    public.close().await;
}

#[tokio::test]
async fn a_key_opens_by_either_header_and_stops_at_once_when_revoked() {
    let house = House::serving(&[("api.open_on_loopback", "true")]).await;
    let api = Api::of(&house);
    let wanted = json!({"name": "dashboard", "scopes": ["read"], "accounts": [ACCOUNT]});
    let made = api.post("/v1/keys", &wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.body["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with(made.body["prefix"].as_str().unwrap()));

    for (header, value) in [
        ("x-api-key", key.clone()),
        ("authorization", format!("Bearer {key}")),
    ] {
        let me = api.ask(Asked::get("/v1/me").header(header, &value)).await;
        assert_eq!(me.status, 200);
        assert_eq!(
            me.body,
            json!({"name": "dashboard", "scopes": ["read"], "accounts": [ACCOUNT]})
        );
    }
    // Reading is not making keys.
    let keys = api
        .ask(Asked::get("/v1/keys").header("x-api-key", &key))
        .await;
    assert_eq!(keys.status, 403);
    assert_eq!(keys.body["error"]["code"], "scope_missing");

    let listed = api.get("/v1/keys").await.body;
    assert!(listed["data"][0]["last_used_at"].is_string());
    assert!(!listed.to_string().contains(&key), "a list shows no key");
    let id = made.body["id"].as_str().unwrap();
    let gone = api.ask(Asked::delete(&format!("/v1/keys/{id}"))).await;
    assert_eq!(gone.status, 204);
    let me = api
        .ask(Asked::get("/v1/me").header("x-api-key", &key))
        .await;
    assert_eq!(me.status, 401);
    assert_eq!(me.body["error"]["code"], "key_revoked");
    house.close().await;
}

#[tokio::test]
async fn a_wrong_key_is_refused_even_where_none_is_needed() {
    let house = House::serving(&[("api.open_on_loopback", "true")]).await;
    let api = Api::of(&house);
    for (header, value, code) in [
        ("x-api-key", "gmk_unknown", "key_unknown"),
        ("authorization", "Bearer gmk_unknown", "key_unknown"),
        ("authorization", "Basic abc", "key_malformed"),
    ] {
        let answer = api.ask(Asked::get("/v1/me").header(header, value)).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.body["error"]["code"], code);
    }
    let past = NewKey {
        kind: KeyKind::Key,
        hash: sha256("gmk_past"),
        prefix: "gmk_past".to_owned(),
        name: "past".to_owned(),
        scopes: vec!["read".to_owned()],
        accounts: None,
        expires_at_ms: Some(1),
    };
    house.store.add_key(past).await.unwrap();
    let answer = api
        .ask(Asked::get("/v1/me").header("x-api-key", "gmk_past"))
        .await;
    assert_eq!(answer.body["error"]["code"], "key_expired");
    house.close().await;
}

#[tokio::test]
async fn everything_wrong_with_a_new_key_is_told_at_once() {
    let house = House::serving(&[("api.open_on_loopback", "true")]).await;
    let wrong = json!({"name": "", "scopes": ["read", "fly"], "accounts": ["../me"], "days": 0});
    let answer = Api::of(&house).post("/v1/keys", &wrong).await;
    assert_eq!(answer.status, 422);
    let problems = answer.body["error"]["problems"].as_array().unwrap();
    let at: Vec<&str> = problems
        .iter()
        .filter_map(|problem| problem["at"].as_str())
        .collect();
    for field in ["name", "scopes[1]", "accounts[0]", "days"] {
        assert!(at.contains(&field), "{field} in {at:?}");
    }
    let none: Value = house.store.keys().await.unwrap().len().into();
    assert_eq!(none, 0);
    house.close().await;
}

#[tokio::test]
async fn a_repeat_is_not_shown_the_key_again_nor_is_it_kept() {
    let house = House::serving(&[("api.open_on_loopback", "true")]).await;
    let api = Api::of(&house);
    let wanted = json!({"name": "dashboard", "scopes": ["read"]});
    let ask = || api.ask(Asked::post("/v1/keys", &wanted).header("idempotency-key", "one"));
    let made = ask().await;
    assert_eq!(made.status, 201, "{}", made.text);
    let again = ask().await;
    assert_eq!(again.status, 409, "{}", again.text);
    assert_eq!(again.body["error"]["code"], "shown_before");
    assert!(!again.text.contains(made.body["key"].as_str().unwrap()));
    assert_eq!(house.store.keys().await.unwrap().len(), 1);
    house.close().await;
}

#[tokio::test]
async fn an_administrator_of_one_account_makes_sees_and_revokes_its_keys_alone() {
    let house = House::serving(&[("api.open_on_loopback", "true")]).await;
    let api = Api::of(&house);
    let wanted = json!({"name": "one", "scopes": ["admin"], "accounts": [ACCOUNT]});
    let made = api.post("/v1/keys", &wanted).await;
    let key = made.body["key"].as_str().unwrap().to_owned();
    let wide = api
        .post("/v1/keys", &json!({"name": "all", "scopes": ["read"]}))
        .await;
    let as_one = |asked: Asked| api.ask(asked.header("x-api-key", &key));
    for accounts in [
        json!(null),
        json!(["17841400000000002"]),
        json!([ACCOUNT, "17841400000000002"]),
    ] {
        let more = json!({"name": "more", "scopes": ["admin"], "accounts": accounts});
        let refused = as_one(Asked::post("/v1/keys", &more)).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
        assert_eq!(refused.body["error"]["code"], "account_not_allowed");
    }
    let own = as_one(Asked::post("/v1/keys", &wanted)).await;
    assert_eq!(own.status, 201, "{}", own.text);
    let listed = as_one(Asked::get("/v1/keys")).await.body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "{listed}");
    let path = |id: &Value| format!("/v1/keys/{}", id.as_str().unwrap());
    assert_eq!(
        as_one(Asked::delete(&path(&wide.body["id"]))).await.status,
        404
    );
    assert_eq!(
        as_one(Asked::delete(&path(&own.body["id"]))).await.status,
        204
    );
    house.close().await;
}

#[tokio::test]
async fn whoever_guesses_keys_is_stopped_before_a_right_guess_is_looked_up() {
    let clock = std::sync::Arc::new(store::ManualClock::new(1_790_000_000_000));
    let open = [("api.open_on_loopback", "true")];
    let house = House::by_clock(server::Roles::SERVE, &open, clock.clone()).await;
    let api = Api::of(&house);
    let made = |name: &str| json!({"name": name, "scopes": ["read"]});
    let (known, guessed) = (
        api.post("/v1/keys", &made("known")).await.body["key"].clone(),
        api.post("/v1/keys", &made("guessed")).await.body["key"].clone(),
    );
    let ask = |key: &str| api.ask(Asked::get("/v1/me").header("x-api-key", key));
    assert_eq!(ask(known.as_str().unwrap()).await.status, 200);
    let mut tries = 0;
    let stopped = loop {
        let answer = ask(&format!("gmk_guess_{tries}")).await;
        if answer.status != 401 {
            break answer;
        }
        tries += 1;
        assert!(tries < 100, "nobody stops it");
    };
    assert_eq!(stopped.status, 429, "{}", stopped.text);
    assert!(stopped.headers.contains_key("retry-after"));
    let before = house.operations();
    assert_eq!(ask(guessed.as_str().unwrap()).await.status, 429);
    assert_eq!(house.operations(), before, "it was not even looked up");
    // Who was good before the guessing began is served on.
    assert_eq!(ask(known.as_str().unwrap()).await.status, 200);
    clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(ask(guessed.as_str().unwrap()).await.status, 200);
    house.close().await;
}

#[tokio::test]
async fn an_open_server_serves_no_page_of_another_place() {
    let house = House::serving(&[("api.open_on_loopback", "true")]).await;
    let api = Api::of(&house);
    for (header, value) in [
        ("host", "evil.example"),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = api.ask(Asked::get("/v1/me").header(header, value)).await;
        assert_eq!(answer.status, 401, "{header}");
    }
    let typed = Asked::get("/v1/me").header("sec-fetch-site", "none");
    assert_eq!(api.ask(typed).await.status, 200);
    house.close().await;
}

/// A key with these scopes, made before anybody asks.
pub(crate) async fn add(house: &House, key: &str, scopes: &[&str]) {
    let row = NewKey {
        kind: KeyKind::Key,
        hash: sha256(key),
        prefix: key.chars().take(8).collect(),
        name: key.to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        accounts: None,
        expires_at_ms: None,
    };
    house.store.add_key(row).await.unwrap();
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(text.as_bytes()))
}
