//! Two years of posts and the stories of today, with one of every case that clients stumble over.

use super::captions::caption;
use super::dice::Dice;
use super::numbers::count;
use super::shape::Seed;
use crate::world::media::{Media, MediaType, Product};
use crate::world::pacific;

const HOUR_MS: i64 = 3_600_000;

/// Posts a day in per mille, Monday first.
const RHYTHM: [u64; 7] = [480, 560, 620, 700, 640, 380, 520];

/// Samples that are played for a reel.
const REELS: [&str; 8] = [
    "CPaoCaseiro",
    "DPlantaVerd",
    "FCoffeeBrew",
    "EMoneyHabit",
    "FTravelPack",
    "COceanTides",
    "CBeatSunset",
    "CSilentCity",
];
const PHOTO: &str = "FPhotoStill";

/// Gives out ids that grow with time, as Meta's do.
#[derive(Debug)]
pub(super) struct Ids {
    next: u64,
}

impl Ids {
    /// Ids above `base`, a number of 17 digits.
    pub(super) fn from(base: u64) -> Self {
        Self { next: base }
    }

    fn next(&mut self, dice: &mut Dice) -> String {
        self.next += dice.between(1_000, 90_000);
        self.next.to_string()
    }
}

/// Posts of the last `days` days; `permille` thins them out for a small account.
pub(super) fn posts(dice: &mut Dice, ids: &mut Ids, seed: &mut Seed, now_ms: i64, permille: u64) {
    let today = pacific::day_of(now_ms);
    // The oldest one is from before the account became professional.
    one(
        dice,
        ids,
        seed,
        pacific::start_ms(pacific::plus(today, -738)),
    );
    for back in (0..730).rev() {
        let date = pacific::plus(today, -back);
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        if dice.chance(RHYTHM[weekday] * permille / 1_000) {
            one(dice, ids, seed, pacific::start_ms(date));
        }
    }
    // What would be in the future was not posted.
    seed.media.retain(|media| media.timestamp_ms < now_ms);
    seed.media.reverse();
    let listed: std::collections::BTreeSet<&str> =
        seed.media.iter().map(|media| media.id.as_str()).collect();
    seed.children.retain(|child| {
        child
            .parent
            .as_deref()
            .is_some_and(|parent| listed.contains(parent))
    });
    odd_ones(seed);
}

/// One post, some time between breakfast and late evening in Brazil.
fn one(dice: &mut Dice, ids: &mut Ids, seed: &mut Seed, day_ms: i64) {
    let minutes = i64::try_from(dice.between(3 * 60, 19 * 60)).unwrap_or(0);
    let id = ids.next(dice);
    let mut media = Media::new(&id, "", day_ms + minutes * 60_000);
    let kind = dice.between(0, 99);
    let username = seed.account.username.clone();
    media = match kind {
        0..=43 => media.posted_as(MediaType::Video, Product::Reels, &username),
        44..=73 => media.posted_as(MediaType::Image, Product::Feed, &username),
        _ => media.posted_as(MediaType::CarouselAlbum, Product::Feed, &username),
    };
    media.caption = caption(dice);
    match media.media_type {
        MediaType::Video => {
            media.sample = dice.pick(&REELS).map(|code| (*code).to_owned());
            media.is_shared_to_feed = dice.chance(850);
            media.crossposted = dice.chance(300);
        }
        MediaType::Image => {
            media.sample = Some(PHOTO.into());
            media.alt_text = dice.chance(250).then(|| "Foto do post".to_owned());
        }
        MediaType::CarouselAlbum => {
            media.sample = Some(PHOTO.into());
            children(dice, ids, seed, &mut media);
        }
    }
    let reach = reach(dice, seed, media.timestamp_ms, media.media_product_type);
    count(dice, &mut media, reach);
    seed.media.push(media);
}

fn children(dice: &mut Dice, ids: &mut Ids, seed: &mut Seed, album: &mut Media) {
    for _ in 0..dice.between(2, 6) {
        let id = ids.next(dice);
        let mut child = Media::new(&id, "", album.timestamp_ms);
        child.parent = Some(album.id.clone());
        if dice.chance(180) {
            child.media_type = MediaType::Video;
            child.sample = dice.pick(&REELS).map(|code| (*code).to_owned());
        } else {
            child.sample = Some(PHOTO.into());
        }
        album.children.push(id);
        seed.children.push(child);
    }
}

