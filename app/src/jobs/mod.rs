//! The outbox: what is done after the commit that asked for it, at least once.
//!
//! A job is added in the unit of work that wants it. The worker claims it with a lease, does it with no transaction open, and
//! acknowledges. When the worker dies in between, the lease runs out and another one does it again; the receiver tells the two
//! apart by the job's identifier (Message-ID, the SMS provider's request key). What fails is tried again with growing pauses,
//! and kept as a dead letter when that does not help. What is no longer true when its turn comes is dropped with its reason. What
//! a job carries is sealed, and wiped once it is done.

mod deliver;
pub mod notify;

use crate::App;
use crate::audit;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::ports::{Attachment, Mail, PortError, Ports, Sms};
use crate::reports::{self, mail::ReportMail};
use deliver::Ready;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::JobId;
use domain::job::{JobKind, LEASE_S, next_try};
use domain::notice::Dropped;
use domain::person::phone::Phone;
use domain::text_enum::TextEnum;
use domain::{Instant, Sensitive};
use notify::{Notice, TellAll};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::jobs;
use store::query::rows::{JobRow, JobState};
use store::seal::{Field, Sealer};
use store::{LaneKey, StoreError, Tx};
use tokio::task::JoinSet;

/// What a job carries.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Payload {
    Mail { to: String, subject: String, body: String },
    Sms { phone: String, text: String },
    Notice(Notice),
    TellAll(TellAll),
    Report(ReportMail),
}

/// A message to send.
pub(crate) enum Message {
    Mail { to: Sensitive<String>, subject: String, body: String, attachment: Option<Attachment> },
    Sms { phone: Phone, text: Sensitive<String> },
}

/// Jobs claimed at a time. They are done side by side, and a call to the outside ends in 10 s, so each is done before its lease
/// ends however slow the other side is.
const BATCH: i64 = 16;

/// What somebody waits for comes first: a code is not queued behind a whole canteen's notices.
const IN_TURN: [&[JobKind]; 2] = [&[JobKind::Sms, JobKind::Mail], &[JobKind::Notice, JobKind::TellAll, JobKind::Report]];

/// Adds a text message to the outbox, in this unit's commit.
pub fn enqueue_sms(tx: &mut Tx<'_>, phone: &Phone, text: &str) -> Result<JobId, StoreError> {
    enqueue(tx, JobKind::Sms, &Payload::Sms { phone: phone.reveal().to_owned(), text: text.to_owned() })
}

/// Adds a mail to the outbox, in this unit's commit.
pub fn enqueue_mail(tx: &mut Tx<'_>, to: &str, subject: &str, body: &str) -> Result<JobId, StoreError> {
    let payload = Payload::Mail { to: to.to_owned(), subject: subject.to_owned(), body: body.to_owned() };
    enqueue(tx, JobKind::Mail, &payload)
}

/// Adds a report to be mailed to the outbox, in this unit's commit.
pub(crate) fn enqueue_report(tx: &mut Tx<'_>, of: &ReportMail) -> Result<JobId, StoreError> {
    enqueue(tx, JobKind::Report, &Payload::Report(of.clone()))
}

fn enqueue(tx: &mut Tx<'_>, kind: JobKind, payload: &Payload) -> Result<JobId, StoreError> {
    let (id, now) = (tx.new_id(), tx.now());
    enqueue_as(tx, id, kind, payload, now)?;
    Ok(id)
}

fn enqueue_as(tx: &mut Tx<'_>, id: JobId, kind: JobKind, payload: &Payload, due: Instant) -> Result<(), StoreError> {
    let now = tx.now();
    let text = serde_json::to_string(payload).map_err(|e| StoreError::Database(format!("job: {e}")))?;
    let sealed = tx.sealer().seal(Field::JobPayload, id, &text)?;
    tx.pending().job(JobRow {
        id: Col(id),
        kind: kind.to_string(),
        payload: hex::encode(sealed),
        state: Word(JobState::Queued),
        due_at: Col(due),
        leased_until: None,
        attempts: 0,
        last_error: None,
        created_at: Col(now),
    });
    Ok(())
}

