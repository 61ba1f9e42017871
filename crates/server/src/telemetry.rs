//! Numbers for Prometheus: their names, their buckets, and the page that shows them.
//!
//! One recorder per process, because the crates below count through the same macros. Gauges about
//! the queue are read from the store when somebody asks, so that they cannot drift.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bot::channel::instagram::{SharedBudget, learn};
use graph_api::client::{CallRecord, Observer};
use metrics::{
    Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::{ExposeSecret as _, SecretString};
use store::{Clock, Store, StoreError, spool::Spool};
use subtle::ConstantTimeEq as _;
use tokio_util::sync::CancellationToken;

use crate::{accounts::Heard, error::ApiError, http::Peer, webhook::meta::Taken};

/// Seconds that an acknowledgement may take: fine where we live, coarse up to Meta's five.
const ACK_BUCKETS: [f64; 12] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0,
];
/// Seconds of a call over the network.
const CALL_BUCKETS: [f64; 10] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Seconds of a step of work.
const STEP_BUCKETS: [f64; 10] = [0.05, 0.25, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 180.0, 600.0];

/// Histogram samples wait in buffers until somebody folds them; without a scrape that is us.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The process's recorder; the first call installs it.
pub(crate) fn recorder() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full("gramophone_ack_seconds".to_owned()),
            &ACK_BUCKETS,
        )?
        .set_buckets_for_metric(
            Matcher::Full("gramophone_graph_call_seconds".to_owned()),
            &CALL_BUCKETS,
        )?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &STEP_BUCKETS)?
        .build_recorder();
    let handle = HANDLE.get_or_init(|| recorder.handle());
    if metrics::set_global_recorder(recorder).is_ok() {
        describe();
    }
    Ok(handle.clone())
}

fn describe() {
    describe_histogram!(
        "gramophone_ack_seconds",
        "Time from the head of a delivery to the answer that it is durable"
    );
    describe_counter!("gramophone_deliveries_total", "Deliveries by outcome");
    describe_counter!("gramophone_events_total", "Events by whether they were new");
    describe_counter!(
        "gramophone_deliveries_unreadable_total",
        "Signed bodies that are no webhook envelope"
    );
    describe_gauge!("gramophone_jobs", "Jobs by queue and state");
    describe_gauge!(
        "gramophone_sends_open",
        "Visible sends without a known outcome, by state"
    );
    describe_gauge!(
        "gramophone_oldest_waiting_seconds",
        "Age of the job that has been due longest"
    );
    describe_gauge!(
        "gramophone_oldest_running_seconds",
        "Age of the job that has been running longest"
    );
    describe_gauge!(
        "gramophone_spooled_deliveries",
        "Deliveries on disk that wait for the database"
    );
    describe_counter!(
        "gramophone_graph_calls_total",
        "Calls to the Graph API by endpoint and code"
    );
    describe_histogram!(
        "gramophone_graph_call_seconds",
        "Duration of calls to the Graph API by endpoint"
    );
    describe_counter!(
        "gramophone_connections_refused_total",
        "Connections closed at the door because too many were open"
    );
    describe_counter!("gramophone_panics_total", "Requests that ended in a panic");
}

/// Folds histogram samples until told to stop.
pub(crate) async fn upkeep(handle: PrometheusHandle, stop: CancellationToken) {
    while !stop.is_cancelled() {
        handle.run_upkeep();
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(UPKEEP_EVERY) => {}
        }
    }
}

/// Handles of the webhook's numbers, looked up once: the hot path only adds.
pub(crate) struct AckMetrics {
    ack: Histogram,
    stored: Counter,
    spooled: Counter,
    new: Counter,
    seen: Counter,
    unreadable: Counter,
}

impl std::fmt::Debug for AckMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AckMetrics").finish_non_exhaustive()
    }
}

impl AckMetrics {
    /// Looks the handles up in the installed recorder.
    pub(crate) fn new() -> Self {
        Self {
            ack: histogram!("gramophone_ack_seconds"),
            stored: counter!("gramophone_deliveries_total", "outcome" => "stored"),
            spooled: counter!("gramophone_deliveries_total", "outcome" => "spooled"),
            new: counter!("gramophone_events_total", "seen" => "first"),
            seen: counter!("gramophone_events_total", "seen" => "again"),
            unreadable: counter!("gramophone_deliveries_unreadable_total"),
        }
    }

    pub(crate) fn taken(&self, taken: Taken, took: Duration) {
        self.ack.record(took);
        match taken {
            Taken::Stored(accepted) => {
                self.stored.increment(1);
                self.new.increment(count(accepted.new));
                self.seen.increment(count(accepted.seen));
            }
            Taken::Spooled => self.spooled.increment(1),
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "beside the others; refusals are rare and need no handle"
    )]
    pub(crate) fn refused(&self, reason: &'static str) {
        counter!("gramophone_deliveries_total", "outcome" => "refused", "reason" => reason)
            .increment(1);
    }

    pub(crate) fn unreadable(&self) {
        self.unreadable.increment(1);
    }
}

