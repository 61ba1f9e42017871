//! What the small world is built of: tools, settings, a store, clients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use graph_api::client::{Graph, Hosts as GraphHosts, Unobserved, Version};
use serde_json::Value;
use simulator::Simulator;
use store::{ManualClock, Store};
use url::Url;

use super::{HEARD, get};

/// The folder where sample reels are made once for all tests.
pub(super) fn samples_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("samples")
}

/// The real yt-dlp: set-up puts it beside the workspace, and a variable may name another.
pub(super) fn yt_dlp() -> PathBuf {
    let installed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../.tools/yt-dlp/bin/yt-dlp"
    );
    std::env::var_os("GRAMOPHONE_TEST_YT_DLP").map_or_else(|| installed.into(), PathBuf::from)
}

/// A recogniser that always hears the same (or what a test wrote into the file `says`), notes that it was asked, and
/// waits while the file `hold` lies there. The folder is not the data folder: that holds only what the bot put there.
pub(super) fn hearing(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "echo x >> {folder}/heard; while [ -e {folder}/hold ]; do sleep 0.02; done; \
         cat {folder}/says 2>/dev/null || echo '{HEARD}'"
    )
}

/// An ffmpeg that waits before it encodes pictures while a file says so.
pub(super) fn ffmpeg() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/world/ffmpeg").into()
}

/// The real tools, the simulator as the outside world, and a recogniser of our own.
pub(super) fn media_settings(sim: &Simulator, folder: &Path, data_dir: &Path) -> media::Settings {
    let mut media = media::Settings {
        data_dir: data_dir.to_path_buf(),
        ..media::Settings::default()
    };
    let pages = format!("{}/www.instagram.com", sim.base_url());
    media.media.pages = Url::parse(&pages).expect("a URL");
    media.media.test_hosts = vec![sim.host_and_port()];
    media.tools.yt_dlp = yt_dlp();
    media.tools.ffmpeg = ffmpeg();
    media.speech.engine = media::settings::SpeechEngine::Command;
    media.speech.command = vec!["/bin/sh".into(), "-c".into(), hearing(folder)];
    media
}

pub(super) fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}

pub(super) fn graph(base: &str) -> Arc<Graph> {
    let hosts = GraphHosts::new(
        &format!("{base}/graph.facebook.com"),
        &format!("{base}/graph.instagram.com"),
    )
    .expect("hosts");
    Arc::new(Graph::new(hosts, Version::NEWEST, Arc::new(Unobserved)).expect("a client"))
}

pub(super) async fn open_store(data_dir: &Path, clock: &Arc<ManualClock>) -> Store {
    Store::open(store::Options {
        url: format!("sqlite://{}?mode=rwc", data_dir.join("store.db").display()),
        durability: store::Durability::Normal,
        clock: clock.clone(),
        exclusive: false,
    })
    .await
    .expect("a store")
}

/// A clock that shows what the simulator's shows.
pub(super) async fn clock_of(http: &reqwest::Client, base: &str) -> Arc<ManualClock> {
    let now: Value = get(http, &format!("{base}/_sim/clock")).await;
    Arc::new(ManualClock::new(now["now_ms"].as_i64().expect("the time")))
}
