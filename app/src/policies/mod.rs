//! Policies: draft, review by a second person, publish, look.

pub mod draft;
pub mod look;
pub mod publish;
pub mod review;

use crate::failure::{Failure, Outcome, Thing};
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::id::{PolicyId, UserId};
use domain::policy::{PolicyRejection, PolicyState};
use domain::subsidy::{Document, Finding};
use domain::{Instant, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use store::column::Col;
use store::conn::AnyConnection;
use store::query::policies::{self, PolicyRow};
use store::{StoreError, Tx};

/// A version as lists and answers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySummary {
    /// Its identifier.
    pub id: PolicyId,
    /// The programme.
    pub programme: String,
    /// The version's name within the programme.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// 文号, when it has one.
    pub number: Option<String>,
    /// Whose policy it is; absent for a national one.
    pub place: Option<PlaceCode>,
    /// First service date.
    pub from: ServiceDate,
    /// Last service date: the document's, or the day before the version that superseded it.
    pub to: Option<ServiceDate>,
    /// SHA-256 of the canonical document, as traces name it.
    pub hash: String,
    /// Where it stands.
    pub state: PolicyState,
    /// Who drafted it; absent when it came with the set-up.
    pub drafted_by: Option<UserId>,
    /// Who reviewed it.
    pub reviewed_by: Option<UserId>,
    /// When it was uploaded.
    pub created_at: Instant,
    /// When it was published.
    pub published_at: Option<Instant>,
}

/// Why a policy's command is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyRefusal {
    /// The document has faults: all of them, warnings included.
    Faulty(Vec<Finding>),
    /// Its state, or who asks.
    Rejected(PolicyRejection),
    /// The same content was uploaded before.
    AlreadyThere(PolicyId),
    /// The document's place is not in the place tree.
    UnknownPlace(PlaceCode),
    /// Another published version of the programme governs the same dates, from this one on.
    Overlap {
        /// Which version.
        with: PolicyId,
        /// The version's name.
        version: String,
        /// The first date both would govern.
        date: ServiceDate,
    },
    /// What it should supersede is not a published version of the same programme that began earlier.
    NotSuperseded(PolicyId),
}

/// The summary of a stored version.
pub fn summary(row: &PolicyRow) -> Result<PolicySummary, StoreError> {
    let document = crate::subsidies::stored_document(&row.document)?;
    Ok(PolicySummary {
        id: row.id.0,
        programme: row.programme.clone(),
        version: document.version.to_string(),
        title: document.title,
        number: document.number,
        place: row.place_code.clone().map(|Col(place)| place),
        from: row.effective_from.0,
        to: row.effective_to.map(|Col(to)| to),
        hash: hex::encode(&row.content_hash),
        state: row.state.0,
        drafted_by: row.drafted_by.map(|Col(user)| user),
        reviewed_by: row.reviewed_by.map(|Col(user)| user),
        created_at: row.created_at.0,
        published_at: row.published_at.map(|Col(at)| at),
    })
}

/// Whether the actor may do this to a policy of a place; a national one asks for the right in every province that is known.
fn may(conn: &mut AnyConnection, actor: &Actor, action: Action, place: Option<&PlaceCode>) -> Result<bool, StoreError> {
    let at = |place: &PlaceCode| actor.may(action, Where { place, canteen: None });
    Ok(match place {
        Some(place) => at(place),
        None => {
            let provinces = policies::provinces(conn)?;
            !provinces.is_empty() && provinces.iter().all(at)
        }
    })
}

/// Whether the actor may see a policy: who works with claims at its place, above, or below it, where it is applied.
fn may_see(actor: &Actor, place: Option<&PlaceCode>) -> bool {
    let scope = actor.scope(Action::SeeClaims);
    scope.places().iter().any(|own| place.is_none_or(|place| own.contains(place) || place.contains(own)))
}

/// Whoever drafts or reviews policies of a version's place may try it on past meals.
pub fn may_try<R>(conn: &mut AnyConnection, actor: &Actor, row: &PolicyRow) -> Outcome<(), R> {
    let place = row.place_code.as_ref().map(|Col(place)| place);
    if !may_see(actor, place) {
        return Err(Failure::NotFound(Thing::Policy));
    }
    let tries = may(conn, actor, Action::EditPolicy, place)? || may(conn, actor, Action::ReviewPolicy, place)?;
    if tries { Ok(()) } else { Err(Failure::Forbidden) }
}

/// Records who did this to a version, in the same commit.
fn answer_for(tx: &mut Tx<'_>, actor: &Actor, action: AuditAction, row: &PolicyRow, detail: &serde_json::Value) {
    let place = row.place_code.as_ref().map(|Col(place)| place);
    crate::audit::record(tx, actor, action, row.id.0, place, detail);
}

/// A new row of a document.
fn row_of(tx: &Tx<'_>, document: &Document, state: PolicyState, drafter: Option<UserId>) -> Result<PolicyRow, StoreError> {
    let text = domain::subsidy::canonical::canonical_json(document);
    let hash = domain::subsidy::canonical::content_hash(document);
    let now = tx.now();
    Ok(PolicyRow {
        id: Col(tx.new_id()),
        programme: document.programme.to_string(),
        number: document.number.clone().unwrap_or_else(|| document.version.to_string()),
        place_code: document.place.clone().map(Col),
        effective_from: Col(document.effective.from),
        effective_to: document.effective.to.map(Col),
        content_hash: hex::decode(hash).map_err(|e| StoreError::Database(format!("content hash: {e}")))?,
        document: text,
        state: store::column::Word(state),
        drafted_by: drafter.map(Col),
        reviewed_by: None,
        created_at: Col(now),
        published_at: (state == PolicyState::Published).then_some(Col(now)),
    })
}
