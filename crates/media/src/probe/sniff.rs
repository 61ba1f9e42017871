//! What a file is by its first bytes. Names and content types are claims; ffmpeg's own guessing
//! follows playlists. So we look ourselves and then tell ffmpeg which reader to use.

use std::io::Read;
use std::path::Path;

/// How many bytes are looked at.
const HEAD: usize = 1024;

/// A kind of file that we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    IsoMedia,
    Matroska,
    Avi,
    Ogg,
    Mp3,
    Aac,
    Wav,
    Jpeg,
    Png,
    Gif,
    Webp,
}

impl Container {
    /// The name of ffmpeg's reader.
    pub(crate) fn demuxer(self) -> &'static str {
        match self {
            Self::IsoMedia => "mov",
            Self::Matroska => "matroska",
            Self::Avi => "avi",
            Self::Ogg => "ogg",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Wav => "wav",
            Self::Jpeg => "jpeg_pipe",
            Self::Png => "png_pipe",
            Self::Gif => "gif",
            Self::Webp => "webp_pipe",
        }
    }

    /// The ending of the name that we give such a file.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::IsoMedia => "mp4",
            Self::Matroska => "mkv",
            Self::Avi => "avi",
            Self::Ogg => "ogg",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Wav => "wav",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }

    /// Whether it holds still pictures (a GIF counts as one).
    pub(crate) fn is_image(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Gif | Self::Webp)
    }
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sniffed {
    Media(Container),
    /// A page instead of a file: expired links answer like that.
    Page,
    /// A list that would make a player open other files.
    Playlist,
    Empty,
    Unknown,
}

pub(crate) fn sniff_file(path: &Path) -> std::io::Result<Sniffed> {
    let mut head = Vec::with_capacity(HEAD);
    std::fs::File::open(path)?
        .take(HEAD as u64)
        .read_to_end(&mut head)?;
    Ok(sniff(&head))
}

pub(crate) fn sniff(head: &[u8]) -> Sniffed {
    let media = |container| Sniffed::Media(container);
    match head {
        [] => Sniffed::Empty,
        [
            _,
            _,
            _,
            _,
            b'f',
            b't',
            b'y',
            b'p',
            b'h',
            b'e',
            b'i' | b'v',
            ..,
        ]
        | [_, _, _, _, b'f', b't', b'y', b'p', b'm', b'i', b'f', ..]
        | [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => Sniffed::Unknown,
        [_, _, _, _, kind @ ..] if is_first_box(kind) => media(Container::IsoMedia),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => media(Container::Matroska),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'A',
            b'V',
            b'I',
            b' ',
            ..,
        ] => media(Container::Avi),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => media(Container::Wav),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => media(Container::Webp),
        [b'O', b'g', b'g', b'S', ..] => media(Container::Ogg),
        [b'I', b'D', b'3', ..] => media(Container::Mp3),
        [0xff, 0xd8, 0xff, ..] => media(Container::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => media(Container::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => media(Container::Gif),
        // ADTS: twelve sync bits, layer 0. MPEG audio: the same sync with layer III.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => media(Container::Aac),
        [0xff, second, ..] if second & 0xe6 == 0xe2 => media(Container::Mp3),
        _ => sniff_text(head),
    }
}

fn is_first_box(kind: &[u8]) -> bool {
    [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"]
        .iter()
        .any(|word| kind.starts_with(*word))
}

fn sniff_text(head: &[u8]) -> Sniffed {
    let text = String::from_utf8_lossy(head);
    let text = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    let lists = [
        "#extm3u",
        "ffconcat",
        "[playlist]",
        "v=0",
        "file ",
        "<mpd",
        "<asx",
        "#ext",
    ];
    if lists.iter().any(|word| text.starts_with(word)) || text.contains("<mpd") {
        return Sniffed::Playlist;
    }
    if text.starts_with('<') {
        Sniffed::Page
    } else {
        Sniffed::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_first_bytes() {
        for (head, expected) in [
            (
                &b"\0\0\0\x20ftypisom"[..],
                Sniffed::Media(Container::IsoMedia),
            ),
            (b"\0\0\0\x20ftypheic", Sniffed::Unknown),
            (b"\x1a\x45\xdf\xa3webm", Sniffed::Media(Container::Matroska)),
            (b"RIFF\0\0\0\0AVI LIST", Sniffed::Media(Container::Avi)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Sniffed::Media(Container::Webp)),
            (b"\xff\xd8\xff\xe0", Sniffed::Media(Container::Jpeg)),
            (b"\xff\xf1\x50\x80", Sniffed::Media(Container::Aac)),
            (b"\xff\xfb\x90\x00", Sniffed::Media(Container::Mp3)),
            (b"#EXTM3U\n", Sniffed::Playlist),
            (b"\xef\xbb\xbf  #EXTM3U\n", Sniffed::Playlist),
            (b"ffconcat version 1.0\nfile x", Sniffed::Playlist),
            (b"<?xml version='1.0'?><MPD>", Sniffed::Playlist),
            (b"\n<!DOCTYPE html>", Sniffed::Page),
            (b"", Sniffed::Empty),
            (b"just text", Sniffed::Unknown),
            (b"\0", Sniffed::Unknown),
        ] {
            assert_eq!(sniff(head), expected, "{head:?}");
        }
    }
}
