//! WGS-84 inside; GCJ-02 and BD-09 converted at the edge.
//!
//! Maps published in China must be shifted by GCJ-02 (mini-program clients and AMap send it); Baidu shifts once more (BD-09). The shift is a smooth
//! function of the place, given here in its publicly known form; its inverse has no closed form and is found by iteration, to
//! far better than the 1 m that matters at a door.

use geo::{Distance, Haversine, Point};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A place on WGS-84, degrees. Only made by checked conversion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Degrees")]
pub struct Wgs84 {
    lon: f64,
    lat: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Degrees {
    lon: f64,
    lat: f64,
}

impl TryFrom<Degrees> for Wgs84 {
    type Error = CoordinateError;

    fn try_from(degrees: Degrees) -> Result<Self, CoordinateError> {
        Self::new(degrees.lon, degrees.lat)
    }
}

/// Which shift a pair of degrees carries. Clients must name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoordinateSystem {
    /// Satellite positioning as it is; GeoJSON.
    Wgs84,
    /// State-shifted: AMap, Tencent, WeChat.
    Gcj02,
    /// Baidu's.
    Bd09,
}

/// Degrees that are no place on earth.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum CoordinateError {
    /// Infinite or not a number.
    #[error("longitude {lon}, latitude {lat}: not finite numbers")]
    NotFinite {
        /// As given.
        lon: f64,
        /// As given.
        lat: f64,
    },
    /// Outside -180..180 or -90..90; often the two were swapped.
    #[error("longitude {lon}, latitude {lat}: outside -180 to 180 and -90 to 90; longitude comes first")]
    OutOfRange {
        /// As given.
        lon: f64,
        /// As given.
        lat: f64,
    },
}

impl Wgs84 {
    /// Degrees already on WGS-84.
    ///
    /// # Errors
    /// Not finite, or outside the globe.
    pub fn new(lon: f64, lat: f64) -> Result<Self, CoordinateError> {
        if !lon.is_finite() || !lat.is_finite() {
            return Err(CoordinateError::NotFinite { lon, lat });
        }
        if lon.abs() > 180.0 || lat.abs() > 90.0 {
            return Err(CoordinateError::OutOfRange { lon, lat });
        }
        Ok(Self { lon, lat })
    }

    /// Degrees in a named system.
    ///
    /// # Errors
    /// Not finite, or outside the globe.
    pub fn from_system(system: CoordinateSystem, lon: f64, lat: f64) -> Result<Self, CoordinateError> {
        let given = Self::new(lon, lat)?;
        let (lon, lat) = match system {
            CoordinateSystem::Wgs84 => (given.lon, given.lat),
            CoordinateSystem::Gcj02 => inverse(gcj_of_wgs, (lon, lat)),
            CoordinateSystem::Bd09 => inverse(gcj_of_wgs, gcj_of_bd((lon, lat))),
        };
        Self::new(lon, lat)
    }

    /// `(longitude, latitude)` in a named system.
    #[must_use]
    pub fn in_system(self, system: CoordinateSystem) -> (f64, f64) {
        let here = (self.lon, self.lat);
        match system {
            CoordinateSystem::Wgs84 => here,
            CoordinateSystem::Gcj02 => gcj_of_wgs(here),
            CoordinateSystem::Bd09 => bd_of_gcj(gcj_of_wgs(here)),
        }
    }

    /// Longitude in degrees.
    #[must_use]
    pub const fn lon(self) -> f64 {
        self.lon
    }

    /// Latitude in degrees.
    #[must_use]
    pub const fn lat(self) -> f64 {
        self.lat
    }

    /// Great-circle distance in metres (haversine).
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        Haversine.distance(self.point(), other.point())
    }

    pub(super) fn point(self) -> Point {
        Point::new(self.lon, self.lat)
    }
}

type Pair = (f64, f64);

/// Krasovsky 1940: semi-major axis and squared eccentricity, as the shift uses them.
const AXIS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;
/// Baidu's angle.
const BAIDU: f64 = PI * 3000.0 / 180.0;

/// Outside this box the shift is not applied (the box in common use; it is wider than the country).
fn shifted(place: Pair) -> bool {
    (72.004..=137.8347).contains(&place.0) && (0.8293..=55.8271).contains(&place.1)
}

