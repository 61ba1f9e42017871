//! Connects an account, by either of Meta's two logins: an address for the browser, the code that comes back, and a
//! token that lives for long.
//!
//! `APP_ID=… APP_SECRET=… cargo run --example login -- instagram https://example.com/back` prints the address to open;
//! paste the one that the browser was led back to. `facebook` in place of `instagram` is the other login.

#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod setup;

use graph_api::client::{AccessToken, Credentials, Graph, Login};
use graph_api::error::CallError;
use graph_api::id::AccountId;
use graph_api::oauth::{App, OwnAccount, OwnPages};
use secrecy::SecretString;
use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use url::Url;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let graph = setup::graph()?;
    let app = App {
        id: std::env::var("APP_ID")?,
        secret: std::env::var("APP_SECRET")?.into(),
    };
    let family = setup::argument(1, "instagram or facebook")?;
    let back = setup::argument(
        2,
        "the redirect address, as it stands in the app's settings",
    )?;
    // Enough between one person and their terminal. A server takes more bits and binds them to the browser.
    let state = format!("{:x}", RandomState::new().hash_one(()));
    let is_facebook = family == "facebook";
    let address = if is_facebook {
        graph.facebook_login(&app, &back, &state)?
    } else {
        graph.instagram_login(&app, &back, &state)?
    };
    println!("open {address}\nand paste the address that you were led to:");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let code = code_of(&line, &state)?;
    let connected = if is_facebook {
        with_facebook(&graph, &app, &back, &code).await?
    } else {
        vec![with_instagram(&graph, &app, &back, &code).await?]
    };
    for account in connected {
        // Keep the token; here it prints as redacted, and so it does in any log.
        println!("connected: {account:?}");
    }
    Ok(())
}

/// The code in the address that Meta led back to, if it is the answer to our question.
pub(crate) fn code_of(address: &str, state: &str) -> Result<SecretString, Box<dyn Error>> {
    let url = Url::parse(address.trim())?;
    let part = |name: &str| url.query_pairs().find(|(key, _)| key == name);
    if part("state").is_none_or(|(_, value)| value != state) {
        return Err("this login was begun by somebody else".into());
    }
    let (_, code) = part("code").ok_or("Meta sent no code: the login was refused")?;
    Ok(code.as_ref().into())
}

/// A code, an hour's token, a token of 60 days, and who it belongs to.
pub(crate) async fn with_instagram(
    graph: &Graph,
    app: &App,
    back: &str,
    code: &SecretString,
) -> Result<Credentials, CallError> {
    let hour = graph.instagram_code(app, back, code).await?;
    let grant = graph.instagram_long_lived(app, &hour.token).await?;
    let mut credentials = Credentials {
        account: AccountId::from("me"),
        login: Login::Instagram,
        token: AccessToken::from(grant.token),
        app_secret: Some(app.secret.clone()),
    };
    credentials.account = graph.ask(&credentials, &OwnAccount).await?.account;
    Ok(credentials)
}

/// A code, a person's token of 60 days, and from it the tokens of their Pages, which have no end.
pub(crate) async fn with_facebook(
    graph: &Graph,
    app: &App,
    back: &str,
    code: &SecretString,
) -> Result<Vec<Credentials>, CallError> {
    let hours = graph.facebook_code(app, back, code).await?;
    let grant = graph.facebook_long_lived(app, &hours.token).await?;
    let person = Credentials {
        account: AccountId::from("me"),
        login: Login::Facebook {
            page_id: "me".into(),
        },
        token: AccessToken::from(grant.token),
        app_secret: Some(app.secret.clone()),
    };
    let pages = graph.ask(&person, &OwnPages).await?;
    let connected = pages.into_iter().filter_map(|page| {
        // A Page without an Instagram account, or one that the person has no role on, is none of ours.
        Some(Credentials {
            account: page.account?,
            login: Login::Facebook { page_id: page.id },
            token: AccessToken::from(page.token?),
            app_secret: Some(app.secret.clone()),
        })
    });
    Ok(connected.collect())
}
