//! Dishes and recipes: taken whole. A recipe in a file is the dish's whole recipe, so what it no longer names is taken out. A file does
//! not move a dish from one home to another.

use super::{Importable, Judge, Memo, Verdict, fresh_id, joined};
use domain::canteen::DishHome;
use domain::id::DishId;
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::column::{Col, Word};
use store::query::bulk::{self, Altered, Fresh, IngredientRow, RecipeLineRow};
use store::query::catalogue::{self, DishRow};

type DishFile = tabular::DishRow;
type RecipeFile = tabular::RecipeRow;

fn dish_row(row: &DishFile, id: DishId, home: DishHome) -> DishRow {
    let row = DishRow {
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
        home_place: None,
        home_canteen_id: None,
    };
    row.at_home(home)
}

/// Which homes are in reach; each is asked once.
#[derive(Default)]
struct Homes(Vec<(DishHome, bool)>);

impl Homes {
    fn reached(&mut self, judge: &mut Judge<'_>, home: &DishHome) -> Result<bool, StoreError> {
        if let Some((_, reached)) = self.0.iter().find(|(known, _)| known == home) {
            return Ok(*reached);
        }
        let reached = judge.reach.covers_home(judge.conn, home)?;
        self.0.push((home.clone(), reached));
        Ok(reached)
    }
}

/// The dish is of another home: who may change what is in it answers for every canteen that may cook it.
fn of_another_home<T: tabular::Row>(v: &mut Verdict, n: u32, column: &str) {
    let zh = "是别处的菜品，不能更改。请换一个编号另建自己的菜品，或请有权限的人更改";
    v.fault::<T>(
        n,
        column,
        "out_of_scope",
        zh,
        "is a dish of others; make one of your own under another code, or ask who answers for it",
    );
}

impl Importable for DishFile {
    const SLICE: usize = 2_000;
    const WHOLE: bool = true;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], _: &mut Memo) -> Result<Verdict, StoreError> {
        let (mut v, mut homes) = (Verdict::default(), Homes::default());
        let codes: Vec<String> = rows.iter().map(|(_, r)| r.code.as_str().to_owned()).collect();
        let known: BTreeMap<String, DishRow> = bulk::dishes(judge.conn, &codes)?.into_iter().map(|d| (d.code.clone(), d)).collect();
        for (n, row) in rows {
            match known.get(row.code.as_str()) {
                None => {
                    let Some(home) = judge.dish_home.cloned().or_else(|| judge.reach.dish_home()) else {
                        let zh = "您负责多个地点，无法确定新菜品归谁。请用只负责一处的账号，或在接口中注明 home";
                        let en = "you answer for several places, and whose a new dish is must be said: by the API, or by who answers for one";
                        v.fault::<Self>(*n, "code", "home_needed", zh, en);
                        continue;
                    };
                    if !homes.reached(judge, &home)? {
                        v.out_of_reach::<Self>(*n, "code");
                    }
                    v.added += 1;
                    v.fresh.push(Fresh::Dish(Box::new(dish_row(row, fresh_id(), home))));
                }
                Some(old) => {
                    let home = judge.dish_home.cloned().unwrap_or_else(|| old.home());
                    let mut new = dish_row(row, old.id.0, home.clone());
                    new.version = old.version;
                    if new == *old {
                        v.unchanged += 1;
                        continue;
                    }
                    if !homes.reached(judge, &old.home())? || !homes.reached(judge, &home)? {
                        of_another_home::<Self>(&mut v, *n, "code");
                    }
                    new.version += 1;
                    v.changed += 1;
                    v.altered.push(Altered::Dish(Box::new(new)));
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
        let (mut v, mut homes) = (Verdict::default(), Homes::default());
        let codes: BTreeSet<String> = rows.iter().map(|(_, r)| r.dish.as_str().to_owned()).collect();
        let (mut dishes, mut foreign): (BTreeMap<String, DishId>, BTreeSet<DishId>) = Default::default();
        for dish in bulk::dishes(judge.conn, &codes.into_iter().collect::<Vec<_>>())? {
            if !homes.reached(judge, &dish.home())? {
                foreign.insert(dish.id.0);
            }
            dishes.insert(dish.code, dish.id.0);
        }
        let names: BTreeSet<String> = rows.iter().map(|(_, r)| r.ingredient.as_str().to_owned()).collect();
        let known: BTreeMap<String, IngredientRow> = bulk::ingredients(judge.conn, &names.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|i| (i.name.clone(), i))
            .collect();
        let mut ingredients = BTreeMap::new();
        for (n, row) in rows {
            let name = row.ingredient.as_str();
            if !ingredients.contains_key(name) {
                let old = known.get(name);
                if old.is_some_and(|old| differs(old, row)) && !shared_in_reach(judge, &mut homes, old)? {
                    let zh = "该食材在别处的菜品中也在用，其致敏原和免批次不能在此更改。请改为与系统中一致，或请有权限的人更改";
                    let en = "dishes of others have this ingredient; give it as it is known, or ask who answers for all of them";
                    v.fault::<Self>(*n, "allergens", "out_of_scope", zh, en);
                }
                let id = ingredient(&mut v, old, row);
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
                Some(_) => {
                    v.unchanged += 1;
                    continue;
                }
            }
            if foreign.contains(&dish) {
                of_another_home::<Self>(&mut v, *n, "dish");
            }
        }
        // A line that is gone is no row of the file; the dish's first row tells of it.
        let shortened: BTreeSet<DishId> = before.keys().map(|(dish, _)| *dish).filter(|dish| foreign.contains(dish)).collect();
        for dish in shortened {
            let of = |(_, row): &&(u32, Self)| dishes.get(row.dish.as_str()) == Some(&dish);
            if let Some((n, _)) = rows.iter().find(of) {
                of_another_home::<Self>(&mut v, *n, "dish");
            }
        }
        v.altered.extend(before.into_values().map(Altered::NoRecipeLine));
        Ok(v)
    }
}

/// Whether a row says something else of an ingredient than what is known.
fn differs(old: &IngredientRow, row: &RecipeFile) -> bool {
    old.allergens != joined(&row.allergens) || old.untraced != row.untraced
}

/// Whether every dish with an ingredient is in reach: what it carries decides who can eat each of them.
fn shared_in_reach(judge: &mut Judge<'_>, homes: &mut Homes, old: Option<&IngredientRow>) -> Result<bool, StoreError> {
    let Some(old) = old else { return Ok(true) };
    for (_, dish) in catalogue::dishes_with(judge.conn, &[old.id.0])? {
        if !homes.reached(judge, &dish.home())? {
            return Ok(false);
        }
    }
    Ok(true)
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
