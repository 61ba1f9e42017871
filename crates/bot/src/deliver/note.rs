//! The word about a file that is not the whole thing, and where the whole thing is.

use media::Fetched;

use crate::day::short_local;
use crate::desk::Desk;
use crate::files::{FileName, signed_link};
use crate::pipeline::{Made, Note};
use crate::texts::{Arg, Text, plain, say};

/// The plain word about what did not fit, with a link to the whole where one may be given.
pub(super) async fn note(desk: &Desk<'_>, fetched: &Fetched, made: &[Made]) -> Option<String> {
    let (one, note) = made.iter().find_map(|one| Some((one, one.note?)))?;
    let language = desk.language();
    let text = plain(
        language,
        match note {
            Note::Preview => Text::Preview,
            Note::TooBig => Text::TooBig,
            Note::PictureTooBig => Text::PictureTooBig,
            Note::NoFile => Text::NoFile,
        },
    );
    let is_there = fetched.items.iter().any(|item| item.file == one.file);
    let link = if is_there {
        link(desk, &one.file).await
    } else {
        None
    };
    Some(match link {
        Some(link) => format!("{text}\n{link}"),
        None => text,
    })
}

async fn link(desk: &Desk<'_>, file: &str) -> Option<String> {
    let files = &desk.ctx.settings.files;
    let (public, secret) = (files.public_url.as_ref()?, files.link_secret.as_ref()?);
    // The sweep takes the folder by its date, so no link may promise more than what is left of it.
    let keep = desk.ctx.settings.files.keep()?;
    let changed = tokio::fs::metadata(&desk.dir).await.ok()?.modified().ok()?;
    let left = keep.checked_sub(changed.elapsed().unwrap_or_default())?;
    let until_ms = desk.ctx.now_ms() + i64::try_from(left.as_millis()).ok()?;
    tokio::fs::metadata(desk.dir.join(file)).await.ok()?;
    let name = FileName::new(&desk.folder, file)?;
    let args = [
        (
            "until",
            Arg::Words(short_local(until_ms, &desk.ctx.zone).into()),
        ),
        (
            "url",
            Arg::Words(signed_link(public, secret, &name, until_ms).into()),
        ),
    ];
    Some(say(desk.language(), Text::FileLink, &args))
}
