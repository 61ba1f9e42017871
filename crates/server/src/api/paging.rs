//! How every list of ours goes on: a cursor to send back, and nothing with a token in it.

use serde::Serialize;
use utoipa::ToSchema;

/// Where the next page begins.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Paging {
    /// Send it as `after`; none: that was all. The cursor of the last entry of a feed stays good, so that one can go on
    /// later.
    #[schema(example = "QVFIUjNEaVhBNzNP")]
    pub(crate) after: Option<String>,
}
