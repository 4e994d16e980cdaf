//! The production sheet of a sitting: the one count, on paper.

use super::{PrintRefusal, Printed, heading, record, rendered};
use crate::App;
use crate::failure::{Failure, Outcome};
use crate::kitchen::count::{counted, sitting_for};
use crate::kitchen::real;
use domain::access::Actor;
use domain::diet::PortionSize;
use domain::id::{DishId, SittingId};
use domain::kitchen::DishCount;
use print::{DishPortions, NotCounted, PartPortions, ProductionSheet};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::query::prints::PrintKind;

/// Prints the sheet and puts it on record.
pub async fn print(app: &App, actor: Arc<Actor>, sitting: SittingId) -> Outcome<Vec<u8>, PrintRefusal> {
    let (sealer, by, now) = (app.store.sealer().clone(), actor.clone(), app.clock.now());
    let (sheet, orders) = app
        .store
        .read("production_sheet", move |conn| {
            let (row, canteen) = sitting_for(conn, &by, sitting)?;
            let (count, demand) = counted(conn, &sealer, &row, &canteen)?;
            let orders: Vec<_> = demand.orders.iter().map(|order| (order.order, order.version)).collect();
            let confirmed: BTreeSet<DishId> =
                real::today(conn, sitting)?.into_iter().filter(|of| of.confirmed.is_some()).map(|of| of.dish).collect();
            let unfit = demand
                .unfit
                .into_iter()
                .map(|one| NotCounted { masked_name: format!("{:03} {}", one.order_no, one.masked_name), reason: one.advice_zh() });
            let without = demand
                .without
                .into_iter()
                .map(|one| NotCounted { masked_name: format!("{:03} {}", one.order_no, one.masked_name), reason: one.advice_zh() });
            let left_out = demand
                .left_out
                .into_iter()
                .map(|one| NotCounted { masked_name: one.masked_name, reason: one.reason.advice_zh().to_owned() });
            let sheet = ProductionSheet {
                heading: heading(&row, &canteen),
                printed_at: now,
                orders: u64::try_from(count.orders).unwrap_or(u64::MAX),
                dishes: count.dishes.into_iter().map(|of| dish(of, &confirmed)).collect(),
                left_out: without.chain(unfit).chain(left_out).collect(),
            };
            Ok::<_, Failure<PrintRefusal>>((sheet, orders))
        })
        .await?;
    let file = rendered(move || sheet.pdf()).await?;
    record(app, actor, Printed { kind: PrintKind::Production, sitting, plan: None, orders }).await?;
    Ok(file)
}

/// A dish whose ingredients nobody confirmed says so: its groups are those of the recipe.
fn dish(of: DishCount, confirmed: &BTreeSet<DishId>) -> DishPortions {
    let part = |part: domain::kitchen::TextureCount| PartPortions {
        texture: part.texture,
        size: (part.size != PortionSize::Regular).then(|| part.size.name_zh().to_owned()),
        plain: part.plain,
        groups: part.groups,
    };
    let name = if confirmed.contains(&of.dish) { of.name } else { format!("{}（用料未确认）", of.name) };
    DishPortions { dish: name, parts: of.textures.into_iter().map(part).collect() }
}
