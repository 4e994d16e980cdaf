//! Orders of some dates, newest first: what the demand of each sitting and the claims derive from. Names are masked as on labels.

use super::{At, Page, Reach, after, ids};
use domain::ServiceDate;
use domain::id::CanteenId;
use domain::person::mask;
use std::collections::BTreeMap;
use store::query::{export, orders};
use store::{AnyConnection, StoreError};
use tabular::{CellValue, Heading};

const ROWS: usize = 500;

pub(super) const HEADINGS: [Heading; 17] = [
    Heading::text("助餐点编号", "canteen"),
    Heading::text("日期", "date"),
    Heading::text("餐次", "meal"),
    Heading::text("餐号", "order_no"),
    Heading::text("就餐人", "name"),
    Heading::text("供餐方式", "channel"),
    Heading::text("状态", "state"),
    Heading::text("菜品", "dishes"),
    Heading::number("价格（元）", "price_yuan"),
    Heading::number("优惠（元）", "discount_yuan"),
    Heading::number("补贴（元）", "subsidy_yuan"),
    Heading::number("送餐费（元）", "delivery_fee_yuan"),
    Heading::number("自付（元）", "self_pay_yuan"),
    Heading::text("下单方式", "via"),
    Heading::text("下单时间", "accepted_at"),
    Heading::text("取消原因", "cancel_reason"),
    Heading::text("订单", "order"),
];

pub(super) fn page(
    conn: &mut AnyConnection,
    reach: &Reach,
    dates: Option<(ServiceDate, ServiceDate)>,
    at: At,
) -> Result<Page, StoreError> {
    let before = match at {
        At::Order(id) => Some(id),
        _ => None,
    };
    let limit = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let (from, to) = dates.map_or((None, None), |(from, to)| (Some(from), Some(to)));
    let filter = orders::OrderFilter { from, to, before, limit, ..orders::OrderFilter::default() };
    let rows = match reach {
        Reach::Everywhere => orders::every(conn, &filter)?,
        Reach::Within(scope) => orders::list(conn, scope, &filter)?,
    };
    let next = after(&rows, ROWS, |o| At::Order(o.id.0));
    let canteens: Vec<CanteenId> = ids(&rows, |o| o.canteen_id.0);
    let codes: BTreeMap<CanteenId, String> =
        export::canteen_codes(conn, &canteens)?.into_iter().map(|(id, code)| (id.0, code)).collect();
    let lines = orders::lines_of(conn, &ids(&rows, |o| o.id.0))?;
    let mut cells = Vec::with_capacity(rows.len());
    for o in rows {
        let dishes: Vec<String> =
            lines.get(&o.id.0).into_iter().flatten().map(|(line, dish)| format!("{dish}×{}", line.quantity)).collect();
        cells.push(vec![
            codes.get(&o.canteen_id.0).cloned().unwrap_or_default(),
            o.service_date.0.to_string(),
            o.meal.0.write(),
            format!("{:03}", o.order_no),
            mask::name(&o.senior_name),
            o.channel.0.write(),
            o.state.0.to_string(),
            dishes.join("；"),
            o.price_fen.0.write(),
            o.discount_fen.0.write(),
            o.subsidy_fen.0.write(),
            o.delivery_fee_fen.0.write(),
            o.self_pay_fen.0.write(),
            o.via.0.to_string(),
            o.accepted_at.0.to_string(),
            o.cancel_reason.unwrap_or_default(),
            o.id.0.to_string(),
        ]);
    }
    Ok((cells, next))
}
