//! A child with all its descendants: started under limits, killed together.
//!
//! Each child is started and awaited by a thread of its own. The kernel ties a child's
//! parent-death signal to the *thread* that started it, so only a thread that lives exactly as long
//! as the child makes that signal mean "the server is gone".

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tokio::sync::oneshot;

use super::{Limits, SEARCH_PATH, Status, Stdin, Tool, ToolError, find};

/// Variable that marks every process of one tree, so that those who left the process group are
/// found as well.
const MARK: &str = "GRAMOPHONE_TOOL";

/// Politeness towards the rest of the machine: children yield to whoever answers webhooks.
const NICE: &str = "10";

/// A running tree. Dropping it kills it.
pub(super) struct Group {
    leader: Arc<Leader>,
    ended: oneshot::Receiver<io::Result<ExitStatus>>,
}

/// Our ends of the child's pipes.
pub(super) struct Pipes {
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<ChildStderr>,
}

/// The child itself. While the lock says it is not reaped its id cannot belong to anybody else.
struct Leader {
    pid: Pid,
    reaped: Mutex<bool>,
}

impl Leader {
    fn signal(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            // ESRCH: already gone, which is what we want.
            let _ = killpg(self.pid, signal);
        }
    }
}

impl Group {
    pub(super) async fn start(tool: &Tool) -> Result<(Self, Pipes), ToolError> {
        let mark = hex::encode(rand::random::<[u8; 12]>());
        let command = command(tool, &mark)?;
        let failed = |source| ToolError::Io {
            program: tool.program.clone(),
            source,
        };
        let (started, start) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("tool".to_owned())
            .stack_size(256 << 10)
            .spawn(move || watch(command, &mark, started, ending))
            .map_err(failed)?;
        let (leader, pipes) = start
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the watching thread died")))
            .map_err(failed)?;
        Ok((Self { leader, ended }, pipes))
    }

    /// Resolves when the child has ended and its descendants are killed.
    pub(super) async fn ended(&mut self) -> io::Result<Status> {
        let status = (&mut self.ended)
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the watching thread died")))?;
        Ok(Status {
            code: status.code(),
            signal: status.signal(),
        })
    }

    pub(super) fn terminate(&self) {
        self.leader.signal(Signal::SIGTERM);
    }

    pub(super) fn kill(&self) {
        self.leader.signal(Signal::SIGKILL);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

type Started = oneshot::Sender<io::Result<(Arc<Leader>, Pipes)>>;

/// The life of the watching thread: start, wait, kill what is left, reap.
fn watch(
    mut command: Command,
    mark: &str,
    started: Started,
    ending: oneshot::Sender<io::Result<ExitStatus>>,
) {
    let (leader, mut child) = match spawn(&mut command) {
        Ok((leader, child, pipes)) => {
            if started.send(Ok((Arc::clone(&leader), pipes))).is_err() {
                // Whoever asked is gone already.
                leader.signal(Signal::SIGKILL);
            }
            (leader, child)
        }
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    // Waits without reaping, so that the group id stays ours while we kill the rest of the group.
    while waitid(
        Id::Pid(leader.pid),
        WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT,
    ) == Err(Errno::EINTR)
    {}
    leader.signal(Signal::SIGKILL);
    let status = {
        let mut reaped = leader.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        *reaped = true;
        child.wait()
    };
    sweep(mark);
    let _ = ending.send(status);
}

fn spawn(command: &mut Command) -> io::Result<(Arc<Leader>, Child, Pipes)> {
    let mut child = command.spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let pipes = Pipes {
        stdin: child.stdin.take(),
        stdout: child.stdout.take(),
        stderr: child.stderr.take(),
    };
    Ok((
        Arc::new(Leader {
            pid,
            reaped: Mutex::new(false),
        }),
        child,
        pipes,
    ))
}

/// `setpriv` dies with us, `prlimit` sets the limits, `nice` yields; each replaces itself by the
/// next, so one process remains. This keeps the work between fork and exec out of our own code.
fn command(tool: &Tool, mark: &str) -> Result<Command, ToolError> {
    let program = find(&tool.program)?;
    let mut words: Vec<OsString> = Vec::new();
    if cfg!(target_os = "linux") {
        words.push(find(Path::new("setpriv"))?.into());
        words.extend(["--pdeathsig", "KILL", "--no-new-privs"].map(OsString::from));
        words.push(find(Path::new("prlimit"))?.into());
        words.extend(limit_flags(&tool.limits).into_iter().map(OsString::from));
    }
    words.push(find(Path::new("nice"))?.into());
    words.extend(["-n", NICE].map(OsString::from));
    words.push(program.into());
    words.extend(tool.args.iter().cloned());

    let mut words = words.into_iter();
    let first = words.next().unwrap_or_default();
    let mut command = Command::new(first);
    command
        .args(words)
        .current_dir(&tool.cwd)
        .env_clear()
        .env("PATH", SEARCH_PATH)
        .env("HOME", &tool.cwd)
        .env("LANG", "C.UTF-8")
        .env(MARK, mark)
        .envs(tool.env.iter().map(|(name, value)| (name, value)))
        .process_group(0)
        .stdin(stdin(tool)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(command)
}

fn stdin(tool: &Tool) -> Result<Stdio, ToolError> {
    match &tool.stdin {
        Stdin::Null => Ok(Stdio::null()),
        Stdin::Bytes(_) => Ok(Stdio::piped()),
        Stdin::File(path) => std::fs::File::open(path)
            .map(Stdio::from)
            .map_err(|source| ToolError::Io {
                program: tool.program.clone(),
                source,
            }),
    }
}

fn limit_flags(limits: &Limits) -> Vec<String> {
    let mut flags = vec!["--core=0".to_owned()];
    for (name, limit) in [
        ("cpu", limits.cpu_seconds),
        ("as", limits.address_space),
        ("fsize", limits.file_size),
        ("nofile", limits.open_files),
    ] {
        flags.extend(limit.map(|limit| format!("--{name}={limit}")));
    }
    flags
}

/// Kills every process that carries the mark, however it left the group. Repeats while it finds
/// some, because a dying tree may still be growing.
fn sweep(mark: &str) {
    let wanted = format!("{MARK}={mark}");
    for _ in 0..20 {
        let found = marked(wanted.as_bytes());
        if found.is_empty() {
            return;
        }
        for pid in found {
            let _ = kill(pid, Signal::SIGKILL);
        }
        std::thread::yield_now();
    }
}

fn marked(wanted: &[u8]) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            // Unreadable: another user's process, or one that is gone.
            let environ = std::fs::read(
                PathBuf::from("/proc")
                    .join(entry.file_name())
                    .join("environ"),
            );
            environ
                .ok()?
                .split(|byte| *byte == 0)
                .any(|pair| pair == wanted)
                .then(|| Pid::from_raw(pid))
        })
        .collect()
}
