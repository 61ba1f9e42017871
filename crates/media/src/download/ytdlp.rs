//! yt-dlp as a child process: no configuration, no plug-ins, no other program, no way out but our
//! proxy, one URL that we built, and every limit that it knows plus those that it does not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::answer::Answer;
use super::{Downloader, MAX_ITEMS, classes, disk};
use crate::link::Link;
use crate::net::{Reach, proxy};
use crate::probe::MAX_PIXELS;
use crate::tool::{self, Killed, Limits, Output, Stdin, Tool};
use crate::{DownloadError, FailureClass, Progress, Step};

/// The whole run. Pages and media of a reel take seconds; what takes minutes will not come.
const WALL: Duration = Duration::from_mins(2);

/// What pages, scripts and pictures may cost on top of the media.
const OVERHEAD_BYTES: u64 = 32 << 20;

/// Extractors for the real Instagram; the generic one follows pages anywhere.
const INSTAGRAM: &str = "Instagram,instagram:story";

/// Flags that never change. Files planted in the working folder, the home or the system's
/// configuration have no say; nothing is executed; only plain HTTP downloads by yt-dlp itself.
const FLAGS: &str = "--ignore-config --no-plugin-dirs --no-exec --no-cache-dir --no-remote-components \
    --no-js-runtimes --no-update --color never --no-progress --restrict-filenames --no-mtime --no-part \
    --no-cookies-from-browser --socket-timeout 15 --retries 2 \
    --extractor-retries 1 --fragment-retries 2 --file-access-retries 1 --downloader native \
    --fixup never --merge-output-format mp4 --ignore-no-formats-error --write-info-json \
    --no-write-playlist-metafiles --write-subs --sub-format vtt/srt --sub-langs pt.*,en.*,es.* \
    --no-simulate -J";

/// The folder in which yt-dlp works: its downloads and nothing else.
pub(super) fn folder(dir: &Path) -> PathBuf {
    dir.join("page")
}

/// Where the copy of the operator's cookies lies while yt-dlp runs.
fn lent(dir: &Path) -> PathBuf {
    dir.join("cookies.txt")
}

/// Removes that copy however the run ends, for the work folder outlives it and the session in it
/// is the operator's.
struct Lent(PathBuf);

impl Drop for Lent {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Downloader {
    pub(super) async fn yt_dlp(
        &self,
        link: &Link,
        dir: &Path,
        progress: &Progress,
    ) -> Result<Answer, DownloadError> {
        let folder = folder(dir);
        let _ = std::fs::remove_dir_all(&folder);
        super::prepare(&folder).map_err(|error| disk(&error))?;
        let max_bytes = self.max_bytes + OVERHEAD_BYTES;
        let proxy = proxy::start(
            self.guard.clone(),
            Reach::PagesAndMedia,
            max_bytes,
            proxy::IDLE,
        )
        .await
        .map_err(|error| disk(&error))?;
        let lent = Lent(lent(dir));
        let tool = self.yt_dlp_tool(link, dir, &proxy)?;
        progress.report(Step::Download, 0.0);
        let output = tool::run(tool).await;
        drop(lent);
        let output = output
            .map_err(|error| DownloadError::new(FailureClass::Misconfigured, error.to_string()))?;
        let answer = Answer::read(&output.stdout, &folder);
        match failure(&output, &answer, &proxy) {
            Some(failure) => Err(failure.with_caption(answer.caption())),
            None => Ok(answer),
        }
    }

