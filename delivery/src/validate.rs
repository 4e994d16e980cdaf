//! Turns a [`Problem`] into a [`ValidProblem`], or reports every fault in it at once.
//!
//! The limits exist so that planning time and memory are bounded whatever is sent in, and so that the solver's 32-bit
//! arithmetic cannot overflow.

use crate::problem::{Courier, NO_WAY, Problem, Stop, TravelMatrix};
use crate::units::{PlaceIx, Seconds};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// Most stops in one problem. A larger task is split by canteen or area first.
pub const MAX_STOPS: usize = 4_000;
/// Most couriers in one problem.
pub const MAX_COURIERS: usize = 4_000;
/// Most sites in one problem.
pub const MAX_SITES: usize = 64;
/// Most travel matrices in one problem.
pub const MAX_MATRICES: usize = 8;
/// Most different skills in one problem.
pub const MAX_SKILLS: usize = 64;
/// Most trips of one courier.
pub const MAX_TRIPS: u32 = 64;
/// Most pairs kept apart.
pub const MAX_APART: usize = 20_000;
/// Most cells the solver may have to hold: (stops + sites + start and end places) squared, times matrices.
pub const MAX_CELLS: u64 = 20_000_000;
/// Latest time and longest duration: 2^26 s, some two years (benchmark sets count in tenths).
pub const MAX_TIME: i64 = 1 << 26;
/// Dearest single leg in cost units.
pub const MAX_LEG_COST: i64 = 1 << 29;
/// Largest weight, price or count.
pub const MAX_AMOUNT: i64 = 1_000_000_000;
/// Most faults reported one by one.
pub const MAX_FAULTS: usize = 200;

/// One fault of a problem: where it is, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Path of the field, such as `stops[3].window`.
    pub at: String,
    /// What is wrong, with the offending values.
    pub what: String,
    /// What to do.
    pub cure: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.at, self.what, self.cure)
    }
}

/// All faults found (at most [`MAX_FAULTS`]; `more` counts the rest).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Faults {
    /// The faults, in the order of the problem's fields.
    pub list: Vec<Fault>,
    /// Faults beyond the reported ones.
    pub more: usize,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.list.iter().enumerate() {
            write!(f, "{}{fault}", if i > 0 { "; " } else { "" })?;
        }
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        Ok(())
    }
}

impl Faults {
    pub(crate) fn add(&mut self, at: impl Into<String>, what: impl Into<String>, cure: impl Into<String>) {
        if self.list.len() < MAX_FAULTS {
            self.list.push(Fault { at: at.into(), what: what.into(), cure: cure.into() });
        } else {
            self.more += 1;
        }
    }

    fn amount(&mut self, at: &str, value: i64) {
        if !(0..=MAX_AMOUNT).contains(&value) {
            self.add(at, format!("{value} is outside 0 to {MAX_AMOUNT}"), "give a smaller, non-negative number");
        }
    }

    fn time(&mut self, at: &str, value: Seconds) {
        if !(0..=MAX_TIME).contains(&value.0) {
            self.add(at, format!("{value} is outside 0 to {MAX_TIME} s"), "count from the plan's own midnight");
        }
    }

    /// Nothing found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// A problem without faults: indices exist, numbers are within the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidProblem(Problem);

impl ValidProblem {
    /// Checks everything.
    ///
    /// # Errors
    /// All faults at once; nothing is repaired silently.
    pub fn new(problem: Problem) -> Result<Self, Faults> {
        let faults = check(&problem);
        if faults.is_empty() { Ok(Self(problem)) } else { Err(faults) }
    }

    /// The problem as given.
    #[must_use]
    pub fn get(&self) -> &Problem {
        &self.0
    }

