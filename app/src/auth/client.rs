//! Clients, seniors and their families: sign in by WeChat or by a code, prove a phone, be linked to the senior one is.

use super::throttle::Limit;
use super::{CLIENT_SESSION_S, SignInRefusal, SignedIn, Way, as_actor, new_user, open_session, phone_code, refuse};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome};
use crate::ports::WeChatError;
use domain::Sensitive;
use domain::access::{Actor, UserKind, UserState};
use domain::audit::AuditAction;
use domain::id::{LoginCodeId, SeniorId, UserId};
use domain::person::citizen_id::CitizenId;
use domain::person::phone::Phone;
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::people::UserRow;
use store::query::seniors::{self, SeniorState};
use store::query::users;
use store::seal::{Blind, Field};
use store::{LaneKey, StoreError, Tx};

/// Shown until somebody gives a name.
const NAMELESS: &str = "用户";
/// Sign-ins by WeChat from one address in an hour.
const WECHAT_PER_CALLER: i64 = 60;
/// Tries of one user to be linked to a senior in a day.
const LINKS_A_DAY: i64 = 5;
const HOUR_S: i64 = 3600;
const DAY_S: i64 = 86_400;

/// Signs in with WeChat's single-use code; a user who was never here is made.
pub async fn wechat(app: &App, code: String, caller: String) -> Outcome<SignedIn, SignInRefusal> {
    let Some(port) = app.ports.wechat.clone() else { return Err(refuse(SignInRefusal::NotConfigured(Way::WeChat))) };
    let limit = Limit::new(app.store.sealer(), &["wechat", &caller], WECHAT_PER_CALLER, HOUR_S);
    app.store
        .write(LaneKey::SHARED, "wechat_try", move |tx| {
            let now = tx.now();
            limit.count(tx, now)
        })
        .await?;
    let _turn = app.outward.acquire().await.map_err(|_| refuse(SignInRefusal::OutOfReach(Way::WeChat)))?;
    let answer = tokio::task::spawn_blocking(move || port.session_of(&code)).await;
    let session = answer.unwrap_or_else(|_| Err(WeChatError::Busy("the call stopped".into()))).map_err(refused_by_wechat)?;
    let bix = app.store.sealer().blind(Blind::OpenId, session.openid.reveal());
    app.store
        .write(LaneKey::SHARED, "sign_in_wechat", move |tx| {
            let known = users::by_openid(tx.look(), &bix)?;
            let user = known.map_or_else(|| add_client(tx, |row| row.openid_bix = Some(bix.clone())), Ok)?;
            signed_in(tx, &user)
        })
        .await
}

fn refused_by_wechat(error: WeChatError) -> Failure<SignInRefusal> {
    refuse(match error {
        WeChatError::BadCode => SignInRefusal::Wrong,
        WeChatError::TooOften => SignInRefusal::TooManyTries { retry_after_s: 60 },
        WeChatError::Blocked => SignInRefusal::BlockedThere(Way::WeChat),
        WeChatError::Busy(_) => SignInRefusal::OutOfReach(Way::WeChat),
        WeChatError::Configuration(why) => {
            tracing::error!(why, "WeChat refuses the configuration");
            SignInRefusal::OutOfReach(Way::WeChat)
        }
    })
}

/// Signs in with a phone and the code sent to it; a user who was never here is made.
pub async fn by_phone(app: &App, phone: Phone, request: LoginCodeId, code: Sensitive<String>) -> Outcome<SignedIn, SignInRefusal> {
    let bix = proven(app, &phone, request, code).await?;
    app.store
        .write(LaneKey::SHARED, "sign_in_phone", move |tx| {
            let user = match users::by_phone(tx.look(), &bix)? {
                Some(user) => user,
                None => add_client(tx, |_| ()).and_then(|user| keep_phone(tx, user.id.0, &phone).map(|()| user))?,
            };
            signed_in(tx, &user)
        })
        .await
}

async fn proven(app: &App, phone: &Phone, request: LoginCodeId, code: Sensitive<String>) -> Outcome<Vec<u8>, SignInRefusal> {
    let bix = phone_code::check(app, request, code).await?;
    if bix == app.store.sealer().blind(Blind::Phone, phone.reveal()) { Ok(bix) } else { Err(refuse(SignInRefusal::Wrong)) }
}

fn add_client(tx: &mut Tx<'_>, fill: impl FnOnce(&mut UserRow)) -> Result<UserRow, StoreError> {
    let mut row = new_user(tx.new_id(), UserKind::Client, NAMELESS, tx.now());
    fill(&mut row);
    users::insert(tx.change(), &row)?;
    Ok(row)
}

