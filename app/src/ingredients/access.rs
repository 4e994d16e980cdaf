//! Who may do something at a canteen.

use crate::failure::{Failure, Outcome, Thing};
use domain::access::{Action, Actor, Where};
use domain::id::{CanteenId, UserId};
use store::conn::AnyConnection;
use store::query::catalogue::{self, CanteenRow};

/// The canteen, when the actor may do this there. `hidden` is what is not found by somebody outside its scope: the canteen
/// itself, or the lot or batch that they named.
pub fn canteen_for<R>(
    conn: &mut AnyConnection,
    actor: &Actor,
    id: CanteenId,
    action: Action,
    hidden: Thing,
) -> Outcome<CanteenRow, R> {
    let canteen = catalogue::canteen(conn, id)?.ok_or(Failure::NotFound(hidden))?;
    let at = Where { place: &canteen.place_code.0, canteen: Some(id) };
    match actor.may(action, at) {
        true => Ok(canteen),
        false if actor.may(Action::SeeCatalogue, at) => Err(Failure::Forbidden),
        false => Err(Failure::NotFound(hidden)),
    }
}

/// The person who signs a record. A shared device signs nothing: food-safety records name a person.
pub fn signer<R>(actor: &Actor) -> Outcome<UserId, R> {
    actor.user.ok_or(Failure::Forbidden)
}
