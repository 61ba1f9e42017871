//! "Forget me": afterwards nothing of the person is anywhere, others keep theirs, and nothing old comes back.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use store::Conversation;

use crate::world::telegram::{ANA, BIA, shown};
use crate::world::{HEARD, OTHER, PERSON, World};

const REEL: &str = "https://www.instagram.com/reel/COceanTides/";
/// Asked for by nobody else.
const OWN: &str = "https://www.instagram.com/reel/CPaoCaseiro/";
/// Said in a voice note, and written.
const SPOKEN: &str = "zephyr quokka hides nineteen violins behind grandmother";
const WRITTEN: &str = "pintassilgo jabuticaba";

/// What must not be found anywhere once the person is forgotten.
fn needles(person: &str) -> Vec<String> {
    let words = "quokka zephyr violins pintassilgo jabuticaba CPaoCaseiro nina.na.cozinha";
    let words = words.split(' ').map(str::to_owned);
    words.chain([person.to_owned()]).collect()
}

/// Where any of them stands: in rows, in the bytes of files, in their names.
fn remains(world: &World, needles: &[String]) -> Vec<String> {
    let mut found = in_rows(&world.data_dir.join("store.db"), needles);
    in_files(&world.data_dir, needles, &mut found);
    found
}

/// Before they go, each of them is there.
fn check_all_there(world: &World, needles: &[String]) {
    for needle in needles {
        let found = remains(world, std::slice::from_ref(needle));
        assert!(!found.is_empty(), "{needle} is nowhere");
    }
}

fn holds(bytes: &[u8], needles: &[String]) -> Option<String> {
    let is_there = |needle: &&String| {
        bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    };
    needles.iter().find(is_there).cloned()
}

fn in_rows(file: &Path, needles: &[String]) -> Vec<String> {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("open");
    let mut names = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .expect("a statement");
    let tables: Vec<String> = names
        .query_map([], |row| row.get(0))
        .expect("tables")
        .map(|name| name.expect("a name"))
        .collect();
    assert!(tables.len() > 5, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let mut all = db
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .expect("a statement");
        let columns = all.column_count();
        let mut rows = all.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for n in 0..columns {
                let bytes = match row.get_ref(n).expect("a value") {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
                    ValueRef::Integer(number) => number.to_string().into_bytes(),
                    ValueRef::Null | ValueRef::Real(_) => Vec::new(),
                };
                let needle = holds(&bytes, needles);
                found.extend(needle.map(|needle| format!("{needle} in table {table}, column {n}")));
            }
        }
    }
    found
}

fn in_files(folder: &Path, needles: &[String], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.display().to_string();
        found
            .extend(holds(name.as_bytes(), needles).map(|needle| format!("{needle} names {name}")));
        if path.is_dir() {
            in_files(&path, needles, found);
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.extend(holds(&bytes, needles).map(|needle| format!("{needle} in {name}")));
        }
    }
}

const NOTHING: [String; 0] = [];

/// The bodies in which somebody stands, as they came.
async fn bodies(world: &World, talk: &Conversation) -> Vec<String> {
    let found = world.store.deliveries_of(talk).await.expect("bodies");
    let body = |(_, body, _): (_, bytes::Bytes, _)| String::from_utf8(body.to_vec());
    found
        .into_iter()
        .map(|one| body(one).expect("text"))
        .collect()
}