fn keep_phone(tx: &mut Tx<'_>, user: UserId, phone: &Phone) -> Result<(), StoreError> {
    let sealed = tx.sealer().seal(Field::UserPhone, user, phone.reveal())?;
    let bix = tx.sealer().blind(Blind::Phone, phone.reveal());
    users::set_phone(tx.change(), user, &sealed, &bix)
}

fn signed_in(tx: &mut Tx<'_>, user: &UserRow) -> Outcome<SignedIn, SignInRefusal> {
    if user.state != Word(UserState::Active) {
        return Err(refuse(SignInRefusal::Wrong));
    }
    let (token, expires_at) = open_session(tx, Some(user.id.0), None, CLIENT_SESSION_S)?;
    Ok(SignedIn { token, expires_at, user: Some(user.id.0), must_change_password: false })
}

/// Keeps a phone that the signed-in client proves. When the phone has a client user already who never used WeChat (made by a
/// phone sign-in, or by a worker who recorded a binding), the two become one: this WeChat moves there and the answer is a
/// session of that user; unless this one already acts for somebody, which is refused.
pub async fn prove_phone(
    app: &App,
    actor: Arc<Actor>,
    phone: Phone,
    request: LoginCodeId,
    code: Sensitive<String>,
) -> Outcome<SignedIn, SignInRefusal> {
    let id = actor.user.filter(|_| actor.grants.is_empty() && actor.device.is_none()).ok_or(Failure::Forbidden)?;
    let bix = proven(app, &phone, request, code).await?;
    app.store
        .write(LaneKey::SHARED, "prove_phone", move |tx| {
            let own = users::find(tx.look(), id)?.ok_or(Failure::Forbidden)?;
            if own.kind != Word(UserKind::Client) {
                return Err(Failure::Forbidden);
            }
            let user = match users::by_phone(tx.look(), &bix)? {
                None => {
                    keep_phone(tx, id, &phone)?;
                    own
                }
                Some(holder) if holder.id == own.id => own,
                Some(holder) => {
                    let free = actor.self_senior.is_none() && actor.family.is_empty() && own.phone_bix.is_none();
                    if !free || holder.openid_bix.is_some() || holder.kind != Word(UserKind::Client) {
                        return Err(refuse(SignInRefusal::Taken));
                    }
                    let now = tx.now();
                    users::move_openid(tx.change(), id, holder.id.0)?;
                    users::end_sessions_of(tx.change(), id, now)?;
                    users::set_state(tx.change(), id, UserState::Blocked)?;
                    holder
                }
            };
            signed_in(tx, &user)
        })
        .await
}

/// Links the signed-in client to the senior they are.
///
/// The rule: the client has proven a phone; it is the phone on the senior's record; the client gives that senior's whole
/// identity number; and nobody is linked to the senior yet. The phone alone is not enough, because couples and their children
/// share one and numbers are given out anew; the identity number alone is not, because many hold copies of it. Which of them
/// did not fit is not told, tries are few, and a worker who changes the phone on the record takes the link away.
pub async fn link_senior(app: &App, actor: Arc<Actor>, identity: CitizenId) -> Outcome<SeniorId, SignInRefusal> {
    let id = actor.user.filter(|_| actor.device.is_none()).ok_or(Failure::Forbidden)?;
    let limit = Limit::new(app.store.sealer(), &["link", &id.to_string()], LINKS_A_DAY, DAY_S);
    let bix = app.store.sealer().blind(Blind::IdNo, identity.reveal());
    app.store
        .write(LaneKey::of(id), "link_try", move |tx| {
            let now = tx.now();
            limit.count(tx, now)
        })
        .await?;
    app.store
        .write(LaneKey::of(id), "link_senior", move |tx| {
            let user = users::find(tx.look(), id)?.filter(|u| u.kind == Word(UserKind::Client)).ok_or(Failure::Forbidden)?;
            let wrong = || refuse(SignInRefusal::Wrong);
            let mut senior = seniors::by_id_no(tx.look(), &bix)?.ok_or_else(wrong)?;
            if senior.user_id == Some(Col(id)) {
                return Ok(senior.id.0);
            }
            let fits = user.phone_bix.is_some()
                && user.phone_bix == senior.phone_bix
                && senior.user_id.is_none()
                && senior.state == Word(SeniorState::Active)
                && actor.self_senior.is_none();
            if !fits {
                return Err(wrong());
            }
            senior.user_id = Some(Col(id));
            senior.updated_at = Col(tx.now());
            if !seniors::update(tx.change(), &senior)? {
                return Err(Failure::Stale { version: senior.version });
            }
            let place = senior.resident_place.0.clone();
            audit::record(tx, &as_actor(id), AuditAction::SeniorLinked, senior.id.0, Some(&place), &json!({}));
            Ok(senior.id.0)
        })
        .await
}
