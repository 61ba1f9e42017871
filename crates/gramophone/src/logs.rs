//! Log lines: JSON by default, written by a thread of their own.
//!
//! A slow terminal or a full disk must not slow a webhook down, so lines wait in a bounded queue, and
//! what does not fit is dropped and counted. What is never logged is listed in `docs/security.md`:
//! people's texts, tokens, and addresses of media.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use server::settings::{Log, LogFormat};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Lines that may wait: at 20,000 a second this rides out a fifth of a second.
const QUEUE_LINES: usize = 4_096;
/// How long lines gather before the next write.
const GATHER: std::time::Duration = std::time::Duration::from_millis(2);

/// Starts logging; lines are flushed when the guard is dropped.
pub(crate) fn start(log: &Log, to: Box<dyn Write + Send>) -> anyhow::Result<Guard> {
    let filter = EnvFilter::try_new(filter_of(&log.level)).map_err(|error| {
        anyhow::anyhow!(
            "log.level is neither a level nor a filter like \"info,bot=debug\": {error}"
        )
    })?;
    let (queue, guard) = Queue::start(to)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(queue);
    match log.format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .init(),
        LogFormat::Text => lines.with_ansi(false).init(),
    }
    log_panics();
    Ok(guard)
}

/// A bare level is meant for us: what our libraries say below a warning is noise to an operator.
fn filter_of(level: &str) -> String {
    if level.contains(['=', ',']) {
        return level.to_owned();
    }
    let quiet = [
        "sea_orm_migration",
        "sqlx",
        "hyper_util",
        "reqwest",
        "rustls",
        "rustls_platform_verifier",
    ];
    quiet.iter().fold(level.to_owned(), |filter, library| {
        format!("{filter},{library}=warn")
    })
}

/// A panic is a line like any other. Its message stays out: it may quote what somebody wrote.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(place, %backtrace, "panic; this is a bug, please report its place");
    }));
}

enum Message {
    Line(Vec<u8>),
    End,
}

#[derive(Clone)]
struct Queue {
    lines: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// Writes what is left when dropped.
pub(crate) struct Guard {
    lines: SyncSender<Message>,
    writer: Option<JoinHandle<()>>,
}

impl Queue {
    fn start(to: Box<dyn Write + Send>) -> io::Result<(Self, Guard)> {
        let (lines, receiver) = sync_channel(QUEUE_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = std::thread::Builder::new().name("log".to_owned()).spawn({
            let dropped = Arc::clone(&dropped);
            move || write_lines(&receiver, &dropped, to)
        })?;
        let guard = Guard {
            lines: lines.clone(),
            writer: Some(writer),
        };
        Ok((Self { lines, dropped }, guard))
    }
}

/// One flush for as many lines as wait. An error is no reason to stop: the disk may have room again.
fn write_lines(receiver: &Receiver<Message>, dropped: &AtomicU64, mut to: Box<dyn Write + Send>) {
    while let Ok(first) = receiver.recv() {
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Line(line) => {
                    let _ = to.write_all(&line);
                }
                Message::End => {
                    let _ = to.flush();
                    return;
                }
            }
            next = receiver.try_recv().ok();
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(
                to,
                r#"{{"level":"WARN","message":"log lines were dropped","count":{lost}}}"#
            );
        }
        let _ = to.flush();
        // Lines come in swarms. Whoever logs in the next moments need not wake this thread, and they share a write.
        #[expect(clippy::disallowed_methods, reason = "a thread that only writes lines")]
        std::thread::sleep(GATHER);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.lines.send(Message::End);
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl MakeWriter<'_> for Queue {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line {
            queue: self.clone(),
            bytes: Vec::new(),
        }
    }
}

/// One line while it is written.
struct Line {
    queue: Queue,
    bytes: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let line = std::mem::take(&mut self.bytes);
        if !line.is_empty() && self.queue.lines.try_send(Message::Line(line)).is_err() {
            self.queue.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_there_when_the_guard_is_gone() {
        let page = Page::default();
        let (queue, guard) = Queue::start(Box::new(page.clone())).unwrap();
        for number in 0..1_000 {
            let mut line = queue.make_writer();
            writeln!(line, "{number}").unwrap();
        }
        drop(guard);
        let written = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1_000);
        assert_eq!(written.lines().last(), Some("999"));
    }

    /// A disk that does not move: the caller goes on, and what is lost is counted.
    #[test]
    fn a_stuck_disk_stops_nobody() {
        struct Stuck(Receiver<()>);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let _ = self.0.recv();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (release, stuck) = sync_channel(0);
        let (queue, guard) = Queue::start(Box::new(Stuck(stuck))).unwrap();
        for _ in 0..QUEUE_LINES * 2 {
            writeln!(queue.make_writer(), "line").unwrap();
        }
        assert!(queue.dropped.load(Ordering::Relaxed) >= QUEUE_LINES as u64 - 1);
        drop(release);
        drop(guard);
    }
}
