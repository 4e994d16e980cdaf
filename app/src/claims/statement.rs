//! A canteen's month: its lines and totals.

use crate::failure::{Failure, Never, Outcome, Thing};
use crate::{App, subsidies};
use domain::access::{Action, Actor, Role, RoleGrant, Scope};
use domain::claim::{ClaimLine, Month, PayerTotal, VersionRef, totals};
use domain::id::{CanteenId, TransferId};
use domain::ledger::Payer;
use domain::subsidy::trace::Flag;
use domain::{Fen, MealPeriod};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::claims::{self, ClaimCanteen, ClaimRow, Which};
use store::query::policies;

/// Which claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimFilter {
    /// Meals of this month.
    pub month: Month,
    /// Only this canteen's.
    pub canteen: Option<CanteenId>,
    /// Only what this funder bears, by its id in the policies.
    pub funder: Option<String>,
}

/// What a version is called where people read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionNames {
    /// 文号, or the version's name.
    pub number: String,
    /// What the policy is called.
    pub title: String,
    /// What its funders are called, by their ids.
    pub funders: BTreeMap<String, String>,
}

/// A canteen's claims of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub canteen: CanteenId,
    /// The canteen's code.
    pub code: String,
    /// The canteen's name.
    pub name: String,
    /// Which month.
    pub month: Month,
    /// Every line, by date, meal, number and payer.
    pub lines: Vec<ClaimLine>,
    /// Per payer and version.
    pub totals: Vec<PayerTotal>,
    /// What the lines come to; equal to what was posted.
    pub fen: Fen,
    /// Names of the versions, by hash.
    pub names: BTreeMap<String, VersionNames>,
}

impl Statement {
    /// What a funder is called under a version; its id when no document tells.
    #[must_use]
    pub fn funder_name<'a>(&'a self, hash: &str, funder: &'a str) -> &'a str {
        self.names.get(hash).and_then(|names| names.funders.get(funder)).map_or(funder, String::as_str)
    }

    /// The same with only what a funder bears: its own lines, and the lines of ratios in which it shares.
    fn only(mut self, funder: &str) -> Result<Self, StoreError> {
        self.lines.retain(|line| line.payer.funders().any(|f| f.id.as_str() == funder));
        self.totals = add_up(&self.lines)?;
        for total in &mut self.totals {
            total.shares.retain(|(payer, _)| payer.funders().any(|f| f.id.as_str() == funder));
        }
        self.fen = sum(&self.lines)?;
        Ok(self)
    }
}

/// The canteens in the actor's sight that a filter asks for, by code.
pub async fn canteens(app: &App, actor: Arc<Actor>, only: Option<CanteenId>) -> Outcome<Vec<ClaimCanteen>, Never> {
    if !actor.may_list(Action::SeeClaims) {
        return Err(Failure::Forbidden);
    }
    in_scope(app, actor.scope(Action::SeeClaims), only).await
}

/// Every canteen, for the command line of the installation, which has the database's own rights.
pub async fn every_canteen(app: &App) -> Result<Vec<ClaimCanteen>, StoreError> {
    app.store
        .read("every_canteen", move |conn| {
            let grant = |place| RoleGrant { role: Role::Officer, place, canteen: None };
            let grants = policies::provinces(conn)?.into_iter().map(grant).collect();
            claims::canteens(conn, &Actor { grants, ..Actor::default() }.scope(Action::SeeClaims))
        })
        .await
}

async fn in_scope(app: &App, scope: Scope, only: Option<CanteenId>) -> Outcome<Vec<ClaimCanteen>, Never> {
    app.store
        .read("claim_canteens", move |conn| {
            let mut all = claims::canteens(conn, &scope)?;
            if let Some(only) = only {
                all.retain(|canteen| canteen.id.0 == only);
                if all.is_empty() {
                    return Err(Failure::NotFound(Thing::Canteen(only)));
                }
            }
            Ok(all)
        })
        .await
}

/// The statement of one canteen that [`canteens`] gave. One canteen at a time, so that a district's month is never in memory at
/// once.
pub async fn statement(app: &App, canteen: ClaimCanteen, filter: &ClaimFilter) -> Outcome<Statement, Never> {
    let (month, funder) = (filter.month, filter.funder.clone());
    app.store
        .read("claim_statement", move |conn| {
            let whole = of_canteen(conn, canteen, month)?;
            Ok(match funder {
                Some(funder) => whole.only(&funder)?,
                None => whole,
            })
        })
        .await
}

/// Lines read at once.
const PAGE: i64 = 5_000;

