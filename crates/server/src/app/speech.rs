//! What is looked at of the speech engine before and after the start.

use anyhow::Context as _;
use media::transcribe::Engine;

use crate::{
    convert,
    settings::{Settings, SpeechEngine},
};

/// An engine that was named and cannot listen is said at once, not at the first reel. What was not named falls back
/// by itself. Sizes and headers only: reading a model whole takes longer than a start may.
pub(super) fn refuse_broken(settings: &Settings) -> anyhow::Result<()> {
    let named = !matches!(
        settings.speech.engine,
        SpeechEngine::Auto | SpeechEngine::None
    ) || settings.speech.model_path.is_some();
    match media::transcribe::engines(&convert::media(settings)) {
        Err(why) if named => Err(anyhow::anyhow!(why).context(
            "the speech engine that the settings name cannot listen; `gramophone models list` shows what is here",
        )),
        _ => Ok(()),
    }
}

/// Reads the embedded engine's model to its end and compares it with what was fetched.
pub(super) async fn verify_model(settings: media::Settings) -> anyhow::Result<()> {
    let model = media::transcribe::engines(&settings)
        .unwrap_or_default()
        .into_iter()
        .find_map(|engine| match engine {
            Engine::Embedded(path) => Some(path),
            _ => None,
        });
    let Some(model) = model else { return Ok(()) };
    tokio::task::spawn_blocking(move || media::models::verify(&model))
        .await?
        .context("the speech model is not the file that was fetched; fetch it again with `gramophone models fetch`")
}
