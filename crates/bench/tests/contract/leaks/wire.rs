//! Two ends of wires for the leak hunt: one listens in on what Meta answers the server, so that tokens that nobody knew
//! beforehand are known, the other takes the events that the server sends out.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const TAKEN: &[u8] = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

/// What came over connections, one entry for each.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) address: SocketAddr,
    heard: Heard,
}

impl Wire {
    async fn open() -> (Self, TcpListener) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let wire = Self {
            address: listener.local_addr().unwrap(),
            heard: Heard::default(),
        };
        (wire, listener)
    }

    /// Leads to another address and keeps what is answered there.
    pub(super) async fn tap(to: String) -> Self {
        let (wire, listener) = Self::open().await;
        let heard = wire.heard.clone();
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let (to, heard) = (to.clone(), heard.clone());
                tokio::spawn(async move {
                    let there = TcpStream::connect(to).await.unwrap();
                    let (mut asks, mut gets) = from.into_split();
                    let (mut answers, mut is_asked) = there.into_split();
                    tokio::spawn(async move {
                        let _ = tokio::io::copy(&mut asks, &mut is_asked).await;
                        let _ = is_asked.shutdown().await;
                    });
                    let at = begin(&heard);
                    let mut piece = vec![0; 16 * 1024];
                    while let Ok(size @ 1..) = answers.read(&mut piece).await {
                        // Heard before it is handed on: whoever has the answer finds it here.
                        heard.lock().unwrap()[at].extend_from_slice(&piece[..size]);
                        if gets.write_all(&piece[..size]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        wire
    }

    /// Takes every call and is content with it.
    pub(super) async fn receiver() -> Self {
        let (wire, listener) = Self::open().await;
        let heard = wire.heard.clone();
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let heard = heard.clone();
                tokio::spawn(async move {
                    let at = begin(&heard);
                    let mut piece = vec![0; 16 * 1024];
                    while let Ok(size @ 1..) = from.read(&mut piece).await {
                        heard.lock().unwrap()[at].extend_from_slice(&piece[..size]);
                        if is_whole(&heard.lock().unwrap()[at]) {
                            let _ = from.write_all(TAKEN).await;
                            return;
                        }
                    }
                });
            }
        });
        wire
    }

    /// Everything so far.
    pub(super) fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().clone()
    }

    /// The tokens that Meta handed out.
    pub(super) fn tokens(&self) -> Vec<String> {
        let mut tokens: Vec<String> = Vec::new();
        for bytes in self.heard() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let behind = text.split("\"access_token\":").skip(1);
            let values = behind.filter_map(|rest| rest.trim_start().strip_prefix('"'));
            for token in values.filter_map(|value| value.split('"').next()) {
                if !tokens.iter().any(|known| known == token) {
                    tokens.push(token.to_owned());
                }
            }
        }
        tokens
    }
}

/// A new connection's place.
fn begin(heard: &Heard) -> usize {
    let mut heard = heard.lock().unwrap();
    heard.push(Vec::new());
    heard.len() - 1
}

/// Whether a request has arrived with its body.
fn is_whole(request: &[u8]) -> bool {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n");
    let Some((head, body)) = end.map(|end| request.split_at(end + 4)) else {
        return false;
    };
    let head = String::from_utf8_lossy(head).to_lowercase();
    let size = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let size = size.and_then(|size| size.trim().parse().ok());
    body.len() >= size.unwrap_or(0)
}
