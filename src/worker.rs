//! The worker: what the system does on its own, without anyone asking.
//!
//! Each task has a rhythm of its own and runs beside the others, so that a long one does not hold up a login code. Any number
//! of workers may run: jobs are leased, generation is idempotent, checks only look.

use crate::config;
use crate::metrics::Metrics;
use app::failure::{Never, Outcome};
use app::orders::close::close_past;
use app::verify::{Reach, verify};
use app::{App, jobs, standing};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval};

/// Turns when the worker must end.
type Shutdown = watch::Receiver<bool>;

/// Runs until `shutdown` changes; what has begun is finished.
pub async fn run(app: App, settings: config::Worker, metrics: Metrics, shutdown: Shutdown) {
    let seconds = |n: u64| Duration::from_secs(n.max(1));
    let (poll, added) = (Duration::from_millis(settings.poll_ms.max(10)), app.store.jobs_added());
    tokio::join!(
        every_or_when(poll, &added, shutdown.clone(), || send_messages(&app, &metrics)),
        every(seconds(settings.verify_seconds), shutdown.clone(), || check_invariants(&app, &metrics)),
        every(seconds(settings.standing_seconds), shutdown.clone(), || generate_standing_orders(&app, &metrics)),
        every(STANDING_DUE_EVERY, shutdown.clone(), || follow_what_changed(&app, &metrics)),
        every(seconds(settings.clean_up_seconds), shutdown.clone(), || clean_up(&app, &metrics)),
        every(IMPORTS_EVERY, shutdown.clone(), || apply_imports(&app, &metrics)),
        every(BACKTESTS_EVERY, shutdown.clone(), || try_drafts(&app, &metrics)),
        every(CORRECTIONS_EVERY, shutdown.clone(), || correct_meals(&app, &metrics)),
        every(REPORTS_EVERY, shutdown.clone(), || queue_reports(&app, &metrics)),
        every(ANOMALIES_EVERY, shutdown.clone(), || sweep_for_anomalies(&app, &metrics)),
        every(LOOK_IN_EVERY, shutdown.clone(), || follow_welfare_cases(&app, &metrics)),
        every(COMPLAINTS_EVERY, shutdown.clone(), || raise_complaints(&app, &metrics)),
        every(CLOSE_EVERY, shutdown, || close_unserved(&app, &metrics)),
    );
}

/// Runs a task at once and then in its rhythm, never twice at a time.
async fn every<F: Future<Output = ()>>(period: Duration, shutdown: Shutdown, task: impl FnMut() -> F) {
    every_or_when(period, &Notify::new(), shutdown, task).await;
}

/// The same, and also when it is woken.
async fn every_or_when<F: Future<Output = ()>>(
    period: Duration,
    woken: &Notify,
    mut shutdown: Shutdown,
    mut task: impl FnMut() -> F,
) {
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // The stop is looked at first. An error means that nobody is left to stop us, which is a stop.
            biased;
            _ = shutdown.changed() => return,
            () = woken.notified() => {}
            _ = tick.tick() => {}
        }
        task().await;
    }
}

/// The outbox, until nothing is due.
async fn send_messages(app: &App, metrics: &Metrics) {
    match jobs::run_due(app, &app.ports, app.clock.now()).await {
        Ok(0) => {}
        Ok(_) => metrics.worker_run("messages", true),
        Err(failure) => failed("messages", metrics, &failure),
    }
}

/// A break is an alarm on the log and in the metrics. It never stops an order.
async fn check_invariants(app: &App, metrics: &Metrics) {
    // Yesterday as well: an offline terminal may still bring evidence of it.
    let since = app.clock.now().civil_date().plus_days(-1);
    match verify(app, Reach::Since(since)).await {
        Ok(found) => {
            metrics.breaks(found.len());
            metrics.worker_run("verify", true);
            for broken in &found {
                tracing::error!(%broken, "an invariant is broken");
            }
        }
        Err(error) => failed("verify", metrics, &error),
    }
}

/// A new day comes into reach, a portion came back.
async fn generate_standing_orders(app: &App, metrics: &Metrics) {
    standing_run(metrics, standing::generate(app).await);
}

/// How often notes of what standing orders follow are looked for; with none it is one read of an empty table.
const STANDING_DUE_EVERY: Duration = Duration::from_secs(1);

/// A pattern, a menu or a status has changed.
async fn follow_what_changed(app: &App, metrics: &Metrics) {
    standing_run(metrics, standing::follow_due(app).await);
}

fn standing_run(metrics: &Metrics, done: Outcome<standing::Generation, Never>) {
    match done {
        Ok(done) => {
            metrics.worker_run("standing", done.failed == 0);
            if done.made + done.followed + done.taken_back > 0 {
                tracing::info!(made = done.made, followed = done.followed, taken_back = done.taken_back, "standing orders");
            }
        }
        Err(failure) => failed("standing", metrics, &failure),
    }
}

