//! Nothing that a model or a stranger wrote reaches a person as a link, a handle or a number to call. Links in a summary
//! are always ours; whatever else looks like one is taken out, whether it was smuggled in or really said.

use unicode_normalization::UnicodeNormalization;

use crate::is_invisible;

/// Longest title in characters.
pub(super) const TITLE: usize = 70;
/// Longest point of a model.
pub(super) const POINT: usize = 150;
/// Longest excerpt.
pub(super) const EXCERPT: usize = 240;
/// Longest text that is shown as it is.
pub(super) const AS_IS: usize = 600;
/// So many digits in a row, however they are grouped, are a number to call.
const PHONE_DIGITS: usize = 9;
/// Words that are said for the dot of an address.
const DOTS: &[&str] = &[
    "dot", "ponto", "punto", "(dot)", "[dot]", "(ponto)", "(punto)", ".", "(.)", "[.]",
];
/// Ends of addresses that are recognised where the dot is said or stands alone. With a written dot every end counts.
const ENDS: &[&str] = &[
    "com", "net", "org", "br", "es", "pt", "mx", "ar", "uk", "us", "io", "me", "app", "link",
    "info", "example", "xyz", "site", "online", "shop", "store", "dev", "co", "tv", "gg", "ly",
    "to", "ru", "cn", "biz", "top", "club", "live",
];

/// Text that may be shown: one line, no links, handles, e-mail addresses, phone numbers, markup or invisible characters.
pub(super) fn clean(text: &str) -> String {
    let mut text = visible(text);
    // Taking something out may bring two halves together; each round only removes, so this ends.
    loop {
        let next = tidy_ends(&without_phones(&without_links(&text)));
        if next == text {
            return next;
        }
        text = next;
    }
}

/// Whether `clean` would have to take out a link, a handle or a number.
pub(super) fn has_link(text: &str) -> bool {
    let text = visible(text);
    without_phones(&without_links(&text)) != text
}

/// Cuts to at most `most` characters at a word's end.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    let end = head
        .rfind(' ')
        .filter(|end| *end > head.len() / 2)
        .unwrap_or(head.len());
    format!(
        "{}…",
        head[..end].trim_end_matches([' ', ',', ';', ':', '-', '–', '.'])
    )
}

