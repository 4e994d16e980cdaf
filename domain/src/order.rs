//! The order: its states, and whether a command is allowed.

use crate::{Fen, Instant, ServiceDate};

crate::text_enum! {
    /// Where an order stands. Payment, cooking and delivery have states of their own.
    pub enum OrderState {
        /// Accepted, the portion is taken.
        Confirmed = "confirmed",
        /// Taken back; the portion and the limits are free again.
        Cancelled = "cancelled",
        /// Eaten or handed over, with evidence.
        Served = "served",
        /// The meal period passed without evidence (no-show, refused, nobody at home).
        NotServed = "not_served",
    }
}

crate::text_enum! {
    /// The way an order came in.
    pub enum Via {
        /// The senior's or a family member's WeChat mini-program.
        MiniProgram = "mini_program",
        /// The telephone hotline.
        Hotline = "hotline",
        /// The canteen's counter.
        Counter = "counter",
        /// A community worker.
        Worker = "worker",
        /// Generated from a standing order.
        Standing = "standing",
    }
}

crate::text_enum! {
    /// How a redemption was proved.
    pub enum RedemptionMethod {
        /// The senior's meal card.
        Card = "card",
        /// The identity card's number.
        IdentityCard = "identity_card",
        /// A QR code that changes every 30 seconds.
        DynamicQr = "dynamic_qr",
        /// The order's code.
        OrderCode = "order_code",
        /// A signature at the door.
        Signature = "signature",
        /// The code on the senior's slip, read out at the door.
        DeliveryCode = "delivery_code",
        /// A photo of the hand-over.
        Photo = "photo",
    }
}

impl RedemptionMethod {
    /// Whether staff at the counter attest it by themselves. What a terminal reads is proved by the reading, and a claim that names it
    /// without one would say what nobody has seen; what is read out at a door is checked there.
    #[must_use]
    pub const fn is_attested(self) -> bool {
        match self {
            Self::Signature | Self::Photo => true,
            Self::Card | Self::IdentityCard | Self::DynamicQr | Self::OrderCode | Self::DeliveryCode => false,
        }
    }
}

crate::text_enum! {
    /// Whether a redemption counts.
    pub enum RedemptionState {
        /// The one that counts.
        Accepted = "accepted",
        /// A second one of the same order: kept in sight, counts for nothing.
        Duplicate = "duplicate",
    }
}

/// What someone wants to do to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderCommand {
    /// Other dishes, another channel.
    Change,
    /// Take it back.
    Cancel,
    /// It was handed over, with evidence.
    Serve,
    /// The period passed without evidence.
    CloseUnserved,
}

impl OrderCommand {
    /// Every command, for tables over state x command.
    pub const ALL: [Self; 4] = [Self::Change, Self::Cancel, Self::Serve, Self::CloseUnserved];
}

/// Who is asking, as far as the cut-off cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Bound by the cut-off.
    Ordinary,
    /// May act after the cut-off, with a reason.
    Entitled,
}

/// Why a command on an order is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRejection {
    /// The order's state does not allow it.
    WrongState(OrderState),
    /// The cut-off has passed; the instant is the cut-off.
    CutOffPassed(Instant),
    /// After the cut-off a reason must be given.
    ReasonNeeded,
}

/// The state after a command, or why not. The one place where an order's state changes.
pub fn transition(
    state: OrderState,
    command: OrderCommand,
    cut_off: Instant,
    now: Instant,
    standing: Standing,
    has_reason: bool,
) -> Result<OrderState, OrderRejection> {
    use OrderCommand as C;
    use OrderState as S;
    match (state, command) {
        (S::Confirmed, C::Change) => before_cut_off(cut_off, now, standing, has_reason).map(|()| S::Confirmed),
        (S::Confirmed, C::Cancel) => before_cut_off(cut_off, now, standing, has_reason).map(|()| S::Cancelled),
        (S::Confirmed, C::Serve) => Ok(S::Served),
        // An offline terminal syncs late: evidence outranks the closing of the period.
        (S::NotServed, C::Serve) => Ok(S::Served),
        (S::Confirmed, C::CloseUnserved) => Ok(S::NotServed),
        (S::NotServed, C::Change | C::Cancel | C::CloseUnserved)
        | (S::Cancelled | S::Served, C::Change | C::Cancel | C::Serve | C::CloseUnserved) => Err(OrderRejection::WrongState(state)),
    }
}

/// Whether an order may be taken, changed or cancelled now: strictly before the cut-off, or by someone entitled with a reason.
pub fn before_cut_off(cut_off: Instant, now: Instant, standing: Standing, has_reason: bool) -> Result<(), OrderRejection> {
    match (now < cut_off, standing) {
        (true, _) => Ok(()),
        (false, Standing::Ordinary) => Err(OrderRejection::CutOffPassed(cut_off)),
        (false, Standing::Entitled) if has_reason => Ok(()),
        (false, Standing::Entitled) => Err(OrderRejection::ReasonNeeded),
    }
}

/// Until when a sitting takes and changes orders: a guest at the counter eats what is on the shelf, so the portions bound them
/// and the end of the meal does, not the cut-off that lets the kitchen plan.
#[must_use]
pub const fn open_until(cut_off: Instant, serve_to: Instant, guest: bool) -> Instant {
    if guest { serve_to } else { cut_off }
}

