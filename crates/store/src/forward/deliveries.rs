//! Deliveries one by one: tried, read, sent anew.

use sea_orm::Value;
use uuid::Uuid;

use super::{job, line, store_jobs};
use crate::db::{Result, Row, Tx, key_text, oldest_id, values};
use crate::feed::within;
use crate::jobs::claim::check_lease;
use crate::store::Store;
use crate::types::{ForwardAttempt, Forwarding, ForwardingFilter, Lease, Resent, Then, Tried};

const SELECT: &str = "SELECT id, subscription_id, event_id, job_id, channel, account, kind, state, \
     attempts, since_ms, next_at_ms, last_status, last_error, created_at_ms, settled_at_ms \
     FROM forwarding";

const LOG: [&str; 7] = [
    "forwarding_id",
    "number",
    "at_ms",
    "duration_ms",
    "status",
    "error",
    "outcome",
];

/// Longest error that is kept.
const ERROR_CHARS: usize = 200;
/// Deliveries that are sent anew in one transaction.
const PIECE: u32 = 200;

impl Store {
    /// A delivery.
    pub async fn forwarding(&self, id: Uuid) -> Result<Option<Forwarding>> {
        let sql = format!("{SELECT} WHERE id = ?");
        let row = self.reader().one(&sql, values![id]).await?;
        row.as_ref().map(forwarding).transpose()
    }

    /// Deliveries, the newest first.
    pub async fn forwardings(&self, filter: &ForwardingFilter) -> Result<Vec<Forwarding>> {
        let (sql, values) = select(filter, None);
        let rows = self.reader().all(&sql, values).await?;
        rows.iter().map(forwarding).collect()
    }

    /// The log of a delivery, the first attempt first.
    pub async fn forward_attempts(&self, id: Uuid) -> Result<Vec<ForwardAttempt>> {
        let sql = "SELECT number, at_ms, duration_ms, status, error, outcome FROM forward_attempt \
                   WHERE forwarding_id = ? ORDER BY number";
        let rows = self.reader().all(sql, values![id]).await?;
        rows.iter()
            .map(|row| {
                Ok(ForwardAttempt {
                    number: row.get("number")?,
                    at_ms: row.get("at_ms")?,
                    duration_ms: row.get("duration_ms")?,
                    status: row.get("status")?,
                    error: row.get("error")?,
                    outcome: row.get("outcome")?,
                })
            })
            .collect()
    }

    /// Writes an attempt into the log and the delivery where it follows. Fails if the job was taken away meanwhile:
    /// then the other one's attempt counts.
    pub async fn forward_tried(&self, lease: &Lease, tried: Tried) -> Result<()> {
        self.write((*lease, tried), |tx, (lease, tried)| {
            Box::pin(tell(tx, lease, tried))
        })
        .await
    }

