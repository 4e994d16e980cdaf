//! Orders, their lines, the limits they used, and their evidence.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::earlier;
use crate::query::redemptions::accepted;
use crate::query::rows::{AllowanceUseRow, DecisionRow, OrderLineRow, OrderRow, RedemptionRow};
use crate::schema::{allowance_use, canteen, decision, dish, meal_order, order_line, redemption, senior};
use crate::unnest::FindUses;
use diesel::prelude::*;
use domain::access::Scope;
use domain::id::{CanteenId, OrderId, RedemptionId, SeniorId, SittingId};
use domain::order::OrderState;
use domain::{Fen, Instant, ServiceDate};
use std::collections::BTreeMap;

/// An order by identifier.
pub fn find(conn: &mut AnyConnection, id: OrderId) -> Result<Option<OrderRow>, StoreError> {
    Ok(meal_order::table.find(Col(id)).select(OrderRow::as_select()).get_result(conn).optional()?)
}

/// Its lines with the dishes' names, in the order in which they were asked for.
pub fn lines(conn: &mut AnyConnection, of: OrderId) -> Result<Vec<(OrderLineRow, String)>, StoreError> {
    Ok(order_line::table
        .inner_join(dish::table.on(dish::id.eq(order_line::dish_id)))
        .filter(order_line::order_id.eq(Col(of)))
        .order(order_line::id)
        .select((OrderLineRow::as_select(), dish::name))
        .load(conn)?)
}

/// Its subsidy decision.
pub fn decision(conn: &mut AnyConnection, of: OrderId) -> Result<Option<DecisionRow>, StoreError> {
    Ok(decision::table.find(Col(of)).select(DecisionRow::as_select()).get_result(conn).optional()?)
}

/// What seniors have used, each under limit keys; by senior, key and ordinal.
pub fn uses(conn: &mut AnyConnection, of: &[(SeniorId, &str)]) -> Result<Vec<AllowanceUseRow>, StoreError> {
    let mut of = of.to_vec();
    of.sort_unstable();
    of.dedup();
    match conn {
        // As in `catalogue::items`: one statement that stays compiled, a look for each key.
        AnyConnection::Sqlite(c) => {
            let mut found = Vec::new();
            for (senior, key) in of {
                let under_key = allowance_use::table
                    .filter(allowance_use::senior_id.eq(Col(senior)))
                    .filter(allowance_use::limit_key.eq(key))
                    .order(allowance_use::ordinal)
                    .select(AllowanceUseRow::as_select());
                found.extend(under_key.load(c)?);
            }
            Ok(found)
        }
        AnyConnection::Postgres(c) => {
            let (seniors, keys): (Vec<_>, Vec<_>) = of.into_iter().map(|(senior, key)| (Col(senior), key)).unzip();
            Ok(FindUses(&seniors, &keys).load(c)?)
        }
    }
}

/// Draws an amount under a key unless that passes the cap; `false` when it would.
pub fn draw_amount(conn: &mut AnyConnection, senior: SeniorId, key: &str, fen: Fen, cap: Fen) -> Result<bool, StoreError> {
    let empty = AllowanceUseRow {
        senior_id: Col(senior),
        limit_key: key.to_owned(),
        ordinal: 0,
        order_id: None,
        amount_fen: Col(Fen::ZERO),
    };
    on_each!(&mut *conn, c => diesel::insert_into(allowance_use::table).values(&empty).on_conflict_do_nothing().execute(c))?;
    let drawn =
        diesel::update(allowance_use::table.find((Col(senior), key, 0)).filter((allowance_use::amount_fen + fen.0).le(cap.0)))
            .set(allowance_use::amount_fen.eq(allowance_use::amount_fen + fen.0))
            .execute(conn)?;
    Ok(drawn == 1)
}

/// Gives back an amount drawn under a key.
pub fn return_amount(conn: &mut AnyConnection, senior: SeniorId, key: &str, fen: Fen) -> Result<(), StoreError> {
    diesel::update(allowance_use::table.find((Col(senior), key, 0)))
        .set(allowance_use::amount_fen.eq(allowance_use::amount_fen - fen.0))
        .execute(conn)?;
    Ok(())
}

/// Frees the ordinals that an order took.
pub fn release_ordinals(conn: &mut AnyConnection, order: OrderId) -> Result<(), StoreError> {
    diesel::delete(allowance_use::table.filter(allowance_use::order_id.eq(Col(order)))).execute(conn)?;
    Ok(())
}

