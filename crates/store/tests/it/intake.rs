//! Jobs that other programs push into Redis: a real one, of the test's own, killed with it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use secrecy::SecretString;
use serde_json::{Value, json};
use store::intake::{Entry, Health, Intake};
use store::{NewJob, StoreError};
use tempfile::TempDir;

use crate::support::{House, LEASE};

const KEY: &str = "gramophone:jobs";
/// Nothing here takes this long, unless it hangs.
const LONG: Duration = Duration::from_secs(30);

/// A Redis on a port of its own, with its data in a folder of its own.
struct Redis {
    port: u16,
    folder: TempDir,
    child: Child,
    password: Option<&'static str>,
}

impl Redis {
    async fn new() -> Self {
        Self::with(None).await
    }

    async fn with(password: Option<&'static str>) -> Self {
        loop {
            let folder = tempfile::tempdir().unwrap();
            // Free now; should somebody else take it before the server does, the server ends and another is tried.
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let child = start(&folder, port, password);
            let mut redis = Self {
                port,
                folder,
                child,
                password,
            };
            if redis.is_up().await {
                return redis;
            }
        }
    }

    fn url(&self) -> SecretString {
        let password = self
            .password
            .map_or(String::new(), |word| format!(":{word}@"));
        SecretString::from(format!("redis://{password}127.0.0.1:{}/", self.port))
    }

    fn intake(&self) -> Intake {
        Intake::open(&self.url(), KEY).unwrap()
    }

