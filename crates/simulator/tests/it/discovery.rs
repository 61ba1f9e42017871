//! Other people's accounts and hashtags, which graph.facebook.com alone shows.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, World};

fn discover(username: &str, fields: &str) -> String {
    format!("{FACEBOOK}/{ACCOUNT}?fields=business_discovery.username({username}){{{fields}}}")
}

#[tokio::test]
async fn another_account_is_read_page_by_page() {
    let world = World::without_webhook().await;
    let media = "id,caption,timestamp,media_type,media_product_type,permalink,like_count,comments_count,view_count";
    let fields = format!("followers_count,media_count,username,media.limit(25){{{media}}}");
    let first = world.get(&discover("discos.do_mar", &fields)).await.body;
    assert_eq!(first["id"], ACCOUNT, "who asked");
    let found = &first["business_discovery"];
    assert_eq!(
        (&found["username"], &found["media_count"]),
        (&json!("discos.do_mar"), &json!(60))
    );
    let mut seen = Vec::new();
    let mut page = found["media"].clone();
    loop {
        let rows = page["data"].as_array().unwrap();
        seen.extend(
            rows.iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        assert!(
            page["paging"].get("next").is_none(),
            "there are cursors only"
        );
        let Some(after) = page["paging"]["cursors"]["after"].as_str() else {
            break;
        };
        let fields = format!("media.limit(25).after({after}){{id}}");
        page = world.get(&discover("discos.do_mar", &fields)).await.body["business_discovery"]["media"].clone();
    }
    assert_eq!(seen.len(), 60);
    let reel = found["media"]["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["media_product_type"] == "REELS")
        .unwrap();
    assert!(reel["view_count"].is_number());
    let hidden = found["media"]["data"]
        .as_array()
        .unwrap()
        .iter()
        .any(|row| row.get("like_count").is_none());
    assert!(hidden, "some hide their likes");
    let direct = world.get(&format!("{FACEBOOK}/{}", seen[0])).await;
    assert_eq!(
        direct.error(),
        (100, Some(33)),
        "such media cannot be read directly"
    );
}

#[tokio::test]
async fn personal_and_age_gated_accounts_are_not_found() {
    let world = World::without_webhook().await;
    for name in ["maria.so_olha", "bar_da_esquina", "nobody.at_all"] {
        let answer = world.get(&discover(name, "id")).await;
        assert_eq!(answer.error(), (110, Some(2_207_013)), "{name}");
    }
    let path = format!("{INSTAGRAM}/me?fields=business_discovery.username(discos.do_mar){{id}}");
    let answer = world.get(&path).await;
    assert_eq!(
        (answer.error(), &answer.body["error"]["type"]),
        ((100, None), &json!("IGApiException"))
    );
    let scopes = json!(["instagram_basic", "pages_read_engagement"]);
    world.sim("tokens", json!({"scopes": scopes})).await;
    assert_eq!(
        world.get(&discover("discos.do_mar", "id")).await.error(),
        (10, None)
    );
}

#[tokio::test]
async fn a_new_account_can_be_discovered() {
    let world = World::without_webhook().await;
    let post = json!({"caption": "Oi #novissimo", "media_type": "IMAGE", "like_count": 7});
    world
        .sim(
            "profiles",
            json!({"username": "radio.nova", "followers_count": 5, "media": [post]}),
        )
        .await;
    let found = world
        .get(&discover("Radio.Nova", "followers_count,media{like_count}"))
        .await
        .body;
    assert_eq!(
        found["business_discovery"]["media"]["data"][0]["like_count"],
        7
    );
    let tag = tag(&world, "novissimo").await;
    assert!(tag.is_string(), "its hashtag exists now");
}

async fn tag(world: &World, name: &str) -> Value {
    let path = format!("{FACEBOOK}/ig_hashtag_search?user_id={ACCOUNT}&q={name}");
    world.get(&path).await.body["data"][0]["id"].clone()
}

#[tokio::test]
async fn hashtags_are_read_with_one_cursor_for_all_pages() {
    let world = World::without_webhook().await;
    let id = tag(&world, "Vinil").await;
    let id = id.as_str().unwrap();
    assert_eq!(tag(&world, "vinil").await, id, "ids are the same for good");
    let mut path =
        format!("{FACEBOOK}/{id}/top_media?user_id={ACCOUNT}&fields=id,like_count&limit=10");
    let (first_path, mut likes, mut cursors) = (path.clone(), Vec::new(), Vec::new());
    loop {
        let page = world.get(&path).await.body;
        let rows = page["data"].as_array().unwrap();
        likes.extend(rows.iter().map(|row| row["like_count"].as_u64()));
        let Some(after) = page["paging"]["cursors"]["after"].as_str() else {
            break;
        };
        cursors.push(after.to_owned());
        path = format!("{first_path}&after={after}");
    }
    assert!(
        likes.len() > 20 && likes.is_sorted_by(|a, b| a >= b),
        "{likes:?}"
    );
    assert!(cursors.len() > 1 && cursors.iter().all(|one| *one == cursors[0]));
    let recent = format!("{FACEBOOK}/{id}/recent_media?user_id={ACCOUNT}&fields=timestamp");
    let recent = world.get(&recent).await.body;
    let rows = recent["data"].as_array().unwrap().len();
    assert!((1..5).contains(&rows), "the last 24 hours only: {rows}");
    let named = format!("{FACEBOOK}/{id}/top_media?user_id={ACCOUNT}&fields=username");
    assert_eq!(
        world.get(&named).await.error(),
        (100, None),
        "nobody is named"
    );
    assert_eq!(
        world
            .get(&format!("{FACEBOOK}/{id}?fields=name"))
            .await
            .body["name"],
        "vinil"
    );
}

#[tokio::test]
async fn thirty_hashtags_a_week() {
    let world = World::without_webhook().await;
    let names: Vec<String> = (0..31).map(|number| format!("tema{number}")).collect();
    world.sim("hashtags", json!({"add": names})).await;
    for name in &names[..30] {
        assert!(tag(&world, name).await.is_string());
    }
    let search = |name: &str| format!("{FACEBOOK}/ig_hashtag_search?user_id={ACCOUNT}&q={name}");
    assert_eq!(
        world.get(&search("tema30")).await.error(),
        (18, Some(2_207_034))
    );
    assert_eq!(
        world.get(&search("tema3")).await.status,
        200,
        "a repeat is free"
    );
    let list = format!("{FACEBOOK}/{ACCOUNT}/recently_searched_hashtags?limit=30");
    assert_eq!(
        world.get(&list).await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        30
    );
    world
        .sim("clock", json!({"advance_ms": 7 * 24 * 3_600_000_i64}))
        .await;
    assert_eq!(world.get(&search("tema30")).await.status, 200);
    assert_eq!(
        world.get(&list).await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn hashtags_need_a_feature_and_a_word() {
    let world = World::without_webhook().await;
    let search = |query: &str| format!("{FACEBOOK}/ig_hashtag_search?{query}");
    let mine = format!("user_id={ACCOUNT}");
    assert_eq!(
        world
            .get(&search(&format!("{mine}&q=naoexiste")))
            .await
            .error(),
        (24, Some(2_207_024))
    );
    assert_eq!(
        world
            .get(&search(&format!("{mine}&q=%F0%9F%8E%B5")))
            .await
            .error(),
        (100, None)
    );
    assert_eq!(world.get(&search(&mine)).await.error(), (100, None));
    assert_eq!(world.get(&search("q=vinil")).await.error(), (100, None));
    assert_eq!(
        world.get(&search("user_id=1&q=vinil")).await.error(),
        (100, Some(33))
    );
    let host = format!("{INSTAGRAM}/ig_hashtag_search?{mine}&q=vinil");
    assert_eq!(world.get(&host).await.error(), (2500, None));
    world.sim("hashtags", json!({"access": false})).await;
    assert_eq!(
        world.get(&search(&format!("{mine}&q=vinil"))).await.error(),
        (10, None)
    );
}
