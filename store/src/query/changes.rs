//! How often things changed that are kept in memory. See the migration `change_counts`: triggers count, so nothing can forget to.

use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::schema::change_count;
use crate::together::Lookup;
use diesel::prelude::*;

/// The counts, as one transaction sees them. What was loaded under a count is still right while the count is the same, when the
/// count was read before it was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = change_count)]
pub struct Changes {
    /// Of who may do what: sessions, users, grants, devices, bindings.
    pub access: i64,
    /// Of what dishes are made of.
    pub recipes: i64,
    /// Of which policies are in force.
    pub policies: i64,
    /// Of what really goes into dishes.
    pub real_dishes: i64,
}

/// The counts now.
pub fn now(conn: &mut AnyConnection) -> Result<Changes, StoreError> {
    Ok(on_each!(conn, c => change_count::table.find(1).select(Changes::as_select()).get_result(c))?)
}

/// Looks the counts up once for all who ask.
#[derive(Debug)]
pub struct ChangesNow;

impl Lookup for ChangesNow {
    type Wish = ();
    type Found = Changes;

    fn look(&self, conn: &mut AnyConnection, wishes: &[&()]) -> Result<Vec<Changes>, StoreError> {
        Ok(vec![now(conn)?; wishes.len()])
    }
}
