//! The network guard: whatever the spelling, nothing inside is ever dialled.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use media::net::{self, Budget, Guard, Hosts, Lookup, NetError, Reach, Refused};
use url::Url;

use crate::fixture::{Canary, Reply, Site, provider};

fn instagram() -> Url {
    Url::parse("https://www.instagram.com").unwrap()
}

fn budget() -> Budget {
    Budget {
        max_bytes: 1000,
        idle: Duration::from_secs(5),
        total: Duration::from_secs(20),
    }
}

/// Spellings of places inside, from published bypasses; `P` stands for the canary's port.
fn inside() -> Vec<String> {
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0x7f.0x0.0x0.0x1",
        "127.000.000.001",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "１２７.０.０.１",
        "127。0。0。1",
        "0",
        "0.0.0.0",
        "0x0",
        "00",
        "127.255.255.254",
        "127.127.127.127",
        "10.0.0.1",
        "10.1",
        "167772161",
        "0xa000001",
        "172.16.0.1",
        "172.31.255.255",
        "2886729729",
        "192.168.0.1",
        "192.168.1",
        "3232235521",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.0xFE.0xA9.0xFE",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.16689662",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "192.88.99.1",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[::7f00:1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[feb0::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fd12:3456::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[ff05::2]",
        "[100::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[5f00::1]",
    ];
    let mut urls: Vec<String> = hosts
        .iter()
        .flat_map(|host| {
            [
                format!("https://{host}/"),
                format!("https://{host}:P/"),
                format!("http://{host}:P/x"),
            ]
        })
        .collect();
    urls.extend(
        [
            "https://www.instagram.com@127.0.0.1/",
            "https://user:pw@127.0.0.1:P/",
            "https://127.0.0.1:P\\@www.instagram.com/",
            "https://127.0.0.1\\.www.instagram.com/",
            "https:\\\\127.0.0.1\\",
            "https:127.0.0.1",
            "https:/127.0.0.1/",
            "https:///127.0.0.1/",
            "ht\ttps://127.0.0.1/",
            "https://127.0.\n0.1/",
            "https://[::1%25lo]/",
            "https://%31%32%37.0.0.1/",
            "https://127.0.0.1%2f@www.instagram.com/",
            "https://127.0.0.1#@www.instagram.com/",
            "https://127.0.0.1?@www.instagram.com/",
            "file:///etc/passwd",
            "file://127.0.0.1/etc/passwd",
            "gopher://127.0.0.1:P/_x",
            "ftp://127.0.0.1:P/",
            "dict://127.0.0.1:P/",
            "data:text/plain,x",
            "unix:/run/x",
            "ws://127.0.0.1:P/",
            "http://www.instagram.com/",
            "https://www.instagram.com:22/",
        ]
        .map(str::to_owned),
    );
    urls
}

#[tokio::test]
async fn no_spelling_leads_inside() {
    provider();
    let canary = Canary::start().await;
    let client = net::client(&Guard::new(Hosts::new(&instagram(), &[]))).unwrap();
    let forms = inside();
    assert!(forms.len() >= 250, "{}", forms.len());
    for form in forms {
        let text = form.replace(":P", &format!(":{}", canary.port));
        // What is not a URL at all cannot be asked for.
        let Ok(url) = Url::parse(&text) else { continue };
        for reach in [Reach::Media, Reach::PagesAndMedia, Reach::Public] {
            let answer = client.get(&url, reach, budget()).await;
            assert!(
                matches!(answer, Err(NetError::Refused(_))),
                "{text}: {answer:?}"
            );
        }
    }
    assert_eq!(canary.hits().await, 0);
}

#[tokio::test]
async fn names_that_are_not_metas_are_out_of_reach() {
    let guard = Guard::new(Hosts::new(&instagram(), &[]));
    for (text, media, pages) in [
        ("https://lookaside.fbsbx.com/x", true, true),
        ("https://scontent.cdninstagram.com/x", true, true),
        ("https://www.instagram.com/x", false, true),
        ("https://instagram.com/x", false, true),
        ("https://example.com/", false, false),
        ("https://evilfbcdn.net/", false, false),
        ("https://fbcdn.net.evil.example/", false, false),
        ("https://localhost/", false, false),
        ("https://metadata.google.internal/", false, false),
    ] {
        let url = Url::parse(text).unwrap();
        assert_eq!(guard.check(&url, Reach::Media).is_ok(), media, "{text}");
        assert_eq!(
            guard.check(&url, Reach::PagesAndMedia).is_ok(),
            pages,
            "{text}"
        );
        assert!(guard.check(&url, Reach::Public).is_ok(), "{text}");
    }
}

/// A name server under an attacker's control: the answers take turns.
struct Turning {
    asked: AtomicUsize,
    answers: Vec<Vec<IpAddr>>,
}

impl Lookup for Turning {
    fn lookup<'a>(
        &'a self,
        _host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[turn % self.answers.len()].clone();
        Box::pin(async move { Ok(answer) })
    }
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test]
async fn answers_that_change_are_judged_when_they_are_dialled() {
    provider();
    // 192.88.99.0/24 and friends are closed, so a "public" answer must be a real one; the request to
    // it is given no time, since only the inner answers matter here.
    let lookup = Arc::new(Turning {
        asked: AtomicUsize::new(0),
        answers: vec![
            addresses(&["127.0.0.1"]),
            addresses(&["::ffff:127.0.0.1", "::1"]),
            addresses(&["169.254.169.254", "10.0.0.7"]),
        ],
    });
    let guard = Guard::with_lookup(Hosts::new(&instagram(), &[]), Arc::clone(&lookup) as _);
    let client = net::client(&guard).unwrap();
    let url = Url::parse("https://rebind.fbcdn.net/v.mp4").unwrap();
    for round in 0..30 {
        let answer = client.get(&url, Reach::Media, budget()).await;
        assert!(
            matches!(answer, Err(NetError::Refused(Refused::Address))),
            "{answer:?}"
        );
        // One request, one lookup: there is no second answer that could differ from the judged one.
        assert_eq!(lookup.asked.load(Ordering::SeqCst), round + 1);
    }
}

