//! Quantities with their unit in the type, so that metres are never added to seconds.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident($inner:ty), $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl Add for $name {
            type Output = Self;
            /// Saturates: a plan with such a number is refused by validation, it must not wrap.
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                iter.fold(Self(0), Add::add)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{}", $unit), self.0)
            }
        }
    };
}

quantity!(
    /// Seconds: a duration, or a time of day counted from the plan's origin (local midnight of the service date).
    Seconds(i64),
    " s"
);
quantity!(
    /// Metres along the way.
    Metres(i64),
    " m"
);
quantity!(
    /// Meal boxes.
    Boxes(u32),
    " boxes"
);
quantity!(
    /// The objective's unit. It has no meaning of its own: [`crate::problem::Weights`] say what a metre or a second is worth.
    Cost(i64),
    ""
);

impl Seconds {
    /// `minutes` as seconds.
    #[must_use]
    pub const fn minutes(minutes: i64) -> Self {
        Self(minutes.saturating_mul(60))
    }

    /// A time of day as seconds from midnight.
    #[must_use]
    pub const fn clock(hour: i64, minute: i64) -> Self {
        Self(hour.saturating_mul(3600).saturating_add(minute.saturating_mul(60)))
    }
}

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The position as a slice index.
            #[must_use]
            pub const fn at(self) -> usize {
                self.0 as usize
            }

            /// The index of a slice position. Positions beyond `u32` do not occur: problems are limited far below.
            #[must_use]
            pub fn from_usize(position: usize) -> Self {
                Self(u32::try_from(position).unwrap_or(u32::MAX))
            }
        }
    };
}

index!(
    /// Position of a stop in [`crate::problem::Problem::stops`].
    StopIx
);
index!(
    /// Position of a site in [`crate::problem::Problem::sites`].
    SiteIx
);
index!(
    /// Position of a courier in [`crate::problem::Problem::couriers`].
    CourierIx
);
index!(
    /// Row and column of a place in the travel matrices.
    PlaceIx
);
index!(
    /// Position of a travel matrix in [`crate::problem::Problem::matrices`].
    MatrixIx
);
