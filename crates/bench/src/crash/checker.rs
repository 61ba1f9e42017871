//! The checker: from what each person sees and what the tables say at the end, it decides whether anything
//! was lost or done twice. It never asks the code under trial.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::signs::Signs;
use super::steps;
use super::world::{Channel, World};

/// What one person sees of the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Texts from the business, in order.
    pub texts: Vec<String>,
    /// Videos or images from the business.
    pub media: usize,
    /// Whether the answer has a video: who sends a video of their own gets words alone.
    pub wants_video: bool,
}

/// The end of a trial, as seen from outside.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// One thread for each person who wrote.
    pub threads: BTreeMap<String, Thread>,
    /// Jobs that are in no final state, by state.
    pub unfinished: BTreeMap<String, i64>,
    /// How each person's reel ended, as the tables say: its state, and whether a part's fate stayed unknown.
    pub fates: BTreeMap<String, (String, bool)>,
    /// Messages of people that caused no job at all although their delivery was acknowledged.
    pub without_job: Vec<String>,
    /// By which sentences a message is known that promises more, or the end.
    pub signs: Signs,
    /// Whether the answer takes the place of the promise, so that none may be left.
    pub replaces: bool,
}

impl History {
    /// Reads every thread and the tables; the process must be dead.
    pub async fn collect(world: &World, people: usize) -> Result<Self> {
        let mut threads = BTreeMap::new();
        for number in 0..people {
            threads.insert(world.person(number), world.thread(number).await?);
        }
        let with_job = steps::people_with_job(world.data()).await?;
        let mut without_job = steps::people_heard(world.data()).await?;
        without_job.extend(world.acknowledged().await?);
        without_job.sort_unstable();
        without_job.dedup();
        without_job.retain(|person| !with_job.contains(person));
        Ok(Self {
            threads,
            unfinished: steps::unfinished_by_state(world.data()).await?,
            fates: steps::fates(world.data()).await?,
            without_job,
            signs: Signs::read(),
            replaces: world.channel() == Channel::Telegram,
        })
    }
}

/// What is wrong with a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// People who got a part twice, with the part.
    pub twice: Vec<String>,
    /// People who were neither answered nor refused with a reason.
    pub lost: Vec<String>,
    /// People who still see a promise of something that already came, or never will.
    pub dangling: Vec<String>,
    /// Other things that must not be.
    pub other: Vec<String>,
}

impl Findings {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self == &Self::default()
    }
}

/// Decides. Each person sent one reel, so each may see one video at most and no text twice, and must see at
/// least the text: the summary, or the reason why there is none.
pub fn judge(history: &History) -> Findings {
    let mut findings = Findings::default();
    for (person, thread) in &history.threads {
        judge_thread(person, thread, history, &mut findings);
    }
    judge_fates(history, &mut findings);
    for (state, count) in &history.unfinished {
        findings
            .other
            .push(format!("{count} jobs ended as `{state}`"));
    }
    for person in &history.without_job {
        findings
            .lost
            .push(format!("{person}: an acknowledged message without a job"));
    }
    findings
}

/// What is seen.
fn judge_thread(person: &str, thread: &Thread, history: &History, findings: &mut Findings) {
    if thread.media > 1 {
        findings
            .twice
            .push(format!("{person}: {} videos", thread.media));
    }
    let mut seen = BTreeMap::new();
    for text in &thread.texts {
        *seen.entry(text.as_str()).or_insert(0) += 1;
        if history.replaces && history.signs.promises(text) {
            findings
                .dangling
                .push(format!("{person}: \"{}\"", start(text)));
        }
    }
    for (text, count) in seen {
        if count > 1 {
            findings
                .twice
                .push(format!("{person}: {count} times \"{}\"", start(text)));
        }
    }
    // Where the answer replaces the promise, it is one message, or the words and below them the video.
    if history.replaces && thread.texts.len() > 1 {
        findings
            .twice
            .push(format!("{person}: {} texts", thread.texts.len()));
    }
    if thread.texts.is_empty() {
        findings.lost.push(format!("{person}: no answer"));
    }
}

