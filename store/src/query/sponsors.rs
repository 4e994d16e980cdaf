//! Sponsors, whom they bear, and their bills.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::place_filter::within;
use crate::query::rows::OrderRow;
use crate::schema::{correction, meal_order, self_pay_entry as entry, sponsor, sponsor_bill, sponsored};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use domain::access::Scope;
use domain::correction::{CorrectionState, Resolution};
use domain::id::{CanteenId, OrderId, SeniorId, SponsorBillId, SponsorId, SponsoredId, UserId};
use domain::order::OrderState;
use domain::self_pay::{EntryKind, Means};
use domain::{Fen, Instant, PlaceCode, ServiceDate};
use std::collections::BTreeMap;

use super::self_pay::EntryRow;

/// Who bears seniors' self-pay.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sponsor, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SponsorRow {
    pub id: Col<SponsorId>,
    pub version: i64,
    pub place_code: Col<PlaceCode>,
    pub name: String,
    pub contact: String,
    pub made_by: Col<UserId>,
    pub made_at: Col<Instant>,
}

/// That a sponsor bears a senior's self-pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sponsored, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SponsoredRow {
    pub id: Col<SponsoredId>,
    pub version: i64,
    pub sponsor_id: Col<SponsorId>,
    pub senior_id: Col<SeniorId>,
    pub from_on: Col<ServiceDate>,
    pub to_on: Option<Col<ServiceDate>>,
    pub assigned_by: Col<UserId>,
    pub assigned_at: Col<Instant>,
}

/// What a sponsor owes a canteen for a month.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sponsor_bill, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct BillRow {
    pub id: Col<SponsorBillId>,
    pub version: i64,
    pub sponsor_id: Col<SponsorId>,
    pub canteen_id: Col<CanteenId>,
    pub month: String,
    pub line_count: i64,
    pub total_fen: Col<Fen>,
    pub frozen_by: Col<UserId>,
    pub frozen_at: Col<Instant>,
    pub paid_by: Option<Col<UserId>>,
    pub paid_at: Option<Col<Instant>>,
    pub reference: String,
}

/// Adds a sponsor; a second one of a place and name is a unique-key error.
pub fn add(conn: &mut AnyConnection, row: &SponsorRow) -> Result<(), StoreError> {
    diesel::insert_into(sponsor::table).values(row).execute(conn)?;
    Ok(())
}

/// A sponsor by identifier.
pub fn find(conn: &mut AnyConnection, id: SponsorId) -> Result<Option<SponsorRow>, StoreError> {
    Ok(sponsor::table.find(Col(id)).select(SponsorRow::as_select()).get_result(conn).optional()?)
}

