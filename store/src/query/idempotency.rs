//! Answers kept under the client's keys.

use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::rows::IdempotencyRow;
use crate::schema::idempotency;
use crate::unnest::FindAnswers;
use diesel::prelude::*;

/// The answer already given under a key of this scope.
pub fn find(conn: &mut AnyConnection, scope: &str, key: &str) -> Result<Option<IdempotencyRow>, StoreError> {
    Ok(on_each!(conn, c => idempotency::table.find((scope, key)).select(IdempotencyRow::as_select()).get_result(c)).optional()?)
}

/// The answers already given under keys, each of a scope; in no order.
pub fn find_all(conn: &mut AnyConnection, keys: &[(&str, &str)]) -> Result<Vec<IdempotencyRow>, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => keys.iter().map(|(scope, key)| find(conn, scope, key)).filter_map(Result::transpose).collect(),
        AnyConnection::Postgres(c) => {
            let (scopes, keys): (Vec<&str>, Vec<&str>) = keys.iter().copied().unzip();
            Ok(FindAnswers(&scopes, &keys).load(c)?)
        }
    }
}