fn gcj_of_wgs(place: Pair) -> Pair {
    if !shifted(place) {
        return place;
    }
    let (x, y) = (place.0 - 105.0, place.1 - 35.0);
    let root = x.abs().sqrt();
    let wave = |v: f64, a: f64, b: f64, c: f64, p: (f64, f64, f64)| {
        (a * (v * p.0).sin() + b * (v * p.1).sin() + c * (v * p.2).sin()) * 2.0 / 3.0
    };
    let ripple = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + ripple
        + wave(x, 20.0, 40.0, 150.0, (PI, PI / 3.0, PI / 12.0))
        + 300.0 * (x / 30.0 * PI).sin() * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + ripple
        + wave(y, 20.0, 40.0, 160.0, (PI, PI / 3.0, PI / 12.0))
        + 320.0 * (y * PI / 30.0).sin() * 2.0 / 3.0;
    let latitude = place.1.to_radians();
    let flat = 1.0 - ECCENTRICITY * latitude.sin() * latitude.sin();
    let d_lat = north.to_degrees() / (AXIS * (1.0 - ECCENTRICITY) / (flat * flat.sqrt()));
    let d_lon = east.to_degrees() / (AXIS / flat.sqrt() * latitude.cos());
    (place.0 + d_lon, place.1 + d_lat)
}

fn bd_of_gcj(place: Pair) -> Pair {
    let radius = place.0.hypot(place.1) + 0.000_02 * (place.1 * BAIDU).sin();
    let angle = place.1.atan2(place.0) + 0.000_003 * (place.0 * BAIDU).cos();
    (radius * angle.cos() + 0.0065, radius * angle.sin() + 0.006)
}

fn gcj_of_bd(place: Pair) -> Pair {
    inverse(bd_of_gcj, place)
}

/// The place that `forward` takes to `target`. Both shifts move a few hundred metres and change slowly, so that correcting by
/// the error halves it many times over in each round; the limit is for places at the edge of the box.
fn inverse(forward: fn(Pair) -> Pair, target: Pair) -> Pair {
    let mut guess = target;
    for _ in 0..30 {
        let got = forward(guess);
        let error = (target.0 - got.0, target.1 - got.1);
        guess = (guess.0 + error.0, guess.1 + error.1);
        if error.0.abs() + error.1.abs() < 1e-11 {
            break;
        }
    }
    // Near the poles and the date line (BD-09 of nonsense) the correction may leave the globe.
    (guess.0.clamp(-180.0, 180.0), guess.1.clamp(-90.0, 90.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_known_place_in_shanghai_is_shifted_as_published() {
        let place = Wgs84::new(121.4737, 31.2304).unwrap();
        let (lon, lat) = place.in_system(CoordinateSystem::Gcj02);
        assert!((lon - 121.478_223).abs() < 2e-6 && (lat - 31.228_458).abs() < 2e-6, "{lon} {lat}");
        let (lon, lat) = place.in_system(CoordinateSystem::Bd09);
        assert!((lon - 121.484_74).abs() < 2e-4 && (lat - 31.234_2).abs() < 2e-4, "{lon} {lat}");
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        assert!(matches!(Wgs84::new(f64::NAN, 0.0), Err(CoordinateError::NotFinite { .. })));
        assert!(matches!(Wgs84::new(31.2, 121.4), Err(CoordinateError::OutOfRange { .. })));
        assert!(serde_json::from_str::<Wgs84>("{\"lon\":181,\"lat\":0}").is_err());
    }

    proptest! {
        #[test]
        fn every_system_comes_back_within_a_metre(lon in 73.5f64..135.0, lat in 18.0f64..53.5) {
            let place = Wgs84::new(lon, lat).unwrap();
            for system in [CoordinateSystem::Wgs84, CoordinateSystem::Gcj02, CoordinateSystem::Bd09] {
                let (x, y) = place.in_system(system);
                let back = Wgs84::from_system(system, x, y).unwrap();
                prop_assert!(place.metres_to(back) < 0.01, "{system:?} {}", place.metres_to(back));
                if system == CoordinateSystem::Gcj02 {
                    let shift = place.metres_to(Wgs84::new(x, y).unwrap());
                    prop_assert!((1.0..1500.0).contains(&shift), "{shift}");
                }
            }
        }

        #[test]
        fn no_degrees_make_it_panic(lon in proptest::num::f64::ANY, lat in proptest::num::f64::ANY) {
            for system in [CoordinateSystem::Wgs84, CoordinateSystem::Gcj02, CoordinateSystem::Bd09] {
                let _ = Wgs84::from_system(system, lon, lat);
            }
        }
    }
}
