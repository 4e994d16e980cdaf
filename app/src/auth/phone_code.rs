//! One-time codes by text message.
//!
//! The code is sent by the request itself, after its keyed hash is committed, and not through the outbox: it then stands
//! nowhere but on the phone, and the asker is told at once when it cannot be sent.

use super::throttle::Limit;
use super::{SignInRefusal, Way, refuse};
use crate::App;
use crate::failure::{Failure, Outcome};
use crate::ports::{PortError, Sms};
use domain::Sensitive;
use domain::id::{Id, Kind, LoginCodeId};
use domain::person::one_time_code::{self as rule, ATTEMPTS_MAX, CodeState, CodeVerdict, VALID_S, judge};
use domain::person::phone::Phone;
use store::column::Col;
use store::query::codes::{self, LoginCodeRow};
use store::seal::{Blind, Sealer};
use store::{LaneKey, Tx};

/// One code a minute for a phone,
const AGAIN_AFTER_S: i64 = 60;
/// five an hour,
const PER_PHONE: i64 = 5;
/// and twenty an hour from one address.
const PER_CALLER: i64 = 20;
const HOUR_S: i64 = 3600;

/// The limits on asking for codes.
pub(crate) fn limits(sealer: &Sealer, phone: &Phone, caller: &str) -> [Limit; 3] {
    [
        Limit::new(sealer, &["code_now", phone.reveal()], 1, AGAIN_AFTER_S),
        Limit::new(sealer, &["code_phone", phone.reveal()], PER_PHONE, HOUR_S),
        Limit::new(sealer, &["code_caller", caller], PER_CALLER, HOUR_S),
    ]
}

/// The keyed hash of a code, bound to what it was made for and to its request.
pub(crate) fn code_hash<K: Kind>(sealer: &Sealer, purpose: &str, request: Id<K>, code: &str) -> Vec<u8> {
    sealer.blind(Blind::Code, &format!("{purpose}|{request}|{code}"))
}

/// A random code.
pub(crate) fn random_code() -> Sensitive<String> {
    use rand::RngExt;
    Sensitive::new(rule::from_random(rand::rng().random_range(0..1_000_000)))
}

/// Sends a code to a phone, to sign in or to prove the phone with; answers the request it is bound to.
pub async fn request(app: &App, phone: Phone, caller: String) -> Outcome<LoginCodeId, SignInRefusal> {
    if app.ports.sms.is_none() {
        return Err(refuse(SignInRefusal::NotConfigured(Way::Sms)));
    }
    if !phone.is_mobile() {
        return Err(refuse(SignInRefusal::NotMobile));
    }
    let (code, phone_of_unit) = (random_code(), phone.clone());
    let kept = code.clone();
    let limits = limits(app.store.sealer(), &phone, &caller);
    let id = app
        .store
        .write(LaneKey::SHARED, "request_code", move |tx| {
            let now = tx.now();
            limits.iter().try_for_each(|limit| limit.count(tx, now))?;
            let id: LoginCodeId = tx.new_id();
            let row = LoginCodeRow {
                id: Col(id),
                phone_bix: tx.sealer().blind(Blind::Phone, phone_of_unit.reveal()),
                code_hash: code_hash(tx.sealer(), "login", id, kept.reveal()),
                created_at: Col(now),
                expires_at: Col(now.plus_seconds(VALID_S)),
                attempts: 0,
                used_at: None,
            };
            codes::insert(tx.change(), &row)?;
            Ok::<_, Failure<SignInRefusal>>(id)
        })
        .await?;
    let text = format!("【暖饭】验证码 {}，5 分钟内有效。请勿告诉他人，工作人员也不会向您索要。", code.reveal());
    send_now(app, Sms { key: id.to_string(), phone, text: Sensitive::new(text) }).await?;
    Ok(id)
}

/// Sends a text now, on a thread for blocking work.
pub(crate) async fn send_now(app: &App, message: Sms) -> Outcome<(), SignInRefusal> {
    let Some(sender) = app.ports.sms.clone() else { return Err(refuse(SignInRefusal::NotConfigured(Way::Sms))) };
    let _turn = app.outward.acquire().await.map_err(|_| refuse(SignInRefusal::OutOfReach(Way::Sms)))?;
    let sent = tokio::task::spawn_blocking(move || sender.send(&message)).await;
    match sent.unwrap_or_else(|_| Err(PortError::Temporary("the sender stopped".into()))) {
        Ok(()) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, "a code could not be sent");
            Err(refuse(SignInRefusal::OutOfReach(Way::Sms)))
        }
    }
}

/// Checks a code in a unit of its own, so that a wrong attempt is counted although the request is refused; answers the blind
/// index of the phone it proves.
pub(crate) async fn check(app: &App, id: LoginCodeId, code: Sensitive<String>) -> Outcome<Vec<u8>, SignInRefusal> {
    let proved = app
        .store
        .write(LaneKey::of(id), "check_code", move |tx| Ok::<_, Failure<SignInRefusal>>(check_in(tx, id, code.reveal())?))
        .await?;
    proved.ok_or(refuse(SignInRefusal::Wrong))
}

fn check_in(tx: &mut Tx<'_>, id: LoginCodeId, code: &str) -> Result<Option<Vec<u8>>, store::StoreError> {
    let now = tx.now();
    let Some(row) = codes::find(tx.look(), id)? else { return Ok(None) };
    let state = CodeState { expires_at: row.expires_at.0, attempts: row.attempts, used: row.used_at.is_some() };
    let matches = code_hash(tx.sealer(), "login", id, code) == row.code_hash;
    match judge(state, now, matches) {
        CodeVerdict::Dead => Ok(None),
        CodeVerdict::Wrong => {
            codes::count_attempt(tx.change(), id, ATTEMPTS_MAX)?;
            Ok(None)
        }
        // The update is conditional: of two that come at once, one gets it.
        CodeVerdict::Right => Ok(codes::take(tx.change(), id, now)?.then_some(row.phone_bix)),
    }
}
