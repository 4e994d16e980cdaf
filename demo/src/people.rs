//! The roster: seniors with their diets, and the dated facts about them.

use crate::broken::{Broken, cell, found};
use crate::canteens::{MenuStyle, Site};
use crate::households::{Dwelling, age_on, birth, dwelling, identity};
use crate::names::{Sex, given, surname};
use crate::random::Random;
use crate::{SENIORS, names};
use domain::ServiceDate;
use domain::diet::{Allergen, Texture};
use domain::subsidy::facts::FactKind;
use std::collections::BTreeSet;
use tabular::{Code, FactRow, SeniorRow};

/// A senior and what later parts of the generator must know.
pub(crate) struct Roster {
    pub(crate) seniors: Vec<SeniorRow>,
    pub(crate) facts: Vec<FactRow>,
    /// For each senior: surname and age, in the same order.
    pub(crate) about: Vec<(&'static str, u32)>,
    /// Those who have died, by their place in the roster.
    pub(crate) dead: BTreeSet<usize>,
}

/// Makes the roster household by household.
pub(crate) fn roster(seed: u64, first_date: ServiceDate, sites: &[Site]) -> Result<Roster, Broken> {
    let mut random = Random::new(seed, "roster");
    let mut roster = Roster { seniors: Vec::new(), facts: Vec::new(), about: Vec::new(), dead: BTreeSet::new() };
    let mut taken = BTreeSet::new();
    let mut number = 0;
    while roster.seniors.len() < SENIORS {
        let home = dwelling(&mut random, number)?;
        number += 1;
        let couple = home.couple && roster.seniors.len() + 2 <= SENIORS;
        let first = if random.chance(560) || couple { Sex::Female } else { Sex::Male };
        let born = birth(&mut random, first_date);
        let halal = random.chance(25);
        add(&mut random, &mut roster, &mut taken, &home, (first, born, couple, halal), (first_date, sites))?;
        if couple {
            // Husbands are some years older; the first date keeps both at 60 and above.
            let years = i32::try_from(random.below(6)).unwrap_or(0);
            let older = Some(born.plus_days(-365 * years - 40)).filter(|b| age_on(*b, first_date) < 100).unwrap_or(born);
            add(&mut random, &mut roster, &mut taken, &home, (Sex::Male, older, couple, halal), (first_date, sites))?;
        }
    }
    Ok(roster)
}

type Person = (Sex, ServiceDate, bool, bool);

fn add(
    random: &mut Random,
    roster: &mut Roster,
    taken: &mut BTreeSet<String>,
    home: &Dwelling,
    (sex, born, couple, halal): Person,
    (first_date, sites): (ServiceDate, &[Site]),
) -> Result<(), Broken> {
    let at = roster.seniors.len();
    let age = age_on(born, first_date);
    let family_name = surname(random);
    let identity_number = identity(random, taken, born, sex)?;
    let home_canteen = home_canteen(random, home, halal, sites)?;
    let soft = match age {
        0..=74 => 20,
        75..=84 => 140,
        _ => 380,
    };
    let texture = match random.chance(soft) {
        true if age >= 80 && random.chance(250) => Some(Texture::Pureed),
        true => Some(Texture::Soft),
        false => None,
    };
    let row = SeniorRow {
        name: cell(&format!("{family_name}{}", given(random, sex)))?,
        identity_number,
        phone: if random.chance(930) { Some(cell(&format!("1610{:07}", 1_000 + at))?) } else { None },
        registered_place: home.registered.clone(),
        resident_place: home.resident.clone(),
        address: Some(home.address.clone()),
        longitude: home.point.map(|(longitude, _)| longitude),
        latitude: home.point.map(|(_, latitude)| latitude),
        home_canteen: Some(home_canteen),
        allergens: allergens(random),
        avoid: avoid(random)?,
        halal,
        low_salt: random.chance(250),
        low_sugar: random.chance(160),
        texture,
        health_note: if random.chance(15) { Some(cell("吞咽慢，请小口分装")?) } else { None },
        card_no: if random.chance(850) { Some(cell(&format!("NY{:06}", 100_000 + at))?) } else { None },
    };
    facts(random, roster, &row, (age, couple), first_date)?;
    roster.seniors.push(row);
    roster.about.push((family_name, age));
    Ok(())
}

fn home_canteen(random: &mut Random, home: &Dwelling, halal: bool, sites: &[Site]) -> Result<Code, Broken> {
    let near: Vec<&Site> = sites
        .iter()
        .filter(|s| if halal { s.menu == MenuStyle::Halal } else { s.community == home.community && s.menu != MenuStyle::Halal })
        .collect();
    Ok(found(random.pick(&near), "a canteen in the community")?.row.code.clone())
}

fn allergens(random: &mut Random) -> Vec<Allergen> {
    if !random.chance(45) {
        return Vec::new();
    }
    let shares = [
        (Allergen::Peanut, 20),
        (Allergen::Crustacean, 35),
        (Allergen::Fish, 10),
        (Allergen::Egg, 8),
        (Allergen::Milk, 15),
        (Allergen::Nut, 6),
        (Allergen::Soy, 3),
        (Allergen::Gluten, 3),
    ];
    random.weighted(&shares).into_iter().collect()
}

fn avoid(random: &mut Random) -> Result<Vec<tabular::Text<20>>, Broken> {
    let disliked = ["香菜", "羊肉", "猪肝", "大蒜", "洋葱", "韭菜", "带鱼", "皮蛋"];
    if !random.chance(80) {
        return Ok(Vec::new());
    }
    let mut things: Vec<&str> = disliked.to_vec();
    random.shuffle(&mut things);
    let count = if random.chance(300) { 2 } else { 1 };
    things.into_iter().take(count).map(cell).collect()
}

/// Economic class, living arrangement, ability, honours, and the few deaths that the roster has learned of.
fn facts(
    random: &mut Random,
    roster: &mut Roster,
    row: &SeniorRow,
    (age, couple): (u32, bool),
    first_date: ServiceDate,
) -> Result<(), Broken> {
    let year = first_date.year_start();
    let mut note = |kind: FactKind, value: &str, from: ServiceDate, to: Option<ServiceDate>, source: &str| {
        let (value, source) = (cell(value)?, cell(source)?);
        roster.facts.push(FactRow {
            identity_number: row.identity_number.clone(),
            kind,
            value,
            valid_from: from,
            valid_to: to,
            source,
        });
        Ok::<(), Broken>(())
    };
    let economic = random.weighted(&[("tekun", 10), ("dibao", 30), ("dibian", 20), ("low_income", 15), ("", 925)]).unwrap_or("");
    if !economic.is_empty() {
        note(FactKind::EconomicClass, economic, year.plus_days(-365), None, "民政救助名册")?;
    } else if random.chance(10) {
        // Left the class when the year began: meals after it are paid by other rules.
        note(FactKind::EconomicClass, "dibao", year.plus_days(-730), Some(year.plus_days(-1)), "民政救助名册")?;
    }
    let living = match (couple, random.below(1_000)) {
        (true, 0..=599) => "empty_nest",
        (true, _) | (false, 600..) => "with_family",
        (false, 0..=479) => "alone",
        (false, 480..=499) => "no_children",
        (false, 500..=599) => "left_behind",
    };
    note(FactKind::Living, living, year.plus_days(-200), None, "社区入户走访")?;
    if age >= 75 && random.chance(800) {
        let frail = (age - 70) * 6;
        let grades = [("intact", 500), ("mild", 200 + frail), ("moderate", 60 + frail), ("severe", 25 + frail / 2), ("total", 8)];
        let grade = random.weighted(&grades).unwrap_or("intact");
        note(FactKind::Ability, grade, year.plus_days(-90), None, "老年人能力评估 GB/T 42195")?;
    }
    let honour = random.weighted(&[("preferential", 15), ("model_worker", 5), ("veteran", 12), ("", 968)]).unwrap_or("");
    if !honour.is_empty() {
        note(FactKind::Honour, honour, year.plus_days(-1_000), None, "退役军人与工会名册")?;
    }
    if random.chance(12) {
        note(FactKind::FamilyPlanning, "special_support", year.plus_days(-800), None, "卫健部门名册")?;
    }
    if age >= 80 && random.chance(8) {
        note(FactKind::Death, "died", first_date.plus_days(-9), None, "殡葬信息比对")?;
        roster.dead.insert(roster.seniors.len());
    }
    Ok(())
}

/// A relative's full name: sons and daughters carry the senior's surname as often as the other parent's.
pub(crate) fn relative(random: &mut Random, family_name: &'static str) -> String {
    let sex = if random.chance(500) { Sex::Male } else { Sex::Female };
    let own = random.chance(550);
    format!("{}{}", if own { family_name } else { surname(random) }, names::given(random, sex))
}
