//! Small things that are remembered: account states, attachment ids, conversations, ticks.

use crate::db::{Result, Row, Tx, key_text, values};
use crate::erasure::graves;
use crate::error::StoreError;
use crate::inbox::talk_values;
use crate::store::Store;
use crate::types::{AccountState, Conversation, Note, NoteChange};

impl Store {
    /// Whether we may act for an account.
    pub async fn account_state(&self, channel: &str, account: &str) -> Result<AccountState> {
        let sql = "SELECT state, reason FROM account_state WHERE channel = ? AND account = ?";
        let Some(row) = self.reader().one(sql, values![channel, account]).await? else {
            return Ok(AccountState::Active);
        };
        account_state(&row)
    }

    /// The accounts of a channel whose state was ever set.
    pub async fn account_states(&self, channel: &str) -> Result<Vec<(String, AccountState)>> {
        let sql = "SELECT account, state, reason FROM account_state WHERE channel = ? \
                   ORDER BY account";
        let rows = self.reader().all(sql, values![channel]).await?;
        rows.iter()
            .map(|row| Ok((row.get("account")?, account_state(row)?)))
            .collect()
    }

    /// Remembers whether we may act for an account.
    pub async fn set_account_state(
        &self,
        channel: &str,
        account: &str,
        state: AccountState,
    ) -> Result<()> {
        let call = (channel.to_owned(), account.to_owned(), state);
        self.write(call, |tx, (channel, account, state)| {
            Box::pin(async move {
                let (word, reason) = match state {
                    AccountState::Active => ("active", None),
                    AccountState::NeedsLogin { reason } => ("needs_login", Some(reason.as_str())),
                    AccountState::Stopped { reason } => ("stopped", Some(reason.as_str())),
                };
                let key = vec![
                    ("channel", channel.as_str().into()),
                    ("account", account.as_str().into()),
                ];
                let news = vec![
                    ("state", word.into()),
                    ("reason", reason.into()),
                    ("changed_at_ms", tx.now_ms().into()),
                ];
                tx.change_or_insert("account_state", key, news, &[]).await
            })
        })
        .await
    }

    /// The id under which an account's upload of this media is known, unless it has expired.
    pub async fn attachment(&self, account: &str, key: &str) -> Result<Option<String>> {
        let sql = "SELECT attachment_id FROM attachment \
                   WHERE account = ? AND media_key = ? AND expires_ms > ?";
        let key = key_text(key);
        let values = values![account, &*key, self.clock().now_ms()];
        let row = self.reader().one(sql, values).await?;
        row.map(|row| row.get("attachment_id")).transpose()
    }

    /// Remembers the id of an upload until `expires_ms`.
    pub async fn remember_attachment(
        &self,
        account: &str,
        key: &str,
        id: &str,
        expires_ms: i64,
    ) -> Result<()> {
        let key = key_text(key).into_owned();
        let call = (account.to_owned(), key, id.to_owned(), expires_ms);
        self.write(call, |tx, (account, key, id, expires_ms)| {
            Box::pin(async move {
                let at = vec![
                    ("account", account.as_str().into()),
                    ("media_key", key.as_str().into()),
                ];
                let news = vec![
                    ("attachment_id", id.as_str().into()),
                    ("expires_ms", (*expires_ms).into()),
                ];
                tx.change_or_insert("attachment", at, news, &[]).await
            })
        })
        .await
    }

