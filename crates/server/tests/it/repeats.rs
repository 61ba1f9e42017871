//! A request with an `Idempotency-Key` that is repeated when what it was checked against has changed: it is answered
//! with what became of it, and nothing is done a second time.

use serde_json::{Value, json};

use crate::{
    api::{Asked, Got},
    office::Office,
};

const PERSON: &str = "5550000000000101";
const HOUR_MS: i64 = 3_600_000;

/// Callers wait a second for an outcome, which is not known by then: answer and echo of these words are lost.
async fn office(words: &str) -> Office {
    let office = Office::with(&[("api.wait_seconds", "1")]).await;
    office.listen().await;
    for lost in ["apply_then_drop", "lose_echo"] {
        let fault = json!({
            "match": {"method": "POST", "path": "*/messages", "body": words}, "times": 1,
            "do": {"kind": lost},
        });
        office.sim("faults", fault).await;
    }
    office
}

async fn ask(office: &Office, path: &str, body: &Value) -> Got {
    let asked = Asked::post(&office.path(path), body);
    office
        .api
        .ask(asked.header("Idempotency-Key", "one-write"))
        .await
}

/// The first try, followed to its end.
async fn written(office: &Office, path: &str, body: &Value) -> Value {
    let got = ask(office, path, body).await;
    assert_eq!(got.status, 202, "{}", got.text);
    let done = office.settled(got).await;
    assert_eq!(done.status, 201, "{}", done.text);
    done.body["write"].clone()
}

/// The same request again is the same write.
async fn again(office: &Office, path: &str, body: &Value, write: &Value) {
    let words = body["text"].as_str().unwrap();
    for _ in 0..2 {
        let got = ask(office, path, body).await;
        assert_eq!(
            (got.status, &got.body["write"]),
            (201, write),
            "{}",
            got.text
        );
    }
    assert_eq!(office.calls_with("/messages", words).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_repeated_after_its_window() {
    let office = office("Uma vez").await;
    let path = format!("people/{PERSON}/messages");
    office.sim(&path, json!({"text": "Bom dia"})).await;
    office.heard("message", 1).await;
    let body = json!({"to": PERSON, "text": "Uma vez"});
    let write = written(&office, "messages", &body).await;
    office.advance(25 * HOUR_MS).await;
    let other = json!({"to": PERSON, "text": "Outra"});
    let late = office.api.post(&office.path("messages"), &other).await;
    assert_eq!(late.body["error"]["code"], "window_closed", "{}", late.text);
    again(&office, "messages", &body, &write).await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_reply_is_repeated_after_its_comment_was_deleted() {
    let office = office("Cem reais.").await;
    let comment = json!({"from": PERSON, "text": "Quanto custa?", "silent": true});
    let comment = office.sim("comments", comment).await["id"].clone();
    let comment = format!("comments/{}", comment.as_str().unwrap());
    let path = format!("{comment}/private-reply");
    let body = json!({"text": "Cem reais."});
    let write = written(&office, &path, &body).await;
    let gone = office.api.ask(Asked::delete(&office.path(&comment))).await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    again(&office, &path, &body, &write).await;
    office.close().await;
}
