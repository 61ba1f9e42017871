//! Other people's accounts and posts, as business discovery, hashtag search and mentions show them.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::State;
use super::media::{MediaType, Product, short_code};

const DAY_MS: i64 = 24 * 3_600_000;
/// Unique hashtags an account may ask for in a week
/// (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-hashtag-search>, 2026-11).
pub(crate) const TAGS_A_WEEK: usize = 30;
pub(crate) const TAG_WEEK_MS: i64 = 7 * DAY_MS;

/// Whether discovery shows an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    #[default]
    Professional,
    /// Answered like an account that does not exist.
    Personal,
    /// Only adults may see it, and an app is nobody's age.
    AgeGated,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) biography: String,
    pub(crate) website: String,
    pub(crate) followers_count: u64,
    pub(crate) follows_count: u64,
    pub(crate) standing: Standing,
    pub(crate) media: Vec<Post>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) caption: String,
    pub(crate) at_ms: i64,
    pub(crate) media_type: MediaType,
    pub(crate) media_product_type: Product,
    /// Absent: the owner hides it.
    pub(crate) like_count: Option<u64>,
    pub(crate) comments_count: u64,
    pub(crate) view_count: Option<u64>,
    /// Music that somebody else owns, or downloads are off: no `media_url`.
    pub(crate) no_media_url: bool,
}

impl Post {
    pub(crate) fn permalink(&self) -> String {
        let segment = if self.media_product_type == Product::Reels {
            "reel"
        } else {
            "p"
        };
        format!(
            "https://www.instagram.com/{segment}/{}/",
            short_code(&self.id)
        )
    }

    pub(crate) fn place(&self) -> (i64, &str) {
        (self.at_ms, &self.id)
    }

    /// Whether the caption carries this hashtag, written as one.
    pub(crate) fn is_tagged(&self, tag: &str) -> bool {
        tags_of(&self.caption).any(|one| one == tag)
    }
}

/// The hashtags of a caption in small letters.
pub(crate) fn tags_of(caption: &str) -> impl Iterator<Item = String> + '_ {
    caption.split('#').skip(1).filter_map(|rest| {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let tag = rest[..end.unwrap_or(rest.len())].to_lowercase();
        (!tag.is_empty()).then_some(tag)
    })
}

/// Somebody's comment or caption that names the account.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) account: String,
    pub(crate) media: String,
    pub(crate) comment: Option<String>,
    pub(crate) username: String,
    pub(crate) text: String,
    pub(crate) at_ms: i64,
    /// What the account answered.
    pub(crate) answers: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Public {
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) mentions: Vec<Mention>,
    /// The app holds the feature Instagram Public Content Access.
    pub(crate) hashtag_access: bool,
    /// Hashtags that exist beside those in captions.
    pub(crate) tags: Vec<String>,
    /// Account -> hashtag -> when it was first asked for in its week.
    asked: HashMap<String, BTreeMap<String, i64>>,
    /// How far a list of posts of a hashtag has been read: the cursor is the same on every page.
    pub(crate) read: HashMap<(String, String, String), usize>,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            profiles: BTreeMap::new(),
            mentions: Vec::new(),
            hashtag_access: true,
            tags: Vec::new(),
            asked: HashMap::new(),
            read: HashMap::new(),
        }
    }
}

impl Public {
    pub(crate) fn profile(&self, username: &str) -> Option<&Profile> {
        self.profiles.get(&username.to_lowercase())
    }

    pub(crate) fn add(&mut self, mut profile: Profile) {
        profile.media.sort_by(|a, b| b.place().cmp(&a.place()));
        self.profiles
            .insert(profile.username.to_lowercase(), profile);
    }

    fn posts(&self) -> impl Iterator<Item = &Post> {
        let open = |profile: &&Profile| profile.standing == Standing::Professional;
        self.profiles
            .values()
            .filter(open)
            .flat_map(|one| &one.media)
    }

    /// Public posts with this hashtag.
    pub(crate) fn tagged(&self, tag: &str) -> Vec<&Post> {
        self.posts().filter(|post| post.is_tagged(tag)).collect()
    }

    pub(crate) fn tag_exists(&self, tag: &str) -> bool {
        self.tags.iter().any(|known| known == tag) || self.posts().any(|post| post.is_tagged(tag))
    }

    pub(crate) fn tag_of_id(&self, id: &str) -> Option<String> {
        let in_captions = self.posts().flat_map(|post| tags_of(&post.caption));
        self.tags
            .iter()
            .cloned()
            .chain(in_captions)
            .find(|tag| tag_id(tag) == id)
    }

