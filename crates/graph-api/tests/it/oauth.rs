//! Logins: each call as its fixture has it, each answer as the fixture's, and no secret in anything that is printed.

use graph_api::{
    client::{AccessToken, Credentials, Graph, Hosts, Login, Unobserved, Version},
    error::CallError,
    id::{AccountId, PageId},
    oauth::{App, OwnPages, PageAccount, Subscribe},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

use crate::fixtures::{ACCOUNT, PAGE, one};
use crate::responder::{Reply, Request, Responder};

const BACK: &str = "https://bot.example.org/instagram/auth/callback";
const HOSTS: [&str; 3] = [
    "graph.facebook.com",
    "graph.instagram.com",
    "api.instagram.com",
];

fn app() -> App {
    App {
        id: "200000000000001".to_owned(),
        secret: SecretString::from("fixture-app-secret"),
    }
}

async fn world(answers: &[&str]) -> (Responder, Graph) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let replies = answers.iter().map(|name| {
        let fixture = one(name);
        let status = u16::try_from(fixture["status"].as_u64().unwrap()).unwrap();
        Reply::Json(status, Vec::new(), fixture["body"].clone())
    });
    let responder = Responder::start(replies.collect()).await;
    let at = |host: &str| format!("{}/{host}", responder.base);
    let mut hosts = Hosts::new(&at(HOSTS[0]), &at(HOSTS[1])).unwrap();
    hosts.instagram_api = at(HOSTS[2]).parse().unwrap();
    let graph = Graph::new(hosts, Version::NEWEST, Arc::new(Unobserved)).unwrap();
    (responder, graph)
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let object = value.as_object().into_iter().flatten();
    let mut pairs: Vec<(String, String)> = object
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    pairs.sort();
    pairs
}

#[track_caller]
fn check(request: &Request, name: &str) {
    let fixture = one(name);
    assert_eq!(
        request.method,
        fixture["method"].as_str().unwrap(),
        "{name}"
    );
    let (host, path) = (
        fixture["host"].as_str().unwrap(),
        fixture["path"].as_str().unwrap(),
    );
    assert_eq!(request.path(), format!("/{host}{path}"), "{name}");
    let mut query = request.query();
    query.sort();
    assert_eq!(query, pairs(&fixture["query"]), "{name}");
    let mut form: Vec<(String, String)> = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect();
    form.sort();
    assert_eq!(form, pairs(&fixture["form"]), "{name}");
}

#[tokio::test]
async fn instagram_logins_are_spelled_as_meta_wants_them() {
    let answers = [
        "answer-oauth-code-instagram",
        "answer-oauth-code-instagram-flat",
        "answer-oauth-long-instagram",
        "answer-oauth-refresh-instagram",
    ];
    let (responder, graph) = world(&answers).await;
    let (code, token) = (
        SecretString::from("fixture-code"),
        SecretString::from("fixture-token"),
    );
    let wrapped = graph.instagram_code(&app(), BACK, &code).await.unwrap();
    let flat = graph.instagram_code(&app(), BACK, &code).await.unwrap();
    assert_eq!(wrapped.permissions, flat.permissions);
    assert_eq!(wrapped.permissions.unwrap().len(), 3);
    let long = graph.instagram_long_lived(&app(), &token).await.unwrap();
    assert_eq!(long.token.expose_secret(), "IGAAfixturelong");
    assert_eq!(long.lives, Some(Duration::from_secs(5_183_944)));
    let fresh = graph.instagram_refresh(&token).await.unwrap();
    assert!(!format!("{fresh:?} {:?}", app()).contains("fixture-app-secret"));
    assert!(!format!("{fresh:?}").contains("IGAA"));
    let requests = responder.requests();
    check(&requests[0], "request-oauth-code-instagram");
    check(&requests[2], "request-oauth-long-instagram");
    check(&requests[3], "request-oauth-refresh-instagram");
}

#[tokio::test]
async fn facebook_logins_are_spelled_as_meta_wants_them() {
    let answers = [
        "answer-oauth-code-facebook",
        "answer-oauth-code-facebook",
        "answer-oauth-debug-token",
        "answer-oauth-own-pages",
        "answer-oauth-page",
        "answer-oauth-subscribe",
        "answer-oauth-subscribe",
    ];
    let (responder, graph) = world(&answers).await;
    let (code, token) = (
        SecretString::from("fixture-code"),
        SecretString::from("fixture-token"),
    );
    graph.facebook_code(&app(), BACK, &code).await.unwrap();
    graph.facebook_long_lived(&app(), &token).await.unwrap();
    let facts = graph.debug_token(&app(), &token).await.unwrap();
    assert!(facts.is_valid && facts.expires_at.is_none());
    assert_eq!(facts.targets, [PAGE, ACCOUNT]);
    let credentials = Credentials {
        account: AccountId::from(ACCOUNT),
        login: Login::Facebook {
            page_id: PageId::from(PAGE),
        },
        token: AccessToken::new("fixture-token"),
        app_secret: None,
    };
    let pages = graph.ask(&credentials, &OwnPages).await.unwrap();
    let page = PageAccount {
        page: PageId::from(PAGE),
    };
    let page = graph.ask(&credentials, &page).await.unwrap();
    assert_eq!(pages[0].account, Some(AccountId::from(ACCOUNT)));
    assert_eq!(page.username, pages[0].username);
    assert!(!format!("{page:?}").contains("EAA"), "{page:?}");
    graph
        .ask(&credentials, &Subscribe::default())
        .await
        .unwrap();
    let instagram = Credentials {
        login: Login::Instagram,
        ..credentials
    };
    graph.ask(&instagram, &Subscribe::default()).await.unwrap();
    let requests = responder.requests();
    for (request, name) in requests.iter().zip([
        "oauth-code-facebook",
        "oauth-long-facebook",
        "oauth-debug-token",
        "oauth-own-pages",
        "oauth-page",
        "oauth-subscribe-facebook",
        "oauth-subscribe-instagram",
    ]) {
        check(request, &format!("request-{name}"));
    }
}

#[tokio::test]
async fn a_refusal_of_the_login_host_is_metas_error_and_shows_nothing() {
    let (responder, graph) = world(&["answer-oauth-refused"]).await;
    let code = SecretString::from("fixture-code");
    let error = graph.instagram_code(&app(), BACK, &code).await.unwrap_err();
    let refused = error.graph().unwrap();
    assert_eq!(refused.code, 400);
    assert!(refused.message.starts_with("Matching code"));
    drop(responder);
    let lost = graph.instagram_refresh(&code).await.unwrap_err();
    assert!(matches!(lost, CallError::NotSent(_) | CallError::Lost(_)));
    assert!(
        !format!("{lost} {lost:?}").contains("fixture-code"),
        "{lost:?}"
    );
}

#[tokio::test]
async fn a_login_begins_at_metas_page() {
    let (_responder, graph) = world(&[]).await;
    let url = graph.instagram_login(&app(), BACK, "a state&more").unwrap();
    assert!(
        url.as_str()
            .starts_with("https://www.instagram.com/oauth/authorize?")
    );
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert!(query.contains(&("state".to_owned(), "a state&more".to_owned())));
    assert!(query.contains(&("redirect_uri".to_owned(), BACK.to_owned())));
    let url = graph.facebook_login(&app(), BACK, "s").unwrap();
    assert!(
        url.as_str()
            .starts_with("https://www.facebook.com/v26.0/dialog/oauth?")
    );
    assert!(!url.as_str().contains("fixture-app-secret"));
}
