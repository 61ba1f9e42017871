//! Comments under posts: reading, answering, hiding, deleting, and the account's own likes.

use serde_json::{Value, json};

use crate::files::{Files, jpeg, posted};
use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, PERSON, World};

const OTHER: &str = "5550000000000002";

/// A world with one post.
async fn world() -> (World, String) {
    let world = World::start().await;
    let files = Files::serve(vec![("square.jpg", jpeg("320x320"))]).await;
    let media = posted(&world, &files, "Disco novo").await;
    (world, media)
}

async fn said(world: &World, media: &str, text: &str) -> String {
    let body = json!({"from": PERSON, "media_id": media, "text": text});
    let answer = world.sim("comments", body).await;
    answer["id"].as_str().unwrap().to_owned()
}

async fn texts(world: &World, path: &str) -> Vec<String> {
    let answer = world.get(path).await.body;
    let rows = answer["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["text"].as_str().unwrap().to_owned())
        .collect()
}

async fn delete(world: &World, path: &str) -> crate::support::Answer {
    let request = world.client.delete(world.url(path));
    world.call(request.bearer_auth("SIM-PAGE-TOKEN")).await
}

#[tokio::test]
async fn a_page_of_comments_goes_on_though_its_last_one_is_deleted() {
    let (world, media) = world().await;
    let mut ids = Vec::new();
    for number in 1..=53 {
        ids.push(said(&world, &media, &format!("n{number}")).await);
    }
    let path = format!("{FACEBOOK}/{media}/comments?fields=text&limit=100");
    let first = world.get(&path).await.body;
    let rows = first["data"].as_array().unwrap();
    assert_eq!(rows.len(), 50, "a page has at most 50");
    assert_eq!(
        (&rows[0]["text"], &rows[49]["text"]),
        (&json!("n53"), &json!("n4"))
    );
    let next = first["paging"]["next"].as_str().unwrap();
    assert!(
        next.contains("access_token=SIM-PAGE-TOKEN"),
        "as at Meta: {next}"
    );
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let gone = delete(&world, &format!("{FACEBOOK}/{}", ids[3])).await;
    assert_eq!(gone.body, json!({"success": true}));
    let rest = world.get(&format!("{path}&after={after}")).await.body;
    let rest: Vec<_> = rest["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["text"])
        .collect();
    assert_eq!(rest, ["n3", "n2", "n1"]);
    let log = world.look("calls?limit=500").await.to_string();
    assert!(
        !log.contains("SIM-PAGE-TOKEN"),
        "the address of the next page is masked in the log"
    );
}

#[tokio::test]
async fn replies_have_one_level() {
    let (world, media) = world().await;
    let question = said(&world, &media, "Que disco é esse?").await;
    let before = world.receiver.wait(1).await.len();
    let reply = |id: &str| format!("{INSTAGRAM}/{id}/replies");
    let first = world
        .post(&reply(&question), json!({"message": "Clube da Esquina"}))
        .await;
    let first = first.body["id"].as_str().unwrap();
    let second = world
        .post(&reply(first), json!({"message": "de 1972"}))
        .await;
    assert_eq!(second.status, 200);
    let told = world.receiver.wait(before + 2).await;
    let value = told[before].json()["entry"][0]["changes"][0]["value"].clone();
    assert_eq!(
        (&value["from"]["id"], &value["parent_id"]),
        (&json!(ACCOUNT), &json!(question))
    );
    assert_eq!(
        texts(&world, &format!("{FACEBOOK}/{question}/replies")).await,
        ["Clube da Esquina", "de 1972"],
        "a reply to a reply stands beside it"
    );
    assert_eq!(
        texts(&world, &format!("{FACEBOOK}/{media}/comments")).await,
        ["Que disco é esse?"],
        "the list holds the first level only"
    );
    let fields = "id,text,username,like_count,hidden,parent_id,from,user,media,replies.limit(1){text,parent_id}";
    let node = world
        .get(&format!("{FACEBOOK}/{question}?fields={fields}"))
        .await
        .body;
    assert_eq!(node["replies"]["data"][0]["text"], "Clube da Esquina");
    assert_eq!(node["replies"]["data"][0]["parent_id"], question.as_str());
    assert_eq!(node["from"]["id"], PERSON);
    assert_eq!(node["media"], json!({"id": media}));
    assert!(node.get("user").is_none() && node.get("parent_id").is_none());
    let own = world
        .get(&format!("{FACEBOOK}/{first}?fields=user"))
        .await
        .body;
    assert_eq!(own["user"]["id"], ACCOUNT);
    let wrong = world
        .get(&format!("{INSTAGRAM}/{first}?fields=colour"))
        .await;
    assert_eq!(
        (wrong.error(), &wrong.body["error"]["type"]),
        ((100, None), &json!("IGApiException"))
    );
}

#[tokio::test]
async fn hidden_comments_cannot_be_answered_and_own_ones_cannot_be_hidden() {
    let (world, media) = world().await;
    let rude = said(&world, &media, "Feio").await;
    let hide = format!("{FACEBOOK}/{rude}?hide=true");
    let hidden = async || {
        let node = world.get(&format!("{FACEBOOK}/{rude}?fields=hidden")).await;
        node.body["hidden"].clone()
    };
    assert_eq!(
        world.post(&hide, json!({})).await.body,
        json!({"success": true})
    );
    assert_eq!(hidden().await, true);
    let path = format!("{FACEBOOK}/{rude}/replies");
    assert_eq!(
        world.post(&path, json!({"message": "?"})).await.error(),
        (100, None)
    );
    let form = world.client.post(world.url(&format!("{FACEBOOK}/{rude}")));
    let form = form
        .bearer_auth("SIM-PAGE-TOKEN")
        .form(&[("hide", "false")]);
    assert_eq!(world.call(form).await.status, 200);
    assert_eq!(hidden().await, false);
    let own = world
        .post(
            &format!("{FACEBOOK}/{media}/comments"),
            json!({"message": "Nosso"}),
        )
        .await;
    let own = own.body["id"].as_str().unwrap();
    let answer = world
        .post(&format!("{FACEBOOK}/{own}?hide=true"), json!({}))
        .await;
    assert_eq!(answer.status, 200);
    let node = world.get(&format!("{FACEBOOK}/{own}?fields=hidden")).await;
    assert_eq!(node.body["hidden"], false);
    let bare = world.post(&format!("{FACEBOOK}/{rude}"), json!({})).await;
    assert_eq!(bare.error(), (100, None));
}

#[tokio::test]
async fn deleting_takes_replies_along_and_ends_private_replies() {
    let (world, media) = world().await;
    let comment = said(&world, &media, "Oi").await;
    let reply = world
        .post(
            &format!("{FACEBOOK}/{comment}/replies"),
            json!({"message": "Olá"}),
        )
        .await;
    let reply = reply.body["id"].as_str().unwrap().to_owned();
    let count = async || world.look("media").await["media"][0]["comments_count"].clone();
    assert_eq!(count().await, 2);
    assert_eq!(
        delete(&world, &format!("{FACEBOOK}/{comment}"))
            .await
            .status,
        200
    );
    assert_eq!(count().await, 0);
    for id in [&comment, &reply] {
        assert_eq!(
            world.get(&format!("{FACEBOOK}/{id}")).await.error(),
            (100, Some(33))
        );
    }
    let private = json!({"recipient": {"comment_id": comment}, "message": {"text": "?"}});
    let answer = world
        .post(&format!("{FACEBOOK}/me/messages"), private)
        .await;
    assert_eq!(answer.error(), (100, Some(2_534_025)));
    assert_eq!(
        delete(&world, &format!("{FACEBOOK}/{comment}"))
            .await
            .error(),
        (100, Some(33))
    );
}

#[tokio::test]
async fn the_switch_closes_a_post_for_comments() {
    let (world, media) = world().await;
    let switch = async |on: bool| {
        let path = format!("{FACEBOOK}/{media}?comment_enabled={on}");
        world.post(&path, json!({})).await.body
    };
    let write = async |text: &str| {
        let path = format!("{FACEBOOK}/{media}/comments");
        world.post(&path, json!({"message": text})).await
    };
    assert_eq!(switch(false).await, json!({"success": true}));
    assert_eq!(write("Olá").await.error(), (100, None));
    switch(true).await;
    assert_eq!(write("Olá").await.status, 200);
    let shouted = write("COMPREM AGORA").await;
    assert_eq!(shouted.error(), (100, None));
    assert!(shouted.body["error"]["error_user_msg"].is_string());
    assert_eq!(write(&"a".repeat(301)).await.error(), (100, None));
    assert_eq!(write(" ").await.error(), (100, None));
}

#[tokio::test]
async fn without_the_permission_instagram_shows_nothing_and_facebook_refuses() {
    let (world, media) = world().await;
    let comment = said(&world, &media, "Oi").await;
    for (token, login) in [
        ("SIM-PAGE-TOKEN", "facebook"),
        ("SIM-INSTAGRAM-TOKEN", "instagram"),
    ] {
        let scopes = json!(["instagram_basic", "instagram_business_basic"]);
        world
            .sim(
                "tokens",
                json!({"token": token, "login": login, "scopes": scopes}),
            )
            .await;
    }
    let list = |host: &str| format!("{host}/{media}/comments");
    assert_eq!(world.get(&list(INSTAGRAM)).await.body, json!({"data": []}));
    assert_eq!(world.get(&list(FACEBOOK)).await.error(), (10, None));
    for host in [INSTAGRAM, FACEBOOK] {
        let write = world.post(&list(host), json!({"message": "?"})).await;
        assert_eq!(write.error(), (10, None));
        let hide = world
            .post(&format!("{host}/{comment}?hide=true"), json!({}))
            .await;
        assert_eq!(hide.error(), (10, None));
    }
}

#[tokio::test]
async fn other_accounts_see_none_of_it() {
    let (world, media) = world().await;
    let comment = said(&world, &media, "Oi").await;
    world
        .sim("accounts", json!({"id": "17841400000000002"}))
        .await;
    let body = json!({"token": "OTHER", "account": "17841400000000002", "login": "facebook"});
    world.sim("tokens", body).await;
    for path in [
        format!("{media}/comments"),
        comment.clone(),
        format!("{comment}/replies"),
    ] {
        let request = world.client.get(world.url(&format!("{FACEBOOK}/{path}")));
        let answer = world.call(request.bearer_auth("OTHER")).await;
        assert_eq!(answer.error(), (100, Some(33)), "{path}");
    }
}

#[tokio::test]
async fn the_account_likes_posts_and_comments() {
    let (world, media) = world().await;
    let comment = said(&world, &media, "Oi").await;
    let likes = format!("{FACEBOOK}/{ACCOUNT}/likes");
    for body in [json!({"media_id": media}), json!({"comment_id": comment})] {
        for _ in 0..2 {
            assert_eq!(
                world.post(&likes, body.clone()).await.body,
                json!({"success": true})
            );
        }
    }
    let shown = world.look("media").await["media"][0].clone();
    assert_eq!(
        (&shown["like_count"], &shown["liked"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(shown["comments"][0]["likes"], 1);
    let undone = delete(&world, &format!("{likes}?comment_id={comment}")).await;
    assert_eq!(undone.status, 200);
    let shown = world.look("media").await["media"][0].clone();
    assert_eq!(shown["comments"][0]["likes"], 0);
    let none = world.post(&likes, json!({})).await;
    assert_eq!(none.error(), (100, None));
    let host = world
        .post(&format!("{INSTAGRAM}/me/likes"), json!({"media_id": media}))
        .await;
    assert_eq!(host.error(), (2500, None), "Facebook Login only");
}

#[tokio::test]
async fn mentions_are_read_through_the_account_and_answered() {
    let (world, _) = world().await;
    let body = json!({"media_id": "18", "comment_id": "19", "username": "loja", "text": "Vai lá, @gramophone"});
    world.sim("mentions", body).await;
    let path = format!(
        "{INSTAGRAM}/me?fields=username,mentioned_comment.comment_id(19){{text,username,media}}"
    );
    let read = world.get(&path).await.body;
    assert_eq!(
        read["mentioned_comment"],
        json!({"id": "19", "text": "Vai lá, @gramophone", "username": "loja", "media": {"id": "18"}})
    );
    assert_eq!(
        read["username"], "gramophone",
        "the other fields are there too"
    );
    let media =
        format!("{FACEBOOK}/{ACCOUNT}?fields=mentioned_media.media_id(18){{comments_count}}");
    assert_eq!(
        world.get(&media).await.body["mentioned_media"]["comments_count"],
        1
    );
    let unknown = format!("{FACEBOOK}/{ACCOUNT}?fields=mentioned_media.media_id(7){{id}}");
    assert_eq!(world.get(&unknown).await.error(), (100, Some(33)));
    let path = format!("{FACEBOOK}/{ACCOUNT}/mentions");
    let body = json!({"media_id": "18", "comment_id": "19", "message": "Obrigado!"});
    assert!(world.post(&path, body).await.body["id"].is_string());
    let kept = world.look("mentions").await;
    assert_eq!(kept["mentions"][0]["answers"][0]["text"], "Obrigado!");
    let nobody = json!({"media_id": "18", "comment_id": "20", "message": "?"});
    assert_eq!(world.post(&path, nobody).await.error(), (100, Some(33)));
}

#[tokio::test]
async fn people_change_and_remove_their_comments_silently() {
    let (world, media) = world().await;
    let body = json!({"from": OTHER, "media_id": media, "text": "Oi", "silent": true});
    let id = world.sim("comments", body).await["id"].clone();
    let id = id.as_str().unwrap();
    world
        .sim(
            &format!("comments/{id}"),
            json!({"text": "Olá", "likes": 3}),
        )
        .await;
    let node: Value = world
        .get(&format!("{FACEBOOK}/{id}?fields=text,like_count"))
        .await
        .body;
    assert_eq!(
        (&node["text"], &node["like_count"]),
        (&json!("Olá"), &json!(3))
    );
    let gone = world
        .client
        .delete(world.url(&format!("_sim/comments/{id}")));
    assert_eq!(gone.send().await.unwrap().status(), 200);
    assert_eq!(
        world.get(&format!("{FACEBOOK}/{id}")).await.error(),
        (100, Some(33))
    );
    assert!(
        world.receiver.so_far().is_empty(),
        "neither makes a webhook"
    );
}

#[tokio::test]
async fn the_newest_posts_have_comments_from_the_first_moment() {
    let world = World::without_webhook().await;
    let fields = "comments_count,comments.limit(60){text,hidden,replies{text,from}}";
    let path = format!("{FACEBOOK}/{ACCOUNT}/media?limit=5&fields={fields}");
    let posts = world.get(&path).await.body;
    let rows = posts["data"].as_array().unwrap();
    let first = &rows[0]["comments"]["data"];
    assert!(first.as_array().unwrap().len() <= 50, "a page here too");
    let all = rows
        .iter()
        .filter_map(|row| row["comments"]["data"].as_array());
    let all: Vec<&Value> = all.flatten().collect();
    assert!(all.iter().any(|comment| comment["hidden"] == true));
    assert!(
        all.iter()
            .any(|comment| comment["replies"]["data"][0]["from"]["id"] == ACCOUNT)
    );
    assert!(rows[0]["comments_count"].as_u64() >= Some(first.as_array().unwrap().len() as u64));
    // Whoever commented can get a private reply, though nobody named them before.
    let id = all
        .iter()
        .find(|comment| comment["hidden"] == false)
        .unwrap()["id"]
        .clone();
    let private = json!({"recipient": {"comment_id": id}, "message": {"text": "Chegou!"}});
    let node = format!("{FACEBOOK}/{}?fields=timestamp", id.as_str().unwrap());
    assert!(world.get(&node).await.body["timestamp"].is_string());
    let sent = world
        .post(&format!("{FACEBOOK}/me/messages"), private)
        .await;
    assert!(
        sent.status == 200 || sent.error() == (10, Some(2_534_022)),
        "sent, or older than a week: {:?}",
        sent.body
    );
}

#[tokio::test]
async fn what_is_published_stands_first_in_the_list() {
    let (world, media) = world().await;
    let path = format!("{INSTAGRAM}/me/media?limit=1&fields=caption,media_url,permalink");
    let first = world.get(&path).await.body["data"][0].clone();
    assert_eq!(
        (&first["id"], &first["caption"]),
        (&json!(media), &json!("Disco novo"))
    );
    let file = world
        .client
        .get(first["media_url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(file.status(), 200);
    said(&world, &media, "Oi").await;
    let node = world
        .get(&format!(
            "{INSTAGRAM}/{media}?fields=comments_count,comments"
        ))
        .await
        .body;
    assert_eq!(
        (
            &node["comments_count"],
            &node["comments"]["data"][0]["text"]
        ),
        (&json!(1), &json!("Oi"))
    );
}
