//! Shifts (当班): who answers for which cash, from the float to the count.

use super::Flow;
use crate::id::{ShiftId, UserId};
use crate::{Fen, MoneyOverflow};

crate::text_enum! {
    /// Where a shift stands.
    pub enum ShiftState {
        /// Money comes and goes.
        Open = "open",
        /// 已交班: counted, and the till is empty.
        Closed = "closed",
        /// 已复核: another person has looked at the count.
        Confirmed = "confirmed",
    }
}

/// Why a command on a shift is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShiftRejection {
    /// It is here, where the command means nothing.
    WrongState(ShiftState),
    /// Whoever had the till does not confirm the count.
    SamePerson,
    /// The count differs, and nobody says why.
    NoReason {
        /// What there should be.
        expected_fen: Fen,
        /// What was counted less that.
        difference_fen: Fen,
    },
}

/// What a count comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// What was counted less what there should be.
    pub difference_fen: Fen,
    /// The entries that empty the till: first what is too much comes in, so that it never holds less than nothing.
    pub entries: Vec<(Flow, Fen)>,
}

/// Whether money may come and go.
pub const fn in_use(state: ShiftState) -> Result<(), ShiftRejection> {
    match state {
        ShiftState::Open => Ok(()),
        other => Err(ShiftRejection::WrongState(other)),
    }
}

/// Closes a shift: what was counted goes into the safe, and what is missing or too much is booked as that, with a reason.
pub fn close(
    shift: ShiftId,
    state: ShiftState,
    (expected, counted): (Fen, Fen),
    has_reason: bool,
) -> Result<Result<Closing, ShiftRejection>, MoneyOverflow> {
    if let Err(rejection) = in_use(state) {
        return Ok(Err(rejection));
    }
    let difference = counted.minus(expected)?;
    if difference != Fen::ZERO && !has_reason {
        return Ok(Err(ShiftRejection::NoReason { expected_fen: expected, difference_fen: difference }));
    }
    let booked =
        if difference.is_negative() { (Flow::Short(shift), Fen::ZERO.minus(difference)?) } else { (Flow::Over(shift), difference) };
    let mut entries = vec![booked, (Flow::Deposit(shift), counted)];
    entries.retain(|(_, fen)| *fen > Fen::ZERO);
    Ok(Ok(Closing { difference_fen: difference, entries }))
}

/// Confirms the count of a closed shift. `hands` had the money: whose till it was, and who counted it.
pub fn confirm(state: ShiftState, hands: &[UserId], by: UserId) -> Result<(), ShiftRejection> {
    match state {
        ShiftState::Closed if hands.contains(&by) => Err(ShiftRejection::SamePerson),
        ShiftState::Closed => Ok(()),
        other => Err(ShiftRejection::WrongState(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;
    use uuid::Uuid;

    fn id<K: crate::id::Kind>(n: u128) -> Id<K> {
        Id::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_count_empties_the_till_and_a_difference_is_told() {
        let till = id(1);
        let closed = |expected, counted, reason| close(till, ShiftState::Open, (Fen(expected), Fen(counted)), reason).unwrap();
        let entries = |expected, counted| closed(expected, counted, true).unwrap().entries;
        assert_eq!(entries(500, 500), [(Flow::Deposit(till), Fen(500))]);
        assert_eq!(entries(500, 450), [(Flow::Short(till), Fen(50)), (Flow::Deposit(till), Fen(450))]);
        assert_eq!(entries(500, 520), [(Flow::Over(till), Fen(20)), (Flow::Deposit(till), Fen(520))]);
        assert_eq!(entries(0, 0), []);
        assert_eq!(entries(50, 0), [(Flow::Short(till), Fen(50))]);
        assert!(closed(500, 500, false).is_ok());
        let told = ShiftRejection::NoReason { expected_fen: Fen(500), difference_fen: Fen(-50) };
        assert_eq!(closed(500, 450, false), Err(told));
        let again = close(till, ShiftState::Closed, (Fen(0), Fen(0)), true).unwrap();
        assert_eq!(again, Err(ShiftRejection::WrongState(ShiftState::Closed)));
    }

    #[test]
    fn another_person_confirms_a_closed_shift_once() {
        let (worker, manager) = (id(1), id(2));
        for (state, by, expected) in [
            (ShiftState::Closed, manager, Ok(())),
            (ShiftState::Closed, worker, Err(ShiftRejection::SamePerson)),
            (ShiftState::Open, manager, Err(ShiftRejection::WrongState(ShiftState::Open))),
            (ShiftState::Confirmed, manager, Err(ShiftRejection::WrongState(ShiftState::Confirmed))),
        ] {
            assert_eq!(confirm(state, &[worker], by), expected, "{state}");
        }
    }
}
