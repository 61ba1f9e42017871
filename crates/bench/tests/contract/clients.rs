//! Programs of others that use our API, as tests start them.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use bench::demo::workspace;
use tokio::process::Command;

/// A program of the contract's own tools; `scripts/setup.sh test` installs them.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = workspace().join(".tools/contract").join(name);
    assert!(
        path.exists(),
        "{} is missing: `make test` installs it",
        path.display()
    );
    path
}

/// Runs a program to its end; its last words are the failure's.
pub(crate) async fn run(
    program: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{} {arguments:?} failed:\n{}\n{}",
        program.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// A script beside this file.
pub(crate) fn script(name: &str) -> String {
    workspace()
        .join("crates/bench/tests/contract")
        .join(name)
        .display()
        .to_string()
}
