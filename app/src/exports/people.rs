//! Seniors and what hangs on them, in the order in which the seniors were added. Masked unless the reader may see them in the clear.

use super::{At, Page, after, ids, words};
use crate::orders::load::address_of;
use domain::PlaceCode;
use domain::access::FamilyScope;
use domain::diet::{Allergen, DietKind, Texture};
use domain::id::{CanteenId, SeniorId};
use domain::person::mask;
use domain::subsidy::facts::FactKind;
use domain::text_enum::TextEnum;
use std::collections::BTreeMap;
use store::query::export;
use store::query::people::UserRow;
use store::query::seniors::SeniorRow;
use store::seal::{Field, Sealer};
use store::{AnyConnection, StoreError};
use tabular::{CellValue, Latitude, Longitude, Relation, Text, Weekdays, Word};

const SENIORS: usize = 200;

/// With which eyes personal data is read.
pub(super) struct Eyes<'a> {
    pub sealer: &'a Sealer,
    /// In the clear.
    pub clear: bool,
}

impl Eyes<'_> {
    fn identity(&self, senior: &SeniorRow) -> Result<String, StoreError> {
        let clear = self.sealer.open(Field::SeniorIdNo, senior.id.0, &senior.id_no_enc)?;
        Ok(if self.clear { clear.reveal().clone() } else { mask::identity_number(clear.reveal()) })
    }

    fn phone(&self, clear: &str) -> String {
        if self.clear { clear.to_owned() } else { mask::phone(clear) }
    }

    fn name(&self, clear: &str) -> String {
        if self.clear { clear.to_owned() } else { mask::name(clear) }
    }

    /// What is shown whole or not at all.
    fn whole(&self, clear: &str) -> String {
        if self.clear || clear.is_empty() { clear.to_owned() } else { "***".to_owned() }
    }

    fn phone_of(&self, senior: &SeniorRow) -> Result<String, StoreError> {
        let open = |enc: &Vec<u8>| self.sealer.open(Field::SeniorPhone, senior.id.0, enc);
        Ok(senior.phone_enc.as_ref().map(open).transpose()?.map(|p| self.phone(p.reveal())).unwrap_or_default())
    }
}

/// Rows of the seniors of one page.
pub(super) fn page(
    conn: &mut AnyConnection,
    places: Option<&[PlaceCode]>,
    at: At,
    rows_of: impl FnOnce(&mut AnyConnection, &[SeniorRow]) -> Result<Vec<Vec<String>>, StoreError>,
) -> Result<Page, StoreError> {
    let before = match at {
        At::Senior(id) => Some(id),
        _ => None,
    };
    let seniors = export::seniors(conn, places, before, i64::try_from(SENIORS).unwrap_or(i64::MAX))?;
    let next = after(&seniors, SENIORS, |s| At::Senior(s.id.0));
    Ok((rows_of(conn, &seniors)?, next))
}

fn codes(conn: &mut AnyConnection, of: Vec<CanteenId>) -> Result<BTreeMap<CanteenId, String>, StoreError> {
    Ok(export::canteen_codes(conn, &of)?.into_iter().map(|(id, code)| (id.0, code)).collect())
}

fn by_id(seniors: &[SeniorRow]) -> BTreeMap<SeniorId, &SeniorRow> {
    seniors.iter().map(|s| (s.id.0, s)).collect()
}

pub(super) fn seniors(conn: &mut AnyConnection, eyes: &Eyes<'_>, of: &[SeniorRow]) -> Result<Vec<Vec<String>>, StoreError> {
    let canteens = codes(conn, of.iter().filter_map(|s| s.home_canteen_id).map(|id| id.0).collect())?;
    let mut diets: BTreeMap<SeniorId, Vec<(DietKind, String)>> = BTreeMap::new();
    for row in export::diets(conn, &ids(of, |s| s.id.0))? {
        diets.entry(row.senior_id.0).or_default().push((row.kind.0, row.value));
    }
    let mut rows = Vec::with_capacity(of.len());
    for senior in of {
        rows.push(senior_cells(eyes, senior, &diets.remove(&senior.id.0).unwrap_or_default(), &canteens)?);
    }
    Ok(rows)
}

