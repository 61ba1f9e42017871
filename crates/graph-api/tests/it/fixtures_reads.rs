//! Calls that read profiles, media and numbers: each request is the pinned one, and each pinned answer means what it
//! says.

use graph_api::client::{Credentials, Login};
use graph_api::endpoint::account::{AccountDemographics, AccountInsights, Cut, GetProfile};
use graph_api::endpoint::media::{Edge, GetChildren, GetMedia, ListMedia, Media, MediaInsights};
use graph_api::error::{ErrorKind, classify};
use graph_api::insights::{
    Axis, LIST, Span, Surface, Timeframe, counts, for_surface, online_hours,
};
use graph_api::request::Endpoint as _;
use serde_json::json;

use crate::fixtures::{ACCOUNT, one};
use crate::writes::{credentials, is_pinned_for, read};

const POST: &str = "17900000000000201";
const REEL: &str = "17900000000000202";
const ALBUM: &str = "17900000000000203";
const STORY: &str = "17900000000000204";
/// Three Pacific days of winter, from midnight to midnight.
const SPAN: Span = Span {
    since_s: 1_765_180_800,
    until_s: 1_765_440_000,
};

fn by_instagram() -> Credentials {
    Credentials {
        login: Login::Instagram,
        ..credentials()
    }
}

fn list(edge: Edge, limit: u32) -> ListMedia {
    ListMedia {
        edge,
        limit,
        after: None,
        since_s: None,
        until_s: None,
        children: true,
        insights: Vec::new(),
    }
}

fn numbers(media: &str, metrics: &[&str]) -> MediaInsights {
    MediaInsights {
        media: media.into(),
        metrics: metrics.iter().map(|&metric| metric.to_owned()).collect(),
        breakdown: None,
    }
}

fn of_account(metric: &str, cut: Cut) -> AccountInsights {
    AccountInsights {
        metrics: vec![metric.to_owned()],
        cut,
        span: Some(SPAN),
        breakdown: None,
    }
}

fn audience(timeframe: Option<Timeframe>) -> AccountDemographics {
    AccountDemographics {
        metrics: vec!["engaged_audience_demographics".to_owned()],
        axis: Axis::Gender,
        timeframe,
    }
}

/// The same in both families, but for the profile: the account is named by its id in each.
#[test]
fn calls_that_read_are_the_pinned_ones() {
    let profile = GetProfile { more: true };
    is_pinned_for(&credentials(), "profile-facebook-login", &profile);
    is_pinned_for(&by_instagram(), "profile-instagram-login", &profile);
    for family in [credentials(), by_instagram()] {
        let page = ListMedia {
            after: Some("QVFIlast".to_owned()),
            ..list(Edge::Media, 25)
        };
        is_pinned_for(&family, "media-list", &page);
        let with_numbers = ListMedia {
            insights: LIST.to_vec(),
            ..list(Edge::Media, 50)
        };
        is_pinned_for(&family, "media-list-insights", &with_numbers);
        is_pinned_for(&family, "stories", &list(Edge::Stories, 50));
        let bare = ListMedia {
            children: false,
            ..list(Edge::Media, 50)
        };
        let fields = bare.request(&family).query[0].1.clone();
        assert!(fields.starts_with("id,caption,") && !fields.contains("children"));
        let media = GetMedia {
            media: REEL.into(),
            insights: Vec::new(),
        };
        is_pinned_for(&family, "media", &media);
        let album = GetChildren {
            media: ALBUM.into(),
        };
        is_pinned_for(&family, "media-children", &album);
    }
}

