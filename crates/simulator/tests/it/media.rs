//! Reading media on both hosts: pages, fields, carousels, stories, tags and what is left out.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, World};

/// A path of the next page, as a client would follow it.
fn path_of(address: &Value, world: &World) -> String {
    address
        .as_str()
        .unwrap()
        .strip_prefix(&format!("{}/", world.simulator.base_url()))
        .unwrap()
        .to_owned()
}

fn ids(answer: &Value) -> Vec<String> {
    let rows = answer["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

fn seeded(seed: &Value, wanted: impl Fn(&Value) -> bool) -> &Value {
    let media = seed["media"].as_array().unwrap();
    media.iter().find(|media| wanted(media)).unwrap()
}

#[tokio::test]
async fn pages_lead_through_every_post_and_back() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let mut listed = Vec::new();
    let mut path = format!("{INSTAGRAM}/me/media?fields=id,timestamp&limit=100");
    let mut pages = 0;
    loop {
        let answer = world.get(&path).await.body;
        listed.extend(ids(&answer));
        pages += 1;
        if answer["paging"]["next"].is_null() {
            break;
        }
        let next = answer["paging"]["next"].as_str().unwrap();
        assert!(
            next.contains("access_token=SIM-INSTAGRAM-TOKEN"),
            "as Meta's do: {next}"
        );
        path = path_of(&answer["paging"]["next"], &world);
    }
    assert_eq!(listed, ids(&json!({"data": seed["media"]})));
    assert_eq!(pages, listed.len().div_ceil(100));
    let usual = world.get(&format!("{FACEBOOK}/{ACCOUNT}/media")).await.body;
    assert_eq!(ids(&usual), listed[..25]);
    assert!(usual["paging"]["previous"].is_null());
    let cursor = usual["paging"]["cursors"]["after"].as_str().unwrap();
    let second = world
        .get(&format!(
            "{FACEBOOK}/{ACCOUNT}/media?limit=10&after={cursor}"
        ))
        .await
        .body;
    assert_eq!(ids(&second), listed[25..35]);
    let back = world
        .get(&path_of(&second["paging"]["previous"], &world))
        .await
        .body;
    assert_eq!(ids(&back), listed[15..25]);
}

#[tokio::test]
async fn a_page_can_be_a_span_of_time_and_arguments_are_checked() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let at = |place: usize| {
        seed["media"][place]["timestamp"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (since, until) = (at(9).replace('+', "%2B"), at(4).replace('+', "%2B"));
    let path = format!("{INSTAGRAM}/me/media?since={since}&until={until}");
    let listed = ids(&world.get(&path).await.body);
    assert_eq!(listed, ids(&json!({"data": seed["media"]}))[4..10]);
    for wrong in ["limit=0", "limit=x", "after=abc", "since=lately"] {
        let answer = world.get(&format!("{INSTAGRAM}/me/media?{wrong}")).await;
        assert_eq!(answer.error(), (100, None), "{wrong}");
        assert_eq!(answer.body["error"]["type"], "IGApiException");
    }
}

#[tokio::test]
async fn fields_say_what_the_seed_says_and_leave_out_what_meta_leaves_out() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let fields = "id,caption,media_type,media_product_type,media_url,thumbnail_url,permalink,shortcode,timestamp,\
                  username,owner,like_count,comments_count,is_comment_enabled,alt_text,is_ai_generated,media_audio_type";
    for host in [INSTAGRAM, FACEBOOK] {
        let path = format!("{host}/{ACCOUNT}/media?fields={fields}&limit=100");
        for row in world.get(&path).await.body["data"].as_array().unwrap() {
            let truth = seeded(&seed, |media| media["id"] == row["id"]);
            for name in [
                "media_type",
                "media_product_type",
                "permalink",
                "timestamp",
                "comments_count",
            ] {
                assert_eq!(row[name], truth[name], "{name}");
            }
            assert_eq!(row.get("caption"), truth.get("caption"));
            assert_eq!(row["owner"], json!({"id": ACCOUNT}));
            let hidden = truth["like_count_hidden"] == true;
            assert_eq!(row.get("like_count").is_none(), hidden);
            assert_eq!(
                row.get("media_url").is_none(),
                truth["licensed_audio"] == true
            );
            assert_eq!(
                row.get("thumbnail_url").is_some(),
                truth["media_type"] == "VIDEO"
            );
        }
    }
    let bare = world
        .get(&format!("{INSTAGRAM}/me/media?limit=1"))
        .await
        .body;
    assert_eq!(bare["data"][0].as_object().unwrap().len(), 1, "bare ids");
}

#[tokio::test]
async fn each_host_knows_its_own_fields() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let media = &seed["media"][0];
    let id = media["id"].as_str().unwrap();
    let path = format!("{FACEBOOK}/{id}?fields=saved_count,shares_count,total_like_count");
    let answer = world.get(&path).await.body;
    assert_eq!(answer["saved_count"], media["metrics"]["saved"]);
    assert_eq!(answer["total_like_count"], media["metrics"]["total_likes"]);
    for (host, field) in [
        (INSTAGRAM, "saved_count"),
        (INSTAGRAM, "video_duration"),
        (FACEBOOK, "video_duration"),
    ] {
        let answer = world.get(&format!("{host}/{id}?fields={field}")).await;
        assert_eq!(answer.error(), (100, None));
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("nonexisting field ({field})")),
            "{message}"
        );
    }
    for wrong in ["17999999999999999", "0"] {
        let answer = world.get(&format!("{INSTAGRAM}/{wrong}?fields=id")).await;
        assert_eq!(answer.error(), (100, Some(33)));
    }
    let of_page = world.get(&format!("{FACEBOOK}/me/media")).await;
    assert_eq!(of_page.error(), (100, None), "a Page has no such edge");
    let others = world.look("seed").await["others"][0]["media"][0]["id"].clone();
    let answer = world
        .get(&format!("{INSTAGRAM}/{}", others.as_str().unwrap()))
        .await;
    assert_eq!(answer.error(), (100, Some(33)), "of another account");
}

