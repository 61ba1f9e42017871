//! A storm of throttling with everything at once: people who read and write over the API, the bot, posts, daily numbers,
//! the care of tokens, events on their way to a receiver. Two accounts; the log of the calls that reached Meta is the
//! judge. In the closed time none comes; afterwards people go first; and nothing is dropped.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    api::{Asked, Got},
    client::ACCOUNT,
    gallery::{picture, post},
    house::eventually,
    office::Office,
    reading::header,
    receiver::Receiver,
};

const PATIENCE: Duration = Duration::from_mins(2);
const OTHER: &str = "17841400000000003";
/// Somebody whom the account writes to, and somebody whom the bot answers.
const GUEST: &str = "5550000000000101";
const ASKER: &str = "5550000000000102";
const MINUTE_MS: i64 = 60_000;
/// Both clocks run, and are moved one after the other.
const SLACK_MS: i64 = 20_000;

/// What is closed, for how long, and what that closes.
struct Storm {
    budget: &'static str,
    minutes: i64,
    /// Everything of everybody; else what one account reads and writes, but for its messages, which Meta counts apart.
    all: bool,
}

/// A call that reached Meta.
#[derive(Debug)]
struct Call {
    at_ms: i64,
    host: String,
    path: String,
}

impl Call {
    fn is_messaging(&self) -> bool {
        ["/messages", "/conversations"]
            .iter()
            .any(|end| self.path.ends_with(end))
    }

    /// Whether somebody waits for it, in this test.
    fn is_for_people(&self) -> bool {
        self.is_messaging() || self.path.ends_with("/comments")
    }

    fn is_background(&self) -> bool {
        [
            "/insights",
            "/content_publishing_limit",
            "/media_publish",
            "/media",
        ]
        .iter()
        .any(|end| self.path.ends_with(end))
    }

    /// Of the second account, which is there by the other of Meta's logins.
    fn is_of_other(&self) -> bool {
        self.host == "graph.instagram.com"
    }
}

struct Room {
    office: Office,
    receiver: Receiver,
    media: Vec<String>,
}

impl Room {
    async fn open() -> Self {
        let receiver = Receiver::present();
        let more = [
            ("api.wait_seconds", "5"),
            ("snapshots.posts", "10"),
            ("snapshots.backfill_days", "3"),
            ("snapshots.stories", "false"),
        ];
        let forward = receiver.settings();
        let changes: Vec<(&str, &str)> = forward
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(more)
            .collect();
        let office = Office::with(&changes).await;
        office.begun().await;
        let connected = office.connect(OTHER).await;
        assert_eq!(connected.status, 200, "{}", connected.text);
        office.listen().await;
        for person in [GUEST, ASKER] {
            let said = json!({"text": "Oi", "silent": person == GUEST});
            office.sim(&format!("people/{person}/messages"), said).await;
        }
        let posts = office.look("media?limit=20").await["media"].clone();
        let media = posts.as_array().unwrap().iter();
        let media = media.map(|post| post["id"].as_str().unwrap().to_owned());
        let room = Self {
            media: media.collect(),
            office,
            receiver,
        };
        eventually("the bot has answered", PATIENCE, || async {
            room.answers_of_the_bot().await > 0
        })
        .await;
        room.quiet().await;
        room
    }

    /// No job is due.
    async fn quiet(&self) {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let counts = self.office.process.store.job_counts().await.unwrap();
            // What is in line behind something that waits for the door is not due.
            let is_due = |count: &store::JobCount| match count.state.as_str() {
                "waiting" => !["writes", "reply"].contains(&count.queue.as_str()),
                state => state == "running",
            };
            if !counts.iter().any(is_due) {
                return;
            }
            assert!(tokio::time::Instant::now() < end, "{counts:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn answers_of_the_bot(&self) -> usize {
        let path = format!("people/{ASKER}/messages?probe=0");
        let thread = self.office.look(&path).await;
        let messages = thread["messages"].as_array().unwrap();
        messages
            .iter()
            .filter(|message| message["from"] == "business")
            .count()
    }

    /// Graph calls since the last look.
    async fn calls(&self) -> Vec<Call> {
        let log = self.office.look("calls?host=graph.&limit=5000").await;
        let calls = log["calls"].as_array().unwrap().iter();
        let text = |call: &Value, name: &str| call[name].as_str().unwrap_or_default().to_owned();
        let read = |call: &Value| Call {
            at_ms: call["at"].as_i64().unwrap(),
            host: text(call, "host"),
            path: text(call, "path"),
        };
        calls.map(read).collect()
    }

    async fn forget_calls(&self) {
        let url = format!("{}/_sim/calls", self.office.simulator.base_url());
        self.office.api.ask(Asked::delete(&url)).await;
    }

    /// Reads of this account that nobody has made before.
    fn reads(&self, from: usize) -> Vec<Asked> {
        let mut reads: Vec<Asked> = self.media[from..from + 4]
            .iter()
            .map(|media| {
                let rest = format!("media/{media}/comments");
                Asked::get(&self.office.path(&rest))
            })
            .collect();
        reads.push(Asked::get(
            &self.office.path(&format!("conversations?person={GUEST}")),
        ));
        reads
    }

    /// A read of the other account that is not answered from what is kept.
    fn of_other() -> Asked {
        let path = format!("/v1/accounts/{OTHER}/profile");
        Asked::get(&path).header("cache-control", "no-cache")
    }

    async fn ask_all(&self, asked: Vec<Asked>) -> Vec<Got> {
        join_all(asked.into_iter().map(|asked| self.office.api.ask(asked))).await
    }
}

/// When a refused request may come again, as it was told.
fn told_ms(got: &Got, now_ms: i64) -> i64 {
    assert_eq!(got.status, 429, "{}", got.text);
    assert_eq!(got.body["error"]["code"], "throttled_by_meta");
    let seconds: i64 = header(got, "retry-after").parse().unwrap();
    now_ms + seconds * 1000
}

/// Background work that was begun and is to end well.
struct Begun {
    publication: String,
    snapshot: Uuid,
}

impl Room {
    async fn now_ms(&self) -> i64 {
        self.office.look("clock").await["now_ms"].as_i64().unwrap()
    }

