//! Everything that a batch writes at its end, as one statement. PostgreSQL only.
//!
//! Each table's rows go over as an array a column, and all tables' in one round trip, together with the counters:
//! `WITH a0 AS (INSERT INTO t (..) SELECT * FROM unnest($1, ..)), .., taken AS (UPDATE .. RETURNING 1), .. SELECT COUNT(*) FROM taken`.
//! A statement a table would wait for the server ten times for an order, and COPY, which has to be let in first, more often. Foreign
//! keys are checked when the whole statement is done, so it does not matter in which order the tables are filled; no part sees what
//! another does, and none needs to. The text depends on which tables there are rows for and not on how many, so it stays compiled.

use crate::counters::Lists;
use crate::unnest::{SetNextOrderNo, SetNextSeq, TakePortions};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, HasSqlType};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use std::marker::PhantomData;

/// The values of one column, row by row.
pub(crate) trait Values {
    /// Binds them as one array.
    fn bind<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

/// Values of the SQL type `S`.
struct Column<'a, S, T>(Vec<&'a T>, PhantomData<S>);

impl<'a, S: 'static, T> Values for Column<'a, S, T>
where
    Pg: HasSqlType<Array<S>>,
    Vec<&'a T>: ToSql<Array<S>, Pg>,
{
    fn bind<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<S>, _>(&self.0)
    }
}

/// A column's values, of the type that the column has in the schema.
pub(crate) fn column<'a, S, T>(values: Vec<&'a T>) -> Box<dyn Values + 'a>
where
    S: 'static,
    Pg: HasSqlType<Array<S>>,
    Vec<&'a T>: ToSql<Array<S>, Pg>,
{
    Box::new(Column::<S, T>(values, PhantomData))
}

/// Rows of one table.
pub(crate) struct Addition<'a> {
    pub(crate) table: &'static str,
    pub(crate) columns: Vec<(&'static str, Box<dyn Values + 'a>)>,
}

impl QueryFragment<Pg> for Addition<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_identifier(self.table)?;
        let mut before = " (";
        for (name, _) in &self.columns {
            out.push_sql(before);
            out.push_identifier(name)?;
            before = ", ";
        }
        let mut before = ") SELECT * FROM unnest(";
        for (_, values) in &self.columns {
            out.push_sql(before);
            values.bind(out.reborrow())?;
            before = ", ";
        }
        out.push_sql(")");
        Ok(())
    }
}

/// Rows of several tables, of each at least one, and counters. Gives how many of the dishes had the portions that were wanted.
pub(crate) struct Ending<'a> {
    additions: Vec<Addition<'a>>,
    next_seq: Option<SetNextSeq<'a>>,
    next_order_no: Option<SetNextOrderNo<'a>>,
    taken: Option<TakePortions<'a>>,
}

impl<'a> Ending<'a> {
    pub(crate) fn new(additions: Vec<Addition<'a>>, counters: &'a Lists) -> Self {
        let (next_seq, next_order_no) = (counters.next_seq(), counters.next_order_no());
        Self { additions, next_seq, next_order_no, taken: counters.take_portions() }
    }

    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts().next().is_none()
    }

    /// Each part with its name.
    fn parts(&self) -> impl Iterator<Item = (String, &dyn QueryFragment<Pg>)> {
        let named = |name: &str, part| (name.to_owned(), part);
        let additions =
            self.additions.iter().enumerate().map(|(number, part)| (format!("a{number}"), part as &dyn QueryFragment<Pg>));
        additions
            .chain(self.next_seq.iter().map(move |part| named("logs", part as _)))
            .chain(self.next_order_no.iter().map(move |part| named("sittings", part as _)))
            .chain(self.taken.iter().map(move |part| named("taken", part as _)))
    }
}

impl QueryFragment<Pg> for Ending<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut before = "WITH ";
        for (name, part) in self.parts() {
            out.push_sql(before);
            out.push_sql(&name);
            out.push_sql(" AS (");
            part.walk_ast(out.reborrow())?;
            out.push_sql(" RETURNING 1)");
            before = ", ";
        }
        out.push_sql(if self.taken.is_some() { " SELECT COUNT(*) FROM taken" } else { " SELECT 0::bigint" });
        Ok(())
    }
}

// Found among the compiled statements by its text.
impl QueryId for Ending<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Ending<'_> {
    type SqlType = BigInt;
}

impl RunQueryDsl<PgConnection> for Ending<'_> {}