/// What came of a job.
enum Came {
    Done,
    Failed(PortError),
    Later(Instant),
    Dropped(Dropped),
}

/// Does what is due, up to one batch; how many jobs were tried. The worker calls it until it answers 0, then waits.
pub async fn run_due(app: &App, ports: &Arc<Ports>, now: Instant) -> Outcome<usize, Never> {
    let claimed: Vec<JobRow> = app
        .store
        .write(LaneKey::SHARED, "claim_jobs", move |tx| {
            for kinds in IN_TURN {
                let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                let claimed = jobs::claim(tx.change(), &words, now, now.plus_seconds(LEASE_S), BATCH)?;
                if !claimed.is_empty() {
                    return Ok::<_, Failure<Never>>(claimed);
                }
            }
            Ok(Vec::new())
        })
        .await?;
    let count = claimed.len();
    let mut side_by_side = JoinSet::new();
    for job in claimed {
        let (app, ports) = (app.clone(), ports.clone());
        side_by_side.spawn(async move { one(&app, ports, job, now).await });
    }
    while let Some(ended) = side_by_side.join_next().await {
        ended.map_err(|_| StoreError::Unavailable("a job's handler stopped".to_owned()))??;
    }
    Ok(count)
}

async fn one(app: &App, ports: Arc<Ports>, job: JobRow, now: Instant) -> Outcome<(), Never> {
    let came = match read(app.store.sealer(), &job) {
        None => Came::Failed(PortError::Permanent("the job cannot be read".to_owned())),
        Some(Payload::TellAll(all)) => return tell_slice(app, job, all).await,
        Some(Payload::Notice(notice)) => {
            let (sealer, quiet) = (app.store.sealer().clone(), app.quiet);
            let look = app.store.read("notice", move |conn| deliver::ready(conn, &sealer, &notice, quiet, now)).await?;
            match look {
                Ready::Send(message) => sent(ports, &job, message).await,
                Ready::Wait(until) => Came::Later(until),
                Ready::Drop(why) => Came::Dropped(why),
            }
        }
        Some(Payload::Mail { to, subject, body }) => {
            sent(ports, &job, Message::Mail { to: Sensitive::new(to), subject, body, attachment: None }).await
        }
        Some(Payload::Report(of)) => match reports::mail::made(app, &of).await? {
            Ok(message) => sent(ports, &job, message).await,
            Err(error) => Came::Failed(error),
        },
        Some(Payload::Sms { phone, text }) => match Phone::parse(&phone) {
            Ok(phone) => sent(ports, &job, Message::Sms { phone, text: Sensitive::new(text) }).await,
            Err(_) => Came::Failed(PortError::Permanent("the job cannot be read".to_owned())),
        },
    };
    acknowledge(app, job, came).await
}

fn read(sealer: &Sealer, job: &JobRow) -> Option<Payload> {
    let sealed = hex::decode(&job.payload).ok()?;
    let clear = sealer.open(Field::JobPayload, job.id.0, &sealed).ok()?;
    serde_json::from_str(clear.reveal()).ok()
}

async fn sent(ports: Arc<Ports>, job: &JobRow, message: Message) -> Came {
    let key = job.id.0.to_string();
    let sent = tokio::task::spawn_blocking(move || send(&ports, key, message)).await;
    match sent.unwrap_or_else(|_| Err(PortError::Temporary("the handler stopped".into()))) {
        Ok(()) => Came::Done,
        Err(error) => Came::Failed(error),
    }
}

fn send(ports: &Ports, key: String, message: Message) -> Result<(), PortError> {
    let off = |what: &str| PortError::Permanent(format!("{what} is not configured"));
    match message {
        Message::Mail { to, subject, body, attachment } => {
            ports.mailer.as_ref().ok_or_else(|| off("mail"))?.send(&Mail { key, to, subject, body, attachment })
        }
        Message::Sms { phone, text } => ports.sms.as_ref().ok_or_else(|| off("SMS"))?.send(&Sms { key, phone, text }),
    }
}

