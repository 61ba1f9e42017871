//! The second document's data endpoints, asked as its own examples ask them: every number is the seed's, and fifty
//! posts with their numbers cost one call to Meta.

use serde_json::{Value, json};

use crate::{
    api::Asked,
    reading::{Reading, SMALL, header, metric},
};

const SIX: [(&str, &str); 6] = [
    ("impressions", "views"),
    ("reach", "reach"),
    ("likes", "likes"),
    ("comments", "comments"),
    ("shares", "shares"),
    ("saves", "saved"),
];

/// A metric of the answer is the seed's, or says that it is not there.
fn same_number(insights: &Value, name: &str, truth: &Value) {
    let shown = metric(&insights["data"], name);
    let value = &shown["values"][0]["value"];
    match truth {
        Value::Null => {
            assert_eq!(
                (value, &shown["available"]),
                (&json!(0), &json!(false)),
                "{name}"
            );
            assert!(shown["note"].as_str().is_some_and(|note| !note.is_empty()));
        }
        truth => assert_eq!(value, truth, "{name}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_posts_and_their_numbers_cost_one_call() {
    let reading = Reading::open().await;
    reading.calls().await;
    let posts = reading.post("/instagram/user/media?limit=50").await;
    let list = posts.body["media"]["data"].as_array().unwrap().clone();
    let truth = reading.media();
    assert_eq!(list.len(), 50);
    let mut calls: u64 = header(&posts, "x-gramophone-calls").parse().unwrap();
    let mut old = 0;
    for (post, truth) in list.iter().zip(&truth) {
        assert_eq!(post["id"], truth["id"]);
        assert!(post["caption"].is_string());
        let path = format!("/instagram/media/{}/insights", post["id"].as_str().unwrap());
        let got = reading.post(&path).await;
        calls += header(&got, "x-gramophone-calls").parse::<u64>().unwrap();
        for (name, metric) in SIX {
            same_number(&got.body["insights"], name, &truth["metrics"][metric]);
        }
        let impressions = metric(&got.body["insights"]["data"], "impressions");
        assert_eq!(impressions["derived_from"], "views");
        old += usize::from(header(&got, "x-gramophone-cache") != "hit");
    }
    let arrived = reading.calls().await;
    assert_eq!((calls, arrived.len(), old), (1, 1, 0), "{arrived:?}");
    assert!(!posts.text.contains("access_token") && !posts.text.contains("SIM-"));
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_paged_to_its_end_and_back_to_the_same() {
    let reading = Reading::by_instagram().await;
    let mut seen: Vec<Value> = Vec::new();
    let mut path = "/instagram/user/media?limit=100".to_owned();
    loop {
        let got = reading.post(&path).await;
        let media = &got.body["media"];
        seen.extend(
            media["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|m| m["id"].clone()),
        );
        match media["paging"]["next"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    let truth: Vec<Value> = reading.media().iter().map(|m| m["id"].clone()).collect();
    assert_eq!(seen, truth);
    let wrong = reading
        .api
        .post("/instagram/user/media?limit=101&after=x", &json!({}))
        .await;
    assert_eq!(
        (wrong.status, &wrong.body["error"]["code"]),
        (422, &json!("invalid_input"))
    );
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_of_the_last_days_is_the_seeds() {
    let reading = Reading::open().await;
    let path = "/instagram/account/insights?period=day&since=2026-11-09&until=2026-11-15";
    let got = reading.post(path).await;
    let insights = &got.body["insights"];
    for name in [
        "reach",
        "accounts_engaged",
        "total_interactions",
        "likes",
        "comments",
        "shares",
        "saves",
        "profile_views",
        "website_clicks",
    ] {
        let shown = metric(&insights["data"], name);
        assert!(
            shown["title"]
                .as_str()
                .is_some_and(|title| !title.is_empty())
        );
        let values = shown["values"].as_array().unwrap();
        assert_eq!(values.len(), 7, "{name}: {values:?}");
        for (at, value) in values.iter().enumerate() {
            let date = format!("2026-11-{:02}", 9 + at);
            assert_eq!(value["value"], reading.day(&date)[name], "{name} of {date}");
            let end = format!("2026-11-{:02}T08:00:00+0000", 10 + at);
            assert_eq!(value["end_time"], json!(end));
        }
    }
    let followers = metric(&insights["data"], "follower_count");
    let total = &reading.seed["account"]["followers_count"];
    let values = followers["values"].as_array().unwrap();
    assert_eq!((values.len(), &values[7]["value"]), (8, total));
    let fresh = metric(&insights["data"], "new_followers");
    let first = &reading.day("2026-11-09")["follower_count"];
    assert_eq!(&fresh["values"][0]["value"], first);
    assert_eq!(got.body["period"], "day");
    // Seven days of totals, the reach, the new followers, the profile.
    assert_eq!(header(&got, "x-gramophone-calls"), "10");
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_one_number_of_its_own_and_no_sum() {
    let reading = Reading::open().await;
    let path = "/instagram/account/insights?period=week&until=2026-11-15";
    let got = reading.post(path).await;
    let data = &got.body["insights"]["data"];
    let reach = metric(data, "reach")["values"].as_array().unwrap().clone();
    let truth = &reading.day("2026-11-15")["reach_week"];
    assert_eq!((reach.len(), &reach[0]["value"]), (1, truth));
    let likes: i64 = (9..=15)
        .map(|day| {
            reading.day(&format!("2026-11-{day:02}"))["likes"]
                .as_i64()
                .unwrap()
        })
        .sum();
    assert_eq!(metric(data, "likes")["values"][0]["value"], json!(likes));
    for (query, at) in [
        ("period=month", "period"),
        ("since=2026-13-01", "since"),
        ("since=2026-11-10&until=2026-11-09", "since"),
        ("since=2026-11-22", "since"),
        ("since=2026-01-01", "until"),
    ] {
        let path = format!("/instagram/account/insights?{query}");
        let wrong = reading.api.post(&path, &json!({})).await;
        assert_eq!(wrong.status, 422, "{query}");
        assert_eq!(wrong.body["error"]["problems"][0]["at"], at, "{query}");
    }
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_the_seeds_heads() {
    let reading = Reading::by_instagram().await;
    let got = reading
        .post("/instagram/audience/insights?period=lifetime")
        .await;
    let shown = metric(&got.body["insights"]["data"], "follower_demographics");
    let (value, counts) = (&shown["values"][0]["value"], &shown["values"][0]["counts"]);
    for axis in ["age", "gender", "country"] {
        let truth = reading.seed["audience"]["follower"][axis]
            .as_object()
            .unwrap();
        let heads = counts[axis].as_object().unwrap();
        assert!(!heads.is_empty() && heads.len() <= 45, "{axis}");
        let all: f64 = heads.values().map(|n| n.as_f64().unwrap()).sum();
        for (group, head) in heads {
            assert_eq!(head, &truth[group], "{axis} {group}");
            let percent = value[axis][group].as_f64().unwrap();
            let exact = 100.0 * head.as_f64().unwrap() / all;
            assert!((percent - exact).abs() <= 0.5, "{axis} {group}");
        }
    }
    assert_eq!(header(&got, "x-gramophone-calls"), "3");
    let wrong = reading
        .api
        .post("/instagram/audience/insights?period=x", &json!({}))
        .await;
    assert_eq!(wrong.status, 422);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_shows_both_ids_in_either_family() {
    for reading in [Reading::open().await, Reading::by_instagram().await] {
        let account = &reading.seed["account"];
        let got = reading.post("/instagram/user/profile").await;
        let profile = &got.body["profile"];
        assert_eq!(profile["user_id"], account["id"]);
        assert_eq!(profile["username"], account["username"]);
        assert_eq!(profile["account_type"], "BUSINESS");
        assert_eq!(profile["followers_count"], account["followers_count"]);
        for id in [profile["user_id"].clone(), account["id"].clone()] {
            let asked = Asked::post("/instagram/user/profile", &json!({"user_id": id}));
            assert_eq!(reading.good(asked).await.body["profile"], *profile);
        }
        let asked = Asked::post("/instagram/user/profile", &json!({"user_id": "1"}));
        assert_eq!(reading.api.ask(asked).await.status, 404);
        reading.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_numbers_says_why() {
    let reading = Reading::open().await;
    let since = reading.seed["account"]["professional_since"]
        .as_str()
        .unwrap();
    let old = reading
        .media()
        .iter()
        .find(|m| m["timestamp"].as_str().unwrap() < since)
        .expect("a post from before")["id"]
        .clone();
    let child = reading.seed["children"][0]["id"].clone();
    for id in [&old, &child] {
        let path = format!("/instagram/media/{}/insights", id.as_str().unwrap());
        let got = reading.post(&path).await;
        assert!(got.body["insights"]["note"].is_string(), "{}", got.text);
        for (name, _) in SIX {
            same_number(&got.body["insights"], name, &Value::Null);
        }
    }
    let now = "2026-11-19T20:00:00+0000";
    let stories = reading.seed["stories"].as_array().unwrap();
    let live: Vec<&Value> = stories
        .iter()
        .filter(|story| story["timestamp"].as_str().unwrap() > now)
        .collect();
    assert!(!live.is_empty(), "no story lives");
    for story in live {
        let path = format!(
            "/instagram/media/{}/insights",
            story["id"].as_str().unwrap()
        );
        let got = reading.post(&path).await;
        same_number(&got.body["insights"], "likes", &Value::Null);
    }
    let gone = reading
        .api
        .post("/instagram/media/1/insights", &json!({}))
        .await;
    assert_eq!(gone.status, 404, "{}", gone.text);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eighty_followers_are_too_few_and_no_error() {
    let (account, page) = SMALL;
    let changes = [
        ("instagram.account_id", account),
        ("instagram.page_id", page),
        ("instagram.page_access_token", "SIM-SMALL-TOKEN"),
    ];
    let reading = Reading::with(&changes).await;
    let token = json!({"token": "SIM-SMALL-TOKEN", "account": account, "login": "facebook"});
    reading.tell("/_sim/tokens", &token).await;
    let got = reading.post("/instagram/audience/insights").await;
    let shown = metric(&got.body["insights"]["data"], "follower_demographics");
    assert_eq!(shown["available"], false);
    assert_eq!(
        shown["values"][0]["value"],
        json!({"age": {}, "gender": {}, "country": {}})
    );
    assert!(shown["note"].as_str().unwrap().contains("100"));
    let path = "/instagram/account/insights?since=2026-11-10&until=2026-11-11";
    let got = reading.post(path).await;
    let total = metric(&got.body["insights"]["data"], "follower_count");
    assert_eq!(total["values"][0]["value"], 80);
    assert!(metric(&got.body["insights"]["notes"], "new_followers")["note"].is_string());
    reading.close().await;
}
