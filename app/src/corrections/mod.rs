//! Corrections: found by deciding meals again, or asked for by a person; answered for by two. The rule is `domain::correction`.

pub mod answer;
pub mod look;
pub mod rerate;

use crate::failure::{Outcome, Thing};
use crate::subsidies::stored_decision;
use crate::{audit, settlements};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::claim::VersionRef;
use domain::correction::{CorrectionCause, CorrectionRejection, CorrectionState, Costs, Part};
use domain::id::{CanteenId, CorrectionId, SeniorId};
use domain::ledger::Payer;
use domain::order::OrderState;
use domain::subsidy::Decision;
use domain::subsidy::trace::Flag;
use domain::{Fen, Instant, PlaceCode};
use serde_json::json;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::catalogue;
use store::query::corrections::CorrectionRow;
use store::query::rows::{DecisionRow, OrderRow};
use store::{StoreError, Tx};

/// Why a command on corrections is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorrectionRefusal {
    /// The correction's state, who asks, or what is proposed.
    Rejected(CorrectionRejection),
    /// The order was not served: it is cancelled or closed, not corrected.
    NotServed(OrderState),
    /// A guest's meal has no subsidy; what the till gives back is the till's.
    Guest,
    /// One is open already.
    Open(CorrectionId),
    /// It was annulled before.
    Annulled(CorrectionId),
}

/// A correction, with its parts read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionCard {
    /// As it is stored.
    pub row: CorrectionRow,
    /// The funders whose part differs.
    pub parts: Vec<Part>,
}

impl TryFrom<CorrectionRow> for CorrectionCard {
    type Error = StoreError;

    fn try_from(row: CorrectionRow) -> Result<Self, StoreError> {
        let parts = stored_parts(row.id.0, &row.parts)?;
        Ok(Self { row, parts })
    }
}

/// The parts of a correction as the table holds them.
pub(crate) fn stored_parts(id: CorrectionId, text: &str) -> Result<Vec<Part>, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Database(format!("parts of {id}: {e}")))
}

/// What a meal costs by its stored decision and the corrections that were answered for.
struct Stands {
    costs: Costs,
    /// The decision behind it; none when it was annulled, by this correction.
    decision: Result<Decision, CorrectionId>,
    /// Whether the decision that was taken when it was ordered was provisional.
    provisional: bool,
}

impl Stands {
    /// `corrections` are all of the order, the earliest first.
    fn of(row: &DecisionRow, corrections: &[CorrectionRow]) -> Result<Self, StoreError> {
        let decision = stored_decision(row)?;
        let provisional = decision.flags.contains(&Flag::CalendarProvisional);
        let decision =
            match corrections.iter().rfind(|row| row.has_changed_cost()) {
                None => Ok(decision),
                Some(CorrectionRow { trace: Some(trace), .. }) => Ok(serde_json::from_str(trace)
                    .map_err(|e| StoreError::Database(format!("correction of {}: {e}", row.order_id.0)))?),
                Some(annulled) => Err(annulled.id.0),
            };
        let costs = decision.as_ref().map_or_else(|_| Ok(Costs::default()), costs_of)?;
        Ok(Self { costs, decision, provisional })
    }
}

fn costs_of(decision: &Decision) -> Result<Costs, StoreError> {
    Costs::of_decision(decision).map_err(|e| StoreError::Database(format!("decision: {e}")))
}

/// What a difference comes to.
struct Difference {
    parts: Vec<Part>,
    takes_back: bool,
    claim_fen: Fen,
    self_pay: (Fen, Fen),
}

impl Difference {
    /// Between what stands and what would; `None` for a meal that is to be annulled.
    fn between(stands: &Stands, after: Option<&Decision>) -> Result<Self, StoreError> {
        let costs = after.map_or_else(|| Ok(Costs::default()), costs_of)?;
        let version = |payer: &Payer, is_after: bool| {
            let of = if is_after { after } else { stands.decision.as_ref().ok() };
            let trace = of?.trace.iter().find(|trace| trace.programme == *payer.programme())?;
            Some(VersionRef { version: trace.version.to_string(), hash: trace.hash.clone() })
        };
        let parts = domain::correction::parts(&stands.costs, &costs, version);
        let claim_fen = Fen::sum(parts.iter().map(Part::more)).map_err(|e| StoreError::Database(format!("correction: {e}")))?;
        let takes_back = parts.iter().any(|part| part.more().is_negative());
        Ok(Self { parts, takes_back, claim_fen, self_pay: (stands.costs.self_pay, costs.self_pay) })
    }

    fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(&self.parts).map_err(|e| StoreError::Database(format!("correction: {e}")))
    }
}

/// Asks for a right over a canteen's money, and tells where the canteen lies.
fn permit<R>(conn: &mut AnyConnection, actor: &Actor, action: Action, canteen: CanteenId, hidden: Thing) -> Outcome<PlaceCode, R> {
    let Col(place) = catalogue::canteen(conn, canteen)?.ok_or(StoreError::NotFound)?.place_code;
    settlements::permit(actor, action, canteen, &place, hidden)?;
    Ok(place)
}

/// Records what became of a correction; nobody's doing is the worker's.
fn record(tx: &mut Tx<'_>, actor: &Actor, row: &CorrectionRow, place: &PlaceCode, action: AuditAction) {
    let detail = json!({ "order": row.order_id.0, "cause": row.cause.0, "resolution": row.resolution.map(|of| of.0),
        "claim_fen": row.claim_fen.0.0, "reason": row.reason });
    audit::record(tx, actor, action, row.id.0, Some(place), &detail);
}

/// A correction that is found or asked for now.
fn opened(
    id: CorrectionId,
    (order, senior): (&OrderRow, SeniorId),
    difference: &Difference,
    now: Instant,
) -> Result<CorrectionRow, StoreError> {
    Ok(CorrectionRow {
        id: Col(id),
        version: 1,
        order_id: order.id,
        senior_id: Col(senior),
        canteen_id: order.canteen_id,
        service_date: order.service_date,
        cause: Word(CorrectionCause::Refund),
        state: Word(CorrectionState::Open),
        resolution: None,
        takes_back: difference.takes_back,
        reproduced: true,
        self_pay_before_fen: Col(difference.self_pay.0),
        self_pay_after_fen: Col(difference.self_pay.1),
        parts: difference.text()?,
        claim_fen: Col(difference.claim_fen),
        trace: None,
        reason: String::new(),
        found_by: None,
        found_at: Col(now),
        proposed_by: None,
        proposed_at: None,
        decided_by: None,
        decided_at: None,
    })
}
