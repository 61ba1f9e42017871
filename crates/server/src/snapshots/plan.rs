//! When what is read: pure, so that a year of days can be looked at in a test.

use std::collections::BTreeMap;

use graph_api::insights::Day;
use sha2::{Digest as _, Sha256};

pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Meta needs a while after midnight, and not every account should ask in the same minute.
const AFTER_MIDNIGHT_MS: i64 = 15 * MINUTE_MS;
const SPREAD_MS: i64 = 45 * MINUTE_MS;
/// Stories are looked for within the first minutes of each hour.
const STORY_SPREAD_MS: i64 = 10 * MINUTE_MS;

/// How long a story lives.
/// <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights> (read 2026-09-11)
pub(super) const STORY_MS: i64 = 24 * HOUR_MS;

/// Looks at a story, by its age in minutes: its last numbers are the ones to keep, so they come thick at the end.
const LOOKS: [i64; 9] = [60, 180, 360, 720, 1_080, 1_260, 1_380, 1_410, 1_428];

/// Something between nothing and `most`, always the same for the same words.
fn spread(words: &str, most: i64) -> i64 {
    let digest = Sha256::digest(words.as_bytes());
    let number = digest[..4]
        .iter()
        .fold(0_i64, |sum, byte| sum * 256 + i64::from(*byte));
    number % most.max(1)
}

/// When an account's day is read.
pub(super) fn reads_day_at(account: &str, day: Day) -> i64 {
    day.end_s() * 1000 + AFTER_MIDNIGHT_MS + spread(&format!("{account}:{day}"), SPREAD_MS)
}

/// The hour of this moment, and when within it stories are looked for.
pub(super) fn looks_for_stories_at(account: &str, now_ms: i64) -> (i64, i64) {
    let hour = now_ms.div_euclid(HOUR_MS);
    (hour, hour * HOUR_MS + spread(account, STORY_SPREAD_MS))
}

/// Which days' numbers are to be read: those never read, and those read before they were final. Newest first, since
/// old ones can be had tomorrow as well.
pub(super) fn due(
    last: Day,
    days_back: i64,
    read: &BTreeMap<String, i64>,
    began_ms: i64,
) -> Vec<Day> {
    (0..days_back)
        .map(|back| last.plus(-back))
        .filter(|day| match read.get(&day.to_string()) {
            // What this very job has read is done, however early that was.
            Some(read_at_ms) => *read_at_ms < began_ms && !day.is_settled(*read_at_ms),
            None => true,
        })
        .collect()
}

/// The look at a story that is due now, by its name, and when to come again; none: it has ended.
pub(super) fn look(published_at_ms: i64, now_ms: i64) -> Option<(String, i64)> {
    let age_ms = now_ms - published_at_ms;
    if age_ms >= STORY_MS {
        return None;
    }
    let done = LOOKS
        .iter()
        .filter(|look| **look * MINUTE_MS <= age_ms)
        .count();
    let name = match done.checked_sub(1).and_then(|last| LOOKS.get(last)) {
        Some(minutes) => format!("{minutes}m"),
        None => "found".to_owned(),
    };
    let next_ms = LOOKS
        .get(done)
        .map_or(STORY_MS, |minutes| minutes * MINUTE_MS);
    Some((name, published_at_ms + next_ms))
}

/// Whether an older reel's turn of the week is on this day.
pub(super) fn is_turn(media: &str, day: Day) -> bool {
    let weekday = day.start_s().div_euclid(86_400) % 7;
    spread(media, 7) == weekday
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_day_is_read_within_an_hour_after_its_end_and_not_all_at_once() {
        let end_ms = day("2026-11-21").end_s() * 1000;
        let times: Vec<i64> = (0..50)
            .map(|account| reads_day_at(&account.to_string(), day("2026-11-21")) - end_ms)
            .collect();
        assert!(
            times
                .iter()
                .all(|at| (AFTER_MIDNIGHT_MS..HOUR_MS).contains(at))
        );
        let different: std::collections::BTreeSet<&i64> = times.iter().collect();
        assert!(different.len() > 40);
    }

    #[test]
    fn a_day_is_read_until_its_numbers_are_final() {
        let last = day("2026-11-21");
        let mut read = BTreeMap::new();
        assert_eq!(due(last, 90, &read, 0).len(), 90);
        assert_eq!(due(last, 90, &read, 0)[0], last);
        // Four mornings in a row, as it happens: what was read less than 48 hours after its end is read again.
        for morning in 0..4 {
            let now_ms = reads_day_at("a", last.plus(morning));
            let due = due(last.plus(morning), 10, &read, now_ms);
            let newest: Vec<Day> = (0..3).map(|back| last.plus(morning - back)).collect();
            if morning == 0 {
                assert_eq!(due.len(), 10, "nothing was read before");
            } else {
                assert_eq!(due, newest);
            }
            for day in due {
                read.insert(day.to_string(), now_ms);
            }
        }
        // What a job has read itself is not due again in the same job.
        let began_ms = last.end_s() * 1000 + MINUTE_MS;
        let read = [(last.to_string(), began_ms)].into();
        assert_eq!(due(last, 1, &read, began_ms), []);
    }

    #[test]
    fn looks_at_a_story_come_thicker_towards_its_end() {
        let (mut at_ms, mut names) = (20 * MINUTE_MS, Vec::new());
        while let Some((name, next_ms)) = look(0, at_ms) {
            names.push(name);
            assert!(next_ms > at_ms);
            at_ms = next_ms;
        }
        assert_eq!(names[0], "found");
        assert_eq!(names.len(), 10);
        assert_eq!(names[9], "1428m");
        assert_eq!(at_ms, STORY_MS);
        assert_eq!(look(0, STORY_MS), None);
        assert_eq!(look(0, STORY_MS - 1), Some(("1428m".to_owned(), STORY_MS)));
    }

    #[test]
    fn every_old_reel_has_one_turn_a_week() {
        for media in ["1", "17900000000000001", "x"] {
            let turns = (0..7)
                .filter(|n| is_turn(media, day("2026-11-02").plus(*n)))
                .count();
            assert_eq!(turns, 1, "{media}");
        }
    }
}
