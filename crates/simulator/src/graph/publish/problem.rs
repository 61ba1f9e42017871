//! What can go wrong with publishing: code, subcode and words, as in
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes>, 2026-06.

use crate::graph::error::GraphError;

/// The error of a subcode. `OAuthException` and 400 for all of them.
pub(crate) fn problem(subcode: i64) -> GraphError {
    let (code, title, text) = about(subcode);
    let error = GraphError::new(code, Some(subcode), format!("{title}.")).telling(title, text);
    if matches!(subcode, 2_207_001 | 2_207_003 | 2_207_008 | 2_207_032) {
        error.passing()
    } else {
        error
    }
}

fn about(subcode: i64) -> (i64, &'static str, &'static str) {
    let row = TABLE.iter().find(|row| row.0 == subcode);
    row.map_or(
        (
            -1,
            "Create media fail",
            "The container could not be made; make it again.",
        ),
        |(_, code, title, text)| (*code, *title, *text),
    )
}

/// Subcode, code, title and text.
const TABLE: [(i64, i64, &str, &str); 24] = [
    (
        2_207_001,
        -1,
        "Server error",
        "Instagram had a fault of its own; try again.",
    ),
    (
        2_207_003,
        -2,
        "Download timed out",
        "Downloading the media took too long; try again.",
    ),
    (
        2_207_004,
        36_000,
        "Image too large",
        "The image must be smaller than 8 MiB.",
    ),
    (
        2_207_005,
        36_001,
        "Unknown image format",
        "The image must be a JPEG.",
    ),
    (
        2_207_006,
        24,
        "Media not found",
        "There is no such media, or it is not yours.",
    ),
    (
        2_207_008,
        24,
        "Container not found",
        "The media container with this creation id does not exist.",
    ),
    (
        2_207_009,
        36_003,
        "Aspect ratio not allowed",
        "The image must be between 4:5 and 1.91:1.",
    ),
    (
        2_207_010,
        36_004,
        "Caption too long",
        "A caption has at most 2,200 characters and 30 hashtags.",
    ),
    (
        2_207_020,
        -2,
        "Media expired",
        "The container is older than a day; make a new one.",
    ),
    (
        2_207_023,
        100,
        "Unknown media type",
        "The media type is not one of those that can be published.",
    ),
    (
        2_207_026,
        352,
        "Video format not supported",
        "The video must be an MP4 or MOV that Instagram can play.",
    ),
    (
        2_207_027,
        9_007,
        "Media ID is not available",
        "The media is not ready for publishing; wait a moment.",
    ),
    (
        2_207_028,
        100,
        "Wrong number of items",
        "A carousel has 2 to 10 items.",
    ),
    (
        2_207_035,
        100,
        "Product tag on video",
        "Product tags on videos have no position.",
    ),
    (
        2_207_036,
        100,
        "Product tag without position",
        "Product tags on images need a position.",
    ),
    (
        2_207_037,
        100,
        "Product tags refused",
        "Not all product tags could be added; at most 5 are allowed.",
    ),
    (
        2_207_040,
        100,
        "Too many mentions",
        "A caption mentions at most 20 accounts.",
    ),
    (
        2_207_042,
        9,
        "Publishing limit reached",
        "The account has posted as much as a day allows.",
    ),
    (
        2_207_050,
        25,
        "Account restricted",
        "The account is inactive, checkpointed or restricted.",
    ),
    (
        2_207_051,
        4,
        "Action is blocked",
        "The action looked like spam and was blocked.",
    ),
    (
        2_207_052,
        9_004,
        "Media could not be fetched",
        "The media could not be fetched from this address.",
    ),
    (
        2_207_053,
        -1,
        "Unknown upload error",
        "The upload failed; make a new container.",
    ),
    (
        2_207_057,
        1,
        "Thumbnail offset out of bounds",
        "The offset must lie inside the video.",
    ),
    (
        2_207_081,
        100,
        "No trial reels",
        "This account cannot post trial reels.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_pinned_shape() {
        let body = problem(2_207_004).body();
        let error = &body["error"];
        assert_eq!(
            (&error["code"], &error["error_subcode"]),
            (&36_000.into(), &2_207_004.into())
        );
        assert_eq!(error["is_transient"], false);
        assert!(error["error_user_title"].is_string() && error["error_user_msg"].is_string());
        assert_eq!(problem(2_207_051).body()["error"]["is_transient"], false);
        assert_eq!(problem(2_207_003).body()["error"]["is_transient"], true);
    }
}
