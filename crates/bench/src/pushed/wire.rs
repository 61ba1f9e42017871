//! A slow wire: what is said on one side is heard on the other a little later. What a process said before it was killed
//! still arrives.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A wire to a port on loopback; cut when dropped.
#[derive(Debug)]
pub(super) struct Wire {
    port: u16,
    listening: JoinHandle<()>,
}

impl Wire {
    pub(super) async fn before(target: u16, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let listening = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else {
                    continue;
                };
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                let (hears, says) = near.into_split();
                let (answers, asks) = far.into_split();
                tokio::spawn(carry(hears, asks, delay));
                tokio::spawn(carry(answers, says, delay));
            }
        });
        Ok(Self { port, listening })
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Until one side hangs up; then the other is told.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(delay).await;
        let said = buffer.get(..count).unwrap_or_default();
        if to.write_all(said).await.is_err() {
            return;
        }
    }
}
