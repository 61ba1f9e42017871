//! The examples do what they say: each one's own function, compiled from its file, is run against the simulator. Each
//! begins with the answer that a reader of its first line expects.

#![allow(
    dead_code,
    clippy::duplicate_mod,
    reason = "each example has a main for the terminal and brings what all of them share"
)]

use crate::fixtures::{ACCOUNT, PAGE, PERSON};
use crate::flows::{APP_SECRET, Meta, facebook, hook, instagram};
use crate::responder::{Reply, Responder};
use graph_api::client::Login;
use graph_api::endpoint::publish::{Kind, Source, Work};
use graph_api::id::{Igsid, PageId};
use graph_api::insights::Window;
use graph_api::oauth::App;
use graph_api::webhook::AppSecrets;
use serde_json::{Value, json};
use simulator::Options;
use url::Url;

#[path = "../../examples/account_insights.rs"]
mod account_insights;
#[path = "../../examples/inspect_request.rs"]
mod inspect_request;
#[path = "../../examples/login.rs"]
mod login;
#[path = "../../examples/posts.rs"]
mod posts;
#[path = "../../examples/publish_image.rs"]
mod publish_image;
#[path = "../../examples/send_message.rs"]
mod send_message;
#[path = "../../examples/verify_webhook.rs"]
mod verify_webhook;

const BACK: &str = "http://127.0.0.1:8080/back";

/// What the owner of the account sees of it.
async fn seen(meta: &Meta, path: &str) -> Value {
    let url = format!("{}/_sim/{path}", meta.simulator.base_url());
    let answer = meta.http.get(url).send().await.unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn fifty_posts_come_with_their_numbers_in_one_call() {
    let meta = Meta::start().await;
    let seed = seen(&meta, "seed").await;
    for credentials in [facebook(), instagram()] {
        meta.http
            .delete(format!("{}/_sim/calls", meta.simulator.base_url()))
            .send()
            .await
            .unwrap();
        let lines = posts::posts(&meta.graph, &credentials).await.unwrap();
        assert_eq!(lines.len(), 50);
        let calls = seen(&meta, "calls").await;
        let graph = |call: &&Value| call["path"].as_str().unwrap().ends_with("/media");
        assert_eq!(
            calls["calls"]
                .as_array()
                .unwrap()
                .iter()
                .filter(graph)
                .count(),
            1
        );
        let first = seed["media"]
            .as_array()
            .unwrap()
            .iter()
            .find(|post| lines[0].starts_with(post["permalink"].as_str().unwrap()))
            .unwrap();
        let reach = format!("  reach {}", first["metrics"]["reach"]);
        assert!(lines[0].contains(&reach), "{} {reach}", lines[0]);
    }
}

#[tokio::test]
async fn a_week_is_told_by_the_day_and_in_all() {
    let meta = Meta::start().await;
    let now_ms = seen(&meta, "clock").await["now_ms"].as_i64().unwrap();
    let week = Window::last(7, now_ms);
    for credentials in [facebook(), instagram()] {
        let lines = account_insights::reach(&meta.graph, &credentials, week)
            .await
            .unwrap();
        assert_eq!(lines.len(), 8, "{lines:?}");
        let number = |line: &str| line.rsplit(' ').next().unwrap().parse::<i64>().unwrap();
        let days: Vec<i64> = lines[..7].iter().map(|line| number(line)).collect();
        let (largest, sum) = (days.iter().max().unwrap(), days.iter().sum());
        assert!((*largest..sum).contains(&number(&lines[7])), "{lines:?}");
    }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_looked_up_and_not_repeated() {
    let meta = Meta::start().await;
    meta.writes(json!({"text": "hi"})).await;
    let (to, words) = (Igsid::from(PERSON), "Good morning");
    meta.control(
        "faults",
        json!({"match": {"path": "/messages", "method": "POST"}, "times": 1, "do": {"kind": "apply_then_drop"}}),
    )
    .await;
    let sent = send_message::say(&meta.graph, &facebook(), &to, words)
        .await
        .unwrap();
    let said = meta.business_said().await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["id"], sent[0].as_str());
    assert_eq!(said[0]["text"], words);
}

/// A picture where Meta can fetch it.
async fn picture() -> Responder {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.jpg");
    let made = std::process::Command::new("ffmpeg")
        .args("-v error -nostdin -f lavfi -i color=c=red:s=320x320 -frames:v 1".split(' '))
        .arg(&file)
        .status();
    assert!(made.unwrap().success());
    let bytes = std::fs::read(file).unwrap();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len());
    let answer = [head.as_bytes(), &bytes].concat();
    Responder::answering(Box::new(move |_| Some(Reply::Raw(answer.clone())))).await
}

