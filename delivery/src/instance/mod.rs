//! Published benchmark sets: reading them, and their way of counting.
//!
//! Conventions of cost: CVRP sets (X) round the Euclidean distance to an integer; VRPTW sets (Solomon; Gehring and Homberger)
//! truncate it to one decimal, for travel time too, and print the cost in units; MTVRPTWR sets (Yang 2023) take the floor of
//! ten times the distance, an integer; explicit matrices are taken as given.

mod reference;
mod solomon;
mod table;
mod vrplib;

pub use reference::{Known, best_known, gap_percent, solution_file};
pub use table::{Row, median_gaps, table};

use crate::plan::Plan;
use crate::problem::{Capacity, Courier, EndAt, Load, Problem, Site, Stop, TravelMatrix, Weights, Window};
use crate::units::{Boxes, MatrixIx, PlaceIx, Seconds, StopIx};
use crate::validate::{Faults, MAX_STOPS, MAX_TRIPS, ValidProblem};
use serde::Serialize;
use std::fmt::Write as _;

/// A problem read from a file, with its set's way of printing costs.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The name in the file, or `problem`.
    pub name: String,
    /// What is to be planned.
    pub problem: ValidProblem,
    /// Costs are held in tenths and printed in units.
    pub tenths: bool,
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Something in a line (counted from 1) is not as the format says.
    #[error("line {line}: {what}")]
    Line {
        /// Where.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A section or field is missing.
    #[error("{0} is missing")]
    Missing(String),
    /// A kind of problem or distance that is not supported.
    #[error("{0} is not supported (read are Solomon text, VRPLIB with CVRP, VRPTW or MTVRPTWR, and this program's JSON)")]
    Unsupported(String),
    /// More than can be planned at once.
    #[error("{0} customers; at most {MAX_STOPS} are planned at once")]
    TooLarge(usize),
    /// Own JSON that is not a problem.
    #[error("JSON: {0}")]
    Json(String),
    /// A problem with faults.
    #[error("{0}")]
    Faults(#[from] Faults),
}

impl ReadError {
    fn line(line: usize, what: impl Into<String>) -> Self {
        Self::Line { line: line + 1, what: what.into() }
    }
}

/// Reads an instance, recognising the format by its content.
///
/// # Errors
/// [`ReadError`], naming the line where there is one.
pub fn read(text: &str) -> Result<Instance, ReadError> {
    if text.trim_start().starts_with('{') {
        let problem: Problem = serde_json::from_str(text).map_err(|e| ReadError::Json(e.to_string()))?;
        return Ok(Instance { name: "problem".to_owned(), problem: ValidProblem::new(problem)?, tenths: false });
    }
    if text.lines().any(|line| line.trim().starts_with("CUST NO")) { solomon::read(text) } else { vrplib::read(text) }
}

/// What the sets have in common, before it becomes a problem. Node 0 is the depot.
pub(crate) struct Raw {
    name: String,
    tenths: bool,
    vehicles: usize,
    capacity: u32,
    trips: u32,
    demand: Vec<u32>,
    window: Vec<(i64, i64)>,
    service: Vec<i64>,
    ready: Vec<i64>,
    /// Row by row: distance, and travel time alike.
    distance: Vec<u32>,
}

impl Raw {
    fn into_instance(self) -> Result<Instance, ReadError> {
        let nodes = self.demand.len();
        let size = u32::try_from(nodes).unwrap_or(u32::MAX);
        let stop = |i: usize| Stop {
            id: i.to_string(),
            place: PlaceIx::from_usize(i),
            window: Window { opens: Seconds(self.window[i].0), closes: Seconds(self.window[i].1) },
            service: Seconds(self.service[i]),
            load: Load { boxes: Boxes(self.demand[i]), ..Load::default() },
            site: None,
            ready_at: Seconds(self.ready[i]),
            holding: crate::problem::Holding::default(),
            skills: Vec::new(),
            first: false,
            usual_courier: None,
            usual_after: None,
            price: None,
        };
        let courier = |k: usize| Courier {
            id: (k + 1).to_string(),
            matrix: MatrixIx(0),
            capacity: Capacity { boxes: Boxes(self.capacity), hot: None, cold: None },
            shift: Window { opens: Seconds(self.window[0].0), closes: Seconds(self.window[0].1) },
            start: None,
            end: EndAt::Site,
            max_trips: self.trips.min(MAX_TRIPS),
            skills: Vec::new(),
        };
        let problem = Problem {
            sites: vec![Site { id: "depot".to_owned(), place: PlaceIx(0), loading: Seconds(0) }],
            couriers: (0..self.vehicles.min(nodes)).map(courier).collect(),
            stops: (1..nodes).map(stop).collect(),
            matrices: vec![TravelMatrix { size, seconds: self.distance.clone(), metres: self.distance }],
            apart: Vec::new(),
            weights: Weights::DISTANCE,
        };
        Ok(Instance { name: self.name, problem: ValidProblem::new(problem)?, tenths: self.tenths })
    }
}

/// Distances between points, each pair by `measure` of the exact Euclidean distance.
pub(crate) fn euclid(points: &[(f64, f64)], measure: fn(f64) -> f64) -> Vec<u32> {
    let pair = |a: &(f64, f64), b: &(f64, f64)| {
        let (dx, dy) = (a.0 - b.0, a.1 - b.1);
        // `as` saturates, and validation refuses what is then too long.
        measure((dx * dx + dy * dy).sqrt()) as u32
    };
    points.iter().flat_map(|a| points.iter().map(move |b| pair(a, b))).collect()
}

/// Ten times the distance, cut; a hair is added because ten times an exact decimal may come out just below.
pub(crate) fn tenths(distance: f64) -> f64 {
    (distance * 10.0 + 1e-9).floor()
}

/// A result in the sets' terms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Cost as in the set's `.sol` files or tables; in JSON an integer where it is whole.
    #[serde(serialize_with = "whole_as_integer")]
    pub cost: f64,
    /// No violation found by the checker, and no customer left out.
    pub feasible: bool,
    /// Time spent, as measured by the caller.
    pub seconds: f64,
    /// Customers by route, numbered from 1; 0 is a return to the depot between trips.
    pub routes: Vec<Vec<u32>>,
}

