//! What becomes of a notice when its turn comes: it is sent, waits for the morning, or is dropped with its reason.
//!
//! Everything is looked up now: who may be told, where they can be reached, what they want, and whether it is still true. So a
//! withdrawn consent, an opt-out or a cancelled order counts for what already stands in the outbox.

use super::Message;
use super::notify::{About, Address, Notice, Recipient, reach};
use domain::canteen::SittingState;
use domain::id::{ComplaintId, OrderId, WelfareCaseId};
use domain::notice::{
    Asked, Dropped, Meal, NoticeEvent, OrderNow, QuietHours, Told, Whose, subject, text, untrue, untrue_at_door, waits,
};
use domain::person::mask;
use domain::standing::SkipReason;
use domain::{Instant, Sensitive, ServiceDate};
use store::column::{Col, Word};
use store::query::catalogue::SittingRow;
use store::query::rows::OrderRow;
use store::query::{catalogue, complaints, notices, orders, plans, real, seniors, standing, welfare, yields};
use store::seal::Sealer;
use store::{AnyConnection, StoreError};

/// What is to be done with a notice.
pub(super) enum Ready {
    /// Send it.
    Send(Message),
    /// Not before then.
    Wait(Instant),
    /// Not at all.
    Drop(Dropped),
}

/// What a notice says, when that is still true.
struct Content {
    meal: Meal,
    told: Told,
    /// When the meal begins.
    from: Option<Instant>,
}

/// Looks at a notice whose turn has come.
pub(super) fn ready(
    conn: &mut AnyConnection,
    sealer: &Sealer,
    notice: &Notice,
    quiet: QuietHours,
    now: Instant,
) -> Result<Ready, StoreError> {
    let reach = match reach(conn, sealer, notice.to)? {
        Ok(reach) => reach,
        Err(dropped) => return Ok(Ready::Drop(dropped)),
    };
    let address = match reach.address(notice.event, notice.channel) {
        Ok(address) => address,
        Err(dropped) => return Ok(Ready::Drop(dropped)),
    };
    let content = match content(conn, notice, now)? {
        Ok(content) => content,
        Err(dropped) => return Ok(Ready::Drop(dropped)),
    };
    if let Some(morning) = waits(notice.event, quiet, now, content.from) {
        return Ok(Ready::Wait(morning));
    }
    let whose = match notice.to {
        Recipient::Senior { .. } => Whose::Own,
        Recipient::Family { senior, .. } | Recipient::Contact { senior, .. } | Recipient::Worker { senior, .. } => {
            let name = seniors::find(conn, senior)?.map_or_else(String::new, |row| row.name);
            Whose::Of(mask::name(&name))
        }
    };
    let Word(language) = reach.setting.language;
    let body = text(language, &whose, &content.meal, content.told);
    Ok(Ready::Send(match address {
        Address::Phone(phone) => Message::Sms { phone, text: Sensitive::new(body) },
        Address::Mail(to) => {
            let to = Sensitive::new(to.reveal().to_owned());
            Message::Mail { to, subject: subject(language, &content.meal), body, attachment: None }
        }
    }))
}

fn content(conn: &mut AnyConnection, notice: &Notice, now: Instant) -> Result<Result<Content, Dropped>, StoreError> {
    match notice.about {
        About::Order { order, version, by, dish } => {
            let Some((order, sitting)) = order_with_sitting(conn, order)? else { return Ok(Err(Dropped::Gone)) };
            let still = dish.map(|dish| still_so(conn, notice.event, order.id.0, dish)).transpose()?.unwrap_or(false);
            let state = OrderNow {
                state: order.state.0,
                version: order.version,
                meal_to: sitting.serve_to_at.0,
                called_off: sitting.state == Word(SittingState::Closed),
                still_so: still,
            };
            let told = match notice.event {
                NoticeEvent::CalledOff => Told::CalledOff,
                NoticeEvent::DishStopped => Told::DishStopped,
                NoticeEvent::DishUnfit => Told::DishUnfit,
                NoticeEvent::DishShort => Told::DishShort,
                event => Told::Order(event, by.unwrap_or(domain::notice::DoneBy::Staff)),
            };
            let said = Content { meal: meal_of(&order), told, from: Some(sitting.serve_from_at.0) };
            Ok(untrue(notice.event, version, &state, now).map_or(Ok(said), Err))
        }
        About::Day { pattern, date, reason } => day(conn, (pattern, date), reason, now),
        About::Door { stop, order, outcome } => {
            let Some((order, _)) = order_with_sitting(conn, order)? else { return Ok(Err(Dropped::Gone)) };
            let Some(stop) = plans::stop(conn, stop)? else { return Ok(Err(Dropped::Gone)) };
            let happened_at = stop.happened_at.map_or(now, |Col(at)| at);
            let said = Content { meal: meal_of(&order), told: Told::Door(outcome), from: None };
            Ok(untrue_at_door(outcome, stop.outcome.map(|Word(o)| o), happened_at, now).map_or(Ok(said), Err))
        }
        About::Case { case } => looking_in(conn, notice, case),
        About::Complaint { complaint, version } => answered(conn, complaint, version),
    }
}

