//! Lots of ingredients: what is received, how much is left, which one is used first.

use crate::ServiceDate;
use crate::food_safety::{DeciCelsius, Rules, SettingKey};
use crate::id::LotId;
use crate::stock::PlaceKind;
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// What an amount of an ingredient counts. Recipes are in milligrams; liquids and pieces are issued as weighed or counted.
    pub enum AmountUnit {
        /// Milligrams.
        Milligrams = "mg",
        /// Millilitres.
        Millilitres = "ml",
        /// Pieces.
        Pieces = "piece",
    }
}

crate::text_enum! {
    /// How goods must be stored, which decides at what temperature they may arrive.
    pub enum Storage {
        /// 常温
        Ambient = "ambient",
        /// 冷藏
        Chilled = "chilled",
        /// 冷冻
        Frozen = "frozen",
    }
}

crate::text_enum! {
    /// Where a lot stands.
    pub enum LotState {
        /// Taken into stock.
        Accepted = "accepted",
        /// Sent back on arrival; kept as a record.
        Rejected = "rejected",
        /// Held by a recall: nothing of it may be used.
        Frozen = "frozen",
    }
}

crate::text_enum! {
    /// Whether a supplier is bought from.
    pub enum SupplierState {
        /// Yes.
        Active = "active",
        /// No longer; kept for the records.
        Ended = "ended",
    }
}

crate::text_enum! {
    /// A paper that comes with a lot.
    pub enum VoucherKind {
        /// 承诺达标合格证: the grower's promise of conformity.
        Conformity = "conformity",
        /// 检疫证明: quarantine certificate of animal products.
        Quarantine = "quarantine",
        /// 检验报告: a laboratory's report.
        Inspection = "inspection",
        /// Delivery note or invoice.
        Invoice = "invoice",
        /// Anything else.
        Other = "other",
    }
}

/// Of a lot, in its unit: what came, what was used, what was thrown away. Stock is always the rest; a database constraint
/// says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Balance {
    /// Taken in.
    pub received: i64,
    /// Used in batches, corrections included.
    pub issued: i64,
    /// Thrown away.
    pub disposed: i64,
}

impl Balance {
    /// What is left.
    #[must_use]
    pub const fn stock(self) -> i64 {
        self.received - self.issued - self.disposed
    }

    /// After using `amount` (giving back, when negative); `None` when there is not so much, or not so much was used.
    #[must_use]
    pub fn issue(self, amount: i64) -> Option<Self> {
        let issued = self.issued.checked_add(amount)?;
        let after = Self { issued, ..self };
        (issued >= 0 && after.stock() >= 0).then_some(after)
    }

    /// After throwing `amount` away; `None` when there is not so much.
    #[must_use]
    pub fn dispose(self, amount: i64) -> Option<Self> {
        let disposed = self.disposed.checked_add(amount)?;
        let after = Self { disposed, ..self };
        (amount > 0 && after.stock() >= 0).then_some(after)
    }
}

/// What is known of a delivery when it is decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The day it came.
    pub on: ServiceDate,
    /// The last day on which it may be used.
    pub expires_on: Option<ServiceDate>,
    /// The production date printed on it.
    pub produced_on: Option<ServiceDate>,
    /// Whether a number of the supplier's batch is known.
    pub has_batch_number: bool,
    /// How it must be stored.
    pub storage: Storage,
    /// Its temperature on arrival.
    pub temperature: Option<DeciCelsius>,
    /// The last day of the supplier's licence.
    pub licence_expires_on: ServiceDate,
}

/// Why a delivery cannot be accepted; it may still be recorded as rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum ArrivalFault {
    /// The supplier's licence ended.
    LicenceExpired {
        /// Its last day.
        on: ServiceDate,
    },
    /// The lot may no longer be used.
    Expired {
        /// Its last day.
        on: ServiceDate,
    },
    /// Neither a production date nor a batch number: it could not be told from the next delivery (食品安全法 50).
    Unidentified,
    /// It was produced in the future, or expires before it was produced: the dates were misread.
    DatesImpossible,
    /// Chilled or frozen goods came without a temperature.
    TemperatureMissing,
    /// They came too warm, or chilled goods too cold.
    Temperature {
        /// What was measured.
        measured: DeciCelsius,
        /// The limit that was passed.
        limit: DeciCelsius,
    },
}

impl ArrivalFault {
    /// As the person who takes the goods in reads it.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::LicenceExpired { on } => format!("供应商许可证已于 {on} 到期"),
            Self::Expired { on } => format!("已于 {on} 过期"),
            Self::Unidentified => "生产日期和批号至少填一项".to_owned(),
            Self::DatesImpossible => "生产日期不能晚于收货日期或到期日期".to_owned(),
            Self::TemperatureMissing => "冷藏、冷冻食品须测到货温度".to_owned(),
            Self::Temperature { measured, limit } => format!("到货温度 {measured} ℃，超出限值 {limit} ℃"),
        }
    }
}

