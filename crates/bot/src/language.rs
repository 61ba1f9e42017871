//! Which language to answer a person in.
//!
//! People write little: `whatlang` is good from about twenty words on and guesses below that, so
//! short texts are judged by small word lists, and where those are silent the conversation keeps
//! the language it had.

use media::Language;
use unicode_segmentation::UnicodeSegmentation;
use whatlang::{Detector, Lang};

/// From this many words on the statistical detector is trusted.
const ENOUGH_WORDS: usize = 20;

/// Words that give a language away and are not everyday words of the other two.
const PORTUGUESE: &[&str] = &[
    "oi", "olá", "ola", "opa", "obrigado", "obrigada", "valeu", "você", "voce", "vc", "vcs", "pra",
    "pro", "resumo", "resuma", "resume", "esse", "isso", "não", "nao", "quero", "tudo", "bom",
    "boa", "dia", "tarde", "noite", "bem", "manda", "vídeo", "veja", "olha", "favor", "pode",
    "poderia", "faz", "faça", "uma", "um", "com", "são", "está", "tá", "ta", "né", "aí", "aqui",
    "meu", "minha", "muito", "também", "ajuda", "sobre", "fala", "diz", "o", "os",
];
const ENGLISH: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "please",
    "thanks",
    "thank",
    "you",
    "this",
    "that",
    "what",
    "the",
    "is",
    "are",
    "can",
    "could",
    "summary",
    "summarize",
    "summarise",
    "give",
    "me",
    "and",
    "for",
    "with",
    "watch",
    "does",
    "say",
    "about",
    "it",
    "my",
    "good",
    "morning",
    "evening",
    "check",
    "out",
    "of",
    "in",
    "to",
    "one",
    "here",
    "need",
    "want",
    "tell",
    "how",
];
const SPANISH: &[&str] = &[
    "hola",
    "gracias",
    "usted",
    "qué",
    "este",
    "esto",
    "eso",
    "quiero",
    "resumen",
    "resúmelo",
    "buenos",
    "buenas",
    "días",
    "tardes",
    "noches",
    "puedes",
    "puede",
    "el",
    "los",
    "las",
    "la",
    "un",
    "una",
    "por",
    "favor",
    "dice",
    "aquí",
    "mira",
    "mándame",
    "y",
    "muy",
    "también",
    "sobre",
    "es",
    "está",
    "con",
    "hazme",
    "dime",
    "necesito",
    "cómo",
    "video",
    "del",
    "al",
    "bien",
    "todo",
    "me",
    "habla",
];

/// The language of a message, given what the conversation spoke before and the account's default.
pub fn choose(text: &str, known: Option<Language>, default: Language) -> Language {
    let words = own_words(text);
    if words.len() >= ENOUGH_WORDS
        && let Some(language) = by_statistics(&words)
    {
        return language;
    }
    match (by_word_lists(&words), known) {
        // One stray word does not turn a conversation around: "ok thanks" among Portuguese.
        (Some((_, hits)), Some(known)) if hits < 2 && words.len() > 1 => known,
        (Some((language, _)), _) => language,
        (None, Some(known)) => known,
        (None, None) => default,
    }
}

/// What the person wrote, without links and mentions, in lower case.
fn own_words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|token| {
            !token.contains("://") && !token.contains(".com/") && !token.starts_with('@')
        })
        .flat_map(|token| token.unicode_words())
        .map(str::to_lowercase)
        .collect()
}

fn by_statistics(words: &[String]) -> Option<Language> {
    let detector = Detector::with_allowlist(vec![Lang::Por, Lang::Eng, Lang::Spa]);
    let info = detector.detect(&words.join(" "))?;
    if !info.is_reliable() {
        return None;
    }
    match info.lang() {
        Lang::Por => Some(Language::PtBr),
        Lang::Eng => Some(Language::En),
        Lang::Spa => Some(Language::Es),
        _ => None,
    }
}

/// The language with the most give-away words, if it leads alone.
fn by_word_lists(words: &[String]) -> Option<(Language, usize)> {
    let count = |list: &[&str]| {
        words
            .iter()
            .filter(|word| list.contains(&word.as_str()))
            .count()
    };
    let mut scores = [
        (Language::PtBr, count(PORTUGUESE)),
        (Language::En, count(ENGLISH)),
        (Language::Es, count(SPANISH)),
    ];
    scores.sort_by_key(|(_, hits)| std::cmp::Reverse(*hits));
    let [(language, most), (_, second), _] = scores;
    (most > second).then_some((language, most))
}
