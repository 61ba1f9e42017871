//! Both roads of a download: our own GET, and the real yt-dlp reading pages of a site on loopback.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use media::link::{self, Link};
use media::settings::Settings;
use media::{DownloadError, FailureClass, Fetched, ItemKind, Progress, Source, Via};
use url::Url;

use crate::fixture::{Canary, Reply, Seen, Site, clip, ffmpeg, settings, studio};

/// A film of two seconds and a picture, made once for each test that asks.
struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        clip(dir.path(), "film.mp4", 2).await;
        ffmpeg(
            dir.path(),
            "-f lavfi -i testsrc2=s=320x400 -frames:v 1 photo.jpg",
        )
        .await;
        Self { dir }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.dir.path().join(name)).unwrap()
    }
}

fn link(text: &str) -> Link {
    link::find(text).remove(0)
}

fn post(code: &str) -> Source {
    Source::Page {
        link: link(&format!("https://www.instagram.com/reel/{code}/")),
    }
}

async fn download(
    settings: Settings,
    source: &Source,
    dir: &Path,
) -> Result<Fetched, DownloadError> {
    studio(settings)
        .download(source, dir, &Progress::none())
        .await
}

async fn fails(settings: Settings, source: &Source) -> DownloadError {
    let dir = tempfile::tempdir().unwrap();
    let failure = download(settings, source, &dir.path().join("job"))
        .await
        .unwrap_err();
    // What goes into logs and stored reasons holds no address.
    let text = failure.to_string();
    assert!(
        !text.contains("127.0.0.1") && !text.contains("://"),
        "{text}"
    );
    failure
}

/// A post's page as JSON-LD, which yt-dlp's generic reader understands.
fn page(seen: &Seen, media: &str, extra: &str) -> Reply {
    let host = seen.host();
    Reply::html(format!(
        r#"<html><head><title>Reel</title><script type="application/ld+json">
        {{"@context":"https://schema.org","@type":"VideoObject","name":"Reel","description":"Receita de pão: é fácil",
        "uploadDate":"2026-11-01","contentUrl":"http://{host}{media}","author":"maria.da.silva"{extra}}}</script></head></html>"#
    ))
}

