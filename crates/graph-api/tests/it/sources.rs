//! What Meta says moves, so whoever meets a number or a call in the sources must find the page that it came from and the
//! day on which that page was read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn files_under(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The sources below a folder of `src`, by path.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files_under(&root.join(folder), &mut paths);
    let named = paths.into_iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        (name, std::fs::read_to_string(path).unwrap())
    });
    named.collect()
}

/// A page of Meta's and a date behind it, as in `<https://…> (read 2026-09-11)`.
fn has_page_and_date(text: &str) -> bool {
    text.split_once("https://")
        .is_some_and(|(_, after)| after.contains("(20") || after.contains("read 20"))
}

#[test]
fn every_call_names_its_method_its_path_its_page_and_the_day() {
    let mut all = sources("endpoint");
    all.extend(sources("oauth"));
    let mut calls = 0;
    let mut silent = Vec::new();
    for (name, text) in all {
        let makes_calls = text.contains("impl Endpoint for") || text.contains("ask_app(");
        if !makes_calls {
            continue;
        }
        calls += 1;
        let head = text.lines().take_while(|line| line.starts_with("//!"));
        let head = head.collect::<Vec<_>>().join("\n");
        let methods = ["`GET", "`POST", "`DELETE"];
        let is_named = methods.iter().any(|method| head.contains(method)) && head.contains('/');
        if !is_named || !has_page_and_date(&head) {
            silent.push(name);
        }
    }
    assert!(calls > 35, "only {calls} files with calls were found");
    assert!(
        silent.is_empty(),
        "no method, path, page or date: {silent:#?}"
    );
}

/// A limit has its own page and date, or names another limit that has.
#[test]
fn every_limit_names_its_page_and_the_day() {
    let mut docs: BTreeMap<String, String> = BTreeMap::new();
    for text in sources("limits").values() {
        let mut doc = String::new();
        for line in text.lines() {
            if let Some(said) = line.strip_prefix("///") {
                doc.push_str(said);
                continue;
            }
            if let Some(rest) = line.strip_prefix("pub const ") {
                let name = rest.split(':').next().unwrap().to_owned();
                docs.insert(name, doc.clone());
            }
            doc.clear();
        }
    }
    assert!(docs.len() > 40, "only {} limits were found", docs.len());
    let is_told = |doc: &String| {
        let other = doc
            .split_once("[`")
            .and_then(|(_, after)| after.split('`').next());
        has_page_and_date(doc) || other.is_some_and(|other| has_page_and_date(&docs[other]))
    };
    let silent: Vec<&String> = docs
        .iter()
        .filter(|(_, doc)| !is_told(doc))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "no page or date: {silent:?}");
}
