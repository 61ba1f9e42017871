//! The verification GET that a webhook address must answer before it gets events.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use url::Url;

use crate::world::Shared;

/// Why an address cannot get webhooks.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// Nobody answers there.
    #[error("the webhook address did not answer the verification request: {0}")]
    Unreachable(String),
    /// It answered, but not with 200 and the challenge.
    #[error(
        "the webhook address answered {status} and not the challenge; does it know the verify token?"
    )]
    Refused {
        /// HTTP status of the answer.
        status: u16,
    },
}

const TIMEOUT: Duration = Duration::from_secs(5);

/// Takes `url` as the target if it answers the challenge.
pub(crate) async fn set_target(world: &Shared, url: Url) -> Result<(), HandshakeError> {
    ask(world, &url).await?;
    open(world, url);
    Ok(())
}

/// Takes `url` without asking it.
pub(crate) fn open(world: &Shared, url: Url) {
    world.webhooks().lock().target = Some(url.clone());
    world.webhooks().verified.send_replace(Some(url));
}

impl super::Webhooks {
    /// Forgets the target; events are dropped from now on.
    pub(crate) fn close(&self) {
        self.lock().target = None;
        self.verified.send_replace(None);
    }
}

/// Takes `url` as the target now, so that events wait, and asks until it answers.
pub(crate) fn target_in_background(world: &Shared, url: Url, stop: CancellationToken) {
    world.webhooks().lock().target = Some(url.clone());
    let world = Arc::clone(world);
    tokio::spawn(async move {
        let mut pause = Duration::from_millis(50);
        while let Err(error) = ask(&world, &url).await {
            tracing::debug!(%error, "the webhook handshake is repeated");
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        if world.webhooks().lock().target.as_ref() == Some(&url) {
            world.webhooks().verified.send_replace(Some(url));
        }
    });
}

async fn ask(world: &Shared, url: &Url) -> Result<(), HandshakeError> {
    let challenge = (u64::from(rand::random::<u32>()) + 1_000_000_000).to_string();
    let mut asked = url.clone();
    asked
        .query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", &world.options().verify_token);
    let unreachable =
        |error: reqwest::Error| HandshakeError::Unreachable(error.without_url().to_string());
    let request = world
        .http()
        .get(asked)
        .header("User-Agent", super::deliver::USER_AGENT);
    let answer = request.timeout(TIMEOUT).send().await.map_err(unreachable)?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(unreachable)?;
    if status == 200 && body == challenge.as_bytes() {
        Ok(())
    } else {
        Err(HandshakeError::Refused { status })
    }
}
