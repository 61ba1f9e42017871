//! Instagram's public pages, as far as a downloader reads them: posts, share links, the login wall.
//!
//! The real yt-dlp reads them with its generic extractor, which prints an address it could not use. So the wall says
//! in its own address why it stands there; the README of this crate lists what is printed for which case.

mod html;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use crate::{
    samples::{Access, Kind, Sample},
    world::World,
};

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/www.instagram.com/", get(front))
        .route("/www.instagram.com/{*path}", get(page))
}

/// What an address of this host names.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    Post(&'a str),
    /// The feed behind a carousel's page.
    Feed(&'a str),
    Share(&'a str),
    Story,
    Login,
    Nothing,
}

fn place(path: &str) -> Place<'_> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["accounts", "login"] => Place::Login,
        ["stories", ..] => Place::Story,
        ["share", token] | ["share", "reel" | "p" | "video", token] => Place::Share(token),
        ["reel" | "reels" | "p" | "tv", code, "media.xml"] => Place::Feed(code),
        ["reel" | "reels" | "p" | "tv", code, ..] | [_, "reel" | "p" | "tv", code, ..] => {
            Place::Post(code)
        }
        _ => Place::Nothing,
    }
}

async fn front() -> Response {
    Html(html::wall("Instagram")).into_response()
}

async fn page(State(world): State<Arc<World>>, Path(path): Path<String>) -> Response {
    match place(&path) {
        Place::Login => Html(html::wall("Log in to Instagram")).into_response(),
        Place::Story => to_login(&world, &path, ""),
        Place::Share(token) => match world.samples().by_share_token(token) {
            Some(sample) => redirect(&permalink(world.base_url(), &sample)),
            None => gone(),
        },
        Place::Post(code) => match world.samples().get(code) {
            Some(sample) => post(&world, &sample, &path).await,
            None => gone(),
        },
        Place::Feed(code) => match world.samples().get(code) {
            Some(sample) if sample.access == Access::Public => feed(&world, &sample).await,
            _ => gone(),
        },
        Place::Nothing => gone(),
    }
}

async fn post(world: &World, sample: &Sample, path: &str) -> Response {
    match sample.access {
        Access::Removed => return gone(),
        Access::RateLimited => {
            let answer = (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, "60")],
                "Too many requests",
            );
            return answer.into_response();
        }
        Access::LoginRequired => return to_login(world, path, ""),
        Access::Private => return to_login(world, path, "&reason=private"),
        Access::Public if sample.kind == Kind::Story => return to_login(world, path, ""),
        Access::Public => {}
    }
    let Ok(made) = world.samples().made(&sample.code).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let media = html::Media {
        page: permalink(world.base_url(), sample),
        poster: format!("{}/_sim/posters/{}/0.jpg", world.base_url(), sample.code),
        content: match sample.kind {
            Kind::Carousel => format!("{}media.xml", permalink(world.base_url(), sample)),
            _ => media_url(world, sample, 0),
        },
        plays: !sample.is_image(0),
        first: made.items.first().cloned(),
    };
    Html(html::post(sample, &media)).into_response()
}

async fn feed(world: &World, sample: &Sample) -> Response {
    let Ok(made) = world.samples().made(&sample.code).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let files: Vec<_> = made
        .items
        .iter()
        .enumerate()
        .map(|(index, item)| (media_url(world, sample, index), item.clone()))
        .collect();
    let text = html::feed(sample, &permalink(world.base_url(), sample), &files);
    (
        [(header::CONTENT_TYPE, "application/rss+xml; charset=utf-8")],
        text,
    )
        .into_response()
}

/// The address people see and copy.
pub(crate) fn permalink(base_url: &str, sample: &Sample) -> String {
    format!(
        "{base_url}/www.instagram.com/{}/{}/",
        sample.kind.segment(),
        sample.code
    )
}

/// A signed address on the media host that ends in a file name, as pages carry them.
fn media_url(world: &World, sample: &Sample, index: usize) -> String {
    let (name, mime) = sample.file_name(index);
    let asset = world.sample_asset(&sample.code, Some(index), mime);
    let signed = world.cdn_url(&asset.id);
    let query = signed.split_once('?').map_or("", |(_, query)| query);
    format!(
        "{}/cdn/scontent.cdninstagram.com/v/t50/{name}?{query}",
        world.base_url()
    )
}

fn to_login(world: &World, path: &str, reason: &str) -> Response {
    redirect(&format!(
        "{}/www.instagram.com/accounts/login/?next=/{}{reason}",
        world.base_url(),
        path.trim_matches('/')
    ))
}

fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        // A path with letters that no address may hold.
        Err(_) => gone(),
    }
}

fn gone() -> Response {
    (StatusCode::NOT_FOUND, Html(html::wall("Page not found"))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_posts_shares_and_walls() {
        for (path, named) in [
            ("reel/CPaoCaseiro/", Place::Post("CPaoCaseiro")),
            ("reels/CPaoCaseiro", Place::Post("CPaoCaseiro")),
            ("tv/CPaoCaseiro/", Place::Post("CPaoCaseiro")),
            (
                "nina.na.cozinha/reel/CPaoCaseiro/",
                Place::Post("CPaoCaseiro"),
            ),
            ("p/ECarouselXY/", Place::Post("ECarouselXY")),
            ("p/ECarouselXY/media.xml", Place::Feed("ECarouselXY")),
            ("share/reel/BAbc/", Place::Share("BAbc")),
            ("share/BAbc", Place::Share("BAbc")),
            ("stories/ana/123/", Place::Story),
            ("accounts/login/", Place::Login),
            ("explore/", Place::Nothing),
        ] {
            assert_eq!(place(path), named, "{path}");
        }
    }
}
