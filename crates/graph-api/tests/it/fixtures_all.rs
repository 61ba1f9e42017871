//! No pinned case is forgotten: what each answer, error and request means to the client is tested here, or it says why
//! not. Webhooks have their table beside them.

use std::path::PathBuf;

/// Answers, errors and requests that no test of the client names, each with its reason.
const NOT_OURS: &[(&str, &str)] = &[];

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

/// A case counts as tested where a test names it, with its kind or without.
#[test]
fn every_answer_error_and_request_is_tested_here_or_says_why_not() {
    let sources = files("tests/it").into_iter();
    let tests: String = sources
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .filter(|path| !path.ends_with("fixtures_all.rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let mut excused: Vec<&str> = NOT_OURS.iter().map(|(name, _)| *name).collect();
    let mut forgotten = Vec::new();
    for path in files("../../fixtures/meta") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let Some((kind, case)) = name.split_once('-') else {
            continue;
        };
        if !matches!(kind, "answer" | "error" | "request") {
            continue;
        }
        let is_tested = [name, case]
            .iter()
            .any(|name| tests.contains(&format!("\"{name}\"")));
        let is_excused = excused.contains(&name);
        excused.retain(|excuse| *excuse != name);
        if is_tested == is_excused {
            forgotten.push(name.to_owned());
        }
    }
    assert!(forgotten.is_empty(), "neither or both: {forgotten:#?}");
    assert!(excused.is_empty(), "no file for {excused:?}");
}
