//! Seniors, the dated facts about them, their families, and their standing orders.

use super::unless;
use crate::fault::CellFault;
use crate::number::{Latitude, Longitude};
use crate::schema::SheetName::Table;
use crate::schema::{Misfit, TableKind, table};
use crate::text::{CardNumber, Code, Phone, Private, Text};
use crate::when::Weekdays;
use crate::words::Relation;
use domain::access::{ConsentKind, FamilyScope};
use domain::diet::{Allergen, Texture};
use domain::person::citizen_id::CitizenId;
use domain::subsidy::facts::{FactKind, values_of};
use domain::{Channel, MealPeriod, PlaceCode, ServiceDate};

table! {
    /// A senior: who, where, and what they may eat.
    SeniorRow of Table(TableKind::Seniors), unique [["identity_number"], ["card_no"]], agree None, finish check_senior;
    /// As on the identity card.
    name: Text<40> = "姓名", "张桂兰", "", "";
    /// Personal; the key by which other files name the senior.
    identity_number: CitizenId = "身份证号", "990101194103150036", "该列须设为文本", "format the column as text";
    /// To reach the senior.
    phone: Option<Phone> = "电话", "19900001234", "", "";
    /// 户籍
    registered_place: PlaceCode = "户籍地代码", "990101001001", "", "";
    /// Where the senior lives.
    resident_place: PlaceCode = "居住地代码", "990101001001", "", "";
    /// Below the community.
    address: Option<Private<120>> = "详细地址", "暖阳路 18 弄 3 号 201 室", "", "";
    /// East; without coordinates no route can be planned.
    longitude: Option<Longitude> = "经度", "121.470123", "没有坐标的送餐订单无法排线", "without coordinates a delivery cannot be routed";
    /// North.
    latitude: Option<Latitude> = "纬度", "31.230456", "", "";
    /// Where the senior usually eats.
    home_canteen: Option<Code> = "常用助餐点编号", "C01", "", "";
    /// Classes of GB 7718.
    allergens: Vec<Allergen> = "过敏原", "花生", "", "";
    /// Ingredients the senior does not eat.
    avoid: Vec<Text<20>> = "忌口", "香菜;羊肉", "食材名", "names of ingredients";
    /// 清真
    halal: bool = "清真", "否", "", "";
    /// 低盐
    low_salt: bool = "低盐", "是", "", "";
    /// 低糖
    low_sugar: bool = "低糖", "否", "", "";
    /// The texture the senior needs; empty for regular.
    texture: Option<Texture> = "质地", "软食", "空白为普通", "empty is regular";
    /// Personal; what a kitchen or courier must know beyond the diet.
    health_note: Option<Private<200>> = "健康备注", "", "", "";
    /// The meal card.
    card_no: Option<CardNumber> = "就餐卡号", "NY00012345", "空白则保持原卡不变", "empty leaves the card as it is";
}

fn check_senior(row: SeniorRow) -> Result<SeniorRow, Vec<Misfit>> {
    let mut faults: Vec<Misfit> = Vec::new();
    match (row.longitude, row.latitude) {
        (Some(_), None) => faults.push(("latitude", half_a_coordinate())),
        (None, Some(_)) => faults.push(("longitude", half_a_coordinate())),
        _ => {}
    }
    unless(faults, row)
}

fn half_a_coordinate() -> CellFault {
    CellFault::new("required", "经纬度须成对。请补全或都清空", "longitude and latitude come as a pair; give both or neither")
}

table! {
    /// A dated fact about a senior, from a source.
    FactRow of Table(TableKind::Facts), unique [["identity_number", "kind", "value", "valid_from"]], agree None, finish check_fact;
    /// Whom it is about.
    identity_number: CitizenId = "身份证号", "990101194103150036", "该列须设为文本", "format the column as text";
    /// What it tells.
    kind: FactKind = "事实类别", "经济困难类别", "", "";
    /// The word of the published vocabulary, or an open value of the kinds that have one.
    value: Text<40> = "值", "低保", "随类别而定", "as the kind demands";
    /// First day it holds.
    valid_from: ServiceDate = "起始日期", "2026-01-01", "", "";
    /// Last day it holds, inclusive.
    valid_to: Option<ServiceDate> = "结束日期", "", "含当日；空白为至今", "inclusive; empty while it holds";
    /// Who says so.
    source: Text<60> = "来源", "民政局低保名册 2026-01", "", "";
}

