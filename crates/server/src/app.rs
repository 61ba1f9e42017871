//! Builds every part in one function and runs them until told to stop.
//!
//! Nothing here decides anything; it is where the crates meet. Longer than 400 lines, since all of it is wiring and is
//! read in one place.

pub(crate) mod outside;
mod speech;
mod work;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicI64},
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, routing::get};
use bot::{
    Bot, BotParts,
    channel::{
        Channel,
        instagram::{Instagram, SharedBudget},
        telegram::Telegram,
    },
};
use graph_api::{
    budget::{Budget, Memory},
    client::Graph,
    webhook::AppSecrets,
};
use media::Studio;
use secrecy::SecretString;
use store::{
    AccountState, Clock, Options, Runner, RunnerOptions, Safe, Store, SystemClock, spool::Spool,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    accounts::{Heard, Registry},
    api::{self, Allowances, Gate},
    convert,
    files::{self, Files},
    forward,
    gateway::{self, Gateway},
    health::{self, Health},
    http::Front,
    janitor::Janitor,
    listener::{Limits, Listener},
    master_key,
    page::{self, StatusPage},
    settings::Settings,
    snapshots::Ticker,
    telemetry::{self, AckMetrics, MetricsPage},
    webhook::{
        meta::{self, Inbox},
        telegram,
    },
};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Answer HTTP.
    pub serve: bool,
    /// Do jobs.
    pub work: bool,
}

impl Roles {
    /// Server and worker in one process.
    pub const BOTH: Self = Self {
        serve: true,
        work: true,
    };
    /// The server alone.
    pub const SERVE: Self = Self {
        serve: true,
        work: false,
    };
    /// The worker alone.
    pub const WORK: Self = Self {
        serve: false,
        work: true,
    };
}

/// Everything a process of ours is made of.
#[derive(Debug)]
pub struct App {
    settings: Arc<Settings>,
    roles: Roles,
    store: Store,
    spool: Arc<Spool>,
    health: Arc<Health>,
    link_secret: SecretString,
    telegram: Option<Arc<Telegram>>,
    meta: Meta,
    listener: Option<Listener>,
}

/// What bot and gateway share of Meta: one client, one allowance, the same accounts.
#[derive(Debug, Clone)]
struct Meta {
    graph: Arc<Graph>,
    budget: SharedBudget,
    accounts: Arc<Registry>,
}

/// Opens the store as the settings say.
pub async fn open_store(settings: &Settings, exclusive: bool) -> anyhow::Result<Store> {
    open_store_by(settings, exclusive, Arc::new(SystemClock)).await
}

async fn open_store_by(
    settings: &Settings,
    exclusive: bool,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Store> {
    make_data_dir(&settings.data_dir)?;
    let options = Options {
        url: settings.database_url(),
        durability: convert::durability(settings),
        clock,
        exclusive,
    };
    Store::open(options)
        .await
        .context("the database cannot be opened")
}

/// Only this user may look into the data folder: it holds people's words.
fn make_data_dir(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| {
            format!(
                "the data folder {} cannot be made; name another with --data",
                path.display()
            )
        })
}

impl App {
    /// Opens the data and binds the port. Nothing runs yet, and nothing slow is looked at: from here
    /// to the first answered request must be quick.
    pub async fn build(settings: Settings, roles: Roles) -> anyhow::Result<Self> {
        Self::build_by(settings, roles, Arc::new(SystemClock)).await
    }

