//! Figures as a Markdown table: median of the runs and their spread, next to the target.

use std::fmt::Write as _;

/// One figure over several runs.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// Its unit.
    pub unit: &'static str,
    /// One value a run.
    pub values: Vec<f64>,
    /// What it should reach.
    pub target: Option<Target>,
}

/// The side of a bound on which a figure is good.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// The median must not be above this.
    AtMost(f64),
    /// The median must not be below this.
    AtLeast(f64),
}

impl Figure {
    /// A figure without a target.
    pub fn new(name: impl Into<String>, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            unit,
            values: Vec::new(),
            target: None,
        }
    }

    /// The same figure, judged.
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// The middle value.
    pub fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Whether the median is on the good side; figures without a target always are.
    pub fn reached(&self) -> bool {
        match self.target {
            None => true,
            Some(Target::AtMost(bound)) => self.median() <= bound,
            Some(Target::AtLeast(bound)) => self.median() >= bound,
        }
    }
}

/// The table.
pub fn table(figures: &[Figure]) -> String {
    let mut out =
        String::from("| figure | median | min … max | target | |\n|---|---|---|---|---|\n");
    for figure in figures {
        let low = figure.values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = figure
            .values
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let target = match figure.target {
            None => String::new(),
            Some(Target::AtMost(bound)) => format!("≤ {}", number(bound)),
            Some(Target::AtLeast(bound)) => format!("≥ {}", number(bound)),
        };
        let verdict = match figure.target {
            None => "",
            Some(_) if figure.reached() => "reached",
            Some(_) => "**missed**",
        };
        let _ = writeln!(
            out,
            "| {} | {} {} | {} … {} | {target} | {verdict} |",
            figure.name,
            number(figure.median()),
            figure.unit,
            number(low),
            number(high),
        );
    }
    out
}

fn number(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_says_so() {
        let mut figure = Figure::new("start", "ms").target(Target::AtMost(100.0));
        figure.values = vec![90.0, 250.0, 120.0];
        assert!((figure.median() - 120.0).abs() < f64::EPSILON);
        assert!(!figure.reached());
        assert!(table(&[figure]).contains("**missed**"));
    }
}
