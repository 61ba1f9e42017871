//! A slow wire between a process and a server: what is said on one side is heard on the other a little later. What a
//! process said last before it was killed is mostly lost, and sometimes still arrives.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What a question takes, and an answer.
const QUESTION: Duration = Duration::from_millis(4);
const ANSWER: Duration = Duration::from_millis(1);
/// How often the last words of the dead arrive.
const LAST_WORDS: f64 = 0.25;

/// A wire to a port on loopback; takes no new callers once dropped.
#[derive(Debug)]
pub(super) struct Wire {
    port: u16,
    listening: JoinHandle<()>,
    calls: watch::Receiver<usize>,
}

impl Wire {
    pub(super) async fn before(target: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (counter, calls) = watch::channel(0);
        let listening = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else {
                    continue;
                };
                let counter = counter.clone();
                counter.send_modify(|calls| *calls += 1);
                tokio::spawn(async move {
                    let _ = (near.set_nodelay(true), far.set_nodelay(true));
                    let (hears, says) = near.into_split();
                    let (answers, asks) = far.into_split();
                    tokio::join!(ask(hears, asks), answer(answers, says));
                    counter.send_modify(|calls| *calls -= 1);
                });
            }
        });
        Ok(Self {
            port,
            listening,
            calls,
        })
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Waits until nothing is on its way: after a death, when all has arrived that will.
    pub(super) async fn falls_silent(&self) -> Result<()> {
        self.calls.clone().wait_for(|calls| *calls == 0).await?;
        Ok(())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let more = tokio::time::timeout(QUESTION, from.peek(&mut [0])).await;
        let is_dead = matches!(more, Ok(Ok(0) | Err(_)));
        if is_dead && !rand::random_bool(LAST_WORDS) {
            return;
        }
        let said = buffer.get(..count).unwrap_or_default();
        if to.write_all(said).await.is_err() {
            return;
        }
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(ANSWER).await;
        let said = buffer.get(..count).unwrap_or_default();
        if to.write_all(said).await.is_err() {
            return;
        }
    }
}
