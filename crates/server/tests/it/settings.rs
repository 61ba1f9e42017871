//! Settings: every layer, every problem at once, no secret in any output.

use std::collections::BTreeMap;

use server::settings::{DEFAULTS, MediaRetention, Problems, Settings, Sources, known_keys, names};

fn sources(file: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
    let pairs = |list: &[(&str, &str)]| -> BTreeMap<String, String> {
        list.iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    Sources {
        file: Some(("gramophone.toml".into(), file.to_owned())),
        env: pairs(env),
        flags: pairs(flags).into_iter().collect(),
    }
}

fn load(file: &str, env: &[(&str, &str)]) -> Result<Settings, Problems> {
    Settings::load(&sources(file, env, &[]))
}

/// The keys of the problems, in the order told.
fn wrong(file: &str, env: &[(&str, &str)]) -> Vec<String> {
    load(file, env)
        .unwrap_err()
        .0
        .into_iter()
        .map(|problem| problem.key)
        .collect()
}

#[test]
fn the_defaults_alone_are_good() {
    let settings = Settings::load(&Sources::default()).unwrap();
    assert_eq!(settings.listen.port, 8080);
    assert!(settings.listen.address.is_loopback());
    assert_eq!(settings.webhook.max_body_bytes, 8 * 1024 * 1024);
    assert_eq!(
        settings.database_url(),
        "sqlite://data/gramophone.db?mode=rwc"
    );
}

/// A key in the file that the struct lacks fails in the loader; a key of the struct that the file
/// lacks fails here, when it is taken away.
#[test]
fn struct_and_default_file_have_the_same_keys() {
    let whole: toml::Table = DEFAULTS.parse().unwrap();
    let _: Settings = whole.clone().try_into().unwrap();
    for key in known_keys() {
        let mut less = whole.clone();
        match key.split_once('.') {
            None => less.remove(&key),
            Some((section, name)) => less[section].as_table_mut().unwrap().remove(name),
        };
        let parsed: Result<Settings, _> = less.try_into();
        assert!(
            parsed.is_err(),
            "{key} stands in config.default.toml and nothing reads it"
        );
    }
}

#[test]
fn every_default_has_a_sentence_above_it() {
    let lines: Vec<&str> = DEFAULTS.lines().collect();
    for (at, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, l)| l.contains(" = ") && !l.starts_with('#'))
    {
        // A run of settings may share the sentence above the first of them.
        let above = lines[..at]
            .iter()
            .rev()
            .find(|l| l.starts_with('#') || l.is_empty() || l.starts_with('['));
        assert!(
            above.is_some_and(|l| l.starts_with('#')),
            "no sentence above: {line}"
        );
    }
}

#[test]
fn later_layers_win() {
    let file = "[listen]\nport = 1\n[bot]\ndaily_limit = 7\n";
    let env = [("GRAMOPHONE_LISTEN__PORT", "2"), ("GRAMOPHONE_PORT", "3")];
    let settings = Settings::load(&sources(file, &env, &[])).unwrap();
    assert_eq!((settings.listen.port, settings.bot.daily_limit), (2, 7));
    let settings = Settings::load(&sources(file, &env, &[("listen.port", "4")])).unwrap();
    assert_eq!(settings.listen.port, 4);
}

#[test]
fn short_names_reach_their_settings() {
    let env = [
        ("GRAMOPHONE_DATA", "/srv/bot"),
        ("GRAMOPHONE_LISTEN", "0.0.0.0"),
        ("GRAMOPHONE_PUBLIC_URL", "https://bot.example.com"),
        ("INSTAGRAM_APP_ID", "1234567890"),
        ("INSTAGRAM_APP_SECRET", "1111, 2222"),
        ("INSTAGRAM_WEBHOOK_VERIFY_TOKEN", "123456"),
        ("INSTAGRAM_PAGE_ID", "42"),
        ("INSTAGRAM_PAGE_ACCESS_TOKEN", "777"),
        ("DATABASE_URL", "sqlite://x.db"),
    ];
    let settings = load("", &env).unwrap();
    assert_eq!(settings.data_dir.to_str(), Some("/srv/bot"));
    assert!(settings.listen.address.is_unspecified());
    assert_eq!(settings.instagram.app_id.as_deref(), Some("1234567890"));
    assert_eq!(settings.instagram.app_secrets.len(), 2);
    assert!(
        settings.instagram.verify_token.is_some() && settings.instagram.page_access_token.is_some()
    );
    assert_eq!(settings.database_url(), "sqlite://x.db");
    assert!(settings.check_for_serving().is_ok());
}

#[test]
fn every_setting_has_its_variable() {
    for key in known_keys() {
        let variable = names::variable_of(&key);
        // An empty variable is "not given": known, and without effect.
        assert!(load("", &[(&variable, "")]).is_ok(), "{variable}");
    }
}

