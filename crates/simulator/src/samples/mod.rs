//! Sample posts: a catalogue whose media ffmpeg makes when first asked, kept on disk for the next time.
//!
//! One maker per file at a time in this process; a second process that makes the same file loses the race for the
//! final name and uses the winner's. What is under its final name is therefore always whole.

mod catalogue;
mod paint;
mod recipe;
mod scenes;
mod sound;
mod tool;

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, Semaphore};
use uuid::Uuid;

pub(crate) use catalogue::{Access, Kind, Sample};
use recipe::{Container, Item, Picture};
use sound::Sound;
use tool::Ffmpeg;
pub(crate) use tool::{Probed, probe};

/// How many ffmpeg runs at once: a sample in the making may not starve the program under test.
const MAKERS: usize = 2;
/// Longer speech than this is refused: four minutes of video.
const SPEECH_CHARS: usize = 4_000;

/// What samples made at run time show, in turn.
const BACKDROPS: [&scenes::Scene; 6] = [
    &scenes::MORNING,
    &scenes::OCEAN,
    &scenes::PLANT,
    &scenes::NIGHT,
    &scenes::DUNES,
    &scenes::TRAVEL,
];

/// Why a sample could not be made.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum MakeError {
    #[error("{0}")]
    Tool(String),
    #[error("no such sample")]
    Unknown,
    #[error("{0}")]
    Refused(&'static str),
}

impl From<io::Error> for MakeError {
    fn from(error: io::Error) -> Self {
        Self::Tool(format!("sample cache: {error}"))
    }
}

impl From<tokio::task::JoinError> for MakeError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Tool(format!("sample maker: {error}"))
    }
}

/// A sample whose files exist.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) items: Vec<MadeItem>,
}

/// One file of a sample.
#[derive(Debug, Clone)]
pub(crate) struct MadeItem {
    pub(crate) path: PathBuf,
    pub(crate) mime: &'static str,
    pub(crate) bytes: u64,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) video_codec: Option<String>,
    pub(crate) audio_codec: Option<String>,
}

/// What a person asks for when they want a new spoken sample.
#[derive(Debug, Clone)]
pub(crate) struct NewSample {
    pub(crate) text: String,
    pub(crate) caption: Option<String>,
    /// `speech` (default), `speech_music`, `hd`, `moov_end`, `webm` or `private`.
    pub(crate) what: Option<String>,
}

/// The catalogue and its cache. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    ffmpeg: Ffmpeg,
    makers: Semaphore,
    known: Mutex<Vec<Arc<Sample>>>,
    files: Mutex<HashMap<PathBuf, Arc<OnceCell<MadeItem>>>>,
}

impl Samples {
    /// Opens the cache under `data_dir`; makes nothing yet.
    pub(crate) fn open(data_dir: &Path, ffmpeg: &Path) -> Self {
        let known = catalogue::all().into_iter().map(Arc::new).collect();
        Self {
            inner: Arc::new(Inner {
                folder: data_dir.join("samples"),
                ffmpeg: Ffmpeg(ffmpeg.to_owned()),
                makers: Semaphore::new(MAKERS),
                known: Mutex::new(known),
                files: Mutex::default(),
            }),
        }
    }

    /// Every sample, in the order in which it is shown; the newest made at run time last.
    pub(crate) fn list(&self) -> Vec<Arc<Sample>> {
        self.known().clone()
    }

    /// The sample with this shortcode.
    pub(crate) fn get(&self, code: &str) -> Option<Arc<Sample>> {
        self.known()
            .iter()
            .find(|sample| sample.code == code)
            .cloned()
    }

    /// The sample behind `/share/reel/TOKEN`.
    pub(crate) fn by_share_token(&self, token: &str) -> Option<Arc<Sample>> {
        self.known()
            .iter()
            .find(|sample| sample.share_token == token)
            .cloned()
    }

