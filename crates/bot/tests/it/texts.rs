//! Every sentence exists in every language, says what it should and behaves.

use std::collections::{BTreeMap, BTreeSet};

use bot::texts::{Arg, Failure, Text, plain, say, say_on};
use media::Language;

/// Each key of a language's file with the names of the values that its sentence takes.
fn keys_of_file(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let path = format!(
        "{}/locales/{}/chat.ftl",
        env!("CARGO_MANIFEST_DIR"),
        language.tag()
    );
    let file = std::fs::read_to_string(path).expect("the file of the language");
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in file.lines() {
        if !line.starts_with([' ', '#'])
            && let Some((key, _)) = line.split_once('=')
        {
            key.trim_end().clone_into(&mut current);
            let before = keys.insert(current.clone(), BTreeSet::new());
            assert_eq!(before, None, "{current} twice in {language}");
        }
        let names = line.split('$').skip(1).map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
                .collect::<String>()
        });
        if let Some(values) = keys.get_mut(&current) {
            values.extend(names);
        }
    }
    keys
}

fn all() -> Vec<Text> {
    let failures = Failure::ALL.iter().copied().map(Text::Failed);
    Text::PLAIN.iter().copied().chain(failures).collect()
}

const CHANNELS: [&str; 2] = ["instagram", "telegram"];

fn values(n: i64) -> Vec<(&'static str, Arg<'static>)> {
    let numbers = ["n", "of", "taken", "left", "limit", "minutes", "percent"];
    let words = [
        "wait", "author", "until", "url", "place", "title", "date", "moment", "excerpt", "query",
    ];
    let numbers = numbers.into_iter().map(|name| (name, Arg::Number(n)));
    let words = words
        .into_iter()
        .map(|name| (name, Arg::Words(name.to_uppercase().into())));
    numbers.chain(words).collect()
}

fn with_values(language: Language, text: Text) -> String {
    say(language, text, &values(2))
}

/// Whether the words say the same in every language, or nearly.
fn is_international(text: Text) -> bool {
    matches!(
        text,
        Text::Credit
            | Text::PartOf
            | Text::WaitMinutes
            | Text::WaitHours
            | Text::AboutSeconds
            | Text::AboutMinutes
            | Text::ChoiceFind
            | Text::HistoryEntry
            | Text::HistoryEntryAnonymous
            | Text::LanguagePortuguese
            | Text::LanguageEnglish
            | Text::LanguageSpanish
    )
}

#[test]
fn each_file_has_exactly_the_keys_of_the_code() {
    let expected: BTreeSet<String> = all().iter().map(|text| text.key().into_owned()).collect();
    assert_eq!(expected.len(), all().len());
    for language in Language::ALL {
        let common: BTreeSet<String> = keys_of_file(language)
            .into_keys()
            .filter(|key| {
                !CHANNELS
                    .iter()
                    .any(|name| key.ends_with(&format!("-{name}")))
            })
            .collect();
        assert_eq!(common, expected, "{language}");
    }
}

#[test]
fn each_sentence_takes_the_same_values_in_every_language() {
    let portuguese = keys_of_file(Language::PtBr);
    for language in [Language::En, Language::Es] {
        let other = keys_of_file(language);
        for (key, values) in &portuguese {
            assert_eq!(other.get(key), Some(values), "{key} in {language}");
        }
        assert_eq!(other.len(), portuguese.len(), "{language}");
    }
}

#[test]
fn what_a_channel_says_its_own_way_needs_no_other_values() {
    let keys = keys_of_file(Language::PtBr);
    let mut own = 0;
    for (key, values) in &keys {
        for channel in CHANNELS {
            let Some(common) = key.strip_suffix(&format!("-{channel}")) else {
                continue;
            };
            own += 1;
            let common = keys.get(common).expect("a sentence for the other channels");
            assert!(
                values.is_subset(common),
                "{key} needs more than it is given"
            );
        }
    }
    assert!(own >= 7, "sharing means another thing on Telegram");
}

