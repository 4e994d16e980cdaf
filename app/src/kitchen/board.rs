//! A sitting from the tables, read once: its board, the same as the projection of the log, its count, and whose demand it is.

use crate::orders::view;
use domain::Instant;
use domain::event::OrderView;
use domain::id::{DishId, OrderId, SittingId};
use domain::kitchen::{self, Board, Count, DishShort, LineMark, Ticket};
use domain::order::OrderState;
use std::collections::{BTreeSet, HashMap};
use store::StoreError;
use store::conn::AnyConnection;
use store::query::kitchen::{MarkRow, SittingTables, TicketRow, tables_of};
use store::query::rows::{OrderLineRow, OrderRow};

/// Whatever was ever ordered at a sitting, and what the kitchen said of it.
pub(crate) struct Whole {
    sitting: SittingId,
    /// By number.
    orders: Vec<(OrderView, Instant)>,
    marks: HashMap<OrderId, Vec<MarkRow>>,
    words: HashMap<OrderId, TicketRow>,
    stopped: BTreeSet<DishId>,
    short: Vec<DishShort>,
}

/// Reads a sitting.
pub(crate) fn read(conn: &mut AnyConnection, sitting: SittingId) -> Result<Whole, StoreError> {
    let SittingTables { mut orders, lines, marks, tickets, stopped } = tables_of(conn, sitting)?;
    let mut lines_of: HashMap<OrderId, Vec<(OrderLineRow, String)>> = HashMap::with_capacity(orders.len());
    for line in lines {
        lines_of.entry(line.0.order_id.0).or_default().push(line);
    }
    let mut marks_of: HashMap<OrderId, Vec<MarkRow>> = HashMap::new();
    for mark in marks {
        marks_of.entry(mark.order_id.0).or_default().push(mark);
    }
    orders.sort_unstable_by_key(|row| row.order_no);
    let seen = |row: &OrderRow| {
        let mut lines = lines_of.remove(&row.id.0).unwrap_or_default();
        lines.sort_unstable_by_key(|(line, _)| line.id.0);
        (view::of(row, &lines), row.changed_at.0)
    };
    Ok(Whole {
        sitting,
        orders: orders.iter().map(seen).collect(),
        marks: marks_of,
        words: tickets.into_iter().map(|row| (row.order_id.0, row)).collect(),
        stopped: stopped.into_iter().collect(),
        short: crate::batches::yields::short_of(conn, sitting)?,
    })
}

/// The board of a sitting.
pub fn load(conn: &mut AnyConnection, sitting: SittingId) -> Result<Board, StoreError> {
    let whole = read(conn, sitting)?;
    let board = whole.board_of(|_| true).with_real(super::real::shown(conn, sitting)?);
    Ok(board.with_short(whole.short))
}

impl Whole {
    fn board_of(&self, wanted: impl Fn(&OrderView) -> bool) -> Board {
        let tickets = self.orders.iter().filter(|(view, _)| wanted(view)).map(|(view, changed)| {
            let marks = self.marks.get(&view.order).map_or(&[][..], Vec::as_slice);
            ticket(view, *changed, marks, self.words.get(&view.order))
        });
        Board::from_parts(self.sitting, tickets, self.stopped.clone())
    }

    /// How many of what, for whom: of the demand set, and of nothing else.
    pub fn count(&self) -> Count {
        kitchen::count(&self.board_of(is_wanted))
    }

    /// The orders of the demand set, by number, and who of them goes without a dish.
    pub fn wanted(self) -> (Vec<OrderView>, Vec<DishShort>) {
        (self.orders.into_iter().map(|(view, _)| view).filter(is_wanted).collect(), self.short)
    }
}

/// Whether an order is of the demand set: it is to be eaten, or was.
const fn is_wanted(order: &OrderView) -> bool {
    matches!(order.state, OrderState::Confirmed | OrderState::Served)
}

/// One ticket from its order and what the kitchen said of it.
#[must_use]
pub fn ticket(view: &OrderView, changed_at: Instant, marks: &[MarkRow], word: Option<&TicketRow>) -> Ticket {
    let mut marks: Vec<LineMark> = marks.iter().map(line_mark).collect();
    marks.sort_by_key(|mark| mark.dish);
    Ticket {
        marks,
        bumped: word.is_some_and(|w| w.bumped),
        acked: word.map_or(0, |w| w.acked_version),
        ..Ticket::of(view, changed_at)
    }
}

fn line_mark(row: &MarkRow) -> LineMark {
    LineMark {
        dish: row.dish_id.0,
        stage: row.stage.0,
        // The column's CHECK keeps it between 1 and 20.
        quantity: u32::try_from(row.quantity).unwrap_or(0),
        texture: row.texture.0,
        size: row.size.0,
        exceptions: row.exceptions.split(',').filter(|e| !e.is_empty()).map(str::to_owned).collect(),
    }
}
