//! The Bot API: who may call, what texts and edits may be, what taps and deletions do.

use serde_json::{Value, json};

use crate::telegram_support::{BOT, CHAT, FORUM, GROUP, failure, world};

#[tokio::test]
async fn a_text_goes_out_and_is_edited_in_place() {
    let world = world().await;
    let me = world.bot_ok("getMe", json!({})).await;
    assert_eq!(
        (&me["id"], &me["username"]),
        (&json!(123_456_789), &json!("gramophone_sim_bot"))
    );
    let sent = world
        .bot_ok(
            "sendMessage",
            json!({"chat_id": CHAT, "text": "<b>Recebi</b>! 😀", "parse_mode": "HTML"}),
        )
        .await;
    assert_eq!(sent["text"], "Recebi! 😀");
    assert_eq!(
        sent["entities"],
        json!([{"type": "bold", "offset": 0, "length": 6}])
    );
    assert_eq!(
        sent["message_id"], 2,
        "one counter with what the person wrote"
    );
    let id = sent["message_id"].clone();
    let edit = json!({"chat_id": CHAT, "message_id": id, "text": "Pronto."});
    let edited = world.bot_ok("editMessageText", edit.clone()).await;
    assert_eq!(edited["text"], "Pronto.");
    assert!(edited["edit_date"].is_number());
    let (status, sentence) = world.bot_fails("editMessageText", edit).await;
    assert_eq!(status, 400);
    assert_eq!(
        sentence,
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"
    );
    let chat = world.chat(CHAT).await;
    assert_eq!(chat["messages"][1]["text"], "Pronto.");
    assert_eq!(chat["messages"][1]["edits"], 1);
    assert_eq!(chat["messages"][1]["history"][0]["text"], "Recebi! 😀");
}

#[tokio::test]
async fn tokens_and_methods_are_checked_and_masked() {
    let world = world().await;
    let wrong = world
        .client
        .get(world.url("api.telegram.org/bot123456789:OTHER/getMe"));
    assert_eq!(
        failure(&world.call(wrong).await),
        (401, "Unauthorized".into())
    );
    assert_eq!(
        world.bot_fails("flyToTheMoon", json!({})).await,
        (404, "Not Found".into())
    );
    // Names of methods are not case-sensitive, and arguments may stand in the query.
    let query = world
        .client
        .get(world.url(&format!("{BOT}/SENDMESSAGE?chat_id={CHAT}&text=ol%C3%A1")));
    assert_eq!(world.call(query).await.body["result"]["text"], "olá");
    let form = world
        .client
        .post(world.url(&format!("{BOT}/sendMessage")))
        .form(&[("chat_id", CHAT.to_string()), ("text", "form".to_owned())]);
    assert_eq!(world.call(form).await.body["result"]["text"], "form");
    let calls = world.look("calls?host=api.telegram.org").await;
    assert!(!calls.to_string().contains("SIM-TELEGRAM-TOKEN"));
    assert_eq!(calls["calls"][0]["path"], "/bot***/getMe");
    assert_eq!(calls["unmodelled"][0]["path"], "/bot***/flyToTheMoon");
    let sends = world.look("calls?path=/sendMessage").await;
    assert_eq!(sends["calls"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn chats_refuse_with_the_real_sentences() {
    let world = world().await;
    let send = |chat: Value| json!({"chat_id": chat, "text": "oi"});
    for (chat, sentence) in [
        (json!(99), "Bad Request: chat not found"),
        (json!("@nobody"), "Bad Request: chat not found"),
        (Value::Null, "Bad Request: chat_id is empty"),
    ] {
        assert_eq!(
            world.bot_fails("sendMessage", send(chat)).await,
            (400, sentence.to_owned())
        );
    }
    for (id, state, sentence) in [
        (
            71,
            json!({"blocked": true}),
            "Forbidden: bot was blocked by the user",
        ),
        (
            72,
            json!({"deactivated": true}),
            "Forbidden: user is deactivated",
        ),
        (
            73,
            json!({"started": false}),
            "Forbidden: bot can't initiate conversation with a user",
        ),
        (
            GROUP,
            json!({"kicked": true}),
            "Forbidden: bot was kicked from the group chat",
        ),
        (
            FORUM,
            json!({"kicked": true}),
            "Forbidden: bot was kicked from the supergroup chat",
        ),
    ] {
        world.sim(&format!("telegram/chats/{id}"), state).await;
        assert_eq!(
            world.bot_fails("sendMessage", send(json!(id))).await,
            (403, sentence.to_owned())
        );
    }
    world
        .sim("telegram/chats/-4000000009", json!({"migrated_to": FORUM}))
        .await;
    let answer = world
        .bot("sendMessage", send(json!(-4_000_000_009_i64)))
        .await;
    assert_eq!(
        failure(&answer),
        (
            400,
            "Bad Request: group chat was upgraded to a supergroup chat".into()
        )
    );
    assert_eq!(answer.body["parameters"]["migrate_to_chat_id"], FORUM);
}

#[tokio::test]
async fn a_tap_arrives_and_is_answered_once() {
    let world = world().await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Transcrição", "callback_data": "t:1"}]]});
    let sent = world
        .bot_ok(
            "sendMessage",
            json!({"chat_id": CHAT, "text": "Pronto", "reply_markup": keyboard}),
        )
        .await;
    assert_eq!(sent["reply_markup"], keyboard);
    let tap = json!({"message_id": sent["message_id"], "data": "t:1"});
    world.sim(&format!("telegram/chats/{CHAT}/taps"), tap).await;
    let update = world.last_update().await;
    let query = &update["callback_query"];
    assert_eq!(query["data"], "t:1");
    assert_eq!(query["message"]["message_id"], sent["message_id"]);
    let answer = json!({"callback_query_id": query["id"], "text": "Já vai"});
    assert_eq!(
        world.bot_ok("answerCallbackQuery", answer.clone()).await,
        true
    );
    assert_eq!(world.chat(CHAT).await["toast"]["text"], "Já vai");
    let old = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    assert_eq!(
        world.bot_fails("answerCallbackQuery", answer).await,
        (400, old.to_owned())
    );
}

#[tokio::test]
async fn a_long_poll_wakes_at_once() {
    let world = world().await;
    let poll = world.bot_ok("getUpdates", json!({"timeout": 30}));
    let write = async {
        // The poll is under way when the call log does not show it and nothing else is pending.
        tokio::task::yield_now().await;
        world
            .chat_writes(
                CHAT,
                json!({"text": "veja https://www.instagram.com/reel/A/"}),
            )
            .await
    };
    let started = std::time::Instant::now();
    let (updates, written) = tokio::join!(poll, write);
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
    assert_eq!(updates[0]["update_id"], written["update_id"]);
    assert_eq!(updates[0]["message"]["entities"][0]["type"], "url");
    let next = written["update_id"].as_i64().unwrap() + 1;
    assert!(world.updates(next).await.is_empty(), "confirmed");
}
