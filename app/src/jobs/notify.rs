//! Who is told of what: the rows of the outbox, added in the unit of work that they tell of.
//!
//! A senior is told when somebody else orders, changes or cancels for them, when their meal is called off or a dish of it is
//! stopped, and when a standing order could not be made: nobody should find out at the door. Family who may be alerted is told of
//! what staff and the kitchen do, and of what happened at the door. A row holds who and what, never a text or an address: both are
//! made when it is sent, from what is true then (see [`super::deliver`]).
//!
//! A notice's identifier is made of all that it says, so the same one is never added twice.

use super::{Payload, enqueue_as};
use crate::App;
use crate::bindings::request::mobile_of;
use domain::access::{Action, Actor, FamilyScope, UserState};
use domain::door::StopOutcome;
use domain::event::OrderView;
use domain::id::{
    ComplaintId, DishId, Id, JobId, OrderId, SeniorContactId, SeniorId, SittingId, StandingOrderId, StopId, UserId, WelfareCaseId,
};
use domain::job::JobKind;
use domain::notice::{DoneBy, Dropped, NoticeChannel, NoticeEvent, tells_of_skip};
use domain::order::Via;
use domain::person::mail_address::MailAddress;
use domain::person::phone::Phone;
use domain::standing::SkipReason;
use domain::text_enum::TextEnum;
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use store::column::{Col, Word};
use store::query::complaints::ComplaintRow;
use store::query::notices::SettingRow;
use store::query::people::GrantRow;
use store::query::seniors::SeniorState;
use store::query::{bindings, jobs, notices, seniors, users, welfare};
use store::seal::{Field, Sealer};
use store::{AnyConnection, StoreError, Tx};

/// A dish that is stopped by a slip of the finger is back within a minute or two.
const DISH_SETTLES_S: i64 = 120;

/// Which ways of telling are configured; without any nothing is put in the outbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Telling {
    sms: bool,
    mail: bool,
}

impl Telling {
    const fn is_off(self) -> bool {
        !self.sms && !self.mail
    }

    const fn has(self, channel: NoticeChannel) -> bool {
        match channel {
            NoticeChannel::Sms => self.sms,
            NoticeChannel::Mail => self.mail,
        }
    }
}

impl App {
    /// Which ways of telling are configured in this process.
    #[must_use]
    pub fn telling(&self) -> Telling {
        Telling { sms: self.ports.sms.is_some(), mail: self.ports.mailer.is_some() }
    }
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub(crate) enum Recipient {
    /// A senior, by the phone on the record or their own sign-in.
    Senior { senior: SeniorId },
    /// A family member who may be alerted.
    Family { user: UserId, senior: SeniorId },
    /// Somebody named to be called about a senior.
    Contact { contact: SeniorContactId, senior: SeniorId },
    /// A community worker who is asked to look in.
    Worker { user: UserId, senior: SeniorId },
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub(super) enum About {
    /// An order, as it was at a version.
    Order { order: OrderId, version: i64, by: Option<DoneBy>, dish: Option<DishId> },
    /// A standing order's day.
    Day { pattern: StandingOrderId, date: ServiceDate, reason: SkipReason },
    /// A stop of a round.
    Door { stop: StopId, order: OrderId, outcome: StopOutcome },
    /// A case of looking in.
    Case { case: WelfareCaseId },
    /// A complaint, as it was at a version.
    Complaint { complaint: ComplaintId, version: i64 },
}

/// One person, one event, one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notice {
    pub(super) event: NoticeEvent,
    pub(super) channel: NoticeChannel,
    pub(super) to: Recipient,
    pub(super) about: About,
}

impl Notice {
    /// Made of what it says: RFC 9562's version 8, for a hash of our own.
    fn id(&self) -> Result<JobId, StoreError> {
        let text = serde_json::to_vec(self).map_err(|e| StoreError::Database(format!("notice: {e}")))?;
        let digest = Sha256::digest(text);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Ok(Id::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid()))
    }
}

/// Everyone who has ordered a meal, told in slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TellAll {
    pub(super) event: NoticeEvent,
    pub(super) sitting: SittingId,
    pub(super) dish: Option<DishId>,
    /// Up to this order number they have been told.
    pub(super) told_to: i64,
}

