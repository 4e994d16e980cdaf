//! Imports: their jobs, staged slices and faults, and the gate that hides what they add until all of it is in.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::schema::{
    family_binding, import_fault, import_hidden, import_job, import_slice, menu_item, senior, senior_diet, senior_fact, sitting,
    standing_order,
};
use diesel::prelude::*;
use domain::Instant;
use domain::id::{ImportId, UserId};

domain::text_enum! {
    /// Where an import stands.
    pub enum ImportState {
        /// The file is here.
        Uploaded = "uploaded",
        /// Its rows are being judged.
        Validating = "validating",
        /// It has faults and will never be applied.
        Faulty = "faulty",
        /// It can be applied.
        Ready = "ready",
        /// Its rows are going in, unseen.
        Applying = "applying",
        /// All of it is in and seen.
        Done = "done",
        /// What went in unseen is being taken out.
        Undoing = "undoing",
        /// Nothing of it is in.
        Failed = "failed",
    }
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = import_job, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)]
pub struct ImportRow {
    pub id: Col<ImportId>,
    pub kind: String,
    pub file_name: String,
    pub state: Word<ImportState>,
    pub made_by: Option<Col<UserId>>,
    pub scope: Option<String>,
    pub row_count: i64,
    pub fault_count: i64,
    pub added: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub applied_slices: i64,
    pub cause: Option<String>,
    pub leased_until: Option<Col<Instant>>,
    pub created_at: Col<Instant>,
    pub changed_at: Col<Instant>,
}

/// Staged rows.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_slice, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct SliceRow {
    pub import_id: Col<ImportId>,
    pub number: i64,
    pub row_count: i64,
    pub payload_enc: Vec<u8>,
}

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_fault, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct ImportFaultRow {
    pub import_id: Col<ImportId>,
    pub number: i64,
    pub row_no: Option<i64>,
    pub column_name: Option<String>,
    pub code: String,
    pub message_zh: String,
    pub message_en: String,
}

/// Adds an import.
pub fn insert(conn: &mut AnyConnection, row: &ImportRow) -> Result<(), StoreError> {
    diesel::insert_into(import_job::table).values(row).execute(conn)?;
    Ok(())
}

/// An import by identifier.
pub fn find(conn: &mut AnyConnection, id: ImportId) -> Result<Option<ImportRow>, StoreError> {
    Ok(import_job::table.find(Col(id)).select(ImportRow::as_select()).get_result(conn).optional()?)
}

/// Replaces an import's row.
pub fn update(conn: &mut AnyConnection, row: &ImportRow) -> Result<(), StoreError> {
    diesel::update(import_job::table.find(row.id)).set(row).execute(conn)?;
    Ok(())
}

/// Says that it is being worked on, and how far it is.
pub fn extend(conn: &mut AnyConnection, id: ImportId, until: Instant, applied_slices: i64) -> Result<(), StoreError> {
    diesel::update(import_job::table.find(Col(id)))
        .set((import_job::leased_until.eq(Some(Col(until))), import_job::applied_slices.eq(applied_slices)))
        .execute(conn)?;
    Ok(())
}

/// Imports of a user (of the machine's administrator when there is none), newest first, before one.
pub fn list(
    conn: &mut AnyConnection,
    made_by: Option<UserId>,
    before: Option<ImportId>,
    limit: i64,
) -> Result<Vec<ImportRow>, StoreError> {
    let mut query = import_job::table.order(import_job::id.desc()).limit(limit).select(ImportRow::as_select()).into_boxed();
    query = match made_by {
        Some(user) => query.filter(import_job::made_by.eq(Some(Col(user)))),
        None => query.filter(import_job::made_by.is_null()),
    };
    if let Some(before) = before {
        query = query.filter(import_job::id.lt(Col(before)));
    }
    Ok(query.load(conn)?)
}

/// Imports that somebody works on, or that were left in the middle.
pub fn unfinished(conn: &mut AnyConnection) -> Result<Vec<ImportRow>, StoreError> {
    let busy = [ImportState::Validating, ImportState::Applying, ImportState::Undoing].map(Word);
    Ok(import_job::table.filter(import_job::state.eq_any(busy)).order(import_job::id).select(ImportRow::as_select()).load(conn)?)
}

/// Imports that were judged before an instant and never applied.
pub fn ready_since(conn: &mut AnyConnection, before: Instant, limit: i64) -> Result<Vec<ImportRow>, StoreError> {
    Ok(import_job::table
        .filter(import_job::state.eq(Word(ImportState::Ready)))
        .filter(import_job::changed_at.lt(Col(before)))
        .order(import_job::id)
        .limit(limit)
        .select(ImportRow::as_select())
        .load(conn)?)
}

