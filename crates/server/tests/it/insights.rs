//! Numbers on our own paths: many days, refused metrics, sums that are true, and what a page with numbers costs.

use serde_json::{Value, json};

use crate::{
    api::Asked,
    reading::{Reading, header, metric},
};

const ACCOUNT: &str = "/v1/accounts/17841400000000001";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_numbers_is_one_call() {
    let reading = Reading::open().await;
    reading.calls().await;
    let got = reading
        .get(&format!("{ACCOUNT}/media?insights=true&limit=50"))
        .await;
    let rows = got.body["data"].as_array().unwrap();
    for (row, truth) in rows.iter().zip(reading.media()) {
        let numbers = row["insights"]["data"].as_array().unwrap();
        for number in numbers {
            let name = number["metric"].as_str().unwrap();
            assert_eq!(number["value"], truth["metrics"][name], "{name}");
        }
    }
    assert_eq!((rows.len(), header(&got, "x-gramophone-calls")), (50, "1"));
    assert_eq!(reading.calls().await.len(), 1);
    // Stories are of another kind: one call more for all of them.
    let stories = reading
        .get(&format!("{ACCOUNT}/stories?insights=true"))
        .await;
    let few = stories.body["data"].as_array().unwrap().iter();
    let silent = few
        .filter(|row| row["insights"]["note"].is_string())
        .count();
    let arrived = reading.calls().await;
    // A story with too few viewers comes without numbers and is asked for once by itself.
    assert!(arrived.len() <= 1 + 3 * silent, "{arrived:?}");
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_metric_costs_its_neighbours_nothing_and_is_remembered() {
    let reading = Reading::open().await;
    reading
        .tell(
            "/_sim/insights",
            &json!({"refuse": ["saved", "website_clicks"]}),
        )
        .await;
    let media: Vec<Value> = reading
        .media()
        .iter()
        .take(3)
        .map(|m| (*m).clone())
        .collect();
    let mut costs = Vec::new();
    for truth in &media {
        let path = format!("{ACCOUNT}/media/{}/insights", truth["id"].as_str().unwrap());
        let got = reading.get(&path).await;
        for name in ["views", "reach", "likes", "comments", "shares"] {
            let shown = metric(&got.body["data"], name);
            assert_eq!(shown["value"], truth["metrics"][name], "{name}");
        }
        let saved = metric(&got.body["data"], "saved");
        assert_eq!(
            (&saved["available"], &saved["value"]),
            (&json!(false), &Value::Null)
        );
        assert!(saved["note"].is_string());
        costs.push(header(&got, "x-gramophone-calls").parse::<u32>().unwrap());
    }
    assert!(costs[0] > 1 && costs[0] <= 9, "{costs:?}");
    let kinds: std::collections::BTreeSet<&str> = media
        .iter()
        .map(|m| m["media_product_type"].as_str().unwrap())
        .collect();
    assert!(
        costs.iter().filter(|cost| **cost > 1).count() <= kinds.len(),
        "{costs:?}"
    );
    let path = "/instagram/account/insights?since=2026-11-10&until=2026-11-12";
    let got = reading.post(path).await;
    let notes = &got.body["insights"]["notes"];
    assert!(metric(notes, "website_clicks")["note"].is_string());
    let likes = metric(&got.body["insights"]["data"], "likes");
    assert_eq!(likes["values"].as_array().unwrap().len(), 3);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_days_are_two_slices_and_people_are_not_added_up() {
    let reading = Reading::open().await;
    reading.calls().await;
    let path = format!("{ACCOUNT}/insights?metrics=reach&since=2026-09-10&until=2026-11-08");
    let got = reading.get(&path).await;
    let reach = metric(&got.body["data"], "reach");
    let values = reach["values"].as_array().unwrap();
    assert_eq!(values.len(), 60);
    for value in values {
        let truth = &reading.day(value["day"].as_str().unwrap())["reach"];
        assert_eq!(&value["value"], truth);
    }
    assert_eq!(reach["sum"], Value::Null);
    assert_eq!(reading.calls().await.len(), 2);
    // Over the change of the clocks, and back from what was kept.
    let path = format!("{ACCOUNT}/insights?metrics=likes&since=2026-10-30&until=2026-11-03");
    let got = reading.get(&path).await;
    let likes = metric(&got.body["data"], "likes");
    let truth: i64 = ["10-30", "10-31", "11-01", "11-02", "11-03"]
        .iter()
        .map(|day| {
            reading.day(&format!("2026-{day}"))["likes"]
                .as_i64()
                .unwrap()
        })
        .sum();
    assert_eq!(likes["sum"], json!(truth));
    assert_eq!(reading.calls().await.len(), 5);
    let path = format!("{ACCOUNT}/insights?metrics=likes&since=2026-10-29&until=2026-11-02");
    reading.get(&path).await;
    assert_eq!(
        reading.calls().await.len(),
        1,
        "four of five days are kept for good"
    );
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_album_has_children_and_they_have_no_numbers() {
    let reading = Reading::by_instagram().await;
    let all = reading.media();
    let album = all
        .iter()
        .find(|m| m["media_type"] == "CAROUSEL_ALBUM")
        .expect("an album");
    let id = album["id"].as_str().unwrap();
    let got = reading.get(&format!("{ACCOUNT}/media/{id}/children")).await;
    let children: Vec<&Value> = got.body["data"].as_array().unwrap().iter().collect();
    assert_eq!(children.len(), album["children"].as_array().unwrap().len());
    let child = children[0]["id"].as_str().unwrap();
    let got = reading
        .get(&format!("{ACCOUNT}/media/{child}/insights"))
        .await;
    assert!(
        got.body["note"].as_str().unwrap().contains("album"),
        "{}",
        got.text
    );
    let one = reading.get(&format!("{ACCOUNT}/media/{id}")).await;
    assert_eq!(one.body["media"]["permalink"], album["permalink"]);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_question_is_told_at_once() {
    let reading = Reading::open().await;
    for (path, wrong) in [
        (
            "media?limit=101&after=x&since=soon&until=late",
            vec!["after", "limit", "since", "until"],
        ),
        (
            "insights?metrics=fly,reach,swim&period=year&since=soon",
            vec!["metrics", "metrics", "period", "since"],
        ),
        (
            "snapshots?metrics=fly&since=soon&until=late",
            vec!["metrics", "since", "until"],
        ),
        (
            "media/1/history?since=soon&until=late",
            vec!["since", "until"],
        ),
        ("snapshots?since=2026-11-02&until=2026-11-01", vec!["since"]),
    ] {
        let got = reading.api.get(&format!("{ACCOUNT}/{path}")).await;
        assert_eq!(got.status, 422, "{path}: {}", got.text);
        let problems = got.body["error"]["problems"].as_array().unwrap();
        let at = |problem: &Value| problem["at"].as_str().unwrap().to_owned();
        let mut found: Vec<String> = problems.iter().map(at).collect();
        found.sort();
        assert_eq!(found, wrong, "{path}");
    }
    // What is empty is not asked for, on every path.
    for path in ["snapshots", "insights", "media", "media/1/history"] {
        reading
            .get(&format!("{ACCOUNT}/{path}?since=&until=&metrics="))
            .await;
    }
    let long = Asked::post(&format!("{ACCOUNT}/snapshots"), &json!({}))
        .header("idempotency-key", &"k".repeat(255));
    let taken = reading.api.ask(long).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    reading.close().await;
}

#[tokio::test]
async fn a_story_without_numbers_says_whether_viewers_or_the_permission_are_missing() {
    let meta = crate::meta::Meta::new().await;
    let story = "17900000000009003";
    let at = jiff::Timestamp::from_millisecond(crate::meta::START_MS - 60_000).unwrap();
    let small = json!({
        "media_product_type": "STORY", "media_type": "IMAGE",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string(),
        "metrics": {"reach": 3, "views": 3, "replies": 0, "shares": 0, "total_interactions": 0, "navigation": 3},
    });
    let made = meta.control(&format!("/_sim/media/{story}"), &small).await;
    assert_eq!(made.status, 200, "{}", made.text);
    for (scopes, status, says) in [
        (
            "decision=partial&sim_scopes=instagram_business_manage_comments",
            403,
            "instagram_business_manage_insights is missing",
        ),
        ("decision=allow", 200, "this one has had fewer"),
    ] {
        let begun = meta.api.get("/instagram/auth/url").await.body;
        let url = begun["auth_url"].as_str().unwrap();
        let page = meta.api.get(&format!("{url}&sim_{scopes}")).await;
        let back = page.headers["location"].to_str().unwrap().to_owned();
        let back = back.split('#').next().unwrap();
        let body = json!({"code": crate::meta::part(back, "code"), "state": crate::meta::part(back, "state")});
        let got = meta.api.post("/instagram/auth/callback", &body).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let path = format!("{ACCOUNT}/media/{story}/insights");
        let asked = crate::api::Asked::get(&path).header("cache-control", "no-cache");
        let got = meta.api.ask(asked).await;
        assert_eq!(got.status, status, "{}", got.text);
        assert!(got.text.contains(says), "{says}: {}", got.text);
    }
    meta.close().await;
}
