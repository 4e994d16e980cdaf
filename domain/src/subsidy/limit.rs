//! Limits as rows of a database: what a grant uses up, where that is counted, and how it is claimed.
//!
//! # How the store enforces them
//!
//! `decide` is pure: it reads the senior's [`History`] and answers with [`Claim`]s. The store keeps two tables per senior:
//!
//! * **counts**: unique row `(senior, key, ordinal)`. A [`Claim::Count`] is one INSERT. The key names programme, limit, kind
//!   of bucket and the bucket's first day; the ordinal runs from 1 to the limit. Two terminals that grant the last meal of
//!   a week both try ordinal 5, and the unique key lets one through.
//! * **amounts**: row `(senior, key, used_fen)`. A [`Claim::Amount`] is
//!   `UPDATE ... SET used_fen = used_fen + :fen WHERE used_fen + :fen <= :cap_fen` on a row inserted as 0 when absent.
//!   Row count 0 means that somebody else drew on the wallet meanwhile.
//!
//! # Quote and commit
//!
//! 1. Quote: load the history under [`Book::keys_for`](super::Book::keys_for), decide, show. Claims are dropped.
//! 2. Commit, inside the order's transaction: load again, decide again, execute every claim, store the decision. When a claim
//!    fails (unique key taken, 0 rows updated), roll back to the savepoint, reload, decide again. Each retry sees one more
//!    used ordinal or fen, so the loop ends; three attempts, then answer 409. If the fresh self-pay differs from the quoted
//!    one, refuse with the new quote instead of charging the senior more than was shown.
//! 3. Cancel or void: delete the count rows, subtract the amounts. The freed ordinal is the next one claimed: `decide`
//!    always takes the lowest free ordinal, so holes never starve a limit.
//!
//! Keys carry the programme and never its version: a new version in mid-week goes on counting where the old one stopped.

use super::name::Name;
use crate::{Fen, MealPeriod, ServiceDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

crate::text_enum! {
    /// The span over which a limit counts.
    pub enum Per {
        /// One meal period of one date.
        Meal = "meal",
        /// One date.
        Day = "day",
        /// One natural week.
        Week = "week",
        /// One calendar month.
        Month = "month",
        /// One calendar quarter.
        Quarter = "quarter",
        /// One calendar year.
        Year = "year",
        /// The whole programme.
        Ever = "ever",
    }
}

/// A span of counting with the meal it belongs to, if it is one meal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// One meal period of the start date.
    Meal(MealPeriod),
    /// The start date.
    Day,
    /// The week that begins on the start date.
    Week,
    /// The month.
    Month,
    /// The quarter.
    Quarter,
    /// The year.
    Year,
    /// All time; the start date is 1970-01-01.
    Ever,
}

impl Bucket {
    fn word(self) -> &'static str {
        match self {
            Self::Meal(MealPeriod::Breakfast) => "meal.breakfast",
            Self::Meal(MealPeriod::Lunch) => "meal.lunch",
            Self::Meal(MealPeriod::Dinner) => "meal.dinner",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Ever => "ever",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Meal(MealPeriod::Breakfast),
            Self::Meal(MealPeriod::Lunch),
            Self::Meal(MealPeriod::Dinner),
            Self::Day,
            Self::Week,
            Self::Month,
            Self::Quarter,
            Self::Year,
            Self::Ever,
        ];
        all.into_iter().find(|b| b.word() == word)
    }
}

/// Where something is counted: `programme:limit:bucket:2026-11-23`. One text column in a database; at most 150 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey {
    /// The programme.
    pub programme: Name,
    /// The limit's name within the programme, the same in every version.
    pub limit: Arc<str>,
    /// The kind of span.
    pub bucket: Bucket,
    /// Its first day.
    pub start: ServiceDate,
}

/// The text is not a limit key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a limit key of the form programme:limit:bucket:YYYY-MM-DD")]
pub struct BadLimitKey;

impl LimitKey {
    /// From the text form.
    pub fn parse(text: &str) -> Result<Self, BadLimitKey> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(BadLimitKey);
        let (programme, limit, bucket, start) = (next()?, next()?, next()?, next()?);
        if parts.next().is_some() || limit.is_empty() {
            return Err(BadLimitKey);
        }
        Ok(Self {
            programme: Name::parse(programme).map_err(|_| BadLimitKey)?,
            limit: Arc::from(limit),
            bucket: Bucket::parse(bucket).ok_or(BadLimitKey)?,
            start: ServiceDate::parse(start).ok_or(BadLimitKey)?,
        })
    }
}

impl fmt::Display for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.programme, self.limit, self.bucket.word(), self.start)
    }
}
impl Serialize for LimitKey {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for LimitKey {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// One stored use of a limit by the senior.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Where it is counted.
    pub key: LimitKey,
    /// The ordinal of a count row; 0 for an amount row.
    pub ordinal: u32,
    /// What an amount row has used; zero for a count row.
    pub fen: Fen,
}

/// What the senior has used so far, held and served alike. Rows under keys the policy does not ask for are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(pub Vec<Usage>);

impl History {
    /// Rows counted under a key.
    pub(super) fn count(&self, key: &LimitKey) -> u32 {
        u32::try_from(self.0.iter().filter(|u| u.ordinal > 0 && u.key == *key).count()).unwrap_or(u32::MAX)
    }

    /// The lowest ordinal from 1 on that no row under the key has taken.
    pub(super) fn free_ordinal(&self, key: &LimitKey) -> u32 {
        let taken = |n: u32| self.0.iter().any(|u| u.ordinal == n && u.key == *key);
        (1..).find(|n| !taken(*n)).unwrap_or(u32::MAX)
    }

    /// Fen used under a key.
    pub(super) fn used(&self, key: &LimitKey) -> i64 {
        self.0.iter().filter(|u| u.key == *key).fold(0, |sum, u| sum.saturating_add(u.fen.0))
    }

    /// Adds what a decision claimed, for replays: an amount under a key is one growing row.
    pub fn claim(&mut self, claims: &[Claim]) {
        self.0.extend(claims.iter().map(Claim::usage));
    }
}

/// What the commit of the order must take, or be decided again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Claim {
    /// INSERT the unique row `(senior, key, ordinal)`.
    Count {
        /// Where it is counted.
        key: LimitKey,
        /// The ordinal taken, from 1.
        ordinal: u32,
        /// The limit; absent for the running number of the day's meals.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<u32>,
    },
    /// Add `fen` to the row `(senior, key)` unless that passes `cap_fen`.
    Amount {
        /// Where it is counted.
        key: LimitKey,
        /// What to add.
        fen: Fen,
        /// What the row may reach.
        cap_fen: Fen,
    },
}

impl Claim {
    /// Where it is counted.
    #[must_use]
    pub const fn key(&self) -> &LimitKey {
        let (Self::Count { key, .. } | Self::Amount { key, .. }) = self;
        key
    }

    /// What it uses once it is taken.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let (ordinal, fen) = match self {
            Self::Count { ordinal, .. } => (*ordinal, Fen::ZERO),
            Self::Amount { fen, .. } => (0, *fen),
        };
        Usage { key: self.key().clone(), ordinal, fen }
    }
}