    /// The same by another clock than the system's: tests move it by hand.
    pub async fn build_by(
        settings: Settings,
        roles: Roles,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        if roles.serve {
            settings.check_for_serving()?;
        }
        if roles.work {
            speech::refuse_broken(&settings)?;
        }
        let settings = Arc::new(settings);
        // One process that both serves and works has the data for itself; two must share it.
        let store = open_store_by(&settings, roles == Roles::BOTH, clock).await?;
        let spool =
            Spool::open(&settings.data_dir.join("spool")).context("the spool cannot be opened")?;
        let spool = Arc::new(spool);
        let watched = roles.serve.then(|| Arc::clone(&spool));
        let health = Arc::new(Health::new(store.clone(), watched, roles.work));
        let listener = if roles.serve {
            Some(bind(&settings).await?)
        } else {
            None
        };
        forward::subscribe(&settings, &store)
            .await
            .context("the subscription of forward.url cannot be stored")?;
        let link_secret = master_key::load_or_make(&settings)?;
        let telegram = outside::telegram_of(&settings, store.clock())?;
        let meta = meta_of(&settings, &store, &link_secret).await?;
        if let Some(address) = listener
            .as_ref()
            .and_then(|listener| listener.address().ok())
        {
            meta.accounts.listens_at(address);
        }
        Ok(Self {
            settings,
            roles,
            store,
            spool,
            health,
            link_secret,
            telegram,
            meta,
            listener,
        })
    }