#[test]
fn every_short_name_means_a_known_setting() {
    let known = known_keys();
    for (short, key) in names::SHORT_NAMES {
        assert!(
            known.contains(*key),
            "{short} means {key}, which is no setting"
        );
    }
}

#[test]
fn lists_come_with_commas_or_as_toml() {
    let settings = load(
        "",
        &[
            ("GRAMOPHONE_MEDIA__TEST_HOSTS", "a:1, b:2"),
            ("GRAMOPHONE_SPEECH__COMMAND", r#"["prog", "-x", "a,b"]"#),
        ],
    )
    .unwrap();
    assert_eq!(settings.media.test_hosts, ["a:1", "b:2"]);
    assert_eq!(settings.speech.command, ["prog", "-x", "a,b"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let file = "[listen]\nprot = 1\naddress = \"nowhere\"\n[bot]\ndaily_limit = \"many\"\n[send]\nsettle_seconds = 0\n";
    let env = [
        ("GRAMOPHONE_LOG__FROMAT", "json"),
        ("GRAMOPHONE_LISTEN__PORT", "70000"),
    ];
    let mut keys = wrong(file, &env);
    keys.sort();
    assert_eq!(
        keys,
        [
            "GRAMOPHONE_LOG__FROMAT",
            "bot.daily_limit",
            "listen.address",
            "listen.port",
            "listen.prot",
            "send.settle_seconds"
        ]
    );
}

#[test]
fn a_typo_names_the_nearest_key() {
    let said = load("[listen]\nprot = 1\n", &[("GRAMOPHONE_LOG__FROMAT", "x")])
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("listen.prot: is not a setting; did you mean listen.port?"),
        "{said}"
    );
    assert!(
        said.contains("did you mean GRAMOPHONE_LOG__FORMAT?"),
        "{said}"
    );
}

#[test]
fn rules_between_settings_hold() {
    assert_eq!(
        wrong("[media]\ntarget_bytes = 24950000\n", &[]),
        ["media.target_bytes"]
    );
    assert_eq!(
        wrong("[media]\nhard_bytes = 25000000\n", &[]),
        ["media.hard_bytes"]
    );
    assert_eq!(
        wrong("[speech]\nengine = \"remote\"\n", &[]),
        ["speech.url"]
    );
    assert_eq!(
        wrong("[speech]\nengine = \"command\"\n", &[]),
        ["speech.command"]
    );
    assert_eq!(
        wrong("[language]\nurl = \"http://localhost:11434/v1\"\n", &[]),
        ["language.model"]
    );
    assert_eq!(
        wrong("[send]\ngive_up_seconds = 5\n", &[]),
        ["send.give_up_seconds"]
    );
    assert_eq!(
        wrong("", &[("GRAMOPHONE_MASTER_KEY", "short")]),
        ["master_key"]
    );
}

#[test]
fn retention_reads_times_and_none() {
    let hours = |h: u64| MediaRetention::Keep(std::time::Duration::from_secs(h * 3_600));
    for (text, want) in [
        ("none", Some(MediaRetention::StorageFree)),
        ("24h", Some(hours(24))),
        ("7d", Some(hours(168))),
        ("0h", None),
        ("24", None),
        ("h", None),
        ("forever", None),
        ("99999999999999999999d", None),
    ] {
        assert_eq!(MediaRetention::parse(text), want, "{text}");
    }
}

#[test]
fn without_a_secret_there_is_no_server_and_the_next_step_is_said() {
    let settings = load("", &[]).unwrap();
    let said = settings.check_for_serving().unwrap_err().to_string();
    assert!(
        said.contains("INSTAGRAM_APP_SECRET") && said.contains("INSTAGRAM_VERIFY_TOKEN"),
        "{said}"
    );
}

#[test]
fn no_secret_is_ever_printed() {
    let canary = "canary-5d1c0b5f0c7e4b6a9e8d7c6b5a493827";
    let env = [
        ("GRAMOPHONE_MASTER_KEY", canary),
        ("INSTAGRAM_APP_SECRET", canary),
        ("INSTAGRAM_VERIFY_TOKEN", canary),
        ("INSTAGRAM_PAGE_ACCESS_TOKEN", canary),
        ("DATABASE_URL", canary),
        ("REDIS_URL", canary),
        ("GRAMOPHONE_SPEECH__KEY", canary),
        ("GRAMOPHONE_LANGUAGE__KEY", canary),
        ("GRAMOPHONE_METRICS__KEY", canary),
    ];
    let settings = load("", &env).unwrap();
    assert!(!format!("{settings:?}").contains(canary));
    assert!(!format!("{:?}", sources("", &env, &[])).contains(canary));
    let bad = [
        ("GRAMOPHONE_LISTEN__PORT", canary),
        ("GRAMOPHONE_BOT__LANGUAGE", canary),
    ];
    assert!(!load("", &bad).unwrap_err().to_string().contains(canary));
}
