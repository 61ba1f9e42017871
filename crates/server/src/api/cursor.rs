//! Our cursors: Meta's own in a wrapping of ours, so that a caller cannot take one for a link, and what is inside may
//! change.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::ApiError;

const MARK: &str = "g1.";

/// What a caller gets to come back with.
pub(crate) fn wrap(metas: &str) -> String {
    format!("{MARK}{}", URL_SAFE_NO_PAD.encode(metas))
}

/// Meta's cursor in a caller's.
pub(crate) fn unwrap(ours: &str) -> Result<String, ApiError> {
    let inner = || {
        let bytes = URL_SAFE_NO_PAD.decode(ours.strip_prefix(MARK)?).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let is_plain =
            !text.is_empty() && text.len() <= 1024 && text.bytes().all(|c| c.is_ascii_graphic());
        is_plain.then_some(text)
    };
    inner().ok_or_else(|| {
        ApiError::invalid_at(
            "after",
            "is no cursor of ours; take it from the answer before",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_cursors_are_taken() {
        let ours = wrap("QVFIUkd_x=");
        assert_eq!(unwrap(&ours).unwrap(), "QVFIUkd_x=");
        for bad in ["QVFIUkd_x=", "g1.", "g1.!!", "", "g1.YSBi"] {
            assert!(unwrap(bad).is_err(), "{bad}");
        }
    }
}
