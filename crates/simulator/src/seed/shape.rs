//! The seed file: plain JSON with everything that insights are computed from, so that a script that knows
//! nothing of this program can compute the same numbers. Its rules stand in the README under "Seed".

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::world::media::{Media, iso};
use crate::world::pacific;

/// Counts by name: an age, a gender, a country, a city.
pub(crate) type Counts = BTreeMap<String, u64>;

/// A whole file: one account with everything it has, and more of the same under `others`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SeedFile {
    #[serde(flatten)]
    pub(crate) first: Seed,
    pub(crate) others: Vec<Seed>,
}

/// One account with everything it has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Seed {
    pub(crate) account: SeedAccount,
    /// Posts and reels, newest first.
    pub(crate) media: Vec<Media>,
    /// The files of carousels, which `children` of a carousel names.
    pub(crate) children: Vec<Media>,
    pub(crate) stories: Vec<Media>,
    /// Posts of others that tag the account.
    pub(crate) tagged: Vec<Media>,
    pub(crate) days: Vec<Day>,
    pub(crate) audience: Audience,
    /// How unique counts of several days overlap, and how totals split.
    pub(crate) rules: Rules,
}

/// Who the account is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SeedAccount {
    /// Empty: the simulator's usual account.
    pub(crate) id: String,
    /// The id that `/me` answers in the Instagram flavour.
    pub(crate) app_scoped_id: String,
    pub(crate) page_id: String,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) biography: String,
    pub(crate) website: String,
    /// `BUSINESS` or `MEDIA_CREATOR`
    pub(crate) account_type: String,
    /// Since when it is professional; older media has no insights.
    #[serde(with = "iso")]
    pub(crate) professional_since: i64,
    pub(crate) followers_count: u64,
    pub(crate) follows_count: u64,
}

/// One Pacific day.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Day {
    /// `YYYY-MM-DD` in Los Angeles
    pub(crate) date: String,
    pub(crate) reach: u64,
    /// Unique accounts of the 7 days that end with this one.
    pub(crate) reach_week: u64,
    /// Unique accounts of the 28 days that end with this one.
    pub(crate) reach_days_28: u64,
    pub(crate) views: u64,
    pub(crate) accounts_engaged: u64,
    pub(crate) total_interactions: u64,
    pub(crate) likes: u64,
    pub(crate) comments: u64,
    pub(crate) shares: u64,
    pub(crate) saves: u64,
    pub(crate) replies: u64,
    pub(crate) reposts: u64,
    pub(crate) profile_views: u64,
    pub(crate) website_clicks: u64,
    pub(crate) profile_links_taps: u64,
    pub(crate) follows: u64,
    pub(crate) unfollows: u64,
    /// New followers of the day, which is what Meta's `follower_count` series says.
    pub(crate) follower_count: u64,
    /// All followers at the end of the day.
    pub(crate) followers: u64,
}

impl Day {
    /// A counted number by Meta's metric name.
    pub(crate) fn value(&self, metric: &str) -> Option<u64> {
        Some(match metric {
            "reach" => self.reach,
            "views" => self.views,
            "accounts_engaged" => self.accounts_engaged,
            "total_interactions" => self.total_interactions,
            "likes" => self.likes,
            "comments" => self.comments,
            "shares" => self.shares,
            "saves" => self.saves,
            "replies" => self.replies,
            "reposts" => self.reposts,
            "profile_views" => self.profile_views,
            "website_clicks" => self.website_clicks,
            "profile_links_taps" => self.profile_links_taps,
            "follows" => self.follows,
            "unfollows" => self.unfollows,
            "follower_count" => self.follower_count,
            "follows_and_unfollows" => self.follows + self.unfollows,
            _ => return None,
        })
    }
}

/// What insights of one account are computed from.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// In order, one for each Pacific day.
    pub(crate) days: Vec<(Date, Day)>,
    pub(crate) audience: Audience,
    pub(crate) rules: Rules,
}

impl Numbers {
    pub(crate) fn new(seed: &Seed) -> Self {
        let mut days: Vec<(Date, Day)> = seed
            .days
            .iter()
            .filter_map(|day| Some((day.date.parse().ok()?, day.clone())))
            .collect();
        days.sort_by_key(|(date, _)| *date);
        Self {
            days,
            audience: seed.audience.clone(),
            rules: seed.rules.clone(),
        }
    }

    pub(crate) fn day(&self, date: Date) -> Option<&Day> {
        let at = self
            .days
            .binary_search_by_key(&date, |(date, _)| *date)
            .ok()?;
        self.days.get(at).map(|(_, day)| day)
    }

    /// How much of a day is counted: insights come up to two days late.
    fn settled(&self, date: Date, value: u64, now_ms: i64) -> u64 {
        let whole_ms = self.rules.settles_after_hours.saturating_mul(3_600_000);
        let passed_ms = u64::try_from(now_ms - pacific::start_ms(date)).unwrap_or(0);
        if passed_ms >= whole_ms {
            return value;
        }
        let part = u128::from(value) * u128::from(passed_ms) / u128::from(whole_ms.max(1));
        u64::try_from(part).unwrap_or(value)
    }

    /// What insights say at `now_ms` of one day.
    pub(crate) fn counted(&self, date: Date, metric: &str, now_ms: i64) -> Option<u64> {
        let value = self.day(date)?.value(metric)?;
        Some(self.settled(date, value, now_ms))
    }

