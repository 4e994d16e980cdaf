//! `nuanfan export`

use anyhow::{Context, Result};
use app::claims::csv::{ClaimFile, Sheet};
use app::claims::statement::{self, ClaimFilter};
use app::exports::{self, ExportKind, ExportRefusal, ORDER_DAYS, Wanted, XLSX_ROWS, file};
use app::failure::Failure;
use app::tabular::Language;
use domain::ServiceDate;
use domain::claim::Month;
use futures_util::StreamExt;
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::{block_on, open};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

/// Writes files from the database.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A table that is exported in the clear can be imported again and changes nothing. Personal values are masked unless a purpose is given,
which is kept in the audit log.

Examples:
  nuanfan export claims --month 2026-11 --canteen C01 --output claim.csv
  nuanfan export dishes > dishes.csv
  nuanfan export seniors --reveal-for \"move to a new machine\" --output roster.csv
  nuanfan export orders --help                   # what one table takes")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// What funders owe canteens for a month's meals, as CSV. The same data give the same bytes.
    Claims(Claims),
    /// Places.
    Places(Table),
    /// Canteens with their hours.
    Canteens(Table),
    /// Dishes.
    Dishes(Table),
    /// Recipes.
    Recipes(Table),
    /// Dated menus with prices and portions.
    Menus(Table),
    /// Seniors; masked without --reveal-for.
    Seniors(Table),
    /// Dated facts about seniors; masked without --reveal-for.
    Facts(Table),
    /// Family bindings; masked without --reveal-for.
    Families(Table),
    /// Standing orders; masked without --reveal-for.
    #[command(name = "standing_orders")]
    StandingOrders(Table),
    /// Orders of some days, with masked names; cannot be imported.
    Orders(Table),
}

#[derive(Debug, clap::Args)]
struct Claims {
    /// Meals of this month, as in 2026-11.
    #[arg(long, value_name = "YYYY-MM")]
    month: Month,
    /// Only this canteen, by its code.
    #[arg(long, value_name = "CODE")]
    canteen: Option<String>,
    /// Only what this funder bears, by its id in the policies.
    #[arg(long, value_name = "FUNDER")]
    funder: Option<String>,
    /// Totals per payer and policy version instead of lines.
    #[arg(long)]
    totals: bool,
    /// Write to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        match self.what {
            What::Claims(claims) => block_on(claims.run(config))?,
            What::Places(table) => table.write(config, ExportKind::Places)?,
            What::Canteens(table) => table.write(config, ExportKind::Canteens)?,
            What::Dishes(table) => table.write(config, ExportKind::Dishes)?,
            What::Recipes(table) => table.write(config, ExportKind::Recipes)?,
            What::Menus(table) => table.write(config, ExportKind::Menus)?,
            What::Seniors(table) => table.write(config, ExportKind::Seniors)?,
            What::Facts(table) => table.write(config, ExportKind::Facts)?,
            What::Families(table) => table.write(config, ExportKind::Families)?,
            What::StandingOrders(table) => table.write(config, ExportKind::StandingOrders)?,
            What::Orders(table) => table.write(config, ExportKind::Orders)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A table in the columns that the import reads: importing it again changes nothing.
#[derive(Debug, clap::Args)]
struct Table {
    /// The form of the file; a workbook takes at most 20,000 rows.
    #[arg(long, value_parser = ["csv", "xlsx"], default_value = "csv")]
    format: String,
    /// The encoding of a CSV file.
    #[arg(long, value_parser = ["utf-8", "gb18030"], default_value = "utf-8")]
    encoding: String,
    /// The language of the headings; both are read back.
    #[arg(long, value_parser = ["zh", "en"], default_value = "zh")]
    headings: String,
    /// Menus and orders from this date on.
    #[arg(long, value_name = "DATE", requires = "to", value_parser = date)]
    from: Option<ServiceDate>,
    /// Up to this date, included.
    #[arg(long, value_name = "DATE", requires = "from", value_parser = date)]
    to: Option<ServiceDate>,
    /// Show personal values in the clear, for this purpose, which is kept in the audit log.
    #[arg(long, value_name = "PURPOSE")]
    reveal_for: Option<String>,
    /// Write to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Table {
    fn write(self, config: &Config, kind: ExportKind) -> Result<()> {
        block_on(self.run(config, kind))
    }

