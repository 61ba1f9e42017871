//! Where an answer goes: into messages of its own, or over the one that said that it was on its way.

use serde_json::Value;
use store::{Finish, StoreError};

use crate::channel::Reaction;
use crate::context::{Context, Halt};
use crate::reel::ReelJob;
use crate::send::{QUEUED, Route};

/// How long to wait at least for a message that is on its way.
const NOT_YET_MS: i64 = 300;
/// After a message could not be taken back for now.
const AGAIN_MS: i64 = 10_000;
/// The step that says that the message to be replaced cannot be.
const GONE: &str = "place gone";

/// Where the answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Into messages of its own.
    New,
    /// Over this message.
    Over(String),
    /// The message that it replaces is still on its way; look again then.
    NotYet(i64),
}

async fn place_of(ctx: &Context, route: &Route, reel: &ReelJob) -> Result<Place, StoreError> {
    if !route.channel.limits().edits {
        return Ok(Place::New);
    }
    if let Some(reply_job) = reel.reply_job {
        let name = format!("{QUEUED}{}", reel.n);
        let parts = ctx.store.parts(reply_job).await?;
        let mid = parts
            .into_iter()
            .find(|part| part.part == name)
            .and_then(|part| part.mid);
        if let Some(mid) = mid {
            return Ok(Place::Over(mid));
        }
        // What that job still has to say must not come over the answer.
        let reply = ctx.store.job(reply_job).await?;
        if let Some(reply) = reply.filter(|job| job.finished_at_ms.is_none()) {
            let soon_ms = ctx.now_ms() + NOT_YET_MS;
            return Ok(Place::NotYet(soon_ms.max(reply.run_at_ms)));
        }
    }
    let Some(mid) = &reel.placeholder else {
        return Ok(Place::New);
    };
    Ok(if is_lost(ctx, route).await? {
        Place::New
    } else {
        Place::Over(mid.clone())
    })
}

/// The message that the answer replaces, if there is one; waits for one that is on its way.
pub(crate) async fn settled(
    ctx: &Context,
    route: &Route,
    reel: &ReelJob,
) -> Result<Option<String>, Halt> {
    match place_of(ctx, route, reel).await? {
        Place::Over(mid) => Ok(Some(mid)),
        Place::New => Ok(None),
        Place::NotYet(until_ms) => Err(Halt::Finish(Finish::Wait {
            until_ms,
            why: "placeholder".into(),
        })),
    }
}

/// Remembers that the message to be replaced cannot be.
pub(crate) async fn lose(ctx: &Context, route: &Route) -> Result<(), StoreError> {
    let lease = &route.lease;
    ctx.store.step_done(lease, GONE, Value::Bool(true)).await
}

/// Whether it cannot be.
pub(crate) async fn is_lost(ctx: &Context, route: &Route) -> Result<bool, StoreError> {
    let steps = ctx.store.steps(route.lease.job_id).await?;
    Ok(steps.contains_key(GONE))
}

/// Takes the message back that said that the answer was on its way.
pub(crate) async fn withdraw(ctx: &Context, route: &Route, reel: &ReelJob) -> Result<(), Halt> {
    let Some(mid) = settled(ctx, route, reel).await? else {
        return Ok(());
    };
    match route.channel.take_back(&route.conversation, &mid).await {
        Err(error) if matches!(error.reaction, Reaction::Later(_) | Reaction::Throttled(_)) => {
            Err(Halt::Finish(Finish::Wait {
                until_ms: ctx.now_ms() + AGAIN_MS,
                why: "take_back".into(),
            }))
        }
        // It is gone, or it stays: there is nothing more to do about it.
        _ => Ok(()),
    }
}
