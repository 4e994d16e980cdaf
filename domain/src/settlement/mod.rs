//! The settlement (结算单): what one payer owes one canteen for one period, frozen, looked at by two more people, paid, matched.
//!
//! What a settlement holds is decided once, when it is frozen: a canonical [`list`] of claim lines with its hash, and totals per
//! policy version. Nothing after that changes it; what is learned later goes into a later period. Its payments, one for each
//! funder that bears a part, have a life of their own ([`payment`]), because a bank may return one of them.

pub mod list;
pub mod payee;
pub mod payment;
pub mod period;
pub mod release;

pub use period::Period;

use crate::id::UserId;

crate::text_enum! {
    /// Where a settlement stands.
    pub enum SettlementState {
        /// Its list and totals are fixed; the street has to look at them.
        Frozen = "frozen",
        /// Reviewed at the street; the district has to approve.
        Reviewed = "reviewed",
        /// Approved at the district.
        Approved = "approved",
        /// Shown to the public (公示); its payments are due.
        Published = "published",
        /// Every payment has arrived.
        Closed = "closed",
        /// Taken back before its approval; its lines are free for another settlement.
        Withdrawn = "withdrawn",
    }
}

/// Who answered for the steps so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct People {
    /// Who froze it.
    pub frozen_by: Option<UserId>,
    /// Who reviewed it.
    pub reviewed_by: Option<UserId>,
    /// Who approved it.
    pub approved_by: Option<UserId>,
}

/// What someone wants to do with a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettlementCommand {
    /// Confirm it at the street.
    Review {
        /// Who.
        by: Option<UserId>,
    },
    /// Approve it at the district.
    Approve {
        /// Who.
        by: Option<UserId>,
    },
    /// Take it back.
    Withdraw,
    /// Show it to the public; its payments become due.
    Publish,
    /// Put its payments into a file for the bank.
    Pay {
        /// Who.
        by: Option<UserId>,
    },
    /// End it.
    Close {
        /// How many of its payments have not arrived.
        unpaid: u64,
    },
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettlementRejection {
    /// Its state does not allow it.
    WrongState(SettlementState),
    /// Whoever answered for an earlier step does not answer for this one; nor does somebody without an account.
    SamePerson,
    /// Payments have not arrived.
    Unpaid(u64),
}

