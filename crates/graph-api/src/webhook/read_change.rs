//! What only `changes` carries: comments, mentions and the numbers of a story that is over.

use super::event::{Comment, Kind, StoryInsights};
use super::item::Place;
use super::lenient::{id, integer, owned_word, pick, text, word};
use crate::id::Igsid;
use serde_json::value::RawValue;

pub(super) fn comment(place: Place<'_>, raw: &RawValue) -> Option<(Comment, Option<Igsid>)> {
    let [plain, long, body, parent, from, media] = pick(
        raw,
        ["id", "comment_id", "text", "parent_id", "from", "media"],
    )
    .ok()?;
    let from = from.and_then(|from| pick(from, ["id", "username", "self_ig_scoped_id"]).ok());
    let [by, username, own] = from.unwrap_or_default();
    let media = media.and_then(|media| pick(media, ["id", "media_product_type"]).ok());
    let [media_id, product] = media.unwrap_or_default();
    let by = id(by);
    let is_own = by.as_deref().is_some_and(|by| {
        let own = word(own);
        by == place.account || own.is_some_and(|own| own == by || own == place.account)
    });
    let comment = Comment {
        id: owned_word(plain.or(long))?,
        text: text(body),
        parent_id: owned_word(parent),
        username: text(username),
        media_id: owned_word(media_id),
        media_product_type: text(product),
        is_own,
    };
    Some((comment, by.map(|by| Igsid::from(by.into_owned()))))
}

pub(super) fn mention(raw: &RawValue) -> Option<Kind> {
    let [media, comment] = pick(raw, ["media_id", "comment_id"]).ok()?;
    Some(Kind::Mention {
        media_id: owned_word(media)?,
        comment_id: owned_word(comment),
    })
}

pub(super) fn story_insights(raw: &RawValue) -> Option<Kind> {
    let names = [
        "media_id",
        "impressions",
        "reach",
        "taps_forward",
        "taps_back",
        "exits",
        "replies",
    ];
    let [media, impressions, reach, forward, back, exits, replies] = pick(raw, names).ok()?;
    Some(Kind::StoryInsights(StoryInsights {
        media_id: owned_word(media)?,
        impressions: integer(impressions),
        reach: integer(reach),
        taps_forward: integer(forward),
        taps_back: integer(back),
        exits: integer(exits),
        replies: integer(replies),
    }))
}
