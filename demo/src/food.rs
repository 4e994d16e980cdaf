//! Ingredients, dishes, recipes, and the nutrition of a portion computed from them in whole numbers.

use crate::broken::{Broken, cell, found, rows};
use domain::diet::{Allergen, DishMark, Texture};
use std::collections::BTreeMap;
use tabular::{DishRow, Milligrams, RecipeRow, TenthKcal, Text, Whole};

/// Sodium of a portion from which a dish is marked salty: a quarter of the 2,000 mg a day of WHO's guideline of 2012, since
/// a meal has about three dishes and a day three meals, of which lunch is the largest. A convention of the demo.
const HIGH_SALT_MG: u32 = 500;
/// Added sugar of a portion from which a dish is marked sweet: a tenth of the 50 g a day of the Dietary Guidelines for
/// Chinese Residents (2022). A convention of the demo.
const HIGH_SUGAR: Milligrams = Milligrams(5_000);

/// Where the figures of an ingredient come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// 中国食物成分表 标准版 第6版.
    FoodTable,
    /// Chemistry: salt, sugar.
    Computed,
    /// Round figures as packages declare.
    LabelEstimate,
}

/// Energy and the four nutrients of GB 28050, of a portion or of 100 g.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nutrition {
    /// Tenths of a kilocalorie.
    pub energy_tenth_kcal: u64,
    /// Milligrams.
    pub protein_mg: u64,
    /// Milligrams.
    pub fat_mg: u64,
    /// Milligrams.
    pub carbohydrate_mg: u64,
    /// Hundredths of a milligram, so that rounding happens once, at the end.
    pub sodium_hundredth_mg: u64,
}

impl Nutrition {
    /// The sum over ingredients of amount times figure per 100 g, rounded half up once, after the sum.
    #[must_use]
    pub fn of_portion<'a>(parts: impl IntoIterator<Item = (Milligrams, &'a Self)>) -> Self {
        let mut sum = [0_u64; 5];
        for (Milligrams(amount), per_100_g) in parts {
            let figures = [
                per_100_g.energy_tenth_kcal,
                per_100_g.protein_mg,
                per_100_g.fat_mg,
                per_100_g.carbohydrate_mg,
                per_100_g.sodium_hundredth_mg,
            ];
            for (sum, figure) in sum.iter_mut().zip(figures) {
                *sum += u64::from(amount) * figure;
            }
        }
        let [energy_tenth_kcal, protein_mg, fat_mg, carbohydrate_mg, sodium_hundredth_mg] = sum.map(|s| (s + 50_000) / 100_000);
        Self { energy_tenth_kcal, protein_mg, fat_mg, carbohydrate_mg, sodium_hundredth_mg }
    }
}

/// An ingredient with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingredient {
    /// Its name in recipes.
    pub name: Text<40>,
    /// The group of goods, by which it has a supplier.
    pub group: String,
    /// Edible part of what is bought, in percent.
    pub edible_percent: u32,
    /// Per 100 g of edible part.
    pub per_100_g: Nutrition,
    /// Classes of GB 7718 it carries.
    pub allergens: Vec<Allergen>,
    /// Used without a lot.
    pub untraced: bool,
    /// Where the figures come from.
    pub basis: Basis,
    /// Its number in the food table; empty for other bases.
    pub food_code: String,
    not_halal: bool,
    sugar: bool,
}

impl Ingredient {
    fn read(row: &[String; 13]) -> Result<Self, Broken> {
        let [name, group, edible, energy, protein, fat, carbohydrate, sodium, allergens, flags, basis, code, _note] = row;
        let milligrams = |text: &str| cell::<Milligrams>(text).map(|m| u64::from(m.0));
        let flag = |name: &str| flags.split(';').any(|f| f == name);
        Ok(Self {
            name: cell(name)?,
            group: group.clone(),
            edible_percent: cell::<Whole<1, 100>>(edible)?.get(),
            per_100_g: Nutrition {
                energy_tenth_kcal: cell::<TenthKcal>(energy)?.0.into(),
                protein_mg: milligrams(protein)?,
                fat_mg: milligrams(fat)?,
                carbohydrate_mg: milligrams(carbohydrate)?,
                sodium_hundredth_mg: sodium_hundredths(sodium)?,
            },
            allergens: cell(allergens)?,
            untraced: flag("untraced"),
            basis: match basis.as_str() {
                "food_table" => Basis::FoodTable,
                "computed" => Basis::Computed,
                "label_estimate" => Basis::LabelEstimate,
                other => return Err(Broken(format!("basis {other}"))),
            },
            food_code: code.clone(),
            not_halal: flag("pork") || flag("alcohol"),
            sugar: flag("sugar"),
        })
    }
}

/// Milligrams with at most two decimals as hundredths.
fn sodium_hundredths(text: &str) -> Result<u64, Broken> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<2}");
    digits.parse().ok().filter(|_| fraction.len() <= 2).ok_or_else(|| Broken(format!("sodium {text}")))
}

