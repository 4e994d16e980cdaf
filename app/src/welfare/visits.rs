//! The month's figures for the duty to look in on people who live alone (探访): who was seen in person by a meal, and who was not.

use super::WelfareRefusal as Refusal;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::seniors::{SeniorView, view};
use domain::PlaceCode;
use domain::access::{Action, Actor, Where};
use domain::claim::Month;
use domain::id::SeniorId;
use domain::place::PlaceLevel;
use domain::welfare::{Concern, Finding, median};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::query::visits::{self, Span};

/// How somebody lives who is to be seen every month: alone, with none but the old, left behind, without children
/// (after 《关于开展特殊困难老年人探访关爱服务的指导意见》, 2022, as remembered, not read; the words are those of the facts).
const TO_BE_SEEN: [&str; 5] = ["alone", "empty_nest", "left_behind", "no_children", "couple_only"];
/// Cases of one month that are counted; more are more than anybody looks in on.
const CASES_MAX: i64 = 100_000;

/// What a month was in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceFigures {
    /// Seniors seen in person, at their door or at the table.
    pub seen: i64,
    /// Meals by which they were.
    pub meals: i64,
    /// Seniors who are to be seen every month.
    pub to_be_seen: i64,
    /// Of them, who was not.
    pub unseen: i64,
    /// Cases opened, by why.
    pub opened: BTreeMap<Concern, i64>,
    /// Of them closed, by finding.
    pub closed: BTreeMap<Finding, i64>,
    /// Of them still open.
    pub open: i64,
    /// Minutes from opening to closing, the median.
    pub median_minutes: Option<i64>,
}

/// The level below one; a community has none.
const fn below(level: PlaceLevel) -> PlaceLevel {
    match level {
        PlaceLevel::Province => PlaceLevel::City,
        PlaceLevel::City => PlaceLevel::District,
        PlaceLevel::District => PlaceLevel::Street,
        PlaceLevel::Street | PlaceLevel::Community => PlaceLevel::Community,
    }
}

fn permitted(actor: &Actor, place: &PlaceCode) -> Outcome<(), Refusal> {
    match actor.may(Action::SeeSeniors, Where { place, canteen: None }) {
        true => Ok(()),
        false if actor.may_somewhere(Action::SeeSeniors) => Err(Failure::NotFound(Thing::Place)),
        false => Err(Failure::Forbidden),
    }
}

fn span_of(place: PlaceCode, month: Month) -> Span {
    Span { place, from: month.first(), to: month.last() }
}

/// The figures of a month, by the places right below the one that is asked for; what lies at that place itself is under its own code.
pub async fn figures(
    app: &App,
    actor: Arc<Actor>,
    place: PlaceCode,
    month: Month,
) -> Outcome<BTreeMap<PlaceCode, PlaceFigures>, Refusal> {
    permitted(&actor, &place)?;
    let level = below(place.level());
    let span = span_of(place, month);
    app.store
        .read("visit_figures", move |conn| {
            let mut found: BTreeMap<PlaceCode, PlaceFigures> = BTreeMap::new();
            let key = |home: PlaceCode| home.at_level(level).unwrap_or(home);
            for (home, people, meals) in visits::seen(conn, &span)? {
                let figures = found.entry(key(home)).or_default();
                (figures.seen, figures.meals) = (figures.seen + people, figures.meals + meals);
            }
            for (home, people) in visits::to_be_seen(conn, &span, &TO_BE_SEEN)? {
                found.entry(key(home)).or_default().to_be_seen += people;
            }
            for (home, people) in visits::unseen_by_home(conn, &span, &TO_BE_SEEN)? {
                found.entry(key(home)).or_default().unseen += people;
            }
            let mut took: BTreeMap<PlaceCode, Vec<i64>> = BTreeMap::new();
            for case in visits::cases(conn, &span, CASES_MAX)? {
                let home = key(case.place);
                let figures = found.entry(home.clone()).or_default();
                *figures.opened.entry(case.concern).or_default() += 1;
                match case.closed {
                    Some((at, finding)) => {
                        *figures.closed.entry(finding).or_default() += 1;
                        took.entry(home).or_default().push(at.seconds_since(case.opened_at) / 60);
                    }
                    None => figures.open += 1,
                }
            }
            for (home, minutes) in took {
                found.entry(home).or_default().median_minutes = median(minutes);
            }
            Ok(found)
        })
        .await
}

/// Seniors who are to be seen every month and whom nobody saw, in the order in which they were added, a page of them.
pub async fn unseen(
    app: &App,
    actor: Arc<Actor>,
    place: PlaceCode,
    month: Month,
    (after, limit): (Option<SeniorId>, i64),
) -> Outcome<Vec<SeniorView>, Refusal> {
    permitted(&actor, &place)?;
    let (span, sealer) = (span_of(place, month), app.store.sealer().clone());
    app.store
        .read("unseen_seniors", move |conn| {
            let rows = visits::unseen(conn, &span, &TO_BE_SEEN, after, limit)?;
            Ok(rows.into_iter().map(|row| view(&sealer, &actor, row)).collect::<Result<_, _>>()?)
        })
        .await
}
