//! Delivery areas: GeoJSON polygons on WGS-84 (RFC 7946).

use super::datum::{CoordinateError, Wgs84};
use geo::{Intersects, LineString, MultiPolygon, Polygon};
use serde_json::Value;

/// Most corners of one area.
const MAX_CORNERS: usize = 50_000;

/// An area, with holes if it has any. A place on its border is inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Area(MultiPolygon);

/// Why a GeoJSON text is no area.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AreaError {
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    Json(String),
    /// JSON, but not a Polygon, MultiPolygon, or a Feature with one.
    #[error("{0}: expected a GeoJSON Polygon, MultiPolygon, or Feature with one of them")]
    Kind(String),
    /// A ring with fewer than four positions, or not closed.
    #[error("ring {0}: a ring has at least four positions and ends where it began")]
    Ring(usize),
    /// Not a pair of degrees.
    #[error("ring {ring}: {cause}")]
    Position {
        /// Which ring, counted through the whole area.
        ring: usize,
        /// Why.
        cause: CoordinateError,
    },
    /// Too detailed.
    #[error("more than {MAX_CORNERS} corners; simplify the area")]
    TooLarge,
}

impl Area {
    /// Reads a GeoJSON geometry or feature.
    ///
    /// # Errors
    /// [`AreaError`], naming the ring.
    pub fn from_geojson(text: &str) -> Result<Self, AreaError> {
        let value: Value = serde_json::from_str(text).map_err(|e| AreaError::Json(e.to_string()))?;
        let geometry = if value["type"] == "Feature" { &value["geometry"] } else { &value };
        let coordinates = geometry["coordinates"].as_array();
        let mut reader = Reader { rings: 0, corners: 0 };
        match (geometry["type"].as_str(), coordinates) {
            (Some("Polygon"), Some(rings)) => Ok(Self(MultiPolygon::new(vec![reader.polygon(rings)?]))),
            (Some("MultiPolygon"), Some(polygons)) => {
                let polygons = polygons.iter().map(|p| reader.polygon(p.as_array().map_or(&[][..], Vec::as_slice)));
                Ok(Self(MultiPolygon::new(polygons.collect::<Result<_, _>>()?)))
            }
            (kind, _) => Err(AreaError::Kind(kind.unwrap_or("no type").to_owned())),
        }
    }

    /// Whether a place is inside or on the border.
    #[must_use]
    pub fn contains(&self, place: Wgs84) -> bool {
        self.0.intersects(&place.point())
    }
}

struct Reader {
    rings: usize,
    corners: usize,
}

impl Reader {
    fn polygon(&mut self, rings: &[Value]) -> Result<Polygon, AreaError> {
        let mut lines = rings.iter().map(|ring| self.ring(ring)).collect::<Result<Vec<_>, _>>()?.into_iter();
        let outer = lines.next().ok_or(AreaError::Ring(self.rings))?;
        Ok(Polygon::new(outer, lines.collect()))
    }

    fn ring(&mut self, ring: &Value) -> Result<LineString, AreaError> {
        let number = self.rings;
        self.rings += 1;
        let positions = ring.as_array().ok_or(AreaError::Ring(number))?;
        self.corners += positions.len();
        if self.corners > MAX_CORNERS {
            return Err(AreaError::TooLarge);
        }
        let points = positions.iter().map(|position| {
            let degree = |axis: usize| position.get(axis).and_then(Value::as_f64).unwrap_or(f64::NAN);
            Wgs84::new(degree(0), degree(1)).map_err(|cause| AreaError::Position { ring: number, cause })
        });
        let points = points.collect::<Result<Vec<_>, _>>()?;
        if points.len() < 4 || points.first() != points.last() {
            return Err(AreaError::Ring(number));
        }
        Ok(LineString::from(points.into_iter().map(|p| (p.lon(), p.lat())).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[121.0,31.0],[121.1,31.0],[121.1,31.1],[121.0,31.1],[121.0,31.0]],
        [[121.04,31.04],[121.06,31.04],[121.06,31.06],[121.04,31.06],[121.04,31.04]]]}"#;

    #[test]
    fn an_area_holds_its_inside_and_border_but_not_its_hole() {
        let area = Area::from_geojson(SQUARE).unwrap();
        for (lon, lat, inside) in
            [(121.02, 31.02, true), (121.0, 31.05, true), (121.05, 31.05, false), (121.2, 31.05, false), (121.05, 31.2, false)]
        {
            assert_eq!(area.contains(Wgs84::new(lon, lat).unwrap()), inside, "{lon} {lat}");
        }
        let feature = format!(r#"{{"type":"Feature","properties":{{}},"geometry":{SQUARE}}}"#);
        assert_eq!(Area::from_geojson(&feature).unwrap(), area);
    }

    #[test]
    fn faulty_areas_are_refused_with_the_ring_named() {
        let cases = [
            ("[", "JSON"),
            (r#"{"type":"Point","coordinates":[1,2]}"#, "Point"),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}"#, "ring 0"),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#, "ring 0"),
            (r#"{"type":"Polygon","coordinates":[[[31,121],[31,121],[31,121],[31,121]]]}"#, "ring 0"),
            (r#"{"type":"Polygon","coordinates":[[["a",1],[1,0],[1,1],[0,1]]]}"#, "ring 0"),
            (r#"{"type":"Polygon","coordinates":[]}"#, "ring 0"),
        ];
        for (text, part) in cases {
            let error = Area::from_geojson(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
