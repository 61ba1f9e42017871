//! A web server with files to publish: made by ffmpeg, or wrong on purpose.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};

use crate::support::{Answer, FACEBOOK, World};

#[derive(Debug)]
pub(crate) struct Files {
    base: String,
    by_name: HashMap<String, Vec<u8>>,
    /// User agents that asked.
    pub(crate) asked_by: Mutex<Vec<String>>,
}

impl Files {
    /// Serves these files, and 404 for any other name.
    pub(crate) async fn serve(files: Vec<(&str, Vec<u8>)>) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let by_name = files
            .into_iter()
            .map(|(name, bytes)| (name.to_owned(), bytes));
        let served = Arc::new(Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            by_name: by_name.collect(),
            asked_by: Mutex::default(),
        });
        let app = Router::new()
            .route("/{name}", get(one))
            .with_state(Arc::clone(&served));
        tokio::spawn(async move { axum::serve(listener, app).await });
        served
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }
}

async fn one(
    State(files): State<Arc<Files>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Vec<u8>, StatusCode> {
    let agent = headers
        .get("user-agent")
        .and_then(|agent| agent.to_str().ok());
    files
        .asked_by
        .lock()
        .unwrap()
        .push(agent.unwrap_or_default().to_owned());
    files
        .by_name
        .get(&name)
        .cloned()
        .ok_or(StatusCode::NOT_FOUND)
}

/// What ffmpeg makes of these words and this file name.
fn made(words: &str, name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("ffmpeg")
        .args("-v error -nostdin -f lavfi".split(' '))
        .args(words.split_whitespace())
        .arg(name)
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "ffmpeg could not make {name}");
    std::fs::read(folder.path().join(name)).unwrap()
}

pub(crate) fn jpeg(size: &str) -> Vec<u8> {
    made(&format!("-i color=c=teal:s={size} -frames:v 1"), "a.jpg")
}

/// A silent film of so many seconds.
pub(crate) fn film(seconds: u32, options: &str) -> Vec<u8> {
    let source = format!("-i testsrc=s=180x320:r=25:d={seconds}");
    let codec = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";
    made(&format!("{source} {codec} {options}"), "a.mp4")
}

/// A container of the usual account, which must come to be.
pub(crate) async fn container(world: &World, body: Value) -> String {
    let answer = create(world, body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn create(world: &World, body: Value) -> Answer {
    world
        .post(&format!("{FACEBOOK}/17841400000000001/media"), body)
        .await
}

pub(crate) async fn publish(world: &World, container: &str) -> Answer {
    world
        .post(
            &format!("{FACEBOOK}/17841400000000001/media_publish"),
            json!({"creation_id": container}),
        )
        .await
}

/// Asks until the container is no longer being worked on; `status_code` and `status`.
pub(crate) async fn settled(world: &World, container: &str) -> (String, String) {
    let path = format!("{FACEBOOK}/{container}?fields=status_code,status");
    loop {
        let answer = world.get(&path).await.body;
        let code = answer["status_code"].as_str().unwrap().to_owned();
        if code != "IN_PROGRESS" {
            return (code, answer["status"].as_str().unwrap().to_owned());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// A picture that the usual account has just posted.
pub(crate) async fn posted(world: &World, files: &Files, caption: &str) -> String {
    world.sim("publishing", json!({"processing_ms": 0})).await;
    let body = json!({"image_url": files.url("square.jpg"), "caption": caption});
    let made = container(world, body).await;
    let answer = publish(world, &made).await;
    answer.body["id"].as_str().unwrap().to_owned()
}
