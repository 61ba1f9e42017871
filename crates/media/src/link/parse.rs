//! From text to links, one character after the other. No regular expressions and no URL library
//! here: what people paste is often not quite a URL, and what tries to look like one must fail.

use url::form_urlencoded;

use super::Link;
use super::code::{Shortcode, is_digit};

/// Hosts that are Instagram itself.
const INSTAGRAM: [&str; 5] = [
    "instagram.com",
    "www.instagram.com",
    "m.instagram.com",
    "instagr.am",
    "www.instagr.am",
];

/// Sites that people link to because chats show their previews better. Only the code is taken; the
/// sites are never asked. (Code search, November 2026.)
const MIRRORS: [&str; 5] = [
    "ddinstagram.com",
    "kkinstagram.com",
    "vxinstagram.com",
    "eeinstagram.com",
    "instagramez.com",
];

/// Hosts that wrap a link in another one, and the parameter that holds it.
const WRAPPERS: [&str; 3] = ["l.instagram.com", "l.facebook.com", "lm.facebook.com"];

/// First path words that are not user names.
const NOT_USERS: [&str; 10] = [
    "explore", "direct", "stories", "accounts", "share", "reels", "reel", "p", "tv", "s",
];

/// Pieces of the text that may be URLs, in order. Each character belongs to one piece at most, so
/// whatever is done to the pieces stays linear.
pub(super) fn candidates(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || c.is_control() || "<>\"«»“”()[]{}|`^".contains(c))
        .filter(|word| !word.is_empty())
        .flat_map(word_candidates)
        .collect()
}

fn word_candidates(word: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = word
        .match_indices("://")
        .filter_map(|(at, _)| scheme_start(word, at))
        .collect();
    if starts.is_empty() {
        return if word.contains("://") {
            Vec::new()
        } else {
            vec![bare(word)]
        };
    }
    starts.push(word.len());
    let mut pieces: Vec<&str> = starts
        .windows(2)
        .filter_map(|pair| word.get(pair[0]..pair[1]))
        .collect();
    // A wrapper may hold its target unescaped; then the target is the next piece anyway.
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Where the scheme that ends at `end` begins, if it is one of ours.
fn scheme_start(word: &str, end: usize) -> Option<usize> {
    ["https", "http", "instagram"].iter().find_map(|scheme| {
        let start = end.checked_sub(scheme.len())?;
        word.get(start..end)?
            .eq_ignore_ascii_case(scheme)
            .then_some(start)
    })
}

/// The word from where its host begins: `veja:instagram.com/p/…` without `veja:`.
fn bare(word: &str) -> &str {
    let authority = word.split(['/', '?', '#']).next().unwrap_or_default();
    match authority
        .char_indices()
        .rfind(|(_, c)| !c.is_ascii_alphanumeric() && !".-".contains(*c))
    {
        None => word,
        // An address (`me@instagram.com`), or a letter that only looks like one of ours.
        Some((_, c)) if c == '@' || c == '\\' || c == '%' || c.is_alphanumeric() => "",
        Some((at, c)) => word.get(at + c.len_utf8()..).unwrap_or_default(),
    }
}

/// One URL, with or without scheme.
pub(super) fn url(text: &str) -> Option<Link> {
    unwrapped(text, 2)
}

/// `depth` bounds how often a wrapper may hold a wrapper.
fn unwrapped(text: &str, depth: u8) -> Option<Link> {
    let rest = match text.find("://") {
        None => text,
        Some(at) => {
            let scheme = text.get(..at)?;
            let rest = text.get(at + 3..)?;
            if scheme.eq_ignore_ascii_case("instagram") {
                return app_link(rest);
            }
            if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
                return None;
            }
            rest
        }
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.to_ascii_lowercase();
    let host = host
        .strip_suffix(":443")
        .or(host.strip_suffix(":80"))
        .unwrap_or(&host);
    if WRAPPERS.contains(&host) {
        let target = parameter(tail, "u")?;
        return if depth == 0 {
            None
        } else {
            unwrapped(&target, depth - 1)
        };
    }
    if INSTAGRAM.contains(&host) || is_mirror(host) {
        path_and_query(tail)
    } else {
        None
    }
}

fn is_mirror(host: &str) -> bool {
    let plain = ["www.", "d.", "g."]
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix))
        .unwrap_or(host);
    MIRRORS.contains(&plain)
}

