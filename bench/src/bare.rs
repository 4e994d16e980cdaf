//! The physical limit: the rows of real orders, written by the bare drivers with nothing else in the way.
//!
//! 64 orders a transaction, one prepared multi-row INSERT a table, the same schema, indexes, constraints and durability, the same
//! sealed columns: only the thinking is left out.

pub mod postgres;
pub mod sqlite;

use crate::BenchError;
use std::time::Instant;

/// Orders in a transaction.
pub const ORDERS_A_TRANSACTION: usize = 64;

/// The tables that an order adds rows to, in the order of their foreign keys, each with the column that names the order. The kept
/// answers name none; they are taken in the order of their making, one an order.
pub const TABLES: [(&str, Option<&str>); 7] = [
    ("meal_order", Some("id")),
    ("order_line", Some("order_id")),
    ("decision", Some("order_id")),
    ("allowance_use", Some("order_id")),
    ("transfer", Some("order_id")),
    ("event", Some("subject_id")),
    ("idempotency", None),
];

/// Rows of one table in one transaction: values row after row.
#[derive(Debug, Clone)]
pub struct Block<V> {
    /// The table.
    pub table: &'static str,
    /// How many columns.
    pub columns: usize,
    /// All values, row by row.
    pub values: Vec<V>,
}

/// One transaction's rows.
pub type Batch<V> = Vec<Block<V>>;

/// A table's name, its number of columns, and its rows, each with the order it belongs to when it names one.
type TableRows<V> = (&'static str, usize, Vec<(Option<Vec<u8>>, Vec<V>)>);

/// What reading took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Read {
    /// Rows.
    pub rows: u64,
    /// How long.
    pub seconds: f64,
}

/// What is only read: the identifiers by which it is shared out among connections, and a query that goes on with `BETWEEN`.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    by: &'static str,
    rows: &'static str,
}

/// Every decision with what its order tells, by the person: the index of orders by senior, then both tables.
pub const DECISIONS: Reading = Reading {
    by: "SELECT id FROM senior ORDER BY id",
    rows: "SELECT d.trace, d.decided_at, o.id, o.canteen_id, o.service_date, o.meal, o.channel, o.state, o.price_fen, \
        o.delivery_fee_fen, o.changed_at FROM meal_order o JOIN decision d ON d.order_id = o.id WHERE o.senior_id",
};

/// Every movement to a canteen that has evidence, by the canteen, with what the lines of a claim tell.
pub const POSTED: Reading = Reading {
    by: "SELECT id FROM canteen ORDER BY id",
    rows: "SELECT d.trace, t.id, o.id, r.id, a.funder, t.amount_fen, o.service_date, o.meal, o.order_no, o.senior_name, r.method, \
        r.served_at FROM sitting s JOIN meal_order o ON o.sitting_id = s.id JOIN transfer t ON t.order_id = o.id \
        JOIN ledger_account a ON a.id = t.credit_id JOIN redemption r ON r.order_id = o.id JOIN decision d ON d.order_id = o.id \
        WHERE t.phase = 'post' AND a.kind = 'canteen_claim' AND r.state = 'accepted' AND s.canteen_id",
};

/// Every order of a sitting with its lines, by the sitting.
pub const LINES: Reading = Reading {
    by: "SELECT id FROM sitting ORDER BY id",
    rows: "SELECT o.senior_name, o.id, o.order_no, o.version, o.accepted_at, o.changed_at, o.note, l.dish_id, l.menu_item_id, l.quantity, \
        l.texture, l.exceptions FROM meal_order o JOIN order_line l ON l.order_id = o.id WHERE o.sitting_id",
};

/// Reads between the first and the last of so many runs of persons, each on a thread of its own.
fn side_by_side(
    ids: &[Vec<u8>],
    connections: usize,
    read: impl Fn(&[u8], &[u8]) -> Result<u64, BenchError> + Sync,
) -> Result<Read, BenchError> {
    let began = Instant::now();
    let runs = ids.chunks(ids.len().div_ceil(connections.max(1)).max(1));
    let read = &read;
    let rows = std::thread::scope(|scope| {
        let all: Vec<_> =
            runs.filter_map(|run| Some((run.first()?, run.last()?))).map(|(a, b)| scope.spawn(move || read(a, b))).collect();
        let joined = all.into_iter().map(|one| one.join().map_err(|_| BenchError::Other("a reader stopped".into()))?);
        joined.sum::<Result<u64, BenchError>>()
    })?;
    Ok(Read { rows, seconds: began.elapsed().as_secs_f64() })
}

/// Groups the rows of each table by order and cuts them into transactions. `orders` are the identifiers in the order of their making.
fn batches<V: Clone>(orders: &[Vec<u8>], tables: Vec<TableRows<V>>) -> Vec<Batch<V>> {
    use std::collections::HashMap;
    let number: HashMap<&[u8], usize> = orders.iter().enumerate().map(|(n, id)| (id.as_slice(), n)).collect();
    let mut all: Vec<Batch<V>> = vec![Vec::new(); orders.len().div_ceil(ORDERS_A_TRANSACTION)];
    for (table, columns, rows) in tables {
        let mut blocks: Vec<Vec<V>> = vec![Vec::new(); all.len()];
        for (at, (order, values)) in rows.into_iter().enumerate() {
            let place = match order {
                Some(id) => number.get(id.as_slice()).copied(),
                None => Some(at),
            };
            if let Some(block) = place.and_then(|n| blocks.get_mut(n / ORDERS_A_TRANSACTION)) {
                block.extend(values);
            }
        }
        for (batch, values) in all.iter_mut().zip(blocks) {
            if !values.is_empty() {
                batch.push(Block { table, columns, values });
            }
        }
    }
    all
}

/// `INSERT INTO t VALUES (p1, ..), (..)` with the database's way of naming a parameter.
fn insert_text(table: &str, columns: usize, rows: usize, parameter: impl Fn(usize) -> String) -> String {
    let row = |r: usize| {
        let names: Vec<String> = (0..columns).map(|c| parameter(r * columns + c + 1)).collect();
        format!("({})", names.join(","))
    };
    format!("INSERT INTO {table} VALUES {}", (0..rows).map(row).collect::<Vec<_>>().join(","))
}
