//! Seniors. A senior is known again by the blind index of the identity number.

use super::{Importable, Judge, Memo, Note, Verdict, fresh_id};
use crate::orders::load::{Address, address_of};
use domain::PlaceCode;
use domain::audit::AuditAction;
use domain::diet::DietKind;
use domain::id::{CanteenId, ImportId, SeniorId};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::column::{Col, Word};
use store::query::bulk::{self, Altered, Fresh};
use store::query::seniors::{DietRow, SeniorRow, SeniorState};
use store::seal::{Blind, Field, Sealer};

type File = tabular::SeniorRow;

struct Known {
    seniors: BTreeMap<Vec<u8>, (SeniorRow, Option<Col<ImportId>>)>,
    diets: BTreeMap<SeniorId, BTreeSet<(DietKind, String)>>,
    cards: BTreeMap<Vec<u8>, SeniorId>,
    places: BTreeSet<PlaceCode>,
    canteens: BTreeMap<String, CanteenId>,
}

/// The blind indexes of a row: identity number, phone, card.
struct Blinds {
    id_no: Vec<u8>,
    phone: Option<Vec<u8>>,
    card: Option<Vec<u8>>,
}

fn blinds(sealer: &Sealer, row: &File) -> Blinds {
    Blinds {
        id_no: sealer.blind(Blind::IdNo, row.identity_number.reveal()),
        phone: row.phone.as_ref().map(|p| sealer.blind(Blind::Phone, p.reveal())),
        card: row.card_no.as_ref().map(|c| sealer.blind(Blind::Card, c.as_str())),
    }
}

fn known(judge: &mut Judge<'_>, rows: &[(u32, File)], blinds: &[Blinds]) -> Result<Known, StoreError> {
    let keys: Vec<Vec<u8>> = blinds.iter().map(|b| b.id_no.clone()).collect();
    let seniors = bulk::seniors(judge.conn, &keys)?;
    let ids: Vec<SeniorId> = seniors.iter().map(|(s, _)| s.id.0).collect();
    let mut diets: BTreeMap<SeniorId, BTreeSet<(DietKind, String)>> = BTreeMap::new();
    for row in bulk::diets(judge.conn, &ids)? {
        // A flag says the same whatever words stand beside it; the API wrote others than files before.
        let value = if row.kind.0.is_flag() { DietKind::SET.to_owned() } else { row.value };
        diets.entry(row.senior_id.0).or_default().insert((row.kind.0, value));
    }
    let cards: Vec<Vec<u8>> = blinds.iter().filter_map(|b| b.card.clone()).collect();
    let places: BTreeSet<PlaceCode> =
        rows.iter().flat_map(|(_, r)| [r.registered_place.clone(), r.resident_place.clone()]).collect();
    let canteens: BTreeSet<String> = rows.iter().filter_map(|(_, r)| Some(r.home_canteen.as_ref()?.as_str().to_owned())).collect();
    Ok(Known {
        seniors: seniors.into_iter().map(|(s, by)| (s.id_no_bix.clone(), (s, by))).collect(),
        diets,
        cards: bulk::card_holders(judge.conn, &cards)?.into_iter().map(|(card, id)| (card, id.0)).collect(),
        places: bulk::places(judge.conn, &places.into_iter().collect::<Vec<_>>())?.into_iter().map(|p| p.code.0).collect(),
        canteens: bulk::canteens(judge.conn, &canteens.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|c| (c.code, c.id.0))
            .collect(),
    })
}

