//! Instagram links that lead to something we do not watch, so that the answer can name them.

/// What was sent instead of a reel or a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unsupported {
    /// `instagram.com/<name>`
    Profile,
    /// `instagram.com/explore/tags/<word>`
    Hashtag,
    /// A link to a story or to highlights.
    Story,
    /// A still picture.
    Picture,
    /// A share without anything we can open.
    Message,
    /// A file that is larger than the channel hands out.
    TooLargeHere,
}

/// Profile and hashtag links in a text. What `media::link` accepts never counts here.
pub(super) fn in_text(text: &str) -> Vec<Unsupported> {
    text.split_whitespace().filter_map(of_token).collect()
}

fn of_token(token: &str) -> Option<Unsupported> {
    if !media::link::find(token).is_empty() {
        return None;
    }
    let lower = token.to_ascii_lowercase();
    let rest = ["instagram.com/", "instagr.am/"].iter().find_map(|host| {
        let at = lower.find(host)?;
        let before = lower[..at].trim_start_matches(['(', '<', '"', '\'']);
        // The host must begin there: `notinstagram.com/x` is somebody else's.
        let begins = before.is_empty()
            || before.ends_with("://")
            || before.ends_with("www.")
            || before.ends_with("m.");
        begins.then(|| &lower[at + host.len()..])
    })?;
    let mut segments = rest.split(['?', '#']).next()?.split('/');
    let first = segments
        .next()?
        .trim_end_matches([')', '>', ',', '.', '"', '\'', '!']);
    match first {
        "" => None,
        "explore" => (segments.next() == Some("tags")).then_some(Unsupported::Hashtag),
        "stories" | "s" => Some(Unsupported::Story),
        name => name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
            .then_some(Unsupported::Profile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_cannot_watch() {
        let table: &[(&str, &[Unsupported])] = &[
            (
                "https://www.instagram.com/fulano.de_tal/",
                &[Unsupported::Profile],
            ),
            ("(instagram.com/fulano)", &[Unsupported::Profile]),
            (
                "https://instagram.com/explore/tags/gatos/",
                &[Unsupported::Hashtag],
            ),
            ("https://instagram.com/explore/", &[]),
            ("https://www.instagram.com/", &[]),
            ("https://notinstagram.com/fulano", &[]),
            ("https://www.instagram.com/reel/C8Qx1abcDEF/", &[]),
            ("bom dia", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(in_text(text), *expected, "{text}");
        }
    }
}
