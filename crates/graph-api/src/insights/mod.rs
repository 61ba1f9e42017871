//! What Meta counts, and how to ask for it: which number exists for which post, Pacific days, windows of at most
//! thirty days, what may be added up, and how shares are made of head counts. Pure: no call is made here.
//!
//! Sources: the insights references of
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights> and
//! <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11).

mod audience;
mod days;
mod followers;
mod gather;
mod metric;
mod online;
mod reading;
mod support;

pub use audience::{Axis, Share, Timeframe, counts, shares};
pub use days::{Day, Span, Window, WindowError};
pub use followers::{FollowerTotal, Known, follower_totals};
pub use gather::{Gather, Gathered};
pub use metric::{
    ACCOUNT, AccountMetric, DOCUMENT, Family, LIST, MEDIA, MediaMetric, Sum, Surface, Unit,
    account_metric, add_up, for_surface, media_metric, words,
};
pub use online::online_hours;
pub(crate) use reading::whole;
pub use reading::{Breakdown, Insight, Insights, Point, Row, TotalValue};
pub use support::{BELIEVED_MS, Refusal, Support};

/// Numbers may still change for this long; afterwards a closed day is final.
/// <https://developers.facebook.com/docs/instagram-platform/insights> ("up to 48 hours", read 2026-09-11)
pub const SETTLED_MS: i64 = 48 * 3_600_000;

/// Longest window of one call, in seconds; a little less than the thirty days that Meta names, since it counts
/// seconds and not days.
/// <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)
pub const WINDOW_S: i64 = 30 * 86_400 - 60;
