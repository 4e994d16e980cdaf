//! Whom to call about a lot: each person once, with a phone for those who may see it, and an audit record for each phone shown.

use super::TraceRefusal as Refusal;
use super::forward::batches_of;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::{canteen_for, signer};
use domain::Sensitive;
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::id::{BatchId, LotId, SeniorId};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::LaneKey;
use store::query::audit::AuditEntry;
use store::query::{ingredients, seniors, trace};
use store::seal::Field;

/// People on one list at most; a canteen that serves more with one lot is called by districts.
const PEOPLE_MAX: usize = 5_000;
/// Rows read at a time.
const PAGE: i64 = 1_000;

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    /// Who.
    pub senior: SeniorId,
    /// The name, for those who may see the phone; masked for others.
    pub name: String,
    /// The phone, for those who may see it.
    pub phone: Option<Sensitive<String>>,
    /// Orders that the lot may have reached.
    pub orders: u32,
}

/// The call list of a lot. Everyone reached is on it; phone and name are in the clear only where the caller may reveal them, and
/// each one shown is audited with the reason.
pub async fn of_lot(app: &App, actor: Arc<Actor>, id: LotId, reason: String) -> Outcome<Vec<Callee>, Refusal> {
    app.store
        .write(LaneKey::SHARED, "call_list", move |tx| {
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            let canteen = canteen_for(tx.look(), &actor, lot.canteen_id.0, Action::SeeTrace, Thing::Lot)?;
            let by = signer(&actor)?;
            let (now, sealer) = (tx.now(), tx.sealer());
            let mut people: BTreeMap<SeniorId, Callee> = BTreeMap::new();
            let batches: Vec<BatchId> = batches_of(tx.look(), id)?.iter().map(|b| b.batch).collect();
            count_people(tx.look(), &batches, &mut people)?;
            for callee in people.values_mut() {
                let Some(row) = seniors::find(tx.look(), callee.senior)? else { continue };
                if !actor.may(Action::Reveal, Where { place: &row.resident_place.0, canteen: None }) {
                    continue;
                }
                callee.name = row.name;
                callee.phone = row.phone_enc.map(|sealed| sealer.open(Field::SeniorPhone, callee.senior, &sealed)).transpose()?;
                let detail = serde_json::json!({ "fields": ["name", "phone"], "reason": reason, "lot": id });
                tx.audit(AuditEntry {
                    at: now,
                    actor: by.to_string(),
                    action: AuditAction::Revealed,
                    subject: callee.senior.to_string(),
                    place: Some(canteen.place_code.0.clone()),
                    detail: detail.to_string(),
                });
            }
            Ok(people.into_values().collect())
        })
        .await
}

fn count_people(
    conn: &mut store::AnyConnection,
    batches: &[BatchId],
    people: &mut BTreeMap<SeniorId, Callee>,
) -> Outcome<(), Refusal> {
    let mut seen = std::collections::BTreeSet::new();
    for batch in batches {
        let mut after = None;
        loop {
            let rows = trace::affected(conn, *batch, after, PAGE)?;
            let Some(last) = rows.last() else { break };
            after = Some((last.order.0, last.line.0));
            for row in rows {
                let Some(senior) = row.senior.map(|s| s.0).filter(|_| seen.insert(row.order.0)) else { continue };
                let entry = people.entry(senior).or_insert(Callee { senior, name: row.masked_name, phone: None, orders: 0 });
                entry.orders += 1;
            }
            if people.len() > PEOPLE_MAX {
                return Err(Failure::Refused(Refusal::TooManyPeople));
            }
        }
    }
    Ok(())
}
