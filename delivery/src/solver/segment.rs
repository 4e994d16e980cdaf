//! Feasibility of a sequence of stops in constant time: six scalars, joined end to end.
//!
//! For every sequence of stops the segment answers: if the trip leaves the site at `d`, is every hand-over inside its window
//! and within its limit from departure, and when is the last one over? Derivation (`R`: limit from departure):
//!
//! ```text
//! one stop [e, l], R:  T=0  B=e  L=l  G=R  H=e-R  ok=(e<=l)
//! x then y, d = service at x's last stop + travel:   a=x.T+d   b=x.B+d
//!   T=a+y.T   B=max(b+y.T, y.B)   L=min(x.L, y.L-a)   G=min(x.G, y.G-a)   H=max(x.H, b-y.G, y.H)
//!   ok = x.ok and y.ok and b<=y.L
//! ```
//!
//! A sequence is feasible for a departure in `[early, late]` when `ok`, `G >= 0` and `max(H, early) <= min(L, late)`.
//! `L` alone would do for windows; `G` and `H` carry the meal's clock, which no textbook segment does.
//!
//! All values stay below 2^31: times are validated to 2^26 and [`FAR`] is 2^27, see [`crate::validate::MAX_TIME`].

/// Stands for "no bound". Sums of a handful of these still fit 32 bits.
pub const FAR: i32 = 1 << 27;

/// See the module's text. `t`: time without waiting from the first hand-over's beginning to the last one's; `b`: earliest
/// beginning of the last hand-over; `l`: latest departure; `g`: what is left of the tightest limit; `h`: earliest departure
/// that keeps the limits despite waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "explained together above")]
pub struct Segment {
    pub t: i32,
    pub b: i32,
    pub l: i32,
    pub g: i32,
    pub h: i32,
}

impl Segment {
    /// The site before the first stop, and the end place after the last: no bound at all.
    pub const OPEN: Self = Self { t: 0, b: -FAR, l: FAR, g: FAR, h: -FAR };

    /// A single stop with window `[opens, closes]` and a limit from departure ([`FAR`]: none).
    #[must_use]
    pub const fn stop(opens: i32, closes: i32, limit: i32) -> Self {
        Self { t: 0, b: opens, l: closes, g: limit, h: opens - limit }
    }

    /// `self`, then after `gap` seconds (service at its last stop and travel) `next`. `None` when that cannot be in time
    /// whatever the departure.
    #[inline]
    #[must_use]
    pub fn then(self, gap: i32, next: Self) -> Option<Self> {
        let b = self.b + gap;
        (b <= next.l).then(|| self.join(gap, next))
    }

    /// As [`Self::then`] without the test, for sequences known to be in time.
    #[inline]
    #[must_use]
    pub fn join(self, gap: i32, next: Self) -> Self {
        let a = self.t + gap;
        let b = self.b + gap;
        Self {
            t: a + next.t,
            b: (b + next.t).max(next.b),
            l: self.l.min(next.l - a),
            g: self.g.min(next.g - a),
            h: self.h.max(b - next.g).max(next.h),
        }
    }

    /// The interval of departures for a whole trip (from the site to the end place) that is ready at `ready` and must
    /// be at the end place by `back`; `None` if it is empty.
    #[inline]
    #[must_use]
    pub fn departures(self, ready: i32, back: i32) -> Option<(i32, i32)> {
        let first = self.h.max(ready);
        let last = self.l.min(back - self.t);
        (self.g >= 0 && self.b <= back && first <= last).then_some((first, last))
    }

    /// Arrival at the end place for a departure inside [`Self::departures`].
    #[inline]
    #[must_use]
    pub fn arrival(self, departs: i32) -> i32 {
        (departs + self.t).max(self.b)
    }
}
