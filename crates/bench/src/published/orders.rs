//! Somebody who orders posts: pictures, reels, carousels and stories in turn, each under an `Idempotency-Key`, again
//! after every answer that did not come, and now and then once more although it was answered long ago.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::RngExt as _;
use rand::rngs::StdRng;
use reqwest::Client;
use serde_json::{Value, json};

use super::files::Files;
use super::ledger::Order;
use crate::server::ACCOUNT;

/// Between two tries of an order, and between two looks whether there is room for another.
const PAUSE: Duration = Duration::from_millis(25);

/// Post `number`, and what to look for afterwards.
fn post(files: &Files, number: usize) -> (Value, Order) {
    let picture = json!({ "image_url": files.picture() });
    let film = json!({ "video_url": files.film() });
    let (kind, items) = match number % 4 {
        0 => ("image", json!([picture])),
        1 => ("reel", json!([film])),
        2 => ("carousel", json!([picture, film, picture])),
        _ if number % 8 == 3 => ("story", json!([picture])),
        _ => ("story", json!([film])),
    };
    let mut order = Order {
        name: format!("{kind} {number}"),
        ..Order::default()
    };
    let mut body = json!({"kind": kind, "items": items});
    if kind != "story" {
        order.caption = Some(format!("Post number {number}"));
        order.comment = Some(format!("What stands below number {number}"));
        body["caption"] = order.caption.clone().into();
        body["first_comment"] = order.comment.clone().into();
    }
    (body, order)
}

/// Who orders.
#[derive(Debug)]
pub(super) struct Customer<'a> {
    http: Client,
    files: &'a Files,
    url: String,
    deadline: Instant,
}

impl<'a> Customer<'a> {
    pub(super) fn new(address: SocketAddr, files: &'a Files, deadline: Instant) -> Result<Self> {
        Ok(Self {
            http: Client::builder().no_proxy().build()?,
            files,
            url: format!("http://{address}/v1/accounts/{ACCOUNT}/publications"),
            deadline,
        })
    }

    /// Orders so many posts, as soon as fewer than `at_once` of them are on their way.
    pub(super) async fn order(
        &self,
        posts: usize,
        at_once: usize,
        rng: &mut StdRng,
    ) -> Result<Vec<Order>> {
        let mut orders: Vec<Order> = Vec::new();
        for number in 0..posts {
            while self.on_their_way().await.is_none_or(|open| open >= at_once) {
                self.pause().await?;
            }
            let (body, mut order) = post(self.files, number);
            order.ids = BTreeSet::from([self.insist(number, &body).await?]);
            orders.push(order);
            // The same order once more, under the key that it had: it is the one from before.
            let earlier = rng.random_range(0..orders.len());
            let (body, _) = post(self.files, earlier);
            let id = self.insist(earlier, &body).await?;
            if let Some(order) = orders.get_mut(earlier) {
                order.ids.insert(id);
            }
        }
        Ok(orders)
    }

    /// Orders until there is an answer; the publication's id.
    async fn insist(&self, number: usize, body: &Value) -> Result<String> {
        let mut said = "nobody answered".to_owned();
        loop {
            let key = format!("order-{number}");
            let call = self.http.post(&self.url).header("idempotency-key", key);
            if let Ok(answer) = call.json(body).send().await {
                let status = answer.status();
                // Cut off by a death, or told to come again.
                let text = answer.text().await;
                let text = text.unwrap_or_else(|error| error.to_string());
                said = format!("order {number}: {status} {text}");
                if status == 201
                    && let Ok(answer) = serde_json::from_str::<Value>(&text)
                {
                    let id = answer["id"].as_str().context("an id")?;
                    return Ok(id.to_owned());
                }
                ensure!(matches!(status.as_u16(), 201 | 409 | 429 | 500..), said);
            }
            self.pause().await.context(said.clone())?;
        }
    }

    /// How many publications are not over; nothing while nobody answers.
    async fn on_their_way(&self) -> Option<usize> {
        let all = self.all().await.ok()?;
        let is_over = |one: &&Value| {
            let state = one["state"].as_str().unwrap_or_default();
            ["published", "failed", "cancelled", "unknown"].contains(&state)
        };
        Some(all.len() - all.iter().filter(is_over).count())
    }

    /// Every publication, as the server lists it.
    pub(super) async fn all(&self) -> Result<Vec<Value>> {
        let url = format!("{}?limit=100", self.url);
        let page = self.http.get(url).send().await?.error_for_status()?;
        let page: Value = page.json().await?;
        Ok(page["data"].as_array().context("a list")?.clone())
    }

    async fn pause(&self) -> Result<()> {
        ensure!(
            Instant::now() < self.deadline,
            "an order was not taken in time"
        );
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}
