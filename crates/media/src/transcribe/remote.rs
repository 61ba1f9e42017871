//! The OpenAI-compatible speech endpoint: `POST <base>/audio/transcriptions`. Servers differ in all that the common name
//! promises (facts and versions in docs/speech.md), so the request becomes plainer when it is refused, and the answer
//! is read with an open mind: JSON with or without segments, bare text, times in seconds, milliseconds or nanoseconds.

use std::path::Path;
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::audio::{self, Feed};
use super::guards::{Raw, RawSegment};
use crate::http::{self, Refusal};
use crate::settings::SpeechSettings;
use crate::tool::{self, Tool};
use crate::{Language, TranscribeError};

/// Default model name: every known server accepts it or ignores it.
const MODEL: &str = "whisper-1";
/// Most bytes that OpenAI and Groq take in one upload (platform.openai.com/docs/guides/speech-to-text and
/// console.groq.com/docs/speech-to-text, read 2026-11-22).
const MAX_UPLOAD: usize = 25_000_000;
/// Longest answer that is read.
const MAX_ANSWER: usize = 8 << 20;

/// What is sent.
enum Format {
    /// Opus, 24 kbit/s: 0.18 MB a minute. Asks for segments.
    Opus(Vec<u8>),
    /// WAV and the plainest answer, for servers that know nothing else.
    Wav(Vec<u8>),
}

/// Sends the feed and reads the answer.
pub(super) async fn listen(
    settings: &SpeechSettings,
    ffmpeg: &Path,
    dir: &Path,
    feed: &Feed,
    language: Option<Language>,
) -> Result<Raw, TranscribeError> {
    let Some(base) = &settings.url else {
        return Err(permanent("no speech URL is set"));
    };
    let url = http::endpoint(base, &["audio", "transcriptions"]);
    let wav = audio::wav(&feed.pcm);
    let first = match opus(ffmpeg, dir, &wav).await {
        Some(opus) => Format::Opus(opus),
        None => Format::Wav(wav.clone()),
    };
    let seconds = feed.length_ms() / 1000;
    let client = http::client(Duration::from_secs(60 + seconds)).map_err(|e| permanent(&e))?;
    let ask = async |format: &Format| {
        let request = http::with_key(
            client.post(url.clone()),
            settings.key.as_ref().map(ExposeSecret::expose_secret),
        )
        .multipart(form(format, settings.model.as_deref(), language)?);
        http::text(request, MAX_ANSWER).await
    };
    let mut plain = None;
    let mut tries_left = 2;
    let answer = loop {
        tries_left -= 1;
        match ask(plain.as_ref().unwrap_or(&first)).await {
            Ok(answer) => break answer,
            Err(Refusal::Format(_)) if plain.is_none() && wav.len() <= MAX_UPLOAD => {
                // It said that it does not understand; asking in the plainest form is a new question, not a retry.
                plain = Some(Format::Wav(wav.clone()));
                tries_left = tries_left.max(1);
            }
            Err(refusal) if refusal.is_retryable() && tries_left > 0 => refusal.pause().await,
            Err(refusal) => {
                let retryable = refusal.is_retryable();
                let detail = format!("the speech endpoint {refusal}");
                return Err(TranscribeError::Engine { detail, retryable });
            }
        }
    };
    read(&answer, feed).map_err(|detail| TranscribeError::Engine {
        detail,
        retryable: false,
    })
}

fn permanent(detail: &str) -> TranscribeError {
    TranscribeError::Engine {
        detail: detail.to_owned(),
        retryable: false,
    }
}

fn form(format: &Format, model: Option<&str>, language: Option<Language>) -> Result<Form, Refusal> {
    let (bytes, name, mime, answer) = match format {
        Format::Opus(bytes) => (bytes, "speech.ogg", "audio/ogg", "verbose_json"),
        Format::Wav(bytes) => (bytes, "speech.wav", "audio/wav", "json"),
    };
    if bytes.len() > MAX_UPLOAD {
        return Err(Refusal::Permanent(
            "would not take a file of this size".to_owned(),
        ));
    }
    let part = Part::bytes(bytes.clone())
        .file_name(name)
        .mime_str(mime)
        .map_err(|error| Refusal::Permanent(error.to_string()))?;
    let mut form = Form::new()
        .part("file", part)
        .text("model", model.unwrap_or(MODEL).to_owned())
        .text("response_format", answer)
        .text("temperature", "0");
    if let Some(language) = language {
        form = form.text("language", language.code());
    }
    Ok(form)
}

