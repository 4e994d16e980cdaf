//! Who is told of an order, and what.
//!
//! A senior is told when family orders or cancels for them: nobody should find out at the door. Family who may be alerted is
//! told when staff cancel. Texts name the canteen's meal and date and no dish: they are read on a lock screen.

use super::enqueue_sms;
use crate::bindings::request::mobile_of;
use domain::access::{Actor, FamilyScope};
use domain::event::OrderView;
use domain::person::phone::Phone;
use domain::text_enum::TextEnum;
use domain::{MealPeriod, Sensitive};
use store::column::Col;
use store::query::{bindings, seniors, users};
use store::seal::Field;
use store::{StoreError, Tx};

/// What happened to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It was placed.
    Placed,
    /// It was cancelled.
    Cancelled,
}

/// Adds the messages about an order to the outbox, in this unit's commit.
pub fn order(tx: &mut Tx<'_>, actor: &Actor, order: &OrderView, what: Happened) -> Result<(), StoreError> {
    let Some(id) = order.senior else { return Ok(()) };
    let by_family = actor.family.get(&id).is_some_and(|scopes| scopes.contains(&FamilyScope::Order));
    let by_self = actor.self_senior == Some(id);
    let phones = match what {
        _ if by_self => Vec::new(),
        Happened::Placed | Happened::Cancelled if by_family => seniors_phone(tx, id)?.into_iter().collect(),
        Happened::Placed => Vec::new(),
        Happened::Cancelled => family_phones(tx, id)?,
    };
    for phone in phones {
        enqueue_sms(tx, &phone, text(order, what, by_family).reveal())?;
    }
    Ok(())
}

fn seniors_phone(tx: &mut Tx<'_>, id: domain::id::SeniorId) -> Result<Option<Phone>, StoreError> {
    let sealer = tx.sealer();
    Ok(seniors::find(tx.look(), id)?.map(|senior| mobile_of(sealer, &senior)).transpose()?.flatten())
}

fn family_phones(tx: &mut Tx<'_>, id: domain::id::SeniorId) -> Result<Vec<Phone>, StoreError> {
    let mut phones = Vec::new();
    for binding in bindings::of_senior(tx.look(), id)? {
        let alerted = binding.scopes.split(',').filter_map(FamilyScope::parse).any(|scope| scope == FamilyScope::Alert);
        if binding.revoked_at.is_some() || !alerted {
            continue;
        }
        let Some(user) = users::find(tx.look(), binding.user_id.0)? else { continue };
        let Col(user_id) = user.id;
        let clear = user.phone_enc.map(|enc| tx.sealer().open(Field::UserPhone, user_id, &enc)).transpose()?;
        phones.extend(clear.and_then(|phone| Phone::parse(phone.reveal()).ok()).filter(Phone::is_mobile));
    }
    Ok(phones)
}

fn text(order: &OrderView, what: Happened, by_family: bool) -> Sensitive<String> {
    let meal = match order.meal {
        MealPeriod::Breakfast => "早餐",
        MealPeriod::Lunch => "午餐",
        MealPeriod::Dinner => "晚餐",
    };
    let (who, did) = match (by_family, what) {
        (true, Happened::Placed) => ("家属为您", "订了"),
        (true, Happened::Cancelled) => ("家属为您", "取消了"),
        (false, Happened::Placed) => ("助餐点", "代订了"),
        (false, Happened::Cancelled) => ("助餐点", "取消了"),
    };
    let date = order.service_date;
    Sensitive::new(format!("【暖饭】{who}{did} {date} 的{meal}（{:03} 号）。如有疑问请致电社区。", order.order_no))
}
