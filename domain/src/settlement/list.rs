//! The canonical list of a settlement: its lines in one order, as bytes with a hash, and what they come to.

use super::Period;
use crate::Fen;
use crate::claim::{ClaimLine, PayerTotal, totals};
use crate::id::CanteenId;
use crate::ledger::Payer;
use crate::money::MoneyOverflow;
use crate::subsidy::trace::Flag;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What is frozen for one payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenList {
    /// Who pays.
    pub payer: Payer,
    /// The lines, by service date, meal, order number and movement.
    pub lines: Vec<ClaimLine>,
    /// What they come to, per version and per funder.
    pub total: PayerTotal,
    /// SHA-256 of the canonical text.
    pub hash: [u8; 32],
}

/// What a freeze comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted {
    /// One list for each payer, in the order of the payers' names.
    pub lists: Vec<FrozenList>,
    /// Lines that a person has to look at first; they are in no list, and stay unsettled.
    pub held: u64,
}

/// Why nothing can be frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFrozen {
    /// So many lines were decided by the weekday rule, because the workday calendar did not reach their date.
    #[error("{0} lines are provisional: the workday calendar does not reach their dates")]
    Provisional(u64),
    /// The sum left the range.
    #[error(transparent)]
    Overflow(#[from] MoneyOverflow),
}

/// Names the form of the text that is hashed; a later form gets a later name, so that old hashes stay checkable.
const FORM: &str = "nuanfan-settlement-1";

/// Sorts a canteen's unsettled lines into one list per payer.
///
/// A meal of somebody who was recorded as dead on its date is in no list: nothing of it is paid, and nothing recovered, before a
/// person has looked. A provisional decision refuses the freeze, because the calendar may still change it.
pub fn freeze(canteen: CanteenId, period: Period, lines: Vec<ClaimLine>) -> Result<Sorted, NotFrozen> {
    let flagged = |flag: &Flag| lines.iter().filter(|line| line.flags.contains(flag)).count() as u64;
    let (provisional, held) = (flagged(&Flag::CalendarProvisional), flagged(&Flag::Deceased));
    if provisional > 0 {
        return Err(NotFrozen::Provisional(provisional));
    }
    let mut by_payer: BTreeMap<Payer, Vec<ClaimLine>> = BTreeMap::new();
    for line in lines.into_iter().filter(|line| !line.flags.contains(&Flag::Deceased)) {
        by_payer.entry(line.payer.clone()).or_default().push(line);
    }
    let mut lists = Vec::with_capacity(by_payer.len());
    for (payer, mut lines) in by_payer {
        lines.sort_by_key(|line| (line.date, line.meal, line.order_no, line.transfer));
        // One payer's lines have one total; without lines there is no payer here.
        for total in totals(&lines)? {
            let hash = hash(canteen, period, &payer, lines.iter());
            lists.push(FrozenList { payer: payer.clone(), lines: lines.clone(), total, hash });
        }
    }
    Ok(Sorted { lists, held })
}

/// The hash of a list: over whose it is and, line by line, the movement, its order, its evidence, the version that decided it,
/// when it was eaten, and the amount. Names are left out: they may be corrected, and no amount hangs on them.
pub fn hash<'a>(canteen: CanteenId, period: Period, payer: &Payer, lines: impl Iterator<Item = &'a ClaimLine>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{FORM}\n{canteen}|{period}|{payer}\n"));
    for line in lines {
        let ClaimLine { transfer, order, evidence, version, date, meal, fen, .. } = line;
        hash.update(format!("{transfer}|{order}|{evidence}|{}|{date}|{meal}|{}\n", version.hash, fen.0));
    }
    hash.finalize().into()
}

