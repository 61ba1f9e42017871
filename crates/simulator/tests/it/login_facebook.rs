//! Facebook Login for Business: the dialog, the person's token, the Pages and their tokens.

use serde_json::{Value, json};

use crate::login_instagram::{BACK, part};
use crate::support::{ACCOUNT, Answer, FACEBOOK, World};

const APP: &str = "200000000000001";
const SECRET: &str = "simulator-app-secret";
const PAGE: &str = "100000000000001";
const OTHER: &str = "100000000000003";
const LONELY: &str = "100000000000009";
/// The Page of the small seeded account.
const SMALL: &str = "100000000000080";
const SCOPES: &str = "instagram_basic,instagram_manage_comments,instagram_manage_insights,\
                      pages_show_list,pages_read_engagement,pages_manage_metadata";
const DAY_MS: i64 = 24 * 3_600_000;

impl World {
    fn dialog(&self, changed: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let mut pairs = vec![
            ("client_id", APP),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", SCOPES),
            ("state", "sesame"),
        ];
        for (name, value) in changed {
            pairs.retain(|(key, _)| key != name);
            pairs.push((name, value));
        }
        self.client
            .get(self.url("www.facebook.com/v26.0/dialog/oauth"))
            .query(&pairs)
    }

    async fn oauth(&self, pairs: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", APP), ("client_secret", SECRET)];
        for (name, value) in pairs {
            all.retain(|(key, _)| key != name);
            all.push((name, value));
        }
        let address = self.url(&format!("{FACEBOOK}/oauth/access_token"));
        self.call(self.client.get(address).query(&all)).await
    }

    async fn dialog_code(&self, changed: &[(&str, &str)]) -> String {
        let mut with = vec![("sim_decision", "allow")];
        with.extend(changed);
        let (status, location, page) = self.led(self.dialog(&with)).await;
        assert_eq!(status, 302, "{page}");
        assert!(location.ends_with("#_=_"), "{location}");
        part(&location, "code").unwrap()
    }

    /// A person's token, of an hour or of 60 days.
    pub(crate) async fn person(&self, long: bool, changed: &[(&str, &str)]) -> String {
        let code = self.dialog_code(changed).await;
        let answer = self.oauth(&[("redirect_uri", BACK), ("code", &code)]).await;
        let token = text(&answer.body["access_token"]);
        assert!(token.starts_with("EAA"));
        if !long {
            return token;
        }
        let answer = self
            .oauth(&[
                ("grant_type", "fb_exchange_token"),
                ("fb_exchange_token", &token),
            ])
            .await;
        assert_eq!(answer.body["expires_in"], 5_183_944, "{:?}", answer.body);
        text(&answer.body["access_token"])
    }

