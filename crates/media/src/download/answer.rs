//! Reading yt-dlp's JSON. Every field may be missing, and a file counts only if it lies in the
//! folder that we gave.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Info files are small; a larger one is not read.
const MAX_INFO_BYTES: u64 = 4 << 20;

/// What yt-dlp said about a post.
#[derive(Debug)]
pub(super) struct Answer {
    root: Value,
    /// One for every item, in the post's order.
    pub(super) entries: Vec<Entry>,
}

/// One item.
#[derive(Debug)]
pub(super) struct Entry {
    info: Value,
    /// The file, if there is one.
    pub(super) file: Option<PathBuf>,
    /// A file was chosen but not written.
    pub(super) announced: bool,
    pub(super) subtitles: Vec<FoundSubtitles>,
}

#[derive(Debug)]
pub(super) struct FoundSubtitles {
    pub(super) file: PathBuf,
    pub(super) language: String,
    pub(super) automatic: bool,
}

impl Answer {
    /// `stdout` is what `-J` printed: `null` where the whole post failed, and `null` for each entry
    /// that failed. What was known of those stands in the info files of `folder`, by number.
    pub(super) fn read(stdout: &[u8], folder: &Path) -> Self {
        let root: Value = serde_json::from_slice(stdout).unwrap_or(Value::Null);
        let infos: Vec<Value> = match root["entries"].as_array() {
            Some(entries) => entries
                .iter()
                .enumerate()
                .map(|(at, entry)| known(entry.clone(), folder, at + 1))
                .collect(),
            None => vec![known(root.clone(), folder, 1)],
        };
        let entries = infos
            .into_iter()
            .map(|info| Entry::new(info, folder))
            .collect();
        Self { root, entries }
    }

    /// The author's caption.
    pub(super) fn caption(&self) -> Option<String> {
        self.first_text(&["description"])
    }

    /// The author's user name. Instagram's reader puts it into `channel` and the display name into
    /// `uploader`; others know only `uploader`.
    pub(super) fn author(&self) -> Option<String> {
        self.first_text(&["channel", "uploader", "uploader_id"])
    }

    /// Whether anything at all is known.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| entry.info.is_null())
    }

    fn first_text(&self, fields: &[&str]) -> Option<String> {
        let infos = std::iter::once(&self.root).chain(self.entries.iter().map(|entry| &entry.info));
        infos
            .flat_map(|info| fields.iter().map(move |field| &info[*field]))
            .filter_map(Value::as_str)
            .map(str::trim)
            .find(|text| !text.is_empty())
            .map(ToOwned::to_owned)
    }
}

fn known(entry: Value, folder: &Path, number: usize) -> Value {
    if !entry.is_null() {
        return entry;
    }
    let path = folder.join(format!("{number:02}.info.json"));
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() && metadata.len() <= MAX_INFO_BYTES => {
            let bytes = std::fs::read(&path).unwrap_or_default();
            serde_json::from_slice(&bytes).unwrap_or(Value::Null)
        }
        _ => Value::Null,
    }
}

impl Entry {
    fn new(info: Value, folder: &Path) -> Self {
        let chosen = &info["requested_downloads"][0];
        let file = inside(&chosen["filepath"], folder);
        let announced = file.is_none() && (!chosen.is_null() || info["filename"].is_string());
        let subtitles = subtitles(&info, folder);
        Self {
            info,
            file,
            announced,
            subtitles,
        }
    }

    /// The largest picture of an item that has no film.
    pub(super) fn photo(&self) -> Option<&str> {
        if self.has_formats() {
            return None;
        }
        let area = |thumbnail: &Value| {
            thumbnail["width"].as_f64().unwrap_or(0.0) * thumbnail["height"].as_f64().unwrap_or(0.0)
        };
        let thumbnails = self.info["thumbnails"].as_array()?;
        thumbnails
            .iter()
            .filter(|thumbnail| thumbnail["url"].is_string())
            .max_by(|a, b| area(a).total_cmp(&area(b)))
            .and_then(|thumbnail| thumbnail["url"].as_str())
    }

    /// Whether there is a film at all.
    pub(super) fn has_formats(&self) -> bool {
        self.info["formats"]
            .as_array()
            .is_some_and(|formats| !formats.is_empty())
    }

    pub(super) fn seconds(&self) -> Option<f64> {
        self.info["duration"].as_f64()
    }

    pub(super) fn is_live(&self) -> bool {
        self.info["is_live"] == true
    }
}

fn subtitles(info: &Value, folder: &Path) -> Vec<FoundSubtitles> {
    let Some(requested) = info["requested_subtitles"].as_object() else {
        return Vec::new();
    };
    requested
        .iter()
        .filter_map(|(language, subtitle)| {
            Some(FoundSubtitles {
                file: inside(&subtitle["filepath"], folder)?,
                language: language.clone(),
                automatic: info["subtitles"][language].is_null(),
            })
        })
        .collect()
}

/// A plain file of the folder, never a link out of it.
fn inside(path: &Value, folder: &Path) -> Option<PathBuf> {
    let path = PathBuf::from(path.as_str()?);
    let path = if path.is_absolute() {
        path
    } else {
        folder.join(path)
    };
    let is_plain = std::fs::symlink_metadata(&path).ok()?.is_file();
    let parent = path.parent()?.canonicalize().ok()?;
    (is_plain && parent == folder.canonicalize().ok()?).then_some(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_count_only_inside_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("page");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("01.mp4"), "x").unwrap();
        std::fs::write(dir.path().join("secret.mp4"), "x").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret.mp4"), folder.join("02.mp4")).unwrap();
        let of = |path: &str| {
            let text = json!({"requested_downloads": [{"filepath": path}]}).to_string();
            Answer::read(text.as_bytes(), &folder).entries[0]
                .file
                .clone()
        };
        assert_eq!(of("01.mp4"), Some(folder.join("01.mp4")));
        assert_eq!(
            of(folder.join("01.mp4").to_str().unwrap()),
            Some(folder.join("01.mp4"))
        );
        for outside in ["02.mp4", "../secret.mp4", "/etc/passwd", "missing.mp4", ""] {
            assert_eq!(of(outside), None, "{outside}");
        }
    }

    #[test]
    fn what_failed_is_read_from_its_info_file() {
        let dir = tempfile::tempdir().unwrap();
        let info = json!({"description": "cap", "channel": "ana", "uploader": "Ana B.", "formats": [],
            "thumbnails": [{"url": "https://a/s.jpg", "width": 10, "height": 10},
                           {"url": "https://a/l.jpg", "width": 100, "height": 100}, {"id": 3}]});
        std::fs::write(dir.path().join("01.info.json"), info.to_string()).unwrap();
        let whole = Answer::read(b"null", dir.path());
        assert_eq!(whole.caption().as_deref(), Some("cap"));
        assert_eq!(whole.author().as_deref(), Some("ana"));
        assert_eq!(whole.entries[0].photo(), Some("https://a/l.jpg"));
        let list = Answer::read(
            br#"{"_type":"playlist","uploader":"u","entries":[null,null]}"#,
            dir.path(),
        );
        assert_eq!(list.entries.len(), 2);
        assert!(list.entries[0].photo().is_some() && list.entries[1].photo().is_none());
        assert!(Answer::read(b"not json", Path::new("/nonexistent")).is_empty());
    }
}
