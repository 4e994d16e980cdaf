//! Places and canteens.

use super::{as_read, unless};
use crate::fault::CellFault;
use crate::number::{Coordinate, Latitude, Longitude, Whole};
use crate::schema::SheetName::Table;
use crate::schema::{Misfit, TableKind, table};
use crate::text::{Code, Licence, Phone, Text};
use crate::when::{CutOff, TimeWindow};
use domain::canteen::CanteenKind;
use domain::{Fen, PlaceCode, ServiceDate};

table! {
    /// A node of the place tree; its level is told by the length of its code.
    PlaceRow of Table(TableKind::Places), unique [["code"]], agree None, finish as_read;
    /// 2, 4, 6, 9 or 12 digits.
    code: PlaceCode = "区划代码", "990101001", "GB/T 2260、GB/T 10114 与统计用区划代码", "GB/T 2260, GB/T 10114, statistical code";
    /// As people call it.
    name: Text<60> = "名称", "暖阳街道", "", "";
}

table! {
    /// A canteen (助餐点): where meals are sold, and for some, cooked.
    CanteenRow of Table(TableKind::Canteens), unique [["code"], ["licence_no"]], agree None, finish check_canteen;
    /// What other files call it.
    code: Code = "助餐点编号", "C01", "其他表格用它指代该点", "what other files call it";
    /// On screens and labels.
    name: Text<60> = "名称", "暖阳社区食堂", "", "";
    /// How it gets its meals.
    kind: CanteenKind = "类型", "中央厨房助餐点", "", "";
    /// The kitchen that cooks for a satellite, by its code.
    central_kitchen: Option<Code> = "中央厨房编号", "C02", "助餐点类型为“中央厨房助餐点”时必填，其余留空", "required for a satellite, empty otherwise";
    /// The community, or the street, it lies in.
    place: PlaceCode = "所在区划代码", "990101001001", "", "";
    /// Road and number; not personal.
    address: Text<120> = "地址", "暖阳路 18 号", "", "";
    /// To call.
    phone: Phone = "电话", "02155501234", "", "";
    /// Permit or registration.
    licence_no: Licence = "许可证号", "JY29901010000017", "", "";
    /// Last day of the permit.
    licence_expires_on: ServiceDate = "许可证有效期至", "2029-12-31", "", "";
    /// East.
    longitude: Longitude = "经度", "121.470123", "", "";
    /// North.
    latitude: Latitude = "纬度", "31.230456", "", "";
    /// Delivery reaches this far when no area is given; 0 for no delivery.
    delivery_radius_m: Whole<0, 50_000> = "送餐半径（米）", "1500", "0 表示不送餐；填了送餐范围时以范围为准", "0 for no delivery; an area, when given, decides";
    /// Corners of the delivery area; empty for the circle.
    delivery_area: Vec<Coordinate> = "送餐范围", "", "多边形各顶点，至少 3 个", "corners of a polygon, at least 3";
    /// What a delivery costs the senior before subsidies.
    delivery_fee_yuan: Fen = "送餐费（元）", "2.00", "", "";
    /// When breakfast is served; empty for none.
    breakfast: Option<TimeWindow> = "早餐时段", "06:30-08:30", "不供应则留空", "empty when not served";
    /// Until when breakfast is ordered.
    breakfast_cut_off: Option<CutOff> = "早餐截止", "D-1 20:00", "", "";
    /// When lunch is served.
    lunch: Option<TimeWindow> = "午餐时段", "11:00-12:30", "不供应则留空", "empty when not served";
    /// Until when lunch is ordered.
    lunch_cut_off: Option<CutOff> = "午餐截止", "09:30", "", "";
    /// When dinner is served.
    dinner: Option<TimeWindow> = "晚餐时段", "17:00-18:30", "不供应则留空", "empty when not served";
    /// Until when dinner is ordered.
    dinner_cut_off: Option<CutOff> = "晚餐截止", "15:00", "", "";
}

fn check_canteen(row: CanteenRow) -> Result<CanteenRow, Vec<Misfit>> {
    let mut faults: Vec<Misfit> = Vec::new();
    let satellite = row.kind == CanteenKind::Satellite;
    if satellite != row.central_kitchen.is_some() {
        let fault = if satellite {
            CellFault::new("required", "中央厨房助餐点须填中央厨房编号", "a satellite needs the code of its central kitchen")
        } else {
            CellFault::new(
                "not_applicable",
                "只有中央厨房助餐点才填。请清空或更正类型",
                "only for a satellite; clear it or correct the kind",
            )
        };
        faults.push(("central_kitchen", fault));
    }
    if row.central_kitchen.as_ref() == Some(&row.code) {
        faults.push((
            "central_kitchen",
            CellFault::new(
                "own_parent",
                "不能是自己。请填为它供餐的厨房",
                "a canteen cannot be its own kitchen; name the one that cooks for it",
            ),
        ));
    }
    if (1..3).contains(&row.delivery_area.len()) {
        faults.push((
            "delivery_area",
            CellFault::new(
                "bad_area",
                "少于 3 个顶点。请补足，或清空改用半径",
                "fewer than 3 corners; add them, or clear it and use the radius",
            ),
        ));
    }
    faults.extend(check_meals(&row));
    unless(faults, row)
}

fn check_meals(row: &CanteenRow) -> Vec<Misfit> {
    let mut faults: Vec<Misfit> = Vec::new();
    let meals = [
        ("breakfast", row.breakfast, "breakfast_cut_off", row.breakfast_cut_off),
        ("lunch", row.lunch, "lunch_cut_off", row.lunch_cut_off),
        ("dinner", row.dinner, "dinner_cut_off", row.dinner_cut_off),
    ];
    for (meal, window, column, cut_off) in meals {
        match (window, cut_off) {
            (Some(_), None) => faults.push((
                column,
                CellFault::new("required", "该餐有供应时段，须填截止时间", "the meal has serving hours and needs a cut-off"),
            )),
            (None, Some(_)) => faults.push((
                meal,
                CellFault::new(
                    "required",
                    "填了截止时间，须填供应时段；不供应则清空截止时间",
                    "the meal has a cut-off and needs serving hours; clear the cut-off if it is not served",
                ),
            )),
            (Some(window), Some(cut_off)) if cut_off.days_before == 0 && cut_off.time >= window.to => faults.push((
                column,
                CellFault::new(
                    "late_cut_off",
                    "截止时间晚于供应结束。请提前",
                    "the cut-off lies after the end of serving; make it earlier",
                ),
            )),
            _ => {}
        }
    }
    if meals.iter().all(|(_, window, ..)| window.is_none()) && row.kind != CanteenKind::CentralKitchen {
        faults.push((
            "lunch",
            CellFault::new("no_meal", "三餐都没有时段。请至少填一餐", "no meal has serving hours; give at least one"),
        ));
    }
    faults
}
