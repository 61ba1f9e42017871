//! Lines for the person at the terminal.
//!
//! A closed pipe is how `| head` says that it has seen enough, so it is no error.

use std::fmt::Display;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// Prints a line.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints over the last line, for progress on a terminal.
pub(crate) fn say_over(line: impl Display) {
    let mut out = io::stdout().lock();
    let _ = write!(out, "\r\x1b[2K{line}").and_then(|()| out.flush());
}

/// Whether a person is at both ends.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Asks for a line; empty when nothing is given.
pub(crate) fn ask(question: &str) -> io::Result<String> {
    let mut out = io::stdout().lock();
    write!(out, "{question}: ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
