//! Corrections of meals that were eaten, and whose meals are to be decided again.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::claims;
use crate::query::earlier::Run;
use crate::query::rows::TransferRow;
use crate::schema::{correction, correction_due, ledger_account, meal_order, redemption, senior_fact, transfer};
use diesel::prelude::*;
use domain::access::Scope;
use domain::correction::{CorrectionCause, CorrectionState, Resolution};
use domain::id::{CanteenId, CorrectionId, FactId, ImportId, OrderId, SeniorId, SubjectId, UserId};
use domain::ledger::{AccountKind, Phase};
use domain::{Fen, Instant, ServiceDate};

use super::claims::{ClaimRow, PostedRow};

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = correction, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct CorrectionRow {
    pub id: Col<CorrectionId>,
    pub version: i64,
    pub order_id: Col<OrderId>,
    pub senior_id: Col<SeniorId>,
    pub canteen_id: Col<CanteenId>,
    pub service_date: Col<ServiceDate>,
    pub cause: Word<CorrectionCause>,
    pub state: Word<CorrectionState>,
    pub resolution: Option<Word<Resolution>>,
    pub takes_back: bool,
    pub reproduced: bool,
    pub self_pay_before_fen: Col<Fen>,
    pub self_pay_after_fen: Col<Fen>,
    pub parts: String,
    pub claim_fen: Col<Fen>,
    pub trace: Option<String>,
    pub reason: String,
    pub found_by: Option<Col<UserId>>,
    pub found_at: Col<Instant>,
    pub proposed_by: Option<Col<UserId>>,
    pub proposed_at: Option<Col<Instant>>,
    pub decided_by: Option<Col<UserId>>,
    pub decided_at: Option<Col<Instant>>,
}

impl CorrectionRow {
    /// Whether two people have agreed to it, and it changed what the meal costs.
    #[must_use]
    pub fn has_changed_cost(&self) -> bool {
        self.state.0 == CorrectionState::Closed && self.resolution.is_some_and(|Word(of)| of.changes_cost())
    }
}

/// Adds one; a second one of an order that is not closed is a unique-key error.
pub fn insert(conn: &mut AnyConnection, row: &CorrectionRow) -> Result<(), StoreError> {
    diesel::insert_into(correction::table).values(row).execute(conn)?;
    Ok(())
}

/// Writes one whose version is one more than the one it was read at; `false` when somebody else has changed it.
pub fn update(conn: &mut AnyConnection, row: &CorrectionRow) -> Result<bool, StoreError> {
    let as_read = correction::table.find(row.id).filter(correction::version.eq(row.version - 1));
    Ok(diesel::update(as_read).set(row).execute(conn)? == 1)
}

/// One by identifier.
pub fn find(conn: &mut AnyConnection, id: CorrectionId) -> Result<Option<CorrectionRow>, StoreError> {
    Ok(correction::table.find(Col(id)).select(CorrectionRow::as_select()).get_result(conn).optional()?)
}

/// The corrections of an order, the earliest first.
pub fn of_order(conn: &mut AnyConnection, of: OrderId) -> Result<Vec<CorrectionRow>, StoreError> {
    Ok(correction::table
        .filter(correction::order_id.eq(Col(of)))
        .order(correction::id)
        .select(CorrectionRow::as_select())
        .load(conn)?)
}

/// The corrections of orders, of each the earliest first.
pub fn of_orders(conn: &mut AnyConnection, orders: &[OrderId]) -> Result<Vec<CorrectionRow>, StoreError> {
    let ids: Vec<Col<OrderId>> = orders.iter().copied().map(Col).collect();
    Ok(correction::table
        .filter(correction::order_id.eq_any(ids))
        .order((correction::order_id, correction::id))
        .select(CorrectionRow::as_select())
        .load(conn)?)
}

/// The corrections of seniors for meals of a span of dates, of each order the earliest first.
pub fn of_seniors(
    conn: &mut AnyConnection,
    (first, last): Run,
    (from, to): (ServiceDate, ServiceDate),
) -> Result<Vec<CorrectionRow>, StoreError> {
    Ok(correction::table
        .filter(correction::senior_id.between(Col(first), Col(last)))
        .filter(correction::service_date.between(Col(from), Col(to)))
        .order((correction::order_id, correction::id))
        .select(CorrectionRow::as_select())
        .load(conn)?)
}

/// Which corrections a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorrectionFilter {
    /// Only of this canteen's meals.
    pub canteen: Option<CanteenId>,
    /// Only of this senior's.
    pub senior: Option<SeniorId>,
    /// Only of this order.
    pub order: Option<OrderId>,
    /// Only in this state.
    pub state: Option<CorrectionState>,
    /// Only for this cause.
    pub cause: Option<CorrectionCause>,
    /// Only those older than this one: where the last page ended.
    pub before: Option<CorrectionId>,
    /// How many at most.
    pub limit: i64,
}