/// Packs a WAV file into Opus; `None` where this ffmpeg cannot.
async fn opus(ffmpeg: &Path, dir: &Path, wav: &[u8]) -> Option<Vec<u8>> {
    let mut ffmpeg = Tool::new(ffmpeg, dir)
        .args([
            "-hide_banner",
            "-loglevel",
            "error",
            "-f",
            "wav",
            "-i",
            "pipe:0",
            "-vn",
        ])
        .args([
            "-c:a",
            "libopus",
            "-b:a",
            "24k",
            "-application",
            "voip",
            "-f",
            "ogg",
            "pipe:1",
        ]);
    ffmpeg.stdin = tool::Stdin::Bytes(wav.to_vec());
    ffmpeg.max_stdout = MAX_UPLOAD;
    let done = tool::run(ffmpeg).await.ok()?;
    (done.success() && !done.stdout.is_empty()).then_some(done.stdout)
}

/// Reads whatever a server calls an answer.
fn read(answer: &str, feed: &Feed) -> Result<Raw, String> {
    let answer = answer.trim_start_matches('\u{feff}').trim();
    if answer.starts_with('<') {
        return Err("the speech endpoint answered with a web page; is its URL right?".to_owned());
    }
    let json = match serde_json::from_str::<Value>(answer) {
        Ok(json @ Value::Object(_)) => json,
        Ok(Value::String(text)) => return Ok(untimed(&text)),
        Ok(_) => return Err("the speech endpoint answered with JSON of another kind".to_owned()),
        Err(_) if answer.starts_with(['{', '[']) => {
            return Err("the speech endpoint's JSON is cut off or broken".to_owned());
        }
        Err(_) => return Ok(untimed(answer)),
    };
    if json.get("error").is_some_and(|e| !e.is_null()) && json.get("text").is_none() {
        return Err("the speech endpoint reported an error of its own".to_owned());
    }
    let segments = json
        .get("segments")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut raw = if segments.iter().any(|s| s.get("text").is_some()) {
        Raw {
            segments: timed(segments, feed),
            ..Raw::default()
        }
    } else {
        match json
            .get("text")
            .or_else(|| json.get("transcription"))
            .and_then(Value::as_str)
        {
            Some(text) => untimed(text),
            None => return Err("the speech endpoint's answer has no text".to_owned()),
        }
    };
    raw.language = json
        .get("language")
        .and_then(Value::as_str)
        .and_then(language_tag);
    raw.language_probability = number(&json, "language_probability");
    Ok(raw)
}

/// A text without times: each line is a segment of its own, so that a credit on the last line can be told apart.
pub(super) fn untimed(text: &str) -> Raw {
    let segments = text
        .lines()
        .map(|line| RawSegment {
            text: line.to_owned(),
            ..RawSegment::default()
        })
        .collect();
    Raw {
        segments,
        ..Raw::default()
    }
}

fn timed(segments: &[Value], feed: &Feed) -> Vec<RawSegment> {
    let last = segments
        .iter()
        .filter_map(|s| s.get("end")?.as_f64())
        .fold(0.0, f64::max);
    let per_ms = unit(last, feed.length_ms());
    let ms = |value: Option<&Value>| -> Option<u64> {
        let value = value?.as_f64()? / per_ms;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // clamped on the line before
        (value.is_finite()).then(|| feed.clip_ms(value.clamp(0.0, 1e9) as u64))
    };
    segments
        .iter()
        .map(|segment| RawSegment {
            time: ms(segment.get("start")).zip(ms(segment.get("end"))),
            text: segment
                .get("text")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            avg_logprob: number(segment, "avg_logprob"),
            no_speech_prob: number(segment, "no_speech_prob"),
        })
        .collect()
}

