//! Who may order for whom, and how the order then came in.

use crate::failure::{Failure, Outcome, Thing};
use domain::access::{Action, Actor, FamilyScope, Role, Where};
use domain::order::{Standing, Via};
use domain::place::PlaceLevel;
use store::column::Col;
use store::query::catalogue::CanteenRow;
use store::query::seniors::SeniorRow;

/// The way in and the standing of somebody who may order; not found for whom the senior is out of scope.
pub fn to_order<R>(actor: &Actor, senior: Option<&SeniorRow>, canteen: &CanteenRow) -> Outcome<(Via, Standing), R> {
    let at_canteen = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
    let Some(senior) = senior else {
        let allowed = actor.may(Action::SellAtCounter, at_canteen);
        return if allowed { Ok((Via::Counter, Standing::Ordinary)) } else { Err(Failure::Forbidden) };
    };
    let Col(id) = senior.id;
    let at_home = Where { place: &senior.resident_place.0, canteen: None };
    // A canteen serves who lives in its district, as far as its counter finds people; "anyone in their place" is no wider.
    let district = canteen.place_code.0.at_level(PlaceLevel::District);
    let near = district.is_none_or(|district| district.contains(&senior.resident_place.0));
    let places: Vec<Where<'_>> = [Some(at_home), near.then_some(at_canteen)].into_iter().flatten().collect();
    let late = places.iter().any(|at| actor.may(Action::OrderLate, *at));
    let family = actor.may_for(FamilyScope::Order, id);
    // Who is family and staff acts as family, unless their office lets them do more.
    if family && !late {
        return Ok((Via::MiniProgram, Standing::Ordinary));
    }
    if !late && !places.iter().any(|at| actor.may(Action::Order, *at)) {
        let known = actor.may_for(FamilyScope::See, id) || actor.may(Action::SeeSeniors, at_home);
        return Err(if known { Failure::Forbidden } else { Failure::NotFound(Thing::Senior(id)) });
    }
    Ok((way_in(actor, &places), if late { Standing::Entitled } else { Standing::Ordinary }))
}

fn way_in(actor: &Actor, places: &[Where<'_>]) -> Via {
    let roles: Vec<Role> = places.iter().flat_map(|at| actor.roles_for(Action::Order, *at)).collect();
    let has = |role| roles.contains(&role);
    if actor.device.is_some() || has(Role::Counter) || has(Role::CanteenManager) {
        Via::Counter
    } else if has(Role::Hotline) {
        Via::Hotline
    } else {
        Via::Worker
    }
}

/// Whether the actor may see an order of this senior at this canteen.
#[must_use]
pub fn may_see(actor: &Actor, senior: Option<&SeniorRow>, canteen: &CanteenRow) -> bool {
    let at_canteen = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
    actor.may(Action::SeeOrders, at_canteen)
        || senior.is_some_and(|s| {
            actor.may_for(FamilyScope::See, s.id.0)
                || actor.may(Action::SeeOrders, Where { place: &s.resident_place.0, canteen: None })
        })
}

/// Who may not see the senior may not see the order either.
pub fn order_out_of_sight<R>(failure: Failure<R>) -> Failure<R> {
    match failure {
        Failure::NotFound(_) => Failure::NotFound(Thing::Order),
        other => other,
    }
}
