//! The goods behind a meal: suppliers, and lots as they are received for a sitting.

use crate::broken::{Broken, cell, found, rows};
use crate::canteens::licence;
use crate::{Ingredient, Street};
use domain::{MealPeriod, ServiceDate};
use std::collections::BTreeMap;
use tabular::{Code, Licence, Phone, Text, Whole};

/// Who delivers goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplier {
    /// Its code.
    pub code: Code,
    /// Its name.
    pub name: Text<60>,
    /// Its food business licence.
    pub licence: Licence,
    /// To call in a recall.
    pub phone: Phone,
    /// Groups of goods it delivers, with the days that each keeps.
    pub groups: BTreeMap<String, u16>,
}

/// A lot as received: what, from whom, its batch and dates, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// The ingredient.
    pub ingredient: Text<40>,
    /// The supplier's code.
    pub supplier: Code,
    /// The producer's batch number.
    pub batch: String,
    /// Made or harvested on.
    pub produced_on: ServiceDate,
    /// Best before, inclusive.
    pub expires_on: ServiceDate,
    /// Received on.
    pub received_on: ServiceDate,
    /// As bought, in grams: more than the recipes' edible part.
    pub quantity_g: u64,
}

/// The built-in suppliers.
pub(crate) fn suppliers() -> Result<Vec<Supplier>, Broken> {
    let read = |[code, name, sequence, phone, groups]: [String; 5]| {
        let pairs = groups.split(';').map(|pair| {
            let (group, days) = found(pair.split_once(':'), "days a group keeps")?;
            Ok((group.to_owned(), days.parse().map_err(|_| Broken(format!("days {days}")))?))
        });
        Ok(Supplier {
            code: cell(&code)?,
            name: cell(&name)?,
            licence: licence(1, cell::<Whole<1, 999_999>>(&sequence)?.get())?,
            phone: cell(&format!("026{phone}"))?,
            groups: pairs.collect::<Result<_, Broken>>()?,
        })
    };
    rows::<5>(include_str!("../data/suppliers.csv"))?.into_iter().map(read).collect()
}

impl Street {
    /// The lots that cover every portion on a menu, a tenth to spare, one per traced ingredient, in the order of ingredients.
    ///
    /// # Errors
    /// When a recipe names an ingredient or a group that has no supplier; a test covers every menu.
    pub fn lots(&self, canteen: &Code, date: ServiceDate, meal: MealPeriod) -> Result<Vec<Lot>, Broken> {
        let mut needed: BTreeMap<&str, u64> = BTreeMap::new();
        for item in self.menus.iter().filter(|m| m.canteen == *canteen && m.date == date && m.meal == meal) {
            for part in self.recipes.iter().filter(|r| r.dish == item.dish && !r.untraced) {
                let amount = u64::from(part.grams_per_portion.0) * u64::from(item.portions.get());
                *needed.entry(part.ingredient.as_str()).or_default() += amount;
            }
        }
        let mut lots = Vec::new();
        for ingredient in &self.ingredients {
            if let Some(edible_mg) = needed.get(ingredient.name.as_str()) {
                lots.push(self.lot(ingredient, *edible_mg, date)?);
            }
        }
        Ok(lots)
    }

    fn lot(&self, ingredient: &Ingredient, edible_mg: u64, date: ServiceDate) -> Result<Lot, Broken> {
        let supplier = self.suppliers.iter().find_map(|s| s.groups.get(&ingredient.group).map(|days| (s, *days)));
        let (supplier, keeps) = found(supplier, &ingredient.group)?;
        // Goods that keep long have been lying for a while; fresh ones came the day before.
        let age = i32::from(keeps / 4).clamp(1, 45);
        let (produced_on, received_on) = (date.plus_days(-age), date.plus_days(if keeps <= 7 { -1 } else { -3_i32.min(age) }));
        let bought_mg = edible_mg * 110 / u64::from(ingredient.edible_percent.max(1));
        Ok(Lot {
            ingredient: ingredient.name.clone(),
            supplier: supplier.code.clone(),
            batch: format!("{}{}", produced_on.0.format("%Y%m%d"), supplier.code),
            produced_on,
            expires_on: produced_on.plus_days(i32::from(keeps)),
            received_on: received_on.max(produced_on),
            quantity_g: bought_mg.div_ceil(1_000),
        })
    }
}
