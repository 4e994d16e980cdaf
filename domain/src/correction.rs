//! Corrections (更正): what a meal that was eaten turns out to have cost, when something is learned late or the meal is given back.
//!
//! Nothing that was posted is changed. A correction that two people answer for posts the difference: what one side got too much
//! moves back, what it got too little moves on, each between the two accounts of the original movement. A settlement that was
//! frozen stays as it is, and the difference is a line of the next one. Nothing is recovered by itself: until the second
//! person has said so, a difference is a question on a list.

use crate::Fen;
use crate::claim::VersionRef;
use crate::id::{CanteenId, UserId};
use crate::ledger::{AccountKind, AccountName, Bearers, Movement, Payer, bearers, movements};
use crate::money::MoneyOverflow;
use crate::subsidy::Decision;
use crate::subsidy::trace::{Flag, Leg};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

crate::text_enum! {
    /// Why a meal is looked at again.
    pub enum CorrectionCause {
        /// A fact about the person was recorded after the meal was decided.
        LateFact = "late_fact",
        /// The person is recorded as dead on the date of the meal.
        Death = "death",
        /// The meal was decided before the workday calendar reached its date.
        Calendar = "calendar",
        /// Somebody says that the meal was not as it stands: not served, or given back.
        Refund = "refund",
    }
}

crate::text_enum! {
    /// Where a correction stands.
    pub enum CorrectionState {
        /// A difference was found; nobody has said what is to be done.
        Open = "open",
        /// One person has said what is to be done.
        Proposed = "proposed",
        /// Another person has agreed, or the difference is gone.
        Closed = "closed",
    }
}

crate::text_enum! {
    /// What is done about a difference.
    pub enum Resolution {
        /// The difference is posted (补退差额).
        Adjust = "adjust",
        /// Everything that was posted for the meal moves back, and its limits are free again (撤销).
        Annul = "annul",
        /// What a funder paid too much is not asked back (豁免): its budget is relieved, and its account of waivers bears it.
        Waive = "waive",
        /// The meal stands as it is: what was found is wrong, or was looked at and is in order (不更正).
        Dismiss = "dismiss",
        /// The records agree with the meal again; nobody had to decide.
        Gone = "gone",
    }
}

impl Resolution {
    /// Whether it changes what the meal costs; the others let it stand.
    #[must_use]
    pub const fn changes_cost(self) -> bool {
        match self {
            Self::Adjust | Self::Annul => true,
            Self::Waive | Self::Dismiss | Self::Gone => false,
        }
    }
}

/// What somebody wants to do with a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectionCommand {
    /// Say what is to be done.
    Propose {
        /// What.
        resolution: Resolution,
    },
    /// Agree, which does it.
    Approve {
        /// Who.
        by: Option<UserId>,
    },
    /// Not agree: it is open again.
    Reject,
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectionRejection {
    /// Its state does not allow it.
    WrongState(CorrectionState),
    /// Whoever proposed it does not approve it; nor does somebody without an account.
    SamePerson,
    /// This is no answer to what was found.
    NoAnswer(Resolution),
}

/// What a command has to be measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: CorrectionState,
    /// Why it was opened.
    pub cause: CorrectionCause,
    /// Whether a funder would get something back.
    pub takes_back: bool,
    /// Who proposed.
    pub proposed_by: Option<UserId>,
}

/// The state after a command, or why not. The one place where a correction's state changes by hand.
///
/// Source of the two people: a clawback takes two, as every payout does. A waiver gives away public money and a dismissal may, so
/// they take two as well.
pub fn transition(of: &Standing, command: CorrectionCommand) -> Result<CorrectionState, CorrectionRejection> {
    use CorrectionCommand as C;
    use CorrectionState as S;
    match (of.state, command) {
        (S::Open, C::Propose { resolution }) if answers(of, resolution) => Ok(S::Proposed),
        (S::Open, C::Propose { resolution }) => Err(CorrectionRejection::NoAnswer(resolution)),
        (S::Proposed, C::Approve { by }) if by.is_none() || by == of.proposed_by => Err(CorrectionRejection::SamePerson),
        (S::Proposed, C::Approve { .. }) => Ok(S::Closed),
        (S::Proposed, C::Reject) => Ok(S::Open),
        (S::Open, C::Approve { .. } | C::Reject)
        | (S::Proposed, C::Propose { .. })
        | (S::Closed, C::Propose { .. } | C::Approve { .. } | C::Reject) => Err(CorrectionRejection::WrongState(of.state)),
    }
}

