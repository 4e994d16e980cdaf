//! Answers kept under the client's keys.

use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::rows::IdempotencyRow;
use crate::schema::idempotency;
use diesel::prelude::*;

/// The answer already given under a key of this scope.
pub fn find(conn: &mut AnyConnection, scope: &str, key: &str) -> Result<Option<IdempotencyRow>, StoreError> {
    Ok(on_each!(conn, c => idempotency::table.find((scope, key)).select(IdempotencyRow::as_select()).get_result(c)).optional()?)
}
