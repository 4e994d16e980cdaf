//! What must hold in the database whatever happened: each query returns what breaks one rule, and nothing when all is well.
//!
//! The statements are plain SQL that both databases read the same way. Each is limited to [`MOST`] rows: one break is enough to
//! act on, and a broken import must not fill the memory of the process that reports it.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::schema::{allowance_use, correction, decision, meal_order};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use domain::correction::{CorrectionState, Resolution};
use domain::id::{CanteenId, CorrectionId, MenuItemId, OrderId, PayoutId, SeniorId, SettlementId};
use domain::order::OrderState;
use domain::{Fen, ServiceDate};

/// Rows reported at most, per rule.
pub const MOST: i64 = 100;

/// A menu item whose count of portions sold is not the sum of its live orders, or passes its portions.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct PortionRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub menu_item: Col<MenuItemId>,
    #[diesel(sql_type = BigInt)]
    pub portions: i64,
    #[diesel(sql_type = BigInt)]
    pub sold: i64,
    #[diesel(sql_type = BigInt)]
    pub in_orders: i64,
}

/// An order whose money in the ledger is not what the order says.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct MoneyRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub order_id: Col<OrderId>,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = BigInt)]
    pub due_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub held_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub posted_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub voided_fen: Col<Fen>,
}

/// An order that breaks a rule by itself.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct OrderIdRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub order_id: Col<OrderId>,
}

/// A canteen whose log has a gap, or whose counter is not behind its last event.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct LogRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub canteen_id: Col<CanteenId>,
    #[diesel(sql_type = BigInt)]
    pub next_seq: i64,
    #[diesel(sql_type = BigInt)]
    pub events: i64,
    #[diesel(sql_type = BigInt)]
    pub first_seq: i64,
    #[diesel(sql_type = BigInt)]
    pub last_seq: i64,
}

/// Menu items of sittings from `since` on whose counts are wrong.
pub fn portions(conn: &mut AnyConnection, since: ServiceDate) -> Result<Vec<PortionRow>, StoreError> {
    let sql = "SELECT i.id AS menu_item, i.portions AS portions, i.sold AS sold, \
               CAST(COALESCE(SUM(CASE WHEN o.state <> 'cancelled' THEN l.quantity ELSE 0 END), 0) AS BIGINT) AS in_orders \
               FROM sitting s JOIN menu_item i ON i.sitting_id = s.id \
               LEFT JOIN order_line l ON l.menu_item_id = i.id LEFT JOIN meal_order o ON o.id = l.order_id \
               WHERE s.service_date >= $1 GROUP BY i.id, i.portions, i.sold \
               HAVING i.sold > i.portions \
               OR i.sold <> CAST(COALESCE(SUM(CASE WHEN o.state <> 'cancelled' THEN l.quantity ELSE 0 END), 0) AS BIGINT) \
               ORDER BY i.id LIMIT $2";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<Date, _>(Col(since)).bind::<BigInt, _>(MOST).load(c))?)
}

/// Orders from `since` on whose holds, posts and voids do not fit their state and totals.
///
/// What is not voided must be what the order costs; a confirmed order has it all open, a served one has it all posted, a
/// cancelled one has none left, and one that was not served has nothing open.
pub fn money(conn: &mut AnyConnection, since: ServiceDate) -> Result<Vec<MoneyRow>, StoreError> {
    let sql = "SELECT order_id, state, due_fen, held_fen, posted_fen, voided_fen FROM (\
               SELECT o.id AS order_id, o.state AS state, o.price_fen + o.delivery_fee_fen AS due_fen, \
               CAST(COALESCE(SUM(CASE WHEN t.phase = 'hold' THEN t.amount_fen ELSE 0 END), 0) AS BIGINT) AS held_fen, \
               CAST(COALESCE(SUM(CASE WHEN t.phase = 'post' THEN t.amount_fen ELSE 0 END), 0) AS BIGINT) AS posted_fen, \
               CAST(COALESCE(SUM(CASE WHEN t.phase = 'void' THEN t.amount_fen ELSE 0 END), 0) AS BIGINT) AS voided_fen \
               FROM meal_order o LEFT JOIN transfer t ON t.order_id = o.id AND t.correction_id IS NULL WHERE o.service_date >= $1 \
               GROUP BY o.id, o.state, o.price_fen, o.delivery_fee_fen) AS m WHERE NOT CASE m.state \
               WHEN 'confirmed' THEN m.held_fen - m.voided_fen = m.due_fen AND m.posted_fen = 0 \
               WHEN 'served' THEN m.held_fen - m.voided_fen = m.due_fen AND m.posted_fen = m.due_fen \
               WHEN 'cancelled' THEN m.held_fen = m.voided_fen AND m.posted_fen = 0 \
               ELSE m.held_fen = m.voided_fen + m.posted_fen END \
               ORDER BY m.order_id LIMIT $2";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<Date, _>(Col(since)).bind::<BigInt, _>(MOST).load(c))?)
}

