//! Why a stop is left out, and what would cure it.
//!
//! First the stop alone, courier by courier, whatever else is planned; if it could be served alone, then beside the others
//! in the plan at hand.

use super::compiled::NONE;
use super::probe::Probe;
use super::segment::{FAR, Segment};
use super::state::State;
use crate::plan::{Cure, LeftOut, Reason};
use crate::problem::{Courier, EndAt, Problem, Stop};
use crate::units::{Boxes, Cost, CourierIx, Seconds, StopIx};
use crate::validate::ValidProblem;

/// Couriers looked at per stop; beyond, they are copies of each other in any real task.
const COURIERS: usize = 200;

/// All stops the state leaves out, explained.
pub fn left_out(valid: &ValidProblem, state: &State) -> Vec<LeftOut> {
    let mut absent = state.plan.absent.clone();
    absent.sort_unstable_by_key(|&i| state.c.original[i as usize]);
    absent.iter().map(|&i| explain(valid.get(), state, i)).collect()
}

fn explain(problem: &Problem, state: &State, i: u32) -> LeftOut {
    let stop = StopIx(state.c.original[i as usize]);
    let (reason, cures) = match alone(problem, &problem.stops[stop.at()]) {
        Err(verdict) => (verdict.reason, verdict.cures),
        Ok(like) => beside_others(problem, state, i, like),
    };
    LeftOut { stop, reason, cures }
}

/// Why a courier cannot serve the stop even with nothing else to do. `rank`: how far it got.
struct Verdict {
    rank: u8,
    reason: Reason,
    cures: Vec<Cure>,
}

/// A courier who could serve the stop alone, or the verdict on the one who came furthest.
fn alone(problem: &Problem, stop: &Stop) -> Result<CourierIx, Verdict> {
    let mut furthest = Verdict { rank: 0, reason: Reason::NoCourier, cures: Vec::new() };
    let mut fewest = usize::MAX;
    for (k, courier) in problem.couriers.iter().enumerate() {
        let missing: Vec<String> = stop.skills.iter().filter(|s| !courier.skills.contains(s)).cloned().collect();
        if !missing.is_empty() {
            if furthest.rank <= 1 && missing.len() < fewest {
                fewest = missing.len();
                let cures = vec![Cure::Skills { missing: missing.clone() }];
                furthest = Verdict { rank: 1, reason: Reason::NoSkilledCourier { missing }, cures };
            }
            continue;
        }
        match by_courier(problem, stop, CourierIx::from_usize(k), courier) {
            Ok(()) => return Ok(CourierIx::from_usize(k)),
            Err(verdict) if verdict.rank > furthest.rank || (verdict.rank == furthest.rank && closer(&verdict, &furthest)) => {
                furthest = verdict;
            }
            Err(_) => {}
        }
    }
    Err(furthest)
}

/// Among verdicts of one rank, the one that needs the smaller change.
fn closer(new: &Verdict, old: &Verdict) -> bool {
    match (&new.reason, &old.reason) {
        (Reason::TooBig { largest: a, .. }, Reason::TooBig { largest: b, .. }) => a > b,
        (Reason::TooLate { earliest: a, .. }, Reason::TooLate { earliest: b, .. }) => a < b,
        (Reason::TooFarToStayHot { shortest: a, .. }, Reason::TooFarToStayHot { shortest: b, .. }) => a < b,
        _ => false,
    }
}

fn by_courier(problem: &Problem, stop: &Stop, k: CourierIx, courier: &Courier) -> Result<(), Verdict> {
    let over = |load: Boxes, room: Option<Boxes>| room.map_or(0, |room| load.0.saturating_sub(room.0));
    let extra = over(stop.load.boxes, Some(courier.capacity.boxes))
        .max(over(stop.load.hot, courier.capacity.hot))
        .max(over(stop.load.cold, courier.capacity.cold));
    if extra > 0 {
        let reason = Reason::TooBig { boxes: stop.load.boxes, largest: courier.capacity.boxes };
        return Err(Verdict { rank: 2, reason, cures: vec![Cure::MoreCapacity { courier: k, extra: Boxes(extra) }] });
    }
    let mut best = Verdict { rank: 3, reason: Reason::NoWay, cures: vec![Cure::CheckPlace] };
    for site in 0..problem.sites.len() {
        if stop.site.is_some_and(|own| own.at() != site) {
            continue;
        }
        match by_site(problem, stop, k, courier, site) {
            Ok(()) => return Ok(()),
            Err(verdict) if verdict.rank > best.rank || closer(&verdict, &best) => best = verdict,
            Err(_) => {}
        }
    }
    Err(best)
}

