//! The audit log: append-only, each record chained to the one before it.
//!
//! A record's hash is keyed (see [`Sealer::chain`]) over a canonical encoding of everything in the row and the hash before it:
//! `seq` and `at` as 8 bytes big-endian, then actor, action, subject, place, detail and the previous hash, each after its
//! length as 8 bytes big-endian. The last number and hash also stand in `audit_head`, so that cutting the end off is found.
//! Whoever can write both tables and restores an older head can hide the records after it; the head is therefore shown by
//! [`verify`], to be written down outside.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::place_filter::within;
use crate::schema::{audit, audit_head};
use crate::seal::Sealer;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::access::Scope;
use domain::audit::AuditAction;
use domain::place::PlaceLevel;
use domain::{Instant, PlaceCode};

/// What is recorded, before it has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Instant,
    /// The text of a user's or a device's identifier; `system` for what no one asked for.
    pub actor: String,
    /// What was done.
    pub action: AuditAction,
    /// To what: the text of its identifier.
    pub subject: String,
    /// Where it belongs; `None` for what belongs to no place.
    pub place: Option<PlaceCode>,
    /// JSON, without personal data.
    pub detail: String,
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct AuditRow {
    pub seq: i64,
    pub at: Col<Instant>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
    pub place_code: String,
}

impl AuditRow {
    fn link(&self, sealer: &Sealer) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.at.0.micros().to_be_bytes());
        let texts = [&self.actor, &self.action, &self.subject, &self.place_code, &self.detail].map(String::as_bytes);
        for part in texts.into_iter().chain([self.prev_hash.as_slice()]) {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        sealer.chain(&bytes).to_vec()
    }
}

/// The chain's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last record; 0 for none.
    pub seq: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// Chains records to the log. Takes the head's row first: the next writer waits for this one's commit.
pub(crate) fn append(conn: &mut AnyConnection, sealer: &Sealer, entries: &[AuditEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let row = audit_head::table.find(1).select((audit_head::seq, audit_head::hash));
    let (mut seq, mut hash) = match conn {
        // BEGIN IMMEDIATE has locked the whole database already.
        AnyConnection::Sqlite(c) => row.get_result::<(i64, Vec<u8>)>(c),
        AnyConnection::Postgres(c) => row.for_update().get_result::<(i64, Vec<u8>)>(c),
    }?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        seq += 1;
        let mut row = AuditRow {
            seq,
            at: Col(entry.at),
            actor: entry.actor.clone(),
            action: entry.action.to_string(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
            prev_hash: hash,
            hash: Vec::new(),
            place_code: entry.place.as_ref().map_or_else(String::new, ToString::to_string),
        };
        hash = row.link(sealer);
        row.hash.clone_from(&hash);
        rows.push(row);
    }
    for chunk in rows.chunks(512) {
        on_each!(&mut *conn, c => diesel::insert_into(audit::table).values(chunk).execute(c))?;
    }
    diesel::update(audit_head::table.find(1)).set((audit_head::seq.eq(seq), audit_head::hash.eq(hash))).execute(conn)?;
    Ok(())
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A record is missing, or was put in between.
    #[error("audit record {expected} is missing: the next one is {found}")]
    Gap {
        /// The number that should follow.
        expected: i64,
        /// The number found.
        found: i64,
    },
    /// A record was changed, or does not follow from the one before it.
    #[error("audit record {seq} was changed")]
    Changed {
        /// Its number.
        seq: i64,
    },
    /// The log does not end where its head says.
    #[error("the audit log ends at {found}, its head says {head}")]
    End {
        /// The last record.
        found: i64,
        /// What the head says.
        head: i64,
    },
}

/// Records read at a time.
const PAGE: i64 = 1000;

/// Checks the whole chain; the head when it is whole. Runs in bounded memory.
pub fn verify(conn: &mut AnyConnection, sealer: &Sealer) -> Result<Result<Head, Broken>, StoreError> {
    let mut last = Head { seq: 0, hash: vec![0; 32] };
    // The head is read first: records added while the log is read lie behind it and are the next run's.
    let head = head(conn)?;
    loop {
        let rows = audit::table
            .filter(audit::seq.gt(last.seq))
            .order(audit::seq)
            .limit(PAGE)
            .select(AuditRow::as_select())
            .load::<AuditRow>(conn)?;
        for row in &rows {
            if row.seq != last.seq + 1 {
                return Ok(Err(Broken::Gap { expected: last.seq + 1, found: row.seq }));
            }
            if row.prev_hash != last.hash || row.hash != row.link(sealer) {
                return Ok(Err(Broken::Changed { seq: row.seq }));
            }
            if row.seq == head.seq && row.hash != head.hash {
                return Ok(Err(Broken::End { found: row.seq, head: head.seq }));
            }
            last = Head { seq: row.seq, hash: row.hash.clone() };
        }
        if rows.is_empty() {
            break;
        }
    }
    Ok(if last.seq < head.seq { Err(Broken::End { found: last.seq, head: head.seq }) } else { Ok(last) })
}

/// The chain's end as its row says.
pub fn head(conn: &mut AnyConnection) -> Result<Head, StoreError> {
    let (seq, hash) = audit_head::table.find(1).select((audit_head::seq, audit_head::hash)).get_result::<(i64, Vec<u8>)>(conn)?;
    Ok(Head { seq, hash })
}

/// What a list of records is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only before this number (the list runs from new to old).
    pub before: Option<i64>,
    /// Only of this kind.
    pub action: Option<AuditAction>,
    /// Only about this.
    pub subject: Option<String>,
    /// Only by this user or device.
    pub actor: Option<String>,
}

/// Records in scope, newest first. What belongs to no place is for those whose scope reaches a province.
pub fn list(conn: &mut AnyConnection, scope: &Scope, filter: &AuditFilter, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
    let mut query = audit::table.order(audit::seq.desc()).limit(limit).select(AuditRow::as_select()).into_boxed();
    let whole_country = scope.places().iter().any(|place| place.level() == PlaceLevel::Province);
    let nowhere = audit::place_code.eq("").and(whole_country.into_sql::<Bool>());
    query = query.filter(within!(audit::table, audit::place_code, scope.places()).or(nowhere));
    if let Some(before) = filter.before {
        query = query.filter(audit::seq.lt(before));
    }
    if let Some(action) = filter.action {
        query = query.filter(audit::action.eq(Word(action)));
    }
    if let Some(subject) = filter.subject.clone() {
        query = query.filter(audit::subject.eq(subject));
    }
    if let Some(actor) = filter.actor.clone() {
        query = query.filter(audit::actor.eq(actor));
    }
    Ok(query.load(conn)?)
}
