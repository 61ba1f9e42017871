//! How fast a bot may write. Telegram publishes advice, not figures that bind it
//! (<https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>, 2026-11):
//! one message a second in a chat with bursts, 20 a minute in a group, 30 a second in all.

use std::collections::VecDeque;

use super::error::BotError;
use crate::world::rate::Limits;

/// Sends of one chat that lie close enough to count.
#[derive(Debug, Clone, Default)]
pub(super) struct ChatPace {
    /// When a private chat's budget is whole again.
    whole_ms: i64,
    minute: VecDeque<i64>,
}

/// Sends of the last second, over all chats.
#[derive(Debug, Clone, Default)]
pub(super) struct BotPace(VecDeque<i64>);

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) is_private: bool,
    pub(super) count: u32,
    pub(super) now_ms: i64,
}

/// Counts messages, or says when to come again; what is refused does not count.
pub(super) fn spend(
    bot: &mut BotPace,
    chat: &mut ChatPace,
    asked: Asked,
    limits: &Limits,
) -> Result<(), BotError> {
    let Asked {
        is_private,
        count,
        now_ms,
    } = asked;
    if !limits.telegram_enforce {
        return Ok(());
    }
    let all = i64::from(limits.telegram_per_second);
    forget(&mut bot.0, now_ms - 1_000);
    if all > 0 && length(&bot.0) + i64::from(count) > all {
        return Err(BotError::flood(1));
    }
    if is_private {
        let per_second = i64::from(limits.telegram_per_chat_per_second);
        if per_second > 0 {
            let step_ms = 1_000 / per_second;
            let burst_ms = step_ms * i64::from(limits.telegram_burst.max(1));
            let whole_ms = chat.whole_ms.max(now_ms) + step_ms * i64::from(count);
            let over_ms = whole_ms - now_ms - burst_ms;
            if over_ms > 0 {
                return Err(BotError::flood(seconds(over_ms)));
            }
            chat.whole_ms = whole_ms;
        }
    } else {
        let per_minute = i64::from(limits.telegram_per_group_per_minute);
        forget(&mut chat.minute, now_ms - 60_000);
        if per_minute > 0 && length(&chat.minute) + i64::from(count) > per_minute {
            let oldest_ms = chat.minute.front().copied().unwrap_or(now_ms);
            return Err(BotError::flood(seconds(oldest_ms + 60_000 - now_ms)));
        }
        chat.minute.extend((0..count).map(|_| now_ms));
    }
    bot.0.extend((0..count).map(|_| now_ms));
    Ok(())
}

fn forget(times: &mut VecDeque<i64>, until_ms: i64) {
    while times.front().is_some_and(|at| *at <= until_ms) {
        times.pop_front();
    }
}

fn length(times: &VecDeque<i64>) -> i64 {
    i64::try_from(times.len()).unwrap_or(i64::MAX)
}

/// Whole seconds, rounded up, at least one.
fn seconds(ms: i64) -> i64 {
    (ms + 999).div_euclid(1_000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(is_private: bool, now_ms: i64) -> Asked {
        Asked {
            is_private,
            count: 1,
            now_ms,
        }
    }

    fn run(times: &[i64], private: bool) -> Vec<Option<i64>> {
        let (mut bot, mut chat) = (BotPace::default(), ChatPace::default());
        times
            .iter()
            .map(|at| {
                spend(&mut bot, &mut chat, asked(private, *at), &Limits::default())
                    .err()
                    .and_then(|error| error.body()["parameters"]["retry_after"].as_i64())
            })
            .collect()
    }

    #[test]
    fn a_private_chat_takes_a_burst_then_one_a_second() {
        let mut times = vec![0; 12];
        times.extend([1_000, 1_000]);
        let refused = run(&times, true);
        assert!(refused[..10].iter().all(Option::is_none), "{refused:?}");
        assert_eq!(refused[10..], [Some(1), Some(1), None, Some(1)]);
    }

    #[test]
    fn a_group_takes_twenty_a_minute() {
        let times: Vec<i64> = (0..21).map(|n| n * 100).collect();
        let refused = run(&times, false);
        assert!(refused[..20].iter().all(Option::is_none));
        assert_eq!(refused[20], Some(58));
        assert_eq!(run(&[0, 60_000], false), [None, None]);
    }

    #[test]
    fn switched_off_means_off() {
        let limits = Limits {
            telegram_enforce: false,
            ..Limits::default()
        };
        let (mut bot, mut chat) = (BotPace::default(), ChatPace::default());
        for _ in 0..1_000 {
            spend(&mut bot, &mut chat, asked(true, 0), &limits).unwrap();
        }
    }
}
