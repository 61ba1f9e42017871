//! Reads every setting once, checks the whole, and hands out plain structs.
//!
//! The layers, weakest first: the embedded `config.default.toml`, `gramophone.toml`, `.env`, the
//! environment, command-line flags. The embedded file is also the schema: it says which keys exist
//! and of which type, so that an all-digit secret in the environment stays text.

mod dotenv;
mod model;
pub mod names;
mod problem;
mod rules;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use toml::{Table, Value};

pub use model::{
    BotSection, Cache, Database, Forward, ForwardFormat, GraphHosts, Instagram, Language, Listen,
    Log, LogFormat, LoginKind, Media, MediaRetention, Metrics, Redis, Retention, Send, Settings,
    SimulatorSection, Speech, SpeechEngine, Synchronous, TelegramUpdates, Tools, Webhook,
};
pub use problem::{Problem, Problems};

/// Every setting with its default and its sentence.
pub const DEFAULTS: &str = include_str!("../../../../config.default.toml");

/// The settings file looked for in the working directory.
pub const FILE_NAME: &str = "gramophone.toml";

/// Where values come from besides the embedded defaults.
#[derive(Clone, Default)]
pub struct Sources {
    /// Text of the settings file, with the name to show in errors.
    pub file: Option<(PathBuf, String)>,
    /// Environment variables, `.env` already merged in below them.
    pub env: BTreeMap<String, String>,
    /// `(key, value)` from the command line, as typed.
    pub flags: Vec<(String, String)>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.as_ref().map(|(path, _)| path);
        f.debug_struct("Sources")
            .field("file", &file)
            .finish_non_exhaustive()
    }
}

impl Sources {
    /// Gathers the environment, `.env` and the settings file of this process.
    ///
    /// A file named on purpose must exist; the usual one may be missing.
    pub fn of_this_process(named: Option<&Path>) -> Result<Self, Problems> {
        let mut problems = Problems(Vec::new());
        let mut env = read_dotenv(&mut problems);
        env.extend(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }));
        let named = named
            .map(Path::to_owned)
            .or_else(|| env.get(names::CONFIG_FILE).map(PathBuf::from));
        let path = named.clone().unwrap_or_else(|| PathBuf::from(FILE_NAME));
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => Some((path, text)),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                problems.0.push(Problem::new(
                    path.display().to_string(),
                    format!("cannot be read: {error}"),
                ));
                None
            }
        };
        problems.or(Self {
            file,
            env,
            flags: Vec::new(),
        })
    }

    /// Adds a value that stands above all others.
    pub fn flag(&mut self, key: &str, value: impl Into<String>) -> &mut Self {
        self.flags.push((key.to_owned(), value.into()));
        self
    }

    /// Whether anybody but the default sets this key.
    pub fn sets(&self, key: &str) -> bool {
        let variable = names::variable_of(key);
        let by_env = |name: &str| self.env.get(name).is_some_and(|v| !v.trim().is_empty());
        self.flags.iter().any(|(flag, _)| flag == key)
            || by_env(&variable)
            || names::SHORT_NAMES
                .iter()
                .any(|(short, of)| *of == key && by_env(short))
            || self
                .file
                .as_ref()
                .and_then(|(_, text)| text.parse::<Table>().ok())
                .is_some_and(|table| rules::lookup(&table, key).is_some())
    }
}

fn read_dotenv(problems: &mut Problems) -> BTreeMap<String, String> {
    let Ok(text) = std::fs::read_to_string(".env") else {
        return BTreeMap::new();
    };
    match dotenv::parse(&text) {
        Ok(pairs) => pairs,
        Err(lines) => {
            for line in lines {
                problems.0.push(Problem::new(
                    format!(".env line {line}"),
                    "must look like NAME=value",
                ));
            }
            BTreeMap::new()
        }
    }
}

impl Settings {
    /// Lays the sources over the defaults and checks the whole; every problem is told at once.
    pub fn load(sources: &Sources) -> Result<Self, Problems> {
        let mut problems = Problems(Vec::new());
        let mut merged = defaults(&mut problems);
        let schema = merged.clone();
        if let Some((path, text)) = &sources.file {
            match text.parse::<Table>() {
                Ok(table) => overlay_file(&mut merged, &schema, &table, &mut problems),
                Err(error) => problems.0.push(Problem::new(
                    path.display().to_string(),
                    format!("is not TOML: {}", error.message()),
                )),
            }
        }
        overlay_env(&mut merged, &schema, &sources.env, &mut problems);
        for (key, value) in &sources.flags {
            set_typed(&mut merged, &schema, key, key, value, &mut problems);
        }
        rules::check(&merged, &mut problems.0);
        let merged = problems.or(merged)?;
        merged.try_into().map_err(|error: toml::de::Error| {
            Problems(vec![Problem::new("settings", error.message().to_owned())])
        })
    }

    /// What a server needs beyond sane values: without a secret it could not tell Meta from anyone.
    pub fn check_for_serving(&self) -> Result<(), Problems> {
        let mut problems = Problems(Vec::new());
        if self.telegram.token.is_some() && !self.takes_instagram() {
            // Telegram alone is a whole bot.
            return Ok(());
        }
        if self.instagram.app_secrets.is_empty() {
            problems.0.push(Problem::new(
                "instagram.app_secrets",
                "is not set: copy the App secret from Meta's dashboard (App settings > Basic) into \
                 INSTAGRAM_APP_SECRET, or try everything without Meta: gramophone demo",
            ));
        }
        if self.instagram.verify_token.is_none() {
            problems.0.push(Problem::new(
                "instagram.verify_token",
                "is not set: choose any word, put it into INSTAGRAM_VERIFY_TOKEN and type the same \
                 word in Meta's webhook form",
            ));
        }
        problems.or(())
    }

