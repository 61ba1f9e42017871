//! The webhook against everything that is not Meta, and against Meta at its largest.

use crate::{
    client::{ACCOUNT, SECRET, VERIFY_TOKEN, get, messages, post, post_with, signature},
    house::House,
};

/// W1 of the threat list: only the right signature over exactly these bytes passes, and nothing else
/// leaves a trace in the database.
#[tokio::test]
async fn forged_deliveries_leave_no_trace() {
    let house = House::serving(&[]).await;
    let body = messages(&[("m-1", "55", "hello")]);
    let right = signature(SECRET, body.as_bytes());
    let hex = right.strip_prefix("sha256=").unwrap();
    let before = house.operations();

    let mut headers = vec![
        String::new(),
        "x-hub-signature-256: \r\n".to_owned(),
        format!("x-hub-signature-256: {hex}\r\n"),
        format!("x-hub-signature-256: sha1={hex}\r\n"),
        format!("x-hub-signature: sha1={}\r\n", &hex[..40]),
        format!("x-hub-signature-256: sha256={}\r\n", &hex[..63]),
        format!("x-hub-signature-256: sha256={hex}0\r\n"),
        format!("x-hub-signature-256: sha256={}\r\n", "zz".repeat(32)),
        format!("x-hub-signature-256: {right}\r\nx-hub-signature-256: {right}\r\n"),
        format!(
            "x-hub-signature-256: {}\r\n",
            signature("another-app", body.as_bytes())
        ),
        format!(
            "x-hub-signature-256: {}\r\n",
            signature("", body.as_bytes())
        ),
        format!("x-hub-signature-256: {}\r\n", signature(SECRET, b"")),
    ];
    // One wrong digit at every place.
    for at in 0..64 {
        let mut digits: Vec<char> = hex.chars().collect();
        digits[at] = if digits[at] == '0' { '1' } else { '0' };
        headers.push(format!(
            "x-hub-signature-256: sha256={}\r\n",
            digits.iter().collect::<String>()
        ));
    }
    for header in headers {
        let answer = post_with(house.address, &header, body.as_bytes()).await;
        assert_eq!(answer.status, 401, "{header}");
        assert!(
            !answer.body.contains(hex) && !answer.head.contains(hex),
            "the answer names the right one"
        );
    }
    // The right signature, one bit of the body turned, at every byte.
    for at in (0..body.len()).step_by(7) {
        let mut changed = body.clone().into_bytes();
        changed[at] ^= 1;
        let answer = post_with(
            house.address,
            &format!("x-hub-signature-256: {right}\r\n"),
            &changed,
        )
        .await;
        assert_eq!(answer.status, 401, "byte {at}");
    }
    assert_eq!(
        house.operations(),
        before,
        "a forged delivery reached the database"
    );

    assert_eq!(post(house.address, &body).await.status, 200);
    assert_eq!(house.jobs().await, 1);
    house.close().await;
}

/// Meta signs the spelling that it sends: escaped unicode, and separators with or without spaces.
#[tokio::test]
async fn the_signature_is_over_the_bytes_as_they_came() {
    let house = House::serving(&[]).await;
    let escaped = r#"{"object":"instagram","entry":[{"id":"17841400000000001","time":1,"messaging":[{"sender":{"id":"55"},"recipient":{"id":"17841400000000001"},"timestamp":1795329915976,"message":{"mid":"m-escaped","text":"\u00e4\u00f6 \/ \u003C \u0025 \u0040 \ud83d\ude00"}}]}]}"#;
    assert_eq!(post(house.address, escaped).await.status, 200);
    assert_eq!(
        post(
            house.address,
            &escaped.replace(':', ": ").replace("m-escaped", "m-spaced")
        )
        .await
        .status,
        200
    );
    let reserialised = serde_json::from_str::<serde_json::Value>(escaped)
        .unwrap()
        .to_string();
    let header = format!(
        "x-hub-signature-256: {}\r\n",
        signature(SECRET, escaped.as_bytes())
    );
    assert_eq!(
        post_with(house.address, &header, reserialised.as_bytes())
            .await
            .status,
        401
    );
    house.close().await;
}

#[tokio::test]
async fn any_of_several_secrets_signs_on_either_path() {
    let house = House::serving(&[("instagram.app_secrets", "meta-secret,instagram-secret")]).await;
    for (at, secret) in ["meta-secret", "instagram-secret"].into_iter().enumerate() {
        let body = messages(&[(&format!("m-{at}"), "55", "hello")]);
        let header = format!(
            "x-hub-signature-256: {}\r\n",
            signature(secret, body.as_bytes())
        );
        assert_eq!(
            post_with(house.address, &header, body.as_bytes())
                .await
                .status,
            200
        );
        let mut request = format!(
            "POST /instagram/webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{header}\r\n",
            body.len()
        );
        request.push_str(&body);
        assert_eq!(crate::client::ask(house.address, request).await.status, 200);
    }
    assert_eq!(
        house.jobs().await,
        2,
        "the second path repeated the same two events"
    );
    house.close().await;
}

#[tokio::test]
async fn a_batch_of_a_thousand_is_one_delivery() {
    let house = House::serving(&[]).await;
    // Cyrillic, escaped as Meta escapes it: six bytes a letter.
    let text = "ж".repeat(200);
    let said: Vec<(String, String)> = (0..1_000)
        .map(|n| (format!("m-{n}"), format!("{}", 5_000 + n)))
        .collect();
    let rows: Vec<(&str, &str, &str)> = said
        .iter()
        .map(|(mid, person)| (mid.as_str(), person.as_str(), text.as_str()))
        .collect();
    let body = messages(&rows).replace('ж', "\\u0436");
    assert!(body.len() > 1_200_000);
    assert_eq!(post(house.address, &body).await.status, 200);
    assert_eq!(house.jobs().await, 1_000);
    house.close().await;
}