/// People who saw a post: some of that day's followers, and now and then the whole country.
fn reach(dice: &mut Dice, seed: &Seed, at_ms: i64, product: Product) -> u64 {
    let date = pacific::day_of(at_ms).to_string();
    let followers = seed
        .days
        .binary_search_by(|day| day.date.cmp(&date))
        .ok()
        .and_then(|at| seed.days.get(at))
        .map_or(seed.account.followers_count, |day| day.followers);
    let lucky = product == Product::Reels && dice.chance(40);
    let (low, high) = match product {
        Product::Reels if lucky => (2_500, 9_000),
        Product::Reels => (180, 900),
        Product::Story => (60, 140),
        Product::Feed | Product::Ad => (140, 520),
    };
    followers * dice.between(low, high) / 1_000 + dice.between(6, 24)
}

/// One of each case: hidden likes, licensed music, no caption, comments off, made by a machine, no numbers yet.
fn odd_ones(seed: &mut Seed) {
    let reel = |media: &&mut Media| media.media_product_type == Product::Reels;
    if let Some(media) = seed.media.iter_mut().filter(reel).nth(2) {
        media.licensed_audio = true;
    }
    if let Some(media) = seed.media.iter_mut().filter(reel).nth(4) {
        media.is_ai_generated = true;
    }
    let picture = |media: &&mut Media| media.media_type == MediaType::Image;
    if let Some(media) = seed.media.iter_mut().filter(picture).nth(1) {
        media.like_count_hidden = true;
    }
    if let Some(media) = seed.media.iter_mut().filter(picture).nth(2) {
        media.caption = None;
    }
    if let Some(media) = seed.media.iter_mut().filter(picture).nth(5) {
        media.comment_enabled = false;
    }
}

/// Stories of the last hours, of which one has hardly any viewers, and one that is over.
pub(super) fn stories(dice: &mut Dice, ids: &mut Ids, seed: &mut Seed, now_ms: i64) {
    let hour_ms = now_ms - now_ms.rem_euclid(HOUR_MS);
    for (hours, kind, few) in [
        (30, MediaType::Image, false),
        (20, MediaType::Video, false),
        (11, MediaType::Image, false),
        (5, MediaType::Video, false),
        (1, MediaType::Image, true),
    ] {
        let id = ids.next(dice);
        let mut story = Media::new(&id, "", hour_ms - hours * HOUR_MS).posted_as(
            kind,
            Product::Story,
            &seed.account.username,
        );
        story.sample = match kind {
            MediaType::Video => dice.pick(&REELS).map(|code| (*code).to_owned()),
            _ => Some(PHOTO.into()),
        };
        let reach = if few {
            3
        } else {
            reach(dice, seed, story.timestamp_ms, Product::Story)
        };
        count(dice, &mut story, reach);
        seed.stories.push(story);
    }
    seed.stories.reverse();
}

/// Posts of others that tag the account.
pub(super) fn tagged(dice: &mut Dice, ids: &mut Ids, seed: &mut Seed, now_ms: i64) {
    for (by, text) in [
        ("varanda.viva", "Inspirada na @gramophone hoje 🌿"),
        (
            "nina.na.cozinha",
            "Receita da @gramophone, testada e aprovada!",
        ),
        ("rota.livre", "Dica da @gramophone salvou a viagem ✈️"),
    ] {
        let days = i64::try_from(dice.between(2, 90)).unwrap_or(2);
        let id = ids.next(dice);
        let mut media = Media::new(
            &id,
            "",
            now_ms - now_ms.rem_euclid(HOUR_MS) - days * 24 * HOUR_MS,
        );
        media.caption = Some(text.into());
        media.tagged_by = Some(by.into());
        media.sample = Some(PHOTO.into());
        media.like_count = dice.between(20, 900);
        media.comments_count = dice.between(0, 40);
        seed.tagged.push(media);
    }
}
