//! The one call that people see, and what became of it.

use axum::http::StatusCode;
use graph_api::{
    endpoint::{
        media::{Edge, ListMedia, Media},
        publish::{ContainerStatus, Publish, StatusCode as Word},
    },
    error::{CallError, ErrorKind, Outcome, Reaction},
    id::ContainerId,
};
use store::{PublicationChange, PublicationState as State, StoreError};

use super::{
    PostKind,
    seen::{Seen, first_intent_ms, judged, ours},
    steps::ROUNDS,
    trouble::is_closed,
    worker::{Failed, Hand, Next, Publisher, millis},
};
use crate::{error::ApiError, writes};

/// What Meta carries out at all it carries out within this time, as the send protocol takes it for messages.
const SETTLE_MS: i64 = 120_000;
/// When to read, after the call.
const READ_AFTER_MS: [i64; 7] = [1_000, 3_000, 10_000, 30_000, 90_000, 125_000, 150_000];
/// After the last of them: again this often, until nobody can tell.
const READ_EVERY_MS: i64 = 60_000;
const GIVE_UP_MS: i64 = 15 * 60_000;
/// Readings after which a post that is out is told without its id.
const READINGS_FOR_ID: u32 = 6;
/// Readings after the settle time that must agree.
const PROOFS: u32 = 2;
/// The call is made at most so often.
const TRIES: i32 = 3;
/// Posts that are read to find ours among them.
const NEWEST: u32 = 25;
/// How long after a refusal that passes; twice as long after every further one.
const NOT_READY_MS: i64 = 10_000;
const QUOTA_MS: i64 = 15 * 60_000;
/// The longest of these pauses, and how long after the first refusal none is waited for any more.
const REFUSED_MS: i64 = 3_600_000;
const REFUSED_PATIENCE_MS: i64 = 24 * 3_600_000;
/// Readings that must have failed before nobody can tell: a server that was away for longer has not looked yet.
const UNREAD: u32 = 10;

impl Publisher {
    /// Notes what is there, writes down the intention, and makes the call, once.
    pub(super) async fn publish(
        &self,
        hand: &mut Hand,
        container: &ContainerId,
    ) -> Result<Next, StoreError> {
        match self.newest(hand).await {
            Ok(newest) if hand.publication.attempt == 0 => {
                let ids = newest.into_iter().map(|post| post.id.into_string());
                hand.progress.before = ids.collect();
            }
            // An earlier call may have done it meanwhile.
            Ok(newest) => {
                let since_ms = first_intent_ms(hand, self.clock.now_ms());
                if let Some(post) = ours(&newest, hand, since_ms, Word::Other) {
                    return self.published(hand, Some(post)).await;
                }
            }
            Err(failed) => return self.stumble(hand, failed).await,
        }
        if let Err(failed) = self.permit(hand) {
            return self.stumble(hand, failed).await;
        }
        hand.progress.steady();
        hand.progress.readings = 0;
        hand.progress.absent = 0;
        hand.progress.unread = 0;
        hand.progress.waits_for = None;
        let since_ms = first_intent_ms(hand, self.clock.now_ms());
        hand.progress.first_intent_ms = Some(since_ms);
        let id = hand.publication.id;
        let noted = hand.progress.stored();
        let tried = self
            .store
            .publication_intent(&hand.lease, id, noted)
            .await?;
        let Some(publication) = tried else {
            return Ok(Next::Over);
        };
        hand.publication = publication;
        let call = Publish {
            container: container.clone(),
        };
        match self.graph.ask(&hand.credentials, &call).await {
            Ok(media) => self.published(hand, Some(media.into_string())).await,
            Err(error) => {
                self.learn(hand, &error);
                self.refused(hand, error).await
            }
        }
    }

    async fn refused(&self, hand: &mut Hand, error: CallError) -> Result<Next, StoreError> {
        let kind = error.graph().map(|graph| graph.kind);
        let now_ms = self.clock.now_ms();
        // Posts were seen to appear although Meta said this.
        if kind == Some(ErrorKind::SpamSuspected) {
            hand.progress.suspected = true;
            hand.progress.error = Some(ApiError::from(error).body());
            return Ok(Next::At(now_ms + READ_AFTER_MS[0], "outcome"));
        }
        if error.outcome() == Outcome::Unknown {
            tracing::warn!(publication = %hand.publication.id, %error, "the outcome of a publication is not known");
            return Ok(Next::At(now_ms + READ_AFTER_MS[0], "outcome"));
        }
        if is_closed(&error) {
            // It was refused, so nobody has seen it: it can be called off while its account is waited for.
            self.go(hand, State::Processing).await?;
            hand.publication.state = State::Processing;
            return self.closed(hand, error).await;
        }
        let (wait_ms, why) = match (kind, error.reaction()) {
            (Some(ErrorKind::ContainerNotReady), _) => (NOT_READY_MS, "processing"),
            (Some(ErrorKind::PublishQuota), _) => (QUOTA_MS, "quota"),
            (Some(ErrorKind::ContainerFailed | ErrorKind::NotFound), _) => {
                // The container of an earlier call may be gone because that call published it.
                if hand.publication.attempt > 1 {
                    return Ok(Next::At(now_ms + READ_AFTER_MS[0], "outcome"));
                }
                return self.anew(hand).await;
            }
            (_, Reaction::Throttled { after }) => (after.map_or(60_000, millis), "throttled"),
            (_, Reaction::RetryLater { after }) => (after.map_or(5_000, millis), "platform"),
            _ => return self.fail(hand, &error.into()).await,
        };
        hand.progress.refusals += 1;
        let since_ms = *hand.progress.refused_since_ms.get_or_insert(now_ms);
        let Some(wait_ms) = patience(wait_ms, hand.progress.refusals, now_ms - since_ms) else {
            return self.fail(hand, &error.into()).await;
        };
        // It was refused, so nobody has seen it: it can be called off again.
        self.go(hand, State::Processing).await?;
        Ok(Next::At(now_ms + wait_ms, why))
    }

