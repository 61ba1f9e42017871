//! Stories: every look at their numbers, and the last numbers they had. The other side forgets them after a day.

use super::{is_over, json, merged, notes, notes_text, numbers};
use crate::db::{Result, Row, Tx, values};
use crate::store::Store;
use crate::types::{NewStory, NumberNotes, Numbers, StoryQuery, StoryReading, StoryRow};

const COLUMNS: &str = "account, media, media_type, permalink, published_at_ms, ends_at_ms, numbers, notes, \
     final_by, fetched_at_ms, api_version";

impl Store {
    /// Writes a story down, unless it is known. True: it is new.
    pub async fn story_found(&self, story: NewStory) -> Result<bool> {
        self.write(story, |tx, story| Box::pin(found(tx, story)))
            .await
    }

    /// Writes down a look at a story. Its last numbers become these, unless they are final; a number that this look
    /// did not bring stays as it was.
    pub async fn story_read(
        &self,
        account: &str,
        media: &str,
        reading: StoryReading,
    ) -> Result<()> {
        let call = (account.to_owned(), media.to_owned(), reading);
        self.write(call, |tx, (account, media, reading)| {
            Box::pin(async move {
                if is_over(tx, account).await? {
                    return Ok(());
                }
                keep_look(tx, account, media, reading).await?;
                let Some(story) = one(tx, account, media).await? else {
                    return Ok(());
                };
                if story.final_by.is_none() && story.fetched_at_ms <= Some(reading.at_ms) {
                    change(tx, &story, reading, None).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// A story's numbers are final: with `reading`, those are; without, the last ones that were read are. A later
    /// final word with numbers replaces an earlier one without. `story` is written down where it was not known.
    pub async fn story_ended(
        &self,
        story: NewStory,
        by: &str,
        reading: Option<StoryReading>,
    ) -> Result<()> {
        let call = (story, by.to_owned(), reading);
        self.write(call, |tx, (story, by, reading)| {
            Box::pin(async move {
                found(tx, story).await?;
                let Some(known) = one(tx, &story.account, &story.media).await? else {
                    return Ok(());
                };
                if let Some(reading) = reading {
                    keep_look(tx, &story.account, &story.media, reading).await?;
                    return change(tx, &known, reading, Some(by)).await;
                }
                let sql = "UPDATE story SET final_by = ? \
                           WHERE account = ? AND media = ? AND final_by IS NULL";
                let values = values![by.as_str(), story.account.as_str(), story.media.as_str()];
                tx.exec(sql, values).await?;
                Ok(())
            })
        })
        .await
    }

    /// One story.
    pub async fn story(&self, account: &str, media: &str) -> Result<Option<StoryRow>> {
        let sql = format!("SELECT {COLUMNS} FROM story WHERE account = ? AND media = ?");
        let row = self.reader().one(&sql, values![account, media]).await?;
        row.as_ref().map(story_row).transpose()
    }

    /// An account's stories, newest first.
    pub async fn stories(&self, account: &str, query: &StoryQuery) -> Result<Vec<StoryRow>> {
        let (at_ms, id) = match &query.before {
            Some((at_ms, id)) => (*at_ms, id.as_str()),
            None => (i64::MAX, ""),
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM story WHERE account = ? AND ends_at_ms <= ? \
             AND (published_at_ms < ? OR (published_at_ms = ? AND media < ?)) \
             ORDER BY published_at_ms DESC, media DESC LIMIT ?"
        );
        let values = values![
            account,
            query.ended_by_ms.unwrap_or(i64::MAX),
            at_ms,
            at_ms,
            id,
            i64::from(query.limit)
        ];
        let rows = self.reader().all(&sql, values).await?;
        rows.iter().map(story_row).collect()
    }

    /// Every look at a story, oldest first.
    pub async fn story_readings(&self, account: &str, media: &str) -> Result<Vec<StoryReading>> {
        let sql = "SELECT slot, at_ms, numbers, notes, api_version FROM story_reading \
                   WHERE account = ? AND media = ? ORDER BY at_ms, id";
        let rows = self.reader().all(sql, values![account, media]).await?;
        rows.iter()
            .map(|row| {
                Ok(StoryReading {
                    slot: row.get("slot")?,
                    at_ms: row.get("at_ms")?,
                    numbers: numbers(row)?,
                    notes: notes(row)?,
                    api_version: row.get("api_version")?,
                })
            })
            .collect()
    }
}

async fn found(tx: &Tx, story: &NewStory) -> Result<bool> {
    let sql = format!(
        "SELECT media FROM story WHERE account = ? AND media = ?{}",
        tx.for_update()
    );
    let values = values![story.account.as_str(), story.media.as_str()];
    if tx.one(&sql, values).await?.is_some() || is_over(tx, &story.account).await? {
        return Ok(false);
    }
    let columns = [
        "id",
        "account",
        "media",
        "media_type",
        "permalink",
        "published_at_ms",
        "ends_at_ms",
        "numbers",
    ];
    let row = values![
        tx.new_id(),
        story.account.as_str(),
        story.media.as_str(),
        story.media_type.as_deref(),
        story.permalink.as_deref(),
        story.published_at_ms,
        story.ends_at_ms,
        json(&Numbers::new())
    ];
    tx.insert_rows("story", &columns, row).await?;
    Ok(true)
}

async fn one(tx: &Tx, account: &str, media: &str) -> Result<Option<StoryRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM story WHERE account = ? AND media = ?{}",
        tx.for_update()
    );
    let row = tx.one(&sql, values![account, media]).await?;
    row.as_ref().map(story_row).transpose()
}

/// The same look again replaces the one before: what came of it then was not told to anybody.
async fn keep_look(tx: &Tx, account: &str, media: &str, reading: &StoryReading) -> Result<()> {
    let news = values![
        reading.at_ms,
        json(&reading.numbers),
        notes_text(&reading.notes),
        reading.api_version.as_str(),
        account,
        media,
        reading.slot.as_str()
    ];
    let sql = "UPDATE story_reading SET at_ms = ?, numbers = ?, notes = ?, api_version = ? \
               WHERE account = ? AND media = ? AND slot = ?";
    if tx.exec(sql, news.clone()).await? > 0 {
        return Ok(());
    }
    let columns = [
        "at_ms",
        "numbers",
        "notes",
        "api_version",
        "account",
        "media",
        "slot",
        "id",
    ];
    let mut row = news;
    row.push(tx.new_id().into());
    tx.insert_rows("story_reading", &columns, row).await
}

/// The numbers of a story become those of this look.
async fn change(
    tx: &Tx,
    story: &StoryRow,
    reading: &StoryReading,
    final_by: Option<&str>,
) -> Result<()> {
    let (numbers, notes): (Numbers, NumberNotes) = merged(
        (&story.numbers, &story.notes),
        (&reading.numbers, &reading.notes),
    );
    let sql = "UPDATE story SET numbers = ?, notes = ?, fetched_at_ms = ?, api_version = ?, \
               final_by = ? WHERE account = ? AND media = ?";
    let values = values![
        json(&numbers),
        notes_text(&notes),
        reading.at_ms,
        reading.api_version.as_str(),
        final_by,
        story.story.account.as_str(),
        story.story.media.as_str()
    ];
    tx.exec(sql, values).await?;
    Ok(())
}

fn story_row(row: &Row) -> Result<StoryRow> {
    Ok(StoryRow {
        story: NewStory {
            account: row.get("account")?,
            media: row.get("media")?,
            media_type: row.get("media_type")?,
            permalink: row.get("permalink")?,
            published_at_ms: row.get("published_at_ms")?,
            ends_at_ms: row.get("ends_at_ms")?,
        },
        numbers: numbers(row)?,
        notes: notes(row)?,
        final_by: row.get("final_by")?,
        fetched_at_ms: row.get("fetched_at_ms")?,
        api_version: row.get("api_version")?,
    })
}
