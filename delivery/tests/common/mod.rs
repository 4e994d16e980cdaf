//! Small problems at random, with every rule the planner knows.
#![allow(dead_code, reason = "each suite uses its part")]

use delivery::problem::*;
use delivery::units::*;
use proptest::prelude::*;

/// Everything a random stop may carry, as plain numbers.
type StopSeed = ((i64, i64), (i64, i64), u32, u32, (u8, u8), Option<i64>, Option<i64>);

fn stop_seed() -> impl Strategy<Value = StopSeed> {
    (
        (0..1000i64, 0..1000i64),
        (0..5000i64, 300..4000i64),
        0..240u32,
        1..4u32,
        (any::<u8>(), any::<u8>()),
        proptest::option::weighted(0.3, 300..3000i64),
        proptest::option::weighted(0.3, 0..5000i64),
    )
}

/// A problem of up to `stops` stops, up to 4 couriers, 2 sites and 2 ways of moving. The matrices are not symmetric and do
/// not even obey the triangle inequality.
pub fn problem(stops: usize) -> impl Strategy<Value = Problem> {
    (
        proptest::collection::vec(stop_seed(), 1..=stops),
        proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 2..9u32), 0..4),
        1..3usize,
        any::<u64>(),
    )
        .prop_map(|(stops, couriers, sites, noise)| build(&stops, &couriers, sites, noise))
}

fn build(seeds: &[StopSeed], couriers: &[(u8, u8, u8, u32)], sites: usize, noise: u64) -> Problem {
    let mut points: Vec<(i64, i64)> = vec![(500, 500), (200, 700), (900, 100)];
    points.extend(seeds.iter().map(|s| s.0));
    let matrices = [1u64, 3].map(|slow| matrix(&points, slow, noise)).into();
    let stops = seeds.iter().enumerate().map(|(i, seed)| stop(i, seed, sites, couriers.len())).collect();
    let couriers = couriers.iter().enumerate().map(|(k, seed)| courier(k, *seed)).collect();
    let places = [PlaceIx(0), PlaceIx(1)];
    let site = |i: usize| Site { id: format!("site {i}"), place: places[i], loading: Seconds(60 * i as i64) };
    Problem {
        sites: (0..sites).map(site).collect(),
        couriers,
        apart: if seeds.len() > 3 && noise.is_multiple_of(3) {
            vec![(StopIx(0), StopIx(1)), (StopIx(1), StopIx(3))]
        } else {
            vec![]
        },
        stops,
        matrices,
        weights: Weights::default(),
    }
}

fn matrix(points: &[(i64, i64)], slow: u64, noise: u64) -> TravelMatrix {
    let (mut seconds, mut metres) = (Vec::new(), Vec::new());
    let mut state = noise | 1;
    for a in points {
        for b in points {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let line = (a.0 - b.0).unsigned_abs() + (a.1 - b.1).unsigned_abs();
            let way = if a == b { 0 } else { line + (state >> 33) % 100 };
            let none = a != b && (state >> 40).is_multiple_of(200);
            seconds.push(if none { NO_WAY } else { (way * slow / 2) as u32 });
            metres.push(way as u32);
        }
    }
    TravelMatrix { size: points.len() as u32, seconds, metres }
}

fn stop(i: usize, seed: &StopSeed, sites: usize, couriers: usize) -> Stop {
    let &(_, (opens, width), service, boxes, (a, b), under_way, ready) = seed;
    Stop {
        id: format!("stop {i}"),
        place: PlaceIx(i as u32 + 3),
        window: Window { opens: Seconds(opens), closes: Seconds(opens + width) },
        service: Seconds(service.into()),
        load: Load { boxes: Boxes(boxes), hot: Boxes(boxes / 2), cold: Boxes(boxes / 3) },
        site: (a % 3 == 0).then_some(SiteIx(u32::from(a) % sites as u32)),
        ready_at: Seconds(ready.unwrap_or(0)),
        holding: Holding { eat_by: ready.map(|r| Seconds(r + 4000)), from_departure: under_way.map(Seconds) },
        skills: if a % 7 == 0 { vec!["stairs".to_owned()] } else { Vec::new() },
        first: b % 11 == 0,
        usual_courier: (couriers > 0 && b % 2 == 0).then(|| CourierIx(u32::from(b) % couriers.max(1) as u32)),
        usual_after: (i > 0 && b % 3 == 0).then(|| StopIx(i as u32 - 1)),
        price: (b % 5 == 0).then_some(Cost(i64::from(a) * 20)),
    }
}

fn courier(k: usize, (a, b, c, boxes): (u8, u8, u8, u32)) -> Courier {
    Courier {
        id: format!("courier {k}"),
        matrix: MatrixIx(u32::from(a) % 2),
        capacity: Capacity {
            boxes: Boxes(boxes),
            hot: (c % 4 == 0).then_some(Boxes(boxes / 2)),
            cold: (c % 5 == 0).then_some(Boxes(boxes / 3)),
        },
        shift: Window { opens: Seconds(i64::from(b) * 8), closes: Seconds(9000 + i64::from(c) * 8) },
        start: (a % 4 == 0).then_some(PlaceIx(2)),
        end: match b % 3 {
            0 => EndAt::Site,
            1 => EndAt::LastStop,
            _ => EndAt::Place(PlaceIx(2)),
        },
        max_trips: 1 + u32::from(c % 3),
        skills: if a % 2 == 0 { vec!["stairs".to_owned()] } else { Vec::new() },
    }
}
