//! What the server refuses or makes of what a bot sends: floods, files, topics, albums, commands.

use serde_json::{Value, json};

use crate::support::World;
use crate::telegram_support::{BOT, CHAT, FORUM, GROUP, failure, jpeg, mp4, part, world};

fn form() -> reqwest::multipart::Form {
    reqwest::multipart::Form::new().text("chat_id", CHAT.to_string())
}

async fn send(world: &World, chat: i64, text: &str) -> u16 {
    world
        .bot("sendMessage", json!({"chat_id": chat, "text": text}))
        .await
        .status
}

#[tokio::test]
async fn floods_are_stopped_and_edits_count() {
    let world = world().await;
    let id = world
        .bot_ok("sendMessage", json!({"chat_id": CHAT, "text": "0 %"}))
        .await["message_id"]
        .clone();
    let mut refused = None;
    for n in 1..=12 {
        let edit = json!({"chat_id": CHAT, "message_id": id, "text": format!("{n} %")});
        let answer = world.bot("editMessageText", edit).await;
        if answer.status != 200 {
            refused = Some((n, answer));
            break;
        }
    }
    let (n, answer) = refused.unwrap();
    assert!(n >= 10, "a burst of ten passes: {n}");
    assert_eq!(
        failure(&answer),
        (429, "Too Many Requests: retry after 1".into())
    );
    assert_eq!(answer.body["parameters"], json!({"retry_after": 1}));
    assert_eq!(answer.headers["retry-after"], "1");
    world.sim("clock", json!({"advance_ms": 1_000})).await;
    assert_eq!(send(&world, CHAT, "de novo").await, 200);
    // A group has a minute's budget, of which another chat knows nothing.
    world
        .chat_writes(GROUP, json!({"text": "oi", "silent": true}))
        .await;
    let mut statuses = Vec::new();
    for n in 0..21 {
        statuses.push(send(&world, GROUP, &format!("m{n}")).await);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20);
    assert_eq!(statuses[20], 429);
    world
        .sim("limits", json!({"telegram_enforce": false}))
        .await;
    assert_eq!(send(&world, GROUP, "livre").await, 200);
}

#[tokio::test]
async fn all_chats_together_have_a_limit() {
    let world = world().await;
    world.sim("limits", json!({"telegram_per_second": 3})).await;
    for chat in 1..=4 {
        world
            .chat_writes(chat, json!({"text": "oi", "silent": true}))
            .await;
    }
    let (a, b, c, d) = tokio::join!(
        send(&world, 1, "a"),
        send(&world, 2, "b"),
        send(&world, 3, "c"),
        send(&world, 4, "d")
    );
    let passed = [a, b, c, d].iter().filter(|status| **status == 200).count();
    assert_eq!(passed, 3);
}

