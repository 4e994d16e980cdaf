//! `nuanfan policy`

mod backtest;

use anyhow::{Context, Result, bail};
use domain::subsidy::cases::Case;
use domain::subsidy::replay::{Replayed, Report, Verdict, replay};
use domain::subsidy::words::Language;
use domain::subsidy::{Document, Finding, WorkdayCalendar, check, parse, read};
use nuanfan::config::Config;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Works with policy documents, and changes nothing. Only the back-test needs a database.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Report every fault of a document at once: place, cause and cure. Ends with 1 when it must not be published.
    Check(Check),
    /// Replay cases against a document: expected against computed, with the trace on a difference. Ends with 1 on any.
    Test(Test),
    /// Try a draft on the meals of a period: what it costs whom, who pays more and who less.
    Backtest(backtest::Args),
    /// Print the JSON Schema of policy documents.
    Schema,
}

#[derive(Debug, clap::Args)]
struct Check {
    /// The document, YAML or JSON.
    file: PathBuf,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    /// Print English instead of Chinese.
    #[arg(long)]
    english: bool,
}

#[derive(Debug, clap::Args)]
struct Test {
    /// The document, YAML or JSON.
    file: PathBuf,
    /// A list of cases instead of the document's own examples.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// Another programme that acts on the same meals; may be repeated.
    #[arg(long, value_name = "FILE")]
    beside: Vec<PathBuf>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    /// Print English instead of Chinese.
    #[arg(long)]
    english: bool,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        match self.what {
            What::Check(check) => check.run(),
            What::Test(test) => test.run(),
            What::Backtest(backtest) => backtest.run(config),
            What::Schema => {
                println!("{}", serde_json::to_string_pretty(&domain::subsidy::json_schema())?);
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Check {
    fn run(self) -> Result<ExitCode> {
        let language = language(self.english);
        let found = check::check_text(&text_of(&self.file)?, &WorkdayCalendar::shipped()).findings;
        let errors = found.iter().filter(|f| f.is_error()).count();
        if self.json {
            let good = errors == 0;
            println!("{}", serde_json::to_string_pretty(&serde_json::json!({ "good": good, "findings": found }))?);
        } else {
            found.iter().for_each(|f| println!("{}", told(f, language)));
            let summary = match language {
                Language::Zh => format!("{}: {errors} 处错误, {} 处提醒", self.file.display(), found.len() - errors),
                Language::En => format!("{}: {errors} errors, {} remarks", self.file.display(), found.len() - errors),
            };
            println!("{summary}");
        }
        Ok(ExitCode::from(u8::from(errors > 0)))
    }
}

impl Test {
    fn run(self) -> Result<ExitCode> {
        let language = language(self.english);
        let document = document_of(&self.file, language)?;
        let beside = self.beside.iter().map(|file| document_of(file, language)).collect::<Result<Vec<_>>>()?;
        let cases = match &self.cases {
            Some(file) => cases_of(file, language)?,
            None => document.examples.clone(),
        };
        if cases.is_empty() {
            bail!("{}", language.pick("没有可重放的案例", "there is no case to replay"));
        }
        let report = replay(&document, &beside, &cases, &WorkdayCalendar::shipped())?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            report.cases.iter().for_each(|case| println!("{}", told_case(case, language)));
            println!("{}", told_report(&report, language));
        }
        Ok(ExitCode::from(u8::from(report.failed > 0)))
    }
}

fn language(english: bool) -> Language {
    if english { Language::En } else { Language::Zh }
}

/// A file's text. One that is too large is not read at all.
fn text_of(file: &Path) -> Result<String> {
    let size = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    if size > read::TEXT_MAX as u64 {
        bail!("{} has {size} bytes; at most {} are read", file.display(), read::TEXT_MAX);
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {} as UTF-8", file.display()))
}

fn document_of(file: &Path, language: Language) -> Result<Document> {
    parse::document(&text_of(file)?).into_result().map_err(|found| unreadable(file, &found, language))
}

fn cases_of(file: &Path, language: Language) -> Result<Vec<Case>> {
    let parsed = parse::cases(&text_of(file)?);
    for warning in parsed.findings.iter().filter(|f| !f.is_error()) {
        eprintln!("{}", told(warning, language));
    }
    parsed.into_result().map_err(|found| unreadable(file, &found, language))
}

fn unreadable(file: &Path, found: &[Finding], language: Language) -> anyhow::Error {
    let all: Vec<String> = found.iter().map(|f| told(f, language)).collect();
    anyhow::anyhow!("{}\n{}", file.display(), all.join("\n"))
}

fn told(found: &Finding, language: Language) -> String {
    let place = if found.place.is_empty() { "/" } else { &found.place };
    let (cause, cure) = (language.pick(&found.cause_zh, &found.cause_en), language.pick(&found.cure_zh, &found.cure_en));
    format!("{} {} {place}: {cause}; {cure}", found.severity, found.code)
}

fn told_case(case: &Replayed, language: Language) -> String {
    let mut lines = match case.verdict {
        Verdict::Pass => vec![format!("pass {}", case.id)],
        Verdict::Skipped => vec![format!("skipped {} {}", case.id, language.pick("(另一种读法)", "(another reading)"))],
        Verdict::Fail => vec![format!("FAIL {}", case.id)],
    };
    let shown = |fen: Option<domain::Fen>| fen.map_or_else(|| "-".to_owned(), |fen| fen.to_string());
    for difference in &case.differences {
        let (expected, computed) = (shown(difference.expected_fen), shown(difference.computed_fen));
        lines.push(match language {
            Language::Zh => format!("  {}: 期望 {expected} 算得 {computed}", difference.field),
            Language::En => format!("  {}: expected {expected} computed {computed}", difference.field),
        });
    }
    let explanation = match language {
        Language::Zh => &case.explanation_zh,
        Language::En => &case.explanation_en,
    };
    lines.extend(explanation.iter().flat_map(|text| text.lines()).map(|line| format!("    {line}")));
    lines.join("\n")
}

fn told_report(report: &Report, language: Language) -> String {
    let Report { passed, failed, skipped, .. } = report;
    match language {
        Language::Zh => format!("{passed} 个相符, {failed} 个不符, {skipped} 个属于另一种读法"),
        Language::En => format!("{passed} passed, {failed} failed, {skipped} of another reading"),
    }
}