/// What stands behind the host.
pub(super) fn path_and_query(tail: &str) -> Option<Link> {
    let path = tail.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let (first, second, third) = (segments.next()?, segments.next(), segments.next());
    let word = first.to_ascii_lowercase();
    match word.as_str() {
        "p" | "reel" | "reels" | "tv" => {
            // `/reels/audio/…` is a sound, and the only word that looks like a code there.
            let segment = second.filter(|segment| !segment.eq_ignore_ascii_case("audio"))?;
            post(segment, tail)
        }
        "share" => share(second?, third),
        "stories" => story(second?, third?),
        "s" => kept_story(second?),
        "accounts" => {
            let next = parameter(tail, "next")?;
            let below = next.find("://").map_or(Some(next.as_str()), |_| None)?;
            // Only one step: a login page does not lead to a login page.
            if below.trim_start_matches('/').starts_with("accounts") {
                return None;
            }
            path_and_query(below)
        }
        _ if NOT_USERS.contains(&word.as_str()) => None,
        _ => match second?.to_ascii_lowercase().as_str() {
            "p" | "reel" | "reels" | "tv" => post(third?, tail),
            _ => None,
        },
    }
}

fn post(segment: &str, tail: &str) -> Option<Link> {
    let code = Shortcode::new(leading_code(segment)?).ok()?;
    let item = parameter(tail, "img_index")
        .and_then(|number| number.parse().ok())
        // Instagram takes at most 20 pictures into one post.
        .filter(|number| (1..=20).contains(number));
    Some(Link::Post { code, item })
}

/// The code at the start of a path segment; what follows it must be punctuation.
fn leading_code(segment: &str) -> Option<&str> {
    let end = segment
        .bytes()
        .position(|byte| !is_digit(byte))
        .unwrap_or(segment.len());
    let follower = segment.get(end..)?.chars().next();
    if !follower.is_none_or(ends_a_code) {
        return None;
    }
    let mut code = segment.get(..end)?;
    // Markdown's `_…_` leaves its mark at the end.
    while (code.len() > 39 || (12..38).contains(&code.len())) && code.ends_with(['_', '-']) {
        code = &code[..code.len() - 1];
    }
    Some(code)
}

fn ends_a_code(c: char) -> bool {
    if c.is_ascii() {
        "&.,;:!'*~".contains(c)
    } else {
        !c.is_alphanumeric()
    }
}

fn share(second: &str, third: Option<&str>) -> Option<Link> {
    let segment = match second.to_ascii_lowercase().as_str() {
        "p" | "reel" | "reels" | "tv" => third?,
        _ => second,
    };
    let token = leading_code(segment)?;
    (5..=64).contains(&token.len()).then(|| Link::Share {
        token: token.to_owned(),
    })
}

fn story(user: &str, id: &str) -> Option<Link> {
    let digits: String = id.chars().take_while(char::is_ascii_digit).collect();
    let follower = id.get(digits.len()..)?.chars().next();
    if digits.is_empty() || digits.len() > 20 || !follower.is_none_or(ends_a_code) {
        return None;
    }
    if user.eq_ignore_ascii_case("highlights") {
        return Some(Link::Highlight { id: digits });
    }
    let is_name = user
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
    (is_name && user.len() <= 30).then(|| Link::Story {
        user: user.to_ascii_lowercase(),
        id: digits,
    })
}

/// `/s/` holds `highlight:<id>` in base 64.
fn kept_story(segment: &str) -> Option<Link> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for c in segment
        .bytes()
        .take(64)
        .take_while(|c| c.is_ascii_alphanumeric() || b"+/-_".contains(c))
    {
        let digit = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap_or_default());
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let id = text.strip_prefix("highlight:")?;
    story("highlights", id)
}

/// `instagram://media?id=PK[_OWNER]` and `instagram://reels_share/?shortcode=CODE`.
fn app_link(rest: &str) -> Option<Link> {
    let place = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let code = match place.as_str() {
        "media" => {
            let id = parameter(rest, "id")?;
            Shortcode::from_media_id(id.split('_').next()?.parse().ok()?).ok()?
        }
        "reels_share" => Shortcode::new(leading_code(&parameter(rest, "shortcode")?)?).ok()?,
        _ => return None,
    };
    Some(Link::Post { code, item: None })
}

/// The first value of a query parameter, decoded once.
fn parameter(tail: &str, name: &str) -> Option<String> {
    let query = tail.split('#').next()?.split_once('?')?.1;
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
