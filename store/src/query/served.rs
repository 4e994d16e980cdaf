//! Served meals as they are searched for what does not fit: by day and canteen, by person, by who confirmed them.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::redemptions::accepted;
use crate::query::seniors::FactRow;
use crate::schema::{canteen, dish_batch, import_job, meal_order, order_line, redemption, senior_fact, sitting};
use crate::shown;
use diesel::dsl::{count, count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::anomaly::kitchen::Pan;
use domain::anomaly::peers::MonthFigures;
use domain::anomaly::{Evidence, Served};
use domain::batch::BatchState;
use domain::food_safety::Holding;
use domain::id::{CanteenId, DeviceId, DishId, FactId, OrderId, RedemptionId, SeniorId, UserId};
use domain::order::{OrderState, RedemptionMethod};
use domain::subsidy::FactKind;
use domain::text_enum::TextEnum;
use domain::{Channel, Instant, MealPeriod, PlaceCode, ServiceDate};

/// A canteen whose day is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct ServingCanteen {
    pub id: Col<CanteenId>,
    pub place: Col<PlaceCode>,
    pub central_kitchen: Option<Col<CanteenId>>,
}

/// A served meal with its date and meal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct ServedRow {
    pub order_id: Col<OrderId>,
    pub redemption_id: Col<RedemptionId>,
    pub canteen_id: Col<CanteenId>,
    pub senior_id: Option<Col<SeniorId>>,
    pub device_id: Option<Col<DeviceId>>,
    pub recorded_by: Option<Col<UserId>>,
    pub method: Word<RedemptionMethod>,
    pub channel: Word<Channel>,
    pub served_at: Col<Instant>,
    pub service_date: Col<ServiceDate>,
}

impl ServedRow {
    /// As the rules look at it.
    #[must_use]
    pub fn served(&self) -> Served {
        Served {
            order: self.order_id.0,
            redemption: self.redemption_id.0,
            canteen: self.canteen_id.0,
            senior: self.senior_id.map(|Col(id)| id),
            device: self.device_id.map(|Col(id)| id),
            by: self.recorded_by.map(|Col(id)| id),
            method: self.method.0,
            channel: self.channel.0,
            at: self.served_at.0,
        }
    }
}

/// The columns of a [`ServedRow`].
macro_rules! served_columns {
    () => {
        (
            meal_order::id,
            redemption::id,
            meal_order::canteen_id,
            meal_order::senior_id,
            redemption::device_id,
            redemption::recorded_by,
            redemption::method,
            meal_order::channel,
            redemption::served_at,
            meal_order::service_date,
        )
    };
}

/// Meals with evidence, by way of their sittings, which are found by canteen and date.
macro_rules! proven_meals {
    () => {
        // Hidden too: an order is of a sitting that was seen.
        sitting::table
            .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
            .inner_join(redemption::table.on(redemption::order_id.eq(meal_order::id)))
            .filter(accepted!())
    };
}

/// A kitchen and the canteens that it supplies.
macro_rules! of_kitchen {
    ($kitchen:expr) => {
        canteen::id.eq(Col($kitchen)).or(canteen::central_kitchen_id.eq(Col($kitchen)).assume_not_null())
    };
}

/// What stands on somebody's word.
const BY_WORD: [Word<RedemptionMethod>; 3] =
    [Word(RedemptionMethod::Signature), Word(RedemptionMethod::Photo), Word(RedemptionMethod::DeliveryCode)];

/// The next canteens with a sitting on a date after one, by identifier.
pub fn canteens_on(
    conn: &mut AnyConnection,
    on: ServiceDate,
    after: Option<CanteenId>,
    limit: i64,
) -> Result<Vec<ServingCanteen>, StoreError> {
    let after = after.unwrap_or_else(|| CanteenId::from_uuid(uuid::Uuid::nil()));
    // Hidden too: a sitting that nobody has seen has no orders, and nothing is found at it.
    Ok(sitting::table
        .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
        .filter(sitting::service_date.eq(Col(on)))
        .filter(canteen::id.gt(Col(after)))
        .order(canteen::id)
        .select((canteen::id, canteen::place_code, canteen::central_kitchen_id))
        .distinct()
        .limit(limit)
        .load(conn)?)
}

