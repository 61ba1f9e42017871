//! `POST /{account}/messages`: every check that Meta makes, in one place and in order.

use serde_json::{Value, json};

use super::auth::Caller;
use super::call::{Call, id_of};
use super::compose::{self, Draft, DraftPart, PartFrom};
use super::error::GraphError;
use super::{sender_action, upload};
use crate::webhook::{self, Timing, event};
use crate::world::account::Login;
use crate::world::thread::{From, Message, Owner, Part, ReplyTo};
use crate::world::{Shared, State};

/// <https://developers.facebook.com/docs/instagram-platform/overview>, 2026-11.
pub(super) const WINDOW_MS: i64 = 24 * 3_600_000;
const HUMAN_AGENT_WINDOW_MS: i64 = 7 * WINDOW_MS;
/// <https://developers.facebook.com/docs/instagram-platform/private-replies>, 2026-11.
const PRIVATE_REPLY_MS: i64 = 7 * WINDOW_MS;
/// An echo leaves just after the answer unless a fault plans it otherwise.
const ECHO_AFTER_MS: u64 = 15;

pub(super) async fn run(world: &Shared, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    let recipient = call
        .params
        .object("recipient")?
        .ok_or_else(|| GraphError::argument("The parameter recipient is required"))?;
    let message = call.params.object("message")?;
    let action = call.params.text("sender_action");
    let (message, action) = match (message, action) {
        (Some(_), Some(_)) => {
            return Err(GraphError::new(
                100,
                Some(2_018_014),
                "(#100) A message and a sender_action cannot be sent together",
            ));
        }
        (None, None) => return Err(GraphError::bad_message("The message is empty")),
        pair => pair,
    };
    if let Some(comment) = id_of(recipient.get("comment_id")) {
        caller.need(
            "instagram_manage_comments",
            "instagram_business_manage_comments",
        )?;
        let draft = compose::draft(&message.unwrap_or_default())?;
        return private_reply(world, call, caller, &comment, draft).await;
    }
    caller.need_messages()?;
    let person = id_of(recipient.get("id"))
        .ok_or_else(|| GraphError::argument("param recipient must name an id or a comment_id"))?;
    if let Some(action) = action {
        return sender_action::run(world, call, caller, &person, &action);
    }
    let draft = compose::draft(&message.unwrap_or_default())?;
    let window_ms = window(world, call, caller)?;
    check(world, caller, &person, window_ms)?;
    spend(world, caller, &draft)?;
    let parts = parts(world, caller, draft.parts.clone()).await?;
    let mut message = Message::new(world.new_mid(), world.clock().now_ms(), From::Business);
    message.text = draft.text;
    message.parts = parts;
    message.quick_replies = draft.quick_replies;
    message.reply_to = reply_to(world, call, &person)?;
    // Fetching may have taken minutes, in which the window may have closed.
    check(world, caller, &person, window_ms)?;
    commit(world, call, caller, &person, message).await
}

/// How long after the person's last word this call may come.
fn window(world: &Shared, call: &Call, caller: &Caller) -> Result<i64, GraphError> {
    let tag = call.params.text("tag");
    match call.params.text("messaging_type").as_deref() {
        None | Some("RESPONSE" | "UPDATE") if tag.is_none() => Ok(WINDOW_MS),
        None | Some("MESSAGE_TAG") if tag.as_deref() == Some("HUMAN_AGENT") => {
            let state = world.lock();
            let allowed = state
                .accounts
                .get(&caller.account)
                .is_some_and(|account| account.human_agent);
            if allowed {
                Ok(HUMAN_AGENT_WINDOW_MS)
            } else {
                Err(GraphError::permission("Human Agent"))
            }
        }
        None | Some("RESPONSE" | "UPDATE" | "MESSAGE_TAG") => Err(GraphError::argument(
            "The tag is not supported on Instagram",
        )),
        Some(_) => Err(GraphError::argument(
            "The messaging_type is not one of RESPONSE, UPDATE, MESSAGE_TAG",
        )),
    }
}

/// Whether this account may write to this person now.
fn check(world: &Shared, caller: &Caller, person: &str, window_ms: i64) -> Result<(), GraphError> {
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    reachable(&state, caller, person)?;
    let thread = state
        .threads
        .get(&(caller.account.clone(), person.to_owned()));
    let open = thread
        .and_then(|thread| thread.opened_ms)
        .is_some_and(|opened_ms| now_ms - opened_ms <= window_ms);
    if open {
        Ok(())
    } else {
        Err(GraphError::outside_window())
    }
}

/// Access, existence, block and thread ownership; sender actions need these too.
pub(super) fn reachable(state: &State, caller: &Caller, person: &str) -> Result<(), GraphError> {
    let account = state
        .accounts
        .get(&caller.account)
        .ok_or_else(|| GraphError::no_object("me"))?;
    if !account.message_access {
        return Err(GraphError::new(
            200,
            Some(2_534_041),
            "(#200) The account owner has disabled access to Instagram direct messages",
        ));
    }
    let Some(known) = state.people.get(person) else {
        let is_user = state.accounts.contains_key(person)
            || state.people.values().any(|other| other.user_id == person);
        return Err(if is_user {
            GraphError::new(
                100,
                Some(2_534_014),
                "(#100) The recipient is an Instagram user id, not an IGSID",
            )
        } else {
            GraphError::no_person()
        });
    };
    if known.blocked {
        return Err(GraphError::new(
            551,
            Some(1_545_041),
            "(#551) This person isn't available right now.",
        ));
    }
    let thread = state
        .threads
        .get(&(caller.account.clone(), person.to_owned()));
    if thread.is_some_and(|thread| thread.owner == Owner::Other) {
        return Err(GraphError::new(
            100,
            Some(2_534_037),
            "(#100) Another app owns the thread and must pass it first",
        ));
    }
    Ok(())
}

