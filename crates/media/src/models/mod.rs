//! Speech models: which there are, where they come from, and whether a file on disk is what it should be. No model is
//! part of this program or its repository; an operator fetches one, and a file that was cut off on the way must never
//! be taken for a model that hears nothing.

mod fetch;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use fetch::{FetchError, Source, fetch};

/// The catalogue that comes with the program.
const CATALOGUE: &str = include_str!("catalogue.toml");

/// A list of models. Replaceable by a file of the same shape.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The models, the one to prefer first.
    #[serde(rename = "model")]
    pub models: Vec<Entry>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Short name: letters, digits, `.`, `-`, `_`.
    pub name: String,
    /// What it is good for, one sentence.
    pub about: String,
    /// File name in the data folder.
    pub file: String,
    /// Where to fetch it; empty where the operator must say.
    #[serde(default)]
    pub url: String,
    /// Size in bytes; 0 where not known.
    #[serde(default)]
    pub bytes: u64,
    /// SHA-256 in hex; empty where the operator must say.
    #[serde(default)]
    pub sha256: String,
    /// Licence of the weights.
    pub licence: String,
    /// Language codes, or `many`.
    pub languages: Vec<String>,
    /// Memory that hearing takes, in MB.
    pub ram_mb: u64,
    /// How to supply what is missing here.
    #[serde(default)]
    pub how: String,
}

/// What is wrong with a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file cannot be read.
    #[error("cannot read the model catalogue {}: {source}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no catalogue.
    #[error("the model catalogue is not valid: {0}")]
    Invalid(String),
}

impl Catalogue {
    /// The one that comes with the program, or the file that the settings name instead.
    pub fn load(replacement: Option<&Path>) -> Result<Self, CatalogueError> {
        let text = match replacement {
            None => CATALOGUE.to_owned(),
            Some(path) => fs::read_to_string(path).map_err(|source| CatalogueError::Read {
                path: path.to_owned(),
                source,
            })?,
        };
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, CatalogueError> {
        let catalogue: Self = toml::from_str(text)
            .map_err(|error| CatalogueError::Invalid(error.message().to_owned()))?;
        for entry in &catalogue.models {
            let plain = |name: &str| {
                !name.is_empty()
                    && !name.starts_with('.')
                    && name
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            };
            let invalid =
                |what: &str| Err(CatalogueError::Invalid(format!("{}: {what}", entry.name)));
            if !plain(&entry.name) || !plain(&entry.file) {
                return invalid(
                    "name and file may hold only letters, digits, dot, dash and underscore",
                );
            }
            if !entry.sha256.is_empty() && !is_sha256(&entry.sha256) {
                return invalid("sha256 must be 64 hex digits");
            }
            if (entry.url.is_empty() || entry.sha256.is_empty()) && entry.how.is_empty() {
                return invalid("an entry without url or sha256 must say how to supply them");
            }
        }
        Ok(catalogue)
    }

    /// Finds a model by name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.models.iter().find(|entry| entry.name == name)
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// How a model stands on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not here.
    Absent,
    /// So many bytes of it are here; fetching goes on from there.
    Partial(u64),
    /// Here, with the size that it was installed with.
    Installed,
    /// Here, but not to be used.
    Broken(String),
}

/// Folder of the models.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("models")
}

/// How a model of the catalogue stands.
pub fn state(entry: &Entry, data_dir: &Path) -> State {
    let path = folder(data_dir).join(&entry.file);
    if path.exists() {
        return match check(&path) {
            Ok(()) => State::Installed,
            Err(problem) => State::Broken(problem.to_string()),
        };
    }
    match fs::metadata(fetch::part_of(&path)) {
        Ok(part) if part.len() > 0 => State::Partial(part.len()),
        _ => State::Absent,
    }
}

/// What was true of a file when it was installed; lies beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Size.
    pub bytes: u64,
    /// Checksum.
    pub sha256: String,
}

/// Why a model file is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is none.
    #[error("the speech model {0} does not exist")]
    Missing(String),
    /// It has another size than when it was installed.
    #[error(
        "the speech model {name} has {found} bytes instead of {expected}: it was cut off or changed; fetch it again"
    )]
    Size {
        /// File name.
        name: String,
        /// Bytes on disk.
        found: u64,
        /// Bytes when installed.
        expected: u64,
    },
    /// It has another checksum than when it was installed.
    #[error(
        "the speech model {0} is not the file that was installed (its SHA-256 differs); fetch it again"
    )]
    Checksum(String),
    /// It begins like no model.
    #[error("{0} is not a speech model (neither GGUF nor Whisper's own format)")]
    Format(String),
    /// It cannot be read.
    #[error("the speech model {0} cannot be read: {1}")]
    Unreadable(String, String),
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// What can be told in an instant, before each job: the size of the installed file, or, for a file that somebody put
/// there by hand, that it begins like a model.
pub fn check(path: &Path) -> Result<(), Problem> {
    let name = name_of(path);
    let file = fs::metadata(path).map_err(|_| Problem::Missing(name.clone()))?;
    if !file.is_file() {
        return Err(Problem::Missing(name));
    }
    if let Some(installed) = installed(path)
        && installed.bytes != file.len()
    {
        return Err(Problem::Size {
            name,
            found: file.len(),
            expected: installed.bytes,
        });
    }
    let mut magic = [0_u8; 4];
    let unreadable = |error: io::Error| Problem::Unreadable(name.clone(), error.to_string());
    let mut begin = fs::File::open(path).map_err(unreadable)?.take(4);
    let mut read = 0;
    while read < 4 {
        match begin.read(&mut magic[read..]).map_err(unreadable)? {
            0 => break,
            n => read += n,
        }
    }
    if &magic == b"GGUF" || magic == 0x6767_6d6c_u32.to_le_bytes() {
        Ok(())
    } else {
        Err(Problem::Format(name))
    }
}

