//! Households: who lives with whom, where, and how old they are.

use crate::broken::{Broken, cell, found};
use crate::canteens::{community, spot};
use crate::names::Sex;
use crate::random::Random;
use domain::person::citizen_id::CitizenId;
use domain::{PlaceCode, ServiceDate};
use std::collections::BTreeSet;
use tabular::{Latitude, Longitude, Private};

/// Five-year bands of age from 60 and their weights: near the shares of the census of 2020 among people over 60, with the
/// oldest raised, since they order most.
const AGES: [(u32, u32); 8] = [(60, 240), (65, 250), (70, 200), (75, 130), (80, 95), (85, 55), (90, 22), (95, 8)];

/// One dwelling.
pub(crate) struct Dwelling {
    pub(crate) community: usize,
    pub(crate) address: Private<120>,
    pub(crate) point: Option<(Longitude, Latitude)>,
    pub(crate) resident: PlaceCode,
    pub(crate) registered: PlaceCode,
    /// A couple, or one person with or without others.
    pub(crate) couple: bool,
}

/// The next dwelling; every community gets about the same number.
pub(crate) fn dwelling(random: &mut Random, number: usize) -> Result<Dwelling, Broken> {
    let community_index = number % 5;
    let (east, north) = (random.below(1_000), random.below(1_000));
    let (longitude, latitude) = spot(community_index, east, north)?;
    let roads = ["暖阳路", "和煦路", "春晖街", "同心巷", "松柏里", "田园弄"];
    let road = found(random.pick(&roads), "road")?;
    let address = format!(
        "{road} {} 弄 {} 号 {:02}{:02} 室",
        10 + random.below(400),
        1 + random.below(30),
        1 + random.below(18),
        1 + random.below(6)
    );
    // One in a hundred lives with a child across the river, out of every delivery area; one in twenty-five has no coordinates.
    let far = random.chance(10);
    let longitude = if far { found(Longitude::from_e7(longitude.e7() + 600_000), "longitude")? } else { longitude };
    let point = if random.chance(40) { None } else { Some((longitude, latitude)) };
    let resident = community(community_index)?;
    let elsewhere = (random.below(5), random.below(1_000));
    let registered = match elsewhere {
        (_, 0..=899) => resident.clone(),
        (other, 900..=959) => community(usize::try_from(other).unwrap_or(0))?,
        (_, 960..=979) => cell("990101002")?,
        _ => cell("990102")?,
    };
    Ok(Dwelling { community: community_index, address: cell(&address)?, point, resident, registered, couple: random.chance(350) })
}

/// A birth date for an age on the first date.
pub(crate) fn birth(random: &mut Random, first_date: ServiceDate) -> ServiceDate {
    let age = random.weighted(&AGES).unwrap_or(70) + random.below(5);
    // The day after the birthday that makes the next age, then back by less than a year.
    let days = i32::try_from(age).unwrap_or(70) * 1_461 / 4 + i32::try_from(random.below(365)).unwrap_or(0);
    first_date.plus_days(-days)
}

/// Whole years of age on a date, with the leap-day birthday reached on 1 March.
pub(crate) fn age_on(birth: ServiceDate, date: ServiceDate) -> u32 {
    date.0.years_since(birth.0).unwrap_or(0)
}

/// A number in region 990101 that nobody else has: the order code is odd for men and even for women.
pub(crate) fn identity(
    random: &mut Random,
    taken: &mut BTreeSet<String>,
    born: ServiceDate,
    sex: Sex,
) -> Result<CitizenId, Broken> {
    for _ in 0..2_000 {
        let order = random.below(499) * 2 + u32::from(sex == Sex::Male) + if sex == Sex::Female { 2 } else { 0 };
        let digits = format!("990101{}{order:03}", born.0.format("%Y%m%d"));
        let check = found(CitizenId::check_character(digits.as_bytes()), "17 digits")?;
        let number = format!("{digits}{}", char::from(check));
        if taken.insert(number.clone()) {
            return cell(&number);
        }
    }
    Err(Broken("no identity number is left for a date".to_owned()))
}
