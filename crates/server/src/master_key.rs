//! The key that signs links: given in the settings, else made once in the data folder.
//!
//! Made on first start so that a single machine needs no set-up; several machines that share a
//! database share the setting instead.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::Context as _;
use secrecy::SecretString;

use crate::settings::Settings;

const FILE_NAME: &str = "master.key";
const KEY_BYTES: usize = 32;

/// The key of these settings; makes the file when neither exists.
pub(crate) fn load_or_make(settings: &Settings) -> anyhow::Result<SecretString> {
    if let Some(key) = &settings.master_key {
        return Ok(key.clone());
    }
    let path = settings.data_dir.join(FILE_NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => accept(&path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

fn accept(path: &Path, text: &str) -> anyhow::Result<SecretString> {
    let key = text.trim();
    anyhow::ensure!(
        key.len() == KEY_BYTES * 2 && key.bytes().all(|b| b.is_ascii_hexdigit()),
        "{} is damaged. Restore it from a backup, or delete it: links sent so far then stop working",
        path.display()
    );
    Ok(SecretString::from(key.to_owned()))
}

fn make(path: &Path) -> anyhow::Result<SecretString> {
    let mut random = [0_u8; KEY_BYTES];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .context("no randomness from /dev/urandom")?;
    let key = hex::encode(random);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            file.write_all(key.as_bytes())?;
            file.sync_all()
        });
    match written {
        Ok(()) => {
            tracing::info!(file = %path.display(), "made the key that signs links; back it up with the data folder");
            Ok(SecretString::from(key))
        }
        // Another process of ours was a moment faster: its key counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            accept(path, &text)
        }
        Err(error) => Err(error).with_context(|| {
            format!("{} cannot be written; give the data folder to this user, or name another with --data", path.display())
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::settings::Sources;

    fn settings_in(folder: &Path) -> Settings {
        let mut sources = Sources::default();
        sources.flag("data_dir", folder.to_str().unwrap());
        Settings::load(&sources).unwrap()
    }

    #[test]
    fn the_key_is_made_once_and_for_us_alone() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings_in(folder.path());
        let first = load_or_make(&settings).unwrap();
        let again = load_or_make(&settings).unwrap();
        assert_eq!(first.expose_secret(), again.expose_secret());
        let mode = folder
            .path()
            .join(FILE_NAME)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_refused_with_the_next_step() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE_NAME), "short").unwrap();
        let said = load_or_make(&settings_in(folder.path()))
            .unwrap_err()
            .to_string();
        assert!(said.contains("delete it"), "{said}");
    }
}
