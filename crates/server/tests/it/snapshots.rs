//! Numbers outlive Meta's memory: the account's days, the posts', the stories', through throttling, a kill and forty
//! days. Both clocks, ours and the simulator's, are moved by hand.
//!
//! Longer than other files: the world that is moved and what is looked at in it belong together.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use graph_api::insights::Day;
use serde_json::{Value, json};
use server::{App, Roles};
use simulator::{Options, Simulator};
use store::{Clock as _, ManualClock, Store, StoryRow};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    api::{Api, Asked},
    client::{ACCOUNT, signature},
    house::{eventually, settings},
};

const PATIENCE: Duration = Duration::from_mins(2);
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const STORY: &str = "17900000000009001";

/// A Pacific noon, twenty minutes past the hour.
fn noon() -> i64 {
    Day::parse("2026-11-10").unwrap().start_s() * 1000 + 12 * HOUR_MS + 20 * MINUTE_MS
}

/// Meta, and the two clocks.
struct World {
    simulator: Simulator,
    clock: Arc<ManualClock>,
    http: reqwest::Client,
    folder: TempDir,
}

/// A server that runs on a runtime of its own, so that it can be killed.
struct Server {
    api: Api,
    store: Store,
    stop: CancellationToken,
    runtime: tokio::runtime::Runtime,
}

impl World {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            data_dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulator"),
            clock_start: Some(noon()),
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.expect("a simulator");
        Self {
            simulator,
            clock: Arc::new(ManualClock::new(noon())),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            folder,
        }
    }

    async fn serve(&self, changes: &[(&str, &str)]) -> Server {
        let base = self.simulator.base_url();
        let (facebook, instagram) = (
            format!("{base}/graph.facebook.com"),
            format!("{base}/graph.instagram.com"),
        );
        let known = Options::default();
        let mut all = vec![
            ("api.open_on_loopback", "true"),
            ("instagram.app_secrets", known.app_secret.as_str()),
            ("instagram.page_id", known.page_id.as_str()),
            ("instagram.page_access_token", &known.page_token),
            ("graph.graph_facebook", &facebook),
            ("graph.graph_instagram", &instagram),
        ];
        all.extend(changes);
        let settings = settings(self.folder.path(), &all);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (clock, stop) = (self.clock.clone(), CancellationToken::new());
        let token = stop.clone();
        let (ready, started) = tokio::sync::oneshot::channel();
        runtime.spawn(async move {
            let app = App::build_by(settings, Roles::BOTH, clock).await.unwrap();
            let _ = ready.send((app.address().unwrap(), app.store().clone()));
            app.run(token).await.unwrap();
        });
        let (address, store) = started.await.expect("a server");
        Server {
            api: Api::at(address),
            store,
            stop,
            runtime,
        }
    }

    async fn sim(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim/{path}", self.simulator.base_url());
        let sent = self.http.post(url).json(&body).send().await.unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
        sent.json().await.unwrap()
    }

    async fn look(&self, path: &str) -> Value {
        let url = format!("{}/_sim/{path}", self.simulator.base_url());
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Moves both clocks on, to this moment.
    async fn until(&self, at_ms: i64) {
        let now_ms = self.look("clock").await["now_ms"].as_i64().unwrap();
        if now_ms < at_ms {
            self.sim("clock", json!({"to": at_ms})).await;
        }
        self.clock.set(at_ms);
    }

    async fn story(&self, id: &str, published_at_ms: i64, reach: i64, views: i64) {
        let story = json!({
            "media_product_type": "STORY", "media_type": "IMAGE",
            "timestamp": convert(published_at_ms),
            "metrics": {"reach": reach, "views": views, "replies": 2, "shares": 1,
                "total_interactions": 3, "navigation": views},
        });
        self.sim(&format!("media/{id}"), story).await;
    }

    /// Reads that were made in a closed time; what the start of a server asks is not meant.
    async fn blocked(&self) -> usize {
        let calls = self.look("calls?blocked=true&method=GET").await;
        let calls = calls["calls"].as_array().unwrap();
        let path = |call: &&Value| call["path"].as_str().unwrap_or_default().contains(ACCOUNT);
        calls.iter().filter(path).count()
    }

    /// Calls of the server whose path ends so.
    async fn calls(&self, end: &str) -> usize {
        let calls = self.look("calls?limit=20000").await;
        let calls = calls["calls"].as_array().unwrap();
        let path = |call: &&Value| call["path"].as_str().unwrap_or_default().ends_with(end);
        calls.iter().filter(path).count()
    }
}

