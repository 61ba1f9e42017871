//! What Meta refuses, withdraws or cannot do: it costs nobody the numbers beside it, is found out once and not again
//! and again, and is never shown as a zero.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    api::{Asked, Got},
    reading::{NOW_MS, Reading, header, metric},
};

const ACCOUNT: &str = "/v1/accounts/17841400000000001";
const FADING: [&str; 2] = ["website_clicks", "profile_views"];

fn cost(got: &Got) -> usize {
    header(got, "x-gramophone-calls").parse().unwrap()
}

impl Reading {
    async fn refuse(&self, metrics: &[&str]) {
        self.tell("/_sim/insights", &json!({"refuse": metrics}))
            .await;
    }

    /// An answer for which pauses have to pass: time is moved until it is there.
    async fn in_time(&self, path: &str) -> Got {
        let mut asked = std::pin::pin!(self.api.get(path));
        loop {
            tokio::select! {
                got = &mut asked => return got,
                () = tokio::time::sleep(Duration::from_millis(20)) => {
                    self.clock.advance(Duration::from_millis(100));
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_fading_totals_may_go_and_the_account_has_its_numbers() {
    let reading = Reading::open().await;
    reading.refuse(&FADING).await;
    let got = reading
        .post("/instagram/account/insights?since=2026-11-10&until=2026-11-12")
        .await;
    for name in FADING {
        assert!(metric(&got.body["insights"]["notes"], name)["note"].is_string());
    }
    let likes = metric(&got.body["insights"]["data"], "likes");
    let truth =
        ["10", "11", "12"].map(|day| reading.day(&format!("2026-11-{day}"))["likes"].clone());
    let values = likes["values"].as_array().unwrap().iter();
    let values: Vec<Value> = values.map(|value| value["value"].clone()).collect();
    assert_eq!(values, truth);
    // It is known now, and so are these days.
    assert!(cost(&got) > 6, "{}", cost(&got));
    reading.calls().await;
    let days = "since=2026-11-10&until=2026-11-12";
    for metrics in ["website_clicks,likes", "likes,website_clicks", "comments"] {
        let path = format!("{ACCOUNT}/insights?metrics={metrics}&{days}");
        let got = reading.get(&path).await;
        assert!(got.body["data"][0]["values"].is_array(), "{}", got.text);
    }
    assert_eq!(reading.calls().await, []);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_total_is_a_note_beside_the_reach() {
    let reading = Reading::open().await;
    reading.refuse(&["website_clicks"]).await;
    let week = "period=week&since=2026-11-09&until=2026-11-15";
    let path = format!("{ACCOUNT}/insights?metrics=reach,website_clicks&{week}");
    let got = reading.get(&path).await;
    assert!(metric(&got.body["data"], "reach")["values"][0]["value"].is_number());
    assert!(metric(&got.body["notes"], "website_clicks")["note"].is_string());
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_that_comes_back_is_asked_for_again_by_who_wants_it() {
    let reading = Reading::open().await;
    reading.refuse(&["website_clicks"]).await;
    let path =
        format!("{ACCOUNT}/insights?metrics=website_clicks&since=2026-11-10&until=2026-11-11");
    let got = reading.get(&path).await;
    assert!(metric(&got.body["notes"], "website_clicks")["note"].is_string());
    reading.refuse(&[]).await;
    reading.advance(Duration::from_hours(8 * 24)).await;
    reading.calls().await;
    reading.get(&path.replace("website_clicks", "likes")).await;
    assert_eq!(reading.calls().await, [], "these days have their likes");
    let got = reading.get(&path).await;
    let clicks = metric(&got.body["data"], "website_clicks");
    let truth = &reading.day("2026-11-10")["website_clicks"];
    assert_eq!(&clicks["values"][0]["value"], truth);
    assert_eq!(reading.calls().await.len(), 2);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_without_the_permission_reads_no_zeros() {
    let reading = Reading::open().await;
    let id = reading.media()[0]["id"].as_str().unwrap().to_owned();
    let scopes = json!([
        "instagram_basic",
        "pages_show_list",
        "pages_read_engagement"
    ]);
    let token = json!({"account": "17841400000000001", "all": true, "scopes": scopes});
    reading.tell("/_sim/tokens", &token).await;
    let path = format!("/instagram/media/{id}/insights");
    let got = reading.api.ask(Asked::post(&path, &json!({}))).await;
    assert_eq!(got.status, 403, "{}", got.text);
    reading.calls().await;
    // The list itself is readable, and each row says why it has no numbers; one row finds out for all.
    let got = reading
        .get(&format!("{ACCOUNT}/media?insights=true&limit=20"))
        .await;
    let rows = got.body["data"].as_array().unwrap();
    assert_eq!(rows.len(), 20);
    for row in rows {
        assert!(row["insights"]["note"].is_string(), "{row}");
    }
    let calls = reading.calls().await;
    assert!(calls.len() <= 2 + 4 * 2, "{calls:?}");
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_post_that_fails_costs_the_others_nothing() {
    let reading = Reading::open().await;
    // So the page comes without numbers, and each is asked for alone.
    reading.refuse(&["saved"]).await;
    let media = reading.media();
    let bad = media[1]["id"].as_str().unwrap();
    let gone = json!({"match": {"path": format!("{bad}/insights")}, "times": 0,
        "do": {"kind": "status", "status": 400, "code": 100, "subcode": 33}});
    reading.tell("/_sim/faults", &gone).await;
    let got = reading
        .get(&format!("{ACCOUNT}/media?insights=true&limit=3"))
        .await;
    let row = |at: usize| &got.body["data"][at]["insights"];
    assert!(row(1)["note"].is_string(), "{}", got.text);
    for at in [0, 2] {
        let views = metric(&row(at)["data"], "views");
        assert_eq!(
            views["value"], media[at]["metrics"]["views"],
            "{}",
            got.text
        );
    }
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_too_much_comes_without_numbers() {
    let reading = Reading::open().await;
    let much = json!({"match": {"path": "17841400000000001/media"}, "times": 3,
        "do": {"kind": "status", "status": 500, "code": 1, "message": "Please reduce the amount of data"}});
    reading.tell("/_sim/faults", &much).await;
    reading.calls().await;
    let got = reading
        .in_time("/v1/accounts/17841400000000001/media?limit=100")
        .await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert_eq!(got.body["data"].as_array().unwrap().len(), 100);
    assert_eq!(reading.calls().await.len(), 4);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_never_asks_whether_it_was_done() {
    let reading = Reading::open().await;
    let id = reading.media()[0]["id"].as_str().unwrap().to_owned();
    for (code, subcode, times) in [(1, json!(99), 3), (100, Value::Null, 1)] {
        let fault = json!({"match": {"path": id}, "times": times,
            "do": {"kind": "status", "status": 500, "code": code, "subcode": subcode}});
        reading.tell("/_sim/faults", &fault).await;
        let got = reading.in_time(&format!("{ACCOUNT}/media/{id}")).await;
        assert_eq!(got.status, 502, "{}", got.text);
        assert_eq!(got.body["error"]["code"], "meta_unavailable");
    }
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_from_before_is_asked_for_once_and_for_all() {
    let reading = Reading::open().await;
    let since = reading.seed["account"]["professional_since"]
        .as_str()
        .unwrap();
    let all = reading.media();
    let old = all
        .iter()
        .find(|m| m["timestamp"].as_str().unwrap() < since);
    let id = old.expect("a post from before")["id"].as_str().unwrap();
    let path = format!("{ACCOUNT}/media/{id}/insights");
    let got = reading.get(&path).await;
    assert!(
        got.body["note"]
            .as_str()
            .unwrap()
            .contains("before the account")
    );
    reading.advance(Duration::from_hours(48)).await;
    reading.calls().await;
    let again = reading.get(&path).await;
    assert_eq!(again.body["note"], got.body["note"]);
    assert_eq!(reading.calls().await, []);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_and_does_not_come_has_a_note() {
    let reading = Reading::open().await;
    // Sixty days, of which Meta has thirty.
    let path =
        format!("{ACCOUNT}/insights?metrics=follower_count&since=2026-09-25&until=2026-11-19");
    let got = reading.get(&path).await;
    let fresh = metric(&got.body["data"], "new_followers");
    assert!(fresh["values"].as_array().unwrap().len() >= 29);
    let note = &metric(&got.body["notes"], "new_followers")["note"];
    assert!(note.as_str().unwrap().contains("30 days"), "{note}");
    // Days that Meta has forgotten are no error and cost few calls, and nothing is concluded for other days.
    reading.calls().await;
    let path = format!("{ACCOUNT}/insights?metrics=reach,likes&since=2023-11-01&until=2023-11-20");
    let got = reading.get(&path).await;
    for name in ["reach", "likes"] {
        assert!(metric(&got.body["notes"], name)["note"].is_string());
    }
    let calls = reading.calls().await;
    assert!(calls.len() <= 10, "{calls:?}");
    let path = format!("{ACCOUNT}/insights?metrics=reach,likes&since=2026-11-01&until=2026-11-02");
    let got = reading.get(&path).await;
    assert_eq!(got.body["notes"], json!([]));
    assert_eq!(got.body["data"].as_array().unwrap().len(), 2);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tomorrow_in_the_east_is_today_at_the_pacific() {
    let reading = Reading::open().await;
    // Ten hours later it is the 21st by UTC, and the 20th at the Pacific.
    reading.advance(Duration::from_hours(10)).await;
    let now_s = (NOW_MS / 1000) + 36_000;
    let utc = jiff::Timestamp::from_second(now_s)
        .unwrap()
        .strftime("%F")
        .to_string();
    assert_eq!(utc, "2026-11-21");
    for days in ["since=2026-11-21&until=2026-11-21", "since=2026-11-21"] {
        let got = reading
            .get(&format!("{ACCOUNT}/insights?metrics=likes&{days}"))
            .await;
        assert_eq!(got.body["since"], "2026-11-20", "{}", got.text);
        assert_eq!(got.body["until"], "2026-11-20");
    }
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeframe_that_is_refused_is_no_refused_metric() {
    let reading = Reading::open().await;
    let rules = json!({"timeframe": "refused", "refuse": ["reached_audience_demographics"]});
    reading.tell("/_sim/insights", &rules).await;
    let got = reading.post("/instagram/audience/insights").await;
    let data = &got.body["insights"]["data"];
    for name in ["follower_demographics", "engaged_audience_demographics"] {
        let shown = metric(data, name);
        assert_ne!(shown["available"], false, "{}", got.text);
    }
    let reached = metric(data, "reached_audience_demographics");
    assert_eq!(reached["available"], false);
    // Nothing was concluded of the two from the timeframe.
    reading
        .tell("/_sim/insights", &json!({"timeframe": "accepted"}))
        .await;
    // Longer than what is kept is given while it is renewed.
    reading.advance(Duration::from_hours(31)).await;
    let got = reading.post("/instagram/audience/insights").await;
    assert_eq!(header(&got, "x-gramophone-calls"), "3");
    let shown = metric(
        &got.body["insights"]["data"],
        "engaged_audience_demographics",
    );
    assert_ne!(shown["available"], false, "{}", got.text);
    reading.close().await;
}
