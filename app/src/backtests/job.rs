//! Back-tests as jobs: asked for by somebody who drafts or reviews policies, done by the worker, taken up again when it died.

use super::{Asked, Stopped, fits, run, set_up};
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::policies::may_try;
use crate::subsidies::stored_document;
use domain::access::Actor;
use domain::id::{BacktestId, PolicyId};
use domain::subsidy::backtest::{Mismatch, Report, Trial, TrialError};
use domain::{Fen, Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::backtests::{self, BacktestRow, BacktestState};
use store::query::policies;
use store::{LaneKey, StoreError};
use tokio::sync::watch;

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Wanted {
    /// The version that is tried.
    pub policy: PolicyId,
    /// First service date.
    pub from: ServiceDate,
    /// Last service date.
    pub to: ServiceDate,
    /// The version's first day, in place of its own.
    pub begins: Option<ServiceDate>,
    /// From which rise of self-pay on a person is listed.
    pub rise: Fen,
}

/// Why a back-test is not begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BacktestRefusal {
    /// The period does not [fit](super::fits).
    Period,
    /// The version governs no day of it.
    Setup(TrialError),
}

/// What came of it, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// The comparison.
    Report(Box<Report>),
    /// The versions in force do not give what was decided then.
    Mismatch(Box<Mismatch>),
    /// It cannot be set up any more.
    Refused(String),
}

/// Asks for a back-test.
pub async fn ask(app: &App, actor: Arc<Actor>, key: RequestKey, wanted: Wanted) -> Outcome<BacktestRow, BacktestRefusal> {
    if !fits((wanted.from, wanted.to)) {
        return Err(Failure::Refused(BacktestRefusal::Period));
    }
    let asking = actor.clone();
    let row = app
        .store
        .read("policy_to_try", move |conn| {
            let row = policies::find(conn, wanted.policy)?.ok_or(Failure::NotFound(Thing::Policy))?;
            may_try(conn, &asking, &row)?;
            Ok::<_, Failure<BacktestRefusal>>(row)
        })
        .await?;
    // Refused before anything is queued.
    set_up(app, &asked(&row.document, &wanted)?).await.map_err(|failure| failure.map(BacktestRefusal::Setup))?;
    app.store
        .write(LaneKey::of(wanted.policy), "ask_backtest", move |tx| {
            if let Some(id) = key.earlier_answer::<BacktestId, _>(tx)? {
                return Ok(backtests::find(tx.look(), id)?.ok_or(StoreError::NotFound)?);
            }
            let (id, now) = (tx.new_id(), tx.now());
            let row = BacktestRow {
                id: Col(id),
                policy_id: Col(wanted.policy),
                from_on: Col(wanted.from),
                to_on: Col(wanted.to),
                begins_on: wanted.begins.map(Col),
                rise_fen: Col(wanted.rise),
                state: Word(BacktestState::Queued),
                done: 0,
                total: 0,
                outcome: None,
                asked_by: actor.user.map(Col),
                leased_until: None,
                created_at: Col(now),
                changed_at: Col(now),
            };
            backtests::insert(tx.change(), &row)?;
            key.keep_answer(tx, &id, now)?;
            Ok(row)
        })
        .await
}

fn asked(document: &str, wanted: &Wanted) -> Result<Asked, StoreError> {
    Ok(Asked {
        draft: stored_document(document)?,
        begins: wanted.begins,
        period: (wanted.from, wanted.to),
        rise_fen: wanted.rise.0,
    })
}

/// A back-test that the actor may see.
pub async fn find(app: &App, actor: Arc<Actor>, id: BacktestId) -> Outcome<BacktestRow, Never> {
    app.store
        .read("get_backtest", move |conn| {
            let row = backtests::find(conn, id)?.ok_or(Failure::NotFound(Thing::Backtest))?;
            let policy = policies::find(conn, row.policy_id.0)?.ok_or(StoreError::NotFound)?;
            // Whoever may not see the version does not learn that it was tried.
            may_try(conn, &actor, &policy).map_err(|failure: Failure<Never>| match failure {
                Failure::NotFound(_) => Failure::NotFound(Thing::Backtest),
                other => other,
            })?;
            Ok(row)
        })
        .await
}

/// One page of the back-tests of a version, newest first.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    policy: PolicyId,
    before: Option<BacktestId>,
    limit: i64,
) -> Outcome<Vec<BacktestRow>, Never> {
    app.store
        .read("list_backtests", move |conn| {
            let row = policies::find(conn, policy)?.ok_or(Failure::NotFound(Thing::Policy))?;
            may_try(conn, &actor, &row)?;
            Ok(backtests::of_policy(conn, policy, before, limit)?)
        })
        .await
}

/// What came of one.
pub fn came(row: &BacktestRow) -> Result<Option<Came>, StoreError> {
    let read = |text: &String| serde_json::from_str(text).map_err(|e| StoreError::Database(format!("back-test: {e}")));
    row.outcome.as_ref().map(read).transpose()
}

