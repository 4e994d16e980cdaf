//! The texts, Chinese first.

use super::{DoneBy, Meal, NoticeEvent, NoticeLanguage};
use crate::MealPeriod;
use crate::door::StopOutcome;
use crate::standing::SkipReason;
use crate::welfare::{Concern, Finding};

/// Whose meal it is, as the reader knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The reader's own.
    Own,
    /// A senior's of the reader's family, by masked name.
    Of(String),
}

/// What is told, with what the text needs of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Placed, changed or cancelled.
    Order(NoticeEvent, DoneBy),
    /// The meal was called off.
    CalledOff,
    /// A dish was stopped.
    DishStopped,
    /// A dish is really made with what the senior may not eat.
    DishUnfit,
    /// Too little of a dish was made.
    DishShort,
    /// A standing order was not made.
    NotMade(SkipReason),
    /// At the door.
    Door(StopOutcome),
    /// Somebody should look in.
    LookIn(Concern, Asked),
    /// Somebody did.
    LookedIn(Finding),
    /// A complaint about the meal was answered.
    ComplaintAnswered,
}

/// As what somebody is told that somebody should look in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// As a contact who was named: asked to call or to go.
    Contact,
    /// As a community worker: asked to go, and to record what is found.
    Worker,
    /// As family, who may know where the senior is.
    Family,
}

/// The subject of a mail.
#[must_use]
pub fn subject(language: NoticeLanguage, meal: &Meal) -> String {
    match language {
        NoticeLanguage::Chinese => format!("暖饭：{} {}", meal.date, meal.meal.name_zh()),
        NoticeLanguage::English => format!("Nuanfan: {} {}", meal.meal, meal.date),
    }
}

/// The whole text.
#[must_use]
pub fn text(language: NoticeLanguage, whose: &Whose, meal: &Meal, told: Told) -> String {
    match language {
        NoticeLanguage::Chinese => format!("【暖饭】{}", chinese(whose, meal, told)),
        NoticeLanguage::English => format!("[Nuanfan] {}", english(whose, meal, told)),
    }
}

fn chinese(whose: &Whose, meal: &Meal, told: Told) -> String {
    let whom = match whose {
        Whose::Own => "您",
        Whose::Of(name) => name,
    };
    let number = meal.order_no.map_or_else(String::new, |no| format!("（{no:03} 号）"));
    let what = format!("{} 的{}{number}", meal.date, meal.meal.name_zh());
    let ask = "如有疑问请致电社区。";
    match told {
        Told::Order(event, by) => {
            let by = match by {
                DoneBy::Family => "家属",
                DoneBy::Staff => "工作人员",
            };
            let did = match event {
                NoticeEvent::OrderChanged => "改了",
                NoticeEvent::OrderCancelled => "取消了",
                _ => "订了",
            };
            format!("{by}为{whom}{did} {what}。{ask}")
        }
        Told::CalledOff => format!("{whom} {what}因助餐点停餐不能供应，请改订或致电社区。"),
        Told::DishStopped => format!("{whom} {what}中有菜品停供，请改订或致电社区。"),
        Told::DishShort => format!("{whom} {what}中有菜品做少了，供应不到这一份，请改订或致电社区。"),
        Told::DishUnfit => format!("{whom} {what}中有菜品今日用料有变，不合忌口，请改订或致电社区。"),
        Told::NotMade(reason) => format!("{whom}的长期订餐未能订上 {what}：{}。{ask}", reason_zh(reason)),
        Told::Door(StopOutcome::Delivered) => format!("{whom} {what}已送达。"),
        Told::Door(StopOutcome::LeftWithNeighbour) => format!("{whom} {what}已由邻居代收。"),
        Told::Door(StopOutcome::NoAnswer) => format!("{whom} {what}送到时无人应门，请尽快联系老人。{ask}"),
        Told::Door(outcome) => format!("{whom} {what}未能送到（{}）。{ask}", outcome.name_zh()),
        Told::LookIn(concern, asked) => {
            let wish = match asked {
                Asked::Contact => "您是登记的联系人，请尽快联系或上门查看，并把结果告知社区。",
                Asked::Worker => "请尽快查看，并登记结果。",
                Asked::Family => "社区工作者已收到通知，也请您尽快联系老人。",
            };
            format!("{whom}（送 {what}时）：{}。{wish}", concern.name_zh())
        }
        Told::LookedIn(finding) => format!("{whom}：{}。{ask}", finding.told_zh().unwrap_or("请致电社区")),
        Told::ComplaintAnswered => {
            format!("关于{whom} {what}的投诉已有答复，请在小程序查看或致电社区；如不满意可重新提出。")
        }
    }
}

const fn reason_zh(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::NothingSuitable => "菜单中没有适合的菜",
        SkipReason::SoldOut => "适合的菜已售完",
        SkipReason::AddressMissing => "没有送餐地址",
        SkipReason::OutOfArea => "地址不在送餐范围",
        SkipReason::CutOffPassed => "已过截止时间",
        SkipReason::SittingClosed | SkipReason::NoSitting => "助餐点停餐",
        SkipReason::Paused | SkipReason::SeniorPaused => "已暂停",
        SkipReason::Refused => "未能下单",
    }
}

