//! One refused metric fails a whole call and Meta's words do not reliably say which one. This plan finds it with few
//! calls: halve what must hold a bad one, and take every good answer on the way as the answer it is.

/// The plan of one list. Ask for [`Bisect::ask`], say how it ended, until there is nothing to ask.
#[derive(Debug, Clone)]
pub struct Bisect<'a> {
    /// Of these nothing is known.
    open: Vec<&'a str>,
    /// At least one of these is refused.
    tainted: Vec<&'a str>,
    refused: Vec<&'a str>,
    asked: Vec<&'a str>,
}

impl<'a> Bisect<'a> {
    /// A plan that first asks for everything at once.
    pub fn new(metrics: &[&'a str]) -> Self {
        Self {
            open: metrics.to_vec(),
            tainted: Vec::new(),
            refused: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// A plan for a list that was refused as a whole before.
    pub fn of_refused(metrics: &[&'a str]) -> Self {
        Self {
            tainted: metrics.to_vec(),
            ..Self::new(&[])
        }
    }

    /// What to ask for now; none when everything was answered or is known to be refused.
    pub fn ask(&mut self) -> Option<Vec<&'a str>> {
        if self.tainted.len() == 1 {
            // Its list was refused and all the others of it were answered.
            self.refused.append(&mut self.tainted);
        }
        self.asked = if self.tainted.is_empty() {
            std::mem::take(&mut self.open)
        } else {
            let rest = self.tainted.split_off(self.tainted.len().div_ceil(2));
            std::mem::replace(&mut self.tainted, rest)
        };
        (!self.asked.is_empty()).then(|| self.asked.clone())
    }

    /// The list was answered.
    pub fn answered(&mut self) {
        self.asked.clear();
    }

    /// The list was refused.
    pub fn refused(&mut self) {
        // Nothing is known of the other half now: the bad one may have been the only one.
        self.open.append(&mut self.tainted);
        self.tainted = std::mem::take(&mut self.asked);
    }

    /// What Meta does not give.
    pub fn into_refused(self) -> Vec<&'a str> {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

    fn run<'a>(metrics: &[&'a str], bad: &[&str]) -> (Vec<&'a str>, Vec<&'a str>, usize) {
        let mut plan = Bisect::new(metrics);
        let (mut good, mut calls) = (Vec::new(), 0);
        while let Some(asked) = plan.ask() {
            calls += 1;
            if asked.iter().any(|metric| bad.contains(metric)) {
                plan.refused();
            } else {
                good.extend(&asked);
                plan.answered();
            }
        }
        (good, plan.into_refused(), calls)
    }

    #[test]
    fn nothing_refused_is_one_call_and_one_of_seven_is_five_at_most() {
        assert_eq!(run(&NAMES[..7], &[]).2, 1);
        for bad in &NAMES[..7] {
            let (good, refused, calls) = run(&NAMES[..7], &[bad]);
            assert_eq!((good.len(), refused), (6, vec![*bad]));
            assert!(calls <= 5, "{calls} for {bad}");
        }
        assert_eq!(run(&["a"], &["a"]).2, 1);
        assert_eq!(run(&[], &[]).2, 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..Default::default() })]

        #[test]
        fn every_good_one_is_answered_once_and_every_bad_one_is_named(count in 0_usize..=12, bits: u16) {
            let metrics = &NAMES[..count];
            let bad: Vec<&str> = metrics.iter().enumerate()
                .filter(|(at, _)| bits & (1 << at) != 0).map(|(_, name)| *name).collect();
            let (mut good, mut refused, calls) = run(metrics, &bad);
            good.sort_unstable();
            refused.sort_unstable();
            let expected: Vec<&str> = metrics.iter().copied().filter(|name| !bad.contains(name)).collect();
            prop_assert_eq!(good, expected);
            prop_assert_eq!(&refused, &bad);
            // Each bad one costs its search and the refusal that starts it; never many more than one by one.
            let search = count.next_power_of_two().trailing_zeros() as usize + 1;
            prop_assert!(calls <= 1 + bad.len() * search, "{} calls", calls);
        }
    }
}
