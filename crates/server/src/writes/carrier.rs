//! One write as a channel, so that the bot's send protocol carries it: how it is sent, and where it is looked for when
//! Meta's answer was lost.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bot::channel::{
    Channel, ChannelError, Content, FileToUpload, Inbound, Limits, Located, Lying,
    Outcome as FoundBy, Probe, Reaction, Sent, Sign, instagram::SharedBudget,
};
use graph_api::{
    budget::{Bucket, Permit, Urgency},
    client::{Credentials, Graph, Login},
    endpoint::comments::{Comment, ListComments, ListReplies},
    error::{CallError, ErrorKind, NotSent, Outcome, Reaction as MetaReaction},
    id::Igsid,
    limits,
    webhook::{Kind, Shape, parse_stored},
};
use media::{ChannelLimits, link::Hosts};
use store::{Clock, Conversation, EventRow};

use super::{
    Deed, Message,
    under::{Own, Wanted},
    worker::Writer,
};
use crate::error::ApiError;

/// Clocks differ, and a refusal for the window's sake is a mark against the account.
pub(crate) const MARGIN_MS: i64 = 60_000;

/// One write, its account and the way to Meta.
pub(super) struct Carrier {
    graph: Arc<Graph>,
    clock: Arc<dyn Clock>,
    budget: SharedBudget,
    credentials: Credentials,
    deed: Deed,
    window_ms: Option<i64>,
    /// How the account stands below what it writes.
    own: Own,
    /// When the write was ordered.
    since_ms: i64,
    /// What Meta last refused, for whoever asked.
    refusal: Mutex<Option<ApiError>>,
}

/// How long after a person's last message this may be sent.
pub(super) fn window_ms(deed: &Deed) -> Option<i64> {
    match deed {
        Deed::Message { human_agent, .. } if *human_agent => {
            Some(limits::HUMAN_AGENT_WINDOW_MS - MARGIN_MS)
        }
        Deed::Message { .. } => Some(limits::WINDOW_MS - MARGIN_MS),
        // A private reply needs no message before it; under a post there is no window.
        _ => None,
    }
}

impl Carrier {
    pub(super) fn new(
        writer: &Writer,
        deed: Deed,
        credentials: Credentials,
        window_ms: Option<i64>,
        since_ms: i64,
    ) -> Self {
        let known = writer.accounts.find(credentials.account.as_str());
        let row = known.map(|known| known.row);
        Self {
            own: Own {
                account: credentials.account.to_string(),
                app_scoped_id: row.as_ref().and_then(|row| row.app_scoped_id.clone()),
                username: row.and_then(|row| row.username),
            },
            since_ms,
            graph: Arc::clone(&writer.graph),
            clock: Arc::clone(&writer.clock),
            budget: Arc::clone(&writer.budget),
            credentials,
            deed,
            window_ms,
            refusal: Mutex::new(None),
        }
    }

