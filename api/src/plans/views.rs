//! What clients send and see of plans.

use crate::orders::views::LineView;
use crate::words::{DoorMethodWord, OrderIdText, PlanIdText, StopIdText, StopOutcomeWord, UserIdText};
use app::delivery::geography::Mode;
use app::plans::PlanDocument;
use app::plans::look;
use domain::door::{DoorMethod, DoorProof, StopOutcome};
use domain::fault::Faults;
use domain::id::{OrderId, PlanId, StopId, UserId};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a carrier moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeWord {
    /// On foot.
    Foot,
    /// E-bike.
    EBike,
    /// Van.
    Van,
    /// Mobile dining truck.
    Truck,
}

impl From<ModeWord> for Mode {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Foot => Self::Foot,
            ModeWord::EBike => Self::EBike,
            ModeWord::Van => Self::Van,
            ModeWord::Truck => Self::Truck,
        }
    }
}

/// Someone who carries today.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CarrierBody {
    /// Name or badge, unique in the plan; printed on the sheet.
    #[schema(max_length = 40, example = "小王")]
    pub name: String,
    /// Their sign-in, so that their phone shows the round.
    #[schema(value_type = Option<UserIdText>)]
    pub user: Option<UserId>,
    /// How they move.
    pub mode: ModeWord,
    /// Boxes that fit into one trip.
    #[schema(minimum = 1, maximum = 500)]
    pub boxes: u32,
    /// Minutes after midnight at which the shift begins.
    #[schema(example = 630)]
    pub from_minute: u16,
    /// Minutes after midnight at which it ends.
    #[schema(example = 780)]
    pub to_minute: u16,
    /// How often they may load.
    #[schema(minimum = 1, maximum = 20)]
    pub max_trips: u32,
}

/// What to plan with.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanBody {
    /// Who carries, 1 to 50.
    pub carriers: Vec<CarrierBody>,
    /// Search steps, 20,000 unless told, at most 500,000.
    pub steps: Option<u64>,
    /// Seed, 1 unless told.
    pub seed: Option<u64>,
}

/// A plan that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanMadeView {
    /// Its identifier.
    #[schema(value_type = PlanIdText)]
    pub id: PlanId,
    /// The rounds.
    pub rounds: Vec<RoundView>,
    /// Orders to deliver that are on no round.
    pub left_out: Vec<NotPlannedView>,
    /// Metres altogether.
    pub metres: i64,
}

/// One courier's round.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoundView {
    /// Who.
    pub carrier: String,
    /// Their trips.
    pub trips: Vec<TripView>,
}

/// One loading.
#[derive(Debug, Serialize, ToSchema)]
pub struct TripView {
    /// When to leave the canteen.
    #[schema(value_type = String, format = DateTime)]
    pub departs_at: Instant,
    /// How much later would still do, in seconds.
    pub slack_s: i64,
    /// Boxes in the bag.
    pub boxes: u32,
    /// Metres of the trip.
    pub metres: i64,
    /// The doors, in order.
    pub stops: Vec<PlannedStopView>,
}

/// A door of a trip.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedStopView {
    /// Which order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Expected.
    #[schema(value_type = String, format = DateTime)]
    pub eta: Instant,
}

/// An order to deliver that is on no round.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotPlannedView {
    /// Which.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// Why, zh-CN.
    pub reason: String,
    /// Why, English.
    pub reason_en: String,
    /// What would cure it, zh-CN.
    pub cures: Vec<String>,
}

impl PlanMadeView {
    /// The view of a document under its identifier.
    #[must_use]
    pub fn new(id: PlanId, document: &PlanDocument) -> Self {
        let stop = |(order, eta): &(OrderId, Instant)| PlannedStopView { order: *order, eta: *eta };
        let trip = |t: &app::plans::Trip| TripView {
            departs_at: t.departs_at,
            slack_s: t.slack_s,
            boxes: t.boxes,
            metres: t.metres,
            stops: t.stops.iter().map(stop).collect(),
        };
        let left = |l: &app::plans::LeftOut| NotPlannedView {
            order: l.order,
            order_no: l.order_no,
            reason: l.reason_zh.clone(),
            reason_en: l.reason_en.clone(),
            cures: l.cures_zh.clone(),
        };
        let rounds =
            document.rounds.iter().map(|r| RoundView { carrier: r.carrier.clone(), trips: r.trips.iter().map(trip).collect() });
        Self { id, rounds: rounds.collect(), left_out: document.left_out.iter().map(left).collect(), metres: document.metres }
    }
}

