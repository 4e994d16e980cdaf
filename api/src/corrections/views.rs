//! Corrections as clients see them.

use crate::words::{
    CanteenIdText, CorrectionCauseWord, CorrectionIdText, CorrectionStateWord, OrderIdText, ResolutionWord, SeniorIdText,
    UserIdText,
};
use app::corrections::CorrectionCard;
use app::store::StoreError;
use app::store::column::{Col, Word};
use domain::correction::{CorrectionCause, CorrectionState, Part, Resolution};
use domain::id::{CanteenId, CorrectionId, OrderId, SeniorId, UserId};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What one funder bears of a meal, and would bear.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionPartView {
    /// The funder, as in settlements.
    #[schema(example = "demo-meals/street@990101001")]
    pub payer: String,
    /// As it stands.
    pub before_fen: i64,
    /// As it would be.
    pub after_fen: i64,
    /// The policy version that a settlement counts the difference under.
    pub version: String,
}

impl From<Part> for CorrectionPartView {
    fn from(of: Part) -> Self {
        Self { payer: of.payer, before_fen: of.before_fen.0, after_fen: of.after_fen.0, version: of.version.version }
    }
}

/// A correction.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionView {
    /// Its identifier.
    #[schema(value_type = CorrectionIdText)]
    pub id: CorrectionId,
    /// For `If-Match`.
    pub version: i64,
    /// The order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Whose meal it is.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// Where it was eaten.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// When.
    #[schema(value_type = String, format = Date)]
    pub date: ServiceDate,
    /// Why it is looked at again.
    #[schema(value_type = CorrectionCauseWord)]
    pub cause: CorrectionCause,
    /// Where it stands.
    #[schema(value_type = CorrectionStateWord)]
    pub state: CorrectionState,
    /// What is proposed, or was done.
    #[schema(value_type = Option<ResolutionWord>)]
    pub resolution: Option<Resolution>,
    /// Whether a funder gets something back: until it is closed the meal is in no settlement.
    pub takes_back: bool,
    /// Whether what was known then gives what was decided then; where not, the difference has another cause, which a person has to
    /// find before anything is done.
    pub reproduced: bool,
    /// What the senior paid.
    pub self_pay_before_fen: i64,
    /// What the senior would have paid.
    pub self_pay_after_fen: i64,
    /// The funders whose part differs.
    pub parts: Vec<CorrectionPartView>,
    /// How much more the canteen is owed by funders; negative when it got too much.
    pub claim_fen: i64,
    /// What whoever proposed or rejected it says.
    pub reason: String,
    /// When it was found or asked for.
    #[schema(value_type = String, format = DateTime)]
    pub found_at: Instant,
    /// Who proposed.
    #[schema(value_type = Option<UserIdText>)]
    pub proposed_by: Option<UserId>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub proposed_at: Option<Instant>,
    /// Who approved.
    #[schema(value_type = Option<UserIdText>)]
    pub decided_by: Option<UserId>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Instant>,
}

impl From<CorrectionCard> for CorrectionView {
    fn from(CorrectionCard { row, parts }: CorrectionCard) -> Self {
        Self {
            id: row.id.0,
            version: row.version,
            order: row.order_id.0,
            senior: row.senior_id.0,
            canteen: row.canteen_id.0,
            date: row.service_date.0,
            cause: row.cause.0,
            state: row.state.0,
            resolution: row.resolution.map(|Word(resolution)| resolution),
            takes_back: row.takes_back,
            reproduced: row.reproduced,
            self_pay_before_fen: row.self_pay_before_fen.0.0,
            self_pay_after_fen: row.self_pay_after_fen.0.0,
            parts: parts.into_iter().map(CorrectionPartView::from).collect(),
            claim_fen: row.claim_fen.0.0,
            reason: row.reason,
            found_at: row.found_at.0,
            proposed_by: row.proposed_by.map(|Col(user)| user),
            proposed_at: row.proposed_at.map(|Col(at)| at),
            decided_by: row.decided_by.map(|Col(user)| user),
            decided_at: row.decided_at.map(|Col(at)| at),
        }
    }
}

/// A correction with the decision behind it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionCardView {
    /// The correction.
    #[serde(flatten)]
    pub correction: CorrectionView,
    /// The decision with what is known now, with its trace; none when the meal is to be annulled.
    #[schema(value_type = Option<Object>)]
    pub decision: Option<serde_json::Value>,
}

impl TryFrom<CorrectionCard> for CorrectionCardView {
    type Error = StoreError;

    fn try_from(card: CorrectionCard) -> Result<Self, StoreError> {
        let fault = |e| StoreError::Database(format!("correction {}: {e}", card.row.id.0));
        let decision = card.row.trace.as_deref().map(serde_json::from_str).transpose().map_err(fault)?;
        Ok(Self { correction: card.into(), decision })
    }
}

/// Which corrections a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CorrectionQuery {
    /// Only of this canteen's meals.
    #[param(value_type = Option<CanteenIdText>)]
    pub canteen: Option<CanteenId>,
    /// Only of this senior's.
    #[param(value_type = Option<SeniorIdText>)]
    pub senior: Option<SeniorId>,
    /// Only of this order.
    #[param(value_type = Option<OrderIdText>)]
    pub order: Option<OrderId>,
    /// Only in this state.
    #[param(value_type = Option<CorrectionStateWord>)]
    pub state: Option<CorrectionState>,
    /// Only for this cause.
    #[param(value_type = Option<CorrectionCauseWord>)]
    pub cause: Option<CorrectionCause>,
    /// From the page before.
    pub cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
}

/// What may be proposed.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposedResolution {
    /// 补退差额: the difference is posted.
    Adjust,
    /// 撤销: everything moves back; of a meal that is said not to have been.
    Annul,
    /// 豁免: what a funder paid too much is not asked back.
    Waive,
    /// 不更正: the meal stands.
    Dismiss,
}

impl From<ProposedResolution> for Resolution {
    fn from(of: ProposedResolution) -> Self {
        match of {
            ProposedResolution::Adjust => Self::Adjust,
            ProposedResolution::Annul => Self::Annul,
            ProposedResolution::Waive => Self::Waive,
            ProposedResolution::Dismiss => Self::Dismiss,
        }
    }
}

/// What is to be done, and why.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalBody {
    /// What.
    pub resolution: ProposedResolution,
    /// For whoever reads it later; at most 200 characters, no personal data.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// What may be asked of a meal in which nothing was found.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionResolution {
    /// 撤销: it was not eaten, or is given back.
    Annul,
    /// 不更正: it was looked at, and stands.
    Dismiss,
}

impl From<QuestionResolution> for Resolution {
    fn from(of: QuestionResolution) -> Self {
        match of {
            QuestionResolution::Annul => Self::Annul,
            QuestionResolution::Dismiss => Self::Dismiss,
        }
    }
}

/// What is asked of a meal, and why.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionBody {
    /// What.
    pub resolution: QuestionResolution,
    /// For whoever reads it later; at most 200 characters, no personal data.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// Why a proposal is not agreed to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// For whoever reads it later; at most 200 characters, no personal data.
    #[schema(max_length = 200)]
    pub reason: String,
}
