//! Random documents, persons, meals and histories: every construct, sensible and senseless alike.

use super::*;
use crate::subsidy::limit::Usage;
use serde_json::{Value, json};

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, and the same on every machine.
pub(super) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }

    fn yes(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    fn word(&mut self, of: &[&str]) -> Value {
        json!(self.pick(of))
    }

    fn fen(&mut self) -> Value {
        json!(self.below(2000))
    }

    fn date(&mut self) -> String {
        day("2025-12-01").plus_days(self.below(120) as i32).to_string()
    }

    fn list(&mut self, most: u64, mut make: impl FnMut(&mut Self, usize) -> Value) -> Value {
        let n = self.below(most) + 1;
        (0..n as usize).map(|i| make(self, i)).collect()
    }
}

const PLACES: [&str; 5] = ["99", "9901", "990101", "990101001", "990102001002"];
const FUNDERS: [&str; 4] = ["f0", "f1", "f2", "nobody"];
const MEALS: [&str; 3] = ["breakfast", "lunch", "dinner"];
const CLASSES: [&str; 3] = ["dibao", "tekun", "dibian"];

fn when(d: &mut Dice, depth: u32) -> Value {
    let inner = if depth == 0 { 3 } else { 0 };
    match d.below(17 - inner) + inner {
        0 => json!({"all": d.list(3, |d, _| when(d, depth - 1))}),
        1 => json!({"any": d.list(3, |d, _| when(d, depth - 1))}),
        2 => json!({"not": when(d, depth - 1)}),
        3 | 4 => band(d, "age", "from", "to", 100),
        5 => {
            let mut test = json!({"kind": "economic_class", "any_of": d.list(2, |d, _| d.word(&CLASSES))});
            if d.yes(4) {
                test["held_months"] = json!(d.below(12));
            }
            json!({"fact": test})
        }
        6 => json!({"registered_in": d.list(2, |d, _| d.word(&PLACES))}),
        7 => json!({"resident_in": d.list(2, |d, _| d.word(&PLACES))}),
        8 => json!({"canteen_in": d.list(2, |d, _| d.word(&PLACES))}),
        9 => {
            let level = d.word(&["province", "city", "district", "street", "community"]);
            json!({"canteen_in_home": {"level": level, "home": d.word(&["registered", "resident", "either"])}})
        }
        10 => json!({"meal": d.list(2, |d, _| d.word(&MEALS))}),
        11 => json!({"channel": d.list(2, |d, _| d.word(&["dine_in", "pick_up", "delivery"]))}),
        12 => d
            .pick(&[json!({"workday": true}), json!({"workday": false}), json!({"holiday": true}), json!({"holiday": false})])
            .clone(),
        13 => band(d, "nth_meal", "from", "to", 4),
        14 => band(d, "price", "from_fen", "to_fen", 2000),
        15 => json!({"date": {"from": d.date()}}),
        _ => json!({"product": d.list(2, |d, _| d.word(&["basic_set", "special_diet"]))}),
    }
}

fn band(d: &mut Dice, key: &str, from: &str, to: &str, most: u64) -> Value {
    let (a, b) = (d.below(most) + 1, d.below(most) + 1);
    let mut band = json!({from: a.min(b)});
    if d.yes(2) {
        band[to] = json!(a.max(b));
    }
    json!({key: band})
}

fn shares(d: &mut Dice) -> Value {
    d.list(3, |d, _| {
        let mut share = json!({"funder": d.pick(&FUNDERS)});
        match d.below(3) {
            0 => share["fixed_fen"] = d.fen(),
            1 => share["ratio"] = json!(d.below(100) + 1),
            _ => share["rest"] = json!(true),
        }
        if d.yes(5) {
            share["floor_fen"] = d.fen();
        }
        if d.yes(3) {
            share["when"] = when(d, 1);
        }
        share
    })
}

fn limits(d: &mut Dice) -> Value {
    d.list(2, |d, _| {
        let per = d.word(&["meal", "day", "week", "month", "quarter", "year", "ever"]);
        let mut limit = json!({"per": per});
        match d.below(4) {
            0 | 1 => limit["count"] = json!(d.below(4) + 1),
            2 => limit["fen"] = d.fen(),
            _ => limit["fen_from_fact"] = json!("quota_fen"),
        }
        if d.yes(3) {
            limit["id"] = json!(format!("l{}", d.below(2)));
        }
        if d.yes(4) {
            limit["carry_months"] = json!(d.below(4));
        }
        limit
    })
}

