//! A senior's wallet at a canteen: filled with cash, paid out when they leave, and what moved.

use super::SelfPayRefusal as Refusal;
use super::order::wallet_of;
use super::shift::till_with;
use super::{NewEntry, known, overflow, own_shift, post};
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::ingredients::access::{canteen_for, signer};
use crate::orders::access::to_order;
use crate::{App, audit};
use domain::access::{Action, Actor, FamilyScope, Where};
use domain::audit::AuditAction;
use domain::id::{CanteenId, EntryId, SeniorId};
use domain::self_pay::wallet::most;
use domain::self_pay::{EntryKind, Flow};
use domain::{Fen, Instant};
use serde_json::json;
use std::sync::Arc;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::catalogue::CanteenRow;
use store::query::self_pay::{self, EntryRow, WalletRow};
use store::query::{catalogue, seniors};
use store::{LaneKey, StoreError, Tx};

/// A wallet as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletCard {
    /// Whose.
    pub senior: SeniorId,
    /// Where.
    pub canteen: CanteenId,
    /// The canteen's name.
    pub name: String,
    /// What is in it.
    pub balance_fen: Fen,
    /// Since when the senior leaves, and why.
    pub leaving: Option<(Instant, String)>,
}

impl WalletCard {
    fn of(row: &WalletRow, name: String) -> Self {
        Self {
            senior: row.senior_id.0,
            canteen: row.canteen_id.0,
            name,
            balance_fen: row.balance_fen.0,
            leaving: row.leaving_at.map(|Col(at)| (at, row.reason.clone())),
        }
    }
}

/// Which wallet.
pub type Which = (SeniorId, CanteenId);

fn card(conn: &mut AnyConnection, (senior, at): Which, canteen: &CanteenRow) -> Result<WalletCard, StoreError> {
    let empty = WalletCard { senior, canteen: at, name: canteen.name.clone(), balance_fen: Fen::ZERO, leaving: None };
    Ok(self_pay::wallet(conn, senior, at)?.map_or(empty, |row| WalletCard::of(&row, canteen.name.clone())))
}

/// Puts a senior's cash into the caller's till and onto their wallet.
pub async fn top_up(app: &App, actor: Arc<Actor>, id: EntryId, which: Which, fen: Fen) -> Outcome<WalletCard, Refusal> {
    let rules = app.food_safety.clone();
    app.store
        .write(LaneKey::of(which.1), "top_up_wallet", move |tx| {
            let canteen = canteen_for(tx.look(), &actor, which.1, Action::SellAtCounter, Thing::Canteen(which.1))?;
            let by = signer(&actor)?;
            let senior = seniors::find(tx.look(), which.0)?.ok_or(Failure::NotFound(Thing::Senior(which.0)))?;
            to_order(&actor, Some(&senior), &canteen)?;
            tx.lock_canteen(which.1)?;
            let same = |row: &EntryRow| {
                row.kind.0 == EntryKind::TopUp
                    && (row.senior_id, row.canteen_id, row.amount_fen) == (Some(Col(which.0)), Col(which.1), Col(fen))
            };
            if known(tx.look(), id, same)?.is_none() {
                let row = self_pay::wallet(tx.look(), which.0, which.1)?;
                let now = tx.now();
                let most = most(&rules.in_force(&canteen.place_code.0, now.civil_date())?);
                let allowed = wallet_of(row.as_ref()).top_up(fen, most).map_err(overflow)?;
                allowed.map_err(|why| Failure::Refused(Refusal::Wallet(why)))?;
                let till = own_shift(tx.look(), which.1, by)?.id.0;
                let entry = NewEntry::of(id, which.1, (Flow::TopUp(till, which.0), fen), Some(by), now);
                post(tx, &NewEntry { most: Some(most), ..entry })?;
            }
            Ok(card(tx.look(), which, &canteen)?)
        })
        .await
}

/// The canteen's row, with the wallet in sight and locked.
fn held(tx: &mut Tx<'_>, actor: &Actor, which: Which, right: Action) -> Outcome<(CanteenRow, Option<WalletRow>), Refusal> {
    let canteen = canteen_for(tx.look(), actor, which.1, right, Thing::Canteen(which.1))?;
    tx.lock_canteen(which.1)?;
    let row = self_pay::wallet(tx.look(), which.0, which.1)?;
    if row.is_none() && seniors::find(tx.look(), which.0)?.is_none() {
        return Err(Failure::NotFound(Thing::Senior(which.0)));
    }
    Ok((canteen, row))
}

