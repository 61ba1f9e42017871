//! Numbers that outlive the other side's memory. Every write may be repeated: the same day, post or look is one row,
//! and a number that was once there is never blanked by a later failure to read it.

mod stories;

use std::collections::BTreeMap;

use sea_orm::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{Result, Row, Tx, in_lists, values};
use crate::error::StoreError;
use crate::store::Store;
use crate::types::{DayValue, MediaDay, NumberNotes, Numbers};

const DAY_COLUMNS: &str = "metric, on_day, value, split, note, settled, fetched_at_ms, api_version";
const MEDIA_COLUMNS: &str = "media, on_day, surface, numbers, notes, fetched_at_ms, api_version";

/// Rows that one transaction erases.
const PIECE: u64 = 2_000;

impl Store {
    /// Writes down numbers of an account's days. What was read earlier than what is stored changes nothing.
    pub async fn record_days(&self, account: &str, days: Vec<DayValue>) -> Result<()> {
        self.write((account.to_owned(), days), |tx, (account, days)| {
            Box::pin(async move {
                if is_over(tx, account).await? {
                    return Ok(());
                }
                for value in days {
                    record_day(tx, account, value).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// These days were read, at this moment: they are no gaps.
    pub async fn mark_days_read(
        &self,
        account: &str,
        days: Vec<String>,
        read_at_ms: i64,
    ) -> Result<()> {
        let call = (account.to_owned(), days, read_at_ms);
        self.write(call, |tx, (account, days, read_at_ms)| {
            Box::pin(async move {
                if is_over(tx, account).await? {
                    return Ok(());
                }
                for day in days {
                    let key = vec![
                        ("account", account.as_str().into()),
                        ("on_day", day.as_str().into()),
                    ];
                    let news = vec![("read_at_ms", (*read_at_ms).into())];
                    tx.change_or_insert("day_read", key, news, &[]).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The days from `since` on that were read, and when last.
    pub async fn days_read(&self, account: &str, since: &str) -> Result<BTreeMap<String, i64>> {
        let sql = "SELECT on_day, read_at_ms FROM day_read WHERE account = ? AND on_day >= ?";
        let rows = self.reader().all(sql, values![account, since]).await?;
        rows.iter()
            .map(|row| Ok((row.get("on_day")?, row.get("read_at_ms")?)))
            .collect()
    }

    /// An account's numbers from one day to another, both included: by name, each oldest first.
    pub async fn day_values(
        &self,
        account: &str,
        metrics: &[String],
        since: &str,
        until: &str,
    ) -> Result<Vec<DayValue>> {
        let mut found = Vec::new();
        for metric in metrics {
            let sql = format!(
                "SELECT {DAY_COLUMNS} FROM day_value \
                 WHERE account = ? AND metric = ? AND on_day >= ? AND on_day <= ? ORDER BY on_day"
            );
            let values = values![account, metric.as_str(), since, until];
            for row in self.reader().all(&sql, values).await? {
                found.push(day_value(&row)?);
            }
        }
        Ok(found)
    }

    /// Writes down posts' numbers. They are added to what the same day already has of the same post.
    pub async fn record_media(&self, account: &str, posts: Vec<MediaDay>) -> Result<()> {
        self.write((account.to_owned(), posts), |tx, (account, posts)| {
            Box::pin(async move {
                if is_over(tx, account).await? {
                    return Ok(());
                }
                let known = known_media(tx, account, posts).await?;
                for post in posts {
                    let earlier = known.get(&(post.media.clone(), post.day.clone()));
                    record_post(tx, account, post, earlier).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Erases every number of an account, of its posts and of its stories; answers how many rows that were. In pieces,
    /// so that nobody else waits long for the database.
    pub async fn erase_history(&self, account: &str) -> Result<u64> {
        let mut erased = 0;
        for table in ["day_value", "media_day", "story_reading", "story"] {
            loop {
                let gone = self
                    .write((account.to_owned(), table), |tx, (account, table)| {
                        Box::pin(erase_piece(tx, account, table))
                    })
                    .await?;
                erased += gone;
                if gone < PIECE {
                    break;
                }
            }
        }
        let days = self.write(account.to_owned(), |tx, account| {
            Box::pin(async move {
                let sql = "DELETE FROM day_read WHERE account = ?";
                tx.exec(sql, values![account.as_str()]).await
            })
        });
        Ok(erased + days.await?)
    }

    /// A post's numbers from one day to another, both included, oldest first.
    pub async fn media_days(
        &self,
        account: &str,
        media: &str,
        since: &str,
        until: &str,
    ) -> Result<Vec<MediaDay>> {
        let sql = format!(
            "SELECT {MEDIA_COLUMNS} FROM media_day \
             WHERE account = ? AND media = ? AND on_day >= ? AND on_day <= ? ORDER BY on_day"
        );
        let values = values![account, media, since, until];
        let rows = self.reader().all(&sql, values).await?;
        rows.iter().map(media_day).collect()
    }
}

async fn erase_piece(tx: &Tx, account: &str, table: &str) -> Result<u64> {
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM (\
         SELECT id FROM {table} WHERE account = ? LIMIT {PIECE}) AS piece)"
    );
    tx.exec(&sql, values![account]).await
}

/// Whether the account was disconnected. What a job had just read then is not written down any more: its owner may have
/// asked for everything to be erased.
async fn is_over(tx: &Tx, account: &str) -> Result<bool> {
    let sql = format!(
        "SELECT account FROM account WHERE account = ? AND removed_at_ms IS NOT NULL{}",
        tx.for_update()
    );
    Ok(tx.one(&sql, values![account]).await?.is_some())
}

async fn record_day(tx: &Tx, account: &str, value: &DayValue) -> Result<()> {
    let sql = format!(
        "SELECT {DAY_COLUMNS} FROM day_value WHERE account = ? AND metric = ? AND on_day = ?{}",
        tx.for_update()
    );
    let values = values![account, value.metric.as_str(), value.day.as_str()];
    let Some(row) = tx.one(&sql, values).await? else {
        let columns = [
            "id",
            "account",
            "metric",
            "on_day",
            "value",
            "split",
            "note",
            "settled",
            "fetched_at_ms",
            "api_version",
        ];
        let row = values![
            tx.new_id(),
            account,
            value.metric.as_str(),
            value.day.as_str(),
            value.value,
            value.split.as_ref().map(ToString::to_string),
            value.note.as_deref(),
            value.settled,
            value.fetched_at_ms,
            value.api_version.as_str()
        ];
        return tx.insert_rows("day_value", &columns, row).await;
    };
    let earlier = day_value(&row)?;
    let brings_nothing = value.value.is_none() && value.split.is_none();
    let had_something = earlier.value.is_some() || earlier.split.is_some();
    if earlier.fetched_at_ms > value.fetched_at_ms || (brings_nothing && had_something) {
        return Ok(());
    }
    let sql = "UPDATE day_value SET value = ?, split = ?, note = ?, settled = ?, fetched_at_ms = ?, \
               api_version = ? WHERE account = ? AND metric = ? AND on_day = ?";
    let values = values![
        value.value,
        value.split.as_ref().map(ToString::to_string),
        value.note.as_deref(),
        value.settled,
        value.fetched_at_ms,
        value.api_version.as_str(),
        account,
        value.metric.as_str(),
        value.day.as_str()
    ];
    tx.exec(sql, values).await?;
    Ok(())
}

type Known = BTreeMap<(String, String), MediaDay>;

/// What is stored of these posts on their days.
async fn known_media(tx: &Tx, account: &str, posts: &[MediaDay]) -> Result<Known> {
    let mut by_day: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for post in posts {
        let ids = by_day.entry(&post.day).or_default();
        ids.push(post.media.as_str().into());
    }
    let mut known = Known::new();
    for (day, ids) in by_day {
        for (list, ids) in in_lists(&ids) {
            let sql = format!(
                "SELECT {MEDIA_COLUMNS} FROM media_day WHERE account = ? AND on_day = ? AND media {list}{}",
                tx.for_update()
            );
            let mut values = values![account, day];
            values.extend(ids);
            for row in tx.all(&sql, values).await? {
                let post = media_day(&row)?;
                known.insert((post.media.clone(), post.day.clone()), post);
            }
        }
    }
    Ok(known)
}

async fn record_post(
    tx: &Tx,
    account: &str,
    post: &MediaDay,
    earlier: Option<&MediaDay>,
) -> Result<()> {
    let Some(earlier) = earlier else {
        let columns = [
            "id",
            "account",
            "media",
            "on_day",
            "surface",
            "numbers",
            "notes",
            "fetched_at_ms",
            "api_version",
        ];
        let row = values![
            tx.new_id(),
            account,
            post.media.as_str(),
            post.day.as_str(),
            post.surface.as_str(),
            json(&post.numbers),
            notes_text(&post.notes),
            post.fetched_at_ms,
            post.api_version.as_str()
        ];
        return tx.insert_rows("media_day", &columns, row).await;
    };
    let (older, newer) = if earlier.fetched_at_ms > post.fetched_at_ms {
        (post, earlier)
    } else {
        (earlier, post)
    };
    let (numbers, notes) = merged(
        (&older.numbers, &older.notes),
        (&newer.numbers, &newer.notes),
    );
    let sql = "UPDATE media_day SET surface = ?, numbers = ?, notes = ?, fetched_at_ms = ?, \
               api_version = ? WHERE account = ? AND media = ? AND on_day = ?";
    let values = values![
        newer.surface.as_str(),
        json(&numbers),
        notes_text(&notes),
        newer.fetched_at_ms,
        newer.api_version.as_str(),
        account,
        post.media.as_str(),
        post.day.as_str()
    ];
    tx.exec(sql, values).await?;
    Ok(())
}

type Read<'a> = (&'a Numbers, &'a NumberNotes);

/// What is known after a second look: its numbers, and of the first look those that the second did not bring. A note
/// stays only where its number is missing.
fn merged(first: Read<'_>, second: Read<'_>) -> (Numbers, NumberNotes) {
    let mut numbers = first.0.clone();
    numbers.extend(
        second
            .0
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    let mut notes = first.1.clone();
    notes.extend(
        second
            .1
            .iter()
            .map(|(name, note)| (name.clone(), note.clone())),
    );
    notes.retain(|name, _| !numbers.contains_key(name));
    (numbers, notes)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

fn notes_text(notes: &NumberNotes) -> Option<String> {
    (!notes.is_empty()).then(|| json(notes))
}

fn read_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|_| StoreError::corrupt(format!("column {what} is not what it should be")))
}

fn numbers(row: &Row) -> Result<Numbers> {
    read_json(&row.get::<String>("numbers")?, "numbers")
}

fn notes(row: &Row) -> Result<NumberNotes> {
    let text: Option<String> = row.get("notes")?;
    text.map_or(Ok(NumberNotes::new()), |text| read_json(&text, "notes"))
}

fn day_value(row: &Row) -> Result<DayValue> {
    let split: Option<String> = row.get("split")?;
    Ok(DayValue {
        metric: row.get("metric")?,
        day: row.get("on_day")?,
        value: row.get("value")?,
        split: split.map(|text| read_json(&text, "split")).transpose()?,
        note: row.get("note")?,
        settled: row.get("settled")?,
        fetched_at_ms: row.get("fetched_at_ms")?,
        api_version: row.get("api_version")?,
    })
}

fn media_day(row: &Row) -> Result<MediaDay> {
    Ok(MediaDay {
        media: row.get("media")?,
        day: row.get("on_day")?,
        surface: row.get("surface")?,
        numbers: numbers(row)?,
        notes: notes(row)?,
        fetched_at_ms: row.get("fetched_at_ms")?,
        api_version: row.get("api_version")?,
    })
}
