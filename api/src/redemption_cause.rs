//! Why a meal cannot be recorded as served, and what whoever stands there can do about it.

use crate::problem::{Problem, ProblemCode};
use domain::text_enum::TextEnum;

domain::text_enum! {
    /// The cause of `redemption_refused`: programs decide by it.
    pub(crate) enum Cause {
        /// What was read is no card, number or code of ours, or is too old.
        UnreadableOrExpired = "unreadable_or_expired",
        /// Nobody has this card, or no order this code.
        UnknownReading = "unknown_reading",
        /// The person has nothing here on this day.
        NothingOrdered = "nothing_ordered",
        /// Several orders are meant.
        SeveralOrders = "several_orders",
        /// The named order is somebody else's.
        ReadingOfAnotherPerson = "reading_of_another_person",
        /// A dynamic code serves once.
        CodeUsed = "code_used",
        /// It lies in the future.
        ServedInTheFuture = "served_in_the_future",
        /// Before the order's day.
        BeforeItsDay = "before_its_day",
        /// After the order's day.
        AfterItsDay = "after_its_day",
        /// Reported when evidence is no longer taken.
        ReportedTooLate = "reported_too_late",
        /// The identifier is another redemption's.
        IdentifierOfAnotherOrder = "identifier_of_another_order",
        /// Another meal took the limit.
        LimitTakenSince = "limit_taken_since",
        /// A record at a door lies in the future.
        HappenedInTheFuture = "happened_in_the_future",
        /// The identifier is another record's.
        IdentifierOfAnotherRecord = "identifier_of_another_record",
        /// The code that was read out is not the order's.
        WrongCode = "wrong_code",
        /// Too many wrong codes were tried for this order.
        TooManyCodes = "too_many_codes",
        /// A hand-over without a proof.
        ProofNeeded = "proof_needed",
    }
}

impl Cause {
    /// (zh-CN, en): what to do next.
    const fn next(self) -> (&'static str, &'static str) {
        match self {
            Self::UnreadableOrExpired => {
                ("请重新刷卡，或让老人刷新动态码后再扫", "Read the card again, or have the dynamic code renewed and scan it")
            }
            Self::UnknownReading => (
                "请核对卡号或取餐码；也可按身份证号或餐号查找",
                "Check the card or the code; or look by identity card or by the order's number",
            ),
            Self::NothingOrdered => (
                "该老人今天在本食堂没有订餐：请核对日期和食堂，或在窗口现订",
                "Nothing is ordered here today: check day and canteen, or order at the counter",
            ),
            Self::SeveralOrders => {
                ("请在 orders 中选一单，连同 order 重新提交", "Choose one of `orders` and send it again with `order`")
            }
            Self::ReadingOfAnotherPerson => {
                ("所刷的卡或码不是这一单的老人的，请核对本人", "The reading is another person's: check who is there")
            }
            Self::CodeUsed => ("此动态码已用过，请让老人刷新后再扫", "Have the senior's client show the next code and scan it"),
            Self::ServedInTheFuture => ("请校准终端的时钟后重新提交", "Set the terminal's clock and send it again"),
            Self::BeforeItsDay => {
                ("这一单是以后的餐，请在 service_date 当天核销", "The meal is of a later day: redeem it on `service_date`")
            }
            Self::AfterItsDay => (
                "请按实际取餐时间填写 served_at，它应在 service_date 当天",
                "Give the true time in `served_at`; it lies on `service_date`",
            ),
            Self::ReportedTooLate => (
                "已过补报期限，请将纸质凭据交补贴专员处理",
                "It is too late to report it: give the paper evidence to the subsidy officer",
            ),
            Self::IdentifierOfAnotherOrder => {
                ("请为这次核销生成新的编号后重新提交", "Make a new identifier for this redemption and send it again")
            }
            Self::LimitTakenSince => {
                ("补贴名额已被另一餐用去，请交补贴专员决定", "Another meal took the subsidy meanwhile: the subsidy officer decides")
            }
            Self::HappenedInTheFuture => ("请校准手机的时钟后重新记录", "Set the phone's clock and record it again"),
            Self::IdentifierOfAnotherRecord => {
                ("请为这条记录生成新的编号后重新提交", "Make a new identifier for this record and send it again")
            }
            Self::WrongCode => ("请与老人核对取餐码；没有码的请签名送达", "Ask for the code again; without one have it signed for"),
            Self::TooManyCodes => (
                "错码次数过多，本单不再接受取餐码；请签名或拍照送达",
                "Too many wrong codes: none is taken for this order any more. Have it signed for, or take a photo",
            ),
            Self::ProofNeeded => {
                ("请说明凭什么确认送达：取餐码、签名或照片", "Say how the hand-over is proved: code, signature or photo")
            }
        }
    }

    /// The problem that says so.
    pub(crate) fn problem(self) -> Problem {
        let (zh, en) = self.next();
        Problem::new(ProblemCode::RedemptionRefused).with("cause", self.as_str()).advise(zh, en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_cause_has_advice_of_its_own() {
        let said: BTreeSet<String> = Cause::ALL.iter().map(|cause| cause.problem().body()["next"].to_string()).collect();
        assert_eq!(said.len(), Cause::ALL.len());
        assert!(!said.contains(&Problem::new(ProblemCode::RedemptionRefused).body()["next"].to_string()));
    }
}
