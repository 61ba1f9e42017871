//! The newest posts with their numbers: one call for fifty posts instead of fifty-one.
//!
//! `cargo run --example posts`, with the variables of `setup`.

#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod setup;

use graph_api::client::{Credentials, Graph};
use graph_api::endpoint::media::{Edge, ListMedia, Media};
use graph_api::error::CallError;
use graph_api::insights::LIST;
use std::fmt::Write as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in posts(&setup::graph()?, &setup::credentials()?).await? {
        println!("{line}");
    }
    Ok(())
}

/// One line a post. `page.after` would lead to the next fifty.
pub(crate) async fn posts(
    graph: &Graph,
    credentials: &Credentials,
) -> Result<Vec<String>, CallError> {
    let newest = ListMedia {
        edge: Edge::Media,
        limit: 50,
        after: None,
        since_s: None,
        until_s: None,
        children: false,
        // What posts and reels have in common; one metric that a row does not know refuses the whole list.
        insights: LIST.to_vec(),
    };
    let page = graph.ask(credentials, &newest).await?;
    Ok(page.data.iter().map(line).collect())
}

fn line(post: &Media) -> String {
    let mut line = post.permalink.as_deref().unwrap_or("?").to_owned();
    for insight in post.insights.iter().flatten() {
        // No number is not zero: Meta has none.
        if let Some(number) = insight.number() {
            // Writing into a String cannot fail.
            let _ = write!(line, "  {} {number}", insight.name);
        }
    }
    line
}