/// What is seen, against what the tables say.
fn judge_fates(history: &History, findings: &mut Findings) {
    let nobody = Thread::default();
    let mut given_up = 0;
    for (person, (state, unknown)) in &history.fates {
        let thread = history.threads.get(person).unwrap_or(&nobody);
        let is_done = state == "done";
        if is_done && thread.wants_video && thread.media == 0 && !unknown {
            findings
                .lost
                .push(format!("{person}: the reel is done, but no video came"));
        }
        if is_done && thread.texts.iter().any(|text| history.signs.gives_up(text)) {
            findings
                .other
                .push(format!("{person}: answered, and told that it failed"));
        }
        given_up += usize::from(!is_done);
    }
    // A job that was hit five times is given up with an apology; many of them would be a fault of their own, or a
    // trial that leaves nobody the time to finish.
    if given_up * 3 > history.fates.len() {
        findings.other.push(format!(
            "{given_up} of {} reels were given up",
            history.fates.len()
        ));
    }
}

fn start(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(texts: &[&str], media: usize) -> History {
        let thread = Thread {
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            media,
            wants_video: true,
        };
        History {
            signs: Signs::read(),
            threads: BTreeMap::from([("555".to_owned(), thread)]),
            ..History::default()
        }
    }

    #[test]
    fn one_summary_and_one_video_are_clean() {
        assert!(judge(&history(&["summary"], 1)).is_clean());
        assert!(judge(&history(&["status", "summary 1", "summary 2"], 1)).is_clean());
        assert!(judge(&history(&["a reason why not"], 0)).is_clean());
    }

    #[test]
    fn a_second_video_or_text_is_found() {
        assert_eq!(judge(&history(&["summary"], 2)).twice.len(), 1);
        assert_eq!(judge(&history(&["summary", "summary"], 1)).twice.len(), 1);
    }

    #[test]
    fn a_video_that_never_came_is_found() {
        let fate = |state: &str, unknown| {
            let mut history = history(&["summary"], 0);
            history
                .fates
                .insert("555".to_owned(), (state.to_owned(), unknown));
            judge(&history)
        };
        assert_eq!(fate("done", false).lost.len(), 1);
        assert!(
            fate("done", true).is_clean(),
            "its fate is known to be unknown"
        );
        assert_eq!(
            fate("dead", false).other.len(),
            1,
            "all reels were given up"
        );
    }

    #[test]
    fn a_promise_that_nothing_replaced_is_found() {
        let replacing = |texts: &[&str], media| {
            judge(&History {
                replaces: true,
                ..history(texts, media)
            })
        };
        assert!(replacing(&["summary"], 1).is_clean());
        assert_eq!(replacing(&[&Signs::received()], 1).dangling.len(), 1);
        let beside = replacing(&["summary", &Signs::received()], 1);
        assert_eq!((beside.dangling.len(), beside.twice.len()), (1, 1));
        assert!(
            judge(&history(&["summary", &Signs::received()], 1)).is_clean(),
            "elsewhere the first word stays"
        );
    }

    #[test]
    fn an_answer_and_an_apology_are_one_too_many() {
        let sorry = "Algo deu errado aqui do meu lado e esse eu não consegui terminar. \
                     Tente de novo mais tarde; não conta no seu limite.";
        let mut both = history(&["summary", sorry], 1);
        both.fates
            .insert("555".to_owned(), ("done".to_owned(), false));
        assert_eq!(judge(&both).other.len(), 1);
    }

    #[test]
    fn silence_and_unfinished_jobs_are_found() {
        assert_eq!(judge(&history(&[], 0)).lost.len(), 1);
        let mut stuck = history(&["summary"], 1);
        stuck.unfinished.insert("running".to_owned(), 1);
        assert!(!judge(&stuck).is_clean());
        let mut swallowed = history(&["summary"], 1);
        swallowed.without_job.push("556".to_owned());
        assert_eq!(judge(&swallowed).lost.len(), 1);
    }
}
