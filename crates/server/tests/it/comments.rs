//! Comments over the API: read, answered once whatever gets lost, hidden, deleted, switched off.

use serde_json::{Value, json};

use crate::{api::Asked, office::Office};

async fn comment(office: &Office) -> String {
    let body = json!({"from": "5550000000000101", "text": "Que disco é esse?", "silent": true});
    let made = office.sim("comments", body).await;
    let id = made["id"].as_str().or(made["comment_id"].as_str());
    id.unwrap_or_else(|| panic!("{made}")).to_owned()
}

async fn replies(office: &Office, comment: &str) -> Vec<Value> {
    let path = office.path(&format!("comments/{comment}/replies"));
    let got = office.api.get(&path).await;
    assert_eq!(got.status, 200, "{}", got.text);
    got.body["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_whose_answer_was_lost_is_there_once() {
    let office = Office::open().await;
    let id = comment(&office).await;
    office.lose_answer("*/replies").await;
    let path = office.path(&format!("comments/{id}/replies"));
    let got = office
        .api
        .post(&path, &json!({"text": "É o primeiro deles."}))
        .await;
    let got = office.settled(got).await;
    assert_eq!(got.status, 201, "{}", got.text);
    assert_eq!(got.body["state"], "done");
    let there = replies(&office, &id).await;
    assert_eq!(there.len(), 1, "{there:?}");
    assert_eq!(there[0]["id"], got.body["id"]);
    assert_eq!(there[0]["text"], "É o primeiro deles.");
    assert_eq!(office.calls("/replies").await, 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_twice_at_once_is_one_reply_and_one_answer() {
    let office = Office::open().await;
    let id = comment(&office).await;
    let path = office.path(&format!("comments/{id}/replies"));
    let ask = |text: &str| {
        let asked = Asked::post(&path, &json!({ "text": text }));
        office.api.ask(asked.header("Idempotency-Key", "one-reply"))
    };
    let (one, other) = tokio::join!(ask("Obrigada!"), ask("Obrigada!"));
    assert_eq!((one.status, other.status), (201, 201), "{}", other.text);
    assert_eq!(one.body, other.body);
    let later = ask("Obrigada!").await;
    assert_eq!(later.body, one.body);
    assert_eq!(later.headers["idempotency-replayed"], "true");
    let otherwise = ask("Outra coisa").await;
    assert_eq!(otherwise.status, 409);
    assert_eq!(otherwise.body["error"]["code"], "key_used_otherwise");
    assert_eq!(replies(&office, &id).await.len(), 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_refuses_is_told_and_may_be_sent_again() {
    let office = Office::open().await;
    let path = office.path("comments/17900000000099999/replies");
    let asked = || {
        let asked = Asked::post(&path, &json!({"text": "Oi"}));
        asked.header("Idempotency-Key", "refused")
    };
    let got = office.api.ask(asked()).await;
    assert_eq!(got.status, 404, "{}", got.text);
    assert_eq!(got.body["error"]["meta"]["code"], 100);
    // Nothing was done, so the key is as good as new.
    let again = office.api.ask(asked()).await;
    assert_eq!(again.status, 404);
    assert!(again.headers.get("idempotency-replayed").is_none());
    let long = office
        .api
        .post(&path, &json!({"text": "x".repeat(301), "txet": 1}))
        .await;
    assert_eq!(long.status, 422, "{}", long.text);
    let shouting = office
        .api
        .post(&path, &json!({"text": "COMPRE AGORA"}))
        .await;
    assert_eq!(shouting.body["error"]["problems"][0]["at"], "text");
    let bad = Asked::post(&path, &json!({"text": "Oi"})).header("Idempotency-Key", "");
    assert_eq!(office.api.ask(bad).await.status, 422);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_hidden_shown_and_deleted() {
    let office = Office::open().await;
    let id = comment(&office).await;
    let one = office.path(&format!("comments/{id}"));
    for hidden in [true, true, false] {
        let asked = Asked::put(&format!("{one}/hidden"), &json!({ "hidden": hidden }));
        let got = office.api.ask(asked).await;
        assert_eq!(got.status, 200, "{}", got.text);
        assert_eq!(office.api.get(&one).await.body["hidden"], hidden);
    }
    let media = office.api.get(&one).await.body["media_id"].clone();
    let media = media.as_str().unwrap().to_owned();
    let list = office.path(&format!("media/{media}/comments"));
    let listed = office.api.get(&list).await.body;
    let ids = listed["data"].as_array().unwrap().iter();
    assert!(ids.clone().any(|one| one["id"] == id.as_str()), "{listed}");
    let off = Asked::put(&format!("{list}/enabled"), &json!({"enabled": false}));
    assert_eq!(office.api.ask(off).await.status, 200);
    let refused = office.api.post(&list, &json!({"text": "Oi"})).await;
    assert!((400..500).contains(&refused.status), "{}", refused.text);
    assert_eq!(office.api.ask(Asked::delete(&one)).await.status, 200);
    assert_eq!(office.api.get(&one).await.status, 404);
    office.close().await;
}
