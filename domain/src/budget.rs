//! Budgets (资金预算): how much a funder has set aside for a span of service dates, and what meals take of it.
//!
//! Ordering holds a funder's part on its budget, so two canteens cannot spend the same yuan; cancelling frees it, serving spends it,
//! a correction moves it. What a movement takes follows from the movement alone: a funder that pays by itself is charged the
//! amount; one that pays by ratio its share rounded up, because what it owes is split only when the period is frozen. The policy says what
//! happens when a budget is used up (`hard`, `soft`, `substitute`); [`crate::subsidy`] decides by it.

use crate::ledger::{AccountKind, BadPayer, Movement, Payer};
use crate::subsidy::document::Exhausted;
use crate::subsidy::trace::{Flag, Leg};
use crate::subsidy::{Book, BudgetLeft, Decision, Document, Name};
use crate::{Fen, PlaceCode, ServiceDate};
use std::collections::BTreeMap;

crate::text_enum! {
    /// Where a change of a budget stands.
    pub enum BudgetChangeState {
        /// One person has entered it.
        Proposed = "proposed",
        /// Another has confirmed it; it counts.
        Confirmed = "confirmed",
        /// It was taken back before anybody confirmed it.
        Withdrawn = "withdrawn",
    }
}

/// The longest span of a budget, in days: three years of a programme.
pub const DAYS_MAX: i32 = 3 * 366;

/// A budget changes as movements do: so much more, or less where money moves back.
pub type Uses = BTreeMap<Payer, Fen>;

/// What movements take of budgets, by the funder that pays: [`Payer::One`] each. Movements between other accounts take nothing.
pub fn uses<'a>(moves: impl IntoIterator<Item = &'a Movement>) -> Result<Uses, BadPayer> {
    let mut uses = Uses::new();
    for moved in moves {
        let sides = [(&moved.debit, 1), (&moved.credit, -1)];
        for (account, sign) in sides.into_iter().filter(|(account, _)| account.kind == AccountKind::FunderBudget) {
            for (funder, share) in Payer::parse(&account.funder)?.reserves(moved.amount_fen) {
                let sum = uses.entry(funder).or_default();
                *sum = Fen(sum.0.saturating_add(sign * share.0));
            }
        }
    }
    uses.retain(|_, fen| *fen != Fen::ZERO);
    Ok(uses)
}

/// A budget that is watched, with what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched<Id> {
    /// Which.
    pub id: Id,
    /// Whose: [`Payer::One`].
    pub payer: Payer,
    /// What is left; less than nothing when it is overdrawn.
    pub left: Fen,
}

impl<Id> Watched<Id> {
    /// As a decision asks for it; `None` for what is no single funder.
    #[must_use]
    pub fn for_decision(&self) -> Option<BudgetLeft> {
        let Payer::One { programme, funder } = &self.payer else { return None };
        Some(BudgetLeft { programme: programme.clone(), funder: funder.id.clone(), place: funder.place.clone(), left: self.left })
    }
}

/// Whether a grant of a decision must find its money on the budget of this payer, by the documents that decided: not for `soft`, which
/// may be overdrawn, and not for a discount, which no text lets run out.
#[must_use]
pub fn must_fit(payer: &Payer, decision: &Decision, book: &Book) -> bool {
    let Payer::One { programme, funder } = payer else { return false };
    let theirs = |leg: &Leg| {
        leg.programme == *programme && leg.funder == funder.id && leg.place == funder.place && leg.reserve_fen > Fen::ZERO
    };
    let strict = |document: &Document| {
        let budget = document.funders.iter().find(|f| f.id == funder.id).and_then(|f| f.budget.as_ref());
        budget.is_some_and(|b| b.exhausted != Exhausted::Soft)
    };
    let document = book.versions().map(crate::subsidy::Compiled::document).find(|document| document.programme == *programme);
    decision.legs.iter().any(theirs) && document.is_some_and(strict)
}

/// The budgets as they were when something was decided, by what it noted then: of those that did not suffice, what was left; the others
/// sufficed, whatever they had, and have no end. For deciding again.
#[must_use]
pub fn as_decided(flags: &[Flag]) -> Vec<BudgetLeft> {
    let noted = |flag: &Flag| match flag {
        Flag::BudgetUsedUp { programme, funder, place, left_fen }
        | Flag::BudgetOverdrawn { programme, funder, place, left_fen } => {
            Some(BudgetLeft { programme: programme.clone(), funder: funder.clone(), place: place.clone(), left: *left_fen })
        }
        Flag::CalendarProvisional | Flag::Deceased => None,
    };
    flags.iter().filter_map(noted).collect()
}

