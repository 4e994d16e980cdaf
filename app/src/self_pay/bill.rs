//! Bills: what a sponsor owes a canteen for a month, frozen once, and paid.

use super::SelfPayRefusal as Refusal;
use super::look::account_of;
use super::order::next;
use super::sponsor::sponsor_for;
use super::{NewEntry, overflow, post};
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::signer;
use crate::{App, audit, settlements};
use domain::Fen;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::claim::Month;
use domain::id::{CanteenId, EntryId, OrderId, SponsorBillId, SponsorId};
use domain::self_pay::bill::{Line, lines};
use domain::self_pay::{EntryKind, Flow, Purse};
use serde_json::json;
use std::sync::Arc;
use store::column::Col;
use store::query::catalogue;
use store::query::rows::OrderRow;
use store::query::self_pay::EntryRow;
use store::query::sponsors::{self, BillRow};
use store::{LaneKey, StoreError, Tx};
use tabular::{Format, Heading, Language, file_of};

/// Orders looked at together.
const PAGE: i64 = 500;

/// What goes onto a bill: of which order, at which place among its entries, and what.
struct Planned {
    order: OrderRow,
    ordinal: i64,
    line: Line,
}

/// Freezes what a sponsor owes a canteen for a month that is over, with what came late for months before, less what was charged too
/// much.
pub async fn freeze(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    (of, at): (SponsorId, CanteenId),
    month: Month,
) -> Outcome<BillRow, Refusal> {
    app.store
        .write(LaneKey::of(at), "freeze_bill", move |tx| {
            if let Some(id) = key.earlier_answer::<SponsorBillId, _>(tx)? {
                return Ok(sponsors::bill(tx.look(), id)?.ok_or(StoreError::NotFound)?);
            }
            let bill = freeze_in(tx, &actor, (of, at), month)?;
            key.keep_answer(tx, &bill.id.0, tx.now())?;
            Ok(bill)
        })
        .await
}

fn freeze_in(tx: &mut Tx<'_>, actor: &Actor, (of, at): (SponsorId, CanteenId), month: Month) -> Outcome<BillRow, Refusal> {
    let refused = |why| Err(Failure::Refused(why));
    let sponsor = sponsor_for(tx.look(), actor, of, Action::Settle)?;
    let canteen = catalogue::canteen(tx.look(), at)?.ok_or(Failure::NotFound(Thing::Canteen(at)))?;
    settlements::permit(actor, Action::Settle, at, &canteen.place_code.0, Thing::Canteen(at))?;
    let by = signer(actor)?;
    tx.lock_canteen(at)?;
    let now = tx.now();
    if now.civil_date() <= month.last() {
        return refused(Refusal::NotOver(month.last()));
    }
    if let Some(bill) = sponsors::bill_of(tx.look(), (of, at), &month.to_string())? {
        return refused(Refusal::Billed(bill.id.0));
    }
    let planned = plan(tx, (of, at), month)?;
    let total = planned.iter().try_fold(Fen::ZERO, |sum, one| match one.line {
        Line::Charge(fen) => sum.plus(fen),
        Line::Back(_, fen) => sum.minus(fen),
    });
    let total = total.map_err(overflow)?;
    if total <= Fen::ZERO {
        return refused(Refusal::NothingToBill(planned.len()));
    }
    let bill = BillRow {
        id: Col(tx.new_id()),
        version: 1,
        sponsor_id: Col(of),
        canteen_id: Col(at),
        month: month.to_string(),
        line_count: i64::try_from(planned.len()).unwrap_or(i64::MAX),
        total_fen: Col(total),
        frozen_by: Col(by),
        frozen_at: Col(now),
        paid_by: None,
        paid_at: None,
        reference: String::new(),
    };
    sponsors::freeze(tx.change(), &bill)?;
    for one in &planned {
        let purse = Purse::Sponsor(of);
        let (flow, fen, back) = match one.line {
            Line::Charge(fen) => (Flow::Pay(purse), fen, None),
            Line::Back(of, fen) => (Flow::Refund(purse), fen, Some(of)),
        };
        let entry = NewEntry::of(tx.new_id(), at, (flow, fen), Some(by), now);
        let senior = one.order.senior_id.map(|Col(senior)| senior);
        let (order, bill) = (Some((one.order.id.0, one.ordinal)), Some(bill.id.0));
        post(tx, &NewEntry { order, of: back, senior, bill, ..entry })?;
    }
    record(tx, actor, &bill, AuditAction::BillFrozen, Some(&sponsor.place_code.0));
    Ok(bill)
}

/// Everything that goes onto the bill: orders that the sponsor bears and was not charged for, and those whose cost two people have
/// changed since.
fn plan(tx: &mut Tx<'_>, (of, at): (SponsorId, CanteenId), month: Month) -> Result<Vec<Planned>, StoreError> {
    let mut planned = Vec::new();
    for order in sponsors::to_look_at_again(tx.look(), of, at)? {
        of_order(tx, of, order, &mut planned)?;
    }
    let mut after: Option<OrderId> = None;
    loop {
        let page = sponsors::to_charge(tx.look(), (of, at), month.last(), after, PAGE)?;
        let full = i64::try_from(page.len()).is_ok_and(|n| n == PAGE);
        after = page.last().map(|order| order.id.0);
        for order in page {
            of_order(tx, of, order, &mut planned)?;
        }
        if !full {
            return Ok(planned);
        }
    }
}

fn of_order(tx: &mut Tx<'_>, of: SponsorId, order: OrderRow, planned: &mut Vec<Planned>) -> Result<(), StoreError> {
    let account = account_of(tx.look(), &order)?;
    let bears = account.sponsor.as_ref().is_some_and(|(sponsor, _)| *sponsor == of);
    for (n, line) in lines(&account.money, of, bears).map_err(overflow)?.into_iter().enumerate() {
        planned.push(Planned { order: order.clone(), ordinal: next(account.entries.len() + n), line });
    }
    Ok(())
}

