//! Money movements: each moves one amount from one account to another, so the books balance by construction.

mod payer;

pub use payer::{BadPayer, Bearers, Funder, Payer, bearers};

use crate::id::CanteenId;
use crate::{Fen, Id};
use sha2::{Digest, Sha256};

crate::text_enum! {
    /// What an account counts.
    pub enum AccountKind {
        /// A funder's budget; a hold reserves it, a post spends it.
        FunderBudget = "funder_budget",
        /// What a funder owes a canteen for meals served.
        CanteenClaim = "canteen_claim",
        /// What seniors pay a canteen themselves.
        SelfPay = "self_pay",
        /// A canteen's takings from self-pay.
        CanteenSales = "canteen_sales",
        /// What the operator forgoes.
        OperatorDiscount = "operator_discount",
        /// What a funder paid too much and does not ask back.
        Waiver = "waiver",
        /// What is in the till of a shift.
        Cash = "cash",
        /// What is in a canteen's safe, or was taken to its bank from there.
        Safe = "safe",
        /// What tills had too little or too much when they were counted.
        CashDifference = "cash_difference",
        /// What a canteen owes a senior who has paid ahead.
        Wallet = "wallet",
        /// What a sponsor owes a canteen.
        Receivable = "receivable",
        /// What sponsors have paid into a canteen's account.
        Bank = "bank",
    }
}

crate::text_enum! {
    /// The life of a movement: held when ordered, then posted when served or voided when cancelled.
    pub enum Phase {
        /// Reserved.
        Hold = "hold",
        /// The held amount has moved.
        Post = "post",
        /// The held amount was released.
        Void = "void",
    }
}

/// The names of accounts' identifiers.
pub enum Account {}
impl crate::id::Kind for Account {
    const PREFIX: &'static str = "acc";
}
/// Identifier `acc_...`.
pub type AccountId = Id<Account>;

/// An account, named by what it is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName {
    /// What it counts.
    pub kind: AccountKind,
    /// Whose: the payer's text, or the identifier of the shift, senior or sponsor; empty where the canteen says it all.
    pub funder: String,
    /// The canteen; `None` for a funder's budget and its waivers.
    pub canteen: Option<CanteenId>,
}

impl AccountName {
    /// The identifier, derived from the name: an account needs no look-up and cannot exist twice.
    #[must_use]
    pub fn id(&self) -> AccountId {
        let mut hash = Sha256::new();
        hash.update(self.kind.to_string());
        hash.update([0]);
        hash.update(&self.funder);
        hash.update([0]);
        hash.update(self.canteen.map_or([0; 16], |c| *c.uuid().as_bytes()));
        let bytes: [u8; 32] = hash.finalize().into();
        let mut first = [0u8; 16];
        first.copy_from_slice(&bytes[..16]);
        AccountId::from_uuid(uuid::Builder::from_custom_bytes(first).into_uuid())
    }
}

/// One movement to be held for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// From here.
    pub debit: AccountName,
    /// To there.
    pub credit: AccountName,
    /// More than nothing.
    pub amount_fen: Fen,
}

/// What an order holds: each payer's part from its budget to the canteen's claim, what the operator forgoes and the senior's
/// part to the takings.
#[must_use]
pub fn movements(canteen: CanteenId, bearers: &Bearers, self_pay: Fen) -> Vec<Movement> {
    let sales = || AccountName { kind: AccountKind::CanteenSales, funder: String::new(), canteen: Some(canteen) };
    let funded = bearers.funded.iter().map(|(payer, amount)| Movement {
        debit: AccountName { kind: AccountKind::FunderBudget, funder: payer.to_string(), canteen: None },
        credit: AccountName { kind: AccountKind::CanteenClaim, funder: payer.to_string(), canteen: Some(canteen) },
        amount_fen: *amount,
    });
    let forgone = bearers.forgone.iter().map(|(payer, amount)| Movement {
        debit: AccountName { kind: AccountKind::OperatorDiscount, funder: payer.to_string(), canteen: Some(canteen) },
        credit: sales(),
        amount_fen: *amount,
    });
    let own = Movement {
        debit: AccountName { kind: AccountKind::SelfPay, funder: String::new(), canteen: Some(canteen) },
        credit: sales(),
        amount_fen: self_pay,
    };
    funded.chain(forgone).chain([own]).filter(|movement| movement.amount_fen > Fen::ZERO).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn accounts_of_different_names_have_different_identifiers() {
        let canteen = CanteenId::from_uuid(Uuid::from_u128(5));
        let name = |kind, funder: &str, canteen| AccountName { kind, funder: funder.into(), canteen };
        let names = [
            name(AccountKind::FunderBudget, "city", None),
            name(AccountKind::FunderBudget, "street", None),
            name(AccountKind::CanteenClaim, "city", Some(canteen)),
            name(AccountKind::SelfPay, "", Some(canteen)),
        ];
        let ids: std::collections::BTreeSet<_> = names.iter().map(AccountName::id).collect();
        assert_eq!(ids.len(), names.len());
        assert_eq!(names[0].id(), names[0].clone().id());
    }

    #[test]
    fn nothing_is_moved_for_a_part_of_zero() {
        let canteen = CanteenId::from_uuid(Uuid::from_u128(5));
        let payer = |text| Payer::parse(text).unwrap();
        let bearers = Bearers {
            funded: [(payer("p/city"), Fen(300)), (payer("p/street"), Fen(0))].into(),
            forgone: [(payer("p/canteen"), Fen(0))].into(),
        };
        let moved = movements(canteen, &bearers, Fen(0));
        assert_eq!(moved.len(), 1);
        assert_eq!(moved[0].amount_fen, Fen(300));
    }
}
