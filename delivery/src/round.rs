//! One canteen, one meal: from doors and couriers to verified route sheets. The entry the application calls.
//!
//! The plan is seen by the independent checker before it is returned; a plan it does not accept never leaves this module.

use crate::checker::{self, Violation};
use crate::geography::{Mode, Paces, Wgs84, straight_matrix};
use crate::plan::{Cure, Plan, Reason};
use crate::problem::{Capacity, Courier, EndAt, Holding, Load, Problem, Site, Stop, TravelMatrix, Weights, Window};
use crate::solver::{self, Settings};
use crate::units::{Boxes, Cost, CourierIx, MatrixIx, Metres, PlaceIx, Seconds, SiteIx, StopIx};
use crate::validate::{Faults, ValidProblem};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is to be delivered for one canteen and one meal. Times count from local midnight of the service date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MealRound {
    /// Where boxes are loaded.
    pub canteen: Wgs84,
    /// Time to load one trip.
    pub loading: Seconds,
    /// When boxes can be loaded, unless a door's batch says otherwise.
    pub ready_at: Seconds,
    /// The doors.
    pub doors: Vec<Door>,
    /// Who carries today.
    pub carriers: Vec<Carrier>,
    /// Keys of doors whose boxes must not share a trip.
    #[serde(default)]
    pub apart: Vec<(String, String)>,
    /// What the objective counts.
    #[serde(default)]
    pub weights: Weights,
    /// Paces for travel without a road matrix.
    #[serde(default)]
    pub paces: Paces,
}

/// One door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// The caller's key (an order number); unique in the round.
    pub key: String,
    /// Where.
    pub place: Wgs84,
    /// The hand-over begins within it.
    pub window: Window,
    /// Stairs and hand-over.
    pub service: Seconds,
    /// Boxes.
    pub load: Load,
    /// When its own batch is ready, if later than the round's.
    #[serde(default)]
    pub ready_at: Option<Seconds>,
    /// The meal's clock: cooked-at plus limit, and the longest time under way. Limits are the caller's dated policy.
    #[serde(default)]
    pub holding: Holding,
    /// What the courier must be able to do.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Must be first in its trip.
    #[serde(default)]
    pub first: bool,
    /// Key of the courier this person knows. Ignored when not there today.
    #[serde(default)]
    pub usual_carrier: Option<String>,
    /// Key of the door usually served just before. Ignored when not in the round.
    #[serde(default)]
    pub usual_after: Option<String>,
    /// What leaving it out costs; `None`: it must be served.
    #[serde(default)]
    pub price: Option<Cost>,
}

/// One courier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    /// The caller's key; unique in the round.
    pub key: String,
    /// How they move.
    pub mode: Mode,
    /// What fits into one trip.
    pub capacity: Capacity,
    /// Working time.
    pub shift: Window,
    /// Where they come from; `None`: they stand ready at the canteen.
    #[serde(default)]
    pub start: Option<Wgs84>,
    /// Where they end.
    #[serde(default)]
    pub end: CarrierEnd,
    /// How often they may load.
    pub max_trips: u32,
    /// What they can do.
    #[serde(default)]
    pub skills: Vec<String>,
}

/// Where a courier ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarrierEnd {
    /// Back at the canteen.
    #[default]
    Canteen,
    /// At the last door.
    LastDoor,
    /// Somewhere else, for example at home.
    Place(Wgs84),
}

/// Where travel times come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Travel {
    /// The great circle, a detour factor and a pace.
    Straight,
    /// Matrices over [`MealRound::places`], by mode; a mode without one falls back to [`Travel::Straight`].
    Matrices(BTreeMap<Mode, TravelMatrix>),
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoundPlan {
    /// One sheet per courier sent out, in the order of the couriers given.
    pub sheets: Vec<Sheet>,
    /// Doors not served, in the order given.
    pub left_out: Vec<LeftDoor>,
    /// The objective.
    pub cost: Cost,
    /// Metres altogether.
    pub metres: Metres,
    /// Modes planned by straight line though a matrix was expected.
    pub fell_back: Vec<Mode>,
    /// Search steps spent.
    pub steps: u64,
    /// The plan by indices: doors are stops, carriers couriers, in the order given.
    pub plan: Plan,
}

