//! What is wrong with the settings: all of it, each line with the key and what to do.

use std::fmt;

/// One setting that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key or variable it is about.
    pub key: String,
    /// What to change; never the value, which may be a secret.
    pub what: String,
}

impl Problem {
    pub(super) fn new(key: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            what: what.into(),
        }
    }
}

/// All that is wrong, found in one go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The problems as a result: fine when there are none.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let noun = if count == 1 {
            "setting needs"
        } else {
            "settings need"
        };
        write!(f, "{count} {noun} a change:")?;
        for problem in &self.0 {
            write!(f, "\n  {}: {}", problem.key, problem.what)?;
        }
        Ok(())
    }
}
