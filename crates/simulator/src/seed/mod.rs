//! A professional account that looks real: made from a number and the clock, or read from a JSON file.
//! Everything that the Graph answers about media and insights comes from here, so that a script can
//! compare each answer with `GET /_sim/seed`.

mod audience;
mod captions;
mod days;
mod dice;
mod numbers;
mod posts;
pub(crate) mod shape;

use std::path::Path;
use std::sync::Arc;

use crate::world::State;
use crate::world::account::{About, Account};
use crate::world::media::Media;
use crate::world::pacific;
use crate::{Options, StartError};
use days::Scale;
use dice::Dice;
use posts::Ids;
use shape::{Numbers, Seed, SeedAccount, SeedFile};

/// The second account, whose 80 followers are too few for several insights.
const SMALL_ACCOUNT: &str = "17841400000000080";
const SMALL_PAGE: &str = "100000000000080";

/// Reads a seed file.
pub(crate) fn load(path: &Path) -> Result<SeedFile, StartError> {
    let wrong = |why: String| StartError::SeedFile {
        path: path.display().to_string(),
        why,
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// The accounts that exist when nobody gives a file.
pub(crate) fn made(options: &Options, now_ms: i64) -> SeedFile {
    let large = SeedAccount {
        id: options.account_id.clone(),
        page_id: options.page_id.clone(),
        username: "gramophone".into(),
        name: "Gramophone".into(),
        biography: "Cozinha de verdade, viagem de mochila 🍞✈️\nReceitas toda terça e quinta"
            .into(),
        website: "https://gramophone.example/".into(),
        account_type: "BUSINESS".into(),
        follows_count: 412,
        ..SeedAccount::default()
    };
    let small = SeedAccount {
        id: SMALL_ACCOUNT.into(),
        page_id: SMALL_PAGE.into(),
        username: "padaria.da.esquina".into(),
        name: "Padaria da Esquina".into(),
        biography: "Pão quentinho às 6h e às 17h".into(),
        account_type: "BUSINESS".into(),
        follows_count: 38,
        ..SeedAccount::default()
    };
    let scale = |reach, followers| Scale { reach, followers };
    SeedFile {
        first: one(
            options.seed,
            large,
            scale((1_450, 4_300), 21_480),
            1_000,
            now_ms,
        ),
        others: vec![one(options.seed, small, scale((9, 21), 80), 110, now_ms)],
    }
}

fn one(number: u64, account: SeedAccount, scale: Scale, posts: u64, now_ms: i64) -> Seed {
    let place = |what: &str| Dice::new(number, &format!("{}/{what}", account.id));
    let today = pacific::day_of(now_ms);
    let (mut of_days, mut of_posts) = (place("days"), place("posts"));
    let (mut of_stories, mut of_people) = (place("stories"), place("people"));
    let small = account.id == SMALL_ACCOUNT;
    let mut seed = Seed {
        account,
        ..Seed::default()
    };
    seed.days = days::days(&mut of_days, today, scale, &seed.rules);
    seed.account.followers_count = scale.followers;
    seed.account.professional_since = pacific::start_ms(pacific::plus(today, -734));
    let mut ids = Ids::from(if small {
        17_910_000_000_000_000
    } else {
        17_900_000_000_000_000
    });
    posts::posts(&mut of_posts, &mut ids, &mut seed, now_ms, posts);
    if !small {
        posts::stories(&mut of_stories, &mut ids, &mut seed, now_ms);
        posts::tagged(&mut of_stories, &mut ids, &mut seed, now_ms);
    }
    let yesterday = pacific::plus(today, -1).to_string();
    let last = seed
        .days
        .iter()
        .position(|day| day.date == yesterday)
        .unwrap_or(0);
    let unique = |metric: &str, count: usize| {
        let from = (last + 1).saturating_sub(count);
        let values: Vec<u64> = seed.days[from..=last]
            .iter()
            .filter_map(|day| day.value(metric))
            .collect();
        seed.rules.unique(&values)
    };
    let engaged = (
        unique("accounts_engaged", 7),
        unique("accounts_engaged", 30),
    );
    let reached = (unique("reach", 7), unique("reach", 30));
    seed.audience = audience::audience(&mut of_people, scale.followers, engaged, reached);
    seed
}

impl State {
    /// Gives the seed's accounts everything that the Graph shows of them. The first one has its tokens already;
    /// the others get the same with the last two digits of their id: `SIM-PAGE-TOKEN-80`.
    pub(crate) fn plant(&mut self, options: &Options, file: &SeedFile) {
        self.plant_one(options, &file.first);
        for other in &file.others {
            let id = self.plant_one(options, other);
            let tail = id.get(id.len().saturating_sub(2)..).unwrap_or_default();
            for like in [&options.page_token, &options.instagram_token] {
                if let Some(mut token) = self.tokens.get(like).cloned() {
                    token.account.clone_from(&id);
                    self.tokens.insert(format!("{like}-{tail}"), token);
                }
            }
        }
    }

    fn plant_one(&mut self, options: &Options, seed: &Seed) -> String {
        let given = &seed.account;
        let or = |given: &str, usual: &str| if given.is_empty() { usual } else { given }.to_owned();
        let id = or(&given.id, &options.account_id);
        let account = self.accounts.entry(id.clone()).or_insert_with(|| {
            Account::new(&id, &or(&given.page_id, &options.page_id), "gramophone")
        });
        account.page_id = or(&given.page_id, &account.page_id);
        account.app_scoped_id = or(&given.app_scoped_id, &account.app_scoped_id);
        account.username = or(&given.username, &account.username);
        account.name = or(&given.name, &account.name);
        account.about = About {
            biography: given.biography.clone(),
            website: given.website.clone(),
            account_type: or(&given.account_type, "BUSINESS"),
            professional_since_ms: given.professional_since,
            followers_count: given.followers_count,
            follows_count: given.follows_count,
            media_count: 0,
        };
        account.numbers = Arc::new(Numbers::new(seed));
        let lists = [&seed.media, &seed.children, &seed.stories, &seed.tagged];
        for media in lists.into_iter().flatten() {
            let media = Media {
                account: id.clone(),
                ..media.clone()
            };
            self.media.insert(media.id.clone(), media);
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::media::{MediaType, Product};

    const NOW_MS: i64 = 1_795_000_000_000;

    fn seed() -> SeedFile {
        made(&Options::default(), NOW_MS)
    }

    #[test]
    fn it_looks_real() {
        let seed = seed().first;
        assert!(
            (300..700).contains(&seed.media.len()),
            "{}",
            seed.media.len()
        );
        for (kind, product) in [
            (MediaType::Image, Product::Feed),
            (MediaType::CarouselAlbum, Product::Feed),
            (MediaType::Video, Product::Reels),
        ] {
            let count = seed
                .media
                .iter()
                .filter(|media| media.media_type == kind && media.media_product_type == product)
                .count();
            assert!(count > 50, "{kind:?}: {count}");
        }
        assert!(seed.media.iter().any(|media| media.caption.is_none()));
        assert!(seed.media.iter().any(|media| media.licensed_audio));
        assert!(seed.media.iter().any(|media| media.like_count_hidden));
        let old = seed
            .media
            .iter()
            .filter(|media| media.timestamp_ms < seed.account.professional_since);
        assert_eq!(old.count(), 1, "one is older than the professional account");
        assert!(seed.audience.follower.country.len() > 45);
        assert!(seed.audience.follower.gender["U"] > 0);
        assert!(seed.audience.engaged.this_week.people() >= 100);
        assert!(seed.audience.follower.people() <= seed.account.followers_count);
        let mut ids: Vec<&str> = [&seed.media, &seed.children, &seed.stories, &seed.tagged]
            .into_iter()
            .flatten()
            .map(|media| media.id.as_str())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "no id comes twice");
    }

    #[test]
    fn the_same_number_and_hour_make_the_same_account() {
        let text = |seed: &SeedFile| serde_json::to_string(seed).unwrap();
        assert_eq!(text(&seed()), text(&seed()));
        let other = made(
            &Options {
                seed: 2,
                ..Options::default()
            },
            NOW_MS,
        );
        assert_ne!(text(&seed()), text(&other));
    }

    #[test]
    fn a_file_says_the_same_as_the_account_it_was_made_of() {
        let before = serde_json::to_value(seed()).unwrap();
        let read: SeedFile = serde_json::from_value(before.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), before);
        assert_eq!(seed().others[0].account.followers_count, 80);
    }
}