    /// Where it listens, if it serves.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener
            .as_ref()
            .and_then(|listener| listener.address().ok())
    }

    /// The store, for whoever watches from outside.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs until `stop`; then takes no more, lets open work end or hands it back, and closes.
    pub async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let recorder = telemetry::recorder().context("the metrics cannot be set up")?;
        let tasks = TaskTracker::new();
        tasks.spawn(telemetry::upkeep(recorder.clone(), stop.clone()));
        tasks.spawn(Arc::clone(&self.meta.accounts).watch(stop.clone()));
        tasks.spawn(Arc::clone(&self.meta.accounts).know_settings(stop.clone()));
        if let Some(listener) = self.listener.take() {
            let updates = self.updates();
            let gate = self.gate(&stop);
            tasks.spawn(gateway::renew(Arc::clone(&gate), stop.clone()));
            let mut routes = self.routes(recorder).merge(api::routes(gate));
            if self.settings.takes_instagram() {
                let inbox = Arc::new(self.inbox()?);
                routes = routes.merge(meta::routes(Arc::clone(&inbox)));
                let stop = stop.clone();
                tasks.spawn(async move { inbox.drain_spool(stop).await });
            }
            if let Some(updates) = &updates {
                routes = routes.merge(telegram::routes(Arc::clone(updates)));
            }
            let front = Arc::new(Front::new(routes));
            tasks.spawn(listener.serve(front, stop.clone()));
            if let Some(updates) = updates {
                tasks.spawn(updates.run(stop.clone()));
            }
            self.take_pushed_jobs(&tasks, &stop)?;
        }
        // After the listener, so that the first answer does not wait for clients and certificates.
        let worker = if self.roles.work {
            Some(self.start_worker(&tasks, &stop).await?)
        } else {
            None
        };
        // A worker that ends before it is told to takes the process with it: a supervisor then
        // starts a new one, which is better than a server that takes messages nobody answers.
        let outcome = if let Some(worker) = worker {
            worker.await.context("the worker panicked")?
        } else {
            stop.cancelled().await;
            Ok(())
        };
        stop.cancel();
        tasks.close();
        tasks.wait().await;
        self.store.close().await;
        outcome
    }

    fn inbox(&self) -> anyhow::Result<Inbox> {
        let settings = &self.settings;
        Ok(Inbox {
            secrets: AppSecrets::new(settings.instagram.app_secrets.clone())?,
            verify_token: settings
                .instagram
                .verify_token
                .clone()
                .context("no verify token")?,
            store: self.store.clone(),
            spool: Arc::clone(&self.spool),
            max_body_bytes: settings.webhook.max_body_bytes,
            body_timeout: Duration::from_secs(settings.webhook.body_timeout_seconds),
            metrics: AckMetrics::new(),
            avoid_database_until_ms: AtomicI64::new(i64::MIN),
        })
    }

    /// What the gateway's handlers may use.
    fn gate(&self, stop: &CancellationToken) -> Arc<Gate> {
        let Meta {
            graph,
            budget,
            accounts,
        } = self.meta.clone();
        Arc::new(Gate {
            settings: Arc::clone(&self.settings),
            store: self.store.clone(),
            clock: Arc::clone(self.store.clock()),
            graph,
            budget,
            accounts,
            gateway: Arc::new(Gateway::new(self.settings.cache.memory_bytes)),
            limits: Allowances::new(
                self.store.clock(),
                self.settings.api.calls_per_minute,
                self.settings.api.trusted_proxies.clone(),
            ),
            stop: stop.clone(),
        })
    }

    fn routes(&self, recorder: metrics_exporter_prometheus::PrometheusHandle) -> Router {
        let settings = &self.settings;
        let numbers = MetricsPage {
            handle: recorder,
            store: self.store.clone(),
            spool: Arc::clone(&self.spool),
            key: settings.metrics.key.clone(),
            shown: Mutex::default(),
        };
        let status = StatusPage {
            health: Arc::clone(&self.health),
            can_answer: settings.instagram.page_access_token.is_some()
                || !self.meta.accounts.all().is_empty()
                || self.telegram.is_some(),
            public_url: settings.public_url.as_ref().map(ToString::to_string),
        };
        let linked = Files {
            data_dir: settings.data_dir.clone(),
            key: self.link_secret.clone(),
            clock: Arc::clone(self.store.clock()),
        };
        Router::new()
            .merge(health::routes(Arc::clone(&self.health)))
            .merge(files::routes(Arc::new(linked)))
            .route(
                "/metrics",
                get(telemetry::page).with_state(Arc::new(numbers)),
            )
            .route("/", get(page::page).with_state(Arc::new(status)))
    }

    /// Starts the runner and what belongs to it.
    async fn start_worker(
        &self,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
        let settings = &self.settings;
        let studio = Arc::new(
            Studio::new(convert::media(settings)).context("the media tools cannot be set up")?,
        );
        let bot = self.bot(Arc::clone(&studio), tasks, stop)?;
        let queues = self.queues(&bot)?;
        let runner = Runner::new(self.store.clone(), queues, RunnerOptions::default());
        self.say_account_state().await;
        tasks.spawn(Arc::clone(&self.meta.accounts).schedule(stop.clone()));
        if let (false, Some(telegram)) = (self.roles.serve, &self.telegram) {
            tasks.spawn(outside::know_the_bot(Arc::clone(telegram), stop.clone()));
        }
        let janitor = Janitor {
            store: self.store.clone(),
            retention: convert::retention(settings),
            bot,
            shelf: self.shelf(),
        };
        tasks.spawn(janitor.run(stop.clone()));
        tasks.spawn(Ticker(self.snapshots()).run(stop.clone()));
        let beats = CancellationToken::new();
        tasks.spawn({
            let (health, beats) = (Arc::clone(&self.health), beats.clone());
            async move { health.beat(beats).await }
        });
        tasks.spawn({
            let (health, stop) = (Arc::clone(&self.health), stop.clone());
            async move { health.watch_tools(studio, stop).await }
        });
        let (stop, model) = (stop.clone(), speech::verify_model(convert::media(settings)));
        Ok(tokio::spawn(async move {
            let _ends_the_beat = beats.drop_guard();
            let run = async { runner.run(stop).await.context("the worker ended") };
            // A wrong model would hear nonsense for ever: it ends the process as soon as it is known.
            let (outcome, ()) = tokio::try_join!(run, model)?;
            Ok(outcome)
        }))
    }

    fn bot(
        &self,
        studio: Arc<Studio>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> anyhow::Result<Bot> {
        let settings = &self.settings;
        let Meta {
            graph,
            budget,
            accounts,
        } = self.meta.clone();
        if settings.takes_instagram()
            && settings.instagram.page_access_token.is_none()
            && accounts.all().is_empty()
        {
            tracing::warn!(
                "no account is connected: messages are stored and wait. Connect one (GET /instagram/auth/url), or set INSTAGRAM_PAGE_ACCESS_TOKEN and restart"
            );
        }
        let instagram = Arc::new(Instagram::new(
            graph,
            accounts,
            Arc::clone(self.store.clock()) as Arc<dyn Clock>,
            budget,
            convert::instagram_files(settings),
        ));
        if let (Some(account), true) = (
            settings.instagram.account_id.clone(),
            settings.instagram.page_access_token.is_some(),
        ) {
            let instagram = Arc::clone(&instagram);
            tasks.spawn(outside::introduce(instagram, account, stop.clone()));
        }
        let mut channels: Vec<Arc<dyn Channel>> = vec![instagram];
        if let Some(telegram) = &self.telegram {
            channels.push(Arc::clone(telegram) as Arc<dyn Channel>);
        }
        let parts = BotParts {
            store: self.store.clone(),
            studio,
            settings: convert::bot(settings, self.link_secret.clone()),
            clock: Arc::clone(self.store.clock()) as Arc<dyn Clock>,
            data_dir: settings.data_dir.clone(),
            hosts: convert::link_hosts(settings),
            channels,
        };
        Ok(Bot::new(parts)?)
    }

    /// An account that cannot answer is the first thing an operator must know.
    async fn say_account_state(&self) {
        let Some(account) = &self.settings.instagram.account_id else {
            return;
        };
        match self.store.account_state("instagram", account).await {
            Ok(AccountState::Active) => tracing::info!(account, "account is active"),
            Ok(AccountState::NeedsLogin { reason }) => tracing::warn!(
                account,
                reason,
                "account needs a new token: set it, then run: gramophone accounts activate {account}"
            ),
            Ok(AccountState::Stopped { reason }) => tracing::warn!(
                account,
                reason,
                "account was stopped by Meta: settle it there, then run: gramophone accounts activate {account}"
            ),
            Err(error) => tracing::warn!(%error, "the account's state cannot be read"),
        }
    }
}

