//! Menus. A sitting that is new is hidden with all its dishes until the import ends; a dish that is new on a menu which is
//! seen already goes on it with the last unit of work.

use super::{Importable, Judge, Memo, Verdict, fresh_id};
use domain::canteen::{MealHours, SittingState};
use domain::id::{CanteenId, DishId, SittingId};
use domain::{Instant, MealPeriod, ServiceDate};
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::column::{Col, Word};
use store::query::bulk::{self, Altered, Fresh};
use store::query::catalogue::{CanteenRow, DishRow, MenuItemRow, SittingRow};
use store::query::listing;
use tabular::{CellValue, CutOff, MenuRow};

type Key = (CanteenId, ServiceDate, MealPeriod);

/// What the database has under the keys of a slice.
struct Known {
    canteens: BTreeMap<String, CanteenRow>,
    hours: BTreeMap<(CanteenId, MealPeriod), MealHours>,
    dishes: BTreeMap<String, DishRow>,
    sittings: BTreeMap<Key, (SittingRow, bool)>,
    items: BTreeMap<(SittingId, DishId), MenuItemRow>,
}

fn known(judge: &mut Judge<'_>, rows: &[(u32, MenuRow)]) -> Result<Known, StoreError> {
    let codes: BTreeSet<String> = rows.iter().map(|(_, r)| r.canteen.as_str().to_owned()).collect();
    let canteens = bulk::canteens(judge.conn, &codes.into_iter().collect::<Vec<_>>())?;
    let ids: Vec<CanteenId> = canteens.iter().map(|c| c.id.0).collect();
    let hours = listing::hours(judge.conn, &ids)?.into_iter().map(|h| ((h.canteen_id.0, h.meal.0), h.hours())).collect();
    let codes: BTreeSet<String> = rows.iter().map(|(_, r)| r.dish.as_str().to_owned()).collect();
    let dishes = bulk::dishes(judge.conn, &codes.into_iter().collect::<Vec<_>>())?;
    let dates: BTreeSet<ServiceDate> = rows.iter().map(|(_, r)| r.date).collect();
    let sittings = bulk::sittings(judge.conn, &ids, &dates.into_iter().collect::<Vec<_>>())?;
    let wanted: BTreeSet<SittingId> = sittings.iter().map(|(s, _)| s.id.0).collect();
    let items = bulk::menu_items(judge.conn, &wanted.into_iter().collect::<Vec<_>>())?;
    let mine = |by: Option<Col<domain::id::ImportId>>| by == Some(Col(judge.import));
    Ok(Known {
        canteens: canteens.into_iter().map(|c| (c.code.clone(), c)).collect(),
        hours,
        dishes: dishes.into_iter().map(|d| (d.code.clone(), d)).collect(),
        sittings: sittings.into_iter().map(|(s, by)| ((s.canteen_id.0, s.service_date.0, s.meal.0), (s, mine(by)))).collect(),
        items: items.into_iter().map(|i| ((i.sitting_id.0, i.dish_id.0), i)).collect(),
    })
}

fn cut_off_at(date: ServiceDate, cut_off: CutOff) -> Instant {
    Instant::from_civil(date.plus_days(-i32::from(cut_off.days_before)), cut_off.time)
}