/// How late the evidence of a meal may arrive, in days after it was served: a terminal may be without a network for a week.
/// What comes later still is a correction, and a person looks at it.
pub const EVIDENCE_LATE_DAYS: i64 = 7;

/// Terminals' clocks may be this far ahead, in seconds.
const CLOCK_SKEW_S: i64 = 120;

/// Why a time of serving cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServedAtFault {
    /// In the future, by more than clocks may differ.
    InTheFuture,
    /// Before the day the meal was ordered for.
    BeforeItsDay(ServiceDate),
    /// After the day the meal was ordered for.
    AfterItsDay(ServiceDate),
    /// Reported more than [`EVIDENCE_LATE_DAYS`] after it.
    ReportedTooLate,
}

/// Whether a meal of a day can have been served at an instant that is told `now`.
pub fn served_when(service_date: ServiceDate, served_at: Instant, now: Instant) -> Result<(), ServedAtFault> {
    let day = served_at.civil_date();
    if served_at.seconds_since(now) > CLOCK_SKEW_S {
        Err(ServedAtFault::InTheFuture)
    } else if day < service_date {
        Err(ServedAtFault::BeforeItsDay(service_date))
    } else if day > service_date {
        Err(ServedAtFault::AfterItsDay(service_date))
    } else if now.seconds_since(served_at) > EVIDENCE_LATE_DAYS * 86_400 {
        Err(ServedAtFault::ReportedTooLate)
    } else {
        Ok(())
    }
}

/// The money of one order, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct OrderTotals {
    /// List price of all lines.
    pub price_fen: Fen,
    /// The operator's and the policy's discounts.
    pub discount_fen: Fen,
    /// What the funders pay.
    pub subsidy_fen: Fen,
    /// For bringing it.
    pub delivery_fee_fen: Fen,
    /// What the senior pays: price - discount - subsidy + delivery fee.
    pub self_pay_fen: Fen,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;

    const CUT_OFF: Instant = Instant::from_micros(1_000);
    const BEFORE: Instant = Instant::from_micros(999);

    #[test]
    fn every_state_answers_every_command_as_the_table_says() {
        use OrderCommand as C;
        use OrderState as S;
        for state in S::ALL.iter().copied() {
            for command in C::ALL {
                let expected = match (state, command) {
                    (S::Confirmed, C::Change) => Ok(S::Confirmed),
                    (S::Confirmed, C::Cancel) => Ok(S::Cancelled),
                    (S::Confirmed | S::NotServed, C::Serve) => Ok(S::Served),
                    (S::Confirmed, C::CloseUnserved) => Ok(S::NotServed),
                    _ => Err(OrderRejection::WrongState(state)),
                };
                assert_eq!(transition(state, command, CUT_OFF, BEFORE, Standing::Ordinary, false), expected, "{state} {command:?}");
            }
        }
    }

    #[test]
    fn the_cut_off_itself_is_too_late_and_an_entitled_person_needs_a_reason() {
        for (now, standing, reason, expected) in [
            (BEFORE, Standing::Ordinary, false, Ok(())),
            (CUT_OFF, Standing::Ordinary, true, Err(OrderRejection::CutOffPassed(CUT_OFF))),
            (CUT_OFF, Standing::Entitled, false, Err(OrderRejection::ReasonNeeded)),
            (CUT_OFF, Standing::Entitled, true, Ok(())),
        ] {
            assert_eq!(before_cut_off(CUT_OFF, now, standing, reason), expected, "{now:?} {standing:?}");
        }
    }

    #[test]
    fn a_meal_is_served_on_its_day_and_told_within_a_week() {
        let day = ServiceDate::new(2026, 11, 23).unwrap();
        let at =
            |days: i32, hour: u32| Instant::from_civil(day.plus_days(days), chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap());
        for (served, now, expected) in [
            (at(0, 12), at(0, 12), Ok(())),
            (at(0, 12).plus_seconds(120), at(0, 12), Ok(())),
            (at(0, 12).plus_seconds(121), at(0, 12), Err(ServedAtFault::InTheFuture)),
            (at(0, 0), at(0, 0), Ok(())),
            (at(0, 0).plus_seconds(-1), at(0, 0), Err(ServedAtFault::BeforeItsDay(day))),
            (at(0, 12), at(-1, 12), Err(ServedAtFault::InTheFuture)),
            (at(0, 23), at(1, 3), Ok(())),
            (at(1, 0), at(1, 0), Err(ServedAtFault::AfterItsDay(day))),
            (at(0, 12), at(7, 12), Ok(())),
            (at(0, 12), at(7, 13), Err(ServedAtFault::ReportedTooLate)),
        ] {
            assert_eq!(served_when(day, served, now), expected, "{served} told at {now}");
        }
    }

    #[test]
    fn the_cut_off_binds_a_senior_and_the_end_of_the_meal_a_guest() {
        let end = Instant::from_micros(2_000);
        assert_eq!((open_until(CUT_OFF, end, false), open_until(CUT_OFF, end, true)), (CUT_OFF, end));
    }
}