/// Whether a resolution answers what was found: a difference is posted, waived or dismissed; a meal that is said not to have been is
/// annulled or stands.
const fn answers(of: &Standing, resolution: Resolution) -> bool {
    match (of.cause, resolution) {
        (CorrectionCause::Refund, Resolution::Annul) | (_, Resolution::Dismiss) => true,
        (CorrectionCause::Refund, _) | (_, Resolution::Annul | Resolution::Gone) => false,
        (_, Resolution::Adjust) => true,
        (_, Resolution::Waive) => of.takes_back,
    }
}

/// Who bears what of a meal; the parts sum to its price and delivery fee, and to nothing when it was annulled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Costs {
    /// Funders and operator.
    pub bearers: Bearers,
    /// The senior.
    pub self_pay: Fen,
}

impl Costs {
    /// What discounts, grants and the senior's part of a decision come to.
    pub fn of(discounts: &[Leg], legs: &[Leg], self_pay: Fen) -> Result<Self, MoneyOverflow> {
        Ok(Self { bearers: bearers(discounts, legs)?, self_pay })
    }

    /// The same of a whole decision.
    pub fn of_decision(decision: &Decision) -> Result<Self, MoneyOverflow> {
        Self::of(&decision.discounts, &decision.legs, decision.self_pay_fen)
    }
}

/// What one funder bears of a meal, and would bear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The name of its account.
    pub payer: String,
    /// As it stands.
    pub before_fen: Fen,
    /// As it would be.
    pub after_fen: Fen,
    /// The version that grants more: the one that a settlement counts the difference under.
    pub version: VersionRef,
}

impl Part {
    /// How much more it would bear; negative when it gets something back.
    #[must_use]
    pub const fn more(&self) -> Fen {
        Fen(self.after_fen.0.saturating_sub(self.before_fen.0))
    }
}

/// The funders whose part differs, by the names of their accounts. `version` tells, for a payer and for `after` or not, which
/// version of its programme decided; a payer without one was never decided, and is left out.
pub fn parts(before: &Costs, after: &Costs, version: impl Fn(&Payer, bool) -> Option<VersionRef>) -> Vec<Part> {
    let (was, is) = (&before.bearers.funded, &after.bearers.funded);
    let payers: std::collections::BTreeSet<&Payer> = was.keys().chain(is.keys()).collect();
    let part = |payer: &Payer| {
        let of = |sums: &BTreeMap<Payer, Fen>| sums.get(payer).copied().unwrap_or_default();
        let (before_fen, after_fen) = (of(was), of(is));
        if before_fen == after_fen {
            return None;
        }
        let version = version(payer, after_fen > before_fen)?;
        Some(Part { payer: payer.to_string(), before_fen, after_fen, version })
    };
    payers.into_iter().filter_map(part).collect()
}

/// The movements that bring a canteen's books from one cost to another: of each pair of accounts the difference, the other way round
/// where it was too much. Every amount is more than nothing.
pub fn differences(canteen: CanteenId, before: &Costs, after: &Costs) -> Result<Vec<Movement>, MoneyOverflow> {
    let mut sums: BTreeMap<(AccountName, AccountName), Fen> = BTreeMap::new();
    for (costs, sign) in [(before, -1), (after, 1)] {
        for moved in movements(canteen, &costs.bearers, costs.self_pay) {
            let sum = sums.entry((moved.debit, moved.credit)).or_default();
            *sum = sum.plus(Fen(sign * moved.amount_fen.0))?;
        }
    }
    let movement = |((debit, credit), fen): ((AccountName, AccountName), Fen)| {
        let back = fen.is_negative();
        let (debit, credit) = if back { (credit, debit) } else { (debit, credit) };
        (fen != Fen::ZERO).then_some(Movement { debit, credit, amount_fen: Fen(fen.0.abs()) })
    };
    Ok(sums.into_iter().filter_map(movement).collect())
}

