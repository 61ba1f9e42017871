//! Placeholder; its owner replaces it.

use std::path::{Path, PathBuf};

/// One sample post or reel.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) code: String,
    /// `video`, `image` or `carousel`.
    pub(crate) kind: String,
    pub(crate) caption: String,
}

#[derive(Debug)]
pub(crate) struct Samples;

impl Samples {
    pub(crate) fn open(_data_dir: &Path, _ffmpeg: &Path) -> Self {
        Self
    }

    /// What is known of a sample without making its file.
    pub(crate) fn get(&self, code: &str) -> Option<Sample> {
        (code == "SPEECH00001").then(|| Sample {
            code: code.to_owned(),
            kind: "video".into(),
            caption: "A quiet morning".into(),
        })
    }

    /// The media file of a sample (of one item of a carousel), made when first asked for.
    pub(crate) async fn file(&self, _code: &str, _item: Option<usize>) -> Option<PathBuf> {
        None
    }
}
