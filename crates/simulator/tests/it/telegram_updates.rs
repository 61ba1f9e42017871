//! Updates on their way: polls, webhooks, the switch between them, and what a test may do to them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::World;
use crate::telegram_support::{CHAT, GROUP, Hook, Posted, failure, world};

fn texts(arrivals: &[Posted]) -> Vec<String> {
    let text = |posted: &Posted| posted.body["message"]["text"].as_str().unwrap().to_owned();
    arrivals.iter().map(text).collect()
}

async fn say(world: &World, text: &str) -> i64 {
    let written = world.chat_writes(CHAT, json!({"text": text})).await;
    written["update_id"].as_i64().unwrap()
}

async fn hooked(world: &World) -> std::sync::Arc<Hook> {
    let hook = Hook::start().await;
    let set = json!({"url": hook.url, "secret_token": "s3cret_-A"});
    assert_eq!(world.bot_ok("setWebhook", set).await, true);
    hook
}

#[tokio::test]
async fn offsets_confirm_limits_cut_and_a_day_forgets() {
    let world = world().await;
    let first = say(&world, "um").await;
    say(&world, "dois").await;
    say(&world, "três").await;
    let some = world.bot_ok("getUpdates", json!({"limit": 2})).await;
    assert_eq!(some.as_array().unwrap().len(), 2);
    assert_eq!(world.updates(first + 1).await.len(), 2);
    assert_eq!(world.updates(0).await.len(), 2, "confirmed is gone");
    assert_eq!(world.updates(-1).await[0]["message"]["text"], "três");
    assert_eq!(
        world.updates(0).await.len(),
        1,
        "a negative offset forgets the rest"
    );
    world.sim("clock", json!({"advance_ms": 86_400_001})).await;
    assert!(world.updates(0).await.is_empty());
}

#[tokio::test]
async fn a_poll_without_news_waits_as_long_as_it_said() {
    let world = world().await;
    let started = Instant::now();
    assert_eq!(
        world.bot_ok("getUpdates", json!({"timeout": 1})).await,
        json!([])
    );
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn kinds_that_were_not_asked_for_do_not_come() {
    let world = world().await;
    world
        .bot_ok("getUpdates", json!({"allowed_updates": ["callback_query"]}))
        .await;
    let written = world.chat_writes(CHAT, json!({"text": "oi"})).await;
    assert_eq!(written["update_id"], Value::Null);
    world
        .bot_ok("getUpdates", json!({"allowed_updates": []}))
        .await;
    say(&world, "agora").await;
    assert_eq!(world.updates(0).await.len(), 1);
}

#[tokio::test]
async fn a_webhook_gets_its_secret_and_what_was_pending() {
    let world = world().await;
    say(&world, "antes").await;
    let hook = hooked(&world).await;
    say(&world, "depois").await;
    let arrivals = hook.wait(2).await;
    assert_eq!(texts(&arrivals), ["antes", "depois"]);
    assert!(
        arrivals
            .iter()
            .all(|posted| posted.secret.as_deref() == Some("s3cret_-A"))
    );
    let calls = world.look("calls?path=/setWebhook").await;
    assert_eq!(calls["calls"][0]["body"]["secret_token"], "***");
    // Back to polling: what is new waits there, what was delivered does not come again.
    world.bot_ok("deleteWebhook", json!({})).await;
    say(&world, "por polling").await;
    let left = world.updates(0).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["message"]["text"], "por polling");
}

#[tokio::test]
async fn a_webhook_that_fails_is_tried_again_in_order() {
    let world = world().await;
    let hook = hooked(&world).await;
    hook.answer(&[500, 503, 200]).await;
    say(&world, "um").await;
    say(&world, "dois").await;
    let arrivals = hook.wait(4).await;
    assert_eq!(texts(&arrivals), ["um", "um", "um", "dois"]);
    let info = world.bot_ok("getWebhookInfo", json!({})).await;
    assert!(
        info["last_error_message"]
            .as_str()
            .unwrap()
            .starts_with("Wrong response from the webhook: 50")
    );
}