/// Orders from `since` on with a post or void that differs from the hold it ends.
pub fn ends_unlike_their_holds(conn: &mut AnyConnection, since: ServiceDate) -> Result<Vec<OrderIdRow>, StoreError> {
    let sql = "SELECT DISTINCT t.order_id AS order_id FROM meal_order o JOIN transfer t ON t.order_id = o.id \
               JOIN transfer h ON h.id = t.hold_id WHERE o.service_date >= $1 AND (h.phase <> 'hold' OR h.order_id <> t.order_id \
               OR h.debit_id <> t.debit_id OR h.credit_id <> t.credit_id OR h.amount_fen <> t.amount_fen) \
               ORDER BY t.order_id LIMIT $2";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<Date, _>(Col(since)).bind::<BigInt, _>(MOST).load(c))?)
}

/// Orders from `since` on for which a funder's money was posted without evidence that the meal was served.
pub fn posted_without_evidence(conn: &mut AnyConnection, since: ServiceDate) -> Result<Vec<OrderIdRow>, StoreError> {
    let sql = "SELECT DISTINCT o.id AS order_id FROM meal_order o JOIN transfer t ON t.order_id = o.id AND t.phase = 'post' \
               JOIN ledger_account a ON a.id = t.debit_id AND a.kind = 'funder_budget' \
               WHERE o.service_date >= $1 AND NOT EXISTS (SELECT 1 FROM redemption r WHERE r.order_id = o.id AND r.state = 'accepted') \
               ORDER BY o.id LIMIT $2";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<Date, _>(Col(since)).bind::<BigInt, _>(MOST).load(c))?)
}

/// Orders from `since` on that nobody eats, cancelled or not served, and that still use up a limit.
pub fn limits_used_for_nothing(conn: &mut AnyConnection, since: ServiceDate) -> Result<Vec<OrderIdRow>, StoreError> {
    let sql = "SELECT DISTINCT o.id AS order_id FROM meal_order o JOIN allowance_use u ON u.order_id = o.id \
               WHERE o.service_date >= $1 AND o.state IN ('cancelled', 'not_served') ORDER BY o.id LIMIT $2";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<Date, _>(Col(since)).bind::<BigInt, _>(MOST).load(c))?)
}

/// Orders from `since` on with evidence that counts, which are not served.
pub fn evidence_of_unserved(conn: &mut AnyConnection, since: ServiceDate) -> Result<Vec<OrderIdRow>, StoreError> {
    let sql = "SELECT o.id AS order_id FROM meal_order o JOIN redemption r ON r.order_id = o.id AND r.state = 'accepted' \
               WHERE o.service_date >= $1 AND o.state <> 'served' ORDER BY o.id LIMIT $2";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<Date, _>(Col(since)).bind::<BigInt, _>(MOST).load(c))?)
}

/// Orders from `since` on whose subsidy is not the one that was decided; without a decision there is none.
pub fn unlike_their_decision(conn: &mut AnyConnection, since: ServiceDate) -> Result<Vec<OrderIdRow>, StoreError> {
    let sql = "SELECT o.id AS order_id FROM meal_order o LEFT JOIN decision d ON d.order_id = o.id \
               WHERE o.service_date >= $1 AND o.subsidy_fen <> COALESCE(d.granted_fen, 0) ORDER BY o.id LIMIT $2";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<Date, _>(Col(since)).bind::<BigInt, _>(MOST).load(c))?)
}

/// An amount that a limit counts as used.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct AmountUsed {
    pub senior_id: Col<SeniorId>,
    pub limit_key: String,
    pub amount_fen: Col<Fen>,
}

