//! What is said to Redis, and what it answers. Every change is one command or one script, so that a lost connection
//! never leaves half of it.

use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, Value};
use uuid::Uuid;

use crate::error::StoreError;
use answers::{Page, Raw, advice, taken_of_stream};
use scripts::{ACK_OF_STREAM, BURY_OF_LIST, BURY_OF_STREAM, TAKE, TAKE_OVER, command, script};

mod answers;
mod scripts;

/// How long a connection may take to be made, and an answer to come.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read waits for something to come.
const BLOCK: Duration = Duration::from_secs(1);
/// The consumer group of a stream, and its one consumer: whoever reads is told apart by nobody.
const GROUP: &str = "gramophone";
/// Entries of a stream that are taken over at a time.
const PAGE: usize = 100;

/// The key, and those beside it.
#[derive(Debug)]
pub(super) struct Keys {
    own: String,
    taken: String,
    dead: String,
}

impl Keys {
    pub(super) fn new(key: &str) -> Self {
        Self {
            own: key.to_owned(),
            taken: format!("{key}:taken"),
            dead: format!("{key}:dead"),
        }
    }
}

/// What the key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Stream,
}

/// Why something could not be done.
#[derive(Debug)]
pub(super) enum Fault {
    /// It may be possible later. The text names no URL and no value.
    Away(String),
    /// This Redis lacks what we need.
    TooOld,
}

impl Fault {
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Away(text) => StoreError::Unavailable(format!("Redis: {text}")),
            Self::TooOld => StoreError::Config("the intake needs Redis 6.2 or newer".to_owned()),
        }
    }
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        // Neither the message nor the detail: they repeat arguments, and those are somebody's words.
        match error.code() {
            Some("ERR")
                if error
                    .detail()
                    .is_some_and(|text| text.starts_with("unknown command")) =>
            {
                Self::TooOld
            }
            Some(code) => Self::Away(format!("it answers {code}")),
            None => Self::Away(error.category().to_owned()),
        }
    }
}

fn is_code(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code)
}

type Answer<T> = Result<T, Fault>;

/// An entry in our hands. Without a payload that we know: all its fields, as JSON.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) id: String,
    pub(super) from: Kind,
    pub(super) body: Result<Bytes, Bytes>,
}

impl Taken {
    pub(super) fn list(id: Uuid, body: Bytes) -> Self {
        Self {
            id: id.to_string(),
            from: Kind::List,
            body: Ok(body),
        }
    }
}

/// Two connections: what waits on one would make everything else on it wait.
struct Lines {
    asks: MultiplexedConnection,
    waits: MultiplexedConnection,
}

/// Redis, as far as the intake needs it.
pub(super) struct Wire {
    client: Client,
    keys: Keys,
    lines: Option<Lines>,
}

impl Wire {
    pub(super) fn new(client: Client, keys: Keys) -> Self {
        Self {
            client,
            keys,
            lines: None,
        }
    }

    /// True when the connections are new.
    pub(super) async fn connect(&mut self) -> Answer<bool> {
        if self.lines.is_some() {
            return Ok(false);
        }
        let config = |answer: Duration| {
            AsyncConnectionConfig::new()
                .set_connection_timeout(Some(TIMEOUT))
                .set_response_timeout(Some(answer))
        };
        let open = async |answer| {
            let config = config(answer);
            let client = &self.client;
            client
                .get_multiplexed_async_connection_with_config(&config)
                .await
        };
        let lines = Lines {
            asks: open(TIMEOUT).await?,
            waits: open(BLOCK + TIMEOUT).await?,
        };
        self.lines = Some(lines);
        Ok(true)
    }

    pub(super) fn disconnect(&mut self) {
        self.lines = None;
    }

    async fn lines(&mut self) -> Answer<&mut Lines> {
        self.connect().await?;
        let missing = || Fault::Away("no connection".to_owned());
        self.lines.as_mut().ok_or_else(missing)
    }

    /// Asks, and lets the connections go when one is broken.
    async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Ask> {
        let lines = self.lines().await.map_err(Ask::Fault)?;
        let answer = command.query_async(&mut lines.asks).await;
        self.checked(answer)
    }

