//! Looking at seniors: list, find, search by what they carry, and the clear with a reason.

use super::{SeniorDetail, SeniorView, at_home, permitted, sees, view};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::orders::load::{Address, address_of, diet_of};
use domain::Sensitive;
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::id::SeniorId;
use domain::person::citizen_id::CitizenId;
use domain::person::phone::Phone;
use domain::place::PlaceLevel;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::LaneKey;
use store::conn::AnyConnection;
use store::query::catalogue;
use store::query::seniors::{self, SeniorFilter, SeniorRow};
use store::seal::{Blind, Field, Sealer};

/// Seniors in the actor's scope, in the order in which they were added.
pub async fn list(app: &App, actor: Arc<Actor>, filter: SeniorFilter, limit: i64) -> Outcome<Vec<SeniorView>, Never> {
    if !actor.may_list(Action::SeeSeniors) {
        return Err(Failure::Forbidden);
    }
    let (scope, sealer) = (actor.scope(Action::SeeSeniors), app.store.sealer().clone());
    app.store
        .read("list_seniors", move |conn| {
            let rows = seniors::list(conn, &scope, &filter, limit)?;
            Ok(rows.into_iter().map(|row| view(&sealer, &actor, row)).collect::<Result<_, _>>()?)
        })
        .await
}

/// One senior with facts and diet.
pub async fn find(app: &App, actor: Arc<Actor>, id: SeniorId) -> Outcome<SeniorDetail, Never> {
    let sealer = app.store.sealer().clone();
    app.store.read("find_senior", move |conn| detail(conn, &sealer, &actor, id)).await
}

/// One senior with facts and diet, on a connection.
pub(crate) fn detail<R>(conn: &mut AnyConnection, sealer: &Sealer, actor: &Actor, id: SeniorId) -> Outcome<SeniorDetail, R> {
    let row = seniors::find(conn, id)?.filter(|row| sees(actor, row)).ok_or(Failure::NotFound(Thing::Senior(id)))?;
    let staff = actor.may(Action::SeeSeniors, at_home(&row)) || actor.self_senior == Some(id);
    let facts = if staff { seniors::facts(conn, id)? } else { Vec::new() };
    Ok(SeniorDetail { senior: view(sealer, actor, row)?, facts, diet: diet_of(conn, id)? })
}

/// What a senior is looked up by, exactly. Sent in a body: addresses are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exact {
    /// The whole identity number.
    IdentityNumber(CitizenId),
    /// The whole phone number.
    Phone(Phone),
    /// The card's number.
    Card(Sensitive<String>),
}

/// Couples and families share a phone; more seniors than this do not.
const PHONE_SHARED_BY: i64 = 8;

/// Seniors with exactly this, among those the actor sees. Who may order or redeem at a canteen also finds, by identity number
/// or card, anybody who lives in the canteen's district: they stand at the counter, document in hand.
pub async fn search(app: &App, actor: Arc<Actor>, what: Exact) -> Outcome<Vec<SeniorView>, Never> {
    if !actor.may_somewhere(Action::SeeSeniors) && !actor.may_somewhere(Action::Order) {
        return Err(Failure::Forbidden);
    }
    let sealer = app.store.sealer().clone();
    app.store
        .read("search_seniors", move |conn| {
            let rows = match &what {
                Exact::IdentityNumber(id) => Vec::from_iter(seniors::by_id_no(conn, &sealer.blind(Blind::IdNo, id.reveal()))?),
                Exact::Card(card) => Vec::from_iter(seniors::by_card(conn, &sealer.blind(Blind::Card, card.reveal()))?),
                Exact::Phone(phone) => seniors::by_phone(conn, &sealer.blind(Blind::Phone, phone.reveal()), PHONE_SHARED_BY)?,
            };
            let by_document = !matches!(what, Exact::Phone(_));
            let mut found = Vec::new();
            for row in rows {
                if sees(&actor, &row) || actor.may(Action::Order, at_home(&row)) || (by_document && at_counter(conn, &actor, &row)?)
                {
                    found.push(view(&sealer, &actor, row)?);
                }
            }
            Ok(found)
        })
        .await
}

/// Whether the actor serves at a canteen in the district where the senior lives.
fn at_counter(conn: &mut AnyConnection, actor: &Actor, row: &SeniorRow) -> Result<bool, store::StoreError> {
    for canteen in actor.scope(Action::Order).canteens() {
        let Some(canteen) = catalogue::canteen(conn, *canteen)? else { continue };
        let district = canteen.place_code.0.at_level(PlaceLevel::District);
        let serves = actor.may(Action::Order, Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) });
        if serves && district.is_some_and(|district| district.contains(&row.resident_place.0)) {
            return Ok(true);
        }
    }
    Ok(false)
}

domain::text_enum! {
    /// A field that is masked by default.
    pub enum Hidden {
        /// The name, for who sees it masked.
        Name = "name",
        /// The identity number.
        IdentityNumber = "identity_number",
        /// The phone.
        Phone = "phone",
        /// The address with its coordinates.
        Address = "address",
        /// The note on health.
        HealthNote = "health_note",
    }
}

/// What was asked for, in the clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revealed {
    /// The name.
    pub name: Option<Sensitive<String>>,
    /// The identity number.
    pub identity_number: Option<Sensitive<String>>,
    /// The phone.
    pub phone: Option<Sensitive<String>>,
    /// The address.
    pub address: Option<Sensitive<Address>>,
    /// The note on health.
    pub health_note: Option<Sensitive<String>>,
}

/// Shows fields in the clear. The record of who, what and why is committed before anything is shown.
pub async fn reveal(
    app: &App,
    actor: Arc<Actor>,
    id: SeniorId,
    fields: BTreeSet<Hidden>,
    reason: String,
) -> Outcome<Revealed, Never> {
    app.store
        .write(LaneKey::of(id), "reveal", move |tx| {
            let sealer = tx.sealer();
            let row = permitted(tx.look(), &actor, id, Action::Reveal)?;
            let shown = open(sealer, &row, &fields)?;
            let detail = json!({ "fields": fields, "reason": reason });
            audit::record(tx, &actor, AuditAction::Revealed, id, Some(&row.resident_place.0), &detail);
            Ok(shown)
        })
        .await
}

fn open(sealer: &Sealer, row: &SeniorRow, fields: &BTreeSet<Hidden>) -> Result<Revealed, store::StoreError> {
    let id = row.id.0;
    let mut shown = Revealed::default();
    for field in fields {
        match field {
            Hidden::Name => shown.name = Some(Sensitive::new(row.name.clone())),
            Hidden::IdentityNumber => shown.identity_number = Some(sealer.open(Field::SeniorIdNo, id, &row.id_no_enc)?),
            Hidden::Phone => {
                shown.phone = row.phone_enc.as_ref().map(|enc| sealer.open(Field::SeniorPhone, id, enc)).transpose()?;
            }
            Hidden::Address => shown.address = address_of(sealer, row)?.map(Sensitive::new),
            Hidden::HealthNote => {
                shown.health_note = row.health_enc.as_ref().map(|enc| sealer.open(Field::SeniorHealth, id, enc)).transpose()?;
            }
        }
    }
    Ok(shown)
}
