//! Recognisers invent words: subtitle credits over silence, the same sentence for ever, a paragraph in a second. What an
//! engine says passes through here before anybody reads it. Everything is judged by whole segments; a phrase that
//! somebody really says inside a sentence survives.

use unicode_normalization::UnicodeNormalization;

use crate::vad::{Hearing, Span};
use crate::{Heard, Segment, Verdict, is_invisible};

/// What an engine said, before anybody believes it. Times are those of the clip.
#[derive(Debug, Clone, Default)]
pub(super) struct Raw {
    pub(super) segments: Vec<RawSegment>,
    pub(super) language: Option<String>,
    pub(super) language_probability: Option<f32>,
    /// The engine itself said that something is missing, or it stopped half-way.
    pub(super) incomplete: bool,
}

/// One piece of it.
#[derive(Debug, Clone, Default)]
pub(super) struct RawSegment {
    /// Start and end, where the engine gives them.
    pub(super) time: Option<(u64, u64)>,
    pub(super) text: String,
    pub(super) avg_logprob: Option<f32>,
    pub(super) no_speech_prob: Option<f32>,
}

/// Above this ratio of plain to deflated size the text is a loop (the value that Whisper's authors chose:
/// `compression_ratio_threshold` in github.com/openai/whisper, read 2026-11-22).
const LOOP_RATIO: f32 = 2.4;
/// The same source: below this mean log probability a segment is a guess ...
const GUESS_LOGPROB: f32 = -1.0;
/// ... which counts only together with the model's own doubt that anybody spoke.
const NO_SPEECH: f32 = 0.6;
/// A segment that touches speech by less than a fifth was heard where nobody spoke.
const LEAST_OVERLAP: f32 = 0.2;
/// Nobody speaks faster than this for long; the fastest auctioneers stay below.
const CHARS_PER_SECOND: f32 = 25.0;
/// So many equal segments in a row are a loop.
const REPEATS: usize = 3;
/// Fewer words than this in ten seconds of speech: most of it was missed.
const WORDS_PER_TEN_SECONDS: f32 = 3.0;

/// Turns what an engine said into what we stand for.
pub(super) fn judge(raw: Raw, hearing: &Hearing, engine: &str) -> Heard {
    let said = raw
        .segments
        .iter()
        .filter(|s| !s.text.trim().is_empty())
        .count();
    let mut believed: Vec<RawSegment> = Vec::new();
    for mut segment in raw.segments {
        segment.text = tidy(&segment.text);
        if !segment.text.is_empty() && !invented(&segment, &hearing.spans) {
            believed.push(segment);
        }
    }
    let (kept, loops) = without_loops(&believed);
    let text = kept
        .iter()
        .map(|s| s.text.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    if text.is_empty() {
        let why = "the recogniser found no words".to_owned();
        return Heard::nothing(Verdict::NotHeard { why }, engine);
    }
    let sparse = words_per_ten_seconds(&text, hearing.speech_ms) < WORDS_PER_TEN_SECONDS;
    let foreign = raw.language_probability.is_some_and(|p| p < 0.5);
    let guessed = kept
        .iter()
        .filter(|s| s.avg_logprob.is_some_and(|l| l < GUESS_LOGPROB))
        .count();
    let low_confidence = raw.incomplete
        || loops
        || sparse
        || foreign
        || (said - kept.len().min(said)) * 3 > said
        || guessed * 2 > kept.len();
    let end_ms = hearing.total_ms;
    let segments = kept
        .into_iter()
        .map(|s| {
            let (start_ms, end_ms) = s.time.unwrap_or((0, end_ms));
            Segment {
                start_ms,
                end_ms,
                text: s.text,
            }
        })
        .collect();
    Heard {
        verdict: Verdict::Speech,
        text,
        segments,
        language: raw.language,
        low_confidence,
        engine: engine.to_owned(),
    }
}

/// The segments with each loop cut down to one copy, and whether there was one.
fn without_loops(believed: &[RawSegment]) -> (Vec<RawSegment>, bool) {
    let mut loops = false;
    let mut kept: Vec<RawSegment> = Vec::new();
    for equal in believed.chunk_by(|a, b| normal(&a.text) == normal(&b.text)) {
        if equal.len() >= REPEATS {
            // One copy stays: something was said there.
            kept.extend_from_slice(&equal[..1]);
            loops = true;
        } else {
            kept.extend_from_slice(equal);
        }
    }
    (kept, loops)
}

fn invented(segment: &RawSegment, spans: &[Span]) -> bool {
    let text = &segment.text;
    if is_known_invention(text) || loop_ratio(text) > LOOP_RATIO {
        return true;
    }
    if let (Some(logprob), Some(no_speech)) = (segment.avg_logprob, segment.no_speech_prob)
        && logprob < GUESS_LOGPROB
        && no_speech > NO_SPEECH
    {
        return true;
    }
    let Some((start_ms, end_ms)) = segment.time else {
        return false;
    };
    let length_ms = end_ms.saturating_sub(start_ms);
    let touched: u64 = spans
        .iter()
        .map(|span| span.overlap_ms(start_ms, end_ms))
        .sum();
    if share(touched, length_ms) < LEAST_OVERLAP {
        return true;
    }
    // Very short texts may well end before their time stamps do.
    let chars = text.chars().count();
    chars > 20 && share(chars as u64 * 1000, length_ms) > CHARS_PER_SECOND
}

#[allow(clippy::cast_precision_loss)] // milliseconds and characters of one clip
fn share(part: u64, whole: u64) -> f32 {
    part as f32 / whole.max(1) as f32
}

#[allow(clippy::cast_precision_loss)] // words and milliseconds of one clip
fn words_per_ten_seconds(text: &str, speech_ms: u64) -> f32 {
    text.split_whitespace().count() as f32 * 10_000.0 / speech_ms.max(1) as f32
}

/// Plain size through deflated size.
fn loop_ratio(text: &str) -> f32 {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 6);
    share(text.len() as u64, packed.len() as u64)
}

