//! Deciding meals again when something that reaches back to them was recorded. What was noted (migration `corrections`) is followed
//! within a second, whichever process recorded it.

use super::{Difference, Stands, opened, record};
use crate::failure::{Failure, Never, Outcome};
use crate::{App, past};
use chrono::NaiveTime;
use domain::access::Actor;
use domain::audit::AuditAction;
use domain::correction::{CorrectionCause, CorrectionState, Resolution, cause};
use domain::id::{OrderId, SeniorId};
use domain::order::OrderState;
use domain::subsidy::rerate::{Differing, decide_again};
use domain::{Instant, ServiceDate};
use std::collections::{BTreeMap, BTreeSet};
use store::column::{Col, Word};
use store::query::corrections::{self, CorrectionRow, Note, Whose};
use store::query::rows::OrderRow;
use store::query::{catalogue, changes, orders};
use store::{LaneKey, StoreError, Tx};

/// Notes read at a time.
const NOTES: i64 = 64;
/// Pages of notes in one call; what is left is followed by the next.
const TURNS: usize = 200;
/// Facts of an import that are read at a time.
const FACTS: i64 = 500;
/// For how many days after a meal evidence may still come that it was eaten.
const LATE_DAYS: i64 = 31;

/// What one call has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rerated {
    /// Corrections that were opened, or whose figures have changed.
    pub found: u64,
    /// Corrections that were closed because the difference is gone.
    pub gone: u64,
}

/// Follows what was noted, until nothing is due.
pub async fn follow_due(app: &App) -> Outcome<Rerated, Never> {
    let mut done = Rerated::default();
    for _ in 0..TURNS {
        let now = app.clock.now();
        let notes = app.store.read("correction_due", move |conn| corrections::due(conn, now, NOTES)).await?;
        if notes.is_empty() {
            break;
        }
        for note in notes {
            let did = match note.whose {
                Whose::Senior(senior) => of_senior(app, senior, note).await?,
                Whose::Import(import) => {
                    of_import(app, import, note).await?;
                    Rerated::default()
                }
            };
            done.found += did.found;
            done.gone += did.gone;
        }
    }
    Ok(done)
}

