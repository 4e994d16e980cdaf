//! The payment file: one row a payment, with its number, the payee in the clear, and what it is for.
//!
//! Written from the payout's own rows, which never change, so the same payout gives the same bytes every time. Each time it is
//! given out is on record, because it carries account numbers.

use super::SettlementRefusal;
use super::look::account_of;
use super::permit_place;
use crate::failure::{Failure, Outcome, Thing};
use crate::{App, audit};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::PayoutId;
use serde_json::json;
use std::sync::Arc;
use store::query::payments::{self, PaymentOf};
use store::seal::Sealer;
use store::{LaneKey, StoreError};
use tabular::{Format, Heading, Language, file_of};

const HEADINGS: [Heading; 11] = [
    Heading::number("序号", "no"),
    Heading::text("付款编号", "payment"),
    Heading::text("收款户名", "holder"),
    Heading::text("收款账号", "account"),
    Heading::text("开户行", "bank"),
    Heading::number("金额（元）", "amount_yuan"),
    Heading::text("用途", "purpose"),
    Heading::text("助餐点编号", "canteen"),
    Heading::text("结算期", "period"),
    Heading::text("出资方", "funder"),
    Heading::text("付款批次", "payout"),
];

/// The file of a payout.
pub async fn export(app: &App, actor: Arc<Actor>, id: PayoutId, format: Format) -> Outcome<Vec<u8>, SettlementRefusal> {
    let sealer = app.store.sealer().clone();
    let asking = actor.clone();
    let (place, rows) = app
        .store
        .read("payment_file", move |conn| {
            let payout = payments::payout(conn, id)?.ok_or(Failure::NotFound(Thing::Payout))?;
            permit_place(&asking, Action::Settle, &payout.place_code.0, Thing::Payout)?;
            let all = payments::of_payout(conn, id)?;
            let rows = all.iter().map(|of| cells(&sealer, id, of)).collect::<Result<Vec<_>, StoreError>>()?;
            Ok::<_, Failure<SettlementRefusal>>((payout.place_code.0, rows))
        })
        .await?;
    let payments = rows.len();
    let bytes = file_of(format, "付款", &HEADINGS, rows, Language::Chinese)
        .map_err(|e| StoreError::Database(format!("payment file: {e}")))?;
    app.store
        .write(LaneKey::of(id), "payment_file_given_out", move |tx| {
            let detail = json!({ "payments": payments });
            audit::record(tx, &actor, AuditAction::PayoutExported, id, Some(&place), &detail);
            Ok::<_, Failure<SettlementRefusal>>(())
        })
        .await?;
    Ok(bytes)
}

fn cells(sealer: &Sealer, payout: PayoutId, of: &PaymentOf) -> Result<Vec<String>, StoreError> {
    let row = &of.row;
    let account = account_of(sealer, row)?.map(|account| account.reveal().to_owned()).unwrap_or_default();
    Ok(vec![
        row.ordinal.unwrap_or_default().to_string(),
        row.id.0.to_string(),
        row.holder.clone().unwrap_or_default(),
        account,
        row.bank.clone().unwrap_or_default(),
        row.amount_fen.0.to_string(),
        format!("{}老年助餐补贴{}", of.period, of.name),
        of.code.clone(),
        of.period.clone(),
        row.funder.clone(),
        payout.to_string(),
    ])
}
