//! Times, places and transcripts as people read them. Pure, so that a table can test it.

use jiff::civil::Date;
use media::{Language, Segment};

use crate::texts::{Arg, Text, say};

/// What is read at a glance under a moving picture, in characters: the subtitlers' custom.
const LINE: usize = 42;
/// Lines that stand there at once.
const LINES: usize = 2;

/// A moment in a video: `0:42`, `1:02:03`.
pub fn moment(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// The transcript as subtitles, in SubRip's form; empty when nothing was said.
pub fn srt(segments: &[Segment]) -> String {
    let cues: Vec<Cue> = segments.iter().flat_map(cues).collect();
    let blocks: Vec<String> = (1..)
        .zip(&cues)
        .map(|(n, cue): (usize, &Cue)| {
            let (from, to) = (stamp(cue.start_ms), stamp(cue.end_ms));
            format!("{n}\n{from} --> {to}\n{}\n", cue.lines.join("\n"))
        })
        .collect();
    blocks.join("\n")
}

/// The transcript to read, each piece with its moment; empty when nothing was said.
pub fn txt(segments: &[Segment]) -> String {
    segments
        .iter()
        .map(|segment| (segment.start_ms, one_line(&segment.text)))
        .filter(|(_, text)| !text.is_empty())
        .fold(String::new(), |all, (start_ms, text)| {
            all + "[" + &moment(start_ms) + "] " + &text + "\n"
        })
}

/// A place in a row: `3º`, `3rd`, `3.º`.
pub fn ordinal(language: Language, n: u64) -> String {
    match language {
        Language::PtBr => format!("{n}º"),
        Language::Es => format!("{n}.º"),
        Language::En => {
            let ending = match (n % 10, n % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            };
            format!("{n}{ending}")
        }
    }
}

/// "uns 40 segundos", "about 3 minutes": rounded up, so that nobody waits longer than was said.
pub fn about(language: Language, ms: u64) -> String {
    let seconds = ms.div_ceil(10_000).max(1) * 10;
    let minutes = ms.div_ceil(60_000);
    let (text, n) = if seconds < 60 {
        (Text::AboutSeconds, seconds)
    } else if minutes <= 60 {
        (Text::AboutMinutes, minutes)
    } else {
        (Text::WaitHours, minutes.div_ceil(60))
    };
    say(language, text, &[("n", count(n))])
}

/// "Você é o 3º da fila, uns 40 segundos.", or without the time when it is not known.
pub fn queued(language: Language, place: u64, wait_ms: Option<u64>) -> String {
    let n = ("n", count(place));
    let place = ("place", Arg::Words(ordinal(language, place).into()));
    match wait_ms {
        Some(ms) => {
            let wait = ("wait", Arg::Words(about(language, ms).into()));
            say(language, Text::Queued, &[n, place, wait])
        }
        None => say(language, Text::QueuedNoTime, &[n, place]),
    }
}

/// A day of the year: "3 de nov", "Nov 3", "3 nov".
pub fn date(language: Language, date: Date) -> String {
    let names = match language {
        Language::PtBr => "jan fev mar abr mai jun jul ago set out nov dez",
        Language::En => "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        Language::Es => "ene feb mar abr may jun jul ago sep oct nov dic",
    };
    let month = usize::try_from(date.month()).unwrap_or(1);
    let month = names.split(' ').nth(month - 1).unwrap_or_default();
    let day = date.day();
    match language {
        Language::PtBr => format!("{day} de {month}"),
        Language::En => format!("{month} {day}"),
        Language::Es => format!("{day} {month}"),
    }
}

fn count(n: u64) -> Arg<'static> {
    Arg::Number(i64::try_from(n).unwrap_or(i64::MAX))
}

/// What stands under the picture at one time.
struct Cue {
    start_ms: u64,
    end_ms: u64,
    lines: Vec<String>,
}

/// A long segment becomes several cues, each with the share of the time that its letters have.
fn cues(segment: &Segment) -> Vec<Cue> {
    let lines = wrap(&one_line(&segment.text));
    let letters = |lines: &[String]| -> u64 {
        let all: usize = lines.iter().map(|line| line.chars().count()).sum();
        u64::try_from(all).unwrap_or(u64::MAX)
    };
    let whole = letters(&lines).max(1);
    let length_ms = segment.end_ms.saturating_sub(segment.start_ms);
    let mut said = 0;
    let mut start_ms = segment.start_ms;
    lines
        .chunks(LINES)
        .map(|lines| {
            said += letters(lines);
            let until = segment.start_ms + length_ms.saturating_mul(said) / whole;
            let end_ms = until.max(start_ms + 1);
            let cue = Cue {
                start_ms,
                end_ms,
                lines: lines.to_vec(),
            };
            start_ms = end_ms;
            cue
        })
        .collect()
}

/// Words in lines of at most [`LINE`] characters; a word that is longer is cut.
fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut width = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let letters: Vec<char> = word.chars().collect();
        for piece in letters.chunks(LINE) {
            match lines.last_mut() {
                Some(line) if width + 1 + piece.len() <= LINE => {
                    line.push(' ');
                    line.extend(piece);
                    width += 1 + piece.len();
                }
                _ => {
                    lines.push(piece.iter().collect());
                    width = piece.len();
                }
            }
        }
    }
    lines
}

/// `00:01:02,345`
fn stamp(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02},{:03}",
        seconds % 60,
        ms % 1000
    )
}

