//! Two weeks of menus: each canteen turns through the dishes, so that no main dish returns within three days.

use crate::MENU_DAYS;
use crate::broken::{Broken, cell, found};
use crate::canteens::{MenuStyle, Site};
use crate::food::{Dish, Kitchen, Role};
use crate::random::Random;
use domain::diet::{DishMark, Texture};
use domain::{MealPeriod, ServiceDate};
use tabular::{CutOff, MenuRow, Whole};

/// How many dishes of each role a menu has.
fn counts(style: MenuStyle, meal: MealPeriod) -> &'static [(Role, usize)] {
    match (style, meal) {
        (_, MealPeriod::Breakfast) => &[(Role::Staple, 4), (Role::Half, 2), (Role::Soup, 2)],
        (MenuStyle::Small, MealPeriod::Lunch) => &[(Role::Main, 1), (Role::Half, 1), (Role::Vegetable, 2), (Role::Soup, 1)],
        // Without pork and wine there are fewer to turn through.
        (MenuStyle::Halal, MealPeriod::Lunch) => &[(Role::Main, 2), (Role::Half, 2), (Role::Vegetable, 3), (Role::Soup, 1)],
        (_, MealPeriod::Lunch) => &[(Role::Main, 3), (Role::Half, 2), (Role::Vegetable, 3), (Role::Soup, 1)],
        (MenuStyle::Small, MealPeriod::Dinner) => &[(Role::Main, 1), (Role::Vegetable, 1), (Role::Soup, 1)],
        (_, MealPeriod::Dinner) => &[(Role::Main, 2), (Role::Half, 1), (Role::Vegetable, 2), (Role::Soup, 1)],
    }
}

/// What is on every lunch and dinner, by code: rice, soft rice, and for those who need it puréed chicken or fish.
fn always(meal: MealPeriod, style: MenuStyle, day: u16) -> &'static [&'static str] {
    match (meal, style, day % 2) {
        (MealPeriod::Breakfast, ..) => &[],
        (_, MenuStyle::Small, _) => &["D053", "D055"],
        (_, _, 0) => &["D053", "D055", "D075"],
        _ => &["D053", "D055", "D076"],
    }
}

/// All menus, by canteen, date and meal.
pub(crate) fn menus(seed: u64, first_date: ServiceDate, sites: &[Site], kitchen: &Kitchen) -> Result<Vec<MenuRow>, Broken> {
    let mut random = Random::new(seed, "menus");
    let mut rows = Vec::new();
    for site in sites {
        let mut wheels = Wheels::of(&mut random, site, kitchen);
        for day in 0..MENU_DAYS {
            let date = first_date.plus_days(i32::from(day));
            if !site.weekdays.contains(date.weekday()) {
                continue;
            }
            for meal in [MealPeriod::Breakfast, MealPeriod::Lunch, MealPeriod::Dinner] {
                if site.serves(meal) {
                    rows.extend(menu(site, date, meal, wheels.turn(kitchen, site.menu, meal, day)?)?);
                }
            }
        }
    }
    Ok(rows)
}

/// The dishes of each role in an order of the canteen's own, taken in turn.
struct Wheels<'k>(Vec<(MealPeriod, Role, Vec<&'k Dish>, usize)>);

impl<'k> Wheels<'k> {
    fn of(random: &mut Random, site: &Site, kitchen: &'k Kitchen) -> Self {
        let mut wheels = Vec::new();
        for (meal, letter) in [(MealPeriod::Breakfast, 'B'), (MealPeriod::Lunch, 'L'), (MealPeriod::Dinner, 'D')] {
            for (role, _) in counts(site.menu, meal) {
                let suits = |d: &&Dish| {
                    let halal = site.menu != MenuStyle::Halal || !d.row.marks.contains(&DishMark::NotHalal);
                    let fixed =
                        always(meal, site.menu, 0).iter().chain(always(meal, site.menu, 1)).any(|c| *c == d.row.code.as_str());
                    d.role == *role && d.meals.contains(letter) && halal && !fixed
                };
                let mut dishes: Vec<&Dish> = kitchen.dishes.iter().filter(suits).collect();
                random.shuffle(&mut dishes);
                wheels.push((meal, *role, dishes, 0));
            }
        }
        Self(wheels)
    }

    /// The dishes of a meal in menu order.
    fn turn(&mut self, kitchen: &'k Kitchen, style: MenuStyle, meal: MealPeriod, day: u16) -> Result<Vec<&'k Dish>, Broken> {
        let mut dishes = Vec::new();
        for (role, count) in counts(style, meal) {
            let wheel = self.0.iter_mut().find(|(m, r, ..)| m == &meal && r == role);
            let (_, _, wheel, at) = found(wheel, "a wheel")?;
            for _ in 0..*count {
                dishes.push(*found(wheel.get(*at % wheel.len().max(1)), "a dish of each role")?);
                *at += 1;
            }
        }
        for code in always(meal, style, day) {
            dishes.push(found(kitchen.dishes.iter().find(|d| d.row.code.as_str() == *code), code)?);
        }
        Ok(dishes)
    }
}

fn menu(site: &Site, date: ServiceDate, meal: MealPeriod, dishes: Vec<&Dish>) -> Result<Vec<MenuRow>, Broken> {
    // One canteen closes its books early on Sundays, so that an overridden cut-off is there to be seen.
    let sunday_lunch = meal == MealPeriod::Lunch && date.weekday() == chrono::Weekday::Sun;
    let cut_off: Option<CutOff> = if sunday_lunch && site.row.code.as_str() == "C02" { cell("D-1 18:00")? } else { None };
    let row = |dish: &Dish| {
        let pureed = dish.row.textures.as_slice() == [Texture::Pureed];
        let portions = match dish.role {
            _ if pureed => site.size / 6,
            Role::Staple | Role::Soup => site.size * 2,
            Role::Vegetable => site.size * 5 / 4,
            Role::Main | Role::Half => site.size,
        };
        Ok(MenuRow {
            canteen: site.row.code.clone(),
            date,
            meal,
            dish: dish.row.code.clone(),
            price_yuan: dish.row.price_yuan,
            portions: found(Whole::new(portions), "portions in range")?,
            cut_off,
        })
    };
    dishes.into_iter().map(row).collect()
}
