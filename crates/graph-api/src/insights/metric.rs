//! The metrics as data: which product has which, in which login family, and whether its values may be added up.
//!
//! Longer than other files: it is the two tables and what reads them, and a table is best read whole.

use crate::client::Login;

/// What a number is about. Meta calls the first three `media_product_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surface {
    /// Posts and albums; ads count as such.
    Feed,
    /// Reels.
    Reels,
    /// Stories, for their 24 hours.
    Story,
    /// The account.
    Account,
    /// The account's own fields, of which some are not to be had in each family.
    Profile,
}

impl Surface {
    /// From `media_product_type`; without it (it is marked as Facebook Login only) the address tells a reel.
    pub fn of_media(product_type: Option<&str>, permalink: Option<&str>) -> Self {
        match product_type.map(str::to_ascii_uppercase).as_deref() {
            Some("REELS") => Self::Reels,
            Some("STORY") => Self::Story,
            Some(_) => Self::Feed,
            None => match permalink {
                Some(address) if address.contains("/reel/") => Self::Reels,
                Some(address) if address.contains("/stories/") => Self::Story,
                _ => Self::Feed,
            },
        }
    }

    /// Whether it is something that was published.
    pub fn is_media(self) -> bool {
        matches!(self, Self::Feed | Self::Reels | Self::Story)
    }

    /// The word for stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Reels => "reels",
            Self::Story => "story",
            Self::Account => "account",
            Self::Profile => "profile",
        }
    }

    /// The surface of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Feed,
            Self::Reels,
            Self::Story,
            Self::Account,
            Self::Profile,
        ]
        .into_iter()
        .find(|surface| surface.as_str() == word)
    }
}

/// Which login an account came through: some numbers exist in one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Instagram Login, graph.instagram.com.
    Instagram,
    /// Facebook Login, graph.facebook.com.
    Facebook,
}

impl Family {
    /// The word for stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::Facebook => "facebook",
        }
    }

    /// The family of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Instagram, Self::Facebook]
            .into_iter()
            .find(|family| family.as_str() == word)
    }
}

impl From<&Login> for Family {
    fn from(login: &Login) -> Self {
        match login {
            Login::Facebook { .. } => Self::Facebook,
            Login::Instagram => Self::Instagram,
        }
    }
}

/// What a number counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Times or heads.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Percent, with a fraction.
    Percent,
}

/// Whether values of several days or slices may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// Events: their sum is their number.
    Allowed,
    /// Unique people: whoever came on two days would be counted twice (measured: 10.2 M against 6.5 M true).
    Never,
}

/// A number of a post, reel or story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaMetric {
    /// Meta's name.
    pub name: &'static str,
    /// Where it exists.
    pub surfaces: &'static [Surface],
    /// The only family that has it, if not both.
    pub family: Option<Family>,
    /// What it counts in.
    pub unit: Unit,
    /// A refusal says something about this one post (never shared to Facebook), not about the metric.
    pub by_post: bool,
}

use Surface::{Feed, Reels, Story};

const ALL: &[Surface] = &[Feed, Reels, Story];
const POSTS: &[Surface] = &[Feed, Reels];

const fn media(name: &'static str, surfaces: &'static [Surface]) -> MediaMetric {
    MediaMetric {
        name,
        surfaces,
        family: None,
        unit: Unit::Count,
        by_post: false,
    }
}

/// Numbers of media. `impressions`, `plays` and `video_views` are gone and are not here; `views` took their place.
/// <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights> (read 2026-09-11)
#[rustfmt::skip]
pub const MEDIA: &[MediaMetric] = &[
    media("views", ALL),
    media("reach", ALL),
    media("likes", POSTS),
    media("comments", POSTS),
    media("saved", POSTS),
    media("shares", ALL),
    media("total_interactions", ALL),
    // Since 2025-12-03.
    media("reposts", ALL),
    media("follows", &[Feed, Story]),
    media("profile_visits", &[Feed, Story]),
    media("profile_activity", &[Feed, Story]),
    media("navigation", &[Story]),
    media("replies", &[Story]),
    // Since 2026-06-22.
    MediaMetric { family: Some(Family::Facebook), ..media("link_clicks", &[Story]) },
    MediaMetric { unit: Unit::Milliseconds, ..media("ig_reels_avg_watch_time", &[Reels]) },
    MediaMetric { unit: Unit::Milliseconds, ..media("ig_reels_video_view_total_time", &[Reels]) },
    // Since 2025-12-03.
    MediaMetric { unit: Unit::Percent, ..media("reels_skip_rate", &[Reels]) },
    MediaMetric { by_post: true, ..media("crossposted_views", &[Reels]) },
    MediaMetric { by_post: true, ..media("facebook_views", ALL) },
];

/// What fits posts and reels alike, so that a page of both can carry its numbers along.
pub const LIST: &[&str] = &[
    "views",
    "reach",
    "likes",
    "comments",
    "saved",
    "shares",
    "total_interactions",
];

/// What a story is asked for with a list of stories.
const STORY: &[&str] = &[
    "views",
    "reach",
    "shares",
    "replies",
    "total_interactions",
    "navigation",
];

/// The six names of the old document, each with the metric of today that stands behind it.
pub const DOCUMENT: &[(&str, &str)] = &[
    ("impressions", "views"),
    ("reach", "reach"),
    ("likes", "likes"),
    ("comments", "comments"),
    ("shares", "shares"),
    ("saves", "saved"),
];

/// What media of this surface are asked for where nobody names metrics.
pub fn for_surface(surface: Surface) -> &'static [&'static str] {
    match surface {
        Surface::Story => STORY,
        _ => LIST,
    }
}

