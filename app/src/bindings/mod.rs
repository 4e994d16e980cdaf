//! Family bindings: a senior's consent that somebody orders, pays, sees or is alerted for them.
//!
//! Consent is given on the senior's own phone (a code is sent there), at the counter, or on a signed form that a worker records.

pub mod request;

use crate::App;
use crate::audit;
use crate::auth::new_user;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::seniors::{at_home, sees};
use domain::access::{Action, Actor, ConsentKind, FamilyScope, UserKind, Where};
use domain::audit::AuditAction;
use domain::id::{BindingId, SeniorId, UserId};
use domain::person::phone::Phone;
use domain::text_enum::TextEnum;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::bindings::{self, BindingRow};
use store::query::seniors::{self, SeniorRow};
use store::query::{catalogue, users};
use store::seal::{Blind, Field};
use store::{LaneKey, StoreError, Tx};

/// Why a binding is not made or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingRefusal {
    /// The two are bound already: end that one first, so that the senior consents to what is new.
    AlreadyBound,
    /// Nobody is family of themselves.
    OwnSelf,
    /// The phone belongs to staff or to somebody who may not sign in.
    NotAClient,
    /// It was ended before.
    AlreadyRevoked,
    /// More family than a senior may have.
    TooMany,
}

/// Bindings in force that one senior may have.
pub const FAMILY_MAX: usize = 10;

/// A binding that staff record.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Whose consent.
    pub senior: SeniorId,
    /// The family member signs in with this phone; a client user is made when there is none.
    pub phone: Phone,
    /// The family member's name, for a user who is made.
    pub name: String,
    /// What they are to the senior.
    pub relation: String,
    /// What they may do.
    pub scopes: BTreeSet<FamilyScope>,
    /// How consent was given: at the counter, or on a form.
    pub consent: ConsentKind,
    /// Where the evidence is: the form's number, the counter's record.
    pub reference: String,
}

fn scope_words(scopes: &BTreeSet<FamilyScope>) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
}

/// Whether the actor may record a consent given in person: at the senior's place, or at the canteen where the senior eats.
fn records_for(tx: &mut Tx<'_>, actor: &Actor, senior: &SeniorRow) -> Result<bool, StoreError> {
    if actor.may(Action::RecordConsent, at_home(senior)) {
        return Ok(true);
    }
    let Some(Col(home)) = senior.home_canteen_id else { return Ok(false) };
    let canteen = catalogue::canteen(tx.look(), home)?;
    Ok(canteen.is_some_and(|c| actor.may(Action::RecordConsent, Where { place: &c.place_code.0, canteen: Some(home) })))
}

/// Records a binding to which the senior consented in person.
pub async fn record(app: &App, actor: Arc<Actor>, key: RequestKey, new: Recorded) -> Outcome<BindingId, BindingRefusal> {
    app.store
        .write(LaneKey::of(new.senior), "record_binding", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let id = record_in(tx, &actor, &new)?;
            key.keep_answer(tx, &id, tx.now())?;
            Ok(id)
        })
        .await
}

fn record_in(tx: &mut Tx<'_>, actor: &Actor, new: &Recorded) -> Outcome<BindingId, BindingRefusal> {
    let senior = seniors::find(tx.look(), new.senior)?.ok_or(Failure::NotFound(Thing::Senior(new.senior)))?;
    if !records_for(tx, actor, &senior)? {
        return Err(if sees(actor, &senior) { Failure::Forbidden } else { Failure::NotFound(Thing::Senior(new.senior)) });
    }
    let bix = tx.sealer().blind(Blind::Phone, new.phone.reveal());
    let user = match users::by_phone(tx.look(), &bix)? {
        Some(user) if user.kind == Word(UserKind::Client) => user.id.0,
        Some(_) => return Err(Failure::Refused(BindingRefusal::NotAClient)),
        None => {
            let id: UserId = tx.new_id();
            let mut row = new_user(id, UserKind::Client, &new.name, tx.now());
            row.phone_enc = Some(tx.sealer().seal(Field::UserPhone, id, new.phone.reveal())?);
            row.phone_bix = Some(bix);
            users::insert(tx.change(), &row)?;
            id
        }
    };
    let consent = Consent { kind: new.consent, reference: &new.reference, recorded_by: actor.user };
    bind(tx, actor, &senior, user, &new.relation, &scope_words(&new.scopes), &consent)
}