pub(crate) fn of_canteen(conn: &mut AnyConnection, canteen: ClaimCanteen, month: Month) -> Result<Statement, StoreError> {
    let Col(id) = canteen.id;
    let lines = proven_lines(conn, id, Which::Between(month.first(), month.last()))?;
    let (fen, names) = (sum(&lines)?, names(conn, &lines)?);
    Ok(Statement { canteen: id, code: canteen.code, name: canteen.name, month, totals: add_up(&lines)?, lines, fen, names })
}

/// A canteen's lines, by date, meal, number and payer; an error when they do not come to what was posted.
pub(crate) fn proven_lines(conn: &mut AnyConnection, id: CanteenId, which: Which) -> Result<Vec<ClaimLine>, StoreError> {
    let (mut lines, mut after): (Vec<ClaimLine>, Option<TransferId>) = (Vec::new(), None);
    loop {
        let page = claims::lines(conn, id, which, after, PAGE)?;
        let full = i64::try_from(page.len()).is_ok_and(|n| n == PAGE);
        after = page.last().map(|row| row.transfer_id.0);
        for row in page {
            lines.push(line(row)?);
        }
        if !full {
            break;
        }
    }
    lines.sort_by(|a, b| key(a).cmp(&key(b)));
    let (fen, posted) = (sum(&lines)?, claims::posted(conn, id, which)?);
    if posted != fen {
        // Money without evidence, or the other way round: nobody may be asked to pay on such a statement.
        return Err(StoreError::Database(format!("claims of {id}, {which:?}, come to {fen}, posted are {posted}")));
    }
    Ok(lines)
}

/// The stable order of lines.
fn key(line: &ClaimLine) -> (domain::ServiceDate, MealPeriod, i64, &Payer, TransferId) {
    (line.date, line.meal, line.order_no, &line.payer, line.transfer)
}

fn sum(lines: &[ClaimLine]) -> Result<Fen, StoreError> {
    Fen::sum(lines.iter().map(|line| line.fen)).map_err(|e| StoreError::Database(format!("claims: {e}")))
}

fn add_up(lines: &[ClaimLine]) -> Result<Vec<PayerTotal>, StoreError> {
    totals(lines).map_err(|e| StoreError::Database(format!("claims: {e}")))
}

/// What a claim asks of a stored decision: parsing the rest of a month's traces would be most of the work.
#[derive(Deserialize)]
struct Versions {
    #[serde(default)]
    flags: Vec<Flag>,
    trace: Vec<VersionOf>,
}

#[derive(Deserialize)]
struct VersionOf {
    programme: String,
    version: String,
    hash: String,
}

fn line(row: ClaimRow) -> Result<ClaimLine, StoreError> {
    let fault = |what: String| StoreError::Database(format!("claim line {}: {what}", row.transfer_id.0));
    let payer = Payer::parse(&row.payer).map_err(|e| fault(format!("account {}: {e}", row.payer)))?;
    let trace = row.trace.as_deref().ok_or_else(|| fault("money without a decision".to_owned()))?;
    let versions: Versions = serde_json::from_str(trace).map_err(|e| fault(e.to_string()))?;
    let version = versions.trace.into_iter().find(|of| of.programme == payer.programme().as_str());
    let version = version.ok_or_else(|| fault("its decision does not name the programme".to_owned()))?;
    Ok(ClaimLine {
        transfer: row.transfer_id.0,
        order: row.order_id.0,
        evidence: row.redemption_id.0,
        payer,
        version: VersionRef { version: version.version, hash: version.hash },
        date: row.service_date.0,
        meal: row.meal.0,
        order_no: row.order_no,
        masked_name: row.masked_name,
        method: row.method.0,
        served_at: row.served_at.0,
        fen: row.amount_fen.0,
        flags: versions.flags,
    })
}

fn names(conn: &mut AnyConnection, lines: &[ClaimLine]) -> Result<BTreeMap<String, VersionNames>, StoreError> {
    let mut hashes: Vec<&str> = lines.iter().map(|line| line.version.hash.as_str()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let bytes: Vec<Vec<u8>> = hashes.iter().filter_map(|hash| hex::decode(hash).ok()).collect();
    let mut names = BTreeMap::new();
    for text in policies::documents_of(conn, &bytes)? {
        let document = subsidies::stored_document(&text)?;
        let hash = domain::subsidy::canonical::content_hash(&document);
        let funders = document.funders.iter().map(|f| (f.id.to_string(), f.name.clone())).collect();
        let number = document.number.clone().unwrap_or_else(|| document.version.to_string());
        names.insert(hash, VersionNames { number, title: document.title, funders });
    }
    Ok(names)
}
