//! A city's lunch: plans many canteens, made from a seed, and tells time, memory and what was left out.
//!
//! `city CANTEENS DOORS STEPS THREADS`, for example `city 165 60 20000 2`: steps are per canteen. The plans are those the checker let
//! through; a refused one ends the program.

use delivery::geography::{Mode, Paces, Wgs84};
use delivery::problem::{Capacity, Holding, Load, Weights, Window};
use delivery::round::{Carrier, CarrierEnd, Door, MealRound, Travel, plan_all};
use delivery::solver::{Budget, Settings};
use delivery::units::Seconds;
use std::time::Instant;

/// A small generator of its own: this file measures, and must not depend on how the solver draws.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// Degrees within about 1.5 km to either side.
    fn offset(&mut self) -> f64 {
        (self.below(3001) as f64 - 1500.0) * 1e-5
    }
}

fn round(canteen: u64, doors: u64) -> Result<MealRound, Box<dyn std::error::Error>> {
    let mut draw = Draw(canteen + 1);
    let centre = (121.2 + draw.below(5000) as f64 * 1e-4, 31.0 + draw.below(4000) as f64 * 1e-4);
    let mut all = Vec::new();
    for i in 0..doors {
        let from = Seconds::clock(10, 45) + Seconds::minutes(15 * draw.below(3) as i64);
        all.push(Door {
            key: format!("{i:04}"),
            place: Wgs84::new(centre.0 + draw.offset(), centre.1 + draw.offset())?,
            window: Window { opens: from, closes: from + Seconds::minutes(45) },
            service: Seconds(60 + 30 * draw.below(5) as i64),
            load: Load::boxes(1 + draw.below(2) as u32),
            ready_at: None,
            holding: Holding { eat_by: Some(Seconds::clock(12, 30)), from_departure: Some(Seconds::minutes(45)) },
            skills: Vec::new(),
            first: false,
            usual_carrier: Some(format!("c{}", draw.below(4))),
            usual_after: None,
            price: None,
        });
    }
    let carrier = |i: u64, mode: Mode, boxes: u32| Carrier {
        key: format!("c{i}"),
        mode,
        capacity: Capacity::boxes(boxes),
        shift: Window { opens: Seconds::clock(10, 0), closes: Seconds::clock(13, 0) },
        start: None,
        end: CarrierEnd::Canteen,
        max_trips: 3,
        skills: Vec::new(),
    };
    let carriers = (0..doors.div_ceil(12)).map(|i| if i == 0 { carrier(i, Mode::Van, 60) } else { carrier(i, Mode::EBike, 16) });
    Ok(MealRound {
        canteen: Wgs84::new(centre.0, centre.1)?,
        loading: Seconds::minutes(3),
        ready_at: Seconds::clock(10, 30),
        doors: all,
        carriers: carriers.collect(),
        apart: Vec::new(),
        weights: Weights::default(),
        paces: Paces::default(),
    })
}

/// Largest resident size so far, as Linux tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or_else(|| "unknown".to_owned(), |size| size.trim().to_owned())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|arg| arg.parse()).collect::<Result<_, _>>()?;
    let [canteens, doors, steps, threads] = numbers[..] else { return Err("usage: city CANTEENS DOORS STEPS THREADS".into()) };
    let rounds: Vec<(MealRound, Travel)> =
        (0..canteens).map(|i| Ok((round(i, doors)?, Travel::Straight))).collect::<Result<_, Box<dyn std::error::Error>>>()?;
    let began = Instant::now();
    let settings = Settings { budget: Budget::Steps(steps), ..Settings::default() };
    let plans = plan_all(&rounds, &settings, usize::try_from(threads)?);
    let seconds = began.elapsed().as_secs_f64();
    let (mut metres, mut left_out, mut cost) = (0, 0, 0);
    for plan in plans {
        let plan = plan?;
        metres += plan.metres.0;
        left_out += plan.left_out.len();
        cost += plan.cost.0;
    }
    println!("{canteens} canteens, {} doors: {seconds:.1} s on {threads} threads, peak {}", canteens * doors, peak());
    println!("cost {cost}, {:.1} km, {left_out} doors left out", metres as f64 / 1000.0);
    Ok(())
}