/// Where somebody can be reached, and what they want.
pub(super) struct Reach {
    pub(super) setting: SettingRow,
    phone: Option<Phone>,
    mail: Option<MailAddress>,
}

/// An address of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Address {
    Phone(Phone),
    Mail(MailAddress),
}

impl Reach {
    /// The address for an event on a channel, or why there is none.
    pub(super) fn address(&self, event: NoticeEvent, channel: NoticeChannel) -> Result<Address, Dropped> {
        if !wants(&self.setting.off, event, channel) {
            return Err(Dropped::OptedOut);
        }
        let found = match channel {
            NoticeChannel::Sms => self.phone.clone().map(Address::Phone),
            NoticeChannel::Mail => self.mail.clone().map(Address::Mail),
        };
        found.ok_or(Dropped::NoAddress)
    }
}

fn wants(off: &str, event: NoticeEvent, channel: NoticeChannel) -> bool {
    !off.split(',').filter_map(|word| word.split_once(':')).any(|(e, c)| e == event.as_str() && c == channel.as_str())
}

/// Where a recipient can be reached now; why not, when they are not to be told any more.
pub(super) fn reach(conn: &mut AnyConnection, sealer: &Sealer, to: Recipient) -> Result<Result<Reach, Dropped>, StoreError> {
    match to {
        Recipient::Senior { senior } => {
            let Some(row) = seniors::find(conn, senior)? else { return Ok(Err(Dropped::Gone)) };
            if row.state != Word(SeniorState::Active) {
                return Ok(Err(Dropped::Gone));
            }
            let phone = mobile_of(sealer, &row)?;
            // Without a sign-in of their own there is nothing that they could have set.
            let nobody = Reach { setting: SettingRow::usual(UserId::from_uuid(senior.uuid())), phone: phone.clone(), mail: None };
            let Some(Col(user)) = row.user_id else { return Ok(Ok(nobody)) };
            let own = of_user(conn, sealer, user)?;
            Ok(own.map(|own| Reach { phone: phone.or(own.phone), ..own }).or(Ok(nobody)))
        }
        Recipient::Family { user, senior } => {
            let bound = bindings::in_force(conn, senior, user)?.is_some_and(|binding| alerted(&binding.scopes));
            if bound { of_user(conn, sealer, user) } else { Ok(Err(Dropped::NotEntitled)) }
        }
        Recipient::Contact { contact, senior } => {
            let known = welfare::contacts(conn, senior)?.into_iter().find(|row| row.id == Col(contact));
            let Some(row) = known else { return Ok(Err(Dropped::Gone)) };
            let clear = sealer.open(Field::ContactPhone, contact, &row.phone_enc)?;
            let phone = Phone::parse(clear.reveal()).ok();
            Ok(Ok(Reach { setting: SettingRow::usual(UserId::from_uuid(contact.uuid())), phone, mail: None }))
        }
        Recipient::Worker { user, senior } => {
            let Some(row) = seniors::find(conn, senior)? else { return Ok(Err(Dropped::Gone)) };
            let home = row.resident_place.0;
            let looks_in = |grant: &GrantRow| {
                grant.revoked_at.is_none() && grant.role.0.allows(Action::LookIn) && grant.place_code.0.contains(&home)
            };
            if !users::grants(conn, user)?.iter().any(looks_in) {
                return Ok(Err(Dropped::NotEntitled));
            }
            // What is somebody's duty is told whatever they have turned off.
            let own = of_user(conn, sealer, user)?;
            Ok(own.map(|own| Reach { setting: SettingRow { off: String::new(), ..own.setting }, ..own }))
        }
    }
}

fn of_user(conn: &mut AnyConnection, sealer: &Sealer, id: UserId) -> Result<Result<Reach, Dropped>, StoreError> {
    let Some(user) = users::find(conn, id)?.filter(|user| user.state == Word(UserState::Active)) else {
        return Ok(Err(Dropped::NotEntitled));
    };
    let setting = notices::setting(conn, id)?.unwrap_or_else(|| SettingRow::usual(id));
    let phone = user.phone_enc.map(|enc| sealer.open(Field::UserPhone, id, &enc)).transpose()?;
    let phone = phone.and_then(|clear| Phone::parse(clear.reveal()).ok()).filter(Phone::is_mobile);
    let proved = setting.mail_enc.as_ref().filter(|_| setting.mail_proved_at.is_some());
    let mail = proved.map(|enc| sealer.open(Field::NoticeMail, id, enc)).transpose()?;
    let mail = mail.and_then(|clear| MailAddress::parse(clear.reveal()).ok());
    Ok(Ok(Reach { setting, phone, mail }))
}

