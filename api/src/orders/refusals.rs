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
    Problem::new(code).with("refusals", &all).with("messages", all.iter().map(message).collect::<Vec<_>>())
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
        OrderRefusal::ReasonNeeded => "截止后代订须填写理由".to_owned(),
        OrderRefusal::TooFarAhead { last } => format!("最远可订到 {last}"),
        OrderRefusal::Clashes { clashes, .. } => clashes.iter().map(domain::diet::Clash::message_zh).collect::<Vec<_>>().join("；"),
        OrderRefusal::AddressMissing => "没有送餐地址".to_owned(),
        OrderRefusal::OutOfArea => "地址不在送餐范围内".to_owned(),
        OrderRefusal::AmountTooLarge => "金额过大".to_owned(),
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
