//! What a person can find again: entries, and the search over a person's own ones.
//!
//! SQL only narrows down, with `LIKE` over folded text, which means the same on every database; the order is decided in
//! [`rank`]. Nobody's search ever reads another's rows.

use std::collections::HashSet;
use std::fmt::Write as _;

use sea_orm::Value;
use uuid::Uuid;

use crate::db::{Result, Row, Tx, in_lists, key_text, values};
use crate::fold::{Folded, fold};
use crate::inbox::talk_values;
use crate::jobs::claim::check_lease;
use crate::store::Store;
use crate::types::{Conversation, Entry, Lease, NewEntry};

mod rank;

const COLUMNS: [&str; 14] = [
    "id",
    "channel",
    "account",
    "person",
    "job_id",
    "work_key",
    "at_ms",
    "language",
    "author",
    "permalink",
    "title",
    "caption",
    "words",
    "folded",
];

const ENTRY_SELECT: &str = "SELECT id, channel, account, person, job_id, work_key, at_ms, language, \
     author, permalink, title, caption, words FROM library";

const OWN: &str = "person = ? AND account = ? AND channel = ?";

/// Between what names an entry and what is said in it: no folded text has one.
const BREAK: char = '\n';

/// Entries that are ranked: the newest of those that SQL finds to have most.
const CANDIDATES: usize = 100;
/// Three-letter pieces that are looked for when no word is found as it was typed.
const MOST_PIECES: usize = 16;
/// What fits less than this share of the best is noise beside it.
const NOISE: f64 = 0.34;

impl Store {
    /// Adds what a job has brought to the library of its person; once, however often it is asked.
    pub async fn library_add(&self, lease: &Lease, entry: NewEntry) -> Result<()> {
        self.write((*lease, entry), |tx, (lease, entry)| {
            Box::pin(add(tx, lease, entry))
        })
        .await
    }

    /// The newest entries of a person.
    pub async fn library_recent(
        &self,
        conversation: &Conversation,
        limit: u32,
    ) -> Result<Vec<Entry>> {
        let sql = format!("{ENTRY_SELECT} WHERE {OWN} ORDER BY at_ms DESC, id DESC LIMIT {limit}");
        let rows = self.reader().all(&sql, talk_values(conversation)).await?;
        rows.iter().map(entry_row).collect()
    }

    /// The entry that a job has added.
    pub async fn library_of_job(&self, job_id: Uuid) -> Result<Option<Entry>> {
        let sql = format!("{ENTRY_SELECT} WHERE job_id = ?");
        let row = self.reader().one(&sql, values![job_id]).await?;
        row.as_ref().map(entry_row).transpose()
    }

    /// The entries of a person that fit a question, the best first, newer before older ones that fit as well. What was
    /// asked for twice is found once.
    pub async fn library_find(
        &self,
        conversation: &Conversation,
        question: &Folded,
        limit: usize,
    ) -> Result<Vec<Entry>> {
        let (own, question) = (conversation.clone(), question.clone());
        self.aside(move |store| async move { store.find(&own, &question, limit).await })
            .await
    }

    async fn find(
        &self,
        own: &Conversation,
        question: &Folded,
        limit: usize,
    ) -> Result<Vec<Entry>> {
        let words = question.words();
        let beginnings = words.iter().map(|word| format!("% {word}%")).collect();
        let mut found = self.ranked(own, &words, beginnings).await?;
        if found.is_empty() {
            found = self.ranked(own, &words, pieces(&words)).await?;
        }
        let best = found.first().map_or(0.0, |found| found.fit.score);
        let mut told = HashSet::new();
        found
            .retain(|found| found.fit.score >= best * NOISE && told.insert(found.work_key.clone()));
        found.truncate(limit);
        self.whole(found).await
    }

    /// The entries in which one of these patterns is found, ranked.
    async fn ranked(
        &self,
        own: &Conversation,
        words: &[&str],
        patterns: Vec<String>,
    ) -> Result<Vec<Found>> {
        if patterns.is_empty() {
            return Ok(Vec::new());
        }
        let mut values: Vec<Value> = patterns.iter().map(|like| like.as_str().into()).collect();
        values.extend(talk_values(own));
        let rows = self
            .reader()
            .all(&candidates(patterns.len()), values)
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let folded: String = row.get("folded")?;
            let (head, spoken) = folded.split_once(BREAK).unwrap_or(("", &folded));
            let fit = rank::fit(words, head, spoken);
            if fit.score > 0.0 {
                found.push(Found {
                    id: row.get("id")?,
                    at_ms: row.get("at_ms")?,
                    work_key: row.get("work_key")?,
                    fit,
                });
            }
        }
        found.sort_by(|one, other| {
            let by_score = other.fit.score.total_cmp(&one.fit.score);
            by_score.then_with(|| (other.at_ms, other.id).cmp(&(one.at_ms, one.id)))
        });
        Ok(found)
    }

    /// The entries themselves, in the order given.
    async fn whole(&self, found: Vec<Found>) -> Result<Vec<Entry>> {
        let ids: Vec<Value> = found.iter().map(|found| found.id.into()).collect();
        let mut entries = Vec::with_capacity(ids.len());
        for (list, ids) in in_lists(&ids) {
            let sql = format!("{ENTRY_SELECT} WHERE id {list}");
            for row in self.reader().all(&sql, ids).await? {
                entries.push(entry_row(&row)?);
            }
        }
        let mut ordered = Vec::with_capacity(found.len());
        for Found { id, fit, .. } in found {
            // One that was forgotten in between is not found any more.
            if let Some(at) = entries.iter().position(|entry| entry.id == id) {
                let mut entry = entries.swap_remove(at);
                entry.score = fit.score;
                entry.hits = fit.hits;
                ordered.push(entry);
            }
        }
        Ok(ordered)
    }
}