fn alerted(scopes: &str) -> bool {
    scopes.split(',').filter_map(FamilyScope::parse).any(|scope| scope == FamilyScope::Alert)
}

/// The family of a senior who may be alerted, but for who did it.
fn family(tx: &mut Tx<'_>, senior: SeniorId, but: Option<UserId>) -> Result<Vec<Recipient>, StoreError> {
    let bound = bindings::of_senior(tx.look(), senior)?;
    let to = bound.into_iter().filter(|b| b.revoked_at.is_none() && alerted(&b.scopes) && Some(b.user_id.0) != but);
    Ok(to.map(|b| Recipient::Family { user: b.user_id.0, senior }).collect())
}

/// Adds a notice for each recipient on each channel that is configured, wanted and known; a phone is told once.
fn tell(tx: &mut Tx<'_>, telling: Telling, event: NoticeEvent, about: About, to: &[Recipient]) -> Result<(), StoreError> {
    let (sealer, mut addressed) = (tx.sealer(), HashSet::new());
    for to in to {
        let Ok(reach) = reach(tx.look(), sealer, *to)? else { continue };
        for channel in NoticeChannel::ALL.iter().copied().filter(|channel| telling.has(*channel)) {
            let Ok(address) = reach.address(event, channel) else { continue };
            if !addressed.insert(address) {
                continue;
            }
            let notice = Notice { event, channel, to: *to, about };
            let id = notice.id()?;
            let now = tx.now();
            // One that was dropped was never told: it was not true any more when its turn came, and now it is true again.
            jobs::forget_dropped(tx.change(), id)?;
            if jobs::find(tx.look(), id)?.is_none() {
                enqueue_as(tx, id, JobKind::Notice, &Payload::Notice(notice), now)?;
            }
        }
    }
    Ok(())
}

/// Tells of an order that the actor placed, changed or cancelled for somebody else.
pub fn order(tx: &mut Tx<'_>, telling: Telling, actor: &Actor, order: &OrderView, event: NoticeEvent) -> Result<(), StoreError> {
    let Some(senior) = order.senior.filter(|senior| !telling.is_off() && actor.self_senior != Some(*senior)) else {
        return Ok(());
    };
    // Who orders at the counter stands there.
    if event == NoticeEvent::OrderPlaced && order.via == Via::Counter {
        return Ok(());
    }
    let by_family = actor.family.get(&senior).is_some_and(|scopes| scopes.contains(&FamilyScope::Order));
    let mut to = vec![Recipient::Senior { senior }];
    if event == NoticeEvent::OrderCancelled && !by_family {
        to.extend(family(tx, senior, actor.user)?);
    }
    let by = Some(if by_family { DoneBy::Family } else { DoneBy::Staff });
    tell(tx, telling, event, About::Order { order: order.order, version: order.version, by, dish: None }, &to)
}

/// Tells everyone who ordered that the meal is called off, or, once it has stayed so for a while, that a dish is stopped.
pub fn everyone(tx: &mut Tx<'_>, telling: Telling, sitting: SittingId, dish: Option<DishId>) -> Result<(), StoreError> {
    if telling.is_off() {
        return Ok(());
    }
    let now = tx.now();
    let (event, due) = match dish {
        None => (NoticeEvent::CalledOff, now),
        Some(_) => (NoticeEvent::DishStopped, now.plus_seconds(DISH_SETTLES_S)),
    };
    next_slice(tx, TellAll { event, sitting, dish, told_to: 0 }, due)
}

/// Tells everyone whom something about a dish of their order concerns, once it has stayed so for a while: who that is, is looked up
/// when it is told.
pub fn everyone_of(
    tx: &mut Tx<'_>,
    telling: Telling,
    event: NoticeEvent,
    sitting: SittingId,
    dish: DishId,
) -> Result<(), StoreError> {
    if telling.is_off() {
        return Ok(());
    }
    let due = tx.now().plus_seconds(DISH_SETTLES_S);
    next_slice(tx, TellAll { event, sitting, dish: Some(dish), told_to: 0 }, due)
}

