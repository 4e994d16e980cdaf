//! What was printed, and what labels look up.

use super::batches::BatchRow;
use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::schema::{dish_batch, meal_order, order_line_batch, print_run, printed_order};
use diesel::prelude::*;
use domain::Instant;
use domain::id::{DeviceId, OrderId, PlanId, PrintRunId, SittingId, UserId};

domain::text_enum! {
    /// What a run printed.
    pub enum PrintKind {
        /// Labels of orders.
        Labels = "labels",
        /// The kitchen's sheet.
        Production = "production",
        /// What couriers take along.
        Load = "load",
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = print_run, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct PrintRunRow {
    pub id: Col<PrintRunId>,
    pub sitting_id: Col<SittingId>,
    pub run_no: i64,
    pub kind: Word<PrintKind>,
    pub plan_id: Option<Col<PlanId>>,
    pub printed_at: Col<Instant>,
    pub printed_by: Option<Col<UserId>>,
    pub device_id: Option<Col<DeviceId>>,
}

/// An order that a run printed, as it then was.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = printed_order, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct PrintedOrderRow {
    pub run_id: Col<PrintRunId>,
    pub order_id: Col<OrderId>,
    pub order_version: i64,
}

/// Rows of one statement: three values each, and SQLite takes 32,766.
const AT_ONCE: usize = 2_000;

/// Adds a run with its orders.
pub fn add(conn: &mut AnyConnection, run: &PrintRunRow, printed: &[PrintedOrderRow]) -> Result<(), StoreError> {
    diesel::insert_into(print_run::table).values(run).execute(conn)?;
    for chunk in printed.chunks(AT_ONCE) {
        on_each!(&mut *conn, c => diesel::insert_into(printed_order::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// A run by identifier.
pub fn find(conn: &mut AnyConnection, id: PrintRunId) -> Result<Option<PrintRunRow>, StoreError> {
    Ok(print_run::table.find(Col(id)).select(PrintRunRow::as_select()).get_result(conn).optional()?)
}

/// The number of a sitting's last run; 0 before the first.
pub fn last_run(conn: &mut AnyConnection, of: SittingId) -> Result<i64, StoreError> {
    let last = print_run::table.filter(print_run::sitting_id.eq(Col(of))).select(diesel::dsl::max(print_run::run_no));
    Ok(last.get_result::<Option<i64>>(conn)?.unwrap_or(0))
}

/// A sitting's runs, in their order.
pub fn runs(conn: &mut AnyConnection, of: SittingId) -> Result<Vec<PrintRunRow>, StoreError> {
    Ok(print_run::table
        .filter(print_run::sitting_id.eq(Col(of)))
        .order(print_run::run_no)
        .select(PrintRunRow::as_select())
        .load(conn)?)
}

/// The orders of a run.
pub fn printed(conn: &mut AnyConnection, of: PrintRunId) -> Result<Vec<PrintedOrderRow>, StoreError> {
    Ok(printed_order::table
        .filter(printed_order::run_id.eq(Col(of)))
        .order(printed_order::order_id)
        .select(PrintedOrderRow::as_select())
        .load(conn)?)
}

/// Each label of a sitting that was printed before a run: the order and its version, in the order in which they were printed.
pub fn labels_before(conn: &mut AnyConnection, of: SittingId, run_no: i64) -> Result<Vec<(OrderId, i64)>, StoreError> {
    let rows = printed_order::table
        .inner_join(print_run::table.on(print_run::id.eq(printed_order::run_id)))
        .filter(print_run::sitting_id.eq(Col(of)))
        .filter(print_run::kind.eq(Word(PrintKind::Labels)))
        .filter(print_run::run_no.lt(run_no))
        .order((print_run::run_no, printed_order::order_id))
        .select((printed_order::order_id, printed_order::order_version))
        .load::<(Col<OrderId>, i64)>(conn)?;
    Ok(rows.into_iter().map(|(order, version)| (order.0, version)).collect())
}

/// The batches that a sitting's orders were packed from.
pub fn batches_of_orders(conn: &mut AnyConnection, at: SittingId) -> Result<Vec<(OrderId, BatchRow)>, StoreError> {
    let rows = order_line_batch::table
        .inner_join(meal_order::table.on(meal_order::id.eq(order_line_batch::order_id)))
        .inner_join(dish_batch::table.on(dish_batch::id.eq(order_line_batch::batch_id)))
        .filter(meal_order::sitting_id.eq(Col(at)))
        .select((order_line_batch::order_id, BatchRow::as_select()))
        .load::<(Col<OrderId>, BatchRow)>(conn)?;
    Ok(rows.into_iter().map(|(order, batch)| (order.0, batch)).collect())
}

/// The batches of a sitting.
pub fn batches(conn: &mut AnyConnection, of: SittingId) -> Result<Vec<BatchRow>, StoreError> {
    Ok(dish_batch::table
        .filter(dish_batch::sitting_id.eq(Col(of)))
        .order(dish_batch::id)
        .select(BatchRow::as_select())
        .load(conn)?)
}
