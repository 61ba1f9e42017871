//! Asking for many metrics where Meta refuses some: one refused metric fails the whole call, and Meta's words do not
//! reliably say which one. This plan finds it with few calls, takes every good answer on the way as the answer it is,
//! and says in the end what is refused, whether it is the object instead, and what may be remembered of it.

use super::metric::Surface;
use crate::error::ErrorKind;

/// So many refusals and no answer: a post is refused as such. The whole list, two metrics alone, and what is left
/// after each of them; two metrics that are gone at once do not make it look so.
const HOPELESS: usize = 5;
/// The same of an account, whose numbers are of many kinds: four by themselves. Everything is refused for days that Meta
/// has forgotten, and to ask for each of fifteen would find out no more.
const HOPELESS_ACCOUNT: usize = 9;

/// The plan of one list. Ask for [`Gather::ask`], say how it ended, until there is nothing to ask.
#[derive(Debug, Clone)]
pub struct Gather<'a> {
    surface: Surface,
    /// Of these nothing is known.
    open: Vec<&'a str>,
    /// At least one of these is refused.
    tainted: Vec<&'a str>,
    asked: Vec<&'a str>,
    /// Refused when asked for alone, and how.
    refused: Vec<(&'a str, ErrorKind)>,
    refusals: usize,
    has_answers: bool,
    /// Nothing more is asked: everything is refused.
    is_over: bool,
    object: Option<ErrorKind>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered<'a> {
    /// Meta does not give these.
    pub refused: Vec<&'a str>,
    /// Those of them that others of this surface need not be asked for: refused as such, while their neighbours were
    /// answered.
    pub learned: Vec<&'a str>,
    /// The object itself is refused, and how: its last refusal says it.
    pub object: Option<ErrorKind>,
}

impl<'a> Gather<'a> {
    /// A plan that first asks for everything at once.
    pub fn new(surface: Surface, metrics: &[&'a str]) -> Self {
        Self {
            surface,
            open: metrics.to_vec(),
            tainted: Vec::new(),
            asked: Vec::new(),
            refused: Vec::new(),
            refusals: 0,
            has_answers: false,
            is_over: false,
            object: None,
        }
    }

    /// What to ask for now; none when everything was answered or is known to be refused.
    ///
    /// While nothing was answered a metric by itself tells most: whether it is the object. Afterwards halves do.
    pub fn ask(&mut self) -> Option<Vec<&'a str>> {
        if self.is_over {
            return None;
        }
        self.asked = if self.tainted.is_empty() {
            std::mem::take(&mut self.open)
        } else {
            let part = if self.has_answers {
                self.tainted.len().div_ceil(2)
            } else {
                1
            };
            let rest = self.tainted.split_off(part);
            std::mem::replace(&mut self.tainted, rest)
        };
        (!self.asked.is_empty()).then(|| self.asked.clone())
    }

    /// The list was answered.
    pub fn answered(&mut self) {
        self.has_answers = true;
        self.asked.clear();
    }

    /// The list was refused.
    pub fn refused(&mut self, kind: ErrorKind) {
        self.refusals += 1;
        // Nothing is known of the rest now: the bad one may have been the only one.
        self.open.append(&mut self.tainted);
        let asked = std::mem::take(&mut self.asked);
        match asked.as_slice() {
            [metric] => self.refused.push((metric, kind)),
            _ => self.tainted = asked,
        }
        if self.is_about_the_object(kind) {
            self.is_over = true;
            // That an account gives none of what was asked for is said of each; it is no error.
            self.object =
                (self.surface.is_media() || kind != ErrorKind::BadRequest).then_some(kind);
        }
    }

    fn is_about_the_object(&self, kind: ErrorKind) -> bool {
        let hopeless = if self.surface.is_media() {
            HOPELESS
        } else {
            HOPELESS_ACCOUNT
        };
        let is_all = self.open.is_empty() && self.tainted.is_empty();
        match kind {
            ErrorKind::BeforeBusiness | ErrorKind::NotFound | ErrorKind::Gone => true,
            _ if self.has_answers => false,
            // Of a list it could be one metric that needs more; of one alone as well it is the login, or a story with
            // too few viewers.
            ErrorKind::Permission | ErrorKind::NeedsAdvancedAccess => !self.refused.is_empty(),
            _ => is_all || self.refusals >= hopeless,
        }
    }

    /// How it ended.
    pub fn end(self) -> Gathered<'a> {
        let is_of_metrics = self.has_answers && self.object.is_none();
        let learned = self
            .refused
            .iter()
            .filter(|(_, kind)| is_of_metrics && *kind == ErrorKind::BadRequest);
        let alone = self.refused.iter().map(|(metric, _)| *metric);
        Gathered {
            learned: learned.map(|(metric, _)| *metric).collect(),
            refused: alone.chain(self.tainted).chain(self.open).collect(),
            object: self.object,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

    struct Run<'a> {
        good: Vec<&'a str>,
        end: Gathered<'a>,
        calls: usize,
    }

