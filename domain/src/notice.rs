//! What people are told of their meals: of which events, not at night, and no longer once it is not true.
//!
//! Texts name the meal, its day and its number, and never a dish or a whole name: they are read on a lock screen.

use crate::door::StopOutcome;
use crate::order::OrderState;
use crate::standing::SkipReason;
use crate::{Instant, MealPeriod, ServiceDate};
use chrono::NaiveTime;

mod words;
pub use words::{Asked, Told, Whose, subject, text};

crate::text_enum! {
    /// What somebody is told of.
    pub enum NoticeEvent {
        /// An order was placed by somebody else.
        OrderPlaced = "order_placed",
        /// It was changed by somebody else.
        OrderChanged = "order_changed",
        /// It was cancelled by somebody else.
        OrderCancelled = "order_cancelled",
        /// The meal was called off.
        CalledOff = "called_off",
        /// A dish of an order was stopped.
        DishStopped = "dish_stopped",
        /// A dish of an order is really made with what its senior may not eat.
        DishUnfit = "dish_unfit",
        /// Too little of a dish was made, and this order goes without.
        DishShort = "dish_short",
        /// A standing order could not be made for a day.
        StandingNotMade = "standing_not_made",
        /// The meal reached the door.
        Delivered = "delivered",
        /// It did not: nobody answered, or it was not taken.
        NotDelivered = "not_delivered",
        /// Somebody should look in on a senior.
        LookIn = "look_in",
        /// Somebody did, and this was found.
        LookedIn = "looked_in",
        /// A complaint about a meal was answered.
        ComplaintAnswered = "complaint_answered",
    }
}

impl NoticeEvent {
    /// Whether it is told at night too: somebody must look in on a person who did not come to the door, and who was told so waits to
    /// hear that all is well.
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::NotDelivered | Self::LookIn | Self::LookedIn)
    }
}

crate::text_enum! {
    /// How it is told.
    pub enum NoticeChannel {
        /// A text message to a proven phone, or to the phone on a senior's record.
        Sms = "sms",
        /// A mail to a proven address.
        Mail = "mail",
    }
}

crate::text_enum! {
    /// The language of a person's notices.
    pub enum NoticeLanguage {
        /// 中文
        Chinese = "zh",
        /// English
        English = "en",
    }
}

crate::text_enum! {
    /// Who did it.
    pub enum DoneBy {
        /// A bound family member.
        Family = "family",
        /// Staff: the canteen, the community, the hotline.
        Staff = "staff",
    }
}

crate::text_enum! {
    /// Why a notice is not sent after all.
    pub enum Dropped {
        /// The order was cancelled meanwhile, or brought back.
        StateChanged = "state_changed",
        /// It was changed again; the later notice tells.
        ChangedAgain = "changed_again",
        /// The meal is over.
        MealOver = "meal_over",
        /// The meal is served after all, or the dish is back.
        TakenBack = "taken_back",
        /// The standing order's day has an order, or another reason.
        Solved = "solved",
        /// It happened too long ago to be news.
        Stale = "stale",
        /// The person wants no such notice.
        OptedOut = "opted_out",
        /// There is no address any more.
        NoAddress = "no_address",
        /// The person is family no more, or may not be alerted.
        NotEntitled = "not_entitled",
        /// What it is about is gone.
        Gone = "gone",
    }
}

/// When people sleep: from one time of the day in China to another, over midnight when the first is later. Equal times: never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// From then on.
    pub from: NaiveTime,
    /// Until then.
    pub to: NaiveTime,
}

impl QuietHours {
    /// From two times of the day as in `21:00`; `None` when one is no time.
    #[must_use]
    pub fn parse(from: &str, to: &str) -> Option<Self> {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
        Some(Self { from: time(from)?, to: time(to)? })
    }

    /// Never quiet.
    pub const NONE: Self = Self { from: NaiveTime::MIN, to: NaiveTime::MIN };

    /// When a notice may go: `None` for now.
    #[must_use]
    pub fn wait(self, now: Instant) -> Option<Instant> {
        let time = now.civil_time();
        let (over_midnight, today) = (self.from > self.to, now.civil_date());
        let quiet = if over_midnight { time >= self.from || time < self.to } else { time >= self.from && time < self.to };
        if !quiet {
            return None;
        }
        let day = if over_midnight && time >= self.from { today.plus_days(1) } else { today };
        Some(Instant::from_civil(day, self.to))
    }
}