/// A test host is this machine; one that leads elsewhere is judged like any other.
#[tokio::test]
async fn a_test_host_is_dialled_on_loopback_only() {
    provider();
    let site = Site::start(|_| Reply::new(200, "text/plain", "hello")).await;
    let port = site.host.rsplit(':').next().unwrap();
    let lookup = Arc::new(Turning {
        asked: AtomicUsize::new(0),
        answers: vec![
            addresses(&["10.0.0.7", "157.240.0.1"]),
            addresses(&["10.0.0.7", "127.0.0.1", "157.240.0.1"]),
        ],
    });
    let test = [
        "named.test",
        "127.0.0.1",
        "[::1]",
        "10.0.0.7",
        "157.240.0.1",
    ]
    .map(|host| format!("{host}:{port}"));
    let guard = Guard::with_lookup(Hosts::new(&instagram(), &test), lookup);
    let client = net::client(&guard).unwrap();
    let named = Url::parse(&format!("http://named.test:{port}/")).unwrap();
    let answer = client.get(&named, Reach::Media, budget()).await;
    assert!(
        matches!(answer, Err(NetError::Refused(Refused::Address))),
        "{answer:?}"
    );
    let answer = client.get(&named, Reach::Media, budget()).await.unwrap();
    assert_eq!(answer.status(), 200);
    for (host, expected) in [
        ("127.0.0.1", Ok(())),
        ("[::1]", Ok(())),
        ("10.0.0.7", Err(Refused::Scheme)),
        ("157.240.0.1", Err(Refused::Scheme)),
    ] {
        let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
        assert_eq!(guard.check(&url, Reach::Media), expected, "{host}");
    }
}