fn spend(world: &Shared, caller: &Caller, draft: &Draft) -> Result<(), GraphError> {
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let limits = state.limits.clone();
    let Some(account) = state.accounts.get_mut(&caller.account) else {
        return Ok(());
    };
    let default = if caller.login == Login::Facebook {
        300
    } else {
        100
    };
    let allowed = if draft.is_media() {
        account
            .spent
            .media
            .take(now_ms, 1_000, limits.media_per_second)
    } else {
        account
            .spent
            .sends
            .take(now_ms, 1_000, limits.sends_per_second.unwrap_or(default))
    };
    let several = draft.parts.len() > 1 && !account.image_lists;
    if !allowed {
        return Err(too_fast());
    }
    if several {
        return Err(GraphError::new(
            100,
            Some(2_534_068),
            "(#100) Several images in one message are not enabled for this account",
        ));
    }
    Ok(())
}

pub(super) fn too_fast() -> GraphError {
    GraphError::new(
        613,
        Some(2_534_040),
        "(#613) Calls to this api have exceeded the rate limit.",
    )
}

/// Turns attachment ids and addresses into stored files.
async fn parts(
    world: &Shared,
    caller: &Caller,
    drafts: Vec<DraftPart>,
) -> Result<Vec<Part>, GraphError> {
    let mut parts = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let mut part = Part::bare(&draft.kind);
        match draft.from {
            PartFrom::AttachmentId(id) => {
                part.asset = Some(stored(&world.lock(), caller, &draft.kind, &id)?);
            }
            PartFrom::Url(url) => {
                part.asset = Some(upload::fetch(world, &draft.kind, &url).await?.id.clone());
            }
            PartFrom::Payload(payload) => part.payload = Some(payload),
            PartFrom::Nothing => {}
        }
        parts.push(part);
    }
    Ok(parts)
}

fn stored(state: &State, caller: &Caller, kind: &str, id: &str) -> Result<String, GraphError> {
    let attachment = state
        .attachments
        .get(id)
        .filter(|attachment| attachment.account == caller.account)
        .ok_or_else(|| GraphError::new(100, Some(2_018_074), "(#100) Invalid attachment id"))?;
    if attachment.kind != kind {
        return Err(GraphError::new(
            100,
            Some(2_018_047),
            "(#100) The attachment was uploaded as another type",
        ));
    }
    Ok(attachment.asset.clone())
}

fn reply_to(world: &Shared, call: &Call, person: &str) -> Result<Option<ReplyTo>, GraphError> {
    let Some(reply_to) = call.params.object("reply_to")? else {
        return Ok(None);
    };
    let mid = id_of(reply_to.get("mid"))
        .ok_or_else(|| GraphError::argument("param reply_to needs a mid"))?;
    let mut state = world.lock();
    let own = state
        .thread_of_mid(&mid)
        .filter(|thread| thread.person == person)
        .and_then(|thread| {
            thread
                .find(&mid)
                .map(|message| message.from == From::Business)
        })
        .ok_or_else(|| GraphError::bad_message("The message to reply to does not exist"))?;
    Ok(Some(ReplyTo::Message { mid, own }))
}

/// The visible moment: from here the person has the message, whatever becomes of the answer.
async fn commit(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    person: &str,
    message: Message,
) -> Result<Value, GraphError> {
    let answer = json!({"recipient_id": person, "message_id": message.mid});
    let echo = event::echo(world, &caller.account, person, &message);
    world.lock().add(&caller.account, person, message);
    world.changed(&caller.account, person, "message");
    if call.hints.lose_echo {
        return Ok(answer);
    }
    let plan = call.hints.echo;
    let before = plan.is_some_and(|plan| plan.before_answer);
    let timing = Timing {
        after_ms: plan.map_or(ECHO_AFTER_MS, |plan| plan.delay_ms),
        copies: plan.map_or(0, |plan| plan.copies.saturating_sub(1)),
    };
    let deliveries = webhook::emit(world, echo, timing);
    if before {
        for delivery in deliveries {
            delivery.first_attempt().await;
        }
    }
    Ok(answer)
}

/// One private answer to a comment, within 7 days; it opens no window.
async fn private_reply(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    comment_id: &str,
    draft: Draft,
) -> Result<Value, GraphError> {
    let now_ms = world.clock().now_ms();
    let person = {
        let mut state = world.lock();
        let limit = state.limits.private_replies_per_hour;
        let comment = state
            .comments
            .get(comment_id)
            .filter(|comment| comment.account == caller.account)
            .cloned()
            .ok_or_else(|| {
                GraphError::new(
                    100,
                    Some(2_534_025),
                    "(#100) The comment cannot get a private reply",
                )
            })?;
        if comment.replied_privately || now_ms - comment.at_ms > PRIVATE_REPLY_MS {
            return Err(GraphError::outside_window());
        }
        // Whoever commented exists, also where nobody has written yet.
        state.meet(&comment.person, &comment.username);
        reachable(&state, caller, &comment.person)?;
        if let Some(account) = state.accounts.get_mut(&caller.account)
            && !account.spent.private_replies.take(now_ms, 3_600_000, limit)
        {
            return Err(too_fast());
        }
        if let Some(comment) = state.comments.get_mut(comment_id) {
            comment.replied_privately = true;
        }
        state
            .thread(&caller.account, &comment.person)
            .awaiting_answer = true;
        comment.person
    };
    let mut message = Message::new(world.new_mid(), now_ms, From::Business);
    message.parts = parts(world, caller, draft.parts).await?;
    message.text = draft.text;
    commit(world, call, caller, &person, message).await
}
