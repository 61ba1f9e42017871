//! The metrics that exist, and what Meta calls them in English.

/// Metrics of media in v26.0
/// (<https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights>, 2026-11).
pub(super) const OF_MEDIA: [&str; 24] = [
    "views",
    "reach",
    "likes",
    "comments",
    "saved",
    "shares",
    "total_interactions",
    "reposts",
    "follows",
    "profile_visits",
    "profile_activity",
    "navigation",
    "replies",
    "link_clicks",
    "ig_reels_avg_watch_time",
    "ig_reels_video_view_total_time",
    "reels_skip_rate",
    "crossposted_views",
    "facebook_views",
    "total_likes",
    "total_comments",
    "total_views",
    "impressions",
    "plays",
];

/// Metrics of accounts in v26.0, also those that the page no longer lists but that are still answered
/// (<https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights>, 2026-11).
pub(super) const OF_ACCOUNT: [&str; 19] = [
    "reach",
    "follower_count",
    "website_clicks",
    "profile_views",
    "online_followers",
    "accounts_engaged",
    "total_interactions",
    "likes",
    "comments",
    "shares",
    "saves",
    "replies",
    "engaged_audience_demographics",
    "reached_audience_demographics",
    "follower_demographics",
    "follows_and_unfollows",
    "profile_links_taps",
    "views",
    "reposts",
];

/// Gone since v22.0 (<https://developers.facebook.com/docs/instagram-platform/changelog>, 2026-06).
pub(super) const RETIRED: [&str; 2] = ["impressions", "plays"];

/// Facebook Login only (the media page named above).
pub(super) const FACEBOOK_ONLY: [&str; 4] = [
    "link_clicks",
    "total_likes",
    "total_comments",
    "total_views",
];

/// Title and description. Clients must match on `name`: these are localised at Meta.
pub(super) fn words(metric: &str) -> (String, String) {
    let (title, description) = match metric {
        "views" => ("Views", "How often the content was played or displayed."),
        "reach" => (
            "Accounts reached",
            "Unique accounts that saw the content at least once.",
        ),
        "likes" => ("Likes", "The number of likes."),
        "comments" => ("Comments", "The number of comments."),
        "saved" | "saves" => ("Saved", "The number of saves."),
        "shares" => ("Shares", "The number of shares."),
        "total_interactions" => (
            "Interactions",
            "Likes, saves, comments and shares together, less what was taken back.",
        ),
        "replies" => ("Replies", "The number of replies."),
        "follows" => ("Follows", "Accounts that began to follow."),
        "profile_visits" => ("Profile visits", "How often the profile was visited."),
        "profile_activity" => (
            "Profile activity",
            "What people did on the profile afterwards.",
        ),
        "navigation" => ("Navigation", "Taps and swipes away from the story."),
        "ig_reels_avg_watch_time" => ("Average watch time", "In milliseconds."),
        "ig_reels_video_view_total_time" => ("Watch time", "In milliseconds, replays included."),
        "reels_skip_rate" => (
            "Skip rate",
            "Per cent of views that ended within three seconds.",
        ),
        "accounts_engaged" => ("Accounts engaged", "Unique accounts that interacted."),
        "profile_views" => ("Profile views", "How often the profile was viewed."),
        "website_clicks" => ("Website clicks", "Taps on the link in the profile."),
        "profile_links_taps" => ("Profile link taps", "Taps on the buttons of the profile."),
        "follower_count" => ("Follower count", "New followers of each day."),
        "follows_and_unfollows" => ("Follows and unfollows", "Who came and who went."),
        "online_followers" => ("Online followers", "Followers online by hour."),
        other => return (title_of(other), String::new()),
    };
    (title.to_owned(), description.to_owned())
}

/// `facebook_views` -> `Facebook views`
fn title_of(metric: &str) -> String {
    let mut title = metric.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}
