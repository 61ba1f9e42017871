//! Visible sends. Neither Meta nor Telegram knows an idempotency key, so each try is written down
//! before it goes out, one conversation has at most one try without a known outcome, and such a
//! try is never repeated before it is proven absent. Which step follows which is decided in
//! [`machine`](crate::machine).

use uuid::Uuid;

use crate::db::{Result, Row, Tx, key_text, values};
use crate::error::StoreError;
use crate::inbox::talk_values;
use crate::jobs::claim::{check_lease, is_held};
use crate::machine::{self, PartState, Step};
use crate::notes::remember;
use crate::store::Store;
use crate::types::{Conversation, Intent, IntentIn, Lease, NewPart, NoteChange, Part, Settle};

const PART_SELECT: &str = "SELECT id, job_id, channel, account, person, name, seq, kind, body, \
     hash, state, attempt, epoch, intent_at_ms, cursor_mid, mid, reason FROM part";

const PART_COLUMNS: [&str; 14] = [
    "id",
    "job_id",
    "channel",
    "account",
    "person",
    "name",
    "seq",
    "kind",
    "body",
    "hash",
    "state",
    "attempt",
    "epoch",
    "created_at_ms",
];

impl Store {
    /// Writes down what a job is going to send. Parts that are planned already stay as they are.
    pub async fn plan_parts(
        &self,
        lease: &Lease,
        conversation: &Conversation,
        parts: Vec<NewPart>,
    ) -> Result<()> {
        let call = (*lease, conversation.clone(), parts);
        self.write(call, |tx, (lease, conversation, parts)| {
            Box::pin(plan(tx, lease, conversation, parts))
        })
        .await
    }

    /// The parts of a job, in their order.
    pub async fn parts(&self, job_id: Uuid) -> Result<Vec<Part>> {
        let sql = format!("{PART_SELECT} WHERE job_id = ? ORDER BY seq, name");
        let rows = self.reader().all(&sql, values![job_id]).await?;
        rows.iter().map(part_row).collect()
    }

    /// Writes down, durably, that a try goes out now. Only after `Go` may it.
    pub async fn intent(&self, lease: &Lease, part_id: Uuid, intent: IntentIn) -> Result<Intent> {
        let call = (*lease, part_id, intent);
        self.write(call, |tx, (lease, part_id, intent)| {
            Box::pin(begin_try(tx, lease, *part_id, intent))
        })
        .await
    }

    /// [`Store::plan_parts`] and [`Store::update_conversation`] in one commit.
    pub async fn plan_and_remember(
        &self,
        lease: &Lease,
        conversation: &Conversation,
        parts: Vec<NewPart>,
        change: NoteChange,
    ) -> Result<()> {
        let call = (*lease, conversation.clone(), parts, change);
        self.write(call, |tx, (lease, conversation, parts, change)| {
            Box::pin(async move {
                plan(tx, lease, conversation, parts).await?;
                if *change == NoteChange::default() {
                    return Ok(());
                }
                remember(tx, conversation, change).await
            })
        })
        .await
    }

    /// [`Store::plan_parts`] and [`Store::intent`] for the first of them, in one commit; answers with that part. All of
    /// them must be new to the job.
    pub async fn plan_and_try(
        &self,
        lease: &Lease,
        conversation: &Conversation,
        parts: Vec<NewPart>,
        intent: IntentIn,
    ) -> Result<(Part, Intent)> {
        let call = (*lease, conversation.clone(), parts, intent);
        self.write(call, |tx, (lease, conversation, parts, intent)| {
            Box::pin(async move {
                plan(tx, lease, conversation, parts).await?;
                let first = parts.first().map(|part| part.part.as_str());
                let sql = format!("{PART_SELECT} WHERE job_id = ? AND name = ?");
                let row = tx.one(&sql, values![lease.job_id, first]).await?;
                let row = row.ok_or_else(|| StoreError::conflict("there is no part to try"))?;
                let part = part_row(&row)?;
                let went = try_part(tx, lease, &part, intent).await?;
                let part = load(tx, part.id).await?;
                Ok((part, went))
            })
        })
        .await
    }

