//! How many people an account reached in the last week, day by day and in all.
//!
//! `cargo run --example account_insights`, with the variables of `setup`.

#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod setup;

use graph_api::client::{Credentials, Graph};
use graph_api::endpoint::account::{AccountInsights, Cut};
use graph_api::error::CallError;
use graph_api::insights::{Insight, Window};
use std::time::{SystemTime, UNIX_EPOCH};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let week = Window::last(7, now_ms);
    for line in reach(&setup::graph()?, &setup::credentials()?, week).await? {
        println!("{line}");
    }
    Ok(())
}

/// A line for each day, and one for the window. People are counted once, so the days do not add up to it: it is asked
/// for by itself, and the two ways of asking may not be mixed in one call.
pub(crate) async fn reach(
    graph: &Graph,
    credentials: &Credentials,
    window: Window,
) -> Result<Vec<String>, CallError> {
    let by_day = AccountInsights {
        metrics: vec!["reach".to_owned()],
        cut: Cut::Series("day"),
        span: Some(window.span()),
        breakdown: None,
    };
    let in_all = AccountInsights {
        cut: Cut::Total,
        ..by_day.clone()
    };
    let mut lines = Vec::new();
    let series = graph.ask(credentials, &by_day).await?;
    for point in series.data.iter().flat_map(|insight| &insight.values) {
        // Meta names the midnight at the end of a day of the Pacific coast.
        let day = point.end_time.as_deref().and_then(|end| window.holds(end));
        if let Some(day) = day {
            lines.push(format!("{day}  {}", point.value));
        }
    }
    let total = graph.ask(credentials, &in_all).await?;
    let number = total.get("reach").and_then(Insight::number);
    let number = number.map_or("Meta has none".to_owned(), |number| number.to_string());
    lines.push(format!("{} to {}  {number}", window.since, window.until));
    Ok(lines)
}