    /// Forgets the id of an upload that the other side no longer knows.
    pub async fn forget_attachment(&self, account: &str, key: &str) -> Result<()> {
        let call = (account.to_owned(), key_text(key).into_owned());
        self.write(call, |tx, (account, key)| {
            Box::pin(async move {
                let sql = "DELETE FROM attachment WHERE account = ? AND media_key = ?";
                tx.exec(sql, values![account.as_str(), key.as_str()])
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// What we remember about a conversation. Whoever had stopped us and was erased has still stopped us, until they
    /// write anew.
    pub async fn conversation_note(&self, conversation: &Conversation) -> Result<Note> {
        let sql = "SELECT language, helped_at_ms, limited_at_ms, stopped_at_ms, language_chosen \
                   FROM conversation WHERE person = ? AND account = ? AND channel = ?";
        let row = self.reader().one(sql, talk_values(conversation)).await?;
        let mut note = row.map_or(Ok(Note::default()), |row| note(&row))?;
        if note.stopped_at_ms.is_none() {
            let values = graves::stopped_values(conversation);
            let row = self.reader().one(graves::STOPPED, values).await?;
            note.stopped_at_ms = row.map_or(Ok(None), |row| row.get("stopped_at_ms"))?;
        }
        Ok(note)
    }

    /// Remembers something new about a conversation; what is `None` stays.
    pub async fn update_conversation(
        &self,
        conversation: &Conversation,
        change: NoteChange,
    ) -> Result<()> {
        self.write((conversation.clone(), change), |tx, (talk, change)| {
            Box::pin(remember(tx, talk, change))
        })
        .await
    }

    /// True for one asker per `every_ms`, over all processes: who gets it does the periodic task.
    pub async fn tick_claim(&self, name: &str, every_ms: i64) -> Result<bool> {
        self.write((name.to_owned(), every_ms), |tx, (name, every_ms)| {
            Box::pin(async move {
                let now_ms = tx.now_ms();
                let sql = "SELECT last_ms FROM tick WHERE name = ?";
                let Some(row) = tx.one(sql, values![name.as_str()]).await? else {
                    let row = values![name.as_str(), now_ms];
                    tx.insert_rows("tick", &["name", "last_ms"], row).await?;
                    return Ok(true);
                };
                let last_ms: i64 = row.get("last_ms")?;
                // A clock that was set back must not silence the task until it catches up.
                if (now_ms - last_ms).abs() < *every_ms {
                    return Ok(false);
                }
                let sql = "UPDATE tick SET last_ms = ? WHERE name = ? AND last_ms = ?";
                Ok(tx
                    .exec(sql, values![now_ms, name.as_str(), last_ms])
                    .await?
                    == 1)
            })
        })
        .await
    }
}

/// Writes down what is new about a conversation.
pub(crate) async fn remember(tx: &Tx, talk: &Conversation, change: &NoteChange) -> Result<()> {
    let key = vec![
        ("person", talk.person.as_str().into()),
        ("account", talk.account.as_str().into()),
        ("channel", talk.channel.as_str().into()),
    ];
    let mut news = vec![
        ("language", change.language.as_deref().into()),
        ("helped_at_ms", change.helped_at_ms.into()),
        ("limited_at_ms", change.limited_at_ms.into()),
        ("language_chosen", change.language_chosen.into()),
        ("changed_at_ms", tx.now_ms().into()),
    ];
    // Coming back is a NULL that does change the row.
    if let Some(stopped) = change.stopped {
        news.push(("stopped_at_ms", stopped.then(|| tx.now_ms()).into()));
        graves::forget_stop(tx, talk).await?;
    }
    let keep = [
        "language",
        "helped_at_ms",
        "limited_at_ms",
        "language_chosen",
    ];
    tx.change_or_insert("conversation", key, news, &keep).await
}

fn note(row: &Row) -> Result<Note> {
    Ok(Note {
        language: row.get("language")?,
        helped_at_ms: row.get("helped_at_ms")?,
        limited_at_ms: row.get("limited_at_ms")?,
        stopped_at_ms: row.get("stopped_at_ms")?,
        language_chosen: row
            .get::<Option<bool>>("language_chosen")?
            .unwrap_or_default(),
    })
}

fn account_state(row: &Row) -> Result<AccountState> {
    let state: String = row.get("state")?;
    let reason: Option<String> = row.get("reason")?;
    let reason = reason.unwrap_or_default();
    match state.as_str() {
        "active" => Ok(AccountState::Active),
        "needs_login" => Ok(AccountState::NeedsLogin { reason }),
        "stopped" => Ok(AccountState::Stopped { reason }),
        _ => Err(StoreError::corrupt("an account has an unknown state")),
    }
}
