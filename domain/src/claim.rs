//! Claims: what a funder owes a canteen for a month's meals, line by line and in total.
//!
//! A line is one posted movement of one meal that has evidence. Totals are per payer and policy version. A payer by ratio is
//! the programme's clearing account: its month is split once, by largest remainder, so that no fen drifts meal by meal
//! (splitting each of 30,000 meals was measured to drift 150.23 yuan).

use crate::id::{CorrectionId, OrderId, RedemptionId, TransferId};
use crate::ledger::Payer;
use crate::money::MoneyOverflow;
use crate::order::RedemptionMethod;
use crate::subsidy::trace::Flag;
use crate::{Fen, Instant, MealPeriod, ServiceDate};
use chrono::Datelike;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// A calendar month of service dates: `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(ServiceDate);

/// The text is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month of the form YYYY-MM")]
pub struct BadMonth;

impl Month {
    /// The month of a date.
    #[must_use]
    pub fn of(date: ServiceDate) -> Self {
        Self(date.month_start())
    }

    /// From `YYYY-MM`.
    pub fn parse(text: &str) -> Result<Self, BadMonth> {
        ServiceDate::parse(&format!("{text}-01")).map(Self).ok_or(BadMonth)
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> ServiceDate {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> ServiceDate {
        self.next().0.plus_days(-1)
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.plus_days(31).month_start())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.0.year(), self.0.0.month())
    }
}
impl std::str::FromStr for Month {
    type Err = BadMonth;
    fn from_str(text: &str) -> Result<Self, BadMonth> {
        Self::parse(text)
    }
}
impl Serialize for Month {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Which version of the programme decided a meal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionRef {
    /// The version's name.
    pub version: String,
    /// SHA-256 of its canonical document.
    pub hash: String,
}

/// One meal's posted movement to one payer's claim account, or back from it, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLine {
    /// The movement, which is the line's name for ever.
    pub transfer: TransferId,
    /// The order.
    pub order: OrderId,
    /// The redemption that counts.
    pub evidence: RedemptionId,
    /// Who pays.
    pub payer: Payer,
    /// By which version.
    pub version: VersionRef,
    /// When it was eaten.
    pub date: ServiceDate,
    /// Which meal.
    pub meal: MealPeriod,
    /// The number on ticket and slip.
    pub order_no: i64,
    /// `张*`
    pub masked_name: String,
    /// How it was proved.
    pub method: RedemptionMethod,
    /// When it was handed over.
    pub served_at: Instant,
    /// How much; negative when a correction takes it back.
    pub fen: Fen,
    /// What the decision said needs a second look.
    pub flags: Vec<Flag>,
    /// The correction that moved it; `None` for what was moved when the meal was served.
    pub correction: Option<CorrectionId>,
    /// What people have said of the meal since.
    pub look: Look,
}

/// Whether somebody has to look at a meal before it is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Nobody had to.
    #[default]
    None,
    /// A correction that would take something back is open: it waits.
    Due,
    /// Two people have looked, and what stands is what they found.
    Done,
}

/// What one version of one payer comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionTotal {
    /// Which version.
    #[serde(flatten)]
    pub version: VersionRef,
    /// Lines.
    pub lines: u64,
    /// How much.
    pub fen: Fen,
}

/// What one payer owes a canteen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerTotal {
    /// Who.
    pub payer: Payer,
    /// Lines.
    pub lines: u64,
    /// How much.
    pub fen: Fen,
    /// Per version; the sum is `fen`.
    pub versions: Vec<VersionTotal>,
    /// What each funder bears of it: the payer itself, or the parts of a ratio. The sum is `fen`.
    pub shares: Vec<(Payer, Fen)>,
}

/// Adds lines up, per payer in the order of their names.
pub fn totals<'a>(lines: impl IntoIterator<Item = &'a ClaimLine>) -> Result<Vec<PayerTotal>, MoneyOverflow> {
    let mut sums: BTreeMap<&Payer, BTreeMap<&VersionRef, (u64, Fen)>> = BTreeMap::new();
    for line in lines {
        let (count, fen) = sums.entry(&line.payer).or_default().entry(&line.version).or_default();
        *count += 1;
        *fen = fen.plus(line.fen)?;
    }
    sums.into_iter().map(|(payer, versions)| payer_total(payer, &versions)).collect()
}