fn english(whose: &Whose, meal: &Meal, told: Told) -> String {
    let (whose_meal, whom) = match whose {
        Whose::Own => ("Your".to_owned(), "you"),
        Whose::Of(name) => (format!("{name}:"), name.as_str()),
    };
    let period = match meal.meal {
        MealPeriod::Breakfast => "breakfast",
        MealPeriod::Lunch => "lunch",
        MealPeriod::Dinner => "dinner",
    };
    let number = meal.order_no.map_or_else(String::new, |no| format!(" (no. {no:03})"));
    let what = format!("{period} on {}{number}", meal.date);
    let ask = "Questions? Call the community.";
    match told {
        Told::Order(event, by) => {
            let by = match by {
                DoneBy::Family => "Family",
                DoneBy::Staff => "Staff",
            };
            let did = match event {
                NoticeEvent::OrderChanged => "changed",
                NoticeEvent::OrderCancelled => "cancelled",
                _ => "ordered",
            };
            format!("{by} {did} {what} for {whom}. {ask}")
        }
        Told::CalledOff => {
            format!("{whose_meal} {what} was called off by the canteen. Please order another or call the community.")
        }
        Told::DishStopped => format!("{whose_meal} {what}: a dish is out. Please change the order or call the community."),
        Told::DishShort => {
            format!("{whose_meal} {what}: too little of a dish was made. Please change the order or call the community.")
        }
        Told::DishUnfit => format!(
            "{whose_meal} {what}: a dish is made otherwise today and does not fit the diet. Please change the order or call the community."
        ),
        Told::NotMade(reason) => format!("{whose_meal} standing order was not made for {what}: {}. {ask}", reason_en(reason)),
        Told::Door(StopOutcome::Delivered) => format!("{whose_meal} {what} was delivered."),
        Told::Door(StopOutcome::LeftWithNeighbour) => format!("{whose_meal} {what} was taken by a neighbour."),
        Told::Door(StopOutcome::NoAnswer) => {
            format!("{whose_meal} {what}: nobody answered the door. Please get in touch with them soon. {ask}")
        }
        Told::Door(outcome) => format!("{whose_meal} {what} could not be delivered ({outcome}). {ask}"),
        Told::LookIn(concern, asked) => {
            let wish = match asked {
                Asked::Contact => "You are named as a contact: please call or look in soon, and tell the community what you find.",
                Asked::Worker => "Please look in soon, and record what you find.",
                Asked::Family => "The community worker was told; please get in touch with them soon too.",
            };
            format!("{whom}, when {what} was brought: {}. {wish}", concern.name_en())
        }
        Told::LookedIn(finding) => format!("{whom}: {}. {ask}", finding.told_en().unwrap_or("please call the community")),
        Told::ComplaintAnswered => format!(
            "{whose_meal} {what}: the complaint was answered. Read it in the mini-program or call the community; if that is not enough, it can be opened again."
        ),
    }
}

const fn reason_en(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::NothingSuitable => "no suitable dish on the menu",
        SkipReason::SoldOut => "what suits is sold out",
        SkipReason::AddressMissing => "there is no address",
        SkipReason::OutOfArea => "the address is outside the delivery area",
        SkipReason::CutOffPassed => "the cut-off had passed",
        SkipReason::SittingClosed | SkipReason::NoSitting => "the canteen serves no such meal",
        SkipReason::Paused | SkipReason::SeniorPaused => "it is paused",
        SkipReason::Refused => "it was refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServiceDate;

    #[test]
    fn a_notice_names_meal_day_and_number_for_the_senior_and_masks_the_name_for_family() {
        let meal = Meal { date: ServiceDate::new(2026, 11, 23).unwrap(), meal: MealPeriod::Lunch, order_no: Some(1) };
        let family = Whose::Of("张*".to_owned());
        let placed = Told::Order(NoticeEvent::OrderPlaced, DoneBy::Family);
        for (language, whose, told, expected) in [
            (
                NoticeLanguage::Chinese,
                &Whose::Own,
                placed,
                "【暖饭】家属为您订了 2026-11-23 的午餐（001 号）。如有疑问请致电社区。",
            ),
            (
                NoticeLanguage::English,
                &Whose::Own,
                placed,
                "[Nuanfan] Family ordered lunch on 2026-11-23 (no. 001) for you. Questions? Call the community.",
            ),
            (
                NoticeLanguage::Chinese,
                &family,
                Told::Door(StopOutcome::Delivered),
                "【暖饭】张* 2026-11-23 的午餐（001 号）已送达。",
            ),
            (
                NoticeLanguage::English,
                &family,
                Told::Door(StopOutcome::Delivered),
                "[Nuanfan] 张*: lunch on 2026-11-23 (no. 001) was delivered.",
            ),
            (
                NoticeLanguage::Chinese,
                &family,
                Told::LookIn(Concern::NoAnswer, Asked::Contact),
                "【暖饭】张*（送 2026-11-23 的午餐（001 号）时）：送餐时无人应门。您是登记的联系人，请尽快联系或上门查看，并把结果告知社区。",
            ),
            (
                NoticeLanguage::English,
                &family,
                Told::LookedIn(Finding::SafeElsewhere),
                "[Nuanfan] 张*: out, and well. Questions? Call the community.",
            ),
            (
                NoticeLanguage::Chinese,
                &family,
                Told::ComplaintAnswered,
                "【暖饭】关于张* 2026-11-23 的午餐（001 号）的投诉已有答复，请在小程序查看或致电社区；如不满意可重新提出。",
            ),
            (
                NoticeLanguage::English,
                &Whose::Own,
                Told::ComplaintAnswered,
                "[Nuanfan] Your lunch on 2026-11-23 (no. 001): the complaint was answered. Read it in the mini-program or call the community; if that is not enough, it can be opened again.",
            ),
        ] {
            assert_eq!(text(language, whose, &meal, told), expected);
        }
    }
}
