//! How long after somebody wrote they may be written to: a day, seven days where a person of the account's writes.

use serde_json::json;

use crate::{api::Got, office::Office};

const PERSON: &str = "5550000000000101";
const HOUR_MS: i64 = 3_600_000;

async fn written_to() -> Office {
    let office = Office::open().await;
    office.listen().await;
    let path = format!("people/{PERSON}/messages");
    office.sim(&path, json!({"text": "Bom dia"})).await;
    office.heard("message", 1).await;
    office
}

async fn send(office: &Office, text: &str, sent_by: &str) -> Got {
    let body = json!({"to": PERSON, "text": text, "sent_by": sent_by});
    let got = office.api.post(&office.path("messages"), &body).await;
    office.settled(got).await
}

async fn may_tag(office: &Office) {
    let change = json!({"id": office.account, "human_agent": true});
    office.sim("accounts", change).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_programs_are_stopped_before_meta_is_asked_and_people_are_not() {
    let office = written_to().await;
    office.advance(23 * HOUR_MS).await;
    for (text, sent_by) in [("Um programa", "app"), ("Uma pessoa", "person")] {
        let got = send(&office, text, sent_by).await;
        assert_eq!(got.status, 201, "{}", got.text);
        let calls = office.calls_with("/messages", text).await;
        assert!(!calls[0]["body"].to_string().contains("HUMAN_AGENT"));
    }
    office.advance(2 * HOUR_MS).await;
    let got = send(&office, "Tarde", "app").await;
    assert_eq!(got.status, 409, "{}", got.text);
    let error = &got.body["error"];
    assert_eq!(error["code"], "window_closed");
    assert!(error["meta"].is_null(), "{error}");
    let step = error["next_step"].as_str().unwrap();
    assert!(
        step.starts_with("Wait until the person writes again"),
        "{step}"
    );
    assert!(office.calls_with("/messages", "Tarde").await.is_empty());
    // The app was not granted the tag.
    let got = send(&office, "Sem licença", "person").await;
    assert!((400..500).contains(&got.status), "{}", got.text);
    assert!(got.body["error"]["meta"]["code"].is_i64(), "{}", got.text);
    may_tag(&office).await;
    let got = send(&office, "Com licença", "person").await;
    assert_eq!(got.status, 201, "{}", got.text);
    let calls = office.calls_with("/messages", "HUMAN_AGENT").await;
    assert_eq!(calls.len(), 2, "both with the tag: {calls:?}");
    assert_eq!(office.said("Com licença").await, 1);
    office.advance(6 * 24 * HOUR_MS).await;
    let got = send(&office, "Muito tarde", "person").await;
    assert_eq!(got.body["error"]["code"], "window_closed", "{}", got.text);
    assert!(
        office
            .calls_with("/messages", "Muito tarde")
            .await
            .is_empty()
    );
    office.close().await;
}

/// Clocks differ, so the last minute counts as over: a person's message takes the tag then.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_last_minute_of_the_day_people_take_the_tag() {
    let office = written_to().await;
    may_tag(&office).await;
    office.advance(24 * HOUR_MS - 50_000).await;
    let got = send(&office, "Quase", "app").await;
    assert_eq!(got.body["error"]["code"], "window_closed", "{}", got.text);
    let got = send(&office, "Ainda a tempo", "person").await;
    assert_eq!(got.status, 201, "{}", got.text);
    let calls = office.calls_with("/messages", "Ainda a tempo").await;
    assert!(calls[0]["body"].to_string().contains("HUMAN_AGENT"));
    office.close().await;
}
