//! The walls of the house, read from manifests and sources: what `ARCHITECTURE.md` says must hold.
//!
//! Each check lists everything that breaks it, with what to do, so that one run is enough.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Which of our crates each may import; dev-dependencies on the simulator are allowed everywhere.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("graph-api", &[]),
    ("media", &[]),
    ("store", &[]),
    ("bot", &["graph-api", "media", "store"]),
    ("server", &["bot", "graph-api", "media", "store"]),
    ("simulator", &[]),
    ("gramophone", &["server", "simulator"]),
    ("bench", &["simulator"]),
];

/// Longest source file, tests aside; longer ones say why.
const FILE_LINES: usize = 400;
/// Longest function; longer ones say why.
const FUNCTION_LINES: usize = 60;
/// The sentence that excuses a long file or function starts so.
const EXCUSE: &str = "Longer than";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every file under a folder that is ours: no build output, no hidden folder, no dependency.
fn files_under(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.')
                && !["target", "node_modules", "data"].contains(&name.as_str())
            {
                files_under(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

struct Source {
    /// Path from the root, with slashes.
    name: String,
    text: String,
}

impl Source {
    /// Whether it is part of what is shipped: not a test, an example or a bench.
    fn is_shipped(&self) -> bool {
        self.name.split('/').nth(2) == Some("src") && !self.name.ends_with("/tests.rs")
    }

    /// The text before the inline tests.
    fn shipped_text(&self) -> &str {
        self.text
            .find("\n#[cfg(test)]\nmod ")
            .map_or(&self.text, |at| &self.text[..at])
    }
}

/// All Rust sources of the workspace.
fn sources() -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    files_under(&root.join("crates"), &mut paths);
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(|path| {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            Source {
                text: fs::read_to_string(&path).unwrap(),
                name,
            }
        })
        .collect()
}

fn none(what: &str, mut broken: Vec<String>) {
    broken.sort();
    assert!(broken.is_empty(), "{what}:\n  {}", broken.join("\n  "));
}

/// Code without comments and string literals, line by line, good enough to look for names in.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, String)> {
    text.lines().enumerate().filter_map(|(at, line)| {
        let trimmed = line.trim_start();
        if trimmed.starts_with("//") {
            return None;
        }
        let mut code = String::new();
        let mut in_string = false;
        let mut before = ' ';
        for c in line.chars() {
            if c == '"' && before != '\\' && before != '\'' {
                in_string = !in_string;
            } else if !in_string {
                code.push(c);
            }
            before = c;
        }
        let code = code.split("//").next().unwrap_or_default().to_owned();
        Some((at + 1, code))
    })
}

#[test]
fn arrows_point_down() {
    let mut broken = Vec::new();
    let known: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    for (krate, may) in MAY_IMPORT {
        let manifest =
            fs::read_to_string(root().join("crates").join(krate).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        for (section, allowed) in [
            ("dependencies", &[][..]),
            ("dev-dependencies", &["simulator"][..]),
            ("build-dependencies", &[][..]),
        ] {
            let Some(dependencies) = manifest.get(section).and_then(toml::Value::as_table) else {
                continue;
            };
            for name in dependencies
                .keys()
                .filter(|name| known.contains_key(name.as_str()))
            {
                if !may.contains(&name.as_str()) && !allowed.contains(&name.as_str()) {
                    broken.push(format!("{krate} may not import {name} ({section})"));
                }
            }
        }
    }
    none("a crate imports what stands beside or above it", broken);
}

#[test]
fn every_crate_has_its_row() {
    let folders: BTreeSet<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let rows: BTreeSet<String> = MAY_IMPORT
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(folders, rows, "crates and MAY_IMPORT differ");
}

/// `(what, the words that mean it, where it may stand)`
const WALLS: &[(&str, &[&str], &[&str])] = &[
    (
        "axum",
        &["axum::", "use axum"],
        &["crates/server/", "crates/simulator/"],
    ),
    (
        "clap",
        &["clap::", "use clap"],
        &["crates/gramophone/", "crates/bench/"],
    ),
    (
        "the environment",
        &["env::var", "env::vars", "env::set_var", "env::remove_var"],
        &[
            "crates/server/src/settings/",
            "crates/gramophone/",
            "crates/bench/",
        ],
    ),
    (
        "SQL",
        &["sea_orm", "sqlx::", "use sqlx", "sea_query", "rusqlite"],
        &["crates/store/", "crates/bench/"],
    ),
    (
        "Redis",
        &["redis::", "use redis"],
        &["crates/store/", "crates/bench/"],
    ),
    (
        "starting programs",
        &["Command::new", "process::Command"],
        &[
            "crates/media/src/tool/",
            "crates/simulator/",
            "crates/bench/",
        ],
    ),
];

#[test]
fn each_wall_stands() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.is_shipped()) {
        for (line, code) in code_lines(source.shipped_text()) {
            for (what, words, places) in WALLS {
                let allowed = places.iter().any(|place| source.name.starts_with(place));
                if !allowed && words.iter().any(|word| stands_alone(&code, word)) {
                    broken.push(format!(
                        "{}:{line}: {what} belongs to {}",
                        source.name,
                        places.join(", ")
                    ));
                }
            }
        }
    }
    none("something stands on the wrong side of a wall", broken);
}