    /// Gives a delivery up without an attempt, for this reason.
    pub async fn forward_dropped(&self, lease: &Lease, id: Uuid, reason: &str) -> Result<()> {
        let call = (*lease, id, reason.to_owned());
        self.write(call, |tx, (lease, id, reason)| {
            Box::pin(async move {
                check_lease(tx, lease, false).await?;
                let sql = "UPDATE forwarding SET state = 'dead', next_at_ms = NULL, \
                           last_error = ?, settled_at_ms = ? WHERE id = ? AND state = 'pending'";
                tx.exec(sql, values![short(reason), tx.now_ms(), *id])
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Holds a delivery back while its subscription is disabled.
    pub async fn forward_held(&self, lease: &Lease, id: Uuid) -> Result<()> {
        self.write((*lease, id), |tx, (lease, id)| {
            Box::pin(async move {
                check_lease(tx, lease, false).await?;
                let sql = "UPDATE forwarding SET state = 'held', next_at_ms = NULL \
                           WHERE id = ? AND state = 'pending'";
                tx.exec(sql, values![*id]).await?;
                Ok(())
            })
        })
        .await
    }

    /// Sends deliveries anew, in the order of their events, with new days of trying: what was delivered is delivered
    /// again, what waits is tried at once. What belongs to a disabled subscription is left alone, unless `switch_on`: a
    /// subscription is everybody's, so switching it on is not for everybody.
    pub async fn resend(&self, filter: ForwardingFilter, switch_on: bool) -> Result<Resent> {
        let mut filter = filter;
        let mut resent = Resent::default();
        filter.limit = 1;
        // What comes while these are sent anew is none of them.
        let Some(newest) = self.forwardings(&filter).await?.first().map(|one| one.id) else {
            return Ok(resent);
        };
        filter.limit = PIECE;
        let mut after = Uuid::nil();
        // From the oldest on, since the jobs of a line are done in the order in which they were stored.
        while after < newest {
            let (sql, values) = select(&filter, Some((after, newest)));
            let rows = self.reader().all(&sql, values).await?;
            let ids: Vec<Uuid> = rows
                .iter()
                .map(|row| row.get("id"))
                .collect::<Result<_>>()?;
            let Some(last) = ids.last() else { break };
            after = *last;
            let some = self
                .write((ids, switch_on), |tx, (ids, switch_on)| {
                    Box::pin(send_anew(tx, ids, *switch_on))
                })
                .await?;
            resent.sent += some.sent;
            resent.left += some.left;
        }
        Ok(resent)
    }

    /// Sends one delivery anew; see [`Store::resend`].
    pub async fn resend_one(&self, id: Uuid, switch_on: bool) -> Result<Resent> {
        self.write((vec![id], switch_on), |tx, (ids, switch_on)| {
            Box::pin(send_anew(tx, ids, *switch_on))
        })
        .await
    }
}

/// The newest first; those of a span (after this one, up to that one) the oldest first.
fn select(filter: &ForwardingFilter, span: Option<(Uuid, Uuid)>) -> (String, Vec<Value>) {
    let mut rules = vec!["1 = 1".to_owned()];
    let mut values = Vec::new();
    let mut narrow = |column: &str, list: &[String]| {
        rules.push(within(column, list.len()));
        values.extend(list.iter().map(|one| Value::from(one.as_str())));
    };
    if let Some(accounts) = &filter.accounts {
        narrow("account", accounts);
    }
    if !filter.states.is_empty() {
        narrow("state", &filter.states);
    }
    if let Some(kind) = &filter.kind {
        narrow("kind", std::slice::from_ref(kind));
    }
    for (rule, id) in [
        ("event_id = ?", filter.event_id),
        ("subscription_id = ?", filter.subscription_id),
        ("id < ?", filter.before),
        // Ids sort by time: no index on the time is needed.
        ("id >= ?", filter.from_ms.map(oldest_id)),
        ("id < ?", filter.to_ms.map(oldest_id)),
        ("id > ?", span.map(|(after, _)| after)),
        ("id <= ?", span.map(|(_, newest)| newest)),
    ] {
        if let Some(id) = id {
            rules.push(rule.to_owned());
            values.push(id.into());
        }
    }
    let limit = filter.limit.clamp(1, 1_000);
    let rules = rules.join(" AND ");
    let order = if span.is_some() { "ASC" } else { "DESC" };
    let sql = format!("{SELECT} WHERE {rules} ORDER BY id {order} LIMIT {limit}");
    (sql, values)
}

async fn tell(tx: &Tx, lease: &Lease, tried: &Tried) -> Result<()> {
    check_lease(tx, lease, false).await?;
    let sql = format!(
        "SELECT attempts, subscription_id FROM forwarding WHERE id = ? AND state = 'pending'{}",
        tx.for_update()
    );
    // Erased meanwhile, with its log.
    let Some(row) = tx.one(&sql, values![tried.forwarding_id]).await? else {
        return Ok(());
    };
    let number = row.get::<i32>("attempts")?.saturating_add(1);
    let now_ms = tx.now_ms();
    let (state, outcome, next_at_ms) = match &tried.then {
        Then::Delivered => ("delivered", "delivered", None),
        Then::Again { at_ms, .. } => ("pending", "again", Some(*at_ms)),
        Then::Dead { .. } => ("dead", "dead", None),
    };
    let error = tried.error.as_deref().map(short);
    let sql = "UPDATE forwarding SET state = ?, attempts = ?, next_at_ms = ?, last_status = ?, \
               last_error = ?, settled_at_ms = ? WHERE id = ?";
    let settled_at_ms = next_at_ms.is_none().then_some(now_ms);
    let values = values![
        state,
        number,
        next_at_ms,
        tried.status,
        error.as_deref(),
        settled_at_ms,
        tried.forwarding_id,
    ];
    tx.exec(sql, values).await?;
    let line = values![
        tried.forwarding_id,
        number,
        tried.at_ms,
        tried.duration_ms,
        tried.status,
        error.as_deref(),
        outcome,
    ];
    tx.insert_rows("forward_attempt", &LOG, line).await?;
    follow(tx, lease, tried, row.get("subscription_id")?).await
}

/// What an attempt does to others: to the line it stood in, to its subscription.
async fn follow(tx: &Tx, lease: &Lease, tried: &Tried, subscription: Uuid) -> Result<()> {
    match &tried.then {
        Then::Again {
            steps_out: true, ..
        } => {
            let sql = "UPDATE job SET order_key = NULL WHERE id = ? AND order_key IS NOT NULL";
            if tx.exec(sql, values![lease.job_id]).await? > 0 {
                tx.wake_runners();
            }
        }
        Then::Dead {
            disable: Some(reason),
        } => {
            let sql = "UPDATE subscription SET state = 'disabled', reason = ?, changed_at_ms = ? \
                       WHERE id = ? AND state = 'active'";
            tx.exec(sql, values![short(reason), tx.now_ms(), subscription])
                .await?;
        }
        _ => {}
    }
    Ok(())
}

async fn send_anew(tx: &Tx, ids: &[Uuid], switch_on: bool) -> Result<Resent> {
    let now_ms = tx.now_ms();
    let mut resent = Resent::default();
    for id in ids {
        let sql = format!("{SELECT} WHERE id = ?{}", tx.for_update());
        let Some(row) = tx.one(&sql, values![*id]).await? else {
            continue;
        };
        let one = forwarding(&row)?;
        if switch_on {
            let sql = "UPDATE subscription SET state = 'active', reason = NULL, changed_at_ms = ? \
                       WHERE id = ? AND state = 'disabled'";
            tx.exec(sql, values![now_ms, one.subscription_id]).await?;
        } else {
            let sql = "SELECT id FROM subscription WHERE id = ? AND state = 'disabled'";
            if tx.one(sql, values![one.subscription_id]).await?.is_some() {
                resent.left += 1;
                continue;
            }
        }
        let line = line_of(tx, &one).await?;
        let mut job_id = one.job_id.filter(|_| one.state == "pending");
        if let Some(job) = job_id {
            // Whoever is at it now is left at it: the attempt that fails is followed by the next one. What had stepped
            // out of its line is in its old place again, before all that came later.
            let sql = "UPDATE job SET state = 'waiting', run_at_ms = ?, order_key = ? \
                       WHERE id = ? AND state IN ('waiting', 'scheduled')";
            let place = line.as_deref().map(key_text);
            let values = values![now_ms, place.as_deref(), job];
            let waits = tx.exec(sql, values).await? > 0;
            let sql = "SELECT id FROM job WHERE id = ? AND state = 'running'";
            if !waits && tx.one(sql, values![job]).await?.is_none() {
                job_id = None;
            }
        }
        if job_id.is_none() {
            job_id = store_jobs(tx, &[job(*id, line)]).await?.first().copied();
        }
        let sql = "UPDATE forwarding SET state = 'pending', job_id = ?, since_ms = ?, \
                   next_at_ms = ?, settled_at_ms = NULL WHERE id = ?";
        resent.sent += tx.exec(sql, values![job_id, now_ms, now_ms, *id]).await?;
    }
    tx.wake_runners();
    Ok(resent)
}

/// The line in which a delivery stood at first.
async fn line_of(tx: &Tx, one: &Forwarding) -> Result<Option<String>> {
    let sql = "SELECT person FROM event WHERE id = ?";
    let event = tx.one(sql, values![one.event_id]).await?;
    let person: Option<String> = event.map_or(Ok(None), |event| event.get("person"))?;
    let names = (one.channel.as_str(), one.account.as_str());
    Ok(line(one.subscription_id, names, person.as_deref()))
}

fn short(text: &str) -> String {
    text.chars().take(ERROR_CHARS).collect()
}

fn forwarding(row: &Row) -> Result<Forwarding> {
    Ok(Forwarding {
        id: row.get("id")?,
        subscription_id: row.get("subscription_id")?,
        event_id: row.get("event_id")?,
        job_id: row.get("job_id")?,
        channel: row.get("channel")?,
        account: row.get("account")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        attempts: row.get("attempts")?,
        since_ms: row.get("since_ms")?,
        next_at_ms: row.get("next_at_ms")?,
        last_status: row.get("last_status")?,
        last_error: row.get("last_error")?,
        created_at_ms: row.get("created_at_ms")?,
        settled_at_ms: row.get("settled_at_ms")?,
    })
}
