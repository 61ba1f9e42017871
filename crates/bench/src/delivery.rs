//! Signed webhook deliveries, written from Meta's public description and from nothing of ours: the
//! judge must not learn the format from the judged.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// One signed `POST`, ready to be written to a socket.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The whole HTTP/1.1 request.
    pub request: Vec<u8>,
    /// How many events it carries.
    pub events: usize,
}

/// Builds deliveries for one account, each with ids never used before.
#[derive(Debug)]
pub struct Deliveries {
    secret: String,
    account: String,
    host: String,
    run: String,
    next: u64,
    now_ms: i64,
}

impl Deliveries {
    /// Deliveries for `account`, signed with `secret`, addressed to `host`.
    pub fn new(secret: &str, account: &str, host: &str, run: &str, now_ms: i64) -> Self {
        Self {
            secret: secret.to_owned(),
            account: account.to_owned(),
            host: host.to_owned(),
            run: run.to_owned(),
            next: 0,
            now_ms,
        }
    }

    /// A delivery with `entries` messages, each with a link, each from another person.
    pub fn with_links(&mut self, entries: usize) -> Delivery {
        let mut items = Vec::with_capacity(entries);
        for _ in 0..entries {
            items.push(self.entry());
        }
        let body = format!(r#"{{"object":"instagram","entry":[{}]}}"#, items.join(","));
        Delivery {
            request: self.sign(&body),
            events: entries,
        }
    }

    fn entry(&mut self) -> String {
        self.next += 1;
        let number = self.next;
        let (account, run, at) = (&self.account, &self.run, self.now_ms);
        // Long opaque `mid`s are what Meta sends; a short one would flatter the parser and the index.
        let mid = format!(
            "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDAwMDAwMDAwMDAxOjM0MDI4MjM2Njg0MTcxMDMw{run}{number:012}"
        );
        let person = 6_000_000_000_000_000_u64 + number;
        let code = shortcode(number);
        format!(
            r#"{{"time":{at},"id":"{account}","messaging":[{{"sender":{{"id":"{person}"}},"recipient":{{"id":"{account}"}},"timestamp":{at},"message":{{"mid":"{mid}","text":"olha esse v\u00eddeo https:\/\/www.instagram.com\/reel\/{code}\/"}}}}]}}"#
        )
    }

    fn sign(&self, body: &str) -> Vec<u8> {
        let mut request = format!(
            "POST /webhooks/instagram HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nuser-agent: facebookexternalua\r\nx-hub-signature-256: sha256={}\r\ncontent-length: {}\r\n\r\n",
            self.host,
            signature(&self.secret, body.as_bytes()),
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body.as_bytes());
        request
    }
}

/// Hex HMAC-SHA256 of `body`, as `X-Hub-Signature-256` carries it.
pub fn signature(secret: &str, body: &[u8]) -> String {
    // HMAC takes a key of any length, so there is no failure to report.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// An eleven-character shortcode whose value stays below 2^63, as real ones do.
pub fn shortcode(number: u64) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut value = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 1;
    let mut code = [b'A'; 11];
    for place in code.iter_mut().rev() {
        let digit = usize::try_from(value % 64).unwrap_or(0);
        *place = ALPHABET.get(digit).copied().unwrap_or(b'A');
        value /= 64;
    }
    String::from_utf8_lossy(&code).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256_of_the_body() {
        // RFC 4231, test case 2.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_delivery_is_json_with_as_many_entries_as_asked() {
        let mut deliveries = Deliveries::new("s", "1784", "127.0.0.1", "r", 1_700_000_000_000);
        let delivery = deliveries.with_links(100);
        let text = String::from_utf8(delivery.request).unwrap();
        let body = text.split("\r\n\r\n").nth(1).unwrap();
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        let entries = value["entry"].as_array().unwrap();
        assert_eq!(entries.len(), 100);
        let mut mids: Vec<_> = entries
            .iter()
            .map(|entry| entry["messaging"][0]["message"]["mid"].as_str().unwrap())
            .collect();
        mids.sort_unstable();
        mids.dedup();
        assert_eq!(mids.len(), 100, "every message is another one");
    }
}