/// A plan with its stops as they are now.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanPageView {
    /// The plan.
    #[serde(flatten)]
    pub plan: PlanMadeView,
    /// Its stops, round by round.
    pub stops: Vec<StopView>,
}

impl From<look::PlanView> for PlanPageView {
    fn from(plan: look::PlanView) -> Self {
        Self { plan: PlanMadeView::new(plan.id, &plan.document), stops: plan.stops.into_iter().map(StopView::from).collect() }
    }
}

/// The courier's stops of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyStopsView {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub date: ServiceDate,
    /// In the order of the round.
    pub stops: Vec<StopView>,
}

/// A stop as the courier needs it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StopView {
    /// Its identifier.
    #[schema(value_type = StopIdText)]
    pub id: StopId,
    /// Who goes there.
    pub carrier: String,
    /// Which trip.
    pub trip: i64,
    /// Which door of the trip.
    pub position: i64,
    /// Expected.
    #[schema(value_type = String, format = DateTime)]
    pub eta: Instant,
    /// The order's number.
    pub order_no: i64,
    /// `张*`
    pub name: String,
    /// Street, number, floor and door.
    pub address: String,
    /// For calling from the door.
    pub phone: Option<String>,
    /// What is handed over.
    pub lines: Vec<LineView>,
    /// What the senior pays, in fen.
    pub self_pay_fen: i64,
    /// What happened, as far as it is known.
    #[schema(value_type = Option<StopOutcomeWord>)]
    pub outcome: Option<StopOutcome>,
}

impl From<look::StopView> for StopView {
    fn from(stop: look::StopView) -> Self {
        Self {
            id: stop.id,
            carrier: stop.carrier,
            trip: stop.trip_no,
            position: stop.position,
            eta: stop.eta_at,
            order_no: stop.order.order_no,
            name: stop.order.masked_name,
            address: stop.address,
            phone: stop.phone,
            lines: stop.order.lines.into_iter().map(LineView::from).collect(),
            self_pay_fen: stop.order.totals.self_pay_fen.0,
            outcome: stop.outcome,
        }
    }
}

/// What happened at a door.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopRecordBody {
    /// Which stop.
    #[schema(value_type = StopIdText)]
    pub stop: StopId,
    /// What happened.
    #[schema(value_type = StopOutcomeWord)]
    pub outcome: StopOutcome,
    /// How it is proved that the meal reached somebody; needed when it did.
    #[schema(value_type = Option<DoorMethodWord>)]
    pub method: Option<DoorMethod>,
    /// The code of the order as it was read out; needed with `delivery_code`.
    #[schema(max_length = 20, example = "037-4821")]
    pub code: Option<String>,
    /// A remark: who took it, what was broken.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub note: String,
    /// When it happened, by the phone's clock.
    #[schema(value_type = String, format = DateTime)]
    pub happened_at: Instant,
}

/// A code is longer than this only when it is none of ours.
const CODE_MAX: usize = 20;

impl StopRecordBody {
    /// The proof, and every fault of the body.
    pub(super) fn proof(&self) -> (Option<DoorProof>, Faults) {
        let mut faults = Faults::default();
        crate::orders::limit_text(&mut faults, "/note", Some(&self.note), 200);
        crate::orders::limit_text(&mut faults, "/code", self.code.as_deref(), CODE_MAX);
        let proof = match (self.method, &self.code) {
            (Some(DoorMethod::DeliveryCode), Some(code)) => Some(DoorProof::DeliveryCode(code.clone())),
            (Some(DoorMethod::DeliveryCode), None) => {
                faults.push(
                    "/code",
                    "required",
                    "凭码送达须填写老人报出的取餐码",
                    "with `delivery_code` give the code that was read out",
                );
                None
            }
            (Some(DoorMethod::Signature), _) => Some(DoorProof::Signature),
            (Some(DoorMethod::Photo), _) => Some(DoorProof::Photo),
            (None, _) => None,
        };
        if self.outcome.is_served() && self.method.is_none() {
            faults.push(
                "/method",
                "required",
                "请说明凭什么确认送达：取餐码、签名或照片",
                "say how the hand-over is proved: delivery_code, signature or photo",
            );
        }
        (proof, faults)
    }
}

/// What the stop shows now.
#[derive(Debug, Serialize, ToSchema)]
pub struct StopRecordedView {
    /// Of several records the latest by its own time.
    #[schema(value_type = StopOutcomeWord)]
    pub outcome: StopOutcome,
}
