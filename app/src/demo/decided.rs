//! Meals that were ordered, decided and eaten, set down outright: for measurements that look back at a great many.

use super::served::{ServedMeal, order};
use domain::id::{CanteenId, SeniorId, SittingId};
use domain::subsidy::Decision;
use domain::{Fen, Instant};
use store::column::{Col, Word};
use store::query::rows::{DecisionRow, OrderRow};
use store::{StoreError, Tx};

/// A meal.
#[derive(Debug, Clone)]
pub struct DecidedMeal {
    /// Where and when.
    pub sitting: SittingId,
    /// Whose sitting.
    pub canteen: CanteenId,
    /// Who ate it.
    pub senior: SeniorId,
    /// Its number at the sitting.
    pub order_no: i64,
    /// When it was ordered.
    pub decided_at: Instant,
    /// When it was handed over.
    pub served_at: Instant,
    /// What was decided.
    pub decision: Decision,
}

/// Sets down the order and its decision, which is all that a look back at decisions reads: no lines, no money and no evidence, so that
/// `verify` would find every one of them broken.
pub fn set_down_decided(tx: &mut Tx<'_>, meal: &DecidedMeal) -> Result<(), StoreError> {
    let (of, at) = (&meal.decision, meal.decided_at);
    let trace = serde_json::to_string(of).map_err(|e| StoreError::Database(format!("decision: {e}")))?;
    let served = ServedMeal {
        sitting: meal.sitting,
        canteen: meal.canteen,
        date: of.date,
        order_no: meal.order_no,
        served_at: meal.served_at,
        paid: Vec::new(),
    };
    let row = OrderRow {
        meal: Word(of.meal),
        senior_id: Some(Col(meal.senior)),
        price_fen: Col(of.price_fen),
        discount_fen: Col(of.discount_fen),
        subsidy_fen: Col(of.granted_fen),
        delivery_fee_fen: Col(of.delivery_fee_fen),
        self_pay_fen: Col(of.self_pay_fen),
        ..order(tx.new_id(), &served, Fen::ZERO)
    };
    tx.pending().decision(DecisionRow {
        order_id: row.id,
        entitled_fen: Col(of.entitled_fen),
        granted_fen: Col(of.granted_fen),
        trace,
        decided_at: Col(at),
    });
    tx.pending().order(row);
    Ok(())
}
