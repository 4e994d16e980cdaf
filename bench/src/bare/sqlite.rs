//! Bare SQLite: one connection, for SQLite has one writer.

use super::{Batch, ORDERS_A_TRANSACTION, Read, Reading, TABLES, batches, insert_text, side_by_side};
use crate::BenchError;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use std::path::Path;
use std::time::Instant;

/// Orders a second when the rows of the orders in `made` are written into `copy`, at the durability that the product uses.
pub fn orders_per_second(made: &Path, copy: &Path) -> Result<f64, BenchError> {
    let (orders, work) = written(made)?;
    let mut conn = Connection::open(copy)?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; \
         PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 2000;",
    )?;
    conn.set_prepared_statement_cache_capacity(64);
    // Accounts are made once, by whoever moves money over them first; they are no rows of an order.
    conn.execute("ATTACH ?1 AS made", [made.to_string_lossy()])?;
    conn.execute_batch("INSERT OR IGNORE INTO main.ledger_account SELECT * FROM made.ledger_account; DETACH made;")?;
    let began = Instant::now();
    for batch in &work {
        let tx = conn.transaction()?;
        for block in batch {
            let rows = block.values.len() / block.columns;
            let text = insert_text(block.table, block.columns, rows, |n| format!("?{n}"));
            tx.prepare_cached(&text)?.execute(params_from_iter(&block.values))?;
        }
        tx.commit()?;
    }
    Ok(orders as f64 / began.elapsed().as_secs_f64())
}

/// Brings what the log beside a closed database holds into its one file.
pub fn gather(database: &Path) -> Result<(), BenchError> {
    Ok(Connection::open(database)?.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?)
}

fn written(made: &Path) -> Result<(usize, Vec<Batch<Value>>), BenchError> {
    let conn = Connection::open_with_flags(made, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut ids = conn.prepare("SELECT id FROM meal_order ORDER BY id")?;
    let mut orders: Vec<Vec<u8>> = ids.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    // Whole transactions only: a smaller last one would be a statement of its own.
    orders.truncate(orders.len() / ORDERS_A_TRANSACTION * ORDERS_A_TRANSACTION);
    let mut tables = Vec::new();
    for (table, order_column) in TABLES {
        let order_by = if order_column.is_some() { "1" } else { "created_at, key" };
        let mut select = conn.prepare(&format!("SELECT * FROM {table} ORDER BY {order_by}"))?;
        let columns = select.column_count();
        let at = order_column.map(|name| select.column_index(name)).transpose()?;
        let mut rows = Vec::new();
        let mut cursor = select.query([])?;
        while let Some(row) = cursor.next()? {
            let values: Vec<Value> = (0..columns).map(|c| row.get(c)).collect::<Result<_, _>>()?;
            let order = at.and_then(|c| match values.get(c) {
                Some(Value::Blob(id)) => Some(id.clone()),
                _ => None,
            });
            // A limit's running amount belongs to no order.
            if at.is_none() || order.is_some() {
                rows.push((order, values));
            }
        }
        tables.push((table, columns, rows));
    }
    Ok((orders.len(), batches(&orders, tables)))
}

/// Reads rows of a closed database over so many connections.
pub fn read(database: &Path, what: Reading, connections: usize) -> Result<Read, BenchError> {
    let open = || {
        let conn = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.execute_batch("PRAGMA cache_size = -16000;")?;
        Ok::<_, BenchError>(conn)
    };
    let ids: Vec<Vec<u8>> = open()?.prepare(what.by)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    side_by_side(&ids, connections, |first, last| {
        let conn = open()?;
        let mut select = conn.prepare(&format!("{} BETWEEN ?1 AND ?2", what.rows))?;
        let (mut cursor, mut rows) = (select.query([first, last])?, 0);
        while let Some(row) = cursor.next()? {
            rows += u64::from(!row.get_ref(0)?.as_str().is_ok_and(str::is_empty));
        }
        Ok(rows)
    })
}
