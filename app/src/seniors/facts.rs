//! Facts and diet. A fact is a dated record with a source: it is added and ended, never overwritten.

use super::{SeniorDetail, SeniorRefusal, permitted, read, renewed};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::ServiceDate;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::diet::{Diet, DietKind};
use domain::id::{FactId, SeniorId};
use domain::subsidy::FactKind;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::seniors::{self, DietRow, FactRow};
use store::{LaneKey, StoreError, Tx};

/// A fact to add; its value is one of the kind's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewFact {
    /// What it is about.
    pub kind: FactKind,
    /// The word of the published vocabulary, or an open value of the kinds that have one.
    pub value: String,
    /// First day it holds.
    pub valid_from: ServiceDate,
    /// Last day it holds, inclusive.
    pub valid_to: Option<ServiceDate>,
    /// Who says so.
    pub source: String,
}

/// Adds a fact.
pub async fn add(app: &App, actor: Arc<Actor>, key: RequestKey, senior: SeniorId, new: NewFact) -> Outcome<FactId, SeniorRefusal> {
    app.store
        .write(LaneKey::of(senior), "add_fact", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let id = add_in(tx, &actor, senior, &new)?;
            key.keep_answer(tx, &id, tx.now())?;
            Ok(id)
        })
        .await
}

fn add_in(tx: &mut Tx<'_>, actor: &Actor, senior: SeniorId, new: &NewFact) -> Outcome<FactId, SeniorRefusal> {
    let of = permitted(tx.look(), actor, senior, Action::EditSeniors)?;
    let known = seniors::facts(tx.look(), senior)?;
    let same = |f: &FactRow| f.kind == new.kind.to_string() && f.value == new.value && f.valid_from == Col(new.valid_from);
    if known.iter().any(same) {
        return Err(Failure::Refused(SeniorRefusal::FactKnown));
    }
    let row = FactRow {
        id: Col(tx.new_id()),
        senior_id: Col(senior),
        kind: new.kind.to_string(),
        value: new.value.clone(),
        valid_from: Col(new.valid_from),
        valid_to: new.valid_to.map(Col),
        recorded_at: Col(tx.now()),
        source: new.source.clone(),
    };
    seniors::insert_fact(tx.change(), &row)?;
    let detail = json!({ "fact": row.id.0, "kind": new.kind });
    audit::record(tx, actor, AuditAction::FactAdded, senior, Some(&of.resident_place.0), &detail);
    Ok(row.id.0)
}

/// Gives an open fact its last day.
pub async fn end(
    app: &App,
    actor: Arc<Actor>,
    senior: SeniorId,
    fact: FactId,
    last_day: ServiceDate,
) -> Outcome<(), SeniorRefusal> {
    app.store
        .write(LaneKey::of(senior), "end_fact", move |tx| {
            let of = permitted(tx.look(), &actor, senior, Action::EditSeniors)?;
            let known = seniors::facts(tx.look(), senior)?;
            let found = known.iter().find(|f| f.id == Col(fact)).ok_or(Failure::NotFound(Thing::Fact))?;
            let (open, now) = (found.valid_to.is_none() && found.valid_from.0 <= last_day, tx.now());
            if !open || !seniors::end_fact(tx.change(), senior, fact, last_day, now)? {
                return Err(Failure::Refused(SeniorRefusal::FactEnded));
            }
            let detail = json!({ "fact": fact, "last_day": last_day });
            audit::record(tx, &actor, AuditAction::FactEnded, senior, Some(&of.resident_place.0), &detail);
            Ok(())
        })
        .await
}

/// Puts a diet in place of the one the caller has read at this version of the senior.
pub async fn set_diet(
    app: &App,
    actor: Arc<Actor>,
    senior: SeniorId,
    version: i64,
    diet: Diet,
) -> Outcome<SeniorDetail, SeniorRefusal> {
    app.store
        .write(LaneKey::of(senior), "set_diet", move |tx| {
            let row = renewed(tx, &actor, senior, version)?;
            keep_diet(tx, senior, &diet)?;
            audit::record(tx, &actor, AuditAction::DietChanged, senior, Some(&row.resident_place.0), &json!({}));
            let sealer = tx.sealer();
            read::detail(tx.look(), sealer, &actor, senior)
        })
        .await
}

/// Stores a diet as its rules.
pub(super) fn keep_diet(tx: &mut Tx<'_>, senior: SeniorId, diet: &Diet) -> Result<(), StoreError> {
    let row = |kind: DietKind, value: &str| DietRow { senior_id: Col(senior), kind: Word(kind), value: value.to_owned() };
    let mut rows: Vec<DietRow> = diet.allergens.iter().map(|a| row(DietKind::Allergen, &a.to_string())).collect();
    rows.extend(diet.avoid.iter().map(|name| row(DietKind::Avoid, name)));
    let flags = [(diet.halal, DietKind::Halal), (diet.low_salt, DietKind::LowSalt), (diet.low_sugar, DietKind::LowSugar)];
    rows.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, kind)| row(kind, DietKind::SET)));
    rows.extend(diet.texture.map(|texture| row(DietKind::Texture, &texture.to_string())));
    rows.extend(diet.size.map(|size| row(DietKind::Size, &size.to_string())));
    seniors::replace_diet(tx.change(), senior, &rows)
}
