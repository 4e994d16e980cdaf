//! Standing routes: the same doors by the same courier in the same order, day after day, as far as the day allows.
//!
//! A standing route is a habit, not a law: leaving it costs what [`crate::problem::Weights`] say for a strange face and an unusual order, so
//! a late batch or an absent courier still gets a plan. Doors without a meal today close up: the door after a gap usually follows the door
//! before it.

use crate::plan::{CourierRound, Plan, Trip, Visit};
use crate::round::MealRound;
use crate::units::{CourierIx, Seconds, SiteIx, StopIx};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Doors in the order in which a courier usually serves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingRoute {
    /// Key of the courier. One who is absent today is replaced; the order of the doors stays a habit.
    pub carrier: String,
    /// Keys of the doors. Those without a meal today are passed over; of a door named twice, the first place counts.
    pub doors: Vec<String>,
}

impl MealRound {
    /// Makes standing routes the habits of this round: they overrule [`crate::round::Door::usual_carrier`] and
    /// [`crate::round::Door::usual_after`] of the doors on them. Returns the plan that just follows them, a start for the search
    /// ([`crate::solver::Settings::start`]): times in it are left open, and what does not fit is fitted in by the solver.
    pub fn follow(&mut self, routes: &[StandingRoute]) -> Plan {
        let door_at: BTreeMap<String, usize> = self.doors.iter().enumerate().map(|(i, door)| (door.key.clone(), i)).collect();
        let mut seen = BTreeSet::new();
        let mut by_courier: BTreeMap<CourierIx, Vec<Trip>> = BTreeMap::new();
        for route in routes {
            let courier = self.carriers.iter().position(|carrier| carrier.key == route.carrier);
            let today: Vec<usize> =
                route.doors.iter().filter_map(|key| door_at.get(key).copied()).filter(|&door| seen.insert(door)).collect();
            let mut before = None;
            for &door in &today {
                let door = &mut self.doors[door];
                door.usual_carrier = courier.map(|_| route.carrier.clone());
                door.usual_after = before.replace(door.key.clone());
            }
            if let (Some(courier), false) = (courier, today.is_empty()) {
                by_courier.entry(CourierIx::from_usize(courier)).or_default().push(trip(&today));
            }
        }
        let rounds =
            by_courier.into_iter().map(|(courier, trips)| CourierRound { courier, sets_out: Seconds(0), trips, ends: Seconds(0) });
        Plan { rounds: rounds.collect(), ..Plan::default() }
    }
}

fn trip(doors: &[usize]) -> Trip {
    let open = Seconds(0);
    let visit = |&door: &usize| Visit { stop: StopIx::from_usize(door), arrives: open, begins: open, slack: open };
    Trip { site: SiteIx(0), departs: open, slack: open, visits: doors.iter().map(visit).collect(), arrives: open }
}
