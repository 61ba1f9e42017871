//! `GET /{container-id}?fields=status_code,status`: how far Meta is with a container.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-container> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::{object, text};
use crate::error::CallError;
use crate::id::ContainerId;
use crate::request::{Answer, Endpoint, Request};

/// Where a container stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusCode {
    /// Meta is at work.
    InProgress,
    /// It can be published.
    Finished,
    /// It was published.
    Published,
    /// Meta cannot use it.
    Error,
    /// It was not published within a day.
    Expired,
    /// A word that we do not know.
    Other,
}

/// A container's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Where it stands.
    pub code: StatusCode,
    /// Meta's words on it; on an error they hold the subcode.
    pub says: Option<String>,
}

impl Status {
    /// The subcode of the error that Meta's words speak of.
    pub fn subcode(&self) -> Option<i64> {
        let says = self.says.as_deref()?;
        let digits = says.split(|c: char| !c.is_ascii_digit());
        // Publishing's subcodes are seven digits that begin with 2207.
        digits
            .filter(|word| word.len() == 7 && word.starts_with("2207"))
            .find_map(|word| word.parse().ok())
    }
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerStatus {
    /// Which.
    pub container: ContainerId,
}

impl Endpoint for ContainerStatus {
    type Answer = Status;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("container", &[self.container.as_str()])
            .with("fields", "id,status_code,status")
    }

    fn read(&self, answer: &Answer) -> Result<Status, CallError> {
        const WHAT: &str = "a container has a status_code";
        let container = object(answer, WHAT)?;
        let word = text(&container, "status_code").ok_or_else(|| answer.malformed(WHAT))?;
        let code = match word.as_str() {
            "IN_PROGRESS" => StatusCode::InProgress,
            "FINISHED" => StatusCode::Finished,
            "PUBLISHED" => StatusCode::Published,
            "ERROR" => StatusCode::Error,
            "EXPIRED" => StatusCode::Expired,
            _ => StatusCode::Other,
        };
        Ok(Status {
            code,
            says: text(&container, "status"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subcode_stands_in_metas_words() {
        let of = |says: &str| {
            let status = Status {
                code: StatusCode::Error,
                says: Some(says.to_owned()),
            };
            status.subcode()
        };
        assert_eq!(
            of("Error: Media upload has failed with error code 2207026"),
            Some(2_207_026)
        );
        assert_eq!(of("Finished: Media has been uploaded."), None);
    }
}