/// The whole truth, at start and in `doctor`: reads the file to its end.
pub fn verify(path: &Path) -> Result<(), Problem> {
    check(path)?;
    let Some(installed) = installed(path) else {
        return Ok(());
    };
    let name = name_of(path);
    let found =
        sha256(path).map_err(|error| Problem::Unreadable(name.clone(), error.to_string()))?;
    if found == installed.sha256 {
        Ok(())
    } else {
        Err(Problem::Checksum(name))
    }
}

/// Takes note of what a file is now, so that it can be told later whether it changed. For a model that the operator
/// copied by hand; `fetch` does it by itself.
pub fn adopt(path: &Path) -> io::Result<Installed> {
    let installed = Installed {
        bytes: fs::metadata(path)?.len(),
        sha256: sha256(path)?,
    };
    note(path, &installed)?;
    Ok(installed)
}

fn note(path: &Path, installed: &Installed) -> io::Result<()> {
    let sidecar = sidecar(path);
    let temporary = sidecar.with_extension("new");
    fs::write(&temporary, serde_json::to_vec(installed)?)?;
    fs::rename(temporary, sidecar)
}

fn sidecar(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".installed.json");
    path.with_file_name(name)
}

fn installed(path: &Path) -> Option<Installed> {
    serde_json::from_slice(&fs::read(sidecar(path)).ok()?).ok()
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// The model to use: the one that `wanted` names, else the largest that is installed and looks right.
pub fn first_installed(data_dir: &Path, wanted: Option<&str>) -> Option<PathBuf> {
    let mut all = all_installed(data_dir);
    if let Some(wanted) = wanted {
        let named = |path: &PathBuf| {
            path.file_stem().is_some_and(|stem| stem == wanted)
                || path.file_name().is_some_and(|name| name == wanted)
        };
        return all.into_iter().map(|(_, path)| path).find(named);
    }
    all.pop().map(|(_, path)| path)
}

/// The smallest that is installed: the spare one.
pub fn smallest_installed(data_dir: &Path) -> Option<PathBuf> {
    all_installed(data_dir)
        .into_iter()
        .next()
        .map(|(_, path)| path)
}

/// All usable model files, smallest first.
fn all_installed(data_dir: &Path) -> Vec<(u64, PathBuf)> {
    let files = fs::read_dir(folder(data_dir))
        .into_iter()
        .flatten()
        .flatten();
    let mut all: Vec<(u64, PathBuf)> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|e| e == "gguf" || e == "bin"))
        .filter(|path| check(path).is_ok())
        .filter_map(|path| Some((fs::metadata(&path).ok()?.len(), path)))
        .collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_that_comes_along_is_valid_and_promises_nothing_unknown() {
        let catalogue = Catalogue::load(None).unwrap();
        assert!(catalogue.get("parakeet-0.6b-v3-q8_0").is_some());
        assert!(catalogue.get("whisper-small-q8_0").is_some());
        for entry in &catalogue.models {
            assert!(!entry.licence.is_empty() && !entry.languages.is_empty() && entry.ram_mb > 0);
        }
    }

    #[test]
    fn a_catalogue_cannot_name_files_elsewhere() {
        for file in ["../x.bin", "/etc/passwd", "a/b", "", ".x"] {
            let text = format!(
                "[[model]]\nname=\"a\"\nabout=\"b\"\nfile=\"{file}\"\nlicence=\"MIT\"\nlanguages=[\"en\"]\nram_mb=1\nhow=\"x\"\n"
            );
            assert!(
                matches!(Catalogue::parse(&text), Err(CatalogueError::Invalid(_))),
                "{file}"
            );
        }
    }

    #[test]
    fn files_that_are_cut_changed_or_no_models_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(folder(dir.path())).unwrap();
        let path = folder(dir.path()).join("m.gguf");
        assert!(matches!(check(&path), Err(Problem::Missing(_))));
        fs::write(&path, b"GGUF and more").unwrap();
        adopt(&path).unwrap();
        assert_eq!(verify(&path), Ok(()));
        assert_eq!(first_installed(dir.path(), None), Some(path.clone()));
        assert_eq!(first_installed(dir.path(), Some("m")), Some(path.clone()));
        assert_eq!(first_installed(dir.path(), Some("other")), None);
        fs::write(&path, b"GGUF and mor").unwrap();
        assert!(matches!(
            check(&path),
            Err(Problem::Size {
                found: 12,
                expected: 13,
                ..
            })
        ));
        assert_eq!(first_installed(dir.path(), None), None);
        fs::write(&path, b"GGUF and m0re").unwrap();
        assert_eq!(check(&path), Ok(()));
        assert!(matches!(verify(&path), Err(Problem::Checksum(_))));
        fs::write(&path, b"<html>not me</").unwrap();
        fs::remove_file(sidecar(&path)).unwrap();
        assert!(matches!(check(&path), Err(Problem::Format(_))));
    }
}
