//! Media of an account: posts and reels, stories, what others tagged, and the files of carousels
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>, 2026-11).

mod page;
mod view;

use hyper::Method;
use serde_json::{Value, json};

use super::Host;
use super::auth::{self, Caller};
use super::call::Call;
use super::conversations::no_field;
use super::error::GraphError;
use super::fields::{self, Field};
use super::insights;
use crate::world::account::Login;
use crate::world::media::Media;
use crate::world::{Shared, State};
use page::Page;
pub(super) use page::moment;
pub(super) use view::View;

/// Only the newest are listed (the page named above).
const NEWEST: usize = 10_000;

/// Which list of an account is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Media,
    Stories,
    Tags,
}

impl List {
    fn has(self, media: &Media, account: &str, now_ms: i64) -> bool {
        match self {
            Self::Media => media.is_listed(account, now_ms),
            Self::Stories => media.account == account && media.is_story() && media.is_live(now_ms),
            Self::Tags => {
                media.account == account && media.tagged_by.is_some() && media.is_live(now_ms)
            }
        }
    }
}

/// Reads of media and insights; `None` when the call is something else.
pub(super) fn dispatch(
    world: &Shared,
    call: &Call,
    caller: &Caller,
) -> Option<Result<Value, GraphError>> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let answer = match (&call.method, segments.as_slice()) {
        (&Method::GET, [id, "media"]) => list(world, call, caller, (id, List::Media)),
        (&Method::GET, [id, "stories"]) => list(world, call, caller, (id, List::Stories)),
        (&Method::GET, [id, "tags"]) => list(world, call, caller, (id, List::Tags)),
        (&Method::GET, [id, "children"]) => children(world, call, caller, id),
        (&Method::GET, [id, "insights"]) => insights::run(world, call, caller, id),
        _ => return None,
    };
    Some(answer.map_err(|error| error.at(call.host)))
}

/// `GET /{account}/media`, `/stories`, `/tags`
fn list(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    (id, what): (&str, List),
) -> Result<Value, GraphError> {
    let edge = call.segments.last().map_or("", String::as_str);
    let state = world.lock();
    own(&state, call, caller, (id, edge))?;
    need(caller)?;
    let page = Page::asked(call)?;
    let now_ms = world.clock().now_ms();
    let mut all: Vec<&Media> = state
        .media
        .values()
        .filter(|media| what.has(media, &caller.account, now_ms) && page.holds(media))
        .collect();
    all.sort_by(|one, other| (other.timestamp_ms, &other.id).cmp(&(one.timestamp_ms, &one.id)));
    all.truncate(NEWEST);
    let view = View {
        world,
        state: &state,
        call,
        caller,
    };
    page.answer(world, &view, &all, &asked(call)?)
}

/// `GET /{media}/children`: the files of a carousel; of anything else there are none.
fn children(world: &Shared, call: &Call, caller: &Caller, id: &str) -> Result<Value, GraphError> {
    need(caller)?;
    let state = world.lock();
    let media = find(world, &state, caller, id)?;
    let view = View {
        world,
        state: &state,
        call,
        caller,
    };
    Ok(json!({"data": view.children(media, &asked(call)?)?}))
}

/// A media by its id; `None` if there is none of this account.
pub(super) fn node(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Option<Result<Value, GraphError>> {
    let state = world.lock();
    let media = find(world, &state, caller, id).ok()?;
    let view = View {
        world,
        state: &state,
        call,
        caller,
    };
    let answer = need(caller)
        .and_then(|()| asked(call))
        .and_then(|fields| view.media(media, &fields));
    Some(answer.map_err(|error| error.at(call.host)))
}

/// A media of the caller's account that can be seen now.
pub(super) fn find<'a>(
    world: &Shared,
    state: &'a State,
    caller: &Caller,
    id: &str,
) -> Result<&'a Media, GraphError> {
    state
        .media_of(&caller.account, id, world.clock().now_ms())
        .ok_or_else(|| GraphError::no_object(id))
}

/// Whether `id` is the Instagram account itself; its Page has none of these edges.
pub(super) fn own(
    state: &State,
    call: &Call,
    caller: &Caller,
    (id, edge): (&str, &str),
) -> Result<(), GraphError> {
    let account = state
        .accounts
        .get(&caller.account)
        .filter(|account| auth::is_own(account, id))
        .ok_or_else(|| GraphError::no_object(id).at(call.host))?;
    if caller.login == Login::Facebook && id != account.id {
        return Err(no_field(edge, "Page"));
    }
    Ok(())
}

fn need(caller: &Caller) -> Result<(), GraphError> {
    caller.need("instagram_basic", "instagram_business_basic")
}

/// The asked fields; without any, rows are bare ids.
fn asked(call: &Call) -> Result<Vec<Field>, GraphError> {
    fields::parse(&call.params.text("fields").unwrap_or_default())
}

impl Call {
    /// The address of this call with another query.
    pub(super) fn address(&self, world: &Shared, query: &str) -> String {
        let host = match self.host {
            Host::Facebook => "graph.facebook.com",
            Host::Instagram => "graph.instagram.com",
        };
        let version = self
            .version
            .as_deref()
            .unwrap_or(&world.options().graph_version);
        let path = self.segments.join("/");
        format!("{}/{host}/{version}/{path}?{query}", world.base_url())
    }
}
