//! What really goes into a dish today.
//!
//! A recipe is a plan; the cook has what the market had. Before the count, whoever cooks confirms per sitting and dish what is used:
//! the recipe's ingredients, others in their place, others besides, and what is left out. From then on every clash with a diet is
//! found in what is used and no longer in the recipe, for orders that were taken before as well as for those to come. What a lot
//! brings into a batch without having been confirmed counts as used until somebody has looked.

use crate::diet::{Allergen, Clash};
use crate::id::IngredientId;
use crate::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Ingredients of one dish at most.
pub const INGREDIENTS_MAX: usize = 60;
/// Of one ingredient in one portion at most, in milligrams: two kilograms are more than any plate holds, and a slip of the finger.
pub const AMOUNT_MAX_MG: i64 = 2_000_000;

/// One ingredient of a portion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// The allergen classes that it carries.
    pub allergens: BTreeSet<Allergen>,
    /// How much of it, in milligrams.
    pub amount_mg: i64,
}

/// What somebody says of one ingredient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which is used.
    pub ingredient: IngredientId,
    /// How much of it in a portion, in milligrams; absent is as much as the recipe has of it, or of what it takes the place of.
    pub amount_mg: Option<i64>,
    /// The recipe's ingredient whose place it takes.
    pub instead_of: Option<IngredientId>,
}

/// One ingredient that is really used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// Which.
    pub ingredient: IngredientId,
    /// How much of it in a portion, in milligrams.
    pub amount_mg: i64,
    /// The recipe's ingredient whose place it takes.
    pub instead_of: Option<IngredientId>,
}

/// Why what is said to be used cannot be taken, with the place of the ingredient in the list where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// None, or more than [`INGREDIENTS_MAX`].
    Count,
    /// It stands there twice.
    Twice(usize),
    /// Nothing says how much of it.
    AmountNeeded(usize),
    /// Not more than nothing, or more than [`AMOUNT_MAX_MG`].
    Amount(usize),
    /// What it takes the place of is not in the recipe.
    NotInRecipe(usize),
    /// What it takes the place of is used all the same, or replaced by another already.
    NotReplaced(usize),
}

/// What is used of a dish, in the order of the ingredients, or everything that is wrong with what was said.
pub fn used(recipe: &[Part], asked: &[Asked]) -> Result<Vec<Used>, Vec<Fault>> {
    if !(1..=INGREDIENTS_MAX).contains(&asked.len()) {
        return Err(vec![Fault::Count]);
    }
    let planned: BTreeMap<IngredientId, i64> = recipe.iter().map(|part| (part.ingredient, part.amount_mg)).collect();
    let named: BTreeSet<IngredientId> = asked.iter().map(|one| one.ingredient).collect();
    let (mut seen, mut replaced) = (BTreeSet::new(), BTreeSet::new());
    let (mut used, mut faults) = (Vec::with_capacity(asked.len()), Vec::new());
    for (n, one) in asked.iter().enumerate() {
        if !seen.insert(one.ingredient) {
            faults.push(Fault::Twice(n));
            continue;
        }
        if let Some(old) = one.instead_of {
            if !planned.contains_key(&old) {
                faults.push(Fault::NotInRecipe(n));
            } else if named.contains(&old) || !replaced.insert(old) {
                faults.push(Fault::NotReplaced(n));
            }
        }
        let usual = planned.get(&one.ingredient).or_else(|| one.instead_of.and_then(|old| planned.get(&old)));
        match one.amount_mg.or(usual.copied()) {
            None => faults.push(Fault::AmountNeeded(n)),
            Some(amount) if !(1..=AMOUNT_MAX_MG).contains(&amount) => faults.push(Fault::Amount(n)),
            Some(amount_mg) => used.push(Used { ingredient: one.ingredient, amount_mg, instead_of: one.instead_of }),
        }
    }
    used.sort_unstable();
    if faults.is_empty() { Ok(used) } else { Err(faults) }
}

