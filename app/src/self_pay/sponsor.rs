//! Sponsors: who bears seniors' self-pay, and whose, from when until when.

use super::SelfPayRefusal as Refusal;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::signer;
use crate::settlements::permit_place;
use crate::{App, audit};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::{SeniorId, SponsorId, SponsoredId};
use domain::self_pay::bill::Span;
use domain::{PlaceCode, ServiceDate};
use serde_json::json;
use std::sync::Arc;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::sponsors::{self, SponsorRow, SponsoredRow};
use store::query::{seniors, welfare};
use store::{LaneKey, StoreError, Tx};

/// A sponsor who is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSponsor {
    /// Whose seniors it may bear: of this place.
    pub place: PlaceCode,
    /// By name.
    pub name: String,
    /// Who is written to about a bill; may be empty.
    pub contact: String,
}

/// A sponsor that the actor may do this to.
pub(super) fn sponsor_for<R>(conn: &mut AnyConnection, actor: &Actor, id: SponsorId, right: Action) -> Outcome<SponsorRow, R> {
    let row = sponsors::find(conn, id)?.ok_or(Failure::NotFound(Thing::Sponsor))?;
    permit_place(actor, right, &row.place_code.0, Thing::Sponsor)?;
    Ok(row)
}

/// Enters a sponsor of a place.
pub async fn name(app: &App, actor: Arc<Actor>, key: RequestKey, new: NewSponsor) -> Outcome<SponsorRow, Refusal> {
    app.store
        .write(LaneKey::SHARED, "name_sponsor", move |tx| {
            if let Some(id) = key.earlier_answer::<SponsorId, _>(tx)? {
                return Ok(sponsors::find(tx.look(), id)?.ok_or(StoreError::NotFound)?);
            }
            permit_place(&actor, Action::Settle, &new.place, Thing::Place)?;
            if let Some(there) = sponsors::named(tx.look(), &new.place, &new.name)? {
                return Err(Failure::Refused(Refusal::SponsorThere(there.id.0)));
            }
            let row = SponsorRow {
                id: Col(tx.new_id()),
                version: 1,
                place_code: Col(new.place.clone()),
                name: new.name.clone(),
                contact: new.contact.clone(),
                made_by: Col(signer(&actor)?),
                made_at: Col(tx.now()),
            };
            sponsors::add(tx.change(), &row).map_err(|error| match error {
                // There is no such place.
                StoreError::ForeignKey => Failure::NotFound(Thing::Place),
                other => other.into(),
            })?;
            audit::record(tx, &actor, AuditAction::SponsorNamed, row.id.0, Some(&new.place), &json!({ "name": new.name }));
            key.keep_answer(tx, &row.id.0, tx.now())?;
            Ok(row)
        })
        .await
}

/// Sponsors of the actor's places.
pub async fn list(app: &App, actor: Arc<Actor>, after: Option<SponsorId>, limit: i64) -> Outcome<Vec<SponsorRow>, Never> {
    app.store
        .read("list_sponsors", move |conn| {
            let scope = actor.scope(Action::SeeClaims);
            if scope.is_empty() {
                return Err(Failure::Forbidden);
            }
            Ok(sponsors::list(conn, &scope, after, limit)?)
        })
        .await
}

/// Whom a sponsor bears, in the order in which they were assigned.
pub async fn sponsored(
    app: &App,
    actor: Arc<Actor>,
    of: SponsorId,
    after: Option<SponsoredId>,
    limit: i64,
) -> Outcome<Vec<SponsoredRow>, Never> {
    app.store
        .read("list_sponsored", move |conn| {
            sponsor_for(conn, &actor, of, Action::SeeClaims)?;
            Ok(sponsors::of_sponsor(conn, of, after, limit)?)
        })
        .await
}

/// Says that a sponsor bears a senior's self-pay in a span. One sponsor a day.
pub async fn assign(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    (of, senior): (SponsorId, SeniorId),
    span: Span,
) -> Outcome<SponsoredRow, Refusal> {
    app.store
        .write(LaneKey::of(senior), "sponsor_senior", move |tx| {
            if let Some(id) = key.earlier_answer::<SponsoredId, _>(tx)? {
                return Ok(sponsors::assignment(tx.look(), id)?.ok_or(StoreError::NotFound)?);
            }
            let sponsor = sponsor_for(tx.look(), &actor, of, Action::Settle)?;
            let row = seniors::find(tx.look(), senior)?.filter(|row| sponsor.place_code.0.contains(&row.resident_place.0));
            row.ok_or(Failure::NotFound(Thing::Senior(senior)))?;
            welfare::lock_senior(tx.change(), senior)?;
            let meets = |row: &SponsoredRow| span.meets(&span_of(row));
            if let Some(other) = sponsors::of_senior(tx.look(), senior)?.into_iter().find(meets) {
                return Err(Failure::Refused(Refusal::Sponsored(other.id.0)));
            }
            let row = SponsoredRow {
                id: Col(tx.new_id()),
                version: 1,
                sponsor_id: Col(of),
                senior_id: Col(senior),
                from_on: Col(span.from),
                to_on: span.to.map(Col),
                assigned_by: Col(signer(&actor)?),
                assigned_at: Col(tx.now()),
            };
            sponsors::assign(tx.change(), &row)?;
            record(tx, &actor, &sponsor, &row);
            key.keep_answer(tx, &row.id.0, tx.now())?;
            Ok(row)
        })
        .await
}

fn span_of(row: &SponsoredRow) -> Span {
    Span { from: row.from_on.0, to: row.to_on.map(|Col(to)| to) }
}

fn record(tx: &mut Tx<'_>, actor: &Actor, sponsor: &SponsorRow, row: &SponsoredRow) {
    let detail = json!({ "senior": row.senior_id.0, "from": row.from_on.0, "to": row.to_on.map(|Col(to)| to) });
    audit::record(tx, actor, AuditAction::SponsorNamed, sponsor.id.0, Some(&sponsor.place_code.0), &detail);
}

/// Gives the assignment that has this version its last day. What was billed stays billed.
pub async fn end(app: &App, actor: Arc<Actor>, id: SponsoredId, version: i64, to: ServiceDate) -> Outcome<SponsoredRow, Refusal> {
    app.store
        .write(LaneKey::of(id), "end_sponsoring", move |tx| {
            let hidden = || Failure::NotFound(Thing::Sponsored);
            let row = sponsors::assignment(tx.look(), id)?.ok_or_else(hidden)?;
            let sponsor = sponsors::find(tx.look(), row.sponsor_id.0)?.ok_or_else(hidden)?;
            permit_place(&actor, Action::Settle, &sponsor.place_code.0, Thing::Sponsored)?;
            if row.version != version {
                return Err(Failure::Stale { version: row.version });
            }
            // An end is brought forward and not put off: what comes after may be another's by now.
            if to < row.from_on.0 || row.to_on.is_some_and(|Col(end)| end < to) {
                return Err(Failure::Refused(Refusal::Span));
            }
            if !sponsors::end(tx.change(), id, version, to)? {
                return Err(Failure::Stale { version: row.version });
            }
            let row = SponsoredRow { version: version + 1, to_on: Some(Col(to)), ..row };
            record(tx, &actor, &sponsor, &row);
            Ok(row)
        })
        .await
}
