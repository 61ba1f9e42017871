//! What becomes of a publication when a call fails that shows nothing to anybody: again later, when the account is open
//! again, with another container, or never.

use graph_api::error::{CallError, ErrorKind, Reaction};
use store::{PublicationState as State, StoreError};

use super::{
    steps::ROUNDS,
    worker::{Failed, Hand, Next, Publisher, millis},
};
use crate::error::ApiError;

/// How long to stay away where Meta does not say.
const THROTTLED_MS: i64 = 60_000;
/// First and longest pause after a call that failed in a way that may pass.
const STUMBLE_MS: (i64, i64) = (1_000, 300_000);
/// After so many failures in a row that may pass, a post is given up: some hours.
const STUMBLES: u32 = 50;
/// The same for a file that Meta cannot fetch: the address is wrong, or its server is away for longer.
const FETCHES: u32 = 5;
/// How long a publication waits for its account: for a master key that is missing, for an owner who has to connect it
/// anew, for a block of Meta's to end.
pub(super) const AWAY_PATIENCE_MS: i64 = 24 * 3_600_000;
/// How often Meta is asked meanwhile: whether it takes the token (again), and whether its block is over.
const CLOSED_LOOK_MS: i64 = 5 * 60_000;
const BLOCKED_LOOK_MS: i64 = 30 * 60_000;
/// A container that Meta does not know is asked for again so often, first after this long and then after twice as long:
/// "retry after 30 seconds to 2 minutes".
/// <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes> (24/2207008,
/// read 2026-11-22)
const MISSES: u32 = 3;
const MISSING_MS: i64 = 30_000;

impl Publisher {
    /// Again later, or never.
    pub(super) async fn stumble(
        &self,
        hand: &mut Hand,
        failed: Failed,
    ) -> Result<Next, StoreError> {
        let error = match failed {
            Failed::Wait(until_ms) => return Ok(Next::At(until_ms, "budget")),
            Failed::Call(error) => error,
        };
        if is_closed(&error) {
            return self.closed(hand, error).await;
        }
        if let Reaction::Throttled { after } = error.reaction_if_repeatable() {
            // Nobody's mistake, and it passes: what waits for the allowance is not given up for it.
            let wait = after.map_or(THROTTLED_MS, millis);
            return Ok(Next::At(self.clock.now_ms() + wait, "throttled"));
        }
        hand.progress.stumbles += 1;
        let is_fetch = error
            .graph()
            .is_some_and(|graph| graph.kind == ErrorKind::MediaFetch);
        let most = if is_fetch { FETCHES } else { STUMBLES };
        let passes = hand.progress.stumbles < most;
        let backoff = (STUMBLE_MS.0 << hand.progress.stumbles.min(10)).min(STUMBLE_MS.1);
        let now_ms = self.clock.now_ms();
        match error.reaction_if_repeatable() {
            Reaction::RetryLater { after } if passes => {
                let wait = after.map_or(backoff, |after| millis(after).max(backoff));
                Ok(Next::At(now_ms + wait, "platform"))
            }
            _ => self.fail(hand, &error.into()).await,
        }
    }

    /// The same for a call about a container that is there, as far as we know.
    pub(super) async fn stumble_over(
        &self,
        hand: &mut Hand,
        failed: Failed,
    ) -> Result<Next, StoreError> {
        match failed {
            Failed::Call(error) if is_spoilt(&error) || is_unknown(&error) => {
                self.missing(hand, error).await
            }
            failed => self.stumble(hand, failed).await,
        }
    }

    /// The same for a call that makes a container.
    pub(super) async fn stumble_making(
        &self,
        hand: &mut Hand,
        failed: Failed,
    ) -> Result<Next, StoreError> {
        match failed {
            Failed::Call(error) if is_spoilt(&error) => self.missing(hand, error).await,
            failed => self.stumble(hand, failed).await,
        }
    }

    /// Meta does not know a container (yet), or says that it came to nothing: some patience, then other ones.
    async fn missing(&self, hand: &mut Hand, error: CallError) -> Result<Next, StoreError> {
        if hand.progress.missing < MISSES {
            let wait_ms = MISSING_MS << hand.progress.missing;
            hand.progress.missing += 1;
            return Ok(Next::At(self.clock.now_ms() + wait_ms, "platform"));
        }
        hand.progress.missing = 0;
        // It may be gone because an earlier call published it.
        if hand.publication.attempt > 0 && hand.publication.state == State::Processing {
            return self.look_for_it(hand).await;
        }
        if hand.progress.rounds >= ROUNDS {
            return self.fail(hand, &error.into()).await;
        }
        self.anew(hand).await
    }

    /// Meta does not let the account in, and its owner can do something about that: it is waited for, and told why.
    pub(super) async fn closed(
        &self,
        hand: &mut Hand,
        error: CallError,
    ) -> Result<Next, StoreError> {
        let now_ms = self.clock.now_ms();
        let since_ms = *hand.progress.away_since_ms.get_or_insert(now_ms);
        if !waits(since_ms, now_ms, AWAY_PATIENCE_MS) {
            // Without the account nobody can find out what became of a call either.
            if hand.publication.state == State::Publishing {
                return self.nobody_knows(hand).await;
            }
            return self.fail(hand, &error.into()).await;
        }
        let look_ms = match error.reaction() {
            Reaction::NeedsLogin => CLOSED_LOOK_MS,
            _ => BLOCKED_LOOK_MS,
        };
        // Where Meta suspects spam, its reason is what counts in the end.
        if !hand.progress.suspected {
            hand.progress.error = Some(ApiError::from(error).body());
        }
        Ok(Next::At(now_ms + look_ms, "account"))
    }
}

/// Whether Meta does not let the account in: its token is dead, or Meta has blocked it for now.
pub(super) fn is_closed(error: &CallError) -> bool {
    let is_blocked = error
        .graph()
        .is_some_and(|graph| graph.kind == ErrorKind::PolicyBlocked);
    is_blocked || error.reaction() == Reaction::NeedsLogin
}

/// Whether a container came to nothing: another one may do better.
fn is_spoilt(error: &CallError) -> bool {
    let kind = error.graph().map(|graph| graph.kind);
    kind == Some(ErrorKind::ContainerFailed)
}

/// Whether Meta does not know what was asked for.
fn is_unknown(error: &CallError) -> bool {
    let kind = error.graph().map(|graph| graph.kind);
    kind == Some(ErrorKind::NotFound)
}

/// Whether an account that is away since then may still come back in time.
pub(super) fn waits(since_ms: i64, now_ms: i64, patience_ms: i64) -> bool {
    now_ms.saturating_sub(since_ms) < patience_ms
}
