//! Samples, the media host and the pages over HTTP, with the real ffmpeg.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it fails, helpers too"
)]

use std::path::PathBuf;

use reqwest::{Client, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use simulator::{Options, Simulator};

/// One cache for all runs: making every sample anew would only test ffmpeg.
pub(crate) fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulator")
}

pub(crate) async fn start() -> (Simulator, Client) {
    let simulator = Simulator::start(Options {
        data_dir: cache(),
        ..Options::default()
    })
    .await
    .unwrap();
    let client = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()
        .unwrap();
    (simulator, client)
}

pub(crate) async fn sample(simulator: &Simulator, client: &Client, what: &str) -> Value {
    let url = format!("{}/_sim/reels?make={what}", simulator.base_url());
    let all: Value = client
        .get(url)
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap()
        .json()
        .await
        .unwrap();
    all.as_array()
        .unwrap()
        .iter()
        .find(|sample| sample["what"] == what)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_spoken_sample_plays_and_seeks() {
    let (simulator, client) = start().await;
    let sample = sample(&simulator, &client, "speech").await;
    assert_eq!(
        (&sample["width"], &sample["height"]),
        (&json!(540), &json!(960))
    );
    let url = sample["cdn_url"].as_str().unwrap();
    let whole = client.get(url).send().await.unwrap();
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(whole.headers()[header::CONTENT_TYPE], "video/mp4");
    let whole = whole.bytes().await.unwrap();
    assert_eq!(whole.len() as u64, sample["bytes"].as_u64().unwrap());
    let index = |name: &[u8]| whole.windows(4).position(|four| four == name).unwrap();
    assert!(index(b"moov") < index(b"mdat"), "the index comes first");

    let part = client
        .get(url)
        .header(header::RANGE, "bytes=100-199")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        part.headers()[header::CONTENT_RANGE],
        format!("bytes 100-199/{}", whole.len())
    );
    assert_eq!(part.bytes().await.unwrap(), whole[100..200]);
    let outside = client
        .get(url)
        .header(header::RANGE, "bytes=999999999-")
        .send()
        .await
        .unwrap();
    assert_eq!(outside.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let unmeasured = client
        .get(format!("{url}&no_length=1"))
        .send()
        .await
        .unwrap();
    assert!(unmeasured.headers().get(header::CONTENT_LENGTH).is_none());
    assert_eq!(unmeasured.bytes().await.unwrap(), whole);
}

#[tokio::test]
async fn a_media_address_is_signed_and_removed_media_is_gone() {
    let (simulator, client) = start().await;
    let url = sample(&simulator, &client, "moov_end").await["cdn_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let forged = client.get(format!("{url}0")).send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    let other = client
        .get(url.replace("asset_id=1", "asset_id=2"))
        .send()
        .await
        .unwrap();
    assert_eq!(other.status(), StatusCode::FORBIDDEN);
    let bytes = client
        .get(&url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let index = |name: &[u8]| bytes.windows(4).position(|four| four == name).unwrap();
    assert!(
        index(b"mdat") < index(b"moov"),
        "this one has its index at the end"
    );
    let removed = sample(&simulator, &client, "removed").await["cdn_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        client.get(removed).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn media_addresses_expire_on_the_simulators_clock() {
    let (simulator, client) = start().await;
    let url = sample(&simulator, &client, "moov_end").await["cdn_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        client.head(&url).send().await.unwrap().status(),
        StatusCode::OK
    );
    let clock = format!("{}/_sim/clock", simulator.base_url());
    let moved = client
        .post(clock)
        .json(&json!({"advance_ms": 25 * 3_600_000}))
        .send()
        .await
        .unwrap();
    assert!(moved.status().is_success());
    assert_eq!(
        client.get(&url).send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn what_each_kind_of_file_is() {
    let (simulator, client) = start().await;
    for (what, mime, head) in [
        ("webm", "video/webm", &b"\x1aE\xdf\xa3"[..]),
        ("image", "image/jpeg", &b"\xff\xd8\xff"[..]),
        ("hostile", "video/mp4", &b"#EXTM3U"[..]),
        ("hostile_concat", "video/mp4", &b"ffconcat"[..]),
    ] {
        let url = sample(&simulator, &client, what).await["cdn_url"]
            .as_str()
            .unwrap()
            .to_owned();
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.headers()[header::CONTENT_TYPE], mime, "{what}");
        assert!(answer.bytes().await.unwrap().starts_with(head), "{what}");
    }
}

#[tokio::test]
async fn the_big_sample_is_really_big() {
    let (simulator, client) = start().await;
    let big = sample(&simulator, &client, "big").await;
    assert!(
        (55_000_000..70_000_000).contains(&big["bytes"].as_u64().unwrap()),
        "{big}"
    );
    assert!(
        big["duration_ms"].as_u64().unwrap().abs_diff(60_000) < 300,
        "{big}"
    );
    assert_eq!(
        (&big["width"], &big["height"]),
        (&json!(1080), &json!(1920))
    );
}

#[tokio::test]
async fn a_sentence_becomes_a_sample_and_never_a_command() {
    let (simulator, client) = start().await;
    let reels = format!("{}/_sim/reels", simulator.base_url());
    let text = "It's said: one, two; [out]amovie=/etc/passwd,anullsink 'quoted' \\ %{pts}";
    let made = client
        .post(&reels)
        .json(&json!({"text": text, "caption": "novo"}))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["speech"], text);
    assert!(made["duration_ms"].as_u64().unwrap() > 2_000, "{made}");
    let code = made["code"].as_str().unwrap();
    assert_eq!(code.len(), 11);
    assert_eq!(
        made["url"],
        format!("https://www.instagram.com/reel/{code}/")
    );
    let page = client
        .get(made["page_url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let empty = client
        .post(&reels)
        .json(&json!({"text": "  "}))
        .send()
        .await
        .unwrap();
    assert_eq!(empty.status(), StatusCode::BAD_REQUEST);
    let odd = client
        .post(&reels)
        .json(&json!({"text": "x", "kind": "gif"}))
        .send()
        .await
        .unwrap();
    assert_eq!(odd.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn many_askers_share_one_making() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        data_dir: folder.path().to_owned(),
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let asks =
        (0..8).map(|_| async { sample(&simulator, &client, "no_audio").await["bytes"].clone() });
    let sizes = futures::future::join_all(asks).await;
    assert!(
        sizes.iter().all(|size| size == &sizes[0] && size.is_u64()),
        "{sizes:?}"
    );
    let left: Vec<String> = std::fs::read_dir(folder.path().join("samples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 1, "one file, no half-made one: {left:?}");
}

#[tokio::test]
async fn pages_answer_as_instagram_does() {
    let (simulator, client) = start().await;
    let get = |path: String| {
        client
            .get(format!("{}/www.instagram.com/{path}", simulator.base_url()))
            .send()
    };
    let location = |answer: &reqwest::Response| {
        answer.headers()[header::LOCATION]
            .to_str()
            .unwrap()
            .to_owned()
    };

    let page = get("reel/COceanTides/".into()).await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    let data = page
        .split("application/ld+json\">")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["@type"], "VideoObject");
    assert_eq!(data["author"]["name"], "dr.lua");
    assert!(data["description"].as_str().unwrap().contains("#curious"));
    assert_eq!(
        client
            .get(data["contentUrl"].as_str().unwrap())
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );

    assert_eq!(
        get("reel/GZ3hd8WnRtE/".into()).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        get("reel/AAAAAAAAAAA/".into()).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        get("reel/GR5pm1TbXoQ/".into()).await.unwrap().status(),
        StatusCode::TOO_MANY_REQUESTS
    );
    let login = get("reel/GL9sv4KcYuI/".into()).await.unwrap();
    assert_eq!(login.status(), StatusCode::FOUND);
    assert!(
        location(&login).ends_with("/www.instagram.com/accounts/login/?next=/reel/GL9sv4KcYuI")
    );
    let private = get("p/FQ7xk2LmPvA/".into()).await.unwrap();
    assert!(location(&private).ends_with("next=/p/FQ7xk2LmPvA&reason=private"));

    let tides = sample(&simulator, &client, "speech").await;
    let share = tides["share_url"]
        .as_str()
        .unwrap()
        .trim_start_matches("https://www.instagram.com/")
        .to_owned();
    let to = get(share).await.unwrap();
    assert_eq!(to.status(), StatusCode::FOUND);
    assert_eq!(location(&to), tides["page_url"].as_str().unwrap());
}

#[tokio::test]
async fn a_poster_is_a_picture() {
    let (simulator, client) = start().await;
    let url = format!("{}/_sim/posters/ENightStars/0.jpg", simulator.base_url());
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "image/jpeg");
    assert!(answer.bytes().await.unwrap().starts_with(b"\xff\xd8\xff"));
    let none = client
        .get(format!(
            "{}/_sim/posters/ENightStars/7.jpg",
            simulator.base_url()
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_phone_page_needs_nothing_from_elsewhere() {
    let (simulator, client) = start().await;
    let page = client
        .get(format!("{}/_sim", simulator.base_url()))
        .send()
        .await
        .unwrap();
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    let page = page.text().await.unwrap();
    assert!(
        !page.contains("http://")
            && !page.contains("https://")
            && !page.contains("style=\"")
            && !page.contains(" onclick")
    );
    let mut ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id stands twice");
    // The page's own parts, and what they import in turn.
    let mut wanted: Vec<String> = page
        .split(['"', '\''])
        .filter_map(|part| part.strip_prefix("/_sim/phone/").map(str::to_owned))
        .collect();
    let mut seen = Vec::new();
    while let Some(asset) = wanted.pop() {
        if seen.contains(&asset) {
            continue;
        }
        let url = format!("{}/_sim/phone/{asset}", simulator.base_url());
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{asset}");
        let text = answer.text().await.unwrap();
        let imported = text
            .split(['"', '\''])
            .filter_map(|part| part.strip_prefix("./"));
        wanted.extend(imported.map(str::to_owned));
        seen.push(asset);
    }
    for part in ["instagram.js", "telegram.js", "words.js"] {
        assert!(seen.contains(&part.to_owned()), "{part} is not used");
    }
    assert_eq!(page.matches("class=\"phone\"").count(), 2, "two phones");
}
