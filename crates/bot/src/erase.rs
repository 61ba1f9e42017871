//! Forgetting somebody: their messages, jobs, transcripts, files and search entries, everywhere.

use store::{Claimed, Conversation, Erase, Finish};
use tracing::info;
use uuid::Uuid;

use crate::context::{Context, Halt, after_delivery};
use crate::desk::{folder_of, remove};
use crate::files::work_dir;
use crate::place;
use crate::plan::REEL;
use crate::reel::ReelJob;
use crate::send::Route;
use crate::talk::FORGETTING;

/// Goes on with an erasure that this job had begun; its message may be gone already.
pub(crate) async fn go_on(
    ctx: &Context,
    job: &Claimed,
    event_id: Uuid,
) -> Result<Option<Finish>, Halt> {
    let steps = ctx.store.steps(job.id).await?;
    if !steps.contains_key(FORGETTING) {
        return Ok(None);
    }
    let Some(of) = job.order_key.as_deref().and_then(conversation_in) else {
        return Ok(None);
    };
    let route = ctx.route(job, of, None)?;
    match ctx.sender.resume(&route, "").await? {
        Some(delivered) => match after_delivery(delivered, "forgotten", false) {
            wait @ Finish::Wait { .. } => Ok(Some(wait)),
            _ => erase(ctx, &route).await.map(Some),
        },
        // Nothing was said yet: that comes first, as long as the message is there that asked for it.
        None if ctx.store.event(event_id).await?.is_some() => Ok(None),
        None => erase(ctx, &route).await.map(Some),
    }
}

/// Erases everything, this job last.
pub(crate) async fn erase(ctx: &Context, route: &Route) -> Result<Finish, Halt> {
    let of = &route.conversation;
    take_back(ctx, route).await?;
    let deliveries = ctx.store.deliveries_of(of).await?;
    let bodies = deliveries.into_iter().map(|(id, body, only_theirs)| {
        let rest = if only_theirs {
            None
        } else {
            route.channel.without(&body, of)
        };
        (id, rest)
    });
    let erased = ctx
        .store
        .erase(Erase {
            conversation: of.clone(),
            bodies: bodies.collect(),
            keep_job: Some(route.lease.job_id),
        })
        .await?;
    for key in &erased.works {
        remove(&work_dir(&ctx.data_dir, &folder_of(key))).await;
    }
    ctx.brake.forget(&of.key());
    ctx.store.erase_rest(&route.lease, of).await?;
    metrics::counter!("gramophone_people_forgotten_total").increment(1);
    info!(works = erased.works.len(), "somebody was forgotten");
    Ok(Finish::Done {
        note: "forgotten".into(),
    })
}

/// What says that an answer comes goes with the answer. Nobody would know its id afterwards.
async fn take_back(ctx: &Context, route: &Route) -> Result<(), Halt> {
    if !route.channel.limits().edits {
        return Ok(());
    }
    for job in ctx
        .store
        .unfinished_in_line(REEL, &route.conversation.key())
        .await?
    {
        let Ok(reel) = ReelJob::read(&job.payload) else {
            continue;
        };
        // One that is not there yet comes after this job, which stands before it in line: then there is none.
        if let Ok(Some(mid)) = place::settled(ctx, route, &reel).await {
            let _ = route.channel.take_back(&route.conversation, &mid).await;
        }
    }
    Ok(())
}

/// `reply:channel:account:person`.
fn conversation_in(order_key: &str) -> Option<Conversation> {
    let mut names = order_key.splitn(4, ':').skip(1);
    Some(Conversation::new(
        names.next()?,
        names.next()?,
        names.next()?,
    ))
}
