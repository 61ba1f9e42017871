//! The text of the pages. What people wrote is escaped for the place it stands in.

use std::fmt::Write as _;

use serde_json::json;

use crate::samples::{MadeItem, Sample};

/// Where the media of a post lie.
pub(super) struct Media {
    pub(super) page: String,
    pub(super) poster: String,
    pub(super) content: String,
    pub(super) plays: bool,
    pub(super) first: Option<MadeItem>,
}

const STYLE: &str = "body{margin:0;background:#faf7f2;color:#1d1b22;font:16px/1.5 system-ui,sans-serif}\
main{max-width:420px;margin:0 auto;padding:24px 16px}img,video{width:100%;border-radius:16px;display:block}\
h1{font-size:1rem;margin:16px 0 4px}p{margin:0;white-space:pre-line}\
@media(prefers-color-scheme:dark){body{background:#17161b;color:#fff}}";

/// A post's page: linked data for machines, a picture and the caption for people.
pub(super) fn post(sample: &Sample, media: &Media) -> String {
    let first = media.first.as_ref();
    let name = format!(
        "{} by {}",
        if media.plays { "Video" } else { "Post" },
        sample.author
    );
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": name,
        "description": sample.caption,
        "thumbnailUrl": media.poster,
        "contentUrl": media.content,
        "uploadDate": "2026-11-01T12:00:00+00:00",
        "author": {"@type": "Person", "name": sample.author, "alternateName": sample.author_name},
        "url": media.page,
    });
    if let Some(ms) = first.and_then(|item| item.duration_ms) {
        data["duration"] = format!("PT{}.{:03}S", ms / 1_000, ms % 1_000).into();
    }
    if let Some((width, height)) = first.and_then(|item| item.width.zip(item.height)) {
        data["width"] = width.into();
        data["height"] = height.into();
    }
    // Inside a script element only `<` could end the text.
    let data = data.to_string().replace('<', "\\u003c");
    let (author, caption) = (escape(&sample.author), escape(&sample.caption));
    let (poster, content, page) = (
        escape(&media.poster),
        escape(&media.content),
        escape(&media.page),
    );
    // The player is made by script, so that a reader of pages finds one source of the truth: the linked data.
    let player = if media.plays && sample.items() == 1 {
        "<script>const i=document.querySelector('img'),v=document.createElement('video');\
         v.controls=true;v.playsInline=true;v.poster=i.src;v.src=i.dataset.media;i.replaceWith(v)</script>"
    } else {
        ""
    };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{author} on Instagram</title>\
         <meta property=\"og:title\" content=\"{name}\"><meta property=\"og:description\" content=\"{caption}\">\
         <meta property=\"og:image\" content=\"{poster}\"><meta property=\"og:url\" content=\"{page}\">\
         <script type=\"application/ld+json\">{data}</script><style>{STYLE}</style></head>\
         <body><main><img src=\"{poster}\" data-media=\"{content}\" alt=\"\"><h1>{author}</h1><p>{caption}</p>\
         {player}</main></body></html>",
        name = escape(&name),
    )
}

/// The items of a carousel as a feed, one entry per file.
pub(super) fn feed(sample: &Sample, page: &str, files: &[(String, MadeItem)]) -> String {
    let mut items = String::new();
    for (number, (url, item)) in files.iter().enumerate() {
        // Writing into a String cannot fail.
        let _ = write!(
            items,
            "<item><title>{} {}</title><guid>{}_{}</guid><description>{}</description>\
             <enclosure url=\"{}\" type=\"{}\" length=\"{}\"/></item>",
            escape(&sample.author),
            number + 1,
            sample.code,
            number + 1,
            escape(&sample.caption),
            escape(url),
            item.mime,
            item.bytes,
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>Post by {}</title>\
         <link>{}</link><description>{}</description>{items}</channel></rss>",
        escape(&sample.author),
        escape(page),
        escape(&sample.caption),
    )
}

/// A page that holds no post.
pub(super) fn wall(title: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\
         </head><body><main><h1>{title}</h1><p>This is the simulated Instagram.</p></main></body></html>"
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_people_cannot_become_markup() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
