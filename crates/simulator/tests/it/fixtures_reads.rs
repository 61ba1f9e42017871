//! What is read has the pinned shapes: profiles, media, numbers and audiences, asked for as the pinned requests ask.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fixtures::{fixture, same_error};
use crate::insights::{around, settled};
use crate::pinned::{ask, has_rows, is_like, shape, understood};
use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, World};

const POST: &str = "17900000000000201";
const REEL: &str = "17900000000000202";
const ALBUM: &str = "17900000000000203";
const STORY: &str = "17900000000000204";
const HOSTS: [&str; 2] = [FACEBOOK, INSTAGRAM];

/// Ids of this world for those of the fixtures.
struct Ids {
    post: String,
    reel: String,
    album: String,
    story: String,
}

fn id(media: &Value) -> String {
    media["id"].as_str().unwrap().to_owned()
}

impl Ids {
    async fn of(world: &World) -> Self {
        let seed = world.look("seed").await;
        let media = |list: &str| seed[list].as_array().unwrap().clone();
        // With nothing withheld.
        let first = |key: &str, value: &str| {
            let all = media("media");
            let found = all.iter().find(|media| {
                media[key] == value
                    && media["caption"].is_string()
                    && media["licensed_audio"] != true
                    && media["like_count_hidden"] != true
            });
            id(found.unwrap())
        };
        let has = |album: &str, kind: &str| {
            let children = media("children");
            let mut children = children.iter().filter(|child| child["parent"] == album);
            children.any(|child| child["media_type"] == kind)
        };
        let albums = media("media");
        let albums = albums
            .iter()
            .filter(|media| media["media_type"] == "CAROUSEL_ALBUM");
        let album = albums
            .map(id)
            .find(|album| has(album, "IMAGE") && has(album, "VIDEO"));
        Self {
            post: first("media_type", "IMAGE"),
            reel: first("media_product_type", "REELS"),
            album: album.unwrap(),
            story: id(&seed["stories"][1]),
        }
    }

    fn ours(&self) -> [(&str, &str); 4] {
        [
            (POST, &self.post),
            (REEL, &self.reel),
            (ALBUM, &self.album),
            (STORY, &self.story),
        ]
    }
}

#[tokio::test]
async fn profiles_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    for (host, name) in [
        (FACEBOOK, "profile-facebook-login"),
        (INSTAGRAM, "profile-instagram-login"),
    ] {
        is_like(name, &understood(&world, host, name, &[]).await);
    }
}

#[tokio::test]
async fn lists_of_media_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    for host in HOSTS {
        let mut rows = Vec::new();
        let start = world
            .get(&format!("{host}/{ACCOUNT}/media?limit=1&fields=id"))
            .await;
        let mut body = start.body;
        while body["paging"]["next"].is_string() {
            let cursor = body["paging"]["cursors"]["after"]
                .as_str()
                .unwrap()
                .to_owned();
            body = understood(&world, host, "media-list", &[("QVFIlast", &cursor)]).await;
            rows.extend(body["data"].as_array().unwrap().iter().cloned());
            let last = body["paging"]["next"].is_null();
            let name = if last {
                "media-list-last-page"
            } else {
                "media-list"
            };
            let pinned = &fixture(&format!("answer-{name}"))["body"]["paging"];
            let mut paging = body["paging"].clone();
            if !last {
                paging.as_object_mut().unwrap().remove("previous");
            }
            assert_eq!(shape(&paging), shape(pinned), "{name}");
        }
        has_rows("media-list", &rows);
    }
}

/// Every post with its numbers, page by page.
async fn numbered_rows(world: &World, host: &str) -> Vec<Value> {
    let mut page = understood(world, host, "media-list-insights", &[]).await;
    let mut rows = page["data"].as_array().unwrap().clone();
    while let Some(next) = page["paging"]["next"].as_str() {
        page = world.call(world.client.get(next)).await.body;
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
    }
    rows
}

#[tokio::test]
async fn media_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let ids = Ids::of(&world).await;
    for host in HOSTS {
        let rows = numbered_rows(&world, host).await;
        let pinned = fixture("answer-media-list-insights")["body"]["data"].clone();
        for pinned in &pinned.as_array().unwrap()[..2] {
            let found = rows.iter().any(|row| shape(row) == shape(pinned));
            assert!(found, "{pinned}");
        }
        // Posted before the account was professional.
        let bare = rows.iter().find(|row| row.get("insights").is_none());
        assert!(pinned[2].get("insights").is_none() && bare.is_some());
        let stories = understood(&world, host, "stories", &[]).await;
        has_rows("stories", stories["data"].as_array().unwrap());
        let media = understood(&world, host, "media", &ids.ours()).await;
        is_like("media", &media);
        let children = understood(&world, host, "media-children", &ids.ours()).await;
        is_like("media-children", &children);
    }
}

#[tokio::test]
async fn numbers_of_media_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let ids = Ids::of(&world).await;
    for host in HOSTS {
        for name in [
            "media-insights-feed",
            "media-insights-reel",
            "media-insights-story",
            "media-insights-story-navigation",
        ] {
            let ours = understood(&world, host, name, &ids.ours()).await;
            is_like(name, &ours);
            let theirs = fixture(&format!("answer-{name}"))["body"].clone();
            assert_eq!(names(&ours), names(&theirs), "{name}");
        }
    }
}

/// What an answer's numbers are called, and for how long they hold.
fn names(body: &Value) -> Vec<(Value, Value)> {
    let data = body["data"].as_array().unwrap().iter();
    data.map(|item| (item["name"].clone(), item["period"].clone()))
        .collect()
}

