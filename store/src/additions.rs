//! Everything that a batch adds to its tables, as one statement. PostgreSQL only.
//!
//! Each table's rows go over as an array a column, and all tables' in one round trip:
//! `WITH a0 AS (INSERT INTO t (..) SELECT * FROM unnest($1, ..)), .. SELECT 1`. A statement a table would wait for the server
//! seven times for an order, and COPY, which has to be let in first, fourteen times. Foreign keys are checked when the whole statement is
//! done, so it does not matter in which order the tables are filled. The text depends on which tables there are rows for and not on how
//! many, so it stays compiled.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType};
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

/// Rows of several tables; of each at least one.
pub(crate) struct Additions<'a>(pub(crate) Vec<Addition<'a>>);

impl QueryFragment<Pg> for Additions<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (number, addition) in self.0.iter().enumerate() {
            out.push_sql(if number == 0 { "WITH a" } else { ", a" });
            out.push_sql(&number.to_string());
            out.push_sql(" AS (INSERT INTO ");
            out.push_identifier(addition.table)?;
            let mut before = " (";
            for (name, _) in &addition.columns {
                out.push_sql(before);
                out.push_identifier(name)?;
                before = ", ";
            }
            let mut before = ") SELECT * FROM unnest(";
            for (_, values) in &addition.columns {
                out.push_sql(before);
                values.bind(out.reborrow())?;
                before = ", ";
            }
            out.push_sql("))");
        }
        out.push_sql(" SELECT 1");
        Ok(())
    }
}

// Found among the compiled statements by its text.
impl QueryId for Additions<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Additions<'_> {}