/// Collapses white space and drops what cannot be spoken: control, zero-width and direction characters, and the notes
/// in brackets ("[Music]") by which engines say that they heard no words.
fn tidy(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    let mut out = String::new();
    let mut depth = 0_u32;
    for c in visible.chars() {
        match c {
            '[' | '♪' if depth == 0 => depth = u32::from(c == '['),
            ']' if depth > 0 => depth = 0,
            '♪' | '♫' | '♬' => {}
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    // A bracket that never closes is text after all.
    let out = if depth > 0 { visible } else { out };
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lower case, without accents, only letters and digits.
fn normal(text: &str) -> String {
    let letters: String = text
        .nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    letters
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether the whole text is one of the phrases that recognisers learnt from subtitle files and say over silence.
fn is_known_invention(text: &str) -> bool {
    let text = normal(text);
    text.is_empty() || INVENTIONS.iter().any(|phrase| normal(phrase) == text)
}

/// Whole phrases, compared in the form that [`normal`] gives them. Seen in reports about Whisper (see docs/speech.md).
const INVENTIONS: &[&str] = &[
    // Portuguese
    "legendas pela comunidade amara org",
    "legendas pela comunidade das amara org",
    "legendado por comunidade amara org",
    "obrigado por assistir",
    "obrigada por assistir",
    "obrigado por assistirem",
    "inscreva se no canal",
    "se inscreva no canal",
    "e ai",
    "a a",
    // English
    "thanks for watching",
    "thank you for watching",
    "thank you so much for watching",
    "subtitles by the amara org community",
    "please subscribe to my channel",
    "please subscribe",
    "dont forget to like and subscribe",
    "don t forget to like and subscribe",
    "transcription by castingwords",
    "transcribed by https otter ai",
    "you",
    "bye",
    "music",
    "applause",
    // Spanish
    "subtitulos realizados por la comunidad de amara org",
    "subtitulos por la comunidad de amara org",
    "subtitulos creados por la comunidad de amara org",
    "gracias por ver el video",
    "gracias por ver",
    "suscribete al canal",
    "suscribete",
    // Dutch, German, French, Italian
    "ondertitels ingediend door de amara org gemeenschap",
    "ondertiteld door de amara org gemeenschap",
    "untertitel der amara org community",
    "untertitelung aufgrund der amara org community",
    "untertitel im auftrag des zdf fur funk 2017",
    "sous titres realises para la communaute d amara org",
    "sous titres realises par la communaute d amara org",
    "sous titrage st 501",
    "sous titrage societe radio canada",
    "sottotitoli creati dalla comunita amara org",
    "sottotitoli e revisione a cura di qtss",
    // Indonesian, Turkish, Russian
    "terima kasih telah menonton",
    "terima kasih sudah menonton",
    "izlediginiz icin tesekkur ederim",
    "altyazi m k",
    "субтитры сделал dimatorzok",
    "продолжение следует",
    "спасибо за просмотр",
    // Japanese and Chinese
    "ご視聴ありがとうございました",
    "請不吝點贊訂閱轉發打賞支持明鏡與點點欄目",
    "字幕由amara org社区提供",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vad::Sound;

    fn hearing(spans: &[(u64, u64)]) -> Hearing {
        Hearing {
            sound: Sound::Speech,
            spans: spans
                .iter()
                .map(|(a, b)| Span {
                    start_ms: *a,
                    end_ms: *b,
                })
                .collect(),
            speech_ms: spans.iter().map(|(a, b)| b - a).sum(),
            total_ms: 60_000,
            peak_db: -3.0,
        }
    }

    fn at(start: u64, end: u64, text: &str) -> RawSegment {
        RawSegment {
            time: Some((start, end)),
            text: text.into(),
            ..RawSegment::default()
        }
    }

    fn said(segments: Vec<RawSegment>) -> Heard {
        let raw = Raw {
            segments,
            ..Raw::default()
        };
        judge(raw, &hearing(&[(0, 12_000)]), "test")
    }

    #[test]
    fn credits_are_dropped_only_as_whole_segments() {
        for text in [
            "Legendas pela comunidade Amara.org",
            " Thanks for watching! ",
            "Subtítulos realizados por la comunidad de Amara.org",
            "Terima kasih telah menonton!",
            "♪ ♪",
            "[Música]",
            "Продолжение следует...",
        ] {
            let heard = said(vec![at(0, 4_000, text)]);
            assert!(
                matches!(heard.verdict, Verdict::NotHeard { .. }),
                "{text}: {heard:?}"
            );
            assert!(heard.text.is_empty());
        }
        let real = "Então é isso, obrigado por assistir até aqui e até a próxima.";
        assert_eq!(said(vec![at(0, 5_000, real)]).text, real);
    }

    #[test]
    fn loops_of_segments_and_inside_a_segment_go() {
        let heard = said(vec![
            at(0, 2_000, "Hoje a gente vai falar de café."),
            at(2_000, 4_000, "O grão é verde."),
            at(4_000, 6_000, "O grão é verde."),
            at(6_000, 8_000, "o grão é verde"),
            at(8_000, 10_000, "O grão é verde!"),
        ]);
        assert_eq!(
            heard.text,
            "Hoje a gente vai falar de café. O grão é verde."
        );
        assert!(heard.low_confidence);
        let looped = "and then we go and then we go ".repeat(12);
        assert!(said(vec![at(0, 12_000, &looped)]).text.is_empty());
        let twice = said(vec![
            at(0, 2_000, "Vai com calma."),
            at(2_000, 4_000, "Vai com calma."),
        ]);
        assert_eq!(
            twice.text, "Vai com calma. Vai com calma.",
            "twice is how people speak"
        );
    }

    #[test]
    fn words_where_nobody_spoke_or_nobody_could_speak_so_fast_go() {
        let heard = said(vec![
            at(0, 4_000, "Isto foi dito de verdade aqui."),
            at(40_000, 44_000, "Isto foi ouvido onde só havia música."),
            at(
                5_000,
                5_400,
                "Ninguém consegue falar uma frase deste tamanho em tão pouco tempo.",
            ),
        ]);
        assert_eq!(heard.text, "Isto foi dito de verdade aqui.");
        assert!(heard.low_confidence, "two of three were invented");
    }

    #[test]
    fn doubt_of_the_model_counts_only_with_its_no_speech() {
        let mut segment = at(0, 4_000, "Talvez tenha sido isto mesmo aqui.");
        segment.avg_logprob = Some(-1.4);
        segment.no_speech_prob = Some(0.2);
        let heard = said(vec![segment.clone()]);
        assert!(heard.low_confidence && !heard.text.is_empty());
        segment.no_speech_prob = Some(0.9);
        assert!(said(vec![segment]).text.is_empty());
    }

    #[test]
    fn sparse_foreign_or_cut_off_words_are_labelled() {
        assert!(said(vec![at(0, 12_000, "só isso")]).low_confidence);
        let plenty = at(
            0,
            12_000,
            "uma frase com palavras suficientes para doze segundos de fala",
        );
        assert!(!said(vec![plenty.clone()]).low_confidence);
        let raw = Raw {
            segments: vec![plenty.clone()],
            language_probability: Some(0.3),
            ..Raw::default()
        };
        assert!(judge(raw, &hearing(&[(0, 12_000)]), "test").low_confidence);
        let raw = Raw {
            segments: vec![plenty],
            incomplete: true,
            ..Raw::default()
        };
        assert!(judge(raw, &hearing(&[(0, 12_000)]), "test").low_confidence);
    }

    #[test]
    fn invisible_characters_do_not_pass() {
        assert_eq!(
            tidy("olá\u{202e} mun\u{200b}do\n[riso] tudo\u{0007} bem"),
            "olá mundo tudo bem"
        );
        assert_eq!(tidy("um [colchete aberto"), "um [colchete aberto");
    }
}
