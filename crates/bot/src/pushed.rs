//! Jobs that another program hands in: the first document's JSON, pushed into a queue of its own.
//!
//! Such a job is stored as an event like any other, so that it is told apart from its repeats, charged, answered
//! and forgotten like a message that came by webhook.

use media::link;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Conversation, EventRow, NewEvent, NewJob};

use crate::channel::Inbound;
use crate::plan::{Asked, REPLY, REPLY_ATTEMPTS};

/// The kind of the stored event.
pub(crate) const KIND: &str = "pushed";

/// Longest job that is read. A link and three numbers need less.
const MOST_BYTES: usize = 16 * 1024;

/// Why a pushed job is no job. Says what would be one, and holds nothing of what was pushed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushedError {
    /// Not JSON, or not an object.
    #[error("not a JSON object")]
    NotJson,
    /// More than anybody needs.
    #[error("longer than 16 KiB")]
    TooLong,
    /// `channel` is neither of ours.
    #[error("channel must be \"telegram\" (or absent) or \"instagram\"")]
    Channel,
    /// No address of a post.
    #[error("url must be a link to an Instagram post or reel")]
    Url,
    /// Nobody to answer.
    #[error("{0} must be given, as a number or a string of digits")]
    Person(&'static str),
    /// Nobody to answer with.
    #[error("{0}")]
    Account(&'static str),
}

/// Our side of each channel, where it is set up.
#[derive(Debug, Clone, Default)]
pub struct OurSides {
    /// The Telegram bot's id.
    pub telegram: Option<String>,
    /// The Instagram account's id.
    pub instagram: Option<String>,
    /// The Facebook Page that the Instagram account is linked to: the document's `page_id`.
    pub page: Option<String>,
}

#[derive(Deserialize)]
struct Job {
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    chat_id: Value,
    #[serde(default)]
    status_message_id: Value,
    #[serde(default)]
    recipient_id: Value,
    #[serde(default)]
    page_id: Value,
    #[serde(default)]
    url: String,
}

/// The channel and the event of a pushed job. `entry` names the entry it came in: two events of one entry are one.
pub fn pushed_event(
    entry: &str,
    body: &[u8],
    ours: &OurSides,
    received_at_ms: i64,
) -> Result<(&'static str, NewEvent), PushedError> {
    if body.len() > MOST_BYTES {
        return Err(PushedError::TooLong);
    }
    let raw = std::str::from_utf8(body).map_err(|_| PushedError::NotJson)?;
    let job: Job = serde_json::from_str(raw).map_err(|_| PushedError::NotJson)?;
    if link::find(&job.url).is_empty() {
        return Err(PushedError::Url);
    }
    let (channel, account, person) = sides(&job, ours)?;
    let talk = Conversation::new(channel, account, person);
    let mut reply = NewJob::new(REPLY, json!({ "channel": channel }));
    reply.order_key = Some(format!("{REPLY}:{}", talk.key()));
    reply.person = Some(talk.person.clone());
    reply.max_attempts = REPLY_ATTEMPTS;
    let print = Sha256::digest(format!("pushed\n{entry}").as_bytes());
    let mut dedupe = [0; 16];
    dedupe.copy_from_slice(&print[..16]);
    let event = NewEvent {
        account: talk.account,
        person: Some(talk.person),
        kind: KIND,
        shape: KIND,
        mid: None,
        at_ms: received_at_ms,
        dedupe,
        // Whoever pushed it had just been written to.
        opens_window: true,
        raw: raw.into(),
        job: Some(reply),
    };
    Ok((channel, event))
}

fn sides(job: &Job, ours: &OurSides) -> Result<(&'static str, String, String), PushedError> {
    match job.channel.as_deref() {
        None | Some("telegram") => {
            let account = ours.telegram.clone().ok_or(PushedError::Account(
                "a Telegram job needs a Telegram bot: set TELEGRAM_BOT_TOKEN",
            ))?;
            let chat = digits(&job.chat_id).ok_or(PushedError::Person("chat_id"))?;
            Ok(("telegram", account, chat))
        }
        Some("instagram") => {
            let account = ours.instagram.clone().ok_or(PushedError::Account(
                "an Instagram job needs an account: set instagram.account_id",
            ))?;
            if let Some(page) = digits(&job.page_id)
                && page != account
                && ours.page.as_ref().is_some_and(|ours| *ours != page)
            {
                return Err(PushedError::Account(
                    "page_id is not the page of this installation",
                ));
            }
            let person = digits(&job.recipient_id).ok_or(PushedError::Person("recipient_id"))?;
            Ok(("instagram", account, person))
        }
        Some(_) => Err(PushedError::Channel),
    }
}

/// A number or a string of digits, as programs write ids. Telegram's groups have a sign.
fn digits(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let bare = text.strip_prefix('-').unwrap_or(&text);
    let is_id = !bare.is_empty() && bare.len() <= 20 && bare.bytes().all(|b| b.is_ascii_digit());
    is_id.then_some(text)
}

/// What a stored job asks for.
pub(crate) fn read(event: &EventRow) -> Option<Inbound> {
    let job: Job = serde_json::from_str(&event.raw).ok()?;
    Some(Inbound {
        asked: Asked::in_words(&job.url),
        placeholder: digits(&job.status_message_id).filter(|_| event.channel == "telegram"),
        ..Inbound::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REEL: &str = "https://www.instagram.com/reel/COceanTides/";

    fn ours() -> OurSides {
        OurSides {
            telegram: Some("42".into()),
            instagram: Some("178".into()),
            page: Some("100".into()),
        }
    }

    fn event(job: &Value) -> Result<NewEvent, PushedError> {
        let read = pushed_event("1-0", job.to_string().as_bytes(), &ours(), 7);
        read.map(|(_, event)| event)
    }

    #[test]
    fn the_documents_jobs_are_read() {
        let telegram = event(&json!({"chat_id": 5, "status_message_id": 9, "url": REEL})).unwrap();
        assert_eq!(
            (telegram.account.as_str(), telegram.person.as_deref()),
            ("42", Some("5"))
        );
        assert!(telegram.opens_window);
        let instagram =
            json!({"channel": "instagram", "recipient_id": "555", "page_id": "100", "url": REEL});
        let instagram = event(&instagram).unwrap();
        assert_eq!(
            (instagram.account.as_str(), instagram.person.as_deref()),
            ("178", Some("555"))
        );
        let group =
            event(&json!({"channel": "telegram", "chat_id": "-1001", "url": REEL})).unwrap();
        assert_eq!(group.person.as_deref(), Some("-1001"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let table = [
            (json!([1]), PushedError::NotJson),
            (json!({"chat_id": 5}), PushedError::Url),
            (
                json!({"chat_id": 5, "url": "https://example.com/x"}),
                PushedError::Url,
            ),
            (json!({"url": REEL}), PushedError::Person("chat_id")),
            (
                json!({"chat_id": "x1", "url": REEL}),
                PushedError::Person("chat_id"),
            ),
            (
                json!({"channel": "instagram", "url": REEL}),
                PushedError::Person("recipient_id"),
            ),
            (json!({"channel": "icq", "url": REEL}), PushedError::Channel),
        ];
        for (job, why) in table {
            assert_eq!(event(&job).map(drop), Err(why), "{job}");
        }
        let elsewhere =
            json!({"channel": "instagram", "recipient_id": 1, "page_id": 99, "url": REEL});
        assert!(matches!(event(&elsewhere), Err(PushedError::Account(_))));
        let nobody = pushed_event(
            "1",
            json!({"chat_id": 5, "url": REEL}).to_string().as_bytes(),
            &OurSides::default(),
            7,
        );
        assert!(matches!(nobody, Err(PushedError::Account(_))));
    }

    #[test]
    fn entries_are_told_apart_by_their_names_and_not_by_what_they_say() {
        let body = json!({"chat_id": 5, "url": REEL}).to_string();
        let dedupe = |entry: &str| {
            pushed_event(entry, body.as_bytes(), &ours(), 7)
                .unwrap()
                .1
                .dedupe
        };
        assert_eq!(dedupe("1-0"), dedupe("1-0"));
        assert_ne!(dedupe("1-0"), dedupe("1-1"));
    }
}
