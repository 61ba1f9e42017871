//! Followers over time and by the hour: totals counted and rebuilt, and when they are online, judged by the seed.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use store::DayValue;

use crate::{
    house::eventually,
    reading::{NOW_MS, Reading, SMALL, header, metric},
};
use std::time::Duration;

const ACCOUNT: &str = "17841400000000001";
const DAY_MS: i64 = 86_400_000;

fn date(back: i64) -> String {
    graph_api::insights::Day::of(NOW_MS - back * DAY_MS).to_string()
}

/// All followers at the end of each of the last days, by the seed: what there is now, less who came since. Of the last
/// two days Meta has not counted everybody yet; of them it is what it says so far.
async fn totals(reading: &Reading) -> BTreeMap<String, i64> {
    let (since, until) = (date(2), date(1));
    let path = format!(
        "/v1/accounts/{ACCOUNT}/insights?metrics=follower_count&since={since}&until={until}"
    );
    let got = reading.get(&path).await;
    let so_far = metric(&got.body["data"], "new_followers")["values"].clone();
    let mut left = reading.seed["account"]["followers_count"].as_i64().unwrap();
    let mut totals = BTreeMap::new();
    for back in 1..=29 {
        totals.insert(date(back), left);
        let came = match back {
            1 => &so_far[1]["value"],
            2 => &so_far[0]["value"],
            _ => &reading.day(&date(back))["follower_count"],
        };
        left -= came.as_i64().unwrap();
    }
    totals
}

