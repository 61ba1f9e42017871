//! Other accounts and hashtags: read where Meta shows them, and a plain word where it does not.

use std::collections::BTreeSet;

use simulator::Options;

use crate::{api::Asked, office::Office};

#[tokio::test(flavor = "multi_thread")]
async fn another_account_is_read_to_its_last_post() {
    let office = Office::open().await;
    let path = office.path("discovery/discos.do_mar?limit=25");
    let mut page = office.api.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.body["username"], "discos.do_mar");
    assert_eq!(page.body["media_count"], 60);
    let mut seen = BTreeSet::new();
    loop {
        let media = page.body["media"].clone();
        for post in media["data"].as_array().unwrap() {
            let is_new = seen.insert(post["id"].as_str().unwrap().to_owned());
            assert!(is_new, "{post} came twice");
        }
        let Some(after) = media["paging"]["after"].as_str() else {
            break;
        };
        page = office.api.get(&format!("{path}&after={after}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
    }
    assert_eq!(seen.len(), 60);
    for name in ["maria.so_olha", "bar_da_esquina", "ninguem.mesmo"] {
        let got = office
            .api
            .get(&office.path(&format!("discovery/{name}")))
            .await;
        assert_eq!(got.status, 404, "{name}: {}", got.text);
        assert_eq!(got.body["error"]["code"], "not_found");
    }
    let odd = office.path("discovery/a%7Bid%7D");
    let got = office.api.get(&odd).await;
    assert_eq!(got.status, 422, "{}", got.text);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hashtags_are_found_read_and_counted() {
    let office = Office::open().await;
    let search = |word: &str| office.path(&format!("hashtags/search?q={word}"));
    let found = office.api.get(&search("%23Vinil")).await;
    assert_eq!(found.status, 200, "{}", found.text);
    let id = found.body["id"].as_str().unwrap().to_owned();
    assert_eq!(office.api.get(&search("vinil")).await.body["id"], *id);
    let used = office.api.get(&office.path("hashtags")).await;
    assert_eq!(used.body["left"], 29, "{}", used.text);
    for list in ["top", "recent"] {
        let path = office.path(&format!("hashtags/{id}/{list}?limit=10"));
        let got = office.api.get(&path).await;
        assert_eq!(got.status, 200, "{}", got.text);
        assert!(got.body["data"].is_array(), "{}", got.text);
    }
    let got = office.api.get(&search("dois%20nomes")).await;
    assert_eq!(got.status, 422, "{}", got.text);
    assert_eq!(got.body["error"]["problems"][0]["at"], "q");
    let got = office.api.get(&search("estanaoexisteemladonenhum")).await;
    assert_eq!(got.status, 404, "{}", got.text);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_thirty_first_hashtag_of_a_week_is_refused_with_its_reason() {
    let office = Office::open().await;
    let words: Vec<String> = (0..31).map(|at| format!("assunto{at}")).collect();
    office
        .sim("hashtags", serde_json::json!({ "add": words }))
        .await;
    for word in &words[..30] {
        let got = office
            .api
            .get(&office.path(&format!("hashtags/search?q={word}")))
            .await;
        assert_eq!(got.status, 200, "{word}: {}", got.text);
    }
    let last = office.path(&format!("hashtags/search?q={}", words[30]));
    let got = office.api.get(&last).await;
    assert_eq!(got.status, 429, "{}", got.text);
    assert_eq!(got.body["error"]["code"], "hashtag_quota", "{}", got.text);
    assert!(got.body["error"]["next_step"].is_string(), "{}", got.text);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instagram_login_is_told_that_meta_shows_it_none_of_this() {
    let token = Options::default().instagram_token;
    let office = Office::with(&[
        ("instagram.login", "instagram"),
        ("instagram.page_access_token", &token),
    ])
    .await;
    let gets = [
        "discovery/discos.do_mar",
        "hashtags/search?q=vinil",
        "hashtags",
        "hashtags/17841593698074073/top",
        "hashtags/17841593698074073/recent",
    ];
    let gets = gets.map(|path| Asked::get(&office.path(path)));
    let delete = Asked::delete(&office.path("media/17900000000000001"));
    for asked in gets.into_iter().chain([delete]) {
        let got = office.api.ask(asked).await;
        assert_eq!(got.status, 409, "{}", got.text);
        assert_eq!(got.body["error"]["code"], "facebook_login_only");
        let step = got.body["error"]["next_step"].as_str().unwrap();
        assert!(step.contains("Facebook Login"), "{step}");
    }
    let asked = office.look("calls?path=hashtag").await["calls"].clone();
    assert!(asked.as_array().unwrap().is_empty(), "{asked}");
    office.close().await;
}
