//! Consent on the senior's phone: a family member asks, the senior reads the code out, the family member enters it.
//!
//! The asker names the senior by the whole identity number. Whether there is such a senior, with a phone, is not told: a
//! request is made in any case, and when there is nobody no code will ever fit it.

use super::{BindingRefusal, Consent, bind, scope_words};
use crate::App;
use crate::auth::throttle::Limit;
use crate::auth::{SignInRefusal, Way, phone_code, refuse};
use crate::failure::{Failure, Outcome};
use crate::ports::Sms;
use domain::Sensitive;
use domain::access::{Actor, ConsentKind, FamilyScope};
use domain::id::{BindingId, BindingRequestId};
use domain::person::citizen_id::CitizenId;
use domain::person::one_time_code::{ATTEMPTS_MAX, CodeState, CodeVerdict, judge};
use domain::person::phone::Phone;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::bindings::{self, RequestRow};
use store::query::seniors::{self, SeniorState};
use store::seal::{Blind, Field, Sealer};
use store::{LaneKey, StoreError, Tx};

/// Requests of one user in a day.
const PER_USER: i64 = 5;
const DAY_S: i64 = 86_400;
/// A code for consent may take its ten minutes: the family calls the senior, who looks for their glasses.
const CONSENT_VALID_S: i64 = 600;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of whom.
    pub identity: CitizenId,
    /// What the asker is to the senior.
    pub relation: String,
    /// What they want to do.
    pub scopes: BTreeSet<FamilyScope>,
}

/// Why a confirmation is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// As a sign-in is.
    Code(SignInRefusal),
    /// The code was right, the binding cannot be.
    Binding(BindingRefusal),
}

/// Asks a senior for consent by a code to the phone on their record.
pub async fn ask(app: &App, actor: Arc<Actor>, wanted: Wanted, caller: String) -> Outcome<BindingRequestId, SignInRefusal> {
    if app.ports.sms.is_none() {
        return Err(refuse(SignInRefusal::NotConfigured(Way::Sms)));
    }
    let asker = actor.user.filter(|_| actor.device.is_none() && actor.grants.is_empty()).ok_or(Failure::Forbidden)?;
    let code = phone_code::random_code();
    let kept = code.clone();
    let sealer = app.store.sealer().clone();
    let limits = [
        Limit::new(&sealer, &["ask_binding", &asker.to_string()], PER_USER, DAY_S),
        Limit::new(&sealer, &["ask_binding_caller", &caller], PER_USER * 4, DAY_S),
        // However many ask, the senior's phone rings this often.
        Limit::new(&sealer, &["ask_binding_senior", wanted.identity.reveal()], PER_USER, DAY_S),
    ];
    let (id, phone) = app
        .store
        .write(LaneKey::of(asker), "ask_binding", move |tx| {
            let now = tx.now();
            limits.iter().try_for_each(|limit| limit.count(tx, now))?;
            let bix = tx.sealer().blind(Blind::IdNo, wanted.identity.reveal());
            let senior = seniors::by_id_no(tx.look(), &bix)?.filter(|s| s.state == Word(SeniorState::Active));
            let phone = senior.as_ref().map(|s| mobile_of(tx.sealer(), s)).transpose()?.flatten();
            let id: BindingRequestId = tx.new_id();
            let row = RequestRow {
                id: Col(id),
                senior_id: senior.filter(|_| phone.is_some()).map(|s| s.id),
                user_id: Col(asker),
                relation: wanted.relation.clone(),
                scopes: scope_words(&wanted.scopes),
                code_hash: phone_code::code_hash(tx.sealer(), "consent", id, kept.reveal()),
                created_at: Col(now),
                expires_at: Col(now.plus_seconds(CONSENT_VALID_S)),
                attempts: 0,
                used_at: None,
            };
            bindings::insert_request(tx.change(), &row)?;
            Ok::<_, Failure<SignInRefusal>>((id, phone))
        })
        .await?;
    if let Some(phone) = phone {
        let text = format!(
            "【暖饭】有人申请作为您的家属代您订餐。同意请将同意码 {} 告诉本人家属，10 分钟内有效；不认识请勿理会。",
            code.reveal()
        );
        let message = Sms { key: id.to_string(), phone, text: Sensitive::new(text) };
        // Sent aside: the time to send it, and a failure, would tell that there is such a senior.
        let app = app.clone();
        tokio::spawn(async move {
            if phone_code::send_now(&app, message).await.is_err() {
                tracing::warn!("a code for consent was not sent");
            }
        });
    }
    Ok(id)
}

pub(crate) fn mobile_of(sealer: &Sealer, senior: &seniors::SeniorRow) -> Result<Option<Phone>, StoreError> {
    let Some(enc) = &senior.phone_enc else { return Ok(None) };
    let clear = sealer.open(Field::SeniorPhone, senior.id.0, enc)?;
    Ok(Phone::parse(clear.reveal()).ok().filter(Phone::is_mobile))
}

/// Enters the code that the senior read out.
pub async fn confirm(
    app: &App,
    actor: Arc<Actor>,
    id: BindingRequestId,
    code: Sensitive<String>,
) -> Outcome<BindingId, ConfirmRefusal> {
    let asker = actor.user.ok_or(Failure::Forbidden)?;
    let (checked, by) = (code.clone(), actor.clone());
    // A unit of its own: a wrong attempt is counted although the request is refused.
    let right = app
        .store
        .write(LaneKey::of(asker), "check_consent", move |tx| {
            Ok::<_, Failure<ConfirmRefusal>>(check_in(tx, &by, id, checked.reveal())?)
        })
        .await?;
    if !right {
        return Err(refuse(ConfirmRefusal::Code(SignInRefusal::Wrong)));
    }
    app.store.write(LaneKey::of(asker), "confirm_binding", move |tx| confirm_in(tx, &actor, id)).await
}

fn check_in(tx: &mut Tx<'_>, actor: &Actor, id: BindingRequestId, code: &str) -> Result<bool, StoreError> {
    let now = tx.now();
    let found = bindings::request(tx.look(), id)?.filter(|row| actor.user.map(Col) == Some(row.user_id));
    let Some(row) = found else { return Ok(false) };
    let state = CodeState { expires_at: row.expires_at.0, attempts: row.attempts, used: row.used_at.is_some() };
    let fits = row.senior_id.is_some() && phone_code::code_hash(tx.sealer(), "consent", id, code) == row.code_hash;
    Ok(match judge(state, now, fits) {
        CodeVerdict::Right => true,
        CodeVerdict::Dead => false,
        CodeVerdict::Wrong => {
            bindings::count_attempt(tx.change(), id, ATTEMPTS_MAX)?;
            false
        }
    })
}

fn confirm_in(tx: &mut Tx<'_>, actor: &Actor, id: BindingRequestId) -> Outcome<BindingId, ConfirmRefusal> {
    let wrong = || refuse(ConfirmRefusal::Code(SignInRefusal::Wrong));
    let row = bindings::request(tx.look(), id)?.ok_or_else(wrong)?;
    let Col(senior) = row.senior_id.ok_or_else(wrong)?;
    let senior = seniors::find(tx.look(), senior)?.ok_or_else(wrong)?;
    let now = tx.now();
    if !bindings::take_request(tx.change(), id, now)? {
        return Err(wrong());
    }
    let reference = id.to_string();
    let consent = Consent { kind: ConsentKind::Phone, reference: &reference, recorded_by: None };
    bind(tx, actor, &senior, row.user_id.0, &row.relation, &row.scopes, &consent).map_err(|f| f.map(ConfirmRefusal::Binding))
}