#[tokio::test]
async fn a_file_is_sent_again_by_its_id_and_comes_back_whole() {
    let world = world().await;
    let bytes = mp4(5_000);
    let video = form()
        .part("clip", part(bytes.clone(), "reel.mp4"))
        .text("video", "attach://clip")
        .text("width", "720")
        .text("height", "1280")
        .text("duration", "9")
        .text("supports_streaming", "true")
        .part("thumbnail", part(jpeg(180, 320, 4_000), "t.jpg"));
    let sent = world.bot_form("sendVideo", video).await.body["result"].clone();
    assert_eq!(
        (&sent["video"]["width"], &sent["video"]["duration"]),
        (&json!(720), &json!(9))
    );
    let id = sent["video"]["file_id"].clone();
    let again = world
        .bot_ok("sendVideo", json!({"chat_id": CHAT, "video": id}))
        .await;
    assert_eq!(again["video"], sent["video"]);
    let file = world.bot_ok("getFile", json!({"file_id": id})).await;
    let path = file["file_path"].as_str().unwrap();
    let url = world.url(&format!("{}/{path}", BOT.replace("/bot", "/file/bot")));
    let download = world.client.get(url).send().await.unwrap();
    assert_eq!(download.bytes().await.unwrap(), bytes);
    let seen = world.chat(CHAT).await["messages"][1].clone();
    assert_eq!(
        seen["media"]["given"],
        json!({"width": 720, "height": 1280, "duration": 9, "supports_streaming": true,
            "thumbnail": {"width": 180, "height": 320, "bytes": 4_000}})
    );
    assert_eq!(seen["media"]["square"], false);
    let shown = world
        .client
        .get(seen["media"]["url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(shown.bytes().await.unwrap(), bytes);
    let calls = world.look("calls?path=/file/").await;
    assert_eq!(calls["calls"][0]["path"], format!("/file/bot***/{path}"));
    let mismatch = json!({"chat_id": CHAT, "photo": id});
    assert_eq!(
        world.bot_fails("sendPhoto", mismatch).await.1,
        "Bad Request: can't use file of type Video as Photo"
    );
}

#[tokio::test]
async fn a_large_video_without_geometry_is_a_square() {
    let world = world().await;
    let large = || form().part("video", part(mp4(10_000_001), "reel.mp4"));
    let sent = world.bot_form("sendVideo", large()).await.body["result"].clone();
    assert_eq!(
        (&sent["video"]["width"], &sent["video"]["duration"]),
        (&json!(0), &json!(0))
    );
    let given = large()
        .text("width", "720")
        .text("height", "1280")
        .text("duration", "9");
    world.bot_form("sendVideo", given).await;
    let seen = world.chat(CHAT).await["messages"].clone();
    assert_eq!(
        (&seen[1]["media"]["square"], &seen[2]["media"]["square"]),
        (&json!(true), &json!(false))
    );
}

#[tokio::test]
async fn thumbnails_that_break_the_rules_are_ignored_and_named() {
    let world = world().await;
    for (thumb, why) in [
        (b"\x89PNG\r\n\x1a\nrest".to_vec(), "not a JPEG"),
        (jpeg(320, 640, 900), "longer than 320 pixels"),
        (jpeg(180, 320, 200_001), "more than 200 kB"),
    ] {
        let video = form()
            .part("video", part(mp4(500), "a.mp4"))
            .text("width", "1")
            .text("height", "1")
            .text("duration", "1")
            .part("thumbnail", part(thumb, "t.jpg"));
        let sent = world.bot_form("sendVideo", video).await.body["result"].clone();
        assert_eq!(sent["video"]["thumbnail"], Value::Null);
        let seen = world.chat(CHAT).await["messages"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .clone();
        assert_eq!(seen["media"]["given"]["thumbnail"]["ignored"], why);
    }
}

#[tokio::test]
async fn photos_are_pictures_of_a_possible_size() {
    let world = world().await;
    for (photo, sentence) in [
        (mp4(500), "Bad Request: IMAGE_PROCESS_FAILED"),
        (
            jpeg(6_000, 5_000, 900),
            "Bad Request: PHOTO_INVALID_DIMENSIONS",
        ),
        (
            jpeg(100, 2_100, 900),
            "Bad Request: PHOTO_INVALID_DIMENSIONS",
        ),
    ] {
        let answer = world
            .bot_form("sendPhoto", form().part("photo", part(photo, "a.jpg")))
            .await;
        assert_eq!(failure(&answer), (400, sentence.to_owned()));
    }
    let none = world.bot_fails("sendPhoto", json!({"chat_id": CHAT})).await;
    assert_eq!(
        none,
        (
            400,
            "Bad Request: there is no photo in the request".to_owned()
        )
    );
    let sent = world
        .bot_form(
            "sendAnimation",
            form().part(
                "animation",
                part(b"GIF89a\x0a\x00\x14\x00".to_vec(), "a.gif"),
            ),
        )
        .await;
    assert_eq!(sent.body["result"]["animation"]["height"], 20);
    assert_eq!(sent.body["result"]["document"]["mime_type"], "image/gif");
}

#[tokio::test]
async fn a_placeholder_becomes_the_video_and_never_a_text_again() {
    let world = world().await;
    let id = world
        .bot_ok("sendMessage", json!({"chat_id": CHAT, "text": "Baixando"}))
        .await["message_id"]
        .clone();
    let media = json!({"type": "video", "media": "attach://v", "thumbnail": "attach://t", "caption": "Pronto",
        "width": 720, "height": 1280, "duration": 9, "supports_streaming": true});
    let edit = form()
        .text("message_id", id.to_string())
        .text("media", media.to_string())
        .part("v", part(mp4(900), "reel.mp4"))
        .part("t", part(jpeg(180, 320, 700), "t.jpg"));
    let edited = world.bot_form("editMessageMedia", edit).await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    let edited = &edited.body["result"];
    assert_eq!(
        (&edited["message_id"], &edited["video"]["height"]),
        (&id, &json!(1_280))
    );
    assert_eq!(edited["text"], Value::Null);
    let again = json!({"chat_id": CHAT, "message_id": id,
        "media": {"type": "video", "media": edited["video"]["file_id"], "caption": "Pronto"}});
    let (_, sentence) = world.bot_fails("editMessageMedia", again).await;
    assert!(
        sentence.starts_with("Bad Request: message is not modified"),
        "{sentence}"
    );
    let text = json!({"chat_id": CHAT, "message_id": id, "text": "x"});
    assert_eq!(
        world.bot_fails("editMessageText", text).await.1,
        "Bad Request: there is no text in the message to edit"
    );
    let seen = &world.chat(CHAT).await["messages"][1];
    assert_eq!(
        (&seen["media"]["type"], &seen["caption"], &seen["edits"]),
        (&json!("video"), &json!("Pronto"), &json!(1))
    );
    assert_eq!(seen["history"][0]["text"], "Baixando");
    let buttons = json!({"chat_id": CHAT, "message_id": id,
        "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}});
    let marked = world.bot_ok("editMessageReplyMarkup", buttons).await;
    assert_eq!(marked["caption"], "Pronto");
    let caption = json!({"chat_id": CHAT, "message_id": id, "caption": "Outra"});
    let changed = world.bot_ok("editMessageCaption", caption).await;
    assert_eq!(
        changed["reply_markup"],
        Value::Null,
        "buttons that are not repeated go"
    );
}

#[tokio::test]
async fn topics_stay_topics() {
    let world = world().await;
    let forum = world
        .sim(
            &format!("telegram/chats/{FORUM}"),
            json!({"type": "forum", "topics": ["Pães", "Bolos"]}),
        )
        .await;
    let topic = forum["topics"][1]["id"].clone();
    let asked = world
        .chat_writes(FORUM, json!({"text": "oi", "thread": topic}))
        .await;
    let reply = json!({"chat_id": FORUM, "text": "Recebi", "reply_parameters": {"message_id": asked["message_id"]}});
    let sent = world.bot_ok("sendMessage", reply).await;
    assert_eq!(
        (&sent["message_thread_id"], &sent["is_topic_message"]),
        (&topic, &json!(true))
    );
    assert_eq!(sent["reply_to_message"]["text"], "oi");
    for (chat, thread, status) in [
        (FORUM, json!(999), 400),
        (FORUM, json!(1), 400),
        (CHAT, json!(5), 400),
    ] {
        let body = json!({"chat_id": chat, "text": "x", "message_thread_id": thread});
        assert_eq!(
            world.bot_fails("sendMessage", body).await,
            (status, "Bad Request: message thread not found".to_owned())
        );
    }
    let typing = json!({"chat_id": FORUM, "action": "upload_video", "message_thread_id": topic});
    world.bot_ok("sendChatAction", typing).await;
    let seen = world.chat(FORUM).await;
    assert_eq!(
        (&seen["action"], &seen["action_thread"]),
        (&json!("upload_video"), &topic)
    );
    // A supergroup counts for itself, everything else shares one counter.
    assert_eq!(asked["message_id"], 4, "after two topics");
    assert_eq!(
        world.chat_writes(GROUP, json!({"text": "a"})).await["message_id"],
        2
    );
}

#[tokio::test]
async fn an_action_lasts_five_seconds_or_until_a_message() {
    let world = world().await;
    let typing = json!({"chat_id": CHAT, "action": "typing"});
    world.bot_ok("sendChatAction", typing.clone()).await;
    assert_eq!(world.chat(CHAT).await["typing"], true);
    world.sim("clock", json!({"advance_ms": 5_001})).await;
    assert_eq!(world.chat(CHAT).await["typing"], false);
    world.bot_ok("sendChatAction", typing).await;
    send(&world, CHAT, "oi").await;
    assert_eq!(world.chat(CHAT).await["typing"], false);
}

#[tokio::test]
async fn texts_end_where_telegram_counts() {
    let world = world().await;
    // A smile is two units; tags do not count.
    assert_eq!(send(&world, CHAT, &"😀".repeat(2_048)).await, 200);
    assert_eq!(send(&world, CHAT, &"😀".repeat(2_049)).await, 400);
    let marked = json!({"chat_id": CHAT, "parse_mode": "HTML", "text": format!("<b>{}</b>", "x".repeat(4_096))});
    assert_eq!(world.bot("sendMessage", marked).await.status, 200);
    assert_eq!(
        world
            .bot_fails("sendMessage", json!({"chat_id": CHAT, "text": "  "}))
            .await
            .1,
        "Bad Request: text must be non-empty"
    );
    let explicit = json!({"chat_id": CHAT, "text": " 😀 pão", "entities": [{"type": "bold", "offset": 4, "length": 3}]});
    let sent = world.bot_ok("sendMessage", explicit).await;
    assert_eq!(sent["text"], "😀 pão");
    assert_eq!(
        sent["entities"],
        json!([{"type": "bold", "offset": 3, "length": 3}])
    );
    let reply = json!({"chat_id": CHAT, "text": "x",
        "reply_parameters": {"message_id": 999, "allow_sending_without_reply": true}});
    assert_eq!(world.bot("sendMessage", reply).await.status, 200);
}

#[tokio::test]
async fn albums_have_two_to_ten_of_one_kind() {
    let world = world().await;
    let item = |n: usize| json!({"type": "photo", "media": format!("attach://p{n}"), "caption": format!("foto {n}")});
    let album = |count: usize| {
        let items: Vec<Value> = (0..count).map(item).collect();
        (0..count).fold(form().text("media", json!(items).to_string()), |form, n| {
            form.part(format!("p{n}"), part(jpeg(640, 480, 500), "p.jpg"))
        })
    };
    let sent = world.bot_form("sendMediaGroup", album(3)).await;
    let sent = sent.body["result"].as_array().unwrap().clone();
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter()
            .all(|one| one["media_group_id"] == sent[0]["media_group_id"])
    );
    assert_eq!(world.bot_form("sendMediaGroup", album(1)).await.status, 400);
    assert_eq!(
        world.bot_form("sendMediaGroup", album(11)).await.status,
        400
    );
}

#[tokio::test]
async fn commands_stand_by_language() {
    let world = world().await;
    let list = |word: &str| json!([{"command": word, "description": "O que eu sei fazer"}]);
    world
        .bot_ok("setMyCommands", json!({"commands": list("help")}))
        .await;
    world
        .bot_ok(
            "setMyCommands",
            json!({"commands": list("ajuda"), "language_code": "pt"}),
        )
        .await;
    let own = world
        .bot_ok("getMyCommands", json!({"language_code": "pt"}))
        .await;
    assert_eq!(own, list("ajuda"));
    let seen = world.look("telegram").await;
    assert_eq!(seen["commands"]["default"]["pt"], list("ajuda"));
    world
        .bot_ok("deleteMyCommands", json!({"language_code": "pt"}))
        .await;
    assert_eq!(
        world
            .bot_ok("getMyCommands", json!({"language_code": "pt"}))
            .await,
        json!([])
    );
    for (body, sentence) in [
        (
            json!({"commands": list("Ajuda")}),
            "Bad Request: BOT_COMMAND_INVALID",
        ),
        (
            json!({"commands": [{"command": "a", "description": ""}]}),
            "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID",
        ),
        (
            json!({"commands": list("a"), "language_code": "pt-br"}),
            "Bad Request: invalid language code specified",
        ),
    ] {
        assert_eq!(world.bot_fails("setMyCommands", body).await.1, sentence);
    }
}

#[tokio::test]
async fn faults_strike_the_bot_too() {
    let world = world().await;
    let on = |what: Value| json!({"match": {"path": "bot*/sendMessage"}, "do": what});
    let try_send = async |text: &str| {
        let request = world.client.post(world.url(&format!("{BOT}/sendMessage")));
        request
            .json(&json!({"chat_id": CHAT, "text": text}))
            .send()
            .await
    };
    let count = async || world.chat(CHAT).await["messages"].as_array().unwrap().len() - 1;
    world
        .sim(
            "faults",
            on(json!({"kind": "status", "status": 429, "retry_after": 7})),
        )
        .await;
    let answer = world
        .bot("sendMessage", json!({"chat_id": CHAT, "text": "x"}))
        .await;
    assert_eq!(
        failure(&answer),
        (429, "Too Many Requests: retry after 7".into())
    );
    assert_eq!(answer.body["parameters"]["retry_after"], 7);
    assert_eq!(count().await, 0);
    world
        .sim("faults", on(json!({"kind": "apply_then_drop"})))
        .await;
    assert!(try_send("feito").await.is_err());
    assert_eq!(count().await, 1);
    world
        .sim("faults", on(json!({"kind": "drop_then_close"})))
        .await;
    assert!(try_send("perdido").await.is_err());
    assert_eq!(count().await, 1);
    world
        .sim("faults", on(json!({"kind": "late_apply", "ms": 60_000})))
        .await;
    assert!(try_send("tarde").await.is_err());
    assert_eq!(count().await, 1);
    world.sim("clock", json!({"advance_ms": 60_000})).await;
    world
        .until(&format!("telegram/chats/{CHAT}/messages?probe=0"), |chat| {
            chat["messages"].as_array().unwrap().len() == 3
        })
        .await;
    world
        .sim(
            "faults",
            on(json!({"kind": "apply_then_error", "status": 500})),
        )
        .await;
    let answer = world
        .bot("sendMessage", json!({"chat_id": CHAT, "text": "y"}))
        .await;
    assert_eq!(failure(&answer), (500, "Internal Server Error".into()));
    assert_eq!(count().await, 3);
}

#[tokio::test]
async fn a_voice_note_can_be_spoken_and_fetched() {
    let world = world().await;
    let note = json!({"voice": {"text": "bom dia"}});
    world.chat_writes(CHAT, note).await;
    let voice = world.last_update().await["message"]["voice"].clone();
    assert_eq!(voice["mime_type"], "audio/ogg");
    let file = world
        .bot_ok("getFile", json!({"file_id": voice["file_id"]}))
        .await;
    let path = file["file_path"].as_str().unwrap();
    let url = world.url(&format!("{}/{path}", BOT.replace("/bot", "/file/bot")));
    let bytes = world
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert!(bytes.starts_with(b"OggS"));
    let seen = world.look(&format!("telegram/chats/{CHAT}/messages")).await;
    assert_eq!(seen["messages"][1]["media"]["audio_codec"], "opus");
    assert!(
        seen["messages"][1]["media"]["duration_ms"]
            .as_u64()
            .unwrap()
            > 200
    );
}

#[tokio::test]
async fn a_tap_grows_too_old() {
    let world = world().await;
    let keyboard = json!({"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]});
    let sent = world
        .bot_ok(
            "sendMessage",
            json!({"chat_id": CHAT, "text": "x", "reply_markup": keyboard}),
        )
        .await;
    let tap = json!({"message_id": sent["message_id"], "data": "a"});
    let path = format!("telegram/chats/{CHAT}/taps");
    let id = world.sim(&path, tap.clone()).await["callback_query_id"].clone();
    world.sim("clock", json!({"advance_ms": 60_001})).await;
    let answer = world
        .bot("answerCallbackQuery", json!({"callback_query_id": id}))
        .await;
    assert_eq!(answer.status, 400);
    let id = world.sim(&path, tap).await["callback_query_id"].clone();
    let alert = json!({"callback_query_id": id, "text": "Sem cota", "show_alert": true});
    world.bot_ok("answerCallbackQuery", alert).await;
    assert_eq!(world.chat(CHAT).await["toast"]["alert"], true);
    let missing = world
        .client
        .post(world.url(&format!("_sim/{path}")))
        .json(&json!({"message_id": sent["message_id"], "data": "other"}));
    assert_eq!(missing.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_file_can_be_named_by_address() {
    let world = world().await;
    let upload = form().part("photo", part(jpeg(640, 480, 900), "a.jpg"));
    world.bot_form("sendPhoto", upload).await;
    let seen = world.chat(CHAT).await["messages"][1].clone();
    let url = seen["media"]["url"].clone();
    let sent = world
        .bot_ok("sendPhoto", json!({"chat_id": CHAT, "photo": url}))
        .await;
    assert_eq!(sent["photo"][0]["width"], 640);
    for (photo, sentence) in [
        (
            world.url("cdn/nothing"),
            "Bad Request: failed to get HTTP URL content",
        ),
        (
            world.url("_sim"),
            "Bad Request: wrong type of the web page content",
        ),
        (
            "http://example.com/a.jpg".into(),
            "Bad Request: wrong file identifier/HTTP URL specified",
        ),
    ] {
        let body = json!({"chat_id": CHAT, "photo": photo});
        assert_eq!(
            world.bot_fails("sendPhoto", body).await,
            (400, sentence.to_owned())
        );
    }
}

#[tokio::test]
async fn reactions_chats_and_voices() {
    let world = world().await;
    let asked = world.chat_writes(CHAT, json!({"text": "oi"})).await["message_id"].clone();
    let react = |list: Value| json!({"chat_id": CHAT, "message_id": asked, "reaction": list});
    let eyes = json!([{"type": "emoji", "emoji": "👀"}]);
    world.bot_ok("setMessageReaction", react(eyes)).await;
    assert_eq!(world.chat(CHAT).await["messages"][1]["reaction"], "👀");
    let two = json!([{"type": "emoji", "emoji": "👀"}, {"type": "emoji", "emoji": "👍"}]);
    assert_eq!(
        world.bot_fails("setMessageReaction", react(two)).await.1,
        "Bad Request: REACTIONS_TOO_MANY"
    );
    world.bot_ok("setMessageReaction", react(json!([]))).await;
    assert_eq!(
        world.chat(CHAT).await["messages"][1]["reaction"],
        Value::Null
    );
    world
        .sim(
            &format!("telegram/chats/{CHAT}"),
            json!({"blocked": true, "title": "Ana"}),
        )
        .await;
    let chat = world.bot_ok("getChat", json!({"chat_id": CHAT})).await;
    assert_eq!(
        (&chat["first_name"], &chat["type"]),
        (&json!("Ana"), &json!("private"))
    );
    world
        .sim(&format!("telegram/chats/{CHAT}"), json!({"blocked": false}))
        .await;
    let voice = form()
        .part("voice", part(b"OggS rest".to_vec(), "v.ogg"))
        .text("duration", "3");
    let sent = world.bot_form("sendVoice", voice).await.body["result"].clone();
    assert_eq!(sent["voice"]["duration"], 3);
}

#[tokio::test]
async fn an_album_keeps_its_kind() {
    let world = world().await;
    let mixed = json!([{"type": "photo", "media": "attach://p"}, {"type": "document", "media": "attach://d"}]);
    let album = form()
        .text("media", mixed.to_string())
        .part("p", part(jpeg(640, 480, 500), "p.jpg"))
        .part("d", part(b"%PDF-1.7".to_vec(), "d.pdf"));
    let sentence = "Bad Request: can't use the media of the specified type in the album";
    let refused = world.bot_form("sendMediaGroup", album).await;
    assert_eq!(failure(&refused), (400, sentence.to_owned()));
    let photos =
        json!([{"type": "photo", "media": "attach://p"}, {"type": "photo", "media": "attach://p"}]);
    let album = form()
        .text("media", photos.to_string())
        .part("p", part(jpeg(640, 480, 500), "p.jpg"));
    let sent = world.bot_form("sendMediaGroup", album).await.body["result"][0].clone();
    let edit = form()
        .text("message_id", sent["message_id"].to_string())
        .text(
            "media",
            json!({"type": "document", "media": "attach://d"}).to_string(),
        )
        .part("d", part(b"%PDF-1.7".to_vec(), "d.pdf"));
    let refused = world.bot_form("editMessageMedia", edit).await;
    assert_eq!(failure(&refused), (400, sentence.to_owned()));
}

#[tokio::test]
async fn markdown_is_refused_rather_than_misread() {
    let world = world().await;
    let body = json!({"chat_id": CHAT, "text": "*a*", "parse_mode": "MarkdownV2"});
    assert_eq!(
        world.bot_fails("sendMessage", body).await,
        (400, "Bad Request: unsupported parse_mode".to_owned())
    );
}
