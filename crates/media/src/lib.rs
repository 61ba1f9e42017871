//! An untrusted link or file in; a fitted file, a transcript and a summary out.
//!
//! This crate is a wall: hostile links, hostile files and child processes stay on this side of it,
//! so that everything above only ever sees checked names, checked sizes and typed failures.
#![doc = include_str!("../README.md")]

mod download;
mod fit;
mod heard;
mod http;
mod invisible;
mod item;
pub mod link;
pub mod net;
mod probe;
mod progress;
pub mod settings;
mod studio;
pub mod tool;

pub mod models;
pub mod summary;
pub mod transcribe;
pub mod vad;

pub use heard::{
    Heard, Hints, Language, Segment, Summary, SummaryKind, SummaryRequest, TranscribeError, Verdict,
};
pub use invisible::is_invisible;
pub use item::{
    ChannelLimits, DownloadError, FailureClass, Fetched, FitError, FitHow, Fitted, Item, ItemKind,
    Subtitles, Via,
};
pub use progress::{Progress, Step};
pub use settings::Settings;
pub use studio::{Source, Studio, ToolReport};
pub use transcribe::speech_worker;