/// Folders of work that are there.
fn folders(world: &World) -> usize {
    std::fs::read_dir(world.data_dir.join("work")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn nothing_is_left_of_who_is_forgotten_on_telegram() {
    let world = World::both().await;
    world.tell_words(BIA, REEL).await;
    world.tell_words(ANA, REEL).await;
    world.tell_words(ANA, &format!("{WRITTEN} {OWN}")).await;
    world.says(SPOKEN);
    world
        .tell(ANA, json!({"voice": {"code": "DMorningRun"}}))
        .await;
    world.until_idle().await;
    world.tap(ANA, "Transcrição completa").await;
    world.until_idle().await;
    world.tell_words(ANA, "acha aquele do quokka").await;
    world.tell_words(ANA, "/idioma en").await;
    let found = world.read_in(ANA).await;
    assert!(
        found
            .iter()
            .any(|text| text.contains("zephyr quokka hides")),
        "{found:?}"
    );
    check_all_there(&world, &needles(ANA));
    let old = bodies(&world, &World::chat(ANA)).await;
    assert!(old.len() >= 6, "{old:?}");
    let (fetched, heard) = (world.downloads().await, world.times_heard());

    world.tell_words(ANA, "/esquecer").await;
    let newest = world.read_in(ANA).await.pop().unwrap_or_default();
    assert!(
        newest.starts_with("I erased everything I had of yours"),
        "{newest}"
    );
    assert_eq!(remains(&world, &needles(ANA)), NOTHING);
    assert_eq!(folders(&world), 1, "only what Bia asked for as well");

    // Others keep theirs, and it is finished work.
    let kept = {
        world.tell_words(BIA, "/historico").await;
        world.read_in(BIA).await.pop().unwrap_or_default()
    };
    assert!(kept.contains(REEL), "{kept}");
    world.tap(BIA, "Transcrição completa").await;
    world.tell_words(BIA, REEL).await;
    let read = world.read_in(BIA).await;
    assert!(
        read.iter().any(|text| text.starts_with("[document]")),
        "{read:?}"
    );
    let newest = read.last().cloned().unwrap_or_default();
    assert!(
        newest.starts_with("[video]") && newest.contains(HEARD),
        "{read:?}"
    );
    assert_eq!(
        (world.downloads().await, world.times_heard()),
        (fetched, heard)
    );

    // What is delivered once more brings nothing back.
    let said = world.said_in(ANA).await.len();
    for body in &old {
        world.take_in(body).await;
    }
    world.until_idle().await;
    assert_eq!(world.said_in(ANA).await.len(), said);
    assert_eq!(remains(&world, &needles(ANA)), NOTHING);

    // A new word is a new beginning; only the count of the day stays.
    world.tell_words(ANA, "oi").await;
    let help = world.read_in(ANA).await.pop().unwrap_or_default();
    assert!(
        help.starts_with("Oi! Me mande o link"),
        "as to a stranger: {help}"
    );
    world.tell_words(ANA, "/historico").await;
    let none = world.read_in(ANA).await.pop().unwrap_or_default();
    assert!(none.starts_with("Você ainda não me mandou nada"), "{none}");
    world.tell_words(ANA, "/cota").await;
    let left = world.read_in(ANA).await.pop().unwrap_or_default();
    assert!(left.starts_with("Ainda restam 17 de 20 hoje."), "{left}");
    world.tell_words(ANA, REEL).await;
    let answer = world.read_in(ANA).await.pop().unwrap_or_default();
    assert!(answer.starts_with("[video]"), "{answer}");
}

#[tokio::test]
async fn nothing_is_left_of_who_is_forgotten_on_instagram() {
    let world = World::both().await;
    for person in [OTHER, PERSON] {
        world.write(person, json!({"text": REEL})).await;
        world.until_idle().await;
    }
    world
        .write(PERSON, json!({"text": format!("{WRITTEN} {OWN}")}))
        .await;
    world.until_idle().await;
    world.says(SPOKEN);
    let voice = json!({"attachments": [{"type": "audio", "code": "DMorningRun"}]});
    world.write(PERSON, voice).await;
    world.until_idle().await;
    world.tap_chip(PERSON, "Transcrição completa").await;
    world.until_idle().await;
    // One body with somebody else in it.
    world.control("webhooks/hold", json!({})).await;
    let stored = world.stored();
    for (person, text) in [(PERSON, WRITTEN), (OTHER, "bom dia")] {
        let path = format!("people/{person}/messages");
        world.control(&path, json!({"text": text})).await;
    }
    world.control("webhooks/release", json!({"batch": 2})).await;
    world.until_stored(stored + 2).await;
    world.until_idle().await;
    check_all_there(&world, &needles(PERSON));
    let old = bodies(&world, &World::conversation(PERSON)).await;
    let (fetched, heard) = (world.downloads().await, world.times_heard());

    world.write(PERSON, json!({"text": "esqueça de mim"})).await;
    world.until_idle().await;
    let last = world.seen_by(PERSON).await.pop().unwrap_or_default();
    assert!(
        last.starts_with("Apaguei tudo o que eu tinha seu"),
        "{last}"
    );
    world.until_delivered().await;
    assert_eq!(remains(&world, &needles(PERSON)), NOTHING);
    let of_other = bodies(&world, &World::conversation(OTHER)).await;
    assert!(
        of_other.iter().any(|body| body.contains("bom dia")),
        "{of_other:?}"
    );

    world.write(OTHER, json!({"text": REEL})).await;
    world.until_idle().await;
    let seen = world.seen_by(OTHER).await;
    assert_eq!(
        seen.iter().filter(|text| *text == "[video]").count(),
        2,
        "{seen:?}"
    );
    assert_eq!(
        (world.downloads().await, world.times_heard()),
        (fetched, heard)
    );

    let said = world.seen_by(PERSON).await.len();
    for body in &old {
        let answer = json!({"body": body, "sign": "good"});
        let answer = world.control("webhooks/raw", answer).await;
        assert_eq!(answer["status"], 200);
    }
    world.until_idle().await;
    assert_eq!(world.seen_by(PERSON).await.len(), said);
    assert_eq!(remains(&world, &needles(PERSON)), NOTHING);

    world.write(PERSON, json!({"text": "oi"})).await;
    world.until_idle().await;
    let help = world.seen_by(PERSON).await.pop().unwrap_or_default();
    assert!(help.starts_with("Oi! Me mande um reel"), "{help}");
    assert_eq!(world.charged(PERSON).await, 3, "the day's count stays");
}

/// What is being worked on when somebody is forgotten ends, says nothing and leaves nothing.
#[tokio::test]
async fn work_that_goes_on_is_forgotten_too() {
    for slow in ["listening", "download"] {
        let world = World::both().await;
        if slow == "listening" {
            world.hold(true);
        } else {
            let late = json!({"match": {"path": "lookaside.fbsbx.com/*"}, "times": 0,
                "do": {"kind": "delay", "ms": 1_500, "when": "before"}});
            world.control("faults", late).await;
        }
        world
            .tell(ANA, json!({"text": format!("{WRITTEN} {OWN}")}))
            .await;
        world.until_said(ANA, |said| !said.is_empty()).await;
        if slow == "listening" {
            world.until_heard(1).await;
        } else {
            world
                .until_called("lookaside.fbsbx.com", "www.instagram.com")
                .await;
        }
        world.tell(ANA, json!({"text": "/esquecer"})).await;
        world
            .until_said(ANA, |said| {
                said.iter().any(|one| shown(one).starts_with("Apaguei"))
            })
            .await;
        if slow == "listening" {
            world.hold(false);
        }
        world.until_idle().await;
        let read = world.read_in(ANA).await;
        assert!(
            read.iter().all(|text| !text.contains(HEARD)),
            "{slow}: {read:?}"
        );
        assert_eq!(
            read.iter()
                .filter(|text| text.starts_with("Apaguei"))
                .count(),
            1
        );
        assert_eq!(remains(&world, &needles(ANA)), NOTHING, "{slow}");
        assert_eq!(folders(&world), 0, "{slow}");
    }
}

/// Runs something for so many polls and not further.
struct Cut<F>(Pin<Box<F>>, usize);

impl<F: Future> Future for Cut<F> {
    /// Whether it came to its end.
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        if self.1 == 0 {
            return Poll::Ready(false);
        }
        self.1 -= 1;
        self.0.as_mut().poll(cx).map(|_| true)
    }
}

/// Forgetting is cut off after each of its steps; what starts anew ends it.
#[tokio::test]
async fn a_crash_anywhere_ends_in_oblivion() {
    let mut world = World::both().await;
    world.tell_words(BIA, REEL).await;
    let mut said = 0;
    let mut polls = 1;
    loop {
        world.tell_words(ANA, &format!("{WRITTEN} {REEL}")).await;
        world.kill().await;
        world.tell(ANA, json!({"text": "/esquecer"})).await;
        let handlers = world.bot().handlers();
        let (queue, _, reply) = &handlers[0];
        let lease = Duration::from_mins(10);
        let job = world
            .store
            .claim(&[*queue], 1, lease)
            .await
            .expect("claimed");
        let is_whole = Cut(Box::pin(reply.run(&job[0])), polls).await;
        drop(handlers);
        world.advance(700_000).await;
        world.start();
        world.until_idle().await;
        // What a start does, and whoever tidies up: clear the file of rows that were removed just before the end.
        let tidied = world.store.purge(store::Retention::default()).await;
        tidied.expect("tidied up");
        assert_eq!(
            remains(&world, &needles(ANA)),
            NOTHING,
            "after {polls} polls"
        );
        let read = world.read_in(ANA).await;
        said += 1;
        let last_words = read
            .iter()
            .filter(|text| text.starts_with("Apaguei"))
            .count();
        assert_eq!(last_words, said, "after {polls} polls: {read:?}");
        if is_whole {
            break;
        }
        polls += 1 + polls / 6;
    }
    assert!(polls > 5, "it was cut off in between: {polls}");
    world.tell_words(BIA, "/historico").await;
    let list = world.read_in(BIA).await.pop().unwrap_or_default();
    assert!(list.contains(REEL), "{list}");
}