/// The movements of a waiver: what each funder does not ask back leaves its budget's account for its account of waivers. What it owes
/// the canteen stays.
pub fn waived(parts: &[Part]) -> Vec<Movement> {
    let account = |kind, payer: &str| AccountName { kind, funder: payer.to_owned(), canteen: None };
    let movement = |part: &Part| Movement {
        debit: account(AccountKind::Waiver, &part.payer),
        credit: account(AccountKind::FunderBudget, &part.payer),
        amount_fen: Fen(-part.more().0),
    };
    parts.iter().filter(|part| part.more().is_negative()).map(movement).collect()
}

/// Why a meal whose decision comes out differently does so.
#[must_use]
pub fn cause(stood_provisional: bool, now: &Decision) -> CorrectionCause {
    if now.flags.contains(&Flag::Deceased) {
        CorrectionCause::Death
    } else if stood_provisional && !now.flags.contains(&Flag::CalendarProvisional) {
        CorrectionCause::Calendar
    } else {
        CorrectionCause::LateFact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn user(n: u128) -> Option<UserId> {
        Some(UserId::from_uuid(Uuid::from_u128(n)))
    }

    fn standing(state: CorrectionState, cause: CorrectionCause, takes_back: bool) -> Standing {
        Standing { state, cause, takes_back, proposed_by: user(1) }
    }

    fn costs(funded: &[(&str, i64)], forgone: i64, self_pay: i64) -> Costs {
        let payer = |text: &str| Payer::parse(text).unwrap();
        let forgone = [(payer("p/canteen"), Fen(forgone))].into();
        let funded = funded.iter().map(|(text, fen)| (payer(text), Fen(*fen))).collect();
        Costs { bearers: Bearers { funded, forgone }, self_pay: Fen(self_pay) }
    }

    fn canteen() -> CanteenId {
        CanteenId::from_uuid(Uuid::from_u128(9))
    }

    fn version(_: &Payer, after: bool) -> Option<VersionRef> {
        let name = if after { "new" } else { "old" };
        Some(VersionRef { version: name.into(), hash: name.into() })
    }

    #[test]
    fn every_state_answers_every_command_as_the_table_says() {
        use CorrectionState as S;
        let propose = CorrectionCommand::Propose { resolution: Resolution::Adjust };
        let approve = CorrectionCommand::Approve { by: user(2) };
        // Columns: propose, approve, reject.
        let table = [
            (S::Open, [Some(S::Proposed), None, None]),
            (S::Proposed, [None, Some(S::Closed), Some(S::Open)]),
            (S::Closed, [None; 3]),
        ];
        assert_eq!(table.map(|(state, _)| state).as_slice(), S::ALL, "every state has its row");
        for (state, row) in table {
            for (command, expected) in [propose, approve, CorrectionCommand::Reject].into_iter().zip(row) {
                let expected = expected.ok_or(CorrectionRejection::WrongState(state));
                assert_eq!(transition(&standing(state, CorrectionCause::LateFact, true), command), expected, "{state} {command:?}");
            }
        }
    }

    #[test]
    fn nobody_approves_what_they_proposed_and_nobody_approves_anonymously() {
        for by in [user(1), None] {
            let proposed = standing(CorrectionState::Proposed, CorrectionCause::Death, true);
            assert_eq!(transition(&proposed, CorrectionCommand::Approve { by }), Err(CorrectionRejection::SamePerson));
        }
    }

    #[test]
    fn only_what_was_paid_too_much_is_waived_and_only_a_meal_that_was_not_is_annulled() {
        use CorrectionCause as C;
        use Resolution as R;
        // Columns: adjust, annul, waive, dismiss, gone.
        for (cause, takes_back, row) in [
            (C::LateFact, true, [true, false, true, true, false]),
            (C::LateFact, false, [true, false, false, true, false]),
            (C::Death, true, [true, false, true, true, false]),
            (C::Calendar, true, [true, false, true, true, false]),
            (C::Refund, true, [false, true, false, true, false]),
        ] {
            for (resolution, answers) in R::ALL.iter().zip(row) {
                let command = CorrectionCommand::Propose { resolution: *resolution };
                let expected =
                    if answers { Ok(CorrectionState::Proposed) } else { Err(CorrectionRejection::NoAnswer(*resolution)) };
                assert_eq!(
                    transition(&standing(CorrectionState::Open, cause, takes_back), command),
                    expected,
                    "{cause} {resolution}"
                );
            }
        }
    }

    #[test]
    fn a_person_who_lost_the_grant_gives_it_back_and_one_who_moved_changes_the_street() {
        let before = costs(&[("p/city", 300), ("p/street@990101001", 200)], 0, 700);
        let lost = costs(&[], 0, 1200);
        let back = differences(canteen(), &before, &lost).unwrap();
        let of = |m: &Movement| (m.debit.kind, m.debit.funder.clone(), m.credit.kind, m.amount_fen.0);
        let (budget, claim) = (AccountKind::FunderBudget, AccountKind::CanteenClaim);
        assert_eq!(
            back.iter().map(of).collect::<std::collections::BTreeSet<_>>(),
            [
                (claim, "p/city".to_owned(), budget, 300),
                (claim, "p/street@990101001".to_owned(), budget, 200),
                (AccountKind::SelfPay, String::new(), AccountKind::CanteenSales, 500),
            ]
            .into()
        );
        let moved = costs(&[("p/city", 300), ("p/street@990101002", 200)], 0, 700);
        let parts = parts(&before, &moved, version);
        let told: Vec<_> = parts.iter().map(|p| (p.payer.as_str(), p.more().0, p.version.version.as_str())).collect();
        assert_eq!(told, [("p/street@990101001", -200, "old"), ("p/street@990101002", 200, "new")]);
        assert_eq!(differences(canteen(), &before, &moved).unwrap().len(), 2, "what did not change does not move");
    }

    #[test]
    fn a_waiver_moves_what_is_not_asked_back_and_nothing_of_what_the_canteen_is_owed() {
        let parts = parts(&costs(&[("p/city", 300)], 0, 900), &costs(&[("p/street@990101001", 100)], 0, 1100), version);
        let moved = waived(&parts);
        assert_eq!(moved.len(), 1);
        assert_eq!(
            (moved[0].debit.kind, moved[0].credit.kind, moved[0].amount_fen),
            (AccountKind::Waiver, AccountKind::FunderBudget, Fen(300))
        );
    }

    /// What accounts hold after movements.
    fn balances(moves: &[Movement]) -> BTreeMap<AccountName, i64> {
        let mut sums = BTreeMap::new();
        for m in moves {
            *sums.entry(m.debit.clone()).or_default() -= m.amount_fen.0;
            *sums.entry(m.credit.clone()).or_default() += m.amount_fen.0;
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }

    fn any_costs() -> impl Strategy<Value = Costs> {
        let payer = prop::sample::select(vec!["p/city", "p/street@990101001", "p/a*50+b*30+c*20", "q/x"]);
        (prop::collection::btree_map(payer, 0i64..2_000, 0..4), 0i64..500, 0i64..3_000)
            .prop_map(|(funded, forgone, self_pay)| costs(&funded.into_iter().collect::<Vec<_>>(), forgone, self_pay))
    }

    proptest! {
        #[test]
        fn any_sequence_of_corrections_and_its_reversal_leaves_the_books_as_they_were(all in prop::collection::vec(any_costs(), 1..8)) {
            let first = all[0].clone();
            let mut moves = movements(canteen(), &first.bearers, first.self_pay);
            let mut stands = first.clone();
            for next in &all[1..] {
                moves.extend(differences(canteen(), &stands, next).unwrap());
                stands = next.clone();
                prop_assert_eq!(balances(&moves), balances(&movements(canteen(), &stands.bearers, stands.self_pay)));
            }
            moves.extend(differences(canteen(), &stands, &Costs::default()).unwrap());
            prop_assert!(balances(&moves).is_empty());
            prop_assert!(moves.iter().all(|m| m.amount_fen > Fen::ZERO));
        }

        #[test]
        fn parts_tell_what_the_movements_of_claims_come_to(before in any_costs(), after in any_costs()) {
            let told: i64 = parts(&before, &after, version).iter().map(|part| part.more().0).sum();
            let claim = |m: &Movement| match (m.credit.kind, m.debit.kind) {
                (AccountKind::CanteenClaim, _) => m.amount_fen.0,
                (_, AccountKind::CanteenClaim) => -m.amount_fen.0,
                _ => 0,
            };
            prop_assert_eq!(told, differences(canteen(), &before, &after).unwrap().iter().map(claim).sum::<i64>());
        }
    }
}
