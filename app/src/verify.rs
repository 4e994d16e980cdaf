//! The invariants, as one library: asked by tests after every run, by `nuanfan verify`, and every minute by the worker.
//!
//! A break is told as data. It freezes nothing here: who runs the check decides (payouts stop, orders never do).

use crate::App;
use domain::id::{
    BudgetId, CanteenId, CorrectionId, MenuItemId, OrderId, PayoutId, SeniorId, SettlementId, ShiftId, SponsorBillId,
};
use domain::subsidy::{Claim, Decision};
use domain::{Fen, ServiceDate};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use store::StoreError;
use store::column::Col;
use store::query::{audit, budgets, invariants, self_pay_checks};

/// How far back to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everything there is.
    All,
    /// Sittings from this date on: what a running system can still break, cheap enough for every minute.
    Since(ServiceDate),
}

/// One broken invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "broken", rename_all = "snake_case")]
pub enum Break {
    /// More portions sold than there are, or the count is not that of the live orders.
    Portions {
        /// Where.
        menu_item: MenuItemId,
        /// What there are.
        portions: i64,
        /// What the menu counts.
        sold: i64,
        /// What the live orders add up to.
        in_orders: i64,
    },
    /// The ledger's movements of an order do not fit its state and its totals.
    Money {
        /// Which order.
        order: OrderId,
        /// Its state.
        state: String,
        /// What it costs with delivery.
        due_fen: Fen,
        /// All that was ever held.
        held_fen: Fen,
        /// Of it posted.
        posted_fen: Fen,
        /// Of it voided.
        voided_fen: Fen,
    },
    /// A post or void moves something else than the hold it ends.
    UnlikeItsHold {
        /// Which order.
        order: OrderId,
    },
    /// A funder's money was posted though nothing proves that the meal was served.
    NoEvidence {
        /// Which order.
        order: OrderId,
    },
    /// An order that was cancelled or not served still uses up a limit of the senior.
    LimitKept {
        /// Which order.
        order: OrderId,
    },
    /// What a limit counts as used of an amount is not what the orders that count have drawn.
    Amount {
        /// Whose.
        senior: SeniorId,
        /// Of which limit.
        limit: String,
        /// What the limit counts.
        used_fen: Fen,
        /// What the decisions come to.
        decided_fen: Fen,
    },
    /// There is evidence that an order was served which is not served.
    Unserved {
        /// Which order.
        order: OrderId,
    },
    /// The order's subsidy is not the one that was decided.
    UnlikeItsDecision {
        /// Which order.
        order: OrderId,
    },
    /// What a settlement holds, and what is paid of it, do not come to its total.
    Settlement {
        /// Which.
        settlement: SettlementId,
        /// Where it stands.
        state: String,
        /// Its total.
        total_fen: Fen,
        /// What its lines' posted movements come to.
        lines_fen: Fen,
        /// What its versions come to.
        versions_fen: Fen,
        /// What its payments come to, replaced ones left out.
        payments_fen: Fen,
        /// Of them paid.
        paid_fen: Fen,
    },
    /// A correction has posted something else to claims than two people agreed to.
    Correction {
        /// Which.
        correction: CorrectionId,
        /// Where it stands.
        state: String,
        /// What it was to post.
        claim_fen: Fen,
        /// What it posted.
        posted_fen: Fen,
    },
    /// A budget counts as used something else than the movements of its meals come to.
    Budget {
        /// Which.
        budget: BudgetId,
        /// Whose.
        payer: String,
        /// What the budget counts.
        used_fen: Fen,
        /// What the movements come to.
        moved_fen: Fen,
    },
    /// A payout's payments are not what was put into its file.
    Payout {
        /// Which.
        payout: PayoutId,
        /// What the file came to.
        total_fen: Fen,
        /// What its payments come to.
        payments_fen: Fen,
    },
    /// A till does not hold what its entries say, or was counted against something else.
    Till {
        /// Whose shift.
        shift: ShiftId,
        /// What it counts.
        cash_fen: Fen,
        /// What its entries come to.
        entries_fen: Fen,
        /// What it was counted against, once it was.
        expected_fen: Fen,
        /// What its entries before the count come to.
        before_count_fen: Fen,
    },
    /// A wallet does not hold what its entries say.
    Wallet {
        /// Whose.
        senior: SeniorId,
        /// Where.
        canteen: CanteenId,
        /// What it counts.
        balance_fen: Fen,
        /// What its entries come to.
        entries_fen: Fen,
    },
    /// More of an order's money went back than was paid, or it went elsewhere.
    Refund {
        /// Which order.
        order: OrderId,
    },
    /// A sponsor's bill is not what its lines come to.
    Bill {
        /// Which.
        bill: SponsorBillId,
        /// Its total.
        total_fen: Fen,
        /// What its lines come to.
        lines_fen: Fen,
    },
    /// The audit log was changed or cut.
    Audit {
        /// Where it breaks.
        what: String,
    },
    /// A canteen's log has a gap, or its counter does not follow its last event.
    Log {
        /// Whose.
        canteen: CanteenId,
        /// The number the next event would get.
        next_seq: i64,
        /// How many there are.
        events: i64,
        /// The first and the last number.
        first_seq: i64,
        /// The last number.
        last_seq: i64,
    },
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portions { menu_item, portions, sold, in_orders } => {
                write!(f, "portions: {menu_item} has {portions}, counts {sold} sold, live orders hold {in_orders}")
            }
            Self::Money { order, state, due_fen, held_fen, posted_fen, voided_fen } => write!(
                f,
                "ledger: {order} is {state} and costs {} fen, but {} are held, {} posted, {} voided",
                due_fen.0, held_fen.0, posted_fen.0, voided_fen.0
            ),
            Self::UnlikeItsHold { order } => write!(f, "ledger: a post or void of {order} differs from the hold it ends"),
            Self::NoEvidence { order } => write!(f, "ledger: subsidy of {order} is posted without evidence of a served meal"),
            Self::LimitKept { order } => write!(f, "limits: {order} is cancelled or not served and still uses up a limit"),
            Self::Amount { senior, limit, used_fen, decided_fen } => {
                write!(f, "limits: {senior} has used {} fen of {limit}, decisions come to {}", used_fen.0, decided_fen.0)
            }
            Self::Unserved { order } => write!(f, "evidence: {order} was redeemed and is not served"),
            Self::UnlikeItsDecision { order } => write!(f, "subsidies: {order} is paid another subsidy than was decided"),
            Self::Settlement { settlement, state, total_fen, lines_fen, versions_fen, payments_fen, paid_fen } => write!(
                f,
                "settlements: {settlement} is {state} at {} fen, but lines are {}, versions {}, payments {}, of them paid {}",
                total_fen.0, lines_fen.0, versions_fen.0, payments_fen.0, paid_fen.0
            ),
            Self::Correction { correction, state, claim_fen, posted_fen } => write!(
                f,
                "corrections: {correction} is {state} and was to post {} fen to claims, but posted {}",
                claim_fen.0, posted_fen.0
            ),
            Self::Budget { budget, payer, used_fen, moved_fen } => {
                write!(f, "budgets: {budget} of {payer} counts {} fen as used, movements come to {}", used_fen.0, moved_fen.0)
            }
            Self::Payout { payout, total_fen, payments_fen } => {
                write!(f, "settlements: {payout} was of {} fen, its payments are {}", total_fen.0, payments_fen.0)
            }
            Self::Till { shift, cash_fen, entries_fen, expected_fen, before_count_fen } => write!(
                f,
                "tills: {shift} holds {} fen, its entries come to {}; counted against {}, entries before the count come to {}",
                cash_fen.0, entries_fen.0, expected_fen.0, before_count_fen.0
            ),
            Self::Wallet { senior, canteen, balance_fen, entries_fen } => {
                write!(f, "wallets: {senior} at {canteen} holds {} fen, its entries come to {}", balance_fen.0, entries_fen.0)
            }
            Self::Refund { order } => write!(f, "self-pay: more of {order} went back than was paid, or it went elsewhere"),
            Self::Bill { bill, total_fen, lines_fen } => {
                write!(f, "bills: {bill} is of {} fen, its lines come to {}", total_fen.0, lines_fen.0)
            }
            Self::Audit { what } => write!(f, "audit: {what}"),
            Self::Log { canteen, next_seq, events, first_seq, last_seq } => {
                write!(f, "events: log of {canteen} runs {first_seq}..{last_seq} with {events} events, next would be {next_seq}")
            }
        }
    }
}

