//! Uploads that were made for one answer: under which names a channel keeps them stands in the parts that sent them.
//!
//! A part says the hash of its file, or the channel's own name where that was known already; both lead to the row. What
//! is removed needlessly is uploaded once more, so a look at the others before the transaction will do.

use std::collections::{BTreeSet, HashMap};

use sea_orm::Value;
use uuid::Uuid;

use super::search::{Traces, texts};
use crate::db::{Result, Row, Tx, in_lists, key_text, values};
use crate::store::Store;
use crate::types::Conversation;

const KNOWN: &str = "SELECT media_key, attachment_id FROM attachment WHERE account = ?";
const PARTS: &str = "SELECT id, job_id, account, body FROM part WHERE id > ? ORDER BY id LIMIT 500";
const WORKS: &str = "SELECT work_key FROM work WHERE work_key > ? ORDER BY work_key LIMIT 500";

/// The uploads of an account by all that they are called.
struct Uploads(HashMap<String, String>);

impl Uploads {
    fn new(rows: &[Row]) -> Result<Self> {
        let mut known = HashMap::with_capacity(rows.len() * 2);
        for row in rows {
            let key: String = row.get("media_key")?;
            known.insert(row.get("attachment_id")?, key.clone());
            known.insert(key.clone(), key);
        }
        Ok(Self(known))
    }

    /// Adds the keys of those that a JSON document speaks of.
    fn find(&self, json: &str, found: &mut BTreeSet<String>) {
        let mut told = BTreeSet::new();
        texts(json, &mut told);
        let keys = told
            .iter()
            .filter_map(|text| self.0.get(text).or_else(|| self.0.get(&*key_text(text))));
        found.extend(keys.cloned());
    }
}

impl Store {
    /// Which uploads of these jobs and works others refer to as well.
    pub(super) async fn shared_uploads(
        &self,
        own: &Conversation,
        traces: &Traces,
    ) -> Result<BTreeSet<String>> {
        let account = own.account.as_str();
        let uploads = Uploads::new(&self.reader().all(KNOWN, values![account]).await?)?;
        let mut theirs = BTreeSet::new();
        for (list, ids) in in_lists(&ids(&traces.jobs)) {
            for row in self.reader().all(&bodies(&list), ids).await? {
                uploads.find(&row.get::<String>("body")?, &mut theirs);
            }
        }
        let works: Vec<Value> = traces.works.iter().map(Value::from).collect();
        for (list, keys) in in_lists(&works) {
            for row in self.reader().all(&steps(&list), keys).await? {
                uploads.find(&row.get::<String>("data")?, &mut theirs);
            }
        }
        if theirs.is_empty() {
            return Ok(theirs);
        }
        let mut others = BTreeSet::new();
        self.uploads_in_parts(account, traces, &uploads, &mut others)
            .await?;
        self.uploads_in_works(traces, &uploads, &mut others).await?;
        theirs.retain(|key| others.contains(key));
        Ok(theirs)
    }

    async fn uploads_in_parts(
        &self,
        account: &str,
        traces: &Traces,
        uploads: &Uploads,
        others: &mut BTreeSet<String>,
    ) -> Result<()> {
        let mut after = Uuid::nil();
        loop {
            let rows = self.reader().all(PARTS, values![after]).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.get("id")?;
            for row in &rows {
                let is_theirs = traces.jobs.contains(&row.get::<Uuid>("job_id")?);
                if !is_theirs && row.get::<String>("account")? == account {
                    uploads.find(&row.get::<String>("body")?, others);
                }
            }
        }
    }

    async fn uploads_in_works(
        &self,
        traces: &Traces,
        uploads: &Uploads,
        others: &mut BTreeSet<String>,
    ) -> Result<()> {
        let mut after = String::new();
        loop {
            let rows = self.reader().all(WORKS, values![after.as_str()]).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.get("work_key")?;
            let mut works: Vec<Value> = Vec::with_capacity(rows.len());
            for row in &rows {
                let key: String = row.get("work_key")?;
                if !traces.works.contains(&key) {
                    works.push(key.into());
                }
            }
            for (list, keys) in in_lists(&works) {
                for row in self.reader().all(&steps(&list), keys).await? {
                    uploads.find(&row.get::<String>("data")?, others);
                }
            }
        }
    }
}

/// Removes the uploads that the parts of these jobs speak of, but for the shared ones.
pub(super) async fn remove(
    tx: &Tx,
    account: &str,
    jobs: &BTreeSet<Uuid>,
    shared: &BTreeSet<String>,
) -> Result<()> {
    let uploads = Uploads::new(&tx.all(KNOWN, values![account]).await?)?;
    if uploads.0.is_empty() {
        return Ok(());
    }
    let mut theirs = BTreeSet::new();
    for (list, ids) in in_lists(&ids(jobs)) {
        for row in tx.all(&bodies(&list), ids).await? {
            uploads.find(&row.get::<String>("body")?, &mut theirs);
        }
    }
    let keys: Vec<Value> = theirs.difference(shared).map(Value::from).collect();
    for (list, keys) in in_lists(&keys) {
        let sql = format!("DELETE FROM attachment WHERE account = ? AND media_key {list}");
        let mut values = values![account];
        values.extend(keys);
        tx.exec(&sql, values).await?;
    }
    Ok(())
}

fn ids(jobs: &BTreeSet<Uuid>) -> Vec<Value> {
    jobs.iter().map(|id| (*id).into()).collect()
}

fn bodies(list: &str) -> String {
    format!("SELECT body FROM part WHERE job_id {list}")
}

fn steps(list: &str) -> String {
    format!("SELECT data FROM work_step WHERE work_key {list}")
}