/// How what is used differs from the recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Used and not in the recipe, in nobody's place.
    pub added: Vec<IngredientId>,
    /// In the recipe, not used, and nothing in its place.
    pub left_out: Vec<IngredientId>,
    /// What is in the recipe, and what is used in its place.
    pub replaced: Vec<(IngredientId, IngredientId)>,
}

/// How what is used differs from the recipe as it is now.
#[must_use]
pub fn difference(recipe: &[Part], used: &[Used]) -> Difference {
    let planned: BTreeSet<IngredientId> = recipe.iter().map(|part| part.ingredient).collect();
    let taken: BTreeSet<IngredientId> = used.iter().map(|one| one.ingredient).collect();
    let replaced: Vec<(IngredientId, IngredientId)> =
        used.iter().filter_map(|one| one.instead_of.map(|old| (old, one.ingredient))).collect();
    let gone: BTreeSet<IngredientId> = replaced.iter().map(|(old, _)| *old).collect();
    Difference {
        added: used
            .iter()
            .filter(|one| one.instead_of.is_none() && !planned.contains(&one.ingredient))
            .map(|u| u.ingredient)
            .collect(),
        left_out: planned.into_iter().filter(|old| !taken.contains(old) && !gone.contains(old)).collect(),
        replaced,
    }
}

/// Whether what is used at a meal can be said now: from the day before, when it is bought and prepared, until the meal is over.
/// Earlier it would be another plan; later nobody's plate can be changed by it.
#[must_use]
pub fn may_confirm(service_date: ServiceDate, serve_to: Instant, now: Instant) -> bool {
    service_date.plus_days(-1) <= now.civil_date() && now < serve_to
}

/// What stands on a line of an order: what its senior may not eat of it, and why it is served all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// As the cook reads it.
    pub exceptions: Vec<String>,
    /// Empty when nobody answers for it.
    pub reason: String,
}

impl Standing {
    /// Whether somebody may not eat this and nobody answers for it: the person goes on the list of those who are not served like this.
    #[must_use]
    pub fn is_unfit(&self) -> bool {
        !self.exceptions.is_empty() && self.reason.is_empty()
    }

    /// Judged again by what is really used; `None` when it stands as it stood. A reason covers what it was given against and no more:
    /// with a clash that was not there it is void, and somebody has to look.
    #[must_use]
    pub fn judged(&self, clashes: &[Clash]) -> Option<Self> {
        let exceptions: Vec<String> = clashes.iter().map(Clash::message_zh).collect();
        if exceptions == self.exceptions {
            return None;
        }
        let covered = exceptions.iter().all(|one| self.exceptions.contains(one));
        Some(Self { exceptions, reason: if covered { self.reason.clone() } else { String::new() } })
    }
}

/// What the list of those who cannot eat what they ordered says: why, and how to put them back.
#[must_use]
pub fn unfit_advice_zh(dish: &str, exceptions: &[String], instead: &[String]) -> String {
    let choice = if instead.is_empty() { String::new() } else { format!("（可选：{}）", instead.join("、")) };
    format!(
        "{dish}今日实际用料{}；请改订其他菜{choice}，或由有权限者写明理由后照送（如单独制作），或换回用料并重新确认",
        exceptions.join("、")
    )
}