/// One canteen.
pub fn canteen(conn: &mut AnyConnection, id: CanteenId) -> Result<Option<ServingCanteen>, StoreError> {
    let columns = (canteen::id, canteen::place_code, canteen::central_kitchen_id);
    Ok(canteen::table.find(Col(id)).select(columns).get_result(conn).optional()?)
}

/// What a canteen served on a date, by time; at most `limit`.
pub fn of_canteen(conn: &mut AnyConnection, of: CanteenId, on: ServiceDate, limit: i64) -> Result<Vec<ServedRow>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    Ok(proven_meals!()
        .filter(sitting::canteen_id.eq(Col(of)))
        .filter(sitting::service_date.eq(Col(on)))
        .order((redemption::served_at, redemption::id))
        .limit(limit)
        .select(served_columns!())
        .load(conn)?)
}

/// Who had one meal of a date at more than one canteen.
pub fn at_several_canteens(
    conn: &mut AnyConnection,
    on: ServiceDate,
    limit: i64,
) -> Result<Vec<(SeniorId, MealPeriod)>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    let rows = on_each!(conn, c => proven_meals!()
        .filter(sitting::service_date.eq(Col(on)))
        .filter(meal_order::senior_id.is_not_null())
        .group_by((meal_order::senior_id, meal_order::meal))
        .having(count(meal_order::canteen_id).aggregate_distinct().gt(1))
        .order((meal_order::senior_id, meal_order::meal))
        .limit(limit)
        .select((meal_order::senior_id, meal_order::meal))
        .load::<(Option<Col<SeniorId>>, Word<MealPeriod>)>(c))?;
    Ok(rows.into_iter().filter_map(|(senior, Word(meal))| senior.map(|Col(senior)| (senior, meal))).collect())
}

/// The served meals of a person between two dates, both included, by time; at most `limit`.
pub fn of_senior(
    conn: &mut AnyConnection,
    of: SeniorId,
    (from, to): (ServiceDate, ServiceDate),
    limit: i64,
) -> Result<Vec<(ServedRow, MealPeriod)>, StoreError> {
    let rows = meal_order::table
        .inner_join(redemption::table.on(redemption::order_id.eq(meal_order::id)))
        .filter(accepted!())
        .filter(meal_order::senior_id.eq(Some(Col(of))))
        .filter(meal_order::service_date.between(Col(from), Col(to)))
        .order((redemption::served_at, redemption::id))
        .limit(limit)
        .select((served_columns!(), meal_order::meal))
        .load::<(ServedRow, Word<MealPeriod>)>(conn)?;
    Ok(rows.into_iter().map(|(row, Word(meal))| (row, meal)).collect())
}

/// Who confirmed meals of a date by their word at more than one canteen.
pub fn confirmed_at_several(conn: &mut AnyConnection, on: ServiceDate, limit: i64) -> Result<Vec<UserId>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    let rows = on_each!(conn, c => proven_meals!()
        .filter(sitting::service_date.eq(Col(on)))
        .filter(redemption::method.eq_any(BY_WORD))
        .filter(redemption::recorded_by.is_not_null())
        .group_by(redemption::recorded_by)
        .having(count(meal_order::canteen_id).aggregate_distinct().gt(1))
        .order(redemption::recorded_by)
        .limit(limit)
        .select(redemption::recorded_by)
        .load::<Option<Col<UserId>>>(c))?;
    Ok(rows.into_iter().flatten().map(|Col(user)| user).collect())
}

/// What somebody confirmed by their word on a date, wherever; by time, at most `limit`.
pub fn confirmed_by(conn: &mut AnyConnection, by: UserId, on: ServiceDate, limit: i64) -> Result<Vec<ServedRow>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    Ok(proven_meals!()
        .filter(sitting::service_date.eq(Col(on)))
        .filter(redemption::method.eq_any(BY_WORD))
        .filter(redemption::recorded_by.eq(Some(Col(by))))
        .order((redemption::served_at, redemption::id))
        .limit(limit)
        .select(served_columns!())
        .load(conn)?)
}