/// Says how far the judging is; whoever judges is alive until then.
pub fn judged_so_far(conn: &mut AnyConnection, row: &ImportRow, until: Instant) -> Result<(), StoreError> {
    diesel::update(import_job::table.find(row.id))
        .set((
            import_job::row_count.eq(row.row_count),
            import_job::fault_count.eq(row.fault_count),
            import_job::leased_until.eq(Some(Col(until))),
        ))
        .execute(conn)?;
    Ok(())
}

/// Rows of the slices below a number: what is in when the job has come so far.
pub fn rows_before(conn: &mut AnyConnection, of: ImportId, number: i64) -> Result<i64, StoreError> {
    let counts = import_slice::table
        .filter(import_slice::import_id.eq(Col(of)))
        .filter(import_slice::number.lt(number))
        .select(import_slice::row_count)
        .load::<i64>(conn)?;
    Ok(counts.into_iter().sum())
}

/// Adds a staged slice.
pub fn add_slice(conn: &mut AnyConnection, row: &SliceRow) -> Result<(), StoreError> {
    diesel::insert_into(import_slice::table).values(row).execute(conn)?;
    Ok(())
}

/// How many slices are staged.
pub fn slice_count(conn: &mut AnyConnection, of: ImportId) -> Result<i64, StoreError> {
    Ok(import_slice::table.filter(import_slice::import_id.eq(Col(of))).count().get_result(conn)?)
}

/// A staged slice.
pub fn slice(conn: &mut AnyConnection, of: ImportId, number: i64) -> Result<Option<SliceRow>, StoreError> {
    Ok(import_slice::table.find((Col(of), number)).select(SliceRow::as_select()).get_result(conn).optional()?)
}

/// Forgets staged slices from the last down; returns how many, 0 when none is left.
pub fn forget_slices(conn: &mut AnyConnection, of: ImportId, at_most: i64) -> Result<usize, StoreError> {
    let count = slice_count(conn, of)?;
    let gone = import_slice::table.filter(import_slice::import_id.eq(Col(of))).filter(import_slice::number.ge(count - at_most));
    Ok(diesel::delete(gone).execute(conn)?)
}

/// Adds faults.
pub fn add_faults(conn: &mut AnyConnection, rows: &[ImportFaultRow]) -> Result<(), StoreError> {
    for rows in rows.chunks(500) {
        on_each!(&mut *conn, c => diesel::insert_into(import_fault::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Faults after a number, in the order of the file.
pub fn faults(conn: &mut AnyConnection, of: ImportId, after: i64, limit: i64) -> Result<Vec<ImportFaultRow>, StoreError> {
    Ok(import_fault::table
        .filter(import_fault::import_id.eq(Col(of)))
        .filter(import_fault::number.gt(after))
        .order(import_fault::number)
        .limit(limit)
        .select(ImportFaultRow::as_select())
        .load(conn)?)
}

/// Hides what an import will add.
pub fn hide(conn: &mut AnyConnection, id: ImportId) -> Result<(), StoreError> {
    let row = import_hidden::import_id.eq(Col(id));
    on_each!(&mut *conn, c => diesel::insert_into(import_hidden::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Shows what an import added: all of it, at once.
pub fn show(conn: &mut AnyConnection, id: ImportId) -> Result<(), StoreError> {
    diesel::delete(import_hidden::table.find(Col(id))).execute(conn)?;
    Ok(())
}

/// Takes out some of what an import added unseen; returns how many rows, 0 when nothing is left.
pub fn take_out(conn: &mut AnyConnection, id: ImportId, at_most: i64) -> Result<usize, StoreError> {
    // Hidden too: it is what is hidden that is taken out.
    macro_rules! some_of {
        ($table:ident) => {
            $table::table.filter($table::import_id.eq(Some(Col(id)))).select($table::id).limit(at_most).load(conn)?
        };
    }
    let bindings: Vec<Col<domain::id::BindingId>> = some_of!(family_binding);
    let facts: Vec<Col<domain::id::FactId>> = some_of!(senior_fact);
    let orders: Vec<Col<domain::id::StandingOrderId>> = some_of!(standing_order);
    let seniors: Vec<Col<domain::id::SeniorId>> = some_of!(senior);
    let sittings: Vec<Col<domain::id::SittingId>> = some_of!(sitting);
    let mut gone = diesel::delete(family_binding::table.filter(family_binding::id.eq_any(bindings))).execute(conn)?;
    gone += diesel::delete(senior_fact::table.filter(senior_fact::id.eq_any(facts))).execute(conn)?;
    gone += diesel::delete(standing_order::table.filter(standing_order::id.eq_any(orders))).execute(conn)?;
    diesel::delete(senior_diet::table.filter(senior_diet::senior_id.eq_any(seniors.clone()))).execute(conn)?;
    gone += diesel::delete(senior::table.filter(senior::id.eq_any(seniors))).execute(conn)?;
    diesel::delete(menu_item::table.filter(menu_item::sitting_id.eq_any(sittings.clone()))).execute(conn)?;
    gone += diesel::delete(sitting::table.filter(sitting::id.eq_any(sittings))).execute(conn)?;
    Ok(gone)
}
