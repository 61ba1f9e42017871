//! The one private reply to a comment, and answers where others name the account.

use serde_json::{Value, json};

use crate::{house::eventually, office::Office};

const PERSON: &str = "5550000000000101";
const DAY_MS: i64 = 24 * 3_600_000;

async fn comment(office: &Office) -> String {
    let body = json!({"from": PERSON, "text": "Quanto custa?", "silent": true});
    let made = office.sim("comments", body).await;
    made["id"].as_str().unwrap().to_owned()
}

async fn reply(office: &Office, comment: &str, text: &str) -> crate::api::Got {
    let path = office.path(&format!("comments/{comment}/private-reply"));
    let got = office.api.post(&path, &json!({ "text": text })).await;
    office.settled(got).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_gets_one_private_reply_even_when_metas_answer_is_lost() {
    let office = Office::open().await;
    let id = comment(&office).await;
    office.lose_answer("*/messages").await;
    let got = reply(&office, &id, "Cem reais.").await;
    assert_eq!(got.status, 201, "{}", got.text);
    assert_eq!(office.said("Cem reais.").await, 1);
    let second = reply(&office, &id, "Noventa, para si.").await;
    assert_eq!(second.status, 409, "{}", second.text);
    let error = &second.body["error"];
    assert_eq!(error["code"], "already_replied");
    assert!(error["meta"]["code"].is_i64(), "{error}");
    let step = error["next_step"].as_str().unwrap();
    assert!(step.starts_with("Reply under the comment"), "{step}");
    assert_eq!(office.said("Noventa, para si.").await, 0);
    assert_eq!(office.calls("/messages").await, 2);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_seven_days_a_private_reply_is_refused_without_asking_meta() {
    let office = Office::open().await;
    let (early, late) = (comment(&office).await, comment(&office).await);
    office.advance(7 * DAY_MS - 120_000).await;
    let got = reply(&office, &early, "Ainda dá.").await;
    assert_eq!(got.status, 201, "{}", got.text);
    office.advance(180_000).await;
    let got = reply(&office, &late, "Tarde demais.").await;
    assert_eq!(got.status, 409, "{}", got.text);
    assert_eq!(got.body["error"]["code"], "window_closed");
    assert!(got.body["error"]["meta"].is_null(), "{}", got.text);
    let step = got.body["error"]["next_step"].as_str().unwrap();
    assert!(step.contains("under the comment"), "{step}");
    assert!(
        office
            .calls_with("/messages", "Tarde demais.")
            .await
            .is_empty()
    );
    office.close().await;
}

async fn answers(office: &Office, media: &str) -> usize {
    let all = office.look("mentions").await["mentions"].clone();
    let mut all = all.as_array().unwrap().clone().into_iter();
    let one: Value = all.find(|one| one["media_id"] == media).unwrap();
    one["answers"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_the_account_is_read_and_answered() {
    let office = Office::open().await;
    for (media, comment) in [
        ("17900000000077001", None),
        ("17900000000077002", Some("17800000000077002")),
    ] {
        let named = json!({"media_id": media, "comment_id": comment, "username": "discos.do_mar", "text": "Vejam!"});
        office.sim("mentions", named).await;
        let (place, words) = match comment {
            Some(comment) => (format!("mentions/comments/{comment}"), "text"),
            None => (format!("mentions/media/{media}"), "caption"),
        };
        let got = office.api.get(&office.path(&place)).await;
        assert_eq!(got.status, 200, "{place}: {}", got.text);
        assert_eq!(got.body[words], "Vejam!", "{}", got.text);
        let body = json!({"media_id": media, "comment_id": comment, "text": "Obrigada!"});
        let got = office.api.post(&office.path("mentions"), &body).await;
        let got = office.settled(got).await;
        assert_eq!(got.status, 201, "{}", got.text);
        assert_eq!(answers(&office, media).await, 1);
    }
    let unknown = json!({"media_id": "17900000000077009", "text": "Obrigada!"});
    let got = office.api.post(&office.path("mentions"), &unknown).await;
    assert!((400..500).contains(&got.status), "{}", got.text);
    assert!(got.body["error"]["meta"]["code"].is_i64(), "{}", got.text);
    office.close().await;
}

/// Nobody can list what stands under somebody else's post.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_mention_of_which_nothing_is_heard_is_not_made_twice() {
    let office = Office::open().await;
    let media = "17900000000077003";
    office.sim("mentions", json!({ "media_id": media })).await;
    office.lose_answer("*/mentions").await;
    let body = json!({"media_id": media, "text": "Obrigada!"});
    let got = office.api.post(&office.path("mentions"), &body).await;
    assert_eq!(got.status, 202, "{}", got.text);
    let write = got.body["write"].as_str().unwrap().to_owned();
    let path = office.path(&format!("writes/{write}"));
    let patience = std::time::Duration::from_mins(1);
    eventually("nobody looks any more", patience, async || {
        office.advance(15_000).await;
        office.api.get(&path).await.body["state"] != "waiting"
    })
    .await;
    let got = office.api.get(&path).await;
    assert_eq!(
        (got.status, &got.body["state"]),
        (202, &json!("unknown")),
        "{}",
        got.text
    );
    assert!(got.body["next_step"].as_str().unwrap().starts_with("Look"));
    assert_eq!(answers(&office, media).await, 1);
    office.close().await;
}
