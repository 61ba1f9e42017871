//! How far a step is. Exists so that a person who waits can be told, without this crate knowing
//! what a chat is.

use std::fmt;
use std::sync::Arc;

/// The step that a progress report speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Bytes are on their way.
    Download,
    /// ffmpeg is making the file that fits the channel.
    Fit,
    /// The speech engine is listening.
    Transcribe,
}

type Listener = dyn Fn(Step, f32) + Send + Sync;

/// A handle that steps report to; cloning is cheap, and [`Progress::none`] throws reports away.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Listener>>);

impl Progress {
    /// Nobody listens.
    pub fn none() -> Self {
        Self(None)
    }

    /// Reports go to `listener`, which must return at once: it is called from the middle of the
    /// work.
    pub fn new(listener: impl Fn(Step, f32) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Says that `step` is done up to `share`, clamped to 0..=1.
    pub fn report(&self, step: Step, share: f32) {
        if let Some(listener) = &self.0 {
            listener(
                step,
                if share.is_finite() {
                    share.clamp(0.0, 1.0)
                } else {
                    0.0
                },
            );
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress").field(&self.0.is_some()).finish()
    }
}