/// Followers of each day as `/v1` shows them, with how they are known.
async fn shown(reading: &Reading, from: i64, to: i64) -> Vec<(String, i64, String)> {
    let (since, until) = (date(from), date(to));
    let path = format!(
        "/v1/accounts/{ACCOUNT}/insights?metrics=follower_count&since={since}&until={until}"
    );
    let got = reading.get(&path).await;
    let series = metric(&got.body["data"], "follower_count");
    assert_eq!(series["derived_from"], "followers_count");
    let points = series["values"].as_array().unwrap().iter();
    points
        .map(|point| {
            let word = |name: &str| point[name].as_str().unwrap().to_owned();
            let value = point["value"].as_i64().unwrap();
            (word("day"), value, word("known_by"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_totals_are_rebuilt_from_now_and_marked() {
    let reading = Reading::open().await;
    let truth = totals(&reading).await;
    reading.calls().await;
    // The window ended a week ago, and all days since are needed; they come in one call.
    let days = shown(&reading, 20, 8).await;
    assert_eq!(days.len(), 13);
    for (day, total, known_by) in &days {
        assert_eq!(
            (total, known_by.as_str()),
            (&truth[day], "daily_changes"),
            "{day}"
        );
    }
    assert_eq!(reading.calls().await.len(), 1, "the total is known already");
    let with_today = shown(&reading, 1, 0).await;
    let now = reading.seed["account"]["followers_count"].as_i64().unwrap();
    assert_eq!(
        with_today[0],
        (date(1), truth[&date(1)], "daily_changes".to_owned())
    );
    assert_eq!(with_today[1], (date(0), now, "now".to_owned()));
    // Longer ago than Meta remembers, nothing is known and nothing is invented.
    let old = shown(&reading, 80, 70).await;
    assert_eq!(old, [(date(0), now, "now".to_owned())]);
    // The document's shape: the days that were asked for, then the moment of the answer.
    let path = format!(
        "/instagram/account/insights?since={}&until={}",
        date(4),
        date(2)
    );
    let got = reading.post(&path).await;
    let total = metric(&got.body["insights"]["data"], "follower_count");
    let values = total["values"].as_array().unwrap();
    for (value, back) in values.iter().zip([4, 3, 2]) {
        assert_eq!(value["value"], truth[&date(back)], "{value}");
        assert_eq!(value["derived"], true);
    }
    assert_eq!((values.len(), &values[3]["value"]), (4, &json!(now)));
    assert_eq!(values[3]["derived"], Value::Null);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_counted_goes_before_what_is_rebuilt() {
    let reading = Reading::open().await;
    let truth = totals(&reading).await;
    let row = |metric: &str, back: i64, value: i64| DayValue {
        metric: metric.to_owned(),
        day: date(back),
        value: Some(value),
        split: None,
        note: None,
        settled: true,
        fetched_at_ms: NOW_MS - (back - 1) * DAY_MS,
        api_version: "v26.0".to_owned(),
    };
    // Thirty people left, which the daily changes do not say.
    let counted = truth[&date(10)] - 30;
    let late = DayValue {
        note: Some("read 9 hours after the day ended".to_owned()),
        ..row("followers_count", 9, 1)
    };
    // And a day of which Meta forgot who came, but we did not.
    let rows = vec![
        row("followers_count", 10, counted),
        late,
        row("followers_count", 41, 500),
        row("new_followers", 41, 20),
    ];
    reading
        .house
        .store
        .record_days(ACCOUNT, rows)
        .await
        .unwrap();
    let days = shown(&reading, 12, 8).await;
    let expected: Vec<(String, i64, String)> = [
        (12, truth[&date(12)] - 30, "daily_changes"),
        (11, truth[&date(11)] - 30, "daily_changes"),
        (10, counted, "snapshot"),
        (9, truth[&date(9)], "daily_changes"),
        (8, truth[&date(8)], "daily_changes"),
    ]
    .map(|(back, total, known)| (date(back), total, known.to_owned()))
    .into();
    assert_eq!(days, expected);
    let old = shown(&reading, 45, 41).await;
    let expected = [(42, 480, "daily_changes"), (41, 500, "snapshot")];
    assert_eq!(
        old,
        expected.map(|(back, total, known)| (date(back), total, known.to_owned()))
    );
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_are_online_by_the_hour_and_the_last_two_days_are_not_counted_yet() {
    let reading = Reading::open().await;
    let path = format!("/v1/accounts/{ACCOUNT}/audience");
    let got = reading.get(&path).await;
    let online = &got.body["online_followers"];
    assert_eq!(
        online["hours"],
        reading.seed["audience"]["online_followers"]
    );
    assert_eq!(
        (&online["available"], &online["note"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(online["time_zone"], "America/Los_Angeles");
    let days = online["by_day"].as_array().unwrap();
    let names: Vec<&str> = days
        .iter()
        .map(|day| day["day"].as_str().unwrap())
        .collect();
    let (first, last) = (date(29), date(3));
    assert_eq!(
        (names.len(), names[0], names[26]),
        (27, first.as_str(), last.as_str())
    );
    assert_eq!(days[0]["hours"].as_object().unwrap().len(), 24);
    // Four axes and the hours.
    assert_eq!(header(&got, "x-gramophone-calls"), "5");
    assert_eq!(header(&reading.get(&path).await, "x-gramophone-calls"), "0");
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_no_hours_the_groups_are_there_and_a_note_says_why() {
    let reading = Reading::open().await;
    let path = format!("/v1/accounts/{ACCOUNT}/audience");
    let refuse = json!({"refuse": ["online_followers"]});
    reading.tell("/_sim/insights", &refuse).await;
    let got = reading.get(&path).await;
    let online = &got.body["online_followers"];
    assert_eq!(
        (&online["available"], &online["hours"]),
        (&json!(false), &json!({}))
    );
    assert!(online["note"].is_string(), "{online}");
    assert_eq!(
        metric(&got.body["data"], "follower_demographics")["available"],
        true
    );
    reading.close().await;

    let (account, page) = SMALL;
    let changes = [
        ("instagram.account_id", account),
        ("instagram.page_id", page),
        ("instagram.page_access_token", "SIM-SMALL-TOKEN"),
    ];
    let reading = Reading::with(&changes).await;
    let token = json!({"token": "SIM-SMALL-TOKEN", "account": account, "login": "facebook"});
    reading.tell("/_sim/tokens", &token).await;
    eventually("the token is known", Duration::from_secs(30), async || {
        reading
            .api
            .get(&format!("/v1/accounts/{account}/profile"))
            .await
            .status
            == 200
    })
    .await;
    let got = reading
        .get(&format!("/v1/accounts/{account}/audience"))
        .await;
    let online = &got.body["online_followers"];
    assert_eq!(
        (&online["available"], &online["by_day"]),
        (&json!(false), &json!([]))
    );
    assert!(online["note"].as_str().unwrap().contains("100 followers"));
    reading.close().await;
}