    /// Adds a spoken sample to the catalogue; its file is made when first asked for.
    pub(crate) fn add(&self, new: NewSample) -> Result<Arc<Sample>, MakeError> {
        let text = new.text.trim();
        if text.is_empty() {
            return Err(MakeError::Refused("text is empty"));
        }
        if text.chars().count() > SPEECH_CHARS {
            return Err(MakeError::Refused("text is longer than 4000 characters"));
        }
        let what = new.what.unwrap_or_else(|| "speech".to_owned());
        let mut known = self.known();
        let scene = BACKDROPS[known.len() % BACKDROPS.len()];
        let mut item = Item::reel(
            scene,
            Sound::Speech {
                text: text.to_owned(),
                music: what == "speech_music",
            },
        );
        match what.as_str() {
            "speech" | "speech_music" | "private" => {}
            "hd" => {
                item.picture = Picture::Scene {
                    scene,
                    width: 1080,
                    height: 1920,
                }
            }
            "moov_end" => item.container = Container::Mp4 { faststart: false },
            "webm" => item.container = Container::Webm,
            _ => {
                return Err(MakeError::Refused(
                    "kind is one of speech, speech_music, hd, moov_end, webm, private",
                ));
            }
        }
        let code = fresh_code();
        let sample = Arc::new(Sample {
            share_token: share_token(&code),
            code,
            kind: Kind::Reel,
            access: if what == "private" {
                Access::Private
            } else {
                Access::Public
            },
            what,
            title: "Feito agora".to_owned(),
            caption: new.caption.unwrap_or_default(),
            author: "voz.nova".to_owned(),
            author_name: "Voz Nova".to_owned(),
            speech: Some(text.to_owned()),
            items: vec![item],
        });
        known.push(sample.clone());
        Ok(sample)
    }

    /// All files of a sample, made now if they do not exist yet.
    pub(crate) async fn made(&self, code: &str) -> Result<Arc<Made>, MakeError> {
        let sample = self.get(code).ok_or(MakeError::Unknown)?;
        let mut items = Vec::new();
        for index in 0..sample.items.len() {
            items.push(self.item(&sample, index).await?);
        }
        Ok(Arc::new(Made { items }))
    }

    /// One file of a sample, made now if it does not exist yet.
    pub(crate) async fn made_item(&self, code: &str, index: usize) -> Result<MadeItem, MakeError> {
        let sample = self.get(code).ok_or(MakeError::Unknown)?;
        if index >= sample.items.len() {
            return Err(MakeError::Unknown);
        }
        self.item(&sample, index).await
    }

    /// Where the file of a sample lies (of its first item unless another is named).
    pub(crate) async fn file(&self, code: &str, item: Option<usize>) -> Option<PathBuf> {
        match self.made_item(code, item.unwrap_or(0)).await {
            Ok(made) => Some(made.path),
            Err(error) => {
                tracing::warn!(%error, code, "a sample could not be made");
                None
            }
        }
    }

    /// The first file, if it has been made already in this process.
    pub(crate) fn made_already(&self, sample: &Sample) -> Option<MadeItem> {
        let item = sample.items.first()?;
        let path = self.path(sample, 0, item, item.container.extension());
        let cell = self.files().get(&path).cloned()?;
        cell.get().cloned()
    }

    /// A picture of one item: its poster, or the photo itself.
    pub(crate) async fn poster(&self, code: &str, index: usize) -> Result<MadeItem, MakeError> {
        let sample = self.get(code).ok_or(MakeError::Unknown)?;
        let item = sample.items.get(index).ok_or(MakeError::Unknown)?.clone();
        let path = self.path(&sample, index, &item, "poster.jpg");
        self.once(path, "image/jpeg", true, item).await
    }

    async fn item(&self, sample: &Sample, index: usize) -> Result<MadeItem, MakeError> {
        let item = sample.items[index].clone();
        let path = self.path(sample, index, &item, item.container.extension());
        self.once(path, item.container.mime(), false, item).await
    }

