//! Reads a webhook delivery, once its signature was found good: the body from standard input, byte for byte as it came,
//! the header and the secret from the environment.
//!
//! `X_HUB_SIGNATURE_256=sha256=… APP_SECRET=… cargo run --example verify_webhook < body.json`

#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use bytes::Bytes;
use graph_api::webhook::{AppSecrets, Kind, parse};
use std::error::Error;
use std::io::Read as _;

fn main() -> Result<(), Box<dyn Error>> {
    let secrets = AppSecrets::new(vec![std::env::var("APP_SECRET")?.into()])?;
    let header = std::env::var("X_HUB_SIGNATURE_256")?;
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body)?;
    for line in events(&secrets, header.as_bytes(), body.into())? {
        println!("{line}");
    }
    Ok(())
}

/// One line an event. Bytes that nobody signed are not even looked into.
pub(crate) fn events(
    secrets: &AppSecrets,
    header: &[u8],
    body: Bytes,
) -> Result<Vec<String>, Box<dyn Error>> {
    let verified = secrets.verify(Some(header), body)?;
    let delivery = parse(&verified)?;
    let mut lines = Vec::new();
    for event in &delivery.events {
        // The key is the same when Meta delivers the event again, alone or among others.
        let key = event.dedupe.hex();
        let what = match &event.kind {
            Kind::Message(message) => message.text.as_deref().unwrap_or("(no words)"),
            other => other.name(),
        };
        lines.push(format!("{key}  {what}"));
    }
    Ok(lines)
}
