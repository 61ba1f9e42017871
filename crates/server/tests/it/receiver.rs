//! Whoever takes our events: a server that answers as it is told and remembers what came.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse as _,
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpSocket, task::JoinHandle};

pub(crate) const KEY: &str = "an-api-secret-of-the-tests";

/// One call that came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) id: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) status: u16,
}

impl Came {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Answers = Box<dyn FnMut(usize) -> (u16, &'static str) + Send>;

struct Desk {
    came: Vec<Came>,
    answers: Answers,
}

/// A running receiver.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    /// Keeps the port from others while nobody listens on it.
    _place: TcpSocket,
    desk: Arc<Mutex<Desk>>,
    running: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Nobody is there yet, but the address is known.
    pub(crate) fn absent() -> Self {
        let place = place(SocketAddr::from(([127, 0, 0, 1], 0)));
        let desk = Desk {
            came: Vec::new(),
            answers: Box::new(|_| (200, "")),
        };
        Self {
            address: place.local_addr().unwrap(),
            _place: place,
            desk: Arc::new(Mutex::new(desk)),
            running: None,
        }
    }

    /// There, and content with everything.
    pub(crate) fn present() -> Self {
        let mut receiver = Self::absent();
        receiver.arrive();
        receiver
    }

    /// Somebody is there from now on.
    pub(crate) fn arrive(&mut self) {
        let listener = place(self.address).listen(1_024).unwrap();
        let routes = Router::new()
            .route("/callback", post(take))
            .with_state(Arc::clone(&self.desk));
        self.running = Some(tokio::spawn(async move {
            axum_serve(listener, routes).await;
        }));
    }

    /// What is answered from now on: status and `Retry-After`, by the number of the call.
    pub(crate) fn answers(
        &self,
        answers: impl FnMut(usize) -> (u16, &'static str) + Send + 'static,
    ) {
        self.desk.lock().unwrap().answers = Box::new(answers);
    }

    pub(crate) fn came(&self) -> Vec<Came> {
        self.desk.lock().unwrap().came.clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/callback", self.address)
    }

    /// The settings that send events here.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        [
            ("forward.url", self.url()),
            ("forward.key", KEY.to_owned()),
            ("forward.loopback_hosts", self.address.to_string()),
            ("api.open_on_loopback", "true".to_owned()),
            // The tests look again and again.
            ("api.calls_per_minute", "1000000".to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .to_vec()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

/// A socket at this address that does not listen yet; only another one of ours may share the address.
fn place(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

/// The framework's own server is not compiled in; ours is small enough.
async fn axum_serve(listener: tokio::net::TcpListener, routes: Router) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        let service = hyper_util::service::TowerToHyperService::new(routes.clone());
        tokio::spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn take(
    State(desk): State<Arc<Mutex<Desk>>>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let (status, retry_after) = {
        let mut desk = desk.lock().unwrap();
        let number = desk.came.len();
        let (status, retry_after) = (desk.answers)(number);
        let id = headers
            .get("webhook-id")
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        desk.came.push(Came {
            id,
            headers,
            body,
            status,
        });
        (status, retry_after)
    };
    if status == 0 {
        // Took it and never says so: longer than anybody waits here.
        tokio::time::sleep(Duration::from_hours(1)).await;
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = status.into_response();
    if !retry_after.is_empty() {
        answer
            .headers_mut()
            .insert("retry-after", retry_after.parse().unwrap());
    }
    answer
}