/// Without breaks and invisible signs, and without the arrow that means time in subtitles.
fn one_line(text: &str) -> String {
    let seen: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !media::is_invisible(*c))
        .collect();
    let words: Vec<&str> = seen.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").replace("-->", "→")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Es, PtBr};

    fn said(start_ms: u64, end_ms: u64, text: &str) -> Segment {
        Segment {
            start_ms,
            end_ms,
            text: text.into(),
        }
    }

    #[test]
    fn moments_are_short() {
        for (ms, expected) in [
            (0, "0:00"),
            (999, "0:00"),
            (42_000, "0:42"),
            (60_000, "1:00"),
            (754_321, "12:34"),
            (3_599_999, "59:59"),
            (3_723_000, "1:02:03"),
        ] {
            assert_eq!(moment(ms), expected);
        }
    }

    #[test]
    fn subtitles_are_numbered_and_timed() {
        let segments = [
            said(0, 1_500, "Olá, pessoal."),
            said(1_500, 1_600, "  "),
            said(3_661_042, 3_662_000, "Fim\ndo vídeo --> já"),
        ];
        assert_eq!(
            srt(&segments),
            "1\n00:00:00,000 --> 00:00:01,500\nOlá, pessoal.\n\n\
             2\n01:01:01,042 --> 01:01:02,000\nFim do vídeo → já\n"
        );
        assert_eq!(srt(&[]), "");
    }

    #[test]
    fn long_speech_is_shown_two_lines_at_a_time() {
        let text = "palavra ".repeat(30);
        let all = srt(&[said(10_000, 22_000, &text)]);
        let blocks: Vec<Vec<&str>> = all
            .trim_end()
            .split("\n\n")
            .map(|block| block.lines().collect())
            .collect();
        assert_eq!(blocks.len(), 3, "{all}");
        let mut words = 0;
        let mut before = "00:00:10,000".to_owned();
        for (n, block) in (1..).zip(&blocks) {
            assert_eq!(block[0], format!("{n}"));
            let (from, to) = block[1].split_once(" --> ").expect("two times");
            assert_eq!(from, before, "no gap inside a segment");
            assert!(to > from);
            before = to.to_owned();
            assert!(block.len() <= 4, "{block:?}");
            for line in &block[2..] {
                assert!(line.chars().count() <= 42, "{line}");
                words += line.split(' ').count();
            }
        }
        assert_eq!((words, before.as_str()), (30, "00:00:22,000"));
    }

    #[test]
    fn a_time_that_stands_still_still_makes_a_subtitle() {
        let all = srt(&[
            said(5_000, 5_000, "já"),
            said(7_000, 6_000, &"日".repeat(100)),
        ]);
        assert!(all.contains("00:00:05,000 --> 00:00:05,001\njá"), "{all}");
        assert!(all.contains("00:00:07,000 --> 00:00:07,001\n"), "{all}");
        assert!(all.contains(&format!("\n{}\n", "日".repeat(16))), "{all}");
    }

    #[test]
    fn the_text_has_its_moments() {
        let segments = [
            said(0, 900, " Olá. "),
            said(900, 950, "\u{200b}"),
            said(61_000, 62_000, "Fim."),
        ];
        assert_eq!(txt(&segments), "[0:00] Olá.\n[1:01] Fim.\n");
        assert_eq!(txt(&[]), "");
    }

    #[test]
    fn places_in_a_row() {
        for (n, expected) in [
            (1, "1st"),
            (2, "2nd"),
            (3, "3rd"),
            (4, "4th"),
            (11, "11th"),
            (12, "12th"),
            (13, "13th"),
            (21, "21st"),
            (111, "111th"),
            (122, "122nd"),
        ] {
            assert_eq!(ordinal(En, n), expected);
        }
        assert_eq!(
            (ordinal(PtBr, 3), ordinal(Es, 3)),
            ("3º".into(), "3.º".into())
        );
    }

    #[test]
    fn waits_are_rounded_up() {
        for (ms, expected) in [
            (0, "uns 10 segundos"),
            (31_000, "uns 40 segundos"),
            (50_001, "cerca de 1 minuto"),
            (60_001, "uns 2 minutos"),
            (3_600_000, "uns 60 minutos"),
            (3_600_001, "cerca de 2 horas"),
        ] {
            assert_eq!(about(PtBr, ms), expected);
        }
    }

    #[test]
    fn the_queue_speaks_as_agreed() {
        assert_eq!(
            queued(PtBr, 3, Some(38_000)),
            "Você é o 3º da fila, uns 40 segundos."
        );
        assert_eq!(
            queued(En, 3, Some(38_000)),
            "You are 3rd in line, about 40 seconds."
        );
        assert_eq!(
            queued(Es, 2, Some(120_000)),
            "Eres el 2.º de la fila, unos 2 minutos."
        );
        assert_eq!(queued(PtBr, 1, None), "Você é o próximo da fila.");
        assert_eq!(queued(En, 12, None), "You are 12th in line.");
        assert_eq!(
            queued(Es, 1, Some(1)),
            "Eres el siguiente de la fila, unos 10 segundos."
        );
    }

    #[test]
    fn days_are_named_as_people_write_them() {
        let day = jiff::civil::date(2026, 11, 3);
        assert_eq!(date(PtBr, day), "3 de nov");
        assert_eq!(date(En, day), "Nov 3");
        assert_eq!(date(Es, day), "3 nov");
        assert_eq!(date(PtBr, jiff::civil::date(2026, 1, 31)), "31 de jan");
    }
}