    /// Unique accounts of the `count` days that end with `last`. Those of 7 and 28 days stand in the file;
    /// while the last day is not settled they are computed like all others.
    pub(crate) fn reach_of(&self, last: Date, count: usize, now_ms: i64) -> Option<u64> {
        let day = self.day(last)?;
        let is_settled = self.settled(last, u64::MAX, now_ms) == u64::MAX;
        match count {
            7 if is_settled && day.reach_week > 0 => return Some(day.reach_week),
            28 if is_settled && day.reach_days_28 > 0 => return Some(day.reach_days_28),
            _ => {}
        }
        let count = i64::try_from(count).ok()?;
        let each: Vec<u64> = (0..count)
            .filter_map(|back| self.counted(pacific::plus(last, -back), "reach", now_ms))
            .collect();
        Some(self.rules.unique(&each))
    }
}

/// Who the people are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Audience {
    pub(crate) follower: Demographics,
    pub(crate) engaged: Frames,
    pub(crate) reached: Frames,
    /// Followers online by hour of the day, the same every day.
    pub(crate) online_followers: Counts,
}

/// Demographics of the last 7 and the last 30 days.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Frames {
    pub(crate) this_week: Demographics,
    pub(crate) this_month: Demographics,
}

/// Head counts of one group of people.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Demographics {
    pub(crate) age: Counts,
    pub(crate) gender: Counts,
    /// `18-24,F`: both at once.
    pub(crate) age_gender: Counts,
    pub(crate) country: Counts,
    pub(crate) city: Counts,
}

impl Demographics {
    /// How many people there are.
    pub(crate) fn people(&self) -> u64 {
        self.gender.values().sum()
    }
}

/// What cannot be added up is computed with these.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rules {
    /// `unique(n days) = max(largest day, sum of the days * unique_permille[n - 1] / 1000)`, rounded down.
    pub(crate) unique_permille: Vec<u64>,
    /// By breakdown, how a total splits: each part is `total * share / 1000` rounded down, the first
    /// part in the list gets the rest.
    pub(crate) splits: BTreeMap<String, Vec<(String, u64)>>,
    /// A day counts up to its final value while so many hours pass since its beginning.
    pub(crate) settles_after_hours: u64,
}

impl Default for Rules {
    fn default() -> Self {
        let split = |parts: &[(&str, u64)]| {
            parts
                .iter()
                .map(|(name, share)| ((*name).to_owned(), *share))
                .collect()
        };
        Self {
            unique_permille: UNIQUE_PERMILLE.to_vec(),
            splits: BTreeMap::from([
                (
                    "media_product_type".into(),
                    split(&[
                        ("REEL", 560),
                        ("POST", 190),
                        ("CAROUSEL_CONTAINER", 140),
                        ("STORY", 110),
                    ]),
                ),
                (
                    "follow_type".into(),
                    split(&[("NON_FOLLOWER", 610), ("FOLLOWER", 375), ("UNKNOWN", 15)]),
                ),
                (
                    "contact_button_type".into(),
                    split(&[
                        ("TEXT", 520),
                        ("DIRECTION", 210),
                        ("CALL", 160),
                        ("EMAIL", 90),
                        ("UNDEFINED", 20),
                    ]),
                ),
            ]),
            settles_after_hours: 72,
        }
    }
}

/// About `n` to the power of minus a quarter: people come back, so four weeks reach less than half of the sum.
const UNIQUE_PERMILLE: [u64; 31] = [
    1_000, 841, 760, 707, 669, 639, 615, 595, 577, 562, 549, 537, 527, 517, 508, 500, 492, 485,
    479, 473, 467, 462, 457, 452, 447, 443, 439, 435, 431, 427, 424,
];

impl Rules {
    /// Unique people of several days, of which each had `days`.
    pub(crate) fn unique(&self, days: &[u64]) -> u64 {
        let sum: u64 = days.iter().sum();
        let largest = days.iter().copied().max().unwrap_or(0);
        let share = days
            .len()
            .checked_sub(1)
            .and_then(|at| self.unique_permille.get(at).or(self.unique_permille.last()))
            .copied()
            .unwrap_or(1_000);
        largest.max(sum * share / 1_000)
    }

    /// A total cut into the parts of a breakdown; parts of nothing are left out, as Meta does.
    pub(crate) fn split(&self, breakdown: &str, total: u64) -> Vec<(String, u64)> {
        let Some(shares) = self.splits.get(breakdown) else {
            return Vec::new();
        };
        let mut parts: Vec<(String, u64)> = shares
            .iter()
            .map(|(name, share)| (name.clone(), total * share / 1_000))
            .collect();
        let rest: u64 = parts.iter().skip(1).map(|(_, part)| part).sum();
        if let Some((_, first)) = parts.first_mut() {
            *first = total - rest.min(total);
        }
        parts.retain(|(_, part)| *part > 0);
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_people_are_fewer_than_the_sum() {
        let rules = Rules::default();
        assert_eq!(rules.unique(&[100]), 100);
        assert_eq!(rules.unique(&[100; 7]), 430);
        assert_eq!(
            rules.unique(&[1_000, 1]),
            1_000,
            "never fewer than on one day"
        );
        assert_eq!(rules.unique(&[]), 0);
    }

    #[test]
    fn parts_make_the_whole() {
        let parts = Rules::default().split("follow_type", 101);
        assert_eq!(parts.iter().map(|(_, part)| part).sum::<u64>(), 101);
        assert_eq!(parts[0], ("NON_FOLLOWER".into(), 63));
    }
}