/// Kinds of facts by which nobody comes to eat.
fn kinds() -> [&'static str; 2] {
    [FactKind::Death.as_str(), FactKind::Institution.as_str()]
}

/// Meals of a canteen on a date of people of whom a fact says that they died by then, or are away; at most `limit`.
pub fn against_facts(
    conn: &mut AnyConnection,
    of: CanteenId,
    on: ServiceDate,
    limit: i64,
) -> Result<Vec<(FactRow, ServedRow)>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    Ok(proven_meals!()
        .inner_join(senior_fact::table.on(senior_fact::senior_id.nullable().eq(meal_order::senior_id)))
        .filter(sitting::canteen_id.eq(Col(of)))
        .filter(sitting::service_date.eq(Col(on)))
        .filter(senior_fact::kind.eq_any(kinds()))
        .filter(senior_fact::valid_from.le(Col(on)))
        .filter(shown!(senior_fact))
        .order((senior_fact::id, redemption::served_at, redemption::id))
        .limit(limit)
        .select((FactRow::as_select(), served_columns!()))
        .load(conn)?)
}

/// Facts by which nobody comes to eat that became known since a moment, by themselves or with their import; the next after one.
pub fn facts_since(
    conn: &mut AnyConnection,
    since: Instant,
    after: Option<FactId>,
    limit: i64,
) -> Result<Vec<FactRow>, StoreError> {
    let after = after.unwrap_or_else(|| FactId::from_uuid(uuid::Uuid::nil()));
    let known = senior_fact::recorded_at.ge(Col(since)).or(import_job::changed_at.ge(Col(since)).assume_not_null());
    Ok(senior_fact::table
        .left_join(import_job::table.on(senior_fact::import_id.eq(import_job::id.nullable())))
        .filter(senior_fact::kind.eq_any(kinds()))
        .filter(shown!(senior_fact))
        .filter(known)
        .filter(senior_fact::id.gt(Col(after)))
        .order(senior_fact::id)
        .limit(limit)
        .select(FactRow::as_select())
        .load(conn)?)
}

diesel::allow_columns_to_appear_in_same_group_by_clause!(sitting::meal, order_line::dish_id);

/// Portions served of each dish at each meal of a date, by a kitchen and the canteens that it supplies; guests ate too.
pub fn portions(
    conn: &mut AnyConnection,
    kitchen: CanteenId,
    on: ServiceDate,
) -> Result<Vec<(MealPeriod, DishId, i64)>, StoreError> {
    // sum() of BIGINT is NUMERIC on PostgreSQL.
    let portions = sql::<BigInt>("CAST(SUM(order_line.quantity) AS BIGINT)");
    // Hidden too: an order is of a sitting that was seen.
    let rows = on_each!(conn, c => sitting::table
        .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
        .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
        .inner_join(order_line::table.on(order_line::order_id.eq(meal_order::id)))
        .filter(of_kitchen!(kitchen))
        .filter(sitting::service_date.eq(Col(on)))
        .filter(meal_order::state.eq(Word(OrderState::Served)))
        .group_by((sitting::meal, order_line::dish_id))
        .order((sitting::meal, order_line::dish_id))
        .select((sitting::meal, order_line::dish_id, portions))
        .load::<(Word<MealPeriod>, Col<DishId>, i64)>(c))?;
    Ok(rows.into_iter().map(|(Word(meal), Col(dish), n)| (meal, dish, n)).collect())
}

