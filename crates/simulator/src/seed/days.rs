//! Two years of daily numbers: a week has its rhythm, a summer its lull, a lucky reel its echo.

use jiff::civil::Date;

use super::dice::Dice;
use super::shape::{Day, Rules};
use crate::world::pacific;

/// How far back, a little more than Meta keeps.
const BACK: i64 = 740;
/// How far ahead, so that a clock that is moved forward still finds numbers.
const AHEAD: i64 = 200;
/// Per mille by weekday, Monday first: people scroll on Thursday and Friday, and on Sunday evening.
const WEEK: [u64; 7] = [905, 960, 1_005, 1_075, 1_110, 890, 1_055];

/// What makes one account's days larger than another's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// People reached on an ordinary day two years ago, and today.
    pub(super) reach: (u64, u64),
    /// Followers at the end of yesterday.
    pub(super) followers: u64,
}

pub(super) fn days(dice: &mut Dice, today: Date, scale: Scale, rules: &Rules) -> Vec<Day> {
    let mut echo = 0;
    let mut days: Vec<Day> = (-BACK..=AHEAD)
        .map(|offset| {
            echo = if dice.chance(30) {
                dice.between(700, 1_900)
            } else {
                echo * 45 / 100
            };
            let usual = ordinary(scale.reach, offset);
            let date = pacific::plus(today, offset);
            let rhythm = WEEK[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())];
            let season = if matches!(date.month(), 1 | 12) {
                900
            } else {
                1_000
            };
            let noise = dice.between(890, 1_110);
            let reach = usual * rhythm / 1_000 * season / 1_000 * noise / 1_000;
            day(dice, date, reach + reach * echo / 1_000)
        })
        .collect();
    count_followers(&mut days, scale.followers);
    roll(&mut days, rules);
    days
}

/// A straight line from two years ago to today, and on.
fn ordinary((then, now): (u64, u64), offset: i64) -> u64 {
    let passed = u64::try_from(offset + BACK).unwrap_or(0);
    then + now.saturating_sub(then) * passed / BACK.unsigned_abs()
}

fn day(dice: &mut Dice, date: Date, reach: u64) -> Day {
    let views = share(dice, reach, 1_850, 2_600);
    let accounts_engaged = share(dice, reach, 52, 88);
    let likes = share(dice, accounts_engaged, 980, 1_260);
    let comments = share(dice, likes, 24, 52);
    let shares = share(dice, likes, 60, 150);
    let saves = share(dice, likes, 70, 180);
    let replies = share(dice, likes, 8, 22);
    let reposts = share(dice, likes, 6, 20);
    let profile_views = share(dice, reach, 58, 96);
    let follows = share(dice, reach, 6, 12);
    Day {
        date: date.to_string(),
        reach,
        views,
        accounts_engaged,
        total_interactions: likes + comments + shares + saves + replies + reposts,
        likes,
        comments,
        shares,
        saves,
        replies,
        reposts,
        profile_views,
        website_clicks: share(dice, profile_views, 18, 46),
        profile_links_taps: share(dice, profile_views, 11, 29),
        follows,
        unfollows: share(dice, follows, 380, 620),
        follower_count: follows,
        ..Day::default()
    }
}

/// So many per mille of a number; what is left over decides by chance, so that small accounts have days too.
pub(super) fn share(dice: &mut Dice, of: u64, low: u64, high: u64) -> u64 {
    (of * dice.between(low, high) + dice.between(0, 999)) / 1_000
}

/// Yesterday ends with `target`; the days before and after follow from who came and went.
fn count_followers(days: &mut [Day], target: u64) {
    let (past, future) = days.split_at_mut(usize::try_from(BACK).unwrap_or(0));
    let mut total = target;
    for day in past.iter_mut().rev() {
        day.followers = total;
        total = (total + day.unfollows).saturating_sub(day.follows);
    }
    let mut total = target;
    for day in future {
        total = (total + day.follows).saturating_sub(day.unfollows);
        day.followers = total;
    }
}

/// Fills in the unique people of the 7 and 28 days that end with each.
fn roll(days: &mut [Day], rules: &Rules) {
    let reach: Vec<u64> = days.iter().map(|day| day.reach).collect();
    for (at, day) in days.iter_mut().enumerate() {
        let last = |count: usize| &reach[(at + 1).saturating_sub(count)..=at];
        day.reach_week = rules.unique(last(7));
        day.reach_days_28 = rules.unique(last(28));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_hang_together() {
        let today = Date::new(2026, 11, 22).unwrap();
        let scale = Scale {
            reach: (1_500, 4_200),
            followers: 21_000,
        };
        let rules = Rules::default();
        let made = days(&mut Dice::new(1, "days"), today, scale, &rules);
        let yesterday = made
            .iter()
            .position(|day| day.date == "2026-11-21")
            .unwrap();
        assert_eq!(made[yesterday].followers, 21_000);
        for pair in made.windows(2) {
            assert_eq!(
                pair[1].followers + pair[1].unfollows,
                pair[0].followers + pair[1].follows,
                "{}",
                pair[1].date
            );
        }
        let week: u64 = made[yesterday - 6..=yesterday]
            .iter()
            .map(|day| day.reach)
            .sum();
        assert!(made[yesterday].reach_week < week);
        assert!(made[yesterday].reach_week < made[yesterday].reach_days_28);
        let weekday = |at: usize| {
            made.iter()
                .skip(at)
                .step_by(7)
                .map(|day| day.reach)
                .sum::<u64>()
        };
        let mondays = made
            .iter()
            .position(|day| day.date == "2026-11-16")
            .unwrap()
            % 7;
        assert!(
            weekday(mondays + 4) > weekday(mondays),
            "Fridays beat Mondays"
        );
    }
}
