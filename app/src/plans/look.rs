//! Look at plans: the whole for who plans, the sheet for the printer, the own stops for the courier.

use super::{PlanDocument, document_of};
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::orders::load::address_of;
use crate::orders::view;
use domain::access::{Action, Actor, DeviceKind, Where};
use domain::door::StopOutcome;
use domain::event::OrderView;
use domain::id::{PlanId, SittingId, StopId, UserId};
use domain::{Instant, ServiceDate};
use std::sync::Arc;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::catalogue::{CanteenRow, SittingRow};
use store::query::plans::{self, StopRow};
use store::query::{catalogue, orders, seniors};
use store::seal::{Field, Sealer};

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
    /// Street, number, floor and door.
    pub address: String,
    /// For calling from the door.
    pub phone: Option<String>,
    /// What happened at the door, as far as it is known.
    pub outcome: Option<StopOutcome>,
}

/// The plan in use for a sitting.
pub async fn current(app: &App, actor: Arc<Actor>, sitting: SittingId) -> Outcome<PlanView, Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("current_plan", move |conn| {
            let id = plans::current(conn, sitting)?.ok_or(Failure::NotFound(Thing::Plan))?.id.0;
            load(conn, &sealer, &actor, id)
        })
        .await
}

/// A plan by identifier.
pub async fn get(app: &App, actor: Arc<Actor>, id: PlanId) -> Outcome<PlanView, Never> {
    let sealer = app.store.sealer().clone();
    app.store.read("plan", move |conn| load(conn, &sealer, &actor, id)).await
}

fn load(conn: &mut AnyConnection, sealer: &Sealer, actor: &Actor, id: PlanId) -> Outcome<PlanView, Never> {
    let row = plans::find(conn, id)?.ok_or(Failure::NotFound(Thing::Plan))?;
    let (sitting, canteen) = catalogue::sitting_with_canteen(conn, row.sitting_id.0)?.ok_or(Failure::NotFound(Thing::Plan))?;
    if !actor.may(Action::Plan, Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) }) {
        return Err(Failure::NotFound(Thing::Plan));
    }
    let document = document_of(&row)?;
    let rows = plans::stops(conn, id)?;
    let stops = views(conn, sealer, rows)?;
    Ok(PlanView { id, canteen, sitting, document, stops })
}

/// The stops of the signed-in courier on a day: theirs by user, or by the phone that was paired for them.
pub async fn my_stops(app: &App, actor: Arc<Actor>, date: ServiceDate) -> Outcome<Vec<StopView>, Never> {
    let courier = courier_of(&actor).ok_or(Failure::Forbidden)?;
    let sealer = app.store.sealer().clone();
    let (from, to) =
        (Instant::from_civil(date, chrono::NaiveTime::MIN), Instant::from_civil(date.plus_days(1), chrono::NaiveTime::MIN));
    app.store
        .read("my_stops", move |conn| {
            let rows = plans::of_courier(conn, courier, from, to)?;
            Ok(views(conn, &sealer, rows)?)
        })
        .await
}

/// The courier that somebody is, when they may deliver.
#[must_use]
pub fn courier_of(actor: &Actor) -> Option<UserId> {
    let by_phone = actor.device.is_some_and(|(_, kind, _)| kind == DeviceKind::CourierPhone);
    actor.user.filter(|_| by_phone || actor.may_somewhere(Action::Deliver))
}

fn views(conn: &mut AnyConnection, sealer: &Sealer, rows: Vec<StopRow>) -> Result<Vec<StopView>, StoreError> {
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
            address: address.map_or_else(String::new, |a| a.detail),
            phone: phone.map(domain::Sensitive::into_inner),
            outcome: row.outcome.map(|word| word.0),
        });
    }
    Ok(stops)
}