/// The amounts that limits count as used: everybody's, or one senior's.
pub fn amounts_used(conn: &mut AnyConnection, of: Option<SeniorId>) -> Result<Vec<AmountUsed>, StoreError> {
    let mut query = allowance_use::table
        .filter(allowance_use::ordinal.eq(0_i64))
        .select((allowance_use::senior_id, allowance_use::limit_key, allowance_use::amount_fen))
        .into_boxed();
    if let Some(senior) = of {
        query = query.filter(allowance_use::senior_id.eq(Col(senior)));
    }
    Ok(query.load(conn)?)
}

/// A decision on an order that counts, and whose it is.
pub type LiveDecision = (Col<OrderId>, Col<SeniorId>, String);

/// Decisions that may have drawn on an amount, of orders that are to be eaten or were, after an order: everybody's, or one senior's.
pub fn amounts_decided(
    conn: &mut AnyConnection,
    of: Option<SeniorId>,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<LiveDecision>, StoreError> {
    let live = [OrderState::Confirmed, OrderState::Served].map(Word);
    let annulled = correction::table
        .filter(correction::order_id.eq(meal_order::id))
        .filter(correction::state.eq(Word(CorrectionState::Closed)))
        .filter(correction::resolution.eq(Some(Word(Resolution::Annul))));
    let mut query = meal_order::table
        .inner_join(decision::table.on(decision::order_id.eq(meal_order::id)))
        .filter(meal_order::state.eq_any(live))
        // What was annulled has given back what it had drawn.
        .filter(diesel::dsl::not(diesel::dsl::exists(annulled)))
        .filter(meal_order::senior_id.is_not_null())
        // Counts, which most limits are, name no cap.
        .filter(decision::trace.like("%\"cap_fen\"%"))
        .order(meal_order::id)
        .limit(limit)
        .select((meal_order::id, meal_order::senior_id.assume_not_null(), decision::trace))
        .into_boxed();
    if let Some(senior) = of {
        query = query.filter(meal_order::senior_id.eq(Col(senior)));
    }
    if let Some(after) = after {
        query = query.filter(meal_order::id.gt(Col(after)));
    }
    Ok(query.load(conn)?)
}

/// Canteens whose event log has a gap or a counter that does not follow its last event.
pub fn logs(conn: &mut AnyConnection) -> Result<Vec<LogRow>, StoreError> {
    let sql = "SELECT canteen_id, next_seq, events, first_seq, last_seq FROM (\
               SELECT g.canteen_id AS canteen_id, g.next_seq AS next_seq, COUNT(e.seq) AS events, \
               COALESCE(MIN(e.seq), 1) AS first_seq, COALESCE(MAX(e.seq), 0) AS last_seq \
               FROM canteen_log g LEFT JOIN event e ON e.canteen_id = g.canteen_id GROUP BY g.canteen_id, g.next_seq) AS l \
               WHERE l.first_seq <> 1 OR l.last_seq <> l.events OR l.next_seq <> l.last_seq + 1 ORDER BY l.canteen_id LIMIT $1";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<BigInt, _>(MOST).load(c))?)
}

/// A settlement whose parts do not come to its total.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct SettlementBreakRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub settlement_id: Col<SettlementId>,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = BigInt)]
    pub total_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub lines_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub versions_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub payments_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub paid_fen: Col<Fen>,
}