    async fn level(&self, storm: &Storm, percent: u32) {
        // Of odd traffic no header tells beforehand; the app's is what fills then.
        let budget = match storm.budget {
            "custom" => "app",
            other => other,
        };
        let level = json!({"budget": budget, "percent": percent, "account": ACCOUNT});
        self.office.sim("limits/level", level).await;
    }

    async fn write(&self, text: &str) -> Got {
        let message = json!({"to": GUEST, "text": text});
        let path = self.office.path("messages");
        self.office.api.post(&path, &message).await
    }

    async fn comment(&self, text: &str) -> Got {
        let path = self
            .office
            .path(&format!("media/{}/comments", self.media[0]));
        self.office.api.post(&path, &json!({ "text": text })).await
    }

    /// Nearly full: what can wait does, and people are answered.
    async fn nearly_full(&self, storm: &Storm, picture: &str) -> Begun {
        let office = &self.office;
        self.level(storm, 95).await;
        for got in self.ask_all(self.reads(0)).await {
            assert_eq!(got.status, 200, "{}", got.text);
        }
        let kept_until_ms = self.now_ms().await + MINUTE_MS - SLACK_MS;
        self.forget_calls().await;
        let mut wish = post(picture, "Durante a tempestade");
        wish["first_comment"] = "Chegamos".into();
        let made = office.api.post(&office.path("publications"), &wish).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let publication = made.body["id"].as_str().unwrap().to_owned();
        let path = office.path("snapshots");
        let snapshot = office.api.post(&path, &json!({})).await;
        assert_eq!(snapshot.status, 202, "{}", snapshot.text);
        office.waits(&publication, "budget").await;
        self.quiet().await;
        let (written, commented) = tokio::join!(self.write("Quase cheio"), self.comment("Quase"));
        for got in [written, commented] {
            assert_eq!(office.settled(got).await.status, 201);
        }
        let calls = self.calls().await;
        let early = calls.iter().filter(|call| call.at_ms < kept_until_ms);
        let strays: Vec<&Call> = early.filter(|call| !call.is_for_people()).collect();
        assert!(strays.is_empty(), "{strays:?}");
        self.level(storm, 0).await;
        Begun {
            publication,
            snapshot: snapshot.body["job"].as_str().unwrap().parse().unwrap(),
        }
    }

    /// What could wait is done: all of it, and once.
    async fn all_is_done(&self, begun: &Begun) {
        let office = &self.office;
        let over = office.over_with(&begun.publication, 10_000).await;
        assert_eq!(over["state"], "published", "{over}");
        let comment = over["first_comment"].as_str().unwrap();
        let comment = office.path(&format!("writes/{comment}"));
        let comment = office.settled(office.api.get(&comment).await).await;
        assert_eq!(comment.status, 201, "{}", comment.text);
        let store = &office.process.store;
        eventually("the day is read", PATIENCE, || async {
            office.advance(10_000).await;
            let job = store.job(begun.snapshot).await.unwrap().unwrap();
            ["done", "refused", "dead"].contains(&job.state.as_str())
        })
        .await;
        let job = store.job(begun.snapshot).await.unwrap().unwrap();
        assert_eq!(job.state, "done", "{job:?}");
        for queue in store.job_counts().await.unwrap() {
            assert_ne!(queue.state, "dead", "{queue:?}");
        }
        for text in ["Quase cheio", "Fechado 0", "Fechado 1"] {
            assert_eq!(office.said(text).await, 1, "{text}");
        }
        assert_eq!(office.calls("/media_publish").await, 1);
        eventually("every event was delivered", PATIENCE, || async {
            let list = office.api.get("/v1/deliveries").await.body["data"].clone();
            let list = list.as_array().unwrap();
            list.len() >= 3 && list.iter().all(|one| one["state"] == "delivered")
        })
        .await;
        assert!(self.receiver.came().len() >= 3);
    }