#[tokio::test]
async fn a_carousel_opens_into_its_files() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let album = seeded(&seed, |media| media["media_type"] == "CAROUSEL_ALBUM");
    let id = album["id"].as_str().unwrap();
    let path =
        format!("{INSTAGRAM}/{id}?fields=children{{id,media_type,media_url,permalink,caption}}");
    let children = world.get(&path).await.body["children"].clone();
    assert_eq!(json!(ids(&children)), album["children"]);
    let child = &children["data"][0];
    assert!(child["media_url"].as_str().unwrap().contains("/cdn/"));
    assert!(child.get("permalink").is_none() && child.get("caption").is_none());
    let edge = world
        .get(&format!("{INSTAGRAM}/{id}/children?fields=media_type"))
        .await
        .body;
    assert_eq!(ids(&edge), ids(&children));
    let child = child["id"].as_str().unwrap();
    let alone = world
        .get(&format!("{FACEBOOK}/{child}?fields=media_type,owner"))
        .await
        .body;
    assert_eq!(alone["owner"]["id"], ACCOUNT);
    let listed = world
        .get(&format!("{INSTAGRAM}/me/media?limit=100"))
        .await
        .body;
    assert!(
        !ids(&listed).contains(&child.to_owned()),
        "files of albums are in no list"
    );
}

