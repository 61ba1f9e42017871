//! Moments as Meta spells them, in one place: `2026-01-01T00:00:05+0000` nearly everywhere, RFC 3339 here and there, and
//! seconds since 1970 where somebody forgot.

use jiff::Timestamp;

/// Such a moment in milliseconds since 1970; none where the text is none.
///
/// ```
/// use graph_api::time::epoch_ms;
///
/// assert_eq!(epoch_ms("2026-01-01T00:00:05+0000"), Some(1_767_225_605_000));
/// assert_eq!(epoch_ms("soon"), None);
/// ```
pub fn epoch_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000);
    }
    let at = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text).or_else(|_| text.parse());
    Some(at.ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_in_three_spellings() {
        for (text, expected) in [
            ("2026-01-01T00:00:05+0000", Some(1_767_225_605_000)),
            ("2026-01-01T02:00:05+0200", Some(1_767_225_605_000)),
            ("2026-01-01T00:00:05Z", Some(1_767_225_605_000)),
            (" 1767225605 ", Some(1_767_225_605_000)),
            ("99999999999999999999", None),
            ("9223372036854775807", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(epoch_ms(text), expected, "{text}");
        }
    }
}