    async fn wait<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Ask> {
        let lines = self.lines().await.map_err(Ask::Fault)?;
        let answer = command.query_async(&mut lines.waits).await;
        self.checked(answer)
    }

    fn checked<T>(&mut self, answer: Result<T, RedisError>) -> Result<T, Ask> {
        answer.map_err(|error| {
            if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() {
                self.disconnect();
            }
            Ask::Refused(error)
        })
    }

    /// Warns where the settings of Redis may lose entries. Where it does not tell them, nothing is said.
    pub(super) async fn advise(&mut self) {
        let mut told = Vec::new();
        for name in ["appendonly", "maxmemory-policy"] {
            let command = command(&["CONFIG", "GET", name]);
            let pair: Result<Vec<String>, _> = self.ask(&command).await;
            if let Ok([_, value]) = pair.as_deref() {
                told.push((name, value.clone()));
            }
        }
        for advice in advice(&told) {
            tracing::warn!(advice, "Redis may lose what is pushed into it");
        }
    }

    pub(super) async fn type_name(&mut self) -> Answer<String> {
        let command = command(&["TYPE", &self.keys.own]);
        Ok(self.ask(&command).await?)
    }

    /// What the key holds; `None` when it holds nothing, or nothing of use.
    pub(super) async fn kind(&mut self) -> Answer<Option<Kind>> {
        Ok(match self.type_name().await?.as_str() {
            "list" => Some(Kind::List),
            "stream" => Some(Kind::Stream),
            _ => None,
        })
    }

    /// How many entries the key holds; of a stream, those that are taken too.
    pub(super) async fn length(&mut self) -> Answer<u64> {
        let own = self.keys.own.clone();
        let count = match self.kind().await? {
            Some(Kind::List) => "LLEN",
            Some(Kind::Stream) => "XLEN",
            None => return Ok(0),
        };
        Ok(self.ask(&command(&[count, &own])).await?)
    }

