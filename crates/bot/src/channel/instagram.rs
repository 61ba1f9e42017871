//! Instagram direct messages over Meta's Graph API.

mod offer;
mod outgoing;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use graph_api::budget::{Bucket, Budget, Memory, Permit, Urgency};
use graph_api::client::{Action, CallCode, CallRecord, Credentials, Graph, ThreadMessage, Upload};
use graph_api::error::{
    CallError, ErrorKind, NotSent, Outcome, Reaction as MetaReaction, classify,
};
use graph_api::id::{AccountId, Igsid};
use graph_api::limits;
use graph_api::webhook::{Kind, Shape, parse_stored, without_person};
use media::ChannelLimits;
use media::link::Hosts;
use store::{Clock, Conversation, EventRow};

use super::{
    Channel, ChannelError, Content, FileToUpload, Inbound, Limits, Located, Lying,
    Outcome as FoundBy, Probe, Reaction, Sent, Sign,
};
use crate::accounts::Accounts;
use crate::plan;
use outgoing::{file_name, media_kind, outgoing};

/// The word in `Conversation::channel`.
pub const NAME: &str = "instagram";

/// The rates that every caller of one process shares.
pub type SharedBudget = Arc<Budget<Memory>>;

/// Messages that arrive this late in the 24 hours are not tried: clocks differ, and a refusal for
/// the window's sake is a mark against the account.
const WINDOW_MARGIN_MS: i64 = 10 * 60_000;
/// What a message aims at: below the limit, so that a reader gets whole paragraphs.
const TEXT_AIM_BYTES: usize = 850;
/// The upload that an attachment id speaks of is gone or was never ours
/// (developers.facebook.com, Messenger Platform error codes, read 2026-06-25).
const BAD_ATTACHMENT: (i64, i64) = (100, 2_018_074);

/// Instagram as a channel.
#[allow(missing_debug_implementations)]
pub struct Instagram {
    graph: Arc<Graph>,
    accounts: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    budget: SharedBudget,
    files: ChannelLimits,
}

impl Instagram {
    /// The channel over this client. The budget is shared with everybody who calls Meta; `files` may ask for less than
    /// Meta allows, never for more.
    pub fn new(
        graph: Arc<Graph>,
        accounts: Arc<dyn Accounts>,
        clock: Arc<dyn Clock>,
        budget: SharedBudget,
        files: ChannelLimits,
    ) -> Self {
        let meta = ChannelLimits::instagram();
        Self {
            graph,
            accounts,
            clock,
            budget,
            files: ChannelLimits {
                target_bytes: files.target_bytes.min(meta.hard_bytes),
                hard_bytes: files.hard_bytes.min(meta.hard_bytes),
                ..meta
            },
        }
    }

    fn credentials(&self, of: &Conversation) -> Result<Credentials, ChannelError> {
        self.accounts
            .credentials(&of.account)
            .ok_or_else(|| ChannelError {
                may_be_done: false,
                reaction: Reaction::NeedsLogin,
                code: "no_credentials".to_owned(),
                trace: None,
            })
    }

    fn take(&self, account: &str, bucket: Bucket) -> Result<(), Duration> {
        let now_ms = self.clock.now_ms();
        match self
            .budget
            .take(&AccountId::from(account), bucket, Urgency::Now, now_ms)
        {
            Permit::Go => Ok(()),
            Permit::Wait { until_ms } => {
                let wait_ms = u64::try_from(until_ms - now_ms).unwrap_or(0);
                Err(Duration::from_millis(wait_ms.max(1)))
            }
        }
    }

    /// Whether calls of this bucket may be made at all; what is no message takes nothing of its rate.
    fn is_open(&self, account: &AccountId, bucket: Bucket) -> Result<(), Duration> {
        let opens_ms = self.budget.opens_ms(account, bucket, Urgency::Now);
        match u64::try_from(opens_ms - self.clock.now_ms()) {
            Ok(wait_ms) if wait_ms > 0 => Err(Duration::from_millis(wait_ms)),
            _ => Ok(()),
        }
    }

