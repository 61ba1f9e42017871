//! The smallest webhook receiver: verify, parse, accept. The real one is the server's; this one
//! keeps the bot's tests free of it.

use std::sync::Arc;

use bot::new_event;
use bytes::Bytes;
use graph_api::webhook::{AppSecrets, Event, parse};
use store::{Clock, ManualClock, NewDelivery, Store};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;
use uuid::Uuid;

pub(crate) struct Receiver {
    pub(crate) url: Url,
    /// Message events stored so far, repeats counted.
    messages: watch::Receiver<usize>,
}

impl Receiver {
    pub(crate) fn count(&self) -> usize {
        *self.messages.borrow()
    }

    pub(crate) async fn wait_for(&self, count: usize) {
        let mut messages = self.messages.clone();
        let arrived = messages.wait_for(|arrived| *arrived >= count);
        tokio::time::timeout(super::PATIENCE, arrived)
            .await
            .expect("a webhook")
            .expect("open");
    }
}

pub(crate) async fn start(store: Store, clock: Arc<ManualClock>, secret: String) -> Receiver {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let url = Url::parse(&format!("http://127.0.0.1:{port}/webhooks/instagram")).expect("a URL");
    let secrets = Arc::new(AppSecrets::new(vec![secret.into()]).expect("a secret"));
    let (sender, messages) = watch::channel(0);
    tokio::spawn({
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (store, clock, secrets) = (store.clone(), clock.clone(), secrets.clone());
                let sender = sender.clone();
                tokio::spawn(async move {
                    let accepted = serve(stream, &secrets, |body, events| async move {
                        let count = events
                            .iter()
                            .filter(|event| event.kind.name() == "message")
                            .count();
                        let now_ms = clock.now_ms();
                        let delivery = NewDelivery {
                            id: Uuid::now_v7(),
                            channel: "instagram",
                            received_at_ms: now_ms,
                            body,
                            events: events
                                .into_iter()
                                .map(|event| new_event(event, now_ms))
                                .collect(),
                        };
                        store.accept(delivery).await.expect("accepted");
                        count
                    })
                    .await;
                    sender.send_modify(|messages| *messages += accepted.unwrap_or(0));
                });
            }
        }
    });
    Receiver { url, messages }
}

async fn serve<F, A>(stream: TcpStream, secrets: &AppSecrets, accept: F) -> Option<usize>
where
    F: FnOnce(Bytes, Vec<Event>) -> A,
    A: Future<Output = usize>,
{
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await.ok()?;
    let (mut length, mut signature) = (0, None);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "x-hub-signature-256" => signature = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut accepted = None;
    let answer = if first.starts_with("GET") {
        let target = first.split_whitespace().nth(1)?;
        let url = Url::parse("http://receiver").ok()?.join(target).ok()?;
        url.query_pairs()
            .find(|(key, _)| key == "hub.challenge")?
            .1
            .into_owned()
    } else {
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let body = Bytes::from(body);
        let verified = secrets
            .verify(signature.as_deref().map(str::as_bytes), body.clone())
            .ok()?;
        accepted = Some(accept(body, parse(&verified).ok()?.events).await);
        "EVENT_RECEIVED".to_owned()
    };
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close";
    let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()?;
    accepted
}
