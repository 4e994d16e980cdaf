//! Load from outside, and the physical limit beside it.
//!
//! [`load`] drives a running server over real HTTP; [`bare`] writes the rows that this made through the bare drivers, into a copy of
//! the same database, so that both figures come from one machine in one run and only their ratio is quoted. This crate knows nothing
//! of the product but its HTTP interface and the names of its tables.

pub mod bare;
pub mod load;

/// What went wrong in a measurement.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The server could not be reached or answered something else than HTTP.
    #[error("http: {0}")]
    Http(String),
    /// The server refused what it must accept.
    #[error("status {status}: {body}")]
    Status {
        /// The status.
        status: u16,
        /// The beginning of the body.
        body: String,
    },
    /// SQLite.
    #[error("sqlite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL.
    #[error("postgres: {0}")]
    Postgres(#[from] postgres::Error),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
