//! A payment: what one funder pays for one settlement, from due to arrived; and how a bank's answer is taken.
//!
//! An answer is matched by the payment's own number *and* the amount *and* the payee. Date and amount alone would match one of
//! many equal payments of a day; a tolerance would hide a fen. Whatever does not fit waits on the suspense list for a person.

use super::payee::{AccountNumber, same_holder};
use crate::Fen;

crate::text_enum! {
    /// Where a payment stands.
    pub enum PaymentState {
        /// In no file yet.
        Due = "due",
        /// In a file for the bank; not answered.
        Sent = "sent",
        /// The bank has paid it.
        Paid = "paid",
        /// The bank has returned it.
        Returned = "returned",
        /// Issued again under a new number, after it was returned.
        Replaced = "replaced",
    }
}

crate::text_enum! {
    /// What a bank says of a payment.
    pub enum BankResult {
        /// It arrived.
        Paid = "paid",
        /// It did not arrive, or came back.
        Returned = "returned",
    }
}

crate::text_enum! {
    /// Why a row of a bank's answer matches no payment.
    pub enum SuspenseCause {
        /// No payment has this number.
        UnknownPayment = "unknown_payment",
        /// The payment is of another amount.
        AmountDiffers = "amount_differs",
        /// The payment is to another account or holder.
        PayeeDiffers = "payee_differs",
        /// The payment was never in a file.
        NotSent = "not_sent",
        /// It was paid before, under another reference of the bank: perhaps twice.
        PaidAgain = "paid_again",
        /// It was returned before; a payment after that is perhaps an older answer.
        PaidAfterReturn = "paid_after_return",
        /// It was returned before, under another reference of the bank.
        ReturnedAgain = "returned_again",
        /// It was issued again: a payment of the old number is one too many.
        Replaced = "replaced",
        /// The settlement is closed, and what is closed does not change.
        Closed = "closed",
    }
}

/// A payment as an answer is compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment<'a> {
    /// Where it stands.
    pub state: PaymentState,
    /// How much.
    pub fen: Fen,
    /// To whom, once it was put into a file.
    pub payee: Option<(&'a str, &'a AccountNumber)>,
    /// The bank's reference in the answer that decided where it stands.
    pub reference: Option<&'a str>,
    /// Whether its settlement is closed.
    pub closed: bool,
}

/// A row of a bank's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    /// What became of it.
    pub result: BankResult,
    /// How much.
    pub fen: Fen,
    /// The holder of the account.
    pub holder: &'a str,
    /// The account.
    pub account: &'a AccountNumber,
    /// The bank's own reference, which tells a repeated answer from a second payment.
    pub reference: &'a str,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The payment stands there now.
    Moves(PaymentState),
    /// It says what is known.
    Repeats,
    /// A person has to look.
    Waits(SuspenseCause),
}

/// Judges a row against the payment of its number.
#[must_use]
pub fn judge(payment: Option<&Payment<'_>>, answer: &Answer<'_>) -> Verdict {
    let Some(payment) = payment else { return Verdict::Waits(SuspenseCause::UnknownPayment) };
    let Some((holder, account)) = payment.payee else { return Verdict::Waits(SuspenseCause::NotSent) };
    if payment.fen != answer.fen {
        return Verdict::Waits(SuspenseCause::AmountDiffers);
    }
    if account != answer.account || !same_holder(holder, answer.holder) {
        return Verdict::Waits(SuspenseCause::PayeeDiffers);
    }
    let repeated = payment.reference == Some(answer.reference);
    match (payment.state, answer.result) {
        (PaymentState::Due, _) => Verdict::Waits(SuspenseCause::NotSent),
        (PaymentState::Sent, BankResult::Paid) => Verdict::Moves(PaymentState::Paid),
        (PaymentState::Sent, BankResult::Returned) => Verdict::Moves(PaymentState::Returned),
        (PaymentState::Paid, BankResult::Paid) if repeated => Verdict::Repeats,
        (PaymentState::Paid, BankResult::Paid) => Verdict::Waits(SuspenseCause::PaidAgain),
        // What arrived may come back days later, while the settlement is open.
        (PaymentState::Paid, BankResult::Returned) if payment.closed => Verdict::Waits(SuspenseCause::Closed),
        (PaymentState::Paid, BankResult::Returned) => Verdict::Moves(PaymentState::Returned),
        (PaymentState::Returned | PaymentState::Replaced, BankResult::Returned) if repeated => Verdict::Repeats,
        (PaymentState::Returned, BankResult::Returned) => Verdict::Waits(SuspenseCause::ReturnedAgain),
        (PaymentState::Returned, BankResult::Paid) => Verdict::Waits(SuspenseCause::PaidAfterReturn),
        (PaymentState::Replaced, _) => Verdict::Waits(SuspenseCause::Replaced),
    }
}

