//! Settlements and payments as clients see them.

use crate::words::{
    CanteenIdText, CorrectionIdText, OrderIdText, PaymentIdText, PaymentStateWord, PayoutIdText, RedemptionMethodWord,
    SettlementIdText, SettlementStateWord, UserIdText,
};
use app::settlements::SettlementSummary;
use app::settlements::look::{PaymentCard, SettlementCard};
use app::store::column::Col;
use app::store::query::settlements::SettledLine;
use domain::id::{CanteenId, CorrectionId, OrderId, PaymentId, PayoutId, SettlementId, TransferId, UserId};
use domain::order::RedemptionMethod;
use domain::settlement::payment::PaymentState;
use domain::settlement::{Period, SettlementState};
use domain::{Instant, MealPeriod, ServiceDate};
use serde::Serialize;
use utoipa::ToSchema;

/// A settlement.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementView {
    /// Its identifier.
    #[schema(value_type = SettlementIdText)]
    pub id: SettlementId,
    /// For `If-Match`.
    pub version: i64,
    /// Whose.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// The canteen's code.
    pub code: String,
    /// The canteen's name.
    pub name: String,
    /// Who pays: one funder, or several by ratio.
    #[schema(example = "demo-meals/street@990101001")]
    pub payer: String,
    /// The month or quarter.
    #[schema(value_type = String, example = "2026-11")]
    pub period: Period,
    /// Where it stands.
    #[schema(value_type = SettlementStateWord)]
    pub state: SettlementState,
    /// Lines.
    pub lines: i64,
    /// What they come to.
    pub fen: i64,
    /// SHA-256 of the canonical list of its lines.
    pub hash: String,
    /// Who froze it.
    #[schema(value_type = Option<UserIdText>)]
    pub frozen_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub frozen_at: Instant,
    /// Who reviewed it at the street.
    #[schema(value_type = Option<UserIdText>)]
    pub reviewed_by: Option<UserId>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reviewed_at: Option<Instant>,
    /// Who approved it at the district.
    #[schema(value_type = Option<UserIdText>)]
    pub approved_by: Option<UserId>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub approved_at: Option<Instant>,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Instant>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Instant>,
    /// Why it was withdrawn; empty otherwise.
    pub reason: String,
}

impl From<SettlementSummary> for SettlementView {
    fn from(of: SettlementSummary) -> Self {
        Self {
            id: of.id,
            version: of.version,
            canteen: of.canteen,
            code: of.code,
            name: of.name,
            payer: of.payer,
            period: of.period,
            state: of.state,
            lines: of.lines,
            fen: of.fen.0,
            hash: of.hash,
            frozen_by: of.frozen_by,
            frozen_at: of.frozen_at,
            reviewed_by: of.reviewed_by,
            reviewed_at: of.reviewed_at,
            approved_by: of.approved_by,
            approved_at: of.approved_at,
            published_at: of.published_at,
            closed_at: of.closed_at,
            reason: of.reason,
        }
    }
}

/// What a settlement comes to under one policy version.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettledVersionView {
    /// The version's name.
    pub version: String,
    /// SHA-256 of its document.
    pub hash: String,
    /// Lines.
    pub lines: i64,
    /// What they come to.
    pub fen: i64,
}

/// A payment: one funder's part of a settlement.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView {
    /// Its number in the bank's files.
    #[schema(value_type = PaymentIdText)]
    pub id: PaymentId,
    /// Who pays.
    #[schema(example = "demo-meals/city@9901")]
    pub funder: String,
    /// How much.
    pub fen: i64,
    /// `due` (in no file yet), `sent`, `paid`, `returned`, `replaced` (issued again under another number).
    #[schema(value_type = PaymentStateWord)]
    pub state: PaymentState,
    /// The returned payment in whose place it stands.
    #[schema(value_type = Option<PaymentIdText>)]
    pub replaces: Option<PaymentId>,
    /// The payout it is in.
    #[schema(value_type = Option<PayoutIdText>)]
    pub payout: Option<PayoutId>,
    /// The holder of the account.
    pub holder: Option<String>,
    /// The account's last four digits.
    #[schema(example = "****5702")]
    pub account: Option<String>,
    /// The bank's own reference.
    pub reference: Option<String>,
    /// Why it came back, in the bank's words.
    pub reason: Option<String>,
    /// When the bank's answer was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Instant>,
}

impl From<PaymentCard> for PaymentView {
    fn from(of: PaymentCard) -> Self {
        Self {
            id: of.id,
            funder: of.funder,
            fen: of.fen.0,
            state: of.state,
            replaces: of.replaces,
            payout: of.payout,
            holder: of.holder,
            account: of.account,
            reference: of.reference,
            reason: of.reason,
            answered_at: of.answered_at,
        }
    }
}

/// A settlement with its totals and payments.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementCardView {
    /// The settlement.
    #[serde(flatten)]
    pub settlement: SettlementView,
    /// Per policy version; adds up to `fen`.
    pub versions: Vec<SettledVersionView>,
    /// Once it is published; without those replaced, they add up to `fen`.
    pub payments: Vec<PaymentView>,
}

impl From<SettlementCard> for SettlementCardView {
    fn from(of: SettlementCard) -> Self {
        let version = |row: app::store::query::settlements::SettlementVersionRow| SettledVersionView {
            version: row.version,
            hash: row.content_hash,
            lines: row.line_count,
            fen: row.total_fen.0.0,
        };
        Self {
            settlement: of.summary.into(),
            versions: of.versions.into_iter().map(version).collect(),
            payments: of.payments.into_iter().map(PaymentView::from).collect(),
        }
    }
}

/// A line as it was frozen.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettledLineView {
    /// Its place in the canonical list, from 1 on.
    pub ordinal: i64,
    /// The movement of the ledger.
    #[schema(value_type = String, example = "trf_00000000000000000000000000000001")]
    pub transfer: TransferId,
    /// The order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Which of the settlement's versions decided it, from 0 on.
    pub version: i64,
    /// When it was eaten.
    #[schema(value_type = String, format = Date)]
    pub date: ServiceDate,
    /// Which meal.
    #[schema(value_type = crate::words::MealWord)]
    pub meal: MealPeriod,
    /// The number on the ticket.
    pub order_no: i64,
    /// Who ate, masked.
    #[schema(example = "张*")]
    pub name: String,
    /// How it was proved.
    #[schema(value_type = RedemptionMethodWord)]
    pub method: RedemptionMethod,
    /// When it was handed over.
    #[schema(value_type = String, format = DateTime)]
    pub served_at: Instant,
    /// How much; negative when a correction takes it back.
    pub fen: i64,
    /// The correction that moved it; none for what was moved when the meal was served.
    #[schema(value_type = Option<CorrectionIdText>)]
    pub correction: Option<CorrectionId>,
}

impl From<SettledLine> for SettledLineView {
    fn from(of: SettledLine) -> Self {
        Self {
            ordinal: of.ordinal,
            transfer: of.transfer_id.0,
            order: of.order_id.0,
            version: of.version_ordinal,
            date: of.service_date.0,
            meal: of.meal.0,
            order_no: of.order_no,
            name: of.masked_name,
            method: of.method.0,
            served_at: of.served_at.0,
            fen: of.amount_fen.0.0,
            correction: of.correction_id.map(|Col(id)| id),
        }
    }
}
