//! The demand set of a sitting: who eats what, and who was left out and why. Count, labels, sheets and claims derive from it and
//! from nothing else, so that nobody is on one list and missing from another.

use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::orders::load::address_of;
use crate::orders::view;
use domain::access::{Action, Actor, Where};
use domain::event::OrderView;
use domain::id::{SeniorId, SittingId};
use domain::order::OrderState;
use domain::standing::SkipReason;
use domain::{Channel, person::mask};
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::catalogue::{CanteenRow, SittingRow};
use store::query::{catalogue, orders, seniors, standing};
use store::seal::Sealer;

/// Everything that is to be cooked, handed over and brought at one sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Confirmed and served orders, by number.
    pub orders: Vec<OrderView>,
    /// Orders to deliver whose address has no coordinates: they are cooked, and on no route until the address is placed.
    pub unplaced: Vec<OrderView>,
    /// Seniors whose standing order has no meal here, and why.
    pub left_out: Vec<LeftOut>,
}

/// Someone who will not eat, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Who.
    pub senior: SeniorId,
    /// `张*`
    pub masked_name: String,
    /// Why.
    pub reason: SkipReason,
}

/// Who sees a sitting's demand: with any one of these rights at its canteen.
pub const SEEN_BY: [Action; 3] = [Action::Kitchen, Action::Plan, Action::SeeOrders];

/// The demand of a sitting, for those who cook, deliver or answer for it.
pub async fn demand(app: &App, actor: Arc<Actor>, sitting: SittingId) -> Outcome<Demand, Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("demand", move |conn| {
            let (row, canteen) = catalogue::sitting_with_canteen(conn, sitting)?.ok_or(Failure::NotFound(Thing::Sitting))?;
            let at = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
            if !SEEN_BY.iter().any(|action| actor.may(*action, at)) {
                return Err(Failure::Forbidden);
            }
            Ok(load(conn, &sealer, &row, &canteen)?)
        })
        .await
}

/// Loads the demand set; for use cases that have checked the right already.
pub fn load(conn: &mut AnyConnection, sealer: &Sealer, sitting: &SittingRow, canteen: &CanteenRow) -> Result<Demand, StoreError> {
    let mut rows = orders::of_sitting(conn, sitting.id.0, OrderState::Confirmed)?;
    rows.extend(orders::of_sitting(conn, sitting.id.0, OrderState::Served)?);
    rows.sort_by_key(|row| row.order_no);
    let ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
    let mut lines = orders::lines_of(conn, &ids)?;
    let views: Vec<OrderView> = rows.iter().map(|row| view::of(row, &lines.remove(&row.id.0).unwrap_or_default())).collect();
    let mut unplaced = Vec::new();
    for order in views.iter().filter(|order| order.channel == Channel::Delivery) {
        let senior = order.senior.map(|id| seniors::find(conn, id)).transpose()?.flatten();
        let address = senior.as_ref().map(|s| address_of(sealer, s)).transpose()?.flatten();
        if address.is_none_or(|a| a.lon_e7.is_none() || a.lat_e7.is_none()) {
            unplaced.push(order.clone());
        }
    }
    let mut left_out = Vec::new();
    for (senior, reason) in standing::left_out(conn, canteen.id.0, sitting.service_date.0, sitting.meal.0)? {
        let name = seniors::find(conn, senior)?.map_or_else(String::new, |s| mask::name(&s.name));
        left_out.push(LeftOut { senior, masked_name: name, reason });
    }
    Ok(Demand { orders: views, unplaced, left_out })
}