/// The evidence of a consent.
pub(crate) struct Consent<'a> {
    /// How it was given.
    pub kind: ConsentKind,
    /// Where the evidence is.
    pub reference: &'a str,
    /// Who recorded it, when staff did.
    pub recorded_by: Option<UserId>,
}

/// Makes the binding in this unit's commit.
pub(crate) fn bind(
    tx: &mut Tx<'_>,
    actor: &Actor,
    senior: &SeniorRow,
    user: UserId,
    relation: &str,
    scopes: &str,
    consent: &Consent<'_>,
) -> Outcome<BindingId, BindingRefusal> {
    if senior.user_id == Some(Col(user)) {
        return Err(Failure::Refused(BindingRefusal::OwnSelf));
    }
    if bindings::in_force(tx.look(), senior.id.0, user)?.is_some() {
        return Err(Failure::Refused(BindingRefusal::AlreadyBound));
    }
    let all = bindings::of_senior(tx.look(), senior.id.0)?;
    if all.iter().filter(|b| b.revoked_at.is_none()).count() >= FAMILY_MAX {
        return Err(Failure::Refused(BindingRefusal::TooMany));
    }
    let row = BindingRow {
        id: Col(tx.new_id()),
        senior_id: senior.id,
        user_id: Col(user),
        relation: relation.to_owned(),
        scopes: scopes.to_owned(),
        consent_kind: Word(consent.kind),
        consent_ref: consent.reference.to_owned(),
        consent_at: Col(tx.now()),
        recorded_by: consent.recorded_by.map(Col),
        revoked_at: None,
    };
    bindings::insert(tx.change(), &row)?;
    let detail =
        json!({ "binding": row.id.0, "user": user, "scopes": scopes, "consent": consent.kind, "reference": consent.reference });
    audit::record(tx, actor, AuditAction::BindingMade, senior.id.0, Some(&senior.resident_place.0), &detail);
    Ok(row.id.0)
}

/// A senior's bindings after `after` with the family members' names, at most `limit`: for the senior, and for staff who see them.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    senior: SeniorId,
    (after, limit): (Option<BindingId>, usize),
) -> Outcome<Vec<(BindingRow, String)>, Never> {
    app.store
        .read("list_bindings", move |conn| {
            let row =
                seniors::find(conn, senior)?.filter(|row| sees(&actor, row)).ok_or(Failure::NotFound(Thing::Senior(senior)))?;
            let all = actor.self_senior == Some(senior) || actor.may(Action::SeeSeniors, at_home(&row));
            let mut found = Vec::new();
            // A family member sees their own binding, not who else there is.
            let in_sight = |b: &BindingRow| all || actor.user.map(Col) == Some(b.user_id);
            let on_page = |b: &BindingRow| in_sight(b) && after.is_none_or(|after| b.id.0 > after);
            for binding in bindings::of_senior(conn, senior)?.into_iter().filter(on_page).take(limit) {
                let name = users::find(conn, binding.user_id.0)?.map_or_else(String::new, |user| user.display_name);
                found.push((binding, name));
            }
            Ok(found)
        })
        .await
}

/// Ends a binding; from the next request on it is gone. The senior, the family member, and staff who may record one may.
pub async fn revoke(app: &App, actor: Arc<Actor>, senior: SeniorId, id: BindingId) -> Outcome<(), BindingRefusal> {
    app.store
        .write(LaneKey::of(senior), "revoke_binding", move |tx| {
            let row = seniors::find(tx.look(), senior)?.ok_or(Failure::NotFound(Thing::Binding))?;
            let found =
                bindings::find(tx.look(), id)?.filter(|b| b.senior_id == Col(senior)).ok_or(Failure::NotFound(Thing::Binding))?;
            let own = actor.self_senior == Some(senior) || actor.user.map(Col) == Some(found.user_id);
            if !own && !records_for(tx, &actor, &row)? {
                return Err(if sees(&actor, &row) { Failure::Forbidden } else { Failure::NotFound(Thing::Binding) });
            }
            let now = tx.now();
            if found.revoked_at.is_some() || !bindings::revoke(tx.change(), id, now)? {
                return Err(Failure::Refused(BindingRefusal::AlreadyRevoked));
            }
            let detail = json!({ "binding": id, "user": found.user_id.0 });
            audit::record(tx, &actor, AuditAction::BindingRevoked, senior, Some(&row.resident_place.0), &detail);
            Ok(())
        })
        .await
}
