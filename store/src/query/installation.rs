//! The one row that says which history a database is and which keys it was sealed with.

use crate::column::Col;
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::schema::{installation, session};
use diesel::prelude::*;
use domain::Instant;
use domain::id::EpochId;

/// The installation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = installation, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct InstallationRow {
    pub only_row: i32,
    pub epoch: Col<EpochId>,
    pub created_at: Col<Instant>,
    pub setup_token_hash: Option<Vec<u8>>,
    pub key_check_enc: Vec<u8>,
}

/// The row, once the database was opened by a program for the first time.
pub fn find(conn: &mut AnyConnection) -> Result<Option<InstallationRow>, StoreError> {
    Ok(installation::table.select(InstallationRow::as_select()).get_result(conn).optional()?)
}

/// Adds the row unless another process was faster; `false` when it was.
pub fn insert(conn: &mut AnyConnection, row: &InstallationRow) -> Result<bool, StoreError> {
    let added = on_each!(conn, c => diesel::insert_into(installation::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(added == 1)
}

/// Begins a new history: another epoch, with the key check sealed for it, and nobody signed in. A session that was ended since the
/// copy was made would be open in it again. Paired devices stay: a lunch is not the hour to pair every display anew. The sessions go
/// first: cut short in between, the history is still to be begun, and beginning it again ends them again.
pub fn renew(conn: &mut AnyConnection, epoch: EpochId, key_check_enc: &[u8]) -> Result<(), StoreError> {
    diesel::delete(session::table).execute(conn)?;
    diesel::update(installation::table.find(1))
        .set((installation::epoch.eq(Col(epoch)), installation::key_check_enc.eq(key_check_enc)))
        .execute(conn)?;
    Ok(())
}
