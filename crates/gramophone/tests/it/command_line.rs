//! Words and exit codes: what is wrong, and the next step.

use std::fs;

use crate::program::run;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn up_without_a_secret_says_what_to_do() {
    let folder = folder();
    let (output, said) = run(folder.path(), &["up", "--port", "0"], &[]);
    assert_eq!(output.status.code(), Some(1));
    for word in [
        "INSTAGRAM_APP_SECRET",
        "INSTAGRAM_VERIFY_TOKEN",
        "gramophone demo",
    ] {
        assert!(said.contains(word), "{word} in\n{said}");
    }
    assert!(
        !folder.path().join("data").exists(),
        "something was made before the settings were good"
    );
}

#[test]
fn a_taken_port_is_named_and_its_cause_said_once() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let by_setting = [("GRAMOPHONE_SIMULATOR__PORT", port.as_str())];
    for (arguments, environment) in [
        (&["simulate"][..], &by_setting[..]),
        (&["simulate", "--port", &port], &[]),
    ] {
        let (output, said) = run(folder.path(), arguments, environment);
        assert!(!output.status.success());
        assert_eq!(said.matches("Address already in use").count(), 1, "{said}");
        assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
    }
}

#[test]
fn a_typo_is_told_with_its_neighbour() {
    let folder = folder();
    fs::write(
        folder.path().join("gramophone.toml"),
        "[listen]\nprot = 1\n",
    )
    .unwrap();
    let (output, said) = run(folder.path(), &["migrate"], &[("GRAMOPHONE_DATTA", "x")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("did you mean listen.port?")
            && said.contains("did you mean GRAMOPHONE_DATA?"),
        "{said}"
    );
}

#[test]
fn init_writes_once_and_what_it_writes_loads() {
    let folder = folder();
    let (output, said) = run(folder.path(), &["init"], &[]);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("wrote gramophone.toml") && said.contains("gramophone doctor"),
        "{said}"
    );
    let (_, again) = run(folder.path(), &["init"], &[]);
    assert!(again.contains("stays as it is"), "{again}");
    let (output, said) = run(folder.path(), &["migrate"], &[]);
    assert!(output.status.success(), "{said}");
    assert!(folder.path().join("data/gramophone.db").exists());
}

#[test]
fn every_setting_is_printed() {
    let folder = folder();
    let (output, said) = run(folder.path(), &["init", "--print"], &[]);
    assert!(output.status.success());
    assert!(said.contains("[webhook]") && said.contains("max_body_bytes = 8388608"));
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "printing wrote something"
    );
}

#[test]
fn the_doctor_names_each_thing_and_its_next_step() {
    let folder = folder();
    let (output, said) = run(
        folder.path(),
        &["doctor"],
        &[("GRAMOPHONE_TOOLS__YT_DLP", "/does/not/exist")],
    );
    assert_eq!(output.status.code(), Some(1));
    for line in [
        "FAIL  app secret",
        "FAIL  verify token",
        "FAIL  access token",
        "ok    database",
        "ok    ffmpeg",
        "FAIL  yt-dlp",
        "      -> ",
    ] {
        assert!(said.contains(line), "{line} in\n{said}");
    }
}

#[test]
fn accounts_and_replay_speak_of_what_is_there() {
    let folder = folder();
    let env = [("GRAMOPHONE_INSTAGRAM__ACCOUNT_ID", "17841400000000001")];
    let (_, said) = run(folder.path(), &["accounts"], &env);
    assert_eq!(said.trim(), "17841400000000001  active");
    let (output, said) = run(
        folder.path(),
        &["accounts", "activate", "17841400000000002"],
        &env,
    );
    assert!(output.status.success(), "{said}");
    let (_, said) = run(folder.path(), &["accounts", "list"], &env);
    assert_eq!(said.lines().count(), 2, "{said}");
    let (output, said) = run(
        folder.path(),
        &["replay", "--since", "24h", "--dry-run"],
        &env,
    );
    assert!(
        output.status.success() && said.starts_with("0 deliveries"),
        "{said}"
    );
    let (output, said) = run(folder.path(), &["replay", "nonsense"], &env);
    assert!(
        !output.status.success() && said.contains("no delivery id"),
        "{said}"
    );
}

#[test]
fn models_are_listed_and_an_unknown_one_is_not_fetched() {
    let folder = folder();
    let (output, said) = run(folder.path(), &["models"], &[]);
    assert!(
        output.status.success() && said.contains("not here"),
        "{said}"
    );
    let (output, said) = run(folder.path(), &["models", "fetch", "no-such-model"], &[]);
    assert!(
        !output.status.success() && said.contains("gramophone models list"),
        "{said}"
    );
}
