//! What yt-dlp's complaints mean. It has no codes for them, so its own sentences are the only
//! thing to go by; the table is one place, each row has a test, and what no row knows is a class of
//! its own.

use crate::FailureClass;

/// Patterns in lower case; the first row that matches wins, so the order matters: "empty media
/// response" suggests `--cookies`, and "503 Service Unavailable" is not a removed post.
/// (yt-dlp 2026.10.26, `extractor/instagram.py`, `networking/`, `utils/_utils.py`.)
const TABLE: &[(FailureClass, &[&str])] = &[
    (
        FailureClass::TooLarge,
        &["file too large", "larger than max-filesize"],
    ),
    (
        FailureClass::Misconfigured,
        &["no such option", "unable to write", "no space left"],
    ),
    (
        FailureClass::Ambiguous,
        &[
            "empty media response",
            "http error 403",
            "http error 401",
            "http error 400",
        ],
    ),
    (
        FailureClass::RateLimited,
        &[
            "http error 429",
            "exceeded the rate-limit",
            "rate-limit reached",
            "rate limit",
            "redirected to the login page",
            "wait a few minutes",
        ],
    ),
    (
        FailureClass::Private,
        &[
            "registered users who follow this account",
            "reason=private",
            "is private",
            "private video",
            "private account",
            "private post",
        ],
    ),
    (
        FailureClass::LoginRequired,
        &[
            "restricted video",
            "login required",
            "log in to",
            "accounts/login",
            "--cookies",
        ],
    ),
    (
        FailureClass::Geo,
        &[
            "not available from your",
            "not available in your",
            "geo restrict",
            "geo-restrict",
            "blocked in your country",
            "in your country",
        ],
    ),
    (
        FailureClass::NotAVideo,
        &[
            "there is no video in this post",
            "no video formats",
            "requested format is not available",
            "no media found",
        ],
    ),
    (
        FailureClass::BadLink,
        &[
            "unsupported url",
            "no suitable extractor",
            "not a valid url",
        ],
    ),
    (
        FailureClass::Hostile,
        &["tunnel connection failed: 403", "response 403"],
    ),
    (
        FailureClass::Network,
        &[
            "failed to resolve",
            "name or service not known",
            "timed out",
            "timeout",
            "connection refused",
            "connection reset",
            "connection aborted",
            "connection broken",
            "failed to establish",
            "failed to connect",
            "unable to connect",
            "remote end closed",
            "tunnel connection failed",
            "connect tunnel failed",
            "http error 5",
            "more expected",
            "incomplete",
            "ssl:",
            "bad gateway",
        ],
    ),
    (
        FailureClass::Removed,
        &[
            "http error 404",
            "http error 410",
            "not available",
            "unavailable",
            "not found",
            "removed",
        ],
    ),
    // The page changed and the reader does not know it: the operator must update yt-dlp.
    (
        FailureClass::Misconfigured,
        &["please report this issue", "unable to extract", "traceback"],
    ),
];

/// Complaints that count wherever they stand, also in warnings.
const ANYWHERE: [&str; 2] = [
    "no impersonate target is available",
    "cookies are no longer valid",
];

/// The class of a failed run.
pub(super) fn classify(stderr: &str, code: Option<i32>) -> FailureClass {
    let all = stderr.to_lowercase();
    if code == Some(2) || ANYWHERE.iter().any(|pattern| all.contains(pattern)) {
        return FailureClass::Misconfigured;
    }
    let errors: String = all
        .lines()
        .filter(|line| line.starts_with("error") || line.starts_with("yt-dlp: error"))
        .flat_map(|line| [without_subject(line), "\n"])
        .collect();
    let text = if errors.is_empty() { &all } else { &errors };
    TABLE
        .iter()
        .find(|(_, patterns)| patterns.iter().any(|pattern| text.contains(pattern)))
        .map_or(FailureClass::Ambiguous, |(class, _)| *class)
}

/// The line without `[Instagram] CODE:`, for a code may spell anything.
fn without_subject(line: &str) -> &str {
    let rest = line.strip_prefix("error:").unwrap_or(line).trim_start();
    match rest
        .strip_prefix('[')
        .and_then(|inside| inside.split_once("] "))
    {
        Some((_, after)) => after.split_once(": ").map_or(after, |(_, message)| message),
        None => rest,
    }
}

