//! Whose turn it is: each has a deadline, and when it passes the next is asked.

use super::{Desk, step_of, turn_of};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Never, Outcome};
use crate::jobs::notify::{self, Recipient};
use domain::access::{Actor, Role};
use domain::audit::AuditAction;
use domain::id::{SeniorId, UserId, WelfareCaseId};
use domain::welfare::{Ladder, Rung, StepKind};
use domain::{Instant, PlaceCode};
use serde_json::json;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::welfare::{self, CaseRow, StepRow};
use store::{LaneKey, StoreError, Tx};

/// Workers around one home who are looked at.
const WORKERS_MAX: i64 = 100;
/// Cases whose deadline has passed that are followed in one call; the next call takes the rest.
const AT_ONCE: i64 = 200;

/// Community workers of a home, by the place over which each holds the right, the narrowest first.
fn workers(conn: &mut AnyConnection, home: &PlaceCode) -> Result<Vec<(PlaceCode, UserId)>, StoreError> {
    welfare::holders(conn, Role::Worker, &home.chain(), WORKERS_MAX)
}

/// Who can be asked about a senior who lives there, as of now.
pub(super) fn ladder(conn: &mut AnyConnection, senior: SeniorId, home: &PlaceCode) -> Result<Ladder, StoreError> {
    let contacts = welfare::contacts(conn, senior)?.iter().filter_map(|row| u8::try_from(row.rank).ok()).collect();
    let mut places: Vec<PlaceCode> = workers(conn, home)?.into_iter().map(|(place, _)| place).collect();
    places.dedup();
    Ok(Ladder { contacts, places })
}

/// Gives a case to whoever is next, tells them, and sets their deadline. Without anybody further the case stays with whom it was, and
/// has no deadline any more: it is on the list of open cases, and the step says that nobody is left.
pub(super) fn give(tx: &mut Tx<'_>, desk: &Desk, actor: &Actor, case: &mut CaseRow, to: Option<Rung>) -> Result<(), StoreError> {
    let now = tx.now();
    let (mut contact, mut place) = (None, None);
    match &to {
        Some(Rung::Contact(rank)) => contact = Some(i64::from(*rank)),
        Some(Rung::Workers(at)) => place = Some(Col(at.clone())),
        None => {}
    }
    case.due_at = match &to {
        Some(rung) => Some(Col(desk.times(&case.place_code.0, now)?.deadline(rung, now))),
        None => None,
    };
    if to.is_some() {
        (case.told_contact, case.told_place) = (contact, place.clone());
    }
    welfare::set_turn(tx.change(), case)?;
    let kind = if to.is_some() { StepKind::Told } else { StepKind::NobodyLeft };
    let step = StepRow { contact, place_code: place, ..step_of(tx, actor, case.id.0, kind) };
    welfare::add_step(tx.change(), &step)?;
    let detail = json!({ "contact": contact, "place": step.place_code.as_ref().map(|place| &place.0) });
    audit::record(tx, actor, AuditAction::WelfareClimbed, case.id.0, Some(&case.place_code.0), &detail);
    let Some(rung) = to else { return Ok(()) };
    let senior = case.senior_id.0;
    let asked = match &rung {
        Rung::Contact(rank) => {
            let known = welfare::contacts(tx.look(), senior)?;
            let found = known.into_iter().find(|row| row.rank == i64::from(*rank));
            found.map(|row| Recipient::Contact { contact: row.id.0, senior }).into_iter().collect()
        }
        Rung::Workers(at) => {
            let there = workers(tx.look(), &case.place_code.0)?.into_iter().filter(|(place, _)| place == at);
            there.map(|(_, user)| Recipient::Worker { user, senior }).collect::<Vec<_>>()
        }
    };
    notify::look_in(tx, desk.telling, case.id.0, &asked)
}

/// Gives a case to whoever comes after the one whose turn it was.
pub(super) fn climb(tx: &mut Tx<'_>, desk: &Desk, actor: &Actor, case: &mut CaseRow) -> Result<(), StoreError> {
    let ladder = ladder(tx.look(), case.senior_id.0, &case.place_code.0)?;
    let next = match turn_of(case) {
        Some(rung) => ladder.after(&rung),
        None => ladder.first(case.concern.0),
    };
    give(tx, desk, actor, case, next)
}

/// Follows cases whose deadline has passed; how many. The worker calls it every few seconds. Any number of workers may: whoever locks
/// the senior first moves the case, and the others find its deadline moved.
pub async fn follow_due(app: &App) -> Outcome<usize, Never> {
    let now = app.clock.now();
    let due = app.store.read("welfare_due", move |conn| Ok::<_, Failure<Never>>(welfare::overdue(conn, now, AT_ONCE)?)).await?;
    let mut moved = 0;
    for case in due {
        moved += usize::from(follow(app, case, now).await?);
    }
    Ok(moved)
}

async fn follow(app: &App, id: WelfareCaseId, seen_at: Instant) -> Outcome<bool, Never> {
    let desk = app.welfare_desk();
    app.store
        .write(LaneKey::of(id), "welfare_due", move |tx| {
            let Some(case) = welfare::find(tx.look(), id)? else { return Ok(false) };
            welfare::lock_senior(tx.change(), case.senior_id.0)?;
            let still = welfare::find(tx.look(), id)?.filter(|row| row.due_at.is_some_and(|Col(due)| due <= seen_at));
            let Some(mut case) = still else { return Ok(false) };
            climb(tx, &desk, &Actor::default(), &mut case)?;
            Ok(true)
        })
        .await
}
