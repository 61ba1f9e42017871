//! The stream: a client that leaves at random and comes back sees each event exactly once; a stop ends it.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use futures::StreamExt as _;
use serde_json::Value;
use server::Roles;

use crate::{
    api::Api,
    client::post,
    forward::{changes, comment},
    house::{House, eventually},
};

const OPEN: [(&str, &str); 1] = [("api.open_on_loopback", "true")];
const PATIENCE: Duration = Duration::from_mins(1);

/// One message of the stream.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) event: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

/// A connection to the stream; what is not a whole message yet is lost with it.
pub(crate) struct Line {
    bytes: std::pin::Pin<Box<dyn futures::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    text: String,
}

impl Line {
    pub(crate) async fn open(address: SocketAddr, path: &str, last: Option<&str>) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.get(format!("http://{address}{path}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.headers().get("content-encoding").is_none());
        Self {
            bytes: Box::pin(response.bytes_stream()),
            text: String::new(),
        }
    }

    /// The next message; none when the server has ended the stream.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let start = format!("{name}: ");
                    message
                        .lines()
                        .find_map(|line| line.strip_prefix(&start))
                        .map(str::to_owned)
                };
                let told = field("event").map(|event| Told {
                    event,
                    id: field("id").unwrap(),
                    data: serde_json::from_str(&field("data").unwrap()).unwrap(),
                });
                let rest = rest.to_owned();
                self.text = rest;
                match told {
                    Some(told) => return Some(told),
                    // A comment that keeps the connection alive.
                    None => continue,
                }
            }
            let read = tokio::time::timeout(PATIENCE, self.bytes.next()).await;
            let bytes = read.expect("something in time")?.ok()?;
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_hundred_times_sees_each_event_once() {
    const EVENTS: usize = 240;
    const LEAVES: usize = 100;
    let house = House::serving(&OPEN).await;
    let address = house.address;
    let mut line = Line::open(house.address, "/v1/stream", None).await;
    let ready = line.next().await.unwrap();
    assert_eq!(ready.event, "ready");
    let mut last = ready.id;
    let writer = tokio::spawn(async move {
        for at in 0..EVENTS {
            let body = changes(&[comment(&format!("c{at}"))]);
            assert_eq!(post(address, &body).await.status, 200);
        }
    });
    let mut dice = 42_u64;
    let mut dice = || {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice
    };
    let mut seen = Vec::new();
    let mut left = 0;
    while seen.len() < EVENTS {
        // At most 2 on average until the hundred are over, so that there is always something left to come back for.
        let stays = if left < LEAVES { dice() % 5 } else { u64::MAX };
        let mut taken = 0;
        while taken < stays && seen.len() < EVENTS {
            let told = line.next().await.unwrap();
            if told.event == "event" {
                last.clone_from(&told.id);
                seen.push(told.data["id"].as_str().unwrap().to_owned());
                taken += 1;
            }
        }
        if left < LEAVES {
            drop(line);
            line = Line::open(house.address, "/v1/stream", Some(&last)).await;
            left += 1;
        }
    }
    writer.await.unwrap();
    assert_eq!(left, LEAVES);
    let different: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(different.len(), seen.len(), "none came twice");
    let listed = Api::of(&house).get("/v1/events?limit=500").await.body;
    let listed: Vec<&str> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!(seen, listed, "all came, in order");
    drop(line);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_does_not_hold_up_the_end() {
    let house = House::serving(&OPEN).await;
    let mut line = Line::open(house.address, "/v1/stream", None).await;
    assert_eq!(line.next().await.unwrap().event, "ready");
    let began = tokio::time::Instant::now();
    house.close().await;
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(line.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_end_are_told_and_a_filter_leaves_them_out() {
    let house = House::with(Roles::SERVE, &OPEN).await;
    let mut all = Line::open(house.address, "/v1/stream?after=0", None).await;
    let mut comments = Line::open(house.address, "/v1/stream?after=0&kind=comment", None).await;
    let job = store::NewJob::new("publish", serde_json::json!({"account": "178"}));
    house.store.enqueue(job).await.unwrap();
    let jobs = house
        .store
        .claim(&["publish"], 1, Duration::from_secs(30))
        .await
        .unwrap();
    let done = store::Finish::Done {
        note: "published".to_owned(),
    };
    house.store.finish(&jobs[0].lease, done).await.unwrap();
    let body = changes(&[comment("c1")]);
    assert_eq!(post(house.address, &body).await.status, 200);
    let told = [
        all.next().await.unwrap(),
        all.next().await.unwrap(),
        all.next().await.unwrap(),
    ];
    let names: Vec<&str> = told.iter().map(|told| told.event.as_str()).collect();
    assert_eq!(names, ["ready", "job", "event"]);
    assert_eq!(told[1].data["state"], "done");
    assert_eq!(told[1].data["account"], "178");
    let told = [
        comments.next().await.unwrap(),
        comments.next().await.unwrap(),
    ];
    assert_eq!(told[1].data["type"], "comment");
    drop((all, comments));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_place_in_the_stream_is_refused() {
    let house = House::serving(&OPEN).await;
    let api = Api::of(&house);
    for last in ["x", "-1", "1.5"] {
        let asked = crate::api::Asked::get("/v1/stream").header("last-event-id", last);
        assert_eq!(api.ask(asked).await.status, 422, "{last}");
    }
    eventually("the server answers", PATIENCE, || async {
        api.get("/v1/events").await.status == 200
    })
    .await;
    house.close().await;
}

/// As after a backup that was put back: the client has seen more than there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_ahead_of_everything_is_told_and_nothing_new_is_missed() {
    let house = House::serving(&OPEN).await;
    let api = Api::of(&house);
    let body = changes(&[comment("c1")]);
    assert_eq!(post(house.address, &body).await.status, 200);
    let head = house.store.feed_head().await.unwrap();
    let ahead = (head + 5).to_string();
    let mut line = Line::open(house.address, "/v1/stream", Some(&ahead)).await;
    let first = line.next().await.unwrap();
    assert_eq!(
        (first.event.as_str(), first.id),
        ("reset", head.to_string())
    );
    let body = changes(&[comment("c2")]);
    assert_eq!(post(house.address, &body).await.status, 200);
    let told = line.next().await.unwrap();
    assert_eq!(told.data["data"]["comment_id"], "c2");
    let ahead = api.get(&format!("/v1/events?after={ahead}")).await;
    assert_eq!(ahead.status, 409, "{}", ahead.text);
    assert_eq!(ahead.body["error"]["code"], "cursor_ahead");
    let here = api.get(&format!("/v1/events?after={}", told.id)).await;
    assert_eq!(here.body["data"], serde_json::json!([]), "{}", here.text);
    // A client that is where the feed is begins as ever.
    let mut line = Line::open(house.address, "/v1/stream", Some(&told.id)).await;
    assert_eq!(line.next().await.unwrap().event, "ready");
    drop(line);
    house.close().await;
}
