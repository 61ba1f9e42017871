//! The verification call that Meta makes when a webhook is set up: answer the challenge, exactly,
//! or nothing. <https://developers.facebook.com/docs/messenger-platform/webhooks> (read 2026-09-11)

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The challenge is digits in most calls, but Meta's own self-test sends `CHALLENGE_ACCEPTED`, so
/// it stays a string; this bound and alphabet keep anything that a browser could run out.
const MAX_CHALLENGE_BYTES: usize = 256;

/// Why a verification call was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// `hub.mode` is absent or not `subscribe`.
    #[error("hub.mode must be subscribe")]
    WrongMode,
    /// `hub.verify_token` is absent or not ours.
    #[error("hub.verify_token does not match")]
    WrongToken,
    /// `hub.challenge` is absent or has characters that no challenge has.
    #[error("hub.challenge is missing or malformed")]
    BadChallenge,
    /// One of the three came twice: which one would be meant?
    #[error("a parameter was given twice")]
    Repeated,
}

impl ChallengeError {
    /// Whether the caller is not who they say (403), rather than unclear (400).
    pub fn is_forbidden(self) -> bool {
        matches!(self, Self::WrongMode | Self::WrongToken)
    }
}

/// Checks the query of a verification call and gives the text to answer as `text/plain`.
pub fn verify_challenge<K, V>(
    pairs: impl IntoIterator<Item = (K, V)>,
    expected: &SecretString,
) -> Result<String, ChallengeError>
where
    K: AsRef<str>,
    V: AsRef<str>,
{
    let (mut mode, mut token, mut challenge) = (None, None, None);
    for (name, value) in pairs {
        let slot = match name.as_ref() {
            "hub.mode" => &mut mode,
            "hub.verify_token" => &mut token,
            "hub.challenge" => &mut challenge,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(ChallengeError::Repeated);
        }
    }
    if mode.as_ref().map(AsRef::as_ref) != Some("subscribe") {
        return Err(ChallengeError::WrongMode);
    }
    let expected = expected.expose_secret().as_bytes();
    let given = token
        .as_ref()
        .map_or(&[][..], |token| token.as_ref().as_bytes());
    if expected.is_empty() || !bool::from(given.ct_eq(expected)) {
        return Err(ChallengeError::WrongToken);
    }
    let challenge = challenge.ok_or(ChallengeError::BadChallenge)?;
    let challenge = challenge.as_ref();
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-');
    if challenge.is_empty()
        || challenge.len() > MAX_CHALLENGE_BYTES
        || !challenge.bytes().all(plain)
    {
        return Err(ChallengeError::BadChallenge);
    }
    Ok(challenge.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&str, &str)]) -> Result<String, ChallengeError> {
        verify_challenge(pairs.iter().copied(), &SecretString::from("let-me-in"))
    }

    const MODE: (&str, &str) = ("hub.mode", "subscribe");
    const TOKEN: (&str, &str) = ("hub.verify_token", "let-me-in");

    #[test]
    fn digits_and_words_come_back_as_they_are() {
        for challenge in ["1158201444", "CHALLENGE_ACCEPTED", "007"] {
            let answer = check(&[MODE, ("hub.challenge", challenge), TOKEN]);
            assert_eq!(answer.as_deref(), Ok(challenge));
        }
    }

    #[test]
    fn strangers_are_refused() {
        let challenge = ("hub.challenge", "1");
        let wrong = check(&[MODE, ("hub.verify_token", "let-me-i"), challenge]);
        assert_eq!(wrong, Err(ChallengeError::WrongToken));
        assert_eq!(check(&[MODE, challenge]), Err(ChallengeError::WrongToken));
        assert_eq!(check(&[TOKEN, challenge]), Err(ChallengeError::WrongMode));
        let mode = check(&[("hub.mode", "unsubscribe"), TOKEN, challenge]);
        assert_eq!(mode, Err(ChallengeError::WrongMode));
        let php = check(&[("hub_mode", "subscribe"), TOKEN, challenge]);
        assert_eq!(php, Err(ChallengeError::WrongMode));
        let nothing: [(&str, &str); 3] = [MODE, ("hub.verify_token", ""), challenge];
        let unset = verify_challenge(nothing, &SecretString::from(""));
        assert_eq!(unset, Err(ChallengeError::WrongToken));
    }

    #[test]
    fn a_challenge_that_could_run_is_not_echoed() {
        let long = "1".repeat(257);
        for challenge in [
            "",
            "<script>alert(1)</script>",
            "a b",
            "a\r\nb",
            long.as_str(),
        ] {
            let answer = check(&[MODE, TOKEN, ("hub.challenge", challenge)]);
            assert_eq!(answer, Err(ChallengeError::BadChallenge), "{challenge}");
        }
        assert_eq!(check(&[MODE, TOKEN]), Err(ChallengeError::BadChallenge));
    }

    #[test]
    fn doubles_are_refused() {
        let answer = check(&[MODE, TOKEN, TOKEN, ("hub.challenge", "1")]);
        assert_eq!(answer, Err(ChallengeError::Repeated));
        assert!(!ChallengeError::Repeated.is_forbidden());
    }
}
