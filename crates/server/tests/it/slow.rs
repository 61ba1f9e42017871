//! Clients that take their time: each limit is proved on a real socket, while an honest client is
//! served beside them.
//!
//! The limits are set to one second here; what is proved is that they fire at all, which a missing
//! timer or a limit on the wrong layer would not.

use std::time::{Duration, Instant};

use crate::{
    client::{SECRET, Wire, messages, post, signature},
    house::House,
};

/// Generous for a loaded machine, far below "never".
const PATIENCE: Duration = Duration::from_secs(10);

async fn house() -> House {
    House::serving(&[
        ("webhook.header_timeout_seconds", "1"),
        ("webhook.body_timeout_seconds", "1"),
    ])
    .await
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_sent_ends() {
    let house = house().await;
    let started = Instant::now();
    let mut silent = Wire::open(house.address).await;
    assert!(
        silent.until_closed(PATIENCE).await.is_some(),
        "it stayed open"
    );
    assert!(
        started.elapsed() >= Duration::from_millis(900),
        "it ended before its time"
    );
    house.close().await;
}

#[tokio::test]
async fn dripping_headers_end() {
    let house = house().await;
    let started = Instant::now();
    let mut dripping = Wire::open(house.address).await;
    dripping
        .send("POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\n")
        .await;
    // A byte now and then must not buy more time.
    while started.elapsed() < PATIENCE {
        let closed = dripping
            .until_closed(Duration::from_millis(200))
            .await
            .is_some();
        if closed || !dripping.send("x").await {
            break;
        }
    }
    assert!(started.elapsed() < PATIENCE, "it stayed open");
    assert!(
        started.elapsed() >= Duration::from_millis(900),
        "it ended before its time"
    );
    house.close().await;
}

#[tokio::test]
async fn a_stalled_body_is_told_so_and_stores_nothing() {
    let house = house().await;
    let before = house.operations();
    let body = messages(&[("m-1", "55", "hello")]);
    let head = format!(
        "POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nx-hub-signature-256: {}\r\n\r\n",
        body.len(),
        signature(SECRET, body.as_bytes())
    );
    let mut stalled = Wire::open(house.address).await;
    stalled.send(head + &body[..body.len() / 2]).await;
    let answer = stalled
        .until_closed(PATIENCE)
        .await
        .expect("it stayed open");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(house.operations(), before);
    house.close().await;
}

/// Bytes that keep coming, one at a time, are no body in time either.
#[tokio::test]
async fn a_dripping_body_meets_the_same_deadline() {
    let house = house().await;
    let mut dripping = Wire::open(house.address).await;
    dripping
        .send("POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\nx-hub-signature-256: sha256=00\r\n\r\n")
        .await;
    let started = Instant::now();
    let mut answer = None;
    while answer.is_none() && started.elapsed() < PATIENCE {
        dripping.send("x").await;
        answer = dripping.until_closed(Duration::from_millis(100)).await;
    }
    assert!(answer.is_some(), "it stayed open");
    house.close().await;
}

#[tokio::test]
async fn an_idle_connection_ends_after_its_answer() {
    let house = house().await;
    let mut wire = Wire::open(house.address).await;
    wire.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let answer = wire.until_closed(PATIENCE).await.expect("it stayed open");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    house.close().await;
}

/// Many slow clients at once, and an honest one that must not notice them.
#[tokio::test]
async fn an_honest_client_is_served_beside_two_hundred_slow_ones() {
    let house = house().await;
    let mut slow = Vec::new();
    for at in 0..200 {
        let mut wire = Wire::open(house.address).await;
        if at % 2 == 0 {
            wire.send("POST /webhooks/instagram HTTP/1.1\r\nho").await;
        }
        slow.push(wire);
    }
    for at in 0..20 {
        let started = Instant::now();
        let body = messages(&[(&format!("m-{at}"), "55", "hello")]);
        assert_eq!(post(house.address, &body).await.status, 200);
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "Meta waits five seconds"
        );
    }
    let ends = slow.iter_mut().map(|wire| wire.until_closed(PATIENCE));
    let ended = futures::future::join_all(ends).await;
    assert_eq!(ended.iter().flatten().count(), 200, "slow clients stayed");
    house.close().await;
}

/// The cap counts what really comes: no length is claimed here, and the stream never ends by itself.
#[tokio::test]
async fn an_endless_stream_is_cut_at_the_cap() {
    let house = House::serving(&[("webhook.max_body_bytes", "65536")]).await;
    let before = house.operations();
    let mut wire = Wire::open(house.address).await;
    wire.send("POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nx-hub-signature-256: sha256=00\r\n\r\n")
        .await;
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    let mut sent = 0_usize;
    // Kernel buffers on both sides hold some megabytes; a server that reads on would take far more.
    while sent < 64 * 1024 * 1024 {
        if tokio::time::timeout(Duration::from_secs(2), wire.send(&chunk)).await != Ok(true) {
            break;
        }
        sent += chunk.len();
    }
    assert!(sent < 32 * 1024 * 1024, "the server read {sent} bytes");
    assert_eq!(house.operations(), before);
    house.close().await;
}

#[tokio::test]
async fn a_claimed_length_above_the_cap_is_refused_before_its_body() {
    let house = House::serving(&[]).await;
    let mut wire = Wire::open(house.address).await;
    wire.send(format!(
        "POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nx-hub-signature-256: sha256=00\r\n\r\n",
        8 * 1024 * 1024 + 1
    ))
    .await;
    let answer = wire.until_closed(PATIENCE).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    house.close().await;
}

#[tokio::test]
async fn too_many_connections_are_closed_at_the_door() {
    let house = House::serving(&[("listen.max_connections", "3")]).await;
    let mut seated = Vec::new();
    for _ in 0..3 {
        let mut wire = Wire::open(house.address).await;
        // An answered request proves that this connection has its seat.
        wire.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut first = [0_u8; 12];
        tokio::io::AsyncReadExt::read_exact(&mut wire.0, &mut first)
            .await
            .unwrap();
        seated.push(wire);
    }
    let mut fourth = Wire::open(house.address).await;
    assert_eq!(
        fourth.until_closed(Duration::from_secs(3)).await.as_deref(),
        Some("")
    );
    drop(seated);
    let body = messages(&[("m-1", "55", "hello")]);
    crate::house::eventually("a freed seat is taken again", PATIENCE, || async {
        let mut wire = Wire::open(house.address).await;
        let head = format!(
            "POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\nx-hub-signature-256: {}\r\n\r\n",
            body.len(),
            signature(SECRET, body.as_bytes())
        );
        wire.send(head + &body).await;
        wire.until_closed(PATIENCE).await.is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
    })
    .await;
    house.close().await;
}

/// Floods of streams and of header frames need HTTP/2; here it is not spoken, not even when asked for.
#[tokio::test]
async fn http_2_is_not_spoken() {
    let house = house().await;
    let mut known = Wire::open(house.address).await;
    known
        .send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    let answer = known.until_closed(PATIENCE).await.expect("it stayed open");
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    let mut upgraded = Wire::open(house.address).await;
    upgraded
        .send("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n")
        .await;
    let answer = upgraded.until_closed(PATIENCE).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    house.close().await;
}
