//! Subtitles that came along spare us listening. WebVTT and SubRip, read leniently: times where there are some, markup
//! and speaker tags dropped, and the rolling repeats of automatic captions folded.

use crate::Segment;

/// Reads a subtitle file.
pub(super) fn parse(file: &str) -> Vec<Segment> {
    let file = file
        .trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let mut segments: Vec<Segment> = Vec::new();
    for block in file.split("\n\n") {
        let mut lines = block.lines().skip_while(|line| !line.contains("-->"));
        let Some((start_ms, end_ms)) = lines.next().and_then(times) else {
            continue;
        };
        for line in lines {
            let text = plain(line);
            // Automatic captions repeat the line before while the next one is being spoken.
            if text.is_empty() || segments.iter().rev().take(2).any(|s| s.text == text) {
                continue;
            }
            segments.push(Segment {
                start_ms,
                end_ms,
                text,
            });
        }
    }
    segments
}

fn times(line: &str) -> Option<(u64, u64)> {
    let (start, rest) = line.split_once("-->")?;
    Some((time(start)?, time(rest.split_whitespace().next()?)?))
}

/// `01:02:03.456`, `02:03.456` or with a comma.
fn time(text: &str) -> Option<u64> {
    let (clock, ms) = text.trim().split_once(['.', ','])?;
    let mut seconds = 0_u64;
    for part in clock.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    let ms: u64 = ms.get(..3)?.parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(ms)
}

fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_u32;
    for c in line.chars() {
        match c {
            '<' | '{' => depth += 1,
            '>' | '}' if depth > 0 => depth -= 1,
            _ if depth == 0 && !c.is_control() => out.push(c),
            _ => {}
        }
    }
    for (entity, character) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        out = out.replace(entity, character);
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let vtt = "WEBVTT\nKind: captions\n\n00:00.500 --> 00:02.000 align:start\n<c.yellow>Olá</c> &amp; bem-vindo\n\n2\n01:00:00.000 --> 01:00:01.000\nfim\n";
        let srt = "\u{feff}1\r\n00:00:00,500 --> 00:00:02,000\r\n{\\an8}Olá & bem-vindo\r\n\r\n2\r\n01:00:00,000 --> 01:00:01,000\r\nfim\r\n";
        for file in [vtt, srt] {
            let segments = parse(file);
            assert_eq!(segments.len(), 2, "{segments:?}");
            assert_eq!(
                segments[0],
                Segment {
                    start_ms: 500,
                    end_ms: 2000,
                    text: "Olá & bem-vindo".into()
                }
            );
            assert_eq!(segments[1].start_ms, 3_600_000);
        }
    }

    #[test]
    fn rolling_captions_are_folded_and_nonsense_is_no_text() {
        let rolling = "WEBVTT\n\n00:00.000 --> 00:01.000\none two\n\n00:01.000 --> 00:02.000\none two\nthree four\n\n00:02.000 --> 00:03.000\nthree four\nfive\n";
        let texts: Vec<String> = parse(rolling).into_iter().map(|s| s.text).collect();
        assert_eq!(texts, ["one two", "three four", "five"]);
        assert!(parse("<html>no</html>").is_empty());
        assert!(parse("99999999999999999999:00.000 --> x\nhi").is_empty());
    }
}