/// A notice's time: whether it waits for the morning. What is urgent goes at once, and so does what the morning is too late for.
#[must_use]
pub fn waits(event: NoticeEvent, quiet: QuietHours, now: Instant, meal_from: Option<Instant>) -> Option<Instant> {
    quiet.wait(now).filter(|morning| !event.is_urgent() && meal_from.is_none_or(|from| *morning < from))
}

/// How an order stands when a notice about it is about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderNow {
    /// Its state.
    pub state: OrderState,
    /// Its version.
    pub version: i64,
    /// When the meal ends.
    pub meal_to: Instant,
    /// Whether the meal is called off.
    pub called_off: bool,
    /// Whether what is told of a dish of it is still so: it is stopped, is nothing for this senior, or was made too little of.
    pub still_so: bool,
}

/// Why a notice about an order at a version is not true any more; `None` while it is.
#[must_use]
pub fn untrue(event: NoticeEvent, version: i64, order: &OrderNow, now: Instant) -> Option<Dropped> {
    let confirmed = order.state == OrderState::Confirmed;
    let over = now >= order.meal_to;
    match event {
        NoticeEvent::OrderPlaced | NoticeEvent::OrderChanged => match () {
            () if order.state == OrderState::Cancelled => Some(Dropped::StateChanged),
            () if over || !confirmed => Some(Dropped::MealOver),
            () if order.version != version => Some(Dropped::ChangedAgain),
            () => None,
        },
        NoticeEvent::OrderCancelled if order.state != OrderState::Cancelled => Some(Dropped::StateChanged),
        NoticeEvent::CalledOff | NoticeEvent::DishStopped | NoticeEvent::DishUnfit | NoticeEvent::DishShort if !confirmed => {
            Some(Dropped::StateChanged)
        }
        NoticeEvent::OrderCancelled
        | NoticeEvent::CalledOff
        | NoticeEvent::DishStopped
        | NoticeEvent::DishUnfit
        | NoticeEvent::DishShort
            if over =>
        {
            Some(Dropped::MealOver)
        }
        NoticeEvent::CalledOff if !order.called_off => Some(Dropped::TakenBack),
        NoticeEvent::DishStopped | NoticeEvent::DishUnfit | NoticeEvent::DishShort if !order.still_so => Some(Dropped::TakenBack),
        NoticeEvent::OrderCancelled
        | NoticeEvent::CalledOff
        | NoticeEvent::DishStopped
        | NoticeEvent::DishUnfit
        | NoticeEvent::DishShort
        | NoticeEvent::StandingNotMade
        | NoticeEvent::Delivered
        | NoticeEvent::NotDelivered
        | NoticeEvent::LookIn
        | NoticeEvent::LookedIn
        | NoticeEvent::ComplaintAnswered => None,
    }
}

/// After this long it is no news what happened at a door, in seconds: a phone that was without network sends its records late.
pub const DOOR_NEWS_S: i64 = 12 * 3600;

/// Why what was recorded at a door is not told any more.
#[must_use]
pub fn untrue_at_door(told: StopOutcome, shown: Option<StopOutcome>, happened_at: Instant, now: Instant) -> Option<Dropped> {
    if shown != Some(told) {
        Some(Dropped::TakenBack)
    } else if now.seconds_since(happened_at) > DOOR_NEWS_S {
        Some(Dropped::Stale)
    } else {
        None
    }
}

/// Whether a day without a generated order is worth a notice: not what the person wished, and not a menu that is yet to come.
#[must_use]
pub const fn tells_of_skip(reason: SkipReason) -> bool {
    match reason {
        SkipReason::Paused | SkipReason::SeniorPaused | SkipReason::NoSitting => false,
        SkipReason::SittingClosed
        | SkipReason::NothingSuitable
        | SkipReason::SoldOut
        | SkipReason::AddressMissing
        | SkipReason::OutOfArea
        | SkipReason::CutOffPassed
        | SkipReason::Refused => true,
    }
}

