//! A canteen's month: its lines and totals.

use crate::corrections::stored_parts;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::{App, subsidies};
use domain::access::{Action, Actor, Role, RoleGrant, Scope};
use domain::claim::{ClaimLine, Look, Month, PayerTotal, VersionRef, totals};
use domain::correction::CorrectionState;
use domain::id::{CanteenId, OrderId, SittingId, TransferId};
use domain::ledger::Payer;
use domain::subsidy::trace::Flag;
use domain::{Fen, MealPeriod, PlaceCode};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::claims::{self, ClaimCanteen, ClaimRow, ClaimSitting, Which};
use store::query::corrections::{self, CorrectedClaim};
use store::query::{policies, settlements};

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
            let provinces = policies::provinces(conn)?;
            canteens_at(conn, provinces)
        })
        .await
}

/// The canteens at places and below, for whoever may see the claims of all of them, by code.
pub(crate) fn canteens_at(conn: &mut AnyConnection, places: Vec<PlaceCode>) -> Result<Vec<ClaimCanteen>, StoreError> {
    let grant = |place| RoleGrant { role: Role::Officer, place, canteen: None };
    let grants = places.into_iter().map(grant).collect();
    claims::canteens(conn, &Actor { grants, ..Actor::default() }.scope(Action::SeeClaims))
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

/// Canteens at once: the lines of the next are read and added up while those of one are written.
pub const CANTEENS_AT_ONCE: usize = 2;

/// The statements of canteens, in their order.
pub fn statements<'a>(
    app: &'a App,
    canteens: Vec<ClaimCanteen>,
    filter: &'a ClaimFilter,
) -> impl Stream<Item = Outcome<Statement, Never>> + 'a {
    stream::iter(canteens).map(move |canteen| statement(app, canteen, filter)).buffered(CANTEENS_AT_ONCE)
}

/// Orders whose lines are read at once, unless one sitting has more.
const ORDERS_AT_ONCE: i64 = 1_500;
/// Sittings at once.
const SITTINGS_AT_ONCE: usize = 64;

pub(crate) fn of_canteen(conn: &mut AnyConnection, canteen: ClaimCanteen, month: Month) -> Result<Statement, StoreError> {
    let Col(id) = canteen.id;
    let lines = proven_lines(conn, id, Which::Between(month.first(), month.last()))?;
    let (fen, names) = (sum(&lines)?, names(conn, &lines)?);
    Ok(Statement { canteen: id, code: canteen.code, name: canteen.name, month, totals: add_up(&lines)?, lines, fen, names })
}

/// A canteen's lines, by date, meal, number and payer; an error when something was posted without evidence.
///
/// Some sittings at a time, so that each line is looked at once; and the decision of an order once, however many pay it.
pub(crate) fn proven_lines(conn: &mut AnyConnection, id: CanteenId, which: Which) -> Result<Vec<ClaimLine>, StoreError> {
    let sittings = claims::sittings(conn, id, which)?;
    let settled_until = if which.unsettled() { settlements::settled_until(conn, id, None)? } else { None };
    let (mut lines, mut rest, mut payers) = (Vec::new(), sittings.as_slice(), Payers::default());
    while let Some(first) = rest.first() {
        let mut orders = 0;
        let fits = |next: &&ClaimSitting| {
            let fits = orders == 0 || orders + next.next_order_no <= ORDERS_AT_ONCE;
            orders += next.next_order_no;
            fits
        };
        let (some, later) = rest.split_at(rest.iter().take(SITTINGS_AT_ONCE).take_while(fits).count());
        rest = later;
        // Behind the last settled day no line needs to be looked for in a settlement: in most months that is all of them.
        let fresh = settled_until.is_none_or(|until| first.service_date.0 > until);
        let which = if fresh { Which::Between(first.service_date.0, which.dates().1) } else { which };
        let some: Vec<SittingId> = some.iter().map(|sitting| sitting.id.0).collect();
        let rows = claims::lines(conn, &some, which)?;
        let decided = decided(conn, &rows)?;
        for row in rows {
            lines.push(line(row, &decided, &mut payers)?);
        }
    }
    lines.extend(corrected(conn, id, which, &mut payers)?);
    look_at(conn, id, which, &mut lines)?;
    lines.sort_by(|a, b| key(a).cmp(&key(b)));
    Ok(lines)
}

