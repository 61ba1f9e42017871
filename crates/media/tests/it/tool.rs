//! Children: limits hold, trees die, nothing is inherited.

use std::path::Path;
use std::time::{Duration, Instant};

use media::tool::{self, Killed, Limits, Stdin, Tool, ToolError};

fn shell(dir: &Path, script: &str) -> Tool {
    Tool::new("sh", dir).args(["-c", script])
}

/// Processes (not zombies) whose command line holds `needle`.
fn alive(needle: &str) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| {
                let line = String::from_utf8_lossy(&line).replace('\0', " ");
                let program = line.split(' ').next().unwrap_or_default();
                program.ends_with("sleep") && line.contains(needle)
            })
        })
        .count()
}

async fn gone(needle: &str) {
    tokio::time::timeout(Duration::from_secs(5), async {
        while alive(needle) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("processes left behind: {needle}"));
}

#[tokio::test]
async fn output_status_and_stdin_come_through() {
    let dir = tempfile::tempdir().unwrap();
    let mut tool = shell(dir.path(), "cat; echo sorry >&2; exit 7");
    tool.stdin = Stdin::Bytes(b"hello".to_vec());
    let output = tool::run(tool).await.unwrap();
    assert_eq!(output.stdout, b"hello");
    assert_eq!(output.stderr_tail, "sorry\n");
    assert_eq!(output.status.code, Some(7));
    assert!(!output.success() && output.killed.is_none());

    let file = dir.path().join("in");
    std::fs::write(&file, "from a file").unwrap();
    let mut tool = shell(dir.path(), "cat");
    tool.stdin = Stdin::File(file);
    assert_eq!(tool::run(tool).await.unwrap().stdout, b"from a file");
}

#[tokio::test]
async fn nothing_of_our_environment_is_inherited() {
    let dir = tempfile::tempdir().unwrap();
    let output = tool::run(shell(dir.path(), "env; pwd; umask").env("ONE", "1"))
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names: std::collections::BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.split_once('=').map(|pair| pair.0))
        .collect();
    let expected = ["GRAMOPHONE_TOOL", "HOME", "LANG", "ONE", "PATH", "PWD"];
    assert!(
        names
            .iter()
            .all(|name| expected.contains(name) || *name == "_"),
        "{names:?}"
    );
    assert!(text.contains(&format!("HOME={}", dir.path().display())));
}

#[tokio::test]
async fn a_missing_program_has_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let error = tool::run(Tool::new("no-such-program-here", dir.path()))
        .await
        .unwrap_err();
    assert!(matches!(error, ToolError::NotFound(_)), "{error}");
    // Programs planted in the working folder are never taken.
    std::fs::write(dir.path().join("planted"), "#!/bin/sh\n").unwrap();
    assert!(tool::run(Tool::new("./planted", dir.path())).await.is_err());
    assert!(tool::run(Tool::new("planted", dir.path())).await.is_err());
}

#[tokio::test]
async fn the_deadline_kills_a_tree_that_ignores_term() {
    let dir = tempfile::tempdir().unwrap();
    // One child in the group, one that fled into its own session, one that fled and lost its parent.
    let script = "trap '' TERM; sleep 4210011 & setsid sleep 4210011 & (setsid sleep 4210011 &) ; sleep 4210011";
    let tool = shell(dir.path(), script).limits(Limits {
        wall: Duration::from_millis(300),
        ..Limits::default()
    });
    let start = Instant::now();
    let output = tool::run(tool).await.unwrap();
    assert_eq!(output.killed, Some(Killed::Deadline));
    assert!(
        start.elapsed() < Duration::from_secs(6),
        "{:?}",
        start.elapsed()
    );
    gone("4210011").await;
}

#[tokio::test]
async fn descendants_do_not_outlive_a_child_that_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let output = tool::run(shell(
        dir.path(),
        "sleep 4210012 & setsid sleep 4210012 & echo done",
    ))
    .await
    .unwrap();
    assert!(output.success());
    assert_eq!(output.stdout, b"done\n");
    gone("4210012").await;
}

#[tokio::test]
async fn dropping_the_future_kills_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let run = tool::run(shell(dir.path(), "sleep 4210013 & sleep 4210013; true"));
    let mut run = Box::pin(run);
    tokio::select! {
        _ = &mut run => panic!("ended by itself"),
        () = async { while alive("4210013") < 2 { tokio::task::yield_now().await } } => {}
    }
    drop(run);
    gone("4210013").await;
}

#[tokio::test]
async fn too_much_output_is_cut_and_complaints_do_not_block() {
    let dir = tempfile::tempdir().unwrap();
    let mut tool = shell(dir.path(), "yes");
    tool.max_stdout = 1000;
    let output = tool::run(tool).await.unwrap();
    assert_eq!(output.killed, Some(Killed::TooMuchOutput));
    assert_eq!(output.stdout.len(), 1000);

    let mut tool = shell(
        dir.path(),
        "yes complaint | head -c 3000000 >&2; echo end >&2; echo ok",
    );
    tool.max_stderr = 100;
    let output = tool::run(tool).await.unwrap();
    assert!(output.success());
    assert!(output.stderr_tail.len() <= 100 && output.stderr_tail.ends_with("end\n"));
}

#[tokio::test]
async fn limits_reach_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        file_size: Some(4096),
        open_files: Some(32),
        cpu_seconds: Some(5),
        address_space: Some(1 << 30),
        ..Limits::default()
    };
    let script = "ulimit -n; ulimit -t; ulimit -v; ulimit -c; nice; head -c 10000 /dev/zero > big; echo after";
    let output = tool::run(shell(dir.path(), script).limits(limits))
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..4], ["32", "5", "1048576", "0"], "{text}");
    assert!(lines[4].parse::<i32>().unwrap() >= 10, "{text}");
    assert_eq!(
        std::fs::metadata(dir.path().join("big")).unwrap().len(),
        4096
    );
}

#[tokio::test]
async fn lines_arrive_while_the_child_runs() {
    let dir = tempfile::tempdir().unwrap();
    // The child waits for a file that we make when we have seen its first line.
    let go = dir.path().join("go");
    let script = "echo first; while [ ! -e go ]; do sleep 0.02; done; echo second";
    let mut seen = Vec::new();
    let output = tool::run_lines(shell(dir.path(), script), |line| {
        seen.push(line.to_owned());
        std::fs::write(&go, "").unwrap();
    })
    .await
    .unwrap();
    assert!(output.success());
    assert_eq!(seen, ["first", "second"]);
}

#[tokio::test]
async fn children_die_with_a_server_that_is_killed() {
    const PLAY_SERVER: &str = "GRAMOPHONE_TEST_PLAY_SERVER";
    let dir = tempfile::tempdir().unwrap();
    if std::env::var_os(PLAY_SERVER).is_some() {
        // The second copy of this test: a server in the middle of a job.
        let limits = Limits {
            wall: Duration::from_mins(2),
            ..Limits::default()
        };
        tool::run(Tool::new("sleep", dir.path()).arg("4210014").limits(limits))
            .await
            .unwrap();
        return;
    }
    let name = "tool::children_die_with_a_server_that_is_killed";
    let mut server = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(PLAY_SERVER, "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let up = tokio::time::timeout(Duration::from_secs(30), async {
        while alive("4210014") == 0 {
            tokio::task::yield_now().await;
        }
    });
    up.await.expect("the second copy never started its child");
    // KILL: it gets no chance to clean up.
    server.kill().unwrap();
    server.wait().unwrap();
    gone("4210014").await;
}