    async fn debug(&self, input: &str) -> Value {
        let path = format!("{FACEBOOK}/debug_token?input_token={input}");
        let asker = format!("{APP}|{SECRET}");
        self.with_token(&path, &asker).await.body["data"].clone()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn ids(answer: &Answer) -> Vec<String> {
    let rows = answer.body["data"].as_array().unwrap();
    rows.iter().map(|row| text(&row["id"])).collect()
}

/// Longer than other tests, as each step needs the token of the one before.
#[tokio::test]
async fn a_log_in_leads_to_pages_whose_tokens_have_no_end() {
    let world = World::without_webhook().await;
    let person = world.person(true, &[]).await;
    let me = world.with_token(&format!("{FACEBOOK}/me"), &person).await;
    assert!(me.body["name"].is_string());
    let pages = world
        .with_token(&format!("{FACEBOOK}/me/accounts"), &person)
        .await;
    assert_eq!(ids(&pages), [PAGE, OTHER, LONELY, SMALL]);
    let row = &pages.body["data"][0];
    for field in ["name", "category"] {
        assert!(row[field].is_string(), "{row}");
    }
    assert!(row["category_list"].is_array());
    assert!(
        row["tasks"]
            .as_array()
            .unwrap()
            .contains(&json!("MESSAGING"))
    );
    let page = text(&row["access_token"]);
    let again = world
        .with_token(&format!("{FACEBOOK}/me/accounts"), &person)
        .await;
    assert_eq!(again.body["data"][0]["access_token"], page.as_str());
    let link = format!("{FACEBOOK}/{PAGE}?fields=instagram_business_account{{id,username}}");
    for token in [&person, &page] {
        let answer = world.with_token(&link, token).await;
        assert_eq!(
            answer.body["instagram_business_account"],
            json!({"id": ACCOUNT, "username": "gramophone"}),
            "{:?}",
            answer.body
        );
    }
    let alone = world
        .with_token(
            &format!("{FACEBOOK}/{LONELY}?fields=name,instagram_business_account"),
            &person,
        )
        .await;
    assert_eq!(
        alone.body,
        json!({"id": LONELY, "name": "Praça das Flores"})
    );
    let whole = format!(
        "{FACEBOOK}/{PAGE}?fields=id,name,access_token,tasks,instagram_business_account{{id}}"
    );
    let whole = world.with_token(&whole, &person).await;
    assert_eq!(whole.body["access_token"], page.as_str());
    assert_eq!(whole.body["instagram_business_account"]["id"], ACCOUNT);
    let data = world.debug(&page).await;
    assert_eq!(
        (&data["type"], &data["expires_at"]),
        (&json!("PAGE"), &json!(0))
    );
    assert_eq!(data["profile_id"], PAGE);
    world.sim("clock", json!({"advance_ms": 61 * DAY_MS})).await;
    let own = format!("{FACEBOOK}/me?fields=name");
    assert_eq!(world.with_token(&own, &page).await.status, 200);
    assert_eq!(
        world.with_token(&own, &person).await.error(),
        (190, Some(463))
    );
    world.sim("clock", json!({"advance_ms": 30 * DAY_MS})).await;
    let ended = world.with_token(&own, &page).await;
    assert_eq!(ended.error(), (10, None), "data access lasts 90 days");
}

#[tokio::test]
async fn a_pages_token_of_a_short_log_in_ends_with_it() {
    let world = World::without_webhook().await;
    let person = world.person(false, &[]).await;
    let pages = world
        .with_token(&format!("{FACEBOOK}/me/accounts?limit=1"), &person)
        .await;
    let page = text(&pages.body["data"][0]["access_token"]);
    let own = format!("{FACEBOOK}/me");
    assert_eq!(world.with_token(&own, &page).await.status, 200);
    world.sim("clock", json!({"advance_ms": 3_600_000})).await;
    assert_eq!(
        world.with_token(&own, &page).await.error(),
        (190, Some(463))
    );
    let late = world
        .oauth(&[
            ("grant_type", "fb_exchange_token"),
            ("fb_exchange_token", &person),
        ])
        .await;
    assert_eq!(late.error(), (190, Some(463)));
}

#[tokio::test]
async fn pages_come_in_pages_and_only_those_that_were_chosen() {
    let world = World::without_webhook().await;
    let all = world.person(true, &[]).await;
    let first = world
        .with_token(&format!("{FACEBOOK}/me/accounts?limit=2"), &all)
        .await;
    assert_eq!(ids(&first), [PAGE, OTHER]);
    let after = text(&first.body["paging"]["cursors"]["after"]);
    assert!(text(&first.body["paging"]["next"]).contains(&after));
    let second = world
        .with_token(
            &format!("{FACEBOOK}/me/accounts?limit=2&after={after}"),
            &all,
        )
        .await;
    assert_eq!(ids(&second), [LONELY, SMALL]);
    assert_eq!(second.body["paging"]["next"], Value::Null);
    let some = world.person(true, &[("sim_pages", OTHER)]).await;
    let listed = world
        .with_token(&format!("{FACEBOOK}/me/accounts"), &some)
        .await;
    assert_eq!(ids(&listed), [OTHER]);
    let foreign = world
        .with_token(&format!("{FACEBOOK}/{PAGE}?fields=name"), &some)
        .await;
    assert_eq!(foreign.error(), (100, Some(33)));
}

#[tokio::test]
async fn an_empty_list_of_pages_leaves_debug_token() {
    let world = World::without_webhook().await;
    world.sim("app", json!({"pages_listed": false})).await;
    let person = world.person(true, &[("sim_pages", PAGE)]).await;
    let listed = world
        .with_token(&format!("{FACEBOOK}/me/accounts"), &person)
        .await;
    assert_eq!(listed.body, json!({"data": []}));
    let data = world.debug(&person).await;
    assert_eq!(data["type"], "USER");
    assert_eq!(data["is_valid"], true);
    let granular = data["granular_scopes"].as_array().unwrap();
    let of = |scope: &str| {
        let row = granular.iter().find(|row| row["scope"] == scope).unwrap();
        row["target_ids"].clone()
    };
    assert_eq!(of("pages_show_list"), json!([PAGE]));
    assert_eq!(of("instagram_basic"), json!([ACCOUNT]));
    let lives = data["expires_at"].as_i64().unwrap() - data["issued_at"].as_i64().unwrap();
    assert!((5_183_943..=5_183_945).contains(&lives), "{lives}");
    let sees =
        data["data_access_expires_at"].as_i64().unwrap() - data["issued_at"].as_i64().unwrap();
    assert!((90 * 86_400 - 5..=90 * 86_400).contains(&sees), "{sees}");
    assert_eq!(world.debug("nobody").await["is_valid"], false);
    let stranger = world
        .with_token(
            &format!("{FACEBOOK}/debug_token?input_token={person}"),
            "nobody",
        )
        .await;
    assert_eq!(stranger.error(), (190, None));
}

#[tokio::test]
async fn a_persons_token_does_not_do_what_a_page_does() {
    let world = World::without_webhook().await;
    let person = world.person(true, &[]).await;
    for path in [
        format!("{FACEBOOK}/me/messages"),
        format!("{FACEBOOK}/{PAGE}/subscribed_apps"),
        format!("{FACEBOOK}/{PAGE}/conversations?platform=instagram"),
    ] {
        let answer = world.with_token(&path, &person).await;
        assert_eq!(answer.error(), (210, None), "{path}");
    }
    let read = world
        .with_token(&format!("{FACEBOOK}/{ACCOUNT}?fields=username"), &person)
        .await;
    assert_eq!(read.body["username"], "gramophone");
    let rights = world
        .with_token(&format!("{FACEBOOK}/me/permissions"), &person)
        .await;
    assert_eq!(rights.body["data"].as_array().unwrap().len(), 6);
    let pages = world
        .with_token(&format!("{FACEBOOK}/me/accounts"), &person)
        .await;
    let page = text(&pages.body["data"][0]["access_token"]);
    let address = world.url(&format!("{FACEBOOK}/me/permissions"));
    let gone = world
        .call(world.client.delete(address).bearer_auth(&person))
        .await;
    assert_eq!(gone.body, json!({"success": true}));
    for token in [person, page] {
        let answer = world.with_token(&format!("{FACEBOOK}/me"), &token).await;
        assert_eq!(answer.error(), (190, Some(458)));
    }
}

#[tokio::test]
async fn the_dialog_checks_asks_and_can_be_refused() {
    let world = World::without_webhook().await;
    let (status, _, page) = world.led(world.dialog(&[])).await;
    assert_eq!(status, 200);
    for piece in [
        "name=\"page\" value=\"100000000000009\" checked",
        "no Instagram account",
        "value=\"pages_show_list\"",
    ] {
        assert!(page.contains(piece), "{piece} in {page}");
    }
    let (_, location, _) = world.led(world.dialog(&[("sim_decision", "deny")])).await;
    assert_eq!(part(&location, "error").as_deref(), Some("access_denied"));
    assert_eq!(
        part(&location, "error_reason").as_deref(),
        Some("user_denied")
    );
    assert_eq!(part(&location, "state").as_deref(), Some("sesame"));
    for (name, value, says) in [
        ("client_id", "1", "Invalid App ID"),
        ("redirect_uri", "https://example.org/", "URL blocked"),
        (
            "scope",
            "instagram_business_basic",
            "Invalid Scopes: instagram_business_basic",
        ),
    ] {
        let with = [("sim_decision", "allow"), (name, value)];
        let (status, location, page) = world.led(world.dialog(&with)).await;
        assert_eq!((status, location.as_str()), (400, ""));
        assert!(page.contains(says), "{page}");
    }
    let configs = json!({"configs": {"7": ["pages_show_list"]}});
    world.sim("app", configs).await;
    let unknown = [("sim_decision", "allow"), ("config_id", "8")];
    assert_eq!(world.led(world.dialog(&unknown)).await.0, 400);
    let person = world.person(true, &[("config_id", "7")]).await;
    assert_eq!(
        world.debug(&person).await["scopes"],
        json!(["pages_show_list"])
    );
    let address = world.url("www.facebook.com/v26.0/dialog/oauth");
    let nobody = world
        .client
        .post(format!(
            "{address}?client_id={APP}&response_type=code&redirect_uri={BACK}&config_id=7"
        ))
        .form(&[("decision", "allow")]);
    let (status, _, page) = world.led(nobody).await;
    assert_eq!(status, 200);
    assert!(page.contains("Choose at least one Page."));
}

#[tokio::test]
async fn codes_of_the_dialog_are_refused_in_graph_words() {
    let world = World::without_webhook().await;
    let code = world.dialog_code(&[]).await;
    let at = ("redirect_uri", BACK);
    for (pairs, error) in [
        (vec![at], (100, None)),
        (vec![at, ("code", "other")], (100, None)),
        (
            vec![("redirect_uri", "http://127.0.0.1/x"), ("code", &code)],
            (100, Some(36_008)),
        ),
        (vec![at, ("code", &code), ("client_secret", "x")], (1, None)),
        (vec![at, ("code", &code), ("client_id", "1")], (101, None)),
    ] {
        let answer = world.oauth(&pairs).await;
        assert_eq!((answer.status, answer.error()), (400, error), "{pairs:?}");
    }
    assert_eq!(world.oauth(&[at, ("code", &code)]).await.status, 200);
    assert_eq!(
        world.oauth(&[at, ("code", &code)]).await.error(),
        (100, Some(36_009))
    );
    let old = world.dialog_code(&[]).await;
    world.sim("clock", json!({"advance_ms": 3_600_000})).await;
    assert_eq!(
        world.oauth(&[at, ("code", &old)]).await.error(),
        (100, Some(36_007))
    );
    let app = world.oauth(&[("grant_type", "client_credentials")]).await;
    assert_eq!(app.body["access_token"], format!("{APP}|{SECRET}"));
}