/// What a dish is in a meal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Main,
    Half,
    Vegetable,
    Staple,
    Soup,
}

/// A dish with its recipe.
pub(crate) struct Dish {
    pub(crate) row: DishRow,
    pub(crate) role: Role,
    pub(crate) meals: String,
    pub(crate) parts: Vec<(Text<40>, Milligrams)>,
}

/// All that is cooked.
pub(crate) struct Kitchen {
    pub(crate) ingredients: Vec<Ingredient>,
    pub(crate) dishes: Vec<Dish>,
}

impl Kitchen {
    /// Reads the built-in files and computes each dish's nutrition, allergens and marks.
    pub(crate) fn load() -> Result<Self, Broken> {
        let ingredients: Vec<Ingredient> =
            rows::<13>(include_str!("../data/ingredients.csv"))?.iter().map(Ingredient::read).collect::<Result<_, _>>()?;
        let mut recipes: BTreeMap<String, Vec<(Text<40>, Milligrams)>> = BTreeMap::new();
        for [dish, ingredient, grams] in rows::<3>(include_str!("../data/recipes.csv"))? {
            recipes.entry(dish).or_default().push((cell(&ingredient)?, cell(&grams)?));
        }
        let dishes = rows::<8>(include_str!("../data/dishes.csv"))?;
        let dishes = dishes.iter().map(|row| {
            let parts = recipes.remove(&row[0]).unwrap_or_default();
            dish(row, parts, &ingredients)
        });
        let dishes = dishes.collect::<Result<_, _>>()?;
        match recipes.into_keys().next() {
            Some(orphan) => Err(Broken(format!("a recipe of no dish: {orphan}"))),
            None => Ok(Self { ingredients, dishes }),
        }
    }

    /// The recipes as rows.
    pub(crate) fn recipes(&self) -> Result<Vec<RecipeRow>, Broken> {
        let mut all = Vec::new();
        for dish in &self.dishes {
            for (name, grams) in &dish.parts {
                let ingredient = named(&self.ingredients, name)?;
                all.push(RecipeRow {
                    dish: dish.row.code.clone(),
                    ingredient: name.clone(),
                    grams_per_portion: *grams,
                    allergens: ingredient.allergens.clone(),
                    untraced: ingredient.untraced,
                });
            }
        }
        Ok(all)
    }
}

fn named<'i>(ingredients: &'i [Ingredient], name: &Text<40>) -> Result<&'i Ingredient, Broken> {
    found(ingredients.iter().find(|i| i.name == *name), name.as_str())
}

fn dish(row: &[String; 8], parts: Vec<(Text<40>, Milligrams)>, ingredients: &[Ingredient]) -> Result<Dish, Broken> {
    let [code, name, station, role, meals, price, textures, _source] = row;
    let known: Vec<(Milligrams, &Ingredient)> =
        parts.iter().map(|(name, grams)| named(ingredients, name).map(|i| (*grams, i))).collect::<Result<_, _>>()?;
    if known.is_empty() {
        return Err(Broken(format!("{name} has no recipe")));
    }
    let portion = Nutrition::of_portion(known.iter().map(|(grams, i)| (*grams, &i.per_100_g)));
    let sodium_mg = small((portion.sodium_hundredth_mg + 50) / 100)?;
    let sugar = known.iter().filter(|(_, i)| i.sugar).map(|(grams, _)| grams.0).sum();
    let marks = [
        (known.iter().any(|(_, i)| i.not_halal), DishMark::NotHalal),
        (sodium_mg >= HIGH_SALT_MG, DishMark::HighSalt),
        (Milligrams(sugar) >= HIGH_SUGAR, DishMark::HighSugar),
    ];
    let textures = textures.chars().map(|c| match c {
        'R' => Ok(Texture::Regular),
        'S' => Ok(Texture::Soft),
        'P' => Ok(Texture::Pureed),
        other => Err(Broken(format!("texture {other}"))),
    });
    let row = DishRow {
        code: cell(code)?,
        name: cell(name)?,
        station: cell(station)?,
        price_yuan: cell(price)?,
        textures: textures.collect::<Result<_, _>>()?,
        marks: marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect(),
        energy_kcal: Some(TenthKcal(small(portion.energy_tenth_kcal)?)),
        protein_g: Some(Milligrams(small(portion.protein_mg)?)),
        fat_g: Some(Milligrams(small(portion.fat_mg)?)),
        carbohydrate_g: Some(Milligrams(small(portion.carbohydrate_mg)?)),
        sodium_mg: Some(found(Whole::new(sodium_mg), "sodium in range")?),
    };
    let role = match role.as_str() {
        "main" => Role::Main,
        "half" => Role::Half,
        "veg" => Role::Vegetable,
        "staple" => Role::Staple,
        "soup" => Role::Soup,
        other => return Err(Broken(format!("role {other}"))),
    };
    Ok(Dish { row, role, meals: meals.clone(), parts })
}

fn small(value: u64) -> Result<u32, Broken> {
    u32::try_from(value).map_err(|_| Broken(format!("{value} is out of range")))
}
