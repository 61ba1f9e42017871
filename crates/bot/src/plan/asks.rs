//! From a message to the list of things to watch.
//!
//! The key of an ask decides with whom its work may be shared: work that began with a public link
//! is done without anybody's login and may answer anyone, work that began with something Meta sent
//! to one account answers only the same share to the same account.

use std::collections::BTreeSet;
use std::fmt;

use graph_api::webhook::{Attachment, Kind, Message, ReplyTo};
use media::link::{self, Hosts, Link, UrlKind};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Unsupported, unsupported, words};

/// How a thing to watch came to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A link in the text.
    Link,
    /// A post or reel shared inside Instagram.
    Share,
    /// A story that mentions us or that the message answers.
    Story,
    /// The person's own video or voice note: they have the file, only the words go back.
    Own,
}

/// Where the bytes are.
#[derive(Clone, PartialEq, Eq)]
pub enum AskSource {
    /// A public page.
    Page(Link),
    /// A file on Meta's media host, signed for us.
    Media(Url),
    /// A file that the channel keeps under this name.
    Held(String),
}

// A signed media address opens without a key, so it counts as a secret.
impl fmt::Debug for AskSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(link) => f.debug_tuple("Page").field(&link.key()).finish(),
            Self::Media(_) => f.write_str("Media(..)"),
            Self::Held(_) => f.write_str("Held(..)"),
        }
    }
}

/// One thing to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Equal asks share their work.
    pub key: String,
    /// How it came.
    pub origin: Origin,
    /// Where it is.
    pub source: AskSource,
    /// The public page of the same post, where a share named both: for when the file is not to be had.
    pub page: Option<Link>,
    /// The caption that came along with a share.
    pub caption: Option<String>,
    /// Whether it is sound without pictures.
    pub is_voice: bool,
}

/// Everything a message asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// What to watch, in the order of the message.
    pub asks: Vec<Ask>,
    /// How many were beyond the limit.
    pub left_out: usize,
    /// What it names that we do not watch.
    pub unsupported: BTreeSet<Unsupported>,
}

const SHARES: &[&str] = &["share", "ig_post", "ig_reel", "reel"];
const STORIES: &[&str] = &["story_mention", "story", "ig_story"];

/// Whether this kind of attachment can be something to watch or to name.
pub(super) fn is_ours(kind: &str) -> bool {
    SHARES.contains(&kind)
        || STORIES.contains(&kind)
        || matches!(kind, "video" | "audio" | "image" | "media")
}

impl Asked {
    /// The links in these words.
    pub fn in_words(words: &str) -> Self {
        let mut asked = Self::default();
        asked.links(words);
        asked
    }

    /// Leaves at most `max` things.
    pub fn cut(mut self, max: usize) -> Self {
        self.left_out += self.asks.len().saturating_sub(max);
        self.asks.truncate(max);
        self
    }

    /// One more thing, unless it is there already.
    pub fn push(&mut self, ask: Ask) {
        if self.asks.iter().all(|known| known.key != ask.key) {
            self.asks.push(ask);
        }
    }

    fn links(&mut self, text: &str) {
        for link in link::find(text) {
            self.page(link, Origin::Link, None);
        }
        self.unsupported.extend(unsupported::in_text(text));
    }

    fn page(&mut self, link: Link, origin: Origin, caption: Option<String>) {
        if is_story(&link) {
            self.unsupported.insert(Unsupported::Story);
            return;
        }
        let key = format!("link:{}", link.key());
        self.push(Ask {
            key,
            origin,
            source: AskSource::Page(link),
            page: None,
            caption,
            is_voice: false,
        });
    }
}

/// What this event asks for.
pub fn asks(account: &str, kind: &Kind, hosts: &Hosts) -> Asked {
    let mut found = Found {
        account,
        hosts,
        asked: Asked::in_words(words(kind)),
        media: BTreeSet::new(),
    };
    if let Kind::Message(message) = kind {
        found.attachments(message);
        found.story_answered(message);
    }
    found.asked
}

struct Found<'a> {
    account: &'a str,
    hosts: &'a Hosts,
    asked: Asked,
    /// Media ids and addresses seen, so that doubles of one share count once.
    media: BTreeSet<String>,
}