/// A sponsor of a place by name.
pub fn named(conn: &mut AnyConnection, place: &PlaceCode, name: &str) -> Result<Option<SponsorRow>, StoreError> {
    Ok(sponsor::table
        .filter(sponsor::place_code.eq(Col(place.clone())))
        .filter(sponsor::name.eq(name))
        .select(SponsorRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// Sponsors of places in scope, in the order in which they were added.
pub fn list(conn: &mut AnyConnection, scope: &Scope, after: Option<SponsorId>, limit: i64) -> Result<Vec<SponsorRow>, StoreError> {
    let mut query = sponsor::table.filter(within!(sponsor::table, sponsor::place_code, scope.places())).into_boxed();
    if let Some(after) = after {
        query = query.filter(sponsor::id.gt(Col(after)));
    }
    Ok(query.order(sponsor::id).limit(limit).select(SponsorRow::as_select()).load(conn)?)
}

/// Adds an assignment.
pub fn assign(conn: &mut AnyConnection, row: &SponsoredRow) -> Result<(), StoreError> {
    diesel::insert_into(sponsored::table).values(row).execute(conn)?;
    Ok(())
}

/// An assignment by identifier.
pub fn assignment(conn: &mut AnyConnection, id: SponsoredId) -> Result<Option<SponsoredRow>, StoreError> {
    Ok(sponsored::table.find(Col(id)).select(SponsoredRow::as_select()).get_result(conn).optional()?)
}

/// All assignments of a senior.
pub fn of_senior(conn: &mut AnyConnection, of: SeniorId) -> Result<Vec<SponsoredRow>, StoreError> {
    Ok(sponsored::table
        .filter(sponsored::senior_id.eq(Col(of)))
        .order(sponsored::from_on)
        .select(SponsoredRow::as_select())
        .load(conn)?)
}

/// The assignments of a sponsor, in the order in which they were made, after one; at most `limit`.
pub fn of_sponsor(
    conn: &mut AnyConnection,
    of: SponsorId,
    after: Option<SponsoredId>,
    limit: i64,
) -> Result<Vec<SponsoredRow>, StoreError> {
    let mut query = sponsored::table.filter(sponsored::sponsor_id.eq(Col(of))).select(SponsoredRow::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(sponsored::id.gt(Col(after)));
    }
    Ok(query.order(sponsored::id).limit(limit).load(conn)?)
}

/// Gives the assignment that has this version another last day; `false` when somebody else has changed it.
pub fn end(conn: &mut AnyConnection, id: SponsoredId, version: i64, to: ServiceDate) -> Result<bool, StoreError> {
    let as_read = sponsored::table.find(Col(id)).filter(sponsored::version.eq(version));
    let changed =
        diesel::update(as_read).set((sponsored::version.eq(version + 1), sponsored::to_on.eq(Some(Col(to))))).execute(conn)?;
    Ok(changed == 1)
}

/// Who bears which of some seniors on a day.
pub fn bearing(
    conn: &mut AnyConnection,
    seniors: &[SeniorId],
    on: ServiceDate,
) -> Result<BTreeMap<SeniorId, (SponsorId, String)>, StoreError> {
    let ids: Vec<Col<SeniorId>> = seniors.iter().copied().map(Col).collect();
    let found = sponsored::table
        .inner_join(sponsor::table.on(sponsor::id.eq(sponsored::sponsor_id)))
        .filter(sponsored::senior_id.eq_any(ids))
        .filter(sponsored::from_on.le(Col(on)))
        .filter(sponsored::to_on.is_null().or(sponsored::to_on.assume_not_null().ge(Col(on))))
        .select((sponsored::senior_id, sponsor::id, sponsor::name))
        .load::<(Col<SeniorId>, Col<SponsorId>, String)>(conn)?;
    Ok(found.into_iter().map(|(Col(senior), Col(id), name)| (senior, (id, name))).collect())
}

/// Served orders of a canteen up to a date that a sponsor bears and was not charged for, after one, by identifier.
pub fn to_charge(
    conn: &mut AnyConnection,
    (of, at): (SponsorId, CanteenId),
    until: ServiceDate,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    let charged =
        entry::table.filter(entry::order_id.eq(meal_order::id.nullable())).filter(entry::means.eq(Some(Word(Means::Bill))));
    let mut query = meal_order::table
        .inner_join(sponsored::table.on(sponsored::senior_id.nullable().eq(meal_order::senior_id)))
        .filter(sponsored::sponsor_id.eq(Col(of)))
        .filter(sponsored::from_on.le(meal_order::service_date))
        .filter(sponsored::to_on.is_null().or(sponsored::to_on.assume_not_null().ge(meal_order::service_date)))
        .filter(meal_order::canteen_id.eq(Col(at)))
        .filter(meal_order::service_date.le(Col(until)))
        .filter(meal_order::state.eq(Word(OrderState::Served)))
        .filter(meal_order::self_pay_fen.gt(0))
        .filter(not(exists(charged)))
        .select(OrderRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(meal_order::id.gt(Col(after)));
    }
    Ok(query.order(meal_order::id).limit(limit).load(conn)?)
}

/// Orders of a canteen that a sponsor was charged for and that two people have said cost something else since.
pub fn to_look_at_again(conn: &mut AnyConnection, of: SponsorId, at: CanteenId) -> Result<Vec<OrderRow>, StoreError> {
    let charged = entry::table
        .filter(entry::sponsor_id.eq(Some(Col(of))))
        .filter(entry::kind.eq(Word(EntryKind::Pay)))
        .select(entry::order_id);
    let corrected = correction::table
        .filter(correction::order_id.eq(meal_order::id))
        .filter(correction::state.eq(Word(CorrectionState::Closed)))
        .filter(correction::resolution.eq_any([Resolution::Adjust, Resolution::Annul].map(|of| Some(Word(of)))));
    Ok(meal_order::table
        .filter(meal_order::canteen_id.eq(Col(at)))
        .filter(meal_order::id.nullable().eq_any(charged))
        .filter(exists(corrected))
        .order(meal_order::id)
        .select(OrderRow::as_select())
        .load(conn)?)
}

/// Adds a bill; a second one of a sponsor, canteen and month is a unique-key error.
pub fn freeze(conn: &mut AnyConnection, row: &BillRow) -> Result<(), StoreError> {
    diesel::insert_into(sponsor_bill::table).values(row).execute(conn)?;
    Ok(())
}

/// A bill by identifier.
pub fn bill(conn: &mut AnyConnection, id: SponsorBillId) -> Result<Option<BillRow>, StoreError> {
    Ok(sponsor_bill::table.find(Col(id)).select(BillRow::as_select()).get_result(conn).optional()?)
}

/// The bill of a sponsor, canteen and month.
pub fn bill_of(conn: &mut AnyConnection, (of, at): (SponsorId, CanteenId), month: &str) -> Result<Option<BillRow>, StoreError> {
    Ok(sponsor_bill::table
        .filter(sponsor_bill::sponsor_id.eq(Col(of)))
        .filter(sponsor_bill::canteen_id.eq(Col(at)))
        .filter(sponsor_bill::month.eq(month))
        .select(BillRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// The bills of a sponsor, newest first, before one; at most `limit`.
pub fn bills(
    conn: &mut AnyConnection,
    of: SponsorId,
    before: Option<SponsorBillId>,
    limit: i64,
) -> Result<Vec<BillRow>, StoreError> {
    let mut query = sponsor_bill::table.filter(sponsor_bill::sponsor_id.eq(Col(of))).select(BillRow::as_select()).into_boxed();
    if let Some(before) = before {
        query = query.filter(sponsor_bill::id.lt(Col(before)));
    }
    Ok(query.order(sponsor_bill::id.desc()).limit(limit).load(conn)?)
}

/// Writes down that the bill which has this version was paid; `false` when somebody else has changed it.
pub fn paid(
    conn: &mut AnyConnection,
    id: SponsorBillId,
    version: i64,
    (by, at): (UserId, Instant),
    reference: &str,
) -> Result<bool, StoreError> {
    let as_read = sponsor_bill::table.find(Col(id)).filter(sponsor_bill::version.eq(version));
    let changed = diesel::update(as_read.filter(sponsor_bill::paid_by.is_null()))
        .set((
            sponsor_bill::version.eq(version + 1),
            sponsor_bill::paid_by.eq(Some(Col(by))),
            sponsor_bill::paid_at.eq(Some(at.micros())),
            sponsor_bill::reference.eq(reference),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The lines of a bill with their orders, by date and order.
pub fn lines(conn: &mut AnyConnection, of: SponsorBillId) -> Result<Vec<(EntryRow, OrderRow)>, StoreError> {
    Ok(entry::table
        .inner_join(meal_order::table.on(meal_order::id.nullable().eq(entry::order_id)))
        .filter(entry::bill_id.eq(Some(Col(of))))
        .order((meal_order::service_date, meal_order::id, entry::ordinal))
        .select((EntryRow::as_select(), OrderRow::as_select()))
        .load(conn)?)
}