/// What corrections moved, each under the version that grants more.
fn corrected(conn: &mut AnyConnection, id: CanteenId, which: Which, payers: &mut Payers) -> Result<Vec<ClaimLine>, StoreError> {
    let line = |(row, Col(correction), parts): CorrectedClaim| {
        let parts = stored_parts(correction, &parts)?;
        let of = parts.into_iter().find(|part| part.payer == row.payer);
        let of =
            of.ok_or_else(|| StoreError::Database(format!("{correction} moved money of {}, which is no part of it", row.payer)))?;
        let payer = payers.of(&row)?;
        Ok(ClaimLine { correction: Some(correction), ..line_of(row, payer, of.version, Vec::new()) })
    };
    corrections::claim_lines(conn, id, which)?.into_iter().map(line).collect()
}

/// Marks the lines of meals that people have to look at, and of those at which they have.
fn look_at(conn: &mut AnyConnection, id: CanteenId, which: Which, lines: &mut [ClaimLine]) -> Result<(), StoreError> {
    let mut looks: HashMap<OrderId, Look> = HashMap::new();
    for (order, state, takes_back) in corrections::looks(conn, id, which.dates())? {
        match state {
            CorrectionState::Closed => looks.insert(order, Look::Done),
            CorrectionState::Open | CorrectionState::Proposed if takes_back => looks.insert(order, Look::Due),
            CorrectionState::Open | CorrectionState::Proposed => None,
        };
    }
    if !looks.is_empty() {
        lines.iter_mut().for_each(|line| line.look = looks.get(&line.order).copied().unwrap_or_default());
    }
    Ok(())
}

/// What the decisions behind the lines say.
fn decided(conn: &mut AnyConnection, rows: &[ClaimRow]) -> Result<HashMap<OrderId, Versions>, StoreError> {
    let mut orders: Vec<OrderId> = rows.iter().map(|row| row.order_id.0).collect();
    orders.sort_unstable();
    orders.dedup();
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let read = |(order, trace): (OrderId, String)| {
        let versions = serde_json::from_str(&trace);
        Ok((order, versions.map_err(|e| StoreError::Database(format!("decision of {order}: {e}")))?))
    };
    claims::traces(conn, &orders)?.into_iter().map(read).collect()
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

/// Payers by the text of their account: a month has few, on very many lines.
#[derive(Default)]
struct Payers(HashMap<String, Payer>);

impl Payers {
    fn of(&mut self, row: &ClaimRow) -> Result<Payer, StoreError> {
        if let Some(known) = self.0.get(&row.payer) {
            return Ok(known.clone());
        }
        let fault = |e| StoreError::Database(format!("claim line {}: account {}: {e}", row.transfer_id.0, row.payer));
        let payer = Payer::parse(&row.payer).map_err(fault)?;
        self.0.insert(row.payer.clone(), payer.clone());
        Ok(payer)
    }
}

fn line(row: ClaimRow, decided: &HashMap<OrderId, Versions>, payers: &mut Payers) -> Result<ClaimLine, StoreError> {
    let fault = |what: &str| StoreError::Database(format!("claim line {}: {what}", row.transfer_id.0));
    let payer = payers.of(&row)?;
    let decided = decided.get(&row.order_id.0).ok_or_else(|| fault("money without a decision"))?;
    let version = decided.trace.iter().find(|of| of.programme == payer.programme().as_str());
    let version = version.ok_or_else(|| fault("its decision does not name the programme"))?;
    let version = VersionRef { version: version.version.clone(), hash: version.hash.clone() };
    Ok(line_of(row, payer, version, decided.flags.clone()))
}

fn line_of(row: ClaimRow, payer: Payer, version: VersionRef, flags: Vec<Flag>) -> ClaimLine {
    ClaimLine {
        transfer: row.transfer_id.0,
        order: row.order_id.0,
        evidence: row.redemption_id.0,
        payer,
        version,
        date: row.service_date.0,
        meal: row.meal.0,
        order_no: row.order_no,
        masked_name: row.masked_name,
        method: row.method.0,
        served_at: row.served_at.0,
        fen: row.amount_fen.0,
        flags,
        correction: None,
        look: Look::None,
    }
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