impl Importable for MenuRow {
    const SLICE: usize = 500;
    const WHOLE: bool = false;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], memo: &mut Memo) -> Result<Verdict, StoreError> {
        let (mut v, mut known) = (Verdict::default(), known(judge, rows)?);
        for (n, row) in rows {
            let (canteen, dish) = (known.canteens.get(row.canteen.as_str()), known.dishes.get(row.dish.as_str()).cloned());
            if dish.is_none() {
                v.unknown::<Self>(*n, "dish", "菜品", "dish");
            }
            let Some(canteen) = canteen else {
                v.unknown::<Self>(*n, "canteen", "助餐点", "canteen");
                continue;
            };
            let id = canteen.id.0;
            if !judge.reach.covers(&canteen.place_code.0, Some(id)) {
                v.out_of_reach::<Self>(*n, "canteen");
            }
            let Some(hours) = known.hours.get(&(id, row.meal)).copied() else {
                let zh = "该助餐点不供应这一餐。请更正餐次，或先在助餐点表中填写供应时段";
                v.fault::<Self>(
                    *n,
                    "meal",
                    "meal_not_served",
                    zh,
                    "the canteen does not serve this meal; correct it, or give the canteen hours for it",
                );
                continue;
            };
            agree(&mut v, memo, *n, row);
            let kitchen = canteen.central_kitchen_id.map(|Col(kitchen)| kitchen);
            if dish.as_ref().is_some_and(|dish| !dish.home().serves(id, &canteen.place_code.0, kitchen)) {
                let zh = "是别处的菜品，本助餐点不能供应。请换一道菜，或另建自己的菜品";
                v.fault::<Self>(*n, "dish", "not_served_here", zh, "is a dish of others; take another, or make one of your own");
            }
            if let Some(dish) = dish {
                item(&mut v, &mut known, *n, row, (id, dish.id.0), hours);
            }
        }
        Ok(v)
    }
}

/// All rows of a meal must give the same cut-off.
fn agree(v: &mut Verdict, memo: &mut Memo, n: u32, row: &MenuRow) {
    let key = format!("{} {} {}", row.canteen, row.date, row.meal);
    let said = row.cut_off.as_ref().map_or_else(String::new, CutOff::write);
    if memo.entry(key).or_insert_with(|| said.clone()) != &said {
        let zh = "与同一餐前面各行的截止时间不一致。请改为一致";
        v.fault::<MenuRow>(n, "cut_off", "contradiction", zh, "differs from earlier rows of the same meal; make them agree");
    }
}

fn item(v: &mut Verdict, known: &mut Known, n: u32, row: &MenuRow, (canteen, dish): (CanteenId, DishId), hours: MealHours) {
    let key = (canteen, row.date, row.meal);
    let (usual, from, to) = hours.on(row.date);
    let cut_off = row.cut_off.map_or(usual, |c| cut_off_at(row.date, c));
    let (sitting, hidden) = known.sittings.entry(key).or_insert_with(|| {
        let sitting = SittingRow {
            id: Col(fresh_id()),
            canteen_id: Col(canteen),
            service_date: Col(row.date),
            meal: Word(row.meal),
            cut_off_at: Col(cut_off),
            serve_from_at: Col(from),
            serve_to_at: Col(to),
            next_order_no: 1,
            state: Word(SittingState::Open),
            version: 1,
        };
        v.fresh.push(Fresh::Sitting(sitting.clone()));
        (sitting, true)
    });
    if sitting.cut_off_at != Col(cut_off) && row.cut_off.is_some() && !*hidden {
        sitting.cut_off_at = Col(cut_off);
        v.altered.push(Altered::SittingCutOff(sitting.id.0, cut_off));
    }
    let new = MenuItemRow {
        id: Col(fresh_id()),
        sitting_id: sitting.id,
        dish_id: Col(dish),
        rank: i64::from(n),
        price_fen: Col(row.price_yuan),
        portions: i64::from(row.portions.get()),
        sold: 0,
        stopped: false,
        small_price_fen: None,
        large_price_fen: None,
    };
    match known.items.get(&(sitting.id.0, dish)) {
        None if *hidden => {
            v.added += 1;
            v.fresh.push(Fresh::MenuItem(new));
        }
        None => {
            v.added += 1;
            v.altered.push(Altered::NewMenuItem(new));
        }
        Some(_) if *hidden => v.added += 1,
        Some(old) if old.sold > new.portions => {
            let (zh, en) = (
                format!("已售 {} 份，份数不能更少。请改大", old.sold),
                format!("{} are sold already; give at least as many", old.sold),
            );
            v.fault::<MenuRow>(n, "portions", "below_sold", &zh, &en);
        }
        Some(old) if (old.price_fen, old.portions) != (new.price_fen, new.portions) => {
            v.changed += 1;
            v.altered.push(Altered::MenuItem(MenuItemRow { id: old.id, ..new }));
        }
        Some(_) => v.unchanged += 1,
    }
}
