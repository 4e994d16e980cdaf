//! What clients send and see of recalls.

use crate::lots::LotView;
use crate::suppliers::SupplierView;
use crate::trace::views::BatchUseView;
use crate::words::{
    CanteenIdText, ContactOutcomeWord, DishIdText, LotIdText, RecallIdText, RecallOutcomeWord, SeniorIdText, SittingIdText,
    UserIdText,
};
use app::recalls::report;
use domain::Instant;
use domain::id::{CanteenId, DishId, LotId, RecallId, SeniorId, SittingId, UserId};
use domain::recall::{ContactOutcome, RecallOutcome, StillOpen};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a lot is recalled.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecallBody {
    /// What is suspected, and who said so.
    #[schema(max_length = 200, example = "供应商通知：农残超标")]
    pub reason: String,
}

/// An attempt to reach somebody.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactBody {
    /// Whom.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// What came of it.
    #[schema(value_type = ContactOutcomeWord)]
    pub outcome: ContactOutcome,
    /// What was said.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub note: String,
}

/// How a recall ends.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosingBody {
    /// How it ended.
    #[schema(value_type = RecallOutcomeWord)]
    pub outcome: RecallOutcome,
    /// What the report to the authority says of it.
    #[schema(max_length = 200)]
    pub conclusion: String,
}

/// How far a recall has come with people; each counts once.
#[derive(Debug, Serialize, ToSchema)]
pub struct TallyView {
    /// Known people whom the lot may have reached.
    pub people: i64,
    /// Of them, who knows.
    pub reached: i64,
    /// Of them, who said that they are unwell.
    pub unwell: i64,
    /// Of them, who was tried and does not know yet.
    pub not_reached: i64,
    /// Of them, whom nobody has tried to reach.
    pub untried: i64,
}

/// A dish that is still served.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServingView {
    /// Where.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// At which sitting.
    #[schema(value_type = SittingIdText)]
    pub sitting: SittingId,
    /// Which dish.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
}

/// The same goods at another canteen.
#[derive(Debug, Serialize, ToSchema)]
pub struct SameGoodsView {
    /// Which lot.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// Whose.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
}

/// What a recall reaches.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReachView {
    /// The lot.
    pub lot: LotView,
    /// From whom.
    pub supplier: SupplierView,
    /// The batches with something of it.
    pub batches: Vec<BatchUseView>,
    /// Orders that they may have reached.
    pub orders: i64,
    /// Portions of the dishes in question.
    pub portions: i64,
    /// How far it has come with people.
    pub tally: TallyView,
    /// Dishes that are still served: in a drill what would be stopped, in a recall what was put back.
    pub serving: Vec<ServingView>,
    /// The same goods at other canteens that the caller sees: of the same licence, ingredient and supplier's batch.
    pub same_goods: Vec<SameGoodsView>,
    /// How many lots of the same goods others have, out of the caller's sight.
    pub same_goods_elsewhere: i64,
    /// What must be done before it is closed as destroyed.
    #[schema(value_type = Vec<Object>)]
    pub still_open: Vec<StillOpen>,
}

impl From<report::Reach> for ReachView {
    fn from(r: report::Reach) -> Self {
        let serving = |s: report::StoppedDish| ServingView { canteen: s.canteen, sitting: s.sitting, dish: s.dish };
        Self {
            lot: r.lot.into(),
            supplier: r.supplier.into(),
            batches: r.batches.into_iter().map(BatchUseView::from).collect(),
            orders: r.orders,
            portions: r.portions,
            tally: TallyView {
                people: r.tally.people,
                reached: r.tally.reached,
                unwell: r.tally.unwell,
                not_reached: r.tally.not_reached,
                untried: r.tally.untried(),
            },
            serving: r.serving.into_iter().map(serving).collect(),
            same_goods: r.same_goods.into_iter().map(|s| SameGoodsView { lot: s.lot, canteen: s.canteen }).collect(),
            same_goods_elsewhere: r.same_goods_elsewhere,
            still_open: r.still_open,
        }
    }
}

/// An attempt to reach somebody, on record.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptView {
    /// What came of it.
    #[schema(value_type = ContactOutcomeWord)]
    pub outcome: ContactOutcome,
    /// What was said.
    pub note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// By whom.
    #[schema(value_type = UserIdText)]
    pub by: UserId,
}

/// Somebody whom the lot may have reached. Names and phones are on the lot's call list, for those entitled.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecallPersonView {
    /// Who.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// The attempts, oldest first.
    pub attempts: Vec<AttemptView>,
}

/// A recall: the report for the authority, as far as it has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecallView {
    /// Its identifier.
    #[schema(value_type = RecallIdText)]
    pub id: RecallId,
    /// Whose.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// What is suspected.
    pub reason: String,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Instant,
    /// By whom.
    #[schema(value_type = UserIdText)]
    pub opened_by: UserId,
    /// How it ended.
    #[schema(value_type = Option<RecallOutcomeWord>)]
    pub outcome: Option<RecallOutcome>,
    /// What the report says of it; empty until it is closed.
    pub conclusion: String,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Instant>,
    /// What it reaches.
    pub reach: ReachView,
    /// Whom it may have reached; empty for those who do not run recalls.
    pub people: Vec<RecallPersonView>,
}

impl From<report::RecallView> for RecallView {
    fn from(r: report::RecallView) -> Self {
        let attempt = |a: report::AttemptView| AttemptView { outcome: a.outcome, note: a.note, at: a.at, by: a.by };
        let person =
            |p: report::PersonView| RecallPersonView { senior: p.senior, attempts: p.attempts.into_iter().map(attempt).collect() };
        Self {
            id: r.recall,
            canteen: r.canteen,
            reason: r.reason,
            opened_at: r.opened_at,
            opened_by: r.opened_by,
            outcome: r.outcome,
            conclusion: r.conclusion,
            closed_at: r.closed_at,
            reach: r.reach.into(),
            people: r.people.into_iter().map(person).collect(),
        }
    }
}

/// A recall on a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecallLineView {
    /// Its identifier.
    #[schema(value_type = RecallIdText)]
    pub id: RecallId,
    /// Of which lot.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// What is suspected.
    pub reason: String,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Instant,
    /// How it ended.
    #[schema(value_type = Option<RecallOutcomeWord>)]
    pub outcome: Option<RecallOutcome>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Instant>,
}

impl From<report::RecallLine> for RecallLineView {
    fn from(r: report::RecallLine) -> Self {
        Self { id: r.recall, lot: r.lot, reason: r.reason, opened_at: r.opened_at, outcome: r.outcome, closed_at: r.closed_at }
    }
}
