//! Labels of a sitting's orders: all of them, those that are due, or some by number.
//!
//! The file is made before the run is put on record, with no transaction open, and the run is only recorded when no other was
//! recorded meanwhile: otherwise two people who print at once would both hold a first print of one order.

use super::clock::Clock;
use super::{PrintRefusal, Printed, heading, number, put, rendered};
use crate::App;
use crate::demand;
use crate::failure::{Failure, Outcome};
use crate::idempotency::RequestKey;
use crate::ingredients::rules::RuleShelf;
use crate::kitchen::count::sitting_for;
use crate::lanes;
use domain::access::Actor;
use domain::diet::PortionSize;
use domain::event::OrderView;
use domain::id::{OrderId, PrintRunId, SittingId};
use print::{Label, LabelLine, Labels, Paper, RouteStop};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::prints::PrintKind;
use store::query::{plans, prints};
use store::seal::Sealer;

/// Which orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "numbers", rename_all = "snake_case")]
pub enum Selection {
    /// Every order of the demand.
    All,
    /// Those without a label, and those that changed since theirs was printed.
    Unprinted,
    /// These numbers.
    Orders(Vec<i64>),
}

/// What to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRequest {
    /// Of which sitting.
    pub sitting: SittingId,
    /// On what.
    pub paper: Paper,
    /// Which orders.
    pub selection: Selection,
    /// Where the canteen's public page is reached, as `https://canteen.example.cn`; the label's code leads there. None, no code.
    pub site: Option<String>,
}

/// Others may print meanwhile so many times.
const TRIES: u32 = 5;

/// Prints labels. A request that comes again under its key gets the labels of the same orders, as they are now, and is no new print.
pub async fn print(app: &App, actor: Arc<Actor>, key: RequestKey, request: LabelRequest) -> Outcome<Vec<u8>, PrintRefusal> {
    for _ in 0..TRIES {
        let (sealer, shelf, by) = (app.store.sealer().clone(), app.food_safety.clone(), actor.clone());
        let (asked, wanted) = (request.clone(), key.clone());
        let chosen = app
            .store
            .read("labels", move |conn| {
                let earlier = wanted.answer_seen(conn)?;
                choose(conn, &sealer, &shelf, &by, &asked, earlier)
            })
            .await?;
        let Chosen { labels, run_no, earlier, orders } = chosen;
        let paper = request.paper;
        let file = rendered(move || labels.pdf(paper)).await?;
        if earlier {
            return Ok(file);
        }
        let printed = Printed { kind: PrintKind::Labels, sitting: request.sitting, plan: None, orders };
        let (by, key) = (actor.clone(), key.clone());
        let recorded = app
            .store
            .write(lanes::of_sitting(app, request.sitting).await?, "print_labels", move |tx| {
                // The same request was ahead of this one, or another run: the next turn sees it.
                let ahead = key.earlier_answer::<PrintRunId, PrintRefusal>(tx)?.is_some();
                if ahead || prints::last_run(tx.look(), printed.sitting)? + 1 != run_no {
                    return Ok(false);
                }
                let id = put(tx, &by, &printed, run_no)?;
                key.keep_answer::<PrintRefusal>(tx, &id, tx.now())?;
                Ok::<_, Failure<PrintRefusal>>(true)
            })
            .await?;
        if recorded {
            return Ok(file);
        }
    }
    Err(Failure::Refused(PrintRefusal::Busy))
}

/// What is printed, and as which run.
struct Chosen {
    labels: Labels,
    run_no: i64,
    /// It was printed and recorded before.
    earlier: bool,
    orders: Vec<(OrderId, i64)>,
}

