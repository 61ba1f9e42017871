//! What is pushed: jobs as the first document writes them, each of another person, and a few that are none.

use serde_json::{Value, json};

use super::redis::Shape;
use crate::delivery::shortcode;

/// An entry that is no job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// As it is pushed.
    pub body: String,
    /// A word of the reason that must be given.
    pub why: &'static str,
}

/// How the tables call the person of job `number`.
pub fn person(number: usize) -> String {
    (7_000_000_000 + number).to_string()
}

/// The job of person `number`: half of Telegram, where no channel is named, half of Instagram; ids as numbers and as
/// words, as programs write them.
pub fn job(number: usize) -> String {
    let code = shortcode(u64::try_from(number).unwrap_or_default() + 1);
    let url = format!("https://www.instagram.com/reel/{code}/");
    let id = 7_000_000_000 + number;
    let job = match number % 4 {
        0 => json!({"chat_id": id, "status_message_id": 7, "url": url}),
        1 => {
            json!({"channel": "instagram", "recipient_id": id.to_string(), "page_id": "100000000000001", "url": url})
        }
        2 => json!({"chat_id": id.to_string(), "url": url}),
        _ => json!({"channel": "instagram", "recipient_id": id, "url": url}),
    };
    job.to_string()
}

/// Whose job this is.
pub fn person_of(body: &str) -> Option<String> {
    let job: Value = serde_json::from_str(body).ok()?;
    let id = job.get("chat_id").or_else(|| job.get("recipient_id"))?;
    Some(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
}

/// Entries that are no jobs, with the reasons.
pub fn bad(shape: Shape) -> Vec<Bad> {
    let url = format!("https://www.instagram.com/reel/{}/", shortcode(1_000_000));
    let long = "x".repeat(20_000);
    let mut all = vec![
        ("{\"chat_id\": 1".to_owned(), "JSON"),
        (json!([1, 2]).to_string(), "JSON"),
        (json!({"chat_id": 1}).to_string(), "url"),
        (
            json!({"chat_id": 1, "url": "https://example.com/"}).to_string(),
            "url",
        ),
        (json!({"url": url}).to_string(), "chat_id"),
        (
            json!({"channel": "instagram", "page_id": 1, "url": url}).to_string(),
            "page",
        ),
        (
            json!({"channel": "instagram", "url": url}).to_string(),
            "recipient_id",
        ),
        (
            json!({"channel": "pigeon", "chat_id": 1, "url": url}).to_string(),
            "channel",
        ),
        (
            json!({"chat_id": 1, "url": url, "note": long}).to_string(),
            "16 KiB",
        ),
    ];
    if shape == Shape::List {
        // A list may hold anything, a stream's field too; nothing at all is a case of its own.
        all.push((String::new(), "JSON"));
    }
    all.into_iter()
        .map(|(body, why)| Bad { body, why })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_names_its_person() {
        for number in 0..8 {
            assert_eq!(person_of(&job(number)), Some(person(number)));
        }
        assert_eq!(person_of("{"), None);
        assert_eq!(person_of("{}"), None);
    }
}
