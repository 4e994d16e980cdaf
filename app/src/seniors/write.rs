//! Adding and changing seniors.

use super::{SeniorDetail, SeniorRefusal, permitted, read};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::orders::load::Address;
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::diet::Diet;
use domain::id::{CanteenId, SeniorId};
use domain::person::citizen_id::CitizenId;
use domain::person::phone::Phone;
use domain::{PlaceCode, Sensitive, ServiceDate};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::seniors::{self, SeniorRow, SeniorState};
use store::query::{catalogue, users};
use store::seal::{Blind, Field};
use store::{LaneKey, StoreError, Tx};

/// A senior to add.
#[derive(Debug, Clone)]
pub struct NewSenior {
    /// As on the identity card.
    pub name: String,
    /// Which also tells the birth date.
    pub identity_number: CitizenId,
    /// 户籍
    pub registered_place: PlaceCode,
    /// Where the senior lives.
    pub resident_place: PlaceCode,
    /// What may be absent.
    pub more: Changes,
    /// What the senior may not eat.
    pub diet: Diet,
}

/// Changes of a senior: the outer `None` leaves a field as it is, the inner one clears it.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// A corrected name.
    pub name: Option<String>,
    /// A corrected identity number.
    pub identity_number: Option<CitizenId>,
    /// 户籍
    pub registered_place: Option<PlaceCode>,
    /// Where the senior lives.
    pub resident_place: Option<PlaceCode>,
    /// To reach the senior.
    pub phone: Option<Option<Phone>>,
    /// Where meals are brought.
    pub address: Option<Option<Sensitive<Address>>>,
    /// What a kitchen or courier must know beyond the diet.
    pub health_note: Option<Option<Sensitive<String>>>,
    /// Where the senior usually eats.
    pub home_canteen: Option<Option<CanteenId>>,
    /// The meal card.
    pub card: Option<Option<Sensitive<String>>>,
    /// Whether the senior takes part.
    pub state: Option<SeniorState>,
    /// No meals between these days, inclusive; without a last day until further notice. Meals resume by themselves.
    pub pause: Option<Option<(ServiceDate, Option<ServiceDate>)>>,
}

/// Adds a senior.
pub async fn create(app: &App, actor: Arc<Actor>, key: RequestKey, new: NewSenior) -> Outcome<SeniorDetail, SeniorRefusal> {
    app.store
        .write(LaneKey::SHARED, "create_senior", move |tx| {
            let id = match key.earlier_answer(tx)? {
                Some(id) => id,
                None => {
                    let id = create_in(tx, &actor, &new)?;
                    key.keep_answer(tx, &id, tx.now())?;
                    id
                }
            };
            let sealer = tx.sealer();
            read::detail(tx.look(), sealer, &actor, id)
        })
        .await
}

fn create_in(tx: &mut Tx<'_>, actor: &Actor, new: &NewSenior) -> Outcome<SeniorId, SeniorRefusal> {
    if !actor.may(Action::EditSeniors, Where { place: &new.resident_place, canteen: None }) {
        return Err(if actor.may_somewhere(Action::EditSeniors) { Failure::NotFound(Thing::Place) } else { Failure::Forbidden });
    }
    let (id, now, sealer): (SeniorId, _, _) = (tx.new_id(), tx.now(), tx.sealer());
    let number = new.identity_number.reveal();
    let mut row = SeniorRow {
        id: Col(id),
        version: 1,
        name: new.name.clone(),
        id_no_enc: sealer.seal(Field::SeniorIdNo, id, number)?,
        id_no_bix: sealer.blind(Blind::IdNo, number),
        birth_on: Col(new.identity_number.birth_date()),
        phone_enc: None,
        phone_bix: None,
        registered_place: Col(new.registered_place.clone()),
        resident_place: Col(new.resident_place.clone()),
        address_enc: None,
        health_enc: None,
        card_bix: None,
        card_enc: None,
        home_canteen_id: None,
        user_id: None,
        paused_from: None,
        paused_to: None,
        state: Word(SeniorState::Active),
        created_at: Col(now),
        updated_at: Col(now),
    };
    if seniors::by_id_no(tx.look(), &row.id_no_bix)?.is_some() {
        return Err(Failure::Refused(SeniorRefusal::IdentityTaken));
    }
    apply(tx, &mut row, &new.more)?;
    check_places(tx, &row)?;
    seniors::insert(tx.change(), &row)?;
    super::facts::keep_diet(tx, id, &new.diet)?;
    audit::record(tx, actor, AuditAction::SeniorCreated, id, Some(&new.resident_place), &json!({}));
    Ok(id)
}

/// Changes a senior whom the caller has read at this version.
pub async fn change(
    app: &App,
    actor: Arc<Actor>,
    id: SeniorId,
    version: i64,
    changes: Changes,
) -> Outcome<SeniorDetail, SeniorRefusal> {
    app.store
        .write(LaneKey::of(id), "change_senior", move |tx| {
            change_in(tx, &actor, id, version, &changes)?;
            let sealer = tx.sealer();
            read::detail(tx.look(), sealer, &actor, id)
        })
        .await
}

