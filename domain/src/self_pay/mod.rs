//! Self-pay (自付): what is owed for a meal itself, by which means it is paid, and what follows for tills and wallets.
//!
//! Every movement is one entry (流水) that moves one amount from one account to another. Accounts of what a canteen has (cash in a till,
//! the safe, the bank, what a sponsor owes) hold their debits less their credits; accounts of what it owes (a wallet) the other way
//! round. An order's self-pay stands as a debit of [`AccountKind::SelfPay`] since it was ordered; a payment credits it.

pub mod bill;
pub mod shift;
pub mod wallet;

use crate::id::{CanteenId, EntryId, SeniorId, ShiftId, SponsorId, UserId};
use crate::ledger::{AccountKind, AccountName, Movement};
use crate::{Fen, Instant, MoneyOverflow};

crate::text_enum! {
    /// What an entry is.
    pub enum EntryKind {
        /// 备用金: money for change, put into the till when a shift opens.
        Float = "float",
        /// 收款: somebody paid for an order.
        Pay = "pay",
        /// 退款: what was paid for an order and is not owed any more went back to where it came from.
        Refund = "refund",
        /// 充值: cash went into a senior's wallet.
        TopUp = "top_up",
        /// 退余额: a wallet's rest was paid out to a senior who leaves.
        PayOut = "pay_out",
        /// 交款: what somebody had collected, a courier at the doors, was handed in to another's shift.
        HandIn = "hand_in",
        /// 入库: what was counted when a shift was closed went into the safe.
        Deposit = "deposit",
        /// 短款: there was less than there should have been.
        Short = "short",
        /// 长款: there was more.
        Over = "over",
        /// A sponsor paid a bill.
        BillPaid = "bill_paid",
    }
}

crate::text_enum! {
    /// By which means self-pay is paid. Online payment will be one more.
    pub enum Means {
        /// 现金, into the till of a shift.
        Cash = "cash",
        /// 储值余额: out of the senior's wallet.
        Wallet = "wallet",
        /// 代付: by a sponsor, with the month's bill.
        Bill = "bill",
    }
}

/// Where the money of a payment comes from, and goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purse {
    /// The till of a shift.
    Till(ShiftId),
    /// A senior's wallet at the canteen.
    Wallet(SeniorId),
    /// What a sponsor owes the canteen.
    Sponsor(SponsorId),
}

impl Purse {
    /// The means that it stands for.
    #[must_use]
    pub const fn means(self) -> Means {
        match self {
            Self::Till(_) => Means::Cash,
            Self::Wallet(_) => Means::Wallet,
            Self::Sponsor(_) => Means::Bill,
        }
    }

    /// Its account at a canteen.
    #[must_use]
    pub fn account(self, canteen: CanteenId) -> AccountName {
        let (kind, whose) = match self {
            Self::Till(shift) => (AccountKind::Cash, shift.to_string()),
            Self::Wallet(senior) => (AccountKind::Wallet, senior.to_string()),
            Self::Sponsor(sponsor) => (AccountKind::Receivable, sponsor.to_string()),
        };
        AccountName { kind, funder: whose, canteen: Some(canteen) }
    }
}

/// A movement of self-pay, by what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Change is put into a till.
    Float(ShiftId),
    /// An order is paid.
    Pay(Purse),
    /// An order's money goes back.
    Refund(Purse),
    /// Cash becomes a wallet's balance.
    TopUp(ShiftId, SeniorId),
    /// A wallet's rest becomes cash.
    PayOut(ShiftId, SeniorId),
    /// From one till to another.
    HandIn {
        /// Who gives.
        from: ShiftId,
        /// Who takes.
        to: ShiftId,
    },
    /// A till is emptied into the safe.
    Deposit(ShiftId),
    /// What a till lacks.
    Short(ShiftId),
    /// What a till has too much.
    Over(ShiftId),
    /// A sponsor's money arrives at the canteen's bank.
    BillPaid(SponsorId),
}

impl Flow {
    /// The kind of its entry.
    #[must_use]
    pub const fn kind(self) -> EntryKind {
        match self {
            Self::Float(_) => EntryKind::Float,
            Self::Pay(_) => EntryKind::Pay,
            Self::Refund(_) => EntryKind::Refund,
            Self::TopUp(..) => EntryKind::TopUp,
            Self::PayOut(..) => EntryKind::PayOut,
            Self::HandIn { .. } => EntryKind::HandIn,
            Self::Deposit(_) => EntryKind::Deposit,
            Self::Short(_) => EntryKind::Short,
            Self::Over(_) => EntryKind::Over,
            Self::BillPaid(_) => EntryKind::BillPaid,
        }
    }

