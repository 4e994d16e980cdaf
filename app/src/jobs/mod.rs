//! The outbox: what is done after the commit that asked for it, at least once.
//!
//! A job is added in the unit of work that wants it. The worker claims it with a lease, does it with no transaction open, and
//! acknowledges. When the worker dies in between, the lease runs out and another one does it again; the receiver tells the two
//! apart by the job's identifier (Message-ID, the SMS provider's request key). What fails is tried again with growing pauses,
//! and kept as a dead letter when that does not help. What a job carries is sealed, and wiped once it is done.

pub mod notify;

use crate::App;
use crate::audit;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::ports::{Mail, PortError, Ports, Sms};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::JobId;
use domain::job::{JobKind, LEASE_S, next_try};
use domain::person::phone::Phone;
use domain::text_enum::TextEnum;
use domain::{Instant, Sensitive};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::jobs;
use store::query::rows::{JobRow, JobState};
use store::seal::{Field, Sealer};
use store::{LaneKey, StoreError, Tx};

/// What a job carries.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Payload {
    Mail { to: String, subject: String, body: String },
    Sms { phone: String, text: String },
}

/// Jobs claimed at a time; each is done before its lease ends.
const BATCH: i64 = 16;

/// Adds a text message to the outbox, in this unit's commit.
pub fn enqueue_sms(tx: &mut Tx<'_>, phone: &Phone, text: &str) -> Result<JobId, StoreError> {
    enqueue(tx, JobKind::Sms, &Payload::Sms { phone: phone.reveal().to_owned(), text: text.to_owned() })
}

/// Adds a mail to the outbox, in this unit's commit.
pub fn enqueue_mail(tx: &mut Tx<'_>, to: &str, subject: &str, body: &str) -> Result<JobId, StoreError> {
    let payload = Payload::Mail { to: to.to_owned(), subject: subject.to_owned(), body: body.to_owned() };
    enqueue(tx, JobKind::Mail, &payload)
}

fn enqueue(tx: &mut Tx<'_>, kind: JobKind, payload: &Payload) -> Result<JobId, StoreError> {
    let (id, now): (JobId, _) = (tx.new_id(), tx.now());
    let text = serde_json::to_string(payload).map_err(|e| StoreError::Database(format!("job: {e}")))?;
    let sealed = tx.sealer().seal(Field::JobPayload, id, &text)?;
    tx.pending().job(JobRow {
        id: Col(id),
        kind: kind.to_string(),
        payload: hex::encode(sealed),
        state: Word(JobState::Queued),
        due_at: Col(now),
        leased_until: None,
        attempts: 0,
        last_error: None,
        created_at: Col(now),
    });
    Ok(id)
}

/// Does what is due, up to one batch; how many jobs were tried. The worker calls it until it answers 0, then waits.
pub async fn run_due(app: &App, ports: &Arc<Ports>, now: Instant) -> Outcome<usize, Never> {
    let claimed: Vec<JobRow> = app
        .store
        .write(LaneKey::SHARED, "claim_jobs", move |tx| {
            let kinds: Vec<&str> = JobKind::ALL.iter().map(|kind| kind.as_str()).collect();
            Ok::<_, Failure<Never>>(jobs::claim(tx.change(), &kinds, now, now.plus_seconds(LEASE_S), BATCH)?)
        })
        .await?;
    let count = claimed.len();
    for job in claimed {
        let (ports, sealer, of) = (ports.clone(), app.store.sealer().clone(), job.clone());
        let done = tokio::task::spawn_blocking(move || perform(&ports, &sealer, &of)).await;
        let done = done.unwrap_or_else(|_| Err(PortError::Temporary("the handler stopped".into())));
        acknowledge(app, job, done).await?;
    }
    Ok(count)
}

fn perform(ports: &Ports, sealer: &Sealer, job: &JobRow) -> Result<(), PortError> {
    let unreadable = || PortError::Permanent("the job cannot be read".to_owned());
    let sealed = hex::decode(&job.payload).map_err(|_| unreadable())?;
    let clear = sealer.open(Field::JobPayload, job.id.0, &sealed).map_err(|_| unreadable())?;
    let key = job.id.0.to_string();
    match serde_json::from_str(clear.reveal()).map_err(|_| unreadable())? {
        Payload::Mail { to, subject, body } => {
            let mailer = ports.mailer.as_ref().ok_or_else(|| PortError::Permanent("mail is not configured".to_owned()))?;
            mailer.send(&Mail { key, to: Sensitive::new(to), subject, body })
        }
        Payload::Sms { phone, text } => {
            let sms = ports.sms.as_ref().ok_or_else(|| PortError::Permanent("SMS is not configured".to_owned()))?;
            let phone = Phone::parse(&phone).map_err(|_| unreadable())?;
            sms.send(&Sms { key, phone, text: Sensitive::new(text) })
        }
    }
}

async fn acknowledge(app: &App, job: JobRow, done: Result<(), PortError>) -> Outcome<(), Never> {
    app.store
        .write(LaneKey::SHARED, "acknowledge_job", move |tx| {
            let now = tx.now();
            let kept = match &done {
                Ok(()) => jobs::finish(tx.change(), &job)?,
                Err(error @ PortError::Temporary(_)) => {
                    jobs::put_off(tx.change(), &job, next_try(job.attempts, now), &error.to_string())?
                }
                Err(error @ PortError::Permanent(_)) => jobs::put_off(tx.change(), &job, None, &error.to_string())?,
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
    if !actor.may_somewhere(Action::EditUsers) {
        return Err(Failure::Forbidden);
    }
    app.store.read("dead_jobs", move |conn| Ok(jobs::dead(conn, after, limit)?)).await
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
