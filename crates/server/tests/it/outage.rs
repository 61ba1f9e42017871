//! The database away, and the disk too: an answer of 200 is kept whatever happens, and where it
//! could not be kept the answer is 503.

use std::{
    io::{Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    client::{messages, post},
    house::{House, eventually},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// Another program that holds the database's write lock until it is told to let go.
struct Lock(Child);

impl Lock {
    fn hold(database: &Path) -> Self {
        let script = "import sqlite3, sys\n\
                      db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)\n\
                      db.execute('BEGIN IMMEDIATE')\n\
                      print('x', end='', flush=True)\n\
                      sys.stdin.read()\n\
                      db.execute('ROLLBACK')\n";
        let mut child = Command::new("python3")
            .args(["-c", script])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3, which the set-up installs");
        let mut held = [0_u8];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut held)
            .expect("the lock");
        Self(child)
    }

    fn release(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_locked_deliveries_wait_on_disk() {
    let house = House::serving(&[]).await;
    assert_eq!(
        post(house.address, &messages(&[("m-before", "55", "hello")]))
            .await
            .status,
        200
    );
    let lock = Lock::hold(&house.folder.path().join("gramophone.db"));
    for at in 0..10 {
        let started = Instant::now();
        let body = messages(&[(&format!("m-{at}"), "55", "hello")]);
        assert_eq!(
            post(house.address, &body).await.status,
            200,
            "delivery {at}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "Meta waits five seconds"
        );
    }
    // A repeat while the first copy waits.
    assert_eq!(
        post(house.address, &messages(&[("m-0", "55", "hello")]))
            .await
            .status,
        200
    );
    lock.release();
    eventually(
        "every delivery is in the database once",
        PATIENCE,
        || async { house.jobs().await == 11 },
    )
    .await;
    eventually("the spool is empty", PATIENCE, || async {
        let numbers = crate::client::get(house.address, "/metrics", "").await.body;
        numbers.contains("gramophone_spooled_deliveries 0")
    })
    .await;
    assert_eq!(house.jobs().await, 11);
    house.close().await;
}

/// A spooled delivery outlives the process that took it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_spooled_is_stored_by_the_next_process() {
    let house = House::serving(&[]).await;
    let lock = Lock::hold(&house.folder.path().join("gramophone.db"));
    assert_eq!(
        post(house.address, &messages(&[("m-1", "55", "hello")]))
            .await
            .status,
        200
    );
    let settings = crate::house::settings(house.folder.path(), &[]);
    let House { folder, .. } = house;
    // The first server is left alone as if it had died; a second one starts on its data.
    lock.release();
    let app = server::App::build(settings, server::Roles::SERVE)
        .await
        .unwrap();
    let store = app.store().clone();
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(app.run(stop.clone()));
    eventually("the delivery is stored", PATIENCE, || async {
        store.unfinished_jobs().await.unwrap() == 1
    })
    .await;
    stop.cancel();
    running.await.unwrap().unwrap();
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nothing_can_be_written_meta_is_told_to_come_again() {
    let house = House::serving(&[]).await;
    let spool = house.folder.path().join("spool");
    std::fs::remove_dir_all(&spool).unwrap();
    std::fs::File::create(&spool)
        .unwrap()
        .write_all(b"in the way")
        .unwrap();
    let lock = Lock::hold(&house.folder.path().join("gramophone.db"));
    let body = messages(&[("m-1", "55", "hello")]);
    let refused = post(house.address, &body).await;
    assert_eq!(refused.status, 503);
    assert!(refused.body.contains("not_stored"), "{}", refused.body);
    lock.release();
    // Nobody has to help: the next try of Meta is taken.
    eventually("a later try is stored", PATIENCE, || async {
        post(house.address, &body).await.status == 200
    })
    .await;
    assert_eq!(house.jobs().await, 1);
    house.close().await;
}