    /// Whether anything of Instagram is set up. The word of the webhook alone is not: `gramophone init` makes one.
    pub fn takes_instagram(&self) -> bool {
        let ours = &self.instagram;
        !ours.app_secrets.is_empty() || ours.page_access_token.is_some()
    }

    /// Whether callers on this machine may go without a key: only where nobody else can reach the listener.
    pub fn may_stay_open(&self) -> bool {
        self.api.open_on_loopback && self.listen.address.is_loopback() && self.public_url.is_none()
    }

    /// The database in use: the one named, else SQLite in the data folder.
    pub fn database_url(&self) -> String {
        self.database.url.clone().unwrap_or_else(|| {
            format!(
                "sqlite://{}?mode=rwc",
                self.data_dir.join("gramophone.db").display()
            )
        })
    }
}

/// Every dotted key of the embedded defaults.
pub fn known_keys() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    collect_keys("", &defaults(&mut Problems(Vec::new())), &mut keys);
    keys
}

fn collect_keys(prefix: &str, table: &Table, keys: &mut BTreeSet<String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Table(inner) => collect_keys(&key, inner, keys),
            _ => {
                keys.insert(key);
            }
        }
    }
}

fn defaults(problems: &mut Problems) -> Table {
    DEFAULTS.parse().unwrap_or_else(|error: toml::de::Error| {
        problems.0.push(Problem::new(
            "config.default.toml",
            error.message().to_owned(),
        ));
        Table::new()
    })
}

fn overlay_file(merged: &mut Table, schema: &Table, file: &Table, problems: &mut Problems) {
    let mut given = BTreeSet::new();
    collect_keys("", file, &mut given);
    let known = known_keys();
    for key in given {
        let Some(value) = rules::lookup(file, &key) else {
            continue;
        };
        match rules::lookup(schema, &key) {
            Some(default) if default.same_type(value) => put(merged, &key, value.clone()),
            Some(default) => {
                problems.0.push(Problem::new(
                    &key,
                    format!("must be {}", type_in_words(default)),
                ));
            }
            None => problems.0.push(unknown(
                &key,
                names::nearest(&key, known.iter().map(String::as_str)),
            )),
        }
    }
}

fn overlay_env(
    merged: &mut Table,
    schema: &Table,
    env: &BTreeMap<String, String>,
    problems: &mut Problems,
) {
    let given = |name: &str| env.get(name).map(|v| v.trim()).filter(|v| !v.is_empty());
    for (short, key) in names::SHORT_NAMES {
        if let Some(value) = given(short) {
            set_typed(merged, schema, short, key, value, problems);
        }
    }
    let by_variable: BTreeMap<String, String> = known_keys()
        .into_iter()
        .map(|key| (names::variable_of(&key), key))
        .collect();
    let is_short = |name: &str| names::SHORT_NAMES.iter().any(|(short, _)| *short == name);
    for name in env.keys().filter(|name| name.starts_with("GRAMOPHONE_")) {
        if is_short(name) || name == names::CONFIG_FILE {
            continue;
        }
        let Some(key) = by_variable.get(name) else {
            let all = by_variable
                .keys()
                .map(String::as_str)
                .chain(names::SHORT_NAMES.iter().map(|s| s.0));
            problems.0.push(unknown(name, names::nearest(name, all)));
            continue;
        };
        if let Some(value) = given(name) {
            set_typed(merged, schema, name, key, value, problems);
        }
    }
}

fn unknown(name: &str, nearest: Option<&str>) -> Problem {
    let hint = nearest.map_or_else(
        || "all of them are listed by: gramophone init --print".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    Problem::new(name, format!("is not a setting; {hint}"))
}

/// Sets text from a variable or a flag as the type that the default has.
///
/// Six arguments, because an error names the variable as it was typed and not the key behind it.
fn set_typed(
    merged: &mut Table,
    schema: &Table,
    name: &str,
    key: &str,
    text: &str,
    problems: &mut Problems,
) {
    let Some(default) = rules::lookup(schema, key) else {
        problems.0.push(unknown(name, None));
        return;
    };
    match typed(default, text) {
        Some(value) => put(merged, key, value),
        None => problems.0.push(Problem::new(
            name,
            format!("must be {}", type_in_words(default)),
        )),
    }
}

fn typed(default: &Value, text: &str) -> Option<Value> {
    match default {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.replace('_', "").parse().ok().map(Value::Integer),
        Value::Boolean(_) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(Value::Boolean(true)),
            "false" | "0" | "no" | "off" => Some(Value::Boolean(false)),
            _ => None,
        },
        Value::Array(_) if text.starts_with('[') => {
            let table: Table = format!("list = {text}").parse().ok()?;
            table.get("list").filter(|list| list.is_array()).cloned()
        }
        Value::Array(_) => Some(Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.to_owned()))
                .collect(),
        )),
        _ => None,
    }
}

fn type_in_words(default: &Value) -> &'static str {
    match default {
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list of strings",
        Value::Table(_) => "a section",
        _ => "a string in quotes",
    }
}

fn put(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            if let Some(Value::Table(inner)) = table.get_mut(section) {
                put(inner, rest, value);
            }
        }
    }
}
