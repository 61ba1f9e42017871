//! Placeholder until the intake lands.
use bytes::Bytes;
use secrecy::SecretString;
/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /** name */
    pub id: String,
    /** bytes */
    pub body: Bytes,
}
/// The intake.
#[derive(Debug)]
pub struct Intake;
#[allow(
    missing_docs,
    clippy::unused_async,
    clippy::unused_self,
    clippy::unnecessary_wraps
)]
impl Intake {
    pub fn open(_: &SecretString, _: &str) -> Result<Self, std::io::Error> {
        Ok(Self)
    }
    pub async fn next(&mut self) -> Result<Entry, std::io::Error> {
        std::future::pending().await
    }
    pub async fn ack(&mut self, _: &Entry) -> Result<(), std::io::Error> {
        Ok(())
    }
    pub async fn bury(&mut self, _: &Entry, _: &str) -> Result<(), std::io::Error> {
        Ok(())
    }
}