    /// What Meta last refused.
    pub(super) fn refusal(&self) -> Option<ApiError> {
        self.refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn take(&self, bucket: Bucket) -> Result<(), Duration> {
        let now_ms = self.clock.now_ms();
        let account = &self.credentials.account;
        match self.budget.take(account, bucket, Urgency::Now, now_ms) {
            Permit::Go => Ok(()),
            Permit::Wait { until_ms } => {
                let wait_ms = u64::try_from(until_ms - now_ms).unwrap_or(0);
                Err(Duration::from_millis(wait_ms.max(1)))
            }
        }
    }

    fn error(&self, bucket: Bucket, error: &CallError, repeatable: bool) -> ChannelError {
        let mut reaction = reaction(error);
        if let Some(graph) = error.graph() {
            let now_ms = self.clock.now_ms();
            let account = &self.credentials.account;
            if let Some(after) = self.budget.learn_error(account, bucket, graph, now_ms) {
                reaction = Reaction::Throttled(Some(after));
            }
        }
        ChannelError {
            may_be_done: !repeatable && error.outcome() == Outcome::Unknown,
            reaction,
            code: code(error),
            trace: error.fbtrace_id().map(str::to_owned),
        }
    }

    async fn under_comment(&self, comment: &str) -> Result<Vec<Comment>, CallError> {
        // A reply to a reply lands under the comment at the top, so that is where it is looked for.
        let call = graph_api::endpoint::comments::GetComment {
            comment: comment.into(),
        };
        let found = self.graph.ask(&self.credentials, &call).await?;
        let call = ListReplies {
            comment: found.parent.unwrap_or(found.id),
            limit: limits::COMMENTS_PER_PAGE,
            after: None,
        };
        Ok(self.graph.ask(&self.credentials, &call).await?.data)
    }

    async fn under_post(&self, media: &str) -> Result<Vec<Comment>, CallError> {
        let call = ListComments {
            media: media.into(),
            limit: limits::COMMENTS_PER_PAGE,
            after: None,
        };
        Ok(self.graph.ask(&self.credentials, &call).await?.data)
    }

    async fn in_thread(&self, person: &str) -> Result<Vec<Lying>, CallError> {
        let with = Igsid::from(person);
        let messages = self.graph.recent_messages(&self.credentials, &with).await?;
        let seen = |kind: String| match &self.deed {
            Deed::Message { message, .. } => message.as_seen(kind),
            _ => kind,
        };
        Ok(messages
            .into_iter()
            .map(|message| Lying {
                mid: message.id.into_string(),
                at_ms: message.created_ms,
                ours: message.from_id.as_deref().is_none_or(|from| from != person),
                text: message.text,
                files: message.attachment_kinds.into_iter().map(seen).collect(),
            })
            .collect())
    }
}

/// Somebody waits for the answer, so what needs the account's owner is told to them, and not waited for.
fn reaction(error: &CallError) -> Reaction {
    if error
        .graph()
        .is_some_and(|graph| graph.kind == ErrorKind::MediaFetch)
    {
        return Reaction::Refused;
    }
    match error.reaction() {
        MetaReaction::RetryLater { after } => Reaction::Later(after),
        MetaReaction::Throttled { after } => Reaction::Throttled(after),
        // `may_be_done` is what counts then.
        MetaReaction::Reconcile => Reaction::Later(None),
        _ => Reaction::Refused,
    }
}

/// Meta's refusal as it is told. For a private reply it says that the window is closed, whose limit is another one; the
/// comment's age was looked at before, so what is left is that it has had its reply.
fn refusal(deed: &Deed, error: CallError) -> ApiError {
    let kind = error.graph().map(|graph| graph.kind);
    let is_used = matches!(
        kind,
        Some(ErrorKind::OutsideWindow | ErrorKind::CommentNotAnswerable)
    );
    let told = ApiError::from(error);
    match deed {
        Deed::PrivateReply { .. } if is_used => told.saying(
            "already_replied",
            "Meta allows one private reply for each comment, and this one has had its own",
            "Reply under the comment, or wait until the person writes.",
        ),
        _ => told,
    }
}

fn code(error: &CallError) -> String {
    match error {
        CallError::Graph(graph) => match graph.subcode {
            Some(subcode) => format!("{}/{subcode}", graph.code),
            None => graph.code.to_string(),
        },
        CallError::NotSent(NotSent::Connect(_)) => "connect".to_owned(),
        CallError::NotSent(NotSent::Unsendable(_)) => "unsendable".to_owned(),
        CallError::Lost(_) => "lost".to_owned(),
        CallError::Malformed { status, .. } => format!("malformed {status}"),
        CallError::File(_) => "file".to_owned(),
    }
}

fn nothing(code: &str) -> ChannelError {
    ChannelError {
        may_be_done: false,
        reaction: Reaction::Refused,
        code: code.to_owned(),
        trace: None,
    }
}

#[async_trait]
impl Channel for Carrier {
    fn name(&self) -> &'static str {
        "instagram"
    }