    fn run<'a>(
        surface: Surface,
        metrics: &[&'a str],
        refuse: impl Fn(&str) -> Option<ErrorKind>,
    ) -> Run<'a> {
        let mut plan = Gather::new(surface, metrics);
        let (mut good, mut calls) = (Vec::new(), 0);
        while let Some(asked) = plan.ask() {
            calls += 1;
            assert!(calls < 100, "{plan:?}");
            if let Some(kind) = asked.iter().find_map(|metric| refuse(metric)) {
                plan.refused(kind);
            } else {
                good.extend(&asked);
                plan.answered();
            }
        }
        let end = plan.end();
        Run { good, end, calls }
    }

    fn bad<'b>(names: &'b [&'b str]) -> impl Fn(&str) -> Option<ErrorKind> + 'b {
        |metric| names.contains(&metric).then_some(ErrorKind::BadRequest)
    }

    #[test]
    fn a_list_without_a_bad_metric_is_one_call() {
        let run = run(Surface::Feed, &NAMES, bad(&[]));
        assert_eq!((run.good.len(), run.calls), (12, 1));
        assert_eq!(run.end.object, None);
    }

    #[test]
    fn what_is_left_over_is_asked_for_alone_before_it_is_called_refused() {
        let mut plan = Gather::new(Surface::Feed, &["a", "b"]);
        plan.ask();
        plan.refused(ErrorKind::BadRequest);
        assert_eq!(plan.ask(), Some(vec!["a"]));
        plan.answered();
        // The list was refused for a moment's trouble, and not for this one.
        assert_eq!(plan.ask(), Some(vec!["b"]));
        plan.answered();
        assert_eq!(plan.ask(), None);
        assert_eq!(plan.end().refused, Vec::<&str>::new());
    }

    #[test]
    fn an_account_whose_first_metrics_are_gone_has_all_others() {
        let gone = ["a", "b", "e"];
        let account = run(Surface::Account, &NAMES, bad(&gone));
        assert_eq!(account.end.object, None);
        assert_eq!(account.good.len(), 9);
        let mut learned = account.end.learned.clone();
        learned.sort_unstable();
        assert_eq!(learned, gone);
        // A post that loses its first two is found out as well.
        let post = run(Surface::Feed, &NAMES[..7], bad(&["a", "b"]));
        assert_eq!((post.end.object, post.good.len()), (None, 5));
    }

    #[test]
    fn an_account_that_is_refused_one_and_all_is_no_error_and_teaches_nothing() {
        let alone = run(Surface::Account, &["a"], bad(&["a"]));
        assert_eq!(alone.end.refused, ["a"]);
        assert_eq!((alone.end.object, alone.calls), (None, 1));
        let all = run(Surface::Account, &NAMES, bad(&NAMES));
        assert_eq!(all.calls, HOPELESS_ACCOUNT);
        assert_eq!((all.end.object, all.end.refused.len()), (None, 12));
        assert_eq!(all.end.learned, Vec::<&str>::new());
        let other = run(Surface::Account, &NAMES, |_| Some(ErrorKind::Other));
        assert_eq!(other.end.object, Some(ErrorKind::Other));
    }

    #[test]
    fn a_post_that_is_refused_as_such_costs_few_calls() {
        let before = run(Surface::Feed, &NAMES, |_| Some(ErrorKind::BeforeBusiness));
        assert_eq!(before.end.object, Some(ErrorKind::BeforeBusiness));
        assert_eq!(before.calls, 1);
        let forbidden = run(Surface::Story, &NAMES, |_| Some(ErrorKind::Permission));
        assert_eq!(forbidden.end.object, Some(ErrorKind::Permission));
        assert_eq!(forbidden.calls, 2);
        let refused = run(Surface::Reels, &NAMES, bad(&NAMES));
        assert_eq!(refused.end.object, Some(ErrorKind::BadRequest));
        assert_eq!((refused.calls, refused.end.learned.len()), (HOPELESS, 0));
    }

    #[test]
    fn only_a_metric_refused_as_such_is_remembered() {
        let refuse = |metric: &str| match metric {
            "c" => Some(ErrorKind::Other),
            "d" => Some(ErrorKind::BadRequest),
            "e" => Some(ErrorKind::Permission),
            _ => None,
        };
        let run = run(Surface::Account, &NAMES, refuse);
        assert_eq!(run.end.learned, ["d"]);
        assert_eq!(run.end.refused.len(), 3);
        assert_eq!((run.end.object, run.good.len()), (None, 9));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..Default::default() })]

        #[test]
        fn exactly_the_bad_ones_are_found_and_the_good_ones_answered_once(count in 1_usize..=12, mask in 0_u16..4096) {
            // Four by themselves and nothing answered: it is given up.
            prop_assume!(mask & 0b1111 != 0b1111);
            let metrics = &NAMES[..count];
            let bad: Vec<&str> = (0..count).filter(|at| mask & (1 << at) != 0).map(|at| NAMES[at]).collect();
            let run = run(Surface::Account, metrics, |metric| {
                bad.contains(&metric).then_some(ErrorKind::BadRequest)
            });
            let (mut good, mut refused, calls) = (run.good, run.end.refused, run.calls);
            good.sort_unstable();
            refused.sort_unstable();
            let expected: Vec<&str> = metrics.iter().copied().filter(|metric| !bad.contains(metric)).collect();
            prop_assert_eq!(good, expected);
            prop_assert_eq!(refused, bad.clone());
            // Each bad one costs a search by halves, one metric alone before it, and the call for the rest.
            let search = count.next_power_of_two().trailing_zeros() as usize + 3;
            prop_assert!(calls <= 1 + bad.len() * search, "{} calls", calls);
        }
    }
}
