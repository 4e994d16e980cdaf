//! The count of a sitting, from the demand set and nothing else.

use super::board;
use super::real::{self, DishToday};
use crate::App;
use crate::demand::{self, Demand, LeftOut, Unfit, Without};
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor, Where};
use domain::id::{DishId, SittingId};
use domain::kitchen::Count;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::catalogue::{self, CanteenRow, SittingRow};
use store::seal::Sealer;

/// The count with who is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SittingCount {
    /// How many of what, for whom.
    pub count: Count,
    /// Seniors whose standing order has no meal here, and why.
    pub left_out: Vec<LeftOut>,
    /// Who cannot eat what they ordered as it is really made, and nobody answers for it.
    pub unfit: Vec<Unfit>,
    /// Who goes without a dish of which too little was made.
    pub without: Vec<Without>,
    /// What the dishes of the menu are really made of, and whether somebody confirmed that.
    pub made_of: BTreeMap<DishId, DishToday>,
}

/// Counts a sitting.
pub async fn count(app: &App, actor: Arc<Actor>, sitting: SittingId) -> Outcome<SittingCount, Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("kitchen_count", move |conn| {
            let (row, canteen) = sitting_for(conn, &actor, sitting)?;
            let (count, demand) = counted(conn, &sealer, &row, &canteen)?;
            let made_of = real::today(conn, sitting)?.into_iter().map(|of| (of.dish, of)).collect();
            Ok(SittingCount { count, left_out: demand.left_out, unfit: demand.unfit, without: demand.without, made_of })
        })
        .await
}

/// A sitting with its canteen, for who is of its kitchen.
pub(crate) fn sitting_for<R>(conn: &mut AnyConnection, actor: &Actor, id: SittingId) -> Outcome<(SittingRow, CanteenRow), R> {
    let (sitting, canteen) = catalogue::sitting_with_canteen(conn, id)?.ok_or(Failure::NotFound(Thing::Sitting))?;
    let at = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
    if !actor.may(Action::Kitchen, at) {
        let known = actor.may(Action::SeeCatalogue, at);
        return Err(if known { Failure::Forbidden } else { Failure::NotFound(Thing::Sitting) });
    }
    Ok((sitting, canteen))
}

/// The count of a sitting with the demand set that was counted.
pub(crate) fn counted(
    conn: &mut AnyConnection,
    sealer: &Sealer,
    sitting: &SittingRow,
    canteen: &CanteenRow,
) -> Result<(Count, Demand), StoreError> {
    let whole = board::read(conn, sitting.id.0)?;
    Ok((whole.count(), demand::of(conn, sealer, (sitting, canteen), whole)?))
}
