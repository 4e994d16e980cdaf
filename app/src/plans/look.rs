//! Look at plans: the whole for who plans, the sheet for the printer, the own stops for the courier.

use super::{PlanDocument, document_of};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::orders::load::address_of;
use crate::orders::view;
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::door::StopOutcome;
use domain::event::OrderView;
use domain::id::{PlanId, SittingId, StopId, UserId};
use domain::person::mask;
use domain::{Instant, ServiceDate};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::catalogue::{CanteenRow, SittingRow};
use store::query::plans::{self, StopRow};
use store::query::{catalogue, orders, seniors};
use store::seal::{Field, Sealer};
use store::{LaneKey, StoreError};

/// A plan with everything its sheets print.
#[derive(Debug, Clone)]
pub struct PlanView {
    /// The plan.
    pub id: PlanId,
    /// Its canteen.
    pub canteen: CanteenRow,
    /// Its sitting.
    pub sitting: SittingRow,
    /// Rounds, left out, figures.
    pub document: PlanDocument,
    /// Its stops, round by round.
    pub stops: Vec<StopView>,
    /// Whether their addresses and phones are in the clear.
    pub clear: bool,
}

/// A stop as the courier needs it: no identity number, no health, nobody else's stops.
#[derive(Debug, Clone)]
pub struct StopView {
    /// Its identifier.
    pub id: StopId,
    /// Who goes there.
    pub carrier: String,
    /// Which trip of theirs.
    pub trip_no: i64,
    /// Which door of the trip.
    pub position: i64,
    /// Expected.
    pub eta_at: Instant,
    /// The order: number, masked name, dishes, exceptions.
    pub order: OrderView,
    /// Street, number, floor and door; masked for whom no meal is to be brought.
    pub address: String,
    /// For calling from the door; masked likewise.
    pub phone: Option<String>,
    /// What happened at the door, as far as it is known.
    pub outcome: Option<StopOutcome>,
}

/// The plan in use for a sitting. Whoever looks is recorded.
pub async fn current(app: &App, actor: Arc<Actor>, sitting: SittingId) -> Outcome<PlanView, Never> {
    let (sealer, today, reader) = (app.store.sealer().clone(), app.clock.now().civil_date(), actor.clone());
    let plan = app
        .store
        .read("current_plan", move |conn| {
            let id = plans::current(conn, sitting)?.ok_or(Failure::NotFound(Thing::Plan))?.id.0;
            load(conn, &sealer, &reader, id, today)
        })
        .await?;
    seen(app, actor, plan, "plan").await
}

/// The plan of a route sheet. Whoever looks is recorded.
pub async fn sheet(app: &App, actor: Arc<Actor>, id: PlanId) -> Outcome<PlanView, Never> {
    on_paper(app, actor, id, "sheet").await
}

/// The plan of its load sheets. Whoever looks is recorded.
pub async fn load_sheets(app: &App, actor: Arc<Actor>, id: PlanId) -> Outcome<PlanView, Never> {
    on_paper(app, actor, id, "load_sheets").await
}

async fn on_paper(app: &App, actor: Arc<Actor>, id: PlanId, what: &'static str) -> Outcome<PlanView, Never> {
    let (sealer, today, reader) = (app.store.sealer().clone(), app.clock.now().civil_date(), actor.clone());
    let plan = app.store.read("plan", move |conn| load(conn, &sealer, &reader, id, today)).await?;
    seen(app, actor, plan, what).await
}

fn load(conn: &mut AnyConnection, sealer: &Sealer, actor: &Actor, id: PlanId, today: ServiceDate) -> Outcome<PlanView, Never> {
    let row = plans::find(conn, id)?.ok_or(Failure::NotFound(Thing::Plan))?;
    let (sitting, canteen) = catalogue::sitting_with_canteen(conn, row.sitting_id.0)?.ok_or(Failure::NotFound(Thing::Plan))?;
    let at = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
    if !actor.may(Action::Plan, at) {
        return Err(Failure::NotFound(Thing::Plan));
    }
    let document = document_of(&row)?;
    let rows = plans::stops(conn, id)?;
    // For the round and nothing else: a day later nobody needs a door's address from here.
    let clear = sitting.service_date.0 >= today;
    let stops = views(conn, sealer, rows, clear)?;
    Ok(PlanView { id, canteen, sitting, document, stops, clear })
}

