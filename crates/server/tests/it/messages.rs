//! Direct messages over the API: sent once whatever gets lost, and only to whom Meta allows.

use serde_json::{Value, json};

use crate::office::Office;

const PERSON: &str = "5550000000000101";

impl Office {
    async fn person_writes(&self, text: &str) {
        let path = format!("people/{PERSON}/messages");
        self.sim(&path, json!({"text": text, "silent": true})).await;
    }

    /// What the account has said, as the person sees it.
    pub(crate) async fn said(&self, text: &str) -> usize {
        let thread = self
            .look(&format!("people/{PERSON}/messages?probe=0"))
            .await;
        let messages = thread["messages"].as_array().unwrap().clone();
        let is_it = |message: &&Value| message["from"] == "business" && message["text"] == text;
        messages.iter().filter(is_it).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_was_lost_is_there_once() {
    let office = Office::open().await;
    office.person_writes("Oi").await;
    office.lose_answer("*/messages").await;
    let body = json!({"to": PERSON, "text": "Temos sim!"});
    let got = office.api.post(&office.path("messages"), &body).await;
    let got = office.settled(got).await;
    assert_eq!(got.status, 201, "{}", got.text);
    assert!(got.body["id"].is_string(), "{}", got.text);
    assert_eq!(office.said("Temos sim!").await, 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_wrote_is_not_written_to_and_the_reason_is_metas() {
    let office = Office::open().await;
    let body = json!({"to": "5550000000000777", "text": "Oi"});
    let got = office.api.post(&office.path("messages"), &body).await;
    assert!((400..500).contains(&got.status), "{}", got.text);
    assert!(got.body["error"]["meta"]["code"].is_i64(), "{}", got.text);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_message_is_told() {
    let office = Office::open().await;
    for (body, at) in [
        (json!({"to": PERSON}), "body"),
        (json!({"to": PERSON, "text": "a", "heart": true}), "body"),
        (json!({"to": PERSON, "text": "é".repeat(501)}), "text"),
        (json!({"to": "../me", "text": "a"}), "to"),
        (
            json!({"to": PERSON, "media": {"kind": "image", "url": "ftp://x/y"}}),
            "media",
        ),
        (
            json!({"to": PERSON, "text": "a", "sent_by": "robot"}),
            "sent_by",
        ),
    ] {
        let got = office.api.post(&office.path("messages"), &body).await;
        assert_eq!(got.status, 422, "{body}: {}", got.text);
        assert_eq!(got.body["error"]["problems"][0]["at"], at, "{}", got.text);
    }
    assert_eq!(office.calls("/messages").await, 0);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_and_their_messages_are_read() {
    let office = Office::open().await;
    office.person_writes("Vocês abrem hoje?").await;
    let list = office
        .api
        .get(&office.path(&format!("conversations?person={PERSON}")))
        .await;
    assert_eq!(list.status, 200, "{}", list.text);
    let id = list.body["data"][0]["id"].as_str().unwrap();
    let thread = office
        .api
        .get(&office.path(&format!("conversations/{id}/messages")))
        .await;
    assert_eq!(thread.status, 200, "{}", thread.text);
    assert_eq!(thread.body["data"][0]["text"], "Vocês abrem hoje?");
    assert_eq!(thread.body["data"][0]["from"]["id"], PERSON);
    office.close().await;
}
