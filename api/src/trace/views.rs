//! What clients see of traces.

use crate::lots::LotView;
use crate::suppliers::SupplierView;
use crate::words::{
    AmountUnitWord, BatchIdText, BatchStateWord, CanteenIdText, ChannelWord, DishIdText, LotIdText, LotStateWord, MealWord,
    OrderIdText, OrderStateWord, SampleIdText, SeniorIdText, Words,
};
use app::trace::{backward, forward};
use domain::batch::{BatchState, LinkHow};
use domain::food_safety::DeciCelsius;
use domain::id::{BatchId, CanteenId, DishId, LotId, OrderId, SampleId, SeniorId};
use domain::lot::{AmountUnit, LotState};
use domain::order::OrderState;
use domain::{Channel, Instant, MealPeriod, ServiceDate};
use serde::Serialize;
use utoipa::ToSchema;

type LinkHowWord = Words<LinkHow>;

/// A batch that a lot went into.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchUseView {
    /// Which batch.
    #[schema(value_type = BatchIdText)]
    pub batch: BatchId,
    /// Where it was cooked.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// The dish.
    pub dish: String,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// Its number within sitting and dish.
    pub batch_no: i64,
    /// Where it stands.
    #[schema(value_type = BatchStateWord)]
    pub state: BatchState,
    /// How much of the lot went in, in the lot's unit.
    pub amount: i64,
    /// When it was taken off the stove.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cooked_at: Option<Instant>,
    /// Its core temperature, tenths of a degree Celsius.
    #[schema(value_type = Option<i64>)]
    pub core_temperature_decicelsius: Option<DeciCelsius>,
}

impl From<forward::BatchUse> for BatchUseView {
    fn from(b: forward::BatchUse) -> Self {
        Self {
            batch: b.batch,
            canteen: b.canteen,
            dish: b.dish,
            service_date: b.service_date,
            batch_no: b.batch_no,
            state: b.state,
            amount: b.amount,
            cooked_at: b.cooked_at,
            core_temperature_decicelsius: b.core_temperature,
        }
    }
}

/// A line of an order that a lot may have reached; the name is masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct AffectedView {
    /// By which batch.
    #[schema(value_type = BatchIdText)]
    pub batch: BatchId,
    /// Which order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Where it was served.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// The meal.
    #[schema(value_type = MealWord)]
    pub meal: MealPeriod,
    /// The number on the slip.
    pub order_no: i64,
    /// How it reached the table.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// Where the order stands.
    #[schema(value_type = OrderStateWord)]
    pub state: OrderState,
    /// Whose meal; nobody known for an anonymous sale.
    #[schema(value_type = Option<SeniorIdText>)]
    pub senior: Option<SeniorId>,
    /// `张*`
    pub masked_name: String,
    /// The dish.
    pub dish: String,
    /// Portions.
    pub quantity: i64,
    /// How it is known.
    #[schema(value_type = LinkHowWord)]
    pub how: LinkHow,
}

impl From<forward::Affected> for AffectedView {
    fn from(a: forward::Affected) -> Self {
        Self {
            batch: a.batch,
            order: a.order,
            canteen: a.canteen,
            service_date: a.service_date,
            meal: a.meal,
            order_no: a.order_no,
            channel: a.channel,
            state: a.state,
            senior: a.senior,
            masked_name: a.masked_name,
            dish: a.dish,
            quantity: a.quantity,
            how: a.how,
        }
    }
}

/// Where a lot went.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotTraceView {
    /// The lot.
    pub lot: LotView,
    /// From whom.
    pub supplier: SupplierView,
    /// The batches it went into.
    pub batches: Vec<BatchUseView>,
    /// Orders reached; each counts once.
    pub orders: i64,
    /// Portions of the dishes in question.
    pub portions: i64,
    /// Known people reached.
    pub people: i64,
    /// The first rows, by batch and order.
    pub rows: Vec<AffectedView>,
    /// Whether there are more rows than these; the CSV has all.
    pub more: bool,
}

impl From<forward::LotTrace> for LotTraceView {
    fn from(t: forward::LotTrace) -> Self {
        Self {
            lot: t.lot.into(),
            supplier: t.supplier.into(),
            batches: t.batches.into_iter().map(Into::into).collect(),
            orders: t.orders,
            portions: t.portions,
            people: t.people,
            rows: t.rows.into_iter().map(Into::into).collect(),
            more: t.more,
        }
    }
}

/// A lot in a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotUseView {
    /// Which lot.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// The name on the package.
    pub name: String,
    /// How much went in, in the lot's unit.
    pub amount: i64,
    /// What the amount counts.
    #[schema(value_type = AmountUnitWord)]
    pub unit: AmountUnit,
    /// The number of the supplier's batch.
    pub supplier_batch: String,
    /// Production date.
    #[schema(value_type = Option<String>, format = Date)]
    pub produced_on: Option<ServiceDate>,
    /// The last day of use.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<ServiceDate>,
    /// Temperature on arrival, tenths of a degree Celsius.
    #[schema(value_type = Option<i64>)]
    pub arrival_temperature_decicelsius: Option<DeciCelsius>,
    /// Where the lot stands.
    #[schema(value_type = LotStateWord)]
    pub state: LotState,
    /// The supplier's name.
    pub supplier: String,
    /// The supplier's licence.
    pub licence_no: String,
    /// The supplier's business phone.
    pub supplier_phone: String,
}