    /// Into or out of whose tills it moves cash: the shift, and whether in.
    #[must_use]
    pub fn cash(self) -> Vec<(ShiftId, bool)> {
        match self {
            Self::Float(to) | Self::Pay(Purse::Till(to)) | Self::TopUp(to, _) | Self::Over(to) => vec![(to, true)],
            Self::Refund(Purse::Till(from)) | Self::PayOut(from, _) | Self::Deposit(from) | Self::Short(from) => {
                vec![(from, false)]
            }
            Self::HandIn { from, to } => vec![(from, false), (to, true)],
            Self::Pay(_) | Self::Refund(_) | Self::BillPaid(_) => Vec::new(),
        }
    }

    /// By which means, of what an order is paid with or given back by.
    #[must_use]
    pub const fn means(self) -> Option<Means> {
        match self {
            Self::Pay(purse) | Self::Refund(purse) => Some(purse.means()),
            _ => None,
        }
    }

    /// Which accounts it moves.
    #[must_use]
    pub fn movement(self, canteen: CanteenId, amount_fen: Fen) -> Movement {
        let own = |kind| AccountName { kind, funder: String::new(), canteen: Some(canteen) };
        let till = |shift| Purse::Till(shift).account(canteen);
        let wallet = |senior| Purse::Wallet(senior).account(canteen);
        let (debit, credit) = match self {
            Self::Float(shift) => (till(shift), own(AccountKind::Safe)),
            Self::Pay(from) => (from.account(canteen), own(AccountKind::SelfPay)),
            Self::Refund(to) => (own(AccountKind::SelfPay), to.account(canteen)),
            Self::TopUp(shift, senior) => (till(shift), wallet(senior)),
            Self::PayOut(shift, senior) => (wallet(senior), till(shift)),
            Self::HandIn { from, to } => (till(to), till(from)),
            Self::Deposit(shift) => (own(AccountKind::Safe), till(shift)),
            Self::Short(shift) => (own(AccountKind::CashDifference), till(shift)),
            Self::Over(shift) => (till(shift), own(AccountKind::CashDifference)),
            Self::BillPaid(sponsor) => (own(AccountKind::Bank), Purse::Sponsor(sponsor).account(canteen)),
        };
        Movement { debit, credit, amount_fen }
    }
}

/// A payment of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// Its entry.
    pub id: EntryId,
    /// Where it came from.
    pub purse: Purse,
    /// How much.
    pub fen: Fen,
    /// How much of it went back.
    pub back_fen: Fen,
    /// Who took it.
    pub by: Option<UserId>,
    /// When.
    pub at: Instant,
}

/// What goes back of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GiveBack {
    /// Of which payment.
    pub of: EntryId,
    /// Where that came from.
    pub purse: Purse,
    /// How much, at most what is left of the payment.
    pub fen: Fen,
}

/// What an order owes and what was paid for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderMoney {
    /// The self-pay that it owes as it stands: nothing once it was cancelled or closed as not served.
    pub owed_fen: Fen,
    /// Its payments, the earliest first.
    pub paid: Vec<Paid>,
}

/// Why an order's self-pay is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayRejection {
    /// Nothing is owed, and nothing was paid.
    NothingOwed,
    /// It was paid: when, by which means and to whom.
    Paid(Paid),
}

impl OrderMoney {
    /// What was paid and did not go back.
    pub fn kept_fen(&self) -> Result<Fen, MoneyOverflow> {
        self.paid.iter().try_fold(Fen::ZERO, |sum, one| sum.plus(one.fen.minus(one.back_fen)?))
    }

    /// What is still to be paid; less than nothing when something is to go back.
    pub fn due_fen(&self) -> Result<Fen, MoneyOverflow> {
        self.owed_fen.minus(self.kept_fen()?)
    }

    /// What a payment has to come to: all that is due at once, so that an order is paid or it is not.
    pub fn to_pay(&self) -> Result<Result<Fen, PayRejection>, MoneyOverflow> {
        let due = self.due_fen()?;
        if due > Fen::ZERO {
            return Ok(Ok(due));
        }
        let last = self.paid.iter().rfind(|one| one.fen > one.back_fen);
        Ok(Err(last.map_or(PayRejection::NothingOwed, |one| PayRejection::Paid(*one))))
    }

