//! The load sheets of a plan: what each courier takes along, trip by trip.

use super::{PrintRefusal, Printed, heading, number, record, rendered};
use crate::App;
use crate::failure::{Failure, Outcome};
use crate::plans::look::{self, PlanView, StopView};
use domain::access::Actor;
use domain::diet::{PortionSize, Texture};
use domain::id::PlanId;
use domain::order::OrderState;
use domain::{Fen, Instant};
use print::{LoadSheets, StopLoad, TripLoad};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::query::prints::PrintKind;

/// Prints the sheets and puts them on record.
pub async fn print(app: &App, actor: Arc<Actor>, plan: PlanId) -> Outcome<Vec<u8>, PrintRefusal> {
    let view =
        look::load_sheets(app, actor.clone(), plan).await.map_err(|failure| failure.map::<PrintRefusal>(|never| match never {}))?;
    let orders: BTreeMap<_, _> = view.stops.iter().map(|stop| (stop.order.order, stop.order.version)).collect();
    let sitting = view.sitting.id.0;
    let sheets = sheets(&view, app.clock.now());
    let file = rendered(move || sheets.pdf()).await?;
    let orders = orders.into_iter().collect();
    record(app, actor, Printed { kind: PrintKind::Load, sitting, plan: Some(plan), orders }).await?;
    Ok::<_, Failure<PrintRefusal>>(file)
}

fn sheets(view: &PlanView, printed_at: Instant) -> LoadSheets {
    let mut trips: BTreeMap<(&str, i64), Vec<StopLoad>> = BTreeMap::new();
    for stop in &view.stops {
        trips.entry((&stop.carrier, stop.trip_no)).or_default().push(load(stop));
    }
    let trip = |((carrier, trip_no), stops): ((&str, i64), Vec<StopLoad>)| TripLoad {
        courier: carrier.to_owned(),
        trip: number(trip_no),
        leaves_at: leaves_at(view, carrier, trip_no),
        stops,
    };
    LoadSheets { heading: heading(&view.sitting, &view.canteen), printed_at, trips: trips.into_iter().map(trip).collect() }
}

fn leaves_at(view: &PlanView, carrier: &str, trip_no: i64) -> Option<Instant> {
    let round = view.document.rounds.iter().find(|round| round.carrier == carrier)?;
    let index = usize::try_from(trip_no.checked_sub(1)?).ok()?;
    round.trips.get(index).map(|trip| trip.departs_at)
}

/// An order that was cancelled after the plan was made keeps its row, so that a box that is packed already is found and left behind.
fn load(stop: &StopView) -> StopLoad {
    let order = &stop.order;
    let cancelled = order.state == OrderState::Cancelled;
    let boxes = order.lines.iter().map(|line| line.quantity).sum();
    StopLoad {
        stop: number(stop.position),
        order_no: order.order_no,
        masked_name: order.masked_name.clone(),
        boxes: if cancelled { 0 } else { boxes },
        collect: if cancelled { Fen::ZERO } else { order.totals.self_pay_fen },
        note: if cancelled { "已取消，不要装车".to_owned() } else { note(stop) },
    }
}

/// Textures and exceptions, and whether there are any, since boxes are told apart by them; then the word from the order.
fn note(stop: &StopView) -> String {
    let mut parts: Vec<String> = Vec::new();
    for texture in [Texture::Soft, Texture::Pureed] {
        if stop.order.lines.iter().any(|line| line.texture == texture) {
            parts.push(texture.name_zh().to_owned());
        }
    }
    for size in [PortionSize::Small, PortionSize::Large] {
        if stop.order.lines.iter().any(|line| line.size == size) {
            parts.push(format!("有{}", size.name_zh()));
        }
    }
    if stop.order.lines.iter().any(|line| !line.exceptions.is_empty()) {
        parts.push("有特殊要求，见标签".to_owned());
    }
    if !stop.order.note.trim().is_empty() {
        parts.push(stop.order.note.clone());
    }
    parts.join("；")
}
