//! Connecting an account, by a program with a key and by a browser, and every way to misuse a login.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    api::{Asked, Got},
    client::ACCOUNT,
    meta::{Meta, part},
};

/// Begins a login as a browser: Meta's page, and the cookie that binds it.
async fn browse(meta: &Meta, path: &str) -> (String, String) {
    let got = meta
        .api
        .ask(Asked::get(path).header("accept", "text/html"))
        .await;
    assert_eq!(got.status, 303, "{}", got.text);
    let set = got.headers["set-cookie"].to_str().unwrap().to_owned();
    for rule in [
        "HttpOnly",
        "SameSite=Lax",
        "Max-Age=600",
        "Path=/instagram/auth",
    ] {
        assert!(set.contains(rule), "{set}");
    }
    let cookie = set.split(';').next().unwrap().to_owned();
    (got.headers["location"].to_str().unwrap().to_owned(), cookie)
}

async fn come_back(meta: &Meta, address: &str, cookie: Option<&str>) -> Got {
    let mut asked = Asked::get(address).header("accept", "text/html");
    if let Some(cookie) = cookie {
        asked = asked.header("cookie", cookie);
    }
    meta.api.ask(asked).await
}

async fn new_key(meta: &Meta, scopes: &[&str]) -> String {
    let wanted = json!({"name": "test", "scopes": scopes});
    let made = meta.api.post("/v1/keys", &wanted).await;
    made.body["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_documents_two_calls_connect_an_account() {
    let meta = Meta::new().await;
    let got = meta.connect("instagram", "").await;
    assert_eq!(got.status, 200, "{}", got.text);
    let answer = got.body;
    let handle = answer["access_token"].as_str().unwrap();
    assert!(handle.starts_with("gmh_"), "Meta's token stays with us");
    assert_eq!(answer["token_type"], "bearer");
    assert!(answer["expires_in"].as_i64().unwrap() > 59 * 86_400);
    let profile = &answer["user_profile"];
    assert_eq!(profile["user_id"], ACCOUNT);
    assert_ne!(
        profile["id"], ACCOUNT,
        "id is the account as this app alone knows it"
    );
    assert_eq!(profile["account_type"], "BUSINESS");
    assert!(profile["media_count"].is_i64());
    assert_eq!(answer["message"], "Instagram authentication successful");

    let listed = meta.api.get("/v1/accounts").await.body;
    let account = &listed["data"][0];
    assert_eq!(account["id"], ACCOUNT);
    assert_eq!(account["app_scoped_id"], profile["id"]);
    assert_eq!(account["health"]["verdict"], "fine");
    assert_eq!(account["health"]["days_left"], 59);
    assert_eq!(account["health"]["missing_scopes"], json!([]));
    assert_eq!(meta.calls("/subscribed_apps").await, 1);
    // The handle is the key for its account, and for nothing else.
    let me = meta
        .api
        .ask(Asked::get("/v1/me").header("x-api-key", handle))
        .await;
    assert_eq!(
        me.body["scopes"],
        json!(["read", "send", "manage", "publish"])
    );
    assert_eq!(me.body["accounts"], json!([ACCOUNT]));
    let keys = meta
        .api
        .ask(Asked::get("/v1/keys").header("x-api-key", handle))
        .await;
    assert_eq!(keys.status, 403);
    meta.close().await;
}

#[tokio::test]
async fn a_field_that_meta_does_not_know_any_more_does_not_cost_all_events() {
    let meta = Meta::new().await;
    let unknown = json!({
        "kind": "status", "status": 400, "code": 100, "type": "OAuthException",
        "message": "(#100) Param subscribed_fields[0] must be one of {messages} - got \"comments\"",
    });
    let fault = json!({"match": {"path": "*/subscribed_apps"}, "times": 1, "do": unknown});
    assert_eq!(meta.control("/_sim/faults", &fault).await.status, 200);
    let got = meta.connect("instagram", "").await;
    assert_eq!(got.status, 200, "{}", got.text);
    let calls = meta.made("/subscribed_apps").await;
    let fields: Vec<&str> = calls
        .iter()
        .filter_map(|call| call["query"]["subscribed_fields"].as_str())
        .collect();
    assert_eq!(fields.len(), 2, "{calls:?}");
    assert!(fields[0].contains("live_comments"), "{}", fields[0]);
    assert_eq!(fields[1], "comments,messages");
    meta.close().await;
}

#[tokio::test]
async fn a_browser_connects_an_account_and_sees_a_plain_page() {
    let meta = Meta::new().await;
    let (auth_url, cookie) = browse(&meta, "/instagram/auth/url").await;
    let back = meta.allow(&auth_url, "").await;
    let page = meta
        .api
        .ask(
            Asked::get(&back)
                .header("cookie", &cookie)
                .header("accept-language", "pt-BR"),
        )
        .await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Conta conectada"), "{}", page.text);
    assert!(!page.text.contains("<script"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(
        meta.api.get("/v1/accounts").await.body["data"][0]["id"],
        ACCOUNT
    );
    meta.close().await;
}

#[tokio::test]
async fn a_state_is_good_once_for_its_browser_and_for_ten_minutes() {
    let meta = Meta::new().await;
    let (auth_url, cookie) = browse(&meta, "/instagram/auth/url").await;
    let (_, other) = browse(&meta, "/instagram/auth/url").await;
    let back = meta.allow(&auth_url, "").await;
    let code = part(&back, "code");
    let missing = come_back(
        &meta,
        &format!("/instagram/auth/callback?code={code}"),
        Some(&cookie),
    )
    .await;
    assert_eq!(missing.status, 400);
    assert!(
        missing.text.contains("was not begun here"),
        "{}",
        missing.text
    );
    let unknown = format!("/instagram/auth/callback?code={code}&state=made-up");
    assert_eq!(come_back(&meta, &unknown, Some(&cookie)).await.status, 400);
    for stranger in [None, Some(other.as_str())] {
        let page = come_back(&meta, &back, stranger).await;
        assert_eq!(page.status, 400);
        assert!(page.text.contains("another browser"), "{}", page.text);
    }
    assert!(
        meta.api.get("/v1/accounts").await.body["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    // A stranger's try spends nothing.
    assert_eq!(come_back(&meta, &back, Some(&cookie)).await.status, 200);
    let again = come_back(&meta, &back, Some(&cookie)).await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("already finished"), "{}", again.text);

    let (auth_url, cookie) = browse(&meta, "/instagram/auth/url").await;
    let back = meta.allow(&auth_url, "").await;
    meta.advance(Duration::from_mins(10)).await;
    let late = come_back(&meta, &back, Some(&cookie)).await;
    assert!(
        late.text.contains("longer than ten minutes"),
        "{}",
        late.text
    );
    assert_eq!(meta.calls("/oauth/access_token").await, 1);
    meta.close().await;
}

#[tokio::test]
async fn a_programs_state_is_bound_to_its_key() {
    let meta = Meta::new().await;
    let (one, other) = (
        new_key(&meta, &["manage"]).await,
        new_key(&meta, &["manage"]).await,
    );
    let begun = Asked::get("/instagram/auth/url?state=my-own-state").header("x-api-key", &one);
    let begun = meta.api.ask(begun).await;
    assert_eq!(begun.body["state"], "my-own-state");
    let back = meta
        .allow(begun.body["auth_url"].as_str().unwrap(), "")
        .await;
    let finish = async |key: &str, body: &Value| {
        let asked = Asked::post("/instagram/auth/callback", body).header("x-api-key", key);
        meta.api.ask(asked).await
    };
    let body = json!({"code": part(&back, "code"), "state": part(&back, "state")});
    // Begun again with the same state, as short as its maker likes, it is a login all the same.
    for (state, key) in [
        ("my-own-state", &one),
        ("1", &one),
        ("1", &one),
        ("1", &other),
    ] {
        let path = format!("/instagram/auth/url?state={state}");
        let again = Asked::get(&path).header("x-api-key", key);
        let again = meta.api.ask(again).await;
        assert_eq!(again.status, 200, "{state}: {}", again.text);
    }
    let foreign = finish(&other, &body).await;
    assert_eq!(foreign.status, 400);
    assert_eq!(foreign.body["error"]["code"], "state_unknown");
    let without = json!({"code": part(&back, "code")});
    let stateless = finish(&one, &without).await;
    assert_eq!(stateless.body["error"]["code"], "scope_missing");
    assert_eq!(finish(&one, &body).await.status, 200);
    assert_eq!(
        finish(&one, &body).await.body["error"]["code"],
        "state_used"
    );
    // An administrator needs no state; a code is good once all the same.
    let admin = new_key(&meta, &["admin"]).await;
    let used = finish(&admin, &without).await;
    assert_eq!(
        (used.status, &used.body["error"]["code"]),
        (409, &json!("code_used"))
    );
    let reader = new_key(&meta, &["read"]).await;
    let asked = Asked::get("/instagram/auth/url").header("x-api-key", &reader);
    assert_eq!(meta.api.ask(asked).await.status, 403);
    meta.close().await;
}

#[tokio::test]
async fn a_handle_is_no_more_than_the_key_that_got_it() {
    let meta = Meta::new().await;
    let finish = async |key: &str| {
        let begun = Asked::get("/instagram/auth/url").header("x-api-key", key);
        let begun = meta.api.ask(begun).await;
        let back = meta
            .allow(begun.body["auth_url"].as_str().unwrap(), "")
            .await;
        let body = json!({"code": part(&back, "code"), "state": part(&back, "state")});
        let asked = Asked::post("/instagram/auth/callback", &body).header("x-api-key", key);
        meta.api.ask(asked).await
    };
    // It may connect another account alone, so that this one stays out.
    let wanted = json!({"name": "other", "scopes": ["manage"], "accounts": ["17841400000000002"]});
    let other = meta.api.post("/v1/keys", &wanted).await;
    let refused = finish(other.body["key"].as_str().unwrap()).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(meta.house.store.linked_accounts().await.unwrap().is_empty());

    let manager = new_key(&meta, &["manage"]).await;
    let got = finish(&manager).await;
    assert_eq!(got.status, 200, "{}", got.text);
    let handle = got.body["access_token"].as_str().unwrap();
    let me = Asked::get("/v1/me").header("x-api-key", handle);
    assert_eq!(meta.api.ask(me).await.body["scopes"], json!(["manage"]));
    // A handle is listed and revoked like a key.
    let listed = meta.api.get("/v1/keys").await.body;
    let row = &listed["data"][0];
    assert_eq!(row["kind"], "handle", "{listed}");
    let path = format!("/v1/keys/{}", row["id"].as_str().unwrap());
    assert_eq!(meta.api.ask(Asked::delete(&path)).await.status, 204);
    let me = Asked::get("/v1/me").header("x-api-key", handle);
    assert_eq!(meta.api.ask(me).await.status, 401);
    meta.close().await;
}

#[tokio::test]
async fn two_callbacks_at_once_exchange_a_code_once() {
    let meta = Meta::new().await;
    let admin = new_key(&meta, &["admin"]).await;
    let begun = meta.api.get("/instagram/auth/url").await;
    let back = meta
        .allow(begun.body["auth_url"].as_str().unwrap(), "")
        .await;
    let body = json!({"code": part(&back, "code")});
    let finish = || {
        let asked = Asked::post("/instagram/auth/callback", &body).header("x-api-key", &admin);
        meta.api.ask(asked)
    };
    let (one, two) = futures::join!(finish(), finish());
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text, two.text);
    assert_eq!(meta.calls("/oauth/access_token").await, 1);
    meta.close().await;
}

#[tokio::test]
async fn a_link_that_was_handed_over_needs_no_key_and_works_once() {
    let meta = Meta::with(server::Roles::SERVE, &[]).await;
    let nobody = Asked::get("/instagram/auth/url").header("accept", "text/html");
    assert_eq!(meta.api.ask(nobody).await.status, 400);
    let admin = {
        let folder = crate::house::settings(meta.house.folder.path(), &[]);
        let wanted = server::operate::keys::Wanted {
            name: "first".to_owned(),
            scopes: vec!["admin".to_owned()],
            accounts: Vec::new(),
        };
        server::operate::keys::make(&folder, wanted).await.unwrap()
    };
    let begun = Asked::get("/instagram/auth/url").header("x-api-key", &admin);
    let begun = meta.api.ask(begun).await.body;
    let link = begun["login_url"].as_str().unwrap();
    let (auth_url, cookie) = browse(&meta, link).await;
    let back = meta.allow(&auth_url, "").await;
    assert_eq!(come_back(&meta, &back, Some(&cookie)).await.status, 200);
    let again = meta
        .api
        .ask(Asked::get(link).header("accept", "text/html"))
        .await;
    assert_eq!(again.status, 400);

    // To connect an account again, its own link is enough; it lets in nobody else.
    let again = format!("/instagram/auth/url?account={ACCOUNT}");
    let other = json!({"id": "17841400000000002", "username": "other"});
    meta.control("/_sim/accounts", &other).await;
    let (auth_url, cookie) = browse(&meta, &again).await;
    let back = meta
        .allow(&auth_url, "&sim_account=17841400000000002")
        .await;
    let page = come_back(&meta, &back, Some(&cookie)).await;
    assert!(
        page.text.contains("another account than the link"),
        "{}",
        page.text
    );
    let (auth_url, cookie) = browse(&meta, &again).await;
    let back = meta.allow(&auth_url, "").await;
    assert_eq!(come_back(&meta, &back, Some(&cookie)).await.status, 200);
    let all = meta.house.store.linked_accounts().await.unwrap();
    assert_eq!(all.len(), 1);
    meta.close().await;
}

#[tokio::test]
async fn facebook_login_connects_the_page_that_is_chosen() {
    let meta = Meta::new().await;
    let one = meta.connect("facebook", "&sim_pages=100000000000001").await;
    assert_eq!(one.status, 200, "{}", one.text);
    assert_eq!(one.body["expires_in"], Value::Null);
    assert_eq!(one.body["user_profile"]["user_id"], ACCOUNT);
    let account = meta.api.get(&format!("/v1/accounts/{ACCOUNT}")).await.body;
    assert_eq!(account["login"], "facebook");
    assert!(account["page_id"].is_string());

    let second =
        json!({"id": "17841400000000002", "username": "second", "page_id": "100000000000002"});
    meta.control("/_sim/accounts", &second).await;
    let begun = meta
        .api
        .get("/instagram/auth/url?login=facebook")
        .await
        .body;
    let back = meta.allow(begun["auth_url"].as_str().unwrap(), "").await;
    let body = json!({"code": part(&back, "code"), "state": part(&back, "state")});
    let which = meta.api.post("/instagram/auth/callback", &body).await;
    assert_eq!(which.status, 409, "{}", which.text);
    let pages = &which.body["error"]["problems"];
    assert!(pages.as_array().unwrap().len() >= 2);
    assert!(pages.to_string().contains("100000000000002"), "{pages}");
    let body = json!({"state": part(&back, "state"), "page_id": "100000000000002"});
    let chosen = meta.api.post("/instagram/auth/callback", &body).await;
    assert_eq!(chosen.status, 200, "{}", chosen.text);
    assert_eq!(chosen.body["user_profile"]["user_id"], "17841400000000002");

    // A browser is shown a page to choose on.
    let (auth_url, cookie) = browse(&meta, "/instagram/auth/url?login=facebook").await;
    let back = meta.allow(&auth_url, "").await;
    let page = come_back(&meta, &back, Some(&cookie)).await;
    assert!(
        page.text.contains("Which Page?") && page.text.contains("@second"),
        "{}",
        page.text
    );
    let state = part(&back, "state");
    let pairs = [("state", state.as_str()), ("page_id", "100000000000002")];
    let stranger = meta
        .api
        .ask(Asked::form("/instagram/auth/page", &pairs))
        .await;
    assert_eq!(stranger.status, 400);
    let chosen = Asked::form("/instagram/auth/page", &pairs).header("cookie", &cookie);
    let chosen = meta.api.ask(chosen).await;
    assert!(chosen.text.contains("Account connected"), "{}", chosen.text);
    meta.close().await;
}

#[tokio::test]
async fn refusals_say_what_happened_and_the_next_step() {
    let meta = Meta::new().await;
    let cancelled = "/instagram/auth/callback?error=access_denied&error_reason=user_denied&state=x";
    let page = come_back(&meta, cancelled, None).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("was cancelled"), "{}", page.text);

    let admin = new_key(&meta, &["admin"]).await;
    let wrong = Asked::post("/instagram/auth/callback", &json!({"code": "AQmadeup"}));
    let got = meta.api.ask(wrong.header("x-api-key", &admin)).await;
    assert_eq!(got.status, 409, "{}", got.text);
    assert_eq!(got.body["error"]["code"], "code_used");
    assert!(got.body["error"]["next_step"].is_string());
    assert!(got.body["error"]["meta"]["message"].is_string());
    assert!(meta.house.store.linked_accounts().await.unwrap().is_empty());
    meta.close().await;

    let bare = Meta::with(
        server::Roles::SERVE,
        &[("api.open_on_loopback", "true"), ("instagram.app_id", "")],
    )
    .await;
    let got = bare.api.get("/instagram/auth/url").await;
    assert_eq!(got.body["error"]["code"], "app_unset");
    bare.close().await;
}

#[tokio::test]
async fn a_login_that_left_something_out_connects_and_says_what_is_missing() {
    let meta = Meta::new().await;
    let begun = meta.api.get("/instagram/auth/url").await.body;
    let url = begun["auth_url"].as_str().unwrap();
    let part_of = "sim_decision=partial&sim_scopes=instagram_business_manage_comments";
    let page = meta.api.get(&format!("{url}&{part_of}")).await;
    let back = page.headers["location"].to_str().unwrap().to_owned();
    let body = json!({"code": part(&back, "code"), "state": part(back.split('#').next().unwrap(), "state")});
    let got = meta.api.post("/instagram/auth/callback", &body).await;
    assert_eq!(got.body["message"], "Instagram authentication successful");
    let health = meta.api.get(&format!("/v1/accounts/{ACCOUNT}")).await.body["health"].clone();
    assert_eq!(health["verdict"], "fine");
    let missing = health["missing_scopes"].to_string();
    assert!(
        missing.contains("manage_messages") && !missing.contains("comments"),
        "{missing}"
    );
    meta.close().await;
}
