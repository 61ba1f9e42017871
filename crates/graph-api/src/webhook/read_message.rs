//! The `message` object of an item, read leniently: a part that is odd is left out, and the rest
//! of the message stands.

use super::event::Kind;
use super::item::mid;
use super::lenient::{flag, items, owned_word, pick, text};
use super::message::{Attachment, Message, Referral, ReplyTo};
use serde_json::value::RawValue;

pub(super) fn message_kind(raw: &RawValue, from_account: bool) -> Option<Kind> {
    let [
        id,
        body,
        attachments,
        reply_to,
        quick_reply,
        referral,
        echo,
        own,
        deleted,
        unsupported,
    ] = pick(
        raw,
        [
            "mid",
            "text",
            "attachments",
            "reply_to",
            "quick_reply",
            "referral",
            "is_echo",
            "is_self",
            "is_deleted",
            "is_unsupported",
        ],
    )
    .ok()?;
    if flag(deleted) {
        return mid(id).map(|mid| Kind::Deleted { mid });
    }
    let message = Message {
        mid: mid(id),
        text: text(body),
        attachments: attachments.map(read_attachments).unwrap_or_default(),
        reply_to: reply_to.and_then(read_reply_to),
        quick_reply: quick_reply
            .and_then(|raw| pick(raw, ["payload"]).ok())
            .and_then(|[payload]| text(payload)),
        referral: referral.and_then(read_referral),
        // Meta marks its echoes; a sender who is the account tells as much.
        is_echo: flag(echo) || from_account,
        is_self: flag(own),
        is_unsupported: flag(unsupported),
    };
    Some(if message.is_echo {
        Kind::Echo(message)
    } else {
        Kind::Message(message)
    })
}

fn read_attachments(raw: &RawValue) -> Vec<Attachment> {
    items(raw).into_iter().filter_map(read_attachment).collect()
}

fn read_attachment(raw: &RawValue) -> Option<Attachment> {
    let [kind, payload] = pick(raw, ["type", "payload"]).ok()?;
    let mut attachment = Attachment {
        kind: text(kind).unwrap_or_default(),
        ..Default::default()
    };
    let names = [
        "url",
        "title",
        "ig_post_media_id",
        "reel_video_id",
        "story_media_id",
        "story_media_url",
    ];
    if let Some([url, title, post, reel, story, story_url]) =
        payload.and_then(|payload| pick(payload, names).ok())
    {
        attachment.url = text(url).or_else(|| text(story_url));
        attachment.title = text(title);
        attachment.media_id = owned_word(post.or(reel).or(story));
    }
    Some(attachment)
}

fn read_reply_to(raw: &RawValue) -> Option<ReplyTo> {
    let [id, own, story] = pick(raw, ["mid", "is_self_reply", "story"]).ok()?;
    if let Some([url, id, sticker]) =
        story.and_then(|story| pick(story, ["url", "id", "link_sticker_url"]).ok())
    {
        let link_sticker_url = text(sticker);
        return Some(ReplyTo::Story {
            url: text(url),
            id: owned_word(id),
            link_sticker_url,
        });
    }
    Some(ReplyTo::Message {
        mid: mid(id)?,
        is_self_reply: flag(own),
    })
}

pub(super) fn read_referral(raw: &RawValue) -> Option<Referral> {
    let [r#ref, source, r#type, ad_id, product] =
        pick(raw, ["ref", "source", "type", "ad_id", "product"]).ok()?;
    let product_id = product
        .and_then(|product| pick(product, ["id"]).ok())
        .and_then(|[product_id]| owned_word(product_id));
    Some(Referral {
        r#ref: text(r#ref),
        source: text(source),
        r#type: text(r#type),
        ad_id: owned_word(ad_id),
        product_id,
    })
}
