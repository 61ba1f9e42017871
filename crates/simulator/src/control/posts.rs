//! Posts and what happens to them: people comment and mention, processing takes its time, other accounts
//! post, and a test looks at what came out.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::events::send;
use super::{Answer, Refused, people};
use crate::graph::comments::told;
use crate::webhook::event::Event;
use crate::world::comment::Comment;
use crate::world::container::Container;
use crate::world::public::{Mention, Profile, tag_id};
use crate::world::{Shared, State as Known};

/// A media that is named nowhere else, for an account that has posted nothing.
const NO_MEDIA: &str = "17900000000000001";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentIn {
    /// The account itself comments when this is its id.
    from: String,
    to: Option<String>,
    text: String,
    /// Absent: the newest post.
    media_id: Option<String>,
    /// `FEED`, `REELS`, `AD`, …, for a media that is not known here.
    media_product_type: Option<String>,
    parent_id: Option<String>,
    #[serde(default)]
    live: bool,
    /// The event is not sent: a webhook that was lost.
    #[serde(default)]
    silent: bool,
}

pub(super) async fn comment(State(world): State<Shared>, Json(input): Json<CommentIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let now_ms = world.clock().now_ms();
    let id = world.new_id("178");
    let mut event = {
        let mut state = world.lock();
        let username = if input.from == account {
            let known = state.accounts.get(&account);
            known
                .map(|known| known.username.clone())
                .unwrap_or_default()
        } else {
            state.person(&input.from).username.clone()
        };
        let newest = || newest(&state, &account, now_ms);
        let media = input.media_id.clone().or_else(newest);
        let comment = Comment {
            id: id.clone(),
            account: account.clone(),
            media: media.unwrap_or_else(|| NO_MEDIA.into()),
            parent: top(&state, input.parent_id),
            person: input.from,
            username,
            text: input.text,
            at_ms: now_ms,
            hidden: false,
            live: input.live,
            likes: 0,
            liked: false,
            replied_privately: false,
        };
        state.add_comment(comment.clone());
        told(&state, &comment)
    };
    if let Some(product) = input.media_product_type {
        event.item["value"]["media"]["media_product_type"] = product.into();
    }
    if input.silent {
        return Ok(Json(json!({"id": id})));
    }
    let Json(mut answer) = send(&world, event);
    answer["id"] = id.into();
    Ok(Json(answer))
}

fn newest(state: &Known, account: &str, now_ms: i64) -> Option<String> {
    let posts = state.media.values();
    posts
        .filter(|media| media.is_listed(account, now_ms))
        .max_by_key(|media| media.timestamp_ms)
        .map(|media| media.id.clone())
}

