//! A case: the same finding opens it once, new evidence is added to it, and what is closed stays closed.

use super::{AnomalyState, Found, figure};
use crate::id::{CanteenId, OrderId, UserId};
use std::collections::BTreeSet;

/// Orders that are kept with a case at most; the rest is a number.
pub const EVIDENCE_MAX: usize = 200;

/// What earlier findings about the same thing have left: all cases of one rule and subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Whether one of them is open.
    pub open: bool,
    /// The orders that are kept with any of them.
    pub orders: BTreeSet<OrderId>,
    /// The most evidence that any of them had.
    pub total: i64,
}

/// What a finding comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of it has been seen.
    Nothing,
    /// A case is opened.
    Open,
    /// The open one gets more evidence.
    Add,
}

/// Compares a finding with what is known of its subject; `None` when there never was a case.
///
/// An order that no case has is new. Where a case has more evidence than is kept, only a larger number is: which orders they were cannot
/// be told any more. A finding without orders, such as a month far above its peers', is told once.
#[must_use]
pub fn judge(known: Option<&Known>, found: &Found) -> Verdict {
    let Some(known) = known else { return Verdict::Open };
    let kept_all = known.total <= figure(known.orders.len());
    let is_new = if kept_all && found.total <= figure(found.evidence.len()) {
        found.evidence.iter().any(|item| !known.orders.contains(&item.order))
    } else {
        found.total > known.total
    };
    match (is_new, known.open) {
        (false, _) => Verdict::Nothing,
        (true, true) => Verdict::Add,
        (true, false) => Verdict::Open,
    }
}

/// What somebody wants to do with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseCommand<'a> {
    /// Who.
    pub by: UserId,
    /// Canteens whose staff they are.
    pub staff_of: &'a BTreeSet<CanteenId>,
    /// Whether they recorded one of its meals themselves.
    pub recorded_one: bool,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseRejection {
    /// It is closed; what is found later is another case.
    Closed,
    /// Somebody else has taken it.
    TakenByAnother(UserId),
    /// They belong to a canteen that it concerns, or recorded one of its meals.
    Concerned,
}

/// Whether somebody may take a case: nobody whom it concerns. Who takes it from another answers for it from then on.
pub fn may_take(state: AnomalyState, concerns: &BTreeSet<CanteenId>, command: &CaseCommand<'_>) -> Result<(), CaseRejection> {
    if command.recorded_one || !command.staff_of.is_disjoint(concerns) {
        Err(CaseRejection::Concerned)
    } else if state == AnomalyState::Closed {
        Err(CaseRejection::Closed)
    } else {
        Ok(())
    }
}