/// The state after a command, or why not. The one place where a settlement's state changes.
///
/// Source of the two people: the field's rule that payouts need two different people. Here they are three, since the street
/// reviews what the officer froze and the district approves what the street reviewed; and who approved does not pay.
pub fn transition(
    state: SettlementState,
    command: SettlementCommand,
    people: &People,
) -> Result<SettlementState, SettlementRejection> {
    use SettlementCommand as C;
    use SettlementState as S;
    let another = |by: Option<UserId>, than: &[Option<UserId>]| {
        if by.is_none() || than.contains(&by) { Err(SettlementRejection::SamePerson) } else { Ok(()) }
    };
    match (state, command) {
        (S::Frozen, C::Review { by }) => another(by, &[people.frozen_by]).map(|()| S::Reviewed),
        (S::Reviewed, C::Approve { by }) => another(by, &[people.frozen_by, people.reviewed_by]).map(|()| S::Approved),
        (S::Frozen | S::Reviewed, C::Withdraw) => Ok(S::Withdrawn),
        (S::Approved, C::Publish) => Ok(S::Published),
        (S::Published, C::Pay { by }) => another(by, &[people.approved_by]).map(|()| S::Published),
        (S::Published, C::Close { unpaid: 0 }) => Ok(S::Closed),
        (S::Published, C::Close { unpaid }) => Err(SettlementRejection::Unpaid(unpaid)),
        (S::Frozen, C::Approve { .. } | C::Publish | C::Pay { .. } | C::Close { .. })
        | (S::Reviewed, C::Review { .. } | C::Publish | C::Pay { .. } | C::Close { .. })
        | (S::Approved, C::Review { .. } | C::Approve { .. } | C::Withdraw | C::Pay { .. } | C::Close { .. })
        | (S::Published, C::Review { .. } | C::Approve { .. } | C::Withdraw | C::Publish)
        | (
            S::Closed | S::Withdrawn,
            C::Review { .. } | C::Approve { .. } | C::Withdraw | C::Publish | C::Pay { .. } | C::Close { .. },
        ) => Err(SettlementRejection::WrongState(state)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn user(n: u128) -> Option<UserId> {
        Some(UserId::from_uuid(Uuid::from_u128(n)))
    }

    fn commands(by: Option<UserId>, unpaid: u64) -> [SettlementCommand; 6] {
        use SettlementCommand as C;
        [C::Review { by }, C::Approve { by }, C::Withdraw, C::Publish, C::Pay { by }, C::Close { unpaid }]
    }

    #[test]
    fn every_state_answers_every_command_as_the_table_says() {
        use SettlementState as S;
        // Columns: review, approve, withdraw, publish, pay, close.
        let table = [
            (S::Frozen, [Some(S::Reviewed), None, Some(S::Withdrawn), None, None, None]),
            (S::Reviewed, [None, Some(S::Approved), Some(S::Withdrawn), None, None, None]),
            (S::Approved, [None, None, None, Some(S::Published), None, None]),
            (S::Published, [None, None, None, None, Some(S::Published), Some(S::Closed)]),
            (S::Closed, [None; 6]),
            (S::Withdrawn, [None; 6]),
        ];
        assert_eq!(table.map(|(state, _)| state).as_slice(), S::ALL, "every state has its row");
        let people = People { frozen_by: user(1), reviewed_by: user(2), approved_by: user(3) };
        for (state, row) in table {
            for (command, expected) in commands(user(4), 0).into_iter().zip(row) {
                let expected = expected.ok_or(SettlementRejection::WrongState(state));
                assert_eq!(transition(state, command, &people), expected, "{state} {command:?}");
            }
        }
    }

    #[test]
    fn three_people_answer_for_one_settlement_and_none_of_them_is_nobody() {
        use SettlementCommand as C;
        use SettlementState as S;
        let people = People { frozen_by: user(1), reviewed_by: user(2), approved_by: user(3) };
        let same = Err(SettlementRejection::SamePerson);
        for (state, command, expected) in [
            (S::Frozen, C::Review { by: user(1) }, same),
            (S::Frozen, C::Review { by: None }, same),
            (S::Reviewed, C::Approve { by: user(1) }, same),
            (S::Reviewed, C::Approve { by: user(2) }, same),
            (S::Reviewed, C::Approve { by: None }, same),
            (S::Published, C::Pay { by: user(3) }, same),
            (S::Published, C::Pay { by: None }, same),
            // The officer who froze it is the one who pays it: the two who looked stand between.
            (S::Published, C::Pay { by: user(1) }, Ok(S::Published)),
        ] {
            assert_eq!(transition(state, command, &people), expected, "{state} {command:?}");
        }
    }

    #[test]
    fn a_settlement_with_a_payment_that_has_not_arrived_is_not_closed() {
        let close = SettlementCommand::Close { unpaid: 2 };
        assert_eq!(transition(SettlementState::Published, close, &People::default()), Err(SettlementRejection::Unpaid(2)));
    }

    proptest! {
        #[test]
        fn nothing_is_paid_that_three_people_have_not_answered_for(steps in prop::collection::vec((0usize..6, 0u128..4, 0u64..2), 0..40)) {
            let (mut state, mut people) = (SettlementState::Frozen, People { frozen_by: user(1), ..People::default() });
            for (which, by, unpaid) in steps {
                let by = if by == 0 { None } else { user(by) };
                let Ok(next) = transition(state, commands(by, unpaid)[which], &people) else { continue };
                match next {
                    SettlementState::Reviewed => people.reviewed_by = by,
                    SettlementState::Approved => people.approved_by = by,
                    _ => {}
                }
                state = next;
                if matches!(state, SettlementState::Published | SettlementState::Closed) {
                    let mut all = [people.frozen_by, people.reviewed_by, people.approved_by];
                    all.sort_unstable();
                    prop_assert!(all[0].is_some() && all[0] != all[1] && all[1] != all[2]);
                }
            }
        }
    }
}
