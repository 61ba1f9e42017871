//! Puts the parts together and hands out the handlers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, SystemTime};

use media::Studio;
use media::link::Hosts;
use store::{Clock, Handler, Store};
use tracing::warn;

use crate::brake::Brake;
use crate::channel::Channel;
use crate::context::Context;
use crate::day::zone;
use crate::desk::remove;
use crate::files::work_dir;
use crate::plan::{REEL, REPLY};
use crate::reel::ReelHandler;
use crate::reply::ReplyHandler;
use crate::send::Sender;
use crate::settings::BotSettings;

/// In storage-free mode a folder that its job did not remove was left by a crash.
const ORPHAN: Duration = Duration::from_hours(1);

/// Everything a bot is made of.
#[allow(missing_debug_implementations)] // most of the parts have nothing to show
pub struct BotParts {
    /// Jobs, outbox, conversations.
    pub store: Store,
    /// Downloads, fits, listens, summarises.
    pub studio: Arc<Studio>,
    /// What the operator decided.
    pub settings: BotSettings,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where files lie.
    pub data_dir: PathBuf,
    /// Which addresses count as pages and as media.
    pub hosts: Hosts,
    /// Where it speaks.
    pub channels: Vec<Arc<dyn Channel>>,
}

/// Why there is no bot.
#[derive(Debug, thiserror::Error)]
pub enum BotError {
    /// The time zone is not in the database.
    #[error("{0:?} is no time zone: use a name such as America/Sao_Paulo")]
    TimeZone(String),
}

/// The bot. Cheap to clone.
#[derive(Clone)]
#[allow(missing_debug_implementations)]
pub struct Bot(Arc<Context>);

impl Bot {
    /// Puts a bot together.
    pub fn new(parts: BotParts) -> Result<Self, BotError> {
        let BotParts {
            store,
            studio,
            settings,
            clock,
            data_dir,
            hosts,
            channels,
        } = parts;
        let zone = zone(&settings.time_zone)
            .ok_or_else(|| BotError::TimeZone(settings.time_zone.clone()))?;
        Ok(Self(Arc::new(Context {
            sender: Sender::new(store.clone(), clock.clone(), settings.send),
            brake: Brake::new(settings.brake),
            pages_closed_until_ms: AtomicI64::new(0),
            store,
            channels,
            studio,
            settings,
            clock,
            data_dir,
            zone,
            hosts,
        })))
    }

    /// What the runner needs: queue, how many at a time, handler.
    pub fn handlers(&self) -> Vec<(&'static str, usize, Arc<dyn Handler>)> {
        let settings = &self.0.settings;
        vec![
            (
                REPLY,
                settings.reply_concurrency.max(1),
                Arc::new(ReplyHandler(self.0.clone())),
            ),
            (
                REEL,
                settings.concurrency.max(1),
                Arc::new(ReelHandler(self.0.clone())),
            ),
        ]
    }

    /// Removes work folders past their time. Call it at start and every hour.
    pub async fn sweep(&self) {
        let keep = self.0.settings.files.keep().unwrap_or(ORPHAN);
        let root = work_dir(&self.0.data_dir, "");
        let Ok(mut entries) = tokio::fs::read_dir(&root).await else {
            return;
        };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let Ok(meta) = entry.metadata().await else {
                continue;
            };
            // Files have real dates, so the machine's clock judges them.
            let age = meta
                .modified()
                .ok()
                .and_then(|at| SystemTime::now().duration_since(at).ok());
            if meta.is_dir() && age.is_some_and(|age| age > keep) {
                remove(&entry.path()).await;
            } else if !meta.is_dir() {
                warn!("something that is no work folder lies among them");
            }
        }
    }
}