#[tokio::test]
async fn redirects_are_judged_like_the_first_url() {
    provider();
    let canary = Canary::start().await;
    let port = canary.port;
    let site = Site::start(move |seen| match seen.path() {
        "/good" => Reply::redirect("/good2"),
        "/good2" => Reply::redirect("/file"),
        "/file" => Reply::new(200, "video/mp4", "body"),
        "/loop" => Reply::redirect("/loop"),
        "/inside" => Reply::redirect(&format!("http://127.0.0.1:{port}/")),
        "/named" => Reply::redirect(&format!("http://localhost:{port}/")),
        "/local" => Reply::redirect("file:///etc/passwd"),
        "/gopher" => Reply::redirect(&format!("gopher://127.0.0.1:{port}/")),
        "/refresh" => Reply::html("<meta http-equiv=refresh content=0>")
            .header("Refresh", &format!("0; url=http://127.0.0.1:{port}/")),
        "/nowhere" => Reply::new(302, "text/html", ""),
        _ => Reply::new(404, "text/html", ""),
    })
    .await;
    let guard = Guard::new(Hosts::new(
        &site.url("/pages"),
        std::slice::from_ref(&site.host),
    ));
    let client = net::client(&guard).unwrap();
    let get = async |path: &str| {
        client
            .get(&site.url(path), Reach::Media, budget())
            .await
            .map(|a| a.status())
    };
    assert_eq!(get("/good").await.unwrap(), 200);
    assert!(matches!(get("/loop").await, Err(NetError::Redirects)));
    assert!(matches!(get("/nowhere").await, Err(NetError::Redirects)));
    for path in ["/inside", "/named", "/local", "/gopher"] {
        assert!(
            matches!(get(path).await, Err(NetError::Refused(_))),
            "{path}"
        );
    }
    assert_eq!(get("/refresh").await.unwrap(), 200);
    assert!(matches!(
        get("/gone").await,
        Err(NetError::Status { status: 404, .. })
    ));
    assert_eq!(canary.hits().await, 0);
    assert!(
        site.seen()
            .iter()
            .all(|seen| seen.head.contains("Gramophone/"))
    );
}

#[tokio::test]
async fn sizes_and_times_hold_while_bytes_stream() {
    provider();
    let site = Site::start(|seen| match seen.path() {
        "/endless" => Reply {
            endless: true,
            ..Reply::new(200, "video/mp4", vec![0; 512])
        },
        "/claims" => Reply {
            claim: Some(5000),
            ..Reply::new(200, "video/mp4", "x")
        },
        "/cut" => Reply {
            claim: Some(900),
            ..Reply::new(200, "video/mp4", "only this")
        },
        "/hangs" => Reply {
            claim: Some(900),
            hang: true,
            ..Reply::new(200, "video/mp4", "only this")
        },
        "/fits" => Reply {
            no_length: true,
            ..Reply::new(200, "video/mp4", vec![1; 1000])
        },
        _ => Reply::new(429, "text/html", "").header("Retry-After", "77"),
    })
    .await;
    let guard = Guard::new(Hosts::new(
        &site.url("/pages"),
        std::slice::from_ref(&site.host),
    ));
    let client = net::client(&guard).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let budget = Budget {
        idle: Duration::from_millis(500),
        ..budget()
    };
    let load = async |path: &str| {
        let to = dir.path().join(path.trim_start_matches('/'));
        let result = client
            .download(&site.url(path), Reach::Media, budget, &to, |_, _| {})
            .await;
        (
            result,
            std::fs::metadata(to).map_or(0, |metadata| metadata.len()),
        )
    };
    let (result, written) = load("/endless").await;
    assert!(
        matches!(result, Err(NetError::TooLarge(1000))),
        "{result:?}"
    );
    assert!(written <= 1000);
    let (result, written) = load("/claims").await;
    assert!(
        matches!(result, Err(NetError::TooLarge(1000))) && written == 0,
        "{result:?}"
    );
    assert!(matches!(load("/cut").await.0, Err(NetError::Transport(_))));
    assert!(matches!(load("/hangs").await.0, Err(NetError::Timeout)));
    assert_eq!(load("/fits").await.0.unwrap(), 1000);
    let (result, _) = load("/busy").await;
    let Err(NetError::Status {
        status: 429,
        retry_after,
    }) = result
    else {
        panic!("{result:?}")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(77)));
}

/// A messenger's file host is no place for what strangers send, and is reached only where it is named.
#[test]
fn a_host_that_the_operator_names_is_reached_by_its_own_road() {
    let pages = Url::parse("https://www.instagram.com").expect("a URL");
    let guard = Guard::new(Hosts::new(&pages, &[]));
    let file = Url::parse("https://api.telegram.org/file/bot1:x/videos/1.mp4").expect("a URL");
    assert_eq!(guard.check(&file, Reach::Media), Err(Refused::Host));
    assert_eq!(guard.check(&file, Reach::Public), Ok(()));
    for inside in [
        "http://api.telegram.org/file",
        "https://127.0.0.1/file",
        "https://10.0.0.1/file",
    ] {
        let url = Url::parse(inside).expect("a URL");
        assert!(guard.check(&url, Reach::Public).is_err(), "{inside}");
    }
}
