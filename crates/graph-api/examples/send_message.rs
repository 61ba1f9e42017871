//! Writes to somebody who wrote to the account, and never twice: what may have arrived is looked up, not sent again.
//!
//! `cargo run --example send_message -- <person's id> <words>`, with the variables of `setup`.

#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod setup;

use graph_api::client::{Credentials, Graph, Outgoing};
use graph_api::error::{CallError, Outcome};
use graph_api::id::{Igsid, Mid};
use graph_api::limits::{TEXT_BYTES, split_text};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = Igsid::from(setup::argument(1, "the id of a person who wrote to you")?);
    let words = setup::argument(2, "what to write")?;
    match say(&setup::graph()?, &setup::credentials()?, &to, &words).await {
        Ok(sent) => println!("sent as {sent:?}"),
        // What to do, in place of what went wrong: wait, connect again, give up on this person.
        Err(error) => println!("{error}; so: {:?}", error.reaction()),
    }
    Ok(())
}

/// One message for each part that Meta takes at once.
pub(crate) async fn say(
    graph: &Graph,
    credentials: &Credentials,
    to: &Igsid,
    words: &str,
) -> Result<Vec<Mid>, CallError> {
    let mut sent = Vec::new();
    for part in split_text(words, TEXT_BYTES) {
        let message = Outgoing::Text(part.clone());
        sent.push(match graph.send(credentials, to, &message).await {
            Ok(answer) => answer.message_id,
            Err(error) if error.outcome() == Outcome::Unknown => {
                let arrived = find(graph, credentials, to, &part, &sent).await?;
                arrived.ok_or(error)?
            }
            Err(refused) => return Err(refused),
        });
    }
    Ok(sent)
}

/// Ours with these words, apart from those that are known already.
async fn find(
    graph: &Graph,
    credentials: &Credentials,
    with: &Igsid,
    words: &str,
    known: &[Mid],
) -> Result<Option<Mid>, CallError> {
    let newest = graph.recent_messages(credentials, with).await?;
    let ours = newest.into_iter().find(|message| {
        message.from_id.as_deref() == Some(credentials.account.as_str())
            && message.text.as_deref() == Some(words)
            && !known.contains(&message.id)
    });
    Ok(ours.map(|message| message.id))
}
