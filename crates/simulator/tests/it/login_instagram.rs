//! Instagram Login: the page, the code, the tokens that come of it and how long they live.
//! Longer than other files: one log-in, told from its page to the end of its last token.

use reqwest::header::LOCATION;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, INSTAGRAM, World};

pub(crate) const BACK: &str = "http://127.0.0.1:8080/back";
const APP: &str = "200000000000001";
const SECRET: &str = "simulator-app-secret";
const EVERY: &str = "instagram_business_basic,instagram_business_manage_messages,\
                     instagram_business_manage_comments,instagram_business_content_publish,\
                     instagram_business_manage_insights";
const HOUR_MS: i64 = 3_600_000;

/// Where a redirect leads, apart from its query: the parameters as a list.
pub(crate) fn parts(location: &str) -> Vec<(String, String)> {
    let url = url::Url::parse(location).unwrap();
    url.query_pairs().into_owned().collect()
}

pub(crate) fn part(location: &str, name: &str) -> Option<String> {
    parts(location)
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

impl World {
    fn authorize(&self, changed: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let mut pairs = vec![
            ("client_id", APP),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", EVERY),
            ("state", "sesame"),
        ];
        for (name, value) in changed {
            pairs.retain(|(key, _)| key != name);
            pairs.push((name, value));
        }
        self.client
            .get(self.url("www.instagram.com/oauth/authorize"))
            .query(&pairs)
    }

    /// Status, where it leads, and the page's text.
    pub(crate) async fn led(&self, request: reqwest::RequestBuilder) -> (u16, String, String) {
        let answer = request.send().await.unwrap();
        let location = answer
            .headers()
            .get(LOCATION)
            .map(|value| value.to_str().unwrap().to_owned());
        (
            answer.status().as_u16(),
            location.unwrap_or_default(),
            answer.text().await.unwrap(),
        )
    }

    async fn code(&self, changed: &[(&str, &str)]) -> String {
        let mut with = vec![("sim_decision", "allow")];
        with.extend(changed);
        let (status, location, page) = self.led(self.authorize(&with)).await;
        assert_eq!(status, 302, "{page}");
        assert!(location.ends_with("#_"), "{location}");
        part(&location, "code").unwrap()
    }

    async fn exchange(&self, changed: &[(&str, &str)]) -> (u16, Value) {
        let mut form = vec![
            ("client_id", APP),
            ("client_secret", SECRET),
            ("grant_type", "authorization_code"),
            ("redirect_uri", BACK),
        ];
        for (name, value) in changed {
            form.retain(|(key, _)| key != name);
            form.push((name, value));
        }
        let request = self
            .client
            .post(self.url("api.instagram.com/oauth/access_token"));
        let answer = request.form(&form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn short_token(&self, changed: &[(&str, &str)]) -> String {
        let code = self.code(changed).await;
        let (status, answer) = self.exchange(&[("code", &code)]).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"][0]["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn with_token(&self, path: &str, token: &str) -> crate::support::Answer {
        self.call(self.client.get(self.url(path)).bearer_auth(token))
            .await
    }

    async fn lengthen(&self, token: &str) -> crate::support::Answer {
        self.call(
            self.client
                .get(self.url("graph.instagram.com/access_token"))
                .query(&[
                    ("grant_type", "ig_exchange_token"),
                    ("client_secret", SECRET),
                    ("access_token", token),
                ]),
        )
        .await
    }

    async fn refresh(&self, host: &str, token: &str) -> crate::support::Answer {
        self.call(
            self.client
                .get(self.url(&format!("{host}/refresh_access_token")))
                .query(&[("grant_type", "ig_refresh_token"), ("access_token", token)]),
        )
        .await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_log_in_gives_a_token_of_an_hour_then_of_sixty_days_then_a_new_one() {
    let world = World::without_webhook().await;
    let short = world.short_token(&[]).await;
    assert!(short.starts_with("IG"));
    let me = format!("{INSTAGRAM}/me?fields=user_id,username");
    assert_eq!(world.with_token(&me, &short).await.body["user_id"], ACCOUNT);
    let long = world.lengthen(&short).await.body;
    assert_eq!(
        (&long["token_type"], &long["expires_in"]),
        (&json!("bearer"), &json!(5_183_944))
    );
    let long = text(&long["access_token"]);
    world.sim("clock", json!({"advance_ms": HOUR_MS})).await;
    assert_eq!(
        world.with_token(&me, &short).await.error(),
        (190, Some(463))
    );
    assert_eq!(world.with_token(&me, &long).await.status, 200);
    let early = world.refresh("graph.instagram.com", &long).await;
    assert_eq!((early.status, early.error()), (400, (100, None)));
    world
        .sim("clock", json!({"advance_ms": 24 * HOUR_MS}))
        .await;
    for host in ["graph.instagram.com", INSTAGRAM] {
        let new = world.refresh(host, &long).await;
        assert_eq!(new.body["expires_in"], 5_183_944, "{:?}", new.body);
        assert!(text(&new.body["permissions"]).contains("instagram_business_basic"));
        let new = text(&new.body["access_token"]);
        assert_eq!(world.with_token(&me, &new).await.status, 200);
    }
    world
        .sim("clock", json!({"advance_ms": 60 * 24 * HOUR_MS}))
        .await;
    let late = world.refresh("graph.instagram.com", &long).await;
    assert_eq!(late.error(), (190, Some(463)));
}

#[tokio::test]
async fn a_refresh_needs_a_long_token_and_the_basic_scope() {
    let world = World::without_webhook().await;
    let short = world.short_token(&[]).await;
    let wrong = world.refresh("graph.instagram.com", &short).await;
    assert_eq!(wrong.error(), (100, None));
    let long = text(&world.lengthen(&short).await.body["access_token"]);
    assert_eq!(world.lengthen(&long).await.error(), (100, None));
    world
        .sim("clock", json!({"advance_ms": 25 * HOUR_MS}))
        .await;
    let scopes = json!(["instagram_business_manage_messages"]);
    world
        .sim("tokens", json!({"token": long, "scopes": scopes}))
        .await;
    let bare = world.refresh("graph.instagram.com", &long).await;
    assert_eq!(bare.error(), (10, None));
    let unknown = world.refresh("graph.instagram.com", "nobody").await;
    assert_eq!(unknown.error(), (190, None));
    let secretless = world
        .with_token(
            "graph.instagram.com/access_token?grant_type=ig_exchange_token",
            &short,
        )
        .await;
    assert_eq!((secretless.status, secretless.error()), (400, (1, None)));
}

#[tokio::test]
async fn the_state_comes_back_and_a_refusal_says_why() {
    let world = World::without_webhook().await;
    let (status, location, _) = world
        .led(world.authorize(&[("sim_decision", "allow")]))
        .await;
    assert_eq!(status, 302);
    assert!(location.starts_with(BACK));
    assert_eq!(part(&location, "state").as_deref(), Some("sesame"));
    let (_, location, _) = world
        .led(world.authorize(&[("sim_decision", "deny")]))
        .await;
    for (name, value) in [
        ("error", "access_denied"),
        ("error_reason", "user_denied"),
        ("error_description", "The user denied your request"),
        ("state", "sesame"),
    ] {
        assert_eq!(part(&location, name).as_deref(), Some(value));
    }
    assert_eq!(part(&location, "code"), None);
}

#[tokio::test]
async fn what_a_log_in_is_asked_with_is_checked_before_anybody_is_led_anywhere() {
    let world = World::without_webhook().await;
    for (name, value, says) in [
        ("client_id", "1", "Invalid platform app"),
        (
            "redirect_uri",
            "https://example.org/back",
            "Invalid redirect_uri",
        ),
        ("response_type", "token", "Invalid response_type"),
        (
            "scope",
            "business_basic",
            "Invalid scope: ['business_basic']",
        ),
        (
            "scope",
            "instagram_business_basic,instagram_manage_comments",
            "['instagram_manage_comments']",
        ),
        (
            "scope",
            "instagram_business_manage_messages",
            "instagram_business_basic is required",
        ),
    ] {
        let with = [("sim_decision", "allow"), (name, value)];
        let (status, location, page) = world.led(world.authorize(&with)).await;
        assert_eq!((status, location.as_str()), (400, ""), "{name} {value}");
        assert!(page.contains(says), "{page}");
    }
    let uris = json!({"redirect_uris": ["https://example.org/back"]});
    world.sim("app", uris).await;
    let registered = [
        ("sim_decision", "allow"),
        ("redirect_uri", "https://example.org/back"),
    ];
    assert_eq!(world.led(world.authorize(&registered)).await.0, 302);
    let slash = [
        ("sim_decision", "allow"),
        ("redirect_uri", "https://example.org/back/"),
    ];
    assert_eq!(world.led(world.authorize(&slash)).await.0, 400);
    assert_eq!(world.led(world.authorize(&registered[..1])).await.0, 400);
}

#[tokio::test]
async fn a_browser_finds_a_form_that_does_the_same() {
    let world = World::without_webhook().await;
    let (status, _, page) = world.led(world.authorize(&[])).await;
    assert_eq!(status, 200);
    for piece in [
        "name=\"account\" value=\"17841400000000001\"",
        "name=\"grant\" value=\"instagram_business_manage_insights\" checked",
        "value=\"instagram_business_basic\" checked disabled",
        "value=\"allow\"",
        "value=\"cancel\"",
    ] {
        assert!(page.contains(piece), "{piece} in {page}");
    }
    let action = page.split("action=\"").nth(1).unwrap();
    let action = action.split('"').next().unwrap().replace("&amp;", "&");
    let address = world.url(&format!("www.instagram.com/oauth/authorize{action}"));
    let post = |form: &[(&str, &str)]| world.led(world.client.post(&address).form(form));
    let (status, _, page) = post(&[("decision", "allow")]).await;
    assert_eq!(status, 200);
    assert!(page.contains("Choose an account first."));
    let personal = [("decision", "allow"), ("account", "17841400000000004")];
    let (status, _, page) = post(&personal).await;
    assert_eq!(status, 200);
    assert!(page.contains("This account is personal."));
    let form = [
        ("decision", "allow"),
        ("account", "17841400000000003"),
        ("grant", "instagram_business_manage_comments"),
    ];
    let (status, location, _) = post(&form).await;
    assert_eq!(status, 302);
    let code = part(&location, "code").unwrap();
    let (_, answer) = world.exchange(&[("code", &code)]).await;
    assert_eq!(
        answer["data"][0]["permissions"],
        "instagram_business_basic,instagram_business_manage_comments"
    );
    let token = text(&answer["data"][0]["access_token"]);
    let me = world
        .with_token(&format!("{INSTAGRAM}/me?fields=username"), &token)
        .await;
    assert_eq!(me.body["username"], "atelie.da.bia");
    // Who is logged in is offered first, unless the app wants them to say so again.
    let remembered = "value=\"17841400000000003\" checked";
    assert!(world.led(world.authorize(&[])).await.2.contains(remembered));
    let anew = [("force_reauth", "true")];
    let page = world.led(world.authorize(&anew)).await.2;
    assert!(!page.contains(remembered));
    let (_, location, _) = post(&[("decision", "cancel")]).await;
    assert_eq!(part(&location, "error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_part_of_the_scopes_may_be_granted() {
    let world = World::without_webhook().await;
    let code = world
        .code(&[
            ("sim_decision", "partial"),
            ("sim_scopes", "instagram_business_manage_messages"),
        ])
        .await;
    world.sim("app", json!({"token_answer": "flat"})).await;
    let (_, answer) = world.exchange(&[("code", &code)]).await;
    assert_eq!(
        answer["permissions"],
        json!([
            "instagram_business_basic",
            "instagram_business_manage_messages"
        ])
    );
    assert!(answer["user_id"].is_u64());
}

#[tokio::test]
async fn a_code_works_once_within_an_hour_at_its_own_address() {
    let world = World::without_webhook().await;
    let code = world.code(&[]).await;
    for (changed, says) in [
        (("client_id", "1"), "Invalid platform app"),
        (
            ("client_secret", "wrong"),
            "Error validating client secret.",
        ),
        (("grant_type", "password"), "Invalid grant_type"),
        (
            ("redirect_uri", "http://127.0.0.1:8080/back/"),
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
        ),
        (
            ("code", "other"),
            "Matching code was not found or was already used",
        ),
    ] {
        let form = [("code", code.as_str()), changed];
        let (status, answer) = world.exchange(&form).await;
        assert_eq!(
            (status, answer),
            (
                400,
                json!({"error_type": "OAuthException", "code": 400, "error_message": says})
            )
        );
    }
    assert_eq!(world.exchange(&[("code", &code)]).await.0, 200);
    let (status, again) = world.exchange(&[("code", &code)]).await;
    assert_eq!(status, 400);
    assert_eq!(
        again["error_message"],
        "Matching code was not found or was already used"
    );
    let old = world.code(&[]).await;
    world.sim("clock", json!({"advance_ms": HOUR_MS})).await;
    let (_, late) = world.exchange(&[("code", &old)]).await;
    assert_eq!(
        late["error_message"],
        "This authorization code has expired."
    );
}

#[tokio::test]
async fn without_a_role_an_app_in_development_is_refused_every_call() {
    let world = World::without_webhook().await;
    let token = world
        .short_token(&[("sim_account", "17841400000000003")])
        .await;
    let me = format!("{INSTAGRAM}/me");
    world
        .sim(
            "accounts",
            json!({"id": "17841400000000003", "role": false}),
        )
        .await;
    let refused = world.with_token(&me, &token).await;
    assert_eq!(refused.error(), (100, None));
    assert_eq!(
        refused.body["error"]["message"],
        "Unsupported request - method type: get"
    );
    world.sim("app", json!({"live": true})).await;
    assert_eq!(world.with_token(&me, &token).await.status, 200);
}
