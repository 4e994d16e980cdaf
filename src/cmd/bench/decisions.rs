//! `nuanfan bench decisions`

use anyhow::{Context, Result, anyhow, bail};
use domain::subsidy::replay::{meal_of, subject_of};
use domain::subsidy::{Book, Compiled, Decision, Environment, History, Meal, Subject, WorkdayCalendar, decide, parse};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Decides the examples of every policy of a folder over and over on one core: each first with nothing used of its limits, then with what
/// the first has used. Beside it: the same with the trace written as it is stored, and those bytes only copied.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the documents.
    #[arg(default_value = "policies")]
    folder: PathBuf,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

/// A meal to decide.
struct Question {
    document: usize,
    book: Arc<Book>,
    subject: Subject,
    meal: Meal,
    used: History,
}

impl Args {
    pub fn run(self) -> Result<ExitCode> {
        let (names, questions) = questions(&self.folder)?;
        let calendar = WorkdayCalendar::shipped();
        let environment = Environment { calendar: &calendar, budgets: &[] };
        let answer = |q: &Question| {
            decide(&q.book, &q.subject, &q.meal, &q.used, &environment).map_err(|e| anyhow!("{}: {e}", names[q.document]))
        };
        let stored = questions.iter().map(|q| Ok(serde_json::to_string(&answer(q)?)?)).collect::<Result<Vec<String>>>()?;
        println!("{} documents, {} meals, {} bytes a decision", names.len(), questions.len(), middle(&stored));
        let whole = self.rate(&questions, answer)?;
        let written = self.rate(&questions, |q| Ok(serde_json::to_string(&answer(q)?)?))?;
        let copied = self.rate(&stored, |text| Ok(text.as_bytes().to_vec()))?;
        println!("{:<28}{:>14}{:>10}", "", "a second", "ratio");
        for (name, rate) in [("decided", whole), ("decided and written", written), ("the bytes only copied", copied)] {
            println!("{name:<28}{rate:>14.0}{:>10.4}", rate / copied);
        }
        self.slowest(&names, &questions, answer)?;
        Ok(ExitCode::SUCCESS)
    }

    /// How many a second, all of them in turn; what comes out is made whether or not anybody looks at it.
    fn rate<Q, A>(&self, questions: &[Q], one: impl Fn(&Q) -> Result<A>) -> Result<f64> {
        let (time, began, mut count) = (Duration::from_secs(self.seconds), Instant::now(), 0_u64);
        while began.elapsed() < time {
            for question in questions {
                drop(black_box(one(black_box(question))?));
            }
            count += questions.len() as u64;
        }
        Ok(count as f64 / began.elapsed().as_secs_f64())
    }

    fn slowest(&self, names: &[String], questions: &[Question], answer: impl Fn(&Question) -> Result<Decision>) -> Result<()> {
        let mut rates = Vec::new();
        let short = Self { folder: self.folder.clone(), seconds: 1 };
        for (number, name) in names.iter().enumerate() {
            let own: Vec<&Question> = questions.iter().filter(|q| q.document == number).collect();
            rates.push((short.rate(&own, |q| answer(q))?, name));
        }
        rates.sort_by(|a, b| a.0.total_cmp(&b.0));
        println!("the slowest:");
        for (rate, name) in rates.iter().take(5) {
            println!("  {name:<40}{rate:>12.0} a second");
        }
        Ok(())
    }
}

fn middle(stored: &[String]) -> usize {
    let mut lengths: Vec<usize> = stored.iter().map(String::len).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or_default()
}

fn questions(folder: &Path) -> Result<(Vec<String>, Vec<Question>)> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    let (mut names, mut questions) = (Vec::new(), Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let document = parse::document(&text).into_result().map_err(|_| anyhow!("{} has faults: nuanfan policy check", file.display()))?;
        let book = Arc::new(Book::new(vec![Arc::new(Compiled::new(document.clone()))])?);
        for case in &document.examples {
            let (subject, meal) = (subject_of(case, &document), meal_of(case, &document));
            let calendar = WorkdayCalendar::shipped();
            let first = decide(&book, &subject, &meal, &History::default(), &Environment { calendar: &calendar, budgets: &[] })?;
            let mut used = History::default();
            used.claim(&first.claims);
            for used in [History::default(), used] {
                let (subject, meal, book) = (subject.clone(), meal.clone(), book.clone());
                questions.push(Question { document: names.len(), book, subject, meal, used });
            }
        }
        names.push(file.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    }
    if questions.is_empty() {
        bail!("{} has no policy document with examples", folder.display());
    }
    Ok((names, questions))
}
