//! Claims as files: UTF-8 with a byte order mark, Chinese headings, yuan and fen; the same data give the same bytes.
//!
//! Two files, lines and totals, because a file that holds both invites adding them together.

use super::statement::Statement;
use domain::claim::ClaimLine;
use domain::ledger::Payer;
use domain::order::RedemptionMethod;
use domain::{Fen, MealPeriod};
use std::borrow::Cow;
use std::io::{self, Write};

/// What spreadsheet programs need to see that a file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

const LINE_HEADINGS: [&str; 19] = [
    "助餐点编号",
    "助餐点",
    "月份",
    "服务日期",
    "餐次",
    "餐号",
    "就餐人",
    "项目",
    "出资方",
    "出资方编号",
    "出资地",
    "政策文号",
    "政策版本",
    "核销方式",
    "核销时间",
    "金额(元)",
    "金额(分)",
    "分录号",
    "更正号",
];
const TOTAL_HEADINGS: [&str; 11] =
    ["助餐点编号", "助餐点", "月份", "项目", "出资方", "出资方编号", "出资地", "政策版本", "笔数", "金额(元)", "金额(分)"];

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// One row a line.
    Lines,
    /// Per payer and version, and per funder over all versions.
    Totals,
}

/// A file of claims, written statement by statement.
pub struct ClaimFile<W: Write> {
    sheet: Sheet,
    csv: csv::Writer<W>,
}

impl<W: Write> ClaimFile<W> {
    /// Begins a file.
    pub fn begin(mut out: W, sheet: Sheet) -> io::Result<Self> {
        out.write_all(BYTE_ORDER_MARK)?;
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        match sheet {
            Sheet::Lines => csv.write_record(LINE_HEADINGS)?,
            Sheet::Totals => csv.write_record(TOTAL_HEADINGS)?,
        }
        Ok(Self { sheet, csv })
    }

    /// Adds a canteen's statement.
    pub fn add(&mut self, statement: &Statement) -> io::Result<()> {
        match self.sheet {
            Sheet::Lines => statement.lines.iter().try_for_each(|line| self.line(statement, line)),
            Sheet::Totals => self.totals(statement),
        }
    }

    /// Ends the file and gives the sink back.
    pub fn end(self) -> io::Result<W> {
        self.csv.into_inner().map_err(|e| io::Error::other(e.to_string()))
    }

    fn line(&mut self, statement: &Statement, line: &ClaimLine) -> io::Result<()> {
        let (name, id, place) = payer_cells(statement, &line.payer, &line.version.hash);
        let number = statement.names.get(&line.version.hash).map_or("", |names| names.number.as_str());
        self.write([
            statement.code.as_str().into(),
            statement.name.as_str().into(),
            statement.month.to_string().into(),
            line.date.to_string().into(),
            meal(line.meal).into(),
            format!("{:03}", line.order_no).into(),
            line.masked_name.as_str().into(),
            line.payer.programme().as_str().into(),
            name,
            id,
            place,
            number.into(),
            line.version.version.as_str().into(),
            method(line.method).into(),
            line.served_at.to_string().into(),
            line.fen.to_string().into(),
            line.fen.0.to_string().into(),
            line.transfer.to_string().into(),
            line.correction.map_or_else(String::new, |id| id.to_string()).into(),
        ])
    }

    fn totals(&mut self, statement: &Statement) -> io::Result<()> {
        for total in &statement.totals {
            let last = total.versions.last().map_or("", |v| v.version.hash.as_str());
            for version in &total.versions {
                let of = (version.version.version.as_str(), version.version.hash.as_str());
                self.total(statement, &total.payer, of, &version.lines.to_string(), version.fen)?;
            }
            // One payer is its own share; a ratio's shares stand below it, split once over the whole month.
            if matches!(total.payer, Payer::Ratio { .. }) {
                for (payer, fen) in &total.shares {
                    self.total(statement, payer, ("其中分摊", last), "", *fen)?;
                }
            }
        }
        Ok(())
    }

    fn total(&mut self, of: &Statement, payer: &Payer, version: (&str, &str), lines: &str, fen: Fen) -> io::Result<()> {
        let (name, id, place) = payer_cells(of, payer, version.1);
        self.write([
            of.code.as_str().into(),
            of.name.as_str().into(),
            of.month.to_string().into(),
            payer.programme().as_str().into(),
            name,
            id,
            place,
            version.0.into(),
            lines.into(),
            fen.to_string().into(),
            fen.0.to_string().into(),
        ])
    }

    fn write<const N: usize>(&mut self, cells: [Cow<'_, str>; N]) -> io::Result<()> {
        for cell in &cells {
            self.csv.write_field(harmless(cell).as_bytes())?;
        }
        // Ends the row.
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

/// A cell that a spreadsheet program would run as a formula gets an apostrophe before it. Numbers keep their sign.
fn harmless(cell: &str) -> Cow<'_, str> {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    if formula { format!("'{cell}").into() } else { cell.into() }
}

/// Name, id and place of a payer; a ratio's with all its funders.
fn payer_cells<'a>(statement: &'a Statement, payer: &'a Payer, hash: &str) -> (Cow<'a, str>, Cow<'a, str>, Cow<'a, str>) {
    match payer {
        Payer::One { funder, .. } => (
            statement.funder_name(hash, funder.id.as_str()).into(),
            funder.id.as_str().into(),
            funder.place.as_ref().map_or_else(String::new, ToString::to_string).into(),
        ),
        Payer::Ratio { shares, .. } => {
            let name = |(funder, weight): &(domain::ledger::Funder, u32)| {
                format!("{}{weight}", statement.funder_name(hash, funder.id.as_str()))
            };
            let names: Vec<String> = shares.iter().map(name).collect();
            let ids: Vec<String> = shares.iter().map(|(funder, weight)| format!("{funder}*{weight}")).collect();
            (format!("按比例:{}", names.join(":")).into(), ids.join("+").into(), "".into())
        }
    }
}

const fn meal(meal: MealPeriod) -> &'static str {
    match meal {
        MealPeriod::Breakfast => "早餐",
        MealPeriod::Lunch => "午餐",
        MealPeriod::Dinner => "晚餐",
    }
}

const fn method(method: RedemptionMethod) -> &'static str {
    match method {
        RedemptionMethod::Card => "助餐卡",
        RedemptionMethod::IdentityCard => "身份证",
        RedemptionMethod::DynamicQr => "动态码",
        RedemptionMethod::OrderCode => "取餐码",
        RedemptionMethod::Signature => "签收",
        RedemptionMethod::DeliveryCode => "送餐码",
        RedemptionMethod::Photo => "照片",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_an_amount_stays_a_number() {
        for (cell, written) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("-3.00", "-3.00"), ("张*", "张*"), ("", "")] {
            assert_eq!(harmless(cell), written);
        }
    }
}