/// The same in English.
#[must_use]
pub fn unfit_advice_en(dish: &str, exceptions: &[String], instead: &[String]) -> String {
    let choice = if instead.is_empty() { String::new() } else { format!(" ({})", instead.join(", ")) };
    format!(
        "{dish} is really made with what this person may not eat ({}); order another dish{choice}, let someone entitled give a reason \
         (as when it is made apart), or use something else and confirm that",
        exceptions.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u128) -> IngredientId {
        IngredientId::from_uuid(Uuid::from_u128(n))
    }

    fn recipe() -> Vec<Part> {
        [(1, "鸡丁", 80_000), (2, "花生", 20_000), (3, "葱", 5_000)]
            .map(|(n, name, amount_mg)| Part { ingredient: id(n), name: name.to_owned(), allergens: BTreeSet::new(), amount_mg })
            .to_vec()
    }

    fn asked(n: u128, amount_mg: Option<i64>, instead_of: Option<u128>) -> Asked {
        Asked { ingredient: id(n), amount_mg, instead_of: instead_of.map(id) }
    }

    #[test]
    fn what_is_used_has_the_amount_of_the_recipe_or_of_what_it_replaces_unless_it_is_said() {
        let said = [asked(1, None, None), asked(9, None, Some(2)), asked(7, Some(3_000), None)];
        let found = used(&recipe(), &said).unwrap();
        let amounts: Vec<_> = found.iter().map(|one| (one.ingredient, one.amount_mg)).collect();
        assert_eq!(amounts, [(id(1), 80_000), (id(7), 3_000), (id(9), 20_000)]);
        let told = difference(&recipe(), &found);
        assert_eq!(told, Difference { added: vec![id(7)], left_out: vec![id(3)], replaced: vec![(id(2), id(9))] });
    }

    #[test]
    fn everything_that_is_wrong_with_what_was_said_is_told_at_once() {
        for (name, said, faults) in [
            ("nothing at all", vec![], vec![Fault::Count]),
            ("too many", vec![asked(1, None, None); INGREDIENTS_MAX + 1], vec![Fault::Count]),
            ("twice", vec![asked(1, None, None), asked(1, None, None)], vec![Fault::Twice(1)]),
            ("an addition without an amount", vec![asked(9, None, None)], vec![Fault::AmountNeeded(0)]),
            (
                "amounts",
                vec![asked(1, Some(0), None), asked(2, Some(AMOUNT_MAX_MG + 1), None)],
                vec![Fault::Amount(0), Fault::Amount(1)],
            ),
            ("in the place of nothing", vec![asked(9, Some(1), Some(8))], vec![Fault::NotInRecipe(0)]),
            ("in the place of what is used", vec![asked(2, None, None), asked(9, None, Some(2))], vec![Fault::NotReplaced(1)]),
            ("two in one place", vec![asked(8, None, Some(2)), asked(9, None, Some(2))], vec![Fault::NotReplaced(1)]),
        ] {
            assert_eq!(used(&recipe(), &said), Err(faults), "{name}");
        }
    }

    #[test]
    fn a_reason_covers_what_it_was_given_against_and_no_more() {
        let peanut = || Clash::Allergen { allergen: Allergen::Peanut, ingredient: "花生".into() };
        let egg = || Clash::Allergen { allergen: Allergen::Egg, ingredient: "蛋液".into() };
        let (p, e) = (peanut().message_zh(), egg().message_zh());
        let standing = |exceptions: &[&String], reason: &str| Standing {
            exceptions: exceptions.iter().map(|text| (*text).clone()).collect(),
            reason: reason.to_owned(),
        };
        for (name, before, clashes, after, unfit) in [
            ("as it stood", standing(&[&p], "医嘱"), vec![peanut()], None, false),
            ("nothing before, nothing now", standing(&[], ""), vec![], None, false),
            ("a new clash", standing(&[], ""), vec![peanut()], Some(standing(&[&p], "")), true),
            ("one more than was answered for", standing(&[&p], "医嘱"), vec![peanut(), egg()], Some(standing(&[&p, &e], "")), true),
            ("one less", standing(&[&p, &e], "医嘱"), vec![peanut()], Some(standing(&[&p], "医嘱")), false),
            ("gone", standing(&[&p], ""), vec![], Some(standing(&[], "")), false),
        ] {
            let judged = before.judged(&clashes);
            assert_eq!(judged, after, "{name}");
            assert_eq!(judged.unwrap_or(before).is_unfit(), unfit, "{name}");
        }
    }

    #[test]
    fn what_is_used_is_said_from_the_day_before_until_the_meal_is_over() {
        let day = ServiceDate::new(2026, 11, 23).unwrap();
        let at = |day: u32, hour: u32| {
            Instant::from_civil(ServiceDate::new(2026, 11, day).unwrap(), chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap())
        };
        for (now, expected) in [(at(21, 23), false), (at(22, 0), true), (at(23, 12), true), (at(23, 13), false)] {
            assert_eq!(may_confirm(day, at(23, 13), now), expected, "{now}");
        }
    }
}