/// Every reason against accepting a delivery, by the settings in force.
#[must_use]
pub fn faults_of(arrival: &Arrival, rules: &Rules) -> Vec<ArrivalFault> {
    let mut faults = Vec::new();
    if rules.demands(SettingKey::SupplierLicenceRequired) && arrival.licence_expires_on < arrival.on {
        faults.push(ArrivalFault::LicenceExpired { on: arrival.licence_expires_on });
    }
    if let Some(on) = arrival.expires_on.filter(|day| *day < arrival.on) {
        faults.push(ArrivalFault::Expired { on });
    }
    if arrival.produced_on.is_none() && !arrival.has_batch_number {
        faults.push(ArrivalFault::Unidentified);
    }
    let produced_late = arrival.produced_on.is_some_and(|day| day > arrival.on || arrival.expires_on.is_some_and(|end| end < day));
    if produced_late {
        faults.push(ArrivalFault::DatesImpossible);
    }
    let (lowest, highest) = PlaceKind::of(arrival.storage).limits(rules);
    match arrival.temperature {
        None if lowest.or(highest).is_some() => faults.push(ArrivalFault::TemperatureMissing),
        Some(measured) => {
            let passed = highest.filter(|limit| measured > *limit).or(lowest.filter(|limit| measured < *limit));
            faults.extend(passed.map(|limit| ArrivalFault::Temperature { measured, limit }));
        }
        None => {}
    }
    faults
}

/// A lot as the rules of its use see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotFacts {
    /// Which lot.
    pub lot: LotId,
    /// Where it stands.
    pub state: LotState,
    /// The last day on which it may be used.
    pub expires_on: Option<ServiceDate>,
    /// What is left, in its unit.
    pub stock: i64,
}

/// Why a lot cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum IssueRefusal {
    /// It was sent back.
    Rejected,
    /// A recall holds it.
    Frozen,
    /// Its last day has passed. Nobody can override this: spoiled food is disposed of (实施条例 29).
    Expired {
        /// Its last day.
        on: ServiceDate,
    },
    /// There is not so much left.
    NotEnough {
        /// What is left, in its unit.
        stock: i64,
    },
    /// The amount is zero or negative.
    Amount,
}

/// Whether so much of a lot may be used on a day.
pub fn may_issue(lot: &LotFacts, amount: i64, on: ServiceDate) -> Result<(), IssueRefusal> {
    match lot.state {
        LotState::Rejected => return Err(IssueRefusal::Rejected),
        LotState::Frozen => return Err(IssueRefusal::Frozen),
        LotState::Accepted => {}
    }
    match lot.expires_on {
        Some(last) if last < on => Err(IssueRefusal::Expired { on: last }),
        _ if amount <= 0 => Err(IssueRefusal::Amount),
        _ if amount > lot.stock => Err(IssueRefusal::NotEnough { stock: lot.stock }),
        _ => Ok(()),
    }
}

/// Which lots to take for an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Lots and amounts, first to expire first.
    pub take: Vec<(LotId, i64)>,
    /// What no usable lot covers.
    pub short: i64,
}

