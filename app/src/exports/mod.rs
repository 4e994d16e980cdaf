//! Tables on their way out: page by page in bounded memory, in the columns that the import reads, so that what was exported and is
//! imported again changes nothing.
//!
//! Cells are written, not rows of the import: a masked value is no identity number. Who has the right, and says what for, gets
//! the file in the clear; the record of it is committed before the first byte. The same rows give the same bytes.

mod catalogue;
pub mod file;
mod menus;
mod orders;
mod people;

use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome};
use crate::imports::for_kind;
use domain::access::{Action, Actor, Scope};
use domain::audit::AuditAction;
use domain::id::{Kind, OrderId, SeniorId, SittingId};
use domain::text_enum::TextEnum;
use domain::{PlaceCode, ServiceDate};
use serde_json::json;
use std::sync::Arc;
use store::{LaneKey, StoreError};
use tabular::{Heading, Language, Row, TableKind, WriteError, XlsxWriter};

/// Rows of a workbook at most: it is built in memory, because rosters are personal data and never lie in a temporary file.
pub const XLSX_ROWS: usize = 20_000;
/// Days that one export of orders may span.
pub const ORDER_DAYS: i64 = 92;

domain::text_enum! {
    /// What can be exported.
    pub enum ExportKind {
        /// 区划
        Places = "places",
        /// 助餐点
        Canteens = "canteens",
        /// 菜品
        Dishes = "dishes",
        /// 配方
        Recipes = "recipes",
        /// 菜单
        Menus = "menus",
        /// 老人
        Seniors = "seniors",
        /// 老人事实
        Facts = "facts",
        /// 家属绑定
        Families = "families",
        /// 长期订餐
        StandingOrders = "standing_orders",
        /// 订单: what was ordered, by whom (masked), and what became of it; not imported.
        Orders = "orders",
    }
}

impl ExportKind {
    /// The table of the import with the same columns; `None` for what is only exported.
    #[must_use]
    pub fn table(self) -> Option<TableKind> {
        TableKind::parse(self.as_str())
    }

    /// Whether it holds personal data, masked unless it is asked for in the clear.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::Seniors | Self::Facts | Self::Families | Self::StandingOrders)
    }

    /// Its columns.
    #[must_use]
    pub fn headings(self) -> Vec<Heading> {
        self.table().map_or_else(|| orders::HEADINGS.to_vec(), |table| tabular::headings(table.schema()))
    }
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which table.
    pub kind: ExportKind,
    /// Only menus and orders of these dates, both included.
    pub dates: Option<(ServiceDate, ServiceDate)>,
    /// What the values are needed for in the clear; masked when nobody says.
    pub purpose: Option<String>,
}

/// Why an export is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportRefusal {
    /// Orders need dates, at most [`ORDER_DAYS`] apart.
    Dates,
    /// There is nothing to reveal in this table.
    NothingHidden,
}

/// Whose rows.
#[derive(Debug, Clone)]
enum Reach {
    /// All: the administrator of the machine, and tables without personal data.
    Everywhere,
    /// What a scope holds.
    Within(Scope),
}

impl Reach {
    /// The places of residence to look in; `None` is all.
    fn places(&self) -> Option<&[PlaceCode]> {
        match self {
            Self::Everywhere => None,
            Self::Within(scope) => Some(scope.places()),
        }
    }
}

/// Where the last page ended.
#[derive(Debug, Clone, Default)]
enum At {
    #[default]
    Start,
    Code(String),
    Sitting(SittingId),
    Senior(SeniorId),
    Order(OrderId),
    End,
}

/// One page: rows as cells, and where it ended.
type Page = (Vec<Vec<String>>, At);

/// An export that was begun and is read page by page.
pub struct Export {
    app: App,
    wanted: Wanted,
    reach: Reach,
    at: At,
}

/// Begins an export. Without an actor it is the administrator of the machine, who holds the data folder and its keys.
pub async fn begin(app: &App, actor: Option<Arc<Actor>>, wanted: Wanted) -> Outcome<Export, ExportRefusal> {
    check(&wanted)?;
    let reach = match &actor {
        None => Reach::Everywhere,
        Some(actor) => reach_of(actor, &wanted)?,
    };
    if wanted.kind.is_personal() || wanted.kind == ExportKind::Orders {
        record(app, actor, &wanted).await?;
    }
    Ok(Export { app: app.clone(), wanted, reach, at: At::Start })
}

fn check(wanted: &Wanted) -> Result<(), Failure<ExportRefusal>> {
    let span = wanted.dates.map(|(from, to)| to.days_since(from));
    let bad = span.is_some_and(|days| days < 0);
    if bad || (wanted.kind == ExportKind::Orders && span.is_none_or(|days| days > ORDER_DAYS)) {
        return Err(Failure::Refused(ExportRefusal::Dates));
    }
    if wanted.purpose.is_some() && !wanted.kind.is_personal() {
        return Err(Failure::Refused(ExportRefusal::NothingHidden));
    }
    Ok(())
}

