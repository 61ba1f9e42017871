//! What a simulator is started with: who the app, the account and the first tokens are.

use std::fmt;
use std::path::PathBuf;

use url::Url;

/// Settings of one simulator; [`Options::default`] is what tests and the demo agree on.
#[derive(Clone)]
pub struct Options {
    /// Port to listen on; 0 takes any free one.
    pub port: u16,
    /// Address to listen on.
    pub listen: String,
    /// Where sample media is cached and uploads are kept while running.
    pub data_dir: PathBuf,
    /// The app's id.
    pub app_id: String,
    /// Exact addresses that a log-in may lead back to; none: any address on this machine.
    pub redirect_uris: Vec<String>,
    /// Signs webhooks and checks `appsecret_proof`.
    pub app_secret: String,
    /// Sent in the webhook handshake.
    pub verify_token: String,
    /// Instagram professional account id, `entry[].id` of every event.
    pub account_id: String,
    /// The Facebook Page that the account is linked to.
    pub page_id: String,
    /// Page access token of the Facebook Login flavour.
    pub page_token: String,
    /// Instagram user access token of the Instagram Login flavour.
    pub instagram_token: String,
    /// Token of the one Telegram bot; the digits before `:` are its id.
    pub telegram_token: String,
    /// Where events go; the handshake is repeated until this URL answers it.
    pub webhook: Option<Url>,
    /// Version that unversioned calls get, and that answers name.
    pub graph_version: String,
    /// The ffmpeg program; ffprobe is expected beside it.
    pub ffmpeg: PathBuf,
    /// Where Meta's clock starts, in epoch milliseconds; absent: now.
    pub clock_start: Option<i64>,
    /// What posts, stories and numbers of the account are made from.
    pub seed: u64,
    /// A JSON file with them instead, in the shape of `GET /_sim/seed`.
    pub seed_file: Option<PathBuf>,
    /// Whether the OpenAI-compatible endpoint is mounted.
    pub ai: bool,
    /// Webhook retries after minutes, as Meta does, instead of after seconds.
    pub slow_retries: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            listen: "127.0.0.1".into(),
            data_dir: std::env::temp_dir().join("gramophone-simulator"),
            app_id: "200000000000001".into(),
            redirect_uris: Vec::new(),
            app_secret: "simulator-app-secret".into(),
            verify_token: "simulator-verify-token".into(),
            account_id: "17841400000000001".into(),
            page_id: "100000000000001".into(),
            page_token: "SIM-PAGE-TOKEN".into(),
            instagram_token: "SIM-INSTAGRAM-TOKEN".into(),
            telegram_token: "123456789:SIM-TELEGRAM-TOKEN".into(),
            webhook: None,
            graph_version: "v26.0".into(),
            ffmpeg: "ffmpeg".into(),
            clock_start: None,
            seed: 1,
            seed_file: None,
            ai: true,
            slow_retries: false,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("listen", &self.listen)
            .field("port", &self.port)
            .field("data_dir", &self.data_dir)
            .field("account_id", &self.account_id)
            .field("graph_version", &self.graph_version)
            .finish_non_exhaustive()
    }
}