impl From<backward::LotUse> for LotUseView {
    fn from(l: backward::LotUse) -> Self {
        Self {
            lot: l.lot,
            name: l.name,
            amount: l.amount,
            unit: l.unit,
            supplier_batch: l.supplier_batch,
            produced_on: l.produced_on,
            expires_on: l.expires_on,
            arrival_temperature_decicelsius: l.arrival_temperature,
            state: l.state,
            supplier: l.supplier,
            licence_no: l.licence_no,
            supplier_phone: l.supplier_phone,
        }
    }
}

/// A core temperature.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasuredView {
    /// Tenths of a degree Celsius.
    #[schema(value_type = i64)]
    pub core_temperature_decicelsius: DeciCelsius,
    /// When it was measured.
    #[schema(value_type = String, format = DateTime)]
    pub measured_at: Instant,
}

/// A retained sample.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetainedView {
    /// Which sample.
    #[schema(value_type = SampleIdText)]
    pub id: SampleId,
    /// Milligrams.
    pub amount_mg: i64,
    /// In which fridge.
    pub fridge: String,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub taken_at: Instant,
    /// Until when it must be kept.
    #[schema(value_type = String, format = DateTime)]
    pub keep_until: Instant,
    /// When it was thrown away.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disposed_at: Option<Instant>,
}

impl From<app::batches::view::SampleView> for RetainedView {
    fn from(s: app::batches::view::SampleView) -> Self {
        Self {
            id: s.sample,
            amount_mg: s.amount_mg,
            fridge: s.fridge,
            taken_at: s.taken_at,
            keep_until: s.keep_until,
            disposed_at: s.disposed_at,
        }
    }
}

/// A batch that a dish may have come from.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchTraceView {
    /// Which batch.
    #[schema(value_type = BatchIdText)]
    pub batch: BatchId,
    /// How it is known.
    #[schema(value_type = LinkHowWord)]
    pub how: LinkHow,
    /// Its number within sitting and dish.
    pub batch_no: i64,
    /// Where it stands.
    #[schema(value_type = BatchStateWord)]
    pub state: BatchState,
    /// Who cooked it.
    pub cook: Option<String>,
    /// When it was taken off the stove.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cooked_at: Option<Instant>,
    /// When it passed the gate.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub released_at: Option<Instant>,
    /// Until when it was to be handed over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub hand_over_by: Option<Instant>,
    /// Its core temperatures.
    pub cores: Vec<MeasuredView>,
    /// Its retained samples.
    pub samples: Vec<RetainedView>,
    /// Why it was released against the gate, when it was.
    pub override_reason: Option<String>,
    /// What went into it.
    pub lots: Vec<LotUseView>,
}

impl From<backward::BatchTrace> for BatchTraceView {
    fn from(b: backward::BatchTrace) -> Self {
        let core = |c: app::batches::view::CoreView| MeasuredView {
            core_temperature_decicelsius: c.temperature,
            measured_at: c.measured_at,
        };
        Self {
            batch: b.batch,
            how: b.how,
            batch_no: b.batch_no,
            state: b.state,
            cook: b.cook,
            cooked_at: b.cooked_at,
            released_at: b.released_at,
            hand_over_by: b.hand_over_by,
            cores: b.cores.into_iter().map(core).collect(),
            samples: b.samples.into_iter().map(RetainedView::from).collect(),
            override_reason: b.override_reason,
            lots: b.lots.into_iter().map(Into::into).collect(),
        }
    }
}

/// A dish of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct DishTraceView {
    /// Which dish.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Portions.
    pub quantity: i64,
    /// The batches it may have come from.
    pub batches: Vec<BatchTraceView>,
}

/// Where an order's dishes came from.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderTraceView {
    /// Which order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// The number on the slip.
    pub order_no: i64,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// The meal.
    #[schema(value_type = MealWord)]
    pub meal: MealPeriod,
    /// The canteen's name.
    pub canteen: String,
    /// When it was served, when it was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub served_at: Option<Instant>,
    /// Its dishes.
    pub dishes: Vec<DishTraceView>,
}

impl From<backward::OrderTrace> for OrderTraceView {
    fn from(t: backward::OrderTrace) -> Self {
        let dish = |d: backward::DishTrace| DishTraceView {
            dish: d.dish,
            name: d.name,
            quantity: d.quantity,
            batches: d.batches.into_iter().map(Into::into).collect(),
        };
        Self {
            order: t.order,
            order_no: t.order_no,
            service_date: t.service_date,
            meal: t.meal,
            canteen: t.canteen,
            served_at: t.served_at,
            dishes: t.dishes.into_iter().map(dish).collect(),
        }
    }
}

/// A lot's trace as GS1's EPCIS 2.0 writes it; GS1's own schema says the rest.
#[derive(Debug, ToSchema)]
#[allow(dead_code)] // the document is made by the use case; this says to the reference what it is
pub struct EpcisDocument {
    /// The vocabularies.
    #[schema(rename = "@context")]
    pub context: Vec<serde_json::Value>,
    /// `EPCISDocument`
    #[schema(rename = "type", pattern = "^EPCISDocument$")]
    pub kind: String,
    /// `2.0`
    #[schema(rename = "schemaVersion", pattern = "^2\\.0$")]
    pub schema_version: String,
    /// When it was written.
    #[schema(rename = "creationDate", value_type = String, format = DateTime)]
    pub creation_date: Instant,
    /// Its events.
    #[schema(rename = "epcisBody", value_type = Object)]
    pub body: serde_json::Value,
}
