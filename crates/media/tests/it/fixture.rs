//! What the tests share: a small web site on loopback, clips made by ffmpeg, a studio wired to both.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use media::settings::Settings;
use media::tool::{self, Limits, Tool};
use media::{Item, ItemKind, Studio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// One request as the site saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) target: String,
    pub(crate) head: String,
}

impl Seen {
    /// The host that the client named.
    pub(crate) fn host(&self) -> String {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut hosts = lines.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        hosts.next().unwrap().1.trim().to_owned()
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

/// What the site answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Leave the length out and end by closing.
    pub(crate) no_length: bool,
    /// Announce this length instead of the real one.
    pub(crate) claim: Option<u64>,
    /// Say nothing more after the body, but stay connected.
    pub(crate) hang: bool,
    /// Repeat the body until the other side has enough.
    pub(crate) endless: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), kind.into())],
            body: body.into(),
            no_length: false,
            claim: None,
            hang: false,
            endless: false,
        }
    }

    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/html; charset=utf-8", body)
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::new(302, "text/html", "").header("Location", to)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// A web site that lives as long as this value.
pub(crate) struct Site {
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(async move {
                    let _ = serve(stream, &log, answer.as_ref()).await;
                });
            }
        });
        Self { host, seen, task }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.host)).unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Seen>>,
    answer: &(dyn Fn(&Seen) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head
        .split_whitespace()
        .nth(1)
        .unwrap_or_default()
        .to_owned();
    let seen = Seen { target, head };
    log.lock().unwrap().push(seen.clone());
    let reply = answer(&seen);
    let mut text = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !reply.no_length && !reply.endless {
        text += &format!(
            "Content-Length: {}\r\n",
            reply.claim.unwrap_or(reply.body.len() as u64)
        );
    }
    stream.write_all(text.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    if !seen.head.starts_with("HEAD") {
        stream.write_all(&reply.body).await?;
        if reply.endless {
            loop {
                stream.write_all(&reply.body).await?;
            }
        }
    }
    if reply.hang {
        // Until the other side hangs up.
        let _ = stream.read_u8().await;
    }
    Ok(())
}

/// A listener that must never be reached.
pub(crate) struct Canary {
    pub(crate) port: u16,
    hits: Arc<Mutex<usize>>,
}

impl Canary {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hits = Arc::new(Mutex::new(0));
        let count = Arc::clone(&hits);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                *count.lock().unwrap() += 1;
            }
        });
        Self { port, hits }
    }

    /// Connections so far. A last one of our own shows that all before it have been counted.
    pub(crate) async fn hits(&self) -> usize {
        let before = *self.hits.lock().unwrap();
        let _own = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        while *self.hits.lock().unwrap() == before {
            tokio::task::yield_now().await;
        }
        let mut hits = self.hits.lock().unwrap();
        *hits -= 1;
        *hits
    }
}

pub(crate) fn provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The pinned yt-dlp; its absence is a failure with a name, never a skip.
pub(crate) fn yt_dlp() -> PathBuf {
    let set = std::env::var_os("GRAMOPHONE_TEST_YT_DLP").map(PathBuf::from);
    let path = set.unwrap_or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/yt-dlp/bin/yt-dlp")
    });
    assert!(
        path.is_file(),
        "yt-dlp is missing at {}: run `make setup-test`, or name it in GRAMOPHONE_TEST_YT_DLP",
        path.display()
    );
    path.canonicalize().unwrap()
}

/// Settings for a studio that reads the pages of `site`.
pub(crate) fn settings(site: &Site) -> Settings {
    provider();
    let mut settings = Settings::default();
    settings.media.pages = site.url("/www.instagram.com");
    settings.media.test_hosts = vec![site.host.clone()];
    settings.tools.yt_dlp = yt_dlp();
    settings
}

pub(crate) fn studio(settings: Settings) -> Studio {
    Studio::new(settings).unwrap()
}

/// A studio that needs no site.
pub(crate) fn offline() -> Studio {
    provider();
    studio(Settings::default())
}

/// Runs ffmpeg in `dir` to make a fixture.
pub(crate) async fn ffmpeg(dir: &Path, args: &str) {
    let tool = Tool::new("ffmpeg", dir)
        .args(["-hide_banner", "-nostdin", "-y", "-v", "error"])
        .args(args.split_whitespace())
        .limits(Limits {
            wall: Duration::from_mins(2),
            file_size: Some(1 << 30),
            address_space: None,
            ..Limits::default()
        });
    let output = tool::run(tool).await.unwrap();
    assert!(output.success(), "ffmpeg {args}: {}", output.stderr_tail);
}

/// A small clean clip: `seconds` long, H.264 and AAC, index first.
pub(crate) async fn clip(dir: &Path, name: &str, seconds: u32) {
    ffmpeg(
        dir,
        &format!(
            "-f lavfi -i testsrc2=s=360x640:r=24:d={seconds} -f lavfi -i sine=440:d={seconds} \
             -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -shortest -movflags +faststart {name}"
        ),
    )
    .await;
}

/// An item as a checkpoint would hold it.
pub(crate) fn item(dir: &Path, file: &str) -> Item {
    Item {
        kind: ItemKind::Video,
        file: file.to_owned(),
        bytes: std::fs::metadata(dir.join(file)).unwrap().len(),
        duration_ms: None,
        width: None,
        height: None,
        has_audio: true,
    }
}

/// ffprobe's word on one field of the first picture track.
pub(crate) async fn field(dir: &Path, file: &str, entries: &str) -> String {
    let tool =
        Tool::new("ffprobe", dir).args(["-v", "error", "-show_entries", entries, "-of", "csv=p=0"]);
    let output = tool::run(tool.arg(file)).await.unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
