//! `parse_mode=HTML`, parsed the way the server does: the tags of
//! <https://core.telegram.org/bots/api#html-style> (2026-11), five character entities, and an error
//! that names the byte.

use serde_json::{Value, json};

use super::entity::units;

struct Open {
    tag: String,
    start: usize,
    extra: Value,
}

/// Text and entities; or the words after `can't parse entities: `.
pub(super) fn parse(source: &str) -> Result<(String, Vec<Value>), String> {
    let mut text = String::with_capacity(source.len());
    let mut entities = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        let at = source.len() - rest.len();
        match letter {
            '&' => {
                let (decoded, length) = reference(rest).unwrap_or(('&', 1));
                text.push(decoded);
                rest = &rest[length..];
            }
            '<' => {
                let end = rest
                    .find('>')
                    .ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
                let inside = &rest[1..end];
                rest = &rest[end + 1..];
                if let Some(name) = inside.strip_prefix('/') {
                    close(&mut open, &mut entities, name.trim(), &text, at)?;
                } else {
                    open.push(start(inside, units(&text), at, &open)?);
                }
            }
            other => {
                text.push(other);
                rest = &rest[other.len_utf8()..];
            }
        }
    }
    if let Some(left) = open.last() {
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            left.tag
        ));
    }
    entities.sort_by_key(|entity: &Value| {
        let number = |name: &str| entity[name].as_i64().unwrap_or(0);
        (number("offset"), -number("length"))
    });
    Ok((text, entities))
}

fn start(inside: &str, at_units: usize, at: usize, open: &[Open]) -> Result<Open, String> {
    let (name, attributes) = inside
        .split_once(|letter: char| letter.is_whitespace())
        .unwrap_or((inside, ""));
    let name = name.to_ascii_lowercase();
    let attribute = |wanted: &str| attribute(attributes, wanted);
    let extra = match name.as_str() {
        "b" | "strong" => json!({"type": "bold"}),
        "i" | "em" => json!({"type": "italic"}),
        "u" | "ins" => json!({"type": "underline"}),
        "s" | "strike" | "del" => json!({"type": "strikethrough"}),
        "tg-spoiler" => json!({"type": "spoiler"}),
        "span" if attribute("class").as_deref() == Some("tg-spoiler") => json!({"type": "spoiler"}),
        "span" => {
            return Err(format!(
                "Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}"
            ));
        }
        "blockquote" if attributes.contains("expandable") => {
            json!({"type": "expandable_blockquote"})
        }
        "blockquote" => json!({"type": "blockquote"}),
        "a" => json!({"type": "text_link", "url": attribute("href").unwrap_or_default()}),
        "tg-emoji" => {
            json!({"type": "custom_emoji", "custom_emoji_id": attribute("emoji-id").unwrap_or_default()})
        }
        "code" => {
            let language = attribute("class")
                .and_then(|class| class.strip_prefix("language-").map(str::to_owned))
                .filter(|_| open.last().is_some_and(|outer| outer.tag == "pre"));
            match language {
                Some(language) => json!({"type": "code", "language": language}),
                None => json!({"type": "code"}),
            }
        }
        "pre" => json!({"type": "pre"}),
        _ => {
            return Err(format!(
                "Unsupported start tag \"{name}\" at byte offset {at}"
            ));
        }
    };
    Ok(Open {
        tag: name,
        start: at_units,
        extra,
    })
}

fn close(
    open: &mut Vec<Open>,
    entities: &mut Vec<Value>,
    name: &str,
    text: &str,
    at: usize,
) -> Result<(), String> {
    let Some(last) = open.pop() else {
        return Err(format!("Unexpected end tag at byte offset {at}"));
    };
    if !name.is_empty() && !name.eq_ignore_ascii_case(&last.tag) {
        return Err(format!(
            "Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"",
            last.tag
        ));
    }
    let length = units(text) - last.start;
    let mut entity = last.extra;
    if length == 0 || entity["url"] == "" {
        return Ok(());
    }
    // <pre><code class="language-x"> is one block of that language.
    if entity["type"] == "code" && entity["language"].is_string() {
        if let Some(outer) = open.last_mut().filter(|outer| outer.start == last.start) {
            outer.extra["language"] = entity["language"].clone();
        }
        return Ok(());
    }
    entity["offset"] = last.start.into();
    entity["length"] = length.into();
    entities.push(entity);
    Ok(())
}

/// `name="value"`, `name='value'` or `name=value`.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').unwrap_or((rest, ""));
        let name = name.split_whitespace().last().unwrap_or_default();
        let after = after.trim_start();
        let (value, next) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            _ => after
                .split_once(|letter: char| letter.is_whitespace())
                .unwrap_or((after, "")),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(decoded(value));
        }
        rest = next.trim_start();
    }
    None
}

fn decoded(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some(letter) = rest.chars().next() {
        let (letter, length) = reference(rest).unwrap_or((letter, letter.len_utf8()));
        text.push(letter);
        rest = &rest[length..];
    }
    text
}

/// `&lt;` and its like at the start of `rest`: the letter and how long it was spelled.
fn reference(rest: &str) -> Option<(char, usize)> {
    let body = rest.strip_prefix('&')?;
    if let Some(number) = body.strip_prefix('#') {
        let (digits, radix, skipped) = match number.strip_prefix('x') {
            Some(digits) => (digits, 16, 3),
            None => (number, 10, 2),
        };
        let length = digits
            .find(|letter: char| !letter.is_digit(radix))
            .unwrap_or(digits.len());
        let letter = char::from_u32(u32::from_str_radix(&digits[..length], radix).ok()?)?;
        let semicolon = usize::from(digits[length..].starts_with(';'));
        return (letter != '\0').then_some((letter, skipped + length + semicolon));
    }
    for (name, letter) in [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"')] {
        if let Some(after) = body.strip_prefix(name)
            && !after.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        {
            return Some((letter, 1 + name.len() + usize::from(after.starts_with(';'))));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_entities_in_utf16() {
        let (text, entities) =
            parse("😀 <b>bold <i>both</i></b> <a href=\"https://x.y/?a=1&amp;b=2\">link</a> &lt;3")
                .unwrap();
        assert_eq!(text, "😀 bold both link <3");
        assert_eq!(
            entities,
            [
                json!({"type": "bold", "offset": 3, "length": 9}),
                json!({"type": "italic", "offset": 8, "length": 4}),
                json!({"type": "text_link", "url": "https://x.y/?a=1&b=2", "offset": 13, "length": 4}),
            ]
        );
        let (text, entities) =
            parse("<pre><code class=\"language-rust\">fn</code></pre><blockquote expandable>q</blockquote>").unwrap();
        assert_eq!(text, "fnq");
        assert_eq!(entities[0]["language"], "rust");
        assert_eq!(entities[1]["type"], "expandable_blockquote");
    }

    #[test]
    fn mistakes_name_their_place() {
        for (source, sentence) in [
            ("a <p>b</p>", "Unsupported start tag \"p\" at byte offset 2"),
            (
                "<b>a",
                "Can't find end tag corresponding to start tag \"b\"",
            ),
            ("a</b>", "Unexpected end tag at byte offset 1"),
            (
                "<b>a</i>",
                "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\"",
            ),
            ("1 < 2", "Unclosed start tag at byte offset 2"),
        ] {
            assert_eq!(parse(source).unwrap_err(), sentence);
        }
    }
}