/// Records the look, before anything is shown.
async fn seen(app: &App, actor: Arc<Actor>, plan: PlanView, what: &'static str) -> Outcome<PlanView, Never> {
    let (id, canteen, place) = (plan.id, plan.canteen.id.0, plan.canteen.place_code.0.clone());
    let detail = json!({ "what": what, "canteen": canteen, "stops": plan.stops.len(), "clear": plan.clear });
    app.store
        .write(LaneKey::of(canteen), "plan_seen", move |tx| {
            audit::record(tx, &actor, AuditAction::PlanSeen, id, Some(&place), &detail);
            Ok::<_, Failure<Never>>(())
        })
        .await?;
    Ok(plan)
}

/// The stops of the signed-in courier on a day, of canteens for which they deliver now. The phone asks every half minute, so this is no
/// look that is recorded; it shows a day's doors to whoever goes there.
pub async fn my_stops(app: &App, actor: Arc<Actor>, date: ServiceDate) -> Outcome<Vec<StopView>, Never> {
    let courier = courier_of(&actor).ok_or(Failure::Forbidden)?;
    let sealer = app.store.sealer().clone();
    let (from, to) =
        (Instant::from_civil(date, chrono::NaiveTime::MIN), Instant::from_civil(date.plus_days(1), chrono::NaiveTime::MIN));
    app.store
        .read("my_stops", move |conn| {
            let (mut mine, mut here) = (Vec::new(), BTreeMap::new());
            for row in plans::of_courier(conn, courier, from, to)? {
                let plan = row.plan_id.0;
                let delivers = match here.get(&plan) {
                    Some(delivers) => *delivers,
                    None => *here.entry(plan).or_insert(delivers_in(conn, &actor, plan)?),
                };
                if delivers {
                    mine.push(row);
                }
            }
            Ok(views(conn, &sealer, mine, true)?)
        })
        .await
}

fn delivers_in(conn: &mut AnyConnection, actor: &Actor, plan: PlanId) -> Result<bool, StoreError> {
    let Some(row) = plans::find(conn, plan)? else { return Ok(false) };
    let Some((_, canteen)) = catalogue::sitting_with_canteen(conn, row.sitting_id.0)? else { return Ok(false) };
    Ok(actor.may(Action::Deliver, Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) }))
}

/// The courier that somebody is, when they may deliver anywhere.
#[must_use]
pub fn courier_of(actor: &Actor) -> Option<UserId> {
    actor.user.filter(|_| actor.may_somewhere(Action::Deliver))
}

fn views(conn: &mut AnyConnection, sealer: &Sealer, rows: Vec<StopRow>, clear: bool) -> Result<Vec<StopView>, StoreError> {
    let ids: Vec<_> = rows.iter().map(|row| row.order_id.0).collect();
    let mut lines = orders::lines_of(conn, &ids)?;
    let mut stops = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(order) = orders::find(conn, row.order_id.0)? else { continue };
        let senior = order.senior_id.map(|Col(id)| seniors::find(conn, id)).transpose()?.flatten();
        let address = senior.as_ref().map(|s| address_of(sealer, s)).transpose()?.flatten();
        let phone = match &senior {
            Some(s) => s.phone_enc.as_ref().map(|sealed| sealer.open(Field::SeniorPhone, s.id.0, sealed)).transpose()?,
            None => None,
        };
        stops.push(StopView {
            id: row.id.0,
            carrier: row.carrier,
            trip_no: row.trip_no,
            position: row.position,
            eta_at: row.eta_at.0,
            order: view::of(&order, &lines.remove(&row.order_id.0).unwrap_or_default()),
            address: address.map_or_else(String::new, |a| if clear { a.detail } else { mask::address(&a.detail) }),
            phone: phone.map(|phone| if clear { phone.into_inner() } else { mask::phone(phone.reveal()) }),
            outcome: row.outcome.map(|word| word.0),
        });
    }
    Ok(stops)
}
