//! What Meta refused before: a metric that is gone is not asked for again with every post.
//!
//! A refusal is kept for a family and a surface, never for one post, and only for a while: metrics come back too.

use super::metric::{Family, Surface, account_metric, media_metric};
use std::collections::BTreeMap;

/// How long a refusal is believed. Meta moves its metrics a few times a year.
pub const BELIEVED_MS: i64 = 7 * 86_400_000;

/// A refusal, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In which family.
    pub family: Family,
    /// For what.
    pub surface: Surface,
    /// Which metric (or field, for a profile).
    pub metric: String,
    /// Until when it is believed.
    pub until_ms: i64,
}

/// The refusals that are believed.
#[derive(Debug, Clone, Default)]
pub struct Support(BTreeMap<(Family, Surface, String), i64>);

impl Support {
    /// What was written down before.
    pub fn from_refusals(refusals: impl IntoIterator<Item = Refusal>) -> Self {
        let mut support = Self::default();
        for refusal in refusals {
            let key = (refusal.family, refusal.surface, refusal.metric);
            support.0.insert(key, refusal.until_ms);
        }
        support
    }

    /// Whether the metric may be asked for: the table has it for this surface and family, and nobody was refused
    /// lately.
    pub fn allows(&self, family: Family, surface: Surface, metric: &str, now_ms: i64) -> bool {
        let key = (family, surface, metric.to_owned());
        if self.0.get(&key).is_some_and(|until| *until > now_ms) {
            return false;
        }
        match surface {
            Surface::Feed | Surface::Reels | Surface::Story => {
                media_metric(metric).is_some_and(|known| {
                    known.surfaces.contains(&surface)
                        && known.family.is_none_or(|only| only == family)
                })
            }
            Surface::Account | Surface::Profile => true,
        }
    }

    /// Splits what is wanted into what to ask and what not to ask for.
    pub fn split<'a>(
        &self,
        family: Family,
        surface: Surface,
        wanted: &[&'a str],
        now_ms: i64,
    ) -> (Vec<&'a str>, Vec<&'a str>) {
        wanted
            .iter()
            .copied()
            .partition(|metric| self.allows(family, surface, metric, now_ms))
    }

    /// Learns that a metric was refused while others of the same object were not. None where that says nothing
    /// about the metric.
    pub fn learn(
        &mut self,
        family: Family,
        surface: Surface,
        metric: &str,
        now_ms: i64,
    ) -> Option<Refusal> {
        let is_of_one = match surface {
            Surface::Account => account_metric(metric).is_some_and(|known| known.followers > 0),
            _ => media_metric(metric).is_some_and(|known| known.by_post),
        };
        if is_of_one {
            return None;
        }
        let until_ms = now_ms + BELIEVED_MS;
        self.0
            .insert((family, surface, metric.to_owned()), until_ms);
        Some(Refusal {
            family,
            surface,
            metric: metric.to_owned(),
            until_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_holds_for_its_family_and_surface_and_for_a_while() {
        let (feed, reels) = (Surface::Feed, Surface::Reels);
        let mut support = Support::default();
        assert!(support.allows(Family::Instagram, feed, "saved", 0));
        let refusal = support.learn(Family::Instagram, feed, "saved", 0).unwrap();
        assert!(!support.allows(Family::Instagram, feed, "saved", 1));
        assert!(support.allows(Family::Instagram, reels, "saved", 1));
        assert!(support.allows(Family::Facebook, feed, "saved", 1));
        let again = Support::from_refusals([refusal]);
        assert!(!again.allows(Family::Instagram, feed, "saved", 1));
        assert!(again.allows(Family::Instagram, feed, "saved", BELIEVED_MS));
    }

    #[test]
    fn what_no_table_has_is_not_asked_for() {
        let support = Support::default();
        let wanted = ["views", "likes", "link_clicks", "impressions"];
        let ask = |family, surface| support.split(family, surface, &wanted, 0).0;
        assert_eq!(ask(Family::Instagram, Surface::Story), ["views"]);
        assert_eq!(
            ask(Family::Facebook, Surface::Story),
            ["views", "link_clicks"]
        );
        assert_eq!(ask(Family::Facebook, Surface::Reels), ["views", "likes"]);
    }

    #[test]
    fn a_post_that_never_went_to_facebook_says_nothing_about_others() {
        let mut support = Support::default();
        let learnt = support.learn(Family::Facebook, Surface::Reels, "crossposted_views", 0);
        assert_eq!(learnt, None);
        assert!(support.allows(Family::Facebook, Surface::Reels, "crossposted_views", 1));
        // Nor does an account that is too small for a metric.
        let (family, account) = (Family::Facebook, Surface::Account);
        assert_eq!(support.learn(family, account, "follower_count", 0), None);
        assert!(
            support
                .learn(family, account, "website_clicks", 0)
                .is_some()
        );
    }
}