/// Every break found, at most [`invariants::MOST`] per rule; empty when all is well.
pub async fn verify(app: &App, reach: Reach) -> Result<Vec<Break>, StoreError> {
    let since = match reach {
        Reach::All => ServiceDate(chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap_or_default()),
        Reach::Since(date) => date,
    };
    // Two looks, not one: each holds a reader for its own time only, and a break found by either is real by itself. A row that
    // moves between the statements cannot be taken for a break, because every statement is a snapshot of its own.
    let mut found = app.store.read("verify_orders", move |conn| of_orders(conn, since)).await?;
    if reach == Reach::All {
        found.extend(app.store.read("verify_logs", of_logs).await?);
        found.extend(app.store.read("verify_settlements", of_settlements).await?);
        found.extend(app.store.read("verify_amounts", of_amounts).await?);
        found.extend(of_budgets(app).await?);
        found.extend(app.store.read("verify_self_pay", of_self_pay).await?);
        let sealer = app.store.sealer().clone();
        let chain = app.store.read("verify_audit", move |conn| audit::verify(conn, &sealer)).await?;
        found.extend(chain.err().map(|broken| Break::Audit { what: broken.to_string() }));
    }
    Ok(found)
}

fn of_orders(conn: &mut store::AnyConnection, since: ServiceDate) -> Result<Vec<Break>, StoreError> {
    let portions = invariants::portions(conn, since)?.into_iter().map(|row| Break::Portions {
        menu_item: row.menu_item.0,
        portions: row.portions,
        sold: row.sold,
        in_orders: row.in_orders,
    });
    let money = invariants::money(conn, since)?.into_iter().map(|row| Break::Money {
        order: row.order_id.0,
        state: row.state,
        due_fen: row.due_fen.0,
        held_fen: row.held_fen.0,
        posted_fen: row.posted_fen.0,
        voided_fen: row.voided_fen.0,
    });
    let unlike = invariants::ends_unlike_their_holds(conn, since)?;
    let unproved = invariants::posted_without_evidence(conn, since)?;
    let kept = invariants::limits_used_for_nothing(conn, since)?;
    let unserved = invariants::evidence_of_unserved(conn, since)?;
    let undecided = invariants::unlike_their_decision(conn, since)?;
    Ok(portions
        .chain(money)
        .chain(unlike.into_iter().map(|row| Break::UnlikeItsHold { order: row.order_id.0 }))
        .chain(unproved.into_iter().map(|row| Break::NoEvidence { order: row.order_id.0 }))
        .chain(kept.into_iter().map(|row| Break::LimitKept { order: row.order_id.0 }))
        .chain(unserved.into_iter().map(|row| Break::Unserved { order: row.order_id.0 }))
        .chain(undecided.into_iter().map(|row| Break::UnlikeItsDecision { order: row.order_id.0 }))
        .collect())
}

