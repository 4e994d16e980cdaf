//! Travel times without a road network: great circle, a detour factor, a pace.

use super::datum::Wgs84;
use crate::problem::TravelMatrix;
use crate::units::Seconds;
use serde::{Deserialize, Serialize};

/// How a courier moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// On foot.
    Foot,
    /// E-bike.
    EBike,
    /// Van.
    Van,
    /// Mobile dining truck.
    Truck,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 4] = [Self::Foot, Self::EBike, Self::Van, Self::Truck];
}

/// How fast, and how crooked, a mode's ways are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Metres per hour along the way, stops at lights included.
    pub metres_per_hour: u32,
    /// Length of the way in per cent of the great circle; at least 100.
    pub detour_percent: u32,
}

/// The pace of every mode: settings, calibrated by whoever knows the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Paces {
    /// On foot.
    pub foot: Pace,
    /// E-bike.
    pub e_bike: Pace,
    /// Van.
    pub van: Pace,
    /// Mobile dining truck.
    pub truck: Pace,
}

impl Default for Paces {
    /// Assumptions to start from, not measurements: 4.3 km/h on foot with a bag; e-bikes are limited to 25 km/h by
    /// GB 17761 and make 14 km/h through lanes and lights; motor traffic 18 and 15 km/h. Streets are some 30 % longer than
    /// the line, footpaths somewhat less, carriageways with one-way streets somewhat more.
    fn default() -> Self {
        Self {
            foot: Pace { metres_per_hour: 4_300, detour_percent: 125 },
            e_bike: Pace { metres_per_hour: 14_000, detour_percent: 130 },
            van: Pace { metres_per_hour: 18_000, detour_percent: 140 },
            truck: Pace { metres_per_hour: 15_000, detour_percent: 140 },
        }
    }
}

impl Paces {
    /// The pace of a mode.
    #[must_use]
    pub const fn of(&self, mode: Mode) -> Pace {
        match mode {
            Mode::Foot => self.foot,
            Mode::EBike => self.e_bike,
            Mode::Van => self.van,
            Mode::Truck => self.truck,
        }
    }
}

impl Pace {
    /// Metres along the way between two places.
    #[must_use]
    pub fn metres(self, from: Wgs84, to: Wgs84) -> u32 {
        // `as` saturates; the globe's half circumference times the largest detour is refused by validation.
        (from.metres_to(to) * f64::from(self.detour_percent.max(100)) / 100.0).round() as u32
    }

    /// Time for that many metres, rounded up: a plan must not gain by rounding.
    #[must_use]
    pub fn time(self, metres: u32) -> Seconds {
        let pace = i64::from(self.metres_per_hour.max(1));
        Seconds((i64::from(metres) * 3600 + pace - 1) / pace)
    }
}

/// The matrix of a pace over places.
#[must_use]
pub fn straight_matrix(places: &[Wgs84], pace: Pace) -> TravelMatrix {
    let size = places.len();
    let mut matrix =
        TravelMatrix { size: u32::try_from(size).unwrap_or(u32::MAX), seconds: vec![0; size * size], metres: vec![0; size * size] };
    for (i, &from) in places.iter().enumerate() {
        for (j, &to) in places.iter().enumerate().skip(i + 1) {
            let metres = pace.metres(from, to);
            let seconds = u32::try_from(pace.time(metres).0).unwrap_or(crate::problem::NO_WAY);
            for cell in [i * size + j, j * size + i] {
                matrix.metres[cell] = metres;
                matrix.seconds[cell] = seconds;
            }
        }
    }
    matrix
}

/// The `count` places nearest to a place on foot, with their walking time, nearest first; equal ones by position.
#[must_use]
pub fn nearest(from: Wgs84, places: &[Wgs84], pace: Pace, count: usize) -> Vec<(usize, Seconds)> {
    let mut by_time: Vec<(Seconds, usize)> =
        places.iter().enumerate().map(|(i, &place)| (pace.time(pace.metres(from, place)), i)).collect();
    by_time.sort_unstable();
    by_time.into_iter().take(count).map(|(time, i)| (i, time)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilometre_takes_what_the_pace_says() {
        let from = Wgs84::new(121.47, 31.23).unwrap();
        // 0.01 degrees of latitude are 1,112 m on the haversine sphere.
        let to = Wgs84::new(121.47, 31.24).unwrap();
        let pace = Pace { metres_per_hour: 3_600, detour_percent: 150 };
        assert_eq!(pace.metres(from, to), 1668);
        assert_eq!(pace.time(1668), Seconds(1668));
        let matrix = straight_matrix(&[from, to], pace);
        assert_eq!((matrix.seconds, matrix.metres), (vec![0, 1668, 1668, 0], vec![0, 1668, 1668, 0]));
        assert_eq!(nearest(from, &[to, from, to], pace, 2), vec![(1, Seconds(0)), (0, Seconds(1668))]);
    }

    #[test]
    fn a_pace_of_nothing_is_slow_but_finite() {
        let pace = Pace { metres_per_hour: 0, detour_percent: 0 };
        assert!(pace.time(u32::MAX).0 > 0);
    }
}
