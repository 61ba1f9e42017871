//! Jobs in: one by one, or against somebody's daily allowance.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::insert::{self, Insert};
use crate::db::{Result, Row, Tx, key_text, values};
use crate::erasure::graves;
use crate::machine;
use crate::store::Store;
use crate::types::{Admission, Admitted, Enqueued, NewJob};

impl Store {
    /// Stores a job, unless its dedupe key is known.
    pub async fn enqueue(&self, job: NewJob) -> Result<Enqueued> {
        self.write(job, |tx, job| {
            Box::pin(async move {
                let only = Insert {
                    job,
                    event_id: None,
                    charge: None,
                };
                let answers = insert::jobs(tx, &[only]).await?;
                let (id, new) = answers.into_iter().next().unwrap_or_default();
                Ok(Enqueued { id, new })
            })
        })
        .await
    }

    /// Charges the day's allowance and stores the jobs that fit into it, in one transaction; exact
    /// however many ask at once. Answers in the order of `admission.jobs`.
    pub async fn admit(&self, admission: Admission) -> Result<Vec<Admitted>> {
        self.write(admission, |tx, admission| Box::pin(admit(tx, admission)))
            .await
    }

    /// How many units of the day's allowance are used up.
    pub async fn quota_used(&self, scope: &str, day: &str) -> Result<u32> {
        let sql = "SELECT used FROM quota WHERE scope = ? AND on_day = ?";
        let key = key_text(scope);
        let mut row = self.reader().one(sql, values![&*key, day]).await?;
        if row.is_none() {
            let values = graves::used_values(scope, day);
            row = self.reader().one(graves::USED, values).await?;
        }
        used(row)
    }
}

fn used(row: Option<Row>) -> Result<u32> {
    let used: i64 = row.map_or(Ok(0), |row| row.get("used"))?;
    Ok(u32::try_from(used.max(0)).unwrap_or(u32::MAX))
}

async fn admit(tx: &Tx, admission: &Admission) -> Result<Vec<Admitted>> {
    let scope = key_text(&admission.scope);
    let day = admission.day.as_str();
    // The row is locked first, so that nobody else decides on the same allowance meanwhile.
    let sql = format!(
        "SELECT used FROM quota WHERE scope = ? AND on_day = ?{}",
        tx.for_update()
    );
    let mut row = tx.one(&sql, values![&*scope, day]).await?;
    if row.is_none() {
        // Who was erased today has what they had left, no more.
        let values = graves::used_values(&admission.scope, day);
        row = tx.one(graves::USED, values).await?;
    }
    let before = used(row)?;

    let inserts: Vec<Insert<'_>> = admission
        .jobs
        .iter()
        .map(|job| Insert {
            job,
            event_id: None,
            charge: Some((&*scope, day)),
        })
        .collect();
    let known = insert::known_ids(tx, &inserts).await?;
    let Choice {
        used,
        chosen,
        answers,
    } = choose(inserts, &known, before, admission.limit);
    let stored_jobs = insert::jobs(tx, &chosen).await?;
    if used != before {
        charge(tx, &scope, day, used).await?;
    }
    let mut stored_jobs = stored_jobs.into_iter();
    Ok(answers
        .into_iter()
        .map(|answer| {
            answer.unwrap_or_else(|| match stored_jobs.next() {
                Some((id, true)) => Admitted::New(id),
                Some((id, false)) => Admitted::Already(id),
                None => Admitted::OverLimit,
            })
        })
        .collect())
}

/// Which jobs of an asking are stored, and what the others are told.
struct Choice<'a> {
    used: u32,
    /// To be stored, in order; repeats within the asking included, which the insert recognises.
    chosen: Vec<Insert<'a>>,
    /// `None` for each chosen one.
    answers: Vec<Option<Admitted>>,
}

fn choose<'a>(
    inserts: Vec<Insert<'a>>,
    known: &HashMap<String, Uuid>,
    used: u32,
    limit: u32,
) -> Choice<'a> {
    let mut choice = Choice {
        used,
        chosen: Vec::new(),
        answers: Vec::with_capacity(inserts.len()),
    };
    let mut new_keys = HashSet::new();
    for insert in inserts {
        let key = insert.job.dedupe_key.as_deref().map(key_text);
        let earlier = key.as_deref().and_then(|key| known.get(key));
        let is_repeat = key.as_ref().is_some_and(|key| new_keys.contains(key));
        if let Some(id) = earlier {
            choice.answers.push(Some(Admitted::Already(*id)));
        } else if is_repeat {
            choice.answers.push(None);
            choice.chosen.push(insert);
        } else if machine::within_limit(choice.used, limit) {
            choice.used += 1;
            new_keys.extend(key);
            choice.answers.push(None);
            choice.chosen.push(insert);
        } else {
            choice.answers.push(Some(Admitted::OverLimit));
        }
    }
    choice
}

async fn charge(tx: &Tx, scope: &str, day: &str, used: u32) -> Result<()> {
    let key = vec![("scope", scope.into()), ("on_day", day.into())];
    let news = vec![
        ("used", i64::from(used).into()),
        ("changed_at_ms", tx.now_ms().into()),
    ];
    tx.change_or_insert("quota", key, news, &[]).await
}