#[tokio::test]
async fn chats_do_not_wait_for_each_other_at_a_webhook() {
    let world = world().await;
    let hook = hooked(&world).await;
    hook.answer(&[500, 200]).await;
    say(&world, "falha").await;
    hook.wait(1).await;
    world.chat_writes(GROUP, json!({"text": "grupo"})).await;
    let arrivals = hook.wait(3).await;
    let mut last = texts(&arrivals)[1..].to_vec();
    last.sort();
    assert_eq!(last, ["falha", "grupo"]);
}

#[tokio::test]
async fn an_answer_of_a_webhook_is_recorded_and_not_executed() {
    let world = world().await;
    let hook = hooked(&world).await;
    hook.reply(json!({"method": "sendMessage", "chat_id": CHAT, "text": "pela resposta"}))
        .await;
    say(&world, "oi").await;
    hook.wait(1).await;
    let delivery = world
        .until("telegram", |seen| {
            seen["delivery"]["replies"][0].is_object()
        })
        .await;
    assert_eq!(delivery["delivery"]["replies"][0]["method"], "sendMessage");
    assert_eq!(
        world.chat(CHAT).await["messages"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn webhook_addresses_are_checked() {
    let world = world().await;
    for (url, sentence) in [
        (
            "http://example.com/x",
            "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
        ),
        (
            "https://example.com:8444/x",
            "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
    ] {
        assert_eq!(
            world.bot_fails("setWebhook", json!({"url": url})).await,
            (400, sentence.to_owned())
        );
    }
    let long = json!({"url": "https://example.com/x", "secret_token": "x".repeat(257)});
    assert_eq!(
        world.bot_fails("setWebhook", long).await.1,
        "Bad Request: secret token is too long"
    );
}

#[tokio::test]
async fn setting_a_webhook_ends_a_poll_and_dropping_forgets() {
    let world = world().await;
    let hook = Hook::start().await;
    let poll = world.bot("getUpdates", json!({"timeout": 20}));
    let set = async {
        world.until_polling().await;
        world.bot_ok("setWebhook", json!({"url": hook.url})).await
    };
    let (poll, _) = tokio::join!(poll, set);
    assert_eq!(
        failure(&poll),
        (409, "Conflict: terminated by setWebhook request".into())
    );
    hook.answer(&[500]).await;
    say(&world, "nunca").await;
    hook.wait(1).await;
    world
        .bot_ok("deleteWebhook", json!({"drop_pending_updates": true}))
        .await;
    assert!(world.updates(0).await.is_empty());
}

#[tokio::test]
async fn held_updates_leave_in_the_order_a_test_asks_for() {
    let world = world().await;
    let hook = hooked(&world).await;
    world.sim("telegram/webhook/hold", json!({})).await;
    for text in ["um", "dois", "três"] {
        say(&world, text).await;
    }
    assert_eq!(
        world.bot_ok("getWebhookInfo", json!({})).await["pending_update_count"],
        3
    );
    world
        .sim("telegram/webhook/release", json!({"order": "reverse"}))
        .await;
    assert_eq!(texts(&hook.wait(3).await), ["três", "dois", "um"]);
    let id = say(&world, "quatro").await;
    hook.wait(4).await;
    world.until("telegram", |seen| seen["pending"] == 0).await;
    world
        .sim("telegram/webhook/redeliver", json!({"id": id, "times": 2}))
        .await;
    let arrivals = hook.wait(6).await;
    assert_eq!(arrivals[4].body, arrivals[3].body);
}

#[tokio::test]
async fn updates_can_be_doubled_shuffled_and_lost() {
    let world = world().await;
    let hook = hooked(&world).await;
    let on = |what: Value| json!({"match": {"event": "message", "path": "api.telegram.org"}, "do": what});
    world
        .sim("faults", on(json!({"kind": "duplicate", "copies": 2})))
        .await;
    let id = say(&world, "três vezes").await;
    let arrivals = hook.wait(3).await;
    assert!(arrivals.iter().all(|posted| posted.body["update_id"] == id));
    world.sim("faults", on(json!({"kind": "lose"}))).await;
    say(&world, "perdida").await;
    let mut rule = on(json!({"kind": "reorder", "window": 6, "ms": 10_000}));
    rule["times"] = json!(0);
    world.sim("faults", rule).await;
    for n in 0..6 {
        say(&world, &format!("r{n}")).await;
    }
    let shuffled = texts(&hook.wait(9).await[3..]);
    let mut sorted = shuffled.clone();
    sorted.sort();
    assert_eq!(sorted, ["r0", "r1", "r2", "r3", "r4", "r5"]);
    assert_ne!(shuffled, sorted, "in another order");
}

#[tokio::test]
async fn any_update_can_be_sent_and_a_reset_keeps_the_webhook() {
    let world = world().await;
    let hook = hooked(&world).await;
    let update = json!({"update": {"chat_boost": {"chat": {"id": CHAT}}}});
    world.sim("telegram/updates", update).await;
    assert_eq!(hook.wait(1).await[0].body["chat_boost"]["chat"]["id"], CHAT);
    world.sim("reset", json!({})).await;
    assert_eq!(world.look("telegram/chats").await["chats"], json!([]));
    say(&world, "de novo").await;
    let arrivals = hook.wait(2).await;
    // Numbers go on, so that a bot that runs on does not take new messages for old ones.
    assert_eq!(arrivals[1].body["message"]["message_id"], 2);
    let number = |at: usize| arrivals[at].body["update_id"].as_i64().unwrap();
    assert_eq!(number(1), number(0) + 1);
}

#[tokio::test]
async fn a_bot_that_is_no_administrator_hears_only_what_is_for_it() {
    let world = world().await;
    world
        .sim(
            &format!("telegram/chats/{GROUP}"),
            json!({"bot_is_admin": false}),
        )
        .await;
    let own = world
        .bot_ok("sendMessage", json!({"chat_id": GROUP, "text": "oi"}))
        .await;
    for (heard, body) in [
        (false, json!({"text": "só entre nós"})),
        (true, json!({"text": "esse", "mention": true})),
        (
            true,
            json!({"text": "e aí?", "reply_to": own["message_id"]}),
        ),
        (true, json!({"text": "/ajuda"})),
        (false, json!({"text": "/ajuda@outro_bot"})),
    ] {
        let written = world.chat_writes(GROUP, body.clone()).await;
        assert_eq!(written["update_id"].is_number(), heard, "{body}");
    }
}

#[tokio::test]
async fn a_webhook_takes_no_more_at_once_than_it_said() {
    let world = world().await;
    let hook = Hook::start().await;
    hook.hold(true);
    let set = json!({"url": hook.url, "max_connections": 2});
    world.bot_ok("setWebhook", set).await;
    for chat in 1..=4 {
        world.chat_writes(chat, json!({"text": "oi"})).await;
    }
    hook.wait(2).await;
    let seen = world.look("telegram").await;
    assert_eq!(seen["delivery"]["busy"], 2);
    assert_eq!(seen["pending"], 4);
    hook.hold(false);
    hook.wait(4).await;
}

#[tokio::test]
async fn the_stream_tells_of_chats() {
    let world = world().await;
    let mut stream = world
        .client
        .get(world.url("_sim/stream"))
        .send()
        .await
        .unwrap();
    world
        .bot_ok("sendMessage", json!({"chat_id": CHAT, "text": "oi"}))
        .await;
    let mut told = String::new();
    while !told.contains('}') {
        told.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    let data = told.split("data: ").nth(1).unwrap().lines().next().unwrap();
    let change: Value = serde_json::from_str(data).unwrap();
    assert_eq!(
        (&change["channel"], &change["person"], &change["what"]),
        (
            &json!("telegram"),
            &json!(CHAT.to_string()),
            &json!("message")
        )
    );
    assert_eq!(change["account"], "123456789");
}
