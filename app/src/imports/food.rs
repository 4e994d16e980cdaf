//! Dishes and recipes: taken whole. A recipe in a file is the dish's whole recipe, so what it no longer names is taken out.

use super::{Importable, Judge, Memo, Verdict, fresh_id, joined};
use domain::id::DishId;
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::column::{Col, Word};
use store::query::bulk::{self, Altered, Fresh, IngredientRow, RecipeLineRow};
use store::query::catalogue::DishRow;

type DishFile = tabular::DishRow;
type RecipeFile = tabular::RecipeRow;

fn dish_row(row: &DishFile, id: DishId) -> DishRow {
    DishRow {
        id: Col(id),
        version: 1,
        code: row.code.as_str().to_owned(),
        name: row.name.as_str().to_owned(),
        station: Word(row.station),
        price_fen: Col(row.price_yuan),
        textures: joined(&row.textures),
        marks: joined(&row.marks),
        energy_kcal_tenths: row.energy_kcal.map(|e| i64::from(e.0)),
        protein_mg: row.protein_g.map(|m| i64::from(m.0)),
        fat_mg: row.fat_g.map(|m| i64::from(m.0)),
        carbohydrate_mg: row.carbohydrate_g.map(|m| i64::from(m.0)),
        sodium_mg: row.sodium_mg.map(|m| i64::from(m.get())),
    }
}

impl Importable for DishFile {
    const SLICE: usize = 2_000;
    const WHOLE: bool = true;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], _: &mut Memo) -> Result<Verdict, StoreError> {
        let mut v = Verdict::default();
        let codes: Vec<String> = rows.iter().map(|(_, r)| r.code.as_str().to_owned()).collect();
        let known: BTreeMap<String, DishRow> = bulk::dishes(judge.conn, &codes)?.into_iter().map(|d| (d.code.clone(), d)).collect();
        for (_, row) in rows {
            match known.get(row.code.as_str()) {
                None => {
                    v.added += 1;
                    v.fresh.push(Fresh::Dish(Box::new(dish_row(row, fresh_id()))));
                }
                Some(old) => {
                    let mut new = dish_row(row, old.id.0);
                    new.version = old.version;
                    if new == *old {
                        v.unchanged += 1;
                    } else {
                        new.version += 1;
                        v.changed += 1;
                        v.altered.push(Altered::Dish(Box::new(new)));
                    }
                }
            }
        }
        Ok(v)
    }
}

impl Importable for RecipeFile {
    const SLICE: usize = 10_000;
    const WHOLE: bool = true;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], _: &mut Memo) -> Result<Verdict, StoreError> {
        let mut v = Verdict::default();
        let codes: BTreeSet<String> = rows.iter().map(|(_, r)| r.dish.as_str().to_owned()).collect();
        let dishes: BTreeMap<String, DishId> =
            bulk::dishes(judge.conn, &codes.into_iter().collect::<Vec<_>>())?.into_iter().map(|d| (d.code, d.id.0)).collect();
        let names: BTreeSet<String> = rows.iter().map(|(_, r)| r.ingredient.as_str().to_owned()).collect();
        let known: BTreeMap<String, IngredientRow> = bulk::ingredients(judge.conn, &names.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|i| (i.name.clone(), i))
            .collect();
        let mut ingredients = BTreeMap::new();
        for (_, row) in rows {
            let name = row.ingredient.as_str();
            if !ingredients.contains_key(name) {
                let id = ingredient(&mut v, known.get(name), row);
                ingredients.insert(name, id);
            }
        }
        let ids: Vec<DishId> = dishes.values().copied().collect();
        let mut before: BTreeMap<_, RecipeLineRow> =
            bulk::recipe_lines(judge.conn, &ids)?.into_iter().map(|l| ((l.dish_id.0, l.ingredient_id.0), l)).collect();
        for (n, row) in rows {
            let Some(dish) = dishes.get(row.dish.as_str()).copied() else {
                v.unknown::<Self>(*n, "dish", "菜品", "dish");
                continue;
            };
            let Some(ingredient) = ingredients.get(row.ingredient.as_str()).copied() else { continue };
            let line =
                RecipeLineRow { dish_id: Col(dish), ingredient_id: Col(ingredient), amount_mg: i64::from(row.grams_per_portion.0) };
            match before.remove(&(dish, ingredient)) {
                None => {
                    v.added += 1;
                    v.fresh.push(Fresh::RecipeLine(line));
                }
                Some(old) if old != line => {
                    v.changed += 1;
                    v.altered.push(Altered::RecipeLine(line));
                }
                Some(_) => v.unchanged += 1,
            }
        }
        v.altered.extend(before.into_values().map(Altered::NoRecipeLine));
        Ok(v)
    }
}

fn ingredient(v: &mut Verdict, old: Option<&IngredientRow>, row: &RecipeFile) -> domain::id::IngredientId {
    let new = IngredientRow {
        id: old.map_or_else(|| Col(fresh_id()), |i| i.id),
        name: row.ingredient.as_str().to_owned(),
        allergens: joined(&row.allergens),
        untraced: row.untraced,
    };
    let id = new.id.0;
    match old {
        None => v.fresh.push(Fresh::Ingredient(new)),
        Some(old) if *old != new => v.altered.push(Altered::Ingredient(new)),
        Some(_) => {}
    }
    id
}
