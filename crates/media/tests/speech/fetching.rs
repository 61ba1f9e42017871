//! Models fetched over real HTTP: whole, cut and resumed, wrong, redirected, and from nowhere.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use media::models::{self, Catalogue, Entry, FetchError, Source, State, fetch};
use sha2::{Digest, Sha256};

use crate::fake::{Answer, Asked, Fake};

fn model() -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(
        (0..300_000_u32).map(|i| u8::try_from(i.wrapping_mul(2_654_435_761) >> 24).unwrap()),
    );
    bytes
}

fn sha(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn entry(dir: &Path, url: &str, bytes: usize, sha256: &str) -> Entry {
    let file = dir.join("catalogue.toml");
    let text = format!(
        "[[model]]\nname=\"m\"\nabout=\"x\"\nfile=\"m.gguf\"\nurl=\"{url}\"\nbytes={bytes}\nsha256=\"{sha256}\"\nlicence=\"MIT\"\nlanguages=[\"en\"]\nram_mb=1\nhow=\"Ask somebody.\"\n"
    );
    fs::write(&file, text).unwrap();
    Catalogue::load(Some(&file))
        .unwrap()
        .get("m")
        .unwrap()
        .clone()
}

/// Serves the model, honouring ranges; the first `cuts` answers break off after a third of what they promise.
fn serve(asked: &Asked, before: usize, cuts: usize) -> Answer {
    let all = model();
    let from = asked
        .header("range")
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse::<usize>()
                .ok()
        })
        .unwrap_or(0);
    let rest = all[from..].to_vec();
    let third = rest.len() / 3;
    let answer = if from > 0 {
        let range = format!("bytes {from}-{}/{}", all.len() - 1, all.len());
        Answer::new(206, rest).header("Content-Range", range)
    } else {
        Answer::new(200, rest)
    };
    if before < cuts {
        answer.cut(third)
    } else {
        answer
    }
}

#[tokio::test]
async fn a_cut_download_goes_on_where_it_broke_off() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|asked, before| serve(asked, before, 2)).await;
    let entry = entry(dir.path(), &fake.url, model().len(), &sha(&model()));
    assert_eq!(models::state(&entry, dir.path()), State::Absent);
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let path = fetch(&entry, &Source::default(), dir.path(), |have, _| {
        log.lock().unwrap().push(have)
    })
    .await
    .unwrap();
    assert_eq!(fs::read(&path).unwrap(), model());
    assert_eq!(models::state(&entry, dir.path()), State::Installed);
    assert_eq!(models::verify(&path), Ok(()));
    let asked = fake.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].header("range"), None);
    assert!(asked[1].header("range").is_some() && asked[2].header("range").is_some());
    let told = told.lock().unwrap().clone();
    assert!(told.windows(2).all(|w| w[0] < w[1]), "never backwards");
    assert_eq!(told.last(), Some(&(model().len() as u64)));
}

#[tokio::test]
async fn what_stays_cut_is_kept_for_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|asked, before| serve(asked, before, 99)).await;
    let entry = entry(dir.path(), &fake.url, model().len(), &sha(&model()));
    let error = fetch(&entry, &Source::default(), dir.path(), |_, _| {})
        .await
        .unwrap_err();
    assert!(
        matches!(error, FetchError::CutOff { have, of: Some(_) } if have > 0),
        "{error}"
    );
    assert!(error.to_string().contains("run this again"));
    assert!(matches!(models::state(&entry, dir.path()), State::Partial(n) if n > 0));
    assert_eq!(
        models::first_installed(dir.path(), None),
        None,
        "half a model is no model"
    );
    drop(fake);
    let whole = Fake::start(|asked, before| serve(asked, before, 0)).await;
    let source = Source {
        url: Some(whole.url.clone()),
        sha256: None,
    };
    fetch(&entry, &source, dir.path(), |_, _| {}).await.unwrap();
    assert!(whole.asked()[0].header("range").is_some(), "it went on");
}

#[tokio::test]
async fn a_wrong_file_is_deleted_and_a_good_one_is_never_replaced_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::start(|asked, before| serve(asked, before, 0)).await;
    let good = entry(dir.path(), &fake.url, model().len(), &sha(&model()));
    let path = fetch(&good, &Source::default(), dir.path(), |_, _| {})
        .await
        .unwrap();
    let wrong = entry(dir.path(), &fake.url, 0, &sha(b"another"));
    let error = fetch(&wrong, &Source::default(), dir.path(), |_, _| {})
        .await
        .unwrap_err();
    assert!(
        matches!(&error, FetchError::Wrong(why) if why.contains("SHA-256")),
        "{error}"
    );
    assert_eq!(models::verify(&path), Ok(()), "the good file is untouched");
    assert!(!models::folder(dir.path()).join("m.gguf.part").exists());
    let longer = entry(dir.path(), &fake.url, 5, &sha(&model()));
    assert!(matches!(
        fetch(&longer, &Source::default(), dir.path(), |_, _| {}).await,
        Err(FetchError::Refused(_))
    ));
}

#[tokio::test]
async fn redirects_are_followed_and_refusals_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = Fake::start(|asked, before| serve(asked, before, 0)).await;
    let to = store.url.clone();
    let fake = Fake::start(move |_, _| Answer::new(302, "").header("Location", to.clone())).await;
    let entry = entry(dir.path(), &fake.url, 0, &sha(&model()));
    fetch(&entry, &Source::default(), dir.path(), |_, _| {})
        .await
        .unwrap();

    let circle = Fake::start(|_, _| Answer::new(302, "").header("Location", "/again")).await;
    let gone = Fake::start(|_, _| Answer::new(404, "secret page")).await;
    for (url, words) in [(&circle.url, "redirected"), (&gone.url, "404")] {
        let source = Source {
            url: Some(url.clone()),
            sha256: None,
        };
        let error = fetch(&entry, &source, dir.path(), |_, _| {})
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(words) && !error.contains("secret"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn offline_and_unknown_sources_say_the_next_step() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let offline = entry(dir.path(), "http://127.0.0.1:1/m", 0, &sha(&model()));
    let error = fetch(&offline, &Source::default(), dir.path(), |_, _| {})
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::Offline(_)), "{error}");
    assert!(error.to_string().contains("by hand"));
    let unknown = entry(dir.path(), "", 0, "");
    let error = fetch(&unknown, &Source::default(), dir.path(), |_, _| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Ask somebody."), "{error}");
    let source = Source {
        url: Some("ftp://x/y".into()),
        sha256: Some(sha(b"x")),
    };
    assert!(matches!(
        fetch(&unknown, &source, dir.path(), |_, _| {}).await,
        Err(FetchError::BadUrl)
    ));
}