/// Settlements whose lines, movements, versions or payments do not come to their total; and closed ones that are not paid.
pub fn settlements(conn: &mut AnyConnection) -> Result<Vec<SettlementBreakRow>, StoreError> {
    let sql = "SELECT settlement_id, state, total_fen, lines_fen, versions_fen, payments_fen, paid_fen FROM (\
               SELECT s.id AS settlement_id, s.state AS state, s.total_fen AS total_fen, s.line_count AS line_count, \
               (SELECT COUNT(*) FROM settlement_line l WHERE l.settlement_id = s.id) AS lines, \
               (SELECT CAST(COALESCE(SUM(l.amount_fen), 0) AS BIGINT) FROM settlement_line l JOIN transfer t ON t.id = l.transfer_id \
               JOIN ledger_account a ON a.id = CASE WHEN l.amount_fen > 0 THEN t.credit_id ELSE t.debit_id END \
               WHERE l.settlement_id = s.id AND t.phase = 'post' AND t.amount_fen = ABS(l.amount_fen) \
               AND a.kind = 'canteen_claim') AS lines_fen, \
               (SELECT CAST(COALESCE(SUM(v.total_fen), 0) AS BIGINT) FROM settlement_version v WHERE v.settlement_id = s.id) AS versions_fen, \
               (SELECT CAST(COALESCE(SUM(p.amount_fen), 0) AS BIGINT) FROM payment p \
               WHERE p.settlement_id = s.id AND p.state <> 'replaced') AS payments_fen, \
               (SELECT CAST(COALESCE(SUM(p.amount_fen), 0) AS BIGINT) FROM payment p \
               WHERE p.settlement_id = s.id AND p.state = 'paid') AS paid_fen FROM settlement s) AS m WHERE NOT (\
               m.versions_fen = m.total_fen AND CASE m.state \
               WHEN 'withdrawn' THEN m.lines = 0 AND m.payments_fen = 0 \
               WHEN 'published' THEN m.lines = m.line_count AND m.lines_fen = m.total_fen AND m.payments_fen = m.total_fen \
               WHEN 'closed' THEN m.lines = m.line_count AND m.lines_fen = m.total_fen AND m.paid_fen = m.total_fen \
               AND m.payments_fen = m.total_fen \
               ELSE m.lines = m.line_count AND m.lines_fen = m.total_fen AND m.payments_fen = 0 END) \
               ORDER BY m.settlement_id LIMIT $1";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<BigInt, _>(MOST).load(c))?)
}

/// A correction whose movements are not what was agreed.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct CorrectionBreakRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub correction_id: Col<CorrectionId>,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = BigInt)]
    pub claim_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub posted_fen: Col<Fen>,
}

/// Corrections that posted something else to claims than they were to: what was adjusted or annulled its difference, all others
/// nothing.
pub fn corrections(conn: &mut AnyConnection) -> Result<Vec<CorrectionBreakRow>, StoreError> {
    let sql = "SELECT correction_id, state, claim_fen, posted_fen FROM (\
               SELECT c.id AS correction_id, c.state AS state, \
               CASE WHEN c.state = 'closed' AND c.resolution IN ('adjust', 'annul') THEN c.claim_fen ELSE 0 END AS claim_fen, \
               (SELECT CAST(COALESCE(SUM(CASE WHEN a.id = t.credit_id THEN t.amount_fen ELSE -t.amount_fen END), 0) AS BIGINT) \
               FROM transfer t JOIN ledger_account a ON a.id IN (t.credit_id, t.debit_id) AND a.kind = 'canteen_claim' \
               WHERE t.correction_id = c.id AND t.phase = 'post') AS posted_fen FROM correction c) AS m \
               WHERE m.claim_fen <> m.posted_fen ORDER BY m.correction_id LIMIT $1";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<BigInt, _>(MOST).load(c))?)
}

/// A payout whose payments do not come to its total.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs)]
pub struct PayoutBreakRow {
    #[diesel(sql_type = crate::column::Uid)]
    pub payout_id: Col<PayoutId>,
    #[diesel(sql_type = BigInt)]
    pub total_fen: Col<Fen>,
    #[diesel(sql_type = BigInt)]
    pub payments_fen: Col<Fen>,
}

/// Payouts whose payments are not as many, or do not come to as much, as was put into the file.
pub fn payouts(conn: &mut AnyConnection) -> Result<Vec<PayoutBreakRow>, StoreError> {
    let sql = "SELECT payout_id, total_fen, payments_fen FROM (\
               SELECT o.id AS payout_id, o.total_fen AS total_fen, o.line_count AS line_count, COUNT(p.id) AS payments, \
               CAST(COALESCE(SUM(p.amount_fen), 0) AS BIGINT) AS payments_fen \
               FROM payout o LEFT JOIN payment p ON p.payout_id = o.id GROUP BY o.id, o.total_fen, o.line_count) AS m \
               WHERE m.payments <> m.line_count OR m.payments_fen <> m.total_fen ORDER BY m.payout_id LIMIT $1";
    Ok(on_each!(conn, c => diesel::sql_query(sql).bind::<BigInt, _>(MOST).load(c))?)
}
