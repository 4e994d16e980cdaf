//! Benchmark files from the command line: reading them, giving the solver a clock, finding what is known about them.

use anyhow::{Context, Result, bail};
use delivery::instance::{self, Answer, Instance, Known, Row};
use delivery::solver::{Budget, Progress, Settings, Solution};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Largest file read: an explicit matrix of the most places that can be planned, with room to spare.
const FILE_MAX: u64 = 256 << 20;
/// Files looked at in one folder.
const FILES_MAX: usize = 10_000;

/// How long to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Wall time, from the beginning of the run.
    Time(Duration),
    /// Steps of each thread: the same plan on any machine.
    Steps(u64),
}

/// One run of the solver.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// How long.
    pub length: Length,
    /// Seed of all randomness.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
    /// Set from outside to end the search with the best plan so far.
    pub stop: &'a AtomicBool,
    /// Told of the progress.
    pub progress: Option<&'a (dyn Fn(Progress) + Sync)>,
}

impl Run<'_> {
    /// Solves an instance; the run is counted from `began`.
    #[must_use]
    pub fn solve(&self, instance: &Instance, began: Instant) -> (Answer, Solution) {
        let elapsed = || began.elapsed().as_secs_f64();
        let used = || match self.length {
            Length::Time(all) => elapsed() / all.as_secs_f64().max(0.001),
            Length::Steps(_) => 0.0,
        };
        let budget = match self.length {
            Length::Time(_) => Budget::Until(&used),
            Length::Steps(steps) => Budget::Steps(steps),
        };
        let cancel = || self.stop.load(Ordering::Relaxed);
        let settings = Settings {
            seed: self.seed,
            threads: self.threads,
            budget,
            cancel: Some(&cancel),
            progress: self.progress,
            ..Settings::default()
        };
        instance.solve(&settings, &elapsed)
    }
}

/// A file's text. One that is too large is not read at all.
fn text_of(file: &Path) -> Result<String> {
    let size = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    if size > FILE_MAX {
        bail!("{} has {size} bytes; at most {FILE_MAX} are read", file.display());
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {} as UTF-8", file.display()))
}

/// Reads an instance of any format.
///
/// # Errors
/// A file that cannot be read, or is not an instance: with the line and the cause.
pub fn read(file: &Path) -> Result<Instance> {
    instance::read(&text_of(file)?).with_context(|| file.display().to_string())
}

/// The best known cost of an instance: its `.sol` file, or its line in `best-known.csv` beside it.
///
/// # Errors
/// A file of that name that cannot be read.
pub fn best_known(file: &Path, name: &str) -> Result<Option<f64>> {
    let solution = file.with_extension("sol");
    if solution.exists() {
        let known: Known = instance::solution_file(&text_of(&solution)?).with_context(|| solution.display().to_string())?;
        return Ok(Some(known.cost));
    }
    let table = file.with_file_name("best-known.csv");
    if !table.exists() {
        return Ok(None);
    }
    let known = instance::best_known(&text_of(&table)?).with_context(|| table.display().to_string())?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let found = |wanted: &str| known.iter().find(|(known, _)| known.eq_ignore_ascii_case(wanted)).map(|(_, cost)| *cost);
    Ok(found(name).or_else(|| found(&stem)))
}

/// Files in a folder and its folders that may be instances (`.vrp`, `.txt`, `.json`), by group: the folder, and the size.
///
/// # Errors
/// A folder that cannot be read, or one that holds no such file or too many.
pub fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| format!("cannot read the folder {}", next.display()))? {
            let entry = entry?;
            let path = entry.path();
            // Not through links: they may lead round in circles.
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| ["vrp", "txt", "json"].iter().any(|known| e.eq_ignore_ascii_case(known))) {
                files.push(path);
            }
            if files.len() + folders.len() > FILES_MAX {
                bail!("{} holds more than {FILES_MAX} files", folder.display());
            }
        }
    }
    if files.is_empty() {
        bail!("no .vrp, .txt or .json file is in {}", folder.display());
    }
    files.sort();
    Ok(files)
}

/// The group of an instance in the table: its folder below the one that was named, and how many stops it has.
#[must_use]
pub fn group(folder: &Path, file: &Path, stops: usize) -> String {
    let below = file.parent().and_then(|parent| parent.strip_prefix(folder).ok()).filter(|below| !below.as_os_str().is_empty());
    let name = below.map_or_else(|| ".".to_owned(), |below| below.display().to_string());
    match stops {
        0..300 => format!("{name}, under 300 stops"),
        300..700 => format!("{name}, 300-699 stops"),
        _ => format!("{name}, 700 stops and more"),
    }
}

/// Rows by group, in the order of the groups' names.
#[derive(Debug, Default)]
pub struct Table {
    groups: BTreeMap<String, Vec<Row>>,
}

impl Table {
    /// Adds one run.
    pub fn add(&mut self, group: String, row: Row) {
        self.groups.entry(group).or_default().push(row);
    }

    /// Every run counted was feasible.
    #[must_use]
    pub fn all_feasible(&self) -> bool {
        self.groups.values().flatten().all(|row| row.feasible)
    }

    /// A line per instance with the median of its runs, then one per group with the mean of the medians.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{:<44} {:>6} {:>12} {:>12} {:>9}\n", "instance", "runs", "median cost", "best known", "gap");
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| v.to_string());
        let percent = |gap: f64| if gap.is_finite() { format!("{gap:.3} %") } else { "infeasible".to_owned() };
        let mut ends = String::new();
        for (group, rows) in &self.groups {
            let (medians, mean) = instance::median_gaps(rows);
            let mut names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
            names.dedup();
            for name in names {
                let mut runs: Vec<&Row> = rows.iter().filter(|row| row.name == name).collect();
                runs.sort_by(|a, b| (!a.feasible).cmp(&!b.feasible).then(a.cost.total_cmp(&b.cost)));
                let Some(middle) = runs.get(runs.len() / 2) else { continue };
                let gap = medians.iter().find(|(of, _)| of == name).map_or_else(|| "-".to_owned(), |(_, gap)| percent(*gap));
                let cost = if middle.feasible { middle.cost.to_string() } else { "infeasible".to_owned() };
                text += &format!("{name:<44} {:>6} {cost:>12} {:>12} {gap:>9}\n", runs.len(), number(middle.known));
            }
            if !medians.is_empty() {
                ends += &format!("{group:<44} {:>6} {:>12} {:>12} {:>9}\n", rows.len(), "", "mean", percent(mean));
            }
        }
        text + &ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_by_folder_and_size() {
        let cases =
            [("a/x.vrp", 100, ", under 300 stops"), ("a/b/x.vrp", 300, "b, 300-699 stops"), ("a/x.vrp", 700, "700 stops and more")];
        for (file, stops, part) in cases {
            let told = group(Path::new("a"), Path::new(file), stops);
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn the_table_shows_medians_and_names_what_is_infeasible() {
        let row = |name: &str, seed, cost, feasible| Row {
            name: name.to_owned(),
            seed,
            cost,
            known: Some(100.0),
            gap: Some(instance::gap_percent(cost, 100.0)),
            feasible,
            seconds: 1.0,
            steps: 1,
        };
        let mut table = Table::default();
        for (seed, cost) in [(1, 103.0), (2, 101.0), (3, 102.0)] {
            table.add("g".to_owned(), row("one", seed, cost, true));
        }
        assert!(table.all_feasible() && table.text().contains("2.000 %"), "{}", table.text());
        table.add("g".to_owned(), row("two", 1, 90.0, false));
        assert!(!table.all_feasible() && table.text().contains("infeasible"), "{}", table.text());
    }
}
