//! What clients send about seniors.

use crate::input;
use crate::problem::Problem;
use crate::words::{CanteenIdText, FactKindWord, SeniorStateWord, TextureWord};
use app::orders::load::Address;
use app::seniors::write::{Changes, NewSenior};
use app::store::query::seniors::SeniorState;
use domain::diet::{Allergen, Diet, PortionSize, Texture};
use domain::fault::Faults;
use domain::id::CanteenId;
use domain::subsidy::FactKind;
use domain::{Sensitive, ServiceDate};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

const NAME_MAX: usize = 40;
const ADDRESS_MAX: usize = 120;
const NOTE_MAX: usize = 200;
const AVOID_MAX: usize = 30;

domain::text_enum! {
    /// The coordinate system of a point.
    pub enum Datum {
        /// Of satellites, and of this system's records.
        Wgs84 = "wgs84",
        /// Of Chinese maps (Amap, Tencent, WeChat's location).
        Gcj02 = "gcj02",
    }
}

/// A point on the map.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PointBody {
    /// East, in degrees.
    pub longitude: f64,
    /// North, in degrees.
    pub latitude: f64,
    /// In which system the two are given; GCJ-02 is converted.
    #[schema(value_type = crate::words::DatumWord)]
    pub datum: Datum,
}

/// Where meals are brought.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressBody {
    /// Street, number, floor and door.
    #[schema(max_length = 120, example = "暖阳路 18 弄 3 号 201 室")]
    pub detail: String,
    /// Without a point no courier can be sent.
    pub point: Option<PointBody>,
}

/// What a senior may not eat.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DietBody {
    /// Classes of GB 7718.
    #[schema(value_type = Vec<crate::words::AllergenWord>)]
    pub allergens: BTreeSet<Allergen>,
    /// Ingredients, by name; at most 30.
    #[schema(value_type = Vec<String>, max_items = 30)]
    pub avoid: BTreeSet<String>,
    /// 清真
    pub halal: bool,
    /// 低盐
    pub low_salt: bool,
    /// 低糖
    pub low_sugar: bool,
    /// The texture the senior needs; absent is regular.
    #[schema(value_type = Option<TextureWord>)]
    pub texture: Option<Texture>,
    /// The size of portion that the senior usually wants; absent is regular.
    #[schema(value_type = Option<crate::words::PortionSizeWord>)]
    pub size: Option<PortionSize>,
}

impl DietBody {
    /// The diet, with its faults.
    pub fn check(self, faults: &mut Faults, at: &str) -> Diet {
        if self.avoid.len() > AVOID_MAX {
            faults.push(format!("{at}/avoid"), "too_many", "忌口最多 30 项", "at most 30 ingredients");
        }
        for (n, name) in self.avoid.iter().enumerate() {
            input::text(faults, &format!("{at}/avoid/{n}"), name, 20);
        }
        Diet {
            allergens: self.allergens,
            avoid: self.avoid,
            halal: self.halal,
            low_salt: self.low_salt,
            low_sugar: self.low_sugar,
            texture: self.texture,
            size: self.size,
        }
    }
}

impl From<Diet> for DietBody {
    fn from(diet: Diet) -> Self {
        Self {
            allergens: diet.allergens,
            avoid: diet.avoid,
            halal: diet.halal,
            low_salt: diet.low_salt,
            low_sugar: diet.low_sugar,
            texture: diet.texture,
            size: diet.size,
        }
    }
}

/// No meals between two days, inclusive; they resume by themselves after the last one.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// Last day; absent is until further notice.
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<ServiceDate>,
}

/// Tells an absent member (leave it) from a null one (clear it).
#[allow(clippy::option_option)]
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// A senior to add.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeniorBody {
    /// As on the identity card.
    #[schema(max_length = 40, example = "张桂兰")]
    pub name: String,
    /// 18 characters; tells the birth date.
    #[schema(example = "990101194103150036")]
    pub identity_number: String,
    /// 户籍地
    #[schema(example = "990101001001")]
    pub registered_place: String,
    /// 居住地
    #[schema(example = "990101001001")]
    pub resident_place: String,
    /// To reach the senior.
    #[schema(example = "13800001234")]
    pub phone: Option<String>,
    /// Where meals are brought.
    pub address: Option<AddressBody>,
    /// What a kitchen or courier must know beyond the diet.
    #[schema(max_length = 200)]
    pub health_note: Option<String>,
    /// Where the senior usually eats.
    #[schema(value_type = Option<CanteenIdText>)]
    pub home_canteen: Option<CanteenId>,
    /// The meal card's number.
    #[schema(example = "NY00012345")]
    pub card: Option<String>,
    /// What the senior may not eat.
    #[serde(default)]
    pub diet: DietBody,
}

/// Changes of a senior: an absent member stays as it is, null clears it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::option_option)]
pub struct SeniorPatch {
    /// A corrected name.
    #[schema(max_length = 40)]
    pub name: Option<String>,
    /// A corrected identity number.
    pub identity_number: Option<String>,
    /// 户籍地
    pub registered_place: Option<String>,
    /// 居住地; takes the right to change seniors at both places.
    pub resident_place: Option<String>,
    /// To reach the senior; a change ends the link to the senior's own sign-in.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    /// Where meals are brought.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<AddressBody>)]
    pub address: Option<Option<AddressBody>>,
    /// What a kitchen or courier must know beyond the diet.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub health_note: Option<Option<String>>,
    /// Where the senior usually eats.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<CanteenIdText>)]
    pub home_canteen: Option<Option<CanteenId>>,
    /// The meal card's number.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub card: Option<Option<String>>,
    /// Whether the senior takes part.
    #[schema(value_type = Option<SeniorStateWord>)]
    pub state: Option<SeniorState>,
    /// No meals for a while.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<PauseBody>)]
    pub pause: Option<Option<PauseBody>>,
}

