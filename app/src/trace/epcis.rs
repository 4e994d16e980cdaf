//! A lot's trace as EPCIS 2.0 (GS1), JSON-LD: the vocabulary in which traceability systems talk to each other.
//!
//! Receiving is an ObjectEvent, each batch a TransformationEvent (lots in, portions out, the core temperature as a sensor element),
//! each hand-over of orders an ObjectEvent per batch. A corrected issue keeps its event with an `errorDeclaration` that names the
//! event which is right. No person is in the export.

use super::TraceRefusal as Refusal;
use super::forward::{BatchUse, LotTrace, trace_of};
use crate::App;
use crate::failure::Outcome;
use chrono::SecondsFormat;
use domain::Instant;
use domain::access::Actor;
use domain::id::{BatchId, IssueId, LotId};
use domain::lot::AmountUnit;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::query::batches::{self, IssueRow};

/// China has one offset; EPCIS wants it stated beside each time.
const OFFSET: &str = "+08:00";

/// The document of a lot.
pub async fn of_lot(app: &App, actor: Arc<Actor>, id: LotId) -> Outcome<Value, Refusal> {
    let now = app.clock.now();
    app.store
        .read("epcis", move |conn| {
            let trace = trace_of(conn, &actor, id)?;
            let issues = batches::issues_of_lot(conn, id)?;
            Ok(document(&trace, &issues, now))
        })
        .await
}

/// The document, from what is known of the lot.
#[must_use]
pub fn document(trace: &LotTrace, issues: &[IssueRow], now: Instant) -> Value {
    let mut events = vec![receiving(trace)];
    events.extend(issues.iter().map(|issue| issued(trace, issue, issues)));
    events.extend(trace.batches.iter().filter_map(|batch| transformation(trace, batch)));
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", { "nuanfan": "https://nuanfan.example/epcis/" }],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": time(now),
        "epcisBody": { "eventList": events },
    })
}

fn receiving(trace: &LotTrace) -> Value {
    let lot = &trace.lot;
    let mut ilmd = serde_json::Map::new();
    ilmd.insert("nuanfan:supplierBatch".into(), json!(lot.supplier_batch));
    ilmd.insert("nuanfan:specification".into(), json!(lot.specification));
    ilmd.extend(lot.produced_on.map(|day| ("nuanfan:productionDate".to_owned(), json!(day))));
    ilmd.extend(lot.expires_on.map(|day| ("nuanfan:expirationDate".to_owned(), json!(day))));
    let mut event = json!({
        "type": "ObjectEvent",
        "eventID": uuid_urn(lot.lot.uuid()),
        "eventTime": time(lot.received_at),
        "eventTimeZoneOffset": OFFSET,
        "action": "ADD",
        "bizStep": "receiving",
        "disposition": if lot.received > 0 { "in_progress" } else { "returned" },
        "readPoint": { "id": location(lot.canteen.uuid()) },
        "quantityList": [quantity(trace, lot.delivered)],
        "sourceList": [{ "type": "possessing_party", "source": format!("https://nuanfan.example/supplier/{}", trace.supplier.supplier) }],
        "ilmd": ilmd,
        "nuanfan:supplierLicence": trace.supplier.licence_no,
    });
    if let (Some(at_arrival), Some(fields)) = (lot.arrival_temperature, event.as_object_mut()) {
        fields.insert("sensorElementList".into(), json!([temperature(at_arrival.0)]));
    }
    event
}

/// An issue of the lot to a batch. Where a later record corrects it, the event declares its error and names the right one.
fn issued(trace: &LotTrace, issue: &IssueRow, all: &[IssueRow]) -> Value {
    let told = chain_sum(issue, all);
    let mut event = json!({
        "type": "ObjectEvent",
        "eventID": uuid_urn(issue.id.0.uuid()),
        "eventTime": time(issue.issued_at.0),
        "eventTimeZoneOffset": OFFSET,
        "action": "OBSERVE",
        "bizStep": "picking",
        "disposition": "in_progress",
        "readPoint": { "id": location(trace.lot.canteen.uuid()) },
        "quantityList": [quantity(trace, told)],
        "bizTransactionList": [{ "type": "prodorder", "bizTransaction": batch_uri(issue.batch_id.0) }],
    });
    let correction = all.iter().find(|later| later.corrects_id == Some(issue.id));
    if let (Some(right), Some(fields)) = (correction, event.as_object_mut()) {
        let declared = json!({
            "declarationTime": time(right.issued_at.0),
            "reason": "incorrect_data",
            "correctiveEventIDs": [uuid_urn(right.id.0.uuid())],
        });
        fields.insert("errorDeclaration".into(), declared);
    }
    event
}

