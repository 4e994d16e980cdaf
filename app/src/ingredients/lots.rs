//! Looking at lots.

use super::IngredientRefusal as Refusal;
use super::access::canteen_for;
use super::view::LotView;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use domain::access::{Action, Actor};
use domain::food_safety::SettingKey;
use domain::id::{CanteenId, LotId};
use std::sync::Arc;
use store::query::ingredients::{self, LotFilter};

/// One lot with its papers.
pub async fn find(app: &App, actor: Arc<Actor>, id: LotId) -> Outcome<LotView, Refusal> {
    app.store
        .read("lot", move |conn| {
            let lot = ingredients::lot(conn, id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            canteen_for(conn, &actor, lot.canteen_id.0, Action::SeeTrace, Thing::Lot)?;
            let vouchers = ingredients::vouchers(conn, id)?;
            Ok(LotView::of(lot, vouchers))
        })
        .await
}

/// A canteen's lots, a page of them, oldest first.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    filter: LotFilter,
    limit: i64,
) -> Outcome<Vec<LotView>, Refusal> {
    app.store
        .read("lots", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            let rows = ingredients::lots(conn, canteen, &filter, limit)?;
            Ok(rows.into_iter().map(|row| LotView::of(row, Vec::new())).collect())
        })
        .await
}

/// Lots in stock that have expired or will within the warning time of the settings, a page of them.
pub async fn expiring(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    after: Option<LotId>,
    limit: i64,
) -> Outcome<Vec<LotView>, Refusal> {
    let (shelf, today) = (app.food_safety.clone(), app.clock.now().civil_date());
    app.store
        .read("expiring_lots", move |conn| {
            let place = canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?.place_code.0;
            let days = shelf.in_force(&place, today)?.value(SettingKey::ExpiryWarning).unwrap_or(0);
            let last = today.plus_days(i32::try_from(days).unwrap_or(0));
            let filter = LotFilter { in_stock: true, expires_by: Some(last), after, ..LotFilter::default() };
            Ok(ingredients::lots(conn, canteen, &filter, limit)?.into_iter().map(|row| LotView::of(row, Vec::new())).collect())
        })
        .await
}
