//! Events out: each accepted event is posted to whoever is subscribed, until it arrived or three days are over.
//!
//! The delivery and its job were stored together with the event, so nothing here can lose one. It may arrive twice (we
//! die between the answer and its writing down), always with the same id. The body is made from the event now: of
//! somebody who was erased there is nothing to send any more.

mod letter;
pub(crate) mod shape;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use async_trait::async_trait;
use media::net::{Budget, Guard, GuardedClient, Hosts, NetError, Reach, Receipt, client};
use serde_json::Value;
use store::{
    Claimed, EventRow, Finish, Forwarding, Handler, NewAlert, NewSubscription, Severity, Store,
    StoreError, Subscription, Then, Tried,
};
use url::Url;
use uuid::Uuid;

use crate::{
    convert::moment,
    settings::{ForwardFormat, Settings},
};

/// The subscription that the settings make.
const OF_SETTINGS: &str = "settings";
/// One attempt, the answer included. Standard Webhooks names 15 to 30 s
/// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, read 2026-11-22).
const ATTEMPT: Duration = Duration::from_secs(15);
/// As much of an answer is read, for the connection's sake.
const ANSWER_BYTES: u64 = 16 * 1024;
/// How long it is tried.
const TRYING_MS: i64 = 72 * 3_600_000;
/// The waits between attempts, in seconds; the last one is repeated.
const WAITS: [i64; 8] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 10_800];
/// The longest `Retry-After` that is obeyed.
const LONGEST_ASKED_MS: i64 = 24 * 3_600_000;
/// What we raise alarm about: a receiver that wants no more, an event that was given up.
const CODES: [&str; 2] = ["forward_disabled", "forward_dead"];
/// After so many attempts a delivery no longer holds up the conversation's next ones.
const IN_LINE: i32 = 4;

/// What may be reached: public addresses, and these of this machine. Where post pages live (`pages`) means nothing to
/// whoever only goes to public addresses.
pub(crate) fn guard(pages: &Url, loopback_hosts: &[String]) -> Guard {
    Guard::new(Hosts::new(pages, loopback_hosts))
}

/// Makes the subscription of the settings what they say; takes it away when they name none.
pub(crate) async fn subscribe(settings: &Settings, store: &Store) -> Result<(), StoreError> {
    let forward = &settings.forward;
    let Some(url) = &forward.url else {
        return store.end_subscription(OF_SETTINGS).await;
    };
    let format = match forward.format {
        ForwardFormat::Structured => "structured",
        ForwardFormat::Raw => "raw",
    };
    let subscription = store
        .subscribe(NewSubscription {
            name: OF_SETTINGS.to_owned(),
            url: url.to_string(),
            secret: OF_SETTINGS.to_owned(),
            format: format.to_owned(),
            channels: forward.channels.clone(),
            kinds: forward.kinds.clone(),
            accounts: Vec::new(),
        })
        .await?;
    if subscription.state == "disabled" {
        tracing::warn!(
            reason = subscription.reason,
            "events are held back, since their receiver wanted none; send them with POST /v1/deliveries/resend"
        );
    }
    Ok(())
}

/// Does the jobs of the queue `forward`.
pub(crate) struct Forwarder {
    store: Store,
    settings: Arc<Settings>,
    client: GuardedClient,
}

impl Forwarder {
    pub(crate) fn new(store: Store, settings: Arc<Settings>) -> anyhow::Result<Self> {
        let client = client(&guard(
            &settings.media.pages,
            &settings.forward.loopback_hosts,
        ))
        .context("the client that forwards events cannot be set up")?;
        Ok(Self {
            store,
            settings,
            client,
        })
    }