/// Comparing secrets byte by byte, and stopping at the first difference, tells a patient stranger where that
/// was. Signatures and keys go through `verify_slice` or `ct_eq`; a line that names one and compares is wrong.
#[test]
fn no_secret_is_compared_byte_by_byte() {
    let mut broken = Vec::new();
    let mut constant_time = 0;
    for source in sources().iter().filter(|source| {
        source.is_shipped()
            && !["crates/simulator/", "crates/bench/"]
                .iter()
                .any(|start| source.name.starts_with(start))
    }) {
        for (line, code) in code_lines(source.shipped_text()) {
            constant_time +=
                usize::from(code.contains(".verify_slice(") || code.contains(".ct_eq("));
            if compares_a_secret(&code) {
                broken.push(format!("{}:{line}: {}", source.name, code.trim()));
            }
        }
    }
    none("a secret is compared with == (use subtle or hmac)", broken);
    assert!(
        constant_time >= 4,
        "only {constant_time} comparisons in constant time were found"
    );
}

fn compares_a_secret(code: &str) -> bool {
    let secrets = [
        "expose_secret",
        "verify_token",
        "app_secret",
        "master_key",
        "access_token",
        "finalize()",
        "signature",
        "hex::encode",
    ];
    (code.contains(" == ") || code.contains(" != "))
        && secrets.iter().any(|secret| code.contains(secret))
}

