//! One fault as a test writes it, and when it strikes.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Subject;

/// Body of `POST /_sim/faults`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleIn {
    #[serde(default, rename = "match")]
    matching: Matching,
    /// How often it strikes: absent 1, 0 always.
    times: Option<u64>,
    /// Matching calls that pass first.
    #[serde(default)]
    after: u64,
    /// Chance of striking, decided by `seed`; absent: certain.
    probability: Option<f64>,
    #[serde(default)]
    seed: u64,
    #[serde(rename = "do")]
    kind: Kind,
}

/// Which calls; an absent part matches every call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Matching {
    method: Option<String>,
    /// Part of the path with its host (`graph.facebook.com/v26.0/me/messages`); `*` stands for anything.
    path: Option<String>,
    /// Part of a JSON or form body (uploads are streamed and have none here).
    body: Option<String>,
    /// For webhook faults: the kind of the delivery's first event (`message`, `echo`, …).
    event: Option<String>,
}

/// An answer that a fault gives instead of the real one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Answer {
    /// HTTP status; absent 500.
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<i64>,
    pub(crate) subcode: Option<i64>,
    pub(crate) message: Option<String>,
    /// The error's `type`.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) is_transient: Option<bool>,
    /// Seconds, as Telegram's `parameters.retry_after` and as the header of that name.
    pub(crate) retry_after: Option<i64>,
    pub(crate) headers: BTreeMap<String, String>,
    /// Sent as it is instead of an error in Meta's shape (an HTML page, garbage).
    pub(crate) body: Option<String>,
}

/// What happens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Nothing is done; this answer comes.
    Status(Answer),
    /// The call is done, the answer is this error.
    ApplyThenError(Answer),
    /// The call is done, the connection closes without an answer.
    ApplyThenDrop {
        #[serde(default)]
        ms: u64,
    },
    /// Nothing is done, the connection closes without an answer.
    DropThenClose {
        #[serde(default)]
        ms: u64,
    },
    /// The connection closes at once; the call is done `ms` later on Meta's clock.
    LateApply { ms: i64 },
    /// The answer waits (`when`: before or after the call is done).
    Delay {
        ms: u64,
        #[serde(default)]
        when: When,
    },
    /// The answer breaks off after so many bytes (absent: half).
    Cut { bytes: Option<u64> },
    /// The request breaks off after so many bytes of its body, and no answer comes.
    BreakOff { bytes: u64 },
    /// The answer drips.
    Slow { bytes_per_second: u64 },
    /// Usage headers say this.
    Usage(Usage),
    /// Read-backs do not show messages younger than `ms`.
    Lag { ms: i64 },
    /// The echo of the send never comes.
    LoseEcho,
    /// The echo comes late, before the answer, or several times.
    Echo {
        #[serde(default)]
        delay_ms: u64,
        #[serde(default)]
        before_answer: bool,
        #[serde(default = "one")]
        copies: u32,
    },
    /// A webhook delivery is sent so many times more.
    Duplicate {
        #[serde(default = "one")]
        copies: u32,
    },
    /// Webhook deliveries are gathered until `window` of them wait, or `ms` passed, then shuffled.
    Reorder {
        #[serde(default = "ten")]
        window: usize,
        #[serde(default = "gather_ms")]
        ms: u64,
    },
    /// A webhook delivery never leaves.
    Lose,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    #[default]
    Before,
    After,
}

/// Percentages for the usage headers.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Usage {
    pub(crate) call_count: u32,
    pub(crate) total_time: u32,
    pub(crate) total_cputime: u32,
    pub(crate) estimated_time_to_regain_access: i64,
}

fn one() -> u32 {
    1
}

fn ten() -> usize {
    10
}

fn gather_ms() -> u64 {
    500
}

/// A fault that is set.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    matching: Matching,
    times: u64,
    after: u64,
    probability: Option<f64>,
    dice: StdRng,
    pub(super) seed: u64,
    seen: u64,
    struck: u64,
}

impl Rule {
    pub(super) fn new(id: String, rule: RuleIn) -> Self {
        Self {
            id,
            kind: rule.kind,
            matching: rule.matching,
            times: rule.times.unwrap_or(1),
            after: rule.after,
            probability: rule.probability,
            dice: StdRng::seed_from_u64(rule.seed),
            seed: rule.seed,
            seen: 0,
            struck: 0,
        }
    }

    pub(super) fn is_for_webhooks(&self) -> bool {
        matches!(
            self.kind,
            Kind::Duplicate { .. } | Kind::Reorder { .. } | Kind::Lose
        )
    }

    pub(super) fn strike(&mut self, subject: Subject<'_>) -> bool {
        if !self.matching.covers(subject) || (self.times > 0 && self.struck >= self.times) {
            return false;
        }
        self.seen += 1;
        if self.seen <= self.after {
            return false;
        }
        if let Some(probability) = self.probability
            && !self.dice.random_bool(probability.clamp(0.0, 1.0))
        {
            return false;
        }
        self.struck += 1;
        true
    }

    pub(super) fn show(&self) -> Value {
        json!({
            "id": self.id,
            "match": self.matching,
            "do": self.kind,
            "times": self.times,
            "after": self.after,
            "seed": self.seed,
            "seen": self.seen,
            "struck": self.struck,
        })
    }
}

impl Matching {
    fn covers(&self, subject: Subject<'_>) -> bool {
        let method = self.method.as_deref();
        method.is_none_or(|method| method.eq_ignore_ascii_case(subject.method))
            && self
                .path
                .as_deref()
                .is_none_or(|pattern| fits(pattern, subject.path))
            && self
                .event
                .as_deref()
                .is_none_or(|event| subject.event == Some(event))
            && self
                .body
                .as_deref()
                .is_none_or(|part| contains(subject.body, part.as_bytes()))
    }
}

/// Whether the pieces between `*` stand in `path` in this order.
fn fits(pattern: &str, path: &str) -> bool {
    let mut rest = path;
    for piece in pattern.split('*') {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    part.is_empty() || body.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject<'a>(method: &'a str, path: &'a str, body: &'a [u8]) -> Subject<'a> {
        Subject {
            method,
            path,
            body,
            event: None,
        }
    }

    fn rule(value: Value) -> Rule {
        Rule::new("r".into(), serde_json::from_value(value).unwrap())
    }

    #[test]
    fn a_rule_strikes_after_and_times() {
        let mut rule = rule(json!({
            "match": {"method": "post", "path": "facebook*/messages"},
            "after": 1, "times": 2, "do": {"kind": "status", "status": 503},
        }));
        let call = subject("POST", "/graph.facebook.com/v26.0/me/messages", b"");
        let struck: Vec<bool> = (0..5).map(|_| rule.strike(call)).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert!(!rule.strike(subject("GET", "/graph.facebook.com/me/messages", b"")));
    }

    #[test]
    fn the_same_seed_strikes_the_same_calls() {
        let run = |seed: u64| {
            let mut rule = rule(json!({
                "times": 0, "probability": 0.5, "seed": seed, "do": {"kind": "lose_echo"},
            }));
            (0..64)
                .map(|_| rule.strike(subject("POST", "/a", b"")))
                .collect::<Vec<bool>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).contains(&true) && run(7).contains(&false));
    }

    #[test]
    fn a_body_can_be_asked_for() {
        let mut rule =
            rule(json!({"match": {"body": "sender_action"}, "do": {"kind": "lag", "ms": 5}}));
        assert!(!rule.strike(subject("POST", "/a", b"{\"message\":{}}")));
        assert!(rule.strike(subject("POST", "/a", b"{\"sender_action\":\"typing_on\"}")));
    }
}