/// Notes the seniors to whom an import brought facts that reach back to an order.
async fn of_import(app: &App, import: domain::id::ImportId, note: Note) -> Outcome<(), Never> {
    let mut after = None;
    loop {
        let page = app
            .store
            .read("facts_of_import", move |conn| {
                let facts = corrections::facts_of_import(conn, import, after, FACTS)?;
                let last = facts.last().map(|(fact, ..)| *fact);
                let mut reach: BTreeMap<SeniorId, ServiceDate> = BTreeMap::new();
                for (_, senior, from) in facts {
                    let earliest = reach.entry(senior).or_insert(from);
                    *earliest = from.min(*earliest);
                }
                let mut of = Vec::with_capacity(reach.len());
                for (senior, from) in reach {
                    if corrections::has_order_from(conn, senior, from)? {
                        of.push((senior, from));
                    }
                }
                Ok::<_, StoreError>((of, last))
            })
            .await?;
        let (of, last) = page;
        let ends = last.is_none();
        app.store
            .write(LaneKey::SHARED, "note_facts_of_import", move |tx| {
                for (senior, from) in &of {
                    corrections::note(tx.change(), *senior, *from)?;
                }
                if ends {
                    corrections::followed(tx.change(), &note, None)?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        if ends {
            return Ok(());
        }
        after = last;
    }
}

/// All dates that the databases keep in their order.
fn all_dates() -> (ServiceDate, ServiceDate) {
    // Texts of years with more than four digits sort before the others.
    let day = |year, month, day| ServiceDate(chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default());
    (day(1900, 1, 1), day(9999, 12, 31))
}

async fn of_senior(app: &App, senior: SeniorId, note: Note) -> Outcome<Rerated, Never> {
    let shelves = app.shelves.clone();
    let differing = app
        .store
        .read("decide_again", move |conn| {
            let counted = changes::now(conn)?;
            let mut differing = Vec::new();
            for eater in past::eaters(conn, (senior, senior), all_dates())? {
                let mut books = BTreeMap::new();
                for date in eater.meals.iter().map(|past| past.meal.date).filter(|date| note.from <= *date) {
                    books.insert(date, shelves.policies.book(conn, counted, date)?);
                }
                let found = decide_again(&eater, note.from, &books, shelves.policies.calendar());
                differing.extend(found.map_err(|e| StoreError::Database(format!("meals of {senior}: {e}")))?);
            }
            Ok::<_, StoreError>(differing)
        })
        .await?;
    app.store
        .write(LaneKey::of(senior), "keep_corrections", move |tx| {
            let (mut done, mut again_at) = (Rerated::default(), None::<Instant>);
            for found in &differing {
                match keep(tx, found)? {
                    Kept::Known => {}
                    Kept::Found => done.found += 1,
                    Kept::Later(at) => again_at = Some(again_at.map_or(at, |before| before.min(at))),
                }
            }
            let still: BTreeSet<OrderId> = differing.iter().map(|found| found.order).collect();
            done.gone = close_what_is_gone(tx, senior, note.from, &still)?;
            corrections::followed(tx.change(), &note, again_at)?;
            Ok::<_, Failure<Never>>(done)
        })
        .await
}

/// What became of a difference.
enum Kept {
    /// There is nothing to say that is not said.
    Known,
    /// A correction says it.
    Found,
    /// It is to be looked at again then.
    Later(Instant),
}

fn keep(tx: &mut Tx<'_>, found: &Differing) -> Result<Kept, StoreError> {
    let Some(order) = orders::find(tx.look(), found.order)? else { return Ok(Kept::Known) };
    let (Some(Col(senior)), now) = (order.senior_id, tx.now()) else { return Ok(Kept::Known) };
    if let Some(later) = not_eaten_yet(&order, now) {
        return Ok(later);
    }
    let Some(decided) = orders::decision(tx.look(), found.order)? else { return Ok(Kept::Known) };
    let all = corrections::of_order(tx.look(), found.order)?;
    let stands = Stands::of(&decided, &all)?;
    if stands.decision.is_err() {
        return Ok(Kept::Known);
    }
    if stands.costs != found.before {
        // A correction was answered for since it was read.
        return Ok(Kept::Later(now));
    }
    let difference = Difference::between(&stands, Some(&found.after))?;
    let trace = serde_json::to_string(&found.after).map_err(|e| StoreError::Database(format!("decision: {e}")))?;
    let row = CorrectionRow {
        cause: Word(cause(stands.provisional, &found.after)),
        reproduced: found.reproduced,
        trace: Some(trace),
        ..opened(tx.new_id(), (&order, senior), &difference, now)?
    };
    say(tx, &all, row)
}

/// Opens a correction, or brings the open one up to what is known.
fn say(tx: &mut Tx<'_>, all: &[CorrectionRow], row: CorrectionRow) -> Result<Kept, StoreError> {
    let same = |one: &CorrectionRow| {
        (&one.parts, one.self_pay_before_fen, one.self_pay_after_fen)
            == (&row.parts, row.self_pay_before_fen, row.self_pay_after_fen)
    };
    match all.iter().rfind(|one| one.resolution != Some(Word(Resolution::Gone))) {
        Some(open) if open.state.0 != CorrectionState::Closed => {
            if open.cause.0 == CorrectionCause::Refund {
                // Two people are at it; when they let it stand, this is to be said.
                return Ok(Kept::Later(row.found_at.0.plus_seconds(DAY_S)));
            }
            if same(open) {
                return Ok(Kept::Known);
            }
            // What was proposed was proposed of other figures.
            let renewed = CorrectionRow { id: open.id, version: open.version + 1, ..row };
            if !corrections::update(tx.change(), &renewed)? {
                return Err(StoreError::Contention("correction"));
            }
            tell(tx, &renewed, AuditAction::CorrectionFound)?;
        }
        // It was waived, or dismissed: two people have said that this very difference is to stand.
        Some(closed) if same(closed) => return Ok(Kept::Known),
        _ => {
            corrections::insert(tx.change(), &row)?;
            tell(tx, &row, AuditAction::CorrectionFound)?;
        }
    }
    Ok(Kept::Found)
}

const DAY_S: i64 = 24 * 3600;

/// A meal that is to be eaten yet, or whose evidence may still come, is looked at again later; one that will not be, never.
fn not_eaten_yet(order: &OrderRow, now: Instant) -> Option<Kept> {
    let (date, today) = (order.service_date.0, now.civil_date());
    // By noon of the next day every sitting is closed.
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    match order.state.0 {
        OrderState::Served => None,
        OrderState::Confirmed => Some(Kept::Later(Instant::from_civil(date.plus_days(1).max(today.plus_days(1)), noon))),
        OrderState::NotServed if today.days_since(date) <= LATE_DAYS => Some(Kept::Later(now.plus_seconds(DAY_S))),
        OrderState::NotServed | OrderState::Cancelled => Some(Kept::Known),
    }
}

/// Closes what was found before and is no difference any more.
fn close_what_is_gone(tx: &mut Tx<'_>, senior: SeniorId, from: ServiceDate, still: &BTreeSet<OrderId>) -> Result<u64, StoreError> {
    let gone = |row: &CorrectionRow| {
        row.state.0 != CorrectionState::Closed && row.cause.0 != CorrectionCause::Refund && !still.contains(&row.order_id.0)
    };
    let rows = corrections::of_seniors(tx.look(), (senior, senior), (from, all_dates().1))?;
    let mut closed = 0;
    for row in rows.into_iter().filter(gone) {
        let row = CorrectionRow {
            version: row.version + 1,
            state: Word(CorrectionState::Closed),
            resolution: Some(Word(Resolution::Gone)),
            decided_at: Some(Col(tx.now())),
            ..row
        };
        if !corrections::update(tx.change(), &row)? {
            return Err(StoreError::Contention("correction"));
        }
        tell(tx, &row, AuditAction::CorrectionDecided)?;
        closed += 1;
    }
    Ok(closed)
}

fn tell(tx: &mut Tx<'_>, row: &CorrectionRow, action: AuditAction) -> Result<(), StoreError> {
    let canteen = catalogue::canteen(tx.look(), row.canteen_id.0)?.ok_or(StoreError::NotFound)?;
    record(tx, &Actor::default(), row, &canteen.place_code.0, action);
    Ok(())
}