/// Corrections of meals of canteens in scope, newest first.
pub fn list(conn: &mut AnyConnection, scope: &Scope, filter: &CorrectionFilter) -> Result<Vec<CorrectionRow>, StoreError> {
    let canteens: Vec<Col<CanteenId>> = claims::canteens(conn, scope)?.into_iter().map(|canteen| canteen.id).collect();
    let mut query =
        correction::table.filter(correction::canteen_id.eq_any(canteens)).select(CorrectionRow::as_select()).into_boxed();
    if let Some(of) = filter.canteen {
        query = query.filter(correction::canteen_id.eq(Col(of)));
    }
    if let Some(of) = filter.senior {
        query = query.filter(correction::senior_id.eq(Col(of)));
    }
    if let Some(of) = filter.order {
        query = query.filter(correction::order_id.eq(Col(of)));
    }
    if let Some(state) = filter.state {
        query = query.filter(correction::state.eq(Word(state)));
    }
    if let Some(cause) = filter.cause {
        query = query.filter(correction::cause.eq(Word(cause)));
    }
    if let Some(before) = filter.before {
        query = query.filter(correction::id.lt(Col(before)));
    }
    Ok(query.order(correction::id.desc()).limit(filter.limit).load(conn)?)
}

/// What people have said of a canteen's meals up to a date: order, where its correction stands, and whether it would take something
/// back; of each order the earliest first.
pub fn looks(
    conn: &mut AnyConnection,
    of: CanteenId,
    (from, to): (Option<ServiceDate>, ServiceDate),
) -> Result<Vec<(OrderId, CorrectionState, bool)>, StoreError> {
    let mut query = correction::table
        .filter(correction::canteen_id.eq(Col(of)))
        .filter(correction::service_date.le(Col(to)))
        .order((correction::order_id, correction::id))
        .select((correction::order_id, correction::state, correction::takes_back))
        .into_boxed();
    if let Some(from) = from {
        query = query.filter(correction::service_date.ge(Col(from)));
    }
    let rows = query.load::<(Col<OrderId>, Word<CorrectionState>, bool)>(conn)?;
    Ok(rows.into_iter().map(|(Col(order), Word(state), back)| (order, state, back)).collect())
}

/// Adds the movements of a correction. They are few and no unit waits for them, so they are written at once.
pub fn insert_transfers(conn: &mut AnyConnection, of: CorrectionId, rows: &[TransferRow]) -> Result<(), StoreError> {
    for row in rows {
        let marked = (row, transfer::correction_id.eq(Some(Col(of))));
        on_each!(&mut *conn, c => diesel::insert_into(transfer::table).values(marked).execute(c))?;
    }
    Ok(())
}

/// A movement of a correction to a claim account, or back from it.
pub type CorrectedClaim = (ClaimRow, Col<CorrectionId>, String);

/// What corrections have posted to a canteen's claim accounts, and back from them, for meals of the dates that are asked for, in no
/// order. What goes back is negative. With each line the parts of its correction, which tell the version.
pub fn claim_lines(conn: &mut AnyConnection, of: CanteenId, which: claims::Which) -> Result<Vec<CorrectedClaim>, StoreError> {
    let (from, to) = which.dates();
    let mut found = Vec::new();
    macro_rules! side {
        ($account:expr, $signed:expr) => {{
            let mut query = correction::table
                .inner_join(transfer::table.on(transfer::correction_id.eq(correction::id.nullable())))
                .inner_join(ledger_account::table.on(ledger_account::id.eq($account)))
                .inner_join(meal_order::table.on(meal_order::id.eq(transfer::order_id)))
                .left_join(claims::evidence!())
                .filter(correction::canteen_id.eq(Col(of)))
                .filter(correction::service_date.le(Col(to)))
                .filter(transfer::phase.eq(Word(Phase::Post)))
                .filter(ledger_account::kind.eq(Word(AccountKind::CanteenClaim)))
                .select((claims::claim_columns!(), correction::id, correction::parts))
                .into_boxed();
            if let Some(from) = from {
                query = query.filter(correction::service_date.ge(Col(from)));
            }
            if which.unsettled() {
                query = query.filter(claims::not_settled!());
            }
            for (row, id, parts) in query.load::<(PostedRow, Col<CorrectionId>, String)>(conn)? {
                let (row, signed): (_, fn(i64) -> i64) = (row.proved()?, $signed);
                let amount_fen = Col(Fen(signed(row.amount_fen.0.0)));
                found.push((ClaimRow { amount_fen, ..row }, id, parts));
            }
        }};
    }
    side!(transfer::credit_id, |fen| fen);
    side!(transfer::debit_id, |fen| -fen);
    Ok(found)
}

domain::text_enum! {
    /// What a note of [`Note`] is about.
    enum NoteKind {
        Senior = "senior",
        Import = "import",
    }
}

/// Whose meals are to be decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One senior's.
    Senior(SeniorId),
    /// Those of the seniors to whom an import brought facts.
    Import(ImportId),
}