/// Batches of a kitchen and the canteens that it supplies, of a date and the day before.
pub fn pans(conn: &mut AnyConnection, kitchen: CanteenId, on: ServiceDate, limit: i64) -> Result<Vec<Pan>, StoreError> {
    type Row =
        (Col<ServiceDate>, Word<MealPeriod>, Col<DishId>, Word<BatchState>, Option<Col<Instant>>, Word<Holding>, i64, Option<i64>);
    // Hidden too: a batch is cooked for a sitting that was seen.
    let rows = dish_batch::table
        .inner_join(canteen::table.on(canteen::id.eq(dish_batch::canteen_id)))
        .inner_join(sitting::table.on(sitting::id.eq(dish_batch::sitting_id)))
        .filter(of_kitchen!(kitchen))
        .filter(dish_batch::service_date.between(Col(on.plus_days(-1)), Col(on)))
        .order(dish_batch::id)
        .limit(limit)
        .select((
            dish_batch::service_date,
            sitting::meal,
            dish_batch::dish_id,
            dish_batch::state,
            dish_batch::released_at,
            dish_batch::holding,
            dish_batch::planned_portions,
            dish_batch::made_portions,
        ))
        .load::<Row>(conn)?;
    let pan = |(Col(on), Word(meal), Col(dish), Word(state), released_at, Word(holding), planned, made): Row| Pan {
        on,
        meal,
        dish,
        state,
        released: released_at.is_some(),
        holding,
        // What was counted, or what was planned where nobody counted.
        portions: made.unwrap_or(planned),
    };
    Ok(rows.into_iter().map(pan).collect())
}

/// The served orders of a dish at a meal of a kitchen: how many, and the last `limit` of them.
pub fn with_dish(
    conn: &mut AnyConnection,
    kitchen: CanteenId,
    (on, meal, dish): (ServiceDate, MealPeriod, DishId),
    limit: i64,
) -> Result<(i64, Vec<Evidence>), StoreError> {
    type Row = (Col<OrderId>, Option<Col<RedemptionId>>, Col<CanteenId>, Option<Col<Instant>>, Col<Instant>);
    macro_rules! orders {
        () => {
            // Hidden too: an order is of a sitting that was seen.
            sitting::table
                .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
                .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
                .inner_join(order_line::table.on(order_line::order_id.eq(meal_order::id)))
                .filter(of_kitchen!(kitchen))
                .filter(sitting::service_date.eq(Col(on)))
                .filter(sitting::meal.eq(Word(meal)))
                .filter(order_line::dish_id.eq(Col(dish)))
                .filter(meal_order::state.eq(Word(OrderState::Served)))
        };
    }
    let total = orders!().select(count(meal_order::id).aggregate_distinct()).get_result::<i64>(conn)?;
    let proof = redemption::table.on(redemption::order_id.eq(meal_order::id).and(accepted!()));
    let rows = orders!()
        .left_join(proof)
        .order((meal_order::changed_at.desc(), meal_order::id))
        .limit(limit)
        .select((
            meal_order::id,
            redemption::id.nullable(),
            meal_order::canteen_id,
            redemption::served_at.nullable(),
            meal_order::changed_at,
        ))
        .load::<Row>(conn)?;
    let evidence = |(Col(order), redemption, Col(canteen), served_at, Col(changed_at)): Row| Evidence {
        at: served_at.map_or(changed_at, |Col(at)| at),
        order,
        redemption: redemption.map(|Col(id)| id),
        canteen,
    };
    Ok((total, rows.into_iter().map(evidence).collect()))
}

/// What a canteen served between two dates, both included: meals with evidence, and how many people had them.
pub fn month_figures(
    conn: &mut AnyConnection,
    of: CanteenId,
    (from, to): (ServiceDate, ServiceDate),
) -> Result<MonthFigures, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    let (meals, seniors) = proven_meals!()
        .filter(sitting::canteen_id.eq(Col(of)))
        .filter(sitting::service_date.between(Col(from), Col(to)))
        .filter(meal_order::senior_id.is_not_null())
        .select((count_star(), count(meal_order::senior_id).aggregate_distinct()))
        .get_result::<(i64, i64)>(conn)?;
    Ok(MonthFigures { canteen: of, meals, seniors })
}

/// The next canteens by place, after one; at most `limit`.
pub fn canteens_by_place(
    conn: &mut AnyConnection,
    after: Option<(PlaceCode, CanteenId)>,
    limit: i64,
) -> Result<Vec<ServingCanteen>, StoreError> {
    let mut query = canteen::table.select((canteen::id, canteen::place_code, canteen::central_kitchen_id)).into_boxed();
    if let Some((place, id)) = after {
        let next = canteen::place_code.eq(Col(place.clone())).and(canteen::id.gt(Col(id)));
        query = query.filter(canteen::place_code.gt(Col(place)).or(next));
    }
    Ok(query.order((canteen::place_code, canteen::id)).limit(limit).load(conn)?)
}