/// Says that a senior leaves and gets the rest of the wallet, with the reason; or, without one, that they stay. Nothing goes in and nothing
/// is paid with it meanwhile.
pub async fn leave(app: &App, actor: Arc<Actor>, which: Which, reason: Option<String>) -> Outcome<WalletCard, Refusal> {
    app.store
        .write(LaneKey::of(which.1), "leave_wallet", move |tx| {
            let (canteen, row) = held(tx, &actor, which, Action::ConfirmShift)?;
            let (by, now) = (signer(&actor)?, tx.now());
            if reason.is_some() {
                wallet_of(row.as_ref()).leave().map_err(|why| Failure::Refused(Refusal::Wallet(why)))?;
            }
            let said = reason.as_deref().map(|why| (by, now, why));
            self_pay::set_leaving(tx.change(), which.0, which.1, said)?;
            let detail = json!({ "canteen": which.1, "leaves": reason.is_some(), "reason": reason });
            audit::record(tx, &actor, AuditAction::WalletLeaving, which.0, Some(&canteen.place_code.0), &detail);
            Ok(card(tx.look(), which, &canteen)?)
        })
        .await
}

/// Pays the rest of a wallet out of the caller's till: by another than who said that the senior leaves.
pub async fn pay_out(app: &App, actor: Arc<Actor>, id: EntryId, which: Which) -> Outcome<WalletCard, Refusal> {
    app.store
        .write(LaneKey::of(which.1), "pay_out_wallet", move |tx| {
            let (canteen, row) = held(tx, &actor, which, Action::SellAtCounter)?;
            let by = signer(&actor)?;
            let same = |row: &EntryRow| {
                row.kind.0 == EntryKind::PayOut && (row.senior_id, row.canteen_id) == (Some(Col(which.0)), Col(which.1))
            };
            if known(tx.look(), id, same)?.is_none() {
                let (fen, agreed) = wallet_of(row.as_ref()).pay_out(by).map_err(|why| Failure::Refused(Refusal::Wallet(why)))?;
                let till = till_with(tx, which.1, by, fen)?;
                let entry = NewEntry::of(id, which.1, (Flow::PayOut(till, which.0), fen), Some(by), tx.now());
                post(tx, &NewEntry { agreed_by: Some(agreed), ..entry })?;
                let detail = json!({ "canteen": which.1, "fen": fen.0, "agreed_by": agreed });
                audit::record(tx, &actor, AuditAction::WalletPaidOut, which.0, Some(&canteen.place_code.0), &detail);
            }
            Ok(card(tx.look(), which, &canteen)?)
        })
        .await
}

/// Who sees a wallet: the counter of its canteen, the senior, and family who may pay for them.
fn sees(actor: &Actor, senior: SeniorId, canteen: &CanteenRow) -> bool {
    let at = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
    actor.may_for(FamilyScope::Pay, senior) || actor.may(Action::SellAtCounter, at)
}

/// The wallets of a senior that the caller may see.
pub async fn list(app: &App, actor: Arc<Actor>, of: SeniorId) -> Outcome<Vec<WalletCard>, Never> {
    app.store
        .read("list_wallets", move |conn| {
            let kin = actor.may_for(FamilyScope::Pay, of);
            if !kin && !actor.may_somewhere(Action::SellAtCounter) {
                return Err(Failure::NotFound(Thing::Senior(of)));
            }
            let mut cards = Vec::new();
            for row in self_pay::wallets(conn, of)? {
                let canteen = catalogue::canteen(conn, row.canteen_id.0)?.ok_or(StoreError::NotFound)?;
                if sees(&actor, of, &canteen) {
                    cards.push(WalletCard::of(&row, canteen.name));
                }
            }
            Ok(cards)
        })
        .await
}

/// A wallet with what moved, newest first, after one of its entries.
pub async fn statement(
    app: &App,
    actor: Arc<Actor>,
    which: Which,
    before: Option<EntryId>,
    limit: i64,
) -> Outcome<(WalletCard, Vec<EntryRow>), Never> {
    app.store
        .read("wallet_statement", move |conn| {
            let hidden = || Failure::NotFound(Thing::Senior(which.0));
            let canteen = catalogue::canteen(conn, which.1)?.ok_or(Failure::NotFound(Thing::Canteen(which.1)))?;
            if !sees(&actor, which.0, &canteen) || seniors::find(conn, which.0)?.is_none() {
                return Err(hidden());
            }
            let last = before.map(|id| self_pay::find(conn, id)).transpose()?.flatten();
            let entries = self_pay::of_wallet(conn, which, last.as_ref(), limit)?;
            Ok((card(conn, which, &canteen)?, entries))
        })
        .await
}
