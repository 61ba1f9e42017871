//! Models of the embedded speech engine: which there are, fetching one, checking one.

use std::path::PathBuf;

use anyhow::Context as _;
pub use media::models::Source;
use media::models::{self, Catalogue, Entry, State};

use crate::settings::Settings;

/// A file of this name in the data folder replaces the catalogue that comes with the binary.
const OWN_CATALOGUE: &str = "models.toml";

/// A model as an operator sees it.
#[derive(Debug, Clone)]
pub struct ModelLine {
    /// Its name, for `fetch` and the setting `speech.model`.
    pub name: String,
    /// What it is good for.
    pub about: String,
    /// Its size.
    pub bytes: u64,
    /// Whether it is here.
    pub state: String,
}

/// The catalogue in use.
pub fn catalogue(settings: &Settings) -> anyhow::Result<Catalogue> {
    let own = settings.data_dir.join(OWN_CATALOGUE);
    let own = own.is_file().then_some(own);
    Ok(Catalogue::load(own.as_deref())?)
}

/// Every model of the catalogue.
pub fn list(settings: &Settings) -> anyhow::Result<Vec<ModelLine>> {
    let line = |entry: &Entry| ModelLine {
        name: entry.name.clone(),
        about: entry.about.clone(),
        bytes: entry.bytes,
        state: state_in_words(&models::state(entry, &settings.data_dir)),
    };
    Ok(catalogue(settings)?.models.iter().map(line).collect())
}

/// Fetches a model; `progress(bytes here, bytes in all or 0)`.
pub async fn fetch(
    settings: &Settings,
    name: &str,
    source: &Source,
    progress: impl FnMut(u64, u64),
) -> anyhow::Result<PathBuf> {
    let catalogue = catalogue(settings)?;
    let entry = find(&catalogue, name)?;
    Ok(models::fetch(entry, source, &settings.data_dir, progress).await?)
}

/// Reads a whole model and compares it with what was fetched.
pub fn verify(settings: &Settings, name: &str) -> anyhow::Result<PathBuf> {
    let catalogue = catalogue(settings)?;
    let path = models::folder(&settings.data_dir).join(&find(&catalogue, name)?.file);
    models::verify(&path)?;
    Ok(path)
}

fn find<'a>(catalogue: &'a Catalogue, name: &str) -> anyhow::Result<&'a Entry> {
    catalogue.get(name).with_context(|| {
        format!("no model is called {name}; see what there is with: gramophone models list")
    })
}

fn state_in_words(state: &State) -> String {
    match state {
        State::Absent => "not here".to_owned(),
        State::Partial(bytes) => format!("partly here ({bytes} bytes); fetch goes on from there"),
        State::Installed => "installed".to_owned(),
        State::Broken(problem) => format!("broken: {problem}"),
    }
}
