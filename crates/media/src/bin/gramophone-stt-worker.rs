//! The embedded speech engine as a program of its own, for those who keep it apart from the server (another user, another
//! container limit): `speech.worker_program` names it. Speaks the same protocol as `gramophone stt-worker`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    args.next_if(|first| first == "stt-worker");
    media::speech_worker(args)
}