/// Whether a word occurs that is not the tail of a longer name.
fn stands_alone(code: &str, word: &str) -> bool {
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

#[test]
fn the_manifests_keep_the_walls_too() {
    let only = [
        ("axum", &["server", "simulator"][..]),
        ("clap", &["gramophone", "bench"]),
        ("sea-orm", &["store"]),
        ("sea-orm-migration", &["store"]),
        ("sqlx", &["store", "bench"]),
        ("rusqlite", &["store"]),
        ("redis", &["store", "bench"]),
    ];
    let mut broken = Vec::new();
    for (krate, _) in MAY_IMPORT {
        let manifest =
            fs::read_to_string(root().join("crates").join(krate).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table)
        else {
            continue;
        };
        for (name, places) in only {
            if dependencies.contains_key(name) && !places.contains(krate) {
                broken.push(format!(
                    "{krate} may not depend on {name}; only {} may",
                    places.join(", ")
                ));
            }
        }
    }
    none("a manifest opens a wall", broken);
}

#[test]
fn every_file_says_what_it_is() {
    let silent = sources()
        .iter()
        .filter(|source| {
            !source
                .text
                .lines()
                .take(3)
                .any(|line| line.starts_with("//!") || line.starts_with("#![doc"))
        })
        .map(|source| format!("{}: begin with //! and one sentence", source.name))
        .collect();
    none("a file does not say what it is", silent);
}

#[test]
fn files_stay_short() {
    let long = sources()
        .iter()
        .filter(|source| source.is_shipped())
        .filter_map(|source| {
            let lines = source.shipped_text().lines().count();
            let excused = source
                .text
                .lines()
                .take_while(|line| line.starts_with("//!") || line.starts_with("#!"))
                .any(|line| line.contains(EXCUSE));
            (lines > FILE_LINES && !excused).then(|| {
                format!(
                    "{}: {lines} lines; split it, or say in its //! why (\"{EXCUSE} …\")",
                    source.name
                )
            })
        })
        .collect();
    none("a file is longer than 400 lines", long);
}

#[test]
fn functions_stay_short() {
    let mut long = Vec::new();
    for source in sources().iter().filter(|source| source.is_shipped()) {
        for function in functions(source.shipped_text()) {
            if function.lines > FUNCTION_LINES && !function.excused {
                long.push(format!(
                    "{}:{}: {} has {} lines; split it, or say above it why (\"{EXCUSE} …\")",
                    source.name, function.at, function.name, function.lines
                ));
            }
        }
    }
    none("a function is longer than 60 lines", long);
}

struct Function {
    name: String,
    at: usize,
    lines: usize,
    excused: bool,
}

/// Functions by their indentation: formatted code closes each at the column where it began.
fn functions(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let Some(name) = function_name(line.trim_start()) else {
            continue;
        };
        let close = format!("{}}}", " ".repeat(indent));
        let Some(length) = lines[at..].iter().position(|later| *later == close) else {
            continue;
        };
        let one_line = line.ends_with('}') || line.ends_with(';');
        let excused = lines[..at]
            .iter()
            .rev()
            .take_while(|above| {
                above.trim_start().starts_with("//") || above.trim_start().starts_with("#[")
            })
            .any(|above| above.contains(EXCUSE));
        found.push(Function {
            name: name.to_owned(),
            at: at + 1,
            lines: if one_line { 1 } else { length + 1 },
            excused,
        });
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line;
    if let Some(after) = rest.strip_prefix("pub") {
        rest = match after.strip_prefix('(') {
            Some(inside) => inside.split_once(')')?.1,
            None => after,
        };
        rest = rest.trim_start();
    }
    for word in ["const ", "async ", "unsafe "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    rest.strip_prefix("fn ")?.split(['(', '<']).next()
}

#[test]
fn the_map_names_what_exists() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    assert!(
        map.lines().count() <= 150,
        "ARCHITECTURE.md has more than 150 lines"
    );
    let rows: BTreeSet<String> = map
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| `")?
                .split_once("` |")
                .map(|(name, _)| name.to_owned())
        })
        .filter(|name| !name.contains('/') && !name.contains(':'))
        .collect();
    let crates: BTreeSet<String> = MAY_IMPORT
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let missing: Vec<_> = crates.difference(&rows).collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md has no row for {missing:?}"
    );
    let dead: Vec<_> = rows.difference(&crates).collect();
    assert!(
        dead.is_empty(),
        "ARCHITECTURE.md has a row for what does not exist: {dead:?}"
    );
    let gone: Vec<String> = named_paths(&map)
        .into_iter()
        .filter(|path| !root().join(path).exists())
        .collect();
    none("ARCHITECTURE.md names a path that does not exist", gone);
}

/// Paths in backticks that begin in a folder of ours.
fn named_paths(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|quoted| {
            ["crates/", "docs/", "fixtures/", "scripts/"]
                .iter()
                .any(|start| quoted.starts_with(start))
        })
        .map(|quoted| quoted.trim_end_matches('/').to_owned())
        .collect()
}

/// A test named as a proof must be there: `crate/module::test`, where the module is the file or its folder.
#[test]
fn the_security_page_names_tests_that_exist() {
    let page = fs::read_to_string(root().join("docs/security.md")).expect("docs/security.md");
    let sources = sources();
    let names: BTreeSet<(&str, &str, &str)> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(test_name)
        .collect();
    assert!(
        names.len() > 100,
        "only {} tests were found on the page",
        names.len()
    );
    let is_there = |(krate, module, test): &(&str, &str, &str)| {
        sources.iter().any(|source| {
            let path = Path::new(&source.name);
            let folder = path.parent().and_then(Path::file_name);
            source.name.starts_with(&format!("crates/{krate}/"))
                && (path.file_stem() == Some(module.as_ref()) || folder == Some(module.as_ref()))
                && source.text.contains(&format!("fn {test}("))
        })
    };
    let missing = names.iter().filter(|name| !is_there(name));
    let missing = missing.map(|(krate, module, test)| format!("{krate}/{module}::{test}"));
    none(
        "docs/security.md names a test that does not exist",
        missing.collect(),
    );
    let gone = named_paths(&page)
        .into_iter()
        .filter(|path| !root().join(path).exists());
    none(
        "docs/security.md names a path that does not exist",
        gone.collect(),
    );
}

