//! Which stops are near which: by way alone for the ruin, with windows for the recreate.

use super::compiled::{Leg, Legs, StopData};

/// Longest list for the ruin. Strings are taken from the few routes nearest to the seed; beyond this it never looks.
const AROUND: usize = 250;
/// Longest list for the recreate.
const BESIDE: usize = 60;

/// A side of a stop where another one may go.
#[derive(Clone, Copy, Debug)]
pub struct Beside {
    /// Twice the stop, and one more for the place ahead of it.
    pub side: u32,
    /// Cost of the leg between the two, in the first way of moving.
    pub cost: i32,
}

impl Beside {
    fn new(stop: usize, ahead: bool, cost: i32) -> Self {
        Self { side: (stop as u32) << 1 | u32::from(ahead), cost }
    }

    #[inline]
    pub fn stop(self) -> u32 {
        self.side >> 1
    }

    /// With another number of the stop; `None` where it has none.
    pub fn renumbered(self, number: &[u32]) -> Option<Self> {
        let stop = number[self.stop() as usize];
        (stop != super::compiled::NONE).then(|| Self::new(stop as usize, self.ahead(), self.cost))
    }

    /// Ahead of the stop rather than behind it.
    #[inline]
    pub fn ahead(self) -> bool {
        self.side & 1 == 1
    }
}

/// What is near a stop.
pub struct Near {
    /// Other stops by nearness (both directions), nearest first. Drives the ruin.
    pub around: Vec<u32>,
    /// Where it is worth being put, windows considered, best first. Drives the recreate.
    pub beside: Vec<Beside>,
    /// Cost of the cheapest leg to it, and from it.
    pub least: (i32, i32),
}

/// By the first way of moving: the order of nearness hardly depends on it.
pub fn lists(stops: &[StopData], legs: &[Legs]) -> Vec<Near> {
    let Some(legs) = legs.first() else { return Vec::new() };
    let mut all = Vec::with_capacity(stops.len());
    for (i, here) in stops.iter().enumerate() {
        let (from, to) = (legs.costs_from(i as u32), legs.costs_to(i as u32));
        let mut around: Vec<(i64, u32, u32)> = Vec::with_capacity(stops.len());
        let mut useful: Vec<(i64, u32, Beside)> = Vec::with_capacity(2 * stops.len());
        for (j, there) in stops.iter().enumerate().filter(|&(j, _)| j != i) {
            around.push((i64::from(from[j]) + i64::from(to[j]), j as u32, j as u32));
            let (there_leg, back_leg) = (legs.leg(i as u32, j as u32), legs.leg(j as u32, i as u32));
            let ahead = strain(here, there, there_leg);
            let behind = strain(there, here, back_leg);
            useful.extend(ahead.map(|strain| (strain, 2 * j as u32 + 1, Beside::new(j, true, there_leg.cost))));
            useful.extend(behind.map(|strain| (strain, 2 * j as u32, Beside::new(j, false, back_leg.cost))));
        }
        let least = |costs: &[i32]| {
            let others = costs[..costs.len() - 1].iter().enumerate().filter(|&(j, _)| j != i);
            others.map(|(_, &cost)| cost).min().unwrap_or(0)
        };
        all.push(Near { around: nearest(around, AROUND), beside: nearest(useful, BESIDE), least: (least(to), least(from)) });
    }
    all
}

/// Cost of the leg, and waiting at a fifth (weights as in Vidal, Crainic, Gendreau and Prins, 2013); `None` if one stop can never
/// follow the other in time.
fn strain(x: &StopData, y: &StopData, leg: Leg) -> Option<i64> {
    let (cost, time) = (i64::from(leg.cost), i64::from(leg.time));
    let waiting = (i64::from(y.segment.b) - time - i64::from(x.segment.l)).max(0);
    let late = i64::from(x.segment.b) + time - i64::from(y.segment.l);
    (late <= 0).then_some(5 * cost + waiting)
}

fn nearest<T: Copy>(mut list: Vec<(i64, u32, T)>, most: usize) -> Vec<T> {
    let key = |&(strain, tie, _): &(i64, u32, T)| (strain, tie);
    if list.len() > most {
        list.select_nth_unstable_by_key(most, key);
        list.truncate(most);
    }
    list.sort_unstable_by_key(key);
    list.into_iter().map(|(_, _, item)| item).collect()
}
