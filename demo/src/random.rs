//! Random numbers that are the same on every machine and with every release of every crate.
//!
//! SplitMix64 (Steele, Lea, Flood 2014) in full, because a library's generator may change its stream between versions, and
//! the demo street must not. Not for secrets.

/// A stream of random numbers.
pub(crate) struct Random(u64);

impl Random {
    /// A stream of its own for each part of the street, so that a change of one part leaves the others as they were.
    pub(crate) fn new(seed: u64, part: &str) -> Self {
        // FNV-1a of the part's name.
        let tag = part.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(seed ^ tag)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `end - 1`; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        // The high half of a 64-bit product: the bias is below one in four billion.
        u32::try_from(((self.next() >> 32) * u64::from(end)) >> 32).unwrap_or(0)
    }

    /// True `of` times in a thousand.
    pub(crate) fn chance(&mut self, of: u32) -> bool {
        self.below(1_000) < of
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.below(u32::try_from(from.len()).unwrap_or(u32::MAX));
        from.get(usize::try_from(at).unwrap_or(0))
    }

    /// One of several by weight.
    pub(crate) fn weighted<T: Copy>(&mut self, from: &[(T, u32)]) -> Option<T> {
        let mut left = self.below(from.iter().map(|(_, w)| *w).sum());
        for (value, weight) in from {
            if left < *weight {
                return Some(*value);
            }
            left -= weight;
        }
        None
    }

    /// The same things in another order (Fisher-Yates).
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let at = self.below(u32::try_from(last + 1).unwrap_or(u32::MAX));
            things.swap(last, usize::try_from(at).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one_and_stays_in_range() {
        // First output of SplitMix64 for seed 0, as published with the reference code.
        assert_eq!(Random(0).next(), 0xe220_a839_7b1d_cdaf);
        let mut random = Random::new(7, "test");
        assert!((0..10_000).all(|_| random.below(7) < 7));
        assert_eq!(random.below(0), 0);
    }
}
