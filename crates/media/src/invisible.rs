//! Characters that nobody sees and that change what a text is: one table for links, captions, transcripts and answers.

/// Zero-width marks, the soft hyphen, and what turns the direction of writing around.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
