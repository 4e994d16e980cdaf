//! Backward: order -> dishes -> batches -> lots, suppliers, cook, temperatures, sample.

use super::TraceRefusal as Refusal;
use crate::App;
use crate::batches::view::{CoreView, SampleView};
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::canteen_for;
use domain::access::{Action, Actor};
use domain::batch::{BatchState, LinkHow};
use domain::food_safety::{DeciCelsius, hand_over_deadline};
use domain::id::{BatchId, DishId, LotId, OrderId, OrderLineId, UserId};
use domain::lot::{AmountUnit, LotState};
use domain::{Instant, MealPeriod, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::conn::AnyConnection;
use store::query::ingredients::LotRow;
use store::query::{batches, ingredients, orders, trace};

/// A lot in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotUse {
    /// Which lot.
    pub lot: LotId,
    /// The name on the package.
    pub name: String,
    /// How much went in, in the lot's unit.
    pub amount: i64,
    /// What the amount counts.
    pub unit: AmountUnit,
    /// The number of the supplier's batch.
    pub supplier_batch: String,
    /// Production date.
    pub produced_on: Option<ServiceDate>,
    /// The last day of use.
    pub expires_on: Option<ServiceDate>,
    /// Temperature on arrival, tenths of a degree Celsius.
    pub arrival_temperature: Option<DeciCelsius>,
    /// Where the lot stands.
    pub state: LotState,
    /// The supplier's name.
    pub supplier: String,
    /// The supplier's licence.
    pub licence_no: String,
    /// The supplier's business phone.
    pub supplier_phone: String,
}

/// A batch that a dish may have come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTrace {
    /// Which batch.
    pub batch: BatchId,
    /// How it is known.
    pub how: LinkHow,
    /// Its number within sitting and dish.
    pub batch_no: i64,
    /// Where it stands.
    pub state: BatchState,
    /// Who cooked it.
    pub cook: Option<String>,
    /// When it was taken off the stove.
    pub cooked_at: Option<Instant>,
    /// When it passed the gate.
    pub released_at: Option<Instant>,
    /// Until when it was to be handed over.
    pub hand_over_by: Option<Instant>,
    /// Its core temperatures.
    pub cores: Vec<CoreView>,
    /// Its retained samples.
    pub samples: Vec<SampleView>,
    /// Why it was released against the gate, when it was.
    pub override_reason: Option<String>,
    /// What went into it.
    pub lots: Vec<LotUse>,
}

/// A dish of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DishTrace {
    /// Which line.
    pub line: OrderLineId,
    /// Which dish.
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Portions.
    pub quantity: i64,
    /// The batches it may have come from.
    pub batches: Vec<BatchTrace>,
}

/// Where an order's dishes came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTrace {
    /// Which order.
    pub order: OrderId,
    /// The number on the slip.
    pub order_no: i64,
    /// The day.
    pub service_date: ServiceDate,
    /// The meal.
    pub meal: MealPeriod,
    /// The canteen's name.
    pub canteen: String,
    /// When it was served, when it was.
    pub served_at: Option<Instant>,
    /// Its dishes.
    pub dishes: Vec<DishTrace>,
}

/// Where an order's dishes came from.
pub async fn of_order(app: &App, actor: Arc<Actor>, id: OrderId) -> Outcome<OrderTrace, Refusal> {
    let shelf = app.food_safety.clone();
    app.store
        .read("trace_backward", move |conn| {
            let order = orders::find(conn, id)?.ok_or(Failure::NotFound(Thing::Order))?;
            let canteen = canteen_for(conn, &actor, order.canteen_id.0, Action::SeeTrace, Thing::Order)?;
            let rules = shelf.in_force(&canteen.place_code.0, order.service_date.0)?;
            let links = batches::links_of_order(conn, id)?;
            let ids: Vec<BatchId> = links.iter().map(|link| link.batch_id.0).collect();
            let mut found = batch_traces(conn, &ids)?;
            for trace in found.values_mut() {
                let at = trace.1.cooked_at;
                trace.1.hand_over_by = at.and_then(|at| hand_over_deadline(at, trace.0, &rules));
            }
            let dishes = orders::lines(conn, id)?.into_iter().map(|(line, name)| {
                let own = links.iter().filter(|link| link.order_line_id == line.id);
                let of_link = own.filter_map(|link| {
                    found.get(&link.batch_id.0).map(|(_, trace)| BatchTrace { how: link.how.0, ..trace.clone() })
                });
                DishTrace { line: line.id.0, dish: line.dish_id.0, name, quantity: line.quantity, batches: of_link.collect() }
            });
            let dishes = dishes.collect();
            let served_at = orders::accepted_redemption(conn, id)?.map(|r| r.served_at.0);
            Ok(OrderTrace {
                order: id,
                order_no: order.order_no,
                service_date: order.service_date.0,
                meal: order.meal.0,
                canteen: canteen.name,
                served_at,
                dishes,
            })
        })
        .await
}