/// A number of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountMetric {
    /// Meta's name.
    pub name: &'static str,
    /// It comes as a value for each day (`metric_type=time_series`).
    pub series: bool,
    /// It comes as one value for a window (`metric_type=total_value`).
    pub total: bool,
    /// Whether days may be added up.
    pub sum: Sum,
    /// Fewest followers of an account that gets it.
    pub followers: u32,
    /// Not in Meta's table any more, still answered: may go any day.
    pub fading: bool,
}

const fn total(name: &'static str) -> AccountMetric {
    AccountMetric {
        name,
        series: false,
        total: true,
        sum: Sum::Allowed,
        followers: 0,
        fading: false,
    }
}

/// Numbers of the account.
/// <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)
#[rustfmt::skip]
pub const ACCOUNT: &[AccountMetric] = &[
    AccountMetric { series: true, sum: Sum::Never, ..total("reach") },
    // How many came anew that day; only the last thirty days.
    AccountMetric { series: true, total: false, followers: 100, fading: true, ..total("follower_count") },
    total("views"),
    AccountMetric { sum: Sum::Never, ..total("accounts_engaged") },
    total("total_interactions"),
    total("likes"),
    total("comments"),
    total("shares"),
    total("saves"),
    total("replies"),
    total("reposts"),
    total("profile_links_taps"),
    AccountMetric { followers: 100, ..total("follows_and_unfollows") },
    // The series of these two went with v21; the totals are answered, but in no table.
    AccountMetric { fading: true, ..total("profile_views") },
    AccountMetric { fading: true, ..total("website_clicks") },
];

/// The media metric of this name.
pub fn media_metric(name: &str) -> Option<&'static MediaMetric> {
    MEDIA.iter().find(|metric| metric.name == name)
}

/// The account metric of this name.
pub fn account_metric(name: &str) -> Option<&'static AccountMetric> {
    ACCOUNT.iter().find(|metric| metric.name == name)
}

/// The sum of a metric's values over days; none where a sum would be a lie.
pub fn add_up(metric: &str, values: impl IntoIterator<Item = i64>) -> Option<i64> {
    match account_metric(metric)?.sum {
        Sum::Allowed => Some(values.into_iter().sum()),
        Sum::Never => None,
    }
}

/// Title and description for a number that Meta sent without, or that we made.
pub fn words(name: &str) -> (&'static str, &'static str) {
    match name {
        "views" => ("Views", "How often it was played or displayed."),
        "impressions" => (
            "Impressions",
            "How often it was displayed. Meta counts views instead since 2024; replays count too.",
        ),
        "reach" => ("Reach", "Unique accounts that saw it, estimated."),
        "likes" => ("Likes", "Number of likes."),
        "comments" => ("Comments", "Number of comments."),
        "saved" | "saves" => ("Saves", "How often it was saved."),
        "shares" => ("Shares", "How often it was shared."),
        "total_interactions" => (
            "Interactions",
            "Likes, comments, saves and shares, less what was taken back.",
        ),
        "follower_count" => ("Followers", "All followers at this moment."),
        "new_followers" => ("New followers", "Followers that came on that day."),
        "website_clicks" => ("Website clicks", "Taps on the link in the profile."),
        "profile_views" => ("Profile views", "How often the profile was opened."),
        "accounts_engaged" => (
            "Accounts engaged",
            "Unique accounts that interacted, estimated.",
        ),
        "profile_links_taps" => ("Profile link taps", "Taps on the profile's buttons."),
        "replies" => ("Replies", "Replies to stories."),
        "navigation" => ("Navigation", "Taps and swipes within the story."),
        "follower_demographics" => ("Followers by group", "Who the followers are."),
        "engaged_audience_demographics" => ("Engaged by group", "Who interacted."),
        "reached_audience_demographics" => ("Reached by group", "Who was reached."),
        _ => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_carries_along_fits_posts_and_reels() {
        for name in LIST {
            let metric = media_metric(name).unwrap();
            assert!(POSTS.iter().all(|s| metric.surfaces.contains(s)), "{name}");
            assert!(!metric.by_post && metric.family.is_none(), "{name}");
        }
        for name in STORY {
            assert!(
                media_metric(name).unwrap().surfaces.contains(&Story),
                "{name}"
            );
        }
    }

    #[test]
    fn every_name_of_the_document_stands_on_a_metric_of_today() {
        for (name, metric) in DOCUMENT {
            assert!(LIST.contains(metric), "{name}");
            assert_ne!(words(name).0, "", "{name}");
        }
        assert!(media_metric("impressions").is_none());
    }

    #[test]
    fn people_are_never_added_up() {
        assert_eq!(add_up("reach", [1, 2]), None);
        assert_eq!(add_up("accounts_engaged", [1, 2]), None);
        assert_eq!(add_up("likes", [1, 2]), Some(3));
        assert_eq!(add_up("no_such_metric", [1]), None);
    }

    #[test]
    fn a_product_is_told_without_its_word() {
        let cases = [
            (Some("REELS"), None, Reels),
            (Some("reels"), None, Reels),
            (Some("AD"), None, Feed),
            (None, Some("https://www.instagram.com/reel/Abc/"), Reels),
            (None, Some("https://www.instagram.com/stories/a/1/"), Story),
            (None, Some("https://www.instagram.com/p/Abc/"), Feed),
            (None, None, Feed),
        ];
        for (product, permalink, surface) in cases {
            assert_eq!(Surface::of_media(product, permalink), surface);
            assert_eq!(Surface::from_word(surface.as_str()), Some(surface));
        }
    }
}
