#![doc = include_str!("../README.md")]
//! Entry: [`Simulator::start`] builds the world, mounts every host under one port and serves it.

mod ai;
mod calls;
mod cdn;
mod control;
mod fault;
mod graph;
mod login;
mod options;
mod pages;
mod phone;
mod samples;
mod seed;
mod serve;
mod telegram;
mod webhook;
mod world;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use options::Options;
pub use webhook::HandshakeError;
use world::World;

/// Why the simulator could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken or the address is not ours.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for any free one")]
    Listen {
        /// What was asked for.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder for uploads and samples cannot be written.
    #[error("cannot use the data folder {path}: {source}")]
    DataFolder {
        /// The folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file that says who the account is cannot be used.
    #[error(
        "cannot use the seed file {path}: {why}; GET /_sim/seed of a running simulator shows a good one"
    )]
    SeedFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The HTTP client that delivers webhooks could not be built.
    #[error("cannot build the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// A running simulator; everything beyond starting and stopping goes through its HTTP control API.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    stop: CancellationToken,
}

impl Simulator {
    /// Listens, and serves every simulated host until [`Simulator::stop`] or until it is dropped.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // Another part of the same process may have chosen a provider already; then that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = format!("{}:{}", options.listen, options.port);
        let listen_error = |source| StartError::Listen {
            address: address.clone(),
            source,
        };
        let listener = tokio::net::TcpListener::bind(&address)
            .await
            .map_err(listen_error)?;
        let local = listener.local_addr().map_err(listen_error)?;
        let webhook = options.webhook.clone();
        let world = Arc::new(World::new(options, local)?);
        let stop = CancellationToken::new();
        tokio::spawn(serve::run(listener, router(&world), stop.clone()));
        if let Some(url) = webhook {
            webhook::target_in_background(&world, url, stop.clone());
        }
        Ok(Self { world, stop })
    }

    /// `http://host:port`, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.world.base_url().to_owned()
    }

    /// `host:port`, as the setting `media.test_hosts` wants it.
    pub fn host_and_port(&self) -> String {
        self.base_url().trim_start_matches("http://").to_owned()
    }

    /// Points deliveries at `url` after Meta's handshake succeeded there.
    pub async fn set_webhook(&self, url: Url) -> Result<(), HandshakeError> {
        webhook::set_target(&self.world, url).await
    }

    /// The same as [`Simulator::set_webhook`] for a server that may not be up yet: asks until the
    /// handshake succeeds and keeps events waiting until then.
    pub fn set_webhook_when_ready(&self, url: Url) {
        webhook::target_in_background(&self.world, url, self.stop.clone());
    }

    /// What a client needs in its environment to talk to this simulator instead of Meta.
    pub fn client_environment(&self) -> String {
        let options = self.world.options();
        let base = self.world.base_url();
        let mut text = String::new();
        for (name, value) in [
            ("INSTAGRAM_APP_ID", options.app_id.as_str()),
            ("INSTAGRAM_APP_SECRET", options.app_secret.as_str()),
            ("INSTAGRAM_VERIFY_TOKEN", options.verify_token.as_str()),
            ("INSTAGRAM_PAGE_ID", options.page_id.as_str()),
            ("INSTAGRAM_PAGE_ACCESS_TOKEN", options.page_token.as_str()),
            (
                "GRAMOPHONE_INSTAGRAM__ACCOUNT_ID",
                options.account_id.as_str(),
            ),
            (
                "GRAMOPHONE_GRAPH__GRAPH_FACEBOOK",
                &format!("{base}/graph.facebook.com"),
            ),
            (
                "GRAMOPHONE_GRAPH__GRAPH_INSTAGRAM",
                &format!("{base}/graph.instagram.com"),
            ),
            (
                "GRAMOPHONE_GRAPH__INSTAGRAM_LOGIN",
                &format!("{base}/www.instagram.com"),
            ),
            (
                "GRAMOPHONE_GRAPH__INSTAGRAM_API",
                &format!("{base}/api.instagram.com"),
            ),
            (
                "GRAMOPHONE_GRAPH__FACEBOOK_DIALOG",
                &format!("{base}/www.facebook.com"),
            ),
            (
                "GRAMOPHONE_GRAPH__RUPLOAD",
                &format!("{base}/rupload.facebook.com"),
            ),
            (
                "GRAMOPHONE_MEDIA__PAGES",
                &format!("{base}/www.instagram.com"),
            ),
            ("GRAMOPHONE_MEDIA__TEST_HOSTS", &self.host_and_port()),
            ("TELEGRAM_BOT_TOKEN", options.telegram_token.as_str()),
            (
                "GRAMOPHONE_TELEGRAM__API",
                &format!("{base}/api.telegram.org"),
            ),
        ] {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{name}={value}");
        }
        text
    }

    /// Closes the port and every connection, and removes uploaded files.
    pub async fn stop(self) {
        self.stop.cancel();
        self.world.remove_uploads().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Every host of the simulated outside world behind one port.
fn router(world: &Arc<World>) -> Router {
    Router::new()
        .merge(control::routes())
        .merge(phone::routes())
        .merge(graph::routes())
        .merge(telegram::routes())
        .merge(cdn::routes())
        .merge(login::routes())
        .merge(pages::routes())
        .merge(ai::routes())
        .fallback(graph::unknown_host)
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(world),
            fault::apply,
        ))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(world),
            calls::record,
        ))
        .with_state(Arc::clone(world))
}
