//! Quick replies, ice breakers, the menu and audio: what people can tap on Instagram.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, PERSON, World};

async fn send(world: &World, message: Value) -> crate::support::Answer {
    let body = json!({"recipient": {"id": PERSON}, "message": message});
    world.post(&format!("{FACEBOOK}/me/messages"), body).await
}

fn chip(title: &str, payload: &str) -> Value {
    json!({"content_type": "text", "title": title, "payload": payload})
}

#[tokio::test]
async fn a_quick_reply_is_shown_cut_and_can_be_tapped() {
    let world = World::start().await;
    world.person_writes("oi").await;
    let long = "Transcrição completa do vídeo";
    let message =
        json!({"text": "Pronto.", "quick_replies": [chip(long, "t:1"), chip("Áudio", "a:1")]});
    let mid = send(&world, message).await.body["message_id"].clone();
    let shown = world.thread().await["messages"][1]["quick_replies"].clone();
    assert_eq!(
        shown,
        json!([{"title": "Transcrição completa", "payload": "t:1"}, {"title": "Áudio", "payload": "a:1"}])
    );
    world.receiver.wait(2).await;
    let tap = json!({"mid": mid, "payload": "t:1"});
    world.sim(&format!("people/{PERSON}/taps"), tap).await;
    let tapped = world.receiver.wait(3).await[2].item()["message"].clone();
    assert_eq!(tapped["text"], "Transcrição completa");
    assert_eq!(tapped["quick_reply"], json!({"payload": "t:1"}));
    let nothing = world
        .client
        .post(world.url(&format!("_sim/people/{PERSON}/taps")))
        .json(&json!({"mid": mid, "payload": "x"}));
    assert_eq!(nothing.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn quick_replies_have_rules() {
    let world = World::start().await;
    world.person_writes("oi").await;
    let with = |replies: Vec<Value>| json!({"text": "?", "quick_replies": replies});
    assert_eq!(
        send(&world, with(vec![chip("a", "b"); 13])).await.status,
        200
    );
    assert_eq!(
        send(&world, with(vec![chip("a", &"p".repeat(1_000))]))
            .await
            .status,
        200
    );
    let image = json!({"attachment": {"type": "like_heart"}, "quick_replies": [chip("a", "b")]});
    for message in [
        with(vec![chip("a", "b"); 14]),
        with(vec![chip("", "b")]),
        with(vec![chip("a", &"p".repeat(1_001))]),
        image,
    ] {
        assert_eq!(send(&world, message).await.error(), (100, Some(2_534_015)));
    }
}

#[tokio::test]
async fn a_button_of_a_template_is_a_postback() {
    let world = World::start().await;
    world.person_writes("oi").await;
    let button = json!({"type": "postback", "title": "De novo", "payload": "again"});
    let template = json!({"template_type": "button", "text": "?", "buttons": [button]});
    let message = json!({"attachment": {"type": "template", "payload": template}});
    let mid = send(&world, message).await.body["message_id"].clone();
    world.receiver.wait(2).await;
    let tap = json!({"mid": mid, "payload": "again"});
    world.sim(&format!("people/{PERSON}/taps"), tap).await;
    let tapped = world.receiver.wait(3).await[2].item()["postback"].clone();
    assert_eq!(
        (&tapped["title"], &tapped["payload"]),
        (&json!("De novo"), &json!("again"))
    );
}

#[tokio::test]
async fn ice_breakers_and_menu_are_set_tapped_and_taken_away() {
    let world = World::start().await;
    let path = format!("{FACEBOOK}/me/messenger_profile");
    let ask = |question: &str, payload: &str| json!({"question": question, "payload": payload});
    let profile = json!({
        "platform": "instagram",
        "ice_breakers": [
            {"call_to_actions": [ask("Como funciona?", "help")], "locale": "default"},
            {"call_to_actions": [ask("How does it work?", "help_en")], "locale": "en_US"},
        ],
        "persistent_menu": [{"locale": "default", "call_to_actions": [
            {"type": "postback", "title": "Idioma", "payload": "language"},
            {"type": "web_url", "title": "Site", "url": "https://example.org/"},
        ]}],
    });
    assert_eq!(
        world.post(&path, profile.clone()).await.body,
        json!({"result": "success"})
    );
    let read = format!("{path}?platform=instagram&fields=ice_breakers,persistent_menu");
    let shown = world.get(&read).await.body["data"][0].clone();
    assert_eq!(shown["ice_breakers"], profile["ice_breakers"]);
    let account = world.look("accounts").await["accounts"][0].clone();
    assert_eq!(
        account["messenger_profile"]["persistent_menu"],
        profile["persistent_menu"]
    );
    for (at, (payload, title)) in [("help_en", "How does it work?"), ("language", "Idioma")]
        .iter()
        .enumerate()
    {
        world
            .sim(
                &format!("people/{PERSON}/menu"),
                json!({"payload": payload}),
            )
            .await;
        let tapped = world.receiver.wait(at + 1).await[at].item()["postback"].clone();
        assert_eq!(
            (&tapped["title"], &tapped["payload"]),
            (&json!(title), &json!(payload))
        );
    }
    assert_eq!(world.thread().await["messages"][1]["text"], "Idioma");
    let request = world
        .client
        .delete(world.url(&path))
        .bearer_auth("SIM-PAGE-TOKEN");
    let gone = json!({"platform": "instagram", "fields": ["ice_breakers", "persistent_menu"]});
    assert_eq!(world.call(request.json(&gone)).await.status, 200);
    assert_eq!(world.get(&read).await.body, json!({"data": []}));
}

#[tokio::test]
async fn a_profile_has_rules() {
    let world = World::start().await;
    let ask = json!({"question": "Como funciona?", "payload": "help"});
    let path = format!("{INSTAGRAM}/{ACCOUNT}/messenger_profile");
    let by = |actions: Vec<Value>, locale: &str| json!({"ice_breakers": [{"call_to_actions": actions, "locale": locale}]});
    let flat = json!({"ice_breakers": [ask]});
    assert_eq!(
        world.post(&path, flat).await.status,
        200,
        "the older, flat list"
    );
    let item = json!({"type": "postback", "title": "x".repeat(31), "payload": "p"});
    for body in [
        by(vec![ask.clone(); 5], "default"),
        by(vec![ask.clone()], "pt_BR"),
        by(vec![json!({"question": "?"})], "default"),
        json!({"persistent_menu": [{"locale": "default", "call_to_actions": [item]}]}),
        json!({}),
    ] {
        assert_eq!(world.post(&path, body).await.error(), (100, None));
    }
    let messenger = json!({"ice_breakers": [ask]});
    let page = format!("{FACEBOOK}/me/messenger_profile");
    assert_eq!(world.post(&page, messenger).await.error(), (100, None));
}

#[tokio::test]
async fn audio_goes_out_as_m4a_and_wav() {
    let world = World::start().await;
    world.person_writes("oi").await;
    for bytes in [
        &b"\0\0\0\x20ftypM4A \0\0\0\0"[..],
        b"RIFF\0\0\0\0WAVE",
        b"\xff\xf1\x50\x80",
    ] {
        let form = reqwest::multipart::Form::new()
            .text("platform", "instagram")
            .text(
                "message",
                json!({"attachment": {"type": "audio", "payload": {"is_reusable": true}}})
                    .to_string(),
            )
            .part(
                "filedata",
                reqwest::multipart::Part::bytes(bytes.to_vec()).file_name("a"),
            );
        let upload = world
            .client
            .post(world.url(&format!("{FACEBOOK}/me/message_attachments")))
            .bearer_auth("SIM-PAGE-TOKEN")
            .multipart(form);
        let id = world.call(upload).await.body["attachment_id"].clone();
        let message = json!({"attachment": {"type": "audio", "payload": {"attachment_id": id}}});
        assert_eq!(send(&world, message).await.status, 200);
    }
    let thread = world.thread().await;
    assert_eq!(thread["messages"][3]["attachments"][0]["type"], "audio");
}
