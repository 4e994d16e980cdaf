//! Seniors: who they are, what is known of them, what they may eat. Masked by default; the clear takes a reason and a record.

pub mod facts;
pub mod read;
pub mod write;

use crate::failure::{Failure, Outcome, Thing};
use crate::orders::load::{Address, address_of};
use domain::access::{Action, Actor, FamilyScope, Where};
use domain::diet::Diet;
use domain::id::SeniorId;
use domain::person::mask;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::seniors::{self, FactRow, SeniorRow};
use store::seal::{Field, Sealer};
use store::{StoreError, Tx};

/// A senior as shown by default.
#[derive(Debug, Clone)]
pub struct SeniorView {
    /// The record; its sealed fields stay sealed.
    pub row: SeniorRow,
    /// The name: in full for who orders for or looks after the senior, else `张*`.
    pub name: String,
    /// `110***********1234`
    pub identity_number: String,
    /// `138****1234`
    pub phone: Option<String>,
    /// Whether there is an address, and whether it is placed on the map.
    pub address: AddressState,
    /// Whether there is a note on health.
    pub has_health_note: bool,
}

/// What is known of where to bring a meal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressState {
    /// Nothing.
    Missing,
    /// Written down, without coordinates.
    Unplaced,
    /// With coordinates.
    Placed,
}

/// A senior with facts and diet.
#[derive(Debug, Clone)]
pub struct SeniorDetail {
    /// The senior.
    pub senior: SeniorView,
    /// Facts, oldest first; empty for family, who consented to seeing orders and not to this.
    pub facts: Vec<FactRow>,
    /// The diet.
    pub diet: Diet,
}

/// Why a change of a senior is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeniorRefusal {
    /// There is a senior with this identity number.
    IdentityTaken,
    /// The card belongs to another senior.
    CardTaken,
    /// The place is not known; import it first.
    PlaceUnknown,
    /// The canteen is not known.
    CanteenUnknown,
    /// The fact has an end already, or begins after the day given.
    FactEnded,
    /// The same fact is recorded already.
    FactKnown,
}

/// Where a senior's record belongs: the place of residence, and the canteen where they usually eat.
pub(crate) fn at_home(row: &SeniorRow) -> Where<'_> {
    Where { place: &row.resident_place.0, canteen: None }
}

/// Whether the senior exists for the actor at all.
pub(crate) fn sees(actor: &Actor, row: &SeniorRow) -> bool {
    let Col(id) = row.id;
    actor.may_for(FamilyScope::See, id)
        || actor.may(Action::SeeSeniors, at_home(row))
        || actor.may(Action::EditSeniors, at_home(row))
}

/// A senior for somebody who wants to do something: absent out of scope, forbidden in it without the right.
pub(crate) fn permitted<R>(conn: &mut AnyConnection, actor: &Actor, id: SeniorId, action: Action) -> Outcome<SeniorRow, R> {
    let row = seniors::find(conn, id)?.ok_or(Failure::NotFound(Thing::Senior(id)))?;
    if actor.may(action, at_home(&row)) {
        Ok(row)
    } else if sees(actor, &row) {
        Err(Failure::Forbidden)
    } else {
        Err(Failure::NotFound(Thing::Senior(id)))
    }
}

/// The same, as the caller has read it at this version; the record gets the next one, for something that belongs to it is changed.
pub(crate) fn renewed<R>(tx: &mut Tx<'_>, actor: &Actor, id: SeniorId, version: i64) -> Outcome<SeniorRow, R> {
    let mut row = permitted(tx.look(), actor, id, Action::EditSeniors)?;
    if row.version != version {
        return Err(Failure::Stale { version: row.version });
    }
    row.updated_at = Col(tx.now());
    if !seniors::update(tx.change(), &row)? {
        return Err(Failure::Stale { version });
    }
    Ok(row)
}

/// The default view for an actor.
pub(crate) fn view(sealer: &Sealer, actor: &Actor, row: SeniorRow) -> Result<SeniorView, StoreError> {
    let Col(id) = row.id;
    let in_full = actor.may_for(FamilyScope::See, id)
        || actor.may(Action::EditSeniors, at_home(&row))
        || actor.may(Action::Order, at_home(&row));
    let name = if in_full { row.name.clone() } else { mask::name(&row.name) };
    let identity_number = mask::identity_number(sealer.open(Field::SeniorIdNo, id, &row.id_no_enc)?.reveal());
    let phone = row.phone_enc.as_ref().map(|enc| sealer.open(Field::SeniorPhone, id, enc)).transpose()?;
    let address = match address_of(sealer, &row)? {
        None => AddressState::Missing,
        Some(Address { lon_e7: Some(_), lat_e7: Some(_), .. }) => AddressState::Placed,
        Some(_) => AddressState::Unplaced,
    };
    let has_health_note = row.health_enc.is_some();
    Ok(SeniorView { name, identity_number, phone: phone.map(|p| mask::phone(p.reveal())), address, has_health_note, row })
}
