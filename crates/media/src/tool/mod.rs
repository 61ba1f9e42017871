//! The only place that starts child processes. Every child gets its own process group, an empty
//! environment, resource limits and a deadline, and is killed as a whole tree; nothing it prints can
//! fill our memory.

mod group;
mod pipes;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use group::Group;
use pipes::{Lines, Pipe, Tail};

/// Where programs are looked for. The environment is never asked: whoever can set `PATH` for us must
/// not thereby choose our programs. The last entry is where Homebrew puts them.
const SEARCH_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";

/// How long a child may take to end politely before it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// What a child may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Wall-clock time; then TERM, and KILL after three seconds.
    pub wall: Duration,
    /// Processor seconds of one process of the tree.
    pub cpu_seconds: Option<u64>,
    /// Address space of one process of the tree, in bytes.
    pub address_space: Option<u64>,
    /// Size of any file it writes, in bytes.
    pub file_size: Option<u64>,
    /// Files it may hold open.
    pub open_files: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_mins(1),
            cpu_seconds: Some(120),
            address_space: Some(2 << 30),
            file_size: Some(256 << 20),
            open_files: Some(256),
        }
    }
}

/// What the child reads.
#[derive(Clone, Debug, Default)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Null,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// A file.
    File(PathBuf),
}

/// A program with everything it is allowed.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Name (looked up in the usual folders) or absolute path.
    pub program: PathBuf,
    /// Arguments; never passed through a shell.
    pub args: Vec<OsString>,
    /// Working folder, which is also the child's `HOME`. The job's own folder.
    pub cwd: PathBuf,
    /// More environment; otherwise the child sees only `PATH`, `HOME` and `LANG`.
    pub env: Vec<(OsString, OsString)>,
    /// What it may use.
    pub limits: Limits,
    /// What it reads.
    pub stdin: Stdin,
    /// With [`run`], the most it may print; with [`run_lines`], the longest line. More than that
    /// kills it.
    pub max_stdout: usize,
    /// How much of the end of stderr is kept.
    pub max_stderr: usize,
}