/// A candidate that fits.
struct Found {
    id: Uuid,
    at_ms: i64,
    work_key: String,
    fit: rank::Fit,
}

/// Those of a person's entries that have any of the patterns, first those that have most of them.
fn candidates(patterns: usize) -> String {
    let mut count = String::new();
    for at in 0..patterns {
        let plus = if at == 0 { "" } else { " + " };
        // Writing to a string does not fail.
        let _ = write!(count, "{plus}CASE WHEN folded LIKE ? THEN 1 ELSE 0 END");
    }
    format!(
        "SELECT l.id, l.at_ms, l.work_key, l.folded FROM library l JOIN (\
         SELECT id, at_ms, {count} AS patterns FROM library WHERE {OWN}) c ON c.id = l.id \
         WHERE c.patterns > 0 ORDER BY c.patterns DESC, c.at_ms DESC LIMIT {CANDIDATES}"
    )
}

/// Patterns for a word with a slip in it: some three letters of it are still right. The beginnings of words are asked
/// for first, as that is what people get right.
fn pieces(words: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let each = MOST_PIECES / words.len().max(1);
    for word in words {
        let letters: Vec<char> = word.chars().collect();
        let mut own: Vec<String> = letters
            .windows(3.min(letters.len()))
            .map(|three| format!("%{}%", three.iter().collect::<String>()))
            .collect();
        // Every other piece, if there are too many: they overlap.
        if own.len() > each {
            let mut at = 0;
            own.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        own.truncate(each.max(1));
        all.extend(
            own.into_iter()
                .filter(|piece| !all.contains(piece))
                .collect::<Vec<_>>(),
        );
    }
    all
}

async fn add(tx: &Tx, lease: &Lease, entry: &NewEntry) -> Result<()> {
    check_lease(tx, lease, false).await?;
    let sql = "SELECT id FROM library WHERE job_id = ?";
    if tx.one(sql, values![lease.job_id]).await?.is_some() {
        return Ok(());
    }
    let Conversation {
        channel,
        account,
        person,
    } = &entry.conversation;
    let row = values![
        tx.new_id(),
        channel.as_str(),
        account.as_str(),
        person.as_str(),
        lease.job_id,
        &*key_text(&entry.work_key),
        entry.at_ms,
        entry.language.as_deref(),
        entry.author.as_deref(),
        entry.permalink.as_deref(),
        entry.title.as_deref(),
        entry.caption.as_deref(),
        entry.words.to_string(),
        folded(entry),
    ];
    tx.insert_rows("library", &COLUMNS, row).await
}

/// What names the entry, and what is said in it.
fn folded(entry: &NewEntry) -> String {
    let names = [&entry.title, &entry.author, &entry.caption];
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    format!("{}{BREAK}{}", fold(&names.join(" ")), fold(&entry.spoken))
}

fn entry_row(row: &Row) -> Result<Entry> {
    Ok(Entry {
        id: row.get("id")?,
        job_id: row.get("job_id")?,
        conversation: Conversation {
            channel: row.get("channel")?,
            account: row.get("account")?,
            person: row.get("person")?,
        },
        work_key: row.get("work_key")?,
        at_ms: row.get("at_ms")?,
        author: row.get("author")?,
        permalink: row.get("permalink")?,
        title: row.get("title")?,
        caption: row.get("caption")?,
        language: row.get("language")?,
        words: row.json("words")?,
        score: 0.0,
        hits: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan_of;

    #[tokio::test]
    async fn a_search_reads_the_persons_own_rows_only() {
        let mut values = values!["%a%", "%b%"];
        values.extend(values!["ana", "acc", "instagram"]);
        let plan = plan_of(&candidates(2), values).await;
        assert!(
            plan.contains("ix_library_by_person (person=? AND account=?)"),
            "{plan}"
        );
        assert!(!plan.contains("SCAN l"), "{plan}");
    }

    #[test]
    fn the_pieces_of_a_question_are_few() {
        assert_eq!(pieces(&["forno"]), ["%for%", "%orn%", "%rno%"]);
        assert_eq!(pieces(&["ab"]), ["%ab%"]);
        let long = "w".repeat(40);
        let words: Vec<&str> = vec![&long; 8];
        assert!(pieces(&words).len() <= MOST_PIECES);
    }
}
