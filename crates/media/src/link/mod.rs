//! Links to posts: found in what people write, recognised in what Meta sends, rebuilt by us.
//!
//! Nothing of a person's text ever reaches a request or a command line: a link is taken apart into
//! a checked code, and every URL that we use is built from that code. All of it runs in linear time,
//! because the text is as long as a stranger likes.

mod code;
mod parse;

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::is_invisible;
pub use crate::net::Hosts;
pub use code::{BadShortcode, Shortcode};

/// Something on Instagram that a person pointed at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// A post, reel or IGTV video; all share one code space.
    Post {
        /// Its code.
        code: Shortcode,
        /// Which item of a carousel was meant (from 1), if the link says so.
        item: Option<u32>,
    },
    /// What the app's share button made until April 2025; the token is opaque and must be resolved.
    Share {
        /// The token.
        token: String,
    },
    /// One story, alive for a day.
    Story {
        /// User name of the author.
        user: String,
        /// Media id.
        id: String,
    },
    /// A collection of stories kept on a profile.
    Highlight {
        /// Its id.
        id: String,
    },
}

impl Link {
    /// A stable name for caches and single flight: equal for every spelling of the same thing.
    pub fn key(&self) -> String {
        match self {
            Self::Post { code, item: None } => format!("post:{code}"),
            Self::Post {
                code,
                item: Some(item),
            } => format!("post:{code}:{item}"),
            Self::Share { token } => format!("share:{token}"),
            Self::Story { user, id } => format!("story:{user}:{id}"),
            Self::Highlight { id } => format!("highlight:{id}"),
        }
    }

    /// The address that people open, at Instagram itself wherever the pages were read.
    pub fn canonical_url(&self) -> Url {
        self.page_url(&crate::settings::instagram_pages())
    }