/// A change of an order's state that succeeds only from the version that was read; `false` when someone was faster.
pub fn set_state(
    conn: &mut AnyConnection,
    id: OrderId,
    version: i64,
    state: OrderState,
    at: Instant,
    reason: Option<&str>,
) -> Result<bool, StoreError> {
    let changed = diesel::update(meal_order::table.find(Col(id)).filter(meal_order::version.eq(version)))
        .set((
            meal_order::state.eq(Word(state)),
            meal_order::version.eq(version + 1),
            meal_order::changed_at.eq(Col(at)),
            meal_order::cancel_reason.eq(reason),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The redemption of that client-made identifier.
pub fn redemption(conn: &mut AnyConnection, id: RedemptionId) -> Result<Option<RedemptionRow>, StoreError> {
    Ok(redemption::table.find(Col(id)).select(RedemptionRow::as_select()).get_result(conn).optional()?)
}

/// The redemption that counts for an order.
pub fn accepted_redemption(conn: &mut AnyConnection, order: OrderId) -> Result<Option<RedemptionRow>, StoreError> {
    Ok(redemption::table
        .filter(redemption::order_id.eq(Col(order)))
        .filter(accepted!())
        .select(RedemptionRow::as_select())
        .first(conn)
        .optional()?)
}

/// Which orders a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only this sitting's.
    pub sitting: Option<SittingId>,
    /// Only this senior's.
    pub senior: Option<SeniorId>,
    /// Only of service dates from this one on.
    pub from: Option<ServiceDate>,
    /// Only of service dates up to this one.
    pub to: Option<ServiceDate>,
    /// Only in this state.
    pub state: Option<OrderState>,
    /// Only those older than this one: where the last page ended.
    pub before: Option<OrderId>,
    /// How many at most.
    pub limit: i64,
}

/// All orders, newest first: for the administrator of the machine.
pub fn every(conn: &mut AnyConnection, filter: &OrderFilter) -> Result<Vec<OrderRow>, StoreError> {
    found(conn, None, filter)
}

/// Orders in scope, newest first.
pub fn list(conn: &mut AnyConnection, scope: &Scope, filter: &OrderFilter) -> Result<Vec<OrderRow>, StoreError> {
    found(conn, Some(scope), filter)
}

fn found(conn: &mut AnyConnection, scope: Option<&Scope>, filter: &OrderFilter) -> Result<Vec<OrderRow>, StoreError> {
    let mut query = meal_order::table.select(OrderRow::as_select()).into_boxed();
    if let Some(scope) = scope {
        let mut canteens: Vec<Col<CanteenId>> = scope.canteens().iter().copied().map(Col).collect();
        for place in scope.places() {
            let inside = canteen::table.filter(canteen::place_code.like(format!("{place}%"))).select(canteen::id);
            canteens.extend(inside.load::<Col<CanteenId>>(conn)?);
        }
        let kin: Vec<Col<SeniorId>> = scope.seniors().iter().copied().map(Col).collect();
        query = query.filter(meal_order::canteen_id.eq_any(canteens)).or_filter(meal_order::senior_id.eq_any(kin));
        for place in scope.places() {
            // Hidden too: nobody orders for a senior who is not seen yet.
            let residents = senior::table.filter(senior::resident_place.like(format!("{place}%"))).select(senior::id.nullable());
            query = query.or_filter(meal_order::senior_id.eq_any(residents));
        }
    }
    if let Some(sitting) = filter.sitting {
        query = query.filter(meal_order::sitting_id.eq(Col(sitting)));
    }
    if let Some(senior) = filter.senior {
        query = query.filter(meal_order::senior_id.eq(Col(senior)));
    }
    if let Some(from) = filter.from {
        query = query.filter(meal_order::service_date.ge(Col(from)));
    }
    if let Some(to) = filter.to {
        query = query.filter(meal_order::service_date.le(Col(to)));
    }
    if let Some(state) = filter.state {
        query = query.filter(meal_order::state.eq(Word(state)));
    }
    if let Some(before) = filter.before {
        query = query.filter(meal_order::id.lt(Col(before)));
    }
    Ok(query.order(meal_order::id.desc()).limit(filter.limit).load(conn)?)
}

/// The lines of several orders.
pub fn lines_of(conn: &mut AnyConnection, ids: &[OrderId]) -> Result<BTreeMap<OrderId, Vec<(OrderLineRow, String)>>, StoreError> {
    let ids: Vec<Col<OrderId>> = ids.iter().copied().map(Col).collect();
    let rows = order_line::table
        .inner_join(dish::table.on(dish::id.eq(order_line::dish_id)))
        .filter(order_line::order_id.eq_any(ids))
        .order((order_line::order_id, order_line::id))
        .select((OrderLineRow::as_select(), dish::name))
        .load::<(OrderLineRow, String)>(conn)?;
    let mut by_order: BTreeMap<OrderId, Vec<(OrderLineRow, String)>> = BTreeMap::new();
    for (line, name) in rows {
        by_order.entry(line.order_id.0).or_default().push((line, name));
    }
    Ok(by_order)
}

/// A sitting's orders in a state, by number.
pub fn of_sitting(conn: &mut AnyConnection, of: SittingId, state: OrderState) -> Result<Vec<OrderRow>, StoreError> {
    Ok(meal_order::table
        .filter(meal_order::sitting_id.eq(Col(of)))
        .filter(meal_order::state.eq(Word(state)))
        .order(meal_order::order_no)
        .select(OrderRow::as_select())
        .load(conn)?)
}

/// Removes an order's lines and decision, which a change replaces; what was decided before stays on record.
pub fn remove_content(conn: &mut AnyConnection, order: &OrderRow, now: Instant) -> Result<(), StoreError> {
    diesel::delete(order_line::table.filter(order_line::order_id.eq(order.id))).execute(conn)?;
    earlier::keep_decision(conn, order, now)?;
    diesel::delete(decision::table.find(order.id)).execute(conn)?;
    Ok(())
}

/// Writes an order as it is now. The caller holds the canteen's lock and has checked the version.
pub fn replace(conn: &mut AnyConnection, row: &OrderRow) -> Result<(), StoreError> {
    diesel::update(meal_order::table.find(row.id)).set(row).execute(conn)?;
    Ok(())
}