/// What each funder has to pay of a total; a part of nothing is no payment.
pub fn payments(payer: &Payer, total: Fen) -> Result<Vec<(Payer, Fen)>, MoneyOverflow> {
    Ok(payer.split(total)?.into_iter().filter(|(_, fen)| *fen > Fen::ZERO).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::VersionRef;
    use crate::id::Id;
    use crate::order::RedemptionMethod;
    use crate::{Instant, MealPeriod, ServiceDate};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn line(n: u128, payer: &str, day: i32, fen: i64) -> ClaimLine {
        ClaimLine {
            transfer: Id::from_uuid(Uuid::from_u128(n)),
            order: Id::from_uuid(Uuid::from_u128(n)),
            evidence: Id::from_uuid(Uuid::from_u128(n)),
            payer: Payer::parse(payer).unwrap(),
            version: VersionRef { version: "a".into(), hash: "00".into() },
            date: ServiceDate::new(2026, 11, 1).unwrap().plus_days(day),
            meal: MealPeriod::Lunch,
            order_no: 1,
            masked_name: "张*".into(),
            method: RedemptionMethod::Card,
            served_at: Instant::from_micros(0),
            fen: Fen(fen),
            flags: Vec::new(),
        }
    }

    fn lists(lines: Vec<ClaimLine>) -> Vec<FrozenList> {
        freeze(Id::from_uuid(Uuid::from_u128(9)), Period::parse("2026-11").unwrap(), lines).unwrap().lists
    }

    #[test]
    fn one_wrong_fen_line_order_evidence_version_or_date_changes_the_hash_and_a_name_does_not() {
        let hash_of = |line: ClaimLine| lists(vec![line])[0].hash;
        let one = line(1, "p/city", 0, 100);
        let hash = hash_of(one.clone());
        let changed: [fn(&mut ClaimLine); 6] = [
            |l| l.fen = Fen(101),
            |l| l.transfer = Id::from_uuid(Uuid::from_u128(2)),
            |l| l.order = Id::from_uuid(Uuid::from_u128(2)),
            |l| l.evidence = Id::from_uuid(Uuid::from_u128(2)),
            |l| l.version.hash = "01".into(),
            |l| l.date = l.date.plus_days(1),
        ];
        for change in changed {
            let mut other = one.clone();
            change(&mut other);
            assert_ne!(hash_of(other), hash);
        }
        let mut renamed = one;
        renamed.masked_name = "章*".into();
        assert_eq!(hash_of(renamed), hash);
    }

    #[test]
    fn a_meal_after_death_waits_for_a_person_and_a_provisional_one_for_the_calendar() {
        let freeze = |flags: &[&[Flag]]| {
            let lines = flags.iter().zip(1..).map(|(flags, n)| ClaimLine { flags: flags.to_vec(), ..line(n, "p/city", 0, 100) });
            super::freeze(Id::from_uuid(Uuid::from_u128(9)), Period::parse("2026-11").unwrap(), lines.collect())
        };
        let sorted = freeze(&[&[], &[Flag::Deceased]]).unwrap();
        assert_eq!((sorted.lists[0].total.fen, sorted.lists[0].lines.len(), sorted.held), (Fen(100), 1, 1));
        assert_eq!(freeze(&[&[Flag::Deceased]]).unwrap(), Sorted { lists: vec![], held: 1 });
        assert_eq!(freeze(&[&[], &[Flag::CalendarProvisional]]), Err(NotFrozen::Provisional(1)));
    }

    #[test]
    fn a_ratios_period_is_split_once_and_a_share_of_nothing_is_no_payment() {
        for (payer, total, expected) in [
            ("p/a*50+b*30+c*20", 701, vec![("p/a", 351), ("p/b", 210), ("p/c", 140)]),
            ("p/a*1+b*1+c*1", 100, vec![("p/a", 34), ("p/b", 33), ("p/c", 33)]),
            ("p/a*1+b*1+c*1", 1, vec![("p/a", 1)]),
            ("p/a@990101", 5, vec![("p/a@990101", 5)]),
        ] {
            let paid = payments(&Payer::parse(payer).unwrap(), Fen(total)).unwrap();
            let paid: Vec<(String, i64)> = paid.iter().map(|(payer, fen)| (payer.to_string(), fen.0)).collect();
            let paid: Vec<(&str, i64)> = paid.iter().map(|(payer, fen)| (payer.as_str(), *fen)).collect();
            assert_eq!(paid, expected, "{payer}");
        }
    }

    proptest! {
        #[test]
        fn every_line_is_in_one_list_and_lines_versions_and_payments_come_to_the_same(
            amounts in prop::collection::vec((0usize..3, 0i32..30, 1i64..5_000), 1..120), turn in any::<prop::sample::Index>()
        ) {
            let payers = ["p/city", "p/city*50+district*30+street*20", "q/x*1+y*1+z*1"];
            let lines: Vec<_> =
                amounts.iter().enumerate().map(|(n, (payer, day, fen))| line(n as u128, payers[*payer], *day, *fen)).collect();
            let frozen = lists(lines.clone());
            prop_assert_eq!(frozen.iter().map(|l| l.lines.len()).sum::<usize>(), lines.len());
            prop_assert_eq!(frozen.iter().map(|l| l.total.fen.0).sum::<i64>(), amounts.iter().map(|a| a.2).sum::<i64>());
            for list in &frozen {
                let paid = payments(&list.payer, list.total.fen).unwrap();
                prop_assert_eq!(paid.iter().map(|(_, fen)| fen.0).sum::<i64>(), list.total.fen.0);
                prop_assert_eq!(list.total.versions.iter().map(|v| v.fen.0).sum::<i64>(), list.total.fen.0);
            }
            // Whatever the order in which the database gives them, the list is the same.
            let mut turned = lines;
            let at = turn.index(turned.len());
            turned.rotate_left(at);
            prop_assert_eq!(lists(turned), frozen);
        }
    }
}
