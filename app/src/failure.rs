//! How a use case fails: it was refused, for reasons the caller can act on, or the store failed, which is never their fault.

use domain::id::{CanteenId, SeniorId};
use store::{AsStoreError, StoreError};

/// The result of a use case whose refusals are `R`.
pub type Outcome<T, R> = Result<T, Failure<R>>;

/// Why a use case gave no result.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure<R> {
    /// A rule said no.
    Refused(R),
    /// There is nothing of that name in the caller's scope; whether it exists elsewhere is not told.
    NotFound(Thing),
    /// The caller may see it and may not do this.
    Forbidden,
    /// It was changed since the caller read it; the version now.
    Stale {
        /// The version to read again.
        version: i64,
    },
    /// The key was used for another request.
    KeyReused,
    /// The database is out of reach or overloaded, or broke.
    Store(StoreFault),
}

/// What was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Thing {
    Senior(SeniorId),
    Canteen(CanteenId),
    Sitting,
    Order,
    MenuItem,
    Dish,
    User,
    Device,
    Binding,
    Grant,
    StandingOrder,
    Policy,
    Lot,
    Batch,
    Plan,
    Stop,
    Import,
    Place,
    Supplier,
    Job,
    Fact,
    Ingredient,
    StoragePlace,
    Recall,
    SafetyRecord,
    Control,
    Sample,
    Issue,
    Settlement,
    Correction,
    Payee,
    Payout,
    Payment,
    Suspense,
    WelfareCase,
    Complaint,
    Rating,
    Backtest,
    AnomalyCase,
    Budget,
    Shift,
    Sponsor,
    Sponsored,
    SponsorBill,
}

/// A store's error that can be compared in tests.
#[derive(Debug, Clone)]
pub struct StoreFault(pub StoreError);

impl PartialEq for StoreFault {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl<R> From<StoreError> for Failure<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(StoreFault(error))
    }
}

impl<R> AsStoreError for Failure<R> {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(StoreFault(error)) => Some(error),
            Self::Refused(_) | Self::NotFound(_) | Self::Forbidden | Self::Stale { .. } | Self::KeyReused => None,
        }
    }
}

impl<R> Failure<R> {
    /// The same failure of a use case that calls this one.
    pub fn map<S>(self, f: impl FnOnce(R) -> S) -> Failure<S> {
        self.refusal().map_or_else(|other| other, |refusal| Failure::Refused(f(refusal)))
    }

    /// The refusal, or what any use case may fail of.
    pub fn refusal<S>(self) -> Result<R, Failure<S>> {
        match self {
            Self::Refused(refusal) => Ok(refusal),
            Self::NotFound(thing) => Err(Failure::NotFound(thing)),
            Self::Forbidden => Err(Failure::Forbidden),
            Self::Stale { version } => Err(Failure::Stale { version }),
            Self::KeyReused => Err(Failure::KeyReused),
            Self::Store(fault) => Err(Failure::Store(fault)),
        }
    }
}

/// For use cases that no rule refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Never {}
