//! The runner: everything is done once, in order, kept alive, given up and handed back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use store::{
    Claimed, Clock, Durability, Finish, Handler, NewJob, Options, Runner, RunnerOptions, Store,
    SystemClock,
};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{House, START_MS};

/// Answers each job by what its payload says, and remembers.
struct Scripted {
    seen: Mutex<Vec<i64>>,
    buried: Mutex<Vec<String>>,
    ended: Semaphore,
    running: AtomicUsize,
    most: AtomicUsize,
    gate: Notify,
}

impl Scripted {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            seen: Mutex::default(),
            buried: Mutex::default(),
            ended: Semaphore::new(0),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            gate: Notify::new(),
        })
    }

    /// Returns when so many more handler calls have come to their end.
    async fn calls(&self, count: u32) {
        self.ended.acquire_many(count).await.unwrap().forget();
    }
}

#[async_trait]
impl Handler for Scripted {
    async fn run(&self, job: &Claimed) -> Finish {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.seen
            .lock()
            .unwrap()
            .push(job.payload["number"].as_i64().unwrap());
        tokio::task::yield_now().await;
        let finish = match job.payload["do"].as_str() {
            Some("fail") => Finish::Retry {
                after_ms: Some(1_000),
                error: "scripted".to_owned(),
            },
            Some("panic") => {
                self.running.fetch_sub(1, Ordering::SeqCst);
                self.ended.add_permits(1);
                panic!("scripted");
            }
            Some("hold") => {
                self.ended.add_permits(1);
                tokio::select! {
                    () = self.gate.notified() => {}
                    () = job.stop.cancelled() => return Finish::HandBack,
                }
                Finish::Done {
                    note: "held".to_owned(),
                }
            }
            Some("hang") => {
                self.ended.add_permits(1);
                std::future::pending().await
            }
            _ => Finish::Done {
                note: "ok".to_owned(),
            },
        };
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.ended.add_permits(1);
        finish
    }

    async fn buried(&self, _job: &Claimed, reason: &str) {
        self.buried.lock().unwrap().push(reason.to_owned());
        self.ended.add_permits(1);
    }
}

fn options() -> RunnerOptions {
    RunnerOptions {
        lease: Duration::from_secs(30),
        poll: Duration::from_hours(1),
        grace: Duration::from_millis(50),
    }
}

fn start(
    store: &Store,
    handler: &Arc<Scripted>,
    places: usize,
) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let runner = Runner::new(
        store.clone(),
        vec![("reel", places, handler.clone() as Arc<dyn Handler>)],
        options(),
    );
    let task = tokio::spawn({
        let stop = stop.clone();
        async move { runner.run(stop).await.unwrap() }
    });
    (stop, task)
}

fn job(number: i64, what: &str) -> NewJob {
    NewJob {
        max_attempts: 3,
        ..NewJob::new("reel", json!({ "number": number, "do": what }))
    }
}

