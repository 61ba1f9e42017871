//! Words as they are compared: small, without accents and signs, whatever keyboard wrote them.

/// One word of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// As it is compared.
    pub(super) word: String,
    /// The message from this word on.
    pub(super) onwards: &'a str,
    /// How much of that is the word, in bytes.
    pub(super) length: usize,
}

/// The words of a message. What is only signs or pictures is no word.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut onwards = text;
    let mut tokens = Vec::new();
    for piece in text.split_inclusive(ends_word) {
        let length = piece.trim_end_matches(ends_word).len();
        let word = compared(&piece[..length]);
        if !word.is_empty() {
            tokens.push(Token {
                word,
                onwards,
                length,
            });
        }
        onwards = &onwards[piece.len()..];
    }
    tokens
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '!' | '?' | '…' | '¡' | '¿')
}

/// A hash or an at keeps its sign: "#help" is not "help".
fn compared(raw: &str) -> String {
    let sign = raw.chars().find(|c| matches!(c, '#' | '@'));
    sign.into_iter().chain(fold(raw).chars()).collect()
}

/// Small letters without accents, as they are searched, without what stands between them.
pub(super) fn fold(text: &str) -> String {
    store::fold::fold(text).replace(' ', "")
}
