//! The accept loop. It is ours and not axum's because some faults close a connection without an
//! answer, which only the layer that owns the socket can do.

use axum::Router;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Marks an answer that must never leave: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hangup;

#[derive(Debug, thiserror::Error)]
#[error("the connection is closed on purpose")]
struct ClosedOnPurpose;

pub(crate) async fn run(listener: TcpListener, app: Router, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, app.clone(), stop.clone()));
            }
            // Out of file descriptors or a connection reset while queued: give others time to close.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, app: Router, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |request| {
        let answer = app.call(request);
        async move {
            let Ok(answer): Result<Response, _> = answer.await;
            if answer.extensions().get::<Hangup>().is_some() {
                return Err(ClosedOnPurpose);
            }
            Ok(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = stop.cancelled() => {}
        // A client that goes away, or a fault that closes: both are the tests' business, not ours.
        _ = connection => {}
    }
}