/// Each budget in a look of its own.
async fn of_budgets(app: &App) -> Result<Vec<Break>, StoreError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = app.store.read("verify_budgets", move |conn| budgets::in_force(conn, after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id.0);
        for row in page {
            found.extend(app.store.read("verify_budget", move |conn| of_budget(conn, row.id.0)).await?);
        }
    }
}

/// How often a budget that orders move meanwhile is looked at; the next run looks again.
const LOOKS: u32 = 5;

fn of_budget(conn: &mut store::AnyConnection, id: BudgetId) -> Result<Option<Break>, StoreError> {
    for _ in 0..LOOKS {
        let Some(row) = budgets::find(conn, id)? else { return Ok(None) };
        let moved_fen = crate::budgets::used(conn, &row)?;
        let used_fen = row.used_fen.0;
        if moved_fen == used_fen {
            return Ok(None);
        }
        // Counter and movements are written in one commit: with the counter as it was, none came in between.
        if budgets::find(conn, id)?.is_some_and(|again| again.used_fen == row.used_fen) {
            return Ok(Some(Break::Budget { budget: id, payer: row.payer, used_fen, moved_fen }));
        }
    }
    Ok(None)
}

fn of_logs(conn: &mut store::AnyConnection) -> Result<Vec<Break>, StoreError> {
    let rows = invariants::logs(conn)?;
    let told = rows.into_iter().map(|row| Break::Log {
        canteen: row.canteen_id.0,
        next_seq: row.next_seq,
        events: row.events,
        first_seq: row.first_seq,
        last_seq: row.last_seq,
    });
    Ok(told.collect())
}

fn of_settlements(conn: &mut store::AnyConnection) -> Result<Vec<Break>, StoreError> {
    let settlements = invariants::settlements(conn)?.into_iter().map(|row| Break::Settlement {
        settlement: row.settlement_id.0,
        state: row.state,
        total_fen: row.total_fen.0,
        lines_fen: row.lines_fen.0,
        versions_fen: row.versions_fen.0,
        payments_fen: row.payments_fen.0,
        paid_fen: row.paid_fen.0,
    });
    let payouts = invariants::payouts(conn)?.into_iter().map(|row| Break::Payout {
        payout: row.payout_id.0,
        total_fen: row.total_fen.0,
        payments_fen: row.payments_fen.0,
    });
    let corrections = invariants::corrections(conn)?.into_iter().map(|row| Break::Correction {
        correction: row.correction_id.0,
        state: row.state,
        claim_fen: row.claim_fen.0,
        posted_fen: row.posted_fen.0,
    });
    Ok(settlements.chain(payouts).chain(corrections).collect())
}