#[test]
fn each_sentence_is_said_whole_and_in_its_own_language() {
    for text in all() {
        let said = Language::ALL.map(|language| with_values(language, text));
        for words in &said {
            assert!(
                words.len() >= 4 && !words.contains(['{', '}', '$']),
                "{text:?}: {words}"
            );
            assert!(
                !words.contains(text.key().as_ref()) || text.key().len() < 9,
                "{words}"
            );
            assert!(words.len() < 400, "short enough for a chat: {words}");
        }
        if !is_international(text) {
            let different: BTreeSet<&String> = said.iter().collect();
            assert_eq!(different.len(), 3, "{text:?} is not translated: {said:?}");
        }
    }
}

#[test]
fn each_count_is_said_whole() {
    for text in all() {
        for language in Language::ALL {
            for n in [0, 1, 2, 5, 21] {
                let words = say(language, text, &values(n));
                assert!(!words.contains(['{', '}', '$']), "{n}: {words}");
            }
        }
    }
}

#[test]
fn choices_fit_their_buttons() {
    for text in all() {
        let key = text.key();
        let most = match key.split('-').next() {
            Some("choice" | "language")
                if !matches!(text, Text::LanguageNow | Text::LanguageWhich) =>
            {
                20
            }
            Some("first") => 80,
            // Telegram takes 256 (https://core.telegram.org/bots/api#botcommand); a phone shows one line.
            Some("command") => 100,
            _ => continue,
        };
        for language in Language::ALL {
            let title = plain(language, text);
            assert!(title.chars().count() <= most, "{key}: {title}");
            assert!(title.encode_utf16().count() <= most, "{key}: {title}");
            assert!(!title.ends_with('.'), "{key}: {title}");
        }
    }
}

/// The titles shown side by side must differ.
#[test]
fn no_two_choices_are_called_the_same() {
    for language in Language::ALL {
        let titles: Vec<String> = Text::PLAIN
            .iter()
            .filter(|text| text.key().starts_with("choice-"))
            .map(|text| plain(language, *text))
            .collect();
        let different: BTreeSet<&String> = titles.iter().collect();
        assert_eq!(different.len(), titles.len(), "{titles:?}");
    }
}

/// What went wrong, besides the classes of failure.
const REFUSALS: [Text; 14] = [
    Text::UnsupportedProfile,
    Text::UnsupportedHashtag,
    Text::UnsupportedStory,
    Text::UnsupportedMessage,
    Text::TranscriptEmpty,
    Text::AudioNone,
    Text::FileGone,
    Text::NotYours,
    Text::TapUnknown,
    Text::NothingYet,
    Text::AgainNothing,
    Text::CannotTranslate,
    Text::FoundNothing,
    Text::FileOverLimit,
];

#[test]
fn failures_are_said_calmly() {
    let failures = Failure::ALL.iter().copied().map(Text::Failed);
    for text in failures.chain(REFUSALS) {
        for language in Language::ALL {
            for channel in CHANNELS {
                let words = say_on(channel, language, text, &values(2));
                assert!(!words.contains(['!', '¡']), "{words}");
                assert!(words.ends_with('.'), "{words}");
            }
        }
    }
}

/// Two sentences at least, or one that says "or": what happened, then what to do.
#[test]
fn failures_say_what_to_do_next() {
    for failure in Failure::ALL.iter().copied().map(Text::Failed) {
        for language in Language::ALL {
            for channel in CHANNELS {
                let words = say_on(channel, language, failure, &values(2));
                let sentences = words.matches(". ").count() + words.matches("; ").count() + 1;
                let reason = words.matches(": ").count();
                assert!(sentences + reason >= 2, "{words}");
            }
        }
    }
}

/// On Telegram nothing can be "shared with me directly": a post of Instagram arrives as its link.
#[test]
fn nobody_is_sent_to_a_button_that_their_messenger_lacks() {
    for text in all() {
        for (language, phrase) in [
            (Language::PtBr, "direto comigo"),
            (Language::En, "with me directly"),
            (Language::Es, "directamente conmigo"),
        ] {
            let words = say_on("telegram", language, text, &values(2)).to_lowercase();
            assert!(!words.contains(phrase), "{words}");
        }
    }
}

