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

/// First bytes and what they mean: a word at the start, and perhaps one further on.
const MARKS: [(&[u8], usize, &[u8], Container); 10] = [
    (b"\x1a\x45\xdf\xa3", 0, b"", Container::Matroska),
    (b"RIFF", 8, b"AVI ", Container::Avi),
    (b"RIFF", 8, b"WAVE", Container::Wav),
    (b"RIFF", 8, b"WEBP", Container::Webp),
    (b"OggS", 0, b"", Container::Ogg),
    (b"ID3", 0, b"", Container::Mp3),
    (b"\xff\xd8\xff", 0, b"", Container::Jpeg),
    (b"\x89PNG\r\n\x1a\n", 0, b"", Container::Png),
    (b"GIF87a", 0, b"", Container::Gif),
    (b"GIF89a", 0, b"", Container::Gif),
];

/// First boxes of MP4 and QuickTime files.
const FIRST_BOXES: [&[u8]; 6] = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"];

/// Brands of still pictures in MP4's clothes (HEIC, AVIF), which this ffmpeg cannot read.
const STILL_BRANDS: [&[u8]; 4] = [b"hei", b"hev", b"mif", b"avi"];

pub(crate) fn sniff(head: &[u8]) -> Sniffed {
    let at = |from: usize, word: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(word));
    if head.is_empty() {
        return Sniffed::Empty;
    }
    if FIRST_BOXES.iter().any(|kind| at(4, kind)) {
        let still = at(4, b"ftyp") && STILL_BRANDS.iter().any(|brand| at(8, brand));
        return if still {
            Sniffed::Unknown
        } else {
            Sniffed::Media(Container::IsoMedia)
        };
    }
    if let Some((.., container)) = MARKS
        .iter()
        .find(|(first, from, second, _)| at(0, first) && at(*from, second))
    {
        return Sniffed::Media(*container);
    }
    match head {
        // ADTS: twelve sync bits, layer 0. MPEG audio: the same sync with layer III.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => Sniffed::Media(Container::Aac),
        [0xff, second, ..] if second & 0xe6 == 0xe2 => Sniffed::Media(Container::Mp3),
        _ => sniff_text(head),
    }
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