fn by_site(problem: &Problem, stop: &Stop, k: CourierIx, courier: &Courier, site: usize) -> Result<(), Verdict> {
    let no_way = || Verdict { rank: 3, reason: Reason::NoWay, cures: vec![Cure::CheckPlace] };
    let matrix = &problem.matrices[courier.matrix.at()];
    let site = &problem.sites[site];
    let way = matrix.seconds(site.place, stop.place).ok_or_else(no_way)?;
    let start = courier.start.map_or(Some(Seconds(0)), |from| matrix.seconds(from, site.place)).ok_or_else(no_way)?;
    let home = match courier.end {
        EndAt::Site => matrix.seconds(stop.place, site.place),
        EndAt::LastStop => Some(Seconds(0)),
        EndAt::Place(place) => matrix.seconds(stop.place, place),
    };
    let home = home.ok_or_else(no_way)?;
    let latest = stop.holding.eat_by.map_or(stop.window.closes, |limit| stop.window.closes.min(limit));
    if let Some(limit) = stop.holding.from_departure.filter(|&limit| way > limit) {
        let reason = Reason::TooFarToStayHot { shortest: way, limit };
        return Err(Verdict { rank: 4, reason, cures: vec![Cure::AllowUnderWay { limit: way }] });
    }
    let there = courier.shift.opens + start;
    let begins = (there.max(stop.ready_at) + site.loading + way).max(stop.window.opens);
    if begins > latest {
        let mut cures = vec![Cure::AllowUntil { latest: begins }];
        let by = latest - way - site.loading;
        if there <= by && stop.window.opens <= latest {
            cures.push(Cure::ReadyBy { time: by });
        }
        return Err(Verdict { rank: 5, reason: Reason::TooLate { earliest: begins, latest }, cures });
    }
    let until = begins + stop.service + home;
    if until > courier.shift.closes {
        let cures = vec![Cure::ExtendShift { courier: k, until }];
        return Err(Verdict { rank: 6, reason: Reason::ShiftTooShort, cures });
    }
    Ok(())
}

/// It could be served alone: what keeps it out of this plan?
fn beside_others(problem: &Problem, state: &State, i: u32, like: CourierIx) -> (Reason, Vec<Cure>) {
    if let Some(place) = super::recreate::cheapest(state, i) {
        let extra = Cost(place.extra);
        return (Reason::DearerThanItsPrice { extra }, vec![Cure::RaisePrice { above: extra }]);
    }
    let mut smallest = Smallest::default();
    for &t in state.plan.live.iter().take(COURIERS) {
        by_trip(state, i, t, &mut smallest);
    }
    let mut cures = Vec::new();
    if let Some((_, latest)) = smallest.later {
        cures.push(Cure::AllowUntil { latest });
    }
    if let Some((extra, courier)) = smallest.boxes {
        cures.push(Cure::MoreCapacity { courier, extra: Boxes(extra) });
    }
    if let Some((_, courier, until)) = smallest.shift {
        cures.push(Cure::ExtendShift { courier, until });
    }
    let affordable =
        alone_cost(problem, &problem.stops[state.c.original[i as usize] as usize], like) < state.c.stops[i as usize].price;
    if affordable && problem.couriers.len() < crate::validate::MAX_COURIERS {
        cures.push(Cure::OneMoreCourier { like });
    }
    (Reason::NoRoom, cures)
}

