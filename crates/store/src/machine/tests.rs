//! A hundred thousand random histories against the rules that must never break.

use proptest::prelude::*;

use super::*;

#[test]
fn states_survive_storage() {
    for state in PartState::ALL {
        assert_eq!(PartState::parse(state.as_str()), Some(state));
    }
    assert_eq!(PartState::parse("?"), None);
}

#[test]
fn every_pair_is_decided_as_the_protocol_says() {
    use PartState::*;
    let moves = [
        (Intent, Sent),
        (Intent, Unknown),
        (Intent, Planned),
        (Intent, Failed),
        (Unknown, Sent),
        (Unknown, Absent),
        (Unknown, Failed),
        (Absent, Sent),
        (Absent, Failed),
        (Failed, Sent),
        (Planned, Failed),
    ];
    for now in PartState::ALL {
        for known in PartState::ALL {
            let step = settle(now, known);
            assert_eq!(
                step == Step::Move(known),
                moves.contains(&(now, known)),
                "{now:?} + {known:?} = {step:?}"
            );
        }
    }
}

#[test]
fn back_off_grows_and_stops_growing() {
    assert_eq!(backoff_ms(1, 0.5), 2_000);
    assert_eq!(backoff_ms(2, 0.5), 8_000);
    assert_eq!(backoff_ms(3, 0.5), 32_000);
    assert_eq!(backoff_ms(99, 0.5), BACKOFF_CAP_MS);
    assert_eq!(backoff_ms(-5, 0.0), 1_600);
    assert_eq!(backoff_ms(1, 1.0), 2_400);
}

#[test]
fn waiting_and_handing_back_count_no_attempt_and_failing_does() {
    let wait = Finish::Wait {
        until_ms: 9,
        why: String::new(),
    };
    assert_eq!(
        finish(&wait, 1, 3, 5, 0.5),
        JobStep::Again {
            run_at_ms: 9,
            attempts: 0
        }
    );
    assert_eq!(
        finish(&Finish::HandBack, 3, 3, 5, 0.5),
        JobStep::Again {
            run_at_ms: 5,
            attempts: 2
        }
    );
    let retry = Finish::Retry {
        after_ms: Some(10),
        error: String::new(),
    };
    assert_eq!(
        finish(&retry, 2, 3, 5, 0.5),
        JobStep::Again {
            run_at_ms: 15,
            attempts: 2
        }
    );
    assert_eq!(finish(&retry, 3, 3, 5, 0.5), JobStep::Doom);
}

/// What can happen to a part, seen from the store.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// Somebody asks to send.
    Try,
    /// The try reached the other side (whatever we hear of it).
    Delivered,
    /// We learn something.
    Learn(PartState),
    /// The process dies and another one takes over: an open try is in doubt.
    Crash,
}

/// Draws histories from a seed: a hundred thousand of them must not take a minute.
struct Dice(u64);

impl Dice {
    /// SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    fn happening(&mut self) -> Happening {
        match self.roll(10) {
            0..3 => Happening::Try,
            3..5 => Happening::Delivered,
            5..9 => Happening::Learn(PartState::ALL[self.roll(6)]),
            _ => Happening::Crash,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The other side is honest about refusals and absence (`Planned`, `Absent` are only learnt
    /// when nothing was delivered): then nobody ever gets a part twice, whatever the order of
    /// tries, answers, echoes and crashes.
    #[test]
    fn no_history_delivers_twice(seed: u64) {
        let mut dice = Dice(seed);
        let mut state = PartState::Planned;
        let mut in_flight = false;
        let mut delivered = 0_u32;
        for _ in 0..dice.roll(24) {
            match dice.happening() {
                Happening::Try if state.may_try() => {
                    state = PartState::Intent;
                    in_flight = true;
                }
                Happening::Try => {}
                Happening::Delivered => {
                    if in_flight {
                        delivered += 1;
                        in_flight = false;
                    }
                }
                Happening::Learn(known) => {
                    let honest = match known {
                        PartState::Sent => delivered > 0,
                        PartState::Planned | PartState::Absent => delivered == 0,
                        _ => true,
                    };
                    if !honest { continue; }
                    let before = state;
                    if let Step::Move(next) = settle(state, known) {
                        prop_assert_eq!(next, known);
                        state = next;
                        // A refusal or a proof of absence means the request is dead on the wire.
                        if next.may_try() { in_flight = false; }
                    }
                    if before == PartState::Sent { prop_assert_eq!(state, PartState::Sent); }
                    if before == PartState::Unknown { prop_assert!(state != PartState::Planned); }
                }
                Happening::Crash => {
                    if state == PartState::Intent {
                        prop_assert_eq!(settle(state, PartState::Unknown), Step::Move(PartState::Unknown));
                        state = PartState::Unknown;
                    }
                }
            }
            prop_assert!(delivered <= 1);
            prop_assert!(!(state.is_open() && state.may_try()));
        }
    }

    /// Charged jobs never exceed the limit and a refund never goes below nothing, whatever the
    /// order of askings and endings.
    #[test]
    fn no_history_overspends(limit in 0_u32..8, seed: u64) {
        let mut dice = Dice(seed);
        let mut used = 0_u32;
        let mut running = 0_u32;
        for _ in 0..dice.roll(64) {
            if dice.roll(2) == 0 {
                if within_limit(used, limit) {
                    used += 1;
                    running += 1;
                }
            } else if running > 0 {
                running -= 1;
                used -= 1;
            }
            prop_assert!(used <= limit);
            prop_assert_eq!(used, running);
        }
    }
}
