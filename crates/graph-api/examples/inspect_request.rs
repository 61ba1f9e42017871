//! Shows what would be sent, in both login families, and sends nothing. No token is in what it shows.
//!
//! `cargo run --example inspect_request`

#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod setup;

use graph_api::client::{AccessToken, Credentials, Graph, Login};
use graph_api::endpoint::media::{Edge, ListMedia};
use graph_api::endpoint::messages::{SendMessage, To, What};
use graph_api::error::CallError;
use graph_api::id::{AccountId, Igsid, PageId};
use graph_api::request::{Endpoint, Payload};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in requests(&setup::graph()?)? {
        println!("{line}");
    }
    Ok(())
}

/// The same two calls through either login.
pub(crate) fn requests(graph: &Graph) -> Result<Vec<String>, CallError> {
    let page_id = PageId::from("100000000000001");
    let mut lines = Vec::new();
    for login in [Login::Facebook { page_id }, Login::Instagram] {
        let credentials = Credentials {
            account: AccountId::from("17841400000000001"),
            login,
            token: AccessToken::new("never shown"),
            app_secret: None,
        };
        let stories = ListMedia {
            edge: Edge::Stories,
            limit: 10,
            after: None,
            since_s: None,
            until_s: None,
            children: false,
            insights: vec!["reach"],
        };
        let greeting = SendMessage {
            to: To::Person(Igsid::from("5550000000000001")),
            what: What::Text {
                text: "Good morning".to_owned(),
                choices: Vec::new(),
            },
            reply_to: None,
            human_agent: false,
        };
        lines.push(shown(graph, &credentials, &stories)?);
        lines.push(shown(graph, &credentials, &greeting)?);
    }
    Ok(lines)
}

fn shown(
    graph: &Graph,
    credentials: &Credentials,
    call: &impl Endpoint,
) -> Result<String, CallError> {
    let request = call.request(credentials);
    let address = graph.address_of(credentials, &request)?;
    let body = match &request.body {
        Payload::None => String::new(),
        Payload::Json(body) => format!(" {body}"),
        Payload::Form(pairs) => format!(" {pairs:?}"),
    };
    Ok(format!("{} {address}{body}", request.method))
}
