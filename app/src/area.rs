//! Where a canteen delivers: inside its polygon, or within its radius when it has none.

use delivery::geography::{Area, Wgs84};
use store::StoreError;
use store::query::catalogue::CanteenRow;

/// Whether the canteen delivers to a point given in 1e-7 degrees, WGS-84.
pub fn contains(canteen: &CanteenRow, lon_e7: i64, lat_e7: i64) -> Result<bool, StoreError> {
    let door = point(lon_e7, lat_e7)?;
    match &canteen.delivery_area {
        Some(area) => {
            let area =
                Area::from_geojson(area).map_err(|e| StoreError::Database(format!("delivery area of {}: {e}", canteen.code)))?;
            Ok(area.contains(door))
        }
        None => Ok(point(canteen.lon_e7, canteen.lat_e7)?.metres_to(door) <= canteen.delivery_radius_m as f64),
    }
}

/// A point of stored coordinates.
pub fn point(lon_e7: i64, lat_e7: i64) -> Result<Wgs84, StoreError> {
    Wgs84::new(lon_e7 as f64 / 1e7, lat_e7 as f64 / 1e7).map_err(|e| StoreError::Database(format!("coordinates: {e}")))
}
