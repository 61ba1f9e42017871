//! `POST /{ig-id}/media_publish`: the one call that people see. After an answer that proves nothing the container's
//! status tells whether it was done (see [`ContainerStatus`](super::ContainerStatus)).
//! <https://developers.facebook.com/docs/instagram-platform/content-publishing> (read 2026-09-11)

use crate::client::Credentials;
use crate::endpoint::rows::made;
use crate::error::CallError;
use crate::id::{ContainerId, MediaId};
use crate::request::{Answer, Endpoint, Request};

/// The call. Not repeatable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// Which container.
    pub container: ContainerId,
}

impl Endpoint for Publish {
    type Answer = MediaId;

    fn request(&self, credentials: &Credentials) -> Request {
        Request::post("publish", &[credentials.account.as_str(), "media_publish"])
            .form(vec![("creation_id", self.container.to_string())])
    }

    fn read(&self, answer: &Answer) -> Result<MediaId, CallError> {
        made(answer, "what was published has an id").map(Into::into)
    }
}