    /// Finds out what became of a call that nobody heard the answer of.
    pub(super) async fn settle(&self, hand: &mut Hand) -> Result<Next, StoreError> {
        let now_ms = self.clock.now_ms();
        let intent_ms = hand.publication.intent_at_ms.unwrap_or(now_ms);
        let due_ms = intent_ms.saturating_add(due_after_ms(hand.progress.readings));
        if now_ms < due_ms {
            return Ok(Next::At(due_ms, "outcome"));
        }
        let is_last = now_ms >= intent_ms.saturating_add(GIVE_UP_MS);
        let seen = match self.read_back(hand, intent_ms).await {
            // That was no reading.
            Err(Failed::Wait(until_ms)) => return Ok(Next::At(until_ms, "budget")),
            Err(Failed::Call(error)) if is_closed(&error) => return self.closed(hand, error).await,
            Err(Failed::Call(error)) => {
                tracing::warn!(publication = %hand.publication.id, %error, "the outcome of a publication cannot be read");
                Seen::Doubt
            }
            Ok(seen) => {
                hand.progress.steady();
                seen
            }
        };
        hand.progress.readings += 1;
        let again_ms = intent_ms.saturating_add(due_after_ms(hand.progress.readings));
        let again = Next::At(again_ms.max(now_ms + 1_000), "outcome");
        match seen {
            Seen::Post(media) => self.published(hand, Some(media)).await,
            // The container says so, and the list lags behind.
            Seen::Somewhere if hand.progress.readings >= READINGS_FOR_ID || is_last => {
                self.published(hand, None).await
            }
            Seen::Nothing(word) if now_ms >= intent_ms.saturating_add(SETTLE_MS) => {
                self.absent(hand, word).await
            }
            Seen::Somewhere | Seen::Nothing(_) => Ok(again),
            Seen::Doubt => {
                hand.progress.absent = 0;
                hand.progress.unread += 1;
                if is_last && hand.progress.unread >= UNREAD {
                    return self.nobody_knows(hand).await;
                }
                let rest_ms = if is_last { READ_EVERY_MS } else { 1_000 };
                Ok(Next::At(again_ms.max(now_ms + rest_ms), "outcome"))
            }
        }
    }

    /// The container says that it was published: as what, the readings tell.
    pub(super) async fn look_for_it(&self, hand: &mut Hand) -> Result<Next, StoreError> {
        hand.progress.readings = 0;
        hand.progress.absent = 0;
        hand.progress.unread = 0;
        self.go(hand, State::Publishing).await
    }

    async fn absent(&self, hand: &mut Hand, word: Word) -> Result<Next, StoreError> {
        hand.progress.absent += 1;
        if hand.progress.absent < PROOFS {
            return Ok(Next::At(self.clock.now_ms() + NOT_READY_MS, "outcome"));
        }
        if hand.progress.suspected {
            // Meta's reason was noted when it was given.
            self.go(hand, State::Failed).await?;
            return Ok(Next::Over);
        }
        if hand.publication.attempt >= TRIES {
            return self.fail(hand, &ApiError::not_in_time()).await;
        }
        match word {
            Word::Error | Word::Expired if hand.progress.rounds >= ROUNDS => {
                self.fail(hand, &ApiError::not_in_time()).await
            }
            Word::Error | Word::Expired => self.anew(hand).await,
            _ => self.go(hand, State::Processing).await,
        }
    }

    async fn read_back(&self, hand: &Hand, intent_ms: i64) -> Result<Seen, Failed> {
        let container = hand.publication.container_id.clone().unwrap_or_default();
        let call = ContainerStatus {
            container: container.into(),
        };
        let word = match self.ask(hand, &call).await {
            Ok(status) => Some(status.code),
            Err(Failed::Call(error)) if is_gone(&error) => None,
            Err(failed) => return Err(failed),
        };
        let newest = self.newest(hand).await?;
        let since_ms = first_intent_ms(hand, intent_ms);
        Ok(judged(&newest, hand, since_ms, word))
    }

