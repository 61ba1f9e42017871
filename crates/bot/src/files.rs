//! Links to files that did not fit the channel, and the check the server makes before it opens one.
//!
//! The link carries its end and a signature, so that it needs no row and can be shared only as long
//! as it lives. The name in it is one we made: a work folder and a file, never a path.

use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use url::Url;

/// The path prefix under which the server offers `open`.
pub const ROUTE: &str = "/files";

/// How a reader's link is refused. Deliberately poor: a stranger learns nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    /// Signature or name are not ours.
    #[error("this link is not one of ours")]
    Forged,
    /// It was good once.
    #[error("this link has ended")]
    Ended,
}

/// `<public>/files/<work>/<file>?until=<seconds>&sign=<hex>`
pub fn signed_link(public: &Url, secret: &SecretString, name: &FileName, until_ms: i64) -> String {
    let until = until_ms.div_euclid(1000);
    format!(
        "{}{ROUTE}/{}/{}?until={until}&sign={}",
        public.as_str().trim_end_matches('/'),
        name.work,
        name.file,
        hex::encode(signature(secret, name, until).finalize().into_bytes()),
    )
}

/// Where the file of a presented link lies. Whether it still exists is for the reader to find out.
pub fn open(
    data_dir: &Path,
    secret: &SecretString,
    presented: &Presented<'_>,
    now_ms: i64,
) -> Result<PathBuf, LinkRefused> {
    let name = FileName::new(presented.work, presented.file).ok_or(LinkRefused::Forged)?;
    let sign = hex::decode(presented.sign).map_err(|_| LinkRefused::Forged)?;
    signature(secret, &name, presented.until)
        .verify_slice(&sign)
        .map_err(|_| LinkRefused::Forged)?;
    if presented.until.saturating_mul(1000) < now_ms {
        return Err(LinkRefused::Ended);
    }
    Ok(work_dir(data_dir, &name.work).join(&name.file))
}

/// The parts of a link as the router found them.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// First path segment.
    pub work: &'a str,
    /// Second path segment.
    pub file: &'a str,
    /// Query value `until`, in seconds.
    pub until: i64,
    /// Query value `sign`.
    pub sign: &'a str,
}

/// A file of a work folder; made only from names that cannot leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    work: String,
    file: String,
}

impl FileName {
    /// `None` unless both are plain names.
    pub fn new(work: &str, file: &str) -> Option<Self> {
        let plain = |name: &str| {
            !name.is_empty()
                && name.len() <= 128
                && !name.starts_with('.')
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        (plain(work) && plain(file)).then(|| Self {
            work: work.into(),
            file: file.into(),
        })
    }
}

/// What the names of files begin with that were handed in to be published.
pub const HANDED_IN: &str = "upload-";

/// The folder of one piece of work. What was handed in lies apart: it may have to wait for its day, while work that
/// ended is swept up soon.
pub fn work_dir(data_dir: &Path, work: &str) -> PathBuf {
    let kind = if work.starts_with(HANDED_IN) {
        "uploads"
    } else {
        "work"
    };
    data_dir.join(kind).join(work)
}

fn signature(secret: &SecretString, name: &FileName, until: i64) -> Hmac<Sha256> {
    // HMAC takes keys of any length, so this cannot fail; an empty key would still verify nothing
    // that another key made.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .unwrap_or_else(|_| Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
    mac.update(format!("gramophone-file\n{}\n{}\n{until}", name.work, name.file).as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(link: &str) -> (String, String, i64, String) {
        let link = Url::parse(link).expect("a URL");
        let mut segments = link.path_segments().expect("segments").skip(1);
        let mut pairs = link.query_pairs().map(|(_, value)| value.into_owned());
        (
            segments.next().expect("work").to_owned(),
            segments.next().expect("file").to_owned(),
            pairs.next().expect("until").parse().expect("a number"),
            pairs.next().expect("sign"),
        )
    }

    #[test]
    fn a_link_opens_its_file_until_its_end_and_no_other() {
        let secret = SecretString::from("k");
        let public = Url::parse("https://bot.example/").expect("a URL");
        let name = FileName::new("0a1b", "video.mp4").expect("plain names");
        let (work, file, until, sign) = parts(&signed_link(&public, &secret, &name, 5_000_000));
        let open_at = |work: &str, file: &str, until, sign: &str, now_ms| {
            open(
                Path::new("/d"),
                &secret,
                &Presented {
                    work,
                    file,
                    until,
                    sign,
                },
                now_ms,
            )
        };
        assert_eq!(
            open_at(&work, &file, until, &sign, 5_000_000),
            Ok(work_dir(Path::new("/d"), &work).join("video.mp4"))
        );
        assert_eq!(
            open_at(&work, &file, until, &sign, 5_000_001),
            Err(LinkRefused::Ended)
        );
        assert_eq!(
            open_at(&work, &file, until + 1, &sign, 0),
            Err(LinkRefused::Forged)
        );
        assert_eq!(
            open_at(&work, "other.mp4", until, &sign, 0),
            Err(LinkRefused::Forged)
        );
        assert_eq!(
            open_at("..", &file, until, &sign, 0),
            Err(LinkRefused::Forged)
        );
        let other = SecretString::from("other");
        let presented = Presented {
            work: &work,
            file: &file,
            until,
            sign: &sign,
        };
        assert_eq!(
            open(Path::new("/d"), &other, &presented, 0),
            Err(LinkRefused::Forged)
        );
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        for bad in ["", ".", "..", ".x", "a/b", "a\\b", "a%2fb", "ç"] {
            assert_eq!(FileName::new("w", bad), None, "{bad}");
            assert_eq!(FileName::new(bad, "f"), None, "{bad}");
        }
    }
}
