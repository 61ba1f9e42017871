//! A client that can misbehave: raw bytes on a socket, and the signature that Meta would put on a body.

use std::{net::SocketAddr, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub(crate) const SECRET: &str = "an-app-secret-of-the-tests";
pub(crate) const VERIFY_TOKEN: &str = "a-verify-token-of-the-tests";
pub(crate) const ACCOUNT: &str = "17841400000000001";

/// `sha256=…` as Meta sends it.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A delivery of one text message per `(mid, person, text)`.
pub(crate) fn messages(said: &[(&str, &str, &str)]) -> String {
    let now_ms = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let items: Vec<_> = said
        .iter()
        .map(|(mid, person, text)| {
            serde_json::json!({
                "sender": {"id": person}, "recipient": {"id": ACCOUNT}, "timestamp": now_ms,
                "message": {"mid": mid, "text": text},
            })
        })
        .collect();
    serde_json::json!({"object": "instagram", "entry": [{"id": ACCOUNT, "time": now_ms, "messaging": items}]}).to_string()
}

/// An answer, read to the end of the connection or of its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A connection.
pub(crate) struct Wire(pub(crate) TcpStream);

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends bytes; a server that closed already is for the reader to find out.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Reads until the server closes; `None` when it does not within the time.
    pub(crate) async fn until_closed(&mut self, patience: Duration) -> Option<String> {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(patience, self.0.read_to_end(&mut bytes)).await;
        // A reset is a way to close as well.
        read.ok()
            .map(|_| String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// One request with `connection: close`, one answer.
pub(crate) async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut wire = Wire::open(address).await;
    wire.send(request).await;
    let text = wire
        .until_closed(Duration::from_secs(20))
        .await
        .expect("an answer in time");
    answer(&text)
}

pub(crate) fn answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

pub(crate) async fn get(address: SocketAddr, path: &str, headers: &str) -> Answer {
    ask(
        address,
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n"),
    )
    .await
}

/// A delivery with these header lines instead of a right signature.
pub(crate) async fn post_with(address: SocketAddr, headers: &str, body: &[u8]) -> Answer {
    let mut request = format!(
        "POST /webhooks/instagram HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    ask(address, request).await
}

/// A delivery as Meta sends it.
pub(crate) async fn post(address: SocketAddr, body: &str) -> Answer {
    let header = format!(
        "x-hub-signature-256: {}\r\n",
        signature(SECRET, body.as_bytes())
    );
    post_with(address, &header, body.as_bytes()).await
}