/// What a record says of the lot after it and the records that it corrects.
fn chain_sum(last: &IssueRow, all: &[IssueRow]) -> i64 {
    let by_id: BTreeMap<IssueId, &IssueRow> = all.iter().map(|row| (row.id.0, row)).collect();
    let (mut sum, mut at) = (last.amount, last.corrects_id);
    while let Some(row) = at.and_then(|id| by_id.get(&id.0)) {
        sum = sum.saturating_add(row.amount);
        at = row.corrects_id;
    }
    sum
}

/// A batch that was cooked: the lot in, the dish out.
fn transformation(trace: &LotTrace, batch: &BatchUse) -> Option<Value> {
    let at = batch.cooked_at?;
    let mut event = json!({
        "type": "TransformationEvent",
        "eventID": uuid_urn(batch.batch.uuid()),
        "eventTime": time(at),
        "eventTimeZoneOffset": OFFSET,
        "bizStep": "creating_class_instance",
        "disposition": "active",
        "transformationID": batch_uri(batch.batch),
        "readPoint": { "id": location(batch.canteen.uuid()) },
        "inputQuantityList": [quantity(trace, batch.amount)],
        "outputQuantityList": [{ "epcClass": batch_uri(batch.batch) }],
        "nuanfan:dish": batch.dish,
        "nuanfan:serviceDate": batch.service_date,
        "nuanfan:state": batch.state,
    });
    if let (Some(core), Some(fields)) = (batch.core_temperature, event.as_object_mut()) {
        fields.insert("sensorElementList".into(), json!([temperature(core.0)]));
    }
    Some(event)
}

/// So much of the lot, by GTIN and batch where the package has them, else by our own identifier. EPCIS counts in UN/ECE units.
fn quantity(trace: &LotTrace, amount: i64) -> Value {
    let lot = &trace.lot;
    let class = match &lot.gtin {
        Some(gtin) if is_path_safe(&lot.supplier_batch) => format!("https://id.gs1.org/01/{gtin}/10/{}", lot.supplier_batch),
        _ => format!("https://nuanfan.example/lot/{}", lot.lot),
    };
    match lot.unit {
        AmountUnit::Milligrams => json!({ "epcClass": class, "quantity": thousandths(amount), "uom": "GRM" }),
        AmountUnit::Millilitres => json!({ "epcClass": class, "quantity": amount, "uom": "MLT" }),
        AmountUnit::Pieces => json!({ "epcClass": class, "quantity": amount }),
    }
}

/// Grams from milligrams, exact as decimal text becomes a JSON number.
fn thousandths(milligrams: i64) -> Value {
    let text = format!(
        "{}{}.{:03}",
        if milligrams < 0 { "-" } else { "" },
        milligrams.unsigned_abs() / 1000,
        milligrams.unsigned_abs() % 1000
    );
    text.parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

fn temperature(tenths: i64) -> Value {
    let text = domain::food_safety::DeciCelsius(tenths).to_string();
    let value = text.parse::<serde_json::Number>().map_or(Value::Null, Value::Number);
    json!({ "sensorReport": [{ "type": "Temperature", "value": value, "uom": "CEL" }] })
}

fn is_path_safe(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_')
}

fn time(at: Instant) -> String {
    at.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn uuid_urn(id: uuid::Uuid) -> String {
    format!("urn:uuid:{id}")
}

fn location(canteen: uuid::Uuid) -> String {
    format!("https://nuanfan.example/canteen/{canteen}")
}

fn batch_uri(batch: BatchId) -> String {
    format!("https://nuanfan.example/batch/{batch}")
}
