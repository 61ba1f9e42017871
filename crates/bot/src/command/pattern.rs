//! Small patterns for sentences: words in their order, `a|b` for one of several, `a|b?` for one of
//! several or none, and `LANG` where a language is named.

use media::Language;

use super::words::Token;

/// How the languages are called; a code alone is too short to be one in a sentence.
const NAMES: &[(Language, &str)] = &[
    (
        Language::PtBr,
        "portugues portuguese brasileiro brazilian portugueis",
    ),
    (Language::En, "ingles english inglesa"),
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

/// The whole of the words is this pattern. Answers the language it names.
pub(super) fn whole(pattern: &str, words: &[Token<'_>]) -> Option<Option<Language>> {
    let parts: Vec<&str> = pattern.split(' ').collect();
    let (eaten, language) = eat(&parts, words, true)?;
    (eaten == words.len()).then_some(language)
}

/// The words begin with this pattern. Answers how many it took.
pub(super) fn start(pattern: &str, words: &[Token<'_>]) -> Option<usize> {
    let parts: Vec<&str> = pattern.split(' ').collect();
    let (eaten, _) = eat(&parts, words, false)?;
    (eaten > 0).then_some(eaten)
}

/// The first language named anywhere in these words, by name, code or tag.
pub(super) fn language(words: &[Token<'_>]) -> Option<Language> {
    words
        .iter()
        .find_map(|token| listed(NAMES, &token.word).or_else(|| listed(CODES, &token.word)))
}

/// As much as it can take; with `to_end` only what takes everything.
fn eat(parts: &[&str], words: &[Token<'_>], to_end: bool) -> Option<(usize, Option<Language>)> {
    let Some((part, later)) = parts.split_first() else {
        return (!to_end || words.is_empty()).then_some((0, None));
    };
    let (choices, optional) = match part.strip_suffix('?') {
        Some(choices) => (choices, true),
        None => (*part, false),
    };
    let taken = words.split_first().and_then(|(token, rest)| {
        let named = choices
            .split('|')
            .find_map(|choice| fits(choice, &token.word))?;
        let (eaten, language) = eat(later, rest, to_end)?;
        Some((eaten + 1, named.or(language)))
    });
    if taken.is_none() && optional {
        return eat(later, words, to_end);
    }
    taken
}

/// Whether the word is the choice; inside, the language it names.
fn fits(choice: &str, word: &str) -> Option<Option<Language>> {
    match choice {
        "LANG" => listed(NAMES, word).map(Some),
        "CODE" => listed(CODES, word).map(Some),
        "FOREIGN" => FOREIGN
            .split_whitespace()
            .any(|name| name == word)
            .then_some(None),
        _ => (choice == word).then_some(None),
    }
}

fn listed(table: &[(Language, &str)], word: &str) -> Option<Language> {
    table
        .iter()
        .find(|(_, names)| names.split(' ').any(|name| name == word))
        .map(|(language, _)| *language)
}
