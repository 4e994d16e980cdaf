//! Make a plan: read the demand, search with no transaction open, and put the checked plan in use if the demand is still the same.

use super::{Carrier, LeftOut, PlanDocument, Round, Trip};
use crate::App;
use crate::area::point;
use crate::devices::delivers_for;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::lanes;
use crate::orders::load::address_of;
use delivery::geography::Wgs84;
use delivery::problem::{Capacity, Holding, Load, Window};
use delivery::round::{self, CarrierEnd, Door, MealRound, RoundError, RoundPlan, Travel};
use delivery::solver::{Budget, Settings};
use delivery::units::{Boxes, Cost, Seconds};
use delivery::wording::{self, Language};
use domain::access::{Action, Actor, Where};
use domain::event::Event;
use domain::id::{OrderId, PlanId, SittingId, StopId};
use domain::order::OrderState;
use domain::{Channel, Instant, ServiceDate};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::catalogue::{CanteenRow, SittingRow};
use store::query::plans::{self, PlanRow, PlanState, StopRow};
use store::query::rows::OrderRow;
use store::query::{catalogue, orders, seniors};
use store::seal::Sealer;
use store::{StoreError, Tx};

/// What to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRequest {
    /// Which sitting.
    pub sitting: SittingId,
    /// Who carries.
    pub carriers: Vec<Carrier>,
    /// Search steps; more is better and slower.
    pub steps: u64,
    /// Seed: the same seed and steps on the same demand give the same plan.
    pub seed: u64,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanRefusal {
    /// The carriers or the doors are faulty: place and fault of each.
    Faulty(Vec<String>),
    /// These carriers, by their places in the request, are signed in as somebody who is no courier of this canteen. Who is on a round
    /// is shown addresses and phones.
    NotCouriersHere(Vec<usize>),
    /// The orders changed each time while the plan was being made.
    DemandMoving,
}

/// Time to load one trip, and to hand over at a door, until the canteen has measured its own.
const LOADING: Seconds = Seconds::minutes(5);
const AT_THE_DOOR: Seconds = Seconds::minutes(2);
/// Box to door, in seconds: DB33/T 2399-2021 asks for one hour.
const UNDER_WAY: Seconds = Seconds::minutes(60);
/// What leaving a door out costs: dearer than any detour, so that it happens only when nothing else is possible.
const LEFT_OUT: Cost = Cost(1_000_000_000);
/// A plan made while orders came in is made again so many times.
const TRIES: u32 = 3;

/// Makes a plan and puts it in use. The search runs on a thread of its own, for at most a few seconds of steps. A request that comes
/// again under its key is answered with the plan it made, and what was planned since stays in use.
pub async fn make(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    request: PlanRequest,
) -> Outcome<(PlanId, PlanDocument), PlanRefusal> {
    for _ in 0..TRIES {
        let (sealer, actor_read, wanted) = (app.store.sealer().clone(), actor.clone(), request.clone());
        let asked = key.clone();
        let seen = app
            .store
            .read("plan_doors", move |conn| match asked.answer_seen(conn)? {
                Some(id) => Ok(Seen::Made(id, made_before(conn, id)?)),
                None => Ok::<_, Failure<PlanRefusal>>(Seen::Doors(Box::new(read_doors(conn, &sealer, &actor_read, &wanted)?))),
            })
            .await?;
        let doors = match seen {
            Seen::Made(id, document) => return Ok((id, document)),
            Seen::Doors(doors) => doors,
        };
        let asked = request.clone();
        let searched = tokio::task::spawn_blocking(move || search(*doors, &asked)).await;
        let (doors, document) = searched.map_err(|e| StoreError::Database(format!("planner: {e}")))??;
        let (carriers, by, key) = (request.carriers.clone(), actor.clone(), key.clone());
        let (doors, stored) = (Arc::new(doors), document.clone());
        let put = app
            .store
            .write(lanes::of_sitting(app, request.sitting).await?, "put_plan", move |tx| {
                // Another request with this key was ahead; the next turn answers with its plan.
                if key.earlier_answer::<PlanId, _>(tx)?.is_some() {
                    return Ok::<_, Failure<PlanRefusal>>(None);
                }
                let put = put_in(tx, &by, &doors, &carriers, &stored)?;
                put.map_or(Ok(()), |id| key.keep_answer(tx, &id, tx.now()))?;
                Ok(put)
            })
            .await?;
        if let Some(id) = put {
            return Ok((id, document));
        }
    }
    Err(Failure::Refused(PlanRefusal::DemandMoving))
}