async fn clean_up(app: &App, metrics: &Metrics) {
    match jobs::clean_up(app).await {
        Ok(_) => metrics.worker_run("clean_up", true),
        Err(failure) => failed("clean_up", metrics, &failure),
    }
}

/// How often imports are looked for that wait to be applied, or were left in the middle by a process that died.
const IMPORTS_EVERY: Duration = Duration::from_millis(500);

async fn apply_imports(app: &App, metrics: &Metrics) {
    match app::imports::job::go_on(app).await {
        Ok(turn) => {
            if turn != app::imports::job::Turn::default() {
                metrics.worker_run("imports", true);
                tracing::info!(ended = turn.ended, lost = turn.lost, expired = turn.expired, "imports");
            }
        }
        Err(failure) => failed("imports", metrics, &failure),
    }
}

/// How often back-tests are looked for; with none that waits it is one read of an empty index.
const BACKTESTS_EVERY: Duration = Duration::from_secs(2);

/// Somebody wants a draft tried on past meals.
async fn try_drafts(app: &App, metrics: &Metrics) {
    match app::backtests::job::go_on(app).await {
        Ok(false) => {}
        Ok(true) => metrics.worker_run("backtests", true),
        Err(failure) => failed("backtests", metrics, &failure),
    }
}

/// How often notes of what reaches back to meals are looked for; with none due it is one read of an index.
const CORRECTIONS_EVERY: Duration = Duration::from_secs(1);

/// Something was recorded late: a death, a move, the end of a status.
async fn correct_meals(app: &App, metrics: &Metrics) {
    match app::corrections::rerate::follow_due(app).await {
        Ok(done) => {
            if done != app::corrections::rerate::Rerated::default() {
                metrics.worker_run("corrections", true);
                tracing::info!(found = done.found, gone = done.gone, "meals were decided again");
            }
        }
        Err(failure) => failed("corrections", metrics, &failure),
    }
}

/// How often subscriptions to reports are looked at; with none due it is one read of an index.
const REPORTS_EVERY: Duration = Duration::from_secs(300);

/// A month is over, and somebody wants its report.
async fn queue_reports(app: &App, metrics: &Metrics) {
    match app::reports::mail::enqueue_due(app).await {
        Ok(0) => {}
        Ok(reports) => {
            metrics.worker_run("reports", true);
            tracing::info!(reports, "monthly reports are on their way");
        }
        Err(failure) => failed("reports", metrics, &failure),
    }
}

/// How often deadlines of looking in are looked at; with none passed it is one read of an index.
const LOOK_IN_EVERY: Duration = Duration::from_secs(5);

/// Whoever was asked about a senior did not answer in time: the next one is.
async fn follow_welfare_cases(app: &App, metrics: &Metrics) {
    match app::welfare::follow_due(app).await {
        Ok(0) => {}
        Ok(moved) => {
            metrics.worker_run("welfare", true);
            tracing::info!(moved, "cases of looking in were given to the next");
        }
        Err(failure) => failed("welfare", metrics, &failure),
    }
}

/// How often deadlines of complaints are looked at: they are a day or more.
const COMPLAINTS_EVERY: Duration = Duration::from_secs(60);

/// Nobody answered a complaint in time: the office above has it too.
async fn raise_complaints(app: &App, metrics: &Metrics) {
    match app::complaints::follow_due(app).await {
        Ok(0) => {}
        Ok(raised) => {
            metrics.worker_run("complaints", true);
            tracing::info!(raised, "complaints were not answered in time and are given to the office above");
        }
        Err(failure) => failed("complaints", metrics, &failure),
    }
}

/// How often it is looked whether a day is over, or evidence or facts came late. A day is searched once; without anything new it is a
/// look at some small tables, and at the facts.
const ANOMALIES_EVERY: Duration = Duration::from_secs(600);

/// What does not fit in the served meals of a finished day.
async fn sweep_for_anomalies(app: &App, metrics: &Metrics) {
    match app::anomalies::sweep::go_on(app).await {
        Ok(swept) => {
            metrics.worker_run("anomalies", true);
            if !swept.is_nothing() {
                tracing::info!(
                    days = swept.days,
                    canteens = swept.canteens,
                    opened = swept.opened,
                    added = swept.added,
                    "anomalies"
                );
            }
        }
        Err(failure) => failed("anomalies", metrics, &failure),
    }
}

/// How often past sittings are looked at. The close itself waits for its grace; each run costs one indexed read.
const CLOSE_EVERY: Duration = Duration::from_secs(600);

/// Orders of past sittings without evidence were not served.
async fn close_unserved(app: &App, metrics: &Metrics) {
    match close_past(app).await {
        Ok(orders) => {
            metrics.worker_run("close_unserved", true);
            if orders > 0 {
                tracing::info!(orders, "closed as not served");
            }
        }
        Err(error) => failed("close_unserved", metrics, &error),
    }
}

/// It is tried again in its rhythm.
fn failed(task: &str, metrics: &Metrics, error: &impl std::fmt::Debug) {
    metrics.worker_run(task, false);
    tracing::warn!(task, ?error, "the worker's task failed");
}
