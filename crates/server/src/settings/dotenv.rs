//! Reads `.env`, so that one file works for us, for a shell and for a container runner alike.
//!
//! Only what those three agree on is understood: `NAME=value`, an optional `export`, quotes around
//! the whole value, comments on their own line.

use std::collections::BTreeMap;

/// The pairs of a `.env` file, or the numbers of the lines that are none.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, String>, Vec<usize>> {
    let mut pairs = BTreeMap::new();
    let mut wrong = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        match line.split_once('=') {
            Some((name, value)) if is_name(name.trim()) => {
                pairs.insert(name.trim().to_owned(), unquote(value.trim()).to_owned());
            }
            _ => wrong.push(at + 1),
        }
    }
    if wrong.is_empty() {
        Ok(pairs)
    } else {
        Err(wrong)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_shells_and_containers_agree_on() {
        let text = "# a comment\nexport A=1\nB = \"two words\"\n\nC='x=y'\nD=\n";
        let pairs = parse(text).unwrap();
        let got: Vec<_> = pairs
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            got,
            [("A", "1"), ("B", "two words"), ("C", "x=y"), ("D", "")]
        );
    }

    #[test]
    fn names_the_lines_it_cannot_read() {
        assert_eq!(parse("A=1\nnonsense\n=x\n").unwrap_err(), [2, 3]);
    }
}
