//! Questions to the database server itself: is it there, what time does it have, does it keep what it confirms.

use crate::conn::AnyConnection;
use crate::error::StoreError;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use domain::Instant;

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = BigInt)]
    micros: i64,
}

#[derive(QueryableByName)]
struct Durability {
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = Text)]
    full_page_writes: String,
}

/// The server's clock; `None` for an embedded database, which has none of its own. Fails when the database does not answer.
pub fn now(conn: &mut AnyConnection) -> Result<Option<Instant>, StoreError> {
    match conn {
        AnyConnection::Sqlite(c) => {
            diesel::sql_query("SELECT 1 AS micros").get_result::<Now>(c)?;
            Ok(None)
        }
        AnyConnection::Postgres(c) => {
            let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS micros";
            let now = diesel::sql_query(sql).get_result::<Now>(c)?;
            Ok(Some(Instant::from_micros(now.micros)))
        }
    }
}

/// Settings of the server under which a confirmed order could be lost at a power cut, each as `name = value`. Empty is good.
/// (An embedded database is opened with `synchronous=FULL` by every connection, so there is nothing to ask.)
pub fn not_durable(conn: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let AnyConnection::Postgres(c) = conn else { return Ok(Vec::new()) };
    let sql = "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, \
               current_setting('full_page_writes') AS full_page_writes";
    let found = diesel::sql_query(sql).get_result::<Durability>(c)?;
    let settings = [
        ("fsync", found.fsync),
        ("synchronous_commit", found.synchronous_commit),
        // A torn page after a power cut is not repaired without it.
        ("full_page_writes", found.full_page_writes),
    ];
    Ok(settings.into_iter().filter(|(_, value)| value == "off").map(|(name, value)| format!("{name} = {value}")).collect())
}
