//! What a caller wants published, as it is stored and read back, and how it becomes Meta's containers.

use graph_api::{
    endpoint::publish::{Kind, Problem, Source, UserTag, Work},
    id::ContainerId,
    limits,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Which kind of post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PostKind {
    /// A picture.
    Image,
    /// A video.
    Reel,
    /// Two to ten pictures and videos.
    Carousel,
    /// A picture or a video for a day.
    Story,
}

/// Somebody in the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tag {
    /// Who.
    #[schema(example = "somebody")]
    pub(crate) username: String,
    /// From the left, 0 to 1.
    pub(crate) x: Option<f64>,
    /// From the top, 0 to 1.
    pub(crate) y: Option<f64>,
}

/// One file of a post: exactly one of `image_url`, `video_url` and `upload`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    /// Where Meta fetches a JPEG.
    #[schema(example = "https://example.com/picture.jpg")]
    pub(crate) image_url: Option<String>,
    /// Where Meta fetches an MP4 or MOV.
    pub(crate) video_url: Option<String>,
    /// A file that was handed in with `POST /v1/accounts/{account}/uploads`.
    #[schema(value_type = Option<String>)]
    pub(crate) upload: Option<Uuid>,
    /// What a picture shows, for those who cannot see it.
    pub(crate) alt_text: Option<String>,
    /// Who is in it.
    #[serde(default)]
    pub(crate) user_tags: Vec<Tag>,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Spec {
    pub(crate) kind: PostKind,
    /// The files: one, or two to ten for a carousel.
    pub(crate) items: Vec<Item>,
    /// The words below it.
    #[schema(example = "Good morning")]
    pub(crate) caption: Option<String>,
    /// Meta's id of a place.
    pub(crate) location_id: Option<String>,
    /// Who is asked to share it as theirs, three at most.
    #[serde(default)]
    pub(crate) collaborators: Vec<String>,
    /// A reel's cover.
    pub(crate) cover_url: Option<String>,
    /// The moment of a reel that is its cover, where there is no `cover_url`.
    pub(crate) thumb_offset_ms: Option<u64>,
    /// Whether a reel shows in the feed as well.
    pub(crate) share_to_feed: Option<bool>,
    /// What a reel's own sound is called.
    pub(crate) audio_name: Option<String>,
    /// A trial reel: `MANUAL` or `SS_PERFORMANCE`.
    pub(crate) trial: Option<String>,
    /// Made by a machine.
    pub(crate) is_ai_generated: Option<bool>,
    /// A comment of ours right below it.
    pub(crate) first_comment: Option<String>,
}

/// How an item reaches Meta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// Meta fetches it here; true for a video.
    Url(String, bool),
    /// Its bytes are sent after the container is made.
    Bytes,
}

impl Spec {
    /// The files it is made of that were handed in.
    pub(crate) fn uploads(&self) -> impl Iterator<Item = Uuid> {
        self.items.iter().filter_map(|item| item.upload)
    }

    /// Whether it is made of several containers.
    pub(super) fn is_carousel(&self) -> bool {
        self.kind == PostKind::Carousel
    }

    /// The container of one item of a carousel, or the post's only one.
    pub(super) fn work_of(&self, at: usize, reach: &Reach) -> Option<Work> {
        let item = self.items.get(at)?;
        let is_video = matches!(reach, Reach::Bytes | Reach::Url(_, true));
        let kind = match (self.kind, is_video) {
            (PostKind::Carousel, false) => Kind::ItemImage,
            (PostKind::Carousel, true) => Kind::ItemVideo,
            (PostKind::Image, _) => Kind::Image,
            (PostKind::Reel, _) => Kind::Reel,
            (PostKind::Story, _) => Kind::Story,
        };
        let source = match reach {
            Reach::Bytes => Source::Upload,
            Reach::Url(url, true) => Source::VideoUrl(url.clone()),
            Reach::Url(url, false) => Source::ImageUrl(url.clone()),
        };
        let mut work = Work {
            alt_text: item.alt_text.clone(),
            user_tags: item.user_tags.iter().map(tag).collect(),
            ..Work::new(kind, source)
        };
        if !self.is_carousel() {
            self.dress(&mut work);
        }
        Some(work)
    }

    /// The container of a carousel, over those of its items.
    pub(super) fn whole(&self, items: Vec<ContainerId>) -> Work {
        let mut work = Work::new(Kind::Carousel, Source::Items(items));
        self.dress(&mut work);
        work
    }

