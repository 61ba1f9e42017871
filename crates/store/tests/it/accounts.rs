//! Connected accounts: sealed tokens, rotation that may be killed, keys by their hash, logins that go on once.

use std::collections::HashSet;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use store::{
    FreshToken, HealthChange, KeyKind, LoginTurn, ManualClock, NewAccount, NewKey, NewLogin,
    Rotated, Safe, Store, StoreError,
};
use tempfile::TempDir;

use crate::support::{House, START_MS, open};

const MASTER: &str = "the master key of these tests, long enough";

fn safe_of(store: &Store, master: &str) -> Safe {
    Safe::new(store.clone(), &SecretString::from(master), &[]).unwrap()
}

fn account(number: usize) -> NewAccount {
    NewAccount {
        account: format!("1784140000000{number:04}"),
        app_scoped_id: Some(format!("9{number:04}")),
        page_id: None,
        login: "instagram".to_owned(),
        username: Some(format!("shop{number}")),
        name: None,
        account_type: Some("BUSINESS".to_owned()),
        origin: "login".to_owned(),
        token: SecretString::from(format!("IGAAcanaryOfAccount{number:04}")),
        token_print: format!("print{number}"),
        settings_print: None,
        issued_at_ms: Some(START_MS),
        expires_at_ms: Some(START_MS + 60 * 86_400_000),
        scopes: Some(vec!["instagram_business_basic".to_owned()]),
        verdict: "fine".to_owned(),
    }
}

async fn readable(safe: &Safe) -> HashSet<String> {
    let tokens = safe.tokens().await.unwrap();
    tokens
        .into_iter()
        .map(|(_, token)| token.unwrap().expose_secret().to_owned())
        .collect()
}

/// How often these bytes stand in any file of the folder.
fn count_in_files(folder: &TempDir, bytes: &[u8]) -> usize {
    let files = std::fs::read_dir(folder.path()).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .map(|data| data.windows(bytes.len()).filter(|at| *at == bytes).count())
        .sum()
}

#[tokio::test]
async fn a_token_stands_in_no_file_and_comes_back_from_the_safe() {
    let house = House::new().await;
    let safe = safe_of(&house.store, MASTER);
    let row = safe.connect(account(1)).await.unwrap();
    assert_eq!(row.username.as_deref(), Some("shop1"));
    assert_eq!(
        readable(&safe).await,
        HashSet::from(["IGAAcanaryOfAccount0001".to_owned()])
    );
    // The name is there, so the search does find what is written.
    assert!(count_in_files(&house.folder, b"shop1") > 0);
    assert_eq!(count_in_files(&house.folder, b"canaryOfAccount"), 0);
    house.store.close().await;
    assert_eq!(count_in_files(&house.folder, b"canaryOfAccount"), 0);
    assert!(!format!("{safe:?} {row:?}").contains("canary"));
}

#[tokio::test]
async fn connecting_again_changes_the_same_row() {
    let house = House::new().await;
    let safe = safe_of(&house.store, MASTER);
    let first = safe.connect(account(1)).await.unwrap();
    let again = NewAccount {
        token: SecretString::from("IGAAanother"),
        username: None,
        verdict: "fine".to_owned(),
        ..account(1)
    };
    let second = safe.connect(again).await.unwrap();
    assert_eq!(first.id, second.id);
    assert_eq!(second.username.as_deref(), Some("shop1"));
    assert_eq!(readable(&safe).await.len(), 1);
    assert!(house.store.remove_account(&first.account).await.unwrap());
    assert!(!house.store.remove_account(&first.account).await.unwrap());
    assert!(readable(&safe).await.is_empty());
    assert!(house.store.linked_accounts().await.unwrap().is_empty());
    let third = safe.connect(account(1)).await.unwrap();
    assert_eq!(third.id, first.id);
    assert_eq!(third.removed_at_ms, None);
}

#[tokio::test]
async fn rows_that_change_places_do_not_open() {
    let house = House::new().await;
    let safe = safe_of(&house.store, MASTER);
    for number in 1..=2 {
        safe.connect(account(number)).await.unwrap();
    }
    house.store.close().await;
    let file = house.folder.path().join("store.db");
    let database = rusqlite::Connection::open(&file).unwrap();
    let swap = "CREATE TABLE before AS SELECT id, token FROM account; \
                UPDATE account SET token = (SELECT b.token FROM before b WHERE b.id <> account.id); \
                DROP TABLE before;";
    database.execute_batch(swap).unwrap();
    drop(database);
    let store = open(&house.folder, &house.clock).await.unwrap();
    let tokens = safe_of(&store, MASTER).tokens().await.unwrap();
    assert_eq!(tokens.len(), 2);
    for (_, token) in tokens {
        assert!(matches!(token, Err(StoreError::Corrupt(_))), "{token:?}");
    }
}

