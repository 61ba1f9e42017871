//! Small patterns for sentences: words in their order, `a|b` for one of several, `a|b?` for one of
//! several or none, and `LANG` where a language is named.

use media::Language;

use super::words::Token;

/// How the languages are called; a code alone is too short to be one in a sentence.
const NAMES: &[(Language, &str)] = &[
    (Language::PtBr, "portugues portuguese"),
    (Language::En, "ingles english"),
    (
        Language::Es,
        "espanhol espanol spanish castellano castelhano",
    ),
];
const CODES: &[(Language, &str)] = &[
    (Language::PtBr, "pt ptbr br por"),
    (Language::En, "en eng enus engb"),
    (Language::Es, "es esp spa"),
];
/// Languages that people ask for and that we do not speak.
const FOREIGN: &str = "frances french alemao aleman german italiano italian japones japanese \
    chines chino chinese mandarim mandarin russo ruso russian arabe arabic coreano korean hindi \
    catalao catalan galego gallego holandes dutch turco turkish hebraico hebreo hebrew polones polaco";

/// Words that are a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// How many words it took.
    eaten: usize,
    /// The language they name.
    pub(super) language: Option<Language>,
}

/// The whole of the words is this pattern.
pub(super) fn whole(pattern: &str, words: &[Token<'_>]) -> Option<Fit> {
    let parts: Vec<&str> = pattern.split(' ').collect();
    eat(&parts, words, true)
}

/// The words begin with this pattern. Answers how many it took.
pub(super) fn start(pattern: &str, words: &[Token<'_>]) -> Option<usize> {
    let parts: Vec<&str> = pattern.split(' ').collect();
    let Fit { eaten, .. } = eat(&parts, words, false)?;
    (eaten > 0).then_some(eaten)
}

/// The first language named anywhere in these words, by name, code or tag.
pub(super) fn language(words: &[Token<'_>]) -> Option<Language> {
    words
        .iter()
        .find_map(|token| listed(NAMES, &token.word).or_else(|| listed(CODES, &token.word)))
}

/// As much as it can take; with `to_end` only what takes everything.
fn eat(parts: &[&str], words: &[Token<'_>], to_end: bool) -> Option<Fit> {
    let Some((part, later)) = parts.split_first() else {
        return (!to_end || words.is_empty()).then_some(Fit {
            eaten: 0,
            language: None,
        });
    };
    let (choices, optional) = match part.strip_suffix('?') {
        Some(choices) => (choices, true),
        None => (*part, false),
    };
    let taken = words.split_first().and_then(|(token, rest)| {
        if !choices.split('|').any(|choice| fits(choice, &token.word)) {
            return None;
        }
        let fit = eat(later, rest, to_end)?;
        let named = language_in(choices, &token.word);
        Some(Fit {
            eaten: fit.eaten + 1,
            language: named.or(fit.language),
        })
    });
    if taken.is_none() && optional {
        return eat(later, words, to_end);
    }
    taken
}

/// Whether the word is what this choice allows.
fn fits(choice: &str, word: &str) -> bool {
    match choice {
        "LANG" => listed(NAMES, word).is_some(),
        "CODE" => listed(CODES, word).is_some(),
        "FOREIGN" => FOREIGN.split_whitespace().any(|name| name == word),
        _ => choice == word,
    }
}

/// The language that the word names, where one may be named.
fn language_in(choices: &str, word: &str) -> Option<Language> {
    choices.split('|').find_map(|choice| match choice {
        "LANG" => listed(NAMES, word),
        "CODE" => listed(CODES, word),
        _ => None,
    })
}

fn listed(table: &[(Language, &str)], word: &str) -> Option<Language> {
    table
        .iter()
        .find(|(_, names)| names.split(' ').any(|name| name == word))
        .map(|(language, _)| *language)
}

#[cfg(test)]
mod tests {
    use super::super::words::tokens;
    use super::*;

    #[test]
    fn a_pattern_takes_whole_sentences_only() {
        for (pattern, words, expected) in [
            ("a|b c?", "a", true),
            ("a|b c?", "B, c!", true),
            ("a|b c?", "a b", false),
            ("a|b c?", "a c c", false),
            ("a|b c?", "c", false),
            ("a? a", "a", true),
            ("a? a", "a a", true),
            ("a? b? c", "b c", true),
            ("a? b? c", "a c", true),
            ("a? b? c", "b a c", false),
            ("in LANG", "in français", false),
            ("in FOREIGN", "in français", false),
            ("in FOREIGN", "in francês", true),
        ] {
            let found = whole(pattern, &tokens(words)).is_some();
            assert_eq!(found, expected, "{pattern}: {words}");
        }
    }

    #[test]
    fn a_pattern_says_which_language_it_met() {
        for (pattern, words, expected) in [
            ("in LANG please?", "in Spanish please", Some(Language::Es)),
            ("in LANG|CODE", "in pt-BR", Some(Language::PtBr)),
            ("in LANG|FOREIGN", "in french", None),
            ("LANG or? LANG?", "english or spanish", Some(Language::En)),
        ] {
            let fit = whole(pattern, &tokens(words)).expect("it fits");
            assert_eq!(fit.language, expected, "{pattern}: {words}");
        }
    }

    #[test]
    fn a_start_is_as_long_as_it_can_be() {
        for (pattern, words, expected) in [
            ("please", "please stop", Some(1)),
            ("can you? please?", "can you please stop", Some(3)),
            ("can you", "can he", None),
            ("you?", "stop", None),
        ] {
            assert_eq!(
                start(pattern, &tokens(words)),
                expected,
                "{pattern}: {words}"
            );
        }
    }
}
