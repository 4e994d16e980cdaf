//! Bare PostgreSQL: prepared statements in the binary protocol over 1 to 4 connections, the best of them.

use super::{Batch, ORDERS_A_TRANSACTION, TABLES, batches, insert_text};
use crate::BenchError;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls, Statement};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

/// A value as its wire bytes: read from one database and written to the other without being understood.
#[derive(Debug, Clone)]
pub struct Wire(Option<Vec<u8>>);

impl<'a> FromSql<'a> for Wire {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw.to_vec())))
    }
    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Wire {
    fn to_sql(&self, _: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            Some(raw) => {
                out.extend_from_slice(raw);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

/// The rows of the orders in a database, ready to be written elsewhere.
#[derive(Debug, Clone)]
pub struct Rows {
    orders: usize,
    work: Arc<Vec<Batch<Wire>>>,
}

/// Reads what the product wrote.
pub fn read(url: &str) -> Result<Rows, BenchError> {
    let mut client = Client::connect(url, NoTls)?;
    let mut orders: Vec<Vec<u8>> =
        client.query("SELECT id FROM meal_order ORDER BY id", &[])?.iter().filter_map(|row| row.get::<_, Wire>(0).0).collect();
    orders.truncate(orders.len() / ORDERS_A_TRANSACTION * ORDERS_A_TRANSACTION);
    let mut tables = Vec::new();
    for (table, order_column) in TABLES {
        let order_by = if order_column.is_some() { "1" } else { "created_at, key" };
        let rows = client.query(&format!("SELECT * FROM {table} ORDER BY {order_by}"), &[])?;
        let columns = rows.first().map_or(0, postgres::Row::len);
        let at = rows.first().and_then(|row| row.columns().iter().position(|c| Some(c.name()) == order_column));
        let keyed = rows.iter().filter_map(|row| {
            let values: Vec<Wire> = (0..columns).map(|c| row.get(c)).collect();
            let order = at.and_then(|c| values.get(c)).and_then(|v| v.0.clone());
            (at.is_none() || order.is_some()).then_some((order, values))
        });
        tables.push((table, columns, keyed.collect()));
    }
    Ok(Rows { orders: orders.len(), work: Arc::new(batches(&orders, tables)) })
}

/// Orders a second when the rows are written into the database at `url` over so many connections.
pub fn orders_per_second(rows: &Rows, url: &str, connections: usize) -> Result<f64, BenchError> {
    let began = Instant::now();
    let writers: Vec<_> = (0..connections)
        .map(|n| {
            let (rows, url) = (rows.clone(), url.to_owned());
            std::thread::spawn(move || write(&rows, &url, n, connections))
        })
        .collect();
    for writer in writers {
        writer.join().map_err(|_| BenchError::Other("a writer panicked".into()))??;
    }
    Ok(rows.orders as f64 / began.elapsed().as_secs_f64())
}

fn write(rows: &Rows, url: &str, first: usize, step: usize) -> Result<(), BenchError> {
    let mut client = Client::connect(url, NoTls)?;
    let mut prepared: HashMap<(&'static str, usize), Statement> = HashMap::new();
    for batch in rows.work.iter().skip(first).step_by(step) {
        let mut tx = client.transaction()?;
        for block in batch {
            let count = block.values.len() / block.columns;
            let statement = match prepared.get(&(block.table, count)) {
                Some(statement) => statement.clone(),
                None => {
                    let made = tx.prepare(&insert_text(block.table, block.columns, count, |n| format!("${n}")))?;
                    prepared.insert((block.table, count), made.clone());
                    made
                }
            };
            let values: Vec<&(dyn ToSql + Sync)> = block.values.iter().map(|v| v as &(dyn ToSql + Sync)).collect();
            tx.execute(&statement, &values)?;
        }
        tx.commit()?;
    }
    Ok(())
}
