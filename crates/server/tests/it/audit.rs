//! What `deny.toml` says of bans and licences, kept by the ordinary test run: `cargo deny` is not on every machine.
//!
//! Bans are read from `Cargo.lock`, which names even what no build of ours takes. Licences are those of everything that
//! Cargo resolves for the targets of `deny.toml`, as `cargo deny` sees it: with every feature, build scripts included and
//! test helpers left out. Nothing is downloaded that a build with every feature had not downloaded before.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn table(file: &str) -> toml::Table {
    fs::read_to_string(root().join(file))
        .unwrap()
        .parse()
        .unwrap()
}

fn words(list: &toml::Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

/// The names of a list of tables that each have a `name`.
fn names(list: &toml::Value) -> BTreeSet<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn no_banned_crate_is_locked() {
    let banned = names(&table("deny.toml")["bans"]["deny"]);
    let locked = names(&table("Cargo.lock")["package"]);
    assert!(!banned.is_empty() && locked.contains("tokio"));
    let found: Vec<_> = banned.intersection(&locked).collect();
    assert!(
        found.is_empty(),
        "deny.toml bans these for the reason it gives; choose features of the crate that brings them: {found:?}"
    );
}

#[test]
fn every_crate_comes_from_the_registry_or_from_here() {
    let lock = table("Cargo.lock");
    let foreign: Vec<_> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| {
            package.get("source").is_some_and(|source| {
                !source
                    .as_str()
                    .unwrap()
                    .starts_with("registry+https://github.com/rust-lang/crates.io-index")
            })
        })
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert!(foreign.is_empty(), "not from crates.io: {foreign:?}");
}

#[test]
fn every_licence_is_allowed_and_every_allowance_needed() {
    let deny = table("deny.toml");
    let allowed: BTreeSet<String> = words(&deny["licenses"]["allow"]).into_iter().collect();
    let licences = licences(&words(&deny["graph"]["targets"]));
    assert!(licences.len() > 100, "only {} crates seen", licences.len());
    let unlisted: Vec<_> = licences
        .iter()
        .filter(|(_, licence)| !permits(licence, &allowed))
        .collect();
    assert!(
        unlisted.is_empty(),
        "licences that deny.toml does not allow: {unlisted:?}"
    );
    let idle: Vec<_> = allowed
        .iter()
        .filter(|one| {
            let mut rest = allowed.clone();
            rest.remove(*one);
            licences.values().all(|licence| permits(licence, &rest))
        })
        .collect();
    assert!(
        idle.is_empty(),
        "nothing needs these any more, take them out of deny.toml: {idle:?}"
    );
}

/// Name and version of everything resolved, with its licence expression (empty when it states none).
fn licences(targets: &[String]) -> BTreeMap<String, String> {
    let metadata = metadata(targets);
    let packages: BTreeMap<&str, &Value> = by_id(&metadata["packages"]);
    let nodes: BTreeMap<&str, &Value> = by_id(&metadata["resolve"]["nodes"]);
    let mut open: Vec<&str> = metadata["workspace_members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    let mut built = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !built.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                open.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    built
        .into_iter()
        .map(|id| {
            let package = packages[id];
            let name = format!("{} {}", package["name"], package["version"]);
            let licence = package["license"].as_str().unwrap_or_default();
            (name.replace('"', ""), licence.to_owned())
        })
        .collect()
}

fn metadata(targets: &[String]) -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root())
        .args(["metadata", "--format-version", "1", "--locked"])
        .arg("--all-features");
    for target in targets {
        command.args(["--filter-platform", target]);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn by_id(list: &Value) -> BTreeMap<&str, &Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["id"].as_str().unwrap(), entry))
        .collect()
}

/// Whether a licence expression (SPDX, or the slash that came before it) can be met with the allowed ones.
fn permits(licence: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = licence
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    either(&words, &mut at, allowed) && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut good = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        good |= both(words, at, allowed);
    }
    good
}

fn both(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut good = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        good &= one(words, at, allowed);
    }
    good
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    // A place past the end also tells the caller that a word was missing.
    *at += 1;
    let Some(word) = words.get(*at - 1) else {
        return false;
    };
    if *word == "(" {
        let good = either(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return good && closed;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return allowed.contains(&format!("{word} WITH {exception}"));
    }
    allowed.contains(*word)
}

/// An audit that lets everything pass is green too.
#[test]
fn the_expressions_are_understood() {
    let allowed: BTreeSet<String> = ["MIT", "ISC"].map(str::to_owned).into();
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "Apache-2.0 OR MIT",
        "MIT AND ISC",
        "(MIT OR Apache-2.0) AND ISC",
        "Apache-2.0 WITH LLVM-exception OR MIT",
        "GPL-3.0-only AND ISC OR MIT",
    ] {
        assert!(permits(good, &allowed), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "MIT OR",
        "(MIT",
        "MIT WITH LLVM-exception",
        "MIT ISC",
        "MIT AND (GPL-3.0-only OR AGPL-3.0-only)",
    ] {
        assert!(!permits(bad, &allowed), "{bad}");
    }
}