#[tokio::test]
async fn another_master_key_says_which_setting_is_missing() {
    let house = House::new().await;
    safe_of(&house.store, MASTER)
        .connect(account(1))
        .await
        .unwrap();
    let stranger = safe_of(&house.store, "another master key, just as long as it");
    let tokens = stranger.tokens().await.unwrap();
    let said = tokens[0].1.as_ref().unwrap_err().to_string();
    assert!(said.contains("master_key_before"), "{said}");
    let said = stranger.connect(account(2)).await.unwrap_err().to_string();
    assert!(said.contains("secrets rotate"), "{said}");
    // Told of the former key, it moves everything over to its own.
    let heir = Safe::new(
        house.store.clone(),
        &SecretString::from("another master key, just as long as it"),
        &[SecretString::from(MASTER)],
    )
    .unwrap();
    let done = heir.rotate().await.unwrap();
    assert_eq!(
        (done.resealed, done.unreadable, done.keys_dropped),
        (1, 0, 1)
    );
    assert_eq!(readable(&stranger).await.len(), 1);
}

#[tokio::test]
async fn a_rotation_that_is_killed_anywhere_leaves_every_row_readable() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = open(&folder, &clock).await.unwrap();
    let safe = safe_of(&store, MASTER);
    for number in 0..9 {
        safe.connect(account(number)).await.unwrap();
    }
    let all = readable(&safe).await;
    store.close().await;
    // Killed after the new key, after one row, after two, ...; then by another process to its end.
    for pieces in 0..8 {
        let store = open(&folder, &clock).await.unwrap();
        let safe = safe_of(&store, MASTER);
        let mut done = Rotated {
            key: safe.begin_rotation().await.unwrap(),
            ..Rotated::default()
        };
        for _ in 0..pieces {
            safe.rotate_piece(&mut done, 1).await.unwrap();
        }
        assert_eq!(readable(&safe).await, all, "after {pieces} pieces");
        // While it stands still, a login is sealed with the new key.
        safe.connect(account(3)).await.unwrap();
        store.close().await;
        let store = open(&folder, &clock).await.unwrap();
        let safe = safe_of(&store, MASTER);
        assert_eq!(readable(&safe).await, all);
        let ended = safe.rotate().await.unwrap();
        assert_eq!(ended.key, done.key, "the one that was begun is finished");
        assert_eq!((ended.unreadable, ended.keys_dropped), (0, 1));
        assert_eq!(readable(&safe).await, all);
        store.close().await;
    }
}

#[tokio::test]
async fn a_rotation_that_was_cut_short_does_not_hang_on_the_former_master_key() {
    let house = House::new().await;
    let former = safe_of(&house.store, MASTER);
    for number in 0..3 {
        former.connect(account(number)).await.unwrap();
    }
    let all = readable(&former).await;
    let mut done = Rotated {
        key: former.begin_rotation().await.unwrap(),
        ..Rotated::default()
    };
    former.rotate_piece(&mut done, 1).await.unwrap();
    let next = "another master key, just as long as it";
    let heir = Safe::new(
        house.store.clone(),
        &SecretString::from(next),
        &[SecretString::from(MASTER)],
    )
    .unwrap();
    let ended = heir.rotate().await.unwrap();
    assert_eq!((ended.unreadable, ended.keys_dropped), (0, 2));
    // The former master key may be thrown away now.
    assert_eq!(readable(&safe_of(&house.store, next)).await, all);
}

#[tokio::test]
async fn a_refresh_does_not_overwrite_a_newer_login() {
    let house = House::new().await;
    let safe = safe_of(&house.store, MASTER);
    let row = safe.connect(account(1)).await.unwrap();
    let fresh = |print: &str| FreshToken {
        token: SecretString::from(format!("IGAAfresh{print}")),
        token_print: print.to_owned(),
        expires_at_ms: Some(START_MS + 61 * 86_400_000),
    };
    assert!(
        safe.freshen(&row.account, "print1", fresh("b"))
            .await
            .unwrap()
    );
    assert!(
        !safe
            .freshen(&row.account, "print1", fresh("c"))
            .await
            .unwrap()
    );
    assert_eq!(
        readable(&safe).await,
        HashSet::from(["IGAAfreshb".to_owned()])
    );
    let row = house
        .store
        .linked_account(&row.account)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.refreshed_at_ms, Some(START_MS));
    assert_eq!(row.token_print.as_deref(), Some("b"));
}

#[tokio::test]
async fn a_verdict_is_told_to_one_alone() {
    let house = House::new().await;
    let row = safe_of(&house.store, MASTER)
        .connect(account(1))
        .await
        .unwrap();
    let dead = HealthChange {
        verdict: Some("revoked".to_owned()),
        error: Some("190/460".to_owned()),
        ..HealthChange::default()
    };
    let calls = (0..20).map(|_| house.store.note_health(&row.account, dead.clone()));
    let told = futures::future::join_all(calls).await;
    let told: Vec<String> = told.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(told, ["fine"]);
    let row = house
        .store
        .linked_account(&row.account)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.health.verdict, "revoked");
    assert_eq!(row.health.last_error.as_deref(), Some("190/460"));
}