    /// What belongs to the post and not to one of its files.
    fn dress(&self, work: &mut Work) {
        work.caption.clone_from(&self.caption);
        work.location_id.clone_from(&self.location_id);
        work.collaborators.clone_from(&self.collaborators);
        work.cover_url.clone_from(&self.cover_url);
        work.thumb_offset_ms = self.thumb_offset_ms;
        work.share_to_feed = self.share_to_feed;
        work.audio_name.clone_from(&self.audio_name);
        work.trial.clone_from(&self.trial);
        work.is_ai_generated = self.is_ai_generated;
    }

    /// Everything that Meta would refuse, at once, each with its place. `video` tells of each upload whether it is one.
    pub(crate) fn problems(&self, video: impl Fn(Uuid) -> bool) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let count = self.items.len();
        if self.is_carousel() {
            let stand_ins = vec![ContainerId::from("1"); count];
            found.extend(self.whole(stand_ins).problems().into_iter().map(spelled));
        } else if count != 1 {
            found.push(("items".to_owned(), "must be one".to_owned()));
        }
        for (at, item) in self.items.iter().enumerate() {
            if let Some(reach) = item.planned(&video) {
                found.extend(self.problems_of(at, &reach));
            } else {
                let says = "must name one of image_url, video_url and upload";
                found.push((format!("items[{at}]"), says.to_owned()));
            }
        }
        if let Some(text) = &self.first_comment {
            if let Some(says) = limits::comment_problem(text) {
                found.push(("first_comment".to_owned(), says));
            }
            if self.kind == PostKind::Story {
                let says = "stories have no comments";
                found.push(("first_comment".to_owned(), says.to_owned()));
            }
        }
        found
    }

    fn problems_of(&self, at: usize, reach: &Reach) -> Vec<(String, String)> {
        let of_item = |problem: Problem| {
            let (name, says) = spelled(problem);
            let is_items = self.is_carousel()
                || matches!(
                    name.as_str(),
                    "image_url" | "video_url" | "alt_text" | "user_tags"
                );
            if is_items {
                (format!("items[{at}].{name}"), says)
            } else {
                (name, says)
            }
        };
        let work = self.work_of(at, reach);
        let problems = work.map(|work| work.problems()).unwrap_or_default();
        problems.into_iter().map(of_item).collect()
    }
}

impl Item {
    /// How it will reach Meta, as far as that can be told before its file is looked at.
    fn planned(&self, video: impl Fn(Uuid) -> bool) -> Option<Reach> {
        match (&self.image_url, &self.video_url, self.upload) {
            (Some(url), None, None) => Some(Reach::Url(url.clone(), false)),
            (None, Some(url), None) => Some(Reach::Url(url.clone(), true)),
            // Some address of ours stands in for the one that is made later.
            (None, None, Some(id)) => Some(Reach::Url("https://localhost/".to_owned(), video(id))),
            _ => None,
        }
    }
}

fn spelled(problem: Problem) -> (String, String) {
    (problem.at.to_owned(), problem.says)
}

fn tag(tag: &Tag) -> UserTag {
    UserTag {
        username: tag.username.clone(),
        x: tag.x,
        y: tag.y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: PostKind, items: Vec<Item>) -> Spec {
        Spec {
            kind,
            items,
            caption: None,
            location_id: None,
            collaborators: Vec::new(),
            cover_url: None,
            thumb_offset_ms: None,
            share_to_feed: None,
            audio_name: None,
            trial: None,
            is_ai_generated: None,
            first_comment: None,
        }
    }

    fn picture() -> Item {
        Item {
            image_url: Some("https://example.com/a.jpg".to_owned()),
            ..Item::default()
        }
    }

    #[test]
    fn problems_name_their_place() {
        let at = |spec: &Spec| -> Vec<String> {
            let problems = spec.problems(|_| false);
            problems.into_iter().map(|(at, _)| at).collect()
        };
        assert_eq!(at(&spec(PostKind::Image, vec![picture()])), [""; 0]);
        assert_eq!(at(&spec(PostKind::Image, Vec::new())), ["items"]);
        assert_eq!(at(&spec(PostKind::Carousel, vec![picture()])), ["items"]);
        assert_eq!(
            at(&spec(PostKind::Reel, vec![picture()])),
            ["items[0].image_url"]
        );
        let both = Item {
            video_url: Some("https://example.com/a.mp4".to_owned()),
            ..picture()
        };
        assert_eq!(at(&spec(PostKind::Image, vec![both])), ["items[0]"]);
        let story = Spec {
            first_comment: Some("Hi".to_owned()),
            caption: Some("c".to_owned()),
            ..spec(PostKind::Story, vec![picture()])
        };
        assert_eq!(at(&story), ["caption", "first_comment"]);
        let handed_in = Item {
            upload: Some(Uuid::nil()),
            ..Item::default()
        };
        assert_eq!(at(&spec(PostKind::Image, vec![handed_in])), [""; 0]);
    }
}