impl Found<'_> {
    fn attachments(&mut self, message: &Message) {
        // A newer kind beside a plain `share` is the same post told twice (Meta, November 2025).
        let (plain, newer): (Vec<_>, Vec<_>) = message
            .attachments
            .iter()
            .filter(|a| SHARES.contains(&a.kind.as_str()) && a.url.is_some())
            .partition(|a| a.kind == "share");
        let mut twins = (plain.len() == newer.len())
            .then_some(plain)
            .into_iter()
            .flatten();
        for attachment in &message.attachments {
            let kind = attachment.kind.as_str();
            match kind {
                "share" if !newer.is_empty() => {}
                "share" => self.share(attachment, None),
                _ if SHARES.contains(&kind) => {
                    let twin = attachment.url.as_ref().and_then(|_| twins.next());
                    self.share(attachment, twin);
                }
                _ if STORIES.contains(&kind) => {
                    self.media(
                        attachment.url.as_deref(),
                        attachment.media_id.as_deref(),
                        Origin::Story,
                        None,
                    );
                }
                "video" | "audio" | "media" => self.own(attachment),
                "image" => {
                    self.asked.unsupported.insert(Unsupported::Picture);
                }
                _ => {}
            }
        }
    }

    /// `twin` tells of the same post; where one names the file and the other the page, the file goes first.
    fn share(&mut self, attachment: &Attachment, twin: Option<&Attachment>) {
        let caption = attachment
            .title
            .clone()
            .filter(|title| !title.trim().is_empty());
        let mut url = attachment.url.as_deref();
        let mut other = twin.and_then(|twin| twin.url.as_deref());
        let kind_of = |url: Option<&str>| url.map(|url| link::classify(url, self.hosts));
        if matches!(kind_of(url), Some(UrlKind::Link(_)))
            && matches!(kind_of(other), Some(UrlKind::Media(_)))
        {
            std::mem::swap(&mut url, &mut other);
        }
        let page = match kind_of(other) {
            Some(UrlKind::Link(page)) if !is_story(&page) => Some(page),
            _ => None,
        };
        let before = self.asked.asks.len();
        self.media(url, attachment.media_id.as_deref(), Origin::Share, caption);
        if let Some(ask) = self.asked.asks.get_mut(before)
            && matches!(ask.source, AskSource::Media(_))
        {
            ask.page = page;
        }
    }

    fn own(&mut self, attachment: &Attachment) {
        let before = self.asked.asks.len();
        self.media(attachment.url.as_deref(), None, Origin::Own, None);
        if let Some(ask) = self.asked.asks.get_mut(before) {
            ask.is_voice = attachment.kind == "audio";
        }
    }

    /// The story is what the message is about only when the message brings nothing else.
    fn story_answered(&mut self, message: &Message) {
        if let Some(ReplyTo::Story {
            url: Some(url), id, ..
        }) = &message.reply_to
            && self.asked.asks.is_empty()
            && self.asked.unsupported.is_empty()
        {
            self.media(Some(url), id.as_deref(), Origin::Story, None);
        }
    }

    fn media(
        &mut self,
        url: Option<&str>,
        media_id: Option<&str>,
        origin: Origin,
        caption: Option<String>,
    ) {
        let names: Vec<String> = [url, media_id]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect();
        if names.iter().any(|name| self.media.contains(name)) {
            return;
        }
        self.media.extend(names);
        match url.map(|url| link::classify(url, self.hosts)) {
            Some(UrlKind::Link(link)) => self.asked.page(link, origin, caption),
            Some(UrlKind::Media(url)) => {
                let name =
                    media_id.map_or_else(|| fingerprint(url.as_str()), |id| format!("id-{id}"));
                let key = format!("{}:{}:{name}", word(origin), self.account);
                self.asked.push(Ask {
                    key,
                    origin,
                    source: AskSource::Media(url),
                    page: None,
                    caption,
                    is_voice: false,
                });
            }
            Some(UrlKind::Other) | None => {
                self.asked.unsupported.insert(Unsupported::Message);
            }
        }
    }
}

/// Only who is logged in sees these.
fn is_story(link: &Link) -> bool {
    matches!(link, Link::Story { .. } | Link::Highlight { .. })
}

fn word(origin: Origin) -> &'static str {
    match origin {
        Origin::Link => "link",
        Origin::Share => "share",
        Origin::Story => "story",
        Origin::Own => "own",
    }
}

fn fingerprint(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}
