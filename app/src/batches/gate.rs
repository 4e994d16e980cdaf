//! What the gate looks at, read from the database.

use crate::kitchen::real;
use crate::safety::records::standing_records;
use domain::ServiceDate;
use domain::batch::GateFacts;
use domain::canteen::Station;
use domain::food_safety::certificate::{Certificate, CertificateStanding, standing};
use domain::food_safety::observation::MorningStanding;
use domain::food_safety::{Rules, SettingKey};
use domain::id::{IngredientId, LotId, UserId};
use domain::lot::LotState;
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::batches::{self, BatchRow, IssueRow};
use store::query::{ingredients, safety};

/// What is left of each lot in a batch after corrections; lots of which nothing is left never went in.
#[must_use]
pub(crate) fn net(issues: &[IssueRow]) -> BTreeMap<LotId, i64> {
    let mut net = BTreeMap::new();
    for issue in issues {
        *net.entry(issue.lot_id.0).or_insert(0) += issue.amount;
    }
    net.retain(|_, amount| *amount > 0);
    net
}

/// Everything the gate asks about a batch.
pub(crate) fn facts(conn: &mut AnyConnection, batch: &BatchRow, rules: &Rules) -> Result<GateFacts, StoreError> {
    let id = batch.id.0;
    let station = batches::dish(conn, batch.dish_id.0)?.map(|(_, station)| station);
    let used: Vec<LotId> = net(&batches::issues(conn, &[id])?).into_keys().collect();
    let lots = batches::lots(conn, &used)?;
    let covered: BTreeSet<IngredientId> = lots.iter().map(|lot| lot.ingredient_id.0).collect();
    let parts = real::parts(conn, batch.sitting_id.0, batch.dish_id.0)?;
    let needed: Vec<IngredientId> = parts.iter().map(|part| part.ingredient).collect();
    let untraced = ingredients::untraced_of(conn, &needed)?;
    let traced = parts.into_iter().filter(|part| !covered.contains(&part.ingredient) && !untraced.contains(&part.ingredient));
    let unconfirmed: BTreeSet<String> = store::query::real::brought(conn, &[batch.sitting_id.0])?
        .into_iter()
        .filter(|(row, _)| row.batch_id.0 == id)
        .map(|(_, ingredient)| ingredient.name)
        .collect();
    let frozen = lots.iter().filter(|lot| lot.state == Word(LotState::Frozen)).map(|lot| lot.name.clone()).collect();
    let sample_mg = batches::samples(conn, &[id])?.iter().map(|sample| sample.amount_mg).max();
    Ok(GateFacts {
        core: batch.core_temp.map(|t| t.0),
        heated: station != Some(Station::Cold),
        sample_mg,
        certificate: certificate_of_cook(conn, batch, rules)?,
        morning: morning_of_cook(conn, batch)?,
        unlinked: traced.map(|part| part.name).collect(),
        unconfirmed: unconfirmed.into_iter().collect(),
        frozen,
        cooked_at: batch.cooked_at.map(|t| t.0),
        holding: batch.holding.0,
    })
}

fn certificate_of_cook(conn: &mut AnyConnection, batch: &BatchRow, rules: &Rules) -> Result<CertificateStanding, StoreError> {
    let Some(Col(cook)) = batch.cook_id.filter(|_| rules.demands(SettingKey::HealthCertificateRequired)) else {
        return Ok(CertificateStanding::Missing);
    };
    certificate_on(conn, cook, cooked_on(batch), rules)
}

/// The day on which a batch was cooked; its service date until then.
fn cooked_on(batch: &BatchRow) -> ServiceDate {
    batch.cooked_at.map_or(batch.service_date.0, |at| at.0.civil_date())
}

/// Where somebody's health certificate stands on a day, of all on record.
pub(crate) fn certificate_on(
    conn: &mut AnyConnection,
    user: UserId,
    on: ServiceDate,
    rules: &Rules,
) -> Result<CertificateStanding, StoreError> {
    let held: Vec<Certificate> = batches::certificates(conn, user)?
        .into_iter()
        .map(|row| Certificate { issued_on: row.issued_on.0, expires_on: row.expires_on.0 })
        .collect();
    Ok(standing(&held, on, rules))
}

/// The cook's morning check on the day of cooking; before somebody is named as the cook, none is there.
fn morning_of_cook(conn: &mut AnyConnection, batch: &BatchRow) -> Result<MorningStanding, StoreError> {
    let Some(Col(cook)) = batch.cook_id else { return Ok(MorningStanding::Missing) };
    let checks = standing_records(safety::morning_checks(conn, cook, cooked_on(batch))?);
    Ok(MorningStanding::of(&checks.iter().filter_map(|row| row.fit).collect::<Vec<_>>()))
}