fn test_name(quoted: &str) -> Option<(&str, &str, &str)> {
    let (krate, rest) = quoted.split_once('/')?;
    let (module, test) = rest.split_once("::")?;
    (krate != "crate" && !test.contains(':')).then_some((krate, module, test))
}

#[test]
fn nothing_ready_made_is_checked_in() {
    let mut all = Vec::new();
    files_under(&root(), &mut all);
    let forbidden = [
        ".min.js", ".min.css", ".map", ".wasm", ".so", ".a", ".o", ".exe", ".dll", ".jar", ".bin",
        ".onnx", ".gguf",
    ];
    let mut broken = Vec::new();
    for path in all {
        let name = path
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if forbidden.iter().any(|end| name.ends_with(end)) {
            broken.push(format!(
                "{name}: built or foreign files are fetched or made, never checked in"
            ));
        }
        let script = [".js", ".css", ".html"]
            .iter()
            .any(|end| name.ends_with(end));
        if script
            && fs::read_to_string(&path)
                .unwrap()
                .lines()
                .any(|line| line.len() > 2_000)
        {
            broken.push(format!(
                "{name}: a line of more than 2,000 characters looks like minified code"
            ));
        }
    }
    none("a file is not ours to keep", broken);
}

/// Every language has every key, with the same variables in it.
#[test]
fn locales_agree() {
    let locales = root().join("crates/bot/locales");
    let mut keys: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for entry in fs::read_dir(&locales).expect("crates/bot/locales") {
        let folder = entry.unwrap().path();
        let mut files = Vec::new();
        if folder.is_dir() {
            files_under(&folder, &mut files);
        } else {
            files.push(folder.clone());
        }
        let language = folder.file_stem().unwrap().to_string_lossy().into_owned();
        let messages = keys.entry(language).or_default();
        for file in files
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "ftl"))
        {
            messages.extend(fluent_messages(&fs::read_to_string(file).unwrap()));
        }
    }
    for language in ["pt-BR", "en", "es"] {
        assert!(
            keys.get(language).is_some_and(|found| !found.is_empty()),
            "no texts in {language}"
        );
    }
    let first = &keys["pt-BR"];
    for (language, messages) in &keys {
        assert_eq!(
            first, messages,
            "pt-BR and {language} differ in keys or variables"
        );
    }
}

/// Keys of a Fluent file with the variables that each uses.
fn fluent_messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once('=')
            && line.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            current = Some(key.trim().to_owned());
            messages.entry(key.trim().to_owned()).or_default();
        }
        let Some(key) = &current else { continue };
        for used in line.split('$').skip(1) {
            let name = used
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
                .next();
            messages
                .get_mut(key)
                .unwrap()
                .extend(name.map(str::to_owned));
        }
    }
    messages
}

/// A tidy test that sees nothing is green too: each reader is shown something wrong.
#[test]
fn the_readers_see() {
    let text = "/// Longer than usual.\nfn excused() {\n    a();\n}\n\npub(crate) async fn plain<T>(a: T) {\n    b();\n}\n";
    let found = functions(text);
    assert_eq!(
        found
            .iter()
            .map(|f| (f.name.as_str(), f.lines, f.excused))
            .collect::<Vec<_>>(),
        [("excused", 3, true), ("plain", 3, false)]
    );
    assert!(stands_alone("let x = std::env::var(name)", "env::var"));
    assert!(!stands_alone("use clippy_axum::x", "axum::"));
    let code: Vec<_> = code_lines("let a = \"axum::Router\"; // axum::x\n// axum::y\nb(axum::z)")
        .map(|(_, code)| code)
        .collect();
    assert!(!code[0].contains("axum") && code[1].contains("axum::z") && code.len() == 2);
    assert!(compares_a_secret("if given == key.expose_secret() {"));
    assert!(!compares_a_secret(
        "if bool::from(given.ct_eq(key.expose_secret().as_bytes())) {"
    ));
    assert_eq!(
        test_name("server/pages::a_link"),
        Some(("server", "pages", "a_link"))
    );
    assert_eq!(test_name("crates/server/src/page.rs"), None);
    let messages = fluent_messages("# note\nhello = Hi { $name }\n    and { $other }\nbye = Bye\n");
    assert_eq!(messages["hello"].len(), 2);
    assert!(messages["bye"].is_empty());
}
