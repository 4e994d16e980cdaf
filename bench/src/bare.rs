//! The physical limit: the rows of real orders, written by the bare drivers with nothing else in the way.
//!
//! 64 orders a transaction, one prepared multi-row INSERT a table, the same schema, indexes, constraints and durability, the same
//! sealed columns: only the thinking is left out.

pub mod postgres;
pub mod sqlite;

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
