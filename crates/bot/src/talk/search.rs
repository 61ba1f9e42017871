//! Finding again what was sent before: the latest ones, and the ones in which something was said.

use store::Entry;
use store::fold::Folded;

use super::kept;
use crate::asking::{Asking, number};
use crate::context::Halt;
use crate::day::local_date;
use crate::final_text;
use crate::texts::{Arg, Text, say};
use crate::told;

/// Entries of a history: what fits one message of the narrower channel.
const HISTORY: u32 = 5;
/// What is found besides the best is rarely what was meant.
const HITS: usize = 3;
/// An excerpt says where one is; it is no transcript. In characters.
const EXCERPT: usize = 120;
/// A title in a list. In characters.
const TITLE: usize = 60;

impl Asking<'_> {
    pub(super) async fn history(&self) -> Result<String, Halt> {
        let entries = self.ctx.store.library_recent(self.to(), HISTORY).await?;
        if entries.is_empty() {
            return Ok(self.sentence(Text::HistoryEmpty));
        }
        let lines = entries.iter().map(|entry| self.line(entry));
        Ok(std::iter::once(self.sentence(Text::HistoryHeader))
            .chain(lines)
            .collect::<Vec<_>>()
            .join("\n"))
    }

    /// An entry in a list: what it was, whose, when, and where it stands.
    fn line(&self, entry: &Entry) -> String {
        let date = told::date(self.language, local_date(entry.at_ms, &self.ctx.zone));
        let mut args = vec![
            ("title", Arg::Words(self.title(entry).into())),
            ("date", Arg::Words(date.into())),
        ];
        let text = match &entry.author {
            Some(author) => {
                args.push(("author", Arg::Words(author.as_str().into())));
                Text::HistoryEntry
            }
            None => Text::HistoryEntryAnonymous,
        };
        let line = say(self.language, text, &args);
        match &entry.permalink {
            Some(permalink) => format!("{line}\n{permalink}"),
            None => line,
        }
    }

    fn title(&self, entry: &Entry) -> String {
        let kept = kept(entry);
        let first = kept.and_then(|kept| kept.summary.points.into_iter().next());
        [entry.title.clone(), first, entry.caption.clone()]
            .into_iter()
            .flatten()
            .map(|text| shortened(&final_text::clean(&text), TITLE))
            .find(|text| !text.is_empty())
            .unwrap_or_else(|| self.sentence(Text::Untitled))
    }

    pub(super) async fn find(&self, query: &str) -> Result<String, Halt> {
        if query.trim().is_empty() {
            return Ok(self.sentence(Text::FindWhat));
        }
        let question = Folded::new(query);
        let found = self
            .ctx
            .store
            .library_find(self.to(), &question, HITS)
            .await?;
        if found.is_empty() {
            let query = shortened(&final_text::clean(query), TITLE);
            let args = [("query", Arg::Words(query.into()))];
            return Ok(say(self.language, Text::FoundNothing, &args));
        }
        let mut lines = vec![say(
            self.language,
            Text::Found,
            &[("n", number(found.len()))],
        )];
        for entry in &found {
            lines.push(self.line(entry));
            lines.extend(self.moment(entry));
        }
        Ok(lines.join("\n"))
    }

    /// Where in the video, or else in the caption, the words stand that were looked for.
    fn moment(&self, entry: &Entry) -> Option<String> {
        let kept = kept(entry)?;
        let segments = &kept.heard.segments;
        let best = segments
            .iter()
            .map(|segment| (hits_in(&segment.text, &entry.hits), segment))
            .filter(|(hits, _)| *hits > 0)
            // The first of the best: where it begins to be spoken of.
            .rev()
            .max_by_key(|(hits, _)| *hits);
        if let Some((_, segment)) = best {
            let excerpt = shortened(&final_text::clean(&segment.text), EXCERPT);
            let args = [
                ("moment", Arg::Words(told::moment(segment.start_ms).into())),
                ("excerpt", Arg::Words(excerpt.into())),
            ];
            return Some(say(self.language, Text::FoundAt, &args));
        }
        let caption = entry.caption.as_deref()?;
        if hits_in(caption, &entry.hits) == 0 {
            return None;
        }
        let excerpt = shortened(&final_text::clean(caption), EXCERPT);
        let args = [("excerpt", Arg::Words(excerpt.into()))];
        Some(say(self.language, Text::FoundInCaption, &args))
    }
}

/// How many of these folded words stand in a text.
fn hits_in(text: &str, hits: &[String]) -> usize {
    let folded = store::fold::fold(text);
    hits.iter()
        .filter(|hit| folded.contains(&format!(" {hit}")))
        .count()
}

/// The beginning of a text, cut between words.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most).collect();
    if let Some(space) = short.rfind(char::is_whitespace) {
        short.truncate(space);
    }
    format!("{}…", short.trim_end_matches([' ', ',', '.', ';', ':']))
}
