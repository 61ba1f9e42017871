//! `/healthz` says that the process answers; `/readyz` says which part does not.
//!
//! Tools are started in the background and their answers remembered: a health check must not start
//! programs, and a start must not wait for them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use media::Studio;
use serde::Serialize;
use store::{Store, spool::Spool};
use tokio_util::sync::CancellationToken;

/// How long the database may take to say that it is there.
const PING_PATIENCE: Duration = Duration::from_secs(2);
/// A worker that did not beat for this long is down.
const BEAT_PATIENCE_MS: i64 = 15_000;
/// How often the worker beats.
const BEAT_EVERY: Duration = Duration::from_secs(2);
/// How often tools are looked at again: yt-dlp grows old slowly.
const TOOLS_EVERY: Duration = Duration::from_mins(10);

/// One part of the server and how it is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Part {
    /// Whether it works.
    pub ok: bool,
    /// What there is to know: a version, a count, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// For tools: their version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// For tools that grow old: days since their release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_days: Option<i64>,
}

impl Part {
    fn good() -> Self {
        Self {
            ok: true,
            detail: None,
            version: None,
            age_days: None,
        }
    }

    fn bad(detail: impl Into<String>) -> Self {
        Self {
            ok: false,
            detail: Some(detail.into()),
            version: None,
            age_days: None,
        }
    }

    fn noting(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }
}

/// The answer of `/readyz`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Readiness {
    /// Whether every part works.
    pub ready: bool,
    /// The parts by name.
    pub parts: BTreeMap<&'static str, Part>,
}

/// What is watched.
#[derive(Debug)]
pub(crate) struct Health {
    store: Store,
    spool: Option<Arc<Spool>>,
    /// When the worker of this process last beat; `None` when it has none.
    worker: Option<AtomicI64>,
    tools: RwLock<Option<BTreeMap<&'static str, Part>>>,
    /// Those we depend on and cannot mend: told, and never a reason to take this server out of service.
    outsiders: RwLock<BTreeMap<&'static str, Part>>,
}

impl Health {
    /// Watches these parts; `works` says whether this process has a worker.
    pub(crate) fn new(store: Store, spool: Option<Arc<Spool>>, works: bool) -> Self {
        let worker = works.then(|| AtomicI64::new(i64::MIN));
        Self {
            store,
            spool,
            worker,
            tools: RwLock::new(None),
            outsiders: RwLock::default(),
        }
    }

    /// How an outsider is: `None` when all is well.
    pub(crate) fn outsider(&self, name: &'static str, trouble: Option<&str>) {
        let part = Part {
            detail: trouble.map(str::to_owned),
            ..Part::good()
        };
        let mut outsiders = self
            .outsiders
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        outsiders.insert(name, part);
    }

    /// How everything is, now.
    pub(crate) async fn readiness(&self) -> Readiness {
        let mut parts = BTreeMap::new();
        parts.insert("database", self.database().await);
        if let Some(spool) = &self.spool {
            parts.insert("spool", spool_part(spool.depth()));
        }
        if let Some(beat) = &self.worker {
            parts.insert("worker", self.worker_part(beat.load(Ordering::Relaxed)));
        }
        match &*self.tools.read().unwrap_or_else(PoisonError::into_inner) {
            Some(tools) => parts.extend(tools.iter().map(|(name, part)| (*name, part.clone()))),
            None if self.worker.is_some() => {
                parts.insert("tools", Part::bad("being looked at; ask again in a second"));
            }
            None => {}
        }
        let outsiders = self
            .outsiders
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        parts.extend(outsiders.iter().map(|(name, part)| (*name, part.clone())));
        Readiness {
            ready: parts.values().all(|part| part.ok),
            parts,
        }
    }

    async fn database(&self) -> Part {
        match tokio::time::timeout(PING_PATIENCE, self.store.ping()).await {
            Ok(Ok(())) => Part::good(),
            Ok(Err(error)) => Part::bad(error.to_string()),
            Err(_) => Part::bad("it takes too long to answer"),
        }
    }

    fn worker_part(&self, beat_ms: i64) -> Part {
        let silent_ms = self.store.clock().now_ms().saturating_sub(beat_ms);
        if silent_ms <= BEAT_PATIENCE_MS {
            Part::good()
        } else {
            Part::bad("it does not beat; look at the log and restart the process")
        }
    }

    /// Beats while the worker runs; ends with it.
    pub(crate) async fn beat(&self, stop: CancellationToken) {
        let Some(beat) = &self.worker else { return };
        while !stop.is_cancelled() {
            beat.store(self.store.clock().now_ms(), Ordering::Relaxed);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(BEAT_EVERY) => {}
            }
        }
        beat.store(i64::MIN, Ordering::Relaxed);
    }

    /// Looks at the tools now and then.
    pub(crate) async fn watch_tools(&self, studio: Arc<Studio>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let reports = studio.check().await;
            let tools = reports.into_iter().map(tool_part).collect();
            *self.tools.write().unwrap_or_else(PoisonError::into_inner) = Some(tools);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(TOOLS_EVERY) => {}
            }
        }
    }
}

fn spool_part(waiting: usize) -> Part {
    match waiting {
        0 => Part::good(),
        // Nothing is lost and deliveries are still taken, but nobody is answered meanwhile.
        _ => Part::good().noting(format!("{waiting} deliveries wait for the database")),
    }
}

/// `/healthz` and `/readyz`.
pub(crate) fn routes(health: Arc<Health>) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(|| async { Json(serde_json::json!({"ok": true})) }),
        )
        .route("/readyz", get(ready))
        .with_state(health)
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let readiness = health.readiness().await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

fn tool_part(report: media::ToolReport) -> (&'static str, Part) {
    let part = Part {
        // A tool that runs but is old is said, and does not take the whole server out of service.
        ok: report.problem.is_none() || report.version.is_some(),
        detail: report.problem,
        version: report.version,
        age_days: report.age_days,
    };
    (report.name, part)
}
