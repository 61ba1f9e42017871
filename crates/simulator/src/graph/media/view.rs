//! How a media is shown: field by field, as asked, with what each log-in's host knows
//! (<https://developers.facebook.com/docs/instagram-platform/reference/instagram-media>, 2026-11).

use serde_json::{Map, Value, json};

use crate::graph::auth::Caller;
use crate::graph::call::Call;
use crate::graph::comments;
use crate::graph::conversations::no_field;
use crate::graph::error::GraphError;
use crate::graph::fields::Field;
use crate::graph::insights;
use crate::world::account::Login;
use crate::world::clock::iso;
use crate::world::insight_rules::Expansion;
use crate::world::media::{Media, MediaType, Product};
use crate::world::{Shared, State};

/// Turns media into answers.
#[derive(Clone, Copy)]
pub(in crate::graph) struct View<'a> {
    pub(in crate::graph) world: &'a Shared,
    pub(in crate::graph) state: &'a State,
    pub(in crate::graph) call: &'a Call,
    pub(in crate::graph) caller: &'a Caller,
}

impl View<'_> {
    /// The asked fields and always the id.
    pub(in crate::graph) fn media(
        &self,
        media: &Media,
        fields: &[Field],
    ) -> Result<Value, GraphError> {
        let mut object = Map::new();
        for field in fields.iter().filter(|field| field.name != "id") {
            if let Some(value) = self.field(media, field)? {
                object.insert(field.name.clone(), value);
            }
        }
        object.insert("id".into(), media.id.clone().into());
        Ok(object.into())
    }

    /// A row of a list: whether its missing insights fail the list is open at Meta.
    pub(in crate::graph) fn row(
        &self,
        media: &Media,
        fields: &[Field],
    ) -> Result<Value, GraphError> {
        for field in fields.iter().filter(|field| field.name == "insights") {
            // A name that Meta does not know fails every list.
            insights::check(self.state, self.caller, &insights::Asked::field(field))?;
        }
        if self.state.insights.expansion == Expansion::Fails {
            return self.media(media, fields);
        }
        let kept: Vec<Field> = fields
            .iter()
            .filter(|field| field.name != "insights" || self.insights(media, field).is_ok())
            .cloned()
            .collect();
        self.media(media, &kept)
    }

    /// The files of a carousel.
    pub(in crate::graph) fn children(
        &self,
        media: &Media,
        fields: &[Field],
    ) -> Result<Vec<Value>, GraphError> {
        media
            .children
            .iter()
            .filter_map(|id| self.state.media.get(id))
            .map(|child| self.media(child, fields))
            .collect()
    }

    fn insights(&self, media: &Media, field: &Field) -> Result<Value, GraphError> {
        insights::of_media(
            self.state,
            self.caller,
            media,
            &insights::Asked::field(field),
        )
    }

    /// A post without comments lacks the key, as everywhere in the Graph.
    fn comments(&self, media: &Media, field: &Field) -> Result<Option<Value>, GraphError> {
        let caller = (self.call, self.caller);
        let page = comments::expanded(self.world, self.state, caller, &media.id, field)?;
        let empty = page["data"].as_array().is_none_or(Vec::is_empty);
        Ok((!empty).then_some(page))
    }

    /// `None`: Meta leaves the field out.
    fn field(&self, media: &Media, field: &Field) -> Result<Option<Value>, GraphError> {
        let child = media.parent.is_some();
        Ok(match field.name.as_str() {
            "media_url" => self.media_url(media),
            "thumbnail_url" => self.thumbnail(media),
            // "Some fields, such as permalink, cannot be used on photos within albums" (same page).
            "permalink" => (!child).then(|| media.permalink.clone().into()),
            "shortcode" => (!child).then(|| media.shortcode.clone().into()),
            "media_type" => Some(json!(media.media_type)),
            "timestamp" => Some(iso(media.timestamp_ms).into()),
            "username" => Some(self.username(media)),
            "owner" if media.tagged_by.is_none() => Some(json!({"id": media.account})),
            "owner" => None,
            "legacy_instagram_media_id" => Some(format!("3{}", &media.id).into()),
            "children" if media.children.is_empty() => None,
            "children" => Some(json!({"data": self.children(media, &field.fields)?})),
            "insights" => Some(self.insights(media, field)?),
            "comments" if child => None,
            "comments" => self.comments(media, field)?,
            // A file inside a carousel has no words and no counts of its own.
            name if child && is_post_field(name) => None,
            "caption" => media.caption.clone().map(Value::from),
            "media_product_type" => Some(json!(media.media_product_type)),
            "like_count" => (!media.like_count_hidden).then(|| media.like_count.into()),
            "comments_count" => Some(media.comments_count.into()),
            "is_comment_enabled" => Some(media.comment_enabled.into()),
            "is_shared_to_feed" => {
                (media.media_product_type == Product::Reels).then(|| media.is_shared_to_feed.into())
            }
            "alt_text" => media.alt_text.clone().map(Value::from),
            "is_ai_generated" => Some(media.is_ai_generated.into()),
            "media_audio_type" => (media.media_type == MediaType::Video).then(|| {
                let kind = if media.licensed_audio {
                    "LICENSED_MUSIC"
                } else {
                    "ORIGINAL_SOUND"
                };
                kind.into()
            }),
            name => return self.facebook_only(media, name),
        })
    }

    /// Fields of the Facebook flavour (same page).
    fn facebook_only(&self, media: &Media, name: &str) -> Result<Option<Value>, GraphError> {
        let unknown = || no_field(name, "ShadowIGMedia").at(self.call.host);
        if self.caller.login != Login::Facebook {
            return Err(unknown());
        }
        let metric = |metric: &str| media.metrics.get(metric).cloned().map(Value::Number);
        Ok(match name {
            "ig_id" => Some(format!("3{}", &media.id).into()),
            "reposts_count" => metric("reposts"),
            "saved_count" => metric("saved"),
            "shares_count" => metric("shares"),
            "total_like_count" => metric("total_likes"),
            "total_comments_count" => metric("total_comments"),
            "total_views_count" => metric("total_views").or_else(|| metric("views")),
            "boost_eligibility_info" => Some(json!({"eligible_to_boost": true})),
            "copyright_check_information" if media.media_type == MediaType::Video => Some(json!({
                "status": {"status": "completed", "matches_found": media.licensed_audio},
            })),
            "boost_ads_list" | "copyright_check_information" => None,
            _ => return Err(unknown()),
        })
    }

    fn username(&self, media: &Media) -> Value {
        match &media.tagged_by {
            Some(username) => username.clone().into(),
            None => self
                .state
                .accounts
                .get(&media.account)
                .map(|account| account.username.clone())
                .into(),
        }
    }

    /// Music of others takes the address away, of one's own media too (same page).
    fn media_url(&self, media: &Media) -> Option<Value> {
        if media.licensed_audio {
            return None;
        }
        let asset = match (&media.asset, &media.sample) {
            (Some(asset), _) => asset.clone(),
            (None, Some(code)) => {
                let kind = if media.media_type == MediaType::Video {
                    "video/mp4"
                } else {
                    "image/jpeg"
                };
                self.world.sample_asset(code, None, kind).id.clone()
            }
            (None, None) => return None,
        };
        Some(self.world.cdn_url(&asset).into())
    }

    fn thumbnail(&self, media: &Media) -> Option<Value> {
        if media.media_type != MediaType::Video {
            return None;
        }
        let asset = self.world.sample_asset("FPhotoStill", None, "image/jpeg");
        Some(self.world.cdn_url(&asset.id).into())
    }
}

fn is_post_field(name: &str) -> bool {
    matches!(
        name,
        "caption"
            | "media_product_type"
            | "like_count"
            | "comments_count"
            | "is_comment_enabled"
            | "is_shared_to_feed"
    )
}