/// One courier's round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// Who.
    pub carrier: String,
    /// When they leave where they start, or stand ready at the canteen.
    pub sets_out: Seconds,
    /// The trips.
    pub trips: Vec<SheetTrip>,
    /// When they are at their end.
    pub ends: Seconds,
}

/// One loading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetTrip {
    /// When they leave the canteen: the start of the interval in which nobody waits with food in the box.
    pub departs: Seconds,
    /// How much later they could leave.
    pub slack: Seconds,
    /// What is in the box.
    pub load: Load,
    /// Metres of this trip, to the canteen or the end.
    pub metres: Metres,
    /// The doors in order.
    pub stops: Vec<SheetStop>,
    /// When they are back, or at their end.
    pub arrives: Seconds,
}

/// One hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetStop {
    /// The door's key.
    pub door: String,
    /// Metres from the place before.
    pub metres: Metres,
    /// At the door.
    pub arrives: Seconds,
    /// The ETA: the hand-over begins.
    pub begins: Seconds,
    /// Time left to the last moment allowed.
    pub slack: Seconds,
}

/// A door not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftDoor {
    /// The door's key.
    pub door: String,
    /// Why.
    pub reason: Reason,
    /// What would cure it (couriers by index of [`MealRound::carriers`]).
    pub cures: Vec<Cure>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoundError {
    /// The input is faulty; nothing was planned.
    #[error("{0}")]
    Faults(#[from] Faults),
    /// The checker refused the plan: a defect of this crate, never of the input. The plan is not given out.
    #[error("the plan was refused by the independent check: {0:?}")]
    Refused(Vec<Violation>),
}

impl MealRound {
    /// The places of the travel matrices, in order: the canteen, the doors, then the carriers' starts and ends as they come.
    #[must_use]
    pub fn places(&self) -> Vec<Wgs84> {
        let mut places = vec![self.canteen];
        places.extend(self.doors.iter().map(|d| d.place));
        for carrier in &self.carriers {
            places.extend(carrier.start);
            if let CarrierEnd::Place(place) = carrier.end {
                places.push(place);
            }
        }
        places
    }

    /// The modes in use, each once; matrices are numbered in this order.
    #[must_use]
    pub fn modes(&self) -> Vec<Mode> {
        let modes: BTreeSet<Mode> = self.carriers.iter().map(|c| c.mode).collect();
        // Without carriers one matrix is still needed to say so per door.
        if modes.is_empty() { vec![Mode::EBike] } else { modes.into_iter().collect() }
    }

    /// The planning problem, and the modes that fell back to the straight line.
    ///
    /// # Errors
    /// All faults of the input at once.
    pub fn problem(&self, travel: &Travel) -> Result<(ValidProblem, Vec<Mode>), Faults> {
        let faults = self.key_faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        let (places, modes) = (self.places(), self.modes());
        let mut fell_back = Vec::new();
        let matrices = modes.iter().map(|&mode| match travel {
            Travel::Matrices(by_mode) if by_mode.contains_key(&mode) => by_mode[&mode].clone(),
            Travel::Matrices(_) => {
                fell_back.push(mode);
                straight_matrix(&places, self.paces.of(mode))
            }
            Travel::Straight => straight_matrix(&places, self.paces.of(mode)),
        });
        let matrices = matrices.collect();
        let problem = Problem {
            sites: vec![Site { id: "canteen".to_owned(), place: PlaceIx(0), loading: self.loading }],
            couriers: self.couriers(&modes),
            stops: self.stops(),
            matrices,
            apart: self.apart_pairs(),
            weights: self.weights,
        };
        Ok((ValidProblem::new(problem)?, fell_back))
    }

    fn key_faults(&self) -> Faults {
        let mut faults = Faults::default();
        for (list, keys) in [
            ("doors", self.doors.iter().map(|d| &d.key).collect::<Vec<_>>()),
            ("carriers", self.carriers.iter().map(|c| &c.key).collect()),
        ] {
            let mut seen = BTreeSet::new();
            for (i, key) in keys.into_iter().enumerate() {
                if !seen.insert(key) {
                    faults.add(format!("{list}[{i}].key"), format!("\"{key}\" is given twice"), "keys are unique in a round");
                }
            }
        }
        // Refused here, before a matrix of 10,000 places is computed only to be refused later.
        if self.doors.len() > crate::validate::MAX_STOPS {
            let most = crate::validate::MAX_STOPS;
            faults.add("doors", format!("{} doors, at most {most} are planned at once", self.doors.len()), "split the round");
        }
        faults
    }

    fn couriers(&self, modes: &[Mode]) -> Vec<Courier> {
        let mut place = 1 + self.doors.len();
        let mut next_place = || {
            place += 1;
            PlaceIx::from_usize(place - 1)
        };
        (self.carriers.iter())
            .map(|carrier| Courier {
                id: carrier.key.clone(),
                matrix: MatrixIx::from_usize(modes.iter().position(|&m| m == carrier.mode).unwrap_or(0)),
                capacity: carrier.capacity,
                shift: carrier.shift,
                start: carrier.start.map(|_| next_place()),
                end: match carrier.end {
                    CarrierEnd::Canteen => EndAt::Site,
                    CarrierEnd::LastDoor => EndAt::LastStop,
                    CarrierEnd::Place(_) => EndAt::Place(next_place()),
                },
                max_trips: carrier.max_trips,
                skills: carrier.skills.clone(),
            })
            .collect()
    }

    fn stops(&self) -> Vec<Stop> {
        let door_at: BTreeMap<&str, usize> = self.doors.iter().enumerate().map(|(i, d)| (d.key.as_str(), i)).collect();
        let carrier_at = |key: &String| self.carriers.iter().position(|c| c.key == *key).map(CourierIx::from_usize);
        (self.doors.iter().enumerate())
            .map(|(i, door)| Stop {
                id: door.key.clone(),
                place: PlaceIx::from_usize(i + 1),
                window: door.window,
                service: door.service,
                load: door.load,
                site: Some(SiteIx(0)),
                ready_at: door.ready_at.unwrap_or(self.ready_at).max(self.ready_at),
                holding: door.holding,
                skills: door.skills.clone(),
                first: door.first,
                usual_courier: door.usual_carrier.as_ref().and_then(carrier_at),
                usual_after: (door.usual_after.as_ref())
                    .and_then(|key| door_at.get(key.as_str()))
                    .filter(|&&other| other != i)
                    .map(|&other| StopIx::from_usize(other)),
                price: door.price,
            })
            .collect()
    }

    fn apart_pairs(&self) -> Vec<(StopIx, StopIx)> {
        let at = |key: &String| self.doors.iter().position(|d| d.key == *key).map(StopIx::from_usize);
        // A pair of which one has no meal today keeps itself apart.
        self.apart.iter().filter_map(|(a, b)| Some((at(a)?, at(b)?))).filter(|(a, b)| a != b).collect()
    }
}

/// Plans a round and has it checked.
///
/// # Errors
/// Faulty input, or (a defect) a plan that the checker refuses.
pub fn plan(round: &MealRound, travel: &Travel, settings: &Settings) -> Result<RoundPlan, RoundError> {
    let (problem, fell_back) = round.problem(travel)?;
    let solution = solver::solve(&problem, settings);
    let violations = checker::violations(&problem, &solution.plan);
    if !violations.is_empty() {
        return Err(RoundError::Refused(violations));
    }
    Ok(present(problem.get(), solution.plan, fell_back, solution.steps))
}

/// Plans many rounds, `threads` at a time, each on one thread: a city's lunch. The plans do not depend on `threads` when the
/// budget counts steps. Results in the order given.
#[must_use]
pub fn plan_all(rounds: &[(MealRound, Travel)], settings: &Settings, threads: usize) -> Vec<Result<RoundPlan, RoundError>> {
    let next = AtomicUsize::new(0);
    let each = Settings { threads: 1, ..*settings };
    let work = || {
        let mut done = Vec::new();
        while let Some((i, (round, travel))) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, rounds.get(i)?))) {
            done.push((i, plan(round, travel, &each)));
        }
        done
    };
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, 64)).map(|_| scope.spawn(work)).collect();
        // A worker that panicked (a defect) loses its rounds, which shows below as a refusal without violations.
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    done.sort_unstable_by_key(|(i, _)| *i);
    let mut done = done.into_iter().peekable();
    (0..rounds.len())
        .map(|i| done.next_if(|(at, _)| *at == i).map_or_else(|| Err(RoundError::Refused(Vec::new())), |(_, plan)| plan))
        .collect()
}

