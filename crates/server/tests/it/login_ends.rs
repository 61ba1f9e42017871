//! Logins that nearly failed: what Meta's redirect says, Meta away in the middle, a Page that is none. Each goes on where
//! it can, and else says what really helps.

use serde_json::{Value, json};
use server::Roles;

use crate::{
    api::{Asked, Got},
    keys,
    meta::{Meta, part},
};

const OPEN: (&str, &str) = ("api.open_on_loopback", "true");
const SECOND_PAGE: &str = "100000000000002";

/// A login that was allowed at Meta: its code and its state.
async fn allowed(meta: &Meta, family: &str) -> Value {
    let begun = format!("/instagram/auth/url?login={family}");
    let begun = meta.api.get(&begun).await.body;
    let back = meta.allow(begun["auth_url"].as_str().unwrap(), "").await;
    json!({"code": part(&back, "code"), "state": part(&back, "state")})
}

async fn finish(meta: &Meta, body: &Value) -> Got {
    meta.api.post("/instagram/auth/callback", body).await
}

async fn fault(meta: &Meta, path: &str, kind: Value) {
    let fault = json!({"match": {"path": path}, "times": 1, "do": kind});
    let told = meta.control("/_sim/faults", &fault).await;
    assert_eq!(told.status, 200, "{}", told.text);
}

fn code(got: &Got) -> &str {
    got.body["error"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn what_metas_redirect_says_is_told() {
    let meta = Meta::new().await;
    for (query, says) in [
        (
            "error=access_denied&error_reason=user_denied",
            "was cancelled",
        ),
        (
            "error=invalid_scope&error_description=Invalid+scope",
            "other of Meta",
        ),
        (
            "error_code=1349187&error_message=Insufficient+Developer+Role",
            "has no role on it",
        ),
        ("error=server_error", "without a reason that we know"),
    ] {
        let path = format!("/instagram/auth/callback?{query}&state=x");
        let page = Asked::get(&path).header("accept", "text/html");
        let page = meta.api.ask(page).await;
        assert_eq!(page.status, 400, "{query}");
        assert!(page.text.contains(says), "{query}: {}", page.text);
    }
    meta.close().await;
}

#[tokio::test]
async fn a_login_that_never_reached_meta_may_be_finished_later() {
    let away = ("graph.instagram_api", "http://127.0.0.1:1");
    let meta = Meta::with(Roles::SERVE, &[OPEN, away]).await;
    let body = allowed(&meta, "instagram").await;
    for _ in 0..2 {
        let got = finish(&meta, &body).await;
        assert_eq!((got.status, code(&got)), (502, "meta_away"), "{}", got.text);
    }
    meta.close().await;
}

#[tokio::test]
async fn a_login_whose_code_meta_may_have_taken_is_begun_again() {
    let meta = Meta::new().await;
    for path in ["/oauth/access_token", "/access_token"] {
        let body = allowed(&meta, "instagram").await;
        fault(&meta, path, json!({"kind": "status", "status": 503})).await;
        let got = finish(&meta, &body).await;
        assert_eq!((got.status, code(&got)), (502, "login_cut_off"), "{path}");
        let step = got.body["error"]["next_step"].as_str().unwrap();
        assert!(step.contains("new login link"), "{step}");
    }
    meta.close().await;
}

#[tokio::test]
async fn facebooks_login_goes_on_from_where_it_stopped() {
    let meta = Meta::new().await;
    let second = json!({"id": "17841400000000002", "username": "second", "page_id": SECOND_PAGE});
    meta.control("/_sim/accounts", &second).await;
    let body = allowed(&meta, "facebook").await;
    fault(
        &meta,
        "/me/accounts",
        json!({"kind": "status", "status": 503}),
    )
    .await;
    let away = finish(&meta, &body).await;
    assert_eq!(
        (away.status, code(&away)),
        (502, "meta_away"),
        "{}",
        away.text
    );
    // Without the code: it was taken, and what it brought is kept.
    let state = &body["state"];
    let mistyped = finish(&meta, &json!({"state": state, "page_id": "1"})).await;
    assert_eq!((mistyped.status, code(&mistyped)), (409, "page_choice"));
    let pages = mistyped.body["error"]["problems"].to_string();
    assert!(pages.contains(SECOND_PAGE), "{pages}");
    let chosen = finish(&meta, &json!({"state": state, "page_id": SECOND_PAGE})).await;
    assert_eq!(chosen.status, 200, "{}", chosen.text);
    assert_eq!(chosen.body["user_profile"]["user_id"], second["id"]);

    // An administrator without a state has nothing that could be gone on with.
    keys::add(&meta.house, "gmk_admin", &["admin"]).await;
    let body = allowed(&meta, "facebook").await;
    let bare = json!({"code": body["code"], "login": "facebook"});
    let bare = Asked::post("/instagram/auth/callback", &bare).header("x-api-key", "gmk_admin");
    let which = meta.api.ask(bare).await;
    assert_eq!((which.status, code(&which)), (409, "page_choice"));
    let step = which.body["error"]["next_step"].as_str().unwrap();
    assert!(step.starts_with("Log in again"), "{step}");
    meta.close().await;
}
