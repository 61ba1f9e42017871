//! The proxy for our children: only for them, and only to where we would go ourselves.

use std::time::Duration;

use media::net::proxy::{self, Proxy};
use media::net::{Guard, Hosts, Reach};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::fixture::{Canary, Reply, Site, provider};

async fn site() -> Site {
    Site::start(|seen| match seen.path() {
        "/big" => Reply {
            endless: true,
            ..Reply::new(200, "video/mp4", vec![7; 4096])
        },
        "/hangs" => Reply {
            hang: true,
            claim: Some(99),
            ..Reply::new(200, "video/mp4", "x")
        },
        _ => Reply::new(200, "text/plain", "hello"),
    })
    .await
}

async fn start(site: &Site, max_bytes: u64) -> Proxy {
    provider();
    let guard = Guard::new(Hosts::new(
        &site.url("/pages"),
        std::slice::from_ref(&site.host),
    ));
    proxy::start(guard, Reach::PagesAndMedia, max_bytes, proxy::IDLE)
        .await
        .unwrap()
}

/// Sends raw bytes to the proxy and reads until it closes.
async fn ask(proxy: &Proxy, request: String) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.url().port().unwrap()))
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("the proxy never closed");
    String::from_utf8_lossy(&answer).into_owned()
}

fn credential(proxy: &Proxy) -> String {
    // Computed by reqwest's own hand elsewhere; here by the rule of RFC 7617.
    let pair = format!(
        "{}:{}",
        proxy.url().username(),
        proxy.url().password().unwrap()
    );
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = String::new();
    for byte in pair.bytes() {
        bits += &format!("{byte:08b}");
    }
    while !bits.len().is_multiple_of(6) {
        bits.push('0');
    }
    let mut text: String = bits
        .as_bytes()
        .chunks(6)
        .map(|six| {
            char::from(digits[usize::from_str_radix(std::str::from_utf8(six).unwrap(), 2).unwrap()])
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    format!("Proxy-Authorization: Basic {text}\r\n")
}

fn get(proxy: &Proxy, url: &str) -> String {
    format!(
        "GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n",
        credential(proxy)
    )
}

fn connect(proxy: &Proxy, authority: &str) -> String {
    format!(
        "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{}\r\n",
        credential(proxy)
    )
}

#[tokio::test]
async fn only_who_knows_the_credential_gets_through() {
    let site = site().await;
    let proxy = start(&site, 1 << 20).await;
    let url = site.url("/x");
    let plain = format!("GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    for header in [
        "",
        "Proxy-Authorization: Basic am9iOng=\r\n",
        "Proxy-Authorization: Bearer x\r\n",
    ] {
        let answer = ask(&proxy, format!("{plain}{header}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 407"), "{answer}");
    }
    assert!(site.seen().is_empty());
    let answer = ask(&proxy, get(&proxy, url.as_str())).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"),
        "{answer}"
    );
    // The far side never learns the credential.
    assert!(
        !site.seen()[0].head.to_lowercase().contains("proxy-"),
        "{}",
        site.seen()[0].head
    );
    assert!(site.seen()[0].head.starts_with("GET /x HTTP/1.1"));
}

#[tokio::test]
async fn a_tunnel_carries_bytes_to_a_test_host() {
    let site = site().await;
    let proxy = start(&site, 1 << 20).await;
    let request = format!(
        "{}GET /tunnel HTTP/1.1\r\nHost: y\r\n\r\n",
        connect(&proxy, &site.host)
    );
    let answer = ask(&proxy, request).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"),
        "{answer}"
    );
    assert_eq!(site.seen()[0].target, "/tunnel");
}

/// Who downloads says nothing for as long as the body takes; only silence of both ends a tunnel.
#[tokio::test]
async fn a_long_body_keeps_its_tunnel_open() {
    provider();
    let idle = Duration::from_secs(1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let pages = format!("http://{host}/").parse().unwrap();
    let guard = Guard::new(Hosts::new(&pages, std::slice::from_ref(&host)));
    let proxy = proxy::start(guard, Reach::PagesAndMedia, 1 << 20, idle)
        .await
        .unwrap();
    let far = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'?');
        for _ in 0..25 {
            stream.write_all(b"drip").await.unwrap();
            let heard = tokio::time::timeout(idle / 10, stream.read_u8()).await;
            assert!(heard.is_err(), "closed while the body was coming");
        }
        // Now both are silent.
        let closed = tokio::time::timeout(idle * 10, stream.read_u8()).await;
        assert!(closed.expect("never closed").is_err());
    });
    let answer = ask(&proxy, format!("{}?", connect(&proxy, &host))).await;
    assert!(answer.ends_with(&"drip".repeat(25)), "{answer}");
    far.await.unwrap();
}

#[tokio::test]
async fn nothing_inside_is_dialled() {
    let site = site().await;
    let proxy = start(&site, 1 << 20).await;
    let canary = Canary::start().await;
    let port = canary.port;
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f.1:{port}"),
        format!("[::1]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        "127.0.0.1:443".to_owned(),
        "169.254.169.254:443".to_owned(),
        "10.0.0.1:443".to_owned(),
        "example.com:443".to_owned(),
        "www.instagram.com:22".to_owned(),
        "fbcdn.net.evil.example:443".to_owned(),
        format!("user@127.0.0.1:{port}"),
        format!("www.instagram.com@127.0.0.1:{port}"),
    ] {
        let answer = ask(&proxy, connect(&proxy, &host)).await;
        assert!(
            answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 400"),
            "{host}: {answer}"
        );
        let answer = ask(&proxy, get(&proxy, &format!("http://{host}/"))).await;
        assert!(
            answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 400"),
            "{host}: {answer}"
        );
    }
    // Plain HTTP to the real Instagram is refused too, as are other schemes.
    for url in [
        "http://www.instagram.com/",
        "https://www.instagram.com/",
        "file:///etc/passwd",
        "/relative",
    ] {
        let answer = ask(&proxy, get(&proxy, url)).await;
        assert!(
            answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 400"),
            "{url}: {answer}"
        );
    }
    assert!(proxy.refused() > 20);
    assert_eq!(canary.hits().await, 0);
    assert!(site.seen().is_empty());
}

#[tokio::test]
async fn bytes_are_counted_for_the_whole_job() {
    let site = site().await;
    let proxy = start(&site, 100_000).await;
    let answer = ask(&proxy, get(&proxy, site.url("/big").as_str())).await;
    assert!(answer.len() < 150_000, "{}", answer.len());
    assert!(proxy.overflowed());
    // Spent is spent, also for the next connection and for tunnels.
    let request = format!(
        "{}GET /x HTTP/1.1\r\nHost: y\r\n\r\n",
        connect(&proxy, &site.host)
    );
    let answer = ask(&proxy, request).await;
    assert!(!answer.contains("hello"), "{answer}");
}

#[tokio::test]
async fn dropping_it_closes_everything() {
    let site = site().await;
    let proxy = start(&site, 1 << 20).await;
    let address = ("127.0.0.1", proxy.url().port().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(get(&proxy, site.url("/hangs").as_str()).as_bytes())
        .await
        .unwrap();
    assert!(stream.read_u8().await.is_ok());
    drop(proxy);
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "the connection outlived the proxy");
    // The listener is gone with it.
    tokio::time::timeout(Duration::from_secs(5), async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("still listening");
}