/// What is found before a plan is searched for.
enum Seen {
    /// The plan that this request made already.
    Made(PlanId, PlanDocument),
    /// The doors to plan.
    Doors(Box<Doors>),
}

fn made_before(conn: &mut AnyConnection, id: PlanId) -> Outcome<PlanDocument, PlanRefusal> {
    let row = plans::find(conn, id)?.ok_or(Failure::NotFound(Thing::Plan))?;
    Ok(super::document_of(&row)?)
}

/// The doors of a sitting, and those that cannot be planned.
struct Doors {
    sitting: SittingRow,
    canteen: CanteenRow,
    /// Orders to deliver, with where they go; by identifier.
    placed: Vec<(OrderRow, u32, Wgs84)>,
    unplaced: Vec<OrderRow>,
}

fn read_doors(conn: &mut AnyConnection, sealer: &Sealer, actor: &Actor, request: &PlanRequest) -> Outcome<Doors, PlanRefusal> {
    let id = request.sitting;
    let (sitting, canteen) = catalogue::sitting_with_canteen(conn, id)?.ok_or(Failure::NotFound(Thing::Sitting))?;
    if !actor.may(Action::Plan, Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) }) {
        return Err(Failure::Forbidden);
    }
    let strangers = no_couriers(conn, &canteen, &request.carriers)?;
    if !strangers.is_empty() {
        return Err(Failure::Refused(PlanRefusal::NotCouriersHere(strangers)));
    }
    let rows = deliveries(conn, id)?;
    let ids: Vec<OrderId> = rows.iter().map(|row| row.id.0).collect();
    let lines = orders::lines_of(conn, &ids)?;
    let (mut placed, mut unplaced) = (Vec::new(), Vec::new());
    for row in rows {
        let senior = row.senior_id.map(|Col(id)| seniors::find(conn, id)).transpose()?.flatten();
        let address = senior.as_ref().map(|s| address_of(sealer, s)).transpose()?.flatten();
        match address.and_then(|a| a.lon_e7.zip(a.lat_e7)) {
            Some((lon, lat)) => {
                let portions = lines.get(&row.id.0).map_or(1, |l| l.iter().map(|(line, _)| line.quantity).sum::<i64>());
                placed.push((row, u32::try_from(portions).unwrap_or(1).max(1), point(lon, lat)?));
            }
            None => unplaced.push(row),
        }
    }
    Ok(Doors { sitting, canteen, placed, unplaced })
}

/// Which carriers are signed in as somebody who does not deliver for the canteen, or who does not exist, which is told the same way.
fn no_couriers(conn: &mut AnyConnection, canteen: &CanteenRow, carriers: &[Carrier]) -> Result<Vec<usize>, StoreError> {
    let mut strangers = Vec::new();
    for (n, carrier) in carriers.iter().enumerate() {
        if let Some(user) = carrier.user
            && !delivers_for(conn, user, canteen)?
        {
            strangers.push(n);
        }
    }
    Ok(strangers)
}

fn deliveries(conn: &mut AnyConnection, sitting: SittingId) -> Result<Vec<OrderRow>, StoreError> {
    let mut rows = orders::of_sitting(conn, sitting, OrderState::Confirmed)?;
    rows.retain(|row| row.channel == Word(Channel::Delivery));
    Ok(rows)
}

