//! The canonical list of a settlement: its lines in one order, as bytes with a hash, and what they come to.

use super::Period;
use crate::claim::{ClaimLine, Look, PayerTotal, totals};
use crate::id::{CanteenId, OrderId};
use crate::ledger::Payer;
use crate::money::MoneyOverflow;
use crate::subsidy::trace::Flag;
use crate::{Fen, ServiceDate};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sorted {
    /// One list for each payer, in the order of the payers' names.
    pub lists: Vec<FrozenList>,
    /// Lines that a person has to look at first; they are in no list, and stay unsettled.
    pub held: u64,
    /// Lines that take more back than their payer's period comes to; they are in no list, and wait for a later one.
    pub carried: u64,
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
/// A meal of somebody who was recorded as dead on its date, and a meal of which an open correction would take something back, is in
/// no list: nothing of it is paid, and nothing recovered, before people have looked. A provisional decision refuses the freeze
/// while the calendar does not cover its date, because it may still change it; `covered` tells.
pub fn freeze(
    canteen: CanteenId,
    period: Period,
    lines: Vec<ClaimLine>,
    covered: impl Fn(ServiceDate) -> bool,
) -> Result<Sorted, NotFrozen> {
    let provisional = |line: &&ClaimLine| line.flags.contains(&Flag::CalendarProvisional) && !covered(line.date);
    let provisional = lines.iter().filter(provisional).count() as u64;
    if provisional > 0 {
        return Err(NotFrozen::Provisional(provisional));
    }
    let (mut sorted, mut by_payer) = (Sorted::default(), BTreeMap::<Payer, Vec<ClaimLine>>::new());
    for line in lines {
        if waits(&line) {
            sorted.held += 1;
        } else {
            by_payer.entry(line.payer.clone()).or_default().push(line);
        }
    }
    for (payer, mut lines) in by_payer {
        lines.sort_by_key(|line| (line.date, line.meal, line.order_no, line.transfer));
        let all = lines.len();
        let lines = payable(lines)?;
        sorted.carried += (all - lines.len()) as u64;
        // One payer's lines have one total; without lines there is no payer here.
        if let Some(total) = totals(&lines)?.pop() {
            let hash = hash(canteen, period, &payer, lines.iter());
            sorted.lists.push(FrozenList { payer, lines, total, hash });
        }
    }
    Ok(sorted)
}

fn waits(line: &ClaimLine) -> bool {
    match line.look {
        Look::Due => true,
        Look::Done => false,
        Look::None => line.flags.contains(&Flag::Deceased),
    }
}

/// The lines of one payer that come to a sum that can be paid: of each meal that is still owed something, all; of the meals that
/// were paid too much before, the oldest first, as many as leave something to pay. A settlement never asks a canteen for
/// money: what it got too much is kept from what comes later. A meal's own lines stay together, so that one that was taken
/// back before it was ever paid is not paid now and kept back next month.
fn payable(mut lines: Vec<ClaimLine>) -> Result<Vec<ClaimLine>, MoneyOverflow> {
    if !lines.iter().any(|line| line.fen.is_negative()) {
        return Ok(lines);
    }
    let mut meals: BTreeMap<(ServiceDate, OrderId), Fen> = BTreeMap::new();
    for line in &lines {
        let sum = meals.entry((line.date, line.order)).or_default();
        *sum = sum.plus(line.fen)?;
    }
    let mut left = Fen::sum(meals.values().copied().filter(|fen| !fen.is_negative()))?;
    let mut waiting = BTreeSet::new();
    for ((_, order), fen) in &meals {
        if fen.is_negative() {
            match left.plus(*fen)? {
                then if then > Fen::ZERO => left = then,
                _ => {
                    waiting.insert(*order);
                }
            }
        }
    }
    lines.retain(|line| left > Fen::ZERO && !waiting.contains(&line.order));
    Ok(lines)
}

/// The hash of a list: over whose it is and, line by line, the movement, its order, its evidence, the version that decided it,
/// when it was eaten, and the amount. Names are left out: they may be corrected, and no amount hangs on them.
pub fn hash<'a>(canteen: CanteenId, period: Period, payer: &Payer, lines: impl Iterator<Item = &'a ClaimLine>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{FORM}\n{canteen}|{period}|{payer}\n"));
    let mut text = String::new();
    for line in lines {
        let ClaimLine { transfer, order, evidence, version, date, meal, fen, .. } = line;
        text.clear();
        // A text takes whatever is written to it.
        let _ = writeln!(text, "{transfer}|{order}|{evidence}|{}|{date}|{meal}|{}", version.hash, fen.0);
        hash.update(&text);
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
    use crate::id::Id;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn line(n: u128, payer: &str, day: i32, fen: i64) -> ClaimLine {
        let date = ServiceDate::new(2026, 11, 1).unwrap().plus_days(day);
        ClaimLine { date, ..crate::claim::tests::line(n, payer, "a", fen) }
    }

    fn lists(lines: Vec<ClaimLine>) -> Vec<FrozenList> {
        freeze(Id::from_uuid(Uuid::from_u128(9)), Period::parse("2026-11").unwrap(), lines, |_| false).unwrap().lists
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
    fn a_meal_after_death_waits_for_people_and_a_provisional_one_for_the_calendar() {
        let freeze = |flags: &[(&[Flag], Look)], covered: bool| {
            let line = |((flags, look), n): (&(&[Flag], Look), u128)| ClaimLine {
                flags: flags.to_vec(),
                look: *look,
                ..line(n, "p/city", 0, 100)
            };
            let lines = flags.iter().zip(1..).map(line).collect();
            super::freeze(Id::from_uuid(Uuid::from_u128(9)), Period::parse("2026-11").unwrap(), lines, |_| covered)
        };
        let dead: &[Flag] = &[Flag::Deceased];
        for (flags, settled, held) in [
            (vec![(&[][..], Look::None), (dead, Look::None)], 1, 1),
            (vec![(dead, Look::None)], 0, 1),
            (vec![(dead, Look::Done)], 1, 0),
            (vec![(&[][..], Look::Due), (&[][..], Look::None)], 1, 1),
        ] {
            let sorted = freeze(&flags, false).unwrap();
            assert_eq!(
                (sorted.lists.iter().map(|list| list.lines.len()).sum::<usize>(), sorted.held),
                (settled, held),
                "{flags:?}"
            );
        }
        let provisional = [(&[][..], Look::None), (&[Flag::CalendarProvisional][..], Look::None)];
        assert_eq!(freeze(&provisional, false), Err(NotFrozen::Provisional(1)));
        assert_eq!(freeze(&provisional, true).unwrap().lists[0].lines.len(), 2, "the calendar has come");
    }

    #[test]
    fn what_goes_back_is_kept_from_what_is_owed_the_oldest_first_and_never_asked_for() {
        let back = |n: u128, day: i32, fen: i64| ClaimLine {
            transfer: Id::from_uuid(Uuid::from_u128(1000 + n)),
            ..line(n, "p/city", day, fen)
        };
        // Lines, what they come to, how many wait.
        for (lines, total, carried) in [
            (vec![line(1, "p/city", 9, 300), back(2, 0, -200)], Some(100), 0),
            (vec![line(1, "p/city", 9, 300), back(2, 0, -300)], Some(300), 1),
            (vec![line(1, "p/city", 9, 500), back(2, 0, -300), back(3, 1, -300), back(4, 2, -100)], Some(100), 1),
            (vec![back(2, 0, -300)], None, 1),
            // Served, corrected and never paid: nothing of it is paid now.
            (vec![line(1, "p/city", 9, 300), back(1, 9, -300)], None, 2),
            (vec![line(1, "p/city", 9, 300), back(1, 9, -300), line(2, "p/city", 9, 50)], Some(50), 0),
            (vec![line(1, "p/city", 9, 300), back(1, 9, -100), back(2, 0, -200)], Some(200), 1),
        ] {
            let sorted =
                freeze(Id::from_uuid(Uuid::from_u128(9)), Period::parse("2026-11").unwrap(), lines.clone(), |_| false).unwrap();
            assert_eq!((sorted.lists.first().map(|list| list.total.fen.0), sorted.carried), (total, carried), "{lines:?}");
        }
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
        fn every_line_is_in_one_list_or_carried_and_lines_versions_and_payments_come_to_the_same(
            amounts in prop::collection::vec((0usize..3, 0i32..30, -3_000i64..5_000), 1..120), turn in any::<prop::sample::Index>()
        ) {
            let payers = ["p/city", "p/city*50+district*30+street*20", "q/x*1+y*1+z*1"];
            let lines: Vec<_> =
                amounts.iter().enumerate().map(|(n, (payer, day, fen))| line(n as u128, payers[*payer], *day, *fen)).collect();
            let sorted = freeze(Id::from_uuid(Uuid::from_u128(9)), Period::parse("2026-11").unwrap(), lines.clone(), |_| false).unwrap();
            let frozen = sorted.lists;
            prop_assert_eq!(frozen.iter().map(|l| l.lines.len() as u64).sum::<u64>() + sorted.carried, lines.len() as u64);
            for list in &frozen {
                prop_assert!(list.total.fen > Fen::ZERO);
                prop_assert_eq!(list.lines.iter().map(|line| line.fen.0).sum::<i64>(), list.total.fen.0);
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
