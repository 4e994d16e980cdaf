//! What is tried: the days of the period with the versions that governed them, and with the draft in the place of its programme.

use crate::ServiceDate;
use crate::subsidy::compile::{Book, Compiled, Overlap};
use crate::subsidy::document::{Document, Effective};
use crate::subsidy::limit::{Bucket, LimitKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One service date.
#[derive(Debug, Clone)]
pub struct Day {
    /// What governed it.
    pub baseline: Arc<Book>,
    /// What would govern it; absent before the draft begins and after it ends.
    pub draft: Option<Arc<Book>>,
}

/// A draft with the days it is tried on.
#[derive(Debug, Clone)]
pub struct Trial {
    days: BTreeMap<ServiceDate, Day>,
    from: ServiceDate,
    to: ServiceDate,
    rise_fen: i64,
}

/// The trial cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// The draft does not govern a day of the period: every bill would stay as it was.
    #[error("the draft governs no day from {from} to {to}; it begins on {begins}")]
    OutsidePeriod {
        /// First day asked for.
        from: ServiceDate,
        /// Last day asked for.
        to: ServiceDate,
        /// First day of the draft.
        begins: ServiceDate,
    },
    /// Two versions of a programme would govern one day.
    #[error(transparent)]
    Overlap(#[from] Overlap),
}

impl Trial {
    /// Sets up a trial.
    ///
    /// `baseline` gives the versions of each day that is asked for or shares a limit with one. `begins` moves the draft's first
    /// day: a draft for next year is tried on last quarter's meals as if it had been in force. `rise_fen` is from which rise of
    /// self-pay on a person is listed.
    pub fn new(
        draft: &Document,
        begins: Option<ServiceDate>,
        (from, to): (ServiceDate, ServiceDate),
        baseline: BTreeMap<ServiceDate, Arc<Book>>,
        rise_fen: i64,
    ) -> Result<Self, TrialError> {
        let mut draft = draft.clone();
        if let Some(begins) = begins {
            // Moved, it holds for as long as the period is: its own last day belonged to its own first day.
            draft.effective = Effective { from: begins, to: None };
        }
        let draft = Arc::new(Compiled::new(draft));
        let mut days = BTreeMap::new();
        let mut made: Option<(Arc<Book>, Arc<Book>)> = None;
        for (date, baseline) in baseline {
            let governs = date >= from && draft.governs(date);
            let book = match &made {
                _ if !governs => None,
                Some((of, book)) if Arc::ptr_eq(of, &baseline) => Some(book.clone()),
                _ => {
                    let book = Arc::new(baseline.with(&draft)?);
                    made = Some((baseline.clone(), book.clone()));
                    Some(book)
                }
            };
            days.insert(date, Day { baseline, draft: book });
        }
        let trial = Self { days, from, to, rise_fen };
        if trial.days.range(from..=to).all(|(_, day)| day.draft.is_none()) {
            return Err(TrialError::OutsidePeriod { from, to, begins: draft.document().effective.from });
        }
        Ok(trial)
    }

    pub(super) fn day(&self, date: ServiceDate) -> Option<&Day> {
        self.days.get(&date)
    }

    pub(super) fn reports(&self, date: ServiceDate) -> bool {
        (self.from..=self.to).contains(&date)
    }

    pub(super) const fn rise_fen(&self) -> i64 {
        self.rise_fen
    }
}

/// The first and last service date of meals that share a limit with a meal of the period: they must be known too, because a limit
/// that they used up is used up.
#[must_use]
pub fn reach(versions: &[&Compiled], (from, to): (ServiceDate, ServiceDate)) -> (ServiceDate, ServiceDate) {
    let mut reach = (from, to);
    for version in versions {
        for limit in version.all_limits() {
            for date in [from, to] {
                for key in version.keys(limit, date, crate::MealPeriod::Lunch) {
                    reach = (reach.0.min(key.start), reach.1.max(last_day(&key)));
                }
            }
        }
    }
    reach
}

fn last_day(key: &LimitKey) -> ServiceDate {
    // 31 days after the first of a month lie in the next one, 93 after the first of a quarter, 366 after the first of January.
    let before = |date: ServiceDate| date.plus_days(-1);
    match key.bucket {
        Bucket::Meal(_) | Bucket::Day => key.start,
        Bucket::Week => key.start.plus_days(6),
        Bucket::Month => before(key.start.plus_days(31).month_start()),
        Bucket::Quarter => before(key.start.plus_days(93).quarter_start()),
        Bucket::Year => before(key.start.plus_days(366).year_start()),
        Bucket::Ever => ServiceDate(chrono::NaiveDate::MAX),
    }
}
