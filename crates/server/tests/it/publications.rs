//! Publishing over the API: one post whatever gets lost, at its time or called off.

use serde_json::json;

use crate::{
    api::Asked,
    gallery::{count, picture, post},
    office::Office,
    stream::Line,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_answer_was_lost_is_there_once_with_its_first_comment() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    office.lose_answer("*/media_publish").await;
    let mut body = post(&url, "Bom dia");
    body["first_comment"] = "Conta pra gente!".into();
    let got = office.api.post(&office.path("publications"), &body).await;
    assert_eq!(got.status, 201, "{}", got.text);
    let id = got.body["id"].as_str().unwrap();
    let over = office.over(id).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    assert_eq!(office.calls("/media_publish").await, 1);
    let newest = office.look("media?limit=1").await["media"][0].clone();
    assert_eq!(newest["id"], over["media_id"]);
    assert_eq!(newest["caption"], "Bom dia");
    let write = over["first_comment"].as_str().unwrap();
    let write = office
        .api
        .get(&office.path(&format!("writes/{write}")))
        .await;
    let write = office.settled(write).await;
    assert_eq!(write.status, 201, "{}", write.text);
    let media = over["media_id"].as_str().unwrap();
    let path = office.path(&format!("media/{media}/comments"));
    let comments = office.api.get(&path).await.body;
    assert_eq!(comments["data"].as_array().unwrap().len(), 1, "{comments}");
    assert_eq!(comments["data"][0]["text"], "Conta pra gente!");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_twice_at_once_is_one_post() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    let path = office.path("publications");
    let ask = || {
        let asked = Asked::post(&path, &post(&url, "Uma vez"));
        office.api.ask(asked.header("Idempotency-Key", "one-post"))
    };
    let (one, other) = tokio::join!(ask(), ask());
    assert_eq!((one.status, other.status), (201, 201), "{}", other.text);
    assert_eq!(one.body["id"], other.body["id"]);
    let over = office.over(one.body["id"].as_str().unwrap()).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carousel_is_made_of_its_items() {
    let office = Office::open().await;
    let url = picture().await;
    let item = json!({ "image_url": url });
    let body = json!({"kind": "carousel", "items": [item, item, item], "caption": "Três"});
    let got = office.api.post(&office.path("publications"), &body).await;
    assert_eq!(got.status, 201, "{}", got.text);
    let over = office.over(got.body["id"].as_str().unwrap()).await;
    assert_eq!(over["state"], "published", "{over}");
    assert!(over["quota"]["used"].is_i64(), "{over}");
    let newest = office.look("media?limit=1").await["media"][0].clone();
    assert_eq!(newest["id"], over["media_id"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_post_is_listed_moved_and_called_off() {
    let office = Office::open().await;
    let path = office.path("publications");
    let mut body = post("https://example.com/a.jpg", "Amanhã");
    let now = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap();
    let [first, second, third] =
        [30, 31, 32].map(|days| (now + jiff::SignedDuration::from_hours(days * 24)).to_string());
    body["publish_at"] = first.into();
    let got = office.api.post(&path, &body).await;
    assert_eq!(got.status, 201, "{}", got.text);
    let id = got.body["id"].as_str().unwrap().to_owned();
    let listed = office.api.get(&format!("{path}?state=scheduled")).await;
    assert_eq!(listed.body["data"][0]["id"], id.as_str());
    let one = format!("{path}/{id}");
    let moved = Asked::patch(&one, &json!({ "publish_at": second }));
    let moved = office.api.ask(moved).await;
    assert_eq!(moved.status, 200, "{}", moved.text);
    let day = second.strip_suffix('Z').unwrap();
    let moved_to = moved.body["publish_at"].as_str().unwrap();
    assert!(moved_to.starts_with(day), "{moved_to}");
    for _ in 0..2 {
        let cancelled = office.api.ask(Asked::delete(&one)).await;
        assert_eq!(cancelled.body["state"], "cancelled", "{}", cancelled.text);
    }
    let late = Asked::patch(&one, &json!({ "publish_at": third }));
    let late = office.api.ask(late).await;
    assert_eq!(late.status, 409);
    assert_eq!(late.body["error"]["code"], "too_late");
    assert_eq!(office.calls("/media").await, 0);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_post_is_told_at_once() {
    let office = Office::open().await;
    let body = json!({
        "kind": "image",
        "items": [{"video_url": "https://example.com/a.mp4", "alt_text": "x".repeat(1001)}],
        "collaborators": ["a", "b", "c", "d"],
        "publish_at": "yesterday",
        "first_comment": "GRÁTIS AQUI AGORA",
    });
    let got = office.api.post(&office.path("publications"), &body).await;
    assert_eq!(got.status, 422, "{}", got.text);
    let problems = got.body["error"]["problems"].as_array().unwrap();
    let at: Vec<&str> = problems
        .iter()
        .filter_map(|problem| problem["at"].as_str())
        .collect();
    for place in [
        "items[0].video_url",
        "items[0].alt_text",
        "collaborators",
        "publish_at",
        "first_comment",
    ] {
        assert!(at.contains(&place), "{place} in {at:?}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_still_be_published_is_told() {
    let office = Office::open().await;
    let got = office.api.get(&office.path("publishing-limit")).await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert!(got.body["used"].is_i64() && got.body["total"].is_i64());
    office.close().await;
}

/// Whoever follows the stream alone knows which publication it was and what became of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_publication_is_told_by_the_stream() {
    let office = Office::open().await;
    let mut line = Line::open(office.process.address, "/v1/stream?after=0", None).await;
    let url = picture().await;
    let path = office.path("publications");
    let refuses = json!({
        "match": {"method": "POST", "path": "*/media"}, "times": 1,
        "do": {"kind": "status", "status": 400, "code": 100, "message": "(#100) no"},
    });
    for (words, state, ended) in [("Sim", "published", "done"), ("Não", "failed", "refused")] {
        if state == "failed" {
            office.sim("faults", refuses.clone()).await;
        }
        let got = office.api.post(&path, &post(&url, words)).await;
        assert_eq!(got.status, 201, "{}", got.text);
        let told = loop {
            let told = line.next().await.unwrap();
            if told.event == "job" && told.data["publication"] == got.body["id"] {
                break told;
            }
        };
        assert_eq!(told.data["queue"], "publish");
        assert_eq!(told.data["note"], state, "{}", told.data);
        assert_eq!(told.data["state"], ended, "{}", told.data);
        let one = format!("{path}/{}", got.body["id"].as_str().unwrap());
        assert_eq!(office.api.get(&one).await.body["state"], state);
    }
    drop(line);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_post_of_the_account_is_deleted() {
    let office = Office::open().await;
    let said = json!({"from": "5550000000000101", "text": "Que disco é esse?", "silent": true});
    let comment = office.sim("comments", said).await["id"].clone();
    let tagged = office.look("seed").await["tagged"][0]["id"].clone();
    for foreign in [&comment, &tagged] {
        let path = office.path(&format!("media/{}", foreign.as_str().unwrap()));
        let got = office.api.ask(Asked::delete(&path)).await;
        assert_eq!(got.status, 422, "{foreign}: {}", got.text);
    }
    let deleted = office.look("calls?method=DELETE").await;
    assert_eq!(deleted["calls"], json!([]), "Meta was not asked to");
    let newest = office.look("media?limit=1").await["media"][0]["id"].clone();
    let path = office.path(&format!("media/{}", newest.as_str().unwrap()));
    let got = office.api.ask(Asked::delete(&path)).await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert_eq!(office.api.ask(Asked::delete(&path)).await.status, 404);
    office.close().await;
}
