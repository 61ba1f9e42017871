//! Events out: a receiver that is away for a day, then flaky; a process that dies; addresses inside; Meta's own form.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use server::Roles;
use store::{ManualClock, NewSubscription};

use crate::{
    api::Api,
    client::{ACCOUNT, SECRET, post, signature},
    house::{House, eventually},
    process::Process,
    receiver::{KEY, Receiver},
    stream::Line,
};

const PATIENCE: Duration = Duration::from_mins(1);
const START_MS: i64 = 1_790_000_000_000;

/// A body of Meta's with one of each of these changes.
pub(crate) fn changes(changes: &[Value]) -> String {
    json!({"object": "instagram", "entry": [{"id": ACCOUNT, "time": START_MS / 1_000, "changes": changes}]})
        .to_string()
}

pub(crate) fn comment(id: &str) -> Value {
    json!({"field": "comments", "value": {
        "from": {"id": "55", "username": "ana"}, "id": id, "text": "a question",
        "media": {"id": "m1", "media_product_type": "FEED"}}})
}

fn message(mid: &str, person: &str) -> String {
    json!({"object": "instagram", "entry": [{"id": ACCOUNT, "time": START_MS, "messaging": [{
        "sender": {"id": person}, "recipient": {"id": ACCOUNT}, "timestamp": START_MS,
        "message": {"mid": mid, "text": "hello"}}]}]})
    .to_string()
}

impl Process {
    async fn deliveries(&self) -> Vec<Value> {
        let got = self.api.get("/v1/deliveries?limit=500").await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.body["data"].as_array().unwrap().clone()
    }

    /// Until nothing is left to be tried at this time of the clock. What stands behind another of its conversation has
    /// not been tried; five do not.
    async fn settled(&self, clock: &ManualClock) {
        eventually("nothing is due", PATIENCE, || async {
            let now_ms = store::Clock::now_ms(clock);
            let list = self.deliveries().await;
            let tried: Vec<&Value> = list.iter().filter(|one| one["attempts"] != 0).collect();
            tried.len() >= 5
                && tried.iter().all(|one| {
                    let next = one["next_at"].as_str().map(|at| {
                        let at: jiff::Timestamp = at.parse().unwrap();
                        at.as_millisecond()
                    });
                    one["state"] != "pending" || next > Some(now_ms)
                })
        })
        .await;
    }
}

/// Numbers that look random and are the same each time.
fn dice(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

async fn tell_everything(process: &Process) {
    let story = json!({"field": "story_insights", "value": {"media_id": "s1", "reach": 44}});
    let mention = json!({"field": "mentions", "value": {"media_id": "m2", "comment_id": "c9"}});
    let media = json!({"field": "media", "value": {"id": "m1", "verb": "update"}});
    let bodies = [
        changes(&[comment("c1"), story, mention, media]),
        message("mid-1", "55"),
        message("mid-2", "55"),
        message("mid-3", "66"),
    ];
    for body in bodies {
        assert_eq!(post(process.address, &body).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_absence_and_two_deaths_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    let mut receiver = Receiver::absent();
    let changes = receiver.settings();
    let mut process = Process::start(folder.path(), clock.clone(), &changes).await;
    tell_everything(&process).await;
    for hour in 0..25 {
        process.settled(&clock).await;
        if hour == 9 {
            process.kill().await;
            process = Process::start(folder.path(), clock.clone(), &changes).await;
        }
        clock.advance(Duration::from_hours(1));
    }
    let tried = process.deliveries().await;
    assert_eq!(tried.len(), 7);
    assert!(
        tried.iter().all(|one| one["state"] == "pending"),
        "{tried:?}"
    );

    // There again, and unreliable: takes some and says so, takes some and fails.
    let mut roll = dice(7);
    receiver.answers(move |_| match roll() % 3 {
        0 => (200, ""),
        1 => (500, ""),
        _ => (503, "30"),
    });
    receiver.arrive();
    for round in 0..40 {
        clock.advance(Duration::from_hours(1));
        process.settled(&clock).await;
        if round == 2 {
            process.kill().await;
            process = Process::start(folder.path(), clock.clone(), &changes).await;
        }
        if process
            .deliveries()
            .await
            .iter()
            .all(|one| one["state"] == "delivered")
        {
            break;
        }
    }
    let events = process.api.get("/v1/events").await.body["data"].clone();
    let wanted: BTreeMap<String, Value> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["id"].as_str().unwrap().to_owned(), event.clone()))
        .collect();
    let came = receiver.came();
    let taken: BTreeSet<String> = came
        .iter()
        .filter(|one| one.status == 200)
        .map(|one| one.id.clone())
        .collect();
    assert_eq!(taken, wanted.keys().cloned().collect());
    for one in &came {
        let body = one.json();
        assert_eq!(body["id"], one.id.as_str());
        let mut event = wanted[&one.id].clone();
        event.as_object_mut().unwrap().remove("cursor");
        assert_eq!(body, event, "the same whenever and wherever it goes out");
        assert_eq!(one.headers["x-api-key"], KEY);
        assert!(one.headers.contains_key("webhook-timestamp"));
    }
    let kinds: BTreeSet<&str> = wanted
        .values()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        BTreeSet::from(["comment", "mention", "message", "story_insights", "unknown"])
    );
    process.kill().await;
}

