//! Budgets of calls: how full the headers say they are, what refuses, and that calling on prolongs it.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Answer, FACEBOOK, INSTAGRAM, World};

const MINUTE_MS: i64 = 60_000;

fn header(answer: &Answer, name: &str) -> Value {
    serde_json::from_str(answer.headers[name].to_str().unwrap()).unwrap()
}

/// `(percent, minutes to wait)` of the account.
fn business(answer: &Answer) -> (u64, i64) {
    let row = header(answer, "x-business-use-case-usage")[ACCOUNT][0].clone();
    (
        row["call_count"].as_u64().unwrap(),
        row["estimated_time_to_regain_access"].as_i64().unwrap(),
    )
}

async fn me(world: &World) -> Answer {
    world.get(&format!("{INSTAGRAM}/me")).await
}

async fn blocked_calls(world: &World) -> Vec<bool> {
    let log = world.look("calls").await;
    let calls = log["calls"].as_array().unwrap();
    calls
        .iter()
        .map(|call| call["blocked"].as_bool().unwrap())
        .collect()
}

#[tokio::test]
async fn the_formula_counts_calls_of_a_day_for_each_impression() {
    let world = World::without_webhook().await;
    world
        .sim("accounts", json!({"id": ACCOUNT, "impressions": 2}))
        .await;
    world
        .sim("limits", json!({"calls_per_impression": 2}))
        .await;
    let mut percents = Vec::new();
    for _ in 0..4 {
        percents.push(business(&me(&world).await).0);
        world
            .sim("clock", json!({"advance_ms": 60 * MINUTE_MS}))
            .await;
    }
    assert_eq!(percents, [25, 50, 75, 100]);
    let refused = me(&world).await;
    assert_eq!((refused.status, refused.error()), (400, (80_002, None)));
    let (percent, wait) = business(&refused);
    assert_eq!(percent, 100);
    assert!((19 * 60..=20 * 60).contains(&wait), "{wait}");
    assert_eq!(header(&refused, "x-app-usage")["call_count"], 0);
    world
        .sim("clock", json!({"advance_ms": wait * MINUTE_MS}))
        .await;
    assert_eq!(me(&world).await.status, 200);
    assert_eq!(blocked_calls(&world).await, [false; 6]);
}

#[tokio::test]
async fn calling_on_while_closed_is_seen_and_prolongs_the_closing() {
    let world = World::without_webhook().await;
    world
        .sim(
            "limits",
            json!({"calls_per_hour": 1, "prolong_ms": 600_000}),
        )
        .await;
    // Calls are counted by the minute, and no minute may end while they are made.
    let now_ms = world.look("clock").await["now_ms"].as_i64().unwrap();
    let to = (now_ms / MINUTE_MS + 1) * MINUTE_MS + 10_000;
    world.sim("clock", json!({ "to": to })).await;
    assert_eq!(me(&world).await.status, 200);
    let first = business(&me(&world).await).1;
    assert!((1..=60).contains(&first), "{first}");
    assert_eq!(business(&me(&world).await).1, first + 10);
    assert_eq!(business(&me(&world).await).1, first + 20);
    assert_eq!(blocked_calls(&world).await, [false, false, true, true]);
    let log = world.look("calls?blocked=true").await;
    assert_eq!(log["calls"].as_array().unwrap().len(), 2);
    let usage = world.look("usage").await;
    assert_eq!(usage["accounts"][ACCOUNT]["account"]["refused"], 3);
    assert!(usage["accounts"][ACCOUNT]["account"]["closed_until_ms"].is_i64());
    world
        .sim("clock", json!({"advance_ms": first * MINUTE_MS}))
        .await;
    assert_eq!(me(&world).await.error(), (80_002, None));
    world
        .sim("clock", json!({"advance_ms": 31 * MINUTE_MS}))
        .await;
    assert_eq!(me(&world).await.status, 200);
}