/// Why a budget or a change of one is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetRejection {
    /// The last day is before the first, or the span is longer than [`DAYS_MAX`] days.
    Span,
    /// Another budget of the funder has dates of this one.
    Overlaps,
    /// No policy that is published or under review has such a funder there.
    NoSuchFunder,
    /// The policy names no behaviour for this funder when its budget is used up: say so in a version first.
    NoBehaviour,
    /// An amount of nothing, or less than nothing for a first one.
    Amount,
    /// A cut takes more than was ever set aside.
    BelowNothing,
    /// Whoever entered it may not confirm it.
    SamePerson,
    /// It was answered before.
    Answered(BudgetChangeState),
}

/// Whose a budget is, as the ledger names them, and whose officers answer for it: the funder's own place, or the policy's.
pub fn owner(document: &Document, funder: &Name, place: Option<&PlaceCode>) -> Result<(Payer, PlaceCode), BudgetRejection> {
    let known = document.funders.iter().find(|f| f.id == *funder).ok_or(BudgetRejection::NoSuchFunder)?;
    let pays = match (&known.place, known.level) {
        (Some(own), _) => place == Some(own),
        (None, Some(level)) => place.is_some_and(|place| place.at_level(level).as_ref() == Some(place)),
        (None, None) => place.is_none(),
    };
    let answers = place.or(document.place.as_ref());
    let (true, Some(answers)) = (pays, answers) else { return Err(BudgetRejection::NoSuchFunder) };
    if known.budget.is_none() {
        return Err(BudgetRejection::NoBehaviour);
    }
    let payer = Payer::One {
        programme: document.programme.clone(),
        funder: crate::ledger::Funder { id: funder.clone(), place: place.cloned() },
    };
    Ok((payer, answers.clone()))
}

/// Until when a budget lasts when it is used as it was so far: `None` before a week of it has passed, and when it lasts to its end.
#[must_use]
pub fn lasts_until((from, to): (ServiceDate, ServiceDate), (amount, used): (Fen, Fen), today: ServiceDate) -> Option<ServiceDate> {
    let passed = today.days_since(from) + 1;
    if passed < DAYS_TO_TELL || used <= Fen::ZERO || today > to {
        return None;
    }
    let more = i128::from(amount.0.saturating_sub(used.0).max(0)) * i128::from(passed) / i128::from(used.0);
    let more = i32::try_from(more).ok().filter(|days| *days < DAYS_MAX)?;
    Some(today.plus_days(more)).filter(|until| *until < to)
}

/// Days of a span that must have passed before anything is told of its end: a week has its weekend.
const DAYS_TO_TELL: i64 = 7;

/// Whether a budget may have these dates.
pub fn check_span(from: ServiceDate, to: ServiceDate) -> Result<(), BudgetRejection> {
    let last = from.plus_days(DAYS_MAX - 1);
    if from <= to && to <= last { Ok(()) } else { Err(BudgetRejection::Span) }
}

