//! Commands, as people give them: with a slash on Telegram, in plain words anywhere, by a tap.
//!
//! A command is a whole message and nothing else. Somebody who writes "stop motion" or "acha que
//! ele tem razão?" talks about a video, and taking that for an order would be worse than missing a
//! clumsy one; so words are matched against whole sentences, never searched for.

use media::Language;

use crate::texts::Text;

mod find;
mod pattern;
mod phrases;
mod tap;
mod words;

pub use tap::Tap;

use phrases::{FORGETS_WHOM, LEADS, PHRASES, REQUESTS, SLASHES, TRAILS, WISHES};
use words::{Token, tokens};

/// Longer messages are talk. In characters.
const LONGEST: usize = 200;
/// Longer messages are talk. In words.
const MOST_WORDS: usize = 16;

/// Something a person tells the bot to do, besides watching.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Command {
    /// Say how this works.
    Help,
    /// Write to me (again).
    Start,
    /// Do not write to me any more.
    Stop,
    /// Speak this language; without one, or with one we do not speak: which are there?
    Language(Option<Language>),
    /// How many are left today.
    Quota,
    /// What I sent lately.
    History,
    /// Search my own reels for this; empty when nothing was given.
    Find(String),
    /// Erase what you know of me.
    Forget,
    /// Every word of the last one.
    Transcript,
    /// The sound of the last one.
    Audio,
    /// The last summary in another language; without one: in the other one.
    Other(Option<Language>),
    /// The last one once more.
    TryAgain,
}

/// The command this message is, if it is one. Messages with links are not commands: the caller
/// looks for those first, and takes a mention of the bot out.
pub fn read(words: &str) -> Option<Command> {
    let words = words.trim();
    if words.chars().take(LONGEST + 1).count() > LONGEST {
        return None;
    }
    if let Some(command) = words.strip_prefix('/') {
        return slash(command);
    }
    let all = tokens(words);
    if all.len() > MOST_WORDS {
        return None;
    }
    let (spoken, requested) = without_politeness(&all);
    let command = phrase(spoken).or_else(|| wish(spoken));
    match command {
        Some(Command::Stop | Command::Forget) if !is_meant(words, requested) => None,
        Some(command) => Some(command),
        None if words.contains('\n') => None,
        None => find::read(spoken, words.contains('?') && !requested).map(Command::Find),
    }
}

/// The commands a messenger can list, as it wants their names, with the sentence for each.
pub fn menu(language: Language) -> [(&'static str, Text); 8] {
    let [find, history, language, quota, help, stop, start, forget] = match language {
        Language::PtBr => [
            "buscar",
            "historico",
            "idioma",
            "cota",
            "ajuda",
            "parar",
            "start",
            "esquecer",
        ],
        Language::En => [
            "find", "history", "language", "quota", "help", "stop", "start", "forget",
        ],
        Language::Es => [
            "buscar",
            "historial",
            "idioma",
            "cuota",
            "ayuda",
            "baja",
            "start",
            "olvidar",
        ],
    };
    [
        (help, Text::CommandHelp),
        (find, Text::CommandFind),
        (history, Text::CommandHistory),
        (quota, Text::CommandQuota),
        (language, Text::CommandLanguage),
        (start, Text::CommandStart),
        (stop, Text::CommandStop),
        (forget, Text::CommandForget),
    ]
}

/// `/idioma en`, `/find@the_bot sourdough`, `/start` with whatever a link put behind it.
fn slash(command: &str) -> Option<Command> {
    let (name, rest) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let name = name.split('@').next().unwrap_or_default();
    let name = words::fold(name);
    let (make, _) = SLASHES
        .iter()
        .find(|(_, names)| names.split(' ').any(|known| known == name))?;
    let rest = tokens(rest);
    let rest = without_trails(&rest);
    Some(match make(None) {
        Command::Language(_) => Command::Language(pattern::language(rest)),
        Command::Other(_) => Command::Other(pattern::language(rest)),
        Command::Find(_) => Command::Find(find::query(rest)),
        Command::Stop if !rest.is_empty() => return None,
        Command::Forget if !rest.is_empty() => {
            pattern::whole(FORGETS_WHOM, rest)?;
            Command::Forget
        }
        command => command,
    })
}

fn phrase(spoken: &[Token<'_>]) -> Option<Command> {
    PHRASES.iter().find_map(|(make, patterns)| {
        patterns
            .iter()
            .find_map(|one| pattern::whole(one, spoken))
            .map(|fit| make(fit.language))
    })
}

/// "I want the transcript", "me manda o histórico". Nobody wishes to be forgotten by half a sentence.
fn wish(spoken: &[Token<'_>]) -> Option<Command> {
    let wished = WISHES.iter().find_map(|one| pattern::start(one, spoken))?;
    let command = phrase(spoken.get(wished..)?)?;
    (!matches!(command, Command::Stop | Command::Forget)).then_some(command)
}

/// A question ("apagar meus dados?") or a joke ("pare 😂") is not an order to fall silent or to
/// erase; "can you delete my data?" is.
fn is_meant(words: &str, requested: bool) -> bool {
    let jokes = words.contains(['😂', '🤣', '😆', '😹', '😅', '😍', '🥰', '😜', '😉']);
    !jokes && (requested || !words.contains('?'))
}

/// What is left without greetings, "please" and "can you", and whether it was put as a request.
fn without_politeness<'t, 'w>(all: &'t [Token<'w>]) -> (&'t [Token<'w>], bool) {
    let mut rest = all;
    let mut requested = false;
    loop {
        let eaten = LEADS.iter().find_map(|one| pattern::start(one, rest));
        let asked = REQUESTS.iter().find_map(|one| pattern::start(one, rest));
        requested |= asked.is_some();
        match eaten.or(asked) {
            Some(count) => rest = rest.get(count..).unwrap_or_default(),
            None => return (without_trails(rest), requested),
        }
    }
}

/// What is left without "please" and "thanks" at its end.
fn without_trails<'t, 'w>(all: &'t [Token<'w>]) -> &'t [Token<'w>] {
    let mut rest = all;
    'again: loop {
        for count in 1..=rest.len().min(2) {
            let (front, end) = rest.split_at(rest.len() - count);
            if TRAILS.iter().any(|one| pattern::whole(one, end).is_some()) {
                rest = front;
                continue 'again;
            }
        }
        return rest;
    }
}
