//! What a person shares: a sample as the attachments that Meta would send for it.

use serde::Deserialize;
use serde_json::Value;

use super::Refused;
use crate::world::Shared;
use crate::world::thread::Part;

/// `{code, as, url, double}`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareIn {
    code: String,
    /// `ig_reel`, `ig_post`, `share` or `reel`; absent: by what the sample is.
    #[serde(rename = "as")]
    kind: Option<String>,
    /// `cdn` or `permalink`; absent: `cdn`.
    url: Option<String>,
    /// The same share a second time as `share`, as between 2025-11 and 2026-02.
    #[serde(default)]
    double: bool,
    /// `false` leaves the caption out.
    #[serde(default = "yes")]
    title: bool,
}

fn yes() -> bool {
    true
}

pub(super) fn parts(world: &Shared, share: &ShareIn) -> Result<Vec<Part>, Refused> {
    let sample = world.samples().get(&share.code).ok_or_else(|| {
        Refused::missing(format!(
            "there is no sample {}; GET /_sim/reels lists them",
            share.code
        ))
    })?;
    let is_reel = sample.kind.as_str() == "reel";
    let kind = share
        .kind
        .as_deref()
        .unwrap_or(if is_reel { "ig_reel" } else { "ig_post" });
    let asset = world.sample_asset(
        &share.code,
        None,
        if is_reel { "video/mp4" } else { "image/jpeg" },
    );
    let mut part = Part::bare(kind);
    part.title = (share.title && kind != "share").then(|| sample.caption.clone());
    part.media_id = match kind {
        "ig_reel" | "reel" => Some(("reel_video_id", asset.id.clone())),
        "ig_post" => Some(("ig_post_media_id", asset.id.clone())),
        "share" => None,
        _ => return Err(Refused::bad("as is ig_reel, ig_post, reel or share")),
    };
    match share.url.as_deref() {
        None | Some("cdn") => part.asset = Some(asset.id.clone()),
        Some("permalink") => {
            let folder = if is_reel { "reel" } else { "p" };
            part.link = Some(format!(
                "https://www.instagram.com/{folder}/{}/",
                share.code
            ));
        }
        Some(_) => return Err(Refused::bad("url is cdn or permalink")),
    }
    let mut parts = vec![part];
    if share.double {
        let mut twin = parts[0].clone();
        "share".clone_into(&mut twin.kind);
        parts.insert(0, twin);
    }
    Ok(parts)
}

/// `{type, code?, item?, url?, title?, payload?}`: media that a person sends directly.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttachmentIn {
    #[serde(rename = "type")]
    kind: String,
    /// A sample whose file it is.
    code: Option<String>,
    item: Option<usize>,
    /// Any address instead.
    url: Option<String>,
    title: Option<String>,
    payload: Option<Value>,
}

pub(super) fn attachment(world: &Shared, input: AttachmentIn) -> Result<Part, Refused> {
    let mut part = Part::bare(&input.kind);
    part.link = input.url;
    part.title = input.title;
    part.payload = input.payload;
    if let Some(code) = input.code {
        if world.samples().get(&code).is_none() {
            return Err(Refused::missing(format!(
                "there is no sample {code}; GET /_sim/reels lists them"
            )));
        }
        let mime = if input.kind == "image" {
            "image/jpeg"
        } else {
            "video/mp4"
        };
        part.asset = Some(world.sample_asset(&code, input.item, mime).id.clone());
    }
    Ok(part)
}