    fn limits(&self) -> Limits {
        Limits {
            files: ChannelLimits::instagram(),
            pictures_per_message: limits::IMAGES_PER_MESSAGE,
            window_ms: self.window_ms,
            edits: false,
            uploads_apart: true,
            documents: true,
            caption_units: 0,
            inbound_bytes: 0,
            choices: limits::QUICK_REPLIES,
            outcome: FoundBy::Thread,
        }
    }

    fn split(&self, text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    fn permit(&self, _: &Conversation, _: &Content) -> Result<(), Duration> {
        self.take(self.deed.bucket())
    }

    fn key_print(&self, _: &str) -> Option<String> {
        Some(self.credentials.token.fingerprint())
    }

    fn read(&self, _: &EventRow, _: &Hosts) -> Option<Inbound> {
        None
    }

    fn echo(&self, event: &EventRow) -> Option<Lying> {
        let shape = Shape::from_word(&event.shape)?;
        let Kind::Echo(message) = parse_stored(&event.account, shape, &event.raw).kind else {
            return None;
        };
        let seen = |kind: String| match &self.deed {
            Deed::Message { message, .. } => Message::as_seen(message, kind),
            _ => kind,
        };
        Some(Lying {
            mid: message.mid?.into_string(),
            at_ms: event.at_ms,
            ours: true,
            text: message.text,
            files: message
                .attachments
                .into_iter()
                .map(|attachment| seen(attachment.kind))
                .collect(),
        })
    }

    async fn sign(&self, _: &Conversation, _: Sign) {}

    async fn locate(&self, _: &Conversation, _: &str) -> Result<Located, ChannelError> {
        Err(nothing("no_such_file"))
    }

    async fn upload(&self, _: &Conversation, _: FileToUpload<'_>) -> Result<String, ChannelError> {
        Err(nothing("no_upload"))
    }

    async fn send(&self, _: &Conversation, _: &Content) -> Result<Sent, ChannelError> {
        match self.deed.carry(&self.graph, &self.credentials).await {
            Ok(id) => Ok(Sent::words(id)),
            Err(error) => {
                let failed = self.error(self.deed.bucket(), &error, false);
                let told = refusal(&self.deed, error);
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
                Err(failed)
            }
        }
    }

    async fn newest(&self, of: &Conversation) -> Result<Vec<Lying>, ChannelError> {
        let (bucket, person) = match &self.deed {
            Deed::Message { .. } => (Bucket::Conversations, Some(of.person.as_str())),
            Deed::PrivateReply { person, .. } => (Bucket::Conversations, person.as_deref()),
            _ => (Bucket::Other, None),
        };
        self.take(bucket).map_err(|wait| ChannelError {
            reaction: Reaction::Throttled(Some(wait)),
            ..nothing("budget")
        })?;
        let failed = |error: CallError| self.error(bucket, &error, true);
        let (listed, words) = match (&self.deed, person) {
            (_, Some(person)) => return self.in_thread(person).await.map_err(failed),
            (Deed::Comment { media, text }, _) => (self.under_post(media).await, text),
            (Deed::Reply { comment, text }, _) => (self.under_comment(comment).await, text),
            // What stands under somebody else's post cannot be listed, and without its writer a comment leads to no
            // thread: such a write of unknown outcome stays unknown.
            _ => return Err(nothing("not_readable")),
        };
        let wanted = Wanted {
            own: &self.own,
            words,
            since_ms: self.since_ms,
            may_be_hidden: matches!(self.credentials.login, Login::Instagram),
        };
        wanted
            .lying(listed.map_err(failed)?)
            .ok_or_else(|| nothing("doubtful"))
    }

    async fn probe(&self, _: &Conversation, _: Probe<'_>) -> Result<Option<String>, ChannelError> {
        Err(nothing("no_probe"))
    }
}
