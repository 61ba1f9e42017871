//! The judge of what was pushed: every job is one event with one job in the tables, every bad entry is put aside once
//! with its reason, and Redis holds nothing more. Pure, so that it is known to find what it looks for.

use std::collections::{BTreeMap, BTreeSet};

use super::entries::Bad;

/// The end of a trial.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Whose jobs were pushed, one each.
    pub pushed: BTreeSet<String>,
    /// What was pushed and is no job.
    pub bad: Vec<Bad>,
    /// Events in the tables, by person.
    pub events: BTreeMap<String, i64>,
    /// Jobs in the tables, by person.
    pub jobs: BTreeMap<String, i64>,
    /// Entries that are still in the key.
    pub waiting: usize,
    /// Entries that are still in somebody's hands.
    pub taken: usize,
    /// What was put aside: the entry and the reason.
    pub dead: Vec<(String, String)>,
}

/// What is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// People whose job came twice.
    pub twice: Vec<String>,
    /// People whose job did not come.
    pub lost: Vec<String>,
    /// Other things that must not be.
    pub other: Vec<String>,
}

impl Findings {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self == &Self::default()
    }
}

/// Decides.
pub fn judge(ledger: &Ledger) -> Findings {
    let mut findings = Findings::default();
    for (what, rows) in [("event", &ledger.events), ("job", &ledger.jobs)] {
        for person in &ledger.pushed {
            match rows.get(person).copied().unwrap_or(0) {
                0 => findings.lost.push(format!("{person}: no {what}")),
                1 => {}
                many => findings.twice.push(format!("{person}: {many} {what}s")),
            }
        }
        for (person, count) in rows {
            if !ledger.pushed.contains(person) {
                let stranger = format!("{count} {what}s of \"{person}\", for whom nobody asked");
                findings.other.push(stranger);
            }
        }
    }
    for (what, count) in [("waiting", ledger.waiting), ("taken", ledger.taken)] {
        if count > 0 {
            findings.other.push(format!("{count} entries are {what}"));
        }
    }
    judge_dead(ledger, &mut findings);
    findings
}

fn judge_dead(ledger: &Ledger, findings: &mut Findings) {
    for Bad { body, why } in &ledger.bad {
        let start: String = body.chars().take(60).collect();
        let reasons: Vec<&str> = ledger
            .dead
            .iter()
            .filter(|(entry, _)| entry == body)
            .map(|(_, reason)| reason.as_str())
            .collect();
        match reasons.as_slice() {
            [reason] if reason.contains(why) => {}
            reasons => findings.other.push(format!(
                "\"{start}\" should be put aside once for its {why}: {reasons:?}"
            )),
        }
    }
    for (entry, reason) in &ledger.dead {
        if !ledger.bad.iter().any(|bad| bad.body == *entry) {
            let start: String = entry.chars().take(60).collect();
            findings
                .other
                .push(format!("\"{start}\" was put aside: {reason}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let people = ["1", "2", "3"].map(str::to_owned);
        let one_each: BTreeMap<String, i64> =
            people.iter().map(|person| (person.clone(), 1)).collect();
        Ledger {
            pushed: people.into(),
            bad: vec![Bad {
                body: "{".to_owned(),
                why: "JSON",
            }],
            events: one_each.clone(),
            jobs: one_each,
            waiting: 0,
            taken: 0,
            dead: vec![("{".to_owned(), "not a JSON object".to_owned())],
        }
    }

    #[test]
    fn one_row_for_each_is_clean() {
        assert_eq!(judge(&ledger()), Findings::default());
    }

    #[test]
    fn lost_doubled_and_strange_rows_are_found() {
        let mut lost = ledger();
        lost.jobs.remove("2");
        assert_eq!(judge(&lost).lost, ["2: no job"]);
        let mut twice = ledger();
        twice.events.insert("2".to_owned(), 2);
        assert_eq!(judge(&twice).twice, ["2: 2 events"]);
        let mut strange = ledger();
        strange.events.insert("4".to_owned(), 1);
        assert_eq!(judge(&strange).other.len(), 1);
    }

    #[test]
    fn what_is_left_and_what_was_put_aside_wrongly_is_found() {
        let mut left = ledger();
        (left.waiting, left.taken) = (1, 1);
        assert_eq!(judge(&left).other.len(), 2);
        let mut twice = ledger();
        twice.dead.extend(twice.dead.clone());
        assert_eq!(judge(&twice).other.len(), 1);
        let mut nothing = ledger();
        nothing.dead.clear();
        assert_eq!(judge(&nothing).other.len(), 1);
        let mut good = ledger();
        good.dead
            .push(("{\"chat_id\":1}".to_owned(), "?".to_owned()));
        assert_eq!(judge(&good).other.len(), 1);
        let mut wrong = ledger();
        wrong.dead = vec![("{".to_owned(), "no reason".to_owned())];
        assert_eq!(judge(&wrong).other.len(), 1);
    }
}
