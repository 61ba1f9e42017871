//! Reading conversations and what was written in them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::{
    budget::Bucket,
    endpoint::messages::{Conversation, GetThread, ListConversations, Message},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::{ApiError, Asked, Caller, Failures, Gate, Paging, Scope, ask, meta_id};

/// Somebody who takes part.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonOut {
    #[schema(example = "5550000000000001")]
    id: String,
    username: Option<String>,
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConversationOut {
    id: String,
    /// When somebody last wrote, as Meta spells it.
    #[schema(example = "2026-01-01T12:00:00+0000")]
    updated_time: Option<String>,
    participants: Vec<PersonOut>,
}

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConversationsOut {
    data: Vec<ConversationOut>,
    paging: Paging,
}

fn person((id, username): (String, Option<String>)) -> PersonOut {
    PersonOut { id, username }
}

impl From<Conversation> for ConversationOut {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.into_string(),
            updated_time: conversation.updated,
            participants: conversation.participants.into_iter().map(person).collect(),
        }
    }
}

/// Which conversations.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
pub(super) struct ConversationsAsked {
    /// How many at most.
    #[garde(range(min = 1, max = 50))]
    #[serde(default = "twenty")]
    #[param(default = 20, minimum = 1, maximum = 50)]
    limit: u32,
    /// The cursor that the page before answered.
    #[garde(length(max = 512))]
    after: Option<String>,
    /// Only the one with this person.
    #[garde(length(min = 1, max = 64), ascii)]
    person: Option<String>,
}

fn twenty() -> u32 {
    20
}

/// Who writes with the account, the newest first.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/conversations", tag = "messages",
    params(("account" = String, Path), ConversationsAsked),
    responses((status = 200, body = ConversationsOut), Failures)
)]
pub(super) async fn conversations(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    Asked(asked): Asked<ConversationsAsked>,
) -> Result<Json<ConversationsOut>, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = ListConversations {
        person: asked.person.map(Into::into),
        limit: asked.limit,
        after: asked.after,
    };
    let found = ask(&gate, &account, Bucket::Conversations, &call).await?;
    Ok(Json(ConversationsOut {
        data: found.data.into_iter().map(Into::into).collect(),
        paging: Paging { after: found.after },
    }))
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageOut {
    id: String,
    /// When, as Meta spells it.
    #[schema(example = "2026-01-01T12:00:00+0000")]
    created_time: Option<String>,
    from: Option<PersonOut>,
    text: Option<String>,
    /// Files, as Meta describes them.
    attachments: Vec<Value>,
    /// Posts that were shared.
    shares: Vec<Value>,
    /// The story that it answers or names.
    story: Option<Value>,
    reactions: Vec<Value>,
    /// Meta does not show it to programs.
    is_unsupported: bool,
}

impl From<Message> for MessageOut {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.into_string(),
            created_time: message.created,
            from: message.from.map(person),
            text: message.text,
            attachments: message.attachments,
            shares: message.shares,
            story: message.story,
            reactions: message.reactions,
            is_unsupported: message.is_unsupported,
        }
    }
}

/// The newest messages of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ThreadOut {
    data: Vec<MessageOut>,
    paging: Paging,
    /// Meta shows programs the newest twenty only.
    #[schema(example = "Meta shows the newest 20 messages only")]
    note: &'static str,
}

/// The newest messages of a conversation, newest first.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/conversations/{conversation}/messages", tag = "messages",
    params(("account" = String, Path), ("conversation" = String, Path)),
    responses((status = 200, body = ThreadOut), Failures)
)]
pub(super) async fn thread(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, conversation)): Path<(String, String)>,
) -> Result<Json<ThreadOut>, ApiError> {
    caller.need(Scope::Read)?;
    let conversation = meta_id("conversation", conversation)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = GetThread { conversation };
    let found = ask(&gate, &account, Bucket::Conversations, &call).await?;
    Ok(Json(ThreadOut {
        data: found.into_iter().map(Into::into).collect(),
        paging: Paging { after: None },
        note: "Meta shows the newest 20 messages only",
    }))
}
