//! What a person can tap below an answer.

use media::{Fetched, Language, SummaryKind};
use uuid::Uuid;

use crate::channel::{Channel, Choice};
use crate::command::Tap;
use crate::desk::Desk;
use crate::pipeline::Words;
use crate::texts::{Failure, Text, plain};

/// Below a finished answer: what can be had of the same reel without another download.
pub(crate) fn after_answer(desk: &Desk<'_>, fetched: &Fetched, words: &Words) -> Vec<Choice> {
    let (language, job) = (desk.language(), desk.job.id);
    let mut choices = Vec::new();
    if !words.heard.text.is_empty() {
        choices.push(choice(
            language,
            Text::ChoiceTranscript,
            &Tap::Transcript(job),
        ));
    }
    let has_sound = fetched.main_item().is_some_and(|item| item.has_audio);
    if has_sound && !desk.is_own() {
        choices.push(choice(language, Text::ChoiceAudio, &Tap::Audio(job)));
    }
    // Excerpts are quoted, not translated.
    if words.summary.kind == SummaryKind::Model {
        let other = other_than(language);
        choices.push(choice(
            language,
            in_language(other),
            &Tap::InLanguage(job, other),
        ));
    }
    choices.truncate(desk.channel().limits().choices);
    choices
}

/// Below an apology: once more, where that may help.
pub(crate) fn after_failure(
    job: Uuid,
    failure: Failure,
    language: Language,
    channel: &dyn Channel,
) -> Vec<Choice> {
    let may_help = matches!(
        failure,
        Failure::Network
            | Failure::RateLimited
            | Failure::Ambiguous
            | Failure::Misconfigured
            | Failure::Internal
    );
    if !may_help || channel.limits().choices == 0 {
        return Vec::new();
    }
    vec![choice(language, Text::ChoiceTryAgain, &Tap::TryAgain(job))]
}

pub(crate) fn choice(language: Language, title: Text, tap: &Tap) -> Choice {
    Choice {
        title: plain(language, title),
        data: tap.data(),
    }
}

/// The other language that most people here read.
pub(crate) fn other_than(language: Language) -> Language {
    match language {
        Language::PtBr | Language::Es => Language::En,
        Language::En => Language::PtBr,
    }
}

pub(crate) fn in_language(language: Language) -> Text {
    match language {
        Language::PtBr => Text::ChoiceInPortuguese,
        Language::En => Text::ChoiceInEnglish,
        Language::Es => Text::ChoiceInSpanish,
    }
}