/// One line for the operator, without addresses.
pub(super) fn detail(stderr: &str) -> String {
    let line = stderr
        .lines()
        .find(|line| line.starts_with("ERROR"))
        .or_else(|| stderr.lines().rfind(|line| !line.trim().is_empty()))
        .unwrap_or("no complaint");
    let words: Vec<&str> = line
        .split_whitespace()
        .map(|word| {
            if word.contains("//") || word.contains('@') {
                "(address)"
            } else {
                word
            }
        })
        .collect();
    words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::too_many_lines, reason = "a list, not a procedure")]
    fn every_complaint_has_its_class() {
        use FailureClass as C;
        for (stderr, class) in [
            (
                "ERROR: [Instagram] X: No impersonate target is available",
                C::Misconfigured,
            ),
            (
                "WARNING: [Instagram] The provided Instagram account cookies are no longer valid\nERROR: [Instagram] X: x",
                C::Misconfigured,
            ),
            (
                "yt-dlp: error: no such option: --no-netrc",
                C::Misconfigured,
            ),
            (
                "ERROR: [generic] Unable to download webpage: HTTP Error 429: Too Many Requests (caused by <HTTPError 429: Too Many Requests>)",
                C::RateLimited,
            ),
            (
                "ERROR: [Instagram] X: The webpage request was redirected to the login page. You have exceeded the rate-limit for accessing posts anonymously. Use --cookies-from-browser or --cookies for the authentication.",
                C::RateLimited,
            ),
            (
                "ERROR: [Instagram] X: This content is only available for registered users who follow this account. Use --cookies for the authentication",
                C::Private,
            ),
            (
                "ERROR: Unsupported URL: http://127.0.0.1:1/www.instagram.com/accounts/login/?next=/reel/X/&reason=private",
                C::Private,
            ),
            (
                "ERROR: Unsupported URL: http://127.0.0.1:1/www.instagram.com/accounts/login/?next=/reel/X/",
                C::LoginRequired,
            ),
            (
                "ERROR: [Instagram] X: Restricted Video: You must be 18 years old. Use --cookies for the authentication.",
                C::LoginRequired,
            ),
            (
                "ERROR: [Instagram] X: This story needs you to log in to access it",
                C::LoginRequired,
            ),
            (
                "ERROR: [generic] Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404: Not Found>)",
                C::Removed,
            ),
            (
                "ERROR: [generic] Unable to download webpage: HTTP Error 410: Gone",
                C::Removed,
            ),
            (
                "ERROR: [Instagram] X: Sorry, this page isn't here: post unavailable",
                C::Removed,
            ),
            (
                "ERROR: [Instagram] X: Instagram sent an empty media response. Check if this post is accessible in your browser without being logged-in. If it is not, then use --cookies-from-browser or --cookies for the authentication.",
                C::Ambiguous,
            ),
            (
                "ERROR: [generic] Unable to download webpage: HTTP Error 403: Forbidden",
                C::Ambiguous,
            ),
            (
                "ERROR: [Instagram] X: There is no video in this post",
                C::NotAVideo,
            ),
            (
                "ERROR: [Instagram] e1: No video formats found!; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues",
                C::NotAVideo,
            ),
            (
                "ERROR: [generic] X: Requested format is not available. Use --list-formats",
                C::NotAVideo,
            ),
            (
                "ERROR: [generic] This video is not available from your location due to geo restriction",
                C::Geo,
            ),
            (
                "ERROR: [generic] 'x' is not a valid URL. Set --default-search",
                C::BadLink,
            ),
            ("ERROR: Unsupported URL: https://example.com/", C::BadLink),
            (
                "ERROR: No suitable extractor (Instagram) found for URL x",
                C::BadLink,
            ),
            (
                "ERROR: [generic] Unable to download webpage: [Errno -3] Failed to resolve 'www.instagram.com'",
                C::Network,
            ),
            (
                "ERROR: [generic] Unable to download webpage: The read operation timed out",
                C::Network,
            ),
            (
                "ERROR: [generic] Unable to download webpage: [Errno 111] Connection refused",
                C::Network,
            ),
            (
                "ERROR: [generic] Unable to download webpage: HTTP Error 503: Service Unavailable",
                C::Network,
            ),
            (
                "ERROR: [generic] Unable to download webpage: HTTP Error 500: Internal Server Error",
                C::Network,
            ),
            (
                "ERROR: 1000 bytes read, 5000 more expected. Giving up after 2 retries",
                C::Network,
            ),
            (
                "ERROR: [Instagram] X: Unable to download webpage: Tunnel connection failed: 403 Forbidden",
                C::Hostile,
            ),
            (
                "ERROR: [Instagram] X: Unable to download webpage: Tunnel connection failed: 502 Bad Gateway",
                C::Network,
            ),
            (
                "ERROR: unable to write data: [Errno 27] File too large",
                C::TooLarge,
            ),
            (
                "ERROR: unable to write data: [Errno 28] No space left on device",
                C::Misconfigured,
            ),
            (
                "ERROR: [Instagram] X: Unable to extract LSD token; please report this issue on",
                C::Misconfigured,
            ),
            (
                "ERROR: [Instagram] X: Unable to download webpage: Failed to perform, curl: (7) CONNECT tunnel failed, response 502. See (address)",
                C::Network,
            ),
            (
                "ERROR: [Instagram] X: Unable to download webpage: Failed to perform, curl: (7) CONNECT tunnel failed, response 403. See (address)",
                C::Hostile,
            ),
            // Codes may spell anything.
            (
                "ERROR: [Instagram] privateGEO: HTTP Error 404: Not Found",
                C::Removed,
            ),
            (
                "ERROR: [Instagram] X: something nobody has seen",
                C::Ambiguous,
            ),
            ("", C::Ambiguous),
        ] {
            assert_eq!(classify(stderr, Some(1)), class, "{stderr}");
        }
        assert_eq!(classify("", Some(2)), C::Misconfigured);
    }

    #[test]
    fn details_hold_no_address() {
        let detail = detail(
            "WARNING: x\nERROR: [generic] Unable to open https://lookaside.fbsbx.com/?asset_id=1&signature=s3cret now",
        );
        assert_eq!(detail, "ERROR: [generic] Unable to open (address) now");
    }
}