    async fn once(
        &self,
        path: PathBuf,
        mime: &'static str,
        poster: bool,
        item: Item,
    ) -> Result<MadeItem, MakeError> {
        let cell = self.files().entry(path.clone()).or_default().clone();
        let this = self.inner.clone();
        // A task of its own: someone who hangs up does not throw away what others wait for.
        let making = tokio::spawn(async move {
            cell.get_or_try_init(|| this.find_or_make(&path, mime, poster, &item))
                .await
                .cloned()
        });
        making.await?
    }

    fn path(&self, sample: &Sample, index: usize, item: &Item, extension: &str) -> PathBuf {
        let digest = Sha256::digest(item.fingerprint());
        let mark = hex::encode(&digest[..5]);
        self.inner
            .folder
            .join(format!("{}-{index}-{mark}.{extension}", sample.code))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Sample>>> {
        self.inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Arc<OnceCell<MadeItem>>>> {
        self.inner
            .files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    async fn find_or_make(
        &self,
        path: &Path,
        mime: &'static str,
        poster: bool,
        item: &Item,
    ) -> Result<MadeItem, MakeError> {
        if !tokio::fs::try_exists(path).await? {
            let _permit = self
                .makers
                .acquire()
                .await
                .map_err(|_| MakeError::Refused("the simulator is stopping"))?;
            let work = Workshop::open(&self.folder)?;
            let name = if poster {
                "out.jpg".to_owned()
            } else {
                format!("out.{}", item.container.extension())
            };
            if poster {
                item.still(&self.ffmpeg, &work.0, &name).await?;
            } else {
                item.make(&self.ffmpeg, &work.0, &name).await?;
            }
            tokio::fs::rename(work.0.join(&name), path).await?;
        }
        let bytes = tokio::fs::metadata(path).await?.len();
        let probed = if item.container.text().is_some() && !poster {
            Probed::default()
        } else {
            probe(&self.ffmpeg.0, path).await?
        };
        Ok(MadeItem {
            path: path.to_owned(),
            mime,
            bytes,
            duration_ms: probed.duration_ms,
            width: probed.width,
            height: probed.height,
            video_codec: probed.video_codec,
            audio_codec: probed.audio_codec,
        })
    }
}

/// A folder that disappears with its half-made files.
struct Workshop(PathBuf);

impl Workshop {
    fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!(".making-{}", Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "a half-made sample stays on disk");
        }
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The media id that a shortcode spells: base 64 with Instagram's alphabet.
pub(crate) fn media_id(code: &str) -> Option<u64> {
    code.bytes().try_fold(0_u64, |id, letter| {
        let digit = ALPHABET.iter().position(|known| *known == letter)?;
        id.checked_mul(64)?.checked_add(u64::try_from(digit).ok()?)
    })
}

/// A new shortcode, below 2^63 as every media id is.
fn fresh_code() -> String {
    let mut id = (Uuid::new_v4().as_u128() & u128::from(u64::MAX >> 1)) | (1 << 60);
    let mut letters = [0_u8; 11];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[usize::try_from(id % 64).unwrap_or(0)];
        id /= 64;
    }
    letters.iter().map(|letter| char::from(*letter)).collect()
}

/// The token under which the app's share sheet spells a link to this post.
fn share_token(code: &str) -> String {
    let digest = Sha256::digest(format!("share {code}"));
    let letters = digest[..15]
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
    std::iter::once('B').chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortcode_spells_its_media_id() {
        assert_eq!(media_id("B"), Some(1));
        assert_eq!(media_id("BA"), Some(64));
        assert_eq!(media_id("C42okxEMpP2"), Some(3_330_027_422_932_440_054));
        assert_eq!(media_id("no dots."), None);
    }

    #[test]
    fn fresh_codes_are_eleven_letters_and_small_enough() {
        for _ in 0..200 {
            let code = fresh_code();
            assert_eq!(code.len(), 11);
            assert!(
                media_id(&code).is_some_and(|id| (1 << 60..1 << 63).contains(&id)),
                "{code}"
            );
            assert!(('A'..='H').contains(&code.chars().next().unwrap()));
        }
    }
}
