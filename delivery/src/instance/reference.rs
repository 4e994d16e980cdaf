//! What is known about the sets: `.sol` files and tables of best known costs.

use super::{ReadError, number};
use std::collections::BTreeMap;

/// A published solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Cost as printed.
    pub cost: f64,
    /// Routes, numbered as in [`super::Answer::routes`].
    pub routes: Vec<Vec<u32>>,
}

/// Reads a `.sol` file: lines `Route #1: 3 5 0 7` (or `Route 1 : ...`) and `Cost 27591` (or `Cost: 27591`).
///
/// # Errors
/// A route that is not a list of customers, or no cost.
pub fn solution_file(text: &str) -> Result<Known, ReadError> {
    let (mut routes, mut cost) = (Vec::new(), None);
    for (at, line) in text.lines().map(str::trim).enumerate() {
        if line.starts_with("Route") {
            let (_, list) = line.split_once(':').ok_or_else(|| ReadError::line(at, "a route without a colon"))?;
            let route = list.split_whitespace().map(|field| number(Some(field), at, "customer"));
            routes.push(route.collect::<Result<Vec<u32>, _>>()?);
        } else if let Some(rest) = line.strip_prefix("Cost") {
            cost = Some(number(Some(rest.trim_start_matches(':').trim()), at, "cost")?);
        }
    }
    Ok(Known { cost: cost.ok_or_else(|| ReadError::Missing("Cost".to_owned()))?, routes })
}

/// Reads a table `instance,cost` (lines with `#` are remarks).
///
/// # Errors
/// A line that is neither.
pub fn best_known(text: &str) -> Result<BTreeMap<String, f64>, ReadError> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|(at, line)| {
            let (name, cost) = line.split_once(',').ok_or_else(|| ReadError::line(at, "not `instance,cost`"))?;
            Ok((name.trim().to_owned(), number(Some(cost.trim()), at, "cost")?))
        })
        .collect()
}

/// How much dearer than the best known, in per cent.
#[must_use]
pub fn gap_percent(cost: f64, best: f64) -> f64 {
    if best > 0.0 { (cost / best - 1.0) * 100.0 } else { 0.0 }
}