    async fn run(self, config: &Config, kind: ExportKind) -> Result<()> {
        let app = open::open(config, Arc::new(SystemClock)).await?.app;
        let wanted = Wanted { kind, dates: self.from.zip(self.to), purpose: self.reveal_for };
        let language = if self.headings == "en" { Language::English } else { Language::Chinese };
        let export = exports::begin(&app, None, wanted).await.map_err(explain)?;
        let mut out = sink(self.output.as_deref())?;
        if self.format == "xlsx" {
            let many = || anyhow::anyhow!("not as a workbook: it takes at most {XLSX_ROWS} rows, and orders come as CSV only");
            out.write_all(&export.workbook(language).await.map_err(explain)?.ok_or_else(many)?)?;
        } else {
            let encoding = if self.encoding == "gb18030" { file::Encoding::Gb18030 } else { file::Encoding::Utf8 };
            let mut csv = file::Csv::new(export, language, encoding);
            while let Some(bytes) = csv.next().await.map_err(explain)? {
                out.write_all(&bytes)?;
            }
        }
        out.flush()?;
        Ok(())
    }
}

fn date(text: &str) -> Result<ServiceDate, String> {
    ServiceDate::parse(text).ok_or_else(|| "a date such as 2026-11-23".to_owned())
}

fn sink(output: Option<&Path>) -> Result<Box<dyn Write>> {
    Ok(match output {
        None => Box::new(std::io::stdout().lock()),
        Some(path) => Box::new(BufWriter::new(private(path).with_context(|| format!("cannot write {}", path.display()))?)),
    })
}

/// What holds personal data is for its owner alone.
pub(super) fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn explain(failure: Failure<ExportRefusal>) -> anyhow::Error {
    match failure {
        Failure::Refused(ExportRefusal::Dates) => {
            anyhow::anyhow!("give --from and --to, --to not before --from; orders of at most {ORDER_DAYS} days")
        }
        Failure::Refused(ExportRefusal::NothingHidden) => anyhow::anyhow!("nothing in this table is masked; leave --reveal-for out"),
        Failure::Store(fault) => anyhow::anyhow!(fault.0),
        other => anyhow::anyhow!("{other:?}"),
    }
}

impl Claims {
    async fn run(self, config: &Config) -> Result<()> {
        let app = open::open(config, Arc::new(SystemClock)).await?.app;
        let mut canteens = statement::every_canteen(&app).await?;
        if let Some(code) = &self.canteen {
            canteens.retain(|canteen| canteen.code == *code);
            anyhow::ensure!(!canteens.is_empty(), "no canteen has the code {code}");
        }
        let out = sink(self.output.as_deref())?;
        let sheet = if self.totals { Sheet::Totals } else { Sheet::Lines };
        let filter = ClaimFilter { month: self.month, canteen: None, funder: self.funder };
        let mut file = ClaimFile::begin(out, sheet)?;
        let (mut lines, mut fen) = (0, domain::Fen::ZERO);
        let mut statements = pin!(statement::statements(&app, canteens, &filter));
        while let Some(statement) = statements.next().await {
            let statement = statement.map_err(|f| anyhow::anyhow!("{f:?}"))?;
            file.add(&statement)?;
            lines += statement.lines.len();
            fen = fen.plus(statement.fen)?;
        }
        file.end()?.flush()?;
        eprintln!("{}: {lines} lines, {fen} yuan", self.month);
        Ok(())
    }
}
