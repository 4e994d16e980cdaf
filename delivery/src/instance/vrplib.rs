//! VRPLIB: CVRP, VRPTW and MTVRPTWR (several trips, windows, release times).

use super::{Instance, Raw, ReadError, coordinate, euclid, number, tenths};
use crate::validate::{MAX_STOPS, MAX_TIME, MAX_TRIPS};
use std::collections::BTreeMap;

/// The file taken apart: `KEY: value` fields, and sections with the numbers of their lines.
struct File<'a> {
    fields: BTreeMap<&'a str, (usize, &'a str)>,
    sections: BTreeMap<&'a str, Vec<(usize, &'a str)>>,
}

impl<'a> File<'a> {
    fn parse(text: &'a str) -> Result<Self, ReadError> {
        let mut file = Self { fields: BTreeMap::new(), sections: BTreeMap::new() };
        let mut section = None;
        for (at, line) in text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty()) {
            if line == "EOF" {
                break;
            }
            if let Some((key, value)) = line.split_once(':') {
                file.fields.insert(key.trim(), (at, value.trim()));
            } else if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
                section = Some(line);
                file.sections.entry(line).or_default();
            } else if let Some(lines) = section.and_then(|s| file.sections.get_mut(s)) {
                lines.push((at, line));
            } else {
                return Err(ReadError::line(at, "a line of numbers outside any section"));
            }
        }
        Ok(file)
    }

    fn field(&self, key: &str) -> Option<&'a str> {
        self.fields.get(key).map(|f| f.1)
    }

    fn integer<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, ReadError> {
        self.fields.get(key).map(|&(at, value)| number(Some(value), at, key)).transpose()
    }

    /// `id value value...` for ids 1 to `nodes`; missing ids keep `default`.
    fn table(&self, section: &str, nodes: usize, columns: usize) -> Result<Option<Vec<Vec<f64>>>, ReadError> {
        let Some(lines) = self.sections.get(section) else { return Ok(None) };
        let mut table = vec![Vec::new(); nodes];
        for &(at, line) in lines {
            let mut fields = line.split_whitespace();
            let id: usize = number(fields.next(), at, "node number")?;
            let row = id.checked_sub(1).and_then(|i| table.get_mut(i));
            let row = row.ok_or_else(|| ReadError::line(at, format!("node {id} is not among 1 to {nodes}")))?;
            *row = (0..columns).map(|_| coordinate(fields.next(), at, section)).collect::<Result<_, _>>()?;
        }
        if let Some(missing) = table.iter().position(Vec::is_empty) {
            return Err(ReadError::Missing(format!("node {} of {section}", missing + 1)));
        }
        Ok(Some(table))
    }
}

pub fn read(text: &str) -> Result<Instance, ReadError> {
    let file = File::parse(text)?;
    let kind = file.field("TYPE").ok_or_else(|| ReadError::Missing("TYPE".to_owned()))?;
    let explicit = match file.field("EDGE_WEIGHT_TYPE") {
        Some("EUC_2D") => false,
        Some("EXPLICIT") => true,
        other => return Err(ReadError::Unsupported(format!("EDGE_WEIGHT_TYPE {}", other.unwrap_or("missing")))),
    };
    if !matches!(kind, "CVRP" | "VRPTW" | "MTVRPTWR") {
        return Err(ReadError::Unsupported(format!("TYPE {kind}")));
    }
    let nodes: usize = file.integer("DIMENSION")?.ok_or_else(|| ReadError::Missing("DIMENSION".to_owned()))?;
    if nodes > MAX_STOPS + 1 {
        return Err(ReadError::TooLarge(nodes - 1));
    }
    if nodes == 0 {
        return Err(ReadError::Missing("depot".to_owned()));
    }
    check_depot(&file)?;
    // Times and distances share a unit: tenths where the set cuts distances to tenths.
    let in_tenths = !explicit && kind != "CVRP";
    let scale = if in_tenths { 10.0 } else { 1.0 };
    let column = |section: &str, default: f64| {
        let table = file.table(section, nodes, 1)?;
        Ok::<_, ReadError>(table.map_or(vec![default; nodes], |t| t.into_iter().map(|row| row[0]).collect()))
    };
    let time = |value: f64| (value * scale).round() as i64;
    let mut service: Vec<i64> = match file.integer::<f64>("SERVICE_TIME")? {
        Some(all) => vec![time(all); nodes],
        None => column("SERVICE_TIME_SECTION", 0.0)?.into_iter().map(time).collect(),
    };
    service[0] = 0;
    let window = match file.table("TIME_WINDOW_SECTION", nodes, 2)? {
        Some(rows) => rows.into_iter().map(|row| (time(row[0]), time(row[1]))).collect(),
        None => vec![(0, MAX_TIME); nodes],
    };
    let demand = column("DEMAND_SECTION", 0.0)?.into_iter().map(|d| d as u32).collect();
    Raw {
        name: file.field("NAME").unwrap_or_default().to_owned(),
        // Yang's set prints its tenths as integers.
        tenths: in_tenths && kind == "VRPTW",
        vehicles: file.integer("VEHICLES")?.unwrap_or(nodes),
        capacity: file.integer("CAPACITY")?.ok_or_else(|| ReadError::Missing("CAPACITY".to_owned()))?,
        trips: if kind == "MTVRPTWR" { MAX_TRIPS } else { 1 },
        demand,
        window,
        service,
        ready: column("RELEASE_TIME_SECTION", 0.0)?.into_iter().map(time).collect(),
        distance: distances(&file, nodes, explicit, in_tenths)?,
    }
    .into_instance()
}

fn check_depot(file: &File) -> Result<(), ReadError> {
    let depots = file.sections.get("DEPOT_SECTION").map(Vec::as_slice).unwrap_or_default();
    let ids = depots.iter().flat_map(|(_, l)| l.split_whitespace()).take_while(|&id| id != "-1");
    match ids.collect::<Vec<_>>()[..] {
        ["1"] => Ok(()),
        [] => Err(ReadError::Missing("DEPOT_SECTION".to_owned())),
        _ => Err(ReadError::Unsupported("a depot other than node 1, or several".to_owned())),
    }
}

fn distances(file: &File, nodes: usize, explicit: bool, in_tenths: bool) -> Result<Vec<u32>, ReadError> {
    if !explicit {
        let points =
            file.table("NODE_COORD_SECTION", nodes, 2)?.ok_or_else(|| ReadError::Missing("NODE_COORD_SECTION".to_owned()))?;
        let points: Vec<(f64, f64)> = points.into_iter().map(|row| (row[0], row[1])).collect();
        return Ok(euclid(&points, if in_tenths { tenths } else { f64::round }));
    }
    match file.field("EDGE_WEIGHT_FORMAT") {
        Some("FULL_MATRIX") => {}
        other => return Err(ReadError::Unsupported(format!("EDGE_WEIGHT_FORMAT {}", other.unwrap_or("missing")))),
    }
    let lines = file.sections.get("EDGE_WEIGHT_SECTION").ok_or_else(|| ReadError::Missing("EDGE_WEIGHT_SECTION".to_owned()))?;
    let mut cells = Vec::with_capacity(nodes * nodes);
    for &(at, line) in lines {
        for field in line.split_whitespace() {
            cells.push(number(Some(field), at, "distance")?);
        }
    }
    if cells.len() != nodes * nodes {
        return Err(ReadError::Missing(format!("EDGE_WEIGHT_SECTION: {} of {} distances", cells.len(), nodes * nodes)));
    }
    Ok(cells)
}
