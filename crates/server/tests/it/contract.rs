//! The contract's own rules: what the fuzzer cannot see, since it believes the contract.

use std::{collections::BTreeMap, fs, path::Path};

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// A later schema of the same name would silently take the place of the first.
#[test]
fn no_two_schemas_have_one_name() {
    let mut texts = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut texts,
    );
    let mut names = BTreeMap::<String, usize>::new();
    for text in &texts {
        for after in text.split("ToSchema").skip(1) {
            let Some((attributes, rest)) = after
                .split_once("struct ")
                .or_else(|| after.split_once("enum "))
            else {
                continue;
            };
            // Something else than attributes and comments in between: this was an import.
            let only_attributes = attributes.lines().skip(1).map(str::trim).all(|line| {
                line.is_empty() || line.starts_with(['#', '/']) || line.starts_with("pub")
            });
            if attributes.contains(']') && only_attributes {
                let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap();
                *names.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    assert!(names.len() > 40, "the reader sees {} schemas", names.len());
    names.retain(|_, count| *count > 1);
    assert!(names.is_empty(), "schemas of the same name: {names:?}");
}
