//! Rows of the tables that a unit of work adds, as they stand in the database.

use crate::column::{Col, Word};
use crate::schema::{allowance_use, decision, event, idempotency, job, meal_order, order_line, redemption, transfer};
use diesel::prelude::*;
use domain::diet::{PortionSize, Texture};
use domain::event::EventKind;
use domain::id::{
    CanteenId, DeviceId, DishId, JobId, MenuItemId, OrderId, OrderLineId, RedemptionId, SeniorId, SittingId, StandingOrderId,
    SubjectId, TransferId, UserId,
};
use domain::ledger::{AccountId, Phase};
use domain::order::{OrderState, OrderTotals, RedemptionMethod, RedemptionState, Via};
use domain::{Channel, Fen, Instant, MealPeriod, ServiceDate};

domain::text_enum! {
    /// Where a job stands.
    pub enum JobState {
        /// Waiting or leased.
        Queued = "queued",
        /// Acknowledged.
        Done = "done",
        /// Given up; kept and shown.
        Dead = "dead",
        /// Not done, because it was no longer true or wanted; kept a while and shown with its reason.
        Dropped = "dropped",
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = meal_order, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct OrderRow {
    pub id: Col<OrderId>,
    pub version: i64,
    pub sitting_id: Col<SittingId>,
    pub canteen_id: Col<CanteenId>,
    pub service_date: Col<ServiceDate>,
    pub meal: Word<MealPeriod>,
    pub order_no: i64,
    pub senior_id: Option<Col<SeniorId>>,
    pub senior_name: String,
    pub placed_by: Option<Col<UserId>>,
    pub via: Word<Via>,
    pub channel: Word<Channel>,
    pub state: Word<OrderState>,
    pub price_fen: Col<Fen>,
    pub discount_fen: Col<Fen>,
    pub subsidy_fen: Col<Fen>,
    pub delivery_fee_fen: Col<Fen>,
    pub self_pay_fen: Col<Fen>,
    pub address_enc: Option<Vec<u8>>,
    pub note: String,
    pub standing_order_id: Option<Col<StandingOrderId>>,
    pub edited_by_person: bool,
    pub accepted_at: Col<Instant>,
    pub changed_at: Col<Instant>,
    pub cancel_reason: Option<String>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = order_line, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct OrderLineRow {
    pub id: Col<OrderLineId>,
    pub order_id: Col<OrderId>,
    pub menu_item_id: Col<MenuItemId>,
    pub dish_id: Col<DishId>,
    pub quantity: i64,
    pub unit_price_fen: Col<Fen>,
    pub texture: Word<Texture>,
    pub exceptions: String,
    pub override_reason: String,
    pub size: Word<PortionSize>,
}

/// A stored subsidy decision.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = decision, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct DecisionRow {
    pub order_id: Col<OrderId>,
    pub entitled_fen: Col<Fen>,
    pub granted_fen: Col<Fen>,
    pub trace: String,
    pub decided_at: Col<Instant>,
}

/// What a person has used of a limit; the primary key is the limit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = allowance_use, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct AllowanceUseRow {
    pub senior_id: Col<SeniorId>,
    pub limit_key: String,
    pub ordinal: i64,
    pub order_id: Option<Col<OrderId>>,
    pub amount_fen: Col<Fen>,
}

/// Evidence that a meal was served.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = redemption, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct RedemptionRow {
    pub id: Col<RedemptionId>,
    pub order_id: Col<OrderId>,
    pub method: Word<RedemptionMethod>,
    pub device_id: Option<Col<DeviceId>>,
    pub recorded_by: Option<Col<UserId>>,
    pub served_at: Col<Instant>,
    pub recorded_at: Col<Instant>,
    pub state: Word<RedemptionState>,
}

/// A movement of money.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = transfer, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct TransferRow {
    pub id: Col<TransferId>,
    pub order_id: Col<OrderId>,
    pub phase: Word<Phase>,
    pub hold_id: Option<Col<TransferId>>,
    pub debit_id: Col<AccountId>,
    pub credit_id: Col<AccountId>,
    pub amount_fen: Col<Fen>,
    pub recorded_at: Col<Instant>,
}

/// An event of a canteen's log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = event, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct EventRow {
    pub canteen_id: Col<CanteenId>,
    pub seq: i64,
    pub kind: Word<EventKind>,
    pub sitting_id: Option<Col<SittingId>>,
    pub subject_id: Col<SubjectId>,
    pub payload: String,
    pub at: Col<Instant>,
}

/// What a client was answered.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct IdempotencyRow {
    pub scope: String,
    pub key: String,
    pub request_hash: Vec<u8>,
    pub status: i64,
    pub body: String,
    pub created_at: Col<Instant>,
}

/// Work for the worker.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = job, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct JobRow {
    pub id: Col<JobId>,
    pub kind: String,
    pub payload: String,
    pub state: Word<JobState>,
    pub due_at: Col<Instant>,
    pub leased_until: Option<Col<Instant>>,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub created_at: Col<Instant>,
}

impl OrderRow {
    /// Sets the order's money.
    pub fn set_totals(&mut self, totals: OrderTotals) {
        self.price_fen = Col(totals.price_fen);
        self.discount_fen = Col(totals.discount_fen);
        self.subsidy_fen = Col(totals.subsidy_fen);
        self.delivery_fee_fen = Col(totals.delivery_fee_fen);
        self.self_pay_fen = Col(totals.self_pay_fen);
    }
}
