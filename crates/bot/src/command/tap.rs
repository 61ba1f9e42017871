//! What a tapped button stands for, in the few bytes that both messengers keep for it.

use media::Language;
use uuid::Uuid;

use super::Command;

/// Something that was tapped: a choice under an answer, a menu entry, a first question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tap {
    /// Every word of this answer.
    Transcript(Uuid),
    /// The sound of this answer.
    Audio(Uuid),
    /// This answer's summary in that language.
    InLanguage(Uuid, Language),
    /// This one once more.
    TryAgain(Uuid),
    /// As if it had been written; a search without what is looked for.
    Command(Command),
}

impl Tap {
    /// As a button carries it: at most 64 bytes of ASCII, the room of Telegram's `callback_data`
    /// (<https://core.telegram.org/bots/api#inlinekeyboardbutton>).
    pub fn data(&self) -> String {
        match self {
            Self::Transcript(id) => format!("t:{}", id.simple()),
            Self::Audio(id) => format!("a:{}", id.simple()),
            Self::InLanguage(id, language) => format!("l:{}:{}", id.simple(), language.code()),
            Self::TryAgain(id) => format!("r:{}", id.simple()),
            Self::Command(command) => {
                let (word, language) = word(command);
                match language {
                    Some(language) => format!("c:{word}:{}", language.code()),
                    None => format!("c:{word}"),
                }
            }
        }
    }

    /// Reads what [`Self::data`] wrote, and nothing else: a button of somebody else's, or of a
    /// version that knew more, is not ours to guess at.
    pub fn parse(data: &str) -> Option<Self> {
        let mut parts = data.split(':');
        let kind = parts.next()?;
        let what = parts.next()?;
        let language = match parts.next() {
            Some(code) => Some(language(code)?),
            None => None,
        };
        if parts.next().is_some() {
            return None;
        }
        match (kind, language) {
            ("t", None) => id(what).map(Self::Transcript),
            ("a", None) => id(what).map(Self::Audio),
            ("r", None) => id(what).map(Self::TryAgain),
            ("l", Some(language)) => id(what).map(|id| Self::InLanguage(id, language)),
            ("c", language) => command(what, language).map(Self::Command),
            _ => None,
        }
    }
}

fn word(command: &Command) -> (&'static str, Option<Language>) {
    match command {
        Command::Help => ("help", None),
        Command::Start => ("start", None),
        Command::Stop => ("stop", None),
        Command::Language(language) => ("language", *language),
        Command::Quota => ("quota", None),
        Command::History => ("history", None),
        Command::Find(_) => ("find", None),
        Command::Forget => ("forget", None),
        Command::Transcript => ("transcript", None),
        Command::Audio => ("audio", None),
        Command::Other(language) => ("other", *language),
        Command::TryAgain => ("again", None),
    }
}

fn command(word: &str, language: Option<Language>) -> Option<Command> {
    match (word, language) {
        ("language", language) => Some(Command::Language(language)),
        ("other", language) => Some(Command::Other(language)),
        (_, Some(_)) => None,
        ("help", _) => Some(Command::Help),
        ("start", _) => Some(Command::Start),
        ("stop", _) => Some(Command::Stop),
        ("quota", _) => Some(Command::Quota),
        ("history", _) => Some(Command::History),
        ("find", _) => Some(Command::Find(String::new())),
        ("forget", _) => Some(Command::Forget),
        ("transcript", _) => Some(Command::Transcript),
        ("audio", _) => Some(Command::Audio),
        ("again", _) => Some(Command::TryAgain),
        _ => None,
    }
}

fn language(code: &str) -> Option<Language> {
    Language::ALL
        .into_iter()
        .find(|language| language.code() == code)
}

/// The one spelling that we write.
fn id(hex: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(hex).ok()?;
    (id.simple().to_string() == hex).then_some(id)
}
