//! Orders that were taken are judged again by what a dish is really made of.

use super::real::{Place, Said, recipes};
use crate::jobs::notify::{self, Telling};
use crate::orders::view;
use crate::shelves::dish_facts;
use domain::Instant;
use domain::diet::{Allergen, Diet, DishFacts, clashes};
use domain::event::Event;
use domain::id::{DishId, OrderLineId, SeniorId};
use domain::kitchen::real::{Part, Standing};
use domain::notice::NoticeEvent;
use std::collections::{BTreeMap, BTreeSet};
use store::column::Col;
use store::conn::AnyConnection;
use store::query::real::{self, JudgedRow};
use store::query::rows::OrderLineRow;
use store::query::{catalogue, orders, seniors};
use store::{StoreError, Tx};

/// Judges the lines of a dish again; answers how many became unfit. Each order whose line changes is a change of the order: its label is
/// due again, and the displays ask for somebody to see it.
pub(super) fn again(
    tx: &mut Tx<'_>,
    telling: Telling,
    place: &Place<'_>,
    dish: DishId,
    said: &Said,
    now: Instant,
) -> Result<usize, StoreError> {
    let sitting = place.sitting.id.0;
    let Some(facts) = facts(tx.look(), dish, said)? else { return Ok(0) };
    let rows = real::lines_to_judge(tx.look(), sitting, dish)?;
    let people: BTreeSet<SeniorId> = rows.iter().filter_map(|row| row.senior_id.map(|Col(id)| id)).collect();
    let diets = diets(tx.look(), &people.into_iter().collect::<Vec<_>>())?;
    let mut unfit = 0;
    for JudgedRow { line, senior_id } in rows {
        let Some(diet) = senior_id.and_then(|Col(id)| diets.get(&id)) else { continue };
        let before = standing(&line);
        let Some(after) = before.judged(&clashes(diet, &facts, line.texture.0)) else { continue };
        unfit += usize::from(after.is_unfit());
        change(tx, place, &line, &after, now)?;
    }
    if unfit > 0 {
        notify::everyone_of(tx, telling, NoticeEvent::DishUnfit, sitting, dish)?;
    }
    Ok(unfit)
}

/// What stands on a line.
#[must_use]
pub(crate) fn standing(line: &OrderLineRow) -> Standing {
    let exceptions = line.exceptions.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect();
    Standing { exceptions, reason: line.override_reason.clone() }
}

/// What is in a recipe, with what it may do to people.
fn made_of(recipe: Vec<Part>) -> BTreeMap<String, BTreeSet<Allergen>> {
    recipe.into_iter().map(|part| (part.name, part.allergens)).collect()
}

/// What a dish is to the rules of diets, with what is really in it.
fn facts(conn: &mut AnyConnection, dish: DishId, said: &Said) -> Result<Option<DishFacts>, StoreError> {
    let Some(row) = catalogue::dishes(conn, &[dish])?.pop() else { return Ok(None) };
    let recipe = made_of(recipes(conn, &[dish])?.remove(&dish).unwrap_or_default());
    Ok(Some(dish_facts(&row, said.ingredients(&recipe))))
}

/// Each dish of a sitting's menu with what it really is.
pub(crate) fn menu_facts(
    conn: &mut AnyConnection,
    sitting: domain::id::SittingId,
) -> Result<Vec<(catalogue::MenuItemRow, String, DishFacts)>, StoreError> {
    let menu = catalogue::menu(conn, sitting)?;
    let ids: Vec<DishId> = menu.iter().map(|(_, dish)| dish.id.0).collect();
    let mut recipes = recipes(conn, &ids)?;
    let said = super::real::said(conn, &[sitting])?;
    let of = |(item, dish): (catalogue::MenuItemRow, catalogue::DishRow)| {
        let recipe = made_of(recipes.remove(&dish.id.0).unwrap_or_default());
        let ingredients = said.get(&(sitting, dish.id.0)).map_or_else(|| recipe.clone(), |said| said.ingredients(&recipe));
        let facts = dish_facts(&dish, ingredients);
        (item, dish.name, facts)
    };
    Ok(menu.into_iter().map(of).collect())
}

/// The diets of some seniors; who has none on record has one without rules.
pub(crate) fn diets(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<BTreeMap<SeniorId, Diet>, StoreError> {
    let mut rows: BTreeMap<SeniorId, Vec<seniors::DietRow>> = of.iter().map(|id| (*id, Vec::new())).collect();
    for row in seniors::diets_of(conn, of)? {
        rows.entry(row.senior_id.0).or_default().push(row);
    }
    rows.into_iter().map(|(id, rows)| Ok((id, crate::orders::load::readable_diet(id, &rows)?))).collect()
}

fn change(tx: &mut Tx<'_>, place: &Place<'_>, line: &OrderLineRow, to: &Standing, now: Instant) -> Result<(), StoreError> {
    let (Col(id), Col(line_id)): (_, Col<OrderLineId>) = (line.order_id, line.id);
    real::set_exceptions(tx.change(), line_id, &to.exceptions.join(","), &to.reason)?;
    let mut order = orders::find(tx.look(), id)?.ok_or(StoreError::NotFound)?;
    order.version += 1;
    order.changed_at = Col(now);
    orders::replace(tx.change(), &order)?;
    let told = view::of(&order, &orders::lines(tx.look(), id)?);
    view::record(tx, place.canteen.id.0, id, &Event::OrderChanged(told), now)
}