impl SeniorBody {
    /// The senior, or every fault.
    pub fn parse(self) -> Result<NewSenior, Problem> {
        let mut faults = Faults::default();
        input::text(&mut faults, "/name", &self.name, NAME_MAX);
        let identity = input::identity_number(&mut faults, "/identity_number", &self.identity_number);
        let registered = input::place(&mut faults, "/registered_place", &self.registered_place);
        let resident = input::place(&mut faults, "/resident_place", &self.resident_place);
        let diet = self.diet.check(&mut faults, "/diet");
        let more = SeniorPatch {
            phone: self.phone.map(Some),
            address: self.address.map(Some),
            health_note: self.health_note.map(Some),
            home_canteen: self.home_canteen.map(Some),
            card: self.card.map(Some),
            ..SeniorPatch::default()
        }
        .check(&mut faults);
        match (identity, registered, resident, faults.is_empty()) {
            (Some(identity_number), Some(registered_place), Some(resident_place), true) => {
                Ok(NewSenior { name: self.name, identity_number, registered_place, resident_place, more, diet })
            }
            _ => Err(Problem::invalid(&faults)),
        }
    }
}

impl SeniorPatch {
    /// The changes, or every fault.
    pub fn parse(self) -> Result<Changes, Problem> {
        let mut faults = Faults::default();
        let changes = self.check(&mut faults);
        faults.into_result(changes).map_err(|f| Problem::invalid(&f))
    }

    fn check(self, faults: &mut Faults) -> Changes {
        if let Some(name) = &self.name {
            input::text(faults, "/name", name, NAME_MAX);
        }
        if let Some(Some(note)) = &self.health_note {
            input::text(faults, "/health_note", note, NOTE_MAX);
        }
        if let Some(Some(card)) = &self.card {
            check_card(faults, "/card", card);
        }
        if let Some(Some(PauseBody { from, to: Some(to) })) = self.pause
            && to < from
        {
            faults.push("/pause/to", "ends_before_start", "早于开始日期，请更正", "lies before the start; correct one of them");
        }
        Changes {
            identity_number: self.identity_number.and_then(|v| input::identity_number(faults, "/identity_number", &v)),
            registered_place: self.registered_place.and_then(|v| input::place(faults, "/registered_place", &v)),
            resident_place: self.resident_place.and_then(|v| input::place(faults, "/resident_place", &v)),
            phone: self.phone.map(|phone| phone.and_then(|v| input::phone(faults, "/phone", &v))),
            address: self.address.map(|address| address.and_then(|a| address_of(faults, &a)).map(Sensitive::new)),
            name: self.name,
            health_note: self.health_note.map(|note| note.map(Sensitive::new)),
            home_canteen: self.home_canteen,
            card: self.card.map(|card| card.map(Sensitive::new)),
            state: self.state,
            pause: self.pause.map(|pause| pause.map(|p| (p.from, p.to))),
        }
    }
}

/// A card's number: 4 to 32 letters and digits.
pub fn check_card(faults: &mut Faults, at: &str, card: &str) {
    if !(4..=32).contains(&card.len()) || !card.bytes().all(|b| b.is_ascii_alphanumeric()) {
        faults.push(at, "bad_card", "卡号为 4 到 32 位字母或数字", "a card number has 4 to 32 letters or digits");
    }
}

fn address_of(faults: &mut Faults, body: &AddressBody) -> Option<Address> {
    input::text(faults, "/address/detail", &body.detail, ADDRESS_MAX);
    let point = match body.point.map(|p| app::geo::wgs84_e7(p.longitude, p.latitude, p.datum == Datum::Gcj02)) {
        None => None,
        Some(Ok(point)) => Some(point),
        Some(Err(bad)) => {
            let zh = "坐标超出范围，请核对经纬度";
            faults.push("/address/point", "bad_coordinates", zh, bad);
            return None;
        }
    };
    Some(Address { detail: body.detail.clone(), lon_e7: point.map(|p| p.0), lat_e7: point.map(|p| p.1) })
}

/// A dated fact.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactBody {
    /// What it is about.
    #[schema(value_type = FactKindWord)]
    pub kind: FactKind,
    /// The word of the published vocabulary, or an open value of the kinds that have one.
    #[schema(max_length = 40, example = "dibao")]
    pub value: String,
    /// First day it holds.
    #[schema(value_type = String, format = Date)]
    pub valid_from: ServiceDate,
    /// Last day it holds, inclusive; absent while it holds.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<ServiceDate>,
    /// Who says so.
    #[schema(max_length = 60, example = "民政局低保名册 2026-01")]
    pub source: String,
}

impl FactBody {
    /// Every fault of it.
    pub fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        input::text(&mut faults, "/value", &self.value, 40);
        input::text(&mut faults, "/source", &self.source, 60);
        if !self.kind.accepts(&self.value) {
            let words: Vec<&str> = domain::subsidy::facts::values_of(self.kind).iter().map(|(word, _)| *word).collect();
            let (zh, en) = match words.as_slice() {
                [] => ("与类别不符，请填区划代码或数字".to_owned(), "does not fit the kind: a place code or digits".to_owned()),
                words => (format!("请填其中之一：{}", words.join("、")), format!("one of: {}", words.join(", "))),
            };
            faults.push("/value", "bad_fact_value", zh, en);
        }
        if self.valid_to.is_some_and(|to| to < self.valid_from) {
            faults.push("/valid_to", "ends_before_start", "早于起始日期，请更正", "lies before the start; correct one of them");
        }
        faults.into_result(()).map_err(|f| Problem::invalid(&f))
    }
}
