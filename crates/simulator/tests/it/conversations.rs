//! Reading conversations back: order, the newest twenty, paging, limits.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, PERSON, World};

const DETAILS: &str = "messages.limit(50){id,created_time,from,to,message,attachments,shares}";

async fn read(world: &World, query: &str) -> Value {
    let answer = world
        .get(&format!(
            "{FACEBOOK}/me/conversations?platform=instagram&{query}"
        ))
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body
}

async fn unlimited() -> World {
    let world = World::without_webhook().await;
    world
        .sim(
            "limits",
            json!({"conversations_per_second": 0, "sends_per_second": 0}),
        )
        .await;
    world
}

#[tokio::test]
async fn messages_come_newest_first_with_details_for_twenty() {
    let world = unlimited().await;
    let oldest = world.person_writes("the oldest").await;
    for n in 0..22 {
        assert_eq!(world.send_text(&format!("n{n}")).await.status, 200);
    }
    let answer = read(
        &world,
        &format!("user_id={PERSON}&fields=id,updated_time,{DETAILS}"),
    )
    .await;
    let messages = answer["data"][0]["messages"]["data"].as_array().unwrap();
    assert_eq!(messages.len(), 23);
    assert_eq!(messages[0]["message"], "n21");
    assert_eq!(
        messages[0]["from"],
        json!({"id": ACCOUNT, "username": "gramophone"})
    );
    assert_eq!(messages[0]["to"]["data"][0]["id"], PERSON);
    assert!(messages[19].get("message").is_some());
    assert!(
        messages[20].get("message").is_none(),
        "only ids beyond the newest twenty"
    );
    assert_eq!(messages[22]["id"], oldest.as_str());
    let newest = messages[0]["id"].as_str().unwrap();
    let one = world
        .get(&format!(
            "{FACEBOOK}/{newest}?fields=message,from,created_time"
        ))
        .await;
    assert_eq!(one.body["message"], "n21");
    let created = one.body["created_time"].as_str().unwrap();
    assert!(
        created.ends_with("+0000") && created.len() == 24,
        "{created}"
    );
    assert_eq!(
        world
            .get(&format!("{FACEBOOK}/{oldest}?fields=message"))
            .await
            .error(),
        (9_000_001, None)
    );
}

#[tokio::test]
async fn a_thread_can_be_read_by_its_id_page_by_page() {
    let world = unlimited().await;
    for n in 0..5 {
        world.person_writes(&format!("p{n}")).await;
    }
    let list = read(&world, "").await;
    let thread = list["data"][0]["id"].as_str().unwrap().to_owned();
    assert!(list["data"][0]["updated_time"].is_string());
    let participants = world
        .get(&format!("{FACEBOOK}/{thread}?fields=participants"))
        .await
        .body;
    assert_eq!(participants["participants"]["data"][1]["id"], PERSON);
    let mut texts = Vec::new();
    let mut after = String::new();
    for _ in 0..3 {
        let path = format!("{FACEBOOK}/{thread}/messages?fields=message&limit=2{after}");
        let page = world.get(&path).await.body;
        let data = page["data"].as_array().unwrap();
        texts.extend(
            data.iter()
                .map(|message| message["message"].as_str().unwrap().to_owned()),
        );
        after = format!(
            "&after={}",
            page["paging"]["cursors"]["after"].as_str().unwrap()
        );
    }
    assert_eq!(texts, ["p4", "p3", "p2", "p1", "p0"]);
    let by_instagram = world
        .get(&format!("{INSTAGRAM}/me/conversations?user_id={PERSON}"))
        .await
        .body;
    assert_eq!(by_instagram["data"][0]["id"], thread.as_str());
}

#[tokio::test]
async fn what_is_unsent_foreign_or_of_another_platform_is_not_there() {
    let world = unlimited().await;
    let mid = world.person_writes("oops").await;
    world.person_writes("stays").await;
    world.sim("unsend", json!({"mid": mid})).await;
    let answer = read(&world, &format!("fields={DETAILS}")).await;
    assert_eq!(
        answer["data"][0]["messages"]["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        world.get(&format!("{FACEBOOK}/{mid}")).await.error(),
        (9_000_001, None)
    );
    assert_eq!(
        read(&world, "user_id=5550000000000009").await["data"],
        json!([])
    );
    let messenger = world
        .get(&format!("{FACEBOOK}/me/conversations"))
        .await
        .body;
    assert_eq!(messenger["data"], json!([]));
}

#[tokio::test]
async fn requests_idle_for_a_month_are_hidden() {
    let world = unlimited().await;
    world.person_writes("never answered").await;
    world
        .sim("clock", json!({"advance_ms": 31_i64 * 24 * 3_600_000}))
        .await;
    assert_eq!(read(&world, "").await["data"], json!([]));
    world.person_writes("again").await;
    world.send_text("answered").await;
    world
        .sim("clock", json!({"advance_ms": 31_i64 * 24 * 3_600_000}))
        .await;
    assert_eq!(
        read(&world, "").await["data"].as_array().unwrap().len(),
        1,
        "General stays"
    );
}

#[tokio::test]
async fn two_reads_a_second() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let mut refused = 0;
    for _ in 0..6 {
        let answer = world
            .get(&format!("{FACEBOOK}/me/conversations?platform=instagram"))
            .await;
        if answer.status != 200 {
            assert_eq!(answer.error(), (613, Some(2_534_040)));
            refused += 1;
        }
    }
    assert!(refused > 0);
    world.sim("clock", json!({"advance_ms": 1_000})).await;
    read(&world, "").await;
}
