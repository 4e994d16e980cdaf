//! What is said of meals: ratings, and complaints that somebody must answer by a deadline.

mod act;
mod bring;
mod due;
pub mod look;
pub mod rate;

pub use act::act;
pub use bring::{Brought, Of, bring};
pub use due::follow_due;

use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::rules::RuleShelf;
use domain::access::{Action, Actor, FamilyScope, Where};
use domain::audit::AuditAction;
use domain::complaint::{Category, ComplaintState, ComplaintStep, due};
use domain::id::{ComplaintId, ComplaintStepId, Id, Kind, OrderId, SeniorId};
use domain::rating::{RatingRefusal, Voice};
use serde_json::json;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::catalogue::CanteenRow;
use store::query::complaints::{self, ComplaintRow, StepRow};
use store::query::rows::OrderRow;
use store::query::seniors::SeniorRow;
use store::query::{catalogue, orders, seniors};
use store::seal::{Field, Sealer};
use store::{StoreError, Tx};

/// Why something about a rating or a complaint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComplaintRefusal {
    /// The meal is not rated.
    Rating(RatingRefusal),
    /// The complaint does not allow it.
    Act(domain::complaint::ComplaintRefusal),
}

/// A meal that somebody speaks of: the order, its canteen, and whose voice it is.
struct Spoken {
    order: OrderRow,
    canteen: CanteenRow,
    voice: Voice,
}

/// The meal, when the actor may speak of it: their own, one of a senior for whom they order, or of whoever told them. Nobody of the
/// canteen does: their own meals would all be good.
fn spoken<R>(conn: &mut AnyConnection, actor: &Actor, id: OrderId) -> Outcome<Spoken, R> {
    let missing = || Failure::NotFound(Thing::Order);
    let order = orders::find(conn, id)?.ok_or_else(missing)?;
    let canteen = catalogue::canteen(conn, order.canteen_id.0)?.ok_or_else(missing)?;
    let senior = order.senior_id.map(|Col(senior)| seniors::find(conn, senior)).transpose()?.flatten();
    match voice(actor, senior.as_ref(), &canteen) {
        Some(voice) => Ok(Spoken { order, canteen, voice }),
        None if crate::orders::access::may_see(actor, senior.as_ref(), &canteen) => Err(Failure::Forbidden),
        None => Err(missing()),
    }
}

/// Whose voice the actor is about a senior's meals at a canteen; `None` for nobody's.
fn voice(actor: &Actor, senior: Option<&SeniorRow>, canteen: &CanteenRow) -> Option<Voice> {
    let kin = senior.map(|row| row.id.0).filter(|id| actor.may_for(FamilyScope::Order, *id));
    if let Some(id) = kin {
        return Some(if actor.self_senior == Some(id) { Voice::Senior } else { Voice::Family });
    }
    let at_canteen = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
    let at_home = senior.map(|row| Where { place: &row.resident_place.0, canteen: None });
    let writes = [Some(at_canteen), at_home].into_iter().flatten().any(|at| actor.may(Action::Complain, at));
    writes.then_some(Voice::Staff)
}

/// What is opened.
struct Opening<'a> {
    canteen: &'a CanteenRow,
    order: Option<OrderId>,
    senior: Option<SeniorId>,
    category: Category,
    voice: Voice,
    words: &'a str,
}

/// Opens a complaint with its first step and its deadline.
fn open(tx: &mut Tx<'_>, actor: &Actor, shelf: &RuleShelf, opening: &Opening<'_>) -> Result<ComplaintId, StoreError> {
    let (id, now, place): (ComplaintId, _, _) = (tx.new_id(), tx.now(), &opening.canteen.place_code.0);
    let rules = shelf.in_force(place, now.civil_date())?;
    let row = ComplaintRow {
        id: Col(id),
        version: 1,
        canteen_id: opening.canteen.id,
        place_code: opening.canteen.place_code.clone(),
        order_id: opening.order.map(Col),
        senior_id: opening.senior.map(Col),
        category: Word(opening.category),
        state: Word(ComplaintState::Open),
        voice: Word(opening.voice),
        opened_at: Col(now),
        reopened: 0,
        due_at: due(opening.category, now, &rules).map(Col),
        raised_to: None,
        closed_at: None,
    };
    complaints::add(tx.change(), &row)?;
    add_step(tx, actor, id, (ComplaintStep::Brought, opening.words))?;
    let detail = json!({ "category": opening.category, "order": opening.order, "voice": opening.voice });
    crate::audit::record(tx, actor, AuditAction::ComplaintBrought, id, Some(place), &detail);
    Ok(id)
}

/// Notes what happened to a complaint.
fn add_step(tx: &mut Tx<'_>, actor: &Actor, of: ComplaintId, (kind, words): (ComplaintStep, &str)) -> Result<(), StoreError> {
    let id: ComplaintStepId = tx.new_id();
    let row = StepRow {
        id: Col(id),
        complaint_id: Col(of),
        kind: Word(kind),
        words_enc: sealed(tx.sealer(), Field::ComplaintWords, id, words)?,
        place_code: None,
        at: Col(tx.now()),
        by_user: actor.user.map(Col),
    };
    complaints::add_step(tx.change(), &row)
}

/// What somebody said, as it is kept; nothing of nothing.
fn sealed<K: Kind>(sealer: &Sealer, field: Field, of: Id<K>, words: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let words = words.trim();
    (!words.is_empty()).then(|| sealer.seal(field, of, words)).transpose()
}

/// The same, to be read.
fn opened<K: Kind>(sealer: &Sealer, field: Field, of: Id<K>, words: Option<&[u8]>) -> Result<String, StoreError> {
    let clear = words.map(|words| sealer.open(field, of, words)).transpose()?;
    Ok(clear.map(|clear| clear.reveal().to_owned()).unwrap_or_default())
}