/// Waits until the job is in this state, woken by nothing but the passing of other tasks.
async fn until_state(house: &House, id: uuid::Uuid, state: &str) {
    let wait = async {
        while house.state_of(id).await != state {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect(state);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_stored_before_and_while_it_runs_are_done_without_a_poll() {
    let house = House::new().await;
    house.store.enqueue(job(0, "")).await.unwrap();
    let handler = Scripted::new();
    let (stop, task) = start(&house.store, &handler, 4);
    handler.calls(1).await;
    for number in 1..50 {
        house.store.enqueue(job(number, "")).await.unwrap();
    }
    handler.calls(49).await;
    stop.cancel();
    task.await.unwrap();
    let mut seen = handler.seen.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, (0..50).collect::<Vec<i64>>());
    assert!(handler.most.load(Ordering::SeqCst) <= 4);
    assert_eq!(house.store.unfinished_jobs().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_keep_their_order_through_the_runner() {
    let house = House::new().await;
    for number in 0..60 {
        let job = NewJob {
            order_key: Some(format!("line-{}", number % 3)),
            ..job(number, "")
        };
        house.store.enqueue(job).await.unwrap();
    }
    let handler = Scripted::new();
    let (stop, task) = start(&house.store, &handler, 8);
    handler.calls(60).await;
    stop.cancel();
    task.await.unwrap();
    let mut lines: HashMap<i64, Vec<i64>> = HashMap::new();
    for number in handler.seen.lock().unwrap().iter() {
        lines.entry(number % 3).or_default().push(*number);
    }
    assert!(
        lines
            .values()
            .all(|line| line.len() == 20 && line.is_sorted())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_comes_when_the_clock_says_so_and_the_end_is_told() {
    let house = House::new().await;
    let id = house.store.enqueue(job(1, "fail")).await.unwrap().id;
    let handler = Scripted::new();
    let (stop, task) = start(&house.store, &handler, 1);
    for _ in 0..2 {
        handler.calls(1).await;
        until_state(&house, id, "scheduled").await;
        house.clock.advance(Duration::from_secs(1));
    }
    // The third failure uses the attempts up: the handler is told to bury it.
    handler.calls(2).await;
    until_state(&house, id, "dead").await;
    stop.cancel();
    task.await.unwrap();
    assert_eq!(
        *handler.buried.lock().unwrap(),
        ["failed 3 times, last: scripted"]
    );
    assert_eq!(handler.seen.lock().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_a_failure_of_its_job_only() {
    let house = House::new().await;
    let bad = NewJob {
        max_attempts: 1,
        ..job(1, "panic")
    };
    let bad = house.store.enqueue(bad).await.unwrap().id;
    let good = house.store.enqueue(job(2, "")).await.unwrap().id;
    let handler = Scripted::new();
    let (stop, task) = start(&house.store, &handler, 1);
    handler.calls(3).await;
    until_state(&house, bad, "dead").await;
    until_state(&house, good, "done").await;
    stop.cancel();
    task.await.unwrap();
    assert_eq!(handler.buried.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_job_keeps_its_lease() {
    let house = House::new().await;
    let id = house.store.enqueue(job(1, "hold")).await.unwrap().id;
    let handler = Scripted::new();
    let (stop, task) = start(&house.store, &handler, 1);
    handler.calls(1).await;
    // At least three leases long: the clock moves on until a heartbeat is seen, again and again.
    let began_ms = house.clock.now_ms();
    while house.clock.now_ms() - began_ms < 90_000 {
        let before = house.store.writer_stats().operations;
        while house.store.writer_stats().operations == before {
            house.clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    house.nothing_to_claim("reel").await;
    handler.gate.notify_one();
    handler.calls(1).await;
    until_state(&house, id, "done").await;
    stop.cancel();
    task.await.unwrap();
    assert_eq!(house.store.job(id).await.unwrap().unwrap().attempts, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_hands_back_what_listens_and_what_does_not() {
    let house = House::new().await;
    let listens = house.store.enqueue(job(1, "hold")).await.unwrap().id;
    let hangs = house.store.enqueue(job(2, "hang")).await.unwrap().id;
    let handler = Scripted::new();
    let (stop, task) = start(&house.store, &handler, 2);
    handler.calls(2).await;
    stop.cancel();
    task.await.unwrap();
    for id in [listens, hangs] {
        let job = house.store.job(id).await.unwrap().unwrap();
        assert_eq!((job.state.as_str(), job.attempts), ("waiting", 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_on_the_machines_clock_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options {
        url: format!("sqlite://{}?mode=rwc", folder.path().join("s.db").display()),
        durability: Durability::Normal,
        clock: Arc::new(SystemClock),
        exclusive: true,
    })
    .await
    .unwrap();
    let soon = NewJob {
        run_at_ms: Some(SystemClock.now_ms() + 100),
        ..job(1, "")
    };
    store.enqueue(soon).await.unwrap();
    let handler = Scripted::new();
    let (stop, task) = start(&store, &handler, 1);
    handler.calls(1).await;
    stop.cancel();
    task.await.unwrap();
    assert!(SystemClock.now_ms() > START_MS);
}