#[test]
fn each_channel_says_it_its_own_way() {
    let private = Text::Failed(Failure::Private);
    let telegram = say_on("telegram", Language::En, private, &[]);
    assert!(telegram.ends_with("send me the file here."), "{telegram}");
    let instagram = say_on("instagram", Language::En, private, &[]);
    assert_eq!(instagram, plain(Language::En, private));
    assert_eq!(
        say_on("telegram", Language::Es, Text::StepSending, &[]),
        plain(Language::Es, Text::StepSending)
    );
}

#[test]
fn no_sentence_holds_a_link_that_we_would_answer() {
    for language in Language::ALL {
        for text in all() {
            for channel in CHANNELS {
                let words = say_on(channel, language, text, &values(2));
                assert!(media::link::find(&words).is_empty(), "{words}");
            }
        }
    }
}

/// Two machines that talk, or our own words quoted back, must not order anything.
#[test]
fn no_sentence_is_a_command_but_the_titles_of_choices() {
    for language in Language::ALL {
        for text in all() {
            let key = text.key();
            let is_title = ["choice-", "language-", "first-", "command-"]
                .iter()
                .any(|kind| key.starts_with(kind))
                || matches!(text, Text::Transcript | Text::Audio | Text::HistoryHeader);
            for channel in CHANNELS {
                let words = say_on(channel, language, text, &values(2));
                let command = bot::command::read(&words);
                assert!(is_title || command.is_none(), "{words}: {command:?}");
            }
        }
    }
}

#[test]
fn the_brand_speaks_as_agreed() {
    let said = |text| plain(Language::PtBr, text);
    assert_eq!(said(Text::Received), "Recebi! Estou assistindo pra você.");
    assert_eq!(
        said(Text::MusicOnly),
        "Só tem música nesse. O resumo vem da legenda:"
    );
    assert_eq!(
        said(Text::Failed(Failure::Private)),
        "Essa conta é privada. Compartilhe o reel direto comigo que eu consigo abrir."
    );
    assert_eq!(
        plain(Language::En, Text::Received),
        "Got it. Watching it for you."
    );
}

#[test]
fn counts_choose_their_plural() {
    let one = [("n", Arg::Number(1))];
    let two = [("n", Arg::Number(2))];
    assert_eq!(say(Language::En, Text::WaitHours, &one), "about 1 hour");
    assert_eq!(say(Language::En, Text::WaitHours, &two), "about 2 hours");
    assert_eq!(say(Language::PtBr, Text::WaitMinutes, &one), "1 minuto");
    assert_eq!(say(Language::Es, Text::WaitMinutes, &two), "2 minutos");
    assert_eq!(say(Language::PtBr, Text::Found, &one), "Achei este:");
    assert_eq!(say(Language::En, Text::Found, &two), "I found these 2:");
}

#[test]
fn what_is_left_is_said_by_its_count() {
    let said = |language, left| {
        let args = [
            ("left", Arg::Number(left)),
            ("limit", Arg::Number(20)),
            ("wait", Arg::Words("3 h".into())),
        ];
        say(language, Text::QuotaLeft, &args)
    };
    assert_eq!(
        said(Language::PtBr, 7),
        "Ainda restam 7 de 20 hoje. Volto a contar à meia-noite, daqui a 3 h."
    );
    assert_eq!(
        said(Language::PtBr, 0),
        "Você já usou seus 20 de hoje. Volto a contar à meia-noite, daqui a 3 h."
    );
    assert_eq!(
        said(Language::En, 1),
        "1 of 20 left for today. It starts again at midnight, in 3 h."
    );
    assert!(said(Language::Es, 1).starts_with("Te queda 1 de 20 hoy."));
}

#[test]
fn a_failure_is_stored_under_its_word() {
    for failure in Failure::ALL.iter().copied() {
        let stored = serde_json::to_string(&failure).expect("JSON");
        assert_eq!(stored, format!("\"{}\"", failure.as_str()));
        let back: Failure = serde_json::from_str(&stored).expect("a failure");
        assert_eq!(back, failure);
    }
}