    async fn newest(&self, hand: &Hand) -> Result<Vec<Media>, Failed> {
        // Stories are in a list of their own.
        let edge = match hand.spec.kind {
            PostKind::Story => Edge::Stories,
            _ => Edge::Media,
        };
        let call = ListMedia {
            edge,
            limit: NEWEST,
            after: None,
            since_s: None,
            until_s: None,
            children: false,
            insights: Vec::new(),
        };
        Ok(self.ask(hand, &call).await?.data)
    }

    /// It is out: its first comment is ordered, then that is written down. In this order, since a crash in between
    /// comes here again and orders the same comment, which is one.
    async fn published(&self, hand: &mut Hand, media: Option<String>) -> Result<Next, StoreError> {
        if let (Some(text), Some(media)) = (&hand.spec.first_comment, &media) {
            let deed = writes::Deed::Comment {
                media: media.clone(),
                text: text.clone(),
            };
            let once = format!("first-comment:{}", hand.publication.id);
            let account = &hand.publication.account;
            let waited = writes::Waited::ByNobody;
            let write = writes::place(&self.store, account, &deed, Some(once), waited).await?;
            hand.progress.first_comment = Some(write);
        }
        let is_lost = hand.spec.first_comment.is_some() && media.is_none();
        hand.progress.error = is_lost.then(|| comment_lost().body());
        hand.progress.waits_for = None;
        let change = PublicationChange {
            state: Some(State::Published),
            media_id: media,
            ..PublicationChange::default()
        };
        self.note(hand, change).await?;
        metrics::counter!("gramophone_publications_total", "outcome" => "published").increment(1);
        Ok(Next::Over)
    }

    pub(super) async fn nobody_knows(&self, hand: &mut Hand) -> Result<Next, StoreError> {
        hand.progress.error = Some(unknown().body());
        self.go(hand, State::Unknown).await?;
        metrics::counter!("gramophone_publications_total", "outcome" => "unknown").increment(1);
        Ok(Next::Over)
    }
}

/// Whether Meta does not know a container any more.
fn is_gone(error: &CallError) -> bool {
    let kind = error.graph().map(|graph| graph.kind);
    matches!(kind, Some(ErrorKind::NotFound | ErrorKind::ContainerFailed))
}

/// How long to wait after so many refusals, the first of them so long ago; `None`: no longer.
fn patience(wait_ms: i64, refusals: u32, for_ms: i64) -> Option<i64> {
    let doubled = wait_ms.saturating_mul(1 << refusals.saturating_sub(1).min(12));
    // What Meta asks for may be longer.
    let wait_ms = doubled.min(REFUSED_MS.max(wait_ms));
    (for_ms.saturating_add(wait_ms) <= REFUSED_PATIENCE_MS).then_some(wait_ms)
}

fn due_after_ms(readings: u32) -> i64 {
    let at = usize::try_from(readings).unwrap_or(usize::MAX);
    READ_AFTER_MS.get(at).copied().unwrap_or_else(|| {
        let beyond = i64::from(readings).saturating_sub(6);
        READ_AFTER_MS[6].saturating_add(beyond.saturating_mul(READ_EVERY_MS))
    })
}

/// Nobody can tell whether it is out.
pub(super) fn unknown() -> ApiError {
    ApiError::new(
        StatusCode::BAD_GATEWAY,
        "outcome_unknown",
        "Meta's answer was lost and could not be found out, so nobody knows whether this was published",
    )
    .next_step("Look at the account's newest posts before you publish it again.")
    .about("meta")
}

/// It is out, and nobody can say where its first comment belongs.
fn comment_lost() -> ApiError {
    ApiError::new(
        StatusCode::BAD_GATEWAY,
        "first_comment_not_written",
        "this was published, but Meta did not tell as what, so its first comment could not be written",
    )
    .next_step("Find the post among the account's newest and comment on it.")
    .about("meta")
}

#[cfg(test)]
mod tests {
    use super::{NOT_READY_MS, REFUSED_MS, REFUSED_PATIENCE_MS, patience};

    #[test]
    fn refusals_are_waited_for_longer_and_longer_but_not_for_ever() {
        assert_eq!(patience(NOT_READY_MS, 1, 0), Some(NOT_READY_MS));
        assert_eq!(patience(NOT_READY_MS, 3, 0), Some(4 * NOT_READY_MS));
        assert_eq!(patience(NOT_READY_MS, 90, 0), Some(REFUSED_MS));
        assert_eq!(patience(2 * REFUSED_MS, 2, 0), Some(2 * REFUSED_MS));
        assert_eq!(patience(NOT_READY_MS, 1, REFUSED_PATIENCE_MS), None);
    }
}
