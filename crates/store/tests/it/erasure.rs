//! Forgetting a person: nothing of them is left, and nothing comes back.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use serde_json::json;
use store::fold::Folded;
use store::{
    Admission, Admitted, Claimed, Conversation, Erase, Erased, Finish, IntentIn, NewDelivery,
    NewEntry, NewEvent, NewJob, NewPart, Note, NoteChange, Options, Retention, Settle, Store,
    StoreError, WorkTurn,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{House, LEASE, START_MS, delivery, message, options, talk};

/// Nobody else's rows hold these.
const WHO: &str = "17841405555555555555";
const WORDS: [&str; 4] = ["xylophonist", "sourdough-secret", "quetzal", "zugzwang"];

fn done() -> Finish {
    Finish::Done {
        note: "ok".to_owned(),
    }
}

/// A message of a person, with its body, as a webhook brings them.
fn webhook(number: u64, person: &str, text: &str) -> NewDelivery {
    let mut event = message(number, person);
    event.raw = json!({ "from": person, "text": text }).to_string().into();
    NewDelivery {
        body: Bytes::from(
            json!({ "from": person, "text": text, "filler": "-".repeat(200) }).to_string(),
        ),
        ..delivery(vec![event])
    }
}

fn echo(number: u64, person: &str) -> NewEvent {
    NewEvent {
        kind: "echo",
        opens_window: false,
        job: None,
        ..message(number, person)
    }
}

/// Answers a message as the bot does, with all the rows that this makes.
async fn answer(store: &Store, reply: &Claimed, to: &Conversation, words: &str) {
    let event: Uuid = reply.payload["event_id"].as_str().unwrap().parse().unwrap();
    let work = format!("reel:{words}");
    let reel = NewJob {
        dedupe_key: Some(format!("{event}:1")),
        order_key: Some(to.key()),
        person: Some(to.person.clone()),
        ..NewJob::new(
            "reel",
            json!({ "event_id": event.to_string(), "key": work }),
        )
    };
    let ask = Admission {
        scope: to.key(),
        day: "2026-11-22".to_owned(),
        limit: 10_000,
        jobs: vec![reel],
    };
    store.admit(ask).await.unwrap();
    store.finish(&reply.lease, done()).await.unwrap();
    let job = store.claim(&["reel"], 1, LEASE).await.unwrap().remove(0);
    let turn = store.work_join(&job.lease, &work).await.unwrap();
    if matches!(turn, WorkTurn::Mine(work) if work.steps.is_empty()) {
        let heard = json!({ "words": words.repeat(3), "hash": format!("hash-{words}") });
        store
            .work_step(&job.lease, &work, "heard", heard)
            .await
            .unwrap();
        store.work_done(&job.lease, &work, i64::MAX).await.unwrap();
        store
            .remember_attachment(&to.account, &format!("hash-{words}"), "upload", i64::MAX)
            .await
            .unwrap();
    }
    let part = NewPart {
        part: "text-0".to_owned(),
        seq: 0,
        kind: "text".to_owned(),
        body: json!({ "to": to.person, "text": format!("{words} {}", "long ".repeat(60)) }),
        hash: words.to_owned(),
    };
    let intent = IntentIn {
        cursor_mid: None,
        window_open_until_ms: i64::MAX,
    };
    let (part, _) = store
        .plan_and_try(&job.lease, to, vec![part], intent)
        .await
        .unwrap();
    let sent = Settle::Sent {
        mid: Some(format!("mid-of-{words}-{}", to.person)),
    };
    store.settle(&job.lease, part.id, sent).await.unwrap();
    store
        .step_done(&job.lease, "said", json!({ "text": words }))
        .await
        .unwrap();
    let entry = NewEntry {
        conversation: to.clone(),
        work_key: work,
        at_ms: START_MS,
        author: None,
        permalink: None,
        title: Some(words.to_owned()),
        caption: None,
        language: None,
        words: json!([words]),
        spoken: words.to_owned(),
    };
    store.library_add(&job.lease, entry).await.unwrap();
    let change = NoteChange {
        language: Some(format!("{:.9}", to.person)),
        helped_at_ms: Some(1),
        ..NoteChange::default()
    };
    store.update_conversation(to, change).await.unwrap();
    store.finish(&job.lease, done()).await.unwrap();
}

/// A message comes in and is answered.
async fn visit(store: &Store, number: u64, person: &str, words: &str) {
    store.accept(webhook(number, person, words)).await.unwrap();
    let reply = store.claim(&["reply"], 1, LEASE).await.unwrap().remove(0);
    answer(store, &reply, &talk(person), words).await;
}

/// Whatever replies wait are not what this is about.
async fn end_replies(house: &House) -> usize {
    let mut ended = 0;
    loop {
        let jobs = house.store.claim(&["reply"], 250, LEASE).await.unwrap();
        if jobs.is_empty() {
            return ended;
        }
        ended += jobs.len();
        let ends = jobs
            .iter()
            .map(|job| house.store.finish(&job.lease, done()));
        assert!(join_all(ends).await.iter().all(Result::is_ok));
    }
}

/// The job that forgets a person, and what it does.
async fn forget(store: &Store, who: &Conversation) -> Erased {
    let ask = NewJob {
        order_key: Some(format!("reply:{}", who.key())),
        person: Some(who.person.clone()),
        ..NewJob::new("forget", json!({ "who": who.person }))
    };
    store.enqueue(ask).await.unwrap();
    let job = store.claim(&["forget"], 1, LEASE).await.unwrap().remove(0);
    store
        .step_done(&job.lease, "begun", json!({ "who": who.person }))
        .await
        .unwrap();
    let bodies = store.deliveries_of(who).await.unwrap();
    let bodies = bodies
        .into_iter()
        .map(|(id, body, only_theirs)| (id, (!only_theirs).then(|| redact(&body, &who.person))))
        .collect();
    let erase = Erase {
        conversation: who.clone(),
        bodies,
        keep_job: Some(job.id),
    };
    let erased = store.erase(erase.clone()).await.unwrap();
    // Whoever is cut off does it again.
    let again = store.erase(erase).await.unwrap();
    assert_eq!((again.events, again.jobs, again.entries), (0, 0, 0));
    assert!(again.works.is_empty());
    let part = NewPart {
        part: "text-0".to_owned(),
        seq: 0,
        kind: "text".to_owned(),
        body: json!({ "to": who.person, "text": WORDS[3] }),
        hash: "h".to_owned(),
    };
    store.plan_parts(&job.lease, who, vec![part]).await.unwrap();
    assert!(store.erase_rest(&job.lease, who).await.unwrap());
    assert!(store.job(job.id).await.unwrap().is_none());
    let late = store.finish(&job.lease, done()).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    erased
}

/// A body without one person: as the caller who knows its format would write it.
fn redact(body: &[u8], person: &str) -> Bytes {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut text = text.replace(person, "erased");
    for word in WORDS {
        text = text.replace(word, "erased");
    }
    Bytes::from(text)
}

/// Where in the folder's files something stands, by file and place.
fn remains(folder: &Path, needles: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for (at, byte) in bytes.iter().enumerate() {
            let rest = &bytes[at..];
            let is_start = |needle: &&&str| {
                needle.as_bytes()[0] == *byte && rest.starts_with(needle.as_bytes())
            };
            if needles.iter().find(is_start).is_some() {
                let name = path.file_name().unwrap().to_string_lossy();
                found.push(format!(
                    "{name}: page {}, byte {}",
                    at / 4096 + 1,
                    at % 4096
                ));
            }
        }
    }
    found
}