    /// What became of a try, as far as the sender knows. Idempotent; returns the state the part is
    /// in now, which may be better knowledge than what is told. Needs the lease of the part's job,
    /// or any live lease when nobody is at that job.
    pub async fn settle(&self, lease: &Lease, part_id: Uuid, settle: Settle) -> Result<PartState> {
        let call = (*lease, part_id, settle);
        self.write(call, |tx, (lease, part_id, settle)| {
            Box::pin(learn(tx, lease, *part_id, settle))
        })
        .await
    }

    /// The part that became this message.
    pub async fn part_by_mid(
        &self,
        conversation: &Conversation,
        mid: &str,
    ) -> Result<Option<Part>> {
        let sql =
            format!("{PART_SELECT} WHERE person = ? AND account = ? AND channel = ? AND mid = ?");
        let mut values = talk_values(conversation);
        values.extend(values![mid]);
        let row = self.reader().one(&sql, values).await?;
        row.as_ref().map(part_row).transpose()
    }

    /// The messages that our parts became, of those tried since `since_ms`.
    pub async fn mids_sent(
        &self,
        conversation: &Conversation,
        since_ms: i64,
    ) -> Result<Vec<String>> {
        let sql = "SELECT mid FROM part WHERE person = ? AND account = ? AND channel = ? \
                   AND intent_at_ms >= ? AND mid IS NOT NULL ORDER BY intent_at_ms, id";
        let mut values = talk_values(conversation);
        values.extend(values![since_ms]);
        let rows = self.reader().all(sql, values).await?;
        rows.iter().map(|row| row.get("mid")).collect()
    }
}

async fn plan(
    tx: &Tx,
    lease: &Lease,
    conversation: &Conversation,
    parts: &[NewPart],
) -> Result<()> {
    check_lease(tx, lease, false).await?;
    let sql = "SELECT name FROM part WHERE job_id = ?";
    let stored = tx.all(sql, values![lease.job_id]).await?;
    let mut names: Vec<String> = stored
        .iter()
        .map(|row| row.get("name"))
        .collect::<Result<_>>()?;
    let now_ms = tx.now_ms();
    let mut rows = Vec::new();
    for part in parts {
        if names.contains(&part.part) {
            continue;
        }
        names.push(part.part.clone());
        rows.extend(values![
            tx.new_id(),
            lease.job_id,
            conversation.channel.as_str(),
            conversation.account.as_str(),
            conversation.person.as_str(),
            part.part.as_str(),
            part.seq,
            part.kind.as_str(),
            part.body.to_string(),
            &*key_text(&part.hash),
            PartState::Planned.as_str(),
            0_i32,
            0_i64,
            now_ms,
        ]);
    }
    tx.insert_rows("part", &PART_COLUMNS, rows).await
}

async fn begin_try(tx: &Tx, lease: &Lease, part_id: Uuid, intent: &IntentIn) -> Result<Intent> {
    let part = load(tx, part_id).await?;
    try_part(tx, lease, &part, intent).await
}

async fn try_part(tx: &Tx, lease: &Lease, part: &Part, intent: &IntentIn) -> Result<Intent> {
    check_lease(tx, lease, true).await?;
    if part.job_id != lease.job_id {
        return Err(StoreError::conflict("this part is another job's"));
    }
    if !part.state.may_try() {
        return Ok(Intent::AlreadySettled(part.state));
    }
    let now_ms = tx.now_ms();
    if intent.window_open_until_ms <= now_ms {
        return Ok(Intent::WindowClosed);
    }
    let key = part.conversation.key();
    let lock_key = key_text(&key);
    let sql = "SELECT id FROM part WHERE lock_key = ?";
    if tx.one(sql, values![&*lock_key]).await?.is_some() {
        return Ok(Intent::Held);
    }
    // On a server somebody may have taken the lock since the look: then the unique index refuses,
    // the operation runs again and sees it.
    let attempt = part.attempt + 1;
    let sql = "UPDATE part SET state = 'intent', attempt = ?, epoch = ?, intent_at_ms = ?, \
               cursor_mid = ?, lock_key = ? WHERE id = ?";
    let values = values![
        attempt,
        lease.epoch,
        now_ms,
        intent.cursor_mid.as_deref(),
        &*lock_key,
        part.id,
    ];
    tx.exec(sql, values).await?;
    Ok(Intent::Go { attempt })
}