/// How long a worker may be silent before another takes its back-test up.
const LEASE_S: i64 = 30;
/// How often a running one says how far it is, in seconds.
const TELL_EVERY_S: i64 = 1;

/// Does the oldest back-test that waits, or that was left in the middle. Any number of workers may call this: one is leased.
/// Returns whether there was one.
pub async fn go_on(app: &App) -> Outcome<bool, Never> {
    let Some((row, document)) = claim(app).await? else { return Ok(false) };
    let wanted = Wanted {
        policy: row.policy_id.0,
        from: row.from_on.0,
        to: row.to_on.0,
        begins: row.begins_on.map(|Col(begins)| begins),
        rise: row.rise_fen.0,
    };
    let asked = asked(&document, &wanted)?;
    let (row, came) = match set_up(app, &asked).await {
        Ok(trial) => match follow(app, row, trial).await? {
            (row, Ok(report)) => (row, Came::Report(Box::new(report))),
            (row, Err(Stopped::Mismatch(mismatch))) => (row, Came::Mismatch(mismatch)),
            // Another worker is at it.
            (_, Err(Stopped::Ended)) => return Ok(true),
            // Its lease runs out, and it is taken up again.
            (_, Err(Stopped::Store(error))) => return Err(error.into()),
        },
        Err(failure) => (row, Came::Refused(failure.refusal()?.to_string())),
    };
    finish(app, row, &came).await?;
    Ok(true)
}

async fn claim(app: &App) -> Outcome<Option<(BacktestRow, String)>, Never> {
    let now = app.clock.now();
    let free = move |row: &BacktestRow| row.leased_until.is_none_or(|Col(until)| until <= now);
    let waits = app.store.read("open_backtests", |conn| backtests::open(conn, 16)).await?.into_iter().find(free);
    let Some(read) = waits else { return Ok(None) };
    app.store
        .write(LaneKey::of(read.policy_id.0), "claim_backtest", move |tx| {
            let mut row = read.clone();
            row.state = Word(BacktestState::Running);
            (row.done, row.total) = (0, 0);
            lease(&mut row, tx.now());
            if !backtests::update(tx.change(), &row, read.changed_at.0)? {
                return Ok(None);
            }
            let policy = policies::find(tx.look(), row.policy_id.0)?.ok_or(StoreError::NotFound)?;
            Ok(Some((row, policy.document)))
        })
        .await
}

fn lease(row: &mut BacktestRow, now: Instant) {
    row.leased_until = Some(Col(now.plus_seconds(LEASE_S)));
    row.changed_at = Col(now);
}

/// Runs it, telling how far it is. On a machine that serves meals it takes one part at a time.
async fn follow(app: &App, row: BacktestRow, trial: Trial) -> Result<(BacktestRow, Result<Report, Stopped>), StoreError> {
    let (tell, told) = watch::channel((0, 0));
    let running = async move {
        // Nobody listens any more when another worker has taken it up.
        run(app, trial, 1, &mut |done, total| tell.send((done, total)).is_ok()).await
    };
    let (found, row) = tokio::join!(running, telling(app, row, told));
    Ok((row?, found))
}

async fn telling(app: &App, mut row: BacktestRow, mut told: watch::Receiver<(u64, u64)>) -> Result<BacktestRow, StoreError> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut last = app.clock.now();
    while told.changed().await.is_ok() {
        let (done, total) = *told.borrow_and_update();
        (row.done, row.total) = (count(done), count(total));
        if app.clock.now().seconds_since(last) < TELL_EVERY_S {
            continue;
        }
        last = app.clock.now();
        if !tell_progress(app, &mut row).await? {
            break;
        }
    }
    Ok(row)
}

async fn tell_progress(app: &App, row: &mut BacktestRow) -> Result<bool, StoreError> {
    let mut next = row.clone();
    let Col(read_at) = row.changed_at;
    let (kept, next) = app
        .store
        .write(LaneKey::of(row.policy_id.0), "backtest_progress", move |tx| {
            lease(&mut next, tx.now());
            Ok::<_, StoreError>((backtests::update(tx.change(), &next, read_at)?, next.clone()))
        })
        .await?;
    *row = next;
    Ok(kept)
}

async fn finish(app: &App, row: BacktestRow, came: &Came) -> Outcome<(), Never> {
    let outcome = serde_json::to_string(came).map_err(|e| StoreError::Database(format!("back-test: {e}")))?;
    let state = if matches!(came, Came::Report(_)) { BacktestState::Done } else { BacktestState::Stopped };
    app.store
        .write(LaneKey::of(row.policy_id.0), "end_backtest", move |tx| {
            let mut ended = row.clone();
            if state == BacktestState::Done {
                ended.done = ended.total;
            }
            (ended.state, ended.outcome) = (Word(state), Some(outcome.clone()));
            (ended.leased_until, ended.changed_at) = (None, Col(tx.now()));
            // Taken up by another meanwhile: theirs will say the same.
            backtests::update(tx.change(), &ended, row.changed_at.0)?;
            Ok(())
        })
        .await
}
