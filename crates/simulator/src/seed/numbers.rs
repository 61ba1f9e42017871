//! What people did with one post: every metric of its kind, in proportions that hang together.

use std::collections::BTreeMap;

use serde_json::Number;

use super::days::share;
use super::dice::Dice;
use crate::world::media::{Media, Product};

/// Fills in metrics and counts of a post that so many people saw.
pub(super) fn count(dice: &mut Dice, media: &mut Media, reach: u64) {
    match media.media_product_type {
        Product::Story => story(dice, media, reach),
        Product::Reels => {
            interactions(dice, media, reach, (1_150, 1_900));
            reel(dice, media);
        }
        Product::Feed | Product::Ad => {
            interactions(dice, media, reach, (1_050, 1_450));
            visits(dice, media, reach);
        }
    }
    if media.crossposted {
        let views = number(media, "views");
        let facebook = share(dice, views, 80, 320);
        set(media, "facebook_views", facebook);
        if media.media_product_type == Product::Reels {
            set(media, "crossposted_views", views + facebook);
        }
    }
}

fn interactions(dice: &mut Dice, media: &mut Media, reach: u64, views: (u64, u64)) {
    let likes = share(dice, reach, 28, 92);
    let comments = share(dice, likes, 14, 55);
    let saved = share(dice, likes, 45, 260);
    let shares = share(dice, likes, 35, 230);
    let reposts = share(dice, likes, 4, 30);
    let views = share(dice, reach, views.0, views.1);
    for (name, value) in [
        ("views", views),
        ("reach", reach),
        ("likes", likes),
        ("comments", comments),
        ("saved", saved),
        ("shares", shares),
        ("reposts", reposts),
        (
            "total_interactions",
            likes + comments + saved + shares + reposts,
        ),
        ("total_likes", likes + likes / 50),
        ("total_comments", comments + comments / 40),
    ] {
        set(media, name, value);
    }
    media.like_count = likes;
    media.comments_count = comments;
}

/// Milliseconds, and the share of people who left within three seconds, in per cent.
fn reel(dice: &mut Dice, media: &mut Media) {
    let average = dice.between(3_200, 14_800);
    set(media, "ig_reels_avg_watch_time", average);
    let total = average * number(media, "views");
    set(media, "ig_reels_video_view_total_time", total);
    // Tenths as a float: the division of such small numbers prints as it should.
    let tenths = u32::try_from(dice.between(92, 618)).unwrap_or(92);
    if let Some(rate) = Number::from_f64(f64::from(tenths) / 10.0) {
        media.metrics.insert("reels_skip_rate".into(), rate);
    }
}

fn visits(dice: &mut Dice, media: &mut Media, reach: u64) {
    let visits = share(dice, reach, 9, 34);
    let follows = share(dice, visits, 60, 180);
    set(media, "profile_visits", visits);
    set(media, "follows", follows);
    let actions = [
        ("BIO_LINK_CLICKED", share(dice, visits, 30, 120)),
        ("EMAIL", share(dice, visits, 4, 20)),
        ("DIRECTION", share(dice, visits, 3, 18)),
        ("TEXT", share(dice, visits, 2, 14)),
    ];
    parts(media, "profile_activity", &actions);
}

fn story(dice: &mut Dice, media: &mut Media, reach: u64) {
    let shares = share(dice, reach, 3, 15);
    let replies = share(dice, reach, 2, 14);
    let reposts = share(dice, reach, 0, 4);
    let views = share(dice, reach, 1_040, 1_320);
    for (name, value) in [
        ("views", views),
        ("reach", reach),
        ("shares", shares),
        ("replies", replies),
        ("reposts", reposts),
        ("total_interactions", shares + replies + reposts),
        ("total_views", views + views / 30),
        ("link_clicks", share(dice, reach, 5, 40)),
    ] {
        set(media, name, value);
    }
    visits(dice, media, reach);
    let taps = [
        ("TAP_FORWARD", share(dice, reach, 620, 840)),
        ("TAP_BACK", share(dice, reach, 30, 110)),
        ("TAP_EXIT", share(dice, reach, 60, 170)),
        ("SWIPE_FORWARD", share(dice, reach, 40, 140)),
    ];
    parts(media, "navigation", &taps);
}

/// A metric that is the sum of named parts.
fn parts(media: &mut Media, name: &str, of: &[(&str, u64)]) {
    set(media, name, of.iter().map(|(_, value)| value).sum());
    let of: BTreeMap<String, u64> = of
        .iter()
        .filter(|(_, value)| *value > 0)
        .map(|(part, value)| ((*part).to_owned(), *value))
        .collect();
    media.breakdowns.insert(name.to_owned(), of);
}

fn set(media: &mut Media, name: &str, value: u64) {
    media.metrics.insert(name.to_owned(), value.into());
}

fn number(media: &Media, name: &str) -> u64 {
    media
        .metrics
        .get(name)
        .and_then(Number::as_u64)
        .unwrap_or(0)
}