fn search(doors: Doors, request: &PlanRequest) -> Outcome<(Doors, PlanDocument), PlanRefusal> {
    let meal_round = meal_round(&doors, &request.carriers)?;
    let settings = Settings { seed: request.seed, budget: Budget::Steps(request.steps), ..Settings::default() };
    let plan = round::plan(&meal_round, &Travel::Straight, &settings).map_err(|error| match error {
        RoundError::Faults(faults) => Failure::Refused(PlanRefusal::Faulty(vec![faults.to_string()])),
        // A plan that the independent check refuses is a defect of ours and is never stored.
        RoundError::Refused(_) => Failure::from(StoreError::Database(error.to_string())),
    })?;
    let document = document(&doors, &meal_round, &plan, request);
    Ok((doors, document))
}

fn meal_round(doors: &Doors, carriers: &[Carrier]) -> Outcome<MealRound, PlanRefusal> {
    let (date, sitting) = (doors.sitting.service_date.0, &doors.sitting);
    let (opens, closes) = (seconds_of_day(date, sitting.serve_from_at.0), seconds_of_day(date, sitting.serve_to_at.0));
    let door = |(row, portions, place): &(OrderRow, u32, Wgs84)| Door {
        key: row.id.0.to_string(),
        place: *place,
        window: Window { opens, closes },
        service: AT_THE_DOOR,
        load: Load { boxes: Boxes(*portions), ..Load::default() },
        ready_at: None,
        holding: Holding { from_departure: Some(UNDER_WAY), ..Holding::default() },
        skills: Vec::new(),
        first: false,
        usual_carrier: None,
        usual_after: None,
        price: Some(LEFT_OUT),
    };
    let carrier = |c: &Carrier| round::Carrier {
        key: c.name.clone(),
        mode: c.mode,
        capacity: Capacity { boxes: Boxes(c.boxes), hot: None, cold: None },
        shift: Window { opens: Seconds::minutes(i64::from(c.from_minute)), closes: Seconds::minutes(i64::from(c.to_minute)) },
        start: None,
        end: CarrierEnd::Canteen,
        max_trips: c.max_trips,
        skills: Vec::new(),
    };
    Ok(MealRound {
        canteen: point(doors.canteen.lon_e7, doors.canteen.lat_e7)?,
        loading: LOADING,
        // The kitchen has the boxes ready when service begins.
        ready_at: opens,
        doors: doors.placed.iter().map(door).collect(),
        carriers: carriers.iter().map(carrier).collect(),
        apart: Vec::new(),
        weights: delivery::problem::Weights::default(),
        paces: delivery::geography::Paces::default(),
    })
}

fn seconds_of_day(date: ServiceDate, at: Instant) -> Seconds {
    Seconds(at.seconds_since(Instant::from_civil(date, chrono::NaiveTime::MIN)))
}