fn of_self_pay(conn: &mut store::AnyConnection) -> Result<Vec<Break>, StoreError> {
    let tills = self_pay_checks::tills(conn)?.into_iter().map(|row| Break::Till {
        shift: row.shift_id.0,
        cash_fen: row.cash_fen.0,
        entries_fen: row.entries_fen.0,
        expected_fen: row.expected_fen.0,
        before_count_fen: row.before_count_fen.0,
    });
    let wallets = self_pay_checks::wallets(conn)?.into_iter().map(|row| Break::Wallet {
        senior: row.senior_id.0,
        canteen: row.canteen_id.0,
        balance_fen: row.balance_fen.0,
        entries_fen: row.entries_fen.0,
    });
    let refunds = self_pay_checks::refunds(conn)?.into_iter().map(|row| Break::Refund { order: row.order_id.0 });
    let bills = self_pay_checks::bills(conn)?.into_iter().map(|row| Break::Bill {
        bill: row.bill_id.0,
        total_fen: row.total_fen.0,
        lines_fen: row.lines_fen.0,
    });
    Ok(tills.chain(wallets).chain(refunds).chain(bills).collect())
}

/// Decisions read at a time.
const PAGE: i64 = 500;

/// Amounts by whose they are and of which limit.
type Amounts = BTreeMap<(SeniorId, String), Fen>;

fn of_amounts(conn: &mut store::AnyConnection) -> Result<Vec<Break>, StoreError> {
    let (used, decided) = (used(conn, None)?, decided(conn, None)?);
    let suspects: BTreeSet<SeniorId> =
        used.keys().chain(decided.keys()).filter(|key| used.get(key) != decided.get(key)).map(|(senior, _)| *senior).collect();
    let (mut found, most) = (Vec::new(), usize::try_from(invariants::MOST).unwrap_or(usize::MAX));
    for senior in suspects {
        found.extend(of_senior(conn, senior)?);
        if found.len() >= most {
            break;
        }
    }
    Ok(found)
}

/// Unlike the others this compares two statements, between which an order may have come in: looked at again, one by one, and believed
/// only when nothing moved meanwhile.
fn of_senior(conn: &mut store::AnyConnection, senior: SeniorId) -> Result<Vec<Break>, StoreError> {
    let before = used(conn, Some(senior))?;
    let decided = decided(conn, Some(senior))?;
    if used(conn, Some(senior))? != before {
        return Ok(Vec::new());
    }
    let keys: BTreeSet<_> = before.keys().chain(decided.keys()).cloned().collect();
    let broken = keys.into_iter().filter_map(|key| {
        let of = |amounts: &Amounts| amounts.get(&key).copied().unwrap_or_default();
        let (used_fen, decided_fen) = (of(&before), of(&decided));
        let (senior, limit) = key.clone();
        (used_fen != decided_fen).then_some(Break::Amount { senior, limit, used_fen, decided_fen })
    });
    Ok(broken.collect())
}

/// What was given back to the last fen is the same as what was never drawn.
fn used(conn: &mut store::AnyConnection, of: Option<SeniorId>) -> Result<Amounts, StoreError> {
    let rows = invariants::amounts_used(conn, of)?.into_iter().filter(|row| row.amount_fen.0 != Fen::ZERO);
    Ok(rows.map(|row| ((row.senior_id.0, row.limit_key), row.amount_fen.0)).collect())
}

fn decided(conn: &mut store::AnyConnection, of: Option<SeniorId>) -> Result<Amounts, StoreError> {
    let (mut sums, mut after) = (Amounts::new(), None);
    loop {
        let page = invariants::amounts_decided(conn, of, after, PAGE)?;
        let full = i64::try_from(page.len()).is_ok_and(|n| n == PAGE);
        after = page.last().map(|(Col(order), ..)| *order);
        for (Col(order), Col(senior), trace) in page {
            let decision: Decision =
                serde_json::from_str(&trace).map_err(|e| StoreError::Database(format!("decision of {order}: {e}")))?;
            for claim in decision.claims {
                if let Claim::Amount { key, fen, .. } = claim {
                    let sum = sums.entry((senior, key.to_string())).or_default();
                    sum.0 = sum.0.saturating_add(fen.0);
                }
            }
        }
        if !full {
            sums.retain(|_, sum| *sum != Fen::ZERO);
            return Ok(sums);
        }
    }
}
