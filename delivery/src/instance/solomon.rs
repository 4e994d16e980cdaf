//! Solomon's text format, also used by Gehring and Homberger.

use super::{Instance, Raw, ReadError, coordinate, euclid, number, tenths};
use crate::validate::MAX_STOPS;

pub fn read(text: &str) -> Result<Instance, ReadError> {
    let lines: Vec<(usize, &str)> = text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty()).collect();
    let after = |word: &str| {
        let at = lines.iter().position(|(_, l)| l.starts_with(word)).ok_or_else(|| ReadError::Missing(word.to_owned()))?;
        Ok::<_, ReadError>(at + 1)
    };
    let name = lines.first().map(|(_, l)| (*l).to_owned()).unwrap_or_default();
    let &(at, fleet) = lines.get(after("NUMBER")?).ok_or_else(|| ReadError::Missing("fleet".to_owned()))?;
    let mut fields = fleet.split_whitespace();
    let vehicles = number(fields.next(), at, "number of vehicles")?;
    let capacity = number(fields.next(), at, "capacity")?;
    let customers = &lines[after("CUST NO")?..];
    if customers.len() > MAX_STOPS + 1 {
        return Err(ReadError::TooLarge(customers.len() - 1));
    }
    if customers.is_empty() {
        return Err(ReadError::Missing("depot".to_owned()));
    }
    let mut raw = Raw {
        name,
        tenths: true,
        vehicles,
        capacity,
        trips: 1,
        demand: Vec::new(),
        window: Vec::new(),
        service: Vec::new(),
        ready: vec![0; customers.len()],
        distance: Vec::new(),
    };
    let mut points = Vec::new();
    for (row, &(at, line)) in customers.iter().enumerate() {
        let mut fields = line.split_whitespace();
        let id: usize = number(fields.next(), at, "customer number")?;
        if id != row {
            return Err(ReadError::line(at, format!("customer {id} where {row} was expected: they count from 0, the depot")));
        }
        points.push((coordinate(fields.next(), at, "x")?, coordinate(fields.next(), at, "y")?));
        raw.demand.push(number(fields.next(), at, "demand")?);
        let (opens, closes): (f64, f64) =
            (coordinate(fields.next(), at, "ready time")?, coordinate(fields.next(), at, "due date")?);
        raw.window.push((tenths(opens) as i64, tenths(closes) as i64));
        raw.service.push(tenths(coordinate(fields.next(), at, "service time")?) as i64);
    }
    raw.distance = euclid(&points, tenths);
    raw.into_instance()
}