#[tokio::test]
async fn numbers_of_the_account_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let days = settled(&world, &seed, (0, 3)).await;
    let window = around(&days);
    let (since, until) = window.split_once('&').unwrap();
    let ours = [
        ("1765180800", since.strip_prefix("since=").unwrap()),
        ("1765440000", until.strip_prefix("until=").unwrap()),
    ];
    for host in HOSTS {
        for (asked, answered) in [
            ("account-insights-series", "account-insights-series"),
            ("account-insights-online", "account-insights-online"),
            ("account-insights-total", "account-insights-total"),
            ("account-insights-follows", "account-insights-follows-late"),
            ("demographics", "demographics"),
        ] {
            let body = understood(&world, host, asked, &ours).await;
            is_like(answered, &body);
            let theirs = fixture(&format!("answer-{answered}"))["body"].clone();
            assert_eq!(names(&body), names(&theirs), "{asked}");
        }
        let series = understood(&world, host, "account-insights-series", &ours).await;
        assert_eq!(series["data"][0]["values"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn audiences_have_the_pinned_keys() {
    let world = World::without_webhook().await;
    let keys = |body: &Value| {
        let split = body.pointer("/data/0/total_value/breakdowns/0").unwrap();
        split["dimension_keys"].clone()
    };
    let pinned = |name: &str| keys(&fixture(&format!("answer-{name}"))["body"]);
    let body = understood(&world, FACEBOOK, "demographics", &[]).await;
    assert_eq!(keys(&body), pinned("demographics"));
    world.sim("insights", json!({"timeframe": "refused"})).await;
    let bare = "demographics-without-timeframe";
    let body = understood(&world, FACEBOOK, bare, &[]).await;
    is_like(bare, &body);
    assert_eq!(keys(&body), pinned(bare));
    // The account of 80 followers.
    let path = "/me/insights?metric=engaged_audience_demographics&period=lifetime&metric_type=total_value&breakdown=gender";
    let request = world.client.get(world.url(&format!("{INSTAGRAM}{path}")));
    let none = world
        .call(request.bearer_auth("SIM-INSTAGRAM-TOKEN-80"))
        .await;
    is_like("demographics-none", &none.body);
}

/// Sounds of others and hidden likes take fields away, here from one post each.
#[tokio::test]
async fn withheld_fields_are_left_out_as_pinned() {
    let world = World::without_webhook().await;
    let pinned = |name: &str| {
        let body = fixture(&format!("answer-{name}"))["body"].clone();
        body.as_object().unwrap().clone()
    };
    let (whole, less) = (pinned("media"), pinned("media-withheld"));
    let withheld: Vec<&String> = whole
        .keys()
        .filter(|key| !less.contains_key(*key))
        .collect();
    let list = format!("{FACEBOOK}/{ACCOUNT}/media?limit=100&fields=id");
    let mut missing = BTreeSet::new();
    for row in world.get(&list).await.body["data"].as_array().unwrap() {
        let ours = [(REEL, row["id"].as_str().unwrap())];
        let media = understood(&world, FACEBOOK, "media", &ours).await;
        let gone = withheld.iter().filter(|key| media.get(**key).is_none());
        missing.extend(gone.map(|key| key.as_str()));
    }
    assert_eq!(missing, BTreeSet::from(["like_count", "media_url"]));
}

#[tokio::test]
async fn refusals_of_numbers_are_the_pinned_ones() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let ids = Ids::of(&world).await;
    // A reel has no follows; a post has.
    let wrong = [(POST, ids.reel.as_str())];
    let refused = ask(&world, INSTAGRAM, "media-insights-feed", &wrong).await;
    same_error("error-media-metric-refused", &refused);
    let since = seed["account"]["professional_since"].as_str().unwrap();
    let media = seed["media"].as_array().unwrap();
    let old = media
        .iter()
        .find(|media| media["timestamp"].as_str().unwrap() < since);
    let old = [(REEL, old.unwrap()["id"].as_str().unwrap())];
    let refused = ask(&world, FACEBOOK, "media-insights-reel", &old).await;
    same_error("error-media-before-business", &refused);
    let stories = seed["stories"].as_array().unwrap();
    let few = stories.iter().find(|story| story["metrics"]["reach"] == 3);
    let few = [(STORY, few.unwrap()["id"].as_str().unwrap())];
    let refused = ask(&world, FACEBOOK, "media-insights-story", &few).await;
    same_error("error-story-few-viewers", &refused);
    let mixed = format!("{INSTAGRAM}/me/insights?metric=reach,views,profile_views&period=day");
    same_error("error-account-metric-type", &world.get(&mixed).await);
    let days = settled(&world, &seed, (0, 32)).await;
    let long = format!(
        "{INSTAGRAM}/me/insights?metric=reach&period=day&{}",
        around(&days)
    );
    same_error("error-account-window", &world.get(&long).await);
}

#[tokio::test]
async fn a_spent_budget_refuses_what_is_read_as_pinned() {
    let world = World::without_webhook().await;
    world
        .sim(
            "limits",
            json!({"calls_per_hour": 1, "enforce_calls": true}),
        )
        .await;
    let mut refused = ask(&world, FACEBOOK, "media-list-insights", &[]).await;
    if refused.status == 200 {
        refused = ask(&world, FACEBOOK, "media-list-insights", &[]).await;
    }
    same_error("error-rate-instagram", &refused);
}
