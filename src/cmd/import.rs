//! `nuanfan import`

use super::bench::memory_kb;
use anyhow::{Context, Result, bail};
use app::App;
use domain::id::ImportId;
use domain::text_enum::TextEnum;
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::importing::{Came, bring_in, go_on};
use nuanfan::{block_on, open};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tabular::{Format, TableKind};

/// Imports a CSV or XLSX file. The whole file is checked first; with one fault nothing is imported. The same file twice
/// changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each fault is told with row, column, cause and cure; with one fault nothing is imported. An import that was interrupted goes on where
it stopped, and nobody sees half of one. Whoever runs this command is the administrator of the machine and may import anywhere; over
HTTP people import within their places.

Examples:
  nuanfan import seniors roster.xlsx --dry-run   # only check
  nuanfan import seniors roster.xlsx
  nuanfan import --folder street/                # every table that has a file there, in their order
  nuanfan import --apply imp_0193...             # go on with one")]
pub struct Args {
    /// Which table: places, canteens, dishes, recipes, menus, seniors, facts, families, standing_orders.
    #[arg(required_unless_present_any = ["folder", "apply"], value_parser = kind)]
    kind: Option<TableKind>,
    /// The file, ending in .csv (UTF-8 or GB18030) or .xlsx.
    #[arg(required_unless_present_any = ["folder", "apply"])]
    file: Option<PathBuf>,
    /// Only check: report every fault, or what would be added and changed.
    #[arg(long)]
    dry_run: bool,
    /// Import every table that has a file of its name in this folder, in the order in which they refer to each other.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["kind", "file"])]
    folder: Option<PathBuf>,
    /// Apply an import that was checked before, or go on with one that was interrupted.
    #[arg(long, value_name = "IMPORT", conflicts_with_all = ["kind", "file", "folder", "dry_run"])]
    apply: Option<ImportId>,
    /// Print, as a line of JSON at the end, how long it took, the most memory, and how long its writes held the database.
    #[arg(long)]
    measure: bool,
}

/// What an import took.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Taken {
    /// Rows in its files.
    pub rows: u64,
    /// From the start of the command.
    pub seconds: f64,
    /// The most memory that was in use, in kilobytes.
    pub most_kb: u64,
    /// Writes.
    pub writes: usize,
    /// How long the longest of all but a hundredth of the writes held the database's writer.
    pub hold_p99_ms: f64,
    /// How long the longest did.
    pub hold_max_ms: f64,
}

/// What is watched while an import runs.
struct Watch {
    since: Instant,
    holds: Arc<Mutex<Vec<Duration>>>,
}

impl Watch {
    fn over(app: &App) -> Self {
        let holds = Arc::new(Mutex::new(Vec::new()));
        let kept = holds.clone();
        app.store.observe_holds(Box::new(move |_, held| {
            if let Ok(mut holds) = kept.lock() {
                holds.push(held);
            }
        }));
        Self { since: Instant::now(), holds }
    }

    fn taken(self, rows: u64) -> Result<Taken> {
        let mut holds = self.holds.lock().map(|holds| holds.clone()).unwrap_or_default();
        holds.sort_unstable();
        let ms = |at: usize| holds.get(at).map_or(0.0, |held| held.as_secs_f64() * 1e3);
        let last = holds.len().saturating_sub(1);
        Ok(Taken {
            rows,
            seconds: self.since.elapsed().as_secs_f64(),
            most_kb: memory_kb(std::process::id(), "VmHWM")?,
            writes: holds.len(),
            hold_p99_ms: ms(last * 99 / 100),
            hold_max_ms: ms(last),
        })
    }
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        block_on(async {
            let app = open::open(config, Arc::new(SystemClock)).await?.app;
            let watch = self.measure.then(|| Watch::over(&app));
            if let Some(id) = self.apply {
                return Ok(code(go_on(&app, id).await?));
            }
            let files = match (self.folder, self.kind, self.file) {
                (Some(folder), ..) => files_in(&folder)?,
                (None, Some(kind), Some(file)) => vec![(kind, file)],
                _ => bail!("give a table and a file, or --folder"),
            };
            let mut rows = 0;
            for (kind, path) in files {
                let format = Format::of_file_name(&path.to_string_lossy()).context("the file must end in .csv or .xlsx")?;
                let source = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                // What comes later refers to what comes first.
                let came = bring_in(&app, kind, &name, source, format, self.dry_run).await?;
                match came {
                    Came::Faulty => return Ok(ExitCode::FAILURE),
                    Came::In(brought) | Came::Judged(brought) => rows += brought,
                }
            }
            if let Some(watch) = watch {
                println!("{}", serde_json::to_string(&watch.taken(rows)?)?);
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn code(came: Came) -> ExitCode {
    if came == Came::Faulty { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn kind(word: &str) -> Result<TableKind, String> {
    TableKind::parse(word).ok_or_else(|| {
        let all: Vec<&str> = TableKind::ALL.iter().map(|k| k.as_str()).collect();
        format!("one of: {}", all.join(", "))
    })
}

fn files_in(folder: &Path) -> Result<Vec<(TableKind, PathBuf)>> {
    let mut found = Vec::new();
    for kind in TableKind::ALL {
        let files: Vec<PathBuf> =
            ["csv", "xlsx"].iter().map(|ending| folder.join(format!("{kind}.{ending}"))).filter(|p| p.exists()).collect();
        match files.as_slice() {
            [] => {}
            [one] => found.push((*kind, one.clone())),
            _ => bail!("both {kind}.csv and {kind}.xlsx are in the folder; keep one"),
        }
    }
    if found.is_empty() {
        bail!("no file such as places.csv or seniors.xlsx is in {}", folder.display());
    }
    Ok(found)
}
