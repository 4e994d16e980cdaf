//! Who was seen in a month, for the duty to look in on people (探访).

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::place_filter::bounds;
use crate::query::seniors::{SeniorRow, SeniorState};
use crate::schema::{delivery_stop, meal_order, senior, senior_fact, welfare_case};
use crate::shown;
use diesel::dsl::{count, count_star, exists, not};
use diesel::prelude::*;
use domain::door::StopOutcome;
use domain::id::SeniorId;
use domain::order::OrderState;
use domain::subsidy::FactKind;
use domain::text_enum::TextEnum;
use domain::welfare::{Concern, Finding};
use domain::{Channel, Instant, PlaceCode, ServiceDate};

/// The days of a month, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Where people live.
    pub place: PlaceCode,
    /// The first day.
    pub from: ServiceDate,
    /// The last day.
    pub to: ServiceDate,
}

impl Span {
    fn ends(&self) -> (Instant, Instant) {
        let midnight = |day| Instant::from_civil(day, chrono::NaiveTime::MIN);
        (midnight(self.from), midnight(self.to.plus_days(1)))
    }
}

/// A meal by which a senior was seen in person: handed over at the door, or eaten at the table. What a neighbour took or somebody
/// fetched says nothing of the senior.
macro_rules! seen_in_person {
    ($span:expr) => {
        meal_order::service_date.between(Col($span.from), Col($span.to)).and(meal_order::state.eq(Word(OrderState::Served))).and(
            meal_order::channel.eq(Word(Channel::DineIn)).or(exists(
                delivery_stop::table
                    .filter(delivery_stop::order_id.eq(meal_order::id))
                    .filter(delivery_stop::outcome.eq(Some(Word(StopOutcome::Delivered)))),
            )),
        )
    };
}

/// Seniors of a place.
macro_rules! at_home_in {
    ($span:expr) => {{
        let (from, to) = bounds(&$span.place);
        senior::resident_place.ge(from).and(senior::resident_place.lt(to))
    }};
}

/// Who takes part and lives alone, or with none but the old, on the last day.
macro_rules! to_be_seen {
    ($span:expr, $living:expr) => {
        senior::state.eq(Word(SeniorState::Active)).and(exists(
            senior_fact::table
                .filter(senior_fact::senior_id.eq(senior::id))
                .filter(shown!(senior_fact))
                .filter(senior_fact::kind.eq(FactKind::Living.as_str()))
                .filter(senior_fact::value.eq_any($living))
                .filter(senior_fact::valid_from.le(Col($span.to)))
                .filter(senior_fact::valid_to.is_null().or(senior_fact::valid_to.ge(Some(Col($span.to))))),
        ))
    };
}

/// Whether one senior was seen in person.
macro_rules! was_seen {
    ($span:expr) => {
        exists(meal_order::table.filter(meal_order::senior_id.eq(senior::id.nullable())).filter(seen_in_person!($span)))
    };
}

/// By home: how many seniors were seen in person, and by how many meals.
pub fn seen(conn: &mut AnyConnection, span: &Span) -> Result<Vec<(PlaceCode, i64, i64)>, StoreError> {
    let rows = on_each!(conn, c => senior::table
        .inner_join(meal_order::table.on(meal_order::senior_id.eq(senior::id.nullable())))
        .filter(shown!(senior))
        .filter(at_home_in!(span))
        .filter(seen_in_person!(span))
        .group_by(senior::resident_place)
        .select((senior::resident_place, count(senior::id).aggregate_distinct(), count_star()))
        .load::<(Col<PlaceCode>, i64, i64)>(c))?;
    Ok(rows.into_iter().map(|(Col(place), people, meals)| (place, people, meals)).collect())
}

/// By home: how many seniors are to be seen every month, by the words of how they live.
pub fn to_be_seen(conn: &mut AnyConnection, span: &Span, living: &[&str]) -> Result<Vec<(PlaceCode, i64)>, StoreError> {
    let living = living.to_vec();
    let rows = on_each!(conn, c => senior::table
        .filter(shown!(senior))
        .filter(at_home_in!(span))
        .filter(to_be_seen!(span, living))
        .group_by(senior::resident_place)
        .select((senior::resident_place, count_star()))
        .load::<(Col<PlaceCode>, i64)>(c))?;
    Ok(rows.into_iter().map(|(Col(place), people)| (place, people)).collect())
}

/// The same, of whom nobody was seen in person.
pub fn unseen_by_home(conn: &mut AnyConnection, span: &Span, living: &[&str]) -> Result<Vec<(PlaceCode, i64)>, StoreError> {
    let living = living.to_vec();
    let rows = on_each!(conn, c => senior::table
        .filter(shown!(senior))
        .filter(at_home_in!(span))
        .filter(to_be_seen!(span, living))
        .filter(not(was_seen!(span)))
        .group_by(senior::resident_place)
        .select((senior::resident_place, count_star()))
        .load::<(Col<PlaceCode>, i64)>(c))?;
    Ok(rows.into_iter().map(|(Col(place), people)| (place, people)).collect())
}

/// Seniors to be seen whom nobody has seen in person, in the order in which they were added.
pub fn unseen(
    conn: &mut AnyConnection,
    span: &Span,
    living: &[&str],
    after: Option<SeniorId>,
    limit: i64,
) -> Result<Vec<SeniorRow>, StoreError> {
    let living = living.to_vec();
    let after = after.unwrap_or_else(|| SeniorId::from_uuid(uuid::Uuid::nil()));
    Ok(on_each!(conn, c => senior::table
        .filter(shown!(senior))
        .filter(at_home_in!(span))
        .filter(to_be_seen!(span, living))
        .filter(not(was_seen!(span)))
        .filter(senior::id.gt(Col(after)))
        .order(senior::id)
        .limit(limit)
        .select(SeniorRow::as_select())
        .load(c))?)
}

/// A case of looking in, as far as a month's figures need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFigures {
    /// The senior's home.
    pub place: PlaceCode,
    /// Why it was opened.
    pub concern: Concern,
    /// When.
    pub opened_at: Instant,
    /// When it was closed, and with which finding.
    pub closed: Option<(Instant, Finding)>,
}

/// Cases that were opened in the span, oldest first.
pub fn cases(conn: &mut AnyConnection, span: &Span, limit: i64) -> Result<Vec<CaseFigures>, StoreError> {
    type Row = (Col<PlaceCode>, Word<Concern>, Col<Instant>, Option<Col<Instant>>, Option<Word<Finding>>);
    let ((from, to), (opened, ended)) = (bounds(&span.place), span.ends());
    let rows = welfare_case::table
        .filter(welfare_case::place_code.ge(from).and(welfare_case::place_code.lt(to)))
        .filter(welfare_case::opened_at.ge(Col(opened)).and(welfare_case::opened_at.lt(Col(ended))))
        .order((welfare_case::opened_at, welfare_case::id))
        .limit(limit)
        .select((
            welfare_case::place_code,
            welfare_case::concern,
            welfare_case::opened_at,
            welfare_case::closed_at,
            welfare_case::finding,
        ))
        .load::<Row>(conn)?;
    let figures = |(Col(place), Word(concern), Col(opened_at), closed_at, finding): Row| CaseFigures {
        place,
        concern,
        opened_at,
        closed: closed_at.zip(finding).map(|(Col(at), Word(finding))| (at, finding)),
    };
    Ok(rows.into_iter().map(figures).collect())
}
