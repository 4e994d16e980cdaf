//! What is tried: the days of the period with the versions that governed them, and with the draft in the place of its programme.

use crate::subsidy::compile::{Book, Compiled, Overlap};
use crate::subsidy::document::{Document, Effective};
use crate::subsidy::limit::{Bucket, LimitKey};
use crate::{Instant, ServiceDate};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A version that was published at some time, whether or not another has ended it since.
#[derive(Debug, Clone)]
pub struct Published {
    /// From when on it counted for what was decided.
    pub at: Instant,
    /// The version.
    pub version: Arc<Compiled>,
}

/// What governs a service date.
#[derive(Debug, Clone)]
pub(super) struct Day {
    /// What governed it.
    pub baseline: Arc<Book>,
    /// What would govern it; absent before the draft begins and after it ends.
    pub draft: Option<Arc<Book>>,
}

/// How long after the period an order for it may have stood beside orders for later dates: orders are taken two weeks ahead, and
/// evidence comes some days late.
const AFTER_DAYS: i32 = 31;

/// A draft with the days it is tried on.
#[derive(Debug, Clone)]
pub struct Trial {
    /// When something was published, the earliest first.
    publications: Vec<Instant>,
    /// Of each date, what governed it before the first publication, after the first, and so on.
    days: BTreeMap<ServiceDate, Vec<Day>>,
    draft: Arc<Compiled>,
    period: (ServiceDate, ServiceDate),
    reach: (ServiceDate, ServiceDate),
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
    /// Sets up a trial of `draft` on the meals `from` a date `to` a date, both included.
    ///
    /// `published` are all versions that were ever in force. `begins` moves the draft's first day: a draft for next year is tried
    /// on last quarter's meals as if it had been in force. `rise_fen` is from which rise of self-pay on a person is listed.
    pub fn new(
        draft: &Document,
        begins: Option<ServiceDate>,
        (from, to): (ServiceDate, ServiceDate),
        published: &[Published],
        rise_fen: i64,
    ) -> Result<Self, TrialError> {
        let mut draft = draft.clone();
        if let Some(begins) = begins {
            // Moved, it holds for as long as the period is: its own last day belonged to its own first day.
            draft.effective = Effective { from: begins, to: None };
        }
        let draft = Arc::new(Compiled::new(draft));
        let versions: Vec<&Compiled> = published.iter().map(|p| p.version.as_ref()).chain([draft.as_ref()]).collect();
        let reach = reach(&versions, (from, to));
        let mut publications: Vec<Instant> = published.iter().map(|p| p.at).collect();
        publications.sort_unstable();
        publications.dedup();
        let mut trial = Self { publications, days: BTreeMap::new(), draft, period: (from, to), reach, rise_fen };
        trial.lay_out(published)?;
        let governed = |(_, days): (_, &Vec<Day>)| days.iter().any(|day| day.draft.is_some());
        if !trial.days.range(from..=to).any(governed) {
            return Err(TrialError::OutsidePeriod { from, to, begins: trial.draft.document().effective.from });
        }
        Ok(trial)
    }

    /// Finds what governs each date from the period's first on; before it bills stand as they are.
    fn lay_out(&mut self, published: &[Published]) -> Result<(), Overlap> {
        let mut books: BTreeMap<(Vec<usize>, bool), Day> = BTreeMap::new();
        let mut date = self.period.0;
        while date <= self.reach.1 {
            let governs = self.draft.governs(date);
            let mut days = Vec::with_capacity(self.publications.len() + 1);
            for known in 0..=self.publications.len() {
                let by = known.checked_sub(1).and_then(|n| self.publications.get(n));
                let chosen = by.map_or_else(Vec::new, |by| in_force(published, date, *by));
                let day = match books.get(&(chosen.clone(), governs)) {
                    Some(day) => day.clone(),
                    None => {
                        let versions = chosen.iter().filter_map(|n| published.get(*n)).map(|p| p.version.clone());
                        let baseline = Arc::new(Book::new(versions.collect())?);
                        let draft = governs.then(|| baseline.with(&self.draft)).transpose()?.map(Arc::new);
                        let day = Day { baseline, draft };
                        books.insert((chosen, governs), day.clone());
                        day
                    }
                };
                days.push(day);
            }
            self.days.insert(date, days);
            date = date.plus_days(1);
        }
        Ok(())
    }

    /// What governs a date, for a decision taken at a moment.
    pub(super) fn day(&self, date: ServiceDate, at: Instant) -> Option<&Day> {
        let known = self.publications.partition_point(|published| *published <= at);
        self.days.get(&date)?.get(known)
    }

    pub(super) fn reports(&self, date: ServiceDate) -> bool {
        (self.period.0..=self.period.1).contains(&date)
    }

    pub(super) fn draft(&self) -> &Compiled {
        &self.draft
    }

    pub(super) const fn rise_fen(&self) -> i64 {
        self.rise_fen
    }

    /// The first and last service date of meals that may share a limit with a meal of the period: they must be known too, because
    /// a limit that they used up is used up.
    #[must_use]
    pub const fn reach(&self) -> (ServiceDate, ServiceDate) {
        self.reach
    }
}

/// Which versions governed a date as it stood at a moment: of each programme the one that began last. One that superseded another
/// ended it on the day before, so what began earlier governs no more, even after the later one has ended.
fn in_force(published: &[Published], date: ServiceDate, by: Instant) -> Vec<usize> {
    let begins = |n: usize| published.get(n).map(|p| p.version.document().effective.from);
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, one) in published.iter().enumerate() {
        let document = one.version.document();
        if one.at <= by && document.effective.from <= date {
            let kept = last.entry(document.programme.as_str()).or_insert(n);
            if begins(*kept) < begins(n) {
                *kept = n;
            }
        }
    }
    last.into_values().filter(|n| published.get(*n).is_some_and(|p| p.version.governs(date))).collect()
}

fn reach(versions: &[&Compiled], (from, to): (ServiceDate, ServiceDate)) -> (ServiceDate, ServiceDate) {
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
    (reach.0, reach.1.min(to.plus_days(AFTER_DAYS)))
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