/// Compatibility forms folded (full-width dots and letters), markup and invisible characters gone, one line.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkc() {
        match c {
            '。' | '｡' | '․' | '·' | '∙' | '•' => out.push('.'),
            '<' | '>' | '`' | '*' | '{' | '}' | '|' | '\\' | '#' | '~' | '^' | '_' => out.push(' '),
            _ if c.is_whitespace() => out.push(' '),
            _ if c.is_control() || is_hidden(c) => {}
            _ => out.push(c),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Beyond what nobody sees: fillers, variation selectors and tags, in which a model's text could hide another one.
fn is_hidden(c: char) -> bool {
    is_invisible(c)
        || matches!(c,
            '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn without_links(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut skip = 0;
    for (i, word) in words.iter().enumerate() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let spoken = spoken_address(&words[i..]);
        if spoken > 0 {
            skip = spoken - 1;
        } else if !is_address(word) {
            kept.push(word);
        }
    }
    kept.join(" ")
}

/// How many words from here on spell an address: "evil dot example", "evil . com . br", "evil .com".
fn spoken_address(words: &[&str]) -> usize {
    let mut length = 1;
    loop {
        let dot = words.get(length).map(|word| word.to_lowercase());
        let end = words.get(length + 1).map(|word| bare(word).to_lowercase());
        let is_end = |end: &str| ENDS.contains(&end.split('/').next().unwrap_or_default());
        match (dot, end) {
            (Some(dot), Some(end)) if DOTS.contains(&dot.as_str()) && is_end(&end) => length += 2,
            (Some(dot), _) if dot.strip_prefix('.').is_some_and(|end| is_end(bare(end))) => {
                length += 1;
            }
            _ => break,
        }
    }
    if length > 1 { length } else { 0 }
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn is_address(word: &str) -> bool {
    let lower = word.to_lowercase().replace("[.]", ".").replace("(.)", ".");
    if lower.contains('@') || lower.contains("://") || lower.contains("www.") {
        return true;
    }
    // `javascript:x`, `hxxp:`, `tg:resolve`, `mailto:x`, but not `nota:` or `10:30`.
    if let Some((scheme, rest)) = lower.split_once(':')
        && rest
            .chars()
            .next()
            .is_some_and(|c| c.is_alphanumeric() || c == '/')
        && scheme.chars().any(char::is_alphabetic)
    {
        return true;
    }
    // A dot between letters: an address, or a missing space that nobody will miss.
    let chars: Vec<char> = lower.chars().collect();
    if chars.windows(4).any(|w| {
        w[0].is_alphanumeric() && w[1] == '.' && w[2].is_alphabetic() && w[3].is_alphabetic()
    }) {
        return true;
    }
    let host = bare(&lower)
        .split(['/', ':', ','])
        .next()
        .unwrap_or_default();
    let numbers: Vec<&str> = host.split('.').collect();
    numbers.len() == 4 && numbers.iter().all(|number| number.parse::<u8>().is_ok())
}

/// Takes out runs of digits and what groups them where they are long enough to be a number to call.
fn without_phones(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        if run.chars().filter(char::is_ascii_digit).count() < PHONE_DIGITS {
            out.push_str(run);
        } else {
            out.push(' ');
        }
        run.clear();
    };
    for c in text.chars() {
        let joins = matches!(c, ' ' | '-' | '(' | ')' | '.' | '/' | '–' | '‑') && !run.is_empty();
        if c.is_ascii_digit() || c == '+' || joins {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A dangling separator where something was taken out at an end.
fn tidy_ends(text: &str) -> String {
    text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–' | '—' | '/')
    })
    .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_every_spelling_go() {
        for bad in [
            "https://evil.example/x",
            "http://1.2.3.4",
            "hxxps://evil[.]example",
            "www.evil.example",
            "evil.example",
            "EVIL.EXAMPLE",
            "evil dot example",
            "evil ponto com ponto br",
            "evil . com",
            "evil .com",
            "еvil.example",
            "ｅｖｉｌ．ｅｘａｍｐｌｅ",
            "ev\u{200b}il.exam\u{202e}ple",
            "t.me/evil",
            "@evil",
            "me@evil.example",
            "＠evil",
            "javascript:alert(1)",
            "tg://resolve?domain=evil",
            "[aqui](https://evil.example)",
            "evil。example",
            "+55 (11) 99999-9999",
            "11 9 9999 9999",
            "bit.ly/3xYz",
            "(evil.example)",
            "evil.example,",
            "192.168.0.1",
            "evil [.] com",
        ] {
            let text = format!("visite {bad} agora");
            assert_eq!(clean(&text), "visite agora", "{bad}");
            assert!(has_link(&text), "{bad}");
        }
    }

    #[test]
    fn plain_speech_stays() {
        for good in [
            "Custa 3,50 por quilo; em 2019 eram 2.80.",
            "São 10:30 da manhã, nota: 9,5.",
            "p.m. e a.m. são iguais.",
            "O Dr. Silva disse: calma!",
            "Mais de 1.000.000 de pessoas em 2023 e 2024.",
            "U.S. and U.K. teams",
            "É ponto final.",
            "The dot on the map",
            "Punto y coma.",
            "e/ou",
            "24/7",
            "Versão 2.0, 30% mais leve",
        ] {
            assert_eq!(clean(good), good);
            assert!(!has_link(good), "{good}");
        }
    }

    #[test]
    fn markup_and_invisible_characters_go() {
        assert_eq!(
            clean("<b>oi</b> **gente** `x`\n#receita\u{202e}\u{0007}"),
            "b oi /b gente x receita"
        );
        assert_eq!(cut("uma frase que é longa demais", 15), "uma frase que…");
        assert_eq!(cut("curta", 15), "curta");
    }

    #[test]
    fn malice_of_any_length_is_cleaned_at_once() {
        for piece in [
            "evil dot ",
            "a. ",
            "www",
            "@ ",
            "1 ",
            "+5-",
            "(.)",
            "evil .com ",
            "a:b ",
            "\u{200b}",
            "<",
            "e dot com ",
            "ﷺ",
        ] {
            let text = piece.repeat((1 << 18) / piece.len());
            let start = std::time::Instant::now();
            let _ = clean(&text);
            // Quadratic would take minutes; the bound is loose because tests share the machine.
            assert!(
                start.elapsed() < std::time::Duration::from_secs(10),
                "{piece}: {:?}",
                start.elapsed()
            );
        }
    }

    /// Broader than what `clean` looks for, and written apart from it.
    fn looks_like_link(text: &str) -> bool {
        let chars: Vec<char> = text.to_lowercase().chars().collect();
        let dotted = chars.windows(4).any(|w| {
            w[0].is_alphanumeric() && w[1] == '.' && w[2].is_alphabetic() && w[3].is_alphabetic()
        });
        dotted || text.contains('@') || text.contains("://") || text.to_lowercase().contains("www.")
    }

    proptest! {
        #[test]
        fn whatever_comes_in_no_link_comes_out(text in "(\\PC|[a-z.@:/ ]|(https?://|www\\.|\\.com|@)){0,60}") {
            let cleaned = clean(&text);
            prop_assert!(!looks_like_link(&cleaned), "{:?} -> {:?}", text, cleaned);
            prop_assert!(!has_link(&cleaned), "{:?} -> {:?}", text, cleaned);
            prop_assert!(!cleaned.chars().any(|c| c.is_control() || is_hidden(c)));
        }
    }
}
