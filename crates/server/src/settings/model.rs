//! The settings as types: one struct per section of `config.default.toml`, the same names.
//!
//! Nothing has a default here. The embedded file is the only list of defaults, and a key missing on
//! either side fails a test. Longer than a page because it is that one list and nothing else.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use graph_api::client::Version;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

/// Everything that can be set, checked as a whole before anyone sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the world reaches this server.
    #[serde(deserialize_with = "blank_url")]
    pub public_url: Option<Url>,
    /// Where everything that is kept lives.
    pub data_dir: PathBuf,
    /// Key for signed links; made in the data folder when not given.
    #[serde(deserialize_with = "blank_secret")]
    pub master_key: Option<SecretString>,
    /// Master keys used before: they open what they sealed until `secrets rotate` has run.
    pub master_key_before: Vec<SecretString>,
    /// Address, port and connection limits.
    pub listen: Listen,
    /// The Meta app and the account that answers.
    pub instagram: Instagram,
    /// Meta's API version and hosts.
    pub graph: GraphHosts,
    /// Where rows live.
    pub database: Database,
    /// The Telegram bot.
    pub telegram: Telegram,
    /// Where other programs push jobs.
    pub redis: Redis,
    /// The gateway's own rules.
    pub api: Api,
    /// Where accepted events go.
    pub forward: Forward,
    /// How long answers of Meta's are kept.
    pub cache: Cache,
    /// Limits of a delivery.
    pub webhook: Webhook,
    /// How the bot behaves.
    pub bot: BotSection,
    /// How sends with unknown ends are settled.
    pub send: Send,
    /// Limits on media.
    pub media: Media,
    /// Programs beside us.
    pub tools: Tools,
    /// Speech to text.
    pub speech: Speech,
    /// Summaries.
    pub language: Language,
    /// How long rows are kept.
    pub retention: Retention,
    /// Numbers by the day, and stories to their end.
    pub snapshots: Snapshots,
    /// Log format and level.
    pub log: Log,
    /// Who may read `/metrics`.
    pub metrics: Metrics,
    /// The simulator beside us.
    pub simulator: SimulatorSection,
}

/// Section `listen`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Address to bind.
    pub address: IpAddr,
    /// Port to bind; 0 takes a free one.
    pub port: u16,
    /// Connections open at once.
    pub max_connections: usize,
    /// Connections open at once from one address other than loopback.
    pub max_connections_per_ip: usize,
}

/// Which of Meta's two logins a token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginKind {
    /// Facebook Login: a Page token on graph.facebook.com.
    Facebook,
    /// Instagram Login: an Instagram User token on graph.instagram.com.
    Instagram,
}

/// Section `instagram`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instagram {
    /// Meta app id.
    #[serde(deserialize_with = "blank")]
    pub app_id: Option<String>,
    /// Secrets that may sign a webhook.
    pub app_secrets: Vec<SecretString>,
    /// The word of the webhook subscription.
    #[serde(deserialize_with = "blank_secret")]
    pub verify_token: Option<SecretString>,
    /// Instagram professional account id.
    #[serde(deserialize_with = "blank")]
    pub account_id: Option<String>,
    /// Facebook Page id.
    #[serde(deserialize_with = "blank")]
    pub page_id: Option<String>,
    /// Token answers are sent with.
    #[serde(deserialize_with = "blank_secret")]
    pub page_access_token: Option<SecretString>,
    /// Which login the token comes from.
    pub login: LoginKind,
    /// Where Meta leads people back to after a login.
    #[serde(deserialize_with = "blank_url")]
    pub redirect_uri: Option<Url>,
    /// Meta app id for Facebook Login, where it is another one.
    #[serde(deserialize_with = "blank")]
    pub facebook_app_id: Option<String>,
    /// Its secret.
    #[serde(deserialize_with = "blank_secret")]
    pub facebook_app_secret: Option<SecretString>,
}

/// Section `graph`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphHosts {
    /// API version in every path.
    pub version: Version,
    /// graph.facebook.com.
    #[serde(deserialize_with = "address")]
    pub graph_facebook: Url,
    /// graph.instagram.com.
    #[serde(deserialize_with = "address")]
    pub graph_instagram: Url,
    /// www.instagram.com as login host.
    #[serde(deserialize_with = "address")]
    pub instagram_login: Url,
    /// api.instagram.com.
    #[serde(deserialize_with = "address")]
    pub instagram_api: Url,
    /// www.facebook.com as dialog host.
    #[serde(deserialize_with = "address")]
    pub facebook_dialog: Url,
    /// rupload.facebook.com.
    #[serde(deserialize_with = "address")]
    pub rupload: Url,
    /// Texts an account may send in a second; 0: no bound.
    pub texts_per_second: u32,
    /// Sounds and videos an account may send in a second; 0: no bound.
    pub media_per_second: u32,
}

