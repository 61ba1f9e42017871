//! The receiver of events: away at first, then moody, then reliable. It speaks just enough HTTP to take a POST, and
//! remembers everything that came.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// The key that comes with every event.
pub const KEY: &str = "an-api-secret-of-the-trial";
/// The most that a POST may be long.
const LONGEST: usize = 256 * 1024;
/// Callers that may wait at the door.
const BACKLOG: u32 = 256;

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Takes about half, refuses some, and hangs up on some; slow enough that a kill finds it at work.
    Moody,
    /// Takes everything.
    Reliable,
}

/// One POST that came.
#[derive(Debug, Clone)]
pub struct Came {
    /// Its `webhook-id`.
    pub id: String,
    /// Its `x-api-key`.
    pub key: String,
    /// What was sent.
    pub body: Value,
    /// What was answered; 0 is a connection that was closed instead.
    pub status: u16,
    /// In which life of the process it came.
    pub life: usize,
}

#[derive(Debug)]
struct Desk {
    came: Vec<Came>,
    mood: Mood,
    life: usize,
    dice: StdRng,
}

/// A receiver with an address of its own.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    /// Bound and not listened on: the address is kept, and whoever calls is turned away.
    door: Option<TcpSocket>,
    desk: Arc<Mutex<Desk>>,
    at_work: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Nobody is there yet, but the address is known.
    pub fn away(seed: u64) -> Result<Self> {
        let door = TcpSocket::new_v4()?;
        door.bind(([127, 0, 0, 1], 0).into())?;
        Ok(Self {
            port: door.local_addr()?.port(),
            door: Some(door),
            desk: Arc::new(Mutex::new(Desk {
                came: Vec::new(),
                mood: Mood::Moody,
                life: 0,
                dice: StdRng::seed_from_u64(seed),
            })),
            at_work: None,
        })
    }

    /// The settings that send events here.
    pub fn environment(&self) -> Vec<(String, String)> {
        let host = format!("127.0.0.1:{}", self.port);
        [
            ("CONTENT_CALLBACK_URL", format!("http://{host}/callback")),
            ("API_SECRET", KEY.to_owned()),
            ("GRAMOPHONE_FORWARD__LOOPBACK_HOSTS", host),
            // Our own alerts are none of the simulator's events.
            ("GRAMOPHONE_FORWARD__CHANNELS", "instagram".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Somebody is there from now on; nothing happens to who is there already.
    pub fn arrive(&mut self) -> Result<()> {
        let Some(door) = self.door.take() else {
            return Ok(());
        };
        let listener = door.listen(BACKLOG)?;
        let desk = Arc::clone(&self.desk);
        self.at_work = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let desk = Arc::clone(&desk);
                // Who is cut off by a kill has nothing to say that counts.
                tokio::spawn(async move { serve(stream, &desk).await.ok() });
            }
        }));
        Ok(())
    }

    /// How it answers from now on.
    pub fn be(&self, mood: Mood) {
        look(&self.desk).mood = mood;
    }

    /// Another process calls from now on.
    pub fn begin_life(&self, life: usize) {
        look(&self.desk).life = life;
    }

    /// Everything that came.
    pub fn came(&self) -> Vec<Came> {
        look(&self.desk).came.clone()
    }

    /// The number of its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(at_work) = &self.at_work {
            at_work.abort();
        }
    }
}

fn look(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, desk: &Mutex<Desk>) -> Result<()> {
    let (head, body) = read(&mut stream).await?;
    let (status, pause) = {
        let mut desk = look(desk);
        let (status, pause) = match desk.mood {
            Mood::Reliable => (200, 0),
            Mood::Moody => {
                let status = match desk.dice.random_range(0..10) {
                    0..5 => 200,
                    5..7 => 500,
                    7..9 => 503,
                    _ => 0,
                };
                (status, desk.dice.random_range(0..120))
            }
        };
        let life = desk.life;
        desk.came.push(Came {
            id: header(&head, "webhook-id"),
            key: header(&head, "x-api-key"),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
            status,
            life,
        });
        (status, pause)
    };
    tokio::time::sleep(Duration::from_millis(pause)).await;
    if status != 0 {
        let answer =
            format!("HTTP/1.1 {status} So be it\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

/// A request: its head in lower case names, and its whole body.
async fn read(stream: &mut TcpStream) -> Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await?;
        anyhow::ensure!(count > 0 && bytes.len() < LONGEST, "no whole request came");
        bytes.extend(piece.iter().take(count));
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let length: usize = header(&head, "content-length")
            .parse()
            .context("a POST says how long it is")?;
        let start = end + 4;
        if bytes.len() >= start + length {
            return Ok((head, bytes.split_off(start)));
        }
    }
}

fn header(head: &str, name: &str) -> String {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}
