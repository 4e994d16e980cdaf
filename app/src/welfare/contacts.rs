//! Whom to call about a senior, in order. Their names and phones are personal data of people who use nothing of this: sealed, masked,
//! and in the clear only on the call list of an open case.

use super::WelfareRefusal as Refusal;
use crate::App;
use crate::audit;
use crate::failure::Outcome;
use crate::seniors::{permitted, renewed};
use domain::Sensitive;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::{SeniorContactId, SeniorId};
use domain::person::mask;
use domain::person::phone::Phone;
use domain::welfare::Relation;
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::welfare::{self, ContactRow};
use store::seal::{Field, Sealer};
use store::{LaneKey, StoreError};

/// Somebody to call, as named; their place in the list is their rank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContact {
    /// Their name.
    pub name: Sensitive<String>,
    /// A mobile phone: they are told by text message.
    pub phone: Phone,
    /// Who they are to the senior.
    pub relation: Relation,
    /// Whether they hold a key.
    pub holds_key: bool,
}

/// Somebody to call, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactView {
    /// In which order they are asked.
    pub rank: i64,
    /// `李*`
    pub name: String,
    /// `138****1234`
    pub phone: String,
    /// Who they are to the senior.
    pub relation: Relation,
    /// Whether they hold a key.
    pub holds_key: bool,
}

/// The contacts of a senior with the version of the record that they belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// The senior's version.
    pub version: i64,
    /// In order.
    pub items: Vec<ContactView>,
}

/// Somebody to call, in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    /// In which order they are asked.
    pub rank: u8,
    /// Their name.
    pub name: Sensitive<String>,
    /// Their phone.
    pub phone: Sensitive<String>,
    /// Who they are to the senior.
    pub relation: Relation,
    /// Whether they hold a key.
    pub holds_key: bool,
}

/// The contacts of a senior, in order.
pub(super) fn in_the_clear(conn: &mut AnyConnection, sealer: &Sealer, senior: SeniorId) -> Result<Vec<Callee>, StoreError> {
    let callee = |row: ContactRow| {
        Ok(Callee {
            rank: u8::try_from(row.rank).unwrap_or(u8::MAX),
            name: sealer.open(Field::ContactName, row.id.0, &row.name_enc)?,
            phone: sealer.open(Field::ContactPhone, row.id.0, &row.phone_enc)?,
            relation: row.relation.0,
            holds_key: row.holds_key,
        })
    };
    welfare::contacts(conn, senior)?.into_iter().map(callee).collect()
}

fn masked(conn: &mut AnyConnection, sealer: &Sealer, senior: SeniorId, version: i64) -> Result<Contacts, StoreError> {
    let view = |callee: Callee| ContactView {
        rank: i64::from(callee.rank),
        name: mask::name(callee.name.reveal()),
        phone: mask::phone(callee.phone.reveal()),
        relation: callee.relation,
        holds_key: callee.holds_key,
    };
    Ok(Contacts { version, items: in_the_clear(conn, sealer, senior)?.into_iter().map(view).collect() })
}

/// The contacts of a senior, masked.
pub async fn of(app: &App, actor: Arc<Actor>, senior: SeniorId) -> Outcome<Contacts, Refusal> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("contacts", move |conn| {
            let row = permitted(conn, &actor, senior, Action::EditSeniors)?;
            Ok(masked(conn, &sealer, senior, row.version)?)
        })
        .await
}

/// Puts contacts in place of those that the caller has read at this version of the senior.
pub async fn put(
    app: &App,
    actor: Arc<Actor>,
    senior: SeniorId,
    version: i64,
    named: Vec<NewContact>,
) -> Outcome<Contacts, Refusal> {
    app.store
        .write(LaneKey::of(senior), "put_contacts", move |tx| {
            let row = renewed(tx, &actor, senior, version)?;
            let sealer = tx.sealer();
            let rows = named.iter().zip(1_i64..).map(|(contact, rank)| {
                let id: SeniorContactId = tx.new_id();
                Ok(ContactRow {
                    id: Col(id),
                    senior_id: Col(senior),
                    rank,
                    name_enc: sealer.seal(Field::ContactName, id, contact.name.reveal())?,
                    phone_enc: sealer.seal(Field::ContactPhone, id, contact.phone.reveal())?,
                    relation: Word(contact.relation),
                    holds_key: contact.holds_key,
                })
            });
            let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
            welfare::put_contacts(tx.change(), senior, &rows)?;
            let detail = json!({ "contacts": rows.len() });
            audit::record(tx, &actor, AuditAction::ContactsNamed, senior, Some(&row.resident_place.0), &detail);
            Ok(masked(tx.look(), sealer, senior, version + 1)?)
        })
        .await
}
