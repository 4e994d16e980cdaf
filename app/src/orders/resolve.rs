//! From what a terminal reads to the orders it may redeem: a card, an identity card, a dynamic code, an order's code.

use super::qr;
use super::view;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use domain::Instant;
use domain::MealPeriod;
use domain::access::{Action, Actor, Where};
use domain::event::OrderView;
use domain::id::{CanteenId, OrderId, SeniorId};
use domain::person::citizen_id::CitizenId;
use std::sync::Arc;
use store::conn::AnyConnection;
use store::query::{catalogue, orders, redemptions, seniors};
use store::seal::{Blind, Sealer};

/// What the terminal read.
#[derive(Clone, PartialEq, Eq)]
pub enum Read {
    /// The number of a meal card.
    Card(String),
    /// The number of an identity card.
    IdentityCard(String),
    /// The text of a dynamic code.
    DynamicQr(String),
    /// An order's number and check code: `037-4821`.
    OrderCode(String),
}

impl std::fmt::Debug for Read {
    /// What is read identifies a person; only its kind is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Card(_) => "Card",
            Self::IdentityCard(_) => "IdentityCard",
            Self::DynamicQr(_) => "DynamicQr",
            Self::OrderCode(_) => "OrderCode",
        })
    }
}

/// Why nothing can be redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveRefusal {
    /// It is not a card number, identity number, code: damaged, forged, or too old.
    Unreadable,
    /// Nobody has this card, or there is no such order.
    Unknown,
    /// The person has nothing to redeem at this canteen on this day.
    NothingOrdered,
}

/// The orders of a day at a canteen that a reading stands for, those still to be served first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The orders.
    pub orders: Vec<OrderView>,
    /// The dynamic code that was read.
    pub code: Option<qr::Shown>,
}

/// Finds the orders of the day of `at` that a reading stands for, at a canteen where the actor may redeem.
pub async fn resolve(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    reading: Read,
    at: Instant,
) -> Outcome<Resolved, ResolveRefusal> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("resolve_redemption", move |conn| {
            let row = catalogue::canteen(conn, canteen)?.ok_or(Failure::NotFound(Thing::Canteen(canteen)))?;
            if !actor.may(Action::Redeem, Where { place: &row.place_code.0, canteen: Some(canteen) }) {
                return Err(Failure::NotFound(Thing::Canteen(canteen)));
            }
            let (found, code) = match &reading {
                Read::OrderCode(text) => (of_code(conn, &sealer, canteen, text, at)?, None),
                _ => {
                    let (senior, code) = senior_of(conn, &sealer, &reading, at)?;
                    (redemptions::to_redeem(conn, canteen, senior, at.civil_date())?, code)
                }
            };
            if found.is_empty() {
                return Err(Failure::Refused(ResolveRefusal::NothingOrdered));
            }
            let ids: Vec<OrderId> = found.iter().map(|row| row.id.0).collect();
            let mut lines = orders::lines_of(conn, &ids)?;
            let views = found.iter().map(|row| view::of(row, &lines.remove(&row.id.0).unwrap_or_default())).collect();
            Ok(Resolved { orders: views, code })
        })
        .await
}

fn senior_of(
    conn: &mut AnyConnection,
    sealer: &Sealer,
    reading: &Read,
    at: Instant,
) -> Outcome<(SeniorId, Option<qr::Shown>), ResolveRefusal> {
    let unreadable = || Failure::Refused(ResolveRefusal::Unreadable);
    let row = match reading {
        Read::Card(number) => seniors::by_card(conn, &sealer.blind(Blind::Card, number.trim()))?,
        Read::IdentityCard(number) => {
            let number = CitizenId::parse(number.trim()).map_err(|_| unreadable())?;
            seniors::by_id_no(conn, &sealer.blind(Blind::IdNo, number.reveal()))?
        }
        Read::DynamicQr(text) => {
            let shown = qr::read(sealer, text.trim(), at).ok_or_else(unreadable)?;
            return Ok((shown.senior, Some(shown)));
        }
        Read::OrderCode(_) => return Err(unreadable()),
    };
    row.map(|row| (row.id.0, None)).ok_or(Failure::Refused(ResolveRefusal::Unknown))
}

/// Digits of an order's check code.
const CHECK_DIGITS: u32 = 4;

/// The code of an order as it stands on the slip and in the senior's client: its number and four digits that nobody guesses
/// from the number. The digits do not replace a right: only a terminal of the canteen can try them.
#[must_use]
pub fn code_of(sealer: &Sealer, order: OrderId, order_no: i64) -> String {
    format!("{order_no:03}-{}", check(sealer, order))
}

fn check(sealer: &Sealer, order: OrderId) -> String {
    let mac = sealer.blind(Blind::OrderCode, &order.to_string());
    let number = mac.iter().take(8).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{:04}", number % 10u64.pow(CHECK_DIGITS))
}

/// Several meals of a day may carry the same number; the check digits tell which one is meant.
fn of_code(
    conn: &mut AnyConnection,
    sealer: &Sealer,
    canteen: CanteenId,
    text: &str,
    at: Instant,
) -> Outcome<Vec<store::query::rows::OrderRow>, ResolveRefusal> {
    let unreadable = Failure::Refused(ResolveRefusal::Unreadable);
    let Some((number, digits)) = text.trim().split_once('-') else { return Err(unreadable) };
    let Ok(number) = number.parse::<i64>() else { return Err(unreadable) };
    let found = redemptions::of_number(conn, canteen, at.civil_date(), number)?;
    let meant: Vec<_> = found.into_iter().filter(|row| check(sealer, row.id.0) == digits).collect();
    if meant.is_empty() { Err(Failure::Refused(ResolveRefusal::Unknown)) } else { Ok(meant) }
}

/// Which of a day's orders is meant when the terminal does not ask: the only one still to be served, or the one of the meal
/// that is being served at `meal`.
#[must_use]
pub fn the_one(orders: &[OrderView], meal: Option<MealPeriod>) -> Option<&OrderView> {
    let open = |order: &&OrderView| matches!(order.state, domain::order::OrderState::Confirmed);
    let wanted: Vec<&OrderView> = orders.iter().filter(|order| meal.is_none_or(|meal| order.meal == meal)).collect();
    match wanted.iter().copied().filter(open).collect::<Vec<_>>().as_slice() {
        [only] => Some(only),
        [] => match wanted.as_slice() {
            [only] => Some(only),
            _ => None,
        },
        _ => None,
    }
}
