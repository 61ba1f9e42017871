//! Tables for recognising our own messages and for the reading schedule.

use super::*;
use crate::channel::{FileKind, Frame, Look};

fn ours(mid: &str, at_ms: i64, text: &str) -> Lying {
    Lying {
        mid: mid.into(),
        at_ms,
        ours: true,
        text: Some(text.into()),
        files: vec![],
    }
}

fn text(words: &str) -> Content {
    Content::text(words)
}

fn check_find(
    thread: &[Lying],
    content: &Content,
    cursor: Option<&str>,
    taken: &[&str],
    expected: Option<&str>,
) {
    let taken: Vec<String> = taken.iter().map(|&mid| mid.into()).collect();
    let tried = Try {
        content,
        intent_at_ms: 100_000,
        cursor,
        taken: &taken,
    };
    assert_eq!(find(thread, &tried).map(|m| m.mid.as_str()), expected);
}

#[test]
fn the_same_words_newer_than_the_cursor_are_ours() {
    let thread = [
        ours("c", 100_000, "resumo  a\nb"),
        ours("b", 99_000, "x"),
        ours("a", 1, "resumo a b"),
    ];
    check_find(&thread, &text("resumo a b"), Some("b"), &[], Some("c"));
    check_find(&thread, &text("resumo a b"), Some("b"), &["c"], None);
    check_find(&thread, &text("resumo a"), Some("b"), &[], None);
    // Cursor unknown: old words do not count, even when they are equal.
    check_find(&thread, &text("resumo a b"), Some("gone"), &["c"], None);
    check_find(&thread, &text("resumo a b"), None, &[], Some("c"));
    check_find(&thread, &text("resumo a b"), Some("c"), &[], None);
}

#[test]
fn a_person_repeating_our_words_is_not_us() {
    let mut theirs = ours("m", 100_000, "oi");
    theirs.ours = false;
    check_find(&[theirs], &text("oi"), None, &[], None);
}

#[test]
fn files_are_known_by_kind_and_number() {
    let lying = |files: &[&str]| Lying {
        mid: "m".into(),
        at_ms: 100_000,
        ours: true,
        text: None,
        files: files.iter().map(|&f| f.into()).collect(),
    };
    let video = Content::File {
        file: FileKind::Video,
        attachment: Handed::Known("1".into()),
        caption: None,
        look: Look::default(),
        frame: Frame::default(),
    };
    let two = Content::Pictures {
        attachments: vec![Handed::Known("1".into()), Handed::Known("2".into())],
        frame: Frame::default(),
    };
    check_find(&[lying(&["video"])], &video, None, &[], Some("m"));
    check_find(&[lying(&["image"])], &video, None, &[], None);
    check_find(&[lying(&["image", "image"])], &two, None, &[], Some("m"));
    check_find(&[lying(&["image"])], &two, None, &[], None);
}

#[test]
fn two_readings_after_the_settle_time_prove_absence() {
    let settings = SendSettings::default();
    let mut readings = Readings::default();
    let mut now = 0;
    let mut moments = vec![];
    loop {
        match readings.next(0, now, settings) {
            Next::WaitUntil(at) => now = at,
            Next::Read => {
                moments.push(now / 1000);
                readings.absent_at(0, now, settings);
            }
            Next::Absent => break,
            Next::GiveUp => panic!("absence was provable"),
        }
    }
    assert_eq!(moments, [2, 5, 15, 45, 90, 125, 150]);
}

#[test]
fn a_thread_that_cannot_be_read_is_given_up_and_never_called_absent() {
    let settings = SendSettings::default();
    let mut readings = Readings::default();
    let mut now = 0;
    loop {
        match readings.next(0, now, settings) {
            Next::WaitUntil(at) => now = at,
            Next::Read => readings.failed(),
            Next::Absent => panic!("nothing was proven"),
            Next::GiveUp => break,
        }
    }
    assert!((900_000..1_000_000).contains(&now), "{now}");
}

#[test]
fn a_failed_reading_takes_the_proof_back() {
    let settings = SendSettings::default();
    let mut readings = Readings {
        asked: 5,
        absent: 0,
    };
    readings.absent_at(0, 125_000, settings);
    readings.failed();
    readings.absent_at(0, 210_000, settings);
    assert_ne!(readings.next(0, 270_000, settings), Next::Absent);
    readings.absent_at(0, 270_000, settings);
    assert_eq!(readings.next(0, 270_000, settings), Next::Absent);
}

#[test]
fn the_schedule_scales_with_the_settle_time() {
    let settings = SendSettings {
        settle_seconds: 3,
        give_up_seconds: 900,
    };
    assert_eq!(
        Readings::default().next(0, 0, settings),
        Next::WaitUntil(50)
    );
    let last = Readings {
        asked: 6,
        absent: 1,
    };
    assert_eq!(last.next(0, 3_125, settings), Next::WaitUntil(3_750));
}