/// There is one level of replies: what answers a reply stands beside it.
fn top(state: &Known, parent: Option<String>) -> Option<String> {
    let parent = parent?;
    let above = state.comments.get(&parent);
    above
        .and_then(|comment| comment.parent.clone())
        .or(Some(parent))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentChange {
    text: Option<String>,
    likes: Option<u64>,
}

/// Who wrote it changes the text, or people like it. Neither makes a webhook, as at Meta.
pub(super) async fn change(
    State(world): State<Shared>,
    Path(id): Path<String>,
    Json(input): Json<CommentChange>,
) -> Answer {
    let mut state = world.lock();
    let comment = state.comments.get_mut(&id).ok_or_else(|| none(&id))?;
    if let Some(text) = input.text {
        comment.text = text;
    }
    comment.likes = input.likes.unwrap_or(comment.likes);
    Ok(Json(show(comment)))
}

/// Who wrote it takes it away; no webhook either.
pub(super) async fn remove(State(world): State<Shared>, Path(id): Path<String>) -> Answer {
    if world.lock().remove_comment(&id) {
        Ok(Json(json!({"removed": id})))
    } else {
        Err(none(&id))
    }
}

fn none(id: &str) -> Refused {
    Refused::missing(format!(
        "there is no comment {id}; GET /_sim/media shows them"
    ))
}

fn show(comment: &Comment) -> Value {
    json!({
        "id": comment.id,
        "parent_id": comment.parent,
        "from": comment.person,
        "username": comment.username,
        "text": comment.text,
        "at_ms": comment.at_ms,
        "hidden": comment.hidden,
        "likes": comment.likes,
        "liked": comment.liked,
        "replied_privately": comment.replied_privately,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaIn {
    account: Option<String>,
    /// How many, newest first; absent: 50.
    limit: Option<usize>,
}

/// Posts as people see them: the newest first, each with its comments.
pub(super) async fn media(State(world): State<Shared>, Query(input): Query<MediaIn>) -> Answer {
    let account = people::account(&world, input.account.as_deref())?;
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    let mut posts: Vec<_> = state
        .media
        .values()
        .filter(|media| media.account == account && media.parent.is_none())
        .filter(|media| media.is_live(now_ms))
        .collect();
    posts.sort_by(|a, b| (b.timestamp_ms, &b.id).cmp(&(a.timestamp_ms, &a.id)));
    let made = |id: &str| {
        let containers = state.publishing.containers.values();
        let mut found = containers.filter(|one| one.published.as_deref() == Some(id));
        found.next().map(|one| one.id.clone())
    };
    let shown = posts.iter().take(input.limit.unwrap_or(50)).map(|media| {
        let comments: Vec<Value> = state
            .comments
            .values()
            .filter(|comment| comment.media == media.id)
            .map(show)
            .collect();
        let mut value = json!(media);
        value["comments"] = comments.into();
        value["container"] = made(&media.id).into();
        value["liked"] = state.publishing.liked.contains(&media.id).into();
        if let Some(asset) = &media.asset {
            value["file"] = world.cdn_url(asset).into();
        }
        value
    });
    let shown: Vec<Value> = shown.collect();
    Ok(Json(json!({"count": posts.len(), "media": shown})))
}

/// The rules, and every container with where it stands.
pub(super) async fn publishing(State(world): State<Shared>) -> Json<Value> {
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    let show = |one: &Container| {
        json!({
            "id": one.id,
            "account": one.account,
            "kind": one.kind,
            "made_ms": one.made_ms,
            "status_code": one.stage(now_ms).code(),
            "asked": one.asked,
            "trial": one.trial,
            "media": one.published,
        })
    };
    let containers: Vec<Value> = state.publishing.containers.values().map(show).collect();
    Json(json!({"rules": state.publishing.rules, "containers": containers}))
}

/// Changes the rules that are named and leaves the others.
pub(super) async fn rules(State(world): State<Shared>, Json(input): Json<Value>) -> Answer {
    let mut state = world.lock();
    let mut rules = json!(state.publishing.rules);
    if let (Some(rules), Value::Object(input)) = (rules.as_object_mut(), input) {
        rules.extend(input);
    }
    state.publishing.rules =
        serde_json::from_value(rules.clone()).map_err(|error| Refused::bad(error.to_string()))?;
    Ok(Json(rules))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MentionIn {
    to: Option<String>,
    media_id: Option<String>,
    /// Given: the account is named in this comment; absent: in the caption.
    comment_id: Option<String>,
    /// Who names it.
    username: Option<String>,
    text: Option<String>,
}

/// Somebody names the account under a post of their own.
pub(super) async fn mention(State(world): State<Shared>, Json(input): Json<MentionIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let media = input.media_id.unwrap_or_else(|| world.new_id("179"));
    let mut value = json!({"media_id": media});
    if let Some(comment) = &input.comment_id {
        value["comment_id"] = comment.clone().into();
    }
    let mention = {
        let mut state = world.lock();
        let own = state.accounts.get(&account);
        let name = own.map(|own| own.username.clone()).unwrap_or_default();
        let mention = Mention {
            account: account.clone(),
            media,
            comment: input.comment_id,
            username: input.username.unwrap_or_else(|| "discos.do_mar".into()),
            text: input.text.unwrap_or_else(|| format!("Olha isto, @{name}")),
            at_ms: world.clock().now_ms(),
            answers: Vec::new(),
        };
        state.public.mentions.push(mention);
        Event::change(&account, "", "mentions", &value)
    };
    Ok(send(&world, mention))
}

pub(super) async fn mentions(State(world): State<Shared>) -> Json<Value> {
    let state = world.lock();
    let show = |mention: &Mention| {
        let answers = mention.answers.iter();
        let answers: Vec<Value> = answers
            .map(|(id, text)| json!({"id": id, "text": text}))
            .collect();
        json!({
            "account": mention.account,
            "media_id": mention.media,
            "comment_id": mention.comment,
            "username": mention.username,
            "text": mention.text,
            "answers": answers,
        })
    };
    let mentions: Vec<Value> = state.public.mentions.iter().map(show).collect();
    Json(json!({"mentions": mentions}))
}

/// Makes another account, or replaces it with everything it has posted.
pub(super) async fn profile(
    State(world): State<Shared>,
    Json(mut profile): Json<Profile>,
) -> Answer {
    if profile.username.is_empty() {
        return Err(Refused::bad("give the account a username"));
    }
    if profile.id.is_empty() {
        profile.id = world.new_id("1784");
    }
    for post in &mut profile.media {
        if post.id.is_empty() {
            post.id = world.new_id("179");
        }
        if post.at_ms == 0 {
            post.at_ms = world.clock().now_ms();
        }
    }
    let answer = json!(profile);
    world.lock().public.add(profile);
    Ok(Json(answer))
}

pub(super) async fn profiles(State(world): State<Shared>) -> Json<Value> {
    let state = world.lock();
    let profiles: Vec<&Profile> = state.public.profiles.values().collect();
    Json(json!({"profiles": profiles}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HashtagsIn {
    /// Whether the app holds Instagram Public Content Access.
    access: Option<bool>,
    /// Hashtags that exist from now on, with or without posts.
    #[serde(default)]
    add: Vec<String>,
}

pub(super) async fn hashtags(
    State(world): State<Shared>,
    Json(input): Json<HashtagsIn>,
) -> Json<Value> {
    let public = &mut world.lock().public;
    public.hashtag_access = input.access.unwrap_or(public.hashtag_access);
    for tag in input.add {
        let tag = tag.trim_start_matches('#').to_lowercase();
        if !public.tags.contains(&tag) {
            public.tags.push(tag);
        }
    }
    let tags = public.tags.iter();
    let tags: Vec<Value> = tags
        .map(|tag| json!({"name": tag, "id": tag_id(tag)}))
        .collect();
    Json(json!({"access": public.hashtag_access, "tags": tags}))
}