impl Tool {
    /// A program with no arguments and the default limits.
    pub fn new(program: impl Into<PathBuf>, cwd: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            cwd: cwd.into(),
            env: Vec::new(),
            limits: Limits::default(),
            stdin: Stdin::Null,
            max_stdout: 1 << 20,
            max_stderr: 64 << 10,
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds several arguments.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds one environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Why we killed a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Killed {
    /// It took longer than its limit.
    Deadline,
    /// It printed more than its limit.
    TooMuchOutput,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Status {
    /// Exit code 0.
    pub fn success(self) -> bool {
        self.code == Some(0)
    }
}

/// What a child left.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: Status,
    /// What it printed; empty for [`run_lines`].
    pub stdout: Vec<u8>,
    /// The end of what it complained. May hold addresses: not for logs as it is.
    pub stderr_tail: String,
    /// Why we killed it, if we did.
    pub killed: Option<Killed>,
}

impl Output {
    /// Ended by itself with exit code 0.
    pub fn success(&self) -> bool {
        self.killed.is_none() && self.status.success()
    }
}

/// A child could not be started or watched.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The program is not installed.
    #[error("{} is not installed where it is looked for; install it or name its absolute path in the settings", .0.display())]
    NotFound(PathBuf),
    /// The system refused.
    #[error("cannot run {}: {source}", .program.display())]
    Io {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Runs a program to its end and returns what it printed. Dropping the future kills the tree.
pub async fn run(tool: Tool) -> Result<Output, ToolError> {
    let cap = tool.max_stdout;
    let mut stdout = Vec::new();
    let mut output = drive(tool, |chunk| {
        stdout.extend_from_slice(chunk);
        stdout.len() <= cap
    })
    .await?;
    stdout.truncate(cap);
    output.stdout = stdout;
    Ok(output)
}

/// Runs a program to its end and hands over what it prints line by line, as it comes. Dropping the
/// future kills the tree.
pub async fn run_lines(
    tool: Tool,
    mut on_line: impl FnMut(&str) + Send,
) -> Result<Output, ToolError> {
    let mut lines = Lines::new(tool.max_stdout);
    let output = drive(tool, |chunk| lines.push(chunk, &mut on_line)).await?;
    lines.finish(&mut on_line);
    Ok(output)
}

/// Finds a program the way [`run`] does.
pub fn find(program: &Path) -> Result<PathBuf, ToolError> {
    let not_found = || ToolError::NotFound(program.to_owned());
    if program.is_absolute() {
        return if program.is_file() {
            Ok(program.to_owned())
        } else {
            Err(not_found())
        };
    }
    // A relative path with a folder in it would depend on where we were started.
    if program.components().count() != 1 {
        return Err(not_found());
    }
    std::env::split_paths(SEARCH_PATH)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .ok_or_else(not_found)
}

/// Longer than others: one loop in which output, end and deadline race, best read in one piece.
///
/// Starts the child and feeds `on_stdout` until it ends; `on_stdout` returns false to have it killed.
async fn drive(tool: Tool, mut on_stdout: impl FnMut(&[u8]) -> bool) -> Result<Output, ToolError> {
    let program = tool.program.clone();
    let io = |source| ToolError::Io {
        program: program.clone(),
        source,
    };
    let mut kill_at = Instant::now() + tool.limits.wall;
    let (mut group, pipes) = Group::start(&tool).await?;
    let mut stdout = Pipe::new(
        pipes
            .stdout
            .map(ChildStdout::from_std)
            .transpose()
            .map_err(io)?,
    );
    let mut stderr = Pipe::new(
        pipes
            .stderr
            .map(ChildStderr::from_std)
            .transpose()
            .map_err(io)?,
    );
    let mut complaint = Tail::new(tool.max_stderr);
    let stdin = pipes
        .stdin
        .map(ChildStdin::from_std)
        .transpose()
        .map_err(io)?;
    let feeder = feed(stdin, tool.stdin);

    let mut killed = None;
    let mut terminated = false;
    let status = loop {
        tokio::select! {
            Some(chunk) = stdout.chunk() => {
                if killed != Some(Killed::TooMuchOutput) && !on_stdout(chunk) {
                    killed = Some(Killed::TooMuchOutput);
                    group.kill();
                }
            }
            Some(chunk) = stderr.chunk() => complaint.push(chunk),
            status = group.ended() => break status.map_err(io)?,
            () = tokio::time::sleep_until(kill_at) => {
                killed.get_or_insert(Killed::Deadline);
                if terminated { group.kill() } else { group.terminate() }
                terminated = true;
                kill_at = Instant::now() + GRACE;
            }
        }
    };
    if let Some(feeder) = feeder {
        feeder.abort();
    }
    // The tree is dead, so what is left in the pipes is finite; the time limit is for a descendant
    // that hid from us and still holds a pipe.
    let rest = async {
        while let Some(chunk) = stdout.chunk().await {
            if killed.is_none() && !on_stdout(chunk) {
                killed = Some(Killed::TooMuchOutput);
            }
        }
        while let Some(chunk) = stderr.chunk().await {
            complaint.push(chunk);
        }
    };
    let _ = tokio::time::timeout(GRACE, rest).await;
    Ok(Output {
        status,
        stdout: Vec::new(),
        stderr_tail: complaint.text(),
        killed,
    })
}

fn feed(pipe: Option<ChildStdin>, stdin: Stdin) -> Option<JoinHandle<()>> {
    let (Some(mut pipe), Stdin::Bytes(bytes)) = (pipe, stdin) else {
        return None;
    };
    Some(tokio::spawn(async move {
        // A child that does not want its input closes the pipe; that is its right.
        let _ = pipe.write_all(&bytes).await;
    }))
}