    async fn deliver(&self, job: &Claimed) -> Result<Finish, StoreError> {
        let done = |note: &str| Finish::Done {
            note: note.to_owned(),
        };
        let Some(id) = delivery_of(job) else {
            return Ok(Finish::Dead {
                reason: "the job names no delivery".to_owned(),
            });
        };
        let Some(forwarding) = self.store.forwarding(id).await? else {
            return Ok(done("erased"));
        };
        if forwarding.state != "pending" {
            return Ok(done("settled before"));
        }
        let to = self.store.subscription(forwarding.subscription_id).await?;
        let Some(to) = to.filter(|to| to.state != "ended") else {
            let reason = "the subscription has ended";
            self.store.forward_dropped(&job.lease, id, reason).await?;
            return Ok(done(reason));
        };
        if to.state != "active" {
            self.store.forward_held(&job.lease, id).await?;
            return Ok(done("held"));
        }
        let Some(event) = self.store.event(forwarding.event_id).await? else {
            let reason = "the event is no longer stored";
            self.store.forward_dropped(&job.lease, id, reason).await?;
            return Ok(done(reason));
        };
        self.attempt(job, &forwarding, &to, &event).await
    }

    async fn attempt(
        &self,
        job: &Claimed,
        forwarding: &Forwarding,
        to: &Subscription,
        event: &EventRow,
    ) -> Result<Finish, StoreError> {
        let at_ms = self.store.clock().now_ms();
        let started = Instant::now();
        let outcome = self.post(to, event, at_ms).await;
        let taken = started.elapsed();
        let verdict = judge(&outcome);
        let now_ms = self.store.clock().now_ms();
        let tries = match verdict.says {
            Some(_) => self.tries(forwarding).await? + 1,
            None => 1,
        };
        let then = verdict.then(tries, forwarding.since_ms, now_ms);
        let attempt = Tried {
            forwarding_id: forwarding.id,
            at_ms,
            duration_ms: i64::try_from(taken.as_millis()).unwrap_or(i64::MAX),
            status: outcome.as_ref().ok().map(|receipt| receipt.status.into()),
            error: verdict.says.clone(),
            then: then.clone(),
        };
        self.store.forward_tried(&job.lease, attempt).await?;
        let says = verdict.says.unwrap_or_default();
        let (outcome, finish) = match then {
            Then::Delivered => ("delivered", Finish::Done { note: says }),
            // By the clock and not by a wait from now on, so that it agrees with what the log says.
            Then::Again { at_ms, .. } => (
                "again",
                Finish::Wait {
                    until_ms: at_ms,
                    why: says,
                },
            ),
            Then::Dead { disable } => {
                tracing::warn!(delivery = %forwarding.id, event = %event.id, reason = says, "an event was not delivered; send it again with POST /v1/deliveries/{}/resend", forwarding.id);
                // A receiver that wants no more gets no more alarms either: that one ends by itself.
                if disable.is_some() || !is_of_forwarding(event) {
                    self.alarm(to, disable.is_some(), &says).await?;
                }
                ("dead", Finish::Dead { reason: says })
            }
        };
        metrics::counter!("gramophone_forward_attempts_total", "outcome" => outcome).increment(1);
        Ok(finish)
    }

    /// Attempts since it was to be sent, or sent anew.
    async fn tries(&self, forwarding: &Forwarding) -> Result<i32, StoreError> {
        let log = self.store.forward_attempts(forwarding.id).await?;
        let lately = log
            .iter()
            .filter(|line| line.at_ms >= forwarding.since_ms)
            .count();
        Ok(i32::try_from(lately).unwrap_or(i32::MAX))
    }

    async fn post(
        &self,
        to: &Subscription,
        event: &EventRow,
        now_ms: i64,
    ) -> Result<Receipt, NetError> {
        let url = Url::parse(&to.asked.url)
            .map_err(|_| NetError::Refused(media::net::Refused::Malformed))?;
        let letter = letter::letter(&self.settings.forward, &to.asked.format, event, now_ms);
        let budget = Budget {
            max_bytes: ANSWER_BYTES,
            idle: ATTEMPT,
            total: ATTEMPT,
        };
        self.client
            .post_once(&url, Reach::Public, budget, letter)
            .await
    }