    /// Counts a hashtag unless 30 others were asked for within the week. Asking again is free and
    /// does not begin the week anew.
    pub(crate) fn ask(&mut self, account: &str, tag: &str, now_ms: i64) -> bool {
        let asked = self.asked.entry(account.to_owned()).or_default();
        asked.retain(|_, since| now_ms - *since < TAG_WEEK_MS);
        if !asked.contains_key(tag) && asked.len() >= TAGS_A_WEEK {
            return false;
        }
        asked.entry(tag.to_owned()).or_insert(now_ms);
        true
    }

    /// What the account asked for within the week, newest first.
    pub(crate) fn asked_by(&self, account: &str, now_ms: i64) -> Vec<String> {
        let mut tags: Vec<(i64, String)> = self
            .asked
            .get(account)
            .into_iter()
            .flatten()
            .filter(|(_, since)| now_ms - **since < TAG_WEEK_MS)
            .map(|(tag, since)| (*since, tag.clone()))
            .collect();
        tags.sort_by(|a, b| b.cmp(a));
        tags.into_iter().map(|(_, tag)| tag).collect()
    }
}

/// The id of a hashtag, the same for everybody and for good.
pub(crate) fn tag_id(tag: &str) -> String {
    let mixed = Sha256::digest(tag.as_bytes());
    let number = mixed[..5]
        .iter()
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("1784{number:013}")
}

impl State {
    /// Other people and what they said, as of the first moment.
    pub(crate) fn seed_others(&mut self, now_ms: i64) {
        self.public = seeded(now_ms);
        self.seed_comments(now_ms);
    }
}

/// Accounts to discover from the first moment on: two shops with much and little to show, a person, a bar.
fn seeded(now_ms: i64) -> Public {
    let mut public = Public::default();
    let words = [
        "#vinil da semana",
        "Prensagem de 1974 #vinil #mpb",
        "Loja cheia hoje",
        "#gramofone restaurado",
    ];
    for (number, username, name, posts, standing) in [
        (
            1,
            "discos.do_mar",
            "Discos do Mar",
            60,
            Standing::Professional,
        ),
        (
            2,
            "vitrola_antiga",
            "Vitrola Antiga",
            7,
            Standing::Professional,
        ),
        (3, "maria.so_olha", "Maria", 3, Standing::Personal),
        (4, "bar_da_esquina", "Bar da Esquina", 9, Standing::AgeGated),
    ] {
        let media = (0..posts)
            .map(|at| post(number, at, words, now_ms))
            .collect();
        public.add(Profile {
            id: format!("178414990000000{number:02}"),
            username: username.into(),
            name: name.into(),
            biography: format!("{name}, desde 1998"),
            website: format!("https://{}.example/", username.replace(['.', '_'], "-")),
            followers_count: 48_211 / number,
            follows_count: 310 + number,
            standing,
            media,
        });
    }
    public.tags = vec!["semnenhumpost".into()];
    public
}

fn post(owner: u64, at: u64, words: [&str; 4], now_ms: i64) -> Post {
    let turn = usize::try_from(at % 4).unwrap_or(0);
    let (media_type, media_product_type) = match turn {
        0 => (MediaType::Video, Product::Reels),
        1 => (MediaType::CarouselAlbum, Product::Feed),
        _ => (MediaType::Image, Product::Feed),
    };
    let age_ms = 7 * 3_600_000 + i64::try_from(at).unwrap_or(0) * 31 * 3_600_000;
    let at_ms = now_ms - age_ms;
    Post {
        id: format!("1799900{owner:02}{at:08}"),
        caption: format!("{} ({})", words[turn], at + 1),
        at_ms: at_ms - at_ms.rem_euclid(1_000),
        media_type,
        media_product_type,
        like_count: (at % 11 != 10).then_some(120 + at * 37 % 900),
        comments_count: at * 7 % 40,
        view_count: (media_product_type == Product::Reels).then_some(2_000 + at * 911 % 30_000),
        no_media_url: at % 5 == 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_hashtags_a_week_and_a_repeat_is_free() {
        let mut public = Public::default();
        for number in 0..30 {
            assert!(public.ask("1", &format!("t{number}"), 1_000 + number));
        }
        assert!(!public.ask("1", "one_more", 5_000));
        assert!(public.ask("1", "t3", 5_000));
        assert!(
            public.ask("2", "one_more", 5_000),
            "each account has its own"
        );
        assert!(public.ask("1", "one_more", 1_000 + TAG_WEEK_MS));
        assert_eq!(public.asked_by("1", 1_000 + TAG_WEEK_MS).len(), 30);
    }

    #[test]
    fn hashtags_are_read_from_captions() {
        let tags: Vec<String> = tags_of("Oi #Vinil, #mpb_70!x # fim#é").collect();
        assert_eq!(tags, ["vinil", "mpb_70", "é"]);
        assert_eq!(tag_id("vinil"), tag_id("vinil"));
        assert_eq!(tag_id("vinil").len(), 17);
    }
}