    /// The page of this link under `base` (Instagram's own, or where the simulator stands in).
    pub fn page_url(&self, base: &Url) -> Url {
        let path = match self {
            Self::Post { code, .. } => format!("reel/{code}/"),
            Self::Share { token } => format!("share/{token}"),
            Self::Story { user, id } => format!("stories/{user}/{id}/"),
            Self::Highlight { id } => format!("stories/highlights/{id}/"),
        };
        let mut url = base.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
        url
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

/// What a URL in an attachment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlKind {
    /// A link to a post.
    Link(Link),
    /// A media file on Meta's CDN (or a test host).
    Media(Url),
    /// Neither; we do not touch it.
    Other,
}

/// Every link in a text, in order, each once.
///
/// ```
/// let links = media::link::find("olha: instagram.com/p/CTomrHIFc36/?igsh=x e resume");
/// assert_eq!(links[0].key(), "post:CTomrHIFc36");
/// ```
pub fn find(text: &str) -> Vec<Link> {
    let cleaned: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let mut seen = HashSet::new();
    parse::candidates(&cleaned)
        .into_iter()
        .filter_map(parse::url)
        .filter(|link| seen.insert(identity(link)))
        .collect()
}

/// What the thing is, whichever of its pictures was meant.
fn identity(link: &Link) -> String {
    match link {
        Link::Post { code, .. } => Link::Post {
            code: code.clone(),
            item: None,
        }
        .key(),
        other => other.key(),
    }
}

/// Decides what to do with a URL that came in an attachment. Meta names the field the same for a
/// CDN file and for a page, so only the URL itself can tell.
pub fn classify(url: &str, hosts: &Hosts) -> UrlKind {
    let cleaned: String = url.trim().chars().filter(|c| !is_invisible(*c)).collect();
    if let Some(link) = parse::url(&cleaned) {
        return UrlKind::Link(link);
    }
    let Ok(url) = Url::parse(&cleaned) else {
        return UrlKind::Other;
    };
    if let Some(rest) = hosts.below_pages(&url)
        && let Some(link) = parse::path_and_query(&rest)
    {
        return UrlKind::Link(link);
    }
    if hosts.is_media(&url) {
        UrlKind::Media(url)
    } else {
        UrlKind::Other
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    /// Every link shape seen in the wild, as a JSON string and what it means. Collected in November
    /// 2026 from public issue threads and from the extractors of yt-dlp and gallery-dl.
    const TABLE: &str = include_str!("links.tsv");

    fn spoken(links: &[Link]) -> String {
        let words: Vec<String> = links
            .iter()
            .map(|link| match link {
                Link::Post { code, .. } => code.to_string(),
                Link::Share { token } => format!("share {token}"),
                Link::Story { user, id } => format!("story {user}/{id}"),
                Link::Highlight { id } => format!("highlight {id}"),
            })
            .collect();
        if words.is_empty() {
            "no link".to_owned()
        } else {
            words.join(" ")
        }
    }

    #[test]
    fn every_row_of_the_table() {
        let mut rows = 0;
        for line in TABLE.lines() {
            let (input, expected) = line.split_once('\t').unwrap();
            let text: String = serde_json::from_str(input).unwrap();
            assert_eq!(spoken(&find(&text)), expected, "{input}");
            rows += 1;
        }
        assert_eq!(rows, 68);
    }

    #[test]
    fn what_people_also_write() {
        for (text, expected) in [
            (
                "**https://www.instagram.com/reel/Chunk8-jurw/**",
                "Chunk8-jurw",
            ),
            (
                "[veja](https://www.instagram.com/reel/Chunk8-jurw/)",
                "Chunk8-jurw",
            ),
            ("veja:instagram.com/p/CTomrHIFc36", "CTomrHIFc36"),
            (
                "https://www.instagram.com/reel/DUl354timp1😀",
                "DUl354timp1",
            ),
            (
                "https://www.instagram.com:443/reel/DUl354timp1",
                "DUl354timp1",
            ),
            (
                "https://www.instagram.com//reel//DUl354timp1/",
                "DUl354timp1",
            ),
            (
                "https://www.instagram.com/accounts/login/?next=%2Freel%2FDUl354timp1%2F",
                "DUl354timp1",
            ),
            (
                "https://l.instagram.com/?u=https://www.instagram.com/reel/C42okxEMpP2/&e=1",
                "C42okxEMpP2",
            ),
            (
                "https://www.instagram.com/s/aGlnaGxpZ2h0OjE4MDkwOTQ2MDQ4MTIzOTc4?story_media_id=3_4",
                "highlight 18090946048123978",
            ),
            (
                "https://user:pw@www.instagram.com/reel/DUl354timp1/",
                "no link",
            ),
            (
                "https://www.instagram.com:8443/reel/DUl354timp1/",
                "no link",
            ),
            ("me@instagram.com/p/CTomrHIFc36", "no link"),
            ("ftp://www.instagram.com/p/CTomrHIFc36", "no link"),
            ("https://www.instagram.com/p/CTomrHIFc36é/", "no link"),
            (
                "https://www.instagram.com\\@evil.example/p/CTomrHIFc36/",
                "no link",
            ),
            (
                "https://l.instagram.com/?u=https%3A%2F%2Fevil.example%2Fp%2FCTomrHIFc36",
                "no link",
            ),
            (
                "https://l.instagram.com/?u=https%3A%2F%2Fl.instagram.com%2F%3Fu%3Dhttps%253A%252F%252Fl.instagram.com",
                "no link",
            ),
            ("https://www.instagram.com/reel/--exec=id/", "no link"),
        ] {
            assert_eq!(spoken(&find(text)), expected, "{text}");
        }
    }

    #[test]
    fn the_item_of_a_carousel_is_kept() {
        let links = find("https://www.instagram.com/p/BQ0eAlwhDrw/?utm_source=x&img_index=3");
        assert_eq!(links[0].key(), "post:BQ0eAlwhDrw:3");
        for bad in ["0", "21", "-1", "x", "99999999999"] {
            let links = find(&format!(
                "https://www.instagram.com/p/BQ0eAlwhDrw/?img_index={bad}"
            ));
            assert_eq!(links[0].key(), "post:BQ0eAlwhDrw", "{bad}");
        }
    }

    #[test]
    fn pages_are_built_from_the_code_alone() {
        let base = Url::parse("http://127.0.0.1:8090/www.instagram.com").unwrap();
        let link = &find("https://www.instagram.com/someone/reel/-Cmh1cukG2/?x=--exec")[0];
        assert_eq!(
            link.page_url(&base).as_str(),
            "http://127.0.0.1:8090/www.instagram.com/reel/-Cmh1cukG2/"
        );
        let real = Url::parse("https://www.instagram.com").unwrap();
        assert_eq!(
            link.page_url(&real).as_str(),
            "https://www.instagram.com/reel/-Cmh1cukG2/"
        );
    }

    #[test]
    fn attachment_urls_are_told_apart() {
        let hosts = Hosts::new(
            &Url::parse("http://127.0.0.1:8090/www.instagram.com").unwrap(),
            &["127.0.0.1:8090".to_owned()],
        );
        let kind = |url| match classify(url, &hosts) {
            UrlKind::Link(link) => link.key(),
            UrlKind::Media(_) => "media".to_owned(),
            UrlKind::Other => "other".to_owned(),
        };
        for (url, expected) in [
            (
                "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=x",
                "media",
            ),
            (
                "https://scontent-gru1-1.cdninstagram.com/v/t50.mp4?oe=1",
                "media",
            ),
            ("https://video.xx.fbcdn.net/v.mp4", "media"),
            (
                "https://www.instagram.com/reel/DUl354timp1/",
                "post:DUl354timp1",
            ),
            ("http://127.0.0.1:8090/cdn/a.mp4", "media"),
            (
                "http://127.0.0.1:8090/www.instagram.com/reel/DUl354timp1/",
                "post:DUl354timp1",
            ),
            ("http://127.0.0.1:8091/cdn/a.mp4", "other"),
            ("http://lookaside.fbsbx.com/a.mp4", "other"),
            ("https://fbsbx.com.evil.example/a.mp4", "other"),
            ("https://evilfbsbx.com/a.mp4", "other"),
            ("https://lookaside.fbsbx.com:8443/a.mp4", "other"),
            ("https://x@lookaside.fbsbx.com/a.mp4", "other"),
            ("file:///etc/passwd", "other"),
            ("", "other"),
        ] {
            assert_eq!(kind(url), expected, "{url}");
        }
        let real = Hosts::new(&Url::parse("https://www.instagram.com").unwrap(), &[]);
        assert_eq!(
            classify("http://127.0.0.1:8090/cdn/a.mp4", &real),
            UrlKind::Other
        );
    }

    #[test]
    fn a_megabyte_of_malice_is_read_at_once() {
        for piece in [
            "https://",
            "instagram.com/",
            "instagram",
            "://",
            "https://www.instagram.com/p/",
            "/p/",
            "%",
            "_",
            "https://l.instagram.com/?u=",
            "@instagram.com",
            "\u{200b}",
            "instagram://media?id=",
            "a.",
            "é",
            "https://www.instagram.com/reel/DUl354timp1 ",
        ] {
            let text = piece.repeat((1 << 20) / piece.len());
            let start = Instant::now();
            let links = find(&text);
            assert!(links.len() <= 1, "{piece}");
            // Quadratic would take minutes; the bound is loose because tests share the machine.
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{piece}: {:?}",
                start.elapsed()
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*") {
            let _ = find(&text);
            let hosts = Hosts::new(&Url::parse("https://www.instagram.com").unwrap(), &[]);
            let _ = classify(&text, &hosts);
        }

        #[test]
        fn a_link_is_found_whatever_stands_around_it(
            before in "[^\\S\\n]|[ (\\[\"'*«:;,!?éã]{0,5} ",
            value in (1_u64 << 24)..(1_u64 << 63),
            after in "[ \\n)\\]\"'.,;!?»]{0,3}",
        ) {
            let code = Shortcode::from_media_id(value).unwrap();
            let text = format!("{before}https://www.instagram.com/reel/{code}{after}");
            let links = find(&text);
            prop_assert_eq!(links.len(), 1);
            prop_assert_eq!(links[0].key(), format!("post:{code}"));
        }

        #[test]
        fn hostile_tails_never_reach_the_page(tail in "[ -~]{0,40}") {
            let base = Url::parse("https://www.instagram.com").unwrap();
            for link in find(&format!("https://www.instagram.com/reel/DUl354timp1/{tail}")) {
                if let Link::Post { .. } = link {
                    let page = link.page_url(&base);
                    let code = page.path().trim_start_matches("/reel/").trim_end_matches('/').to_owned();
                    prop_assert!(Shortcode::new(&code).is_ok());
                    prop_assert!(page.query().is_none() && page.fragment().is_none());
                }
            }
        }
    }
}
