//! The truth behind media and insights, for a test or a script to compare with, and what of it can be changed.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{Answer, Refused};
use crate::seed::shape::{Seed, SeedAccount, SeedFile};
use crate::world::media::Media;
use crate::world::{Shared, State as Known};

/// `GET /_sim/seed`: what `--seed FILE` takes, as it is now.
pub(super) async fn seed(State(world): State<Shared>) -> Json<Value> {
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    let first = world.options().account_id.clone();
    let file = SeedFile {
        first: of_account(&state, &first, now_ms),
        others: state
            .accounts
            .keys()
            .filter(|id| **id != first && !state.accounts[*id].numbers.days.is_empty())
            .map(|id| of_account(&state, id, now_ms))
            .collect(),
    };
    Json(json!(file))
}

fn of_account(state: &Known, id: &str, now_ms: i64) -> Seed {
    let Some(account) = state.shown_account(id, now_ms) else {
        return Seed::default();
    };
    let mut seed = Seed {
        account: SeedAccount {
            id: account.id.clone(),
            app_scoped_id: account.app_scoped_id,
            page_id: account.page_id,
            username: account.username,
            name: account.name,
            biography: account.about.biography,
            website: account.about.website,
            account_type: account.about.account_type,
            professional_since: account.about.professional_since_ms,
            followers_count: account.about.followers_count,
            follows_count: account.about.follows_count,
        },
        days: account
            .numbers
            .days
            .iter()
            .map(|(_, day)| day.clone())
            .collect(),
        audience: account.numbers.audience.clone(),
        rules: account.numbers.rules.clone(),
        ..Seed::default()
    };
    let mut all: Vec<&Media> = state
        .media
        .values()
        .filter(|media| media.account == id)
        .collect();
    all.sort_by(|one, other| (other.timestamp_ms, &other.id).cmp(&(one.timestamp_ms, &one.id)));
    for media in all {
        let list = if media.parent.is_some() {
            &mut seed.children
        } else if media.tagged_by.is_some() {
            &mut seed.tagged
        } else if media.is_story() {
            &mut seed.stories
        } else {
            &mut seed.media
        };
        list.push(media.clone());
    }
    seed
}

/// `POST /_sim/media/{id}`: changes what is named of a media, or makes one.
pub(super) async fn media(
    State(world): State<Shared>,
    Path(id): Path<String>,
    Json(input): Json<Value>,
) -> Answer {
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let before = state
        .media
        .get(&id)
        .cloned()
        .unwrap_or_else(|| Media::new(&id, &world.options().account_id, now_ms));
    let (account, asset) = (before.account.clone(), before.asset.clone());
    let mut changed = json!(before);
    merge(&mut changed, input);
    let media: Media =
        serde_json::from_value(changed).map_err(|error| Refused::bad(error.to_string()))?;
    let media = Media {
        id: id.clone(),
        account,
        asset,
        ..media
    };
    let answer = json!(media);
    state.media.insert(id, media);
    Ok(Json(answer))
}

/// Objects field by field, everything else as a whole; null takes a field away.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                if value.is_null() {
                    into.remove(&name);
                } else {
                    merge(into.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (into, from) => *into = from,
    }
}

pub(super) async fn insight_rules(State(world): State<Shared>) -> Json<Value> {
    Json(json!(world.lock().insights))
}

/// Changes the switches that are named and leaves the others.
pub(super) async fn set_insight_rules(
    State(world): State<Shared>,
    Json(input): Json<Value>,
) -> Answer {
    let mut state = world.lock();
    let mut rules = json!(state.insights);
    merge(&mut rules, input);
    state.insights =
        serde_json::from_value(rules.clone()).map_err(|error| Refused::bad(error.to_string()))?;
    Ok(Json(rules))
}
