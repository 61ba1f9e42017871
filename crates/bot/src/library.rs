//! What a person got, kept so that they can find it again.

use media::{Fetched, Heard, Summary};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::NewEntry;

use crate::context::Halt;
use crate::desk::Desk;
use crate::pipeline::Words;

/// What is kept of the listening, besides what is searched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// What was heard, with its times.
    pub(crate) heard: Heard,
    /// What was made of it, in the language of the answer.
    pub(crate) summary: Summary,
}

/// Keeps what the person got.
pub(crate) async fn add(desk: &Desk<'_>, fetched: &Fetched, words: &Words) -> Result<(), Halt> {
    let (ask, lease) = (&desk.asked.ask, &desk.job.lease);
    let kept = Kept {
        heard: words.heard.clone(),
        summary: words.summary.clone(),
    };
    let entry = NewEntry {
        conversation: desk.asked.to().clone(),
        work_key: ask.key.clone(),
        at_ms: desk.ctx.now_ms(),
        author: fetched.author.clone(),
        permalink: fetched.permalink.clone(),
        title: words.summary.title.clone(),
        caption: fetched.caption.clone().or_else(|| ask.caption.clone()),
        language: words.heard.language.clone(),
        words: serde_json::to_value(kept).unwrap_or(Value::Null),
        spoken: words.heard.text.clone(),
    };
    Ok(desk.ctx.store.library_add(lease, entry).await?)
}
