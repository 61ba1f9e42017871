//! Limits of what is published, commented and looked for.

use std::ops::RangeInclusive;

use url::{Host, Url};

/// Characters below a post.
/// <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media> (2026-09-11)
pub const CAPTION: usize = 2_200;
/// `#` in a caption. Same page as [`CAPTION`].
pub const HASHTAGS_PER_CAPTION: usize = 30;
/// `@` in a caption. Same page as [`CAPTION`].
pub const MENTIONS_PER_CAPTION: usize = 20;
/// Characters of an alternative text. Same page as [`CAPTION`].
pub const ALT_TEXT: usize = 1_000;
/// Accounts that are asked to share a post as theirs. Same page as [`CAPTION`].
pub const COLLABORATORS: usize = 3;
/// Items of a carousel. Same page as [`CAPTION`].
pub const CAROUSEL_ITEMS: RangeInclusive<usize> = 2..=10;
/// Largest picture that is published, a JPEG. Same page as [`CAPTION`].
pub const PUBLISHED_IMAGE_BYTES: u64 = 8 * 1024 * 1024;
/// Largest reel: "300 MB", in the smaller of the two readings. Same page as [`CAPTION`].
pub const REEL_BYTES: u64 = 300_000_000;
/// Largest video of a story: "100 MB", read in the same way. Same page as [`CAPTION`].
pub const STORY_VIDEO_BYTES: u64 = 100_000_000;
/// Containers in 24 hours. Same page as [`CAPTION`].
pub const CONTAINERS_PER_DAY: u32 = 400;
/// How long a container can be published. Same page as [`CAPTION`].
pub const CONTAINER_LIFE_MS: i64 = 24 * 60 * 60 * 1000;

/// Characters of a comment; together with the next three from field reports, not from a page of Meta's.
/// <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media/comments> (2026-11-22)
pub const COMMENT: usize = 300;
/// `#` in a comment. See [`COMMENT`].
pub const HASHTAGS_PER_COMMENT: usize = 4;
/// Addresses in a comment. See [`COMMENT`].
pub const URLS_PER_COMMENT: usize = 1;
/// Comments of one page.
/// <https://developers.facebook.com/docs/instagram-platform/comment-moderation> (2026)
pub const COMMENTS_PER_PAGE: u32 = 50;

/// Different hashtags of seven days, for each account.
/// <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-hashtag-search> (2026-08)
pub const HASHTAGS_PER_WEEK: usize = 30;
/// Posts of one page under a hashtag. Same page as [`HASHTAGS_PER_WEEK`].
pub const HASHTAG_PAGE: u32 = 50;

/// Whether Meta fetches a file here: over https, and it reads no address outside ASCII. Plain http is let through to
/// this machine alone, where a simulated Meta may stand. Same page as [`CAPTION`].
pub fn is_fetchable(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return false,
    };
    let is_open = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    is_open && address.is_ascii() && url.username().is_empty()
}

/// Whether Instagram gives such names: letters, digits, dots and underscores, thirty at most.
/// <https://help.instagram.com/182492381886913> (2026-11-22)
pub fn is_username(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_');
    !name.is_empty() && name.len() <= 30 && name.bytes().all(plain)
}

/// Words that begin with a mark.
pub fn marked(text: &str, mark: char) -> usize {
    let mut count = 0;
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let begins = letter == mark && !before.is_alphanumeric();
        let goes_on = letters
            .peek()
            .is_some_and(|next| next.is_alphanumeric() || *next == '_');
        count += usize::from(begins && goes_on);
        before = letter;
    }
    count
}

/// What Meta would refuse about the words of a comment, if anything.
pub fn comment_problem(text: &str) -> Option<String> {
    let characters = text.chars().count();
    if text.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    if characters > COMMENT {
        return Some(format!("longer than {COMMENT} characters"));
    }
    if marked(text, '#') > HASHTAGS_PER_COMMENT {
        return Some(format!("more than {HASHTAGS_PER_COMMENT} hashtags"));
    }
    let addresses = text.matches("http://").count() + text.matches("https://").count();
    if addresses > URLS_PER_COMMENT {
        return Some("more than one address".to_owned());
    }
    let letters = || text.chars().filter(|c| c.is_alphabetic());
    // "OK" is no shouting.
    if letters().count() > 4 && letters().all(char::is_uppercase) {
        return Some("all capitals".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_counted_as_people_write_them() {
        assert_eq!(marked("#a b#c ##d #é_1 # ", '#'), 3);
        assert_eq!(marked("mail@x.y @ana,@bob", '@'), 2);
    }

    #[test]
    fn what_meta_refuses_of_a_comment_is_told_before() {
        for good in [
            "Obrigada!",
            "OK 👍",
            &"é".repeat(300),
            "😀",
            "#a #b https://x.y",
        ] {
            assert_eq!(comment_problem(good), None, "{good}");
        }
        for bad in [
            " ",
            &"x".repeat(301),
            "#a #b #c #d #e",
            "http://a https://b",
            "GRÁTIS AQUI",
        ] {
            assert!(comment_problem(bad).is_some(), "{bad}");
        }
    }
}