impl Instance {
    /// A plan in the set's terms, verified by the checker.
    #[must_use]
    pub fn answer(&self, plan: &Plan, seconds: f64) -> Answer {
        let faults = crate::checker::violations(&self.problem, plan);
        Answer {
            cost: self.printed(plan.cost.0),
            feasible: faults.is_empty() && plan.left_out.is_empty(),
            seconds,
            routes: routes(plan),
        }
    }

    /// A cost as the set prints it.
    #[must_use]
    pub fn printed(&self, cost: i64) -> f64 {
        if self.tenths { cost as f64 / 10.0 } else { cost as f64 }
    }

    /// A plan for given routes (numbered as in [`Answer::routes`]): used to verify published solutions, and as a start.
    /// Customers that are unknown or do not fit are left out.
    #[must_use]
    pub fn plan_of(&self, routes: &[Vec<u32>]) -> Plan {
        crate::solver::retime(&self.problem, &self.plan_skeleton(routes), Seconds(0))
    }

    fn plan_skeleton(&self, routes: &[Vec<u32>]) -> Plan {
        let visit = |&customer: &u32| crate::plan::Visit {
            stop: StopIx(customer - 1),
            arrives: Seconds(0),
            begins: Seconds(0),
            slack: Seconds(0),
        };
        let trip = |part: &[u32]| crate::plan::Trip {
            site: crate::units::SiteIx(0),
            departs: Seconds(0),
            slack: Seconds(0),
            visits: part.iter().map(visit).collect(),
            arrives: Seconds(0),
        };
        let rounds = routes.iter().enumerate().map(|(k, route)| crate::plan::CourierRound {
            courier: crate::units::CourierIx::from_usize(k),
            sets_out: Seconds(0),
            trips: route.split(|&c| c == 0).filter(|part| !part.is_empty()).map(trip).collect(),
            ends: Seconds(0),
        });
        Plan { rounds: rounds.collect(), ..Plan::default() }
    }
}

fn routes(plan: &Plan) -> Vec<Vec<u32>> {
    let route = |round: &crate::plan::CourierRound| {
        let trips: Vec<Vec<u32>> = round.trips.iter().map(|t| t.visits.iter().map(|v| v.stop.0 + 1).collect()).collect();
        trips.join(&0)
    };
    plan.rounds.iter().map(route).collect()
}

impl Answer {
    /// The text of a `.sol` file.
    #[must_use]
    pub fn sol(&self) -> String {
        let mut text = String::new();
        for (i, route) in self.routes.iter().enumerate() {
            let stops: Vec<String> = route.iter().map(u32::to_string).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "Route #{}: {}", i + 1, stops.join(" "));
        }
        let _ = writeln!(text, "Cost {}", self.cost);
        text
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn whole_as_integer<S: serde::Serializer>(cost: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Costs are sums of integers far below 2^53, or tenths of one.
    if cost.fract() == 0.0 { serializer.serialize_i64(*cost as i64) } else { serializer.serialize_f64(*cost) }
}

/// One number of a line.
pub(crate) fn number<T: std::str::FromStr>(field: Option<&str>, line: usize, what: &str) -> Result<T, ReadError> {
    let field = field.ok_or_else(|| ReadError::line(line, format!("{what} is missing")))?;
    field.parse().map_err(|_| ReadError::line(line, format!("{what}: \"{field}\" is not a number in range")))
}

/// A coordinate: finite and small enough to square.
pub(crate) fn coordinate(field: Option<&str>, line: usize, what: &str) -> Result<f64, ReadError> {
    let value: f64 = number(field, line, what)?;
    if value.is_finite() && value.abs() < 1e9 {
        Ok(value)
    } else {
        Err(ReadError::line(line, format!("{what} {value} is out of range")))
    }
}
