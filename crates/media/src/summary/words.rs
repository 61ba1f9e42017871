//! Words as the summariser sees them: cut by Unicode's rules, stemmed, without those that carry no meaning. Portuguese,
//! English and Spanish; a text in another language is still cut and counted.

use std::collections::HashSet;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

use crate::Language;

/// Texts shorter than this tell too little about their language.
const TELLING_WORDS: usize = 6;

/// Stop lists and stemmer for a text.
pub(super) struct Words {
    stop: HashSet<&'static str>,
    stemmer: Option<Stemmer>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words")
            .field("stop", &self.stop.len())
            .finish_non_exhaustive()
    }
}

impl Words {
    /// For a text in `language`; where that is not known, all three stop lists together.
    pub(super) fn of(language: Option<Language>) -> Self {
        let languages = language.map_or_else(|| Language::ALL.to_vec(), |language| vec![language]);
        let stop = languages
            .iter()
            .filter_map(|language| stop_words::lookup(language.code()))
            .flatten()
            .copied()
            .collect();
        let algorithm = language.map(|language| match language {
            Language::PtBr => Algorithm::Portuguese,
            Language::En => Algorithm::English,
            Language::Es => Algorithm::Spanish,
        });
        Self {
            stop,
            stemmer: algorithm.map(Stemmer::create),
        }
    }

    /// The stems of the words that mean something.
    pub(super) fn content(&self, text: &str) -> Vec<String> {
        text.unicode_words()
            .map(str::to_lowercase)
            .filter(|word| !self.stop.contains(word.as_str()))
            .filter(|word| word.chars().count() > 1)
            .map(|word| match &self.stemmer {
                Some(stemmer) => stemmer.stem(&word).into_owned(),
                None => word,
            })
            .collect()
    }
}

/// How many words a text has.
pub(super) fn count(text: &str) -> usize {
    text.unicode_words().count()
}

/// The language of a text, where it can be told with confidence; `Some(None)` would be "another one", which is told by
/// [`is_other`].
pub(super) fn language(text: &str) -> Option<Language> {
    if count(text) < TELLING_WORDS {
        return None;
    }
    let info = whatlang::detect(text).filter(whatlang::Info::is_reliable)?;
    match info.lang() {
        whatlang::Lang::Por => Some(Language::PtBr),
        whatlang::Lang::Eng => Some(Language::En),
        whatlang::Lang::Spa => Some(Language::Es),
        _ => None,
    }
}

/// Whether a text is certainly not in `language`.
pub(super) fn is_other(text: &str, language: Language) -> bool {
    if count(text) < 2 * TELLING_WORDS {
        return false;
    }
    let ours = match language {
        Language::PtBr => whatlang::Lang::Por,
        Language::En => whatlang::Lang::Eng,
        Language::Es => whatlang::Lang::Spa,
    };
    whatlang::detect(text).is_some_and(|info| info.is_reliable() && info.lang() != ours)
}
