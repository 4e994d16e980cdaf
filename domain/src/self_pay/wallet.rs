//! Wallets (储值余额): money that a senior has left with a canteen for meals to come.
//!
//! A wallet is good at the canteen that holds its money, as the rules on single-purpose prepaid cards have it, and does not expire.

use crate::food_safety::{Rules, SettingKey};
use crate::id::UserId;
use crate::{Fen, MoneyOverflow};

/// A wallet as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wallet {
    /// What is in it.
    pub balance_fen: Fen,
    /// Who said that its senior leaves and gets the rest.
    pub leaving_by: Option<UserId>,
}

/// Why something is refused of a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalletRejection {
    /// Its senior leaves: nothing goes in and nothing is paid with it until its rest was paid out, or they stay.
    Leaving,
    /// Nobody has said that its senior leaves.
    NotLeaving,
    /// There is not enough in it: a meal is paid in full or by other means.
    Balance {
        /// What is in it.
        balance_fen: Fen,
        /// What is due.
        due_fen: Fen,
    },
    /// It would hold more than it may.
    Most {
        /// What is in it.
        balance_fen: Fen,
        /// What it may hold.
        most_fen: Fen,
    },
    /// There is nothing in it.
    Empty,
    /// Whoever said that the senior leaves does not pay out.
    SamePerson,
}

/// What a wallet may hold at most, by the settings in force. Without a setting nothing may go in.
#[must_use]
pub fn most(rules: &Rules) -> Fen {
    Fen(rules.value(SettingKey::WalletBalanceMax).unwrap_or(0))
}

impl Wallet {
    /// Whether so much may go in.
    pub fn top_up(&self, fen: Fen, most_fen: Fen) -> Result<Result<(), WalletRejection>, MoneyOverflow> {
        Ok(if self.leaving_by.is_some() {
            Err(WalletRejection::Leaving)
        } else if self.balance_fen.plus(fen)? > most_fen {
            Err(WalletRejection::Most { balance_fen: self.balance_fen, most_fen })
        } else {
            Ok(())
        })
    }

    /// Whether so much may be paid with it.
    pub fn pay(&self, due_fen: Fen) -> Result<(), WalletRejection> {
        if self.leaving_by.is_some() {
            Err(WalletRejection::Leaving)
        } else if self.balance_fen < due_fen {
            Err(WalletRejection::Balance { balance_fen: self.balance_fen, due_fen })
        } else {
            Ok(())
        }
    }

    /// Whether somebody may say that its senior leaves.
    pub fn leave(&self) -> Result<(), WalletRejection> {
        if self.leaving_by.is_some() {
            Err(WalletRejection::Leaving)
        } else if self.balance_fen == Fen::ZERO {
            Err(WalletRejection::Empty)
        } else {
            Ok(())
        }
    }

    /// The rest that is paid out, and who had said that the senior leaves.
    pub fn pay_out(&self, by: UserId) -> Result<(Fen, UserId), WalletRejection> {
        let said_by = self.leaving_by.ok_or(WalletRejection::NotLeaving)?;
        if said_by == by {
            Err(WalletRejection::SamePerson)
        } else if self.balance_fen == Fen::ZERO {
            Err(WalletRejection::Empty)
        } else {
            Ok((self.balance_fen, said_by))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::food_safety::Rulebook;
    use crate::{Id, PlaceCode, ServiceDate};
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        Id::from_uuid(Uuid::from_u128(n))
    }

    fn wallet(balance: i64, leaving: bool) -> Wallet {
        Wallet { balance_fen: Fen(balance), leaving_by: leaving.then(|| user(1)) }
    }

    #[test]
    fn a_wallet_holds_no_more_than_the_rules_let_it() {
        let on = |text| ServiceDate::parse(text).unwrap();
        let at = |day| most(&Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), on(day)));
        assert_eq!((at("2012-10-31"), at("2012-11-01")), (Fen(0), Fen(500_000)));
        let most_fen = Fen(500_000);
        let full = WalletRejection::Most { balance_fen: Fen(499_000), most_fen };
        for (of, fen, expected) in [
            (wallet(0, false), 500_000, Ok(())),
            (wallet(499_000, false), 1_000, Ok(())),
            (wallet(499_000, false), 1_001, Err(full)),
            (wallet(0, true), 1, Err(WalletRejection::Leaving)),
        ] {
            assert_eq!(of.top_up(Fen(fen), most_fen).unwrap(), expected, "{of:?}");
        }
        assert!(wallet(i64::MAX, false).top_up(Fen(1), most_fen).is_err());
    }

    #[test]
    fn a_meal_is_paid_in_full_or_not_at_all() {
        let short = WalletRejection::Balance { balance_fen: Fen(499), due_fen: Fen(500) };
        assert_eq!(wallet(500, false).pay(Fen(500)), Ok(()));
        assert_eq!(wallet(499, false).pay(Fen(500)), Err(short));
        assert_eq!(wallet(500, true).pay(Fen(500)), Err(WalletRejection::Leaving));
    }

    #[test]
    fn two_people_pay_out_the_rest() {
        assert_eq!(wallet(500, true).pay_out(user(2)), Ok((Fen(500), user(1))));
        assert_eq!(wallet(500, true).pay_out(user(1)), Err(WalletRejection::SamePerson));
        assert_eq!(wallet(500, false).pay_out(user(2)), Err(WalletRejection::NotLeaving));
        assert_eq!(wallet(0, true).pay_out(user(2)), Err(WalletRejection::Empty));
        assert_eq!(wallet(500, false).leave(), Ok(()));
        assert_eq!(wallet(500, true).leave(), Err(WalletRejection::Leaving));
        assert_eq!(wallet(0, false).leave(), Err(WalletRejection::Empty));
    }
}