/// Whether a payment may be issued again: only what came back.
#[must_use]
pub const fn may_reissue(state: PaymentState) -> bool {
    match state {
        PaymentState::Returned => true,
        PaymentState::Due | PaymentState::Sent | PaymentState::Paid | PaymentState::Replaced => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;
    use proptest::prelude::*;

    fn account(text: &str) -> AccountNumber {
        AccountNumber::parse(text).unwrap()
    }

    fn payment<'a>(state: PaymentState, of: &'a AccountNumber, reference: Option<&'a str>, closed: bool) -> Payment<'a> {
        Payment { state, fen: Fen(500), payee: Some(("暖阳食堂", of)), reference, closed }
    }

    #[test]
    fn an_answer_moves_a_payment_as_the_table_says() {
        use PaymentState as S;
        use SuspenseCause as C;
        let own = account("6222021001116245702");
        let answer = |result, reference| Answer { result, fen: Fen(500), holder: "暖阳食堂", account: &own, reference };
        let (moves, waits, repeats) = (Verdict::Moves, Verdict::Waits, Verdict::Repeats);
        // Columns: paid by the known reference, paid by another, returned by the known one, returned by another.
        let table = [
            (S::Due, [waits(C::NotSent); 4]),
            (S::Sent, [moves(S::Paid), moves(S::Paid), moves(S::Returned), moves(S::Returned)]),
            (S::Paid, [repeats, waits(C::PaidAgain), moves(S::Returned), moves(S::Returned)]),
            (S::Returned, [waits(C::PaidAfterReturn), waits(C::PaidAfterReturn), repeats, waits(C::ReturnedAgain)]),
            (S::Replaced, [waits(C::Replaced), waits(C::Replaced), repeats, waits(C::Replaced)]),
        ];
        assert_eq!(table.map(|(state, _)| state).as_slice(), S::ALL, "every state has its row");
        for (state, row) in table {
            let known = payment(state, &own, Some("R1"), false);
            let asked =
                [(BankResult::Paid, "R1"), (BankResult::Paid, "R2"), (BankResult::Returned, "R1"), (BankResult::Returned, "R2")];
            for ((result, reference), expected) in asked.into_iter().zip(row) {
                assert_eq!(judge(Some(&known), &answer(result, reference)), expected, "{state} {result} {reference}");
            }
            assert_eq!(may_reissue(state), state == S::Returned);
        }
    }

    #[test]
    fn number_amount_and_payee_must_all_agree() {
        let (own, other) = (account("6222021001116245702"), account("6222021001116245703"));
        let sent = payment(PaymentState::Sent, &own, None, false);
        let good = Answer { result: BankResult::Paid, fen: Fen(500), holder: "暖阳食堂", account: &own, reference: "R1" };
        assert_eq!(judge(Some(&sent), &good), Verdict::Moves(PaymentState::Paid));
        for (answer, cause) in [
            (Answer { fen: Fen(499), ..good.clone() }, SuspenseCause::AmountDiffers),
            (Answer { fen: Fen(501), ..good.clone() }, SuspenseCause::AmountDiffers),
            (Answer { account: &other, ..good.clone() }, SuspenseCause::PayeeDiffers),
            (Answer { holder: "暖阳二食堂", ..good.clone() }, SuspenseCause::PayeeDiffers),
        ] {
            assert_eq!(judge(Some(&sent), &answer), Verdict::Waits(cause));
        }
        assert_eq!(judge(None, &good), Verdict::Waits(SuspenseCause::UnknownPayment));
        let due = Payment { payee: None, state: PaymentState::Due, ..sent };
        assert_eq!(judge(Some(&due), &good), Verdict::Waits(SuspenseCause::NotSent));
    }

    #[test]
    fn what_comes_back_after_the_closing_changes_nothing() {
        let own = account("6222021001116245702");
        let closed = payment(PaymentState::Paid, &own, Some("R1"), true);
        let back = Answer { result: BankResult::Returned, fen: Fen(500), holder: "暖阳食堂", account: &own, reference: "R2" };
        assert_eq!(judge(Some(&closed), &back), Verdict::Waits(SuspenseCause::Closed));
    }

    proptest! {
        /// Applying a file of answers a second time moves nothing: each row then repeats what is known, or waits again.
        #[test]
        fn the_last_answer_of_a_payment_said_again_changes_nothing(rows in prop::collection::vec((any::<bool>(), 0usize..3), 1..20)) {
            let own = account("6222021001116245702");
            let references = ["R1", "R2", "R3"];
            let (mut state, mut known): (PaymentState, Option<&str>) = (PaymentState::Sent, None);
            for (paid, reference) in rows {
                let result = if paid { BankResult::Paid } else { BankResult::Returned };
                let answer = Answer { result, fen: Fen(500), holder: "暖阳食堂", account: &own, reference: references[reference] };
                if let Verdict::Moves(next) = judge(Some(&payment(state, &own, known, false)), &answer) {
                    (state, known) = (next, Some(references[reference]));
                    prop_assert_eq!(judge(Some(&payment(state, &own, known, false)), &answer), Verdict::Repeats);
                }
            }
        }
    }
}
