//! The places and the canteens.
//!
//! All coordinates lie in a box of 2.1 by 2.1 km, which the five communities share as strips from west to east.

use crate::broken::{Broken, cell, found, rows};
use domain::canteen::CanteenKind;
use domain::{MealPeriod, PlaceCode};
use tabular::{CanteenRow, Coordinate, Latitude, Licence, Longitude, PlaceRow, Weekdays, Whole};

/// The street.
pub(crate) const STREET: &str = "990101001";
/// The communities, from west to east.
pub(crate) const COMMUNITIES: [&str; 5] = ["和煦社区", "春晖社区", "同心社区", "松柏社区", "田园社区"];
/// South-west corner and extent of the box, in ten-millionths of a degree.
const WEST_E7: i32 = 1_214_630_000;
const SOUTH_E7: i32 = 312_210_000;
const STRIP_E7: i32 = 43_000;
const HEIGHT_E7: i32 = 190_000;

/// A canteen and what only the generator must know of it.
pub(crate) struct Site {
    pub(crate) row: CanteenRow,
    /// Which community, from 0.
    pub(crate) community: usize,
    /// Days it serves.
    pub(crate) weekdays: Weekdays,
    /// Portions of a main dish.
    pub(crate) size: u32,
    pub(crate) menu: MenuStyle,
}

/// What a canteen can offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MenuStyle {
    Full,
    Small,
    Halal,
}

impl Site {
    /// Whether a meal is served here at all.
    pub(crate) fn serves(&self, meal: MealPeriod) -> bool {
        match meal {
            MealPeriod::Breakfast => self.row.breakfast.is_some(),
            MealPeriod::Lunch => self.row.lunch.is_some(),
            MealPeriod::Dinner => self.row.dinner.is_some(),
        }
    }
}

/// The code of a community, from 0.
pub(crate) fn community(index: usize) -> Result<PlaceCode, Broken> {
    cell(&format!("{STREET}{:03}", index + 1))
}

/// A spot in a community, given in thousandths of its width and height.
pub(crate) fn spot(community: usize, east: u32, north: u32) -> Result<(Longitude, Latitude), Broken> {
    let part = |of: i32, thousandths: u32| i32::try_from(thousandths).map(|t| of * t / 1_000).unwrap_or(0);
    let strip = i32::try_from(community).unwrap_or(0);
    let longitude = Longitude::from_e7(WEST_E7 + strip * STRIP_E7 + part(STRIP_E7, east));
    let latitude = Latitude::from_e7(SOUTH_E7 + part(HEIGHT_E7, north));
    Ok((found(longitude, "longitude")?, found(latitude, "latitude")?))
}

/// Province to communities, and where seniors from outside are registered.
pub(crate) fn places() -> Result<Vec<PlaceRow>, Broken> {
    let fixed = [
        ("99", "示范省"),
        ("9901", "示范市"),
        ("990101", "示范区"),
        (STREET, "暖阳街道"),
        ("990101002", "清河街道"),
        ("990102", "临江区"),
    ];
    let fixed = fixed.into_iter().map(|(code, name)| Ok(PlaceRow { code: cell(code)?, name: cell(name)? }));
    let communities = COMMUNITIES.into_iter().enumerate().map(|(i, name)| Ok(PlaceRow { code: community(i)?, name: cell(name)? }));
    fixed.chain(communities).collect()
}

/// A food business licence of the district: business form, region, number, check digit (ISO 7064 MOD 11,10, GB/T 17710).
pub(crate) fn licence(form: u8, sequence: u32) -> Result<Licence, Broken> {
    let digits = format!("{form}990101{sequence:06}");
    let product = digits.chars().filter_map(|c| c.to_digit(10)).fold(10, |p, d| {
        let sum = (p + d) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    cell(&format!("JY{digits}{}", (11 - product) % 10))
}

/// The canteens of the built-in file.
pub(crate) fn sites() -> Result<Vec<Site>, Broken> {
    rows::<11>(include_str!("../data/canteens.csv"))?.iter().zip(1_u32..).map(|(row, number)| site(row, number)).collect()
}

fn site(row: &[String; 11], number: u32) -> Result<Site, Broken> {
    let [code, name, kind, community_no, at, meals, radius, fee, weekdays, size, menu] = row;
    let kind: CanteenKind = cell(kind)?;
    let index = cell::<Whole<1, 5>>(community_no)?.get();
    let at = cell::<Whole<1, 4>>(at)?.get();
    let community_index = usize::try_from(index - 1).unwrap_or(0);
    let (longitude, latitude) = spot(community_index, 300 + 100 * at, 240 * at - 100)?;
    let satellite = kind == CanteenKind::Satellite;
    let serves = |letter: char| meals.contains(letter);
    let window = |letter: char, text: &str| if serves(letter) { cell(text) } else { Ok(None) };
    let cut_off = |letter: char, text: &str| if serves(letter) { cell(text) } else { Ok(None) };
    // The largest own kitchens deliver to a drawn area instead of a circle: their own and the neighbouring strips.
    let area = if code == "C09" || code == "C13" { strips(community_index)? } else { Vec::new() };
    let menu = match menu.as_str() {
        "full" => MenuStyle::Full,
        "small" => MenuStyle::Small,
        "halal" => MenuStyle::Halal,
        other => return Err(Broken(format!("menu {other}"))),
    };
    let row = CanteenRow {
        code: cell(code)?,
        name: cell(name)?,
        kind,
        central_kitchen: if satellite { Some(cell("C01")?) } else { None },
        place: community(community_index)?,
        address: cell(&format!("暖阳路 {} 号", number * 18))?,
        phone: cell(&format!("0261000{number:04}"))?,
        licence_no: if kind == CanteenKind::RuralTable { cell(&format!("NCFZ-990101-{number:04}"))? } else { licence(3, number)? },
        licence_expires_on: cell("2029-12-31")?,
        longitude,
        latitude,
        delivery_radius_m: cell(radius)?,
        delivery_area: area,
        delivery_fee_yuan: cell(fee)?,
        breakfast: window('B', "06:30-08:30")?,
        breakfast_cut_off: cut_off('B', "D-1 19:00")?,
        lunch: window('L', if satellite { "11:15-12:45" } else { "10:45-12:30" })?,
        // What is cooked elsewhere is counted the evening before.
        lunch_cut_off: cut_off('L', if satellite { "D-1 20:00" } else { "09:30" })?,
        dinner: window('D', "16:45-18:15")?,
        dinner_cut_off: cut_off('D', if satellite { "10:30" } else { "15:00" })?,
    };
    let size = cell::<Whole<1, 1_000>>(size)?.get();
    Ok(Site { row, community: community_index, weekdays: cell(weekdays)?, size, menu })
}

/// The corners of a community's strip with half of each neighbour.
fn strips(community: usize) -> Result<Vec<Coordinate>, Broken> {
    let before = community.saturating_sub(1);
    let corners = [(before, 500, 0), (community + 1, 500, 0), (community + 1, 500, 1_000), (before, 500, 1_000)];
    let corner =
        |(community, east, north)| spot(community, east, north).map(|(longitude, latitude)| Coordinate { longitude, latitude });
    corners.into_iter().map(corner).collect()
}