fn present(problem: &Problem, plan: Plan, fell_back: Vec<Mode>, steps: u64) -> RoundPlan {
    let mut total = Metres(0);
    let sheets = (plan.rounds.iter())
        .map(|round| {
            let courier = &problem.couriers[round.courier.at()];
            let matrix = &problem.matrices[courier.matrix.at()];
            let metres = |from, to| matrix.metres(from, to).unwrap_or_default();
            let canteen = problem.sites[0].place;
            total = total + courier.start.map_or(Metres(0), |start| metres(start, canteen));
            let mut trips = Vec::new();
            for (number, trip) in round.trips.iter().enumerate() {
                let mut here = canteen;
                let mut stops = Vec::new();
                let mut load = Load::default();
                for visit in &trip.visits {
                    let stop = &problem.stops[visit.stop.at()];
                    load.boxes = load.boxes + stop.load.boxes;
                    load.hot = load.hot + stop.load.hot;
                    load.cold = load.cold + stop.load.cold;
                    stops.push(SheetStop {
                        door: stop.id.clone(),
                        metres: metres(here, stop.place),
                        arrives: visit.arrives,
                        begins: visit.begins,
                        slack: visit.slack,
                    });
                    here = stop.place;
                }
                let last = number + 1 == round.trips.len();
                let home = match courier.end {
                    EndAt::LastStop if last => here,
                    EndAt::Place(place) if last => place,
                    _ => canteen,
                };
                let way = stops.iter().map(|s| s.metres).sum::<Metres>() + metres(here, home);
                total = total + way;
                trips.push(SheetTrip { departs: trip.departs, slack: trip.slack, load, metres: way, stops, arrives: trip.arrives });
            }
            Sheet { carrier: courier.id.clone(), sets_out: round.sets_out, trips, ends: round.ends }
        })
        .collect();
    let left_out = (plan.left_out.iter())
        .map(|left| LeftDoor {
            door: problem.stops[left.stop.at()].id.clone(),
            reason: left.reason.clone(),
            cures: left.cures.clone(),
        })
        .collect();
    RoundPlan { sheets, left_out, cost: plan.cost, metres: total, fell_back, steps, plan }
}

impl Load {
    /// Boxes of no particular temperature.
    #[must_use]
    pub const fn boxes(count: u32) -> Self {
        Self { boxes: Boxes(count), hot: Boxes(0), cold: Boxes(0) }
    }
}

impl Capacity {
    /// Boxes of any temperature.
    #[must_use]
    pub const fn boxes(count: u32) -> Self {
        Self { boxes: Boxes(count), hot: None, cold: None }
    }
}
