//! Fetching a model: resumed where it broke off, checked before it gets its name, and never in place of a good file
//! before it is whole.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use futures::StreamExt;
use reqwest::header::{CONTENT_RANGE, LOCATION, RANGE};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::{Entry, Installed, folder, is_sha256, note, sha256};
use crate::http;

/// How often a broken connection is taken up again, as long as each time brings something.
const TRIES: u32 = 5;
/// Redirects that are followed; model hosts send to their storage.
const REDIRECTS: usize = 5;

/// Where a model comes from: the catalogue's entry, or what the operator says instead.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Address.
    pub url: Option<String>,
    /// SHA-256 in hex.
    pub sha256: Option<String>,
}

/// Why a model was not installed; the text says the next step.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The catalogue does not know where from, or what it must be.
    #[error("{name}: {missing} is not known here. {how}")]
    NoSource {
        /// Model.
        name: String,
        /// `the address` or `the checksum`.
        missing: &'static str,
        /// What to do.
        how: String,
    },
    /// Not an address that can be fetched.
    #[error("the address of the model is not an http(s) URL")]
    BadUrl,
    /// No connection.
    #[error("the model's server cannot be reached. Offline? Copy the file to {} by hand, or run this again later", .0.display())]
    Offline(PathBuf),
    /// The server will not give it.
    #[error("the model's server {0}")]
    Refused(String),
    /// The connection kept breaking.
    #[error("the connection broke off at {have} bytes{}; run this again, it goes on from there", .of.map(|of| format!(" of {of}")).unwrap_or_default())]
    CutOff {
        /// Bytes on disk.
        have: u64,
        /// Bytes in all, where known.
        of: Option<u64>,
    },
    /// The file is whole, but not the right one.
    #[error(
        "the file that came is not the model: {0}. It was deleted; check the address and the checksum"
    )]
    Wrong(String),
    /// The disk.
    #[error("cannot write the model: {0}")]
    Disk(#[from] io::Error),
}

