//! A board from the tables: the same as the projection of the log, read at once.

use domain::id::SittingId;
use domain::kitchen::{Board, LineMark, Ticket};
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::conn::AnyConnection;
use store::query::kitchen::{self, MarkRow, SittingTables, TicketRow};
use store::query::rows::{OrderLineRow, OrderRow};

/// Reads the board of a sitting.
pub fn load(conn: &mut AnyConnection, sitting: SittingId) -> Result<Board, StoreError> {
    let SittingTables { orders, lines, marks, tickets, stopped } = kitchen::tables_of(conn, sitting)?;
    let mut lines_of: BTreeMap<_, Vec<(OrderLineRow, String)>> = BTreeMap::new();
    for line in lines {
        lines_of.entry(line.0.order_id.0).or_default().push(line);
    }
    let mut marks_of: BTreeMap<_, Vec<MarkRow>> = BTreeMap::new();
    for mark in marks {
        marks_of.entry(mark.order_id.0).or_default().push(mark);
    }
    let words: BTreeMap<_, TicketRow> = tickets.into_iter().map(|row| (row.order_id.0, row)).collect();
    let ticket = |row: &OrderRow| {
        let id = row.id.0;
        ticket(row, &lines_of.remove(&id).unwrap_or_default(), &marks_of.remove(&id).unwrap_or_default(), words.get(&id))
    };
    let tickets: Vec<Ticket> = orders.iter().map(ticket).collect();
    let board = Board::from_parts(sitting, tickets, stopped.into_iter().collect::<BTreeSet<_>>());
    Ok(board.with_real(super::real::shown(conn, sitting)?).with_short(crate::batches::yields::short_of(conn, sitting)?))
}

/// One ticket from its rows.
#[must_use]
pub fn ticket(row: &OrderRow, lines: &[(OrderLineRow, String)], marks: &[MarkRow], word: Option<&TicketRow>) -> Ticket {
    let view = crate::orders::view::of(row, lines);
    let mut marks: Vec<LineMark> = marks.iter().map(line_mark).collect();
    marks.sort_by_key(|mark| mark.dish);
    Ticket {
        marks,
        bumped: word.is_some_and(|w| w.bumped),
        acked: word.map_or(0, |w| w.acked_version),
        ..Ticket::of(&view, row.changed_at.0)
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