/// Section `api`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Callers on this machine need no key.
    pub open_on_loopback: bool,
    /// Longest JSON body.
    pub max_body_bytes: usize,
    /// Longest wait for Meta's allowance, in seconds.
    pub wait_seconds: u32,
    /// Longest that a call may take in all, in seconds.
    pub call_timeout_seconds: u32,
    /// Calls that one caller may make in a minute.
    pub calls_per_minute: u32,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Section `cache`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Memory for answers of Meta's.
    pub memory_bytes: u64,
    /// How long a profile is fresh, in seconds.
    pub profile_seconds: u32,
    /// How long media are fresh.
    pub media_seconds: u32,
    /// How long numbers of media are fresh.
    pub media_insights_seconds: u32,
    /// How long numbers of the account are fresh.
    pub account_insights_seconds: u32,
    /// How long demographics are fresh.
    pub audience_seconds: u32,
    /// How much longer an old profile is given at once while it is renewed.
    pub profile_renew_seconds: u32,
    /// The same of media.
    pub media_renew_seconds: u32,
    /// The same of numbers of media.
    pub media_insights_renew_seconds: u32,
    /// The same of numbers of the account.
    pub account_insights_renew_seconds: u32,
    /// The same of demographics.
    pub audience_renew_seconds: u32,
    /// How much longer an answer may stand in when Meta cannot be asked.
    pub stale_seconds: u32,
}

/// How much of a power cut an acknowledged event survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// All of it.
    Full,
    /// A crash of the process only.
    Normal,
}

/// Section `database`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Database URL, may hold a password: never printed.
    #[serde(deserialize_with = "blank")]
    pub url: Option<String>,
    /// Durability of a commit.
    pub synchronous: Synchronous,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self.url.as_ref().map(|_| "<redacted>");
        f.debug_struct("Database")
            .field("url", &url)
            .field("synchronous", &self.synchronous)
            .finish()
    }
}

/// How Telegram's updates come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TelegramUpdates {
    /// By webhook where there is a public URL, else by polling.
    Auto,
    /// Telegram calls us.
    Webhook,
    /// We call Telegram.
    Polling,
    /// Another program takes them, and pushes jobs.
    None,
}

/// Section `telegram`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    /// Bot token.
    #[serde(deserialize_with = "blank_secret")]
    pub token: Option<SecretString>,
    /// Base address of the Bot API.
    #[serde(deserialize_with = "address")]
    pub api: Url,
    /// How updates come.
    pub updates: TelegramUpdates,
    /// What Telegram says to prove itself.
    #[serde(deserialize_with = "blank_secret")]
    pub webhook_secret: Option<SecretString>,
    /// Folder of a local Bot API server's files.
    #[serde(deserialize_with = "blank_path")]
    pub local_files: Option<PathBuf>,
    /// Size a re-encode aims at.
    pub target_bytes: u64,
    /// Size never exceeded.
    pub hard_bytes: u64,
}

/// Section `redis`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Redis URL, may hold a password.
    #[serde(deserialize_with = "blank_secret")]
    pub url: Option<SecretString>,
    /// Key of the list or stream that jobs are pushed to.
    pub jobs_key: String,
}

/// In which form an event is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForwardFormat {
    /// Ours: `gramophone.event.v1`.
    Structured,
    /// Meta's own envelope, signed anew.
    Raw,
}

/// Section `forward`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    /// Where to; none: nowhere.
    #[serde(deserialize_with = "blank_url")]
    pub url: Option<Url>,
    /// Sent as `x-api-key`.
    #[serde(deserialize_with = "blank_secret")]
    pub key: Option<SecretString>,
    /// In which form.
    pub format: ForwardFormat,
    /// Signs the raw form.
    #[serde(deserialize_with = "blank_secret")]
    pub secret: Option<SecretString>,
    /// Which channels; empty: all.
    pub channels: Vec<String>,
    /// Which kinds; empty: all.
    pub kinds: Vec<String>,
    /// host:port pairs on this machine that may be reached over plain http.
    pub loopback_hosts: Vec<String>,
    /// Deliveries at once.
    pub concurrency: usize,
}

/// Section `webhook`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Longest body.
    pub max_body_bytes: usize,
    /// Time for the request head, in seconds.
    pub header_timeout_seconds: u64,
    /// Time for the body, in seconds.
    pub body_timeout_seconds: u64,
}

/// Section `bot`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BotSection {
    /// Language of answers until the person's own is known.
    pub language: String,
    /// Reels per person and day.
    pub daily_limit: u32,
    /// Time zone of the day.
    pub time_zone: String,
    /// Links per message.
    pub max_links: usize,
    /// When the status line goes out, in seconds.
    pub status_after_seconds: u64,
    /// Reels at once.
    pub concurrency: usize,
    /// Answers a minute in one conversation.
    pub replies_per_minute: usize,
    /// Answers an hour in one conversation.
    pub replies_per_hour: usize,
}