impl Whose {
    const fn parts(self) -> (NoteKind, SubjectId) {
        match self {
            Self::Senior(id) => (NoteKind::Senior, SubjectId::from_uuid(id.uuid())),
            Self::Import(id) => (NoteKind::Import, SubjectId::from_uuid(id.uuid())),
        }
    }
}

/// A note that meals are to be decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Whose.
    pub whose: Whose,
    /// For dates from this one on.
    pub from: ServiceDate,
    /// How often it was noted.
    pub noted: i64,
}

/// Notes that are due, the longest due first.
pub fn due(conn: &mut AnyConnection, now: Instant, limit: i64) -> Result<Vec<Note>, StoreError> {
    let rows = correction_due::table
        .filter(correction_due::due_at.le(Col(now)))
        .order((correction_due::due_at, correction_due::kind, correction_due::subject))
        .limit(limit)
        .select((correction_due::kind, correction_due::subject, correction_due::from_on, correction_due::noted))
        .load::<(Word<NoteKind>, Col<SubjectId>, Col<ServiceDate>, i64)>(conn)?;
    let note = |(Word(kind), Col(subject), Col(from), noted): (Word<NoteKind>, Col<SubjectId>, Col<ServiceDate>, i64)| {
        let whose = match kind {
            NoteKind::Senior => Whose::Senior(SeniorId::from_uuid(subject.uuid())),
            NoteKind::Import => Whose::Import(ImportId::from_uuid(subject.uuid())),
        };
        Note { whose, from, noted }
    };
    Ok(rows.into_iter().map(note).collect())
}

/// Notes a senior's meals from a date on, together with what is noted already.
pub fn note(conn: &mut AnyConnection, of: SeniorId, from: ServiceDate) -> Result<(), StoreError> {
    let (kind, subject) = Whose::Senior(of).parts();
    let key = (Word(kind), Col(subject));
    let stands = correction_due::table
        .find(key)
        .select((correction_due::from_on, correction_due::noted))
        .first::<(Col<ServiceDate>, i64)>(conn)
        .optional()?;
    let values = |from: ServiceDate, noted: i64| {
        (correction_due::from_on.eq(Col(from)), correction_due::noted.eq(noted), correction_due::due_at.eq(0_i64))
    };
    match stands {
        Some((Col(before), noted)) => {
            diesel::update(correction_due::table.find(key)).set(values(before.min(from), noted + 1)).execute(conn)?;
        }
        None => {
            let row = (correction_due::kind.eq(key.0), correction_due::subject.eq(key.1), values(from, 1));
            on_each!(conn, c => diesel::insert_into(correction_due::table).values(row).execute(c))?;
        }
    }
    Ok(())
}

/// Takes a note away that was followed, or puts it off; one that was noted again meanwhile stays as it is.
pub fn followed(conn: &mut AnyConnection, note: &Note, again_at: Option<Instant>) -> Result<(), StoreError> {
    let (kind, subject) = note.whose.parts();
    let as_read = correction_due::table.find((Word(kind), Col(subject))).filter(correction_due::noted.eq(note.noted));
    match again_at {
        Some(at) => diesel::update(as_read).set(correction_due::due_at.eq(Col(at))).execute(conn)?,
        None => diesel::delete(as_read).execute(conn)?,
    };
    Ok(())
}

/// A page of the facts that an import brought to seniors, by identifier: whose, and from when on.
pub fn facts_of_import(
    conn: &mut AnyConnection,
    of: ImportId,
    after: Option<FactId>,
    limit: i64,
) -> Result<Vec<(FactId, SeniorId, ServiceDate)>, StoreError> {
    // Hidden too: the import has shown, which is why it is asked for.
    let mut query = senior_fact::table
        .filter(senior_fact::import_id.eq(Some(Col(of))))
        .order(senior_fact::id)
        .limit(limit)
        .select((senior_fact::id, senior_fact::senior_id, senior_fact::valid_from))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(senior_fact::id.gt(Col(after)));
    }
    let rows = query.load::<(Col<FactId>, Col<SeniorId>, Col<ServiceDate>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(fact), Col(senior), Col(from))| (fact, senior, from)).collect())
}

/// Whether a senior has an order for a date or later.
pub fn has_order_from(conn: &mut AnyConnection, of: SeniorId, from: ServiceDate) -> Result<bool, StoreError> {
    let any = meal_order::table.filter(meal_order::senior_id.eq(Some(Col(of)))).filter(meal_order::service_date.ge(Col(from)));
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(conn)?)
}

/// The senior of each order that has one.
pub fn seniors_of(conn: &mut AnyConnection, orders: &[OrderId]) -> Result<Vec<(SeniorId, ServiceDate)>, StoreError> {
    let orders: Vec<Col<OrderId>> = orders.iter().copied().map(Col).collect();
    let rows = meal_order::table
        .filter(meal_order::id.eq_any(orders))
        .filter(meal_order::senior_id.is_not_null())
        .select((meal_order::senior_id.assume_not_null(), meal_order::service_date))
        .load::<(Col<SeniorId>, Col<ServiceDate>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(senior), Col(date))| (senior, date)).collect())
}