fn document(doors: &Doors, meal_round: &MealRound, plan: &RoundPlan, request: &PlanRequest) -> PlanDocument {
    let by_key: BTreeMap<String, &OrderRow> = doors.placed.iter().map(|(row, ..)| (row.id.0.to_string(), row)).collect();
    let midnight = Instant::from_civil(doors.sitting.service_date.0, chrono::NaiveTime::MIN);
    let at = |time: Seconds| midnight.plus_seconds(time.0);
    let stops = |trip: &round::SheetTrip| {
        trip.stops.iter().filter_map(|s| by_key.get(&s.door).map(|row| (row.id.0, at(s.begins)))).collect()
    };
    let trip = |t: &round::SheetTrip| Trip {
        departs_at: at(t.departs),
        slack_s: t.slack.0,
        boxes: t.load.boxes.0,
        metres: t.metres.0,
        stops: stops(t),
    };
    let rounds = plan
        .sheets
        .iter()
        .map(|sheet| Round { carrier: sheet.carrier.clone(), trips: sheet.trips.iter().map(trip).collect() })
        .collect();
    let problem = meal_round.problem(&Travel::Straight).ok().map(|(problem, _)| problem);
    let unserved = plan.left_out.iter().filter_map(|left| {
        let row = by_key.get(&left.door)?;
        let cures = problem.as_ref().map(|p| left.cures.iter().map(|c| wording::cure(c, p.get(), Language::Zh)).collect());
        Some(LeftOut {
            order: row.id.0,
            order_no: row.order_no,
            reason_zh: wording::reason(&left.reason, Language::Zh),
            reason_en: wording::reason(&left.reason, Language::En),
            cures_zh: cures.unwrap_or_default(),
        })
    });
    let unplaced = doors.unplaced.iter().map(|row| LeftOut {
        order: row.id.0,
        order_no: row.order_no,
        reason_zh: "地址尚无坐标".to_owned(),
        reason_en: "the address has no coordinates yet".to_owned(),
        cures_zh: vec!["在地图上标注该地址，然后重新排线".to_owned()],
    });
    PlanDocument {
        rounds,
        left_out: unserved.chain(unplaced).collect(),
        metres: plan.metres.0,
        steps: plan.steps,
        seed: request.seed,
    }
}

/// Puts the plan in use; `None` when the orders to deliver are no longer those that were planned.
fn put_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    doors: &Doors,
    carriers: &[Carrier],
    document: &PlanDocument,
) -> Outcome<Option<PlanId>, PlanRefusal> {
    let (Col(sitting), Col(canteen)) = (doors.sitting.id, doors.canteen.id);
    tx.lock_canteen(canteen)?;
    let now_wanted: Vec<(OrderId, i64)> = deliveries(tx.look(), sitting)?.iter().map(|row| (row.id.0, row.version)).collect();
    let mut planned: Vec<(OrderId, i64)> =
        doors.placed.iter().map(|(row, ..)| row).chain(&doors.unplaced).map(|row| (row.id.0, row.version)).collect();
    planned.sort_unstable();
    let mut wanted = now_wanted;
    wanted.sort_unstable();
    if planned != wanted {
        return Ok(None);
    }
    let (id, now): (PlanId, _) = (tx.new_id(), tx.now());
    let stops = stop_rows(tx, id, carriers, document);
    let text = serde_json::to_string(document).map_err(|e| StoreError::Database(format!("plan: {e}")))?;
    let row = PlanRow {
        id: Col(id),
        sitting_id: Col(sitting),
        state: Word(PlanState::Current),
        plan: text,
        made_by: actor.user.map(Col),
        made_at: Col(now),
    };
    plans::put(tx.change(), &row, &stops)?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let event = Event::PlanMade { sitting, stops: count(stops.len()), left_out: count(document.left_out.len()) };
    crate::orders::view::record(tx, canteen, domain::Id::from_uuid(id.uuid()), &event, now)?;
    Ok(Some(id))
}

fn stop_rows(tx: &Tx<'_>, plan: PlanId, carriers: &[Carrier], document: &PlanDocument) -> Vec<StopRow> {
    let mut rows = Vec::new();
    for round in &document.rounds {
        let courier = carriers.iter().find(|c| c.name == round.carrier).and_then(|c| c.user);
        for (trip_no, trip) in (1..).zip(&round.trips) {
            for (position, (order, eta)) in (1..).zip(&trip.stops) {
                let id: StopId = tx.new_id();
                rows.push(StopRow {
                    id: Col(id),
                    plan_id: Col(plan),
                    order_id: Col(*order),
                    carrier: round.carrier.clone(),
                    courier_id: courier.map(Col),
                    trip_no,
                    position,
                    eta_at: Col(*eta),
                    outcome: None,
                    happened_at: None,
                });
            }
        }
    }
    rows
}
