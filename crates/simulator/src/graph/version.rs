//! Versions in paths: which live, which Meta took away, and what a call without one gets
//! (<https://developers.facebook.com/docs/graph-api/changelog/versions>, 2026-11).

use super::call::Call;
use super::error::GraphError;
use crate::world::World;
use crate::world::app::GoneVersions;

/// Major number and the moment after which Meta takes it away; the newest has none yet.
const VERSIONS: [(u32, Option<i64>); 9] = [
    (18, Some(1_769_385_600_000)),
    (19, Some(1_779_321_600_000)),
    (20, Some(1_790_208_000_000)),
    (21, Some(1_800_489_600_000)),
    (22, Some(1_810_771_200_000)),
    (23, Some(1_822_953_600_000)),
    (24, Some(1_834_444_800_000)),
    (25, Some(1_848_441_600_000)),
    (26, None),
];

/// Puts the version that answers into the call, or refuses.
pub(super) fn settle(world: &World, call: &mut Call) -> Result<(), GraphError> {
    let Some(asked) = call.version.clone() else {
        return Ok(());
    };
    let now_ms = world.clock().now_ms();
    let lives = |(_, until_ms): &&(u32, Option<i64>)| until_ms.is_none_or(|until| now_ms < until);
    let (oldest, newest) = (
        VERSIONS.iter().find(lives).map_or(26, |(major, _)| *major),
        VERSIONS.last().map_or(26, |(major, _)| *major),
    );
    let major = asked
        .trim_start_matches('v')
        .split_once('.')
        .and_then(|(major, minor)| (minor == "0").then(|| major.parse::<u32>().ok()).flatten());
    match major {
        Some(major) if (oldest..=newest).contains(&major) => Ok(()),
        Some(major) if major < oldest => match world.lock().app.dashboard.gone_versions {
            GoneVersions::Upgrade => {
                call.version = Some(format!("v{oldest}.0"));
                Ok(())
            }
            GoneVersions::Refuse => {
                call.version = None;
                Err(GraphError::new(
                    2635,
                    None,
                    format!(
                        "(#2635) You are calling a deprecated version of the API, {asked}. Please update to the latest version: v{newest}.0."
                    ),
                ))
            }
        },
        _ => {
            call.version = None;
            Err(GraphError::no_path(call.host, &format!("/{asked}")))
        }
    }
}