#[tokio::test]
async fn a_media_url_is_fetched_by_us() {
    let files = Files::new().await;
    let film = files.read("film.mp4");
    let length = film.len() as u64;
    let site =
        Site::start(move |_| Reply::new(200, "application/octet-stream", film.clone())).await;
    let dir = tempfile::tempdir().unwrap();
    let job = dir.path().join("jobs/1");
    let source = Source::Media {
        url: site.url("/cdn/x.php?signature=s3cret"),
    };
    let seen = Arc::new(std::sync::Mutex::new(0.0));
    let log = Arc::clone(&seen);
    let progress = Progress::new(move |_, share| *log.lock().unwrap() = share);
    let fetched = studio(settings(&site))
        .download(&source, &job, &progress)
        .await
        .unwrap();
    assert_eq!(fetched.via, Via::Direct);
    let item = &fetched.items[0];
    assert_eq!(
        (item.file.as_str(), item.kind, item.bytes),
        ("item-0.mp4", ItemKind::Video, length)
    );
    assert_eq!(
        (item.width, item.height, item.has_audio),
        (Some(360), Some(640), true)
    );
    assert!(item.duration_ms.unwrap().abs_diff(2000) < 200);
    assert_eq!(
        std::fs::metadata(&job).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert!((*seen.lock().unwrap() - 1.0_f32).abs() < 0.01);
    // A second try finds the remains of the first and does not mind.
    studio(settings(&site))
        .download(&source, &job, &progress)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_media_url_that_brings_no_media() {
    let files = Files::new().await;
    let film = files.read("film.mp4");
    let site = Site::start(move |seen| match seen.path() {
        "/page" => Reply::new(200, "video/mp4", "<!DOCTYPE html><html>log in</html>"),
        "/hls" => Reply::new(
            200,
            "video/mp4",
            "#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n",
        ),
        "/empty" => Reply::new(200, "video/mp4", ""),
        "/text" => Reply::new(200, "video/mp4", "hello"),
        "/gone" => Reply::new(410, "text/html", ""),
        "/expired" => Reply::new(403, "text/html", "URL signature expired"),
        "/busy" => Reply::new(429, "text/html", "").header("Retry-After", "120"),
        "/broken" => Reply::new(503, "text/html", ""),
        "/cut" => Reply {
            claim: Some(film.len() as u64 * 2),
            ..Reply::new(200, "video/mp4", film.clone())
        },
        "/big" => Reply {
            endless: true,
            ..Reply::new(200, "video/mp4", film.clone())
        },
        _ => Reply::redirect("http://169.254.169.254/latest/meta-data/"),
    })
    .await;
    for (path, class) in [
        ("/page", FailureClass::NotAVideo),
        ("/hls", FailureClass::Hostile),
        ("/empty", FailureClass::NotAVideo),
        ("/text", FailureClass::NotAVideo),
        ("/gone", FailureClass::Removed),
        ("/expired", FailureClass::Removed),
        ("/busy", FailureClass::RateLimited),
        ("/broken", FailureClass::Network),
        ("/cut", FailureClass::Network),
        ("/big", FailureClass::TooLarge),
        ("/inside", FailureClass::Hostile),
    ] {
        let mut settings = settings(&site);
        settings.media.max_download_bytes = 2_000_000;
        let failure = fails(
            settings,
            &Source::Media {
                url: site.url(path),
            },
        )
        .await;
        assert_eq!(failure.class, class, "{path}: {failure}");
        if path == "/busy" {
            assert_eq!(failure.retry_after, Some(Duration::from_mins(2)));
        }
    }
    let elsewhere = Source::Media {
        url: Url::parse("https://example.com/v.mp4").unwrap(),
    };
    assert_eq!(
        fails(settings(&site), &elsewhere).await.class,
        FailureClass::Hostile
    );
}

#[tokio::test]
async fn yt_dlp_reads_a_page_and_brings_film_caption_and_author() {
    let files = Files::new().await;
    let film = files.read("film.mp4");
    let site = Site::start(move |seen| match seen.path() {
        "/www.instagram.com/reel/DUl354timp1/" => page(seen, "/cdn/v.mp4", ""),
        "/cdn/v.mp4" => Reply::new(200, "video/mp4", film.clone()),
        _ => Reply::new(404, "text/html", ""),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    // Planted where a careless caller would look for configuration and programs.
    for name in ["yt-dlp.conf", "ffmpeg", "ffprobe", "yt-dlp"] {
        std::fs::write(dir.path().join(name), "--exec touch planted\n").unwrap();
        std::fs::set_permissions(
            dir.path().join(name),
            std::fs::Permissions::from_mode(0o755),
        )
        .unwrap();
    }
    let fetched = download(settings(&site), &post("DUl354timp1"), dir.path())
        .await
        .unwrap();
    assert_eq!(fetched.via, Via::YtDlp);
    assert_eq!(fetched.caption.as_deref(), Some("Receita de pão: é fácil"));
    assert_eq!(fetched.author.as_deref(), Some("maria.da.silva"));
    assert_eq!(
        fetched.permalink.as_deref(),
        Some("https://www.instagram.com/reel/DUl354timp1/")
    );
    assert_eq!(fetched.items.len(), 1);
    assert_eq!(
        (fetched.items[0].file.as_str(), fetched.items[0].kind),
        ("item-0.mp4", ItemKind::Video)
    );
    let left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.contains(&"item-0.mp4".into()) && !left.contains(&"planted".into()),
        "{left:?}"
    );
    assert!(!left.contains(&"page".into()), "{left:?}");
    // It came through our proxy, with yt-dlp's own face and without the proxy's credential.
    for seen in site.seen() {
        assert!(
            !seen.head.contains("Gramophone") && !seen.head.contains("Proxy-Auth"),
            "{}",
            seen.head
        );
    }
    assert!(site.seen().iter().any(|seen| seen.head.contains("Mozilla")));
}

#[tokio::test]
async fn every_refusal_of_a_page_has_its_class() {
    let files = Files::new().await;
    let film = files.read("film.mp4");
    let canary = Canary::start().await;
    let port = canary.port;
    let site = Site::start(move |seen| match seen.path().trim_start_matches("/www.instagram.com") {
        "/reel/Removed001/" => Reply::new(404, "text/html", "gone"),
        "/reel/Busy000001/" => Reply::new(429, "text/html", "slow down"),
        "/reel/Broken0001/" => Reply::new(500, "text/html", "oops"),
        "/reel/Login00001/" => Reply::redirect("/www.instagram.com/accounts/login/?next=/reel/Login00001/"),
        "/reel/Private001/" => {
            Reply::redirect("/www.instagram.com/accounts/login/?next=/reel/Private001/&reason=private")
        }
        "/accounts/login/" => Reply::html("<html><body>Log in</body></html>"),
        "/reel/Nothing001/" => Reply::html("<html><body>nothing here</body></html>"),
        "/reel/Inside0001/" => Reply::redirect(&format!("http://127.0.0.1:{port}/")),
        "/reel/Steered001/" => Reply::html(format!(
            "<html><head><meta property=\"og:video\" content=\"http://127.0.0.1:{port}/v.mp4\"></head></html>"
        )),
        "/reel/Large00001/" => page(seen, "/cdn/large.mp4", ""),
        "/reel/Endless001/" => page(seen, "/cdn/endless.mp4", ""),
        "/reel/Long000001/" => page(seen, "/cdn/v.mp4", ",\"duration\":\"PT3H\""),
        "/reel/Playlist01/" => page(seen, "/cdn/hls.mp4", ""),
        "/reel/Cut0000001/" => page(seen, "/cdn/cut.mp4", ""),
        "/cdn/v.mp4" => Reply::new(200, "video/mp4", film.clone()),
        "/cdn/large.mp4" => Reply { claim: Some(50_000_000), ..Reply::new(200, "video/mp4", film.clone()) },
        "/cdn/endless.mp4" => Reply { endless: true, ..Reply::new(200, "video/mp4", film.clone()) },
        "/cdn/cut.mp4" => Reply { claim: Some(film.len() as u64 + 900_000), ..Reply::new(200, "video/mp4", film.clone()) },
        "/cdn/hls.mp4" => Reply::new(200, "video/mp4", "#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n"),
        _ => Reply::new(404, "text/html", ""),
    })
    .await;
    for (code, class) in [
        ("Removed001", FailureClass::Removed),
        ("Busy000001", FailureClass::RateLimited),
        ("Broken0001", FailureClass::Network),
        ("Login00001", FailureClass::LoginRequired),
        ("Private001", FailureClass::Private),
        ("Nothing001", FailureClass::BadLink),
        ("Inside0001", FailureClass::Hostile),
        ("Steered001", FailureClass::Hostile),
        ("Large00001", FailureClass::TooLarge),
        ("Endless001", FailureClass::TooLarge),
        ("Long000001", FailureClass::TooLong),
        ("Playlist01", FailureClass::Hostile),
        ("Cut0000001", FailureClass::Network),
    ] {
        let mut settings = settings(&site);
        settings.media.max_download_bytes = 3_000_000;
        let source = Source::Page {
            link: Link::Post {
                code: code_of(code),
                item: None,
            },
        };
        let failure = fails(settings, &source).await;
        assert_eq!(failure.class, class, "{code}: {failure}");
    }
    assert_eq!(canary.hits().await, 0);
}

fn code_of(code: &str) -> link::Shortcode {
    link::Shortcode::new(code).unwrap()
}

#[tokio::test]
async fn nobody_there_is_the_networks_fault() {
    let site = Site::start(|_| Reply::html("")).await;
    let settings = settings(&site);
    drop(site);
    let failure = fails(settings, &post("DUl354timp1")).await;
    assert_eq!(failure.class, FailureClass::Network, "{failure}");
    assert!(failure.class.is_retryable());
}

#[tokio::test]
async fn carousels_come_whole_pictures_too() {
    let files = Files::new().await;
    let (film, photo) = (files.read("film.mp4"), files.read("photo.jpg"));
    let site = Site::start(move |seen| {
        let host = seen.host();
        match seen.path() {
            "/www.instagram.com/reel/BQ0eAlwhDrw/" => page(seen, "/feed", ""),
            "/feed" => {
                let items: String = ["a.mp4", "b.jpg", "c.mp4"]
                    .iter()
                    .map(|name| format!("<item><title>t</title><link>http://{host}/cdn/{name}</link><enclosure url=\"http://{host}/cdn/{name}\"/></item>"))
                    .collect();
                Reply::new(200, "application/rss+xml", format!(
                    "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>"
                ))
            }
            "/cdn/b.jpg" => Reply::new(200, "image/jpeg", photo.clone()),
            path if path.starts_with("/cdn/") => Reply::new(200, "video/mp4", film.clone()),
            _ => Reply::new(404, "text/html", ""),
        }
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let fetched = download(settings(&site), &post("BQ0eAlwhDrw"), dir.path())
        .await
        .unwrap();
    let kinds: Vec<_> = fetched.items.iter().map(|item| item.kind).collect();
    assert_eq!(
        kinds,
        [ItemKind::Video, ItemKind::Image, ItemKind::Video],
        "{fetched:?}"
    );
    let names: Vec<_> = fetched
        .items
        .iter()
        .map(|item| item.file.as_str())
        .collect();
    assert_eq!(names, ["item-0.mp4", "item-1.jpg", "item-2.mp4"]);
    assert_eq!(fetched.main_item().unwrap().file, "item-0.mp4");

    let third = Source::Page {
        link: link("https://www.instagram.com/p/BQ0eAlwhDrw/?img_index=2"),
    };
    let dir = tempfile::tempdir().unwrap();
    let fetched = download(settings(&site), &third, dir.path()).await.unwrap();
    assert_eq!(fetched.items.len(), 1);
    assert_eq!(fetched.items[0].kind, ItemKind::Image);
}

#[tokio::test]
async fn old_share_links_are_resolved_by_hand() {
    let files = Files::new().await;
    let film = files.read("film.mp4");
    let canary = Canary::start().await;
    let port = canary.port;
    let site = Site::start(move |seen| match seen.path() {
        "/www.instagram.com/share/BARSSL4rTu"
            if seen
                .head
                .to_lowercase()
                .contains("sec-fetch-mode: navigate") =>
        {
            Reply::redirect("https://www.instagram.com/someone/reel/DUl354timp1/?igsh=x")
        }
        "/www.instagram.com/share/BLogin0001" => {
            Reply::redirect("/www.instagram.com/accounts/login/?next=%2Freel%2FDUl354timp1%2F")
        }
        "/www.instagram.com/share/BWall00001" => {
            Reply::redirect("/www.instagram.com/accounts/login/")
        }
        "/www.instagram.com/share/BInside001" => {
            Reply::redirect(&format!("http://127.0.0.1:{port}/"))
        }
        "/www.instagram.com/share/BRound0001" => {
            Reply::redirect("/www.instagram.com/share/BRound0001")
        }
        "/www.instagram.com/share/BPage00001" => Reply::html("<html></html>"),
        "/www.instagram.com/reel/DUl354timp1/" => page(seen, "/cdn/v.mp4", ""),
        "/cdn/v.mp4" => Reply::new(200, "video/mp4", film.clone()),
        _ => Reply::new(404, "text/html", ""),
    })
    .await;
    for token in ["BARSSL4rTu", "BLogin0001"] {
        let source = Source::Page {
            link: link(&format!("https://www.instagram.com/share/reel/{token}")),
        };
        let dir = tempfile::tempdir().unwrap();
        let fetched = download(settings(&site), &source, dir.path())
            .await
            .unwrap();
        assert!(fetched.permalink.unwrap().ends_with("/reel/DUl354timp1/"));
    }
    for (token, class) in [
        ("BWall00001", FailureClass::LoginRequired),
        ("BInside001", FailureClass::Hostile),
        ("BRound0001", FailureClass::BadLink),
        ("BGone00001", FailureClass::Removed),
        ("BPage00001", FailureClass::BadLink),
    ] {
        let source = Source::Page {
            link: Link::Share {
                token: token.to_owned(),
            },
        };
        assert_eq!(
            fails(settings(&site), &source).await.class,
            class,
            "{token}"
        );
    }
    assert_eq!(canary.hits().await, 0);
}

#[tokio::test]
async fn stories_need_somebody_who_is_logged_in() {
    let site = Site::start(|_| Reply::html("")).await;
    let source = Source::Page {
        link: link("https://www.instagram.com/stories/someone/3570766765028588805/"),
    };
    assert_eq!(
        fails(settings(&site), &source).await.class,
        FailureClass::LoginRequired
    );
    assert!(site.seen().is_empty());
}

/// A yt-dlp of our own that writes down how it was called.
fn fake(dir: &Path, body: &str) -> std::path::PathBuf {
    let path = dir.join("fake-yt-dlp");
    let script = format!(
        "#!/bin/sh\ncat > {0}/stdin\nprintf '%s\\n' \"$@\" > {0}/argv\n{body}\n",
        dir.display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn hostile_text_never_becomes_an_argument() {
    let site = Site::start(|_| Reply::html("")).await;
    let tools = tempfile::tempdir().unwrap();
    let mut settings = settings(&site);
    settings.tools.yt_dlp = fake(
        tools.path(),
        "echo 'ERROR: There is no video in this post' >&2; exit 1",
    );
    let mut expected: Option<Vec<String>> = None;
    for tail in [
        "",
        "?--exec=id",
        " --exec id",
        "\n--exec\nid",
        "/../../x",
        "#;rm -rf /",
        "/$(id)",
        "/`id`",
        "'\"",
        "\0--exec",
        "/%0a--exec",
        "?next=--config-locations",
        "\u{202e}",
        "/-",
        "/--",
        "&--",
        "/\\\\",
        "/;id",
    ] {
        for link in link::find(&format!("https://www.instagram.com/reel/-Cmh1cukG2/{tail}")) {
            let dir = tempfile::tempdir().unwrap();
            let source = Source::Page { link };
            let failure = download(settings.clone(), &source, dir.path())
                .await
                .unwrap_err();
            assert_eq!(failure.class, FailureClass::NotAVideo);
            let argv = std::fs::read_to_string(tools.path().join("argv")).unwrap();
            let job = dir.path().to_str().unwrap();
            let argv: Vec<String> = argv.lines().map(|arg| arg.replace(job, "JOB")).collect();
            assert_eq!(argv[argv.len() - 2], "--");
            assert_eq!(
                argv[argv.len() - 1],
                site.url("/www.instagram.com/reel/-Cmh1cukG2/").as_str()
            );
            assert_eq!(
                expected.get_or_insert_with(|| argv.clone()),
                &argv,
                "{tail:?}"
            );
            assert!(
                argv.iter().all(|arg| !arg.contains("job:")),
                "the credential is on the command line"
            );
            let stdin = std::fs::read_to_string(tools.path().join("stdin")).unwrap();
            assert!(stdin.starts_with("--proxy http://job:"), "{stdin}");
        }
    }
    let argv = expected.unwrap();
    for flag in [
        "--ignore-config",
        "--no-plugin-dirs",
        "--no-exec",
        "--no-cookies",
        "--config-locations",
    ] {
        assert!(argv.iter().any(|arg| arg == flag), "{flag}");
    }
    let reader = argv
        .iter()
        .position(|arg| arg == "--use-extractors")
        .unwrap();
    assert_eq!(argv[reader + 1], "generic");
}

#[tokio::test]
async fn the_generic_reader_is_for_test_hosts_only() {
    let site = Site::start(|_| Reply::html("")).await;
    let tools = tempfile::tempdir().unwrap();
    let mut settings = settings(&site);
    settings.media.pages = Url::parse("https://www.instagram.com").unwrap();
    settings.media.test_hosts.clear();
    settings.tools.yt_dlp = fake(tools.path(), "exit 1");
    fails(settings, &post("DUl354timp1")).await;
    let argv = std::fs::read_to_string(tools.path().join("argv")).unwrap();
    let argv: Vec<&str> = argv.lines().collect();
    let reader = argv
        .iter()
        .position(|arg| *arg == "--use-extractors")
        .unwrap();
    assert!(!argv[reader + 1].contains("generic") && argv[reader + 1].contains("Instagram"));
    assert_eq!(
        *argv.last().unwrap(),
        "https://www.instagram.com/reel/DUl354timp1/"
    );
}

#[tokio::test]
async fn posts_of_pictures_alone_are_fetched_from_what_yt_dlp_knew() {
    let files = Files::new().await;
    let photo = files.read("photo.jpg");
    let site = Site::start(move |_| Reply::new(200, "image/jpeg", photo.clone())).await;
    let tools = tempfile::tempdir().unwrap();
    let mut settings = settings(&site);
    // What yt-dlp 2026.10.26 leaves for such a post: an info file, `null`, and a complaint.
    let info = format!(
        r#"{{"description":"só foto","channel":"ana","formats":[],"thumbnails":[{{"url":"{}","width":320,"height":400}}]}}"#,
        site.url("/cdn/p.jpg")
    );
    std::fs::write(tools.path().join("info"), info).unwrap();
    settings.tools.yt_dlp = fake(
        tools.path(),
        &format!(
            "cp {}/info 01.info.json; echo null; echo 'ERROR: [Instagram] x: No video formats found!' >&2; exit 1",
            tools.path().display()
        ),
    );
    let dir = tempfile::tempdir().unwrap();
    let fetched = download(settings.clone(), &post("DUl354timp1"), dir.path())
        .await
        .unwrap();
    assert_eq!(
        (fetched.items[0].kind, fetched.items[0].width),
        (ItemKind::Image, Some(320))
    );
    assert_eq!(
        (fetched.caption.as_deref(), fetched.author.as_deref()),
        (Some("só foto"), Some("ana"))
    );

    // Without pictures the caption is still worth something.
    let info = r#"{"description":"só texto","formats":[]}"#;
    std::fs::write(tools.path().join("info"), info).unwrap();
    let failure = download(settings, &post("DUl354timp1"), dir.path())
        .await
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.caption.as_deref()),
        (FailureClass::NotAVideo, Some("só texto"))
    );
}

#[tokio::test]
async fn cookies_are_lent_as_a_copy() {
    let site = Site::start(|_| Reply::html("")).await;
    let tools = tempfile::tempdir().unwrap();
    let mut settings = settings(&site);
    let lent = tools.path().join("lent.txt");
    std::fs::write(&lent, "# Netscape HTTP Cookie File\n").unwrap();
    settings.media.cookies_file = Some(lent.clone());
    settings.tools.yt_dlp = fake(
        tools.path(),
        "echo spoiled > ../cookies.txt; stat -c %a ../cookies.txt > ../mode; exit 1",
    );
    let dir = tempfile::tempdir().unwrap();
    let _ = download(settings, &post("DUl354timp1"), dir.path())
        .await
        .unwrap_err();
    let argv = std::fs::read_to_string(tools.path().join("argv")).unwrap();
    assert!(
        argv.contains(&format!("--cookies\n{}/cookies.txt", dir.path().display())),
        "{argv}"
    );
    assert_eq!(
        std::fs::read_to_string(lent).unwrap(),
        "# Netscape HTTP Cookie File\n"
    );
    assert_eq!(
        std::fs::read_to_string(dir.path().join("mode"))
            .unwrap()
            .trim(),
        "600"
    );
    assert!(
        !dir.path().join("cookies.txt").exists(),
        "the copy outlived the run"
    );
}

#[tokio::test]
async fn a_yt_dlp_that_hangs_or_floods_is_ended() {
    let site = Site::start(|_| Reply::html("")).await;
    let tools = tempfile::tempdir().unwrap();
    let mut settings = settings(&site);
    settings.tools.yt_dlp = fake(tools.path(), "yes 0123456789");
    let failure = fails(settings.clone(), &post("DUl354timp1")).await;
    assert_eq!(failure.class, FailureClass::Hostile, "{failure}");
    settings.tools.yt_dlp = "no-such-yt-dlp".into();
    assert_eq!(
        fails(settings, &post("DUl354timp1")).await.class,
        FailureClass::Misconfigured
    );
}

/// Titles, captions and authors name nothing on our disk.
#[tokio::test]
async fn a_hostile_title_names_no_file() {
    let files = Files::new().await;
    let film = files.read("film.mp4");
    let long = "x".repeat(300);
    let titles = [
        "../../planted",
        "/etc/planted",
        "-rf",
        "%(ext)s.%(id)s",
        "a\\u0000b.sh",
        "planted.mp4\\n--exec id",
        &long,
    ];
    for (n, title) in titles.into_iter().enumerate() {
        let film = film.clone();
        let title = title.to_owned();
        let site = Site::start(move |seen| match seen.path() {
            "/www.instagram.com/reel/DUl354timp1/" => {
                let page = page(seen, "/cdn/..%2f..%2fplanted.mp4", "");
                let html = String::from_utf8(page.body).unwrap();
                let html = html.replace("\"name\":\"Reel\"", &format!("\"name\":\"{title}\""));
                let html = html.replace("maria.da.silva", &title);
                Reply::html(html.replace("<title>Reel", &format!("<title>{title}")))
            }
            path if path.starts_with("/cdn/") => Reply::new(200, "video/mp4", film.clone()).header(
                "Content-Disposition",
                "attachment; filename=\"../../planted.sh\"",
            ),
            _ => Reply::new(404, "text/html", ""),
        })
        .await;
        let around = tempfile::tempdir().unwrap();
        let job = around.path().join("work").join("job");
        let fetched = download(settings(&site), &post("DUl354timp1"), &job)
            .await
            .unwrap();
        assert_eq!(fetched.items[0].file, "item-0.mp4", "title {n}");
        let names = |dir: &Path| -> Vec<_> {
            let entries = std::fs::read_dir(dir).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect()
        };
        assert_eq!(names(&job), ["item-0.mp4"], "title {n}");
        assert_eq!(names(&around.path().join("work")), ["job"], "title {n}");
        assert_eq!(names(around.path()), ["work"], "title {n}");
    }
}

/// The session in a lent cookies file goes to the site that it is for and to nobody else.
#[tokio::test]
async fn cookies_go_to_their_own_site_only() {
    let files = Files::new().await;
    let film = files.read("film.mp4");
    let site = Site::start(move |seen| match seen.path() {
        "/www.instagram.com/reel/DUl354timp1/" => page(seen, "/cdn/v.mp4", ""),
        "/cdn/v.mp4" => Reply::new(200, "video/mp4", film.clone()),
        _ => Reply::new(404, "text/html", ""),
    })
    .await;
    let tools = tempfile::tempdir().unwrap();
    let lent = tools.path().join("lent.txt");
    let jar = "# Netscape HTTP Cookie File\n\
        .instagram.com\tTRUE\t/\tFALSE\t4102444800\tsessionid\tof-instagram\n\
        127.0.0.1\tFALSE\t/\tFALSE\t4102444800\twitness\tof-this-site\n";
    std::fs::write(&lent, jar).unwrap();
    let mut settings = settings(&site);
    settings.media.cookies_file = Some(lent);
    let dir = tempfile::tempdir().unwrap();
    download(settings, &post("DUl354timp1"), dir.path())
        .await
        .unwrap();
    assert!(
        !dir.path().join("cookies.txt").exists(),
        "the copy outlived the run"
    );
    let seen = site.seen();
    assert!(
        seen.iter().any(|seen| seen.head.contains("of-this-site")),
        "the file was not read at all"
    );
    assert!(seen.iter().all(|seen| !seen.head.contains("of-instagram")));
}
