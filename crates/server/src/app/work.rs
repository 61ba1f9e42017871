//! Which jobs this process does: the bot's, and the server's own.

use std::sync::Arc;

use bot::Bot;
use store::Handler;

use super::App;

/// A queue: its name, how many of its jobs at a time, and who does them.
type Queue = (&'static str, usize, Arc<dyn Handler>);

impl App {
    #[allow(clippy::unused_self)]
    /// Every queue of the worker.
    pub(super) fn queues(&self, bot: &Bot) -> Vec<Queue> {
        bot.handlers()
    }
}
