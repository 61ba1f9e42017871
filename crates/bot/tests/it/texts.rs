//! Every sentence exists in every language, says what it should and behaves.

use std::collections::BTreeSet;

use bot::texts::{Arg, Failure, Text, plain, say};
use media::Language;

fn keys_of_file(language: Language) -> BTreeSet<String> {
    let path = format!(
        "{}/locales/{}/chat.ftl",
        env!("CARGO_MANIFEST_DIR"),
        language.tag()
    );
    std::fs::read_to_string(path)
        .expect("the file of the language")
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, _)| key.trim_end().to_owned())
        .filter(|key| !key.is_empty() && !key.starts_with([' ', '#']))
        .collect()
}

fn all() -> Vec<Text> {
    let failures = Failure::ALL.iter().copied().map(Text::Failed);
    Text::PLAIN.iter().copied().chain(failures).collect()
}

fn with_values(language: Language, text: Text) -> String {
    let args = [
        ("n", Arg::Number(2)),
        ("of", Arg::Number(3)),
        ("taken", Arg::Number(5)),
        ("left", Arg::Number(2)),
        ("limit", Arg::Number(20)),
        ("minutes", Arg::Number(30)),
        ("wait", Arg::Words("WAIT".into())),
        ("author", Arg::Words("AUTHOR".into())),
        ("until", Arg::Words("UNTIL".into())),
        ("url", Arg::Words("URL".into())),
    ];
    say(language, text, &args)
}

#[test]
fn each_file_has_exactly_the_keys_of_the_code() {
    let expected: BTreeSet<String> = all().iter().map(|text| text.key().into_owned()).collect();
    assert_eq!(expected.len(), all().len());
    for language in Language::ALL {
        assert_eq!(keys_of_file(language), expected, "{language}");
    }
}

#[test]
fn each_sentence_is_said_whole_and_in_its_own_language() {
    for text in all() {
        let said = Language::ALL.map(|language| with_values(language, text));
        for words in &said {
            assert!(
                words.len() > 4 && !words.contains(['{', '}', '$']),
                "{text:?}: {words}"
            );
            assert!(
                !words.contains(text.key().as_ref()) || text.key().len() < 9,
                "{words}"
            );
            assert!(words.len() < 400, "short enough for a chat: {words}");
        }
        if !matches!(
            text,
            Text::Credit | Text::PartOf | Text::WaitMinutes | Text::WaitHours
        ) {
            let different: BTreeSet<&String> = said.iter().collect();
            assert_eq!(different.len(), 3, "{text:?} is not translated: {said:?}");
        }
    }
}

#[test]
fn failures_are_said_calmly() {
    for language in Language::ALL {
        for failure in Failure::ALL {
            let words = with_values(language, Text::Failed(*failure));
            assert!(!words.contains(['!', '¡']), "{words}");
            assert!(words.ends_with('.'), "{words}");
        }
    }
}

#[test]
fn no_sentence_holds_a_link_that_we_would_answer() {
    for language in Language::ALL {
        for text in all() {
            assert!(media::link::find(&with_values(language, text)).is_empty());
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
}
