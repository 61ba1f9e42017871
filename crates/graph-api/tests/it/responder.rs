//! The smallest server that can answer wrongly: it takes requests apart by hand, keeps them, and
//! does what its script says, byte for byte. The simulator is for flows; this is for cut
//! connections and answers that no server should give.

use serde_json::Value;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What to do with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Answer with this status, these headers and this body.
    Json(u16, Vec<(String, String)>, Value),
    /// Write these bytes and close.
    Raw(Vec<u8>),
    /// Never answer.
    Silence,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Which connection it came on, from 0.
    pub(crate) connection: usize,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }
}

type Script = Box<dyn FnMut(&Request) -> Option<Reply> + Send>;

struct Seen {
    requests: Vec<Request>,
    connections: usize,
    script: Script,
    arrived: UnboundedSender<Request>,
}

pub(crate) struct Responder {
    pub(crate) base: String,
    seen: Arc<Mutex<Seen>>,
    arrivals: UnboundedReceiver<Request>,
}

impl Responder {
    /// Answers the n-th request with the n-th reply; closes when there is none left.
    pub(crate) async fn start(script: Vec<Reply>) -> Self {
        let mut script = script.into_iter();
        Self::answering(Box::new(move |_| script.next())).await
    }

    /// Answers as the function says; closes where it says nothing.
    pub(crate) async fn answering(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (arrived, arrivals) = unbounded_channel();
        let seen = Seen {
            requests: Vec::new(),
            connections: 0,
            script,
            arrived,
        };
        let seen = Arc::new(Mutex::new(seen));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = {
                    let mut seen = shared.lock().unwrap();
                    seen.connections += 1;
                    seen.connections - 1
                };
                tokio::spawn(serve(stream, connection, Arc::clone(&shared)));
            }
        });
        Self {
            base,
            seen,
            arrivals,
        }
    }

    /// The next request that nobody has taken yet.
    pub(crate) async fn next(&mut self) -> Request {
        let next = tokio::time::timeout(Duration::from_secs(20), self.arrivals.recv());
        next.await
            .expect("no request came")
            .expect("the responder is gone")
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

async fn serve(mut stream: TcpStream, connection: usize, seen: Arc<Mutex<Seen>>) {
    while let Some(request) = read_request(&mut stream, connection).await {
        let reply = {
            let mut seen = seen.lock().unwrap();
            let reply = (seen.script)(&request);
            seen.requests.push(request.clone());
            // Nobody may be listening any more.
            let _ = seen.arrived.send(request);
            reply
        };
        match reply {
            Some(Reply::Json(status, headers, body)) => {
                let body = body.to_string();
                let mut answer =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    let _ = write!(answer, "{name}: {value}\r\n");
                }
                let _ = write!(answer, "\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            Some(Reply::Raw(bytes)) => {
                stream.write_all(&bytes).await.unwrap();
                return;
            }
            Some(Reply::Silence) => std::future::pending().await,
            None => return,
        }
    }
}

async fn read_request(stream: &mut TcpStream, connection: usize) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Byte by byte, so that nothing of the body is read with the head.
        head.push(stream.read_u8().await.ok()?);
        if head.len() > 64 * 1024 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut request = Request {
        method,
        target,
        headers,
        body: Vec::new(),
        connection,
    };
    assert_eq!(
        request.header("transfer-encoding"),
        None,
        "a length is always known"
    );
    let length = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}
