//! Reasons and cures in words, zh-CN first. Times of day are written as the clock shows them.

use crate::plan::{Cure, Reason};
use crate::problem::Problem;
use crate::units::{CourierIx, Seconds};

/// The two languages of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Zh,
    /// English.
    En,
}

fn clock(time: Seconds) -> String {
    let minutes = time.0.div_euclid(60);
    format!("{:02}:{:02}", minutes.div_euclid(60), minutes.rem_euclid(60))
}

/// Rounded up: "at least".
fn minutes(time: Seconds) -> i64 {
    (time.0 + 59).div_euclid(60)
}

fn courier(problem: &Problem, ix: CourierIx) -> &str {
    problem.couriers.get(ix.at()).map_or("?", |c| c.id.as_str())
}

/// Why a stop is left out.
#[must_use]
pub fn reason(reason: &Reason, language: Language) -> String {
    let zh = language == Language::Zh;
    match reason {
        Reason::NoCourier if zh => "没有可用的送餐员".to_owned(),
        Reason::NoCourier => "there is no courier".to_owned(),
        Reason::NoSkilledCourier { missing } if zh => format!("没有送餐员具备所需条件:{}", missing.join("、")),
        Reason::NoSkilledCourier { missing } => format!("no courier can do this: {}", missing.join(", ")),
        Reason::TooBig { boxes, largest } if zh => format!("需要{}份,最大的车只能装{}份", boxes.0, largest.0),
        Reason::TooBig { boxes, largest } => format!("{boxes} needed, the largest courier carries {largest}"),
        Reason::NoWay if zh => "没有路线可以到达".to_owned(),
        Reason::NoWay => "there is no way there".to_owned(),
        Reason::TooLate { earliest, latest } if zh => format!("最早{}送到,晚于{}", clock(*earliest), clock(*latest)),
        Reason::TooLate { earliest, latest } => {
            format!("{} at the earliest, later than {}", clock(*earliest), clock(*latest))
        }
        Reason::TooFarToStayHot { shortest, limit } if zh => {
            format!("路上至少{}分钟,超过保温时限{}分钟", minutes(*shortest), minutes(*limit))
        }
        Reason::TooFarToStayHot { shortest, limit } => {
            format!("{} min under way at least, the limit is {}", minutes(*shortest), minutes(*limit))
        }
        Reason::ShiftTooShort if zh => "送完后赶不上下班时间".to_owned(),
        Reason::ShiftTooShort => "no courier is back before the shift ends".to_owned(),
        Reason::NoRoom if zh => "现有送餐员的时间或装载已用完".to_owned(),
        Reason::NoRoom => "the couriers' time or boxes are used up".to_owned(),
        Reason::DearerThanItsPrice { .. } if zh => "配送成本高于设定的放弃代价".to_owned(),
        Reason::DearerThanItsPrice { .. } => "serving it costs more than its price".to_owned(),
    }
}

/// What would cure it.
#[must_use]
pub fn cure(cure: &Cure, problem: &Problem, language: Language) -> String {
    let zh = language == Language::Zh;
    match cure {
        Cure::AllowUntil { latest } if zh => format!("允许最晚{}送到", clock(*latest + Seconds(59))),
        Cure::AllowUntil { latest } => format!("allow the hand-over until {}", clock(*latest + Seconds(59))),
        Cure::ReadyBy { time } if zh => format!("在{}前出餐", clock(*time)),
        Cure::ReadyBy { time } => format!("have the batch ready by {}", clock(*time)),
        Cure::ExtendShift { courier: k, until } if zh => {
            format!("让{}工作到{}", courier(problem, *k), clock(*until + Seconds(59)))
        }
        Cure::ExtendShift { courier: k, until } => {
            format!("let {} work until {}", courier(problem, *k), clock(*until + Seconds(59)))
        }
        Cure::MoreCapacity { courier: k, extra } if zh => format!("让{}多装{}份", courier(problem, *k), extra.0),
        Cure::MoreCapacity { courier: k, extra } => format!("let {} carry {extra} more", courier(problem, *k)),
        Cure::OneMoreCourier { like } if zh => format!("增加一名与{}条件相同的送餐员", courier(problem, *like)),
        Cure::OneMoreCourier { like } => format!("send one more courier like {}", courier(problem, *like)),
        Cure::Skills { missing } if zh => format!("安排具备以下条件的送餐员:{}", missing.join("、")),
        Cure::Skills { missing } => format!("find a courier for: {}", missing.join(", ")),
        Cure::AllowUnderWay { limit } if zh => format!("从更近的食堂配送,或允许路上{}分钟", minutes(*limit)),
        Cure::AllowUnderWay { limit } => format!("serve it from nearer, or allow {} min under way", minutes(*limit)),
        Cure::RaisePrice { above } if zh => format!("把放弃代价提高到{above}以上"),
        Cure::RaisePrice { above } => format!("raise its price above {above}"),
        Cure::CheckPlace if zh => "核对地址的坐标".to_owned(),
        Cure::CheckPlace => "correct the place of the address".to_owned(),
    }
}