/// Whether what is told of a dish of an order is still so.
fn still_so(conn: &mut AnyConnection, event: NoticeEvent, order: OrderId, dish: domain::id::DishId) -> Result<bool, StoreError> {
    match event {
        NoticeEvent::DishUnfit => real::is_unfit(conn, order, dish),
        NoticeEvent::DishShort => yields::goes_without(conn, order, dish),
        _ => notices::has_stopped(conn, order, dish),
    }
}

/// Asked to look in while nobody has said what was found; then told what that was.
fn looking_in(conn: &mut AnyConnection, notice: &Notice, case: WelfareCaseId) -> Result<Result<Content, Dropped>, StoreError> {
    let Some(case) = welfare::find(conn, case)? else { return Ok(Err(Dropped::Gone)) };
    let Some(order) = orders::find(conn, case.order_id.0)? else { return Ok(Err(Dropped::Gone)) };
    let told = match (notice.event, case.finding) {
        (NoticeEvent::LookedIn, Some(Word(finding))) => Told::LookedIn(finding),
        (NoticeEvent::LookedIn, None) => return Ok(Err(Dropped::StateChanged)),
        (_, Some(_)) => return Ok(Err(Dropped::Solved)),
        (_, None) => Told::LookIn(
            case.concern.0,
            match notice.to {
                Recipient::Contact { .. } => Asked::Contact,
                Recipient::Worker { .. } => Asked::Worker,
                Recipient::Senior { .. } | Recipient::Family { .. } => Asked::Family,
            },
        ),
    };
    Ok(Ok(Content { meal: meal_of(&order), told, from: None }))
}

/// A complaint is told to be answered while it stands as it did then: a later answer, or its end, is another thing to tell.
fn answered(conn: &mut AnyConnection, id: ComplaintId, version: i64) -> Result<Result<Content, Dropped>, StoreError> {
    let Some(complaint) = complaints::find(conn, id)? else { return Ok(Err(Dropped::Gone)) };
    if complaint.version != version {
        return Ok(Err(Dropped::StateChanged));
    }
    let order = complaint.order_id.map(|Col(order)| orders::find(conn, order)).transpose()?.flatten();
    let told = |order| Content { meal: meal_of(&order), told: Told::ComplaintAnswered, from: None };
    Ok(order.map(told).ok_or(Dropped::Gone))
}

fn day(
    conn: &mut AnyConnection,
    (pattern, date): (domain::id::StandingOrderId, ServiceDate),
    reason: SkipReason,
    now: Instant,
) -> Result<Result<Content, Dropped>, StoreError> {
    let Some(row) = standing::find(conn, pattern)? else { return Ok(Err(Dropped::Gone)) };
    if standing::skip(conn, pattern, date)? != Some(reason) {
        return Ok(Err(Dropped::Solved));
    }
    let sitting = standing::sitting_of(conn, row.canteen_id.0, date, row.meal.0)?;
    let sitting = sitting.map(|id| catalogue::sitting_with_canteen(conn, id)).transpose()?.flatten();
    let (from, to) = sitting.map_or((None, None), |(s, _)| (Some(s.serve_from_at.0), Some(s.serve_to_at.0)));
    if date < now.civil_date() || to.is_some_and(|to| now >= to) {
        return Ok(Err(Dropped::MealOver));
    }
    let meal = Meal { date, meal: row.meal.0, order_no: None };
    Ok(Ok(Content { meal, told: Told::NotMade(reason), from }))
}

fn order_with_sitting(conn: &mut AnyConnection, id: OrderId) -> Result<Option<(OrderRow, SittingRow)>, StoreError> {
    let Some(order) = orders::find(conn, id)? else { return Ok(None) };
    let found = catalogue::sitting_with_canteen(conn, order.sitting_id.0)?;
    Ok(found.map(|(sitting, _)| (order, sitting)))
}

const fn meal_of(order: &OrderRow) -> Meal {
    Meal { date: order.service_date.0, meal: order.meal.0, order_no: Some(order.order_no) }
}
