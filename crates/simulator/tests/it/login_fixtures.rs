//! The log-ins' pinned requests are understood, and their answers have the pinned shapes: both families, from a code to
//! a long token and the webhook subscription.

use serde_json::{Value, json};

use crate::fixtures::{fixture, same_shape};
use crate::login_instagram::{BACK, part};
use crate::support::World;

const SECRET: &str = "simulator-app-secret";

/// A pinned request, with what the log-in gave in place of what the fixture made up.
async fn ask(world: &World, name: &str, given: &[(&str, &str)]) -> (u16, Value) {
    let pinned = fixture(&format!("request-{name}"));
    let swap = |pairs: &Value| -> Vec<(String, String)> {
        let object = pairs.as_object().into_iter().flatten();
        object
            .map(|(key, value)| {
                let found = given.iter().find(|(name, _)| name == key);
                let own = || {
                    value
                        .as_str()
                        .unwrap()
                        .replace("fixture-app-secret", SECRET)
                };
                (
                    key.clone(),
                    found.map_or_else(own, |(_, given)| (*given).to_owned()),
                )
            })
            .collect()
    };
    let (host, path) = (
        pinned["host"].as_str().unwrap(),
        pinned["path"].as_str().unwrap(),
    );
    let address = world.url(&format!("{host}{path}"));
    let request = match pinned["method"].as_str().unwrap() {
        "GET" => world.client.get(address).query(&swap(&pinned["query"])),
        _ if pinned["form"].is_object() => world.client.post(address).form(&swap(&pinned["form"])),
        _ => world.client.post(address).query(&swap(&pinned["query"])),
    };
    let request = match given.iter().find(|(name, _)| *name == "bearer") {
        Some((_, token)) => request.bearer_auth(token),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

async fn code(world: &World, page: &str, scope: &str) -> String {
    let pairs = [
        ("client_id", "200000000000001"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", scope),
        ("sim_decision", "allow"),
    ];
    let (status, location, page) = world
        .led(world.client.get(world.url(page)).query(&pairs))
        .await;
    assert_eq!(status, 302, "{page}");
    part(&location, "code").unwrap()
}

#[track_caller]
fn check(name: &str, (status, body): &(u16, Value)) {
    let pinned = fixture(&format!("answer-{name}"));
    assert_eq!(
        u64::from(*status),
        pinned["status"].as_u64().unwrap(),
        "{name}: {body}"
    );
    same_shape(name, body, &pinned["body"]);
}

#[tokio::test]
async fn instagrams_log_in_has_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let page = "www.instagram.com/oauth/authorize";
    let scopes = "instagram_business_basic,instagram_business_manage_messages,instagram_business_manage_comments";
    let first = code(&world, page, scopes).await;
    let exchange = [("code", first.as_str()), ("redirect_uri", BACK)];
    let short = ask(&world, "oauth-code-instagram", &exchange).await;
    check("oauth-code-instagram", &short);
    let again = ask(&world, "oauth-code-instagram", &exchange).await;
    check("oauth-refused", &again);
    world.sim("app", json!({"token_answer": "flat"})).await;
    let second = code(&world, page, scopes).await;
    let exchange = [("code", second.as_str()), ("redirect_uri", BACK)];
    let flat = ask(&world, "oauth-code-instagram", &exchange).await;
    check("oauth-code-instagram-flat", &flat);
    let token = flat.1["access_token"].as_str().unwrap();
    let long = ask(&world, "oauth-long-instagram", &[("access_token", token)]).await;
    check("oauth-long-instagram", &long);
    world
        .sim("clock", json!({"advance_ms": 25 * 3_600_000}))
        .await;
    let token = long.1["access_token"].as_str().unwrap();
    let fresh = ask(
        &world,
        "oauth-refresh-instagram",
        &[("access_token", token)],
    )
    .await;
    check("oauth-refresh-instagram", &fresh);
    let done = ask(&world, "oauth-subscribe-instagram", &[("bearer", token)]).await;
    check("oauth-subscribe", &done);
}

#[tokio::test]
async fn facebooks_log_in_has_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let page = "www.facebook.com/v26.0/dialog/oauth";
    let scopes = "instagram_basic,pages_show_list,pages_read_engagement,pages_manage_metadata";
    let code = code(&world, page, scopes).await;
    let exchange = [("code", code.as_str()), ("redirect_uri", BACK)];
    let short = ask(&world, "oauth-code-facebook", &exchange).await;
    check("oauth-code-facebook", &short);
    let token = short.1["access_token"].as_str().unwrap();
    let long = ask(
        &world,
        "oauth-long-facebook",
        &[("fb_exchange_token", token)],
    )
    .await;
    check("oauth-code-facebook", &long);
    let token = long.1["access_token"].as_str().unwrap();
    let (status, pages) = ask(&world, "oauth-own-pages", &[("bearer", token)]).await;
    assert_eq!(status, 200, "{pages}");
    let own = pages["data"].as_array().unwrap();
    assert!(
        own.iter()
            .any(|page| page["instagram_business_account"]["id"].is_string())
    );
    let pinned = fixture("request-oauth-debug-token");
    let asker = pinned["query"]["access_token"].as_str().unwrap();
    let asker = asker.replace("fixture-app-secret", SECRET);
    let given = [("input_token", token), ("access_token", asker.as_str())];
    let (status, facts) = ask(&world, "oauth-debug-token", &given).await;
    assert_eq!(status, 200, "{facts}");
    for key in ["is_valid", "expires_at", "scopes", "granular_scopes"] {
        assert!(!facts["data"][key].is_null(), "{key} in {facts}");
    }
}