async fn meta_of(
    settings: &Arc<Settings>,
    store: &Store,
    master_key: &SecretString,
) -> anyhow::Result<Meta> {
    let budget = Arc::new(Budget::with_rates(
        Memory::default(),
        convert::send_rates(settings),
    ));
    let heard = Arc::new(Heard::default());
    let graph = Graph::new(
        convert::hosts(settings),
        settings.graph.version,
        Arc::new(telemetry::GraphObserver {
            budget: Arc::clone(&budget),
            clock: Arc::clone(store.clock()),
            heard: Arc::clone(&heard),
        }),
    )
    .context("the Graph client cannot be set up")?;
    let graph = Arc::new(graph.with_rupload(settings.graph.rupload.clone()));
    let safe = Safe::new(store.clone(), master_key, &settings.master_key_before)
        .context("the master key cannot be used")?;
    let accounts = Registry::open(
        safe,
        Arc::clone(&graph),
        Arc::clone(&budget),
        Arc::clone(settings),
        heard,
    )
    .await
    .context("the connected accounts cannot be read")?;
    Ok(Meta {
        graph,
        budget,
        accounts: Arc::new(accounts),
    })
}

async fn bind(settings: &Settings) -> anyhow::Result<Listener> {
    let address = SocketAddr::new(settings.listen.address, settings.listen.port);
    let limits = Limits {
        header_timeout: Duration::from_secs(settings.webhook.header_timeout_seconds),
        max_connections: settings.listen.max_connections,
        max_connections_per_ip: settings.listen.max_connections_per_ip,
    };
    Listener::bind(address, limits).await.with_context(|| {
        format!("cannot listen on {address}; another program may hold it. Choose another with --port, 0 for any free one")
    })
}