/// Section `send`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// How long an unknown send is watched, in seconds.
    pub settle_seconds: u64,
    /// When to give up on it, in seconds.
    pub give_up_seconds: u64,
}

/// How long media files stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaRetention {
    /// Gone as soon as the answer is delivered.
    StorageFree,
    /// Kept this long.
    Keep(Duration),
}

impl MediaRetention {
    /// Reads "none", or a number and one of `m`, `h`, `d`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::StorageFree);
        }
        let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
        let amount: u64 = text.get(..unit_at)?.parse().ok()?;
        let unit_seconds = match text.get(unit_at..)? {
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let seconds = amount.checked_mul(unit_seconds).filter(|s| *s > 0)?;
        Some(Self::Keep(Duration::from_secs(seconds)))
    }
}

impl<'de> Deserialize<'de> for MediaRetention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("give \"none\", or a time like \"24h\""))
    }
}

/// Section `media`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// How long files stay.
    pub retention: MediaRetention,
    /// GIF instead of a silent preview.
    pub prefer_gif: bool,
    /// Size a re-encode aims at.
    pub target_bytes: u64,
    /// Size never exceeded.
    pub hard_bytes: u64,
    /// Longest video.
    pub max_duration_seconds: u64,
    /// Largest download.
    pub max_download_bytes: u64,
    /// host:port pairs allowed over plain http on loopback.
    pub test_hosts: Vec<String>,
    /// Cookies for yt-dlp.
    #[serde(deserialize_with = "blank_path")]
    pub cookies_file: Option<PathBuf>,
    /// Where post pages live.
    #[serde(deserialize_with = "address")]
    pub pages: Url,
    /// Encodes at once; 0 means half of the cores.
    pub encode_slots: usize,
}

/// Section `tools`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// ffmpeg.
    pub ffmpeg: PathBuf,
    /// ffprobe.
    pub ffprobe: PathBuf,
    /// yt-dlp.
    pub yt_dlp: PathBuf,
}

/// Which speech engine is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpeechEngine {
    /// The first that is set up.
    Auto,
    /// An OpenAI-compatible server.
    Remote,
    /// The built-in engine in a child process.
    Embedded,
    /// Any program that prints text.
    Command,
    /// None: summaries come from captions.
    None,
}

/// Section `speech`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speech {
    /// Which engine.
    pub engine: SpeechEngine,
    /// Remote base URL.
    #[serde(deserialize_with = "blank_url")]
    pub url: Option<Url>,
    /// Remote key.
    #[serde(deserialize_with = "blank_secret")]
    pub key: Option<SecretString>,
    /// Remote or embedded model.
    #[serde(deserialize_with = "blank")]
    pub model: Option<String>,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Embedded model file.
    #[serde(deserialize_with = "blank_path")]
    pub model_path: Option<PathBuf>,
    /// Program that runs the embedded engine.
    #[serde(deserialize_with = "blank_path")]
    pub worker_program: Option<PathBuf>,
}

/// Section `language`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Base URL.
    #[serde(deserialize_with = "blank_url")]
    pub url: Option<Url>,
    /// Key.
    #[serde(deserialize_with = "blank_secret")]
    pub key: Option<SecretString>,
    /// Model.
    #[serde(deserialize_with = "blank")]
    pub model: Option<String>,
}

/// Section `retention`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Raw bodies.
    pub vault_days: u32,
    /// Events, and with them the keys that recognise repeats.
    pub events_days: u32,
    /// Ended jobs.
    pub jobs_days: u32,
    /// What people can find again.
    pub library_days: u32,
    /// Publications that are over.
    pub publications_days: u32,
}

/// Section `snapshots`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshots {
    /// Whether numbers are read by themselves.
    pub enabled: bool,
    /// Days that numbers stay; 0: for good.
    pub keep_days: u32,
    /// How far back the first run reads the account's numbers.
    pub backfill_days: u32,
    /// Newest posts whose numbers are kept each day.
    pub posts: u32,
    /// Reels not older than this are asked for watch time each day, older ones once a week.
    pub reels_days: u32,
    /// Whether stories are watched.
    pub stories: bool,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For reading by eye.
    Text,
}

/// Section `log`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Shape of a line.
    pub format: LogFormat,
    /// Level or filter.
    pub level: String,
}

/// Section `metrics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Key asked for off this machine.
    #[serde(deserialize_with = "blank_secret")]
    pub key: Option<SecretString>,
}

/// Section `simulator`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorSection {
    /// Port of the simulator.
    pub port: u16,
}

fn blank<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.trim().is_empty()).then_some(text))
}

fn blank_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    Ok(blank(deserializer)?.map(SecretString::from))
}

fn blank_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(blank(deserializer)?.map(PathBuf::from))
}

fn blank_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    match blank(deserializer)? {
        None => Ok(None),
        Some(text) => Url::parse(&text).map(Some).map_err(D::Error::custom),
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    Url::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
