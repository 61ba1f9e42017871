//! Threats that take a whole world to show: what is told in another order, for another account, or in
//! our own words, and what is left lying about.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use store::AccountState;

use crate::world::{ACCOUNT, HEARD, PERSON, World};

const REEL: &str = "https://www.instagram.com/reel/COceanTides/";

/// A body of ours through the simulator's signature, as Meta might send it one day.
async fn deliver(world: &World, account: &str, item: Value) {
    let body = json!({"object": "instagram", "entry": [
        {"id": account, "time": world.now_ms(), "messaging": [item]},
    ]});
    let answer = world.control("webhooks/raw", json!({ "body": body })).await;
    assert_eq!(answer["status"], 200, "{answer}");
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let with_last = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, count - 1);
        order
    };
    let shorter = orders(count - 1);
    shorter
        .iter()
        .flat_map(|order| (0..count).map(move |at| with_last(order, at)))
        .collect()
}

/// The message, its repeat, its unsending, an echo of ours and a reading: all 120 orders end the same.
#[tokio::test]
async fn a_message_taken_back_is_silent_in_whatever_order_it_is_told() {
    let mut world = World::new().await;
    world.kill().await;
    let orders = orders(5);
    assert_eq!(orders.len(), 120);
    for (n, order) in orders.iter().enumerate() {
        let (person, mid) = (format!("77{n:014}"), format!("m-{n}"));
        let told = |from: &str, to: &str, more: Value| {
            let mut item = json!({"sender": {"id": from}, "recipient": {"id": to}, "timestamp": world.now_ms()});
            for (key, value) in more.as_object().expect("an object") {
                item[key] = value.clone();
            }
            item
        };
        let message = json!({"message": {"mid": mid, "text": REEL}});
        let items = [
            told(&person, ACCOUNT, message.clone()),
            told(&person, ACCOUNT, message),
            told(
                &person,
                ACCOUNT,
                json!({"message": {"mid": mid, "is_deleted": true}}),
            ),
            told(
                ACCOUNT,
                &person,
                json!({"message": {"mid": format!("e-{n}"), "text": REEL, "is_echo": true}}),
            ),
            told(&person, ACCOUNT, json!({"read": {"mid": mid}})),
        ];
        for &at in order {
            deliver(&world, ACCOUNT, items[at].clone()).await;
        }
    }
    world.start();
    world.until_idle().await;
    let notes = world.notes("reply").await;
    assert_eq!(notes.len(), 120, "one job a message");
    for note in notes {
        assert_eq!(note, ("refused".to_owned(), "unsent".to_owned()));
    }
    assert!(world.notes("reel").await.is_empty());
    assert_eq!(world.calls("/messages").await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_account_that_is_not_ours_is_parked_and_never_answered_with_our_key() {
    let world = World::new().await;
    let other = "17841400000000999";
    let item = json!({"sender": {"id": PERSON}, "recipient": {"id": other}, "timestamp": world.now_ms(),
                      "message": {"mid": "m-other", "text": "oi"}});
    deliver(&world, other, item).await;
    let parked = async {
        loop {
            let state = world.store.account_state("instagram", other).await;
            match state.expect("a state") {
                AccountState::Active => tokio::time::sleep(Duration::from_millis(5)).await,
                state => return state,
            }
        }
    };
    let state = tokio::time::timeout(Duration::from_mins(1), parked)
        .await
        .expect("it is parked");
    assert!(
        matches!(&state, AccountState::NeedsLogin { reason } if reason.starts_with("no_credentials")),
        "{state:?}"
    );
    assert_eq!(world.calls("/messages").await, Vec::<Value>::new());
    // Our own account is not held up by it.
    world.write(PERSON, json!({"text": "oi"})).await;
    assert_eq!(world.until_seen(PERSON, 1).await.len(), 1);
}

/// The token, the app secret and what proves one with the other are nowhere in the database.
#[tokio::test]
async fn no_key_of_ours_is_kept_in_the_database() {
    let world = World::new().await;
    world.write(PERSON, json!({ "text": REEL })).await;
    world.until_idle().await;
    assert!(
        world
            .seen_by(PERSON)
            .await
            .iter()
            .any(|text| text.contains(HEARD))
    );
    let mut files = 0;
    let mut witness = false;
    for entry in std::fs::read_dir(&world.data_dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if !path.is_file() {
            continue;
        }
        files += 1;
        let bytes = std::fs::read(&path).expect("a file");
        let has = |word: &str| {
            bytes
                .windows(word.len())
                .any(|window| window == word.as_bytes())
        };
        witness |= has("COceanTides");
        for canary in ["SIM-PAGE-TOKEN", "simulator-app-secret", "appsecret_proof"] {
            assert!(!has(canary), "{canary} in {}", path.display());
        }
    }
    assert!(witness && files > 0, "the search sees what is there");
}

/// Our own message, coming back without any mark that it is ours, is still known by its id.
#[tokio::test]
async fn a_message_with_the_id_of_one_of_ours_is_not_answered() {
    let world = World::new().await;
    world.write(PERSON, json!({"text": "oi"})).await;
    world.until_idle().await;
    let sent = world.store.mids_sent(&World::conversation(PERSON), 0).await;
    let mid = sent.expect("ids").pop().expect("an answer");
    let item = json!({"sender": {"id": PERSON}, "recipient": {"id": ACCOUNT}, "timestamp": world.now_ms(),
                      "message": {"mid": mid, "text": REEL}});
    deliver(&world, ACCOUNT, item).await;
    world.until_idle().await;
    let notes = world.notes("reply").await;
    assert_eq!(notes[1], ("refused".to_owned(), "own_message".to_owned()));
    assert_eq!(world.seen_by(PERSON).await.len(), 1);
}

#[tokio::test]
async fn files_past_their_time_are_swept_and_fresh_ones_stay() {
    let world = World::new().await;
    let work = world.data_dir.join("work");
    for (name, hours) in [("old", 25), ("fresh", 1)] {
        let folder = work.join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("item-0.mp4"), "film").expect("a file");
        let then = SystemTime::now() - Duration::from_hours(hours);
        let opened = std::fs::File::open(&folder).expect("a folder");
        opened.set_modified(then).expect("a date");
    }
    world.bot().sweep().await;
    assert!(!work.join("old").exists());
    assert!(work.join("fresh").join("item-0.mp4").exists());
}
