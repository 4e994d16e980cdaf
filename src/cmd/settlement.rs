//! `nuanfan settlement`

use anyhow::{Context, Result, anyhow, bail};
use app::App;
use app::claims::statement::{self, CANTEENS_AT_ONCE};
use app::failure::Failure;
use app::idempotency::RequestKey;
use app::settlements::step::{Step, step};
use app::settlements::{SettlementRefusal, SettlementSummary, answer, file, freeze, look, payee, payout, suspense};
use app::store::query::claims::ClaimCanteen;
use app::store::query::settlements::SettlementFilter;
use app::tabular::Format;
use clap::builder::NonEmptyStringValueParser;
use domain::PlaceCode;
use domain::access::Actor;
use domain::id::{PaymentId, PayoutId, SettlementId, SuspenseId};
use domain::settlement::payee::AccountNumber;
use domain::settlement::{Period, SettlementState};
use futures_util::StreamExt;
use futures_util::stream;
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::{block_on, open};
use serde::Serialize;
use std::fmt::Debug;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

/// Settles a month or quarter: freeze, review, approve, publish, pay, take the bank's answer, close. Every step is taken in
/// the name of a user, with that user's rights, and is kept in the audit log.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The login of whoever answers for it.
    #[arg(long, value_name = "LOGIN", global = true, default_value = "")]
    by: String,
    #[command(subcommand)]
    what: What,
}

