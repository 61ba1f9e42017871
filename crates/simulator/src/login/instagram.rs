//! `www.instagram.com/oauth/authorize`: Business Login for Instagram
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login>, 2026-02).

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::form::{Ask, Decision, Pairs};
use super::page::{self, Choice, View};
use super::{lead_back_refused, lead_back_with_code};
use crate::world::account::{INSTAGRAM_SCOPES, Login};
use crate::world::app::Grant;
use crate::world::{Shared, World};

/// What cannot be left out, as no other scope works without it.
const BASIC: &str = "instagram_business_basic";

pub(super) async fn show(State(world): State<Shared>, RawQuery(query): RawQuery) -> Response {
    answer(&world, query.as_deref(), &[])
}

pub(super) async fn decide(
    State(world): State<Shared>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    answer(&world, query.as_deref(), &body)
}

fn answer(world: &World, query: Option<&str>, body: &[u8]) -> Response {
    let pairs = Pairs::read(query, body);
    let ask = match checked(world, &pairs) {
        Ok(ask) => ask,
        Err(why) => {
            return page::refused(&format!(
                "Invalid Request: Request parameters are invalid: {why}"
            ));
        }
    };
    match Decision::read(&pairs) {
        None => choose(world, &ask, query, None),
        Some(Err(why)) => page::refused(&why),
        Some(Ok(Decision::Cancel)) => lead_back_refused(
            &ask,
            &[
                ("error", "access_denied"),
                ("error_reason", "user_denied"),
                ("error_description", "The user denied your request"),
            ],
            "#_",
        ),
        Some(Ok(decision)) => allow(world, &pairs, &ask, decision, query),
    }
}

fn checked(world: &World, pairs: &Pairs) -> Result<Ask, String> {
    let ask = Ask::read(world, pairs)?;
    // Old names, and those of the other family, are as unknown here as a misspelt one.
    if let Some(scope) = ask.stranger(&INSTAGRAM_SCOPES) {
        return Err(format!("Invalid scope: ['{scope}']"));
    }
    if !ask.scopes.contains(BASIC) {
        return Err(format!("Invalid scope: {BASIC} is required"));
    }
    Ok(ask)
}

fn allow(
    world: &World,
    pairs: &Pairs,
    ask: &Ask,
    decision: Decision,
    query: Option<&str>,
) -> Response {
    let named = ["account", "sim_account"]
        .into_iter()
        .find_map(|name| pairs.one(name).map(str::to_owned));
    let posted = pairs.one("decision").is_some();
    let id = match named {
        Some(id) => id,
        None if posted => return choose(world, ask, query, Some("Choose an account first.")),
        None => world.options().account_id.clone(),
    };
    let professional = world
        .lock()
        .accounts
        .get(&id)
        .map(|account| account.professional);
    match professional {
        None => return page::refused("There is no such account"),
        Some(false) => {
            let why = "This account is personal. Only a professional account (business or creator) can be connected.";
            return choose(world, ask, query, Some(why));
        }
        Some(true) => {}
    }
    let scopes = decision.granted(pairs, &ask.scopes, &[BASIC]);
    let grant = Grant {
        login: Login::Instagram,
        account: id,
        scopes,
        pages: std::collections::BTreeSet::default(),
    };
    lead_back_with_code(world, ask, grant, "#_")
}

fn choose(world: &World, ask: &Ask, query: Option<&str>, problem: Option<&str>) -> Response {
    let state = world.lock();
    let signed_in = state.app.signed_in.clone().filter(|_| !ask.anew);
    let choices = state
        .accounts
        .values()
        .map(|account| Choice {
            id: account.id.clone(),
            title: account.username.clone(),
            note: if account.professional {
                account.name.clone()
            } else {
                format!("{}, personal account", account.name)
            },
            chosen: signed_in.as_deref() == Some(account.id.as_str()),
        })
        .collect();
    drop(state);
    page::ask(&View {
        place: "Instagram",
        query: query.unwrap_or_default(),
        scopes: &ask.scopes,
        always: &[BASIC],
        choices,
        many: false,
        problem,
    })
}