fn reach_of(actor: &Actor, wanted: &Wanted) -> Result<Reach, Failure<ExportRefusal>> {
    let action = match wanted.kind {
        ExportKind::Orders => Action::SeeOrders,
        kind if kind.is_personal() && wanted.purpose.is_some() => Action::Reveal,
        kind if kind.is_personal() => Action::SeeSeniors,
        _ => Action::SeeCatalogue,
    };
    // A file is for staff: a senior or family member sees their own rows on their own pages.
    if !actor.grants.iter().any(|grant| grant.role.allows(action)) {
        return Err(Failure::Forbidden);
    }
    Ok(if action == Action::SeeCatalogue { Reach::Everywhere } else { Reach::Within(actor.scope(action)) })
}

async fn record(app: &App, actor: Option<Arc<Actor>>, wanted: &Wanted) -> Outcome<(), ExportRefusal> {
    let detail = json!({ "masked": wanted.purpose.is_none(), "purpose": wanted.purpose, "dates": wanted.dates });
    let (actor, kind) = (actor.unwrap_or_default(), wanted.kind);
    app.store
        .write(LaneKey::SHARED, "export", move |tx| {
            audit::record(tx, &actor, AuditAction::Exported, kind, None, &detail);
            Ok(())
        })
        .await
}

impl Export {
    /// Its columns.
    #[must_use]
    pub fn headings(&self) -> Vec<Heading> {
        self.wanted.kind.headings()
    }

    /// The next rows; `None` at the end. A page may be empty in the middle.
    pub async fn next<R: Send + 'static>(&mut self) -> Outcome<Option<Vec<Vec<String>>>, R> {
        if matches!(self.at, At::End) {
            return Ok(None);
        }
        let (wanted, reach, at) = (self.wanted.clone(), self.reach.clone(), self.at.clone());
        let sealer = self.app.store.sealer().clone();
        let (rows, at) = self
            .app
            .store
            .read("export", move |conn| {
                let eyes = people::Eyes { sealer: &sealer, clear: wanted.purpose.is_some() };
                let page = match wanted.kind {
                    ExportKind::Places => catalogue::places(conn, at),
                    ExportKind::Canteens => catalogue::canteens(conn, at),
                    ExportKind::Dishes => catalogue::dishes(conn, at),
                    ExportKind::Recipes => catalogue::recipes(conn, at),
                    ExportKind::Menus => menus::page(conn, wanted.dates, at),
                    ExportKind::Seniors => people::page(conn, reach.places(), at, |c, s| people::seniors(c, &eyes, s)),
                    ExportKind::Facts => people::page(conn, reach.places(), at, |c, s| people::facts(c, &eyes, s)),
                    ExportKind::Families => people::page(conn, reach.places(), at, |c, s| people::families(c, &eyes, s)),
                    ExportKind::StandingOrders => {
                        people::page(conn, reach.places(), at, |c, s| people::standing_orders(c, &eyes, s))
                    }
                    ExportKind::Orders => orders::page(conn, &reach, wanted.dates, at),
                };
                Ok::<_, Failure<R>>(page?)
            })
            .await?;
        self.at = at;
        Ok(Some(rows))
    }

    /// All of it as a workbook; `None` when it has too many rows for one.
    pub async fn workbook<R: Send + 'static>(mut self, language: Language) -> Outcome<Option<Vec<u8>>, R> {
        let Some(table) = self.wanted.kind.table() else { return Ok(None) };
        let mut rows = Vec::new();
        while let Some(page) = self.next().await? {
            rows.extend(page);
            if rows.len() > XLSX_ROWS {
                return Ok(None);
            }
        }
        let made = tokio::task::spawn_blocking(move || for_kind!(table, T => workbook_of::<T>(&rows, language))).await;
        let broken = |what: String| StoreError::Database(format!("workbook: {what}"));
        Ok(Some(made.map_err(|e| broken(e.to_string()))?.map_err(|e| broken(e.to_string()))?))
    }
}

fn workbook_of<T: Row>(rows: &[Vec<String>], language: Language) -> Result<Vec<u8>, WriteError> {
    let mut file = XlsxWriter::<T>::new(language)?;
    rows.iter().try_for_each(|row| file.write_cells(row))?;
    file.finish()
}

/// The end of a page that was cut at `limit` rows: the key of its last row, or the end.
fn after<T>(rows: &[T], limit: usize, key: impl Fn(&T) -> At) -> At {
    rows.last().filter(|_| rows.len() == limit).map_or(At::End, key)
}

/// The values of a column of words separated by commas.
fn words<E: TextEnum>(column: &str) -> Vec<E> {
    column.split(',').filter_map(E::parse).collect()
}

/// Identifiers of rows.
fn ids<T, K: Kind>(rows: &[T], id: impl Fn(&T) -> domain::id::Id<K>) -> Vec<domain::id::Id<K>> {
    rows.iter().map(id).collect()
}
