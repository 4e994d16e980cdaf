//! Looking at cases: many, and one with its evidence.

use super::{AnomalyRefusal as Refusal, case_for};
use crate::App;
use crate::failure::{Failure, Outcome};
use domain::access::{Action, Actor};
use domain::anomaly::EVIDENCE_MAX;
use domain::anomaly::peers::PeerFigure;
use domain::id::{AnomalyCaseId, CanteenId};
use domain::person::mask;
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::anomalies::{self, AnomalyFilter, AnomalyRow, EvidenceSeen};
use store::query::catalogue;

/// A case with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseCard {
    /// The case.
    pub row: AnomalyRow,
    /// What its canteen is called.
    pub canteen_name: String,
    /// Every canteen that it concerns.
    pub concerns: Vec<CanteenId>,
    /// What its canteen was compared with.
    pub peers: Vec<PeerFigure>,
    /// The meals, names masked.
    pub evidence: Vec<EvidenceSeen>,
}

/// A case as it stands, on a connection.
pub(super) fn card(conn: &mut AnyConnection, row: AnomalyRow) -> Result<CaseCard, StoreError> {
    let id = row.id.0;
    let canteen = catalogue::canteen(conn, row.canteen_id.0)?.ok_or(StoreError::NotFound)?;
    let concerns = anomalies::concerned(conn, id)?.into_iter().map(|of| of.canteen_id.0).collect();
    let peers = serde_json::from_str(&row.peers).map_err(|e| StoreError::Database(format!("anomaly {id}: {e}")))?;
    let mut evidence = anomalies::evidence(conn, id, i64::try_from(EVIDENCE_MAX).unwrap_or(i64::MAX))?;
    for meal in &mut evidence {
        meal.senior_name = mask::name(&meal.senior_name);
    }
    Ok(CaseCard { row, canteen_name: canteen.name, concerns, peers, evidence })
}

/// One case.
pub async fn find(app: &App, actor: Arc<Actor>, id: AnomalyCaseId) -> Outcome<CaseCard, Refusal> {
    app.store
        .read("anomaly_case", move |conn| {
            let row = case_for(conn, &actor, id)?;
            Ok(card(conn, row)?)
        })
        .await
}

/// One page of the cases that concern canteens in the actor's sight, newest first, each with its canteen's name.
pub async fn list(app: &App, actor: Arc<Actor>, filter: AnomalyFilter) -> Outcome<Vec<(AnomalyRow, String)>, Refusal> {
    let scope = actor.scope(Action::SeeAnomalies);
    if scope.is_empty() {
        return Err(Failure::Forbidden);
    }
    app.store.read("anomaly_cases", move |conn| Ok(anomalies::list(conn, &scope, &filter)?)).await
}
