//! Order again: the same dishes at another sitting, in one call.

use super::load::visible;
use super::place::place_in;
use super::view::OrderAnswer;
use super::{LineRequest, OrderRequest, PlaceRefusal};
use crate::App;
use crate::failure::{Failure, Outcome};
use crate::idempotency::RequestKey;
use crate::jobs::notify;
use crate::lanes;
use domain::access::Actor;
use domain::id::{OrderId, SittingId};
use domain::notice::NoticeEvent;
use domain::ordering::OrderRefusal;
use std::sync::Arc;
use store::Tx;
use store::column::Col;
use store::query::rows::{OrderLineRow, OrderRow};
use store::query::{catalogue, orders};

/// Places the same dishes for the same senior at another sitting.
pub async fn again(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    of: OrderId,
    sitting: SittingId,
) -> Outcome<OrderAnswer, PlaceRefusal> {
    let lookup = app.orders.lookup().clone();
    let lane = lanes::of_sitting(app, sitting).await?;
    let telling = app.telling();
    app.store
        .write(lane, "order_again", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let order = visible(tx.look(), &actor, of)?;
            let lines: Vec<OrderLineRow> = orders::lines(tx.look(), of)?.into_iter().map(|(line, _)| line).collect();
            let request = same_at(tx, &order, &lines, sitting)?;
            let answer = place_in(tx, &lookup, &actor, &request, None)?;
            notify::order(tx, telling, &actor, &answer.order, NoticeEvent::OrderPlaced)?;
            key.keep_answer(tx, &answer, answer.order.accepted_at)?;
            Ok(answer)
        })
        .await
}

fn same_at(tx: &mut Tx<'_>, order: &OrderRow, lines: &[OrderLineRow], sitting: SittingId) -> Outcome<OrderRequest, PlaceRefusal> {
    let menu = catalogue::menu(tx.look(), sitting)?;
    let mut wanted = Vec::with_capacity(lines.len());
    let mut missing = Vec::new();
    for line in lines {
        let Some((item, _)) = menu.iter().find(|(item, _)| item.dish_id == line.dish_id) else {
            missing.push(OrderRefusal::NotOnMenu { item: line.menu_item_id.0 });
            continue;
        };
        // The column's CHECK keeps the quantity between 1 and 20.
        let quantity = u32::try_from(line.quantity).unwrap_or(1);
        let (texture, size) = (Some(line.texture.0), Some(line.size.0));
        wanted.push(LineRequest { item: item.id.0, quantity, texture, size, override_reason: None });
    }
    if !missing.is_empty() {
        return Err(Failure::Refused(PlaceRefusal::Rules(missing)));
    }
    Ok(OrderRequest {
        sitting,
        senior: order.senior_id.map(|Col(id)| id),
        lines: wanted,
        channel: order.channel.0,
        note: order.note.clone(),
        reason: None,
        expected_self_pay_fen: None,
    })
}
