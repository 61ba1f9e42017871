//! `POST https://rupload.facebook.com/ig-api-upload/{version}/{container-id}`: a video's bytes, for a container that
//! was made with `upload_type=resumable`. Repeating it does no harm.
//! <https://developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads> (read 2026-09-11)

use crate::client::{Credentials, Graph};
use crate::error::CallError;
use crate::id::ContainerId;
use std::path::Path;

impl Graph {
    /// Streams a video to a container: its size does not show in memory.
    pub async fn upload_video(
        &self,
        credentials: &Credentials,
        container: &ContainerId,
        file: &Path,
    ) -> Result<(), CallError> {
        self.send_bytes(credentials, container.as_str(), file).await
    }
}
