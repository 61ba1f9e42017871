//! Replay: what died is tried again, what is under way or answered is not.

use std::time::Duration;

use server::operate::replay::{Which, run};
use store::Finish;

use crate::{
    client::{messages, post},
    house::{House, settings},
};

#[tokio::test]
async fn only_dead_jobs_are_run_again() {
    let house = House::serving(&[]).await;
    let settings = settings(house.folder.path(), &[]);
    let all = || Which::Between(0, i64::MAX);
    let body = messages(&[("m-1", "55", "hello"), ("m-2", "56", "hello")]);
    assert_eq!(post(house.address, &body).await.status, 200);

    let waiting = run(&settings, all(), false).await.unwrap();
    assert_eq!(
        (
            waiting.deliveries,
            waiting.events,
            waiting.jobs,
            waiting.answered
        ),
        (1, 2, 0, 2)
    );

    let claimed = house
        .store
        .claim(&["reply"], 2, Duration::from_mins(1))
        .await
        .unwrap();
    assert_eq!(claimed.len(), 2);
    for (job, finish) in claimed.iter().zip([
        Finish::Dead {
            reason: "a test".to_owned(),
        },
        Finish::Done {
            note: String::new(),
        },
    ]) {
        house.store.finish(&job.lease, finish).await.unwrap();
    }
    assert_eq!(house.jobs().await, 0);

    let dry = run(&settings, all(), true).await.unwrap();
    assert_eq!((dry.jobs, dry.answered), (1, 1));
    assert_eq!(house.jobs().await, 0, "a dry run did something");
    let done = run(&settings, all(), false).await.unwrap();
    assert_eq!((done.jobs, done.answered), (1, 1));
    assert_eq!(house.jobs().await, 1);
    let again = run(&settings, all(), false).await.unwrap();
    assert_eq!(
        (again.jobs, again.answered),
        (0, 2),
        "a replay was replayed"
    );
    house.close().await;
}
