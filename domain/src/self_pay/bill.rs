//! Sponsors (代付方): a child's employer, a village collective or a charity that bears seniors' self-pay and gets a bill a month.

use super::{GiveBack, OrderMoney, Purse};
use crate::id::{EntryId, SponsorId};
use crate::{Fen, MoneyOverflow, ServiceDate};

/// From when until when a sponsor bears a senior's self-pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: ServiceDate,
    /// The last day; open without one.
    pub to: Option<ServiceDate>,
}

impl Span {
    /// Whether it ends no earlier than it begins.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.to.is_none_or(|to| self.from <= to)
    }

    /// Whether a day is in it.
    #[must_use]
    pub fn covers(&self, day: ServiceDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Whether the two have a day in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        other.to.is_none_or(|to| self.from <= to) && self.to.is_none_or(|to| other.from <= to)
    }
}

/// What a bill does with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The sponsor owes it.
    Charge(Fen),
    /// The sponsor was charged too much: so much of that payment goes back.
    Back(EntryId, Fen),
}

/// The lines of one order on a sponsor's bill: what is still due when the sponsor bears it, or what goes back of what the sponsor was
/// charged before.
pub fn lines(money: &OrderMoney, sponsor: SponsorId, bears: bool) -> Result<Vec<Line>, MoneyOverflow> {
    let due = money.due_fen()?;
    if due > Fen::ZERO {
        return Ok(if bears { vec![Line::Charge(due)] } else { Vec::new() });
    }
    let own = |back: &GiveBack| back.purse == Purse::Sponsor(sponsor);
    Ok(money.to_give_back()?.into_iter().filter(own).map(|back| Line::Back(back.of, back.fen)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::self_pay::Paid;
    use crate::{Id, Instant};
    use uuid::Uuid;

    fn id<K: crate::id::Kind>(n: u128) -> Id<K> {
        Id::from_uuid(Uuid::from_u128(n))
    }

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).unwrap()
    }

    #[test]
    fn spans_that_share_a_day_meet() {
        let span = |from: &str, to: Option<&str>| Span { from: day(from), to: to.map(day) };
        let november = span("2026-11-01", Some("2026-11-30"));
        for (other, meets) in [
            (span("2026-11-30", None), true),
            (span("2026-12-01", None), false),
            (span("2026-10-01", Some("2026-10-31")), false),
            (span("2026-10-01", Some("2026-11-01")), true),
            (span("2026-10-01", None), true),
        ] {
            assert_eq!((november.meets(&other), other.meets(&november)), (meets, meets), "{other:?}");
        }
        assert!(november.covers(day("2026-11-30")) && !november.covers(day("2026-12-01")));
        assert!(!span("2026-11-02", Some("2026-11-01")).is_sound());
    }

    #[test]
    fn a_bill_charges_what_is_due_and_gives_back_what_was_charged_too_much() {
        let (sponsor, other) = (id(1), id(2));
        let paid = |purse, fen| Paid { id: id(9), purse, fen: Fen(fen), back_fen: Fen(0), by: None, at: Instant::from_micros(0) };
        let money = |owed, paid| OrderMoney { owed_fen: Fen(owed), paid };
        let billed = vec![paid(Purse::Sponsor(sponsor), 500)];
        for (of, bears, expected) in [
            (money(500, vec![]), true, vec![Line::Charge(Fen(500))]),
            (money(500, vec![]), false, vec![]),
            (money(0, vec![]), true, vec![]),
            (money(500, billed.clone()), true, vec![]),
            (money(700, billed.clone()), true, vec![Line::Charge(Fen(200))]),
            (money(200, billed.clone()), false, vec![Line::Back(id(9), Fen(300))]),
            (money(0, vec![paid(Purse::Sponsor(other), 500)]), true, vec![]),
            (money(0, vec![paid(Purse::Till(id(3)), 500)]), true, vec![]),
        ] {
            assert_eq!(lines(&of, sponsor, bears).unwrap(), expected, "{of:?}");
        }
    }
}
