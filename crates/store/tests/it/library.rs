//! What a person can find again.

use std::time::Duration;

use serde_json::json;
use store::fold::Folded;
use store::{Conversation, Entry, Finish, NewEntry, NewJob, Retention, StoreError};

use crate::support::{House, START_MS, talk};

fn entry(person: &str, number: i64, spoken: &str) -> NewEntry {
    NewEntry {
        conversation: talk(person),
        work_key: format!("reel:{number}"),
        at_ms: START_MS + number,
        author: Some(format!("author{number}")),
        permalink: Some(format!("https://example.org/{number}")),
        title: None,
        caption: None,
        language: Some("pt".to_owned()),
        words: json!([{ "from_ms": 0, "text": spoken }]),
        spoken: spoken.to_owned(),
    }
}

async fn add(house: &House, entry: NewEntry) -> uuid::Uuid {
    let job = NewJob::new("reel", json!({}));
    house.store.enqueue(job).await.unwrap();
    let job = house.claim_one("reel").await;
    for _ in 0..2 {
        house
            .store
            .library_add(&job.lease, entry.clone())
            .await
            .unwrap();
    }
    let done = Finish::Done {
        note: "ok".to_owned(),
    };
    house.store.finish(&job.lease, done).await.unwrap();
    job.id
}

async fn find(house: &House, own: &Conversation, question: &str) -> Vec<Entry> {
    let question = Folded::new(question);
    house.store.library_find(own, &question, 5).await.unwrap()
}

fn keys(entries: &[Entry]) -> Vec<&str> {
    entries
        .iter()
        .map(|entry| entry.work_key.as_str())
        .collect()
}

#[tokio::test]
async fn an_entry_is_kept_once_and_comes_back_as_it_was() {
    let house = House::new().await;
    let job = add(&house, entry("ana", 1, "Olá, pão")).await;
    add(&house, entry("ana", 2, "segundo")).await;
    add(&house, entry("bob", 3, "terceiro")).await;
    let recent = house.store.library_recent(&talk("ana"), 9).await.unwrap();
    assert_eq!(keys(&recent), ["reel:2", "reel:1"]);
    assert_eq!(recent[1].words[0]["text"], "Olá, pão");
    assert_eq!(recent[1].author.as_deref(), Some("author1"));
    assert_eq!(recent[1].job_id, job);
    let one = house.store.library_recent(&talk("ana"), 1).await.unwrap();
    assert_eq!(keys(&one), ["reel:2"]);
    let of_job = house.store.library_of_job(job).await.unwrap().unwrap();
    assert_eq!(of_job, recent[1]);
    let other = Conversation::new("telegram", "acc", "ana");
    assert!(
        house
            .store
            .library_recent(&other, 9)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn only_who_holds_the_job_adds_what_it_brought() {
    let house = House::new().await;
    add(&house, entry("ana", 1, "um")).await;
    house
        .store
        .enqueue(NewJob::new("reel", json!({})))
        .await
        .unwrap();
    let job = house.claim_one("reel").await;
    house
        .store
        .finish(&job.lease, Finish::HandBack)
        .await
        .unwrap();
    let late = house
        .store
        .library_add(&job.lease, entry("ana", 2, "dois"))
        .await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
}

#[tokio::test]
async fn a_hurried_question_finds_what_was_said() {
    let house = House::new().await;
    add(
        &house,
        entry("ana", 1, "Hoje vamos fazer pão de fermentação natural"),
    )
    .await;
    add(
        &house,
        entry("ana", 2, "Feed your sourdough starter every day"),
    )
    .await;
    let mut named = entry("ana", 3, "mix flour and water");
    named.title = Some("Sourdough for beginners".to_owned());
    add(&house, named).await;
    add(&house, entry("bob", 4, "sourdough of somebody else")).await;
    let ana = talk("ana");
    for (question, expected) in [
        ("find the one about sourdough", &["reel:3", "reel:2"][..]),
        ("SOURDOUGH starter", &["reel:2", "reel:3"]),
        ("sourd", &["reel:3", "reel:2"]),
        ("sourdoguh", &["reel:3", "reel:2"]),
        ("fermentacao", &["reel:1"]),
        ("o vídeo do pao", &["reel:1"]),
        ("author2", &["reel:2"]),
        ("motorbike", &[]),
        ("%", &[]),
        ("_ourdough", &["reel:3", "reel:2"]),
        ("", &[]),
    ] {
        let found = find(&house, &ana, question).await;
        assert_eq!(keys(&found), expected, "{question}");
        assert!(found.iter().all(|entry| entry.score > 0.0));
    }
    let found = find(&house, &ana, "sourdoguh").await;
    assert_eq!(found[1].hits, ["sourdough"]);
}

#[tokio::test]
async fn the_newer_of_two_that_fit_as_well_comes_first_and_a_repeat_once() {
    let house = House::new().await;
    for number in [1, 5, 3] {
        add(&house, entry("ana", number, "bread and butter")).await;
    }
    let mut again = entry("ana", 9, "bread and butter");
    again.work_key = "reel:1".to_owned();
    add(&house, again).await;
    let found = find(&house, &talk("ana"), "bread").await;
    assert_eq!(keys(&found), ["reel:1", "reel:5", "reel:3"]);
    assert_eq!(found[0].at_ms, START_MS + 9);
}

#[tokio::test]
async fn an_entry_is_forgotten_in_its_time() {
    let house = House::new().await;
    add(&house, entry("ana", 1, "um")).await;
    house.clock.advance(Duration::from_hours(24 * 364));
    let removed = house.store.purge(Retention::default()).await.unwrap();
    assert_eq!(removed.entries, 0);
    house.clock.advance(Duration::from_hours(48));
    let removed = house.store.purge(Retention::default()).await.unwrap();
    assert_eq!(removed.entries, 1);
    assert!(find(&house, &talk("ana"), "um").await.is_empty());
}