impl Importable for File {
    const SLICE: usize = 500;
    const WHOLE: bool = false;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], _: &mut Memo) -> Result<Verdict, StoreError> {
        let blinds: Vec<Blinds> = rows.iter().map(|(_, r)| blinds(judge.sealer, r)).collect();
        let (mut v, known) = (Verdict::default(), known(judge, rows, &blinds)?);
        for ((n, row), blind) in rows.iter().zip(blinds) {
            let found = known.seniors.get(&blind.id_no);
            references(&mut v, judge, &known, *n, row, found.map(|(s, _)| s), &blind);
            match found {
                None => {
                    let (senior, diet) = new_rows(judge, &known, row, blind)?;
                    v.added += 1;
                    v.fresh.push(Fresh::Senior(Box::new(senior), diet));
                }
                Some((_, by)) if *by == Some(Col(judge.import)) => v.added += 1,
                Some((old, _)) => match changes(judge, &known, row, old, blind)? {
                    None => v.unchanged += 1,
                    Some((senior, diet)) => {
                        v.changed += 1;
                        if old.user_id.is_some() && senior.user_id.is_none() {
                            v.notes.push(Note {
                                action: AuditAction::SeniorUnlinked,
                                senior: senior.id.0,
                                place: old.resident_place.0.clone(),
                                detail: json!({ "why": "phone changed", "import": judge.import }),
                            });
                        }
                        v.altered.push(Altered::Senior(Box::new(senior), diet));
                    }
                },
            }
        }
        Ok(v)
    }
}

fn references(v: &mut Verdict, judge: &Judge<'_>, known: &Known, n: u32, row: &File, old: Option<&SeniorRow>, blind: &Blinds) {
    for (column, place) in [("registered_place", &row.registered_place), ("resident_place", &row.resident_place)] {
        if !known.places.contains(place) {
            v.unknown::<File>(n, column, "区划", "place");
        }
    }
    if row.home_canteen.as_ref().is_some_and(|c| !known.canteens.contains_key(c.as_str())) {
        v.unknown::<File>(n, "home_canteen", "助餐点", "canteen");
    }
    // Who moves a senior must have a say where the senior lived and where they live now.
    if !judge.reach.covers(&row.resident_place, None) || old.is_some_and(|s| !judge.reach.covers(&s.resident_place.0, None)) {
        v.out_of_reach::<File>(n, "resident_place");
    }
    let holder = blind.card.as_ref().and_then(|card| known.cards.get(card));
    if holder.is_some_and(|holder| old.is_none_or(|s| s.id.0 != *holder)) {
        v.fault::<File>(
            n,
            "card_no",
            "card_taken",
            "这张卡已发给另一位老人。请核对卡号",
            "the card is another senior's; check the number",
        );
    }
}

fn address(row: &File) -> Option<Address> {
    let detail = row.address.as_ref().map(tabular::Private::reveal).unwrap_or_default().to_owned();
    let (lon_e7, lat_e7) = (row.longitude.map(|l| i64::from(l.e7())), row.latitude.map(|l| i64::from(l.e7())));
    (!detail.is_empty() || lon_e7.is_some()).then_some(Address { detail, lon_e7, lat_e7 })
}

fn diet(row: &File) -> BTreeSet<(DietKind, String)> {
    let mut rules: BTreeSet<(DietKind, String)> = BTreeSet::new();
    rules.extend(row.allergens.iter().map(|a| (DietKind::Allergen, a.to_string())));
    rules.extend(row.avoid.iter().map(|a| (DietKind::Avoid, a.as_str().to_owned())));
    rules.extend(row.texture.map(|t| (DietKind::Texture, t.to_string())));
    let flags = [(row.halal, DietKind::Halal), (row.low_salt, DietKind::LowSalt), (row.low_sugar, DietKind::LowSugar)];
    rules.extend(flags.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| (kind, DietKind::SET.to_owned())));
    rules
}

fn diet_rows(of: SeniorId, rules: BTreeSet<(DietKind, String)>) -> Vec<DietRow> {
    rules.into_iter().map(|(kind, value)| DietRow { senior_id: Col(of), kind: Word(kind), value }).collect()
}

fn seal_address(sealer: &Sealer, id: SeniorId, address: &Address) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_string(address).map_err(|e| StoreError::Database(format!("address: {e}")))?;
    sealer.seal(Field::SeniorAddress, id, &text)
}

fn seal_card(sealer: &Sealer, id: SeniorId, row: &File) -> Result<Option<Vec<u8>>, StoreError> {
    row.card_no.as_ref().map(|card| sealer.seal(Field::SeniorCard, id, card.as_str())).transpose()
}