fn convert(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

impl Server {
    /// Ends it as it should end.
    async fn close(self) {
        let Self {
            store,
            stop,
            runtime,
            ..
        } = self;
        stop.cancel();
        drop(store);
        let ended = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(Duration::from_secs(40));
        });
        ended.await.unwrap();
    }

    /// Drops everything where it stands: nothing is handed back, nothing is tidied up.
    async fn kill(self) {
        let Self { store, runtime, .. } = self;
        drop(store);
        let killed = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(Duration::from_secs(40));
        });
        killed.await.unwrap();
    }

    async fn nothing_runs(&self) {
        eventually("no job runs or is due", PATIENCE, || async {
            let counts = self.store.job_counts().await.unwrap();
            counts
                .iter()
                .all(|count| !["running", "waiting"].contains(&count.state.as_str()))
        })
        .await;
    }

    async fn kept(&self, media: &str) -> Option<StoryRow> {
        self.store.story(ACCOUNT, media).await.unwrap()
    }

    async fn looked(&self, media: &str, slot: &str) {
        eventually(&format!("look {slot} at {media}"), PATIENCE, || async {
            let looks = self.store.story_readings(ACCOUNT, media).await.unwrap();
            looks.iter().any(|look| look.slot == slot)
        })
        .await;
        self.nothing_runs().await;
    }

    async fn day_read(&self, day: Day) {
        eventually(&format!("{day} is read"), PATIENCE, || async {
            let key = format!("{day}");
            let read = self.store.days_read(ACCOUNT, "").await.unwrap();
            read.contains_key(&key)
        })
        .await;
        self.nothing_runs().await;
    }

    async fn series(&self, metric: &str, since: &str, until: &str) -> BTreeMap<String, Value> {
        let path = format!(
            "/v1/accounts/{ACCOUNT}/snapshots?metrics={metric}&since={since}&until={until}"
        );
        let got = self.api.get(&path).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let points = got.body["data"][0]["points"].as_array().unwrap().clone();
        points
            .into_iter()
            .map(|point| (point["day"].as_str().unwrap().to_owned(), point))
            .collect()
    }
}

