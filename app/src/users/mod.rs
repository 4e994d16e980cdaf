//! Staff users and their rights, managed by administrators within their own scope.

pub mod grants;
pub mod manage;

use crate::failure::{Failure, Outcome, Thing};
use domain::PlaceCode;
use domain::access::{Action, Actor, Where};
use domain::id::UserId;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::people::{GrantRow, UserRow};
use store::query::users;

/// A user with the grants that lie in the reader's scope.
#[derive(Debug, Clone)]
pub struct StaffUser {
    /// The user.
    pub user: UserRow,
    /// Grants in scope, revoked ones too.
    pub grants: Vec<GrantRow>,
}

/// Why a change of users or rights is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserRefusal {
    /// The login is taken.
    LoginTaken,
    /// No such place is known; import it first.
    PlaceUnknown,
    /// The canteen is not in the place that the right is given for.
    CanteenElsewhere,
    /// The role is held at a canteen, and none is named.
    CanteenNeeded,
    /// Nobody changes their own rights or blocks themselves: it takes another administrator.
    OwnAccount,
    /// More rights than a user may have.
    TooManyGrants,
    /// It was revoked before.
    AlreadyRevoked,
    /// The same right is in force already.
    AlreadyGranted,
}

/// Rights in force that one user may have: each is compared at every request.
pub const GRANTS_MAX: usize = 50;

/// Whether the actor administers users at a place.
fn administers(actor: &Actor, place: &PlaceCode) -> bool {
    actor.may(Action::EditUsers, Where { place, canteen: None })
}

/// A user the actor can see: one who has or had a right in the actor's scope.
fn seen(conn: &mut AnyConnection, actor: &Actor, id: UserId) -> Result<Option<StaffUser>, StoreError> {
    let Some(user) = users::find(conn, id)? else { return Ok(None) };
    let mut grants = users::grants(conn, id)?;
    grants.retain(|grant| administers(actor, &grant.place_code.0));
    Ok((!grants.is_empty()).then_some(StaffUser { user, grants }))
}

/// A user the actor may block or give a new password: all rights in force lie in the actor's scope. Otherwise the
/// administrator of a street could take over an account of the city that also has a right in the street.
fn managed<R>(conn: &mut AnyConnection, actor: &Actor, id: UserId) -> Outcome<UserRow, R> {
    let found = seen(conn, actor, id)?.ok_or(Failure::NotFound(Thing::User))?;
    let all = users::grants(conn, id)?;
    let whole = all.iter().filter(|g| g.revoked_at.is_none()).all(|g| administers(actor, &g.place_code.0));
    if whole { Ok(found.user) } else { Err(Failure::Forbidden) }
}

/// The place a record about a user belongs to: that of one of the rights the actor sees.
fn place_of(conn: &mut AnyConnection, actor: &Actor, id: UserId) -> Result<Option<PlaceCode>, StoreError> {
    Ok(seen(conn, actor, id)?.and_then(|found| found.grants.into_iter().next_back()).map(|grant| {
        let Col(place) = grant.place_code;
        place
    }))
}