    /// Gives the problem back, for changing it.
    #[must_use]
    pub fn into_inner(self) -> Problem {
        self.0
    }
}

fn check(problem: &Problem) -> Faults {
    let mut faults = Faults::default();
    check_sizes(problem, &mut faults);
    if !faults.is_empty() {
        // Sizes first: looking at each of a million stops to say the same again helps nobody.
        return faults;
    }
    for (m, matrix) in problem.matrices.iter().enumerate() {
        check_matrix(problem, m, matrix, &mut faults);
    }
    for (i, site) in problem.sites.iter().enumerate() {
        check_place(problem, site.place, &format!("sites[{i}].place"), &mut faults);
        faults.time(&format!("sites[{i}].loading"), site.loading);
    }
    for (k, courier) in problem.couriers.iter().enumerate() {
        check_courier(problem, k, courier, &mut faults);
    }
    for (i, stop) in problem.stops.iter().enumerate() {
        check_stop(problem, i, stop, &mut faults);
    }
    for (i, (a, b)) in problem.apart.iter().enumerate() {
        if a == b || a.at() >= problem.stops.len() || b.at() >= problem.stops.len() {
            faults.add(format!("apart[{i}]"), format!("({}, {}) are not two stops", a.0, b.0), "name two different stops");
        }
    }
    let weights = &problem.weights;
    for (name, value) in [
        ("metre", weights.metre),
        ("second", weights.second),
        ("courier", weights.courier),
        ("trip", weights.trip),
        ("strange_courier", weights.strange_courier),
        ("strange_order", weights.strange_order),
    ] {
        faults.amount(&format!("weights.{name}"), value);
    }
    if faults.is_empty() {
        check_leg_costs(problem, &mut faults);
    }
    faults
}

fn check_sizes(problem: &Problem, faults: &mut Faults) {
    let skills: BTreeSet<&str> = problem.stops.iter().take(MAX_STOPS).flat_map(|s| s.skills.iter().map(String::as_str)).collect();
    for (at, count, most) in [
        ("stops", problem.stops.len(), MAX_STOPS),
        ("couriers", problem.couriers.len(), MAX_COURIERS),
        ("sites", problem.sites.len(), MAX_SITES),
        ("matrices", problem.matrices.len(), MAX_MATRICES),
        ("apart", problem.apart.len(), MAX_APART),
        ("stops[].skills", skills.len(), MAX_SKILLS),
    ] {
        if count > most {
            faults.add(at, format!("{count} given, at most {most} planned at once"), "split the task by canteen or area");
        }
    }
    if problem.sites.is_empty() {
        faults.add("sites", "no site", "give the canteen where boxes are loaded");
    }
    if problem.matrices.is_empty() {
        faults.add("matrices", "no travel matrix", "give one per way of moving");
    }
    let ends = problem
        .couriers
        .iter()
        .take(MAX_COURIERS)
        .filter(|c| c.start.is_some() || matches!(c.end, crate::problem::EndAt::Place(_)));
    let terminals = (problem.sites.len() + 2 * ends.count()).min(problem.sites.len() + places(problem));
    let nodes = (problem.stops.len() + terminals + 1) as u64;
    let cells = nodes.saturating_mul(nodes).saturating_mul(problem.matrices.len() as u64);
    if cells > MAX_CELLS {
        faults.add(
            "matrices",
            format!(
                "{nodes} stops and terminals in {} ways of moving need {cells} cells, at most {MAX_CELLS} are held",
                problem.matrices.len()
            ),
            "split the task by canteen or area, or use fewer ways of moving",
        );
    }
}

fn places(problem: &Problem) -> usize {
    problem.matrices.first().map_or(0, |m| m.size as usize)
}

fn check_matrix(problem: &Problem, m: usize, matrix: &TravelMatrix, faults: &mut Faults) {
    let cells = u64::from(matrix.size) * u64::from(matrix.size);
    if cells != matrix.seconds.len() as u64 || cells != matrix.metres.len() as u64 {
        faults.add(
            format!("matrices[{m}]"),
            format!(
                "size {} needs {cells} cells, got {} seconds and {} metres",
                matrix.size,
                matrix.seconds.len(),
                matrix.metres.len()
            ),
            "give size * size cells of each, row by row",
        );
    }
    if matrix.size as usize != places(problem) {
        faults.add(format!("matrices[{m}].size"), "differs from matrices[0]", "all matrices cover the same places");
    }
    let too_long = matrix.seconds.iter().position(|&s| s != NO_WAY && i64::from(s) > MAX_TIME);
    if let Some(cell) = too_long {
        faults.add(
            format!("matrices[{m}].seconds[{cell}]"),
            format!("longer than {MAX_TIME} s"),
            "mark a missing way with 4294967295",
        );
    }
}

fn check_place(problem: &Problem, place: PlaceIx, at: &str, faults: &mut Faults) {
    if place.at() >= places(problem) {
        faults.add(at, format!("place {} is not in the matrices (size {})", place.0, places(problem)), "add it to every matrix");
    }
}

fn check_courier(problem: &Problem, k: usize, courier: &Courier, faults: &mut Faults) {
    let at = format!("couriers[{k}]");
    if courier.matrix.at() >= problem.matrices.len() {
        faults.add(format!("{at}.matrix"), format!("no matrix {}", courier.matrix.0), "name an existing matrix");
    }
    for place in
        [courier.start, if let crate::problem::EndAt::Place(p) = courier.end { Some(p) } else { None }].into_iter().flatten()
    {
        check_place(problem, place, &format!("{at}.start/end"), faults);
    }
    if courier.max_trips == 0 || courier.max_trips > MAX_TRIPS {
        faults.add(
            format!("{at}.max_trips"),
            format!("{} is outside 1 to {MAX_TRIPS}", courier.max_trips),
            "leave an absent courier out",
        );
    }
    check_window(&format!("{at}.shift"), courier.shift, faults);
    faults.amount(&format!("{at}.capacity"), i64::from(courier.capacity.boxes.0));
}

fn check_window(at: &str, window: crate::problem::Window, faults: &mut Faults) {
    faults.time(&format!("{at}.opens"), window.opens);
    faults.time(&format!("{at}.closes"), window.closes);
    if window.opens > window.closes {
        faults.add(at, format!("opens at {} after it closes at {}", window.opens, window.closes), "swap or correct them");
    }
}

fn check_stop(problem: &Problem, i: usize, stop: &Stop, faults: &mut Faults) {
    let at = format!("stops[{i}]");
    check_place(problem, stop.place, &format!("{at}.place"), faults);
    check_window(&format!("{at}.window"), stop.window, faults);
    faults.time(&format!("{at}.service"), stop.service);
    faults.time(&format!("{at}.ready_at"), stop.ready_at);
    if let Some(limit) = stop.holding.eat_by {
        faults.time(&format!("{at}.holding.eat_by"), limit);
    }
    if let Some(limit) = stop.holding.from_departure {
        faults.time(&format!("{at}.holding.from_departure"), limit);
    }
    faults.amount(&format!("{at}.load"), i64::from(stop.load.boxes.0));
    if u64::from(stop.load.hot.0) + u64::from(stop.load.cold.0) > u64::from(stop.load.boxes.0) {
        faults.add(format!("{at}.load"), "more hot and cold boxes than boxes", "count every box in `boxes`");
    }
    if stop.site.is_some_and(|s| s.at() >= problem.sites.len()) {
        faults.add(format!("{at}.site"), "no such site", "name an existing site");
    }
    if stop.usual_courier.is_some_and(|k| k.at() >= problem.couriers.len()) {
        faults.add(format!("{at}.usual_courier"), "no such courier", "leave it empty when the usual courier is absent");
    }
    if stop.usual_after.is_some_and(|s| s.at() >= problem.stops.len() || s.at() == i) {
        faults.add(format!("{at}.usual_after"), "not another stop", "leave it empty when the usual predecessor is absent");
    }
    if let Some(price) = stop.price {
        faults.amount(&format!("{at}.price"), price.0);
    }
}

fn check_leg_costs(problem: &Problem, faults: &mut Faults) {
    let weights = &problem.weights;
    for (m, matrix) in problem.matrices.iter().enumerate() {
        let dearest =
            matrix.seconds.iter().zip(&matrix.metres).filter(|&(&s, _)| s != NO_WAY).map(|(&s, &d)| {
                weights.second.saturating_mul(i64::from(s)).saturating_add(weights.metre.saturating_mul(i64::from(d)))
            });
        if dearest.max().unwrap_or(0).saturating_add(weights.strange_order) > MAX_LEG_COST {
            faults.add(
                format!("matrices[{m}]"),
                format!("a leg costs more than {MAX_LEG_COST} under these weights"),
                "lower the weights, or mark the leg as no way",
            );
        }
    }
}