fn check_fact(mut row: FactRow) -> Result<FactRow, Vec<Misfit>> {
    let mut faults: Vec<Misfit> = Vec::new();
    let words = values_of(row.kind);
    if let Some((word, _)) = words.iter().find(|(_, zh)| *zh == row.value.as_str())
        && let Some(word) = Text::new(word)
    {
        row.value = word;
    }
    if !row.kind.accepts(row.value.as_str()) {
        let list = |pick: fn(&(&'static str, &'static str)) -> &'static str| words.iter().map(pick).collect::<Vec<_>>();
        let fault = if words.is_empty() {
            CellFault::new("bad_fact_value", "与类别不符。请填区划代码或数字", "does not fit the kind; give a place code or digits")
        } else {
            CellFault::new(
                "bad_fact_value",
                format!("不是“{}”的值。请填其中之一：{}", row.kind.name_zh(), list(|w| w.1).join("、")),
                format!("not a value of {}; give one of: {}", row.kind, list(|w| w.0).join(", ")),
            )
        };
        faults.push(("value", fault));
    }
    faults.extend(ends_before_it_begins("valid_to", row.valid_from, row.valid_to));
    unless(faults, row)
}

fn ends_before_it_begins(column: &'static str, from: ServiceDate, to: Option<ServiceDate>) -> Option<Misfit> {
    let fault = || CellFault::new("ends_before_start", "早于起始日期。请更正", "lies before the start; correct one of them");
    to.filter(|to| *to < from).map(|_| (column, fault()))
}

table! {
    /// A family member bound to a senior by the senior's consent.
    FamilyRow of Table(TableKind::Families), unique [["identity_number", "phone"]], agree None, finish check_family;
    /// The senior's.
    identity_number: CitizenId = "老人身份证号", "990101194103150036", "该列须设为文本", "format the column as text";
    /// The family member's name.
    family_name: Text<40> = "家属姓名", "张建国", "", "";
    /// The family member signs in with it.
    phone: Phone = "家属手机", "19900005678", "", "";
    /// What the family member is to the senior.
    relation: Relation = "关系", "子女", "", "";
    /// What the family member may do.
    scopes: Vec<FamilyScope> = "权限", "订餐;付款", "至少一项", "at least one";
    /// How the senior consented.
    consent_kind: ConsentKind = "同意方式", "签字表", "", "";
    /// When.
    consent_date: ServiceDate = "同意日期", "2026-10-08", "", "";
    /// Where the evidence is kept.
    evidence: Text<80> = "凭证", "知情同意书 2026-118", "表单编号、通话记录编号等", "number of the form, of the call record ...";
}

fn check_family(row: FamilyRow) -> Result<FamilyRow, Vec<Misfit>> {
    let mut faults: Vec<Misfit> = Vec::new();
    if row.scopes.is_empty() {
        faults.push(("scopes", CellFault::new("required", "请至少填一项权限", "give at least one scope")));
    }
    unless(faults, row)
}

table! {
    /// A meal that a senior wants on the same weekdays every week.
    StandingRow of Table(TableKind::StandingOrders), unique [["identity_number", "canteen", "meal", "starts_on"]], agree None, finish check_standing;
    /// The senior's.
    identity_number: CitizenId = "身份证号", "990101194103150036", "该列须设为文本", "format the column as text";
    /// The canteen's code.
    canteen: Code = "助餐点编号", "C01", "", "";
    /// On which days.
    weekdays: Weekdays = "星期", "周12345", "", "";
    /// Which meal.
    meal: MealPeriod = "餐次", "午餐", "", "";
    /// How it reaches the senior.
    channel: Channel = "供餐方式", "送餐", "", "";
    /// First day.
    starts_on: ServiceDate = "起始日期", "2026-11-23", "", "";
    /// Last day, inclusive.
    ends_on: Option<ServiceDate> = "结束日期", "", "含当日；空白为不限", "inclusive; empty for no end";
    /// First day without meals.
    paused_from: Option<ServiceDate> = "暂停起", "", "空白为不暂停", "empty for no pause";
    /// Last day without meals, after which they resume by themselves.
    paused_to: Option<ServiceDate> = "暂停止", "", "含当日，次日自动恢复；空白为直到更改", "inclusive, meals resume by themselves; empty until it is changed";
}

fn check_standing(row: StandingRow) -> Result<StandingRow, Vec<Misfit>> {
    let mut faults: Vec<Misfit> = ends_before_it_begins("ends_on", row.starts_on, row.ends_on).into_iter().collect();
    match row.paused_from {
        Some(from) => faults.extend(ends_before_it_begins("paused_to", from, row.paused_to)),
        None if row.paused_to.is_some() => {
            let fault = CellFault::new("begins_nowhere", "有暂停止则须填写暂停起", "a pause that ends begins: fill in paused_from");
            faults.push(("paused_from", fault));
        }
        None => {}
    }
    unless(faults, row)
}
