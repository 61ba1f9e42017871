//! Texts and the entities in them: lengths in UTF-16 units, checks of what a bot gives, and what the
//! server finds by itself (<https://core.telegram.org/bots/api#messageentity>, 2026-11).

use serde_json::{Value, json};

use super::call::Call;
use super::error::BotError;
use super::html;

/// <https://core.telegram.org/bots/api#sendmessage>, 2026-11: after entities parsing.
pub(super) const TEXT_UNITS: usize = 4_096;
/// <https://core.telegram.org/bots/api#sendvideo>, 2026-11: after entities parsing.
pub(super) const CAPTION_UNITS: usize = 1_024;
/// A longer source is refused before it is parsed (the server's public source).
const SOURCE_BYTES: usize = 1 << 15;
/// Ends of host names that count without a scheme.
const ENDS: [&str; 20] = [
    "app", "be", "br", "co", "com", "de", "dev", "es", "fr", "info", "io", "it", "ly", "me", "net",
    "org", "pt", "tv", "uk", "us",
];

/// Length as Telegram counts it.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A text and what is marked in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) entities: Vec<Value>,
}

/// The text (or caption) of a call, from these three arguments.
pub(super) fn read(call: &Call, text: Option<String>, entities: &str) -> Result<Words, BotError> {
    let given = call.json(entities, entities)?;
    words(text.unwrap_or_default(), call.text("parse_mode"), given)
}

/// A text, how it is marked up, and explicit entities.
pub(super) fn words(
    text: String,
    parse_mode: Option<String>,
    given: Option<Value>,
) -> Result<Words, BotError> {
    if text.len() > SOURCE_BYTES {
        return Err(BotError::bad("text is too long"));
    }
    let mode = parse_mode.unwrap_or_default().to_ascii_lowercase();
    let (text, mut entities) = match mode.as_str() {
        "html" => html::parse(&text)
            .map_err(|why| BotError::bad(format!("can't parse entities: {why}")))?,
        "" | "none" => {
            let entities = explicit(given, &text)?;
            (text, entities)
        }
        // Markdown is deprecated, MarkdownV2 is not modelled: refused, so that nobody relies on it here.
        _ => return Err(BotError::bad("unsupported parse_mode")),
    };
    let (text, skipped) = trimmed(&text);
    let length = units(&text);
    entities.retain_mut(|entity| shift(entity, skipped, length));
    find(&text, &mut entities);
    Ok(Words { text, entities })
}

/// White space around a text is not kept.
fn trimmed(text: &str) -> (String, usize) {
    let start = text.trim_start();
    let skipped = units(&text[..text.len() - start.len()]);
    (start.trim_end().to_owned(), skipped)
}

fn shift(entity: &mut Value, skipped: usize, length: usize) -> bool {
    let number = |entity: &Value, name: &str| {
        usize::try_from(entity[name].as_u64().unwrap_or(0)).unwrap_or(0)
    };
    let from = number(entity, "offset").saturating_sub(skipped);
    let to = (number(entity, "offset") + number(entity, "length"))
        .saturating_sub(skipped)
        .min(length);
    entity["offset"] = from.into();
    entity["length"] = to.saturating_sub(from).into();
    to > from
}

fn explicit(given: Option<Value>, text: &str) -> Result<Vec<Value>, BotError> {
    let Some(Value::Array(given)) = given else {
        return Ok(Vec::new());
    };
    let length = i64::try_from(units(text)).unwrap_or(i64::MAX);
    let mut kept = Vec::new();
    for entity in given {
        let broken = |why: &str| BotError::bad(format!("can't parse MessageEntity: {why}"));
        let number = |name: &str| {
            entity[name]
                .as_i64()
                .ok_or_else(|| broken(&format!("Field \"{name}\" must be of type Number")))
        };
        let (offset, size) = (number("offset")?, number("length")?);
        let kind = entity["type"]
            .as_str()
            .ok_or_else(|| broken("Can't find field \"type\""))?;
        if offset < 0 || size <= 0 {
            continue;
        }
        if offset >= length {
            return Err(BotError::bad(format!(
                "entity begins after the end of the text at UTF-16 offset {offset}"
            )));
        }
        if offset + size > length {
            return Err(BotError::bad(format!(
                "entity ends after the end of the text at UTF-16 offset {}",
                offset + size
            )));
        }
        for edge in [offset, offset + size] {
            if in_the_middle(text, edge) {
                return Err(BotError::bad(format!(
                    "entity begins in a middle of a UTF-16 symbol at byte offset {edge}"
                )));
            }
        }
        // What the server finds itself cannot be given.
        if !matches!(
            kind,
            "url" | "mention" | "hashtag" | "cashtag" | "bot_command" | "email" | "phone_number"
        ) {
            kept.push(entity);
        }
    }
    Ok(kept)
}

