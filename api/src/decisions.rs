//! Why an order got the subsidy it got.

use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode};
use crate::words::path_id;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::orders::list;
use domain::access::{Action, FamilyScope};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/orders/{order}/decision").route(web::get().to(explain_decision)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] =
    &[op("explainDecision", Access::RolesOrFamily(Action::SeeOrders, FamilyScope::See), &[ProblemCode::NotFound])];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(explain_decision))]
pub struct Docs;

/// A decision in words; officers also get the stored trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// What is paid, what is not and why, zh-CN: plainly for the senior and family, in full for officers.
    pub text: String,
    /// The same in English.
    pub text_en: String,
    /// What the lines that applied add up to.
    pub entitled_fen: i64,
    /// What is granted.
    pub granted_fen: i64,
    /// What the senior pays.
    pub self_pay_fen: i64,
    /// What each funder bears.
    pub by_funder: BTreeMap<String, i64>,
    /// The stored decision with its whole trace; officers, reviewers and auditors only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub trace: Option<serde_json::Value>,
}

/// Why the order got the subsidy it got, the lines that did not apply included. An anonymous sale has no decision.
#[utoipa::path(get, path = "/v1/orders/{order}/decision", operation_id = "explainDecision", tag = "orders",
    params(("order" = String, Path, description = "The order")), responses((status = 200, body = DecisionView)))]
pub async fn explain_decision(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<DecisionView>, Problem> {
    let told = list::explain(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let told = told.ok_or_else(|| Problem::new(ProblemCode::NotFound).with("what", "decision"))?;
    let trace = told.in_full.then(|| serde_json::to_value(&told.decision)).transpose().map_err(|error| {
        tracing::error!(%error, "a decision does not serialise");
        Problem::new(ProblemCode::Internal)
    })?;
    Ok(Json(DecisionView {
        text: told.text_zh,
        text_en: told.text_en,
        entitled_fen: told.decision.entitled_fen.0,
        granted_fen: told.decision.granted_fen.0,
        self_pay_fen: told.decision.self_pay_fen.0,
        by_funder: told.decision.by_funder().into_iter().map(|(funder, fen)| (funder.to_string(), fen.0)).collect(),
        trace,
    }))
}