#[tokio::test]
async fn each_budget_refuses_with_its_own_code() {
    for (limit, code) in [
        ("app_calls_per_hour", (4, None)),
        ("custom_calls_per_hour", (613, Some(1996))),
        ("page_calls_per_hour", (32, None)),
        ("calls_per_hour", (80_002, None)),
    ] {
        let world = World::without_webhook().await;
        world.sim("limits", json!({limit: 1})).await;
        let path = format!("{FACEBOOK}/me");
        assert_eq!(world.get(&path).await.status, 200);
        assert_eq!(world.get(&path).await.error(), code, "{limit}");
        world.sim("limits", json!({"enforce_calls": false})).await;
        assert_eq!(world.get(&path).await.status, 200);
    }
}

#[tokio::test]
async fn a_persons_budget_is_apart_from_the_accounts() {
    let world = World::without_webhook().await;
    let person = world.person(true, &[]).await;
    world.sim("limits", json!({"user_calls_per_hour": 1})).await;
    let pages = format!("{FACEBOOK}/me/accounts");
    let first = world.with_token(&pages, &person).await;
    assert_eq!(header(&first, "x-app-usage")["call_count"], 100);
    assert_eq!(world.with_token(&pages, &person).await.error(), (17, None));
    assert_eq!(world.get(&format!("{FACEBOOK}/me")).await.status, 200);
}

#[tokio::test]
async fn a_budget_can_be_closed_by_hand() {
    let world = World::without_webhook().await;
    world
        .sim("limits/close", json!({"budget": "account", "minutes": 5}))
        .await;
    let refused = me(&world).await;
    assert_eq!(refused.error(), (80_002, None));
    assert_eq!(business(&refused).1, 6, "the call itself added a minute");
    world
        .sim("limits/close", json!({"budget": "app", "minutes": 1}))
        .await;
    assert_eq!(me(&world).await.error(), (4, None));
    let unknown = json!({"budget": "page", "minutes": 1, "account": "7"});
    let request = world.client.post(world.url("_sim/limits/close"));
    let answer = request.json(&unknown).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn messaging_of_a_page_has_a_use_case_of_its_own() {
    let world = World::without_webhook().await;
    let kind =
        |answer: &Answer| header(answer, "x-business-use-case-usage")[ACCOUNT][0]["type"].clone();
    let talk = world
        .get(&format!("{FACEBOOK}/me/conversations?platform=instagram"))
        .await;
    assert_eq!(kind(&talk), "messenger");
    let read = world.get(&format!("{FACEBOOK}/{ACCOUNT}")).await;
    assert_eq!(kind(&read), "instagram");
    let own = world.get(&format!("{INSTAGRAM}/me/conversations")).await;
    assert_eq!(kind(&own), "instagram");
}

#[tokio::test]
async fn messaging_is_not_counted_with_the_account() {
    let world = World::without_webhook().await;
    let talk = format!("{FACEBOOK}/me/conversations?platform=instagram");
    let limits =
        json!({"calls_per_hour": 1, "messenger_calls_per_hour": 2, "conversations_per_second": 0});
    world.sim("limits", limits).await;
    assert_eq!(world.get(&talk).await.status, 200);
    let read = format!("{FACEBOOK}/{ACCOUNT}");
    assert_eq!(world.get(&read).await.status, 200);
    assert_eq!(world.get(&read).await.error(), (80_002, None));
    assert_eq!(business(&world.get(&talk).await).0, 100);
    let full = world.get(&talk).await;
    assert_eq!(full.error(), (80_006, None));
    assert!(business(&full).1 > 0);
}

#[tokio::test]
async fn headers_can_be_held_at_a_level() {
    let world = World::without_webhook().await;
    let other = "17841400000000080";
    for (budget, account) in [("app", ACCOUNT), ("account", other)] {
        let level = json!({"budget": budget, "percent": 95, "account": account});
        world.sim("limits/level", level).await;
    }
    let read = me(&world).await;
    assert_eq!(header(&read, "x-app-usage")["call_count"], 95);
    assert_eq!(business(&read).0, 0, "of another account");
    let level = json!({"budget": "app", "percent": 0});
    world.sim("limits/level", level).await;
    assert_eq!(header(&me(&world).await, "x-app-usage")["call_count"], 0);
}
