//! Cutting a text into messages: at ends of sentences where possible, never inside what a reader
//! sees as one character, never above Meta's limit, which counts bytes.

use unicode_segmentation::GraphemeCursor;

/// Smallest limit that is honoured: the longest character in UTF-8.
const SMALLEST: usize = 4;

/// Cuts `text` into parts of at most `max_bytes` bytes (at least 4, so that every character
/// fits). Nothing is lost but white space where two parts meet.
///
/// ```
/// use graph_api::limits::split_text;
///
/// assert_eq!(split_text("One. Two and three.", 10), ["One.", "Two and", "three."]);
/// ```
pub fn split_text(text: &str, max_bytes: usize) -> Vec<String> {
    let max_bytes = max_bytes.max(SMALLEST);
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while rest.len() > max_bytes {
        let end = cut(rest, max_bytes);
        let (part, after) = rest.split_at(end);
        parts.push(part.trim_end().to_owned());
        rest = after.trim_start();
    }
    if !rest.is_empty() {
        parts.push(rest.to_owned());
    }
    parts
}

/// Where to cut: `text` is longer than `max_bytes` and starts with something visible.
fn cut(text: &str, max_bytes: usize) -> usize {
    let limit = last_boundary(text, max_bytes);
    let window = &text[..limit];
    // What follows the window decides whether its last character ends a sentence or a word.
    let next_is_space = text[limit..].starts_with(char::is_whitespace);
    // A message of a few words before a full one looks torn, so a cut must leave a quarter.
    let enough = max_bytes / 4;
    let ends = [
        window.rfind("\n\n"),
        window.rfind('\n'),
        last_sentence_end(window, next_is_space),
        if next_is_space {
            Some(limit)
        } else {
            window.rfind(char::is_whitespace)
        },
    ];
    let good = ends.into_iter().flatten().find(|end| *end > enough);
    good.filter(|end| is_boundary(text, *end)).unwrap_or(limit)
}

/// The end of the last whole sentence in the window.
fn last_sentence_end(window: &str, next_is_space: bool) -> Option<usize> {
    let mut end = None;
    let mut characters = window.char_indices().peekable();
    let mut after_stop = false;
    while let Some((at, c)) = characters.next() {
        let after = at + c.len_utf8();
        let stops = matches!(c, '.' | '!' | '?' | '…');
        // A stop may be followed by a closing quote or bracket.
        let closes = after_stop && matches!(c, '"' | '\'' | ')' | ']' | '»' | '”' | '’');
        after_stop = stops || closes;
        let then_space = characters
            .peek()
            .map_or(next_is_space, |(_, next)| next.is_whitespace());
        // The full stops of Chinese and Japanese need no space after them.
        if (after_stop && then_space) || matches!(c, '。' | '！' | '？') {
            end = Some(after);
        }
    }
    end
}

/// The last border between two visible characters at or before `max_bytes`; inside one that is
/// itself longer than that, the last border between two code points.
fn last_boundary(text: &str, max_bytes: usize) -> usize {
    let mut limit = max_bytes.min(text.len());
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    if is_boundary(text, limit) {
        return limit;
    }
    let mut cursor = GraphemeCursor::new(limit, text.len(), true);
    match cursor.prev_boundary(text, 0) {
        Ok(Some(boundary)) if boundary > 0 => boundary,
        _ => limit,
    }
}

fn is_boundary(text: &str, at: usize) -> bool {
    GraphemeCursor::new(at, text.len(), true)
        .is_boundary(text, 0)
        .unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, max_bytes: usize, expected: &[&str]) {
        assert_eq!(
            split_text(text, max_bytes),
            expected,
            "{text:?} at {max_bytes}"
        );
    }

    #[test]
    fn short_texts_stay_whole() {
        check("Olá!", 1000, &["Olá!"]);
        check("  Olá!\n", 1000, &["Olá!"]);
        check(" \n ", 1000, &[]);
        check("abcd", 4, &["abcd"]);
    }

    #[test]
    fn sentences_stay_whole_where_they_fit() {
        check(
            "One two three. Four five six.",
            20,
            &["One two three.", "Four five six."],
        );
        check(
            "He said \"go.\" Then he went home.",
            20,
            &["He said \"go.\"", "Then he went home."],
        );
        check(
            "Version 1.25 of the thing works",
            20,
            &["Version 1.25 of the", "thing works"],
        );
        check(
            "First line here\nsecond one.",
            20,
            &["First line here", "second one."],
        );
        check(
            "これは文です。次の文です。",
            24,
            &["これは文です。", "次の文です。"],
        );
    }

    #[test]
    fn words_then_characters_then_code_points() {
        check("aaaa bbbb cccc dddd", 10, &["aaaa bbbb", "cccc dddd"]);
        check("aaaaaaaaaa", 4, &["aaaa", "aaaa", "aa"]);
        // One family emoji of 25 bytes: never cut while a limit lets it live.
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        assert_eq!(family.len(), 25);
        check(&family.repeat(3), 60, &[&family.repeat(2), family]);
        let cut = split_text(family, 10);
        assert!(cut.iter().all(|part| part.len() <= 10));
        assert_eq!(cut.concat(), family);
        // e and its accent belong together.
        check("abce\u{301}", 4, &["abc", "e\u{301}"]);
    }

    #[test]
    fn a_limit_too_small_for_a_character_is_raised() {
        check("🎵🎵", 1, &["🎵", "🎵"]);
        check("ab", 0, &["ab"]);
    }
}
