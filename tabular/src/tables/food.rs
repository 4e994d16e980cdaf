//! Dishes, recipes and menus.

use super::{as_read, unless};
use crate::fault::CellFault;
use crate::number::{Milligrams, TenthKcal, Whole};
use crate::schema::SheetName::Table;
use crate::schema::{Misfit, TableKind, table};
use crate::text::{Code, Text};
use crate::when::CutOff;
use domain::canteen::Station;
use domain::diet::{Allergen, DishMark, Texture};
use domain::{Fen, MealPeriod, ServiceDate};

table! {
    /// A dish, with its nutrition per portion as GB 28050 lists it.
    DishRow of Table(TableKind::Dishes), unique [["code"]], agree None, finish check_dish;
    /// What other files call it.
    code: Code = "菜品编号", "D001", "", "";
    /// On menus and labels.
    name: Text<40> = "菜名", "番茄炒蛋", "", "";
    /// Where it is made.
    station: Station = "岗位", "热菜", "", "";
    /// List price of a portion.
    price_yuan: Fen = "单价（元）", "6.00", "", "";
    /// The textures it is offered in.
    textures: Vec<Texture> = "质地", "普通;软食", "至少一项", "at least one";
    /// What some diets rule out.
    marks: Vec<DishMark> = "标记", "非清真", "没有则留空", "empty for none";
    /// Energy of a portion.
    energy_kcal: Option<TenthKcal> = "每份能量（千卡）", "182.5", "不知道则留空，不要填 0", "empty when unknown, never 0";
    /// Protein of a portion.
    protein_g: Option<Milligrams> = "每份蛋白质（克）", "11.2", "", "";
    /// Fat of a portion.
    fat_g: Option<Milligrams> = "每份脂肪（克）", "12", "", "";
    /// Carbohydrate of a portion.
    carbohydrate_g: Option<Milligrams> = "每份碳水化合物（克）", "7.4", "", "";
    /// Sodium of a portion, in milligrams.
    sodium_mg: Option<Whole<0, 100_000>> = "每份钠（毫克）", "640", "", "";
}

fn check_dish(row: DishRow) -> Result<DishRow, Vec<Misfit>> {
    let mut faults: Vec<Misfit> = Vec::new();
    if row.textures.is_empty() {
        faults.push((
            "textures",
            CellFault::new("required", "请至少填一种质地，如“普通”", "give at least one texture, such as regular"),
        ));
    }
    let given = [
        row.energy_kcal.is_some(),
        row.protein_g.is_some(),
        row.fat_g.is_some(),
        row.carbohydrate_g.is_some(),
        row.sodium_mg.is_some(),
    ];
    if given.contains(&true) && given.contains(&false) {
        faults.push((
            "energy_kcal",
            CellFault::new("part_of_nutrition", "五项营养成分须全填或全空", "give all five nutrition figures or none"),
        ));
    }
    unless(faults, row)
}

table! {
    /// One ingredient of a dish: the edible part, raw, for one portion.
    RecipeRow of Table(TableKind::Recipes), unique [["dish", "ingredient"]], agree Some(("ingredient", &["allergens", "untraced"])), finish check_recipe;
    /// The dish's code.
    dish: Code = "菜品编号", "D001", "", "";
    /// The ingredient's name, the same wherever it is used.
    ingredient: Text<40> = "食材", "鸡蛋", "", "";
    /// Raw edible part in a portion.
    grams_per_portion: Milligrams = "每份用量（克）", "60", "可食部生重", "raw weight of the edible part";
    /// The classes of GB 7718 that the ingredient carries.
    allergens: Vec<Allergen> = "致敏原", "蛋", "没有则留空；同一食材须处处一致", "empty for none; the same for an ingredient everywhere";
    /// Used without a lot (salt from an open bag).
    untraced: bool = "免批次", "否", "散装调料等不按批次领用的填“是”", "yes for what is used without a lot, such as salt";
}

fn check_recipe(row: RecipeRow) -> Result<RecipeRow, Vec<Misfit>> {
    let mut faults: Vec<Misfit> = Vec::new();
    if row.grams_per_portion == Milligrams(0) {
        faults.push(("grams_per_portion", CellFault::new("bad_number", "用量须大于 0", "the amount must be above 0")));
    }
    unless(faults, row)
}

table! {
    /// A dish on the menu of a canteen, date and meal. The order of the rows is the order on the menu.
    MenuRow of Table(TableKind::Menus), unique [["canteen", "date", "meal", "dish"]], agree None, finish as_read;
    /// The canteen's code.
    canteen: Code = "助餐点编号", "C01", "", "";
    /// The service date.
    date: ServiceDate = "日期", "2026-11-23", "", "";
    /// The meal.
    meal: MealPeriod = "餐次", "午餐", "", "";
    /// The dish's code.
    dish: Code = "菜品编号", "D001", "", "";
    /// The price that day.
    price_yuan: Fen = "价格（元）", "6.00", "", "";
    /// How many there are.
    portions: Whole<0, 20_000> = "份数", "80", "", "";
    /// Overrides the canteen's cut-off for this meal on this date.
    cut_off: Option<CutOff> = "截止时间", "", "留空则按助餐点的截止时间；同一餐各行须相同", "empty for the canteen's own; the same on all rows of a meal";
}