#[tokio::test]
async fn a_picture_is_published_once_meta_is_done_with_it() {
    let meta = Meta::start().await;
    meta.control("publishing", json!({"processing_ms": 90_000}))
        .await;
    let picture = picture().await;
    let url = format!("{}/a.jpg", picture.base);
    let work = Work {
        caption: Some("Bom dia".to_owned()),
        ..Work::new(Kind::Image, Source::ImageUrl(url))
    };
    let a_minute = async || {
        meta.control("clock", json!({"advance_ms": 60_000})).await;
    };
    let media = publish_image::publish(&meta.graph, &facebook(), work.clone(), a_minute)
        .await
        .unwrap();
    let newest = &seen(&meta, "media?limit=1").await["media"][0];
    assert_eq!(newest["id"], media.as_str());
    assert_eq!(newest["caption"], "Bom dia");

    let long = Work {
        caption: Some("x".repeat(2_201)),
        ..work
    };
    let refused = publish_image::publish(&meta.graph, &facebook(), long, async || {}).await;
    let said = refused.unwrap_err().to_string();
    assert_eq!(said, "caption: longer than 2200 characters");
}

#[tokio::test]
async fn only_what_meta_signed_is_read() {
    let (meta, mut hook) = (Meta::start().await, hook().await);
    let address = hook.base.parse().unwrap();
    meta.simulator.set_webhook(address).await.unwrap();
    meta.writes(json!({"text": "Olá"})).await;
    let secrets = AppSecrets::new(vec![APP_SECRET.into()]).unwrap();
    let delivery = loop {
        let request = hook.next().await;
        if request.method == "POST" {
            break request;
        }
    };
    let header = delivery.header("x-hub-signature-256").unwrap().as_bytes();
    let mut body = delivery.body.clone();
    let lines = verify_webhook::events(&secrets, header, body.clone().into()).unwrap();
    assert!(lines[0].ends_with("  Olá"), "{lines:?}");
    body.push(b' ');
    assert!(verify_webhook::events(&secrets, header, body.into()).is_err());
}

#[tokio::test]
async fn requests_are_shown_without_being_sent() {
    let meta = Meta::start().await;
    let lines = inspect_request::requests(&meta.graph).unwrap();
    let base = meta.simulator.base_url();
    assert_eq!(lines.len(), 4);
    let facebook = format!("GET {base}/graph.facebook.com/v26.0/{ACCOUNT}/stories?fields=");
    assert!(lines[0].starts_with(&facebook), "{}", lines[0]);
    let page = format!("POST {base}/graph.facebook.com/v26.0/{PAGE}/messages {{");
    assert!(lines[1].starts_with(&page), "{}", lines[1]);
    let account = format!("POST {base}/graph.instagram.com/v26.0/{ACCOUNT}/messages {{");
    assert!(lines[3].starts_with(&account), "{}", lines[3]);
    assert!(lines[3].contains("Good morning"));
    assert!(lines.iter().all(|line| !line.contains("never shown")));
    assert_eq!(seen(&meta, "calls").await["calls"], json!([]));
}

/// Allows what the address asks for, as the person in front of the browser would.
async fn allowed(address: &Url) -> String {
    let browser = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let address = format!("{address}&sim_decision=allow");
    let answer = browser.get(address).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn both_logins_end_with_an_account_and_no_token_in_sight() {
    let meta = Meta::start().await;
    let options = Options::default();
    let app = App {
        id: options.app_id,
        secret: options.app_secret.into(),
    };
    let graph = &meta.graph;

    let back = allowed(&graph.instagram_login(&app, BACK, "sesame").unwrap()).await;
    assert!(login::code_of(&back, "another").is_err());
    let code = login::code_of(&back, "sesame").unwrap();
    let account = login::with_instagram(graph, &app, BACK, &code)
        .await
        .unwrap();
    assert_eq!(account.account.as_str(), ACCOUNT);
    assert!(format!("{account:?}").contains("AccessToken(redacted)"));

    let back = allowed(&graph.facebook_login(&app, BACK, "sesame").unwrap()).await;
    let code = login::code_of(&back, "sesame").unwrap();
    let accounts = login::with_facebook(graph, &app, BACK, &code)
        .await
        .unwrap();
    let page_id = PageId::from(PAGE);
    let ours = accounts
        .iter()
        .find(|account| {
            account.login
                == Login::Facebook {
                    page_id: page_id.clone(),
                }
        })
        .unwrap();
    assert_eq!(ours.account.as_str(), ACCOUNT);
    // Its token works: it is the Page's own.
    assert_eq!(graph.me(ours).await.unwrap().id, PAGE);
}