    /// False when the server has ended.
    async fn is_up(&mut self) -> bool {
        loop {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if let Ok(mut line) = self.try_line().await {
                let pong = redis::cmd("PING").query_async::<String>(&mut line).await;
                if pong.is_ok() {
                    return true;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn try_line(&self) -> redis::RedisResult<MultiplexedConnection> {
        use secrecy::ExposeSecret as _;
        let client = redis::Client::open(self.url().expose_secret())?;
        client.get_multiplexed_async_connection().await
    }

    /// As another program would say it.
    async fn say(&self, words: &[&str]) -> redis::Value {
        let mut line = self.try_line().await.unwrap();
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query_async(&mut line).await.unwrap()
    }

    async fn count(&self, words: &[&str]) -> i64 {
        redis::from_redis_value(self.say(words).await).unwrap()
    }

    async fn texts(&self, words: &[&str]) -> Vec<String> {
        redis::from_redis_value(self.say(words).await).unwrap()
    }

    async fn push(&self, is_stream: bool, bodies: impl IntoIterator<Item = String>) {
        let mut pipe = redis::pipe();
        for body in bodies {
            if is_stream {
                pipe.cmd("XADD").arg(KEY).arg("*").arg("job").arg(body);
            } else {
                pipe.cmd("RPUSH").arg(KEY).arg(body);
            }
        }
        let mut line = self.try_line().await.unwrap();
        pipe.query_async::<redis::Value>(&mut line).await.unwrap();
    }

    /// Nothing is left to do: neither waiting nor taken.
    async fn is_done(&self, is_stream: bool) -> bool {
        if is_stream {
            return self.count(&["XLEN", KEY]).await == 0;
        }
        let waiting = self.count(&["LLEN", KEY]).await;
        waiting + self.count(&["HLEN", "gramophone:jobs:taken"]).await == 0
    }

    async fn dead(&self) -> Vec<Value> {
        let dead = self
            .texts(&["LRANGE", "gramophone:jobs:dead", "0", "-1"])
            .await;
        dead.iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn restart(&mut self) {
        self.child = start(&self.folder, self.port, self.password);
        assert!(self.is_up().await, "its port was taken meanwhile");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(folder: &TempDir, port: u16, password: Option<&str>) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args([
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ])
        .arg("--dir")
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(password) = password {
        command.args(["--requirepass", password]);
    }
    command
        .spawn()
        .expect("redis-server is needed; scripts/setup.sh test installs it")
}

async fn next(intake: &mut Intake) -> Entry {
    tokio::time::timeout(LONG, intake.next())
        .await
        .expect("nothing comes")
        .unwrap()
}

async fn until(intake: &Intake, wanted: impl Fn(&Health) -> bool) -> Health {
    let mut health = intake.health();
    let reached = tokio::time::timeout(LONG, health.wait_for(wanted)).await;
    reached
        .expect("its health does not change")
        .unwrap()
        .clone()
}

/// Takes and acknowledges until `count` different entries came; how often each did.
async fn drain(intake: &mut Intake, count: usize) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    while seen.len() < count {
        let entry = next(intake).await;
        intake.ack(&entry).await.unwrap();
        *seen.entry(entry.id).or_insert(0) += 1;
    }
    seen
}

fn numbered(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| json!({ "n": number }).to_string())
}

#[tokio::test]
async fn a_list_comes_in_its_order_and_goes_when_it_is_acknowledged() {
    let redis = Redis::new().await;
    redis.push(false, numbered(0..3)).await;
    let mut intake = redis.intake();
    assert_eq!(*intake.health().borrow(), Health::Unknown);
    let mut ids = BTreeSet::new();
    for number in 0..3 {
        let entry = next(&mut intake).await;
        assert_eq!(entry.body, json!({ "n": number }).to_string());
        assert!(!redis.is_done(false).await);
        intake.ack(&entry).await.unwrap();
        intake.ack(&entry).await.unwrap();
        ids.insert(entry.id);
    }
    assert_eq!(ids.len(), 3);
    assert!(redis.is_done(false).await);
    assert_eq!(*intake.health().borrow(), Health::Up);
}

#[tokio::test]
async fn a_stream_comes_in_its_order_and_goes_when_it_is_acknowledged() {
    let redis = Redis::new().await;
    let mut expected = Vec::new();
    for fields in [
        &["job", "one", "from", "x"][..],
        &["from", "x", "data", "two"],
        &["payload", "three"],
        &["anything", "four"],
    ] {
        let mut words = vec!["XADD", KEY, "*"];
        words.extend(fields);
        let id: String = redis::from_redis_value(redis.say(&words).await).unwrap();
        expected.push(id);
    }
    redis.say(&["XADD", KEY, "*", "a", "1", "b", "2"]).await;
    let mut intake = redis.intake();
    for (id, body) in expected.iter().zip(["one", "two", "three", "four"]) {
        let entry = next(&mut intake).await;
        assert_eq!((&entry.id, &*entry.body), (id, body.as_bytes()));
        intake.ack(&entry).await.unwrap();
    }
    redis.push(true, ["five".to_owned()]).await;
    let entry = next(&mut intake).await;
    assert_eq!(entry.body, "five");
    intake.ack(&entry).await.unwrap();
    assert!(redis.is_done(true).await);
    let dead = redis.dead().await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["entry"], r#"{"a":"1","b":"2"}"#);
}

#[tokio::test]
async fn a_key_of_another_type_is_told_and_waited_out() {
    let redis = Redis::new().await;
    redis.say(&["HSET", KEY, "a", "1"]).await;
    let mut intake = redis.intake();
    let mut health = intake.health();
    let coming = tokio::spawn(async move { (next(&mut intake).await, intake) });
    let wrong = Health::WrongType("hash".to_owned());
    health.wait_for(|health| *health == wrong).await.unwrap();
    redis.say(&["DEL", KEY]).await;
    redis.push(false, ["a list now".to_owned()]).await;
    let (entry, mut intake) = coming.await.unwrap();
    assert_eq!(entry.body, "a list now");
    assert_eq!(*health.borrow(), Health::Up);
    intake.ack(&entry).await.unwrap();
    // What was a list may come back as a stream, while somebody waits for it.
    let coming = tokio::spawn(async move { (next(&mut intake).await, intake) });
    redis.push(true, ["a stream now".to_owned()]).await;
    let (entry, mut intake) = coming.await.unwrap();
    assert_eq!(entry.body, "a stream now");
    intake.ack(&entry).await.unwrap();
    redis.say(&["DEL", KEY]).await;
    redis.push(false, ["a list again".to_owned()]).await;
    assert_eq!(next(&mut intake).await.body, "a list again");
}

#[tokio::test]
async fn a_bad_entry_goes_to_the_dead_once() {
    for is_stream in [false, true] {
        let redis = Redis::new().await;
        redis.push(is_stream, ["not json".to_owned()]).await;
        let mut intake = redis.intake();
        let entry = next(&mut intake).await;
        intake.bury(&entry, "not JSON").await.unwrap();
        intake.bury(&entry, "not JSON").await.unwrap();
        let dead = redis.dead().await;
        assert_eq!(dead.len(), 1);
        assert_eq!(dead[0]["entry"], "not json");
        assert_eq!(dead[0]["reason"], "not JSON");
        assert!(redis.is_done(is_stream).await);
    }
}

#[tokio::test]
async fn an_entry_that_cannot_be_buried_stays_taken_and_comes_again() {
    for is_stream in [false, true] {
        let redis = Redis::new().await;
        redis.say(&["SET", "gramophone:jobs:dead", "no list"]).await;
        redis
            .push(is_stream, ["bad".to_owned(), "good".to_owned()])
            .await;
        let mut intake = redis.intake();
        let bad = next(&mut intake).await;
        let error = intake.bury(&bad, "not JSON").await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        let good = next(&mut intake).await;
        assert_eq!(good.body, "good", "nothing waits for it");
        intake.ack(&good).await.unwrap();
        assert!(!redis.is_done(is_stream).await);
        redis.say(&["DEL", "gramophone:jobs:dead"]).await;
        let mut intake = redis.intake();
        let again = next(&mut intake).await;
        assert_eq!(again, bad);
        intake.bury(&again, "not JSON").await.unwrap();
        assert_eq!(redis.dead().await.len(), 1);
        assert!(redis.is_done(is_stream).await);
    }
}

#[tokio::test]
async fn an_entry_without_a_job_that_cannot_be_buried_stops_nobody() {
    let redis = Redis::new().await;
    redis.say(&["SET", "gramophone:jobs:dead", "no list"]).await;
    redis.say(&["XADD", KEY, "*", "a", "1", "b", "2"]).await;
    redis.push(true, ["good".to_owned()]).await;
    let mut intake = redis.intake();
    let good = next(&mut intake).await;
    assert_eq!(good.body, "good");
    intake.ack(&good).await.unwrap();
    assert_eq!(redis.count(&["XLEN", KEY]).await, 1);
    redis.say(&["DEL", "gramophone:jobs:dead"]).await;
    redis.push(true, ["next".to_owned()]).await;
    let mut intake = redis.intake();
    let entry = next(&mut intake).await;
    assert_eq!(entry.body, "next");
    intake.ack(&entry).await.unwrap();
    assert_eq!(redis.dead().await[0]["entry"], r#"{"a":"1","b":"2"}"#);
    assert!(redis.is_done(true).await);
}

/// A user of Redis may be denied a command that a script comes to last.
#[tokio::test]
async fn nothing_is_taken_by_half() {
    let redis = Redis::new().await;
    redis.push(false, ["one".to_owned()]).await;
    for denied in ["hset", "lpop"] {
        let deny = format!("-{denied}");
        redis
            .say(&["ACL", "SETUSER", "default", "+@all", &deny])
            .await;
        let mut intake = redis.intake();
        let mut health = intake.health();
        let coming = tokio::spawn(async move { intake.next().await });
        health
            .wait_for(|health| matches!(health, Health::Away(_)))
            .await
            .unwrap();
        coming.abort();
        let _ = coming.await;
        assert_eq!(redis.count(&["LLEN", KEY]).await, 1, "{denied}");
        let taken = redis.count(&["HLEN", "gramophone:jobs:taken"]).await;
        assert_eq!(taken, 0, "{denied}");
    }
    redis.say(&["ACL", "SETUSER", "default", "+@all"]).await;
    let mut intake = redis.intake();
    let entry = next(&mut intake).await;
    assert_eq!(entry.body, "one");
    intake.ack(&entry).await.unwrap();
    assert!(redis.is_done(false).await);
}

#[tokio::test]
async fn a_full_redis_is_drained() {
    for is_stream in [false, true] {
        let redis = Redis::new().await;
        redis.push(is_stream, numbered(0..3)).await;
        let mut intake = redis.intake();
        let first = next(&mut intake).await;
        redis.say(&["CONFIG", "SET", "maxmemory", "1"]).await;
        let mut intake = redis.intake();
        let again = next(&mut intake).await;
        assert_eq!(again, first);
        intake.bury(&again, "not JSON").await.unwrap();
        for _ in 0..2 {
            let entry = next(&mut intake).await;
            intake.ack(&entry).await.unwrap();
        }
        assert_eq!(redis.dead().await.len(), 1);
        assert!(redis.is_done(is_stream).await);
    }
}

#[tokio::test]
async fn who_dies_before_the_acknowledgement_finds_the_entry_again() {
    for is_stream in [false, true] {
        let redis = Redis::new().await;
        redis.push(is_stream, numbered(0..3)).await;
        let mut intake = redis.intake();
        let first = next(&mut intake).await;
        let second = next(&mut intake).await;
        intake.ack(&first).await.unwrap();
        drop(intake);
        let mut intake = redis.intake();
        let again = next(&mut intake).await;
        assert_eq!(again, second);
        intake.ack(&again).await.unwrap();
        let third = next(&mut intake).await;
        assert_ne!(third.id, second.id);
        intake.ack(&third).await.unwrap();
        assert!(redis.is_done(is_stream).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_share_the_work() {
    for is_stream in [false, true] {
        let redis = Redis::new().await;
        let seen: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
        let mut tasks = Vec::new();
        for _ in 0..2 {
            let mut intake = redis.intake();
            let seen = seen.clone();
            tasks.push(tokio::spawn(async move {
                loop {
                    let entry = intake.next().await.unwrap();
                    let body = String::from_utf8(entry.body.to_vec()).unwrap();
                    seen.lock().unwrap().insert(entry.id.clone(), body);
                    intake.ack(&entry).await.unwrap();
                }
            }));
        }
        redis.push(is_stream, numbered(0..200)).await;
        let all = async {
            while seen.lock().unwrap().len() < 200 || !redis.is_done(is_stream).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LONG, all).await.unwrap();
        for task in tasks {
            task.abort();
        }
        let seen = seen.lock().unwrap();
        let bodies: BTreeSet<&String> = seen.values().collect();
        assert_eq!((seen.len(), bodies.len()), (200, 200));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_die_and_come_back_in_the_middle() {
    for is_stream in [false, true] {
        let mut redis = Redis::new().await;
        redis.push(is_stream, numbered(0..40)).await;
        let mut intake = redis.intake();
        let mut seen = drain(&mut intake, 15).await;
        let taken = next(&mut intake).await;
        redis.kill();
        let error = intake.ack(&taken).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        let health = intake.health();
        let coming = tokio::spawn(async move { (next(&mut intake).await, intake) });
        let mut away = health.clone();
        away.wait_for(|health| matches!(health, Health::Away(_)))
            .await
            .unwrap();
        redis.restart().await;
        let (entry, mut intake) = coming.await.unwrap();
        assert_eq!(entry, taken, "what was taken comes first");
        intake.ack(&entry).await.unwrap();
        seen.insert(entry.id, 1);
        seen.extend(drain(&mut intake, 24).await);
        assert_eq!(seen.len(), 40);
        assert!(seen.values().all(|times| *times == 1));
        assert!(redis.is_done(is_stream).await);
        until(&intake, |health| *health == Health::Up).await;
    }
}

#[tokio::test]
async fn a_flush_costs_what_was_not_taken_and_nothing_else() {
    for is_stream in [false, true] {
        let redis = Redis::new().await;
        redis.push(is_stream, numbered(0..3)).await;
        let mut intake = redis.intake();
        let taken = next(&mut intake).await;
        redis.say(&["FLUSHALL"]).await;
        intake.ack(&taken).await.unwrap();
        redis.push(is_stream, ["after".to_owned()]).await;
        let entry = next(&mut intake).await;
        assert_eq!(entry.body, "after");
        intake.ack(&entry).await.unwrap();
        assert!(redis.is_done(is_stream).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_jobs_survive_ten_deaths_of_their_consumer() {
    for is_stream in [false, true] {
        let redis = Redis::new().await;
        let house = House::new().await;
        redis.push(is_stream, numbered(0..1_000)).await;
        let done = async || house.store.unfinished_jobs().await.unwrap();
        for death in 1..=11 {
            let (store, mut intake) = (house.store.clone(), redis.intake());
            let consumer = tokio::spawn(async move {
                loop {
                    let entry = intake.next().await.unwrap();
                    let job = NewJob {
                        dedupe_key: Some(format!("redis:{}", entry.id)),
                        ..NewJob::new("outside", serde_json::from_slice(&entry.body).unwrap())
                    };
                    store.enqueue(job).await.unwrap();
                    intake.ack(&entry).await.unwrap();
                }
            });
            // Wherever it is just then, at about every ninetieth job.
            let enough = async {
                while done().await < (death * 91).min(1_000) {
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
                while death == 11 && !redis.is_done(is_stream).await {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            // What was on its way to Redis when its consumer died is found by the look that is made every minute.
            tokio::time::timeout(LONG * 4, enough).await.unwrap();
            consumer.abort();
            let _ = consumer.await;
        }
        assert_eq!(done().await, 1_000);
        let mut numbers = BTreeSet::new();
        for job in house.store.claim(&["outside"], 2_000, LEASE).await.unwrap() {
            numbers.insert(job.payload["n"].as_u64().unwrap());
        }
        assert_eq!(numbers.len(), 1_000);
    }
}

#[tokio::test]
async fn a_password_opens_and_is_never_repeated() {
    let redis = Redis::with(Some("hunter2")).await;
    redis.push(false, ["secret".to_owned()]).await;
    let mut intake = redis.intake();
    assert_eq!(next(&mut intake).await.body, "secret");
    let wrong = format!("redis://:hunter3@127.0.0.1:{}/", redis.port);
    let mut shut_out = Intake::open(&SecretString::from(wrong), KEY).unwrap();
    let mut health = shut_out.health();
    let waiting = tokio::spawn(async move { shut_out.next().await });
    let told = health
        .wait_for(|health| matches!(health, Health::Away(_)))
        .await
        .unwrap()
        .clone();
    assert!(!format!("{told:?}").contains("hunter"), "{told:?}");
    waiting.abort();
}

#[tokio::test]
async fn what_is_not_tls_is_no_server_for_a_tls_url() {
    let redis = Redis::new().await;
    let url = SecretString::from(format!("rediss://127.0.0.1:{}/", redis.port));
    let mut intake = Intake::open(&url, KEY).unwrap();
    let mut health = intake.health();
    let waiting = tokio::spawn(async move { intake.next().await });
    health
        .wait_for(|health| matches!(health, Health::Away(_)))
        .await
        .unwrap();
    assert!(!waiting.is_finished(), "it goes on asking");
    waiting.abort();
}
