//! Meals against what is known of people, whenever it became known: a death is often recorded weeks later.

use super::{keep::keep, rules_at};
use crate::App;
use crate::failure::{Failure, Never, Outcome};
use crate::ingredients::rules::RuleShelf;
use domain::anomaly::person::{self, Absence, Cause};
use domain::anomaly::{AnomalyRule, Found, Limits, Served, Verdict, last_settled};
use domain::id::{CanteenId, FactId};
use domain::subsidy::FactKind;
use domain::text_enum::TextEnum;
use domain::{Instant, PlaceCode, ServiceDate};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::anomalies;
use store::query::seniors::FactRow;
use store::query::served::{self, ServedRow};
use store::{LaneKey, StoreError};

/// Facts that are read at once.
const PAGE: i64 = 200;
/// Meals against one fact that are looked at, the earliest: a year of three a day.
const MEALS_MAX: i64 = 1_100;
/// Facts are looked for from some seconds before the last time on: a commit may have taken that long.
const OVERLAP_S: i64 = 300;

/// As the rules look at a fact; `None` for one that keeps nobody from eating.
fn absence(row: &FactRow) -> Option<Absence> {
    let cause = FactKind::parse(&row.kind).and_then(Cause::of)?;
    let to = row.valid_to.map(|Col(day)| day);
    Some(Absence { fact: row.id.0, senior: row.senior_id.0, cause, from: row.valid_from.0, to })
}

/// Meals against one fact, each with its date and its limit.
type Against = (Absence, Vec<(ServiceDate, Served, Option<i64>)>);

/// Meals with the fact that each is against, one fact after the other.
pub(super) fn against<E>(
    rows: Vec<(FactRow, ServedRow)>,
    mut limit: impl FnMut(AnomalyRule, &ServedRow) -> Result<Option<i64>, E>,
) -> Result<Vec<Found>, E> {
    let mut facts: BTreeMap<FactId, Against> = BTreeMap::new();
    for (fact, meal) in rows {
        let Some(absence) = absence(&fact) else { continue };
        let limit = limit(absence.cause.rule(), &meal)?;
        let (_, meals) = facts.entry(absence.fact).or_insert_with(|| (absence, Vec::new()));
        meals.push((meal.service_date.0, meal.served(), limit));
    }
    Ok(facts.into_values().filter_map(|(absence, meals)| person::against(&absence, &meals)).collect())
}

/// Follows facts that became known since the last time; how many cases they opened or added to.
pub(super) async fn follow(app: &App) -> Outcome<(u64, u64), Never> {
    let begun = app.clock.now();
    let until = last_settled(begun);
    let since = app.store.read("anomaly_facts_followed", anomalies::facts_followed).await?;
    let since = since.map_or(Instant::from_micros(0), |at| at.plus_seconds(-OVERLAP_S));
    let (mut after, mut opened, mut added) = (None, 0, 0);
    loop {
        let facts = app.store.read("anomaly_facts", move |conn| served::facts_since(conn, since, after, PAGE)).await?;
        let Some(last) = facts.last() else { break };
        after = Some(last.id.0);
        for fact in facts {
            for found in of_fact(app, fact, until).await? {
                match keep(app, found).await? {
                    Verdict::Open => opened += 1,
                    Verdict::Add => added += 1,
                    Verdict::Nothing => {}
                }
            }
        }
    }
    app.store.write(LaneKey::SHARED, "anomaly_facts_followed", move |tx| anomalies::set_facts_followed(tx.change(), begun)).await?;
    Ok((opened, added))
}

/// The meals of one person against one fact, on days that are over.
async fn of_fact(app: &App, fact: FactRow, until: ServiceDate) -> Outcome<Vec<Found>, Never> {
    let shelf = app.food_safety.clone();
    app.store
        .read("anomalies_of_fact", move |conn| {
            let Some(absence) = absence(&fact) else { return Ok(Vec::new()) };
            let to = absence.to.map_or(until, |to| to.min(until));
            let meals = served::of_senior(conn, absence.senior, (absence.from, to), MEALS_MAX)?;
            let rows = meals.into_iter().map(|(meal, _)| (fact.clone(), meal)).collect();
            let mut known = Places::default();
            let found = against(rows, |rule, meal| known.depth(conn, &shelf, rule, meal))?;
            Ok::<_, Failure<Never>>(found)
        })
        .await
}

/// What holds where and when, looked up once for each canteen and day.
#[derive(Default)]
struct Places {
    at: BTreeMap<CanteenId, Option<PlaceCode>>,
    limits: BTreeMap<(PlaceCode, ServiceDate, AnomalyRule), Option<i64>>,
}

impl Places {
    fn depth(
        &mut self,
        conn: &mut AnyConnection,
        shelf: &RuleShelf,
        rule: AnomalyRule,
        meal: &ServedRow,
    ) -> Result<Option<i64>, StoreError> {
        let (Col(canteen), Col(on)) = (meal.canteen_id, meal.service_date);
        let place = match self.at.entry(canteen) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(served::canteen(conn, canteen)?.map(|row| row.place.0)),
        };
        let Some(place) = place.clone() else { return Ok(None) };
        let key = (place, on, rule);
        if let Some(limit) = self.limits.get(&key) {
            return Ok(*limit);
        }
        let limit = Limits::of(&rules_at(conn, shelf, &key.0, on)?).depth(rule);
        self.limits.insert(key, limit);
        Ok(limit)
    }
}