/// Whether somebody may close a case: who may take it, unless another has.
pub fn may_end(
    (state, taken_by): (AnomalyState, Option<UserId>),
    concerns: &BTreeSet<CanteenId>,
    command: &CaseCommand<'_>,
) -> Result<(), CaseRejection> {
    may_take(state, concerns, command)?;
    match taken_by.filter(|user| *user != command.by) {
        Some(other) => Err(CaseRejection::TakenByAnother(other)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anomaly::{AnomalyMeasure, AnomalyRule, Evidence, Subject};
    use crate::{Instant, ServiceDate};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn order(n: u8) -> OrderId {
        OrderId::from_uuid(Uuid::from_u128(u128::from(n)))
    }

    fn canteen(n: u128) -> CanteenId {
        CanteenId::from_uuid(Uuid::from_u128(n))
    }

    fn user(n: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(n))
    }

    fn found(orders: &BTreeSet<u8>) -> Found {
        let on = ServiceDate::new(2026, 11, 23).unwrap();
        let at = Instant::from_micros(0);
        let item = |n: &u8| Evidence { at, order: order(*n), redemption: None, canteen: canteen(1) };
        Found {
            rule: AnomalyRule::FasterThanTheHour,
            measure: AnomalyMeasure::RedemptionsAnHour,
            subject: Subject::Day(canteen(1), on),
            canteen: canteen(1),
            on,
            observed: 0,
            limit: 0,
            window: (at, at),
            evidence: orders.iter().map(item).collect(),
            total: figure(orders.len()),
            peers: Vec::new(),
        }
    }

    /// Keeps a finding as a sweep would.
    fn keep(known: &mut Option<Known>, found: &Found) -> Verdict {
        let verdict = judge(known.as_ref(), found);
        if verdict != Verdict::Nothing {
            let known = known.get_or_insert_default();
            known.open = true;
            known.total = known.total.max(found.total);
            known.orders.extend(found.evidence.iter().map(|item| item.order));
        }
        verdict
    }

    #[test]
    fn what_was_seen_opens_nothing_and_what_is_new_opens_or_adds() {
        let of = |orders: &[u8]| found(&orders.iter().copied().collect());
        let known =
            |open, orders: &[u8]| Known { open, orders: orders.iter().map(|n| order(*n)).collect(), total: figure(orders.len()) };
        for (known, found, verdict) in [
            (None, of(&[1, 2]), Verdict::Open),
            (Some(known(true, &[1, 2])), of(&[1, 2]), Verdict::Nothing),
            (Some(known(true, &[1, 2])), of(&[1]), Verdict::Nothing),
            (Some(known(true, &[1, 2])), of(&[1, 3]), Verdict::Add),
            (Some(known(false, &[1, 2])), of(&[1, 2]), Verdict::Nothing),
            (Some(known(false, &[1, 2])), of(&[1, 2, 3]), Verdict::Open),
            (Some(known(false, &[])), of(&[]), Verdict::Nothing),
        ] {
            assert_eq!(judge(known.as_ref(), &found), verdict, "{known:?} {:?}", found.evidence);
        }
    }

    #[test]
    fn where_not_every_order_is_kept_only_a_larger_number_is_new() {
        let known = Known { open: false, orders: [order(1), order(2)].into(), total: 500 };
        for (total, verdict) in [(499, Verdict::Nothing), (500, Verdict::Nothing), (501, Verdict::Open)] {
            let found = Found { total, ..found(&[7, 8].into()) };
            assert_eq!(judge(Some(&known), &found), verdict, "{total}");
        }
    }

    #[test]
    fn nobody_whom_a_case_concerns_takes_or_closes_it() {
        let concerns: BTreeSet<CanteenId> = [canteen(1), canteen(2)].into();
        let (none, here, elsewhere) = (BTreeSet::new(), [canteen(2)].into(), [canteen(3)].into());
        let me = |staff_of, recorded_one| CaseCommand { by: user(1), staff_of, recorded_one };
        let open = AnomalyState::Open;
        for (command, expected) in [
            (me(&none, false), Ok(())),
            (me(&elsewhere, false), Ok(())),
            (me(&here, false), Err(CaseRejection::Concerned)),
            (me(&none, true), Err(CaseRejection::Concerned)),
        ] {
            assert_eq!(may_take(open, &concerns, &command), expected, "{command:?}");
            assert_eq!(may_end((open, None), &concerns, &command), expected, "{command:?}");
        }
    }

    #[test]
    fn a_case_is_closed_once_and_by_whoever_has_it() {
        let (concerns, none) = (BTreeSet::new(), BTreeSet::new());
        let me = CaseCommand { by: user(1), staff_of: &none, recorded_one: false };
        for (state, taken_by, expected) in [
            (AnomalyState::Open, None, Ok(())),
            (AnomalyState::Open, Some(user(1)), Ok(())),
            (AnomalyState::Open, Some(user(2)), Err(CaseRejection::TakenByAnother(user(2)))),
            (AnomalyState::Closed, Some(user(1)), Err(CaseRejection::Closed)),
        ] {
            assert_eq!(may_end((state, taken_by), &concerns, &me), expected, "{state} {taken_by:?}");
        }
    }

    proptest! {
        #[test]
        fn every_finding_told_twice_is_told_once(
            findings in prop::collection::vec(prop::collection::btree_set(0u8..20, 1..8), 1..8)
        ) {
            let mut known = None;
            for orders in &findings {
                keep(&mut known, &found(orders));
            }
            for orders in findings.iter().rev() {
                prop_assert_eq!(keep(&mut known, &found(orders)), Verdict::Nothing);
            }
            let all: BTreeSet<OrderId> = findings.iter().flatten().map(|n| order(*n)).collect();
            prop_assert_eq!(known.map(|known| known.orders), Some(all));
        }
    }
}
