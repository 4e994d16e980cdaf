//! Back-tests: a draft tried on the meals of a period, before anybody signs it. The rule is `domain::subsidy::backtest`.
//!
//! Persons are read and tried a few at a time, so memory does not grow with the number of meals, and several at once when the
//! machine has nothing else to do.

pub mod job;
pub mod workbook;

use crate::failure::{Failure, Outcome};
use crate::subsidies::stored_document;
use crate::{App, past};
use domain::id::SeniorId;
use domain::subsidy::backtest::{Mismatch, Published, Report, Trial, TrialError, try_on};
use domain::subsidy::{Compiled, Document};
use domain::{Instant, ServiceDate};
use std::collections::VecDeque;
use std::sync::Arc;
use store::StoreError;
use store::column::Col;
use store::query::{earlier, policies};
use tokio::task::JoinHandle;

/// The longest period, in days: a year and a day.
pub const PERIOD_MAX_DAYS: i64 = 366;

/// Whether a period, both days included, is not turned round and no longer than [`PERIOD_MAX_DAYS`].
#[must_use]
pub fn fits((from, to): (ServiceDate, ServiceDate)) -> bool {
    (0..PERIOD_MAX_DAYS).contains(&to.days_since(from))
}

/// Persons read at once. With three meals a day for a quarter that is some thousands of decisions, a few megabytes.
const PERSONS: i64 = 32;

/// What is tried.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The draft.
    pub draft: Document,
    /// Its first day, in place of its own.
    pub begins: Option<ServiceDate>,
    /// First and last service date.
    pub period: (ServiceDate, ServiceDate),
    /// From which rise of self-pay on a person is listed.
    pub rise_fen: i64,
}

/// Why nothing was found.
#[derive(Debug)]
pub enum Stopped {
    /// The baseline does not give what was decided then.
    Mismatch(Box<Mismatch>),
    /// Whoever asked wants no more.
    Ended,
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Told after each part how many persons are done, of how many; `false` ends the run.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) -> bool + Send);

/// The trial, set up; nothing is tried yet.
pub async fn set_up(app: &App, asked: &Asked) -> Outcome<Trial, TrialError> {
    let rows = app.store.read("published_policies", policies::published).await?;
    let mut published = Vec::with_capacity(rows.len());
    for row in rows {
        let version = Arc::new(Compiled::new(stored_document(&row.document)?));
        let at = row.published_at.map_or(Instant::from_micros(i64::MIN), |Col(at)| at);
        published.push(Published { at, version });
    }
    Trial::new(&asked.draft, asked.begins, asked.period, &published, asked.rise_fen).map_err(Failure::Refused)
}

/// Tries the draft on all persons, `at_once` parts side by side. The same data give the same report.
pub async fn run(app: &App, trial: Trial, at_once: usize, progress: Progress<'_>) -> Result<Report, Stopped> {
    let total = app.store.read("senior_count", earlier::senior_count).await?;
    let (total, trial) = (u64::try_from(total).unwrap_or(0), Arc::new(trial));
    let (mut report, mut after, mut more) = (Report::default(), None, true);
    let (mut running, mut done) = (VecDeque::new(), 0);
    loop {
        while more && running.len() < at_once.max(1) {
            let persons = app.store.read("next_seniors", move |conn| earlier::next_seniors(conn, after, PERSONS)).await?;
            match (persons.first(), persons.last()) {
                (Some(first), Some(last)) => {
                    after = Some(*last);
                    running.push_back((persons.len(), part(app, trial.clone(), (*first, *last))));
                }
                _ => more = false,
            }
        }
        // Parts are taken in the order of persons, so that the first mismatch is always the same one.
        let Some((persons, part)) = running.pop_front() else { break };
        let found = part.await.map_err(|e| StoreError::Unavailable(format!("a part of a back-test: {e}")))?;
        report.merge(found?);
        done += u64::try_from(persons).unwrap_or(0);
        if !progress(done, total.max(done)) {
            return Err(Stopped::Ended);
        }
    }
    report.merge(Report::default());
    Ok(report)
}

/// Reads some persons on a reader, and tries the draft on a thread that nobody waits for.
fn part(app: &App, trial: Arc<Trial>, run: (SeniorId, SeniorId)) -> JoinHandle<Result<Report, Stopped>> {
    let (store, shelves) = (app.store.clone(), app.shelves.clone());
    tokio::spawn(async move {
        let span = trial.reach();
        let eaters = store.read("backtest_part", move |conn| past::eaters(conn, run, span)).await?;
        let tried = tokio::task::spawn_blocking(move || {
            let mut report = Report::default();
            for eater in &eaters {
                try_on(eater, &trial, shelves.policies.calendar(), &mut report).map_err(Stopped::Mismatch)?;
            }
            Ok(report)
        });
        tried.await.map_err(|e| StoreError::Unavailable(format!("a part of a back-test: {e}")))?
    })
}
