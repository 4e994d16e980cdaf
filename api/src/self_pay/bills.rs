//! Bills as they are shown.

use crate::words::{CanteenIdText, EntryIdText, MealWord, OrderIdText, SponsorBillIdText, SponsorIdText, UserIdText};
use app::self_pay::bill::{BillCard, BillLine};
use app::store::column::Col;
use app::store::query::sponsors::BillRow;
use domain::id::{CanteenId, EntryId, OrderId, SponsorBillId, SponsorId, UserId};
use domain::{Fen, Instant, MealPeriod, ServiceDate};
use serde::Serialize;
use utoipa::ToSchema;

/// A bill as a list shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillRowView {
    /// Which.
    #[schema(value_type = SponsorBillIdText)]
    pub id: SponsorBillId,
    /// For `If-Match`.
    pub version: i64,
    /// Whose.
    #[schema(value_type = SponsorIdText)]
    pub sponsor: SponsorId,
    /// Owed to which canteen.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// For which month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// How many lines.
    pub lines: i64,
    /// What they come to.
    #[schema(value_type = i64)]
    pub total_fen: Fen,
    /// Who froze it.
    #[schema(value_type = UserIdText)]
    pub frozen_by: UserId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub frozen_at: Instant,
    /// When it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paid_at: Option<Instant>,
    /// The bank's own number of the payment; empty before.
    pub reference: String,
}

impl From<BillRow> for BillRowView {
    fn from(row: BillRow) -> Self {
        Self {
            id: row.id.0,
            version: row.version,
            sponsor: row.sponsor_id.0,
            canteen: row.canteen_id.0,
            month: row.month,
            lines: row.line_count,
            total_fen: row.total_fen.0,
            frozen_by: row.frozen_by.0,
            frozen_at: row.frozen_at.0,
            paid_at: row.paid_at.map(|Col(at)| at),
            reference: row.reference,
        }
    }
}

/// A line of a bill.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillLineView {
    /// Its movement.
    #[schema(value_type = EntryIdText)]
    pub entry: EntryId,
    /// Of which order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// When it was eaten.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// Which meal.
    #[schema(value_type = MealWord)]
    pub meal: MealPeriod,
    /// Who ate, masked.
    pub masked_name: String,
    /// What the sponsor owes; less than nothing where it was charged too much.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
}

impl From<BillLine> for BillLineView {
    fn from(line: BillLine) -> Self {
        Self {
            entry: line.entry,
            order: line.order.id.0,
            service_date: line.order.service_date.0,
            meal: line.order.meal.0,
            masked_name: line.order.senior_name,
            amount_fen: line.fen,
        }
    }
}

/// A bill with its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillView {
    /// The bill.
    pub bill: BillRowView,
    /// By date and order.
    pub lines: Vec<BillLineView>,
}

impl From<BillCard> for BillView {
    fn from(card: BillCard) -> Self {
        Self { bill: card.bill.into(), lines: card.lines.into_iter().map(BillLineView::from).collect() }
    }
}
