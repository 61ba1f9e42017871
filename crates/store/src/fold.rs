//! Text as it is searched: without accents, case and punctuation, so that what a hurried person types meets what
//! somebody said. Pure, and the same on every database, which all fold differently.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

mod stops;

/// Every word of a text in small letters without marks, with one space around each: ` so wird s gemacht `. Nothing but
/// letters, digits and these spaces comes out, so that no wildcard of a `LIKE` does.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 2);
    folded.push(' ');
    let small = text.nfkd().flat_map(char::to_lowercase);
    // Small letters may decompose once more (`İ` has a dot of its own).
    for letter in small.nfkd() {
        if is_combining_mark(letter) || is_silent(letter) {
            continue;
        }
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ if folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    if !folded.ends_with(' ') {
        folded.push(' ');
    }
    folded
}

/// Marks that stand inside a word and are not written by hand: joiners, the soft hyphen, the apostrophes.
fn is_silent(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

/// A question as it is searched for.
#[derive(Clone, PartialEq, Eq)]
pub struct Folded {
    text: String,
}

/// More words than anybody remembers of a video; each costs a look at every entry.
const MOST_WORDS: usize = 8;

impl Folded {
    /// Folds what somebody types.
    pub fn new(text: &str) -> Self {
        Self { text: fold(text) }
    }

    /// The words to look for: without those that are in every text, unless there are no others; each once.
    pub fn words(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for word in self.text.split_whitespace() {
            if !all.contains(&word) {
                all.push(word);
            }
        }
        if all.iter().any(|word| !stops::is_stop(word)) {
            all.retain(|word| !stops::is_stop(word));
        }
        all.truncate(MOST_WORDS);
        all
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for Folded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What people look for is theirs.
        write!(formatter, "Folded({} words)", self.words().len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_punctuation_go() {
        for (text, folded) in [
            ("Pão de Fermentação!", " pao de fermentacao "),
            ("ÑANDÚ—¿qué?", " nandu que "),
            ("Straße, STRASSE", " strasse strasse "),
            ("ﬁne ½ cup", " fine 1 2 cup "),
            ("İstanbul ılık", " istanbul ilik "),
            ("don't_stop 100%", " don t stop 100 "),
            ("Smørrebrød Łódź œuvre", " smorrebrod lodz oeuvre "),
            ("Ἀθῆναι ΟΔΟΣ", " αθηναι οδοσ "),
            ("so\u{ad}ft", " soft "),
            ("", " "),
            ("!?", " "),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
        assert_eq!(fold("cafe\u{301}"), fold("café"));
    }

    #[test]
    fn words_in_every_text_are_left_out_unless_they_are_all() {
        let words = |text: &str| Folded::new(text).words().join(" ");
        assert_eq!(words("the one about Sourdough"), "sourdough");
        assert_eq!(words("aquele vídeo sobre o pão"), "pao");
        assert_eq!(words("el vídeo de la receta"), "receta");
        assert_eq!(words("the the"), "the");
        assert_eq!(words("pan pan Pán"), "pan");
        assert!(Folded::new(" … ").is_empty());
        assert_eq!(words("b c d f g h j k l m").len(), 15);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn what_is_folded_is_made_of_words_and_stays_as_it_is(text in "\\PC{0,60}") {
            let folded = fold(&text);
            prop_assert!(folded.starts_with(' ') && folded.ends_with(' '));
            prop_assert!(!folded.contains("  "));
            prop_assert!(folded.chars().all(|c| c == ' ' || c.is_alphanumeric()));
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}
