//! Cuts words into messages. Telegram counts UTF-16 units.

/// Longest text of a message (<https://core.telegram.org/bots/api#sendmessage>, 2026-11).
pub(super) const TEXT_UNITS: usize = 4_096;
/// Longest text below a file (<https://core.telegram.org/bots/api#sendvideo>, 2026-11).
pub(super) const CAPTION_UNITS: usize = 1_024;

/// Cuts a text into pieces of at most `most` UTF-16 units: between paragraphs if it can be, else between lines,
/// sentences, words, and at last between letters. The white space at a cut is not kept.
pub(super) fn split(text: &str, most: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while units(rest) > most {
        let (piece, left) = rest.split_at(cut(rest, most));
        if !piece.trim().is_empty() {
            pieces.push(piece.trim_end().to_owned());
        }
        rest = left.trim_start();
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Length as Telegram counts it.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Where to cut a text that is too long. Before the half only a word's end is a good place: pieces would be small for
/// nothing.
fn cut(text: &str, most: usize) -> usize {
    let room = &text[..fits(text, most)];
    let half = fits(text, most / 2);
    let after = |ends: &[&str], least: usize| {
        ends.iter()
            .filter_map(|end| room.rfind(end).map(|at| at + end.len()))
            .max()
            .filter(|at| *at > least)
    };
    after(&["\n\n"], half)
        .or_else(|| after(&["\n"], half))
        .or_else(|| after(&[". ", "! ", "? ", "… ", "; "], half))
        .or_else(|| after(&[" ", "\n"], 0))
        .unwrap_or(room.len())
}

/// How many bytes of the text are within so many units; at least one letter, so that cutting comes to an end.
fn fits(text: &str, most: usize) -> usize {
    let mut left = most;
    for (at, letter) in text.char_indices() {
        let Some(after) = left.checked_sub(letter.len_utf16()) else {
            return if at == 0 { letter.len_utf8() } else { at };
        };
        left = after;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_fits_stays_whole() {
        assert_eq!(split("olá 😀", 6), ["olá 😀"]);
        assert_eq!(split("", 6), [""]);
    }

    #[test]
    fn cuts_where_a_reader_would_pause() {
        assert_eq!(
            split("Primeira frase. Segunda frase", 20),
            ["Primeira frase.", "Segunda frase"]
        );
        assert_eq!(
            split("uma linha longa\noutra, mais longa", 20),
            ["uma linha longa", "outra, mais longa"]
        );
        assert_eq!(
            split("um dois três quatro", 10),
            ["um dois", "três", "quatro"]
        );
        assert_eq!(split("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn a_pair_of_units_is_never_torn() {
        assert_eq!(split("😀😀😀", 3), ["😀", "😀", "😀"]);
        assert_eq!(split("😀", 1), ["😀"], "a letter is the least");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_too_long(text in "\\PC{0,200}( [a-zé😀.\n]{1,40}){0,30}", most in 2_usize..64) {
            let pieces = split(&text, most);
            prop_assert!(pieces.iter().all(|piece| units(piece) <= most));
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&pieces.concat()), bare(&text));
        }
    }
}
