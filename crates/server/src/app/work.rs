//! Which jobs this process does: the bot's, and the server's own.

use std::sync::{Arc, Mutex};

use bot::Bot;
use store::Handler;

use super::{App, Meta};
use crate::{
    accounts::tend::{self, Tender},
    convert,
    forward::Forwarder,
    publishing::{Publisher, Shelf},
    snapshots::{self, Snapshots},
    writes::{self, Writer},
};

/// Writes at a time: somebody waits for each, and each waits for Meta.
const WRITES: usize = 16;
/// Publications at a time.
const PUBLICATIONS: usize = 8;
/// Accounts that are looked after at once.
const TENDERS: usize = 2;

/// A queue: its name, how many of its jobs at a time, and who does them.
type Queue = (&'static str, usize, Arc<dyn Handler>);

impl App {
    /// Every queue of the worker.
    pub(super) fn queues(&self, bot: &Bot) -> anyhow::Result<Vec<Queue>> {
        let mut queues = bot.handlers();
        queues.push((writes::QUEUE, WRITES, Arc::new(self.writer())));
        queues.push(("publish", PUBLICATIONS, Arc::new(self.publisher())));
        let forwarder = Forwarder::new(self.store.clone(), Arc::clone(&self.settings))?;
        let places = self.settings.forward.concurrency;
        queues.push((store::FORWARD_QUEUE, places, Arc::new(forwarder)));
        let snapshots = Arc::new(self.snapshots());
        queues.push((snapshots::QUEUE, snapshots::PLACES, snapshots));
        let tender = Tender(Arc::clone(&self.meta.accounts));
        queues.push((tend::QUEUE, TENDERS, Arc::new(tender)));
        Ok(queues)
    }

    /// Who keeps numbers, by the day and to the end of stories.
    pub(super) fn snapshots(&self) -> Snapshots {
        let meta = self.meta.clone();
        Snapshots {
            store: self.store.clone(),
            clock: Arc::clone(self.store.clock()),
            graph: meta.graph,
            budget: meta.budget,
            accounts: meta.accounts,
            settings: Arc::clone(&self.settings),
            support: Arc::new(Mutex::default()),
        }
    }

    fn writer(&self) -> Writer {
        let Meta {
            graph,
            budget,
            accounts,
        } = self.meta.clone();
        Writer {
            store: self.store.clone(),
            clock: Arc::clone(self.store.clock()),
            graph,
            budget,
            accounts,
            settings: convert::sends(&self.settings),
        }
    }

    fn publisher(&self) -> Publisher {
        let Meta {
            graph,
            budget,
            accounts,
        } = self.meta.clone();
        Publisher {
            store: self.store.clone(),
            clock: Arc::clone(self.store.clock()),
            graph,
            budget,
            accounts,
            shelf: self.shelf(),
        }
    }

    pub(super) fn shelf(&self) -> Shelf {
        Shelf {
            data_dir: self.settings.data_dir.clone(),
            public_url: self.settings.public_url.clone(),
            key: self.link_secret.clone(),
        }
    }
}
