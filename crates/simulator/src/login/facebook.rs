//! `www.facebook.com/{version}/dialog/oauth`: Facebook Login for Business. One person logs in, chooses Pages and
//! allows scopes (<https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>, 2026-11).

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::form::{Ask, Decision, Pairs};
use super::page::{self, Choice, View};
use super::{lead_back_refused, lead_back_with_code};
use crate::world::account::{FACEBOOK_SCOPES, Login};
use crate::world::app::Grant;
use crate::world::{Shared, World};

/// Facebook hangs this on every address it leads back to.
const TAIL: &str = "#_=_";
/// Scopes that everybody has without asking.
const PUBLIC: [&str; 2] = ["email", "public_profile"];

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
        Err(why) => return page::refused(&why),
    };
    match Decision::read(&pairs) {
        None => choose(world, &ask, query, None),
        Some(Err(why)) => page::refused(&why),
        Some(Ok(Decision::Cancel)) => lead_back_refused(
            &ask,
            &[
                ("error", "access_denied"),
                ("error_code", "200"),
                ("error_description", "Permissions error"),
                ("error_reason", "user_denied"),
            ],
            TAIL,
        ),
        Some(Ok(decision)) => allow(world, &pairs, &ask, decision, query),
    }
}

fn checked(world: &World, pairs: &Pairs) -> Result<Ask, String> {
    let mut ask = Ask::read(world, pairs).map_err(|why| match why.as_str() {
        "Invalid platform app" => "Invalid App ID: the provided app ID does not look like a valid app ID.".to_owned(),
        "Invalid redirect_uri" => "URL blocked: this redirect failed because the redirect URI is not white-listed in the app's client OAuth settings.".to_owned(),
        other => other.to_owned(),
    })?;
    if let Some(config) = pairs.one("config_id") {
        let state = world.lock();
        let configs = &state.app.dashboard.configs;
        ask.scopes = match configs.get(config) {
            Some(scopes) => scopes.clone(),
            None if configs.is_empty() => FACEBOOK_SCOPES
                .iter()
                .map(|scope| (*scope).to_owned())
                .collect(),
            None => return Err("Invalid config_id: the app has no such configuration.".into()),
        };
    }
    let known: Vec<&str> = FACEBOOK_SCOPES.iter().chain(&PUBLIC).copied().collect();
    if let Some(scope) = ask.stranger(&known) {
        return Err(format!(
            "Invalid Scopes: {scope}. This message is only shown to developers. Users of your app will ignore these permissions if present."
        ));
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
    let offered: BTreeSet<String> = offered(world).into_iter().map(|page| page.id).collect();
    let named: BTreeSet<String> = pairs
        .all("page")
        .into_iter()
        .chain(pairs.list("sim_pages").unwrap_or_default())
        .collect();
    if let Some(stranger) = named.iter().find(|id| !offered.contains(*id)) {
        return page::refused(&format!("There is no Page {stranger}"));
    }
    let by_address = pairs.one("sim_decision").is_some();
    let pages = if named.is_empty() && by_address {
        offered
    } else {
        named
    };
    if pages.is_empty() {
        return choose(world, ask, query, Some("Choose at least one Page."));
    }
    let grant = Grant {
        login: Login::Facebook,
        account: String::new(),
        scopes: decision.granted(pairs, &ask.scopes, &PUBLIC),
        pages,
    };
    lead_back_with_code(world, ask, grant, TAIL)
}

/// Every Page of the one person who logs in here.
fn offered(world: &World) -> Vec<Choice> {
    let state = world.lock();
    let linked = state
        .accounts
        .values()
        .filter(|account| account.professional && !account.page_id.is_empty())
        .map(|account| Choice {
            id: account.page_id.clone(),
            title: account.name.clone(),
            note: format!("Instagram: {}", account.username),
            chosen: true,
        });
    let lonely = state.lonely_pages.iter().map(|page| Choice {
        id: page.id.clone(),
        title: page.name.clone(),
        note: "no Instagram account".into(),
        chosen: true,
    });
    linked.chain(lonely).collect()
}

fn choose(world: &World, ask: &Ask, query: Option<&str>, problem: Option<&str>) -> Response {
    page::ask(&View {
        place: "Facebook",
        query: query.unwrap_or_default(),
        scopes: &ask.scopes,
        always: &PUBLIC,
        choices: offered(world),
        many: true,
        problem,
    })
}