/// How many of the server's units are a millisecond. The name says seconds; one server's own example shows nanoseconds.
fn unit(last: f64, length_ms: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // milliseconds of one clip
    let length = length_ms.max(1) as f64;
    if last / 1e-3 <= 10.0 * length {
        return 1e-3;
    }
    [1.0, 1e3, 1e6]
        .into_iter()
        .min_by(|a, b| {
            let off = |unit: &f64| (last / unit / length).ln().abs();
            off(a).total_cmp(&off(b))
        })
        .unwrap_or(1e-3)
}

#[allow(clippy::cast_possible_truncation)] // probabilities
fn number(value: &Value, name: &str) -> Option<f32> {
    value.get(name)?.as_f64().map(|n| n as f32)
}

/// Some servers say `portuguese`, others `pt` or `pt-BR`.
fn language_tag(said: &str) -> Option<String> {
    let said = said.trim().to_lowercase();
    let tag = match said.as_str() {
        "portuguese" => "pt",
        "english" => "en",
        "spanish" | "castilian" => "es",
        "french" => "fr",
        "german" => "de",
        "italian" => "it",
        "japanese" => "ja",
        "korean" => "ko",
        "arabic" => "ar",
        "russian" => "ru",
        "chinese" => "zh",
        "" | "unknown" | "und" => return None,
        other => other,
    };
    Some(tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vad::Span;

    fn feed(seconds: u64) -> Feed {
        let pcm = vec![0; audio::samples(seconds * 1000)];
        Feed::new(
            &pcm,
            &[Span {
                start_ms: 0,
                end_ms: seconds * 1000,
            }],
        )
    }

    fn times(answer: &str) -> Vec<Option<(u64, u64)>> {
        read(answer, &feed(10))
            .unwrap()
            .segments
            .iter()
            .map(|s| s.time)
            .collect()
    }

    #[test]
    fn times_come_in_any_unit() {
        let seconds = r#"{"text":"a b","segments":[{"start":0.5,"end":2.25,"text":"a"},{"start":3,"end":9.64,"text":"b"}]}"#;
        let expected = vec![Some((500, 2250)), Some((3000, 9640))];
        assert_eq!(times(seconds), expected);
        let nanoseconds = r#"{"segments":[{"start":500000000,"end":2250000000,"text":"a"},{"start":3000000000,"end":9640000000,"text":"b"}]}"#;
        assert_eq!(times(nanoseconds), expected);
        let milliseconds = r#"{"segments":[{"start":500,"end":2250,"text":"a"},{"start":3000,"end":9640,"text":"b"}]}"#;
        assert_eq!(times(milliseconds), expected);
        assert_eq!(times(r#"{"segments":[{"text":"a"}]}"#), [None]);
    }

    #[test]
    fn bare_text_json_text_and_strings_are_answers() {
        for answer in [
            "olá mundo",
            r#""olá mundo""#,
            r#"{"text":"olá mundo"}"#,
            r#"{"text":"olá mundo","segments":[]}"#,
        ] {
            let raw = read(answer, &feed(10)).unwrap();
            assert_eq!(raw.segments.len(), 1, "{answer}");
            assert_eq!(raw.segments[0].text, "olá mundo");
        }
        let raw = read(
            r#"{"text":"x","language":"Portuguese","language_probability":0.4}"#,
            &feed(1),
        )
        .unwrap();
        assert_eq!(raw.language.as_deref(), Some("pt"));
        assert_eq!(raw.language_probability, Some(0.4));
    }

    #[test]
    fn what_is_no_answer_is_refused_without_repeating_it() {
        for answer in [
            "<html>secret</html>",
            r#"{"error":{"message":"secret"}}"#,
            r#"{"text":"sec"#,
            "[1]",
            "{}",
        ] {
            let error = read(answer, &feed(1)).unwrap_err();
            assert!(!error.contains("sec"), "{error}");
        }
    }
}
