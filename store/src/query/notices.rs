//! What people want to be told, and who is to be told of a meal.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::rows::OrderRow;
use crate::schema::{dish_without, meal_order, menu_item, notice_setting, order_line};
use diesel::prelude::*;
use domain::Instant;
use domain::id::{DishId, OrderId, SittingId, UserId};
use domain::notice::{NoticeEvent, NoticeLanguage};
use domain::order::OrderState;

/// A user's settings.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = notice_setting, primary_key(user_id), treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SettingRow {
    pub user_id: Col<UserId>,
    pub language: Word<NoticeLanguage>,
    pub off: String,
    pub mail_enc: Option<Vec<u8>>,
    pub mail_proved_at: Option<Col<Instant>>,
    pub mail_code_hash: Option<Vec<u8>>,
    pub mail_code_expires_at: Option<Col<Instant>>,
    pub mail_code_attempts: i64,
}

impl SettingRow {
    /// What holds for a user who has set nothing.
    #[must_use]
    pub const fn usual(user: UserId) -> Self {
        Self {
            user_id: Col(user),
            language: Word(NoticeLanguage::Chinese),
            off: String::new(),
            mail_enc: None,
            mail_proved_at: None,
            mail_code_hash: None,
            mail_code_expires_at: None,
            mail_code_attempts: 0,
        }
    }
}

/// A user's settings, when they have set any.
pub fn setting(conn: &mut AnyConnection, user: UserId) -> Result<Option<SettingRow>, StoreError> {
    Ok(notice_setting::table.find(Col(user)).select(SettingRow::as_select()).get_result(conn).optional()?)
}

/// Keeps a user's settings.
pub fn put_setting(conn: &mut AnyConnection, row: &SettingRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(notice_setting::table)
        .values(row)
        .on_conflict(notice_setting::user_id)
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// Confirmed orders of seniors at a sitting after an order number, by number; with a dish, only those that have it and whom the
/// event concerns.
pub fn orders_to_tell(
    conn: &mut AnyConnection,
    event: NoticeEvent,
    (of, dish): (SittingId, Option<DishId>),
    after_no: i64,
    limit: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    let mut query = meal_order::table
        .filter(meal_order::sitting_id.eq(Col(of)))
        .filter(meal_order::state.eq(Word(OrderState::Confirmed)))
        .filter(meal_order::senior_id.is_not_null())
        .filter(meal_order::order_no.gt(after_no))
        .order(meal_order::order_no)
        .limit(limit)
        .select(OrderRow::as_select())
        .into_boxed();
    if let Some(dish) = dish {
        let lines = order_line::table.filter(order_line::dish_id.eq(Col(dish))).select(order_line::order_id);
        query = match event {
            NoticeEvent::DishUnfit => {
                let unfit = lines.filter(order_line::exceptions.ne("")).filter(order_line::override_reason.eq(""));
                query.filter(meal_order::id.eq_any(unfit))
            }
            NoticeEvent::DishShort => {
                let without =
                    dish_without::table.filter(dish_without::sitting_id.eq(Col(of))).filter(dish_without::dish_id.eq(Col(dish)));
                query.filter(meal_order::id.eq_any(lines)).filter(meal_order::id.eq_any(without.select(dish_without::order_id)))
            }
            _ => query.filter(meal_order::id.eq_any(lines)),
        };
    }
    Ok(query.load(conn)?)
}

/// Whether an order has a dish that is stopped.
pub fn has_stopped(conn: &mut AnyConnection, order: OrderId, dish: DishId) -> Result<bool, StoreError> {
    let found = order_line::table
        .inner_join(menu_item::table.on(menu_item::id.eq(order_line::menu_item_id)))
        .filter(order_line::order_id.eq(Col(order)))
        .filter(order_line::dish_id.eq(Col(dish)))
        .filter(menu_item::stopped.eq(true))
        .select(order_line::id)
        .first::<Col<domain::id::OrderLineId>>(conn)
        .optional()?;
    Ok(found.is_some())
}
