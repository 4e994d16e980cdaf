//! Budgets as people see them.

use super::payer_of;
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor, Where};
use domain::budget::{BudgetChangeState, lasts_until};
use domain::id::{BudgetChangeId, BudgetId, UserId};
use domain::ledger::Payer;
use domain::{Fen, Instant, PlaceCode, ServiceDate};
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::budgets::{self, BudgetChangeRow, BudgetRow};

/// Changes shown with a budget: the last ones.
pub const CHANGES_MAX: i64 = 200;

/// A budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetSummary {
    /// Its identifier.
    pub id: BudgetId,
    /// Whose.
    pub payer: Payer,
    /// Whose officers answer for it.
    pub place: PlaceCode,
    /// First service date.
    pub from: ServiceDate,
    /// Last service date.
    pub to: ServiceDate,
    /// Whether it counts: its first money was confirmed.
    pub in_force: bool,
    /// What is set aside.
    pub amount_fen: Fen,
    /// What is held and spent.
    pub used_fen: Fen,
}

impl BudgetSummary {
    fn of(row: &BudgetRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.0,
            payer: payer_of(row)?,
            place: row.place_code.0.clone(),
            from: row.from_on.0,
            to: row.to_on.0,
            in_force: row.in_force,
            amount_fen: row.amount_fen.0,
            used_fen: row.used_fen.0,
        })
    }

    /// What is left; less than nothing when it is overdrawn.
    #[must_use]
    pub fn left_fen(&self) -> Fen {
        Fen(self.amount_fen.0.saturating_sub(self.used_fen.0))
    }

    /// Until when it lasts when it goes on as it did; `None` when it lasts to its end, or it is too early to tell.
    #[must_use]
    pub fn lasts_until(&self, today: ServiceDate) -> Option<ServiceDate> {
        lasts_until((self.from, self.to), (self.amount_fen, self.used_fen), today).filter(|_| self.in_force)
    }
}

/// A change of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetChange {
    /// Its identifier.
    pub id: BudgetChangeId,
    /// How much.
    pub amount_fen: Fen,
    /// The number of the paper.
    pub document: String,
    /// In words.
    pub reason: String,
    /// Where it stands.
    pub state: BudgetChangeState,
    /// Who entered it.
    pub proposed_by: UserId,
    /// When.
    pub proposed_at: Instant,
    /// Who confirmed it or took it back.
    pub answered_by: Option<UserId>,
    /// When.
    pub answered_at: Option<Instant>,
}

impl From<BudgetChangeRow> for BudgetChange {
    fn from(row: BudgetChangeRow) -> Self {
        Self {
            id: row.id.0,
            amount_fen: row.amount_fen.0,
            document: row.document,
            reason: row.reason,
            state: row.state.0,
            proposed_by: row.proposed_by.0,
            proposed_at: row.proposed_at.0,
            answered_by: row.answered_by.map(|by| by.0),
            answered_at: row.answered_at.map(|at| at.0),
        }
    }
}

/// A budget with its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetCard {
    /// The budget.
    pub summary: BudgetSummary,
    /// Its changes, the first first.
    pub changes: Vec<BudgetChange>,
}

/// One budget.
pub async fn get(app: &App, actor: Arc<Actor>, id: BudgetId) -> Outcome<BudgetCard, Never> {
    app.store.read("get_budget", move |conn| card(conn, &actor, id)).await
}

pub(super) fn card<R>(conn: &mut AnyConnection, actor: &Actor, id: BudgetId) -> Outcome<BudgetCard, R> {
    let row = budgets::find(conn, id)?.ok_or(Failure::NotFound(Thing::Budget))?;
    if !actor.may(Action::SeeClaims, Where { place: &row.place_code.0, canteen: None }) {
        return Err(Failure::NotFound(Thing::Budget));
    }
    let changes = budgets::changes(conn, id, CHANGES_MAX)?.into_iter().map(BudgetChange::from).collect();
    Ok(BudgetCard { summary: BudgetSummary::of(&row)?, changes })
}

/// One page of the budgets in the actor's sight, after an identifier.
pub async fn list(app: &App, actor: Arc<Actor>, after: Option<BudgetId>, limit: i64) -> Outcome<Vec<BudgetSummary>, Never> {
    app.store
        .read("list_budgets", move |conn| {
            let scope = actor.scope(Action::SeeClaims);
            if scope.is_empty() {
                return Err(Failure::Forbidden);
            }
            let rows = budgets::list(conn, &scope, after, limit)?;
            Ok(rows.iter().map(BudgetSummary::of).collect::<Result<_, StoreError>>()?)
        })
        .await
}
