//! The kitchen's marks and commands, and what a board is read from.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::catalogue::SittingRow;
use crate::query::rows::{OrderLineRow, OrderRow};
use crate::schema::{dish, kitchen_command, kitchen_mark, kitchen_ticket, meal_order, menu_item, order_line, sitting};
use crate::shown;
use diesel::prelude::*;
use domain::diet::{PortionSize, Texture};
use domain::id::{CanteenId, DeviceId, DishId, KitchenCommandId, OrderId, SittingId, UserId};
use domain::kitchen::Stage;
use domain::{Instant, ServiceDate};

/// How far one line of an order was said to be.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = kitchen_mark, treat_none_as_null = true, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct MarkRow {
    pub order_id: Col<OrderId>,
    pub dish_id: Col<DishId>,
    pub stage: Word<Stage>,
    pub quantity: i64,
    pub texture: Word<Texture>,
    pub exceptions: String,
    pub device_id: Option<Col<DeviceId>>,
    pub user_id: Option<Col<UserId>>,
    pub changed_at: Col<Instant>,
    pub size: Word<PortionSize>,
}

/// What was said of a whole ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = kitchen_ticket, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct TicketRow {
    pub order_id: Col<OrderId>,
    pub bumped: bool,
    pub acked_version: i64,
}

/// A command of a display.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = kitchen_command, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct CommandRow {
    pub id: Col<KitchenCommandId>,
    pub canteen_id: Col<CanteenId>,
    pub sitting_id: Col<SittingId>,
    pub device_id: Option<Col<DeviceId>>,
    pub user_id: Option<Col<UserId>>,
    pub content: Vec<u8>,
    pub seq: i64,
    pub at: Col<Instant>,
}

/// A whole sitting as its board is made from: whatever was ever ordered, and what the kitchen said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SittingTables {
    /// Orders in any state.
    pub orders: Vec<OrderRow>,
    /// Their lines with the dishes' names.
    pub lines: Vec<(OrderLineRow, String)>,
    /// Marks.
    pub marks: Vec<MarkRow>,
    /// Words on whole tickets.
    pub tickets: Vec<TicketRow>,
    /// Dishes that ran out.
    pub stopped: Vec<DishId>,
}

/// Reads a sitting: five statements, whatever its size.
pub fn tables_of(conn: &mut AnyConnection, of: SittingId) -> Result<SittingTables, StoreError> {
    let orders = meal_order::table.filter(meal_order::sitting_id.eq(Col(of))).select(OrderRow::as_select()).load(conn)?;
    let lines = order_line::table
        .inner_join(meal_order::table.on(meal_order::id.eq(order_line::order_id)))
        .inner_join(dish::table.on(dish::id.eq(order_line::dish_id)))
        .filter(meal_order::sitting_id.eq(Col(of)))
        .select((OrderLineRow::as_select(), dish::name))
        .load(conn)?;
    let marks = kitchen_mark::table
        .inner_join(meal_order::table.on(meal_order::id.eq(kitchen_mark::order_id)))
        .filter(meal_order::sitting_id.eq(Col(of)))
        .select(MarkRow::as_select())
        .load(conn)?;
    let tickets = kitchen_ticket::table
        .inner_join(meal_order::table.on(meal_order::id.eq(kitchen_ticket::order_id)))
        .filter(meal_order::sitting_id.eq(Col(of)))
        .select(TicketRow::as_select())
        .load(conn)?;
    let stopped = menu_item::table
        .filter(menu_item::sitting_id.eq(Col(of)))
        .filter(menu_item::stopped.eq(true))
        .select(menu_item::dish_id)
        .load::<Col<DishId>>(conn)?;
    Ok(SittingTables { orders, lines, marks, tickets, stopped: stopped.into_iter().map(|Col(id)| id).collect() })
}

/// The marks of one order.
pub fn marks(conn: &mut AnyConnection, of: OrderId) -> Result<Vec<MarkRow>, StoreError> {
    Ok(kitchen_mark::table.filter(kitchen_mark::order_id.eq(Col(of))).select(MarkRow::as_select()).load(conn)?)
}

/// What was said of one ticket.
pub fn ticket(conn: &mut AnyConnection, of: OrderId) -> Result<Option<TicketRow>, StoreError> {
    Ok(kitchen_ticket::table.find(Col(of)).select(TicketRow::as_select()).get_result(conn).optional()?)
}

/// Sets a mark.
pub fn set_mark(conn: &mut AnyConnection, row: &MarkRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(kitchen_mark::table)
        .values(row)
        .on_conflict((kitchen_mark::order_id, kitchen_mark::dish_id))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// Sets what is said of a whole ticket.
pub fn set_ticket(conn: &mut AnyConnection, row: &TicketRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(kitchen_ticket::table)
        .values(row)
        .on_conflict(kitchen_ticket::order_id)
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// Whether a dish of a sitting's menu is stopped; `None` when it is not on the menu.
pub fn is_stopped(conn: &mut AnyConnection, of: SittingId, dish: DishId) -> Result<Option<bool>, StoreError> {
    Ok(menu_item::table
        .filter(menu_item::sitting_id.eq(Col(of)))
        .filter(menu_item::dish_id.eq(Col(dish)))
        .select(menu_item::stopped)
        .first(conn)
        .optional()?)
}

/// Stops a dish of a sitting's menu, or puts it back.
pub fn set_stopped(conn: &mut AnyConnection, of: SittingId, dish: DishId, stopped: bool) -> Result<(), StoreError> {
    let item = menu_item::table.filter(menu_item::sitting_id.eq(Col(of))).filter(menu_item::dish_id.eq(Col(dish)));
    diesel::update(item).set(menu_item::stopped.eq(stopped)).execute(conn)?;
    Ok(())
}

/// The command of that client-made identifier.
pub fn command(conn: &mut AnyConnection, id: KitchenCommandId) -> Result<Option<CommandRow>, StoreError> {
    Ok(kitchen_command::table.find(Col(id)).select(CommandRow::as_select()).get_result(conn).optional()?)
}

/// Keeps a command.
pub fn add_command(conn: &mut AnyConnection, row: &CommandRow) -> Result<(), StoreError> {
    diesel::insert_into(kitchen_command::table).values(row).execute(conn)?;
    Ok(())
}

/// A canteen's sittings of some days, both ends included, in the order in which they are served.
pub fn sittings(
    conn: &mut AnyConnection,
    of: CanteenId,
    from: ServiceDate,
    to: ServiceDate,
) -> Result<Vec<SittingRow>, StoreError> {
    Ok(sitting::table
        .filter(sitting::canteen_id.eq(Col(of)))
        .filter(sitting::service_date.between(Col(from), Col(to)))
        .filter(shown!(sitting))
        .order((sitting::serve_from_at, sitting::id))
        .select(SittingRow::as_select())
        .load(conn)?)
}