/// The notices of a slice and the end of the job that asked for them are one commit.
async fn tell_slice(app: &App, job: JobRow, all: TellAll) -> Outcome<(), Never> {
    let telling = app.telling();
    app.store
        .write(LaneKey::SHARED, "tell_slice", move |tx| {
            if jobs::finish(tx.change(), &job)? {
                notify::slice(tx, telling, all)?;
            }
            Ok(())
        })
        .await
}

async fn acknowledge(app: &App, job: JobRow, came: Came) -> Outcome<(), Never> {
    app.store
        .write(LaneKey::SHARED, "acknowledge_job", move |tx| {
            let now = tx.now();
            let kept = match &came {
                Came::Done => jobs::finish(tx.change(), &job)?,
                Came::Failed(error @ PortError::Temporary(_)) => {
                    jobs::put_off(tx.change(), &job, next_try(job.attempts, now), &error.to_string())?
                }
                Came::Failed(error @ PortError::Permanent(_)) => jobs::put_off(tx.change(), &job, None, &error.to_string())?,
                Came::Later(until) => jobs::wait(tx.change(), &job, *until)?,
                Came::Dropped(why) => jobs::set_aside(tx.change(), &job, why.as_str())?,
            };
            if !kept {
                tracing::warn!(job = %job.id.0, "the lease had run out: it may be done twice");
            }
            Ok(())
        })
        .await
}

/// Dead letters, after an identifier: for who administers users anywhere, since a job belongs to no place. Nothing of what they
/// carry is shown.
pub async fn dead(app: &App, actor: Arc<Actor>, after: Option<JobId>, limit: i64) -> Outcome<Vec<JobRow>, Never> {
    ended(app, actor, JobState::Dead, after, limit).await
}

/// What was not sent because it was no longer true or wanted, with the reason; the same way. Kept for a week.
pub async fn dropped(app: &App, actor: Arc<Actor>, after: Option<JobId>, limit: i64) -> Outcome<Vec<JobRow>, Never> {
    ended(app, actor, JobState::Dropped, after, limit).await
}

async fn ended(app: &App, actor: Arc<Actor>, state: JobState, after: Option<JobId>, limit: i64) -> Outcome<Vec<JobRow>, Never> {
    if !actor.may_somewhere(Action::EditUsers) {
        return Err(Failure::Forbidden);
    }
    app.store.read("ended_jobs", move |conn| Ok(jobs::ended(conn, state, after, limit)?)).await
}

/// Sends a dead letter on its way again.
pub async fn revive(app: &App, actor: Arc<Actor>, id: JobId) -> Outcome<(), Never> {
    if !actor.may_somewhere(Action::EditUsers) {
        return Err(Failure::Forbidden);
    }
    app.store
        .write(LaneKey::of(id), "revive_job", move |tx| {
            let now = tx.now();
            if !jobs::revive(tx.change(), id, now)? {
                return Err(Failure::NotFound(Thing::Job));
            }
            audit::record(tx, &actor, AuditAction::JobRevived, id, None, &json!({}));
            Ok(())
        })
        .await
}

/// Done jobs, sessions and codes are kept this long.
const KEPT_S: i64 = 7 * 86_400;

/// Forgets what is over; the worker calls it now and then.
pub async fn clean_up(app: &App) -> Outcome<usize, Never> {
    use store::query::{bindings, codes, devices, users};
    app.store
        .write(LaneKey::SHARED, "clean_up", move |tx| {
            let before = tx.now().plus_seconds(-KEPT_S);
            let conn = tx.change();
            Ok(jobs::forget_done(conn, before)?
                + users::forget_sessions(conn, before)?
                + codes::forget_before(conn, before)?
                + devices::forget_codes(conn, before)?
                + bindings::forget_requests(conn, before)?)
        })
        .await
}
