//! `POST /v1/accounts/{account}/messages`, and what became of a write.

use std::sync::Arc;

use axum::extract::{Path, State};
use graph_api::limits::{
    HUMAN_AGENT_WINDOW_MS, IMAGES_PER_MESSAGE, QUICK_REPLIES, QUICK_REPLY_PAYLOAD,
    QUICK_REPLY_TITLE, TEXT_BYTES, WINDOW_MS, is_fetchable,
};
use serde::Deserialize;
use store::Conversation;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{Account, ApiError, Caller, Failures, Gate, In, Once, Scope},
    error::InputProblem,
    writes::{
        Deed, FileWord, MARGIN_MS, Message, MessageFile, Told, WriteOut, earlier, look, order,
    },
};

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SentBy {
    /// A program: within 24 hours of the person's last message.
    #[default]
    App,
    /// A person of the account's: within seven days (Meta's tag `HUMAN_AGENT`, which the app must have been granted).
    Person,
}

/// A file: exactly one of `url` and `attachment_id`.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct FileIn {
    /// Where Meta fetches it.
    #[garde(length(max = 2048))]
    #[schema(example = "https://example.com/picture.jpg")]
    url: Option<String>,
    /// Meta's id of a file that was uploaded before.
    #[garde(length(min = 1, max = 64), ascii)]
    attachment_id: Option<String>,
}

/// One file and what it is.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
struct MediaIn {
    /// `image`, `video`, `audio`, `file` (PDF).
    #[garde(skip)]
    kind: FileWord,
    #[garde(dive)]
    #[serde(flatten)]
    file: FileIn,
}

/// What can be tapped below the words.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuickReplyIn {
    #[garde(length(chars, min = 1, max = QUICK_REPLY_TITLE))]
    title: String,
    #[garde(length(bytes, min = 1, max = QUICK_REPLY_PAYLOAD))]
    payload: String,
}

/// A message: exactly one of `text`, `media`, `images`, `post` and `heart`.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageIn {
    /// The person, as this account sees them (IGSID).
    #[garde(length(min = 1, max = 64), ascii, alphanumeric)]
    #[schema(example = "5550000000000001")]
    to: String,
    /// At most 1000 bytes.
    #[garde(length(bytes, min = 1, max = TEXT_BYTES))]
    #[schema(example = "Thank you for writing!")]
    text: Option<String>,
    /// Below a text; shown on phones.
    #[garde(length(max = QUICK_REPLIES), dive)]
    #[serde(default)]
    quick_replies: Vec<QuickReplyIn>,
    /// One file.
    #[garde(dive)]
    media: Option<MediaIn>,
    /// Several pictures in one message.
    #[garde(length(min = 1, max = IMAGES_PER_MESSAGE), dive)]
    images: Option<Vec<FileIn>>,
    /// A post of the account's own, by its id.
    #[garde(length(min = 1, max = 128), ascii)]
    post: Option<String>,
    /// A heart.
    #[garde(skip)]
    heart: Option<bool>,
    /// The message that it answers.
    #[garde(length(min = 1, max = 512), ascii)]
    reply_to: Option<String>,
    /// Who writes: `app` or `person`.
    #[garde(skip)]
    #[serde(default)]
    sent_by: SentBy,
}

impl FileIn {
    fn read(self, at: &str, problems: &mut Vec<InputProblem>) -> Option<MessageFile> {
        match (self.url, self.attachment_id) {
            (Some(url), None) if is_fetchable(&url) => Some(MessageFile::Url(url)),
            (None, Some(id)) => Some(MessageFile::AttachmentId(id)),
            _ => {
                problems.push(problem(
                    at,
                    "must name one of url (https) and attachment_id",
                ));
                None
            }
        }
    }
}

fn problem(at: &str, says: &str) -> InputProblem {
    InputProblem {
        at: at.to_owned(),
        says: says.to_owned(),
    }
}

impl MessageIn {
    /// What it holds, or everything that is wrong with that.
    fn message(&mut self) -> Result<Message, ApiError> {
        let mut problems = Vec::new();
        let mut found = Vec::new();
        let choices: Vec<(String, String)> = std::mem::take(&mut self.quick_replies)
            .into_iter()
            .map(|reply| (reply.title, reply.payload))
            .collect();
        if !choices.is_empty() && self.text.is_none() {
            problems.push(problem("quick_replies", "stand below a text"));
        }
        if let Some(text) = self.text.take() {
            found.push(Message::Text { text, choices });
        }
        if let Some(media) = self.media.take()
            && let Some(file) = media.file.read("media", &mut problems)
        {
            let kind = media.kind;
            found.push(Message::File { kind, file });
        }
        if let Some(images) = self.images.take() {
            let files = images.into_iter().enumerate();
            let files =
                files.filter_map(|(at, image)| image.read(&format!("images[{at}]"), &mut problems));
            let files = files.collect();
            found.push(Message::Images { files });
        }
        if let Some(media) = self.post.take() {
            found.push(Message::Post { media });
        }
        if self.heart == Some(true) {
            found.push(Message::Heart);
        }
        if found.len() != 1 && problems.is_empty() {
            problems.push(problem(
                "body",
                "must hold one of text, media, images, post and heart",
            ));
        }
        match found.pop() {
            Some(message) if problems.is_empty() => Ok(message),
            _ => Err(ApiError::invalid(problems)),
        }
    }
}

/// Sends a direct message, once.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/messages", tag = "messages",
    params(("account" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = MessageIn,
    responses((status = 201, body = WriteOut), (status = 202, body = WriteOut), Failures)
)]
pub(super) async fn send(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    Once(once): Once,
    In(mut body): In<MessageIn>,
) -> Result<Told, ApiError> {
    caller.need(Scope::Send)?;
    let message = body.message()?;
    let account = caller.account(&gate, Some(&account)).await?;
    if let Some(told) = earlier(&gate, &account, once).await? {
        return Ok(told);
    }
    let human_agent = window(&gate, &account, &body.to, body.sent_by).await?;
    let deed = Deed::Message {
        to: body.to,
        message,
        reply_to: body.reply_to,
        human_agent,
    };
    order(&gate, &account, &deed, once).await
}

/// Whether the person may be written to, as far as we know, and whether that needs the tag. Where we know of no message
/// of theirs, Meta decides.
async fn window(
    gate: &Gate,
    account: &Account,
    to: &str,
    sent_by: SentBy,
) -> Result<bool, ApiError> {
    let talk = Conversation::new("instagram", account.id.as_str(), to);
    let Some(wrote_ms) = gate.store.last_inbound_ms(&talk).await? else {
        return Ok(sent_by == SentBy::Person);
    };
    let age_ms = gate.clock.now_ms().saturating_sub(wrote_ms);
    match sent_by {
        // Within a day nobody needs the tag, and an app that lacks it can still write.
        _ if age_ms < WINDOW_MS - MARGIN_MS => Ok(false),
        SentBy::Person if age_ms < HUMAN_AGENT_WINDOW_MS - MARGIN_MS => Ok(true),
        SentBy::App | SentBy::Person => Err(ApiError::window_closed()),
    }
}

/// What became of a write.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/writes/{write}", tag = "messages",
    params(("account" = String, Path), ("write" = String, Path)),
    responses((status = 201, body = WriteOut), (status = 202, body = WriteOut), Failures)
)]
pub(super) async fn write(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, write)): Path<(String, String)>,
) -> Result<Told, ApiError> {
    caller.need(Scope::Read)?;
    let write: Uuid = write.parse().map_err(|_| ApiError::not_found())?;
    let account = caller.account(&gate, Some(&account)).await?;
    look(&gate, &account, write).await
}