/// The file that grows while fetching.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// Fetches a model into `data_dir/models` and returns its path. `progress(bytes here, bytes in all or 0)`.
pub async fn fetch(
    entry: &Entry,
    source: &Source,
    data_dir: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<PathBuf, FetchError> {
    let pick = |given: &Option<String>, listed: &str, missing| {
        let text = given.clone().unwrap_or_else(|| listed.to_owned());
        if text.is_empty() {
            Err(FetchError::NoSource {
                name: entry.name.clone(),
                missing,
                how: entry.how.clone(),
            })
        } else {
            Ok(text)
        }
    };
    let url = pick(&source.url, &entry.url, "the address")?;
    let checksum = pick(&source.sha256, &entry.sha256, "the checksum")?.to_lowercase();
    if !is_sha256(&checksum) {
        return Err(FetchError::Wrong(
            "the checksum given is not 64 hex digits".to_owned(),
        ));
    }
    let url = Url::parse(&url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or(FetchError::BadUrl)?;
    // A size that the catalogue gives is for the catalogue's own address.
    let expected = if source.url.is_none() { entry.bytes } else { 0 };
    let path = folder(data_dir).join(&entry.file);
    fs::create_dir_all(folder(data_dir))?;
    let part = part_of(&path);
    let mut transfer = Transfer {
        url,
        part: part.clone(),
        expected,
        path: path.clone(),
    };
    transfer.run(&mut progress).await?;
    install(&part, &path, &checksum, expected).await?;
    Ok(path)
}

/// Gives a whole and right file its name; deletes a wrong one.
async fn install(
    part: &Path,
    path: &Path,
    checksum: &str,
    expected: u64,
) -> Result<(), FetchError> {
    let bytes = fs::metadata(part)?.len();
    let hashed = part.to_owned();
    let found = tokio::task::spawn_blocking(move || sha256(&hashed))
        .await
        .map_err(io::Error::other)??;
    let wrong = if expected > 0 && bytes != expected {
        Some(format!("it has {bytes} bytes instead of {expected}"))
    } else if found != *checksum {
        Some("its SHA-256 differs".to_owned())
    } else {
        None
    };
    if let Some(wrong) = wrong {
        fs::remove_file(part)?;
        return Err(FetchError::Wrong(wrong));
    }
    let mut permissions = fs::metadata(part)?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(part, permissions)?;
    // The note first: a file without it would be believed by its looks, one with another's note is refused.
    note(
        path,
        &Installed {
            bytes,
            sha256: found,
        },
    )?;
    fs::rename(part, path)?;
    Ok(())
}

#[derive(Debug)]
struct Transfer {
    url: Url,
    part: PathBuf,
    path: PathBuf,
    expected: u64,
}

impl Transfer {
    async fn run(&mut self, progress: &mut impl FnMut(u64, u64)) -> Result<(), FetchError> {
        let client = http::patient_client().map_err(FetchError::Refused)?;
        let mut tries = TRIES;
        loop {
            let before = self.have();
            let total = match self.once(&client, progress).await {
                Ok(()) => return Ok(()),
                Err(Stop::For(error)) => return Err(error),
                Err(Stop::Broken { total }) => total,
            };
            tries -= 1;
            let have = self.have();
            if tries == 0 || have <= before {
                return Err(if have == 0 && total.is_none() {
                    FetchError::Offline(self.path.clone())
                } else {
                    FetchError::CutOff {
                        have,
                        of: total.or((self.expected > 0).then_some(self.expected)),
                    }
                });
            }
        }
    }

    fn have(&self) -> u64 {
        fs::metadata(&self.part).map_or(0, |part| part.len())
    }

    /// One connection.
    async fn once(&self, client: &Client, progress: &mut impl FnMut(u64, u64)) -> Result<(), Stop> {
        let have = self.have();
        if self.expected > 0 && have == self.expected {
            return Ok(());
        }
        let response = self.ask(client, have).await?;
        let (resumed, total) = match response.status() {
            StatusCode::PARTIAL_CONTENT => match range(&response) {
                Some((start, total)) if start == have => (true, total),
                _ => {
                    return Err(Stop::refused(
                        "answered with another part of the file than was asked for",
                    ));
                }
            },
            // Nothing is left to send: whether what we have is right, the checksum tells.
            StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => return Ok(()),
            _ => {
                http::check(&response).map_err(|refusal| Stop::refused(&refusal.to_string()))?;
                (false, response.content_length())
            }
        };
        if let Some(total) = total.filter(|total| self.expected > 0 && *total != self.expected) {
            let expected = self.expected;
            return Err(Stop::refused(&format!(
                "has a file of {total} bytes, not the {expected} of the catalogue"
            )));
        }
        self.save(response, if resumed { have } else { 0 }, total, progress)
            .await
    }

    async fn save(
        &self,
        response: Response,
        mut have: u64,
        total: Option<u64>,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), Stop> {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(have > 0)
            .truncate(have == 0)
            .open(&self.part)?;
        let most = total.unwrap_or(if self.expected > 0 {
            self.expected
        } else {
            u64::MAX
        });
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let Ok(chunk) = chunk else {
                file.sync_all()?;
                return Err(Stop::Broken { total });
            };
            have += chunk.len() as u64;
            if have > most {
                return Err(Stop::refused("sent more than it said"));
            }
            file.write_all(&chunk)?;
            progress(have, total.unwrap_or(0));
        }
        file.sync_all()?;
        if total.is_some_and(|total| have < total) {
            Err(Stop::Broken { total })
        } else {
            Ok(())
        }
    }

    /// Asks, following redirects by hand; never from https to http.
    async fn ask(&self, client: &Client, have: u64) -> Result<Response, Stop> {
        let mut url = self.url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = client.get(url.clone());
            if have > 0 {
                request = request.header(RANGE, format!("bytes={have}-"));
            }
            let response = request
                .send()
                .await
                .map_err(|_| Stop::Broken { total: None })?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let next = response
                .headers()
                .get(LOCATION)
                .and_then(|to| url.join(to.to_str().ok()?).ok());
            let next = next.filter(|next| {
                next.scheme() == "https" || (next.scheme() == "http" && url.scheme() == "http")
            });
            url =
                next.ok_or_else(|| Stop::refused("redirected to nowhere that can be followed"))?;
        }
        Err(Stop::refused("redirected too often"))
    }
}

/// Start and total of a `Content-Range: bytes 5-9/10`.
fn range(response: &Response) -> Option<(u64, Option<u64>)> {
    let value = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (span, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    Some((span.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

/// Why one connection ended early.
#[derive(Debug)]
enum Stop {
    /// Another may bring more.
    Broken { total: Option<u64> },
    /// No other will.
    For(FetchError),
}

impl Stop {
    fn refused(why: &str) -> Self {
        Self::For(FetchError::Refused(why.to_owned()))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::For(FetchError::Disk(error))
    }
}
