//! Meals that were served, set down outright: for tests and benchmarks, which need months of them and go through ordering elsewhere.

use domain::id::{CanteenId, OrderId, SittingId, TransferId};
use domain::ledger::{AccountKind, AccountName, Phase};
use domain::order::{OrderState, RedemptionMethod, RedemptionState, Via};
use domain::{Channel, Fen, Instant, MealPeriod, ServiceDate};
use store::column::{Col, Word};
use store::query::rows::{DecisionRow, OrderRow, RedemptionRow, TransferRow};
use store::{StoreError, Tx};

/// A meal paid whole by its payers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedMeal {
    /// Where and when.
    pub sitting: SittingId,
    /// Whose sitting.
    pub canteen: CanteenId,
    /// The sitting's date; the meal is a lunch.
    pub date: ServiceDate,
    /// Its number at the sitting.
    pub order_no: i64,
    /// When it was handed over.
    pub served_at: Instant,
    /// Payers, as the ledger names them, and what each pays.
    pub paid: Vec<(String, Fen)>,
}

/// Sets a meal down as ordering and redeeming would leave it: order, decision, holds and posts, evidence. The policy version is
/// `version` of every programme that its payers name; no document of it is needed.
pub fn set_down(tx: &mut Tx<'_>, meal: &ServedMeal, version: &str) -> Result<OrderId, StoreError> {
    let (id, at): (OrderId, _) = (tx.new_id(), meal.served_at);
    let sum = Fen::sum(meal.paid.iter().map(|(_, fen)| *fen)).map_err(|e| StoreError::Database(e.to_string()))?;
    tx.pending().order(order(id, meal, sum));
    let programmes: std::collections::BTreeSet<&str> = meal.paid.iter().filter_map(|(payer, _)| payer.split('/').next()).collect();
    let trace: Vec<serde_json::Value> = programmes
        .into_iter()
        .map(|programme| serde_json::json!({ "programme": programme, "version": version, "hash": hex::encode(version) }))
        .collect();
    tx.pending().decision(DecisionRow {
        order_id: Col(id),
        entitled_fen: Col(sum),
        granted_fen: Col(sum),
        trace: serde_json::json!({ "trace": trace }).to_string(),
        decided_at: Col(at),
    });
    for (payer, fen) in &meal.paid {
        move_money(tx, id, meal.canteen, payer, *fen, at)?;
    }
    let redemption = RedemptionRow {
        id: Col(tx.new_id()),
        order_id: Col(id),
        method: Word(RedemptionMethod::Card),
        device_id: None,
        recorded_by: None,
        served_at: Col(at),
        recorded_at: Col(at),
        state: Word(RedemptionState::Accepted),
    };
    tx.pending().redemption(redemption);
    Ok(id)
}

pub(super) fn order(id: OrderId, meal: &ServedMeal, sum: Fen) -> OrderRow {
    OrderRow {
        id: Col(id),
        version: 2,
        sitting_id: Col(meal.sitting),
        canteen_id: Col(meal.canteen),
        service_date: Col(meal.date),
        meal: Word(MealPeriod::Lunch),
        order_no: meal.order_no,
        senior_id: None,
        senior_name: "张*".to_owned(),
        placed_by: None,
        via: Word(Via::Counter),
        channel: Word(Channel::DineIn),
        state: Word(OrderState::Served),
        price_fen: Col(sum),
        discount_fen: Col(Fen::ZERO),
        subsidy_fen: Col(sum),
        delivery_fee_fen: Col(Fen::ZERO),
        self_pay_fen: Col(Fen::ZERO),
        address_enc: None,
        note: String::new(),
        standing_order_id: None,
        edited_by_person: true,
        accepted_at: Col(meal.served_at),
        changed_at: Col(meal.served_at),
        cancel_reason: None,
    }
}

fn move_money(tx: &mut Tx<'_>, of: OrderId, canteen: CanteenId, payer: &str, fen: Fen, at: Instant) -> Result<(), StoreError> {
    let debit = AccountName { kind: AccountKind::FunderBudget, funder: payer.to_owned(), canteen: None };
    let credit = AccountName { kind: AccountKind::CanteenClaim, funder: payer.to_owned(), canteen: Some(canteen) };
    tx.ensure_accounts([&debit, &credit].into_iter())?;
    let hold: TransferId = tx.new_id();
    let row = TransferRow {
        id: Col(hold),
        order_id: Col(of),
        phase: Word(Phase::Hold),
        hold_id: None,
        debit_id: Col(debit.id()),
        credit_id: Col(credit.id()),
        amount_fen: Col(fen),
        recorded_at: Col(at),
    };
    let post = TransferRow { id: Col(tx.new_id()), phase: Word(Phase::Post), hold_id: Some(Col(hold)), ..row.clone() };
    tx.pending().transfer(row);
    tx.pending().transfer(post);
    Ok(())
}
