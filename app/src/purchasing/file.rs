//! The lists as files, with Chinese headings: what is bought goes to a market by paper and to a supplier by spreadsheet.

use super::{IssueLine, PurchaseLine};
use tabular::{Format, Heading, Language, WriteError, file_of};

const PURCHASE: [Heading; 12] = [
    Heading::text("食材", "ingredient"),
    Heading::text("用于菜品", "dishes"),
    Heading::number("净用量（公斤）", "net_kg"),
    Heading::number("可食部（%）", "edible_percent"),
    Heading::number("毛用量（公斤）", "gross_kg"),
    Heading::number("已领用（公斤）", "issued_kg"),
    Heading::number("库存可用（公斤）", "stock_kg"),
    Heading::number("缺口（公斤）", "short_kg"),
    Heading::text("采购单位", "unit"),
    Heading::number("每单位（公斤）", "unit_kg"),
    Heading::number("采购数量", "units"),
    Heading::number("采购重量（公斤）", "buy_kg"),
];

const ISSUE: [Heading; 9] = [
    Heading::text("菜品", "dish"),
    Heading::number("锅次", "batch_no"),
    Heading::text("食材", "ingredient"),
    Heading::number("需用（克）", "needed_g"),
    Heading::text("批号", "supplier_batch"),
    Heading::text("到期日", "expires_on"),
    Heading::text("存放点", "storage_place"),
    Heading::number("领用（克）", "amount_g"),
    Heading::text("备注", "note"),
];

/// Milligrams as kilograms, to the gram, rounded up: nobody buys less than is needed.
fn kilograms(mg: i64) -> String {
    let grams = domain::purchase::ceil_ratio(mg.max(0), 1, 1000);
    format!("{}.{:03}", grams / 1000, grams % 1000)
}

/// Milligrams as grams.
fn grams(mg: i64) -> String {
    let tenths = domain::purchase::ceil_ratio(mg.max(0), 1, 100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn purchase_row(line: &PurchaseLine) -> Vec<String> {
    let (unit, unit_kg) = line.unit.as_ref().map_or_else(Default::default, |(name, mg)| (name.clone(), kilograms(*mg)));
    vec![
        line.name.clone(),
        line.dishes.join("、"),
        kilograms(line.net_mg),
        format!("{}.{}", line.edible_per_mille / 10, line.edible_per_mille % 10),
        kilograms(line.gross_mg),
        kilograms(line.issued_mg),
        kilograms(line.stock_mg),
        kilograms(line.short_mg),
        unit,
        unit_kg,
        line.units.map(|n| n.to_string()).unwrap_or_default(),
        kilograms(line.buy_mg),
    ]
}

fn issue_rows(line: &IssueLine) -> Vec<Vec<String>> {
    let row = |lot: Option<&super::ProposedLot>, amount: String, note: String| {
        vec![
            line.dish_name.clone(),
            line.batch_no.to_string(),
            line.need.name.clone(),
            grams(line.need.needed_mg),
            lot.map(|lot| lot.supplier_batch.clone()).unwrap_or_default(),
            lot.and_then(|lot| lot.expires_on).map(|day| day.to_string()).unwrap_or_default(),
            lot.map(|lot| lot.storage_place.clone()).unwrap_or_default(),
            amount,
            note,
        ]
    };
    let mut rows: Vec<Vec<String>> = line.lots.iter().map(|lot| row(Some(lot), grams(lot.amount_mg), String::new())).collect();
    if line.need.untraced {
        rows.push(row(None, grams(line.need.needed_mg), "免批次".to_owned()));
    } else if line.need.proposal.short > 0 {
        rows.push(row(None, String::new(), format!("库存不足，缺 {} 克", grams(line.need.proposal.short))));
    } else if rows.is_empty() {
        rows.push(row(None, String::new(), "已领齐".to_owned()));
    }
    rows
}

/// What to buy, as a file.
pub fn purchase(lines: &[PurchaseLine], format: Format) -> Result<Vec<u8>, WriteError> {
    file_of(format, "采购单", &PURCHASE, lines.iter().map(purchase_row).collect(), Language::Chinese)
}

/// What to take from the store, as a file.
pub fn issue(lines: &[IssueLine], format: Format) -> Result<Vec<u8>, WriteError> {
    file_of(format, "领料单", &ISSUE, lines.iter().flat_map(issue_rows).collect(), Language::Chinese)
}