/// One alarm about an event that was given up, and none about the alarm.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_away_for_good_raises_one_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    let receiver = Receiver::absent();
    let process = Process::start(folder.path(), clock.clone(), &receiver.settings()).await;
    let body = changes(&[comment("c1")]);
    assert_eq!(post(process.address, &body).await.status, 200);
    let mut line = Line::open(process.address, "/v1/stream?after=0", None).await;
    let mut alarms = 0;
    // Each time: tried once, then three days go by and it is given up.
    for given_up in 1..=2 {
        eventually("the newest was tried", PATIENCE, || async {
            let list = process.deliveries().await;
            list.len() == given_up && list[0]["attempts"] != 0
        })
        .await;
        clock.advance(Duration::from_hours(73));
        // The end of a job is told after everything that it has stored.
        loop {
            let told = line.next().await.unwrap();
            if told.data["type"] == "alert" {
                assert_eq!(told.data["data"]["code"], "forward_dead");
                alarms += 1;
            }
            if told.event == "job" {
                assert_eq!(
                    (&told.data["queue"], &told.data["state"]),
                    (&json!("forward"), &json!("dead"))
                );
                break;
            }
        }
    }
    assert_eq!(alarms, 1);
    process.kill().await;
}

/// The second document's third use case: its receiver was written for Meta's own body and signature.
#[tokio::test(flavor = "multi_thread")]
async fn the_raw_form_is_metas_body_signed_anew() {
    let receiver = Receiver::present();
    let mut changed = receiver.settings();
    let secret = "a-secret-of-the-receiver";
    for (key, value) in [("forward.format", "raw"), ("forward.secret", secret)] {
        changed.push((key.to_owned(), value.to_owned()));
    }
    let house = House::with_settings(Roles::BOTH, &changed).await;
    let body = changes(&[comment("c1"), comment("c2")]);
    assert_eq!(post(house.address, &body).await.status, 200);
    eventually("both came", PATIENCE, || async {
        receiver.came().len() == 2
    })
    .await;
    for one in receiver.came() {
        let signed = signature(secret, &one.body);
        assert_eq!(one.headers["x-hub-signature-256"], signed.as_str());
        let body = one.json();
        let change = &body["entry"][0]["changes"][0];
        assert_eq!(body["object"], "instagram");
        assert_eq!(body["entry"][0]["id"], ACCOUNT);
        assert_eq!(body["entry"][0]["changes"].as_array().unwrap().len(), 1);
        assert_eq!(change["value"]["text"], "a question");
        assert!(["c1", "c2"].contains(&change["value"]["id"].as_str().unwrap()));
    }
    house.close().await;
}

/// U1 and C1 of the threat list: what is not public is refused when it is set.
#[test]
fn an_address_inside_is_refused_when_it_is_set() {
    let folder = tempfile::tempdir().unwrap();
    for url in [
        "http://example.com/callback",
        "https://example.com:8443/callback",
        "https://127.0.0.1/callback",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://user:word@example.com/",
        "http://127.0.0.1:9001/",
    ] {
        let mut sources = server::settings::Sources::default();
        sources
            .flag("data_dir", folder.path().display().to_string())
            .flag("instagram.app_secrets", SECRET)
            .flag("forward.key", KEY)
            .flag("forward.loopback_hosts", "127.0.0.1:9000,10.1.2.3:443")
            .flag("forward.url", url);
        let refused = server::settings::Settings::load(&sources).unwrap_err();
        let refused = refused.to_string();
        assert!(refused.contains("forward.url"), "{url}: {refused}");
        assert!(!refused.contains(KEY));
    }
}

/// The same for an address that came into the database in another way: nobody is dialled.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_refused_when_it_is_dialled() {
    let receiver = Receiver::present();
    let mut changed = receiver.settings();
    changed.retain(|(key, _)| !key.starts_with("forward."));
    let house = House::with_settings(Roles::BOTH, &changed).await;
    let port = receiver.address.port();
    for (at, url) in [
        format!("https://127.0.0.1:{port}/callback"),
        format!("http://127.0.0.1:{port}/callback"),
        "https://localhost/callback".to_owned(),
        "https://169.254.169.254/latest".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let asked = NewSubscription {
            name: format!("inside-{at}"),
            url,
            secret: "settings".to_owned(),
            format: "structured".to_owned(),
            channels: vec!["instagram".to_owned()],
            kinds: Vec::new(),
            accounts: Vec::new(),
        };
        house.store.subscribe(asked).await.unwrap();
    }
    assert_eq!(
        post(house.address, &changes(&[comment("c1")])).await.status,
        200
    );
    let api = Api::of(&house);
    eventually("each was tried", PATIENCE, || async {
        let list = api.get("/v1/deliveries").await.body;
        let list = list["data"].as_array().unwrap();
        list.len() == 4 && list.iter().all(|one| one["attempts"] != 0)
    })
    .await;
    let list = api.get("/v1/deliveries").await.body;
    for one in list["data"].as_array().unwrap() {
        let why = one["last_error"].as_str().unwrap();
        assert!(why.starts_with("refused by the network guard"), "{why}");
    }
    assert!(receiver.came().is_empty());
    house.close().await;
}