/// Whether an amount may be added to what a budget has.
pub fn check_amount(has: Option<Fen>, more: Fen) -> Result<(), BudgetRejection> {
    match has {
        _ if more == Fen::ZERO => Err(BudgetRejection::Amount),
        None if more < Fen::ZERO => Err(BudgetRejection::Amount),
        Some(has) if has.0.checked_add(more.0).is_none_or(|sum| sum < 0) => Err(BudgetRejection::BelowNothing),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CanteenId;
    use crate::ledger::{AccountName, Bearers, movements};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn payer(text: &str) -> Payer {
        Payer::parse(text).unwrap()
    }

    fn meal_of(payers: &[(&str, i64)]) -> Vec<Movement> {
        let funded = payers.iter().map(|(text, fen)| (payer(text), Fen(*fen))).collect();
        let forgone = [(payer("p/canteen"), Fen(100))].into();
        movements(CanteenId::from_uuid(Uuid::from_u128(1)), &Bearers { funded, forgone }, Fen(700))
    }

    fn back(moves: &[Movement]) -> Vec<Movement> {
        let back = |m: &Movement| Movement { debit: m.credit.clone(), credit: m.debit.clone(), amount_fen: m.amount_fen };
        moves.iter().map(back).collect()
    }

    #[test]
    fn a_meal_takes_each_funders_part_and_a_share_by_ratio_rounded_up() {
        let moves = meal_of(&[("p/city", 300), ("p/a*50+b@990101*30+c*20", 701), ("q/city", 10)]);
        let told: Vec<(String, i64)> = uses(&moves).unwrap().into_iter().map(|(p, fen)| (p.to_string(), fen.0)).collect();
        let expected = [("p/a", 351), ("p/b@990101", 211), ("p/c", 141), ("p/city", 300), ("q/city", 10)];
        assert_eq!(told, expected.map(|(text, fen)| (text.to_owned(), fen)));
    }

    #[test]
    fn a_waiver_relieves_the_budget_and_self_pay_takes_nothing() {
        let account = |kind, funder: &str| AccountName { kind, funder: funder.into(), canteen: None };
        let waived = Movement {
            debit: account(AccountKind::Waiver, "p/city"),
            credit: account(AccountKind::FunderBudget, "p/city"),
            amount_fen: Fen(300),
        };
        assert_eq!(uses([&waived]).unwrap(), [(payer("p/city"), Fen(-300))].into());
        assert_eq!(uses(&meal_of(&[])).unwrap(), Uses::new());
    }

    proptest! {
        /// Whatever goes comes back: budgets are as before.
        #[test]
        fn a_movement_and_its_reversal_take_nothing(a in 1i64..10_000, b in 1i64..10_000, w in 1u32..100, v in 1u32..100) {
            let ratio = format!("p/x*{w}+y*{v}");
            let moves = meal_of(&[("p/city", a), (&ratio, b)]);
            let all: Vec<Movement> = moves.iter().cloned().chain(back(&moves)).collect();
            prop_assert_eq!(uses(&all).unwrap(), Uses::new());
        }

        /// What is reserved covers what a period's split can ask of a funder, and no more than a fen a meal above it.
        #[test]
        fn reserves_cover_the_split_of_any_month(meals in prop::collection::vec(1i64..3_000, 1..60), w in 1u32..100, v in 0u32..100) {
            let of = payer(&format!("p/x*{w}+y*{v}"));
            let total = Fen(meals.iter().sum());
            for (funder, owed) in of.split(total).unwrap() {
                let reserved: i64 = meals.iter().flat_map(|fen| of.reserves(Fen(*fen))).filter(|(f, _)| *f == funder).map(|(_, fen)| fen.0).sum();
                prop_assert!(reserved >= owed.0 && reserved - owed.0 <= i64::try_from(meals.len()).unwrap());
            }
        }
    }

    #[test]
    fn a_budget_that_is_used_too_fast_says_until_when_it_lasts() {
        let day = |text| ServiceDate::parse(text).unwrap();
        let year = (day("2026-01-01"), day("2026-12-31"));
        for (used, today, expected) in [
            (10_000, "2026-01-06", None),
            (10_000, "2026-01-10", Some("2026-04-10")),
            (100_000, "2026-01-10", Some("2026-01-10")),
            (120_000, "2026-01-10", Some("2026-01-10")),
            (2_000, "2026-01-10", None),
            (0, "2026-01-10", None),
            (90_000, "2027-01-10", None),
        ] {
            assert_eq!(lasts_until(year, (Fen(100_000), Fen(used)), day(today)), expected.map(day), "{used} by {today}");
        }
    }

    #[test]
    fn a_budget_has_a_span_and_an_amount() {
        let day = |text| ServiceDate::parse(text).unwrap();
        let spans = [
            ("2026-01-01", "2026-12-31", Ok(())),
            ("2026-01-01", "2026-01-01", Ok(())),
            ("2026-01-02", "2026-01-01", Err(BudgetRejection::Span)),
            ("2026-01-01", "2030-01-01", Err(BudgetRejection::Span)),
        ];
        for (from, to, expected) in spans {
            assert_eq!(check_span(day(from), day(to)), expected, "{from} {to}");
        }
        for (has, more, expected) in [
            (None, 1, Ok(())),
            (None, 0, Err(BudgetRejection::Amount)),
            (None, -1, Err(BudgetRejection::Amount)),
            (Some(500), -500, Ok(())),
            (Some(500), -501, Err(BudgetRejection::BelowNothing)),
            (Some(500), 0, Err(BudgetRejection::Amount)),
            (Some(i64::MAX), 1, Err(BudgetRejection::BelowNothing)),
        ] {
            assert_eq!(check_amount(has.map(Fen), Fen(more)), expected, "{has:?} {more}");
        }
    }
}
