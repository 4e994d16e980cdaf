//! One effect per client-made key, whatever the network does.
//!
//! The key, the effect and its events commit together, and only accepted effects are stored: a refusal leaves the key free. Two
//! requests with one key that meet in flight are told apart by the table's primary key: the second unit runs again and finds
//! the first one's answer.

use crate::failure::{Failure, Outcome};
use domain::Instant;
use domain::id::{DeviceId, UserId};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use store::column::Col;
use store::conn::AnyConnection;
use store::query::idempotency;
use store::query::rows::IdempotencyRow;
use store::{StoreError, Tx};

/// A client's key, bound to who sent it and to the request's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    scope: String,
    key: String,
    hash: Vec<u8>,
}

/// The key is empty, too long, or has characters that are not visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadKey;

impl RequestKey {
    /// For a request by a user or device; `operation` and `body` are what must be the same when the key comes again.
    pub fn new(
        user: Option<UserId>,
        device: Option<DeviceId>,
        key: &str,
        operation: &str,
        body: &impl Serialize,
    ) -> Result<Self, BadKey> {
        if !(8..=128).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadKey);
        }
        let who = user.map(|u| u.to_string()).or_else(|| device.map(|d| d.to_string())).unwrap_or_default();
        let mut hash = Sha256::new();
        hash.update(operation);
        hash.update([0]);
        hash.update(serde_json::to_vec(body).map_err(|_| BadKey)?);
        Ok(Self { scope: who, key: key.to_owned(), hash: hash.finalize().to_vec() })
    }

    /// The stored answer, when this request was accepted before; an error when the key was used for another request.
    pub fn earlier_answer<T: DeserializeOwned, R>(&self, tx: &mut Tx<'_>) -> Outcome<Option<T>, R> {
        self.answer_seen(tx.look())
    }

    /// The same by a look before the unit of work, where the work ahead of it is dear. The unit must ask again.
    pub fn answer_seen<T: DeserializeOwned, R>(&self, conn: &mut AnyConnection) -> Outcome<Option<T>, R> {
        match idempotency::find(conn, &self.scope, &self.key)? {
            Some(row) => self.answer_in(&row).map(Some),
            None => Ok(None),
        }
    }

    /// What a row is found under.
    #[must_use]
    pub fn scope_and_key(&self) -> (String, String) {
        (self.scope.clone(), self.key.clone())
    }

    /// The answer in a row found under this key; an error when the key was used for another request.
    pub fn answer_in<T: DeserializeOwned, R>(&self, row: &IdempotencyRow) -> Outcome<T, R> {
        if row.request_hash != self.hash {
            return Err(Failure::KeyReused);
        }
        Ok(serde_json::from_str(&row.body).map_err(|e| StoreError::Database(format!("stored answer: {e}")))?)
    }

    /// Keeps the answer, in the same commit as the effect.
    pub fn keep_answer<R>(&self, tx: &mut Tx<'_>, answer: &impl Serialize, at: Instant) -> Outcome<(), R> {
        let body = serde_json::to_string(answer).map_err(|e| StoreError::Database(format!("answer: {e}")))?;
        tx.pending().answer(IdempotencyRow {
            scope: self.scope.clone(),
            key: self.key.clone(),
            request_hash: self.hash.clone(),
            status: 201,
            body,
            created_at: Col(at),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_a_sensible_length() {
        for (key, good) in
            [("01234567", true), ("short", false), ("with blank", false), ("键键键键键键", false), (&*"k".repeat(129), false)]
        {
            assert_eq!(RequestKey::new(None, None, key, "op", &1).is_ok(), good, "{key}");
        }
    }
}