    /// What has to go back of which payments: the latest first, never more than was paid by each.
    pub fn to_give_back(&self) -> Result<Vec<GiveBack>, MoneyOverflow> {
        let mut rest = Fen::ZERO.minus(self.due_fen()?)?;
        let mut all = Vec::new();
        for one in self.paid.iter().rev() {
            let fen = rest.min(one.fen.minus(one.back_fen)?);
            if fen > Fen::ZERO {
                all.push(GiveBack { of: one.id, purse: one.purse, fen });
                rest = rest.minus(fen)?;
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    fn id<K: crate::id::Kind>(n: u128) -> Id<K> {
        Id::from_uuid(Uuid::from_u128(n))
    }

    fn paid(n: u128, fen: i64, back: i64) -> Paid {
        let purse = if n.is_multiple_of(2) { Purse::Till(id(1)) } else { Purse::Wallet(id(2)) };
        Paid { id: id(n), purse, fen: Fen(fen), back_fen: Fen(back), by: None, at: Instant::from_micros(0) }
    }

    #[test]
    fn an_order_is_paid_at_once_and_once() {
        let first = paid(10, 500, 0);
        for (owed, payments, expected) in [
            (500, vec![], Ok(Fen(500))),
            (0, vec![], Err(PayRejection::NothingOwed)),
            (500, vec![first], Err(PayRejection::Paid(first))),
            // Changed after it was paid: what is more is due.
            (800, vec![first], Ok(Fen(300))),
            (300, vec![first], Err(PayRejection::Paid(first))),
            // Cancelled and given back, then served after all.
            (500, vec![paid(10, 500, 500)], Ok(Fen(500))),
            (0, vec![paid(10, 500, 500)], Err(PayRejection::NothingOwed)),
        ] {
            let money = OrderMoney { owed_fen: Fen(owed), paid: payments };
            assert_eq!(money.to_pay().unwrap(), expected, "{money:?}");
        }
    }

    #[test]
    fn what_goes_back_goes_where_it_came_from_the_latest_first() {
        let money = |owed| OrderMoney { owed_fen: Fen(owed), paid: vec![paid(10, 500, 0), paid(11, 300, 100)] };
        let back =
            |owed| -> Vec<(EntryId, i64)> { money(owed).to_give_back().unwrap().iter().map(|one| (one.of, one.fen.0)).collect() };
        assert_eq!(back(700), []);
        assert_eq!(back(900), []);
        assert_eq!(back(650), [(id(11), 50)]);
        assert_eq!(back(400), [(id(11), 200), (id(10), 100)]);
        assert_eq!(back(0), [(id(11), 200), (id(10), 500)]);
    }

    #[test]
    fn every_flow_moves_between_two_accounts_and_the_way_back_is_the_same_way() {
        let (canteen, till, other, senior, sponsor) = (id(1), id(2), id(3), id(4), id(5));
        for purse in [Purse::Till(till), Purse::Wallet(senior), Purse::Sponsor(sponsor)] {
            let (there, back) = (Flow::Pay(purse).movement(canteen, Fen(5)), Flow::Refund(purse).movement(canteen, Fen(5)));
            assert_eq!((&there.debit, &there.credit), (&back.credit, &back.debit));
        }
        for flow in [
            Flow::Float(till),
            Flow::TopUp(till, senior),
            Flow::PayOut(till, senior),
            Flow::HandIn { from: till, to: other },
            Flow::Deposit(till),
            Flow::Short(till),
            Flow::Over(till),
            Flow::BillPaid(sponsor),
        ] {
            let movement = flow.movement(canteen, Fen(5));
            assert_ne!(movement.debit.id(), movement.credit.id(), "{flow:?}");
        }
    }

    proptest! {
        /// Whatever an order comes to owe while it is paid and given back: no payment gives back more than it was, and after both nothing
        /// is due.
        #[test]
        fn refunds_never_exceed_what_was_paid(steps in proptest::collection::vec((0i64..2_000, any::<bool>()), 1..40)) {
            let mut money = OrderMoney { owed_fen: Fen::ZERO, paid: Vec::new() };
            let mut accounts: BTreeMap<Means, i64> = BTreeMap::new();
            for (n, (owed, by_wallet)) in steps.into_iter().enumerate() {
                money.owed_fen = Fen(owed);
                for one in money.to_give_back().unwrap() {
                    let payment = money.paid.iter_mut().find(|payment| payment.id == one.of).unwrap();
                    payment.back_fen = payment.back_fen.plus(one.fen).unwrap();
                    *accounts.entry(one.purse.means()).or_default() -= one.fen.0;
                }
                if let Ok(fen) = money.to_pay().unwrap() {
                    let new = paid(2 * n as u128 + u128::from(by_wallet), fen.0, 0);
                    *accounts.entry(new.purse.means()).or_default() += fen.0;
                    money.paid.push(new);
                }
                prop_assert_eq!(money.due_fen().unwrap(), Fen::ZERO);
                prop_assert!(money.paid.iter().all(|one| one.back_fen <= one.fen && !one.back_fen.is_negative()));
                prop_assert!(accounts.values().all(|fen| *fen >= 0));
                prop_assert_eq!(accounts.values().sum::<i64>(), owed);
            }
        }
    }
}