/// The meal that a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meal {
    /// Its day.
    pub date: ServiceDate,
    /// Which.
    pub meal: MealPeriod,
    /// The order's number, when there is an order.
    pub order_no: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;

    fn at(day: u32, hour: u32, minute: u32) -> Instant {
        Instant::from_civil(ServiceDate::new(2026, 11, day).unwrap(), NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
    }

    fn quiet() -> QuietHours {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        QuietHours { from: time(21), to: time(7) }
    }

    #[test]
    fn at_night_a_notice_waits_for_the_morning() {
        for (now, until) in [
            (at(23, 20, 59), None),
            (at(23, 21, 0), Some(at(24, 7, 0))),
            (at(23, 23, 59), Some(at(24, 7, 0))),
            (at(24, 0, 0), Some(at(24, 7, 0))),
            (at(24, 6, 59), Some(at(24, 7, 0))),
            (at(24, 7, 0), None),
        ] {
            assert_eq!(quiet().wait(now), until, "{now}");
            assert_eq!(QuietHours::NONE.wait(now), None);
        }
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let nap = QuietHours { from: time(12), to: time(14) };
        assert_eq!((nap.wait(at(23, 13, 0)), nap.wait(at(23, 14, 0))), (Some(at(23, 14, 0)), None));
    }

    #[test]
    fn nobody_at_the_door_is_told_at_night_and_so_is_what_the_morning_is_too_late_for() {
        let night = at(23, 23, 0);
        for event in NoticeEvent::ALL {
            let urgent = [NoticeEvent::NotDelivered, NoticeEvent::LookIn, NoticeEvent::LookedIn].contains(event);
            assert_eq!(waits(*event, quiet(), night, None).is_none(), urgent, "{event}");
        }
        let (early, late) = (Some(at(24, 6, 30)), Some(at(24, 11, 0)));
        assert_eq!(waits(NoticeEvent::CalledOff, quiet(), night, early), None);
        assert_eq!(waits(NoticeEvent::CalledOff, quiet(), night, late), Some(at(24, 7, 0)));
    }

    #[test]
    fn a_notice_that_is_not_true_any_more_is_dropped_with_its_reason() {
        use NoticeEvent as N;
        use OrderState as S;
        let fresh = OrderNow { state: S::Confirmed, version: 1, meal_to: at(23, 12, 30), called_off: false, still_so: false };
        let (before, after) = (at(23, 9, 0), at(23, 12, 30));
        let with = |state| OrderNow { state, ..fresh };
        for (event, order, now, expected) in [
            (N::OrderPlaced, fresh, before, None),
            (N::OrderPlaced, with(S::Cancelled), before, Some(Dropped::StateChanged)),
            (N::OrderPlaced, with(S::Served), before, Some(Dropped::MealOver)),
            (N::OrderPlaced, fresh, after, Some(Dropped::MealOver)),
            (N::OrderChanged, OrderNow { version: 2, ..fresh }, before, Some(Dropped::ChangedAgain)),
            (N::OrderCancelled, with(S::Cancelled), before, None),
            (N::OrderCancelled, with(S::Cancelled), after, Some(Dropped::MealOver)),
            (N::OrderCancelled, fresh, before, Some(Dropped::StateChanged)),
            (N::CalledOff, OrderNow { called_off: true, ..fresh }, before, None),
            (N::CalledOff, fresh, before, Some(Dropped::TakenBack)),
            (N::CalledOff, OrderNow { called_off: true, ..with(S::Cancelled) }, before, Some(Dropped::StateChanged)),
            (N::DishStopped, OrderNow { still_so: true, ..fresh }, before, None),
            (N::DishStopped, fresh, before, Some(Dropped::TakenBack)),
            (N::DishStopped, OrderNow { still_so: true, ..fresh }, after, Some(Dropped::MealOver)),
            (N::DishUnfit, OrderNow { still_so: true, ..fresh }, before, None),
            (N::DishUnfit, fresh, before, Some(Dropped::TakenBack)),
            (N::DishShort, OrderNow { still_so: true, ..fresh }, before, None),
            (N::DishShort, fresh, before, Some(Dropped::TakenBack)),
            (N::DishUnfit, OrderNow { still_so: true, ..with(S::Cancelled) }, before, Some(Dropped::StateChanged)),
            (N::DishUnfit, OrderNow { still_so: true, ..fresh }, after, Some(Dropped::MealOver)),
        ] {
            assert_eq!(untrue(event, 1, &order, now), expected, "{event} {order:?}");
        }
    }

    #[test]
    fn what_happened_at_a_door_is_news_for_half_a_day_and_while_it_stands() {
        let happened = at(23, 11, 0);
        let told = StopOutcome::NoAnswer;
        for (shown, now, expected) in [
            (Some(told), at(23, 23, 0), None),
            (Some(told), at(23, 23, 1), Some(Dropped::Stale)),
            (Some(StopOutcome::Delivered), at(23, 11, 1), Some(Dropped::TakenBack)),
            (None, at(23, 11, 1), Some(Dropped::TakenBack)),
        ] {
            assert_eq!(untrue_at_door(told, shown, happened, now), expected, "{now}");
        }
    }
}
