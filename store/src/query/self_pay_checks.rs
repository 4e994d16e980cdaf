//! What must hold of self-pay whatever happened: each query returns what breaks one rule, and nothing when all is well.

use crate::column::Col;
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::invariants::{MOST, OrderIdRow};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::Fen;
use domain::id::{CanteenId, SeniorId, ShiftId, SponsorBillId};

/// A till that does not hold what its entries say.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct TillRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub shift_id: Col<ShiftId>,
    #[diesel(sql_type = BigInt)]
    pub cash_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub entries_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub expected_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub before_count_fen: Col<Fen>,
}

/// A wallet that does not hold what its entries say.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct WalletBreakRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub senior_id: Col<SeniorId>,
    #[diesel(sql_type = crate::column::Uid)]
    pub canteen_id: Col<CanteenId>,
    #[diesel(sql_type = BigInt)]
    pub balance_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub entries_fen: Col<Fen>,
}

/// A bill whose lines do not come to its total.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct BillBreakRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub bill_id: Col<SponsorBillId>,
    #[diesel(sql_type = BigInt)]
    pub total_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub lines_fen: Col<Fen>,
}

/// Tills that hold something else than their entries come to, or were closed on another sum than what the entries had come to.
pub fn tills(conn: &mut AnyConnection) -> Result<Vec<TillRow>, StoreError> {
    let sql = "SELECT shift_id, cash_fen, entries_fen, expected_fen, before_count_fen FROM (\
               SELECT s.id AS shift_id, s.state AS state, s.cash_fen AS cash_fen, COALESCE(s.expected_fen, 0) AS expected_fen, \
               CAST(COALESCE(SUM(CASE WHEN e.id IS NULL THEN 0 WHEN e.from_shift_id = s.id OR e.kind IN ('refund', 'pay_out', 'deposit', 'short') \
               THEN -e.amount_fen ELSE e.amount_fen END), 0) AS BIGINT) AS entries_fen, \
               CAST(COALESCE(SUM(CASE WHEN e.id IS NULL OR e.kind IN ('deposit', 'short', 'over') THEN 0 \
               WHEN e.from_shift_id = s.id OR e.kind IN ('refund', 'pay_out') \
               THEN -e.amount_fen ELSE e.amount_fen END), 0) AS BIGINT) AS before_count_fen \
               FROM shift s LEFT JOIN self_pay_entry e ON e.shift_id = s.id OR e.from_shift_id = s.id \
               GROUP BY s.id, s.state, s.cash_fen, s.expected_fen) AS t \
               WHERE cash_fen <> entries_fen OR cash_fen < 0 OR (state <> 'open' AND expected_fen <> before_count_fen) \
               ORDER BY shift_id LIMIT $1";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<BigInt, _>(MOST).load(c))?)
}

/// Wallets whose balance is not the sum of their entries, or less than nothing.
pub fn wallets(conn: &mut AnyConnection) -> Result<Vec<WalletBreakRow>, StoreError> {
    let sql = "SELECT senior_id, canteen_id, balance_fen, entries_fen FROM (\
               SELECT w.senior_id AS senior_id, w.canteen_id AS canteen_id, w.balance_fen AS balance_fen, \
               CAST(COALESCE(SUM(CASE WHEN e.kind = 'top_up' OR (e.kind = 'refund' AND e.means = 'wallet') THEN e.amount_fen \
               WHEN e.kind = 'pay_out' OR (e.kind = 'pay' AND e.means = 'wallet') THEN -e.amount_fen ELSE 0 END), 0) AS BIGINT) AS entries_fen \
               FROM wallet w LEFT JOIN self_pay_entry e ON e.senior_id = w.senior_id AND e.canteen_id = w.canteen_id \
               GROUP BY w.senior_id, w.canteen_id, w.balance_fen) AS t \
               WHERE balance_fen <> entries_fen OR balance_fen < 0 ORDER BY senior_id, canteen_id LIMIT $1";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<BigInt, _>(MOST).load(c))?)
}

/// Orders of which more was given back than was paid by one payment, or whose refund names the payment of another order or means.
pub fn refunds(conn: &mut AnyConnection) -> Result<Vec<OrderIdRow>, StoreError> {
    let sql = "SELECT DISTINCT order_id FROM (\
               SELECT p.order_id AS order_id FROM self_pay_entry p JOIN self_pay_entry r ON r.of_id = p.id \
               GROUP BY p.id, p.order_id, p.amount_fen HAVING SUM(r.amount_fen) > p.amount_fen \
               UNION ALL SELECT r.order_id FROM self_pay_entry r JOIN self_pay_entry p ON p.id = r.of_id \
               WHERE p.kind <> 'pay' OR p.order_id <> r.order_id OR p.means <> r.means) AS t ORDER BY order_id LIMIT $1";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<BigInt, _>(MOST).load(c))?)
}

/// Bills whose lines do not come to their total.
pub fn bills(conn: &mut AnyConnection) -> Result<Vec<BillBreakRow>, StoreError> {
    let sql = "SELECT bill_id, total_fen, lines_fen FROM (\
               SELECT b.id AS bill_id, b.total_fen AS total_fen, b.line_count AS line_count, \
               SUM(CASE WHEN e.kind IN ('pay', 'refund') THEN 1 ELSE 0 END) AS lines, \
               CAST(COALESCE(SUM(CASE e.kind WHEN 'pay' THEN e.amount_fen WHEN 'refund' THEN -e.amount_fen ELSE 0 END), 0) AS BIGINT) AS lines_fen, \
               SUM(CASE WHEN e.kind = 'bill_paid' THEN e.amount_fen ELSE 0 END) AS paid_fen, \
               CASE WHEN b.paid_by IS NULL THEN 0 ELSE b.total_fen END AS to_be_paid \
               FROM sponsor_bill b LEFT JOIN self_pay_entry e ON e.bill_id = b.id \
               GROUP BY b.id, b.total_fen, b.line_count, b.paid_by) AS t \
               WHERE total_fen <> lines_fen OR line_count <> lines OR paid_fen <> to_be_paid ORDER BY bill_id LIMIT $1";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<BigInt, _>(MOST).load(c))?)
}