fn needles() -> Vec<&'static str> {
    let mut needles = WORDS.to_vec();
    needles.push(WHO);
    needles
}

/// Ids as good as random, as people's are, so that every index grows in its middle.
fn somebody(number: u64) -> String {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
    format!("1784140{spread:013}")
}

/// A house in which the one to be forgotten lives among many others, whose rows were moved about ever since.
async fn busy_house() -> House {
    let house = House::new().await;
    let store = &house.store;
    for number in 0..150_u64 {
        if number % 10 == 3 {
            let words = WORDS[usize::try_from(number / 10 % 3).unwrap()];
            visit(store, number, WHO, words).await;
        } else {
            let words = format!("talk{}", number % 90);
            visit(store, number, &somebody(number), &words).await;
        }
    }
    // Many more, in few commits, so that every index splits its pages often.
    let mut batches = Vec::new();
    for batch in 0..24_u64 {
        let numbers = 10_000 + batch * 250..10_250 + batch * 250;
        let events = numbers.map(|number| {
            let person = if number % 97 == 0 { WHO } else { &somebody(number) };
            let text = json!({ "text": format!("{} {}", person, "-".repeat(usize::try_from(number % 700).unwrap())) });
            NewEvent {
                raw: text.to_string().into(),
                ..message(number, person)
            }
        });
        batches.push(store.accept(delivery(events.collect())));
    }
    for accepted in join_all(batches).await {
        assert_eq!(accepted.unwrap().new, 250);
    }
    // Rows that grow and shrink.
    let changes = (0..1_500_u64).map(|number| {
        let change = NoteChange {
            language: Some("l".repeat(usize::try_from(number % 60).unwrap())),
            limited_at_ms: Some(i64::MAX / 3),
            ..NoteChange::default()
        };
        let person = if number % 90 == 0 {
            WHO
        } else {
            &somebody(number / 3)
        };
        let to = talk(person);
        async move { store.update_conversation(&to, change).await.unwrap() }
    });
    join_all(changes).await;
    // Neighbours that go.
    end_replies(&house).await;
    house.clock.advance(Duration::from_hours(24 * 31));
    visit(store, 99_999, WHO, WORDS[0]).await;
    store.purge(Retention::default()).await.unwrap();
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_leaves_nothing_behind() {
    let house = busy_house().await;
    let store = &house.store;
    // Bodies that several people share, that nobody understood, and that came twice in part.
    let mut shared = webhook(900, WHO, WORDS[1]);
    shared.events.push(message(901, "bob"));
    shared.body = Bytes::from(format!("{{\"a\":\"{WHO}\",\"b\":\"bob\"}}"));
    let shared_id = shared.id;
    store.accept(shared).await.unwrap();
    let unknown = NewDelivery {
        body: Bytes::from(format!("what is {WHO} {}?", WORDS[2])),
        ..delivery(Vec::new())
    };
    store.accept(unknown).await.unwrap();
    let mut nameless = webhook(903, WHO, WORDS[2]);
    nameless.events[0].person = None;
    nameless.events[0].job = None;
    store.accept(nameless).await.unwrap();
    let mut half_known = webhook(900, WHO, WORDS[1]);
    half_known.events.push(message(902, "bob"));
    store.accept(half_known).await.unwrap();
    end_replies(&house).await;
    assert!(!remains(house.folder.path(), &needles()).is_empty());

    let erased = forget(store, &talk(WHO)).await;
    assert_eq!((erased.events, erased.entries), (79, 16));
    assert_eq!(erased.works.len(), 3, "{:?}", erased.works);
    assert_eq!(
        remains(house.folder.path(), &needles()),
        Vec::<String>::new()
    );
    let body = store.delivery(shared_id).await.unwrap().unwrap().body;
    assert_eq!(
        body,
        Bytes::from_static(b"{\"a\":\"erased\",\"b\":\"bob\"}")
    );

    // The others are whole, and nothing comes up again when their pages are written anew.
    for number in 1_000..1_100_u64 {
        visit(store, number, &somebody(number), &format!("later{number}")).await;
    }
    store.close().await;
    assert_eq!(
        remains(house.folder.path(), &needles()),
        Vec::<String>::new()
    );
    check_integrity(house.folder.path());
    let store = Store::open(options(&house.folder, &house.clock))
        .await
        .unwrap();
    assert!(
        !store
            .library_recent(&talk(&somebody(1_001)), 9)
            .await
            .unwrap()
            .is_empty()
    );
}

/// SQLite's own look at every page and every index.
fn check_integrity(folder: &Path) {
    let file = rusqlite::Connection::open(folder.join("store.db")).unwrap();
    let answer: String = file
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(answer, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_leaves_nothing_where_the_file_is_shared_either() {
    let house = House::new().await;
    house.store.close().await;
    let shared = Options {
        exclusive: false,
        ..options(&house.folder, &house.clock)
    };
    let store = Store::open(shared).await.unwrap();
    for number in 0..40 {
        let person = if number % 9 == 3 { WHO } else { "somebody" };
        let words = if number % 9 == 3 { WORDS[0] } else { "else" };
        visit(&store, number, person, words).await;
    }
    forget(&store, &talk(WHO)).await;
    assert_eq!(
        remains(house.folder.path(), &needles()),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn work_of_others_stays() {
    let house = House::new().await;
    visit(&house.store, 1, WHO, "shared").await;
    visit(&house.store, 2, "bob", "shared").await;
    visit(&house.store, 3, WHO, "own").await;
    let erased = forget(&house.store, &talk(WHO)).await;
    assert_eq!(erased.works, ["reel:own"]);
    let attachment = async |key| house.store.attachment("acc", key).await.unwrap();
    assert_eq!(attachment("hash-own").await, None);
    assert_eq!(attachment("hash-shared").await.as_deref(), Some("upload"));
    let bobs = house
        .store
        .library_find(&talk("bob"), &Folded::new("shared"), 9)
        .await
        .unwrap();
    assert_eq!(bobs.len(), 1);
    let own = house.store.library_recent(&talk(WHO), 9).await.unwrap();
    assert!(own.is_empty());
    assert_eq!(
        house.store.conversation_note(&talk(WHO)).await.unwrap(),
        Note::default()
    );
    visit(&house.store, 4, "cyd", "shared").await;
}

#[tokio::test]
async fn what_runs_for_them_is_taken_away() {
    let house = House::new().await;
    visit(&house.store, 1, WHO, "one").await;
    let reel = |number: u32| NewJob {
        order_key: Some(talk(WHO).key()),
        ..NewJob::new("reel", json!({ "n": number }))
    };
    for number in 0..3 {
        house.store.enqueue(reel(number)).await.unwrap();
    }
    let running = house.claim_one("reel").await;
    let erased = forget(&house.store, &talk(WHO)).await;
    // Its reply, its reel, and the three.
    assert_eq!(erased.jobs, 5);
    let late = house
        .store
        .step_done(&running.lease, "late", json!(WORDS[0]))
        .await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    house.nothing_to_claim("reel").await;
}

#[tokio::test]
async fn what_was_sent_before_does_not_come_back_and_what_is_new_begins_anew() {
    let house = House::new().await;
    let store = &house.store;
    visit(store, 5, WHO, "one").await;
    forget(store, &talk(WHO)).await;
    let accept = async |events: Vec<NewEvent>| {
        let delivery = delivery(events);
        let id = delivery.id;
        let accepted = store.accept(delivery).await.unwrap();
        let is_kept = store.delivery(id).await.unwrap().is_some();
        (accepted.new, is_kept)
    };
    // The same again, one from before that comes late, the echo of our last words.
    assert_eq!(accept(vec![message(5, WHO)]).await, (0, false));
    assert_eq!(accept(vec![message(2, WHO)]).await, (0, false));
    assert_eq!(accept(vec![echo(9, WHO)]).await, (0, false));
    house.nothing_to_claim("reply").await;
    assert!(remains(house.folder.path(), &[WHO]).is_empty());
    // Beside somebody else's, only theirs is left out, and the body is not kept.
    assert_eq!(
        accept(vec![message(4, WHO), message(6, "bob")]).await,
        (1, false)
    );
    assert_eq!(end_replies(&house).await, 1);
    // Another account's or channel's conversation is another one.
    let mut other = message(3, WHO);
    other.account = "other".to_owned();
    assert_eq!(accept(vec![other]).await, (1, true));
    assert_eq!(end_replies(&house).await, 1);
    // They write again: an echo before it stays out, one after it comes in.
    assert_eq!(
        accept(vec![echo(10, WHO), message(11, WHO), echo(12, WHO)]).await,
        (2, false)
    );
    assert_eq!(end_replies(&house).await, 1);
    assert_eq!(accept(vec![echo(13, WHO)]).await, (1, true));
    assert_eq!(accept(vec![message(1, WHO)]).await, (0, false));
    let last = store.last_inbound_ms(&talk(WHO)).await.unwrap();
    assert_eq!(last, Some(START_MS + 11));
    // It holds in another process, and as long as events are kept.
    house.store.close().await;
    let store = Store::open(options(&house.folder, &house.clock))
        .await
        .unwrap();
    let accepted = store.accept(delivery(vec![message(5, WHO)])).await.unwrap();
    assert_eq!((accepted.new, accepted.seen), (0, 1));
    house.clock.advance(Duration::from_hours(24 * 366));
    store.purge(Retention::default()).await.unwrap();
    let accepted = store.accept(delivery(vec![message(5, WHO)])).await.unwrap();
    assert_eq!(accepted.new, 1);
}

#[tokio::test]
async fn forgetting_does_not_refill_the_days_allowance() {
    let house = House::new().await;
    let ask = async |day: &str, count: u32| {
        let jobs = (0..count).map(|number| NewJob {
            order_key: Some(talk(WHO).key()),
            ..NewJob::new("reel", json!({ "n": number }))
        });
        let admission = Admission {
            scope: talk(WHO).key(),
            day: day.to_owned(),
            limit: 5,
            jobs: jobs.collect(),
        };
        let answers = house.store.admit(admission).await.unwrap();
        answers
            .iter()
            .filter(|answer| matches!(answer, Admitted::New(_)))
            .count()
    };
    let used = async |day: &str| house.store.quota_used(&talk(WHO).key(), day).await.unwrap();
    assert_eq!(ask("d", 3).await, 3);
    forget(&house.store, &talk(WHO)).await;
    assert_eq!(used("d").await, 3);
    assert_eq!(ask("d", 1).await, 1);
    assert_eq!(used("d").await, 4);
    forget(&house.store, &talk(WHO)).await;
    assert_eq!(used("d").await, 4);
    assert_eq!(ask("d", 3).await, 1);
    assert_eq!(used("d").await, 5);
    assert_eq!(used("e").await, 0);
    assert_eq!(ask("e", 9).await, 5);
}

#[tokio::test]
async fn a_job_that_somebody_stored_too_late_goes_with_the_rest() {
    let house = House::new().await;
    visit(&house.store, 1, WHO, "one").await;
    let forget = NewJob::new("forget", json!({}));
    house.store.enqueue(forget).await.unwrap();
    let job = house.claim_one("forget").await;
    let erase = Erase {
        conversation: talk(WHO),
        bodies: Vec::new(),
        keep_job: Some(job.id),
    };
    let erased = house.store.erase(erase).await.unwrap();
    // Of the body nothing was told: it is gone.
    assert_eq!((erased.events, erased.deliveries), (1, 1));
    let late = NewJob {
        order_key: Some(format!("reply:{}", talk(WHO).key())),
        ..NewJob::new("reply", json!({ "apology": WORDS[0] }))
    };
    let late = house.store.enqueue(late).await.unwrap().id;
    let fresh = house.store.accept(delivery(vec![message(7, WHO)])).await;
    assert_eq!(fresh.unwrap().new, 1);
    assert!(
        house
            .store
            .erase_rest(&job.lease, &talk(WHO))
            .await
            .unwrap()
    );
    assert!(house.store.job(late).await.unwrap().is_none());
    // What they have asked for since is not.
    let reply = house.claim_one("reply").await;
    assert_eq!(reply.person.as_deref(), Some(WHO));
    assert!(remains(house.folder.path(), &[WORDS[0]]).is_empty());
}

#[tokio::test]
async fn whoever_reads_is_told_what_is_only_theirs() {
    let house = House::new().await;
    let own = webhook(1, WHO, "one");
    let mut both = webhook(2, WHO, "two");
    both.events.push(message(3, "bob"));
    let mut other = webhook(4, "bob", "three");
    other.body = Bytes::from(format!("{{\"id\":\"9{WHO}\"}}"));
    let mut quoting = webhook(5, "bob", WHO);
    quoting.received_at_ms += 1;
    let expected: BTreeMap<Uuid, bool> =
        BTreeMap::from([(own.id, true), (both.id, false), (quoting.id, false)]);
    for delivery in [own, both, other, quoting] {
        house.store.accept(delivery).await.unwrap();
    }
    let found = house.store.deliveries_of(&talk(WHO)).await.unwrap();
    let found: BTreeMap<Uuid, bool> = found
        .into_iter()
        .map(|(id, _, only_theirs)| (id, only_theirs))
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_go_on_while_somebody_is_forgotten() {
    let house = busy_house().await;
    let store = house.store.clone();
    let coming = tokio::spawn(async move {
        let calls = (5_000..5_400_u64).map(|number| {
            let person = format!("p{}", number % 7);
            let store = store.clone();
            async move {
                let accepted = store.accept(webhook(number, &person, "hi")).await.unwrap();
                let found = store
                    .events_of_mid(&talk(&person), &format!("mid-{number}"))
                    .await;
                accepted.new + found.unwrap().len()
            }
        });
        join_all(calls).await.into_iter().sum::<usize>()
    });
    forget(&house.store, &talk(WHO)).await;
    assert_eq!(coming.await.unwrap(), 800);
    assert!(house.store.forget_pages().await.unwrap());
    assert_eq!(
        remains(house.folder.path(), &needles()),
        Vec::<String>::new()
    );
    house.store.close().await;
    check_integrity(house.folder.path());
}

#[tokio::test]
async fn a_start_clears_what_the_last_process_did_not_come_to() {
    let folder = TempDir::new().unwrap();
    let clock = std::sync::Arc::new(store::ManualClock::new(START_MS));
    let store = Store::open(options(&folder, &clock)).await.unwrap();
    visit(&store, 1, WHO, WORDS[0]).await;
    let erase = Erase {
        conversation: talk(WHO),
        bodies: Vec::new(),
        keep_job: None,
    };
    store.erase(erase).await.unwrap();
    drop(store);
    let _store = Store::open(options(&folder, &clock)).await.unwrap();
    assert_eq!(remains(folder.path(), &needles()), Vec::<String>::new());
}

fn on_telegram(person: &str) -> Conversation {
    Conversation::new("telegram", "7", person)
}

/// A job that the chat pays for; its answer goes to the chat or to one of its topics.
async fn ask_in(store: &Store, place: &str, has_line: bool) -> Uuid {
    let to = on_telegram(place);
    let job = NewJob {
        order_key: has_line.then(|| to.key()),
        person: Some(place.to_owned()),
        ..NewJob::new("reel", json!({}))
    };
    let ask = Admission {
        scope: on_telegram("-100").key(),
        day: "d".to_owned(),
        limit: 9,
        jobs: vec![job],
    };
    match store.admit(ask).await.unwrap().as_slice() {
        [Admitted::New(id)] => *id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_topic_is_forgotten_alone_and_its_chat_goes_on_paying() {
    for (forgotten, kept) in [("-100", "-100#5"), ("-100#5", "-100"), ("-100#5", "-100#6")] {
        let house = House::new().await;
        let store = &house.store;
        let mut theirs = Vec::new();
        let mut others = Vec::new();
        for has_line in [true, false] {
            theirs.push(ask_in(store, forgotten, has_line).await);
            others.push(ask_in(store, kept, has_line).await);
        }
        let erased = forget(store, &on_telegram(forgotten)).await;
        assert_eq!(erased.jobs, 2, "{forgotten}");
        for id in theirs {
            assert!(store.job(id).await.unwrap().is_none(), "{forgotten}");
        }
        for id in others {
            assert!(store.job(id).await.unwrap().is_some(), "{kept}");
        }
        let chat = on_telegram("-100").key();
        assert_eq!(store.quota_used(&chat, "d").await.unwrap(), 4);
        // What a topic's job gives back is given back to whom it was taken from.
        let job = house.claim_one("reel").await;
        let refund = Finish::Refused {
            reason: "private".to_owned(),
            refund: true,
        };
        store.finish(&job.lease, refund).await.unwrap();
        assert_eq!(store.quota_used(&chat, "d").await.unwrap(), 3);
    }
}

/// A job that says one part, whose body is told.
async fn say(store: &Store, to: &Conversation, body: serde_json::Value) -> Claimed {
    let job = NewJob {
        order_key: Some(to.key()),
        person: Some(to.person.clone()),
        ..NewJob::new("file", json!({}))
    };
    store.enqueue(job).await.unwrap();
    let job = store.claim(&["file"], 1, LEASE).await.unwrap().remove(0);
    let part = NewPart {
        part: "file-0".to_owned(),
        seq: 0,
        kind: "file".to_owned(),
        body,
        hash: "seen".to_owned(),
    };
    store.plan_parts(&job.lease, to, vec![part]).await.unwrap();
    job
}

#[tokio::test]
async fn uploads_for_one_answer_go_with_it() {
    let house = House::new().await;
    let store = &house.store;
    for (account, hash) in [
        ("acc", "made-for-them"),
        ("acc", "known-before"),
        ("acc", "said-to-bob"),
        ("acc", "known-to-bob"),
        ("acc", "in-bobs-work"),
        ("acc", "in-both-works"),
        ("acc", "nobodys"),
        ("other", "made-for-them"),
    ] {
        let name = format!("name-of-{hash}");
        let kept = store.remember_attachment(account, hash, &name, i64::MAX);
        kept.await.unwrap();
    }
    let local = |hash: &str| json!({ "kind": "file", "attachment": { "file": "a", "hash": hash } });
    let known = |hash: &str| json!({ "kind": "file", "attachment": format!("name-of-{hash}") });
    for hash in [
        "made-for-them",
        "said-to-bob",
        "known-to-bob",
        "in-bobs-work",
    ] {
        let job = say(store, &talk(WHO), local(hash)).await;
        store.finish(&job.lease, done()).await.unwrap();
    }
    let several = json!({ "kind": "pictures", "attachments": ["name-of-known-before", "x"] });
    let job = say(store, &talk(WHO), several).await;
    store.finish(&job.lease, done()).await.unwrap();
    let job = say(store, &talk("bob"), local("said-to-bob")).await;
    store.finish(&job.lease, done()).await.unwrap();
    let job = say(store, &talk("bob"), known("known-to-bob")).await;
    let work = "reel:bobs";
    store.work_join(&job.lease, work).await.unwrap();
    let heard = json!({ "prints": [{ "hash": "in-bobs-work" }, { "hash": "in-both-works" }] });
    store
        .work_step(&job.lease, work, "heard", heard)
        .await
        .unwrap();
    store.work_done(&job.lease, work, i64::MAX).await.unwrap();
    store.finish(&job.lease, done()).await.unwrap();
    // Work of theirs made the same file as bob's.
    let ask = NewJob {
        order_key: Some(talk(WHO).key()),
        ..NewJob::new("file", json!({ "key": "reel:theirs" }))
    };
    store.enqueue(ask).await.unwrap();
    let job = house.claim_one("file").await;
    store.work_join(&job.lease, "reel:theirs").await.unwrap();
    let heard = json!({ "hash": "in-both-works" });
    store
        .work_step(&job.lease, "reel:theirs", "heard", heard)
        .await
        .unwrap();

    let erased = forget(store, &talk(WHO)).await;
    assert_eq!(erased.works, ["reel:theirs"]);
    let mut left = Vec::new();
    for (account, hash) in [
        ("acc", "made-for-them"),
        ("acc", "known-before"),
        ("acc", "said-to-bob"),
        ("acc", "known-to-bob"),
        ("acc", "in-bobs-work"),
        ("acc", "in-both-works"),
        ("acc", "nobodys"),
        ("other", "made-for-them"),
    ] {
        if store.attachment(account, hash).await.unwrap().is_some() {
            left.push(format!("{account} {hash}"));
        }
    }
    assert_eq!(
        left,
        [
            "acc said-to-bob",
            "acc known-to-bob",
            "acc in-bobs-work",
            "acc in-both-works",
            "acc nobodys",
            "other made-for-them",
        ]
    );
}

/// What comes in at a time of ours.
fn received(at_ms: i64, event: NewEvent) -> NewDelivery {
    NewDelivery {
        received_at_ms: at_ms,
        ..delivery(vec![event])
    }
}

/// A tap has no time but that of its arrival.
fn tap(at_ms: i64, number: u64) -> NewDelivery {
    let event = NewEvent {
        kind: "callback",
        at_ms,
        ..message(number, WHO)
    };
    received(at_ms, event)
}

#[tokio::test]
async fn our_clock_and_theirs_are_never_compared() {
    let house = House::new().await;
    let store = &house.store;
    let new = async |delivery: NewDelivery| store.accept(delivery).await.unwrap().new;
    // Ours is a minute ahead; theirs knows seconds.
    let ahead_ms = START_MS + 60_000;
    house.clock.advance(Duration::from_mins(1));
    let sent = |number: u64, second: i64| {
        let event = NewEvent {
            at_ms: START_MS + second * 1_000,
            ..message(number, WHO)
        };
        received(ahead_ms + second * 1_000 + 300, event)
    };
    assert_eq!(new(sent(1, 1)).await, 1);
    assert_eq!(new(tap(ahead_ms + 1_500, 2)).await, 1);
    assert_eq!(new(sent(3, 2)).await, 1);
    end_replies(&house).await;
    house.clock.advance(Duration::from_secs(3));
    let erased = forget(store, &talk(WHO)).await;
    assert_eq!(erased.events, 3);
    house.clock.advance(Duration::from_secs(1));
    // What was stored does not come back, nor does what is older than the newest of it.
    assert_eq!(new(sent(1, 1)).await, 0);
    assert_eq!(new(sent(3, 2)).await, 0);
    assert_eq!(new(sent(4, 1)).await, 0);
    // A tap that comes again has a new time, and one from before may have lain somewhere.
    assert_eq!(new(tap(ahead_ms + 4_500, 2)).await, 0);
    assert_eq!(new(tap(ahead_ms + 1_600, 5)).await, 0);
    // What was written in the same second and later is new.
    assert_eq!(new(sent(6, 2)).await, 1);
    assert_eq!(new(sent(6, 2)).await, 0);
    assert_eq!(new(sent(7, 3)).await, 1);
    assert_eq!(new(tap(ahead_ms + 4_600, 8)).await, 1);
    assert_eq!(end_replies(&house).await, 3);
    // Once more within that second.
    let erased = forget(store, &talk(WHO)).await;
    assert_eq!(erased.events, 3);
    for (number, second) in [(3, 2), (6, 2), (7, 3)] {
        assert_eq!(new(sent(number, second)).await, 0);
    }
    assert_eq!(new(sent(9, 3)).await, 1);
    // As long as events are kept.
    house.clock.advance(Duration::from_hours(24 * 366));
    store.purge(Retention::default()).await.unwrap();
    store.close().await;
    let file = rusqlite::Connection::open(house.folder.path().join("store.db")).unwrap();
    for table in ["erased", "erased_event"] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let left: i64 = file.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn a_tap_alone_makes_no_later_message_vanish() {
    let house = House::new().await;
    let store = &house.store;
    // Ours is ahead.
    store.accept(tap(START_MS + 50_000, 1)).await.unwrap();
    end_replies(&house).await;
    house.clock.advance(Duration::from_mins(1));
    forget(store, &talk(WHO)).await;
    let fresh = received(START_MS + 61_000, message(2, WHO));
    assert_eq!(store.accept(fresh).await.unwrap().new, 1);
}

#[tokio::test]
async fn who_had_stopped_us_is_woken_only_by_themselves() {
    let house = House::new().await;
    let store = &house.store;
    let who = talk(WHO);
    let stop = async |stopped: bool| {
        let change = NoteChange {
            stopped: Some(stopped),
            ..NoteChange::default()
        };
        store.update_conversation(&who, change).await.unwrap();
    };
    let is_stopped = async || {
        let note = store.conversation_note(&who).await.unwrap();
        note.stopped_at_ms.is_some()
    };
    let pushed = async |number: u64| {
        let at_ms = START_MS + 1_000 + i64::try_from(number).unwrap();
        let event = NewEvent {
            kind: "pushed",
            at_ms,
            ..message(number, WHO)
        };
        store.accept(received(at_ms, event)).await.unwrap().new
    };
    visit(store, 1, WHO, "one").await;
    stop(true).await;
    for number in [10, 11] {
        // Also when they are forgotten twice.
        forget(store, &who).await;
        assert!(is_stopped().await);
        assert_eq!(pushed(number).await, 0);
        house.nothing_to_claim("reply").await;
    }
    assert!(is_stopped().await);
    // They write, and are whoever writes for the first time.
    visit(store, 12, WHO, "two").await;
    assert!(!is_stopped().await);
    assert_eq!(pushed(13).await, 1);
    assert_eq!(end_replies(&house).await, 1);
    // Who had not stopped us may be spoken for.
    forget(store, &who).await;
    assert!(!is_stopped().await);
    assert_eq!(pushed(13).await, 0, "it comes again");
    assert_eq!(pushed(14).await, 1);
    assert_eq!(end_replies(&house).await, 1);
    // Whatever is said of it since counts.
    stop(true).await;
    forget(store, &who).await;
    stop(false).await;
    assert!(!is_stopped().await);
}
