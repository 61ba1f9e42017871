//! The budget, with the clock moved by hand.

use super::door::{CLOSED_MS, TRIAL_MS};
use super::*;
use crate::error::classify;
use crate::id::AccountId;

const NOW: i64 = 1_767_225_600_000;

fn budget() -> (Budget<Memory>, AccountId) {
    (Budget::new(Memory::default()), AccountId::from("178"))
}

fn error(code: i64, subcode: Option<i64>, retry_after: Option<Duration>) -> GraphError {
    GraphError {
        code,
        subcode,
        kind: classify(code, subcode),
        message: String::new(),
        is_transient: true,
        fbtrace_id: None,
        status: 400,
        retry_after,
    }
}

#[track_caller]
fn check_rate(bucket: Bucket, permits: usize, period_ms: i64) {
    let (budget, account) = budget();
    let at_once =
        (0..permits + 5).filter(|_| budget.take(&account, bucket, Urgency::Now, NOW) == Permit::Go);
    assert_eq!(at_once.count(), permits, "at once");
    // Asking as often as one likes over ten periods gets ten periods' worth and the first burst.
    let mut got = 0;
    let mut now_ms = NOW;
    while now_ms <= NOW + 10 * period_ms {
        match budget.take(&account, bucket, Urgency::Now, now_ms) {
            Permit::Go => got += 1,
            Permit::Wait { until_ms } => {
                assert!(until_ms > now_ms);
                now_ms = until_ms;
            }
        }
    }
    assert!(
        (permits * 10 - 10..=permits * 10 + 1).contains(&got),
        "{got}"
    );
}

#[test]
fn fixed_rates_hold() {
    check_rate(Bucket::Text, 100, 1_000);
    check_rate(Bucket::Media, 10, 1_000);
    check_rate(Bucket::Conversations, 2, 1_000);
    check_rate(Bucket::PrivateReplies, 750, 3_600_000);
}

#[test]
fn accounts_and_buckets_do_not_share() {
    let (budget, account) = budget();
    let other = AccountId::from("179");
    for _ in 0..2 {
        assert_eq!(
            budget.take(&account, Bucket::Conversations, Urgency::Now, NOW),
            Permit::Go
        );
    }
    let spent = budget.take(&account, Bucket::Conversations, Urgency::Now, NOW);
    assert_eq!(
        spent,
        Permit::Wait {
            until_ms: NOW + 500
        }
    );
    assert_eq!(
        budget.take(&other, Bucket::Conversations, Urgency::Now, NOW),
        Permit::Go
    );
    assert_eq!(
        budget.take(&account, Bucket::Text, Urgency::Now, NOW),
        Permit::Go
    );
}

#[test]
fn regain_time_is_in_minutes_and_closes_what_belongs_together() {
    let (budget, account) = budget();
    let header = r#"{"178":[{"type":"messenger","call_count":100,
        "estimated_time_to_regain_access":7}]}"#;
    let usage = Usage::from_headers(None, Some(header)).unwrap();
    budget.learn(&account, Bucket::Text, &usage, NOW);
    let until_ms = NOW + 7 * 60_000;
    for bucket in [Bucket::Text, Bucket::Media, Bucket::Conversations] {
        let permit = budget.take(&account, bucket, Urgency::Now, NOW + 1);
        assert_eq!(permit, Permit::Wait { until_ms }, "{bucket:?}");
        assert_eq!(
            budget.take(&account, bucket, Urgency::Now, until_ms),
            Permit::Go
        );
    }
    assert_eq!(
        budget.take(&account, Bucket::Other, Urgency::Now, NOW + 1),
        Permit::Go
    );
    let other = AccountId::from("179");
    assert_eq!(
        budget.take(&other, Bucket::Text, Urgency::Now, NOW + 1),
        Permit::Go
    );
}

