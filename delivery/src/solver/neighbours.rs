//! Which stops are near which: by way alone for the ruin, with windows for the recreate.

use super::compiled::{Legs, StopData};

/// Longest list for the ruin. Strings are taken from the few routes nearest to the seed; beyond this it never looks.
const AROUND: usize = 250;
/// Longest list for the recreate.
pub const BESIDE: usize = 60;

/// `(around, beside)` for every stop, by the first way of moving (the order of nearness hardly depends on it).
pub fn lists(stops: &[StopData], legs: &[Legs]) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
    let Some(legs) = legs.first() else { return (Vec::new(), Vec::new()) };
    let (mut around, mut beside) = (Vec::with_capacity(stops.len()), Vec::with_capacity(stops.len()));
    for (i, here) in stops.iter().enumerate() {
        let (from, to) = (legs.costs_from(i as u32), legs.costs_to(i as u32));
        let mut near: Vec<(i64, u32)> = Vec::with_capacity(stops.len());
        let mut useful: Vec<(i64, u32)> = Vec::with_capacity(stops.len());
        for (j, there) in stops.iter().enumerate().filter(|&(j, _)| j != i) {
            near.push((i64::from(from[j]) + i64::from(to[j]), j as u32));
            let before = strain(here, there, from[j], legs.time(i as u32, j as u32));
            let after = strain(there, here, to[j], legs.time(j as u32, i as u32));
            useful.push((before.min(after), j as u32));
        }
        around.push(nearest(near, AROUND));
        beside.push(nearest(useful, BESIDE));
    }
    (around, beside)
}

/// Cost of the leg, waiting at a fifth and lateness in full (weights as in Vidal, Crainic, Gendreau and Prins, 2013).
fn strain(x: &StopData, y: &StopData, cost: i32, time: i32) -> i64 {
    let (cost, time) = (i64::from(cost), i64::from(time));
    let waiting = (i64::from(y.segment.b) - time - i64::from(x.segment.l)).max(0);
    let late = (i64::from(x.segment.b) + time - i64::from(y.segment.l)).max(0);
    10 * cost + 2 * waiting + 10 * late
}

fn nearest(mut list: Vec<(i64, u32)>, most: usize) -> Vec<u32> {
    if list.len() > most {
        list.select_nth_unstable(most);
        list.truncate(most);
    }
    list.sort_unstable();
    list.into_iter().map(|(_, j)| j).collect()
}