/// Which settlements.
#[derive(Debug, clap::Args)]
struct Which {
    /// A month or quarter, as in 2026-11 or 2026-Q4.
    #[arg(long, value_name = "PERIOD")]
    period: Period,
    /// Only this canteen's, by its code.
    #[arg(long, value_name = "CODE")]
    canteen: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Freeze the lines of every canteen in sight: one settlement for each canteen and payer.
    Freeze(Which),
    /// Confirm frozen settlements at the street.
    Review(Which),
    /// Approve reviewed settlements at the district.
    Approve(Which),
    /// Show approved settlements to the public; their payments become due.
    Publish(Which),
    /// Close settlements whose every payment has arrived.
    Close(Which),
    /// Take one settlement back before its approval.
    Withdraw {
        /// Which, as `set_...`.
        settlement: SettlementId,
        /// Why.
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
    /// List settlements.
    List(Which),
    /// Enter a canteen's bank account; the number is read from standard input, so that it stands in no history.
    Payee {
        /// The canteen's code.
        #[arg(long, value_name = "CODE")]
        canteen: String,
        /// The holder of the account.
        #[arg(long)]
        holder: String,
        /// The bank and its branch.
        #[arg(long)]
        bank: String,
    },
    /// Confirm the account that somebody else entered.
    ConfirmPayee {
        /// The canteen's code.
        #[arg(long, value_name = "CODE")]
        canteen: String,
    },
    /// Put the due payments of a place and below into a payout.
    Payout {
        /// The place's code.
        #[arg(long, value_name = "PLACE", value_parser = place_code)]
        place: PlaceCode,
    },
    /// Write a payout's file for the bank: CSV, or XLSX by the file's ending. The same payout gives the same bytes.
    File {
        /// Which, as `pyo_...`.
        payout: PayoutId,
        /// The file, ending in .csv or .xlsx; it holds account numbers and is made for its owner alone.
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Take a bank's answer: CSV in UTF-8 or GB18030. The same answer twice changes nothing.
    Answer {
        /// The place's code.
        #[arg(long, value_name = "PLACE", value_parser = place_code)]
        place: PlaceCode,
        /// The file.
        file: PathBuf,
    },
    /// Issue a returned payment again under a new number.
    Reissue {
        /// Which, as `pay_...`.
        payment: PaymentId,
    },
    /// List what waits on the suspense list.
    Suspense,
    /// Take a row off the suspense list, saying what it was.
    Resolve {
        /// Which, as `sus_...`.
        item: SuspenseId,
        /// What it was.
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        note: String,
    },
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        block_on(async {
            let app = open::open(config, Arc::new(SystemClock)).await?.app;
            let actor = app::session::staff(&app, self.by.clone()).await.map_err(explain)?;
            let actor = actor.with_context(|| format!("no active staff user has the login {:?}; give --by LOGIN", self.by))?;
            Desk { app, actor }.run(self.what).await
        })
    }
}

/// The use cases, in somebody's name.
struct Desk {
    app: App,
    actor: Arc<Actor>,
}

impl Desk {
    async fn run(&self, what: What) -> Result<ExitCode> {
        match what {
            What::Freeze(which) => return self.freeze(&which).await,
            What::Review(which) => return self.step_all(&which, SettlementState::Frozen, &Step::Review).await,
            What::Approve(which) => return self.step_all(&which, SettlementState::Reviewed, &Step::Approve).await,
            What::Publish(which) => return self.step_all(&which, SettlementState::Approved, &Step::Publish).await,
            What::Close(which) => return self.step_all(&which, SettlementState::Published, &Step::Close).await,
            What::Withdraw { settlement, reason } => {
                let card = look::get(&self.app, self.actor.clone(), settlement).await.map_err(explain)?;
                let version = card.summary.version;
                let done = step(&self.app, self.actor.clone(), settlement, version, Step::Withdraw(reason)).await;
                told(&done.map_err(explain)?);
            }
            What::List(which) => self.found(&which, None).await?.iter().for_each(told),
            What::Payee { canteen, holder, bank } => self.enter_payee(&canteen, holder, bank).await?,
            What::ConfirmPayee { canteen } => {
                let (id, version) = self.payee(&canteen).await?;
                let version = version.context("the canteen has no account")?;
                let card = payee::confirm(&self.app, self.actor.clone(), id, version).await.map_err(explain)?;
                println!("{canteen}: {} {} is confirmed", card.holder, card.account);
            }
            What::Payout { place } => {
                let made = payout::make(&self.app, self.actor.clone(), self.key("payout", &place)?, place).await;
                let made = made.map_err(explain)?;
                println!("{} {} {}", made.payout.id, made.payout.payments, made.payout.fen);
                made.without_account.iter().for_each(|code| eprintln!("{code}: no confirmed account; its payments stay due"));
            }
            What::File { payout, output } => self.file(payout, output).await?,
            What::Answer { place, file } => return self.answer(place, file).await,
            What::Reissue { payment } => {
                let key = self.key("reissue", &payment)?;
                println!("{}", payout::reissue(&self.app, self.actor.clone(), key, payment).await.map_err(explain)?);
            }
            What::Suspense => self.suspense().await?,
            What::Resolve { item, note } => {
                suspense::resolve(&self.app, self.actor.clone(), item, note).await.map_err(explain)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Each run of a command is a request of its own.
    fn key(&self, operation: &str, body: &impl Serialize) -> Result<RequestKey> {
        let key = format!("cli-{:032x}", rand::random::<u128>());
        RequestKey::new(self.actor.user, None, &key, operation, body).map_err(|_| anyhow!("a key could not be made"))
    }

    async fn canteens(&self, only: Option<&str>) -> Result<Vec<ClaimCanteen>> {
        let mut all = statement::canteens(&self.app, self.actor.clone(), None).await.map_err(explain)?;
        if let Some(code) = only {
            all.retain(|canteen| canteen.code == code);
            anyhow::ensure!(!all.is_empty(), "no canteen in sight has the code {code}");
        }
        Ok(all)
    }

    async fn freeze(&self, which: &Which) -> Result<ExitCode> {
        let (mut frozen, mut refused) = (0, 0);
        let canteens = self.canteens(which.canteen.as_deref()).await?;
        let freezing = stream::iter(&canteens).map(async |canteen| {
            let key = self.key("freeze", &canteen.code)?;
            let done = freeze::freeze(&self.app, self.actor.clone(), key, canteen.id.0, which.period).await;
            anyhow::Ok((canteen, done))
        });
        let mut freezing = pin!(freezing.buffered(CANTEENS_AT_ONCE));
        while let Some(done) = freezing.next().await {
            let (canteen, done) = done?;
            match done {
                Ok(done) => {
                    frozen += done.settlements.len();
                    done.settlements.iter().for_each(told);
                    Self::left_out(&canteen.code, done.held, done.carried);
                }
                Err(Failure::Refused(SettlementRefusal::NothingToSettle { held, carried })) => {
                    Self::left_out(&canteen.code, held, carried);
                }
                Err(failure) => {
                    refused += 1;
                    eprintln!("{}: {}", canteen.code, explain(failure));
                }
            }
        }
        eprintln!("{}: {frozen} settlements frozen, {refused} canteens refused", which.period);
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn left_out(code: &str, held: u64, carried: u64) {
        if held > 0 {
            eprintln!("{code}: {held} lines wait for people to look at them: the person was recorded as dead, or a correction is open");
        }
        if carried > 0 {
            eprintln!("{code}: {carried} lines take more back than is owed now, and are kept from a later period");
        }
    }

    async fn found(&self, which: &Which, state: Option<SettlementState>) -> Result<Vec<SettlementSummary>> {
        let canteen = match &which.canteen {
            Some(code) => self.canteens(Some(code)).await?.first().map(|canteen| canteen.id.0),
            None => None,
        };
        let filter = SettlementFilter { canteen, period: Some(which.period.to_string()), state, before: None, limit: 500 };
        let mut all = look::all(&self.app, self.actor.clone(), filter).await.map_err(explain)?;
        all.sort_by(|a, b| (&a.code, &a.payer).cmp(&(&b.code, &b.payer)));
        Ok(all)
    }

    async fn step_all(&self, which: &Which, from: SettlementState, what: &Step) -> Result<ExitCode> {
        let (mut done, mut refused) = (0, 0);
        for of in self.found(which, Some(from)).await? {
            match step(&self.app, self.actor.clone(), of.id, of.version, what.clone()).await {
                Ok(after) => {
                    done += 1;
                    told(&after);
                }
                Err(failure) => {
                    refused += 1;
                    eprintln!("{} {} {}: {}", of.code, of.payer, of.id, explain(failure));
                }
            }
        }
        eprintln!("{}: {done} settlements done, {refused} refused", which.period);
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// A canteen by its code, with the version of its account when it has one.
    async fn payee(&self, code: &str) -> Result<(domain::id::CanteenId, Option<i64>)> {
        let canteen = self.canteens(Some(code)).await?.first().map(|canteen| canteen.id.0).context("no such canteen")?;
        match payee::get(&self.app, self.actor.clone(), canteen).await {
            Ok(card) => Ok((canteen, Some(card.version))),
            Err(Failure::NotFound(_)) => Ok((canteen, None)),
            Err(failure) => Err(explain(failure)),
        }
    }

    async fn enter_payee(&self, code: &str, holder: String, bank: String) -> Result<()> {
        let (canteen, version) = self.payee(code).await?;
        let mut account = String::new();
        std::io::stdin().read_line(&mut account).context("the account number is read from standard input")?;
        let account = AccountNumber::parse(account.trim())?;
        let new = payee::NewPayee { holder, bank, account };
        let card = payee::enter(&self.app, self.actor.clone(), canteen, version, new).await.map_err(explain)?;
        println!("{code}: {} {} waits for a second person to confirm it", card.holder, card.account);
        Ok(())
    }

    async fn file(&self, payout: PayoutId, output: PathBuf) -> Result<()> {
        use std::io::Write as _;
        let format = Format::of_file_name(&output.to_string_lossy()).context("the file must end in .csv or .xlsx")?;
        let bytes = file::export(&self.app, self.actor.clone(), payout, format).await.map_err(explain)?;
        super::export::private(&output)
            .and_then(|mut file| file.write_all(&bytes))
            .with_context(|| format!("cannot write {}", output.display()))
    }

    async fn answer(&self, place: PlaceCode, path: PathBuf) -> Result<ExitCode> {
        let size = std::fs::metadata(&path).with_context(|| format!("cannot open {}", path.display()))?.len();
        if size > answer::FILE_MAX as u64 {
            bail!("the file is larger than {} MB", answer::FILE_MAX >> 20);
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let taken = match answer::take(&self.app, self.actor.clone(), place, name, bytes).await {
            Err(Failure::Refused(SettlementRefusal::Faulty(faults))) => {
                faults.0.iter().for_each(|fault| eprintln!("{}: {}", fault.place, fault.message_zh));
                return Ok(ExitCode::FAILURE);
            }
            taken => taken.map_err(explain)?,
        };
        let known = if taken.known { " (taken before; nothing was changed)" } else { "" };
        println!(
            "{} rows: {} paid, {} returned, {} known, {} on the suspense list{known}",
            taken.rows, taken.paid, taken.returned, taken.repeated, taken.suspended
        );
        Ok(ExitCode::SUCCESS)
    }

    async fn suspense(&self) -> Result<()> {
        let mut after = None;
        loop {
            let (rows, next) = suspense::list(&self.app, self.actor.clone(), after, 500).await.map_err(explain)?;
            for of in rows {
                println!("{} row {} {} {} {} {} {}", of.id, of.row, of.cause, of.payment, of.fen, of.holder, of.account);
            }
            match next {
                Some(last) => after = Some(last),
                None => return Ok(()),
            }
        }
    }
}

fn told(of: &SettlementSummary) {
    println!("{} {} {} {} {} {} {} {}", of.id, of.code, of.period, of.payer, of.state, of.lines, of.fen, of.hash);
}

fn place_code(text: &str) -> Result<PlaceCode, String> {
    PlaceCode::parse(text).map_err(|e| e.to_string())
}

/// A failure in words.
fn explain<R: Debug>(failure: Failure<R>) -> anyhow::Error {
    match failure {
        Failure::Store(fault) => anyhow!(fault.0),
        Failure::Forbidden => anyhow!("this user may not do this here"),
        Failure::NotFound(thing) => anyhow!("not found, or not in sight of this user: {thing:?}"),
        Failure::Stale { .. } => anyhow!("somebody else has changed it meanwhile; run it again"),
        Failure::KeyReused => anyhow!("the key was used for another request"),
        Failure::Refused(refusal) => anyhow!("refused: {refusal:?}"),
    }
}
