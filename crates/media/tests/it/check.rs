//! The tools' own reports.

use crate::fixture::{self, Site};

#[tokio::test]
async fn every_tool_tells_its_version() {
    let site = Site::start(|_| fixture::Reply::html("")).await;
    let reports = fixture::studio(fixture::settings(&site)).check().await;
    assert_eq!(
        reports.iter().map(|r| r.name).collect::<Vec<_>>(),
        ["ffmpeg", "ffprobe", "yt-dlp"]
    );
    for report in &reports {
        let version = report
            .version
            .as_ref()
            .unwrap_or_else(|| panic!("{report:?}"));
        assert!(
            version.starts_with(|c: char| c.is_ascii_digit()),
            "{report:?}"
        );
    }
    assert!(reports[2].age_days.unwrap() >= 0);
}

#[tokio::test]
async fn a_missing_tool_says_what_to_do() {
    let site = Site::start(|_| fixture::Reply::html("")).await;
    let mut settings = fixture::settings(&site);
    settings.tools.yt_dlp = "no-such-yt-dlp".into();
    let reports = fixture::studio(settings).check().await;
    assert!(reports[2].version.is_none());
    assert!(
        reports[2].problem.as_ref().unwrap().contains("install"),
        "{:?}",
        reports[2]
    );
}
