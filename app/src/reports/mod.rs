//! Reports on subsidies: what a month's claims come to, who is entitled and eats without, and the month by mail.

pub mod mail;
pub mod unused;
pub mod workbook;

use crate::App;
use crate::claims::statement::{self, CANTEENS_AT_ONCE, Statement, VersionNames, canteens_at};
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::subsidies::fact_of;
use domain::access::{Action, Actor, Where};
use domain::claim::Month;
use domain::id::{CanteenId, OrderId, SeniorId};
use domain::report::{Guest, SubsidyReport};
use domain::subsidy::facts::economic_class;
use domain::subsidy::{Fact, FactKind};
use domain::{PlaceCode, ServiceDate};
use futures_util::stream::{self, StreamExt};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::pin;
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::claims::ClaimCanteen;
use store::query::{reports, seniors, users};

/// A month of a place in figures, with what its parts are called.
#[derive(Debug, Clone, Default)]
pub struct MonthReport {
    /// The figures.
    pub figures: SubsidyReport,
    /// Code and name of each canteen.
    pub canteens: BTreeMap<CanteenId, (String, String)>,
    /// What versions and their funders are called, by hash.
    pub versions: BTreeMap<String, VersionNames>,
}

impl MonthReport {
    /// What a funder is called in any of the versions; its id when none tells.
    #[must_use]
    pub fn funder_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.versions.values().find_map(|names| names.funders.get(id)).map_or(id, String::as_str)
    }

    fn add(&mut self, part: Part) -> Result<(), StoreError> {
        let Part { statement, guests } = part;
        self.figures
            .add(statement.canteen, &statement.lines, &statement.totals, &guests)
            .map_err(|e| StoreError::Database(format!("report: {e}")))?;
        // A canteen without a subsidized meal stands with nothing: that it has none is what one looks for.
        self.figures.canteens.entry(statement.canteen).or_default();
        self.canteens.insert(statement.canteen, (statement.code, statement.name));
        self.versions.extend(statement.names);
        Ok(())
    }
}

/// A canteen's month with who ate.
struct Part {
    statement: Statement,
    guests: HashMap<OrderId, Guest>,
}

/// The month of all canteens at a place and below.
pub async fn month(app: &App, actor: Arc<Actor>, place: PlaceCode, month: Month) -> Outcome<MonthReport, Never> {
    let canteens = app
        .store
        .read("report_canteens", move |conn| {
            permitted(conn, &actor, Action::SeeClaims, &place)?;
            Ok::<_, Failure<Never>>(canteens_at(conn, vec![place])?)
        })
        .await?;
    let parts = stream::iter(canteens).map(|canteen| app.store.read("report_part", move |conn| part(conn, canteen, month)));
    let mut parts = pin!(parts.buffered(CANTEENS_AT_ONCE));
    let mut report = MonthReport::default();
    while let Some(part) = parts.next().await {
        report.add(part?)?;
    }
    Ok(report)
}

/// Whether somebody may do this at a whole place, which exists.
fn permitted<R>(conn: &mut AnyConnection, actor: &Actor, action: Action, place: &PlaceCode) -> Outcome<(), R> {
    if !actor.may(action, Where { place, canteen: None }) {
        return Err(if actor.may_somewhere(action) { Failure::NotFound(Thing::Place) } else { Failure::Forbidden });
    }
    if users::place_exists(conn, place)? { Ok(()) } else { Err(Failure::NotFound(Thing::Place)) }
}

fn part(conn: &mut AnyConnection, canteen: ClaimCanteen, month: Month) -> Result<Part, StoreError> {
    let eaters = reports::eaters(conn, canteen.id.0, (month.first(), month.last()))?;
    let statement = statement::of_canteen(conn, canteen, month)?;
    let classes = classes(conn, &eaters)?;
    let guest = |(order, senior, date): (OrderId, SeniorId, ServiceDate)| {
        let class = classes.get(&senior).and_then(|facts| economic_class(facts, date));
        (order, Guest { senior, class })
    };
    Ok(Part { statement, guests: eaters.into_iter().map(guest).collect() })
}

/// Seniors whose facts are read at once.
const SENIORS_AT_ONCE: usize = 1_000;

fn classes(
    conn: &mut AnyConnection,
    eaters: &[(OrderId, SeniorId, ServiceDate)],
) -> Result<HashMap<SeniorId, Vec<Fact>>, StoreError> {
    let all: BTreeSet<SeniorId> = eaters.iter().map(|(_, senior, _)| *senior).collect();
    let all: Vec<SeniorId> = all.into_iter().collect();
    let mut classes: HashMap<SeniorId, Vec<Fact>> = HashMap::new();
    for some in all.chunks(SENIORS_AT_ONCE) {
        for row in seniors::facts_of(conn, some)? {
            if let Some(fact) = fact_of(&row).filter(|fact| fact.kind == FactKind::EconomicClass) {
                classes.entry(row.senior_id.0).or_default().push(fact);
            }
        }
    }
    Ok(classes)
}