    /// Somebody finds the door closed; says when it opens, as they were told.
    async fn close_door(&self, storm: &Storm) -> i64 {
        let close = json!({"budget": storm.budget, "minutes": storm.minutes, "account": ACCOUNT});
        self.office.sim("limits/close", close).await;
        self.forget_calls().await;
        let now_ms = self.now_ms().await;
        let mut reads = self.reads(4);
        let found = self.office.api.ask(reads.remove(0)).await;
        let opens_ms = told_ms(&found, now_ms);
        let truth_ms = self.office.look("usage").await;
        let budget = match storm.budget {
            "account" => &truth_ms["accounts"][ACCOUNT]["account"],
            other => &truth_ms[other],
        };
        let truth_ms = budget["closed_until_ms"].as_i64().unwrap();
        assert!(opens_ms + 1_000 >= truth_ms, "{opens_ms} {truth_ms}");
        assert_eq!(self.calls().await.len(), 1);
        self.forget_calls().await;
        opens_ms
    }

    /// Everything comes at once while it is closed.
    async fn rush(&self, storm: &Storm, opens_ms: i64, round: usize) -> Vec<Got> {
        let office = &self.office;
        let now_ms = self.now_ms().await;
        let mut reads = self.reads(4 + 4 * round);
        if !storm.all {
            // Conversations are counted with messages.
            reads.pop();
        }
        reads.push(Asked::post(&office.path("refresh"), &json!({})));
        if storm.all {
            reads.push(Self::of_other());
        }
        for got in self.ask_all(reads).await {
            let told_ms = told_ms(&got, now_ms);
            assert!(
                (told_ms - opens_ms).abs() < SLACK_MS,
                "{told_ms} {opens_ms}"
            );
        }
        let said = json!({"text": "ajuda"});
        let path = format!("people/{ASKER}/messages");
        office.sim(&path, said).await;
        office.heard("message", 2 + round).await;
        let (text, more) = (
            format!("Fechado {round}"),
            format!("Fechado também {round}"),
        );
        let (written, commented) = tokio::join!(self.write(&text), self.comment(&more));
        assert_eq!(commented.status, 202, "{}", commented.text);
        if storm.all {
            assert_eq!(written.status, 202, "{}", written.text);
        }
        if !storm.all {
            let got = office.api.ask(Self::of_other()).await;
            assert_eq!(got.status, 200, "{}", got.text);
        }
        self.quiet().await;
        vec![written, commented]
    }

    fn judge_closed(storm: &Storm, calls: &[Call]) {
        let stray = |call: &&Call| storm.all || !(call.is_of_other() || call.is_messaging());
        let strays: Vec<&Call> = calls.iter().filter(stray).collect();
        assert!(strays.is_empty(), "in the closed time: {strays:?}");
        if !storm.all {
            assert!(calls.iter().any(Call::is_of_other), "{calls:?}");
        }
    }
}

/// From a full allowance through the closed time to the last job.
async fn weather(storm: &Storm) {
    let room = Room::open().await;
    let office = &room.office;
    let url = picture().await;
    let begun = room.nearly_full(storm, &url).await;
    let answered = room.answers_of_the_bot().await;

    let opens_ms = room.close_door(storm).await;
    let mut writes = room.rush(storm, opens_ms, 0).await;
    let step_ms = (opens_ms - room.now_ms().await) / 2;
    office.advance(step_ms).await;
    writes.extend(room.rush(storm, opens_ms, 1).await);
    Room::judge_closed(storm, &room.calls().await);
    assert_eq!(office.look("calls?blocked=true").await["calls"], json!([]));

    // The very requests that were refused, when they were told to come again.
    room.forget_calls().await;
    office
        .advance((opens_ms - room.now_ms().await).max(0) + 1_000)
        .await;
    let reads = [room.reads(4), room.reads(8), vec![Room::of_other()]];
    for got in room.ask_all(reads.into_iter().flatten().collect()).await {
        assert_eq!(got.status, 200, "{}", got.text);
    }
    for got in writes {
        let got = office.settled(got).await;
        assert_eq!(got.status, 201, "{}", got.text);
    }
    eventually("the bot has answered again", PATIENCE, || async {
        room.answers_of_the_bot().await >= answered + 2
    })
    .await;
    let refreshed = office.api.post(&office.path("refresh"), &json!({})).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);

    // Then what could wait: all of it, none before its time.
    room.all_is_done(&begun).await;
    let background_ms = opens_ms + MINUTE_MS - SLACK_MS;
    let early: Vec<Call> = room.calls().await;
    let early: Vec<&Call> = early
        .iter()
        .filter(|call| call.is_background() && call.at_ms < background_ms)
        .collect();
    assert!(early.is_empty(), "before people were done: {early:?}");
    assert_eq!(office.look("calls?blocked=true").await["calls"], json!([]));
    room.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_app_is_left_alone_and_nothing_is_dropped() {
    weather(&Storm {
        budget: "app",
        minutes: 4,
        all: true,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_traffic_is_left_alone_and_nothing_is_dropped() {
    weather(&Storm {
        budget: "custom",
        minutes: 4,
        all: true,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_account_closes_no_other_and_nothing_is_dropped() {
    weather(&Storm {
        budget: "account",
        minutes: 9,
        all: false,
    })
    .await;
}