    /// What this error means, and what it teaches about the rates.
    fn error(
        &self,
        account: &AccountId,
        bucket: Bucket,
        error: &CallError,
        repeatable: bool,
    ) -> ChannelError {
        let meta = if repeatable {
            error.reaction_if_repeatable()
        } else {
            error.reaction()
        };
        let mut reaction = reaction(meta);
        let mut code = match error {
            CallError::Graph(_) => String::new(),
            CallError::NotSent(NotSent::Connect(_)) => "connect".to_owned(),
            CallError::NotSent(NotSent::Unsendable(_)) => "unsendable".to_owned(),
            CallError::Lost(_) => "lost".to_owned(),
            CallError::Malformed { status, .. } => format!("malformed {status}"),
            CallError::File(_) => "file".to_owned(),
        };
        if let Some(graph) = error.graph() {
            code = match graph.subcode {
                Some(subcode) => format!("{}/{subcode}", graph.code),
                None => graph.code.to_string(),
            };
            if let Some(after) =
                self.budget
                    .learn_error(account, bucket, graph, self.clock.now_ms())
            {
                reaction = Reaction::Throttled(Some(after));
            }
            if graph.kind == ErrorKind::ManyImagesOff {
                reaction = Reaction::OneByOne;
            }
            if (graph.code, graph.subcode.unwrap_or(0)) == BAD_ATTACHMENT {
                reaction = Reaction::StaleFile;
            }
        }
        ChannelError {
            may_be_done: !repeatable && error.outcome() == Outcome::Unknown,
            reaction,
            code,
            trace: error.fbtrace_id().map(str::to_owned),
        }
    }
}

fn reaction(meta: MetaReaction) -> Reaction {
    match meta {
        MetaReaction::RetryLater { after } => Reaction::Later(after),
        MetaReaction::Throttled { after } => Reaction::Throttled(after),
        MetaReaction::WindowClosed => Reaction::WindowClosed,
        MetaReaction::PersonUnreachable => Reaction::PersonUnreachable,
        MetaReaction::NeedsLogin => Reaction::NeedsLogin,
        MetaReaction::AccountStopped => Reaction::AccountStopped,
        MetaReaction::ThreadOwnedByOther => Reaction::NotOurThread,
        MetaReaction::Refused => Reaction::Refused,
        // `may_be_done` is what counts then.
        MetaReaction::Reconcile => Reaction::Later(None),
    }
}

/// Teaches the budget what a call's end and its headers said. For the server's observer.
pub fn learn(budget: &Budget<Memory>, call: &CallRecord, now_ms: i64) {
    let bucket = match call.endpoint {
        "messages" | "sender_action" => Bucket::Text,
        "message_attachments" => Bucket::Media,
        "conversations" | "conversation" => Bucket::Conversations,
        _ => Bucket::Other,
    };
    let is_taken = match call.code {
        CallCode::Http(status) => (200..300).contains(&status),
        CallCode::Graph { code, subcode } => !classify(code, subcode).is_throttle(),
        CallCode::Transport(_) => false,
    };
    if is_taken {
        budget.learn_open(&call.payer, bucket, now_ms);
    }
    if let Some(usage) = &call.usage {
        budget.learn(&call.payer, bucket, usage, now_ms);
    }
}

fn bucket(content: &Content) -> Bucket {
    match content {
        Content::Text { .. } => Bucket::Text,
        Content::File { .. } | Content::Pictures { .. } => Bucket::Media,
    }
}

fn lying(message: ThreadMessage, person: &str) -> Lying {
    Lying {
        mid: message.id.into_string(),
        at_ms: message.created_ms,
        // A message without its writer may be ours: a doubt must never lead to a second send.
        ours: message.from_id.as_deref().is_none_or(|from| from != person),
        text: message.text,
        files: message.attachment_kinds,
    }
}