#[tokio::test]
async fn a_story_is_there_for_a_day() {
    let world = World::without_webhook().await;
    let path = format!("{INSTAGRAM}/me/stories?fields=id,media_product_type,permalink,timestamp");
    let live = world.get(&path).await.body;
    assert_eq!(live["data"].as_array().unwrap().len(), 4, "{live}");
    assert!(
        live["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["media_product_type"] == "STORY")
    );
    let newest = live["data"][0]["id"].as_str().unwrap();
    let insights = format!(
        "{INSTAGRAM}/{}/insights?metric=views,navigation",
        ids(&live)[1]
    );
    assert_eq!(world.get(&insights).await.status, 200);
    world
        .sim("clock", json!({"advance_ms": 12 * 3_600_000}))
        .await;
    assert_eq!(
        ids(&world.get(&path).await.body).len(),
        3,
        "one was 20 hours old"
    );
    world
        .sim("clock", json!({"advance_ms": 12 * 3_600_000}))
        .await;
    assert_eq!(world.get(&path).await.body, json!({"data": []}));
    assert_eq!(
        world.get(&insights).await.error(),
        (100, Some(33)),
        "its numbers end with it"
    );
    let node = world.get(&format!("{INSTAGRAM}/{newest}")).await;
    assert_eq!(node.error(), (100, Some(33)));
}

#[tokio::test]
async fn posts_that_tag_the_account_have_a_list_of_their_own() {
    let world = World::without_webhook().await;
    let path = format!("{FACEBOOK}/{ACCOUNT}/tags?fields=id,username,caption,permalink");
    let tags = world.get(&path).await.body;
    assert_eq!(tags["data"].as_array().unwrap().len(), 3);
    let names: Vec<&str> = tags["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["username"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"varanda.viva"), "{names:?}");
    let id = tags["data"][0]["id"].as_str().unwrap();
    let insights = world
        .get(&format!("{FACEBOOK}/{id}/insights?metric=views"))
        .await;
    assert_eq!(
        insights.error().0,
        100,
        "nobody sees the insights of others"
    );
}

#[tokio::test]
async fn the_account_shows_who_it_is() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let fields = "user_id,username,name,account_type,profile_picture_url,followers_count,follows_count,media_count,biography,website";
    let me = world
        .get(&format!("{INSTAGRAM}/me?fields={fields}"))
        .await
        .body;
    assert_eq!(me["user_id"], ACCOUNT);
    assert_eq!(me["account_type"], "BUSINESS");
    for name in [
        "biography",
        "website",
        "followers_count",
        "follows_count",
        "name",
    ] {
        assert_eq!(me[name], seed["account"][name], "{name}");
    }
    assert_eq!(me["media_count"], seed["media"].as_array().unwrap().len());
    assert!(
        me["profile_picture_url"]
            .as_str()
            .unwrap()
            .starts_with("http://")
    );
    let node = format!("{FACEBOOK}/{ACCOUNT}?fields=id,ig_id,followers_count,has_profile_pic");
    let node = world.get(&node).await.body;
    assert_eq!(node["followers_count"], me["followers_count"]);
    for wrong in ["user_id", "account_type"] {
        let answer = world
            .get(&format!("{FACEBOOK}/{ACCOUNT}?fields={wrong}"))
            .await;
        assert_eq!(
            answer.error(),
            (100, None),
            "{wrong} is known to the other log-in only"
        );
    }
    let small = world
        .client
        .get(world.url(&format!("{INSTAGRAM}/me?fields=followers_count,website")))
        .bearer_auth("SIM-INSTAGRAM-TOKEN-80");
    let small = world.call(small).await.body;
    assert_eq!(small["followers_count"], 80);
    assert!(small.get("website").is_none(), "nobody filled it in");
}

#[tokio::test]
async fn a_media_can_be_changed_and_made_by_hand() {
    let world = World::without_webhook().await;
    let id = world.look("seed").await["media"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let change = json!({"metrics": {"reach": 7}, "caption": null, "like_count": 3});
    world.sim(&format!("media/{id}"), change).await;
    let path = format!("{INSTAGRAM}/{id}?fields=caption,like_count,insights.metric(reach)");
    let answer = world.get(&path).await.body;
    assert!(answer.get("caption").is_none());
    assert_eq!(answer["like_count"], 3);
    assert_eq!(answer["insights"]["data"][0]["values"][0]["value"], 7);
    world
        .sim("media/17955555555555555", json!({"caption": "novo"}))
        .await;
    let newest = world
        .get(&format!("{INSTAGRAM}/me/media?fields=caption&limit=1"))
        .await
        .body;
    assert_eq!(newest["data"][0]["caption"], "novo");
    let none = world
        .get(&format!(
            "{INSTAGRAM}/17955555555555555/insights?metric=reach"
        ))
        .await;
    assert_eq!(none.body, json!({"data": []}), "no numbers yet");
}
