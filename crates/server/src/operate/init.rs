//! The two files a new set-up starts from: what differs from the defaults, and the secrets.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use uuid::Uuid;

use crate::settings::FILE_NAME;

/// What the owner already knows; empty where not.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Where the world reaches the server.
    pub public_url: String,
    /// Instagram professional account id.
    pub account_id: String,
    /// Facebook Page id.
    pub page_id: String,
    /// App secret.
    pub app_secret: String,
    /// Page access token.
    pub page_access_token: String,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is new.
    New,
    /// It was there and stays as it was.
    Kept,
}

/// Writes `gramophone.toml` and `.env` into the folder; never over a file that is there.
pub fn write(folder: &Path, answers: &Answers) -> io::Result<[(&'static str, Written); 2]> {
    Ok([
        (
            FILE_NAME,
            write_new(&folder.join(FILE_NAME), &settings_file(answers), 0o644)?,
        ),
        (
            ".env",
            write_new(&folder.join(".env"), &secrets_file(answers), 0o600)?,
        ),
    ])
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<Written> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
    {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            Ok(Written::New)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Written::Kept),
        Err(error) => Err(error),
    }
}

fn settings_file(answers: &Answers) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    format!(
        "# What differs from the defaults. All settings with their sentences: gramophone init --print\n\
         # Secrets belong into .env.\n\n\
         # Where the world reaches this server, over HTTPS.\n\
         public_url = {}\n\n\
         [instagram]\n\
         # The professional account's id, 17841...\n\
         account_id = {}\n\
         # The id of the Facebook Page linked to it.\n\
         page_id = {}\n",
        quoted(&answers.public_url),
        quoted(&answers.account_id),
        quoted(&answers.page_id),
    )
}

/// The verify token is any word that two sides know, so we make one.
fn secrets_file(answers: &Answers) -> String {
    format!(
        "# Secrets. Keep this file to yourself; it is read from the working directory.\n\
         # Meta's dashboard, App settings > Basic > App secret. Several with commas.\n\
         INSTAGRAM_APP_SECRET={}\n\
         # Type this word into Meta's webhook form.\n\
         INSTAGRAM_VERIFY_TOKEN={}\n\
         # The Page access token.\n\
         INSTAGRAM_PAGE_ACCESS_TOKEN={}\n",
        answers.app_secret,
        Uuid::new_v4().simple(),
        answers.page_access_token,
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::settings::{Settings, Sources};

    #[test]
    fn what_is_written_loads() {
        let folder = tempfile::tempdir().unwrap();
        let answers = Answers {
            public_url: "https://bot.example.com".to_owned(),
            account_id: "17841400000000001".to_owned(),
            ..Answers::default()
        };
        assert!(
            write(folder.path(), &answers)
                .unwrap()
                .iter()
                .all(|(_, w)| *w == Written::New)
        );
        let path = folder.path().join(FILE_NAME);
        let text = std::fs::read_to_string(&path).unwrap();
        let settings = Settings::load(&Sources {
            file: Some((path, text)),
            ..Sources::default()
        })
        .unwrap();
        assert_eq!(
            settings.instagram.account_id.as_deref(),
            Some("17841400000000001")
        );
        let mode = folder
            .path()
            .join(".env")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn nothing_that_exists_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".env"), "MINE=1\n").unwrap();
        let written = write(folder.path(), &Answers::default()).unwrap();
        assert_eq!(written[1], (".env", Written::Kept));
        assert_eq!(
            std::fs::read_to_string(folder.path().join(".env")).unwrap(),
            "MINE=1\n"
        );
    }
}