#[tokio::test]
async fn thirty_repeats_at_once_are_one_event() {
    let house = House::serving(&[]).await;
    let body = messages(&[("m-once", "55", "hello")]);
    let posts = (0..30).map(|_| post(house.address, &body));
    for answer in futures::future::join_all(posts).await {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(house.jobs().await, 1);
    house.close().await;
}

/// What Meta signed is kept even if nobody can read it; what is nested absurdly is refused.
#[tokio::test]
async fn signed_bodies_that_are_no_envelope() {
    let house = House::serving(&[]).await;
    let before = house.operations();
    for deep in [
        "[".repeat(100_000),
        format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000)),
    ] {
        assert_eq!(post(house.address, &deep).await.status, 400);
    }
    assert_eq!(house.operations(), before, "something refused was stored");
    for odd in [
        "",
        "not json",
        "[1,2]",
        "{\"object\":\"instagram\",\"entry\":",
        "{\"object\":\"page\",\"entry\":[{\"id\":\"1\"}]}",
    ] {
        assert_eq!(post(house.address, odd).await.status, 200, "{odd}");
    }
    assert_eq!(house.operations(), before + 5);
    assert_eq!(house.jobs().await, 0);
    house.close().await;
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let house = House::serving(&[]).await;
    let body = messages(&[("m-1", "55", "hello")]);
    for encoding in ["gzip", "br", "deflate, gzip"] {
        let header = format!(
            "content-encoding: {encoding}\r\nx-hub-signature-256: {}\r\n",
            signature(SECRET, body.as_bytes())
        );
        assert_eq!(
            post_with(house.address, &header, body.as_bytes())
                .await
                .status,
            415
        );
    }
    assert_eq!(house.jobs().await, 0);
    house.close().await;
}

#[tokio::test]
async fn the_subscription_is_answered_to_who_knows_the_word() {
    let house = House::serving(&[]).await;
    let ask =
        async |query: &str| get(house.address, &format!("/webhooks/instagram?{query}"), "").await;

    let good = ask(&format!(
        "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}"
    ))
    .await;
    assert_eq!((good.status, good.body.as_str()), (200, "1158201444"));
    assert!(
        good.head.contains("content-type: text/plain") && good.head.contains("nosniff"),
        "{}",
        good.head
    );
    let word = ask(&format!(
        "hub.mode=subscribe&hub.challenge=CHALLENGE_ACCEPTED&hub.verify_token={VERIFY_TOKEN}"
    ))
    .await;
    assert_eq!(word.body, "CHALLENGE_ACCEPTED");

    for (query, status) in [
        (
            format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}x"),
            403,
        ),
        ("hub.mode=subscribe&hub.challenge=1".to_owned(), 403),
        (
            format!("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}"),
            403,
        ),
        (
            format!("hub_mode=subscribe&hub_challenge=1&hub_verify_token={VERIFY_TOKEN}"),
            403,
        ),
        (String::new(), 403),
        (
            format!(
                "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token={VERIFY_TOKEN}"
            ),
            400,
        ),
        (
            format!("hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}"),
            400,
        ),
        (
            format!(
                "hub.mode=subscribe&hub.challenge={}&hub.verify_token={VERIFY_TOKEN}",
                "1".repeat(257)
            ),
            400,
        ),
        (
            format!(
                "hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token={VERIFY_TOKEN}"
            ),
            400,
        ),
    ] {
        let answer = ask(&query).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(!answer.body.contains(VERIFY_TOKEN) && !answer.body.contains("<script>"));
    }
    house.close().await;
}

#[tokio::test]
async fn echoes_and_other_accounts_cause_no_job() {
    let house = House::serving(&[]).await;
    let echo =
        messages(&[("m-echo", "55", "hello")]).replace("\"text\":", "\"is_echo\":true,\"text\":");
    assert_eq!(post(house.address, &echo).await.status, 200);
    let ours = messages(&[("m-self", ACCOUNT, "hello")]);
    assert_eq!(post(house.address, &ours).await.status, 200);
    assert_eq!(house.jobs().await, 0);
    house.close().await;
}

/// A signature never ends, so somebody who once saw a delivery can send it for ever: while it is fresh the
/// keys of its events stop it, later its age does.
#[tokio::test]
async fn a_captured_delivery_is_worth_one_job_and_later_none() {
    let house = House::serving(&[]).await;
    let body = messages(&[("m-captured", "55", "hello")]);
    for _ in 0..30 {
        let posts = (0..8).map(|_| post(house.address, &body));
        for answer in futures::future::join_all(posts).await {
            assert_eq!(answer.status, 200);
        }
    }
    assert_eq!(house.jobs().await, 1);

    let sent: serde_json::Value = serde_json::from_str(&body).unwrap();
    let now_ms = sent["entry"][0]["time"].as_i64().unwrap();
    for hours in [49, 24 * 30] {
        let then = (now_ms - hours * 3_600_000).to_string();
        // As after the keys were forgotten: another message, that old.
        let old = body
            .replace(&now_ms.to_string(), &then)
            .replace("m-captured", &format!("m-{hours}"));
        let before = house.operations();
        assert_eq!(post(house.address, &old).await.status, 200);
        assert!(house.operations() > before, "it is kept for the operator");
    }
    assert_eq!(house.jobs().await, 1);
    house.close().await;
}