#[test]
fn the_last_fifth_is_for_those_who_wait() {
    let (budget, account) = budget();
    let usage = Usage::from_headers(Some(r#"{"call_count":81}"#), None).unwrap();
    budget.learn(&account, Bucket::Other, &usage, NOW);
    let patient = budget.take(&account, Bucket::Other, Urgency::CanWait, NOW + 1);
    assert_eq!(
        patient,
        Permit::Wait {
            until_ms: NOW + RESERVE_MS
        }
    );
    assert_eq!(
        budget.take(&account, Bucket::Text, Urgency::Now, NOW + 1),
        Permit::Go
    );
    let later = budget.take(&account, Bucket::Other, Urgency::CanWait, NOW + RESERVE_MS);
    assert_eq!(later, Permit::Go);
    let calm = Usage::from_headers(Some(r#"{"call_count":79}"#), None).unwrap();
    budget.learn(&account, Bucket::Other, &calm, NOW + RESERVE_MS);
    let still = budget.take(&account, Bucket::Other, Urgency::CanWait, NOW + RESERVE_MS);
    assert_eq!(still, Permit::Go);
}

#[test]
fn a_full_app_closes_every_account() {
    let (budget, account) = budget();
    let usage = Usage::from_headers(Some(r#"{"total_cputime":100}"#), None).unwrap();
    budget.learn(&account, Bucket::Text, &usage, NOW);
    let other = AccountId::from("179");
    let permit = budget.take(&other, Bucket::Media, Urgency::Now, NOW);
    assert_eq!(
        permit,
        Permit::Wait {
            until_ms: NOW + CLOSED_MS
        }
    );
}

#[test]
fn errors_close_doors_for_as_long_as_meta_says() {
    let (budget, account) = budget();
    let told = Some(Duration::from_mins(7));
    let closed = budget.learn_error(&account, Bucket::Other, &error(80_002, None, told), NOW);
    assert_eq!(closed, told);
    let permit = budget.take(&account, Bucket::Other, Urgency::Now, NOW);
    assert_eq!(
        permit,
        Permit::Wait {
            until_ms: NOW + 420_000
        }
    );
    assert_eq!(
        budget.take(&account, Bucket::Text, Urgency::Now, NOW),
        Permit::Go
    );

    let rate = error(613, Some(2_534_040), told);
    let closed = budget.learn_error(&account, Bucket::Text, &rate, NOW);
    assert_eq!(closed, Some(Duration::from_secs(2)));
    assert_eq!(
        budget.take(&account, Bucket::Media, Urgency::Now, NOW),
        Permit::Go
    );

    let app_limit = error(4, None, None);
    let closed = budget.learn_error(&account, Bucket::Media, &app_limit, NOW);
    assert_eq!(closed, Some(Duration::from_mins(5)));
    let other = AccountId::from("179");
    let permit = budget.take(&other, Bucket::Text, Urgency::Now, NOW);
    assert_eq!(
        permit,
        Permit::Wait {
            until_ms: NOW + CLOSED_MS
        }
    );

    // A shorter word later does not open a door that is closed for longer.
    let short = error(4, None, Some(Duration::from_secs(1)));
    budget.learn_error(&account, Bucket::Media, &short, NOW);
    let permit = budget.take(&other, Bucket::Text, Urgency::Now, NOW + 2_000);
    assert_eq!(
        permit,
        Permit::Wait {
            until_ms: NOW + CLOSED_MS
        }
    );
}

#[test]
fn other_errors_close_nothing() {
    let (budget, account) = budget();
    for (code, subcode) in [
        (10, Some(2_534_022)),
        (190, None),
        (2, None),
        (4, Some(2_207_051)),
    ] {
        let closed = budget.learn_error(&account, Bucket::Text, &error(code, subcode, None), NOW);
        assert_eq!(closed, None, "{code}");
    }
    assert_eq!(
        budget.take(&account, Bucket::Text, Urgency::Now, NOW),
        Permit::Go
    );
}

#[test]
fn a_guest_closes_no_door_but_its_own_and_is_stopped_by_none_of_ours() {
    let (budget, account) = budget();
    let (guest, other) = (Payer::Guest("a".into()), Payer::Guest("b".into()));
    let goes =
        |payer: &Payer, bucket| budget.take(payer, bucket, Urgency::CanWait, NOW) == Permit::Go;
    let ours = Payer::from(&account);
    let full = Usage {
        app: Some(Load {
            call_count: 100,
            ..Load::default()
        }),
        ..Usage::default()
    };
    budget.learn(&guest, Bucket::Other, &full, NOW);
    budget.learn_error(&guest, Bucket::Other, &error(4, None, None), NOW);
    budget.learn_error(&guest, Bucket::Text, &error(80_002, None, None), NOW);
    for bucket in Bucket::ALL {
        assert!(!goes(&guest, bucket), "{bucket:?}");
        assert!(goes(&other, bucket) && goes(&ours, bucket), "{bucket:?}");
    }
    budget.learn_error(&account, Bucket::Other, &error(4, None, None), NOW);
    assert!(!goes(&ours, Bucket::Other) && goes(&other, Bucket::Other));
    assert!(budget.opens_ms(&other, Bucket::Other, Urgency::Now) <= NOW);
}

#[test]
fn guests_without_number_leave_the_accounts_alone() {
    let (budget, account) = budget();
    budget.learn_error(&account, Bucket::Other, &error(80_002, None, None), NOW);
    for at in 0..2 * MOST_STATES {
        let guest = Payer::Guest(at.to_string());
        budget.take(&guest, Bucket::Other, Urgency::Now, NOW);
    }
    let states = budget.counters.0.lock().unwrap().len();
    assert!(states <= MOST_STATES, "{states}");
    assert!(budget.opens_ms(&account, Bucket::Other, Urgency::Now) > NOW);
}

#[test]
fn a_code_closes_what_is_counted_with_it_and_nothing_else() {
    let all = Bucket::ALL.map(Bucket::as_str).to_vec();
    let messaging = vec!["text", "media", "conversations", "private_replies"];
    for (code, subcode, asked, closed, whole_app) in [
        (4, None, Bucket::Other, &all, true),
        (341, None, Bucket::Text, &all, true),
        (613, Some(1996), Bucket::Other, &all, true),
        (613, None, Bucket::Text, &messaging, false),
        (613, None, Bucket::Other, &vec!["other"], false),
        (17, None, Bucket::Other, &all, false),
        (32, None, Bucket::Text, &all, false),
        (80_002, None, Bucket::Other, &vec!["other"], false),
        (80_002, None, Bucket::Text, &all, false),
        (80_006, None, Bucket::Text, &messaging, false),
    ] {
        let (budget, account) = budget();
        budget.learn_error(&account, asked, &error(code, subcode, None), NOW);
        let shut = |account: &AccountId| -> Vec<&str> {
            let opens = |bucket| budget.opens_ms(account, bucket, Urgency::Now);
            let shut = Bucket::ALL
                .into_iter()
                .filter(|bucket| opens(*bucket) > NOW);
            shut.map(Bucket::as_str).collect()
        };
        assert_eq!(&shut(&account), closed, "{code}/{subcode:?} of {asked:?}");
        assert_eq!(
            !shut(&AccountId::from("179")).is_empty(),
            whole_app,
            "{code}"
        );
    }
}

#[test]
fn a_headers_line_is_about_what_it_names() {
    let (budget, account) = budget();
    let header = r#"{"178":[{"type":"instagram","call_count":20},
        {"type":"messenger","call_count":100,"estimated_time_to_regain_access":19}]}"#;
    let usage = Usage::from_headers(None, Some(header)).unwrap();
    budget.learn(&account, Bucket::Other, &usage, NOW);
    let read = budget.take(&account, Bucket::Other, Urgency::CanWait, NOW);
    assert_eq!(read, Permit::Go);
    let until_ms = NOW + 19 * 60_000;
    let send = budget.take(&account, Bucket::Text, Urgency::Now, NOW);
    assert_eq!(send, Permit::Wait { until_ms });
}

#[test]
fn a_guess_that_was_too_short_doubles_and_one_call_tries_the_door() {
    let (budget, account) = budget();
    let take = |now_ms| budget.take(&account, Bucket::Text, Urgency::Now, now_ms);
    let mut now_ms = NOW;
    for minutes in [5, 10, 20, 40, 60, 60] {
        for _ in 0..3 {
            // Calls that were on their way together count once.
            budget.learn_error(&account, Bucket::Text, &error(4, None, None), now_ms);
        }
        let until_ms = now_ms + minutes * 60_000;
        assert_eq!(take(until_ms - 1), Permit::Wait { until_ms }, "{minutes}");
        now_ms = until_ms;
        assert_eq!(take(now_ms), Permit::Go);
        let until_ms = now_ms + TRIAL_MS;
        assert_eq!(take(now_ms), Permit::Wait { until_ms }, "one tries it");
    }
    budget.learn_open(&account, Bucket::Text, now_ms);
    assert_eq!([take(now_ms), take(now_ms)], [Permit::Go, Permit::Go]);
    budget.learn_error(&account, Bucket::Text, &error(4, None, None), now_ms);
    let until_ms = now_ms + CLOSED_MS;
    assert_eq!(take(now_ms), Permit::Wait { until_ms }, "from the start");
    // What was on its way when it closed proves nothing, and neither does a guest's call.
    budget.learn_open(&account, Bucket::Text, now_ms);
    budget.learn_open(Payer::Guest("a".into()), Bucket::Text, until_ms);
    for _ in 0..2 {
        let own = budget.take(&Payer::App, Bucket::Other, Urgency::Now, until_ms);
        assert_eq!(own, Permit::Go, "in the app's own name");
    }
    budget.learn_open(&Payer::App, Bucket::Other, until_ms);
    assert_eq!(take(until_ms), Permit::Go);
    assert_ne!(take(until_ms), Permit::Go);
}
