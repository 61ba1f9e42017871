//! A picture and a film to publish, small ones made by ffmpeg, and the place where Meta fetches them.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinHandle;

const PICTURE: (&str, &str) = ("a.jpg", "-i color=c=red:s=320x320 -frames:v 1");
/// Four silent seconds, upright.
const FILM: (&str, &str) = (
    "a.mp4",
    "-i testsrc=s=180x320:r=25:d=4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -movflags +faststart",
);

/// Serves the files until dropped.
#[derive(Debug)]
pub struct Files {
    base: String,
    serving: JoinHandle<()>,
}

impl Files {
    /// Makes them in `folder`.
    pub async fn make(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let picture = made(folder, PICTURE).await?;
        let film = made(folder, FILM).await?;
        let files = Arc::new((picture, film));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let files = Arc::clone(&files);
                // Whoever hangs up has what they wanted.
                tokio::spawn(async move { serve(stream, &files.0, &files.1).await.ok() });
            }
        });
        Ok(Self { base, serving })
    }

    /// Where the picture is.
    pub fn picture(&self) -> String {
        format!("{}/{}", self.base, PICTURE.0)
    }

    /// Where the film is.
    pub fn film(&self) -> String {
        format!("{}/{}", self.base, FILM.0)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn made(folder: &Path, (name, words): (&str, &str)) -> Result<Vec<u8>> {
    let status = Command::new("ffmpeg")
        .args("-v error -nostdin -y -f lavfi".split(' '))
        .args(words.split(' '))
        .arg(name)
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()
        .await
        .context("ffmpeg is needed; scripts/setup.sh test installs it")?;
    ensure!(status.success(), "ffmpeg could not make {name}");
    Ok(std::fs::read(folder.join(name))?)
}

/// One request, one file.
async fn serve(mut stream: TcpStream, picture: &[u8], film: &[u8]) -> Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        ensure!(stream.read_buf(&mut head).await? > 0, "no whole request");
    }
    let is_film = head.starts_with(format!("GET /{} ", FILM.0).as_bytes());
    let (kind, bytes) = if is_film {
        ("video/mp4", film)
    } else {
        ("image/jpeg", picture)
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        bytes.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(bytes).await?;
    Ok(())
}
