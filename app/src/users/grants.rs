//! Rights: given only within the giver's own scope, never to oneself, revoked at once, all of it audited.

use super::{GRANTS_MAX, UserRefusal, administers, seen};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::PlaceCode;
use domain::access::{Actor, Role};
use domain::audit::AuditAction;
use domain::id::{CanteenId, GrantId, UserId};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::people::GrantRow;
use store::query::{catalogue, users};
use store::{LaneKey, Tx};

/// A right to give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewGrant {
    /// What.
    pub role: Role,
    /// Where: this place and all below.
    pub place: PlaceCode,
    /// Only at this canteen, for canteen staff.
    pub canteen: Option<CanteenId>,
}

/// Whether the actor may give it, and whether it makes sense.
pub(super) fn check_grant(conn: &mut AnyConnection, actor: &Actor, new: &NewGrant) -> Outcome<(), UserRefusal> {
    if !administers(actor, &new.place) {
        return Err(Failure::NotFound(Thing::Place));
    }
    if !users::place_exists(conn, &new.place)? {
        return Err(Failure::Refused(UserRefusal::PlaceUnknown));
    }
    let Some(canteen) = new.canteen else {
        return if new.role.is_of_a_canteen() { Err(Failure::Refused(UserRefusal::CanteenNeeded)) } else { Ok(()) };
    };
    let known = catalogue::canteen(conn, canteen)?.filter(|c| administers(actor, &c.place_code.0));
    let canteen = known.ok_or(Failure::NotFound(Thing::Canteen(canteen)))?;
    if new.place.contains(&canteen.place_code.0) { Ok(()) } else { Err(Failure::Refused(UserRefusal::CanteenElsewhere)) }
}

/// The row of a right that was checked.
pub(super) fn grant_row(tx: &Tx<'_>, actor: &Actor, user: UserId, new: &NewGrant) -> GrantRow {
    GrantRow {
        id: Col(tx.new_id()),
        user_id: Col(user),
        role: Word(new.role),
        place_code: Col(new.place.clone()),
        canteen_id: new.canteen.map(Col),
        granted_by: actor.user.map(Col),
        granted_at: Col(tx.now()),
        revoked_at: None,
    }
}

/// Gives a user a right.
pub async fn give(app: &App, actor: Arc<Actor>, key: RequestKey, user: UserId, new: NewGrant) -> Outcome<GrantId, UserRefusal> {
    app.store
        .write(LaneKey::of(user), "give_grant", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let id = give_in(tx, &actor, user, &new)?;
            key.keep_answer(tx, &id, tx.now())?;
            Ok(id)
        })
        .await
}

fn give_in(tx: &mut Tx<'_>, actor: &Actor, user: UserId, new: &NewGrant) -> Outcome<GrantId, UserRefusal> {
    seen(tx.look(), actor, user)?.ok_or(Failure::NotFound(Thing::User))?;
    if actor.user == Some(user) {
        return Err(Failure::Refused(UserRefusal::OwnAccount));
    }
    check_grant(tx.look(), actor, new)?;
    let mut in_force = users::grants(tx.look(), user)?;
    in_force.retain(|grant| grant.revoked_at.is_none());
    if in_force.len() >= GRANTS_MAX {
        return Err(Failure::Refused(UserRefusal::TooManyGrants));
    }
    let same = |g: &GrantRow| g.role.0 == new.role && g.place_code.0 == new.place && g.canteen_id == new.canteen.map(Col);
    if in_force.iter().any(same) {
        return Err(Failure::Refused(UserRefusal::AlreadyGranted));
    }
    let row = grant_row(tx, actor, user, new);
    users::insert_grant(tx.change(), &row)?;
    let detail = json!({ "grant": row.id.0, "role": new.role, "canteen": new.canteen });
    audit::record(tx, actor, AuditAction::GrantGiven, user, Some(&new.place), &detail);
    Ok(row.id.0)
}

/// Takes a right back. It is gone from the next request on: rights are read from the database each time.
pub async fn revoke(app: &App, actor: Arc<Actor>, user: UserId, grant: GrantId) -> Outcome<(), UserRefusal> {
    app.store
        .write(LaneKey::of(user), "revoke_grant", move |tx| {
            let row = users::grant(tx.look(), grant)?.filter(|row| row.user_id == Col(user));
            let row = row.filter(|row| administers(&actor, &row.place_code.0)).ok_or(Failure::NotFound(Thing::Grant))?;
            if actor.user == Some(user) {
                return Err(Failure::Refused(UserRefusal::OwnAccount));
            }
            let now = tx.now();
            if row.revoked_at.is_some() || !users::revoke_grant(tx.change(), grant, now)? {
                return Err(Failure::Refused(UserRefusal::AlreadyRevoked));
            }
            let detail = json!({ "grant": grant, "role": row.role.0, "canteen": row.canteen_id.map(|Col(c)| c) });
            audit::record(tx, &actor, AuditAction::GrantRevoked, user, Some(&row.place_code.0), &detail);
            Ok(())
        })
        .await
}
