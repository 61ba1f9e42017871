//! What is to be published, and every rule of Meta's that can be checked before Meta is asked.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>,
//! <https://developers.facebook.com/docs/instagram-platform/content-publishing> (read 2026-09-11)

use crate::id::ContainerId;
use crate::limits;

/// Which kind of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One picture in the feed.
    Image,
    /// A video.
    Reel,
    /// A picture or a video for a day.
    Story,
    /// Two to ten of the following.
    Carousel,
    /// A picture of a carousel.
    ItemImage,
    /// A video of a carousel.
    ItemVideo,
}

/// Where the file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Meta fetches a picture here.
    ImageUrl(String),
    /// Meta fetches a video here.
    VideoUrl(String),
    /// A video's bytes follow (see [`Graph::upload_video`](crate::client::Graph::upload_video)).
    Upload,
    /// A carousel is made of these.
    Items(Vec<ContainerId>),
}

/// Somebody in the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct UserTag {
    /// Who.
    pub username: String,
    /// Where, from the left, 0 to 1; pictures only.
    pub x: Option<f64>,
    /// Where, from the top, 0 to 1; pictures only.
    pub y: Option<f64>,
}

/// A container's parameters. What is wrong with them is told before Meta is asked, all of it at once:
///
/// ```
/// use graph_api::endpoint::publish::{Kind, Source, Work};
///
/// let source = Source::ImageUrl("https://example.com/a.jpg".to_owned());
/// let work = Work {
///     caption: Some("x".repeat(2_201)),
///     audio_name: Some("a song".to_owned()),
///     ..Work::new(Kind::Image, source)
/// };
/// let places: Vec<_> = work.problems().iter().map(|problem| problem.at).collect();
/// assert_eq!(places, ["caption", "audio_name"]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// What it is.
    pub kind: Kind,
    /// Where its file comes from.
    pub source: Source,
    /// The words below it.
    pub caption: Option<String>,
    /// What a picture shows, for those who cannot see it.
    pub alt_text: Option<String>,
    /// Who is in it.
    pub user_tags: Vec<UserTag>,
    /// Meta's id of a place.
    pub location_id: Option<String>,
    /// Who is asked to share it as theirs.
    pub collaborators: Vec<String>,
    /// A reel's cover; wins over `thumb_offset_ms`.
    pub cover_url: Option<String>,
    /// The moment of a reel that is its cover.
    pub thumb_offset_ms: Option<u64>,
    /// Whether a reel shows in the feed as well.
    pub share_to_feed: Option<bool>,
    /// What a reel's own sound is called.
    pub audio_name: Option<String>,
    /// A trial reel, shown to others than followers first; who makes it a full one: `MANUAL` or `SS_PERFORMANCE`.
    pub trial: Option<String>,
    /// Made by a machine (since 2026-06-22).
    pub is_ai_generated: Option<bool>,
}

/// One thing that Meta would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which parameter.
    pub at: &'static str,
    /// What is wrong with it.
    pub says: String,
}

impl Work {
    /// A work with nothing but its file.
    pub fn new(kind: Kind, source: Source) -> Self {
        Self {
            kind,
            source,
            caption: None,
            alt_text: None,
            user_tags: Vec::new(),
            location_id: None,
            collaborators: Vec::new(),
            cover_url: None,
            thumb_offset_ms: None,
            share_to_feed: None,
            audio_name: None,
            trial: None,
            is_ai_generated: None,
        }
    }

