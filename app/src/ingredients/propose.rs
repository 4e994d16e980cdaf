//! Which lots to take for a need: first expired, first out.

use super::IngredientRefusal as Refusal;
use super::access::canteen_for;
use crate::App;
use crate::failure::{Outcome, Thing};
use domain::access::{Action, Actor};
use domain::id::{CanteenId, IngredientId};
use domain::lot::{AmountUnit, LotFacts, Proposal, first_expired_first_out};
use std::sync::Arc;
use store::query::ingredients::{self, LotRow};

/// Lots of one ingredient looked at; a kitchen with more than this in stock has another problem.
pub(crate) const LOTS_MAX: i64 = 200;

/// A lot as the rules of its use see it.
#[must_use]
pub(crate) fn facts(row: &LotRow) -> LotFacts {
    LotFacts { lot: row.id.0, state: row.state.0, expires_on: row.expires_on.map(|d| d.0), stock: row.stock }
}

/// Proposes lots of an ingredient for an amount, to be used today.
pub async fn propose(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    ingredient: IngredientId,
    unit: AmountUnit,
    amount: i64,
) -> Outcome<Proposal, Refusal> {
    let today = app.clock.now().civil_date();
    app.store
        .read("propose_lots", move |conn| {
            canteen_for(conn, &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?;
            let lots = ingredients::stock_of(conn, canteen, ingredient, unit, LOTS_MAX)?;
            Ok(first_expired_first_out(&lots.iter().map(facts).collect::<Vec<_>>(), amount, today))
        })
        .await
}
