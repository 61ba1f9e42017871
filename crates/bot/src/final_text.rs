//! The message a person reads: frame in their language, words of the video in the video's.
//!
//! Built from fields only. Whatever a caption or a model wrote is cleaned of links and invisible
//! signs here once more, so that nothing but the post's own address is ever clickable.

use media::{Language, Summary, SummaryKind, Verdict};

use crate::texts::{Arg, Text, plain, say};

/// At most this many messages of words; an answer is not a transcript.
const MOST_MESSAGES: usize = 3;

/// What the answer is made from.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// The person's language.
    pub language: Language,
    /// "2 of 3", when the message asked for several.
    pub place: Option<(u32, u32)>,
    /// What the ear found.
    pub verdict: &'a Verdict,
    /// What was made of it.
    pub summary: &'a Summary,
    /// Only still pictures: nobody expects words to be heard.
    pub only_pictures: bool,
    /// User name of the author.
    pub author: Option<&'a str>,
    /// The post's address.
    pub permalink: Option<&'a str>,
}

/// The whole text, not yet cut into messages.
pub fn compose(answer: &Answer<'_>) -> String {
    let language = answer.language;
    let points: Vec<String> = answer
        .summary
        .points
        .iter()
        .map(|p| clean(p))
        .filter(|p| !p.is_empty())
        .collect();
    let mut lines: Vec<String> = Vec::new();
    if let Some(place) = place(language, answer.place) {
        lines.push(place);
    }
    if let Some(label) = label(answer, points.is_empty()) {
        lines.push(plain(language, label));
    }
    if let Some(title) = answer
        .summary
        .title
        .as_deref()
        .map(clean)
        .filter(|t| !t.is_empty())
    {
        lines.push(title);
    }
    match points.as_slice() {
        [only] => lines.push(only.clone()),
        several => lines.extend(several.iter().map(|point| format!("• {point}"))),
    }
    if answer.summary.low_confidence && !points.is_empty() {
        lines.push(plain(language, Text::Unsure));
    }
    lines.extend(credit(answer));
    lines.join("\n")
}

/// Cuts the text into at most three messages; the last one ends with the sign that more was said.
pub fn cut(text: &str, split: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut messages = split(text);
    if messages.len() > MOST_MESSAGES {
        messages.truncate(MOST_MESSAGES);
        if let Some(last) = messages.last_mut() {
            let room = last.trim_end().trim_end_matches(['.', ',', ';', ':']).len();
            last.truncate(room);
            // Three bytes of the ellipsis must fit where the end was.
            while last.len() > 800 && !last.ends_with(char::is_whitespace) {
                last.pop();
            }
            last.truncate(last.trim_end().len());
            last.push('…');
        }
    }
    messages
}

/// "2 of 3", or nothing when there is only one.
pub(crate) fn place(language: Language, place: Option<(u32, u32)>) -> Option<String> {
    let (n, of) = place.filter(|(_, of)| *of > 1)?;
    let args = [("n", Arg::Number(n.into())), ("of", Arg::Number(of.into()))];
    Some(say(language, Text::PartOf, &args))
}

fn label(answer: &Answer<'_>, is_empty: bool) -> Option<Text> {
    if answer.only_pictures {
        return Some(if is_empty {
            Text::NothingSaid
        } else {
            Text::PictureCaption
        });
    }
    match (answer.verdict, is_empty) {
        (Verdict::MusicOnly, false) => Some(Text::MusicOnly),
        (Verdict::MusicOnly, true) => Some(Text::MusicNoCaption),
        (Verdict::Silence | Verdict::NoAudio, false) => Some(Text::Silent),
        (Verdict::Silence | Verdict::NoAudio, true) => Some(Text::SilentNoCaption),
        (_, true) => Some(Text::NothingSaid),
        (Verdict::NotHeard { .. }, false) => Some(Text::CaptionOnly),
        (Verdict::Speech, false) => match answer.summary.kind {
            SummaryKind::Excerpts => Some(Text::Excerpts),
            SummaryKind::CaptionOnly => Some(Text::CaptionOnly),
            SummaryKind::Model | SummaryKind::AsIs | SummaryKind::Nothing => None,
        },
    }
}

fn credit(answer: &Answer<'_>) -> Option<String> {
    let author = answer.author.filter(|name| is_user_name(name)).map(|name| {
        say(
            answer.language,
            Text::Credit,
            &[("author", Arg::Words(name.into()))],
        )
    });
    let permalink = answer.permalink.map(str::to_owned);
    let parts: Vec<String> = [author, permalink].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// Instagram's user names: up to 30 letters, digits, dots and underscores.
fn is_user_name(name: &str) -> bool {
    (1..=30).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
}

/// One line without addresses, control signs and the signs that turn text around.
pub(crate) fn clean(text: &str) -> String {
    // Invisible signs go first: what they keep apart may be an address once they are gone.
    text.split_whitespace()
        .map(|token| {
            token
                .chars()
                .filter(|c| !c.is_control() && !media::is_invisible(*c))
                .collect::<String>()
        })
        .filter(|token| !token.is_empty() && !looks_like_address(token))
        .collect::<Vec<_>>()
        .join(" ")
}

fn looks_like_address(token: &str) -> bool {
    let lower = token.to_lowercase();
    lower.contains("://")
        || lower.contains("www.")
        || lower.contains("instagram.com")
        || lower.contains("instagr.am")
        || lower.contains("t.me/")
        || !media::link::find(token).is_empty()
}
/// Words that go out before their video.
pub(crate) fn promising(language: Language, text: &str) -> String {
    format!("{text}\n\n{}", plain(language, Text::VideoFollows))
}

/// Words that promised a video which will not come; `None` when these promise none.
pub(crate) fn unpromised(language: Language, text: &str) -> Option<String> {
    let promise = plain(language, Text::VideoFollows);
    let words = text.strip_suffix(promise.as_str())?;
    Some(without_file(language, words.trim_end()))
}

/// Words whose video does not come.
pub(crate) fn without_file(language: Language, text: &str) -> String {
    format!("{text}\n\n{}", plain(language, Text::NoFile))
}
