//! The call log holds no secret, and still proves which token came through.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{FACEBOOK, INSTAGRAM, World};

const CANARY: &str = "IGAAcanary-2f6a";

fn fingerprint(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))[..16].to_owned()
}

async fn found(world: &World, secret: &str) -> Vec<Value> {
    let path = format!("calls?fingerprint={}", fingerprint(secret));
    world.look(&path).await["calls"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_canary_is_found_wherever_it_travelled_and_stands_nowhere() {
    let world = World::without_webhook().await;
    world
        .sim("tokens", json!({"token": CANARY, "login": "instagram"}))
        .await;
    let me = world.url(&format!("{INSTAGRAM}/me"));
    let form = [("access_token", CANARY)];
    for request in [
        world.client.get(&me).bearer_auth(CANARY),
        world.client.get(&me).query(&form),
        world.client.post(&me).form(&form),
        world
            .client
            .post(&me)
            .json(&json!({"access_token": CANARY})),
    ] {
        request.send().await.unwrap();
    }
    world.get(&format!("{FACEBOOK}/me")).await;
    let calls = found(&world, CANARY).await;
    assert_eq!(calls.len(), 4);
    assert!(found(&world, "another").await.is_empty());
    assert_eq!(found(&world, "SIM-PAGE-TOKEN").await.len(), 1);
    let log = world.look("calls").await.to_string();
    assert!(!log.contains(CANARY) && !log.contains("SIM-PAGE-TOKEN"));
}

#[tokio::test]
async fn a_log_in_leaves_no_secret_in_the_log() {
    let world = World::without_webhook().await;
    let person = world.person(true, &[]).await;
    let pages = world
        .with_token(&format!("{FACEBOOK}/me/accounts?limit=1"), &person)
        .await;
    let page = pages.body["data"][0]["access_token"].as_str().unwrap();
    assert!(
        pages.body["paging"]["next"]
            .as_str()
            .unwrap()
            .contains(&person)
    );
    let items = json!([{"method": "GET", "relative_url": format!("me?access_token={page}")}]);
    let request = world.client.post(world.url(&format!("{FACEBOOK}/")));
    let form = [
        ("batch", items.to_string()),
        ("access_token", person.clone()),
    ];
    world.call(request.form(&form)).await;
    let log = world.look("calls").await.to_string();
    for secret in [person.as_str(), page, "simulator-app-secret"] {
        assert!(!log.contains(secret));
        assert!(secret == page || !found(&world, secret).await.is_empty());
    }
}