fn key(kind: KeyKind, hash: &str) -> NewKey {
    NewKey {
        kind,
        hash: hash.to_owned(),
        prefix: "gmk_abc".to_owned(),
        name: "dashboard".to_owned(),
        scopes: vec!["read".to_owned(), "send".to_owned()],
        accounts: Some(vec!["178".to_owned()]),
        expires_at_ms: None,
    }
}

#[tokio::test]
async fn a_key_is_found_by_its_hash_and_is_revoked_once() {
    let house = House::new().await;
    let store = &house.store;
    let id = store.add_key(key(KeyKind::Key, "hash-a")).await.unwrap();
    let row = store.key_by_hash("hash-a").await.unwrap().unwrap();
    assert_eq!((row.id, row.kind), (id, KeyKind::Key));
    assert_eq!(row.scopes, ["read", "send"]);
    assert_eq!(row.accounts, Some(vec!["178".to_owned()]));
    store.key_used(&row).await.unwrap();
    let row = store.key_by_hash("hash-a").await.unwrap().unwrap();
    assert_eq!(row.last_used_at_ms, Some(START_MS));
    assert!(store.revoke_key(id).await.unwrap());
    assert!(!store.revoke_key(id).await.unwrap());
    let row = store.key_by_hash("hash-a").await.unwrap().unwrap();
    assert_eq!(row.revoked_at_ms, Some(START_MS));
    assert!(store.key_by_hash("hash-b").await.unwrap().is_none());
    let clash = store.add_key(key(KeyKind::Key, "hash-a")).await;
    assert!(matches!(clash, Err(StoreError::Conflict(_))));
}

#[tokio::test]
async fn handles_go_with_their_account_and_the_oldest_with_the_twenty_first() {
    let house = House::new().await;
    let store = &house.store;
    for number in 0..21 {
        let hash = format!("handle-{number}");
        store.add_key(key(KeyKind::Handle, &hash)).await.unwrap();
    }
    let is_good = async |hash: &str| {
        let row = store.key_by_hash(hash).await.unwrap().unwrap();
        row.revoked_at_ms.is_none()
    };
    assert!(!is_good("handle-0").await);
    assert!(is_good("handle-1").await);
    assert!(is_good("handle-20").await);
    let listed = store.keys().await.unwrap();
    assert_eq!(listed.len(), 21, "each can be seen, and revoked by itself");
    assert!(listed.iter().all(|row| row.kind == KeyKind::Handle));
    store.remove_account("178").await.unwrap();
    assert!(!is_good("handle-20").await);
}

#[tokio::test]
async fn a_login_goes_on_once_and_for_whoever_began_it() {
    let house = House::new().await;
    let safe = safe_of(&house.store, MASTER);
    let begin = |hash: &str| NewLogin {
        hash: hash.to_owned(),
        login: "facebook".to_owned(),
        bound_to: "browser a".to_owned(),
        expires_at_ms: START_MS + 600_000,
    };
    house.store.begin_login(begin("one")).await.unwrap();
    house.store.begin_login(begin("two")).await.unwrap();
    let kept = SecretString::from("EAAcanaryKept");
    safe.keep_with_login("one", kept).await.unwrap();
    assert_eq!(count_in_files(&house.folder, b"canaryKept"), 0);
    let turn = safe.take_login("one", "browser b").await.unwrap();
    assert!(matches!(turn, LoginTurn::Foreign), "{turn:?}");
    let both = futures::join!(
        safe.take_login("one", "browser a"),
        safe.take_login("one", "browser a")
    );
    let turns = [both.0.unwrap(), both.1.unwrap()];
    let mine = turns.iter().filter_map(|turn| match turn {
        LoginTurn::Yours { login, kept } => Some((login.as_str(), kept.as_ref()?.expose_secret())),
        _ => None,
    });
    assert_eq!(mine.collect::<Vec<_>>(), [("facebook", "EAAcanaryKept")]);
    assert!(turns.iter().any(|turn| matches!(turn, LoginTurn::Used)));
    house.clock.set(START_MS + 600_000);
    let turn = safe.take_login("two", "browser a").await.unwrap();
    assert!(matches!(turn, LoginTurn::Expired), "{turn:?}");
    let turn = safe.take_login("three", "browser a").await.unwrap();
    assert!(matches!(turn, LoginTurn::Unknown), "{turn:?}");
    // The same state again is a login of its own, with nothing left of the one before.
    for late in ["one", "two"] {
        let again = NewLogin {
            expires_at_ms: START_MS + 1_200_000,
            ..begin(late)
        };
        house.store.begin_login(again).await.unwrap();
        let turn = safe.take_login(late, "browser a").await.unwrap();
        let is_new = matches!(turn, LoginTurn::Yours { kept: None, .. });
        assert!(is_new, "{late}: {turn:?}");
    }
}

#[tokio::test]
async fn a_code_is_spent_by_one() {
    let house = House::new().await;
    let calls = (0..10).map(|_| house.store.spend_code("code"));
    let spent = futures::future::join_all(calls).await;
    let spent = spent.into_iter().filter(|spent| matches!(spent, Ok(true)));
    assert_eq!(spent.count(), 1);
}
