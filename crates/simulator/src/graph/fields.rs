//! The `fields` argument: names, arguments in `.limit(5)`, and expansion in braces.

use std::fmt::Write as _;

use super::error::GraphError;

/// One asked field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) limit: Option<usize>,
    pub(crate) after: Option<String>,
    /// Every `.name(value)` as it stands, `limit` and `after` too: `metric(reach,views)`,
    /// `username(x)`, `comment_id(1)`.
    pub(crate) options: Vec<(String, String)>,
    pub(crate) fields: Vec<Field>,
}

impl Field {
    /// What stands in `.name(…)` behind this field.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Fields in the spelling that [`parse`] reads, for a handler that passes some of them on.
pub(crate) fn print(fields: &[Field]) -> String {
    let one = |field: &Field| {
        let mut text = field.name.clone();
        for (name, value) in &field.options {
            // Writing into a String cannot fail.
            let _ = write!(text, ".{name}({value})");
        }
        if !field.fields.is_empty() {
            let _ = write!(text, "{{{}}}", print(&field.fields));
        }
        text
    };
    fields.iter().map(one).collect::<Vec<_>>().join(",")
}

pub(crate) fn parse(text: &str) -> Result<Vec<Field>, GraphError> {
    let mut reader = Reader {
        rest: text.trim(),
        depth: 0,
    };
    let fields = reader.list()?;
    if reader.rest.is_empty() {
        Ok(fields)
    } else {
        Err(reader.wrong())
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn wrong(&self) -> GraphError {
        let near: String = self.rest.chars().take(20).collect();
        GraphError::new(
            2500,
            None,
            format!("Syntax error \"Expected name near {near}\" in fields"),
        )
    }

    fn list(&mut self) -> Result<Vec<Field>, GraphError> {
        let mut fields = Vec::new();
        loop {
            let name = self.word();
            if name.is_empty() {
                return if fields.is_empty() && self.rest.is_empty() {
                    Ok(fields)
                } else {
                    Err(self.wrong())
                };
            }
            let mut field = Field {
                name: name.to_owned(),
                ..Field::default()
            };
            while self.take('.') {
                let option = self.word();
                let value = self.inside().ok_or_else(|| self.wrong())?;
                match option {
                    "limit" => field.limit = value.parse().ok(),
                    "after" => field.after = Some(value.to_owned()),
                    _ => {}
                }
                field.options.push((option.to_owned(), value.to_owned()));
            }
            if self.take('{') {
                self.depth += 1;
                if self.depth > 4 {
                    return Err(self.wrong());
                }
                field.fields = self.list()?;
                self.depth -= 1;
                if !self.take('}') {
                    return Err(self.wrong());
                }
            }
            fields.push(field);
            if !self.take(',') {
                return Ok(fields);
            }
        }
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end = self
            .rest
            .find(|letter| !is_name(letter))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        word
    }

    fn inside(&mut self) -> Option<&'a str> {
        let (value, rest) = self.rest.strip_prefix('(')?.split_once(')')?;
        self.rest = rest.trim_start();
        Some(value)
    }

    fn take(&mut self, letter: char) -> bool {
        match self.rest.strip_prefix(letter) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_expansion() {
        let fields =
            parse("id,messages.limit(20).after(QVFI){id, from{username}},updated_time").unwrap();
        assert_eq!(fields.len(), 3);
        assert_eq!(fields[1].limit, Some(20));
        assert_eq!(fields[1].after.as_deref(), Some("QVFI"));
        assert_eq!(fields[1].fields[1].fields[0].name, "username");
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn keeps_options_and_prints_what_it_read() {
        let text = "id,insights.metric(reach,views),x.username(a.b).limit(2){media.after(c){id},n}";
        let fields = parse(text).unwrap();
        assert_eq!(fields[1].option("metric"), Some("reach,views"));
        assert_eq!(fields[2].option("username"), Some("a.b"));
        assert_eq!(fields[2].option("after"), None);
        assert_eq!(print(&fields), text);
    }

    #[test]
    fn refuses_what_is_not_a_list() {
        for text in ["id,", "a{b", "a}", "a{b{c{d{e{f}}}}}", "a.limit(", "!"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