    fn yt_dlp_tool(
        &self,
        link: &Link,
        dir: &Path,
        proxy: &proxy::Proxy,
    ) -> Result<Tool, DownloadError> {
        let folder = folder(dir);
        let hosts = self.guard.hosts();
        // The generic extractor reads the simulator's pages, and only those.
        let extractors = if hosts.pages_are_test() {
            "generic"
        } else {
            INSTAGRAM
        };
        let items = match link {
            Link::Post {
                item: Some(item), ..
            } => item.to_string(),
            _ => format!("1:{MAX_ITEMS}"),
        };
        let mut tool = Tool::new(&self.yt_dlp, &folder)
            .args(FLAGS.split_ascii_whitespace())
            .args(["--use-extractors", extractors, "--playlist-items", &items])
            .args(self.limit_flags());
        tool = match &self.cookies {
            None => tool.arg("--no-cookies"),
            Some(cookies) => {
                // A copy, for yt-dlp writes it anew.
                let copy = lent(dir);
                copy_private(cookies, &copy).map_err(|error| disk(&error))?;
                tool.arg("--cookies").arg(copy)
            }
        };
        // Merging sound and picture is ffmpeg's work; it gets the same guards as ours.
        if let Ok(ffmpeg) = tool::find(&self.ffmpeg) {
            tool = tool.arg("--ffmpeg-location").arg(ffmpeg);
        }
        tool = tool
            .arg("-P")
            .arg(&folder)
            .args(["-o", "%(autonumber)02d.%(ext)s"]);
        // The proxy's credential is handed over by stdin: command lines are public on a machine.
        tool = tool.args(["--config-locations", "-"]);
        tool.stdin = Stdin::Bytes(format!("--proxy {}\n", proxy.url()).into_bytes());
        tool = tool.args(["--", link.page_url(hosts.pages()).as_str()]);
        tool.max_stdout = 4 << 20;
        tool.limits = Limits {
            wall: WALL,
            cpu_seconds: Some(WALL.as_secs()),
            file_size: Some(self.max_bytes + 1),
            ..Limits::default()
        };
        Ok(tool)
    }

    fn limit_flags(&self) -> [String; 8] {
        let (max, seconds) = (self.max_bytes, self.max_duration.as_secs());
        [
            "--match-filters".to_owned(),
            format!("!is_live & duration <=? {seconds}"),
            "--max-filesize".to_owned(),
            max.to_string(),
            "-f".to_owned(),
            formats(max),
            "--postprocessor-args".to_owned(),
            format!(
                "ffmpeg_i:-protocol_whitelist file -format_whitelist mov,matroska \
                 -max_pixels {MAX_PIXELS}"
            ),
        ]
    }
}

/// Why a run brought nothing, if it did not. A carousel with some items is not a failure.
fn failure(output: &Output, answer: &Answer, proxy: &proxy::Proxy) -> Option<DownloadError> {
    if answer
        .entries
        .iter()
        .any(|entry| entry.file.is_some() || entry.photo().is_some())
        && output.killed.is_none()
    {
        return None;
    }
    let detail = classes::detail(&output.stderr_tail);
    tracing::debug!(code = ?output.status.code, killed = ?output.killed, %detail, "yt-dlp brought nothing");
    if proxy.overflowed() {
        return Some(DownloadError::new(
            FailureClass::TooLarge,
            "larger than the settings allow",
        ));
    }
    match output.killed {
        Some(Killed::Deadline) => {
            return Some(DownloadError::new(
                FailureClass::Network,
                "yt-dlp took too long",
            ));
        }
        Some(Killed::TooMuchOutput) => {
            return Some(DownloadError::new(
                FailureClass::Hostile,
                "an endless answer",
            ));
        }
        None => {}
    }
    if output.status.success() && !answer.is_empty() {
        // Ended well without a file: the caller tells its limits apart.
        return None;
    }
    let class = match classes::classify(&output.stderr_tail, output.status.code) {
        // A page that leads where the guard does not let it.
        FailureClass::Ambiguous | FailureClass::Network if proxy.refused() > 0 => {
            FailureClass::Hostile
        }
        class => class,
    };
    Some(DownloadError::new(class, detail))
}

/// One file with H.264 first, else any MP4, else picture and sound apart, else anything; always by
/// plain HTTP, so that no playlist and no other program comes in.
fn formats(max_bytes: u64) -> String {
    [
        format!("b[protocol^=http][ext=mp4][vcodec^=avc1][height<=1920][filesize<?{max_bytes}]"),
        "b[protocol^=http][ext=mp4][height<=1920]".to_owned(),
        "bv*[protocol^=http][vcodec^=avc1][height<=1920]+ba[protocol^=http][acodec^=mp4a]"
            .to_owned(),
        "b[protocol^=http]".to_owned(),
    ]
    .join("/")
}

fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let bytes = std::fs::read(from)?;
    let _ = std::fs::remove_file(to);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    file.write_all(&bytes)
}
