//! Publishes a picture: a container is made, followed until Meta is done with it, and published once.
//!
//! `cargo run --example publish_image -- <address of a JPEG> <caption>`, with the variables of `setup`.

#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod setup;

use graph_api::client::{Credentials, Graph};
use graph_api::endpoint::publish::{
    ContainerStatus, Kind, MakeContainer, Publish, Source, StatusCode, Work,
};
use graph_api::error::Outcome;
use graph_api::id::MediaId;
use std::error::Error;
use std::time::Duration;

/// Meta asks to look no oftener than once a minute, and for no more than five minutes.
/// <https://developers.facebook.com/docs/instagram-platform/content-publishing> (2026-09-11)
const LOOKS: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = setup::argument(1, "a public address of a JPEG")?;
    let work = Work {
        caption: Some(setup::argument(2, "the caption")?),
        ..Work::new(Kind::Image, Source::ImageUrl(url))
    };
    let a_minute = async || tokio::time::sleep(Duration::from_mins(1)).await;
    let media = publish(&setup::graph()?, &setup::credentials()?, work, a_minute).await?;
    println!("published as {media}");
    Ok(())
}

/// From a wish to a post. `pause` is how long a minute is.
pub(crate) async fn publish(
    graph: &Graph,
    credentials: &Credentials,
    work: Work,
    pause: impl AsyncFn(),
) -> Result<MediaId, Box<dyn Error>> {
    // Every rule that needs no Meta, and all that is wrong at once.
    if let [first, ..] = work.problems().as_slice() {
        return Err(format!("{}: {}", first.at, first.says).into());
    }
    let container = graph.ask(credentials, &MakeContainer { work }).await?;
    let look = ContainerStatus {
        container: container.clone(),
    };
    for _ in 0..LOOKS {
        let status = graph.ask(credentials, &look).await?;
        match status.code {
            StatusCode::Finished => break,
            StatusCode::InProgress => pause().await,
            other => return Err(format!("{other:?}: {:?}", status.says).into()),
        }
    }
    // A container that is still not done is refused here, which repeats nothing.
    match graph.ask(credentials, &Publish { container }).await {
        Ok(media) => Ok(media),
        // It may be there: the container says whether it was published, and a second call could be a second post.
        Err(error) if error.outcome() == Outcome::Unknown => {
            let now = graph.ask(credentials, &look).await?.code;
            Err(format!("{error}; the container is now {now:?}").into())
        }
        Err(error) => Err(error.into()),
    }
}
