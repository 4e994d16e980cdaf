//! What can go wrong in the store, as data.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// A failure of the store. None of them is the client's fault, except that [`Unique`](Self::Unique) and
/// [`Check`](Self::Check) may tell of a race that the use case turns into a refusal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or the connection broke.
    #[error("the database is not reachable: {0}")]
    Unavailable(String),
    /// The queue is full or the deadline passed before the work began; nothing was done.
    #[error("too much work is queued")]
    Overloaded,
    /// Another transaction was in the way each time it was tried.
    #[error("contention on {0}")]
    Contention(&'static str),
    /// A unique key was already taken.
    #[error("unique key {0} is taken")]
    Unique(String),
    /// A CHECK refused the row.
    #[error("check {0} failed")]
    Check(String),
    /// A foreign key names no row.
    #[error("a reference to a row that does not exist")]
    ForeignKey,
    /// No such row.
    #[error("not found")]
    NotFound,
    /// A sealed field cannot be opened: wrong key, or the bytes were changed.
    #[error("a sealed field cannot be opened: {0}")]
    Sealed(&'static str),
    /// The database was made by a newer version of the program.
    #[error("the database was made by a newer version ({0}); this version must not touch it")]
    NewerDatabase(String),
    /// Anything else the database said; a fault of ours.
    #[error("database: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether running the whole unit again may succeed: a lock or serialisation conflict, or a unique key that a
    /// concurrent unit took after this one looked (a second look will see its row).
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Contention(_) | Self::Unique(_))
    }

    /// Whether the connection must be opened anew.
    #[must_use]
    pub const fn is_broken_connection(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<Diesel> for StoreError {
    fn from(error: Diesel) -> Self {
        match error {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Self::Contention("serialisation"),
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, info) => Self::Unavailable(info.message().to_owned()),
            Diesel::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => Self::ForeignKey,
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => Self::Unique(unique_name(&*info)),
            Diesel::DatabaseError(DatabaseErrorKind::CheckViolation, info) => Self::Check(check_name(&*info)),
            Diesel::DatabaseError(_, info) => by_message(info.message()),
            other => Self::Database(other.to_string()),
        }
    }
}

/// PostgreSQL names the constraint; SQLite names the columns: `UNIQUE constraint failed: senior.id_no_bix`.
fn unique_name(info: &dyn diesel::result::DatabaseErrorInformation) -> String {
    info.constraint_name().map_or_else(|| info.message().trim_start_matches("UNIQUE constraint failed: ").to_owned(), str::to_owned)
}

/// PostgreSQL names the constraint apart; SQLite in the message: `CHECK constraint failed: menu_item_never_oversold`.
fn check_name(info: &dyn diesel::result::DatabaseErrorInformation) -> String {
    info.constraint_name().map_or_else(|| info.message().trim_start_matches("CHECK constraint failed: ").to_owned(), str::to_owned)
}

/// Errors that diesel has no kind for.
fn by_message(message: &str) -> StoreError {
    const LOCKED: [&str; 5] =
        ["database is locked", "database table is locked", "deadlock detected", "lock timeout", "canceling statement due to lock"];
    const BROKEN: [&str; 6] = [
        "server closed the connection",
        "terminating connection",
        "no connection to the server",
        "could not connect",
        "connection refused",
        "the database system is",
    ];
    if LOCKED.iter().any(|part| message.contains(part)) {
        StoreError::Contention("lock")
    } else if BROKEN.iter().any(|part| message.contains(part)) {
        StoreError::Unavailable(message.to_owned())
    } else {
        StoreError::Database(message.to_owned())
    }
}
