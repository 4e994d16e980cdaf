//! The outbox: work that is done after the commit that asked for it.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::rows::{JobRow, JobState};
use crate::schema::job;
use diesel::prelude::*;
use domain::Instant;
use domain::id::JobId;

/// Claims due jobs of some kinds until a lease ends, oldest first. A job whose lease ran out is due again: its worker died.
/// On PostgreSQL jobs that another worker is claiming are passed over.
pub fn claim(
    conn: &mut AnyConnection,
    kinds: &[&str],
    now: Instant,
    leased_until: Instant,
    limit: i64,
) -> Result<Vec<JobRow>, StoreError> {
    let due = job::table
        .filter(job::state.eq(Word(JobState::Queued)))
        .filter(job::due_at.le(Col(now)))
        .filter(job::leased_until.is_null().or(job::leased_until.le(Some(Col(now)))))
        .filter(job::kind.eq_any(kinds.to_vec()))
        .order((job::due_at, job::id))
        .limit(limit)
        .select(job::id);
    let ids: Vec<Col<JobId>> = match &mut *conn {
        AnyConnection::Sqlite(c) => due.load(c),
        AnyConnection::Postgres(c) => due.for_update().skip_locked().load(c),
    }?;
    let mut jobs: Vec<JobRow> =
        job::table.filter(job::id.eq_any(ids)).order((job::due_at, job::id)).select(JobRow::as_select()).load(conn)?;
    for row in &mut jobs {
        row.attempts += 1;
        row.leased_until = Some(Col(leased_until));
        diesel::update(job::table.find(row.id))
            .set((job::attempts.eq(row.attempts), job::leased_until.eq(row.leased_until)))
            .execute(conn)?;
    }
    Ok(jobs)
}

/// Done: what it carried is wiped. `false` when the lease had passed to another worker.
pub fn finish(conn: &mut AnyConnection, of: &JobRow) -> Result<bool, StoreError> {
    let done = diesel::update(job::table.find(of.id).filter(job::attempts.eq(of.attempts)))
        .set((job::state.eq(Word(JobState::Done)), job::payload.eq(""), job::leased_until.eq(None::<Col<Instant>>)))
        .execute(conn)?;
    Ok(done == 1)
}

/// It failed: due again later, or given up. `false` when the lease had passed to another worker.
pub fn put_off(conn: &mut AnyConnection, of: &JobRow, again_at: Option<Instant>, error: &str) -> Result<bool, StoreError> {
    let state = if again_at.is_some() { JobState::Queued } else { JobState::Dead };
    let changed = diesel::update(job::table.find(of.id).filter(job::attempts.eq(of.attempts)))
        .set((
            job::state.eq(Word(state)),
            job::due_at.eq(again_at.map_or(of.due_at, Col)),
            job::leased_until.eq(None::<Col<Instant>>),
            job::last_error.eq(error),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Its time has not come: due later. `false` when the lease had passed to another worker.
pub fn wait(conn: &mut AnyConnection, of: &JobRow, until: Instant) -> Result<bool, StoreError> {
    let waits = diesel::update(job::table.find(of.id).filter(job::attempts.eq(of.attempts)))
        .set((job::due_at.eq(Col(until)), job::leased_until.eq(None::<Col<Instant>>)))
        .execute(conn)?;
    Ok(waits == 1)
}

/// It is not done: no longer true, or not wanted. What it carried is wiped; the reason stays. `false` when the lease had passed.
pub fn set_aside(conn: &mut AnyConnection, of: &JobRow, reason: &str) -> Result<bool, StoreError> {
    let dropped = diesel::update(job::table.find(of.id).filter(job::attempts.eq(of.attempts)))
        .set((
            job::state.eq(Word(JobState::Dropped)),
            job::payload.eq(""),
            job::leased_until.eq(None::<Col<Instant>>),
            job::last_error.eq(reason),
        ))
        .execute(conn)?;
    Ok(dropped == 1)
}

/// Jobs that ended in a state (dead letters, what was dropped) after an identifier, in order.
pub fn ended(conn: &mut AnyConnection, state: JobState, after: Option<JobId>, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    let mut query =
        job::table.filter(job::state.eq(Word(state))).order(job::id).limit(limit).select(JobRow::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(job::id.gt(Col(after)));
    }
    Ok(query.load(conn)?)
}

/// A dead letter is tried again; `false` when it is none.
pub fn revive(conn: &mut AnyConnection, id: JobId, now: Instant) -> Result<bool, StoreError> {
    let revived = diesel::update(job::table.find(Col(id)).filter(job::state.eq(Word(JobState::Dead))))
        .set((job::state.eq(Word(JobState::Queued)), job::due_at.eq(Col(now)), job::attempts.eq(0)))
        .execute(conn)?;
    Ok(revived == 1)
}

/// A job by identifier.
pub fn find(conn: &mut AnyConnection, id: JobId) -> Result<Option<JobRow>, StoreError> {
    Ok(job::table.find(Col(id)).select(JobRow::as_select()).get_result(conn).optional()?)
}

/// Forgets a job that was dropped, so that the same one can be asked for again.
pub fn forget_dropped(conn: &mut AnyConnection, id: JobId) -> Result<(), StoreError> {
    diesel::delete(job::table.find(Col(id)).filter(job::state.eq(Word(JobState::Dropped)))).execute(conn)?;
    Ok(())
}

/// Forgets jobs that were made before a time and are done or dropped.
pub fn forget_done(conn: &mut AnyConnection, made_before: Instant) -> Result<usize, StoreError> {
    let over = [Word(JobState::Done), Word(JobState::Dropped)];
    Ok(diesel::delete(job::table.filter(job::state.eq_any(over)).filter(job::created_at.lt(Col(made_before)))).execute(conn)?)
}