/// What the seed says of a metric on a day.
fn truth(seed: &Value, metric: &str, day: &str) -> i64 {
    let days = seed["days"].as_array().unwrap();
    let found = days.iter().find(|row| row["date"] == day);
    found.expect("a day of the seed")[metric].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storys_last_values_outlive_it() {
    let world = World::new().await;
    let published = noon() - 5 * MINUTE_MS;
    world.story(STORY, published, 10, 12).await;
    let small = "17900000000009002";
    world.story(small, published, 3, 3).await;
    let server = world.serve(&[]).await;
    server.looked(STORY, "found").await;
    server.looked(small, "found").await;
    for (place, minutes) in [60, 180, 360, 720, 1_080, 1_260, 1_380, 1_410, 1_428]
        .into_iter()
        .enumerate()
    {
        let more = 20 + i64::try_from(place).unwrap();
        world.story(STORY, published, more, 2 * more).await;
        world.until(published + minutes * MINUTE_MS).await;
        server.looked(STORY, &format!("{minutes}m")).await;
    }
    world.until(published + 25 * HOUR_MS).await;
    eventually("the story is closed", PATIENCE, || async {
        let kept = server.kept(STORY).await.unwrap();
        kept.final_by.as_deref() == Some("expiry")
    })
    .await;
    let path = format!("/v1/accounts/{ACCOUNT}/stories/archive");
    let archive = server.api.get(&path).await.body;
    let of = |id: &str| {
        let all = archive["data"].as_array().unwrap();
        all.iter().find(|story| story["id"] == id).unwrap().clone()
    };
    assert_eq!(of(STORY)["numbers"]["views"], 56);
    assert_eq!(of(STORY)["numbers"]["reach"], 28);
    assert_eq!(of(STORY)["final_by"], "expiry");
    assert_eq!(of(STORY)["api_version"], "v26.0");
    // Too few viewers: it is kept, and says why it has no numbers.
    assert_eq!(of(small)["numbers"], json!({}));
    let note = of(small)["notes"]["views"].as_str().unwrap().to_owned();
    assert!(note.contains("fewer than five viewers"), "{note}");

    last_word(&server).await;
    let kept = server.kept(STORY).await.unwrap();
    assert_eq!(kept.numbers["reach"], 31);
    assert_eq!(kept.notes["exits"], "fewer than five viewers");
    assert_eq!(
        kept.numbers["views"], 56,
        "what the webhook does not say stays"
    );
    server.close().await;
}

/// Meta says what the story had in the end.
async fn last_word(server: &Server) {
    let body = json!({"object": "instagram", "entry": [{"id": ACCOUNT, "time": 1_790_000_000,
        "changes": [{"field": "story_insights", "value": {"media_id": STORY,
            "impressions": 60, "reach": 31, "taps_forward": 9, "taps_back": 7, "exits": -1, "replies": 2}}]}]});
    let text = body.to_string();
    let signed = signature(&Options::default().app_secret, text.as_bytes());
    let asked = Asked::post("/webhooks/instagram", &body).header("x-hub-signature-256", &signed);
    assert_eq!(server.api.ask(asked).await.status, 200);
    eventually("the last word is kept", PATIENCE, || async {
        let kept = server.kept(STORY).await.unwrap();
        kept.final_by.as_deref() == Some("webhook")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_answers_when_meta_has_forgotten() {
    let world = World::new().await;
    let seed = world.look("seed").await;
    let server = world.serve(&[("snapshots.posts", "150")]).await;
    let first = Day::of(noon() - DAY_MS);
    server.day_read(first.plus(-89)).await;
    let early = first.plus(-25).to_string();
    let oldest = first.plus(-80).to_string();
    world.until(noon() + 40 * DAY_MS).await;
    let last = Day::of(noon() + 39 * DAY_MS);
    server.day_read(last).await;
    server.day_read(first.plus(1)).await;

    let (since, until) = (oldest.as_str(), last.to_string());
    for metric in ["reach", "views", "accounts_engaged", "website_clicks"] {
        let series = server.series(metric, since, &until).await;
        for day in [&oldest, &early, &first.plus(7).to_string()] {
            let point = &series[day];
            assert_eq!(point["value"], truth(&seed, metric, day), "{metric} {day}");
            assert_eq!(point["settled"], true, "{metric} {day}");
        }
        assert_eq!(series.len(), 121, "{metric}");
    }
    // Of new followers Meta knows thirty days; of all followers it knows now.
    let new = server.series("new_followers", since, &until).await;
    assert_eq!(new[&early]["value"], truth(&seed, "follower_count", &early));
    let followers = server.series("followers_count", since, &until).await;
    assert_eq!(followers.len(), 2, "one for each run, none invented");

    let reel = seed["media"]
        .as_array()
        .unwrap()
        .iter()
        .find(|media| media["media_product_type"] == "REELS")
        .unwrap();
    let path = format!(
        "/v1/accounts/{ACCOUNT}/media/{}/history?since={since}&until={until}",
        reel["id"].as_str().unwrap()
    );
    let history = server.api.get(&path).await.body;
    let days = history["data"].as_array().unwrap();
    assert_eq!(days.len(), 2, "{history}");
    for metric in [
        "views",
        "saved",
        "reels_skip_rate",
        "ig_reels_avg_watch_time",
    ] {
        assert_eq!(
            days[0]["numbers"][metric], reel["metrics"][metric],
            "{metric}"
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_run_doubles_nothing() {
    let world = World::new().await;
    let seed = world.look("seed").await;
    // The thirty-first call for the account's insights of the run does not come back before the kill.
    let slow = json!({"match": {"path": format!("{ACCOUNT}/insights")}, "after": 30,
        "do": {"kind": "delay", "ms": 25_000}});
    world.sim("faults", slow).await;
    let changes = [("snapshots.posts", "150"), ("snapshots.stories", "false")];
    let server = world.serve(&changes).await;
    let first = Day::of(noon() - DAY_MS);
    eventually("the slow call is on its way", PATIENCE, || async {
        world.calls(&format!("{ACCOUNT}/insights")).await >= 30
    })
    .await;
    let pages = world.calls(&format!("{ACCOUNT}/media")).await;
    assert!(pages >= 2);
    let read = server.store.days_read(ACCOUNT, "").await.unwrap();
    assert!((10..90).contains(&read.len()), "{} days", read.len());
    server.kill().await;

    let server = world.serve(&changes).await;
    server.day_read(first.plus(-89)).await;
    // Pages that were read are not read again, nor days but the one that was cut off.
    assert_eq!(world.calls(&format!("{ACCOUNT}/media")).await, pages);
    let calls = world.calls(&format!("{ACCOUNT}/insights")).await;
    assert!(calls <= 90 + 4 + 3 + 2, "{calls} calls");
    let (since, until) = (first.plus(-89).to_string(), first.to_string());
    let series = server.series("likes", &since, &until).await;
    assert_eq!(series.len(), 90);
    let settled = first.plus(-5).to_string();
    assert_eq!(series[&settled]["value"], truth(&seed, "likes", &settled));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_allowance_makes_the_job_wait_and_loses_nothing() {
    let world = World::new().await;
    let close = json!({"budget": "account", "minutes": 30});
    world.sim("limits/close", close).await;
    let changes = [
        ("snapshots.posts", "50"),
        ("snapshots.stories", "false"),
        ("snapshots.backfill_days", "5"),
    ];
    let server = world.serve(&changes).await;
    eventually("the job waits", PATIENCE, || async {
        let counts = server.store.job_counts().await.unwrap();
        let waits = |row: &store::JobCount| row.queue == "snapshots" && row.state == "scheduled";
        counts.iter().any(waits)
    })
    .await;
    assert_eq!(world.blocked().await, 0);
    assert!(
        server
            .store
            .days_read(ACCOUNT, "")
            .await
            .unwrap()
            .is_empty()
    );
    // Calls that others made meanwhile prolonged it: Meta counts them.
    world.until(noon() + 3 * HOUR_MS).await;
    let first = Day::of(noon() - DAY_MS);
    server.day_read(first.plus(-4)).await;
    let days = (first.plus(-4).to_string(), first.to_string());
    assert_eq!(server.series("views", &days.0, &days.1).await.len(), 5);
    assert_eq!(world.blocked().await, 0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_metric_is_found_once_and_not_with_every_post() {
    let world = World::new().await;
    world.sim("insights", json!({"refuse": ["saved"]})).await;
    let changes = [
        ("snapshots.posts", "150"),
        ("snapshots.stories", "false"),
        ("snapshots.backfill_days", "3"),
    ];
    let server = world.serve(&changes).await;
    let last = Day::of(noon() - DAY_MS);
    server.day_read(last.plus(-2)).await;
    // Down to the first post by halves, that one, and two pages.
    let pages = world.calls(&format!("{ACCOUNT}/media")).await;
    assert!(pages <= 8 + 1 + 2 * 2, "{pages} pages");
    let seed = world.look("seed").await;
    let media = seed["media"].as_array().unwrap();
    let post = &media[120];
    let id = post["id"].as_str().unwrap();
    let path = format!("/v1/accounts/{ACCOUNT}/media/{id}/history");
    let history = server.api.get(&path).await.body;
    let day = &history["data"][0];
    assert_eq!(
        day["numbers"]["views"], post["metrics"]["views"],
        "{history}"
    );
    assert!(day["notes"]["saved"].is_string(), "{history}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_too_much_is_read_in_parts() {
    let world = World::new().await;
    let much = json!({"match": {"path": format!("{ACCOUNT}/media")}, "times": 2,
        "do": {"kind": "status", "status": 500, "code": 1, "message": "Please reduce the amount of data"}});
    world.sim("faults", much).await;
    let changes = [
        ("snapshots.posts", "60"),
        ("snapshots.stories", "false"),
        ("snapshots.backfill_days", "3"),
    ];
    let server = world.serve(&changes).await;
    let last = Day::of(noon() - DAY_MS);
    server.day_read(last.plus(-2)).await;
    // Sixty and thirty are too many; then fifteen, thirty and the last fifteen.
    assert_eq!(world.calls(&format!("{ACCOUNT}/media")).await, 5);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_can_be_taken_now_and_keys_bound_who_sees_it() {
    let world = World::new().await;
    let changes = [
        ("snapshots.enabled", "false"),
        ("snapshots.posts", "50"),
        ("snapshots.backfill_days", "3"),
    ];
    let server = world.serve(&changes).await;
    let path = format!("/v1/accounts/{ACCOUNT}/snapshots");
    let ask = |key: &'static str| Asked::post(&path, &json!({})).header("idempotency-key", key);
    let taken = server.api.ask(ask("one")).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    let again = server.api.ask(ask("one")).await.body;
    assert_eq!(again["job"], taken.body["job"]);
    assert_eq!(again["new"], false);
    let today = Day::of(noon());
    server.day_read(today.plus(-3)).await;
    let today = today.to_string();
    let followers = server.series("followers_count", &today, &today).await;
    let profile = world.look("seed").await["account"]["followers_count"].clone();
    assert_eq!(followers[&today]["value"], profile);
    assert_eq!(
        followers[&today]["fetched_at"],
        convert(world.clock.now_ms()).replace("+0000", "Z")
    );

    let wish = |accounts: Value| json!({"name": "k", "scopes": ["read"], "accounts": accounts});
    let mut keys = Vec::new();
    for accounts in [json!([ACCOUNT]), json!(["17841400000000999"])] {
        let answer = server.api.post("/v1/keys", &wish(accounts)).await;
        keys.push(answer.body["key"].as_str().unwrap().to_owned());
    }
    let by = |key: &str, asked: Asked| server.api.ask(asked.header("x-api-key", key));
    assert_eq!(by(&keys[0], Asked::get(&path)).await.status, 200);
    assert_eq!(by(&keys[0], ask("two")).await.status, 403);
    assert_eq!(by(&keys[1], Asked::get(&path)).await.status, 404);
    for wrong in [
        "metrics=nonsense",
        "since=yesterday",
        "since=2026-11-05&until=2026-11-01",
    ] {
        let got = server.api.get(&format!("{path}?{wrong}")).await;
        assert_eq!(got.status, 422, "{wrong}");
    }
    server.close().await;
}