fn change_in(tx: &mut Tx<'_>, actor: &Actor, id: SeniorId, version: i64, changes: &Changes) -> Outcome<(), SeniorRefusal> {
    let mut row = permitted(tx.look(), actor, id, Action::EditSeniors)?;
    if row.version != version {
        return Err(Failure::Stale { version: row.version });
    }
    // Moving somebody takes the right at both ends: nobody hands a senior to a place that they have no say in.
    if let Some(to) = &changes.resident_place
        && !actor.may(Action::EditSeniors, Where { place: to, canteen: None })
    {
        return Err(Failure::NotFound(Thing::Place));
    }
    let (old_phone, was_linked, from) = (row.phone_bix.clone(), row.user_id, row.resident_place.0.clone());
    let fields = apply(tx, &mut row, changes)?;
    check_places(tx, &row)?;
    // The link rests on the phone; the old number may be somebody else's tomorrow.
    let unlinked = was_linked.is_some() && old_phone != row.phone_bix;
    if unlinked {
        row.user_id = None;
    }
    row.updated_at = Col(tx.now());
    if !seniors::update(tx.change(), &row)? {
        return Err(Failure::Stale { version: row.version });
    }
    audit::record(tx, actor, AuditAction::SeniorChanged, id, Some(&from), &json!({ "fields": fields }));
    if unlinked {
        audit::record(tx, actor, AuditAction::SeniorUnlinked, id, Some(&from), &json!({ "why": "phone changed" }));
    }
    Ok(())
}

/// Puts changes into a row; names the fields.
fn apply(tx: &mut Tx<'_>, row: &mut SeniorRow, changes: &Changes) -> Outcome<Vec<&'static str>, SeniorRefusal> {
    let mut fields = Vec::new();
    if let Some(name) = &changes.name {
        row.name.clone_from(name);
        fields.push("name");
    }
    if let Some(place) = &changes.registered_place {
        row.registered_place = Col(place.clone());
        fields.push("registered_place");
    }
    if let Some(place) = &changes.resident_place {
        row.resident_place = Col(place.clone());
        fields.push("resident_place");
    }
    if let Some(canteen) = changes.home_canteen {
        row.home_canteen_id = canteen.map(Col);
        fields.push("home_canteen");
    }
    if let Some(state) = changes.state {
        row.state = Word(state);
        fields.push("state");
    }
    if let Some(pause) = changes.pause {
        row.paused_from = pause.map(|(from, _)| Col(from));
        row.paused_to = pause.and_then(|(_, to)| to).map(Col);
        fields.push("pause");
    }
    fields.extend(apply_sealed(tx, row, changes)?);
    fields.extend(apply_unique(tx, row, changes)?);
    Ok(fields)
}

fn apply_sealed(tx: &mut Tx<'_>, row: &mut SeniorRow, changes: &Changes) -> Result<Vec<&'static str>, StoreError> {
    let (sealer, id, mut fields) = (tx.sealer(), row.id.0, Vec::new());
    if let Some(phone) = &changes.phone {
        row.phone_enc = phone.as_ref().map(|p| sealer.seal(Field::SeniorPhone, id, p.reveal())).transpose()?;
        row.phone_bix = phone.as_ref().map(|p| sealer.blind(Blind::Phone, p.reveal()));
        fields.push("phone");
    }
    if let Some(address) = &changes.address {
        let text = address.as_ref().map(|a| serde_json::to_string(a.reveal())).transpose();
        let text = text.map_err(|e| StoreError::Database(format!("address: {e}")))?;
        row.address_enc = text.map(|text| sealer.seal(Field::SeniorAddress, id, &text)).transpose()?;
        fields.push("address");
    }
    if let Some(note) = &changes.health_note {
        row.health_enc = note.as_ref().map(|n| sealer.seal(Field::SeniorHealth, id, n.reveal())).transpose()?;
        fields.push("health_note");
    }
    Ok(fields)
}

/// What belongs to one senior only: looked up first, and held by unique keys.
fn apply_unique(tx: &mut Tx<'_>, row: &mut SeniorRow, changes: &Changes) -> Outcome<Vec<&'static str>, SeniorRefusal> {
    let (sealer, mut fields) = (tx.sealer(), Vec::new());
    if let Some(number) = &changes.identity_number {
        let bix = sealer.blind(Blind::IdNo, number.reveal());
        if seniors::by_id_no(tx.look(), &bix)?.is_some_and(|other| other.id != row.id) {
            return Err(Failure::Refused(SeniorRefusal::IdentityTaken));
        }
        row.id_no_enc = sealer.seal(Field::SeniorIdNo, row.id.0, number.reveal())?;
        row.id_no_bix = bix;
        row.birth_on = Col(number.birth_date());
        fields.push("identity_number");
    }
    if let Some(card) = &changes.card {
        let bix = card.as_ref().map(|card| sealer.blind(Blind::Card, card.reveal()));
        if let Some(bix) = &bix
            && seniors::by_card(tx.look(), bix)?.is_some_and(|other| other.id != row.id)
        {
            return Err(Failure::Refused(SeniorRefusal::CardTaken));
        }
        row.card_bix = bix;
        row.card_enc = card.as_ref().map(|card| sealer.seal(Field::SeniorCard, row.id.0, card.reveal())).transpose()?;
        fields.push("card");
    }
    Ok(fields)
}

fn check_places(tx: &mut Tx<'_>, row: &SeniorRow) -> Outcome<(), SeniorRefusal> {
    for place in [&row.registered_place.0, &row.resident_place.0] {
        if !users::place_exists(tx.look(), place)? {
            return Err(Failure::Refused(SeniorRefusal::PlaceUnknown));
        }
    }
    if let Some(Col(canteen)) = row.home_canteen_id
        && catalogue::canteen(tx.look(), canteen)?.is_none()
    {
        return Err(Failure::Refused(SeniorRefusal::CanteenUnknown));
    }
    Ok(())
}
