//! The log of deliveries, sending anew, and who may look.

use std::time::Duration;

use serde_json::{Value, json};
use server::Roles;

use crate::{
    api::{Api, Asked, Got},
    client::{ACCOUNT, post},
    forward::{changes, comment},
    house::{House, eventually},
    receiver::Receiver,
};

const PATIENCE: Duration = Duration::from_mins(1);
const OTHER: &str = "17841400000000002";

async fn states(api: &Api) -> Vec<String> {
    let list = api.get("/v1/deliveries").await.body;
    let list = list["data"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|one| one["state"].as_str().unwrap().to_owned())
        .collect()
}

async fn all_are(api: &Api, count: usize, state: &str) {
    eventually(state, PATIENCE, || async {
        let states = states(api).await;
        states.len() == count && states.iter().all(|one| one == state)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_delivery_has_its_log_and_can_be_sent_anew() {
    let receiver = Receiver::present();
    let house = House::with_settings(Roles::BOTH, &receiver.settings()).await;
    let api = Api::of(&house);
    for at in 0..5 {
        let body = changes(&[comment(&format!("c{at}"))]);
        assert_eq!(post(house.address, &body).await.status, 200);
    }
    all_are(&api, 5, "delivered").await;
    let first = api.get("/v1/deliveries?limit=2").await.body;
    let after = first["paging"]["after"].as_str().unwrap();
    let path = format!("/v1/deliveries?limit=500&after={after}");
    let rest = api.get(&path).await.body;
    assert_eq!(rest["data"].as_array().unwrap().len(), 3);
    assert_eq!(rest["paging"]["after"], Value::Null);
    let id = first["data"][0]["id"].as_str().unwrap();
    let one = api.get(&format!("/v1/deliveries/{id}")).await.body;
    assert_eq!(one["log"][0]["status"], 200);
    assert_eq!(one["log"][0]["outcome"], "delivered");
    let event = one["event"].as_str().unwrap();
    let of_event = api.get(&format!("/v1/deliveries?event={event}")).await.body;
    assert_eq!(of_event["data"].as_array().unwrap().len(), 1);
    let none = api.get("/v1/deliveries?kind=message").await.body;
    assert_eq!(none["data"], json!([]));

    let again = api
        .post(&format!("/v1/deliveries/{id}/resend"), &json!({}))
        .await;
    assert_eq!(again.status, 200, "{}", again.text);
    eventually("it came again", PATIENCE, || async {
        receiver.came().iter().filter(|one| one.id == event).count() == 2
    })
    .await;
    let wrong = api
        .get("/v1/deliveries?state=lost&since=yesterday&limit=0")
        .await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.body["error"]["problems"].as_array().unwrap().len(), 3);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_left_alone_until_it_is_back() {
    let receiver = Receiver::present();
    receiver.answers(|_| (410, ""));
    let house = House::with_settings(Roles::BOTH, &receiver.settings()).await;
    let api = Api::of(&house);
    assert_eq!(
        post(house.address, &changes(&[comment("c1")])).await.status,
        200
    );
    eventually("it is given up, and an alert is held", PATIENCE, || async {
        let states = states(&api).await;
        states == ["held", "dead"]
    })
    .await;
    assert_eq!(
        post(house.address, &changes(&[comment("c2")])).await.status,
        200
    );
    assert_eq!(states(&api).await, ["held", "held", "dead"]);
    assert_eq!(receiver.came().len(), 1);
    let alerts = api.get("/v1/events?kind=alert").await.body;
    assert_eq!(alerts["data"][0]["data"]["code"], "forward_disabled");

    receiver.answers(|_| (204, ""));
    let sent = api.post("/v1/deliveries/resend", &json!({})).await;
    assert_eq!(sent.body, json!({"resent": 3}), "{}", sent.text);
    all_are(&api, 3, "delivered").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_puts_the_next_attempt_off() {
    let receiver = Receiver::present();
    receiver.answers(|_| (503, "7200"));
    let house = House::with_settings(Roles::BOTH, &receiver.settings()).await;
    let api = Api::of(&house);
    assert_eq!(
        post(house.address, &changes(&[comment("c1")])).await.status,
        200
    );
    eventually("it was tried", PATIENCE, || async {
        api.get("/v1/deliveries").await.body["data"][0]["attempts"] == 1
    })
    .await;
    let one = &api.get("/v1/deliveries").await.body["data"][0];
    let time = |name: &str| -> jiff::Timestamp { one[name].as_str().unwrap().parse().unwrap() };
    let waits = time("next_at").duration_since(time("created_at"));
    assert!(waits.as_secs() >= 7_200, "{waits}");
    assert_eq!(one["last_error"], "answered 503");
    house.close().await;
}

/// Every path of this part, asked by somebody without a key and by a key of another account.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_nothing_and_a_key_sees_its_own_account_only() {
    let receiver = Receiver::present();
    let house = House::with_settings(Roles::BOTH, &receiver.settings()).await;
    let open = Api::of(&house);
    let theirs = changes(&[comment("c2")]).replace(ACCOUNT, OTHER);
    for body in [changes(&[comment("c1")]), theirs] {
        assert_eq!(post(house.address, &body).await.status, 200);
    }
    all_are(&open, 2, "delivered").await;
    let wanted = json!({"name": "mine", "scopes": ["read", "manage"], "accounts": [ACCOUNT]});
    let key = open.post("/v1/keys", &wanted).await.body["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let list = open.get("/v1/deliveries").await.body;
    let of_other = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["account"] == OTHER)
        .unwrap();
    let (delivery, event) = (
        of_other["id"].as_str().unwrap(),
        of_other["event"].as_str().unwrap(),
    );
    let mine = async |asked: Asked| -> Got { open.ask(asked.header("x-api-key", &key)).await };
    for path in [
        format!("/v1/deliveries/{delivery}"),
        format!("/v1/events/{event}"),
        format!("/v1/events?account={OTHER}"),
        format!("/v1/deliveries?account={OTHER}"),
        format!("/v1/stream?account={OTHER}"),
    ] {
        assert_eq!(mine(Asked::get(&path)).await.status, 404, "{path}");
    }
    let anew = format!("/v1/deliveries/{delivery}/resend");
    assert_eq!(mine(Asked::post(&anew, &json!({}))).await.status, 404);
    let every = json!({"states": ["delivered"]});
    let resent = mine(Asked::post("/v1/deliveries/resend", &every)).await;
    assert_eq!(resent.body, json!({"resent": 1}));
    for path in ["/v1/deliveries", "/v1/events"] {
        let list = mine(Asked::get(path)).await.body;
        let list = list["data"].as_array().unwrap();
        assert_eq!(list.len(), 1, "{path}");
        assert_eq!(list[0]["account"], ACCOUNT);
    }
    for path in [
        "/v1/deliveries".to_owned(),
        "/v1/events".to_owned(),
        "/v1/stream".to_owned(),
        format!("/v1/deliveries/{delivery}"),
        format!("/v1/events/{event}"),
    ] {
        let stranger = Asked::get(&path).header("x-api-key", "gmk_nobody");
        assert_eq!(open.ask(stranger).await.status, 401, "{path}");
    }
    for path in [anew.as_str(), "/v1/deliveries/resend"] {
        let stranger = Asked::post(path, &json!({})).header("x-api-key", "gmk_nobody");
        assert_eq!(open.ask(stranger).await.status, 401, "{path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_account_does_not_wake_what_all_share() {
    let receiver = Receiver::present();
    receiver.answers(|_| (410, ""));
    let house = House::with_settings(Roles::BOTH, &receiver.settings()).await;
    let open = Api::of(&house);
    let body = changes(&[comment("c1")]);
    assert_eq!(post(house.address, &body).await.status, 200);
    eventually("it is given up", PATIENCE, || async {
        states(&open).await.contains(&"dead".to_owned())
    })
    .await;
    receiver.answers(|_| (204, ""));
    let wanted = json!({"name": "mine", "scopes": ["read", "manage"], "accounts": [ACCOUNT]});
    let key = open.post("/v1/keys", &wanted).await.body["key"].clone();
    let list = open.get("/v1/deliveries?state=dead").await.body;
    let dead = list["data"][0]["id"].as_str().unwrap();
    let mine = |path: String| {
        let asked = Asked::post(&path, &json!({}));
        open.ask(asked.header("x-api-key", key.as_str().unwrap()))
    };
    let one = mine(format!("/v1/deliveries/{dead}/resend")).await;
    assert_eq!(one.status, 409, "{}", one.text);
    assert_eq!(one.body["error"]["code"], "receiver_off");
    assert!(one.body["error"]["next_step"].is_string());
    let many = mine("/v1/deliveries/resend".to_owned()).await;
    assert_eq!(many.status, 409, "{}", many.text);
    assert_eq!(receiver.came().len(), 1, "it sleeps on");
    let all = open.post("/v1/deliveries/resend", &json!({})).await;
    assert_eq!(all.status, 200, "{}", all.text);
    eventually("it is awake", PATIENCE, || async {
        states(&open).await.iter().all(|one| one == "delivered")
    })
    .await;
    house.close().await;
}
