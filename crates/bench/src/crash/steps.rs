//! Where each job stood when the process died, read from the tables of the dead.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use sqlx::{Row as _, SqlitePool};

/// A place where a kill can hit a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Reading the message and admitting its links.
    Reply,
    /// Getting the file.
    Download,
    /// Making it fit.
    Fit,
    /// Hearing what is said.
    Transcribe,
    /// Writing the summary.
    Summarise,
    /// Everything is there, a visible part is planned.
    Planned,
    /// A text is on its way, its fate unknown.
    TextSent,
    /// The video is on its way, its fate unknown.
    VideoSent,
    /// All parts are out, the job is not yet closed.
    Closing,
}

impl Step {
    /// Every step, in the order of the flow.
    pub const ALL: [Self; 9] = [
        Self::Reply,
        Self::Download,
        Self::Fit,
        Self::Transcribe,
        Self::Summarise,
        Self::Planned,
        Self::TextSent,
        Self::VideoSent,
        Self::Closing,
    ];

    /// Its word in the histogram.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Download => "download",
            Self::Fit => "fit",
            Self::Transcribe => "transcribe",
            Self::Summarise => "summarise",
            Self::Planned => "planned",
            Self::TextSent => "text sent",
            Self::VideoSent => "video sent",
            Self::Closing => "closing",
        }
    }
}