/// What sending one more courier out for this stop alone costs.
fn alone_cost(problem: &Problem, stop: &Stop, like: CourierIx) -> i64 {
    let courier = &problem.couriers[like.at()];
    let matrix = &problem.matrices[courier.matrix.at()];
    let leg = |from, to| {
        let metres = matrix.metres(from, to).unwrap_or_default().0.saturating_mul(problem.weights.metre);
        metres.saturating_add(matrix.seconds(from, to).unwrap_or_default().0.saturating_mul(problem.weights.second))
    };
    let fixed = problem.weights.courier + problem.weights.trip + problem.weights.strange_courier + problem.weights.strange_order;
    let sites = problem.sites.iter().enumerate().filter(|(s, _)| stop.site.is_none_or(|own| own.at() == *s));
    let ways = sites.map(|(_, site)| {
        let home = match courier.end {
            EndAt::Site => leg(stop.place, site.place),
            EndAt::LastStop => 0,
            EndAt::Place(place) => leg(stop.place, place),
        };
        courier.start.map_or(0, |start| leg(start, site.place)) + leg(site.place, stop.place) + home
    });
    // The dearest site, since only some of them may be in time.
    fixed.saturating_add(ways.max().unwrap_or(0))
}

/// The smallest change of each kind.
#[derive(Default)]
struct Smallest {
    later: Option<(i32, Seconds)>,
    boxes: Option<(u32, CourierIx)>,
    shift: Option<(i32, CourierIx, Seconds)>,
}

/// Tries every position of a trip with one rule relaxed at a time.
fn by_trip(state: &State, i: u32, t: u32, smallest: &mut Smallest) {
    let (c, probe) = (state.c, Probe { state, stop: i });
    let trip = &state.plan.trips[t as usize];
    let courier = &c.couriers[trip.courier as usize];
    if !probe.may_travel_with(t) {
        return;
    }
    let stop = &c.stops[i as usize];
    let over = (0..3).map(|d| stop.load[d] - trip.room[d]).max().unwrap_or(0);
    let ready = trip.at_site.max(trip.ready.max(stop.ready)) + c.loading_at(trip.site);
    let legs = &c.legs[courier.legs as usize];
    let mut behind = NONE;
    loop {
        let (from, before) =
            if behind == NONE { (trip.site, Segment::OPEN) } else { (behind, state.plan.nodes[behind as usize].before) };
        let ahead = if behind == NONE { trip.first } else { state.plan.nodes[behind as usize].next };
        let (to, after) = if ahead == NONE { (trip.dest, Segment::OPEN) } else { (ahead, state.plan.nodes[ahead as usize].after) };
        let old = if behind == NONE { trip.leg_cost } else { state.plan.nodes[behind as usize].leg_cost };
        let (first_leg, second_leg) = (legs.leg(from, i), legs.leg(i, to));
        let extra = i64::from(first_leg.cost) + i64::from(second_leg.cost) - i64::from(old) + state.strange(i, trip.courier);
        let (there, onward) = (first_leg.time, second_leg.time);
        let departures = |stop: Segment, back: i32| {
            before
                .then(there, stop)
                .and_then(|joined| joined.then(onward, after))
                .and_then(|whole| whole.departures(ready, back).map(|(first, _)| (first, whole)))
        };
        if extra < stop.price && probe.keeps_first(behind, ahead) {
            if over > 0 {
                if departures(stop.segment, trip.back).is_some() {
                    keep(&mut smallest.boxes, (over.unsigned_abs(), CourierIx(trip.courier)), |x| i64::from(x.0));
                }
            } else if let Some((first, _)) = departures(Segment { l: FAR, ..stop.segment }, trip.back) {
                let begins = before.join(there, stop.segment).arrival(first);
                keep(&mut smallest.later, (begins, Seconds(i64::from(begins))), |x| i64::from(x.0));
            } else if trip.later == NONE
                && let Some((first, whole)) = departures(stop.segment, FAR)
            {
                let until = whole.arrival(first);
                let change = (until - courier.closes, CourierIx(trip.courier), Seconds(i64::from(until)));
                keep(&mut smallest.shift, change, |x| i64::from(x.0));
            }
        }
        if ahead == NONE {
            return;
        }
        behind = ahead;
    }
}

fn keep<T: Copy>(slot: &mut Option<T>, new: T, size: impl Fn(&T) -> i64) {
    if slot.as_ref().is_none_or(|old| size(&new) < size(old)) {
        *slot = Some(new);
    }
}
