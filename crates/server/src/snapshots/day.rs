//! One account's day: how many follow, what each post has, and the numbers of the days that ended. What cannot be had
//! tomorrow comes first.

use graph_api::insights::Day;
use serde_json::json;
use store::Finish;

use super::{
    ask::{Halt, Run},
    days, posts, reels,
};

pub(super) async fn read(run: &Run<'_>, day: &str) -> Result<Finish, Halt> {
    let Some(day) = Day::parse(day) else {
        return Err(Halt::refused("the job names no day"));
    };
    // Counts have no date at Meta: a day later they would be another day's.
    let is_fresh = run.now_ms() < day.plus(1).end_s() * 1000;
    if is_fresh {
        if !run.steps().await?.contains_key("counts") {
            days::counts(run, day).await?;
            run.step_done("counts", json!({})).await?;
        }
        posts::read(run, day).await?;
    }
    let filled = days::fill(run, day).await?;
    if is_fresh {
        reels::read(run, day).await?;
    }
    Ok(Finish::Done {
        note: format!("{filled} days"),
    })
}