fn min_spend(d: &mut Dice) -> Value {
    let mut min = if d.yes(3) { json!({"above_subsidy": true}) } else { json!({"fen": d.fen()}) };
    if d.yes(2) {
        min["strict"] = json!(d.yes(2));
    }
    if d.yes(2) {
        min["base"] = d.word(&["gross", "net"]);
    }
    if d.yes(2) {
        min["delivery"] = json!(d.yes(2));
    }
    min
}

fn amount(d: &mut Dice) -> Value {
    match d.below(6) {
        0 => json!({"fixed_fen": d.fen()}),
        1 => json!({"by_meal_fen": {"lunch": d.fen(), "dinner": d.fen()}}),
        2 => {
            let mut percent = json!({"numerator": d.below(120), "denominator": d.below(100) + 1});
            if d.yes(2) {
                percent["cap_fen"] = d.fen();
            }
            if d.yes(3) {
                percent["floor_fen"] = d.fen();
            }
            json!({"percent": percent})
        }
        3 => json!({"up_to_fen": d.fen()}),
        4 => json!({"pay_fen": d.fen()}),
        _ => json!({"pay_by_meal_fen": {"breakfast": d.fen(), "lunch": d.fen()}}),
    }
}

fn step(d: &mut Dice, n: usize) -> Value {
    if d.yes(4) {
        let lines = d.list(3, |d, i| {
            let pay = json!({"numerator": d.below(12), "denominator": d.below(10) + 1});
            json!({"id": format!("r{i}"), "name": "r", "when": when(d, 1), "pay": pay})
        });
        return json!({"discount": {"id": format!("s{n}"), "name": "d", "funder": "f0", "lines": lines}});
    }
    let lines = d.list(3, |d, i| {
        let mut line = json!({"id": format!("l{i}"), "name": "l", "amount": amount(d), "funders": shares(d)});
        if !d.yes(4) {
            line["when"] = when(d, 2);
        }
        if d.yes(3) {
            line["limits"] = limits(d);
        }
        if d.yes(3) {
            line["min_spend"] = min_spend(d);
        }
        if d.yes(3) {
            line["covers"] = d.word(&["meal", "delivery_fee", "total"]);
        }
        line
    });
    let mut group = json!({"id": format!("s{n}"), "name": "g", "select": d.word(&["max", "sum", "first"]), "lines": lines});
    if d.yes(2) {
        group["when"] = when(d, 1);
    }
    if d.yes(3) {
        group["limits"] = limits(d);
    }
    json!({"group": group})
}

fn conventions(d: &mut Dice) -> Value {
    let mut stated = json!({});
    let choices: [(&str, &[&str]); 11] = [
        ("age_reached", &["birthday", "day_after", "month_start", "next_month", "year_start"]),
        ("leap_birthday", &["feb_28", "mar_1"]),
        ("percentage_base", &["list_price", "remaining"]),
        ("threshold_base", &["gross", "net"]),
        ("rounding", &["half_up", "half_even", "down", "up"]),
        ("clip_order", &["last_funder_first", "first_funder_first", "proportional"]),
        ("workday", &["state_council", "weekday"]),
        ("week", &["monday", "sunday"]),
        ("start_lag", &["same_day", "next_day", "month_start", "next_month"]),
        ("end_lag", &["same_day", "month_end", "next_month_end"]),
        ("death_lag", &["day_before", "same_day", "month_end"]),
    ];
    for (key, words) in choices {
        if d.yes(2) {
            stated[key] = d.word(words);
        }
    }
    if d.yes(3) {
        stated["rounding_unit_fen"] = d.pick(&[json!(1), json!(10), json!(100)]).clone();
    }
    if d.yes(3) {
        stated["min_self_pay_fen"] = json!(d.below(300));
    }
    stated
}

