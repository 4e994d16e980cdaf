//! Points as clients give them, in the one system that is stored.

use delivery::geography::{CoordinateSystem, Wgs84};

/// Longitude and latitude in 1e-7 degrees, WGS-84, from degrees in WGS-84 or GCJ-02; an error says what is wrong.
pub fn wgs84_e7(longitude: f64, latitude: f64, gcj02: bool) -> Result<(i64, i64), String> {
    let system = if gcj02 { CoordinateSystem::Gcj02 } else { CoordinateSystem::Wgs84 };
    let point = Wgs84::from_system(system, longitude, latitude).map_err(|e| e.to_string())?;
    // Within the globe the product is below 2^31, so the cast cuts nothing.
    Ok(((point.lon() * 1e7).round() as i64, (point.lat() * 1e7).round() as i64))
}
