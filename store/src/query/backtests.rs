//! Drafts tried on past meals, as jobs of the worker.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::backtest;
use diesel::prelude::*;
use domain::id::{BacktestId, PolicyId, UserId};
use domain::{Fen, Instant, ServiceDate};

domain::text_enum! {
    /// Where a back-test stands.
    pub enum BacktestState {
        /// It waits for the worker.
        Queued = "queued",
        /// The worker is at it.
        Running = "running",
        /// It came to its end.
        Done = "done",
        /// It found no comparison.
        Stopped = "stopped",
    }
}

/// A back-test.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = backtest, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct BacktestRow {
    pub id: Col<BacktestId>,
    pub policy_id: Col<PolicyId>,
    pub from_on: Col<ServiceDate>,
    pub to_on: Col<ServiceDate>,
    pub begins_on: Option<Col<ServiceDate>>,
    pub rise_fen: Col<Fen>,
    pub state: Word<BacktestState>,
    pub done: i64,
    pub total: i64,
    pub outcome: Option<String>,
    pub asked_by: Option<Col<UserId>>,
    pub leased_until: Option<Col<Instant>>,
    pub created_at: Col<Instant>,
    pub changed_at: Col<Instant>,
}

/// Adds one.
pub fn insert(conn: &mut AnyConnection, row: &BacktestRow) -> Result<(), StoreError> {
    diesel::insert_into(backtest::table).values(row).execute(conn)?;
    Ok(())
}

/// One by identifier.
pub fn find(conn: &mut AnyConnection, id: BacktestId) -> Result<Option<BacktestRow>, StoreError> {
    Ok(backtest::table.find(Col(id)).select(BacktestRow::as_select()).get_result(conn).optional()?)
}

/// Those that have not come to an end, the oldest first; at most `limit`.
pub fn open(conn: &mut AnyConnection, limit: i64) -> Result<Vec<BacktestRow>, StoreError> {
    Ok(backtest::table
        .filter(backtest::outcome.is_null())
        .order((backtest::created_at, backtest::id))
        .limit(limit)
        .select(BacktestRow::as_select())
        .load(conn)?)
}

/// The back-tests of a version, the newest first: those older than `before`, at most `limit`.
pub fn of_policy(
    conn: &mut AnyConnection,
    of: PolicyId,
    before: Option<BacktestId>,
    limit: i64,
) -> Result<Vec<BacktestRow>, StoreError> {
    let mut query = backtest::table.filter(backtest::policy_id.eq(Col(of))).select(BacktestRow::as_select()).into_boxed();
    if let Some(before) = before {
        query = query.filter(backtest::id.lt(Col(before)));
    }
    Ok(query.order(backtest::id.desc()).limit(limit).load(conn)?)
}

/// Writes where one stands, unless it was changed since it stood at `read_at`; `false` then: somebody else has taken it up.
pub fn update(conn: &mut AnyConnection, row: &BacktestRow, read_at: Instant) -> Result<bool, StoreError> {
    let as_read = backtest::table.find(row.id).filter(backtest::outcome.is_null()).filter(backtest::changed_at.eq(Col(read_at)));
    let changed = diesel::update(as_read)
        .set((
            backtest::state.eq(row.state),
            backtest::done.eq(row.done),
            backtest::total.eq(row.total),
            backtest::outcome.eq(&row.outcome),
            backtest::leased_until.eq(row.leased_until),
            backtest::changed_at.eq(row.changed_at),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}
