//! A bot's channel and the simulator as its peer, with time moved by hand on our side.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bot::channel::telegram::{BuildError, Telegram, TelegramParts};
use bot::channel::{Channel as _, Content, FileKind, Frame, Handed, Limits, LocalFile, Look};
use media::ChannelLimits;
use secrecy::SecretString;
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use store::{Clock as _, Conversation, EventRow, ManualClock, NewEvent};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

pub(crate) const ANA: &str = "5550000001";
pub(crate) const GROUP: &str = "-4000000001";
pub(crate) const FORUM: &str = "-1002000000001";
pub(crate) const TOKEN: &str = "123456789:SIM-TELEGRAM-TOKEN";
/// The folder of [`local`] files.
const WORK: &str = "w1";

pub(crate) struct Peer {
    pub(crate) sim: Simulator,
    pub(crate) telegram: Telegram,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
    http: reqwest::Client,
}

impl Peer {
    /// A world in which Ana has written "oi" as message 1.
    pub(crate) async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options {
            data_dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("samples"),
            ..Options::default()
        };
        let sim = Simulator::start(options).await.expect("a simulator");
        let clock = Arc::new(ManualClock::new(1_795_000_000_000));
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let telegram = build(&sim, &clock, &folder, TOKEN, None).expect("a channel");
        let peer = Self {
            sim,
            telegram,
            clock,
            folder,
            http,
        };
        peer.writes(ANA, json!({"text": "oi"})).await;
        peer
    }

    /// Another process with the same token.
    pub(crate) fn another(&self) -> Telegram {
        build(&self.sim, &self.clock, &self.folder, TOKEN, None).expect("a channel")
    }

    pub(crate) fn with_token(&self, token: &str) -> Result<Telegram, BuildError> {
        build(&self.sim, &self.clock, &self.folder, token, None)
    }

    pub(crate) fn with_local_files(&self, root: PathBuf) -> Telegram {
        build(&self.sim, &self.clock, &self.folder, TOKEN, Some(root)).expect("a channel")
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim/{path}", self.sim.base_url());
        let answer = self
            .http
            .post(url)
            .json(&body)
            .send()
            .await
            .expect("an answer");
        assert!(
            answer.status().is_success(),
            "{path} {body}: {}",
            answer.text().await.expect("text")
        );
        answer.json().await.expect("JSON")
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        let url = format!("{}/_sim/{path}", self.sim.base_url());
        let answer = self.http.get(url).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// A person writes; the message's id.
    pub(crate) async fn writes(&self, chat: &str, body: Value) -> i64 {
        let answer = self
            .control(&format!("telegram/chats/{chat}/messages"), body)
            .await;
        answer["message_id"].as_i64().expect("an id")
    }

    /// What lies in a chat, oldest first.
    pub(crate) async fn messages(&self, chat: &str) -> Vec<Value> {
        let chat = self
            .look(&format!("telegram/chats/{chat}/messages?probe=0"))
            .await;
        chat["messages"].as_array().expect("a list").clone()
    }

    /// What the bot said in a chat.
    pub(crate) async fn said(&self, chat: &str) -> Vec<Value> {
        let messages = self.messages(chat).await;
        messages
            .into_iter()
            .filter(|message| message["from"] == "bot")
            .collect()
    }

    /// The next calls of this method go wrong in this way.
    pub(crate) async fn fault(&self, method: &str, what: Value) {
        let path = format!("api.telegram.org/*/{method}");
        self.control("faults", json!({"match": {"path": path}, "do": what}))
            .await;
    }

    /// How often a method was called.
    pub(crate) async fn calls(&self, method: &str) -> usize {
        let calls = self.look(&format!("calls?path=/{method}")).await;
        calls["calls"].as_array().expect("a list").len()
    }

    pub(crate) async fn no_floods(&self) {
        self.control("limits", json!({"telegram_enforce": false}))
            .await;
    }

    /// The newest update as its stored event.
    pub(crate) async fn newest_event(&self) -> EventRow {
        let updates = self
            .telegram
            .updates(Some(-1), Duration::ZERO)
            .await
            .expect("updates");
        let raw = &updates.last().expect("one").json;
        let identity = self.telegram.identity();
        row(bot::channel::telegram::new_event(
            &identity,
            raw,
            self.clock.now_ms(),
        ))
    }

    /// A file in a work folder, as the pipeline leaves it.
    pub(crate) fn local(&self, file: &str, bytes: &[u8], mime: &str) -> LocalFile {
        let dir = self.folder.path().join("work").join(WORK);
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join(file), bytes).expect("a file");
        LocalFile {
            folder: WORK.into(),
            file: file.into(),
            mime: mime.into(),
            hash: format!("h-{file}"),
            thumbnail: None,
            shown_as: None,
        }
    }
}

fn build(
    sim: &Simulator,
    clock: &Arc<ManualClock>,
    folder: &TempDir,
    token: &str,
    local_files_root: Option<PathBuf>,
) -> Result<Telegram, BuildError> {
    Telegram::new(TelegramParts {
        token: SecretString::from(token),
        api: Url::parse(&format!("{}/api.telegram.org", sim.base_url())).expect("a URL"),
        data_dir: folder.path().to_path_buf(),
        local_files_root,
        files: ChannelLimits::telegram(),
        clock: clock.clone(),
    })
}

/// An event as the store gives it back.
pub(crate) fn row(event: NewEvent) -> EventRow {
    EventRow {
        id: Uuid::nil(),
        delivery_id: Uuid::nil(),
        channel: "telegram".into(),
        account: event.account,
        person: event.person,
        kind: event.kind.into(),
        shape: event.shape.into(),
        mid: event.mid,
        at_ms: event.at_ms,
        received_at_ms: event.at_ms,
        opens_window: event.opens_window,
        raw: event.raw.into(),
    }
}

pub(crate) fn with(person: &str) -> Conversation {
    Conversation::new("telegram", "123456789", person)
}

pub(crate) fn over(mid: &str) -> Frame {
    Frame {
        over: Some(mid.into()),
        ..Frame::default()
    }
}

pub(crate) fn file(kind: FileKind, attachment: Handed, frame: Frame) -> Content {
    Content::File {
        file: kind,
        attachment,
        caption: Some("Resumo <1>".into()),
        look: Look {
            width: Some(720),
            height: Some(1280),
            duration_ms: Some(7_200),
        },
        frame,
    }
}

/// A file that begins like an MP4.
pub(crate) fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(bytes.max(file.len()), 7);
    file
}

/// A file that begins like a JPEG of this size.
pub(crate) fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08".to_vec();
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend(b"\x03\x01\x22\x00");
    file.resize(2_000, 7);
    file
}

#[test]
fn the_channel_says_what_it_takes() {
    let parts = TelegramParts {
        token: SecretString::from(TOKEN),
        api: Url::parse("http://127.0.0.1:9").expect("a URL"),
        data_dir: PathBuf::new(),
        local_files_root: None,
        files: ChannelLimits::telegram(),
        clock: Arc::new(ManualClock::new(0)),
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let telegram = Telegram::new(parts).expect("a channel");
    let Limits {
        window_ms,
        edits,
        uploads_apart,
        documents,
        caption_units,
        pictures_per_message,
        ..
    } = telegram.limits();
    assert_eq!(
        (window_ms, edits, uploads_apart, documents),
        (None, true, false, true)
    );
    assert_eq!((caption_units, pictures_per_message), (1_024, 10));
    assert_eq!(
        (telegram.name(), telegram.account()),
        ("telegram", "123456789")
    );
    assert!(telegram.key_print("123456789").is_some() && telegram.key_print("1").is_none());
}
