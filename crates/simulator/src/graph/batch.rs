//! Several calls in one: `batch=[…]` at the root, and `ids=a,b` before any path. Each inner call is counted as one
//! (<https://developers.facebook.com/docs/graph-api/batch-requests>, 2026-11).

use axum::body::Bytes;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::call::{Call, id_of};
use super::error::GraphError;
use super::{Host, one};
use crate::fault::{Kind, Subject, error_body};
use crate::world::Shared;

/// Same page.
const MOST_CALLS: usize = 50;

/// Whether the whole answer is made of several calls.
pub(super) fn is_several(call: &Call) -> bool {
    call.host == Host::Facebook
        && ((call.method == Method::POST && call.segments.is_empty() && call.params.has("batch"))
            || (call.method == Method::GET
                && call.segments.len() <= 1
                && call.params.text("ids").is_some()))
}

pub(super) async fn run(world: &Shared, call: &mut Call) -> Result<Value, GraphError> {
    if call.params.has("batch") {
        batch(world, call).await
    } else {
        ids(world, call).await
    }
}

async fn batch(world: &Shared, call: &mut Call) -> Result<Value, GraphError> {
    let items = call.params.list("batch")?.unwrap_or_default();
    if items.is_empty() {
        return Err(GraphError::argument("param batch must not be empty."));
    }
    if items.len() > MOST_CALLS {
        return Err(GraphError::argument(format!(
            "Too many requests in batch message. Maximum batch size is {MOST_CALLS}"
        )));
    }
    if call.token.is_none() {
        return Err(GraphError::no_token(call.host));
    }
    let mut answers = Vec::new();
    for item in &items {
        let answer = match inner(call, item) {
            Ok(mut inner) => {
                let answer = struck(world, &mut inner, item).await;
                call.blocked |= inner.blocked;
                answer
            }
            Err(error) => Some(refused(&error)),
        };
        let silent = item["omit_response_on_success"] == true
            && answer.as_ref().is_some_and(|answer| answer["code"] == 200);
        answers.push(if silent { None } else { answer });
    }
    Ok(json!(answers))
}

/// One entry as a call of its own; it may bring a token of its own.
fn inner(outer: &Call, item: &Value) -> Result<Call, GraphError> {
    let method = item["method"]
        .as_str()
        .and_then(|method| method.to_uppercase().parse::<Method>().ok())
        .ok_or_else(|| GraphError::argument("Each entry of a batch needs a method"))?;
    let relative = item["relative_url"]
        .as_str()
        .ok_or_else(|| GraphError::argument("Each entry of a batch needs a relative_url"))?;
    if relative.contains("{result=") {
        return Err(GraphError::argument(
            "References between the entries of a batch are not simulated",
        ));
    }
    let (path, query) = relative
        .split_once('?')
        .map_or((relative, None), |(path, query)| (path, Some(query)));
    let mut call = Call::new(outer.host, method, path);
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let body = Bytes::from(item["body"].as_str().unwrap_or_default().to_owned());
    call.fill(&headers, query, &body)?;
    call.token = call
        .token
        .or_else(|| id_of(item.get("access_token")))
        .or_else(|| outer.token.clone());
    call.version = call.version.or_else(|| outer.version.clone());
    Ok(call)
}

/// Lets faults strike the entry as they would strike a call of its own. None: not finished in time.
async fn struck(world: &Shared, call: &mut Call, item: &Value) -> Option<Value> {
    let version = call.version.as_deref().unwrap_or("");
    let path = format!("/graph.facebook.com/{version}/{}", call.segments.join("/"));
    let kinds = world.faults().strike(Subject {
        method: call.method.as_str(),
        path: &path,
        body: item["body"].as_str().unwrap_or_default().as_bytes(),
        event: None,
    });
    for (_, kind) in &kinds {
        match kind {
            Kind::Status(answer) => {
                let status = answer.status.unwrap_or(500);
                return Some(shown(status, &HeaderMap::new(), &error_body(answer)));
            }
            Kind::DropThenClose { .. } | Kind::LateApply { .. } => return None,
            _ => {}
        }
    }
    let answer = carried_out(world, call).await;
    for (_, kind) in &kinds {
        match kind {
            Kind::ApplyThenError(answer) => {
                let status = answer.status.unwrap_or(500);
                return Some(shown(status, &HeaderMap::new(), &error_body(answer)));
            }
            Kind::ApplyThenDrop { .. } => return None,
            _ => {}
        }
    }
    Some(answer)
}

async fn carried_out(world: &Shared, call: &mut Call) -> Value {
    let mut caller = None;
    let outcome = one(world, call, None, &mut caller).await;
    let mut headers = HeaderMap::new();
    if let Some(caller) = &caller {
        super::usage::report(world, call, caller, &mut headers);
    }
    match outcome {
        Ok(value) => shown(200, &headers, &value),
        Err(error) => shown(error.status().as_u16(), &headers, &error.body()),
    }
}

fn refused(error: &GraphError) -> Value {
    shown(error.status().as_u16(), &HeaderMap::new(), &error.body())
}

/// An entry's answer: its body is JSON written as text.
fn shown(status: u16, headers: &HeaderMap, body: &Value) -> Value {
    let mut named =
        vec![json!({"name": "Content-Type", "value": "application/json; charset=UTF-8"})];
    named.extend(headers.iter().map(
        |(name, value)| json!({"name": name.as_str(), "value": value.to_str().unwrap_or_default()}),
    ));
    json!({"code": status, "headers": named, "body": body.to_string()})
}

/// The same read of several objects, keyed by id; one that fails fails all.
async fn ids(world: &Shared, call: &mut Call) -> Result<Value, GraphError> {
    let text = call.params.text("ids").unwrap_or_default();
    let ids: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() || ids.len() > MOST_CALLS {
        return Err(GraphError::argument(format!(
            "param ids must name between 1 and {MOST_CALLS} objects"
        )));
    }
    let mut answers = Map::new();
    for id in ids {
        let mut inner = call.clone();
        inner.params.remove("ids");
        inner.segments.insert(0, id.to_owned());
        let outcome = one(world, &mut inner, None, &mut None).await;
        call.blocked |= inner.blocked;
        answers.insert(id.to_owned(), outcome?);
    }
    Ok(answers.into())
}