fn choose(
    conn: &mut AnyConnection,
    sealer: &Sealer,
    shelf: &RuleShelf,
    actor: &Actor,
    request: &LabelRequest,
    earlier: Option<PrintRunId>,
) -> Outcome<Chosen, PrintRefusal> {
    let (sitting, canteen) = sitting_for(conn, actor, request.sitting)?;
    let mut orders = demand::load(conn, sealer, &sitting, &canteen)?.orders;
    let run_no = match earlier {
        Some(id) => prints::find(conn, id)?.map_or(0, |run| run.run_no),
        None => prints::last_run(conn, request.sitting)? + 1,
    };
    let before = prints_before(conn, request.sitting, run_no)?;
    match earlier {
        Some(id) => {
            let printed: BTreeSet<OrderId> = prints::printed(conn, id)?.into_iter().map(|row| row.order_id.0).collect();
            orders.retain(|order| printed.contains(&order.order));
        }
        None => select(&mut orders, &request.selection, &before)?,
    }
    if orders.is_empty() {
        return Err(PrintRefusal::NothingToPrint.into());
    }
    let (clock, stops) = (Clock::of(conn, shelf, request.sitting)?, stops(conn, request.sitting)?);
    let link = request.site.as_ref().map(|site| format!("{site}/public/canteens/{}", canteen.code));
    let label = |order: &OrderView| Label {
        order_no: order.order_no,
        masked_name: order.masked_name.clone(),
        channel: order.channel,
        stop: stops.get(&order.order).cloned(),
        lines: order.lines.iter().map(line).collect(),
        eat_by: clock.eat_by(order),
        link: link.clone(),
        reprint: before.get(&order.order).and_then(|(times, _)| NonZeroU32::new(*times)),
    };
    Ok(Chosen {
        labels: Labels { heading: heading(&sitting, &canteen), labels: orders.iter().map(label).collect() },
        run_no,
        earlier: earlier.is_some(),
        orders: orders.iter().map(|order| (order.order, order.version)).collect(),
    })
}

/// How often an order's label was printed before a run, and with which version last.
type Before = BTreeMap<OrderId, (u32, i64)>;

fn prints_before(conn: &mut AnyConnection, sitting: SittingId, run_no: i64) -> Result<Before, StoreError> {
    let mut before = Before::new();
    for (order, version) in prints::labels_before(conn, sitting, run_no)? {
        let known = before.entry(order).or_default();
        *known = (known.0 + 1, version);
    }
    Ok(before)
}

fn select(orders: &mut Vec<OrderView>, selection: &Selection, before: &Before) -> Result<(), PrintRefusal> {
    match selection {
        Selection::All => {}
        Selection::Unprinted => {
            orders.retain(|order| before.get(&order.order).is_none_or(|(_, version)| *version != order.version))
        }
        Selection::Orders(numbers) => {
            let known: BTreeSet<i64> = orders.iter().map(|order| order.order_no).collect();
            let unknown: BTreeSet<i64> = numbers.iter().copied().filter(|no| !known.contains(no)).collect();
            if !unknown.is_empty() {
                return Err(PrintRefusal::NotInDemand(unknown.into_iter().collect()));
            }
            orders.retain(|order| numbers.contains(&order.order_no));
        }
    }
    Ok(())
}

fn line(of: &domain::event::LineView) -> LabelLine {
    let dish = match of.size {
        PortionSize::Regular => of.name.clone(),
        other => format!("{}（{}）", of.name, other.name_zh()),
    };
    LabelLine { dish, quantity: of.quantity, texture: of.texture, exceptions: of.exceptions.clone() }
}

/// Route and stop of each order on the plan in use.
fn stops(conn: &mut AnyConnection, sitting: SittingId) -> Result<BTreeMap<OrderId, RouteStop>, StoreError> {
    let Some(plan) = plans::current(conn, sitting)? else { return Ok(BTreeMap::new()) };
    let stops = plans::stops(conn, plan.id.0)?.into_iter();
    let stop = |row: plans::StopRow| {
        (row.order_id.0, RouteStop { route: row.carrier, trip: number(row.trip_no), stop: number(row.position) })
    };
    Ok(stops.map(stop).collect())
}