fn senior_cells(
    eyes: &Eyes<'_>,
    senior: &SeniorRow,
    diet: &[(DietKind, String)],
    canteens: &BTreeMap<CanteenId, String>,
) -> Result<Vec<String>, StoreError> {
    let address = address_of(eyes.sealer, senior)?;
    let place = address.as_ref().filter(|_| eyes.clear).and_then(|a| Some((a.lon_e7?, a.lat_e7?)));
    let note = |enc: &Vec<u8>| eyes.sealer.open(Field::SeniorHealth, senior.id.0, enc);
    let note = senior.health_enc.as_ref().map(note).transpose()?;
    let card = |enc: &Vec<u8>| eyes.sealer.open(Field::SeniorCard, senior.id.0, enc);
    let card = senior.card_enc.as_ref().map(card).transpose()?;
    let values = |kind: DietKind| diet.iter().filter(move |(k, _)| *k == kind).map(|(_, value)| value.as_str());
    let has = |kind: DietKind| diet.iter().any(|(k, _)| *k == kind).write();
    Ok(vec![
        eyes.name(&senior.name),
        eyes.identity(senior)?,
        eyes.phone_of(senior)?,
        senior.registered_place.0.to_string(),
        senior.resident_place.0.to_string(),
        eyes.whole(address.as_ref().map_or("", |a| a.detail.as_str())),
        place.map(|(lon, _)| super::catalogue::degrees(lon, Longitude::from_e7)).unwrap_or_default(),
        place.map(|(_, lat)| super::catalogue::degrees(lat, Latitude::from_e7)).unwrap_or_default(),
        senior.home_canteen_id.and_then(|id| canteens.get(&id.0)).cloned().unwrap_or_default(),
        values(DietKind::Allergen).filter_map(<Allergen as TextEnum>::parse).collect::<Vec<_>>().write(),
        values(DietKind::Avoid).filter_map(Text::<20>::new).collect::<Vec<_>>().write(),
        has(DietKind::Halal),
        has(DietKind::LowSalt),
        has(DietKind::LowSugar),
        values(DietKind::Texture).find_map(<Texture as TextEnum>::parse).write(),
        eyes.whole(note.as_ref().map_or("", |n| n.reveal().as_str())),
        // Empty for a card from before its number was kept; when the file comes back, that leaves the card as it is.
        eyes.whole(card.as_ref().map_or("", |card| card.reveal().as_str())),
    ])
}

pub(super) fn facts(conn: &mut AnyConnection, eyes: &Eyes<'_>, of: &[SeniorRow]) -> Result<Vec<Vec<String>>, StoreError> {
    let seniors = by_id(of);
    let mut rows = Vec::new();
    for fact in export::facts(conn, &ids(of, |s| s.id.0))? {
        let Some(senior) = seniors.get(&fact.senior_id.0) else { continue };
        rows.push(vec![
            eyes.identity(senior)?,
            <FactKind as TextEnum>::parse(&fact.kind).map_or(fact.kind, |kind| kind.zh().to_owned()),
            fact.value,
            fact.valid_from.0.write(),
            fact.valid_to.map(|to| to.0.write()).unwrap_or_default(),
            fact.source,
        ]);
    }
    Ok(rows)
}

/// Family members who sign in by WeChat alone have no phone to be named by, and are not in the file.
pub(super) fn families(conn: &mut AnyConnection, eyes: &Eyes<'_>, of: &[SeniorRow]) -> Result<Vec<Vec<String>>, StoreError> {
    let seniors = by_id(of);
    let mut rows = Vec::new();
    for (binding, user) in export::bindings(conn, &ids(of, |s| s.id.0))? {
        let (Some(senior), Some(phone)) = (seniors.get(&binding.senior_id.0), user_phone(eyes, &user)?) else { continue };
        rows.push(vec![
            eyes.identity(senior)?,
            eyes.name(&user.display_name),
            phone,
            Relation::from_either(&binding.relation).unwrap_or(Relation::Other).zh().to_owned(),
            words::<FamilyScope>(&binding.scopes).write(),
            binding.consent_kind.0.write(),
            binding.consent_at.0.civil_date().write(),
            binding.consent_ref,
        ]);
    }
    Ok(rows)
}

fn user_phone(eyes: &Eyes<'_>, user: &UserRow) -> Result<Option<String>, StoreError> {
    let open = |enc: &Vec<u8>| eyes.sealer.open(Field::UserPhone, user.id.0, enc);
    Ok(user.phone_enc.as_ref().map(open).transpose()?.map(|p| eyes.phone(p.reveal())))
}

pub(super) fn standing_orders(conn: &mut AnyConnection, eyes: &Eyes<'_>, of: &[SeniorRow]) -> Result<Vec<Vec<String>>, StoreError> {
    let (seniors, rows) = (by_id(of), export::standing_orders(conn, &ids(of, |s| s.id.0))?);
    let canteens = codes(conn, ids(&rows, |r| r.canteen_id.0))?;
    let mut cells = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(senior) = seniors.get(&row.senior_id.0) else { continue };
        let on = |day: &chrono::Weekday| row.weekdays & (1_i64 << day.num_days_from_monday()) != 0;
        cells.push(vec![
            eyes.identity(senior)?,
            canteens.get(&row.canteen_id.0).cloned().unwrap_or_default(),
            Weekdays::new(Weekdays::WEEK.into_iter().filter(on)).map(|days| days.write()).unwrap_or_default(),
            row.meal.0.write(),
            row.channel.0.write(),
            row.starts_on.0.write(),
            row.ends_on.map(|to| to.0.write()).unwrap_or_default(),
            row.paused_from.map(|from| from.0.write()).unwrap_or_default(),
            row.paused_to.map(|to| to.0.write()).unwrap_or_default(),
        ]);
    }
    Ok(cells)
}