fn in_the_middle(text: &str, edge: i64) -> bool {
    let mut at = 0;
    for letter in text.chars() {
        if at >= edge {
            return at > edge;
        }
        at += if letter.len_utf16() == 2 { 2 } else { 1 };
    }
    at > edge
}

/// Adds addresses, mentions, hashtags and commands, where nothing is marked yet.
pub(super) fn find(text: &str, entities: &mut Vec<Value>) {
    let mut at = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let opening = word.len() - word.trim_start_matches(['(', '[', '"', '\'', '«']).len();
        let core = word[opening..]
            .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '»']);
        if let Some((kind, length)) = kind(core) {
            let (offset, length) = (at + units(&word[..opening]), units(&core[..length]));
            let taken = entities
                .iter()
                .any(|entity| overlaps(entity, offset, length));
            if !taken {
                entities.push(json!({"type": kind, "offset": offset, "length": length}));
            }
        }
        at += units(piece);
    }
    entities.sort_by_key(|entity| {
        let number = |name: &str| entity[name].as_i64().unwrap_or(0);
        (number("offset"), -number("length"))
    });
}

/// Only these cannot hold another entity inside.
fn overlaps(entity: &Value, offset: usize, length: usize) -> bool {
    let number = |name: &str| usize::try_from(entity[name].as_u64().unwrap_or(0)).unwrap_or(0);
    let (from, to) = (number("offset"), number("offset") + number("length"));
    let closed = matches!(
        entity["type"].as_str(),
        Some("text_link" | "code" | "pre" | "text_mention" | "url" | "mention")
    );
    closed && offset < to && from < offset + length
}

fn kind(word: &str) -> Option<(&'static str, usize)> {
    let name = |text: &str| {
        text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
            .unwrap_or(text.len())
    };
    if let Some(rest) = word.strip_prefix('@') {
        let length = name(rest);
        return (3..=32)
            .contains(&length)
            .then_some(("mention", length + 1));
    }
    if let Some(rest) = word.strip_prefix('#') {
        let length = name(rest);
        return (length > 0).then_some(("hashtag", rest[..length].len() + 1));
    }
    if let Some(rest) = word.strip_prefix('/') {
        let length = name(rest);
        if !(1..=64).contains(&length) || !rest[..length].is_ascii() {
            return None;
        }
        let bot = rest[length..]
            .strip_prefix('@')
            .map_or(0, |bot| name(bot) + 1);
        return Some(("bot_command", 1 + length + bot));
    }
    let bare = word
        .strip_prefix("https://")
        .or_else(|| word.strip_prefix("http://"));
    if let Some(bare) = bare {
        return (!bare.is_empty()).then_some(("url", word.len()));
    }
    let host = word.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = |host: &str| {
        host.rsplit_once('.').is_some_and(|(front, end)| {
            ENDS.contains(&end.to_ascii_lowercase().as_str())
                && !front.is_empty()
                && front
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        })
    };
    match host.split_once('@') {
        Some((user, host)) if !user.is_empty() && is_host(host) => Some(("email", word.len())),
        None if is_host(host) => Some(("url", word.len())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        let mut entities = Vec::new();
        find(text, &mut entities);
        let wide: Vec<u16> = text.encode_utf16().collect();
        entities
            .iter()
            .map(|entity| {
                let from = usize::try_from(entity["offset"].as_u64().unwrap()).unwrap();
                let to = from + usize::try_from(entity["length"].as_u64().unwrap()).unwrap();
                let kind = entity["type"].as_str().unwrap().to_owned();
                (kind, String::from_utf16(&wide[from..to]).unwrap())
            })
            .collect()
    }

    #[test]
    fn finds_what_telegram_finds() {
        let text = "😀 /start@bot_x veja https://www.instagram.com/reel/A/?x=1, @ana_1 #receita (instagram.com/p/B) a@b.com fim.";
        assert_eq!(
            found(text),
            [
                ("bot_command", "/start@bot_x"),
                ("url", "https://www.instagram.com/reel/A/?x=1"),
                ("mention", "@ana_1"),
                ("hashtag", "#receita"),
                ("url", "instagram.com/p/B"),
                ("email", "a@b.com"),
            ]
            .map(|(kind, text)| (kind.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn explicit_entities_are_checked() {
        let entity = |offset: i64, length: i64| json!([{"type": "bold", "offset": offset, "length": length}]);
        let check = |given: Value| words("😀ab ".into(), None, Some(given));
        assert_eq!(
            check(entity(2, 3)).unwrap().entities[0]["length"],
            2,
            "trimmed with the text"
        );
        for (given, part) in [
            (entity(5, 1), "begins after the end"),
            (entity(3, 9), "ends after the end"),
            (entity(1, 2), "in a middle"),
            (
                json!([{"type": "bold", "offset": "x", "length": 1}]),
                "must be of type Number",
            ),
        ] {
            let sentence = check(given).unwrap_err().body()["description"].clone();
            assert!(sentence.as_str().unwrap().contains(part), "{sentence}");
        }
    }
}
