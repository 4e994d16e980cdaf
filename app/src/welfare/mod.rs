//! Looking in on somebody (探访): a door that stayed shut, or a change that a courier saw, is told to one after the other until
//! somebody says what was found. What is told, tried and found is kept step by step.

mod attempt;
mod closing;
pub mod contacts;
pub mod look;
pub(crate) mod report;
mod turn;
pub mod visits;

pub use attempt::{Attempt, attempt};
pub use closing::close;
pub(crate) use closing::met_at_door;
pub use report::{Alert, alert};
pub use turn::follow_due;

use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::rules::RuleShelf;
use crate::jobs::notify::Telling;
use domain::access::{Action, Actor, Where};
use domain::id::WelfareCaseId;
use domain::welfare::{Rung, StepKind, Times};
use domain::{Instant, PlaceCode};
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::catalogue;
use store::query::welfare::{self, CaseRow, StepRow};
use store::{StoreError, Tx};

/// Why something about a case is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WelfareRefusal {
    /// It is closed; what is seen later is another case.
    Closed,
    /// It was seen in the future, by more than clocks may differ.
    InTheFuture,
    /// The identifier was used for a report about somebody else.
    OtherReport,
    /// The order is nobody's of whom there is a record.
    NoSenior,
    /// A shut door is an outcome of the stop, and is recorded there.
    DoorIsAnOutcome,
}

/// What those need who look after cases: how people are told, and how long they have.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    telling: Telling,
    rules: Arc<RuleShelf>,
}

impl Desk {
    /// The times in force at a home.
    fn times(&self, home: &PlaceCode, now: Instant) -> Result<Times, StoreError> {
        Ok(Times::of(&self.rules.in_force(home, now.civil_date())?))
    }
}

impl App {
    /// How people are told of cases, and how long they have, in this process.
    pub(crate) fn welfare_desk(&self) -> Desk {
        Desk { telling: self.telling(), rules: self.food_safety.clone() }
    }
}

/// A step of a case, now, by this actor; the caller says what it is about.
fn step_of(tx: &Tx<'_>, actor: &Actor, case: WelfareCaseId, kind: StepKind) -> StepRow {
    let now = Col(tx.now());
    StepRow {
        id: Col(tx.new_id()),
        case_id: Col(case),
        kind: Word(kind),
        concern: None,
        contact: None,
        place_code: None,
        outcome: None,
        note: String::new(),
        happened_at: now,
        recorded_at: now,
        by_user: actor.user.map(Col),
    }
}

/// Whose turn it is, as the case has it.
pub(crate) fn turn_of(case: &CaseRow) -> Option<Rung> {
    let contact = case.told_contact.and_then(|rank| u8::try_from(rank).ok()).map(Rung::Contact);
    contact.or_else(|| case.told_place.clone().map(|place| Rung::Workers(place.0)))
}

/// Whether the actor looks after a case: where the senior lives, or at the canteen whose courier saw it.
fn looks_after(conn: &mut AnyConnection, actor: &Actor, case: &CaseRow) -> Result<bool, StoreError> {
    if actor.may(Action::LookIn, Where { place: &case.place_code.0, canteen: None }) {
        return Ok(true);
    }
    let canteen = catalogue::canteen(conn, case.canteen_id.0)?;
    Ok(canteen.is_some_and(|row| actor.may(Action::LookIn, Where { place: &row.place_code.0, canteen: Some(row.id.0) })))
}

/// A case that the actor looks after.
fn case_for<R>(conn: &mut AnyConnection, actor: &Actor, id: WelfareCaseId) -> Outcome<CaseRow, R> {
    let case = welfare::find(conn, id)?.ok_or(Failure::NotFound(Thing::WelfareCase))?;
    if looks_after(conn, actor, &case)? { Ok(case) } else { Err(Failure::NotFound(Thing::WelfareCase)) }
}