#[async_trait]
impl Channel for Instagram {
    fn name(&self) -> &'static str {
        NAME
    }

    fn limits(&self) -> Limits {
        Limits {
            files: self.files,
            caption_units: 0,
            inbound_bytes: limits::VIDEO_BYTES,
            pictures_per_message: limits::IMAGES_PER_MESSAGE,
            window_ms: Some(limits::WINDOW_MS - WINDOW_MARGIN_MS),
            edits: false,
            uploads_apart: true,
            documents: false,
            choices: limits::QUICK_REPLIES,
            outcome: FoundBy::Thread,
        }
    }

    fn split(&self, text: &str) -> Vec<String> {
        if text.len() <= limits::TEXT_BYTES {
            return vec![text.to_owned()];
        }
        limits::split_text(text, TEXT_AIM_BYTES)
    }

    fn permit(&self, to: &Conversation, content: &Content) -> Result<(), Duration> {
        self.take(&to.account, bucket(content))
    }

    fn key_print(&self, account: &str) -> Option<String> {
        Some(self.accounts.credentials(account)?.token.fingerprint())
    }

    fn read(&self, event: &EventRow, hosts: &Hosts) -> Option<Inbound> {
        let shape = Shape::from_word(&event.shape)?;
        let event = parse_stored(&event.account, shape, &event.raw);
        plan::deserves_answer(&event).then(|| Inbound {
            words: plan::words(&event.kind).to_owned(),
            tapped: plan::tapped(&event.kind).map(str::to_owned),
            asked: plan::asks(event.account.as_str(), &event.kind, hosts),
            ..Inbound::default()
        })
    }

    fn without(&self, body: &[u8], person: &Conversation) -> Option<bytes::Bytes> {
        without_person(body, &person.person).map(Into::into)
    }

    fn echo(&self, event: &EventRow) -> Option<Lying> {
        let shape = Shape::from_word(&event.shape)?;
        let Kind::Echo(message) = parse_stored(&event.account, shape, &event.raw).kind else {
            return None;
        };
        Some(Lying {
            mid: message.mid?.into_string(),
            at_ms: event.at_ms,
            ours: true,
            text: message.text,
            files: message
                .attachments
                .into_iter()
                .map(|attachment| attachment.kind)
                .collect(),
        })
    }

    async fn sign(&self, to: &Conversation, sign: Sign) {
        let Ok(credentials) = self.credentials(to) else {
            return;
        };
        if self.take(&to.account, Bucket::Text).is_err() {
            return;
        }
        let action = match sign {
            Sign::Seen => Action::MarkSeen,
            Sign::Typing => Action::TypingOn,
        };
        let person = Igsid::from(to.person.as_str());
        if let Err(error) = self
            .graph
            .sender_action(&credentials, &person, action)
            .await
        {
            let error = self.error(&credentials.account, Bucket::Text, &error, true);
            tracing::debug!(code = error.code, "a sign did not come through");
        }
    }

    async fn upload(
        &self,
        to: &Conversation,
        file: FileToUpload<'_>,
    ) -> Result<String, ChannelError> {
        let credentials = self.credentials(to)?;
        self.is_open(&credentials.account, Bucket::Media)
            .map_err(|wait| not_now("budget", Reaction::Throttled(Some(wait))))?;
        let name = file_name(file.path, file.kind);
        let upload = Upload {
            kind: media_kind(file.kind),
            path: file.path,
            file_name: &name,
            mime: file.mime,
        };
        match self.graph.upload(&credentials, upload).await {
            Ok(id) => Ok(id.into_string()),
            Err(error) => Err(self.error(&credentials.account, Bucket::Media, &error, true)),
        }
    }

    /// What people send here lies at an address that the webhook names.
    async fn locate(&self, _: &Conversation, _: &str) -> Result<Located, ChannelError> {
        Err(refused("no_such_file"))
    }

    async fn send(&self, to: &Conversation, content: &Content) -> Result<Sent, ChannelError> {
        let credentials = self.credentials(to)?;
        let person = Igsid::from(to.person.as_str());
        let Some(outgoing) = outgoing(content) else {
            return Err(refused("not_uploaded"));
        };
        match self.graph.send(&credentials, &person, &outgoing).await {
            Ok(sent) => Ok(Sent::words(sent.message_id.into_string())),
            Err(error) => Err(self.error(&credentials.account, bucket(content), &error, false)),
        }
    }

    async fn newest(&self, of: &Conversation) -> Result<Vec<Lying>, ChannelError> {
        let credentials = self.credentials(of)?;
        self.take(&of.account, Bucket::Conversations)
            .map_err(|wait| not_now("budget", Reaction::Throttled(Some(wait))))?;
        let person = Igsid::from(of.person.as_str());
        match self.graph.recent_messages(&credentials, &person).await {
            // The person wrote to us, so a thread without a message is a thread that was not read.
            Ok(messages) if messages.is_empty() => {
                Err(not_now("empty_thread", Reaction::Later(None)))
            }
            Ok(messages) => Ok(messages
                .into_iter()
                .map(|message| lying(message, &of.person))
                .collect()),
            Err(error) => {
                Err(self.error(&credentials.account, Bucket::Conversations, &error, true))
            }
        }
    }

    /// The thread can be read here.
    async fn probe(&self, _: &Conversation, _: Probe<'_>) -> Result<Option<String>, ChannelError> {
        Err(refused("no_probe"))
    }
}

/// A call that this channel does not have.
fn refused(code: &str) -> ChannelError {
    not_now(code, Reaction::Refused)
}

/// A call that was not made, or proved nothing.
fn not_now(code: &str, reaction: Reaction) -> ChannelError {
    ChannelError {
        may_be_done: false,
        reaction,
        code: code.to_owned(),
        trace: None,
    }
}

#[cfg(test)]
mod tests {
    use graph_api::id::Mid;

    use super::*;

    #[test]
    fn a_message_without_its_writer_counts_as_ours() {
        let ours = |from: Option<&str>| {
            let message = ThreadMessage {
                id: Mid::from("m"),
                created_ms: 0,
                from_id: from.map(str::to_owned),
                text: None,
                attachment_kinds: Vec::new(),
            };
            lying(message, "person").ours
        };
        assert!(ours(None));
        assert!(ours(Some("account")));
        assert!(!ours(Some("person")));
    }
}
