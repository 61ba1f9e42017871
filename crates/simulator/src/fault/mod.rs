//! Faults on demand: rules that a test sets, matched against calls (and webhook deliveries) and
//! used up one by one. The middleware here turns them into what a client sees.

mod act;
mod rule;

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

pub(crate) use act::apply;
pub(crate) use rule::{Kind, Rule, RuleIn, Usage};

/// What later layers must do differently for this call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hints {
    pub(crate) lose_echo: bool,
    pub(crate) echo: Option<EchoPlan>,
    /// Messages younger than this are not yet in the read-back.
    pub(crate) lag_ms: i64,
}

/// When and how often the echo of a send arrives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EchoPlan {
    pub(crate) delay_ms: u64,
    pub(crate) before_answer: bool,
    pub(crate) copies: u32,
}

/// What a rule is matched against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    /// For a webhook delivery: the kind of its first event.
    pub(crate) event: Option<&'a str>,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
    next: std::sync::atomic::AtomicU64,
}

impl Faults {
    pub(crate) fn add(&self, rule: RuleIn) -> String {
        let number = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        let id = format!("fault-{number}");
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.push(Rule::new(id.clone(), rule));
        id
    }

    pub(crate) fn remove(&self, id: &str) -> bool {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let before = rules.len();
        rules.retain(|rule| rule.id != id);
        rules.len() < before
    }

    pub(crate) fn clear(&self) {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub(crate) fn list(&self) -> Value {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.iter().map(Rule::show).collect::<Vec<_>>().into()
    }

    /// The faults that strike this call or delivery, each counted as used.
    pub(crate) fn strike(&self, subject: Subject<'_>) -> Vec<(String, Kind)> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if rules.is_empty() {
            return Vec::new();
        }
        rules
            .iter_mut()
            .filter(|rule| rule.is_for_webhooks() == subject.event.is_some())
            .filter_map(|rule| {
                rule.strike(subject)
                    .then(|| (rule.id.clone(), rule.kind.clone()))
            })
            .collect()
    }

    /// Whether any rule is set: the common case costs one lock and no copy.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }
}

/// The error body of a fault that answers in Meta's shape.
pub(crate) fn error_body(answer: &rule::Answer) -> Value {
    let mut error = json!({
        "message": answer.message.clone().unwrap_or_else(|| "An unexpected error has occurred. Please retry your request later.".into()),
        "type": answer.kind.clone().unwrap_or_else(|| "OAuthException".into()),
        "code": answer.code.unwrap_or(2),
        "fbtrace_id": crate::graph::trace_id(),
    });
    if let Some(subcode) = answer.subcode {
        error["error_subcode"] = subcode.into();
    }
    if let Some(transient) = answer.is_transient {
        error["is_transient"] = transient.into();
    }
    json!({ "error": error })
}

/// The same in the Bot API's shape.
pub(crate) fn telegram_body(answer: &rule::Answer) -> Value {
    let status = answer.status.unwrap_or(500);
    let words = match (status, answer.retry_after) {
        (_, Some(seconds)) => format!("Too Many Requests: retry after {seconds}"),
        (500, _) => "Internal Server Error".into(),
        (502, _) => "Bad Gateway".into(),
        (504, _) => "Gateway Timeout".into(),
        (429, None) => "Too Many Requests".into(),
        _ => "Bad Request".into(),
    };
    let mut body = json!({
        "ok": false,
        "error_code": answer.code.unwrap_or(i64::from(status)),
        "description": answer.message.clone().unwrap_or(words),
    });
    if let Some(seconds) = answer.retry_after {
        body["parameters"] = json!({"retry_after": seconds});
    }
    body
}
