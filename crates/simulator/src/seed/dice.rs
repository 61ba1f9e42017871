//! Chance from a number: the same number gives the same account on every machine and in every version.

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>, 2026-11), written here because a library may change its own.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice of their own for each place, so that a new throw in one does not shift all others.
    pub(super) fn new(seed: u64, place: &str) -> Self {
        let mixed = place
            .bytes()
            .fold(seed ^ 0xcbf2_9ce4_8422_2325, |mixed, byte| {
                (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `low` to `high`, both possible.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high.saturating_sub(low) + 1)
    }

    /// True in `permille` of a thousand throws.
    pub(super) fn chance(&mut self, permille: u64) -> bool {
        self.between(0, 999) < permille
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let last = u64::try_from(of.len()).ok()?.checked_sub(1)?;
        of.get(usize::try_from(self.between(0, last)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_throws() {
        let throws = |seed, place| {
            let mut dice = Dice::new(seed, place);
            [0; 8].map(|_| dice.between(0, 1_000))
        };
        assert_eq!(throws(1, "days"), throws(1, "days"));
        assert_ne!(throws(1, "days"), throws(2, "days"));
        assert_ne!(throws(1, "days"), throws(1, "posts"));
        let mut dice = Dice::new(7, "bounds");
        assert!((0..1_000).all(|_| (3..=5).contains(&dice.between(3, 5))));
    }
}