    /// The operator hears of it once a day, by the stream and by whoever else takes alerts.
    async fn alarm(&self, to: &Subscription, disabled: bool, says: &str) -> Result<(), StoreError> {
        let day = moment(self.store.clock().now_ms());
        let day = day.get(..10).unwrap_or_default();
        let [gone, given_up] = CODES;
        let (code, what) = if disabled {
            (gone, "the receiver of events wants no more")
        } else {
            (given_up, "an event was given up after three days")
        };
        self.store
            .add_alert(NewAlert {
                account: String::new(),
                key: format!("{code}:{}:{day}", to.id),
                code: code.to_owned(),
                severity: Severity::Error,
                says: format!("{what}: {says}"),
                next_step: Some(
                    "Repair the receiver, then POST /v1/deliveries/resend with {\"states\": [\"dead\", \"held\"]}."
                        .to_owned(),
                ),
                details: Value::Null,
            })
            .await?;
        Ok(())
    }
}

#[async_trait]
impl Handler for Forwarder {
    async fn run(&self, job: &Claimed) -> Finish {
        self.deliver(job).await.unwrap_or_else(|error| {
            tracing::warn!(%error, job = %job.id, "a delivery could not be looked at");
            Finish::Retry {
                after_ms: None,
                error: "the database did not answer".to_owned(),
            }
        })
    }

    async fn buried(&self, job: &Claimed, reason: &str) {
        if let Some(id) = delivery_of(job)
            && let Err(error) = self.store.forward_dropped(&job.lease, id, reason).await
        {
            tracing::warn!(%error, job = %job.id, "a delivery could not be given up");
        }
    }
}

/// Whether it is itself such an alarm: where the receiver is away for good, one more
/// about each would never end.
fn is_of_forwarding(event: &EventRow) -> bool {
    let raw: Value = serde_json::from_str(&event.raw).unwrap_or_default();
    let code = raw.get("code").and_then(Value::as_str);
    event.kind == "alert" && code.is_some_and(|code| CODES.contains(&code))
}

fn delivery_of(job: &Claimed) -> Option<Uuid> {
    job.payload.get("delivery")?.as_str()?.parse().ok()
}

/// What an attempt means.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    /// Why it failed; `None` when it did not.
    says: Option<String>,
    /// No use in trying again.
    is_final: bool,
    /// The receiver wants nothing any more.
    disables: bool,
    /// When it wants to be asked again, as it stood there.
    asked: Option<String>,
}

fn judge(outcome: &Result<Receipt, NetError>) -> Verdict {
    let failed = |says: String| Verdict {
        says: Some(says),
        is_final: false,
        disables: false,
        asked: None,
    };
    match outcome {
        Ok(receipt) => {
            let mut verdict = failed(format!("answered {}", receipt.status));
            verdict.asked.clone_from(&receipt.retry_after);
            match receipt.status {
                200..=299 => verdict.says = None,
                300..=399 => {
                    let status = receipt.status;
                    verdict.says = Some(format!(
                        "answered {status}, a redirect: give the final address"
                    ));
                }
                410 => {
                    verdict.is_final = true;
                    verdict.disables = true;
                    verdict.says = Some("answered 410: the receiver is gone".to_owned());
                }
                _ => {}
            }
            verdict
        }
        Err(NetError::Refused(refused)) => Verdict {
            // A name that leads inside today may be put right tomorrow; an address never will.
            is_final: *refused != media::net::Refused::Address,
            ..failed(format!("refused by the network guard: {refused}"))
        },
        Err(error) => failed(error.to_string()),
    }
}