/// First expired, first out, over the lots that may be used on that day; those without a last day come last. Ties go by
/// identifier, which is the order of arrival.
#[must_use]
pub fn first_expired_first_out(lots: &[LotFacts], needed: i64, on: ServiceDate) -> Proposal {
    let mut usable: Vec<&LotFacts> = lots.iter().filter(|lot| may_issue(lot, 1, on).is_ok()).collect();
    usable.sort_by_key(|lot| (lot.expires_on.is_none(), lot.expires_on, lot.lot));
    let mut proposal = Proposal { take: Vec::new(), short: needed.max(0) };
    for lot in usable {
        let amount = proposal.short.min(lot.stock);
        if amount > 0 {
            proposal.take.push((lot.lot, amount));
            proposal.short -= amount;
        }
    }
    proposal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlaceCode;
    use crate::food_safety::Rulebook;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).unwrap()
    }

    fn lot(n: u128, expires: Option<&str>, stock: i64) -> LotFacts {
        LotFacts { lot: LotId::from_uuid(Uuid::from_u128(n)), state: LotState::Accepted, expires_on: expires.map(day), stock }
    }

    #[test]
    fn an_expired_frozen_or_rejected_lot_cannot_be_used_and_its_last_day_is_still_good() {
        let today = day("2026-11-23");
        let state = |state| LotFacts { state, ..lot(1, None, 10) };
        for (lot, amount, expected) in [
            (lot(1, Some("2026-11-23"), 10), 10, Ok(())),
            (lot(1, Some("2026-11-22"), 10), 1, Err(IssueRefusal::Expired { on: day("2026-11-22") })),
            (lot(1, None, 10), 11, Err(IssueRefusal::NotEnough { stock: 10 })),
            (lot(1, None, 10), 0, Err(IssueRefusal::Amount)),
            (lot(1, None, 10), -1, Err(IssueRefusal::Amount)),
            (state(LotState::Frozen), 1, Err(IssueRefusal::Frozen)),
            (state(LotState::Rejected), 1, Err(IssueRefusal::Rejected)),
        ] {
            assert_eq!(may_issue(&lot, amount, today), expected, "{lot:?} {amount}");
        }
    }

    #[test]
    fn the_lot_that_expires_first_is_used_first_and_a_shortage_is_told() {
        let lots =
            [lot(1, None, 100), lot(2, Some("2026-12-01"), 30), lot(3, Some("2026-11-24"), 20), lot(4, Some("2026-11-01"), 99)];
        let id = |n: usize| lots[n].lot;
        let on = day("2026-11-23");
        assert_eq!(
            first_expired_first_out(&lots, 60, on),
            Proposal { take: vec![(id(2), 20), (id(1), 30), (id(0), 10)], short: 0 }
        );
        assert_eq!(first_expired_first_out(&lots[1..3], 60, on), Proposal { take: vec![(id(2), 20), (id(1), 30)], short: 10 });
    }

    #[test]
    fn every_reason_against_a_delivery_is_told_at_once() {
        let rules = Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day("2026-11-23"));
        let good = Arrival {
            on: day("2026-11-23"),
            expires_on: Some(day("2026-11-23")),
            produced_on: Some(day("2026-11-20")),
            has_batch_number: false,
            storage: Storage::Chilled,
            temperature: Some(DeciCelsius(80)),
            licence_expires_on: day("2026-11-23"),
        };
        assert_eq!(faults_of(&good, &rules), []);
        let bad = Arrival {
            expires_on: Some(day("2026-11-22")),
            produced_on: Some(day("2026-11-24")),
            temperature: Some(DeciCelsius(81)),
            licence_expires_on: day("2026-11-22"),
            ..good
        };
        assert_eq!(
            faults_of(&bad, &rules),
            [
                ArrivalFault::LicenceExpired { on: day("2026-11-22") },
                ArrivalFault::Expired { on: day("2026-11-22") },
                ArrivalFault::DatesImpossible,
                ArrivalFault::Temperature { measured: DeciCelsius(81), limit: DeciCelsius(80) },
            ]
        );
        for (storage, temperature, expected) in [
            (Storage::Frozen, None, vec![ArrivalFault::TemperatureMissing]),
            (Storage::Frozen, Some(DeciCelsius(-120)), vec![]),
            (
                Storage::Chilled,
                Some(DeciCelsius(-1)),
                vec![ArrivalFault::Temperature { measured: DeciCelsius(-1), limit: DeciCelsius(0) }],
            ),
            (Storage::Ambient, None, vec![]),
        ] {
            assert_eq!(faults_of(&Arrival { storage, temperature, ..good }, &rules), expected, "{storage} {temperature:?}");
        }
        assert_eq!(faults_of(&Arrival { produced_on: None, ..good }, &rules), [ArrivalFault::Unidentified]);
        assert_eq!(faults_of(&Arrival { produced_on: None, has_batch_number: true, ..good }, &rules), []);
    }

    proptest! {
        #[test]
        fn whatever_is_used_given_back_and_thrown_away_the_balance_adds_up(received in 0i64..1_000_000, moves in prop::collection::vec((any::<bool>(), -1_000_000i64..1_000_000), 0..40)) {
            let mut balance = Balance { received, ..Balance::default() };
            for (issue, amount) in moves {
                let after = if issue { balance.issue(amount) } else { balance.dispose(amount) };
                balance = after.unwrap_or(balance);
                prop_assert_eq!(balance.received, balance.issued + balance.disposed + balance.stock());
                prop_assert!(balance.stock() >= 0 && balance.issued >= 0 && balance.disposed >= 0 && balance.received == received);
            }
        }

        #[test]
        fn a_proposal_covers_the_need_or_tells_the_rest_and_never_takes_more_than_there_is(stocks in prop::collection::vec((0i64..50, 0i32..10), 0..12), needed in 0i64..300) {
            let today = day("2026-11-23");
            let lots: Vec<LotFacts> = stocks.iter().enumerate().map(|(n, (stock, days))| LotFacts { expires_on: Some(today.plus_days(days - 4)), ..lot(n as u128, None, *stock) }).collect();
            let proposal = first_expired_first_out(&lots, needed, today);
            prop_assert_eq!(proposal.take.iter().map(|(_, amount)| amount).sum::<i64>() + proposal.short, needed);
            for (id, amount) in &proposal.take {
                let lot = lots.iter().find(|l| l.lot == *id).unwrap();
                prop_assert!(may_issue(lot, *amount, today).is_ok());
            }
        }
    }
}