fn new_rows(judge: &Judge<'_>, known: &Known, row: &File, blind: Blinds) -> Result<(SeniorRow, Vec<DietRow>), StoreError> {
    let (id, sealer): (SeniorId, _) = (fresh_id(), judge.sealer);
    let senior = SeniorRow {
        id: Col(id),
        version: 1,
        name: row.name.as_str().to_owned(),
        id_no_enc: sealer.seal(Field::SeniorIdNo, id, row.identity_number.reveal())?,
        id_no_bix: blind.id_no,
        birth_on: Col(row.identity_number.birth_date()),
        phone_enc: row.phone.as_ref().map(|p| sealer.seal(Field::SeniorPhone, id, p.reveal())).transpose()?,
        phone_bix: blind.phone,
        registered_place: Col(row.registered_place.clone()),
        resident_place: Col(row.resident_place.clone()),
        address_enc: address(row).map(|a| seal_address(sealer, id, &a)).transpose()?,
        health_enc: row.health_note.as_ref().map(|h| sealer.seal(Field::SeniorHealth, id, h.reveal())).transpose()?,
        card_bix: blind.card,
        card_enc: seal_card(sealer, id, row)?,
        home_canteen_id: row.home_canteen.as_ref().and_then(|c| known.canteens.get(c.as_str())).copied().map(Col),
        user_id: None,
        paused_from: None,
        paused_to: None,
        state: Word(SeniorState::Active),
        created_at: Col(judge.now),
        updated_at: Col(judge.now),
    };
    Ok((senior, diet_rows(id, diet(row))))
}

/// The senior as the file has them, when that differs from what is there. Sealed fields are opened to be compared: sealing
/// the same text twice gives different bytes.
fn changes(
    judge: &Judge<'_>,
    known: &Known,
    row: &File,
    old: &SeniorRow,
    blind: Blinds,
) -> Result<Option<(SeniorRow, Vec<DietRow>)>, StoreError> {
    let (id, sealer, mut new) = (old.id.0, judge.sealer, old.clone());
    row.name.as_str().clone_into(&mut new.name);
    new.registered_place = Col(row.registered_place.clone());
    new.resident_place = Col(row.resident_place.clone());
    // Empty leaves the card as it is: one from before its number was kept is exported empty.
    if blind.card.is_some() && (new.card_bix != blind.card || new.card_enc.is_none()) {
        new.card_bix = blind.card;
        new.card_enc = seal_card(sealer, id, row)?;
    }
    new.home_canteen_id = row.home_canteen.as_ref().and_then(|c| known.canteens.get(c.as_str())).copied().map(Col);
    if new.phone_bix != blind.phone {
        new.phone_bix = blind.phone;
        new.phone_enc = row.phone.as_ref().map(|p| sealer.seal(Field::SeniorPhone, id, p.reveal())).transpose()?;
        // The link rests on the phone, here as by hand: the old number may be somebody else's tomorrow.
        new.user_id = None;
    }
    let there = address(row);
    if address_of(sealer, old)? != there {
        new.address_enc = there.map(|a| seal_address(sealer, id, &a)).transpose()?;
    }
    let note = old.health_enc.as_ref().map(|sealed| sealer.open(Field::SeniorHealth, id, sealed)).transpose()?;
    if note.as_ref().map(|n| n.reveal().as_str()) != row.health_note.as_ref().map(tabular::Private::reveal) {
        new.health_enc = row.health_note.as_ref().map(|h| sealer.seal(Field::SeniorHealth, id, h.reveal())).transpose()?;
    }
    let mut rules = diet(row);
    // The file has no column for how much somebody wants on the plate: what is on record stays.
    rules.extend(known.diets.get(&id).into_iter().flatten().filter(|(kind, _)| *kind == DietKind::Size).cloned());
    if new == *old && known.diets.get(&id).cloned().unwrap_or_default() == rules {
        return Ok(None);
    }
    new.version += 1;
    new.updated_at = Col(judge.now);
    Ok(Some((new, diet_rows(id, rules))))
}