fn next_slice(tx: &mut Tx<'_>, all: TellAll, due: Instant) -> Result<(), StoreError> {
    let id = tx.new_id();
    enqueue_as(tx, id, JobKind::TellAll, &Payload::TellAll(all), due)
}

/// Orders of a slice: some fifty rows and as many lookups stay well under the 50 ms that a write may hold SQLite's writer.
const SLICE: i64 = 40;

/// Adds the notices of the next orders; the job behind it ends in the same commit, so that nobody is told twice or left out.
pub(super) fn slice(tx: &mut Tx<'_>, telling: Telling, all: TellAll) -> Result<(), StoreError> {
    let orders = notices::orders_to_tell(tx.look(), all.event, (all.sitting, all.dish), all.told_to, SLICE)?;
    for order in &orders {
        let Some(Col(senior)) = order.senior_id else { continue };
        let mut to = vec![Recipient::Senior { senior }];
        to.extend(family(tx, senior, None)?);
        let about = About::Order { order: order.id.0, version: order.version, by: None, dish: all.dish };
        tell(tx, telling, all.event, about, &to)?;
    }
    let Some(last) = orders.last().filter(|_| i64::try_from(orders.len()).is_ok_and(|n| n == SLICE)) else { return Ok(()) };
    let now = tx.now();
    next_slice(tx, TellAll { told_to: last.order_no, ..all }, now)
}

/// Tells that a standing order could not be made for a day.
pub fn not_made(
    tx: &mut Tx<'_>,
    telling: Telling,
    (pattern, senior): (StandingOrderId, SeniorId),
    date: ServiceDate,
    reason: SkipReason,
) -> Result<(), StoreError> {
    if telling.is_off() || !tells_of_skip(reason) {
        return Ok(());
    }
    let mut to = vec![Recipient::Senior { senior }];
    to.extend(family(tx, senior, None)?);
    tell(tx, telling, NoticeEvent::StandingNotMade, About::Day { pattern, date, reason }, &to)
}

/// Tells family what happened at the door.
pub fn door(
    tx: &mut Tx<'_>,
    telling: Telling,
    senior: Option<SeniorId>,
    (stop, order): (StopId, OrderId),
    outcome: StopOutcome,
) -> Result<(), StoreError> {
    let Some(senior) = senior.filter(|_| !telling.is_off()) else { return Ok(()) };
    let event = if outcome.is_served() { NoticeEvent::Delivered } else { NoticeEvent::NotDelivered };
    let to = family(tx, senior, None)?;
    tell(tx, telling, event, About::Door { stop, order, outcome }, &to)
}

/// Asks contacts or workers to look in on a senior.
pub(crate) fn look_in(tx: &mut Tx<'_>, telling: Telling, case: WelfareCaseId, asked: &[Recipient]) -> Result<(), StoreError> {
    if telling.is_off() {
        return Ok(());
    }
    tell(tx, telling, NoticeEvent::LookIn, About::Case { case }, asked)
}

/// Tells family that somebody is to look in on a senior, or what was found.
pub(crate) fn family_of_case(
    tx: &mut Tx<'_>,
    telling: Telling,
    (case, senior): (WelfareCaseId, SeniorId),
    event: NoticeEvent,
) -> Result<(), StoreError> {
    if telling.is_off() {
        return Ok(());
    }
    let to = family(tx, senior, None)?;
    tell(tx, telling, event, About::Case { case }, &to)
}

/// Tells a senior and family that a complaint about a meal was answered. Of a canteen nobody in particular complained.
pub(crate) fn complaint_answered(tx: &mut Tx<'_>, telling: Telling, row: &ComplaintRow) -> Result<(), StoreError> {
    let Some(Col(senior)) = row.senior_id.filter(|_| !telling.is_off() && row.order_id.is_some()) else { return Ok(()) };
    let mut to = vec![Recipient::Senior { senior }];
    to.extend(family(tx, senior, None)?);
    let about = About::Complaint { complaint: row.id.0, version: row.version };
    tell(tx, telling, NoticeEvent::ComplaintAnswered, about, &to)
}