fn record(tx: &mut Tx<'_>, actor: &Actor, bill: &BillRow, action: AuditAction, place: Option<&domain::PlaceCode>) {
    let detail = json!({ "sponsor": bill.sponsor_id.0, "canteen": bill.canteen_id.0, "month": bill.month,
        "lines": bill.line_count, "fen": bill.total_fen.0.0, "reference": bill.reference });
    audit::record(tx, actor, action, bill.id.0, place, &detail);
}

/// Writes down that the bill which has this version was paid, under the bank's own number.
pub async fn paid(app: &App, actor: Arc<Actor>, id: SponsorBillId, version: i64, reference: String) -> Outcome<BillRow, Refusal> {
    let at = app
        .store
        .read("bill_lane", move |conn| Ok::<_, Failure<Refusal>>(sponsors::bill(conn, id)?.map(|bill| bill.canteen_id.0)))
        .await?
        .ok_or(Failure::NotFound(Thing::SponsorBill))?;
    app.store.write(LaneKey::of(at), "pay_bill", move |tx| paid_in(tx, &actor, id, version, &reference)).await
}

fn paid_in(tx: &mut Tx<'_>, actor: &Actor, id: SponsorBillId, version: i64, reference: &str) -> Outcome<BillRow, Refusal> {
    let hidden = || Failure::NotFound(Thing::SponsorBill);
    let bill = sponsors::bill(tx.look(), id)?.ok_or_else(hidden)?;
    let sponsor = sponsors::find(tx.look(), bill.sponsor_id.0)?.ok_or_else(hidden)?;
    settlements::permit_place(actor, Action::Settle, &sponsor.place_code.0, Thing::SponsorBill)?;
    if bill.version != version {
        return Err(Failure::Stale { version: bill.version });
    }
    if let Some(Col(at)) = bill.paid_at {
        return Err(Failure::Refused(Refusal::BillPaid(at)));
    }
    let (by, now) = (signer(actor)?, tx.now());
    if !sponsors::paid(tx.change(), id, version, (by, now), reference)? {
        return Err(Failure::Stale { version: bill.version });
    }
    let flow = (Flow::BillPaid(bill.sponsor_id.0), bill.total_fen.0);
    let entry = NewEntry::of(tx.new_id(), bill.canteen_id.0, flow, Some(by), now);
    post(tx, &NewEntry { bill: Some(id), ..entry })?;
    let bill = sponsors::bill(tx.look(), id)?.ok_or_else(hidden)?;
    record(tx, actor, &bill, AuditAction::BillPaid, Some(&sponsor.place_code.0));
    Ok(bill)
}

/// A bill with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillCard {
    /// The bill.
    pub bill: BillRow,
    /// Its lines, by date and order.
    pub lines: Vec<BillLine>,
}

/// A line of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// Its entry.
    pub entry: EntryId,
    /// Of which order.
    pub order: OrderRow,
    /// What the sponsor owes; less than nothing where it goes back.
    pub fen: Fen,
}

fn line_of((entry, order): (EntryRow, OrderRow)) -> Result<BillLine, StoreError> {
    let fen = entry.amount_fen.0;
    let fen = if entry.kind.0 == EntryKind::Refund { Fen::ZERO.minus(fen).map_err(overflow)? } else { fen };
    Ok(BillLine { entry: entry.id.0, order, fen })
}

/// The bills of a sponsor, newest first.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    of: SponsorId,
    before: Option<SponsorBillId>,
    limit: i64,
) -> Outcome<Vec<BillRow>, Never> {
    app.store
        .read("list_bills", move |conn| {
            sponsor_for(conn, &actor, of, Action::SeeClaims)?;
            Ok(sponsors::bills(conn, of, before, limit)?)
        })
        .await
}

/// One bill with its lines.
pub async fn get(app: &App, actor: Arc<Actor>, id: SponsorBillId) -> Outcome<BillCard, Never> {
    app.store
        .read("get_bill", move |conn| {
            let bill = sponsors::bill(conn, id)?.ok_or(Failure::NotFound(Thing::SponsorBill))?;
            sponsor_for(conn, &actor, bill.sponsor_id.0, Action::SeeClaims).map_err(|failure| match failure {
                Failure::NotFound(_) => Failure::NotFound(Thing::SponsorBill),
                other => other,
            })?;
            let lines = sponsors::lines(conn, id)?.into_iter().map(line_of).collect::<Result<_, StoreError>>()?;
            Ok(BillCard { bill, lines })
        })
        .await
}

const HEADINGS: [Heading; 6] = [
    Heading::text("服务日期", "date"),
    Heading::text("餐次", "meal"),
    Heading::number("餐号", "order_no"),
    Heading::text("就餐人", "senior"),
    Heading::number("金额（元）", "amount_yuan"),
    Heading::text("订单", "order"),
];

/// A bill as a file; people masked. The same bill gives the same bytes.
pub async fn file(app: &App, actor: Arc<Actor>, id: SponsorBillId, format: Format) -> Outcome<Vec<u8>, Never> {
    let card = get(app, actor, id).await?;
    let cells = |line: &BillLine| {
        let order = &line.order;
        vec![
            order.service_date.0.to_string(),
            order.meal.0.to_string(),
            order.order_no.to_string(),
            order.senior_name.clone(),
            line.fen.to_string(),
            order.id.0.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = card.lines.iter().map(cells).collect();
    let bytes = file_of(format, "代付账单", &HEADINGS, rows, Language::Chinese);
    Ok(bytes.map_err(|e| StoreError::Database(format!("bill file: {e}")))?)
}
