//! The version that stands in every path, as a value: Meta ends each about two years after the next one came, so it is
//! handed in and never written into a call.

use super::BuildError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A version of the Graph API, spelled `v26.0`.
///
/// ```
/// use graph_api::client::Version;
///
/// let version: Version = "v26.0".parse()?;
/// assert_eq!(version, Version::NEWEST);
/// assert!("26".parse::<Version>().is_err());
/// # Ok::<(), graph_api::client::BuildError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    major: u16,
    minor: u16,
}

impl Version {
    /// The newest that was known when this crate was written: released on 2026-07-29, its end not told yet. The one
    /// before it, v25.0, ends on 2028-07-29.
    /// <https://developers.facebook.com/docs/graph-api/changelog/versions> (2026-11-22)
    pub const NEWEST: Self = Self::new(26, 0);

    /// `v{major}.{minor}`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl FromStr for Version {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        let number = |part: &str| -> Option<u16> {
            let digits = part.len() <= 4 && part.bytes().all(|c| c.is_ascii_digit());
            digits.then(|| part.parse().ok())?
        };
        text.strip_prefix('v')
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(major, minor)| Some(Self::new(number(major)?, number(minor)?)))
            .ok_or_else(|| BuildError::Version(text.to_owned()))
    }
}

impl TryFrom<String> for Version {
    type Error = BuildError;

    fn try_from(text: String) -> Result<Self, BuildError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_spelled_one_way() {
        for good in ["v26.0", "v3.1"] {
            let version: Version = good.parse().unwrap();
            assert_eq!(version.to_string(), good);
        }
        for bad in [
            "26.0",
            "v26",
            "v26.0/../me",
            "v.0",
            "v26.",
            "",
            "vv1.0",
            "v+1.0",
            "v26.00000",
            "v99999.0",
        ] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
        assert!(Version::new(9, 0) < Version::NEWEST);
    }
}
