//! What the refusals of ordering mean to a client.

use super::views::QuoteView;
use crate::problem::{Problem, ProblemCode};
use app::orders::PlaceRefusal;
use app::orders::change::ChangeRefusal;
use domain::order::OrderRejection;
use domain::ordering::OrderRefusal;
use domain::text_enum::TextEnum;

/// One kind of refusal alone has a code of its own, so that a client can act on it; several come as a list.
pub(crate) fn refused(refusal: PlaceRefusal) -> Problem {
    let all = match refusal {
        PlaceRefusal::QuoteChanged(quote) => {
            return Problem::new(ProblemCode::QuoteChanged).with("quote", QuoteView::from(&*quote));
        }
        PlaceRefusal::Rules(all) => all,
    };
    let code = match all.as_slice() {
        [OrderRefusal::CutOffPassed { .. }, ..] => ProblemCode::CutOffPassed,
        [OrderRefusal::SoldOut { .. }] => ProblemCode::SoldOut,
        [OrderRefusal::Clashes { .. }] => ProblemCode::DietClash,
        [OrderRefusal::ReasonNeeded] => ProblemCode::ReasonNeeded,
        _ => ProblemCode::OrderRefused,
    };
    Problem::new(code)
        .with("refusals", &all)
        .with("messages", all.iter().map(message).collect::<Vec<_>>())
        .with("messages_en", all.iter().map(message_en).collect::<Vec<_>>())
}

/// A refusal as the senior reads it.
fn message(refusal: &OrderRefusal) -> String {
    match refusal {
        OrderRefusal::LineCount { .. } => "一单须有 1 到 20 道菜".to_owned(),
        OrderRefusal::Quantity { .. } => "每道菜须订 1 到 20 份".to_owned(),
        OrderRefusal::DuplicateItem { .. } => "同一道菜请合并份数".to_owned(),
        OrderRefusal::NotOnMenu { .. } => "这道菜不在本餐菜单上".to_owned(),
        OrderRefusal::SoldOut { left, .. } => format!("余 {left} 份"),
        OrderRefusal::Closed => "本餐不接受订餐".to_owned(),
        OrderRefusal::CutOffPassed { cut_off } => format!("截止时间 {} 已过", cut_off.civil_time().format("%H:%M")),
        OrderRefusal::ReasonNeeded => "截止后或超出送餐范围代订须填写理由".to_owned(),
        OrderRefusal::MealOver { ended } => format!("本餐已于 {} 结束", ended.civil_time().format("%H:%M")),
        OrderRefusal::TooFarAhead { last } => format!("最远可订到 {last}"),
        OrderRefusal::Clashes { clashes, .. } => clashes.iter().map(domain::diet::Clash::message_zh).collect::<Vec<_>>().join("；"),
        OrderRefusal::AddressMissing => "没有送餐地址".to_owned(),
        OrderRefusal::OutOfArea => "地址不在送餐范围内".to_owned(),
        OrderRefusal::AmountTooLarge => "金额过大".to_owned(),
    }
}

/// The same in English.
fn message_en(refusal: &OrderRefusal) -> String {
    match refusal {
        OrderRefusal::LineCount { .. } => "an order has 1 to 20 dishes".to_owned(),
        OrderRefusal::Quantity { .. } => "1 to 20 portions of a dish".to_owned(),
        OrderRefusal::DuplicateItem { .. } => "the dish is there twice: add the portions".to_owned(),
        OrderRefusal::NotOnMenu { .. } => "the dish is not on this meal's menu".to_owned(),
        OrderRefusal::SoldOut { left, .. } => format!("{left} left"),
        OrderRefusal::Closed => "this meal takes no orders".to_owned(),
        OrderRefusal::CutOffPassed { cut_off } => format!("the cut-off was at {}", cut_off.civil_time().format("%H:%M")),
        OrderRefusal::ReasonNeeded => "after the cut-off or beyond the delivery area a reason is needed".to_owned(),
        OrderRefusal::MealOver { ended } => format!("the meal ended at {}", ended.civil_time().format("%H:%M")),
        OrderRefusal::TooFarAhead { last } => format!("the last day that can be ordered is {last}"),
        OrderRefusal::Clashes { clashes, .. } => clashes.iter().map(domain::diet::Clash::message_en).collect::<Vec<_>>().join("; "),
        OrderRefusal::AddressMissing => "there is no address to deliver to".to_owned(),
        OrderRefusal::OutOfArea => "the address lies outside the delivery area".to_owned(),
        OrderRefusal::AmountTooLarge => "the amount is too large".to_owned(),
    }
}

/// A command on an order that its state or the cut-off refuses.
pub(crate) fn rejected(rejection: OrderRejection) -> Problem {
    match rejection {
        OrderRejection::WrongState(state) => Problem::new(ProblemCode::OrderState).with("state", state.as_str()),
        OrderRejection::CutOffPassed(cut_off) => Problem::new(ProblemCode::CutOffPassed).with("cut_off", cut_off),
        OrderRejection::ReasonNeeded => Problem::new(ProblemCode::ReasonNeeded),
    }
}

/// A change that the order's state or the rules of ordering refuse.
pub(crate) fn change_refused(refusal: ChangeRefusal) -> Problem {
    match refusal {
        ChangeRefusal::Order(rejection) => rejected(rejection),
        ChangeRefusal::Packed => Problem::new(ProblemCode::OrderPacked),
        ChangeRefusal::Content(content) => refused(content),
    }
}
