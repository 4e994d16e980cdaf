//! Bare PostgreSQL: prepared statements in the binary protocol over 1 to 4 connections, the best of them.

use super::{Batch, Block, ORDERS_A_TRANSACTION, Read, Reading, TABLES, batches, insert_text, side_by_side};
use crate::BenchError;
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls, Statement};
use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// Databases of this run, dropped at its end.
#[derive(Debug)]
pub struct Scratch {
    server: String,
    prefix: String,
    names: RefCell<Vec<String>>,
}

/// How long a database that is to be copied may still be held by a connection that is being closed.
const LEFT_ALONE: Duration = Duration::from_secs(10);

impl Scratch {
    /// On the server of this URL, whose user may make databases.
    pub fn new(server: &str) -> Result<Self, BenchError> {
        Client::connect(server, NoTls)?;
        Ok(Self { server: server.to_owned(), prefix: format!("nuanfan_bench_{}", std::process::id()), names: RefCell::default() })
    }

    /// Makes a database, empty or as a copy of another of this run; its URL.
    pub fn make(&self, name: &str, copy_of: Option<&str>) -> Result<String, BenchError> {
        let full = format!("{}_{name}", self.prefix);
        let template = copy_of.map_or_else(|| "template0".to_owned(), |of| format!("{}_{of}", self.prefix));
        let mut admin = Client::connect(&self.server, NoTls)?;
        let since = Instant::now();
        loop {
            match admin.batch_execute(&format!("CREATE DATABASE {full} TEMPLATE {template}")) {
                Ok(()) => break,
                // Somebody is still connected to the template.
                Err(e) if e.code() == Some(&SqlState::OBJECT_IN_USE) && since.elapsed() < LEFT_ALONE => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(e) => return Err(e.into()),
            }
        }
        self.names.borrow_mut().push(full.clone());
        let (path, parameters) = self.server.split_once('?').map_or((&*self.server, None), |(p, q)| (p, Some(q)));
        let host = path.rsplit_once('/').map_or(path, |(host, _)| host);
        Ok(parameters.map_or_else(|| format!("{host}/{full}"), |q| format!("{host}/{full}?{q}")))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Ok(mut admin) = Client::connect(&self.server, NoTls) else { return };
        for name in self.names.borrow().iter() {
            if let Err(error) = admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")) {
                eprintln!("the database {name} is left over: {error}");
            }
        }
    }
}

/// The rows of the orders in a database, ready to be written elsewhere.
#[derive(Debug, Clone)]
pub struct Rows {
    orders: usize,
    /// Made once, by whoever moves money over them first; they are no rows of an order.
    accounts: Arc<Batch<Wire>>,
    work: Arc<Vec<Batch<Wire>>>,
}

/// Reads what the product wrote.
pub fn written(url: &str) -> Result<Rows, BenchError> {
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
    let found = client.query("SELECT * FROM ledger_account", &[])?;
    let columns = found.first().map_or(0, postgres::Row::len);
    let values = found.iter().flat_map(|row| (0..columns).map(|c| row.get::<_, Wire>(c))).collect();
    let accounts = Arc::new(vec![Block { table: "ledger_account", columns, values }]);
    Ok(Rows { orders: orders.len(), accounts, work: Arc::new(batches(&orders, tables)) })
}

/// Orders a second when the rows are written into the database at `url` over so many connections.
pub fn orders_per_second(rows: &Rows, url: &str, connections: usize) -> Result<f64, BenchError> {
    let mut client = Client::connect(url, NoTls)?;
    for block in rows.accounts.iter().filter(|block| !block.values.is_empty()) {
        let count = block.values.len() / block.columns;
        let text = insert_text(block.table, block.columns, count, |n| format!("${n}"));
        let values: Vec<&(dyn ToSql + Sync)> = block.values.iter().map(|v| v as &(dyn ToSql + Sync)).collect();
        client.execute(&text, &values)?;
    }
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

/// Reads rows over so many connections.
pub fn read(url: &str, what: Reading, connections: usize) -> Result<Read, BenchError> {
    let found = Client::connect(url, NoTls)?.query(what.by, &[])?;
    let ids: Vec<Vec<u8>> = found.iter().filter_map(|row| row.get::<_, Wire>(0).0).collect();
    side_by_side(&ids, connections, |first, last| {
        let mut client = Client::connect(url, NoTls)?;
        let (first, last) = (Wire(Some(first.to_vec())), Wire(Some(last.to_vec())));
        let mut cursor = client.query_raw(&format!("{} BETWEEN $1 AND $2", what.rows), [&first, &last])?;
        let mut rows = 0;
        while let Some(row) = cursor.next()? {
            rows += u64::from(!row.get::<_, &str>(0).is_empty());
        }
        Ok(rows)
    })
}
