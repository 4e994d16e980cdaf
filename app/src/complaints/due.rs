//! Complaints that nobody answered in time: the office above has them too.

use crate::App;
use crate::audit;
use crate::failure::{Failure, Never, Outcome};
use domain::Instant;
use domain::access::{Actor, Role};
use domain::audit::AuditAction;
use domain::complaint::{ComplaintStep, above, due};
use domain::id::ComplaintId;
use serde_json::json;
use store::LaneKey;
use store::column::{Col, Word};
use store::query::complaints::{self, StepRow};
use store::query::welfare;

/// Complaints that are raised in one call; the next call takes the rest.
const AT_ONCE: i64 = 200;
/// Officers around one canteen who are looked at.
const OFFICERS_MAX: i64 = 100;

/// Raises complaints whose deadline has passed; how many. The worker calls it every few minutes. Any number of workers may: a complaint is
/// raised at the version that was seen, once.
pub async fn follow_due(app: &App) -> Outcome<usize, Never> {
    let now = app.clock.now();
    let overdue =
        app.store.read("complaints_due", move |conn| Ok::<_, Failure<Never>>(complaints::overdue(conn, now, AT_ONCE)?)).await?;
    let mut raised = 0;
    for id in overdue {
        raised += usize::from(raise(app, id, now).await?);
    }
    Ok(raised)
}

/// Gives a complaint to the next office above. With none further up it stays where it is, without a deadline, and on the lists as open.
async fn raise(app: &App, id: ComplaintId, seen_at: Instant) -> Outcome<bool, Never> {
    let shelf = app.food_safety.clone();
    app.store
        .write(LaneKey::of(id), "raise_complaint", move |tx| {
            let overdue = complaints::find(tx.look(), id)?.filter(|row| row.due_at.is_some_and(|Col(at)| at < seen_at));
            let Some(mut row) = overdue else { return Ok(false) };
            let (now, place) = (tx.now(), row.place_code.0.clone());
            let holders = welfare::holders(tx.look(), Role::Officer, &place.chain(), OFFICERS_MAX)?;
            let offices: Vec<_> = holders.into_iter().map(|(office, _)| office).collect();
            let next = above(&offices, row.raised_to.as_ref().map(|place| &place.0), &place);
            let rules = shelf.in_force(&place, now.civil_date())?;
            row.due_at = next.as_ref().and_then(|_| due(row.category.0, now, &rules)).map(Col);
            row.raised_to = next.clone().map(Col).or(row.raised_to);
            if !complaints::put(tx.change(), &row)? {
                return Ok(false);
            }
            let Some(office) = next else { return Ok(true) };
            let step = StepRow {
                id: Col(tx.new_id()),
                complaint_id: Col(id),
                kind: Word(ComplaintStep::Raised),
                words_enc: None,
                place_code: Some(Col(office.clone())),
                at: Col(now),
                by_user: None,
            };
            complaints::add_step(tx.change(), &step)?;
            let detail = json!({ "to": office });
            audit::record(tx, &Actor::default(), AuditAction::ComplaintRaised, id, Some(&place), &detail);
            Ok(true)
        })
        .await
}