    /// Takes the head of the list under this id.
    pub(super) async fn take(&mut self, id: Uuid) -> Answer<Option<Bytes>> {
        let keys = [&*self.keys.own, &*self.keys.taken];
        let id = id.to_string();
        let command = script(TAKE, &keys, &[&id]);
        match self.ask::<Option<Vec<u8>>>(&command).await {
            Ok(body) => Ok(body.map(Bytes::from)),
            Err(Ask::Refused(error)) if is_wrong_type(&error) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// Returns when the list has something, or after a while. Moving the head of a list to its own head changes nothing,
    /// and is the one way to wait for a list without taking from it.
    pub(super) async fn wait_for_list(&mut self) -> Answer<()> {
        let own = self.keys.own.clone();
        let seconds = BLOCK.as_secs().to_string();
        let command = command(&["BLMOVE", &own, &own, "LEFT", "LEFT", &seconds]);
        match self.wait::<Value>(&command).await {
            Ok(_) => Ok(()),
            // It is something else by now.
            Err(Ask::Refused(error)) if is_wrong_type(&error) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// What was taken from the list this long ago or longer, and not acknowledged.
    pub(super) async fn taken_from_list(&mut self, idle: Duration) -> Answer<Vec<Taken>> {
        let seconds = idle.as_secs().to_string();
        let command = script(TAKE_OVER, &[&self.keys.taken], &[&seconds]);
        let found: Vec<Vec<u8>> = self.ask(&command).await?;
        let (pairs, _) = found.as_chunks::<2>();
        let taken = pairs.iter().map(|[id, body]| Taken {
            id: String::from_utf8_lossy(id).into_owned(),
            from: Kind::List,
            body: Ok(Bytes::copy_from_slice(body)),
        });
        Ok(taken.collect())
    }

    /// Waits a while for the next entry of the stream that nobody has taken.
    pub(super) async fn read_stream(&mut self) -> Answer<Option<Taken>> {
        let block = BLOCK.as_millis().to_string();
        let own = self.keys.own.clone();
        let mut words = vec!["XREADGROUP", "GROUP", GROUP, GROUP, "COUNT", "1"];
        words.extend(["BLOCK", &block, "STREAMS", &own, ">"]);
        let command = command(&words);
        match self.wait::<Option<Vec<(String, Vec<Raw>)>>>(&command).await {
            Ok(streams) => {
                let first = streams
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, entries)| entries);
                Ok(first.into_iter().find_map(taken_of_stream))
            }
            Err(Ask::Refused(error)) if is_code(&error, "NOGROUP") => {
                self.make_group().await?;
                Ok(None)
            }
            // The key was removed or is something else by now.
            Err(Ask::Refused(error)) if is_wrong_type(&error) || is_code(&error, "UNBLOCKED") => {
                Ok(None)
            }
            Err(other) => Err(other.into()),
        }
    }

    /// From the stream's beginning: what was pushed before anybody listened counts.
    async fn make_group(&mut self) -> Answer<()> {
        let command = command(&["XGROUP", "CREATE", &self.keys.own, GROUP, "0"]);
        match self.ask::<Value>(&command).await {
            Ok(_) => Ok(()),
            // Somebody was faster; or the key is gone, which the next look sees.
            Err(Ask::Refused(error)) if is_code(&error, "BUSYGROUP") || is_code(&error, "ERR") => {
                Ok(())
            }
            Err(other) => Err(other.into()),
        }
    }

    /// What was taken from the stream this long ago or longer, and not acknowledged.
    pub(super) async fn taken_from_stream(&mut self, idle: Duration) -> Answer<Vec<Taken>> {
        let idle = idle.as_millis().to_string();
        let count = PAGE.to_string();
        let own = self.keys.own.clone();
        let mut from = "0-0".to_owned();
        let mut taken = Vec::new();
        loop {
            let words = [
                "XAUTOCLAIM",
                &own,
                GROUP,
                GROUP,
                &idle,
                &from,
                "COUNT",
                &count,
            ];
            let page: Page = match self.ask(&command(&words)).await {
                Ok(page) => page,
                Err(Ask::Refused(error)) if is_code(&error, "NOGROUP") => return Ok(taken),
                Err(Ask::Refused(error)) if is_wrong_type(&error) => return Ok(taken),
                Err(other) => return Err(other.into()),
            };
            taken.extend(page.entries.into_iter().filter_map(taken_of_stream));
            if page.next == "0-0" {
                return Ok(taken);
            }
            from = page.next;
        }
    }

    /// Removes a taken entry.
    pub(super) async fn ack(&mut self, from: Kind, id: &str) -> Answer<()> {
        match from {
            Kind::List => {
                let command = command(&["HDEL", &self.keys.taken, id]);
                self.ask::<Value>(&command).await?;
            }
            Kind::Stream => {
                let command = script(ACK_OF_STREAM, &[&self.keys.own], &[id, GROUP]);
                self.ask::<Value>(&command).await?;
            }
        }
        Ok(())
    }

    /// Moves a taken entry to the dead.
    pub(super) async fn bury(&mut self, from: Kind, id: &str, epitaph: &str) -> Answer<()> {
        let Keys { own, taken, dead } = &self.keys;
        let command = match from {
            Kind::List => script(BURY_OF_LIST, &[taken, dead], &[id, epitaph]),
            Kind::Stream => script(BURY_OF_STREAM, &[own, dead], &[id, epitaph, GROUP]),
        };
        self.ask::<Value>(&command).await?;
        Ok(())
    }
}

/// Why an answer is none.
enum Ask {
    Fault(Fault),
    Refused(RedisError),
}

impl From<Ask> for Fault {
    fn from(ask: Ask) -> Self {
        match ask {
            Ask::Fault(fault) => fault,
            Ask::Refused(error) => error.into(),
        }
    }
}

/// Scripts pass the error of a command on, in words of their own.
fn is_wrong_type(error: &RedisError) -> bool {
    let said = error
        .detail()
        .is_some_and(|text| text.contains("WRONGTYPE"));
    said || is_code(error, "WRONGTYPE")
}
