//! `POST /ai/v1/audio/transcriptions`: recognises which sample an upload comes from, and says what is said in it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Multipart, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{Ai, SpeechScript, admit, error, pause};
use crate::world::World;

/// OpenAI's limit on an upload (API reference, read 2026-11-22).
const UPLOAD_BYTES: usize = 25_000_000;

#[derive(Default)]
struct Upload {
    file: Vec<u8>,
    name: String,
    model: String,
    language: Option<String>,
    format: String,
}

pub(super) async fn transcribe(
    world: State<Arc<World>>,
    Extension(ai): Extension<Arc<Ai>>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let script = ai.script();
    if let Err(refused) = admit(&world, &headers, &script) {
        return *refused;
    }
    let upload = match read(form).await {
        Ok(upload) => upload,
        Err(message) => return error(400, &message),
    };
    pause(script.speech.delay_ms).await;
    let heard = ai.ears.recognise(&world, &upload.file).await;
    ai.asked().transcriptions.push(json!({
        "file": upload.name, "bytes": upload.file.len(), "model": upload.model, "language": upload.language,
        "response_format": upload.format, "sample": heard.as_ref().map(|heard| heard.code.clone()),
    }));
    if let Some(status) = script.speech.status {
        return error(
            status,
            "The server had an error while processing your request.",
        );
    }
    if script.speech.malformed {
        return (
            [(header::CONTENT_TYPE, "application/json")],
            "{\"text\": \"half an ans",
        )
            .into_response();
    }
    let known = heard.as_ref().and_then(|heard| heard.speech.clone());
    let text = script.speech.text.clone().or(known).unwrap_or_default();
    let seconds = heard.map_or(10.0, |heard| heard.seconds);
    answer(&text, seconds, &script.speech, &upload.format)
}

async fn read(mut form: Multipart) -> Result<Upload, String> {
    let mut upload = Upload {
        format: "json".to_owned(),
        ..Upload::default()
    };
    let broken = |error: axum::extract::multipart::MultipartError| {
        format!("Could not parse multipart form: {error}")
    };
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            field
                .file_name()
                .unwrap_or_default()
                .clone_into(&mut upload.name);
            while let Some(chunk) = field.chunk().await.map_err(broken)? {
                upload.file.extend_from_slice(&chunk);
                if upload.file.len() > UPLOAD_BYTES {
                    return Err("Maximum content size limit (25000000) exceeded".to_owned());
                }
            }
            continue;
        }
        let value = field.text().await.map_err(broken)?;
        match name.as_str() {
            "model" => upload.model = value,
            "language" => upload.language = Some(value),
            "response_format" => upload.format = value,
            _ => {}
        }
    }
    if upload.file.is_empty() {
        return Err("Audio file is missing or empty".to_owned());
    }
    if upload.model.is_empty() {
        return Err("you must provide a model parameter".to_owned());
    }
    Ok(upload)
}

fn answer(text: &str, seconds: f64, script: &SpeechScript, format: &str) -> Response {
    let usage = json!({"type": "duration", "seconds": seconds.ceil()});
    match format {
        "text" => (
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            format!("{text}\n"),
        )
            .into_response(),
        "verbose_json" => Json(json!({
            "task": "transcribe",
            "language": script.language.as_deref().unwrap_or("english"),
            "duration": seconds,
            "text": text,
            "segments": segments(text, seconds, script),
            "usage": usage,
        }))
        .into_response(),
        "json" => Json(json!({"text": text, "usage": usage})).into_response(),
        other => error(
            400,
            &format!("response_format '{other}' is not supported by this model"),
        ),
    }
}

/// One segment per sentence, as long as its share of the letters.
fn segments(text: &str, seconds: f64, script: &SpeechScript) -> Vec<Value> {
    let sentences: Vec<&str> = text
        .split_inclusive(['.', '?', '!'])
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
        .collect();
    let letters = |text: &str| f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
    let all: f64 = sentences
        .iter()
        .map(|sentence| letters(sentence))
        .sum::<f64>()
        .max(1.0);
    let mut from = 0.0;
    let mut out = Vec::new();
    for (id, sentence) in sentences.iter().enumerate() {
        let to = from + seconds * letters(sentence) / all;
        out.push(json!({
            "id": id, "seek": 0, "start": from, "end": to, "text": format!(" {sentence}"), "tokens": [],
            "temperature": 0.0, "avg_logprob": script.avg_logprob.unwrap_or(-0.2), "compression_ratio": 1.3,
            "no_speech_prob": script.no_speech_prob.unwrap_or(0.02),
        }));
        from = to;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cover_the_whole_time_in_order() {
        let segments = segments(
            "One two. Three four five! Six",
            9.0,
            &SpeechScript::default(),
        );
        assert_eq!(segments.len(), 3);
        assert_eq!(segments[0]["start"], json!(0.0));
        assert!((segments[2]["end"].as_f64().unwrap() - 9.0).abs() < 0.001);
        assert_eq!(segments[0]["end"], segments[1]["start"]);
        assert_eq!(segments[1]["text"], json!(" Three four five!"));
    }
}
