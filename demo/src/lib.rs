//! The demo street (暖阳街道): 5 communities, 20 canteens, 2,000 seniors, real dishes and two weeks of menus.
//!
//! [`Street::generate`] gives typed rows of exactly the tables that users import; the demo goes through the same files and
//! the same import. Equal seed and first date give equal bytes on every machine: the generator has its own random numbers
//! and no clock.

mod broken;
mod canteens;
mod families;
mod food;
mod households;
mod lots;
mod menus;
mod names;
mod people;
mod random;
mod standing;

pub use broken::Broken;
pub use food::{Basis, Ingredient, Nutrition};
pub use lots::{Lot, Supplier};

use domain::{PlaceCode, ServiceDate};
use food::Kitchen;
use tabular::{
    CanteenRow, CsvWriter, DishRow, FactRow, FamilyRow, Language, MenuRow, PlaceRow, RecipeRow, Row, SeniorRow, StandingRow,
    TableKind, WriteError,
};

/// How many days the menus cover, from the first date on.
pub const MENU_DAYS: u16 = 14;
/// How many seniors there are.
pub const SENIORS: usize = 2_000;
/// How many family bindings there are.
pub const FAMILIES: usize = 300;
/// How many standing orders there are.
pub const STANDING_ORDERS: usize = 600;

/// The whole street as rows of the importable tables, and the goods behind its kitchens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Street {
    /// Province to communities, and two places outside the street where some seniors are registered.
    pub places: Vec<PlaceRow>,
    /// Twenty canteens of every kind.
    pub canteens: Vec<CanteenRow>,
    /// Dishes with the nutrition computed from their recipes.
    pub dishes: Vec<DishRow>,
    /// Recipes in grams per portion.
    pub recipes: Vec<RecipeRow>,
    /// Menus of [`MENU_DAYS`] days.
    pub menus: Vec<MenuRow>,
    /// The roster.
    pub seniors: Vec<SeniorRow>,
    /// Dated facts about the seniors.
    pub facts: Vec<FactRow>,
    /// Family bindings with consent.
    pub families: Vec<FamilyRow>,
    /// Standing orders.
    pub standing_orders: Vec<StandingRow>,
    /// Ingredients with their figures and suppliers.
    pub ingredients: Vec<Ingredient>,
    /// Who delivers them.
    pub suppliers: Vec<Supplier>,
}

impl Street {
    /// Makes the street. Ages, facts and menus are laid around `first_date`, the first service date with a menu.
    ///
    /// # Errors
    /// When the data that comes with this crate does not fit together; a test reads all of it, so a release cannot.
    pub fn generate(seed: u64, first_date: ServiceDate) -> Result<Self, Broken> {
        let kitchen = Kitchen::load()?;
        let places = canteens::places()?;
        let sites = canteens::sites()?;
        let menus = menus::menus(seed, first_date, &sites, &kitchen)?;
        let roster = people::roster(seed, first_date, &sites)?;
        let families = families::families(seed, first_date, &roster)?;
        let standing_orders = standing::standing_orders(seed, first_date, &roster, &sites)?;
        let suppliers = lots::suppliers()?;
        Ok(Self {
            places,
            canteens: sites.into_iter().map(|s| s.row).collect(),
            dishes: kitchen.dishes.iter().map(|d| d.row.clone()).collect(),
            recipes: kitchen.recipes()?,
            menus,
            seniors: roster.seniors,
            facts: roster.facts,
            families,
            standing_orders,
            ingredients: kitchen.ingredients,
            suppliers,
        })
    }

    /// The importable files in the order in which they must be imported: the table, a file name, CSV bytes.
    ///
    /// # Errors
    /// When a row cannot be written; writing into memory does not fail otherwise.
    pub fn files(&self) -> Result<Vec<(TableKind, String, Vec<u8>)>, WriteError> {
        let all = [
            csv(TableKind::Places, &self.places)?,
            csv(TableKind::Canteens, &self.canteens)?,
            csv(TableKind::Dishes, &self.dishes)?,
            csv(TableKind::Recipes, &self.recipes)?,
            csv(TableKind::Menus, &self.menus)?,
            csv(TableKind::Seniors, &self.seniors)?,
            csv(TableKind::Facts, &self.facts)?,
            csv(TableKind::Families, &self.families)?,
            csv(TableKind::StandingOrders, &self.standing_orders)?,
        ];
        Ok(all.into_iter().map(|(kind, bytes)| (kind, format!("{kind}.csv"), bytes)).collect())
    }

    /// The street itself, under which the communities lie.
    ///
    /// # Errors
    /// Never for the code that is built in.
    pub fn place() -> Result<PlaceCode, Broken> {
        broken::cell(canteens::STREET)
    }
}

fn csv<T: Row>(kind: TableKind, rows: &[T]) -> Result<(TableKind, Vec<u8>), WriteError> {
    let mut writer = CsvWriter::<T, _>::new(Vec::new(), Language::Chinese)?;
    rows.iter().try_for_each(|row| writer.write(row))?;
    Ok((kind, writer.finish()?))
}