impl Verdict {
    fn then(&self, attempts: i32, since_ms: i64, now_ms: i64) -> Then {
        if self.says.is_none() {
            return Then::Delivered;
        }
        let end_ms = since_ms.saturating_add(TRYING_MS);
        if self.is_final || now_ms >= end_ms {
            return Then::Dead {
                disable: self.says.clone().filter(|_| self.disables),
            };
        }
        let asked = self
            .asked
            .as_deref()
            .and_then(|text| asked_ms(text, now_ms));
        let wait_ms = wait_ms(attempts, rand::random()).max(asked.unwrap_or(0));
        Then::Again {
            at_ms: now_ms.saturating_add(wait_ms).min(end_ms),
            steps_out: attempts >= IN_LINE,
        }
    }
}

/// The wait after this attempt, spread by up to a fifth either way (`spread` in 0..1), so that what failed together
/// does not come back together.
fn wait_ms(attempts: i32, spread: f64) -> i64 {
    let at = usize::try_from(attempts.max(1) - 1).unwrap_or(0);
    let base = WAITS.get(at).or(WAITS.last()).copied().unwrap_or(60) * 1_000;
    // At most three hours in milliseconds: exact in an f64 and far inside an i64.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let spread_ms = (base as f64 * 0.4 * (spread.clamp(0.0, 1.0) - 0.5)) as i64;
    base + spread_ms
}

/// `Retry-After`: seconds, or a date.
fn asked_ms(text: &str, now_ms: i64) -> Option<i64> {
    let wait_ms = if let Ok(seconds) = text.parse::<i64>() {
        seconds.saturating_mul(1_000)
    } else {
        let at = jiff::fmt::rfc2822::parse(text).ok()?;
        at.timestamp().as_millisecond().saturating_sub(now_ms)
    };
    Some(wait_ms.clamp(0, LONGEST_ASKED_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    fn answered(status: u16, retry_after: Option<&str>) -> Verdict {
        judge(&Ok(Receipt {
            status,
            retry_after: retry_after.map(str::to_owned),
        }))
    }

    #[test]
    fn only_two_hundreds_are_a_delivery() {
        for status in [200, 201, 204] {
            assert_eq!(answered(status, None).then(1, NOW, NOW), Then::Delivered);
        }
        for status in [301, 302, 307, 400, 401, 404, 429, 500, 503] {
            let then = answered(status, None).then(1, NOW, NOW);
            assert!(matches!(then, Then::Again { .. }), "{status}");
        }
        let gone = answered(410, None).then(1, NOW, NOW);
        assert!(matches!(gone, Then::Dead { disable: Some(_) }));
    }

    #[test]
    fn it_is_tried_for_three_days_and_no_longer() {
        let mut now_ms = NOW;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match answered(503, None).then(attempts, NOW, now_ms) {
                Then::Again { at_ms, .. } => {
                    assert!(at_ms > now_ms);
                    now_ms = at_ms;
                }
                then => {
                    assert_eq!(then, Then::Dead { disable: None });
                    break;
                }
            }
        }
        assert_eq!(
            now_ms,
            NOW + TRYING_MS,
            "the last attempt stands at the end"
        );
        assert!((20..60).contains(&attempts), "{attempts}");
    }

    #[test]
    fn retry_after_is_obeyed_in_both_forms() {
        for (text, expected) in [
            ("120", Some(120_000)),
            ("999999999", Some(LONGEST_ASKED_MS)),
            ("-5", Some(0)),
            ("Mon, 21 Sep 2026 14:13:30 GMT", Some(10_000)),
            ("Fri, 21 Sep 2001 14:13:30 GMT", Some(0)),
            ("soon", None),
        ] {
            assert_eq!(asked_ms(text, NOW), expected, "{text}");
        }
        let then = answered(503, Some("7200")).then(1, NOW, NOW);
        assert!(matches!(then, Then::Again { at_ms, .. } if at_ms == NOW + 7_200_000));
    }

    #[test]
    fn the_waits_are_spread() {
        assert_eq!(wait_ms(1, 0.5), 5_000);
        assert_eq!(wait_ms(1, 0.0), 4_000);
        assert_eq!(wait_ms(99, 1.0), 12_960_000);
    }
}
