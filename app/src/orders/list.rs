//! Look at orders: one, many, and why an order got the subsidy it got.

use super::load::visible;
use super::view;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::{App, subsidies};
use domain::access::{Action, Actor, Where};
use domain::event::OrderView;
use domain::id::OrderId;
use domain::subsidy::words::{self, Audience, Language};
use domain::subsidy::{Decision, Document};
use std::sync::Arc;
use store::query::orders::{self, OrderFilter};
use store::query::{catalogue, policies};

/// An order in the actor's sight.
pub async fn get(app: &App, actor: Arc<Actor>, id: OrderId) -> Outcome<OrderView, Never> {
    app.store
        .read("get_order", move |conn| {
            let order = visible(conn, &actor, id)?;
            Ok(view::of(&order, &orders::lines(conn, id)?))
        })
        .await
}

/// A stored decision and its telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// As it was decided.
    pub decision: Decision,
    /// Whether the asker may see the whole trace: who works with claims at the canteen.
    pub in_full: bool,
    /// In Chinese words: plainly, or in full.
    pub text_zh: String,
    /// The same in English.
    pub text_en: String,
}

/// The stored decision of an order: each line, whether it applied, and why not. `None` for an anonymous sale.
pub async fn explain(app: &App, actor: Arc<Actor>, id: OrderId) -> Outcome<Option<Explanation>, Never> {
    app.store
        .read("explain_order", move |conn| {
            let order = visible(conn, &actor, id)?;
            let Some(row) = orders::decision(conn, id)? else { return Ok(None) };
            let decision = subsidies::stored_decision(&row)?;
            let canteen = catalogue::canteen(conn, order.canteen_id.0)?.ok_or(Failure::NotFound(Thing::Order))?;
            let at = Where { place: &canteen.place_code.0, canteen: None };
            let in_full = actor.may(Action::SeeClaims, at);
            let hashes: Vec<Vec<u8>> = decision.trace.iter().filter_map(|p| hex::decode(&p.hash).ok()).collect();
            let texts = policies::documents_of(conn, &hashes)?;
            let documents = texts.iter().map(|text| subsidies::stored_document(text)).collect::<Result<Vec<_>, _>>()?;
            let named: Vec<&Document> = documents.iter().collect();
            let audience = if in_full { Audience::Officer } else { Audience::Senior };
            let (text_zh, text_en) = (
                words::explain(&decision, &named, audience, Language::Zh),
                words::explain(&decision, &named, audience, Language::En),
            );
            Ok(Some(Explanation { decision, in_full, text_zh, text_en }))
        })
        .await
}

/// One page of the orders in the actor's sight, newest first, and where the next page begins.
pub async fn list(app: &App, actor: Arc<Actor>, filter: OrderFilter) -> Outcome<(Vec<OrderView>, Option<OrderId>), Never> {
    if !actor.may_list(Action::SeeOrders) {
        return Err(Failure::Forbidden);
    }
    app.store
        .read("list_orders", move |conn| {
            let scope = actor.scope(Action::SeeOrders);
            let rows = orders::list(conn, &scope, &filter)?;
            let full = i64::try_from(rows.len()).is_ok_and(|n| n == filter.limit);
            let next = rows.last().filter(|_| full).map(|row| row.id.0);
            let ids: Vec<OrderId> = rows.iter().map(|row| row.id.0).collect();
            let mut lines = orders::lines_of(conn, &ids)?;
            let views = rows.iter().map(|row| view::of(row, &lines.remove(&row.id.0).unwrap_or_default())).collect();
            Ok((views, next))
        })
        .await
}