async fn learn(tx: &Tx, lease: &Lease, part_id: Uuid, settle: &Settle) -> Result<PartState> {
    check_lease(tx, lease, false).await?;
    let part = load(tx, part_id).await?;
    if part.job_id != lease.job_id && is_held(tx, part.job_id, None, tx.now_ms()).await? {
        return Err(StoreError::LeaseLost);
    }
    let (known, mid, reason) = match settle {
        Settle::Sent { mid } => (PartState::Sent, mid.as_deref(), None),
        Settle::Unknown => (PartState::Unknown, None, None),
        Settle::Absent => (PartState::Absent, None, None),
        Settle::Planned => (PartState::Planned, None, None),
        Settle::Failed { reason } => (PartState::Failed, None, Some(reason.as_str())),
    };
    match machine::settle(part.state, known) {
        Step::Move(state) => {
            store_state(tx, &part, state, mid, reason).await?;
            Ok(state)
        }
        Step::Stay => {
            if part.state == PartState::Sent && part.mid.is_none() && mid.is_some() {
                store_state(tx, &part, PartState::Sent, mid, None).await?;
            }
            Ok(part.state)
        }
        Step::Illegal => Err(StoreError::conflict(format!(
            "a part that is {} cannot become {}",
            part.state.as_str(),
            known.as_str()
        ))),
    }
}

/// Writes a decided state; the conversation is free again unless the outcome is still open.
async fn store_state(
    tx: &Tx,
    part: &Part,
    state: PartState,
    mid: Option<&str>,
    reason: Option<&str>,
) -> Result<()> {
    let key = part.conversation.key();
    let lock_key = state.is_open().then(|| key_text(&key).into_owned());
    let sql = "UPDATE part SET state = ?, mid = COALESCE(?, mid), reason = ?, lock_key = ?, \
               settled_at_ms = ? WHERE id = ?";
    let values = values![state.as_str(), mid, reason, lock_key, tx.now_ms(), part.id];
    tx.exec(sql, values).await?;
    Ok(())
}

async fn load(tx: &Tx, part_id: Uuid) -> Result<Part> {
    let sql = format!("{PART_SELECT} WHERE id = ?{}", tx.for_update());
    let row = tx.one(&sql, values![part_id]).await?;
    let row = row.ok_or_else(|| StoreError::conflict("there is no such part"))?;
    part_row(&row)
}

fn part_row(row: &Row) -> Result<Part> {
    let state: String = row.get("state")?;
    Ok(Part {
        id: row.get("id")?,
        job_id: row.get("job_id")?,
        conversation: Conversation {
            channel: row.get("channel")?,
            account: row.get("account")?,
            person: row.get("person")?,
        },
        part: row.get("name")?,
        seq: row.get("seq")?,
        kind: row.get("kind")?,
        body: row.json("body")?,
        hash: row.get("hash")?,
        state: PartState::parse(&state)
            .ok_or_else(|| StoreError::corrupt("a part has an unknown state"))?,
        attempt: row.get("attempt")?,
        epoch: row.get("epoch")?,
        intent_at_ms: row.get("intent_at_ms")?,
        cursor_mid: row.get("cursor_mid")?,
        mid: row.get("mid")?,
        reason: row.get("reason")?,
    })
}