/// A random document of the programme `p<n>`.
pub(super) fn document(d: &mut Dice, n: u64) -> Document {
    let budget = match d.below(4) {
        0 => json!({"exhausted": "hard"}),
        1 => json!({"exhausted": "soft"}),
        2 => json!({"exhausted": "substitute", "substitute": "f1"}),
        _ => Value::Null,
    };
    let mut value = json!({
        "nuanfan_policy": 1, "programme": format!("p{n}"), "version": "v", "title": "t", "place": "990101001",
        "effective": {"from": "2025-11-01"}, "source": {"name": "n", "publisher": "p"}, "conventions": conventions(d),
        "funders": [{"id": "f0", "name": "0", "kind": "government"},
                    {"id": "f1", "name": "1", "kind": "operator"},
                    {"id": "f2", "name": "2", "kind": "government", "level": "district", "payer": "resident"}],
        "steps": d.list(2, step),
        "coexistence": {"rank": d.below(200)},
    });
    if budget != Value::Null {
        value["funders"][0]["budget"] = budget;
    }
    if d.yes(2) {
        value["eligible"] = when(d, 2);
    }
    if d.yes(2) {
        value["limits"] = limits(d);
    }
    if d.yes(4) {
        value["min_spend"] = min_spend(d);
    }
    if d.yes(3) {
        let pays = d.pick(&[json!({"per_grant_fen": 200}), json!({"per_meal_fen": 80}), json!({"per_delivery_fen": 100})]).clone();
        value["operator"] = json!([{"id": "o", "name": "o", "pays": pays, "funders": shares(d)}]);
    }
    if d.yes(3) {
        let keep = d.word(&["this", "other", "higher"]);
        value["coexistence"]["not_with"] = json!([{"programme": format!("p{}", 1 - n % 2), "keep": keep}]);
    }
    serde::Deserialize::deserialize(&value).unwrap_or_else(|e| panic!("{e}: {value}"))
}

fn a_place(d: &mut Dice) -> PlaceCode {
    let code: &&str = d.pick(&PLACES);
    place(code)
}

pub(super) fn subject(d: &mut Dice) -> Subject {
    let mut facts = Vec::new();
    for _ in 0..d.below(4) {
        let (kind, value) = match d.below(5) {
            0 => (FactKind::QuotaFen, d.below(3000).to_string()),
            1 => (FactKind::Registered, (*d.pick(&PLACES)).to_owned()),
            2 if d.yes(3) => (FactKind::Death, "died".to_owned()),
            _ => (FactKind::EconomicClass, (*d.pick(&CLASSES)).to_owned()),
        };
        let (from, to) = (d.date(), d.date());
        facts.push(fact(kind, &value, (!d.yes(3)).then_some(&from), d.yes(3).then_some(&to)));
    }
    let birth = day("1920-01-01").plus_days(d.below(40_000) as i32);
    let home = |d: &mut Dice| (!d.yes(5)).then(|| a_place(d));
    Subject { birth: (!d.yes(10)).then_some(birth), registered: home(d), resident: home(d), facts }
}

pub(super) fn meal(d: &mut Dice) -> Meal {
    let period = *d.pick(&[MealPeriod::Breakfast, MealPeriod::Lunch, MealPeriod::Dinner]);
    let channel = *d.pick(&[Channel::DineIn, Channel::PickUp, Channel::Delivery]);
    let date = d.date();
    Meal {
        period,
        channel,
        delivery_fee: Fen(if channel == Channel::Delivery { d.below(500) as i64 } else { 0 }),
        product: d.yes(2).then(|| name("basic_set")),
        canteen_place: (!d.yes(5)).then(|| a_place(d)),
        ..lunch(&date, d.below(3000) as i64)
    }
}

/// A history under the keys the book asks for.
pub(super) fn history(d: &mut Dice, book: &Book, meal: &Meal) -> History {
    let mut rows = Vec::new();
    for key in book.keys_to_load(meal.date, meal.period) {
        for _ in 0..d.below(3) {
            let ordinal = d.below(5) as u32;
            let fen = if ordinal == 0 { Fen(d.below(1500) as i64) } else { Fen(0) };
            rows.push(Usage { key: key.clone(), ordinal, fen });
        }
    }
    History(rows)
}

/// Makes one random change to a tree: what people and fuzzers do to files.
pub(super) fn spoil(d: &mut Dice, value: &mut Value) {
    match value {
        Value::Object(map) if !map.is_empty() && !d.yes(4) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = d.pick(&keys).clone();
            match d.below(6) {
                0 => drop(map.remove(&key)),
                1 => {
                    let moved = map.remove(&key).unwrap_or_default();
                    map.insert(format!("{key}x"), moved);
                }
                _ => spoil(d, map.get_mut(&key).unwrap()),
            }
        }
        Value::Array(items) if !items.is_empty() && !d.yes(4) => {
            let n = d.below(items.len() as u64) as usize;
            if d.yes(5) {
                let doubled = items[n].clone();
                items.push(doubled);
            } else {
                spoil(d, &mut items[n]);
            }
        }
        other => {
            *other = d
                .pick(&[
                    json!(null),
                    json!(-1),
                    json!(1.5),
                    json!("x y"),
                    json!({}),
                    json!([]),
                    json!(true),
                    json!(i64::MAX),
                    json!({"a": {"b": []}}),
                ])
                .clone();
        }
    }
}