fn payer_total(payer: &Payer, by_version: &BTreeMap<&VersionRef, (u64, Fen)>) -> Result<PayerTotal, MoneyOverflow> {
    let fen = Fen::sum(by_version.values().map(|(_, fen)| *fen))?;
    let total = |(version, (lines, fen)): (&&VersionRef, &(u64, Fen))| VersionTotal {
        version: (*version).clone(),
        lines: *lines,
        fen: *fen,
    };
    Ok(PayerTotal {
        payer: payer.clone(),
        lines: by_version.values().map(|(lines, _)| lines).sum(),
        fen,
        versions: by_version.iter().map(total).collect(),
        shares: payer.split(fen)?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::Id;
    use proptest::prelude::*;
    use uuid::Uuid;

    /// A line of 23 November 2026.
    pub(crate) fn line(n: u128, payer: &str, version: &str, fen: i64) -> ClaimLine {
        ClaimLine {
            transfer: Id::from_uuid(Uuid::from_u128(n)),
            order: Id::from_uuid(Uuid::from_u128(n)),
            evidence: Id::from_uuid(Uuid::from_u128(n)),
            payer: Payer::parse(payer).unwrap(),
            version: VersionRef { version: version.into(), hash: version.into() },
            date: ServiceDate::new(2026, 11, 23).unwrap(),
            meal: MealPeriod::Lunch,
            order_no: 1,
            masked_name: "张*".into(),
            method: RedemptionMethod::Card,
            served_at: Instant::from_micros(0),
            fen: Fen(fen),
            flags: Vec::new(),
            correction: None,
            look: Look::None,
        }
    }

    #[test]
    fn a_month_runs_from_its_first_to_its_last_day() {
        for (text, first, last) in [
            ("2026-11", "2026-11-01", "2026-11-30"),
            ("2026-12", "2026-12-01", "2026-12-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
        ] {
            let month = Month::parse(text).unwrap();
            assert_eq!(
                (month.first().to_string(), month.last().to_string(), month.to_string()),
                (first.into(), last.into(), text.into())
            );
        }
        for text in ["2026-13", "2026", "2026-1", "", "2026-11-01"] {
            assert_eq!(Month::parse(text), Err(BadMonth), "{text}");
        }
    }

    #[test]
    fn totals_are_kept_apart_by_payer_and_by_version() {
        let lines = [line(1, "p/city", "a", 100), line(2, "p/city", "b", 50), line(3, "p/street@990101001", "a", 30)];
        let totals = totals(&lines).unwrap();
        let city = &totals[0];
        assert_eq!((city.lines, city.fen, city.versions.len()), (2, Fen(150), 2));
        assert_eq!(totals[1].fen, Fen(30));
    }

    #[test]
    fn a_ratio_is_split_once_for_the_month_and_not_meal_by_meal() {
        let lines: Vec<_> = (0..30_000).map(|n| line(n, "p/city*50+district*30+street*20", "a", 701)).collect();
        let shares: Vec<Fen> = totals(&lines).unwrap()[0].shares.iter().map(|(_, fen)| *fen).collect();
        assert_eq!(shares, [Fen(10_515_000), Fen(6_309_000), Fen(4_206_000)]);
    }

    proptest! {
        #[test]
        fn versions_and_shares_both_sum_to_the_payers_total(amounts in prop::collection::vec((0usize..3, 0usize..2, 1i64..5_000), 0..200)) {
            let payers = ["p/city", "p/city*50+district*30+street*20", "q/x*1+y*1+z*1"];
            let lines: Vec<_> = amounts
                .iter()
                .enumerate()
                .map(|(n, (payer, version, fen))| line(n as u128, payers[*payer], ["a", "b"][*version], *fen))
                .collect();
            let totals = totals(&lines).unwrap();
            prop_assert_eq!(totals.iter().map(|t| t.fen.0).sum::<i64>(), amounts.iter().map(|a| a.2).sum::<i64>());
            for total in totals {
                prop_assert_eq!(total.versions.iter().map(|v| v.fen.0).sum::<i64>(), total.fen.0);
                prop_assert_eq!(total.shares.iter().map(|s| s.1.0).sum::<i64>(), total.fen.0);
            }
        }
    }
}