#[test]
fn calls_for_numbers_are_the_pinned_ones() {
    let with = |more: &[&'static str]| [LIST, more].concat();
    let reel = with(&[
        "ig_reels_avg_watch_time",
        "ig_reels_video_view_total_time",
        "reels_skip_rate",
    ]);
    let feed = with(&["follows", "profile_visits"]);
    let navigation = MediaInsights {
        breakdown: Some("story_navigation_action_type"),
        ..numbers(STORY, &["navigation"])
    };
    let split = |by| AccountInsights {
        breakdown: Some(by),
        ..of_account("reach", Cut::Total)
    };
    let follows = AccountInsights {
        metrics: vec!["follows_and_unfollows".to_owned()],
        span: None,
        ..split("follow_type")
    };
    for family in [credentials(), by_instagram()] {
        let story = numbers(STORY, for_surface(Surface::Story));
        is_pinned_for(&family, "media-insights-story", &story);
        is_pinned_for(&family, "media-insights-reel", &numbers(REEL, &reel));
        is_pinned_for(&family, "media-insights-feed", &numbers(POST, &feed));
        is_pinned_for(&family, "media-insights-story-navigation", &navigation);
        let series = of_account("reach", Cut::Series("day"));
        is_pinned_for(&family, "account-insights-series", &series);
        let online = of_account("online_followers", Cut::Series("lifetime"));
        is_pinned_for(&family, "account-insights-online", &online);
        let total = split("media_product_type");
        is_pinned_for(&family, "account-insights-total", &total);
        is_pinned_for(&family, "account-insights-follows", &follows);
        let month = audience(Some(Timeframe::ThisMonth));
        is_pinned_for(&family, "demographics", &month);
        is_pinned_for(&family, "demographics-without-timeframe", &audience(None));
    }
}

#[tokio::test]
async fn profiles_mean_what_they_say_in_both_families() {
    let profile = GetProfile { more: true };
    let by_page = read("profile-facebook-login", &profile).await;
    let alone = read("profile-instagram-login", &profile).await;
    assert_eq!(by_page.id, ACCOUNT);
    assert_eq!(alone.id, "9000000000000001");
    assert_eq!(by_page.account_type, None);
    assert_eq!(alone.account_type.as_deref(), Some("Business"));
    for profile in [by_page, alone] {
        assert_eq!(profile.user_id, ACCOUNT);
        assert_eq!(profile.username.as_deref(), Some("gramophone"));
        let counts = (
            profile.followers_count,
            profile.follows_count,
            profile.media_count,
        );
        assert_eq!(counts, (Some(1290), Some(87), Some(34)));
        assert!(profile.biography.is_some() && profile.website.is_some());
    }
}

#[tokio::test]
async fn lists_of_media_mean_what_they_say() {
    let page = read("media-list", &list(Edge::Media, 25)).await;
    assert_eq!(page.after.as_deref(), Some("QVFIlast"));
    assert!(!format!("{page:?}").contains("EAAfixture"), "the token");
    let kinds: Vec<Surface> = page.data.iter().map(Media::surface).collect();
    assert_eq!(kinds, [Surface::Feed, Surface::Reels, Surface::Feed]);
    let [post, reel, album] = page.data.as_slice() else {
        panic!("{page:?}");
    };
    assert_eq!((post.id.as_str(), post.like_count), (POST, Some(41)));
    assert!(post.alt_text.is_some() && post.thumbnail_url.is_none() && post.insights.is_none());
    assert_eq!(reel.is_shared_to_feed, Some(true));
    assert_eq!(album.children.len(), 2);
    let last = read("media-list-last-page", &list(Edge::Media, 25)).await;
    assert_eq!((last.after, last.data.len()), (None, 1));
    let stories = read("stories", &list(Edge::Stories, 50)).await;
    assert_eq!(stories.data[0].surface(), Surface::Story);
    assert_eq!(stories.data[0].caption, None);
}

#[tokio::test]
async fn a_list_carries_its_numbers_along_where_meta_gives_them() {
    let call = ListMedia {
        insights: LIST.to_vec(),
        ..list(Edge::Media, 50)
    };
    let page = read("media-list-insights", &call).await;
    let reach = page.data[0].insights.as_ref().unwrap();
    assert_eq!(reach.len(), LIST.len());
    assert_eq!(reach[1].number(), Some(json!(1210)));
    assert_eq!(page.data[1].insights.as_ref().unwrap().len(), LIST.len());
    assert_eq!(page.data[2].insights, None, "left out, which is not empty");
}

#[tokio::test]
async fn media_mean_what_they_say() {
    let call = GetMedia {
        media: REEL.into(),
        insights: Vec::new(),
    };
    let reel = read("media", &call).await;
    assert_eq!((reel.id.as_str(), reel.surface()), (REEL, Surface::Reels));
    assert!(reel.media_url.is_some() && reel.like_count.is_some());
    let withheld = read("media-withheld", &call).await;
    assert_eq!((withheld.media_url, withheld.like_count), (None, None));
    let call = GetChildren {
        media: ALBUM.into(),
    };
    let children = read("media-children", &call).await;
    assert_eq!(children[0].thumbnail_url, None);
    assert!(children[1].thumbnail_url.is_some());
}

#[tokio::test]
async fn numbers_of_media_mean_what_they_say() {
    let feed = read("media-insights-feed", &numbers(POST, &["views"])).await;
    assert_eq!(feed.get("follows").unwrap().number(), Some(json!(2)));
    let reel = read("media-insights-reel", &numbers(REEL, &["views"])).await;
    let rate = reel.get("reels_skip_rate").unwrap().number();
    assert_eq!(rate, Some(json!(9.2)), "a share has a fraction");
    let story = read("media-insights-story", &numbers(STORY, &["views"])).await;
    for metric in for_surface(Surface::Story) {
        assert!(story.get(metric).unwrap().number().is_some(), "{metric}");
    }
    let call = numbers(STORY, &["navigation"]);
    let navigation = read("media-insights-story-navigation", &call).await;
    let taps = navigation.get("navigation").unwrap();
    assert_eq!(taps.number(), Some(json!(190)));
    let split = &taps.total_value.as_ref().unwrap().breakdowns[0];
    assert_eq!(split.dimension_keys, ["story_navigation_action_type"]);
    assert_eq!(split.results[1].dimension_values, ["tap_back"]);
}

#[tokio::test]
async fn numbers_of_the_account_mean_what_they_say() {
    let series = of_account("reach", Cut::Series("day"));
    let series = read("account-insights-series", &series).await;
    assert!(!format!("{series:?}").contains("EAAfixture"), "the token");
    let reach = series.get("reach").unwrap();
    let ends: Vec<_> = reach.values.iter().map(|v| v.end_time.as_deref()).collect();
    assert_eq!(ends[2], Some("2025-12-11T08:00:00+0000"));
    assert_eq!((ends.len(), reach.total_value.is_none()), (3, true));
    let online = of_account("online_followers", Cut::Series("lifetime"));
    let online = read("account-insights-online", &online).await;
    let days = &online.get("online_followers").unwrap().values;
    let hours = online_hours(&days[2].value);
    assert_eq!((hours.len(), hours[&0], hours[&20]), (24, 41, 138));
    let total = of_account("reach", Cut::Total);
    let total = read("account-insights-total", &total).await;
    let reach = total.get("reach").unwrap();
    assert_eq!(reach.number(), Some(json!(812)));
    let split = &reach.total_value.as_ref().unwrap().breakdowns[0];
    assert_eq!(split.results.len(), 3);
    let late = of_account("follows_and_unfollows", Cut::Total);
    let late = read("account-insights-follows-late", &late).await;
    let late = late.get("follows_and_unfollows").unwrap();
    assert_eq!(late.number(), None, "not there yet is not zero");
    let split = &late.total_value.as_ref().unwrap().breakdowns[0];
    assert_eq!(split.results, []);
}

#[tokio::test]
async fn an_audience_is_found_wherever_its_dimension_stands() {
    for name in ["demographics", "demographics-without-timeframe"] {
        let people = read(name, &audience(None)).await;
        let groups = counts(&people.data[0], Axis::Gender);
        let groups: Vec<(&str, i64)> = groups.iter().map(|(g, n)| (g.as_str(), *n)).collect();
        assert_eq!(groups, [("F", 90), ("M", 70), ("U", 11)], "{name}");
    }
    let none = read("demographics-none", &audience(None)).await;
    assert_eq!(none.data, []);
}

#[test]
fn refused_numbers_are_told_apart() {
    let kind = |name: &str| {
        let error = one(name)["body"]["error"].clone();
        classify(
            error["code"].as_i64().unwrap(),
            error["error_subcode"].as_i64(),
        )
    };
    assert_eq!(
        kind("error-media-before-business"),
        ErrorKind::BeforeBusiness
    );
    for name in [
        "account-metric-type",
        "account-window",
        "media-metric-refused",
    ] {
        let found = kind(&format!("error-{name}"));
        assert_eq!(found, ErrorKind::BadRequest, "{name}");
    }
    assert_eq!(kind("error-story-few-viewers"), ErrorKind::Permission);
}