    /// Everything that Meta would refuse, at once.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut say = |at: &'static str, says: String| found.push(Problem { at, says });
        self.check_source(&mut say);
        self.check_words(&mut say);
        self.check_people(&mut say);
        self.check_place(&mut say);
        found
    }

    fn check_source(&self, say: &mut impl FnMut(&'static str, String)) {
        match (&self.source, self.kind) {
            (Source::Items(items), Kind::Carousel) => {
                let fits = limits::CAROUSEL_ITEMS;
                if !fits.contains(&items.len()) {
                    say(
                        "items",
                        format!("a carousel has {} to {} items", fits.start(), fits.end()),
                    );
                }
            }
            (Source::Items(_), _) | (_, Kind::Carousel) => {
                say(
                    "items",
                    "a carousel, and nothing else, is made of items".to_owned(),
                );
            }
            (Source::ImageUrl(url), Kind::Image | Kind::Story | Kind::ItemImage) => {
                check_url("image_url", url, say);
            }
            (Source::VideoUrl(url), Kind::Reel | Kind::Story | Kind::ItemVideo) => {
                check_url("video_url", url, say);
            }
            (Source::Upload, Kind::Reel | Kind::Story | Kind::ItemVideo) => {}
            (Source::ImageUrl(_), _) => say("image_url", "this kind takes a video".to_owned()),
            (Source::VideoUrl(_) | Source::Upload, _) => {
                say("video_url", "this kind takes an image".to_owned());
            }
        }
        if let Some(cover) = &self.cover_url {
            check_url("cover_url", cover, say);
        }
    }

    fn check_words(&self, say: &mut impl FnMut(&'static str, String)) {
        let is_item = matches!(self.kind, Kind::ItemImage | Kind::ItemVideo);
        if let Some(caption) = &self.caption {
            if is_item || self.kind == Kind::Story {
                say(
                    "caption",
                    "neither items of a carousel nor stories have a caption".to_owned(),
                );
            }
            check_caption(caption, say);
        }
        if let Some(text) = &self.alt_text {
            if !matches!(self.kind, Kind::Image | Kind::ItemImage) {
                say("alt_text", "only pictures have one".to_owned());
            }
            let most = limits::ALT_TEXT;
            if text.chars().count() > most {
                say("alt_text", format!("longer than {most} characters"));
            }
        }
        if is_item && self.is_ai_generated.is_some() {
            say(
                "is_ai_generated",
                "belongs to the carousel, not to its items".to_owned(),
            );
        }
    }

    fn check_people(&self, say: &mut impl FnMut(&'static str, String)) {
        let most = limits::COLLABORATORS;
        if self.collaborators.len() > most {
            say("collaborators", format!("more than {most}"));
        }
        let can_share = matches!(self.kind, Kind::Image | Kind::Reel | Kind::Carousel);
        if !self.collaborators.is_empty() && !can_share {
            say("collaborators", "this kind has none".to_owned());
        }
        let tagged = self.user_tags.iter().map(|tag| &tag.username);
        for name in self.collaborators.iter().chain(tagged) {
            if !limits::is_username(name) {
                say(
                    "username",
                    format!("{name:?} is no name that Instagram gives"),
                );
            }
        }
        let inside = |at: Option<f64>| at.is_none_or(|at| (0.0..=1.0).contains(&at));
        if self
            .user_tags
            .iter()
            .any(|tag| !inside(tag.x) || !inside(tag.y))
        {
            say("user_tags", "x and y go from 0 to 1".to_owned());
        }
        let has_places = matches!(self.kind, Kind::Image | Kind::ItemImage);
        let is_placed = |tag: &UserTag| tag.x.is_some() && tag.y.is_some();
        if has_places && !self.user_tags.iter().all(is_placed) {
            say("user_tags", "need x and y on a picture".to_owned());
        }
        if !self.user_tags.is_empty() && self.kind == Kind::Carousel {
            say("user_tags", "belong to the items of a carousel".to_owned());
        }
    }

    fn check_place(&self, say: &mut impl FnMut(&'static str, String)) {
        if let Some(place) = &self.location_id
            && (place.is_empty() || !place.bytes().all(|c| c.is_ascii_digit()))
        {
            say("location_id", "is a number".to_owned());
        }
        let of_reels = [
            ("cover_url", self.cover_url.is_some()),
            ("thumb_offset_ms", self.thumb_offset_ms.is_some()),
            ("share_to_feed", self.share_to_feed.is_some()),
            ("audio_name", self.audio_name.is_some()),
            ("trial", self.trial.is_some()),
        ];
        for (at, is_set) in of_reels {
            if is_set && self.kind != Kind::Reel {
                say(at, "only reels have one".to_owned());
            }
        }
        if let Some(trial) = &self.trial
            && !matches!(trial.as_str(), "MANUAL" | "SS_PERFORMANCE")
        {
            say("trial", "is MANUAL or SS_PERFORMANCE".to_owned());
        }
    }
}

/// Meta fetches the file itself, over https, and reads no address outside ASCII.
fn check_url(at: &'static str, url: &str, say: &mut impl FnMut(&'static str, String)) {
    if !limits::is_fetchable(url) {
        say(at, "must be a public https address in ASCII".to_owned());
    }
}

fn check_caption(caption: &str, say: &mut impl FnMut(&'static str, String)) {
    let most = limits::CAPTION;
    if caption.chars().count() > most {
        say("caption", format!("longer than {most} characters"));
    }
    let hashtags = limits::marked(caption, '#');
    if hashtags > limits::HASHTAGS_PER_CAPTION {
        say(
            "caption",
            format!("more than {} hashtags", limits::HASHTAGS_PER_CAPTION),
        );
    }
    let mentions = limits::marked(caption, '@');
    if mentions > limits::MENTIONS_PER_CAPTION {
        say(
            "caption",
            format!("more than {} @names", limits::MENTIONS_PER_CAPTION),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Work {
        Work::new(
            Kind::Image,
            Source::ImageUrl("https://example.com/a.jpg".to_owned()),
        )
    }

    fn places(work: &Work) -> Vec<&'static str> {
        work.problems()
            .into_iter()
            .map(|problem| problem.at)
            .collect()
    }

    #[test]
    fn what_fits_has_no_problem() {
        assert_eq!(places(&image()), [""; 0]);
        let reel = Work {
            caption: Some("é".repeat(2_200)),
            collaborators: vec!["ana.b_c".to_owned()],
            cover_url: Some("https://example.com/c.jpg".to_owned()),
            share_to_feed: Some(true),
            ..Work::new(Kind::Reel, Source::Upload)
        };
        assert_eq!(places(&reel), [""; 0]);
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let bad = Work {
            source: Source::ImageUrl("https://exämple.com/a.jpg".to_owned()),
            caption: Some(format!("{}{}", "#a ".repeat(31), "@b ".repeat(21))),
            alt_text: Some("x".repeat(1_001)),
            collaborators: vec![
                "a(b".to_owned(),
                "c".to_owned(),
                "d".to_owned(),
                "e".to_owned(),
            ],
            audio_name: Some("sound".to_owned()),
            location_id: Some("1/../2".to_owned()),
            ..image()
        };
        let expected = [
            "image_url",
            "caption",
            "caption",
            "alt_text",
            "collaborators",
            "username",
            "location_id",
            "audio_name",
        ];
        assert_eq!(places(&bad), expected);
    }

    #[test]
    fn files_come_over_https_and_tags_on_pictures_have_a_place() {
        for url in [
            "http://example.com/a.jpg",
            "http://10.0.0.1/a.jpg",
            "https://a@b.c/d",
        ] {
            let source = Source::ImageUrl(url.to_owned());
            assert_eq!(
                places(&Work::new(Kind::Image, source)),
                ["image_url"],
                "{url}"
            );
        }
        let here = Source::VideoUrl("http://127.0.0.1:8080/a.mp4".to_owned());
        assert_eq!(places(&Work::new(Kind::Reel, here)), [""; 0]);
        let tag = |x, y| UserTag {
            username: "ana".to_owned(),
            x,
            y,
        };
        let tagged = |tag| Work {
            user_tags: vec![tag],
            ..image()
        };
        assert_eq!(places(&tagged(tag(Some(0.5), None))), ["user_tags"]);
        assert_eq!(places(&tagged(tag(Some(0.5), Some(0.5)))), [""; 0]);
        let story = Work {
            kind: Kind::Story,
            ..tagged(tag(None, None))
        };
        assert_eq!(places(&story), [""; 0]);
    }

    #[test]
    fn each_kind_takes_its_own() {
        let url = |url: &str| Source::VideoUrl(url.to_owned());
        let one = |count: usize| Source::Items(vec![ContainerId::from("1"); count]);
        assert_eq!(
            places(&Work::new(Kind::Image, url("https://a.b/c"))),
            ["video_url"]
        );
        assert_eq!(
            places(&Work::new(Kind::Reel, url("ftp://a.b/c"))),
            ["video_url"]
        );
        assert_eq!(places(&Work::new(Kind::Carousel, one(1))), ["items"]);
        assert_eq!(places(&Work::new(Kind::Carousel, one(10))), [""; 0]);
        assert_eq!(places(&Work::new(Kind::Image, one(2))), ["items"]);
        let item = Work {
            caption: Some("c".to_owned()),
            is_ai_generated: Some(true),
            ..Work::new(Kind::ItemVideo, url("https://a.b/c"))
        };
        assert_eq!(places(&item), ["caption", "is_ai_generated"]);
    }
}