/// Everything about some batches, with how each is kept; for a trace and for the public page, in a fixed number of queries.
pub(crate) fn batch_traces(
    conn: &mut AnyConnection,
    ids: &[BatchId],
) -> Result<BTreeMap<BatchId, (domain::food_safety::Holding, BatchTrace)>, store::StoreError> {
    let rows = trace::batches(conn, ids)?;
    let people: Vec<UserId> = rows.iter().filter_map(|(row, _)| row.cook_id.map(|c| c.0)).collect();
    let names: BTreeMap<UserId, String> = trace::names(conn, &people)?.into_iter().collect();
    let (cores, samples) = (batches::cores(conn, ids)?, batches::samples(conn, ids)?);
    let overrides = batches::overrides_of(conn, ids)?;
    let mut lots = lots_in(conn, ids)?;
    let of = |row: batches::BatchRow| {
        let id = row.id;
        let core = |c: &batches::CoreReadingRow| CoreView { temperature: c.temp.0, measured_at: c.measured_at.0 };
        let trace = BatchTrace {
            batch: id.0,
            how: LinkHow::Packed,
            batch_no: row.batch_no,
            state: row.state.0,
            cook: row.cook_id.and_then(|c| names.get(&c.0).cloned()),
            cooked_at: row.cooked_at.map(|t| t.0),
            released_at: row.released_at.map(|t| t.0),
            hand_over_by: None,
            cores: cores.iter().filter(|c| c.batch_id == id).map(core).collect(),
            samples: samples.iter().filter(|s| s.batch_id == id).cloned().map(SampleView::from).collect(),
            override_reason: overrides.iter().rev().find(|o| o.batch_id == id).map(|o| o.reason.clone()),
            lots: lots.remove(&id.0).unwrap_or_default(),
        };
        (id.0, (row.holding.0, trace))
    };
    Ok(rows.into_iter().map(|(row, _)| row).map(of).collect())
}

fn lots_in(conn: &mut AnyConnection, ids: &[BatchId]) -> Result<BTreeMap<BatchId, Vec<LotUse>>, store::StoreError> {
    let mut amounts: BTreeMap<(BatchId, LotId), i64> = BTreeMap::new();
    for issue in batches::issues(conn, ids)? {
        *amounts.entry((issue.batch_id.0, issue.lot_id.0)).or_insert(0) += issue.amount;
    }
    amounts.retain(|_, amount| *amount > 0);
    let wanted: Vec<LotId> = amounts.keys().map(|(_, lot)| *lot).collect();
    let lots: BTreeMap<LotId, LotRow> = batches::lots(conn, &wanted)?.into_iter().map(|lot| (lot.id.0, lot)).collect();
    let mut suppliers = BTreeMap::new();
    for lot in lots.values() {
        if let Some(row) = ingredients::supplier(conn, lot.supplier_id.0)? {
            suppliers.insert(lot.supplier_id.0, row);
        }
    }
    let mut uses: BTreeMap<BatchId, Vec<LotUse>> = BTreeMap::new();
    for ((batch, lot), amount) in amounts {
        let Some(row) = lots.get(&lot) else { continue };
        let Some(supplier) = suppliers.get(&row.supplier_id.0) else { continue };
        uses.entry(batch).or_default().push(LotUse {
            lot,
            name: row.name.clone(),
            amount,
            unit: row.unit.0,
            supplier_batch: row.supplier_batch.clone(),
            produced_on: row.produced_on.map(|d| d.0),
            expires_on: row.expires_on.map(|d| d.0),
            arrival_temperature: row.arrival_temp.map(|t| t.0),
            state: row.state.0,
            supplier: supplier.name.clone(),
            licence_no: supplier.licence_no.clone(),
            supplier_phone: supplier.phone.clone(),
        });
    }
    Ok(uses)
}
