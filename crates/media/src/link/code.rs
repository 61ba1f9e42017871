//! The code of a post: a number in disguise. Knowing that tells real codes from look-alikes.

use std::fmt;

use serde::{Deserialize, Serialize};

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What a private account adds behind the code so that only its followers know the link.
const PRIVATE_SUFFIX: usize = 28;

/// A checked code such as `CTomrHIFc36`: 5 to 11 digits of base 64 below 2^63, or that plus the 28
/// digits that posts of private accounts carry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shortcode(String);

/// Not the code of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the code of a post")]
pub struct BadShortcode;

impl Shortcode {
    /// Checks a code.
    pub fn new(text: &str) -> Result<Self, BadShortcode> {
        match text.len() {
            5..=11 => value(text),
            38..=39 => text.get(..text.len() - PRIVATE_SUFFIX).and_then(value),
            _ => None,
        }
        .filter(|_| text.bytes().all(is_digit))
        .map(|_| Self(text.to_owned()))
        .ok_or(BadShortcode)
    }

    /// The code of a media id, as `instagram://media?id=` carries it. (The ids in webhooks are of
    /// another kind and do not make codes.)
    pub fn from_media_id(id: u64) -> Result<Self, BadShortcode> {
        let mut digits = Vec::new();
        let mut rest = id;
        while rest > 0 {
            digits.push(DIGITS[usize::try_from(rest % 64).unwrap_or_default()]);
            rest /= 64;
        }
        digits.reverse();
        Self::new(&String::from_utf8_lossy(&digits))
    }

    /// The media id behind the code.
    pub fn media_id(&self) -> u64 {
        let public = match self.0.len() {
            length if length > 11 => &self.0[..length - PRIVATE_SUFFIX],
            _ => &self.0,
        };
        value(public).unwrap_or_default()
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn value(text: &str) -> Option<u64> {
    let number = text.bytes().try_fold(0_u64, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number
            .checked_mul(64)?
            .checked_add(u64::try_from(digit).ok()?)
    })?;
    (number < 1 << 63).then_some(number)
}

impl fmt::Display for Shortcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Shortcode {
    type Error = BadShortcode;

    fn try_from(text: String) -> Result<Self, BadShortcode> {
        Self::new(&text)
    }
}

impl From<Shortcode> for String {
    fn from(code: Shortcode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_ids_agree() {
        for (code, id) in [
            ("CTomrHIFc36", 2_659_545_668_319_038_970),
            ("aye83DjauH", 482_584_233_761_418_119),
        ] {
            assert_eq!(Shortcode::new(code).unwrap().media_id(), id);
            assert_eq!(Shortcode::from_media_id(id).unwrap().as_str(), code);
        }
        let private = Shortcode::new("CTomrHIFc36abcdefghijklmnopqrstuvwxyz01").unwrap();
        assert_eq!(private.media_id(), 2_659_545_668_319_038_970);
    }

    #[test]
    fn what_is_not_a_code() {
        for text in [
            "",
            "abc",
            "zzzzzzzzzzz",
            "CTomrHIFc36EXTRA",
            "CTomr Fc36",
            "çTomrHIFc",
            "../../etc",
        ] {
            assert_eq!(Shortcode::new(text), Err(BadShortcode), "{text}");
        }
        assert!(serde_json::from_str::<Shortcode>("\"--exec=id\"").is_err());
    }
}