impl Default for AckMetrics {
    fn default() -> Self {
        Self::new()
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

/// Counts every call to Meta, and names its trace for the day somebody must ask Meta about it.
#[derive(Debug)]
pub(crate) struct GraphObserver {
    /// What Meta says about our use teaches it.
    pub(crate) budget: SharedBudget,
    /// When it said so.
    pub(crate) clock: Arc<dyn Clock>,
    /// What calls show about accounts.
    pub(crate) heard: Arc<Heard>,
}

impl Observer for GraphObserver {
    fn called(&self, call: &CallRecord) {
        learn(&self.budget, call, self.clock.now_ms());
        self.heard.called(call);
        let code = call.code.to_string();
        let (endpoint, method) = (call.endpoint, call.method);
        tracing::info!(
            endpoint,
            method,
            account = call.account.as_str(),
            code,
            milliseconds = u64::try_from(call.duration.as_millis()).unwrap_or(u64::MAX),
            fbtrace_id = call.fbtrace_id.as_deref(),
            "Graph call"
        );
        counter!("gramophone_graph_calls_total", "endpoint" => endpoint, "method" => method, "code" => code).increment(1);
        histogram!("gramophone_graph_call_seconds", "endpoint" => endpoint).record(call.duration);
    }
}

/// What the metrics page needs.
#[derive(Debug)]
pub(crate) struct MetricsPage {
    /// The recorder.
    pub handle: PrometheusHandle,
    /// Where queue numbers come from.
    pub store: Store,
    /// How much waits on disk.
    pub spool: Arc<Spool>,
    /// The key for callers elsewhere.
    pub key: Option<SecretString>,
    /// The queues and states that a scrape has shown.
    pub shown: Mutex<BTreeSet<(String, String)>>,
}

/// `GET /metrics`.
pub(crate) async fn page(
    State(page): State<Arc<MetricsPage>>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    if !may_read(&page, peer, &headers) {
        return ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "metrics are read from this machine, or with Authorization: Bearer and the metrics.key of the settings",
        )
        .next_step("Send that key, or read them from this machine.")
        .into_response();
    }
    if let Err(error) = page.read_store().await {
        tracing::warn!(%error, "the queue could not be counted for the metrics page");
    }
    let text = page.handle.render();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

/// Whoever is really on this machine, or has the key. A proxy on this machine speaks for the world:
/// it is recognised by the name it was called by or the headers it adds.
fn may_read(page: &MetricsPage, peer: SocketAddr, headers: &HeaderMap) -> bool {
    if is_local(peer, headers) {
        return true;
    }
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .unwrap_or_default();
    page.key
        .as_ref()
        .is_some_and(|key| bool::from(key.expose_secret().as_bytes().ct_eq(given)))
}

fn is_local(peer: SocketAddr, headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    peer.ip().to_canonical().is_loopback()
        && matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        && !forwarded.iter().any(|name| headers.contains_key(*name))
}

impl MetricsPage {
    /// What is counted no more is zero, not what it was.
    fn show_jobs(&self, counts: Vec<store::JobCount>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for (queue, state) in shown.iter() {
            gauge!("gramophone_jobs", "queue" => queue.clone(), "state" => state.clone()).set(0.0);
        }
        for job in counts {
            shown.insert((job.queue.clone(), job.state.clone()));
            gauge!("gramophone_jobs", "queue" => job.queue, "state" => job.state)
                .set(whole(job.count));
        }
    }

    /// Sets the gauges that are counted in the store.
    async fn read_store(&self) -> Result<(), StoreError> {
        gauge!("gramophone_spooled_deliveries").set(as_f64(self.spool.depth()));
        self.show_jobs(self.store.job_counts().await?);
        for state in store::PartState::ALL {
            if state.is_open() {
                gauge!("gramophone_sends_open", "state" => state.as_str()).set(0.0);
            }
        }
        for part in self.store.part_counts().await? {
            gauge!("gramophone_sends_open", "state" => part.state).set(whole(part.count));
        }
        let now_ms = self.store.clock().now_ms();
        let age = |since: Option<i64>| {
            since.map_or(0.0, |at| whole(now_ms.saturating_sub(at).max(0)) / 1_000.0)
        };
        gauge!("gramophone_oldest_waiting_seconds")
            .set(age(self.store.oldest_waiting_ms().await?));
        gauge!("gramophone_oldest_running_seconds")
            .set(age(self.store.oldest_running_ms().await?));
        Ok(())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge; counts stay far below 2^52"
)]
fn whole(number: i64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge; counts stay far below 2^52"
)]
fn as_f64(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_on_this_machine_is_not_this_machine() {
        let local: SocketAddr = "127.0.0.1:5000".parse().unwrap();
        let host = |name: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, name.parse().unwrap());
            headers
        };
        assert!(is_local(local, &host("127.0.0.1:8080")));
        assert!(is_local("[::1]:1".parse().unwrap(), &host("[::1]:8080")));
        assert!(is_local(local, &host("localhost")));
        assert!(!is_local(local, &host("bot.example.com")));
        assert!(!is_local(local, &HeaderMap::new()));
        assert!(!is_local(
            "192.0.2.7:5000".parse().unwrap(),
            &host("127.0.0.1:8080")
        ));
        let mut through_proxy = host("127.0.0.1:8080");
        through_proxy.insert("x-forwarded-for", "192.0.2.7".parse().unwrap());
        assert!(!is_local(local, &through_proxy));
    }
}
