//! Staff: sign in, sign out, change the password.

use super::throttle::Limit;
use super::{STAFF_SESSION_S, SignInRefusal, SignedIn, as_actor, open_session, refuse};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Never, Outcome};
use crate::session::Token;
use domain::Sensitive;
use domain::access::{Actor, UserKind, UserState};
use domain::audit::AuditAction;
use domain::id::UserId;
use domain::person::password::Password;
use serde_json::json;
use std::sync::Arc;
use store::LaneKey;
use store::column::{Col, Word};
use store::query::people::UserRow;
use store::query::users;
use store::seal::Sealer;

/// Failures from one address for one login within the window.
const PER_LOGIN_AND_CALLER: i64 = 10;
/// Failures for one login from everywhere: high, or a stranger could lock an administrator out.
const PER_LOGIN: i64 = 100;
/// Failures from one address for all logins.
const PER_CALLER: i64 = 50;
/// The window, in seconds.
const WINDOW_S: i64 = 900;

fn limits(sealer: &Sealer, login: &str, caller: &str) -> [Limit; 3] {
    [
        Limit::new(sealer, &["sign_in", login, caller], PER_LOGIN_AND_CALLER, WINDOW_S),
        Limit::new(sealer, &["sign_in_login", login], PER_LOGIN, WINDOW_S),
        Limit::new(sealer, &["sign_in_caller", caller], PER_CALLER, WINDOW_S),
    ]
}

/// Signs a staff user in. Each try is counted before the password is looked at, so that tries made at the same time cannot
/// pass the limit together; success takes the counts back.
pub async fn sign_in(app: &App, login: String, password: Sensitive<String>, caller: String) -> Outcome<SignedIn, SignInRefusal> {
    let limits = limits(app.store.sealer(), &login, &caller);
    let counting = limits.clone();
    let found = app
        .store
        .write(LaneKey::SHARED, "sign_in_try", move |tx| {
            let now = tx.now();
            counting.iter().try_for_each(|limit| limit.count(tx, now))?;
            Ok::<_, Failure<SignInRefusal>>(users::by_login(tx.look(), &login)?)
        })
        .await?;
    let usable = found.as_ref().filter(|user| user.state == Word(UserState::Active) && user.kind == Word(UserKind::Staff));
    let hash = usable.and_then(|user| user.password_hash.clone());
    if !app.hashing.verify(password, hash).await? {
        note_failure(app, found.as_ref()).await?;
        return Err(refuse(SignInRefusal::Wrong));
    }
    let Some(user) = found else { return Err(refuse(SignInRefusal::Wrong)) };
    let Col(id) = user.id;
    let must_change_password = user.must_change_password;
    // All that writes the counts runs in one lane, or two batches could wait for each other's rows.
    app.store
        .write(LaneKey::SHARED, "sign_in", move |tx| {
            limits.iter().try_for_each(|limit| limit.forget(tx))?;
            let (token, expires_at) = open_session(tx, Some(id), None, STAFF_SESSION_S)?;
            audit::record(tx, &as_actor(id), AuditAction::SignedIn, id, None, &json!({}));
            Ok(SignedIn { token, expires_at, user: Some(id), must_change_password })
        })
        .await
}

/// A failed try is audited when it names somebody: for strangers' guesses the count is enough, the log would be theirs to fill.
async fn note_failure(app: &App, user: Option<&UserRow>) -> Outcome<(), SignInRefusal> {
    let Some(Col(id)) = user.map(|user| user.id) else { return Ok(()) };
    app.store
        .write(LaneKey::of(id), "sign_in_failed", move |tx| {
            audit::record(tx, &Actor::default(), AuditAction::SignInFailed, id, None, &json!({}));
            Ok(())
        })
        .await
}

/// Ends the session of a token.
pub async fn sign_out(app: &App, token: &str) -> Outcome<(), Never> {
    let hash = Token::hash_of(token);
    app.store
        .write(LaneKey::SHARED, "sign_out", move |tx| {
            let now = tx.now();
            users::end_session(tx.change(), &hash, now)?;
            Ok(())
        })
        .await
}

/// Ends every session of the actor, this one too; how many.
pub async fn sign_out_everywhere(app: &App, actor: Arc<Actor>) -> Outcome<usize, Never> {
    let Some(id) = actor.user else { return Err(Failure::Forbidden) };
    app.store
        .write(LaneKey::of(id), "sign_out_everywhere", move |tx| {
            let now = tx.now();
            let ended = users::end_sessions_of(tx.change(), id, now)?;
            audit::record(tx, &actor, AuditAction::SessionsRevoked, id, None, &json!({ "sessions": ended }));
            Ok(ended)
        })
        .await
}

/// Changes the actor's own password. All other sessions end: whoever knew the old one is out. Answers a new session.
pub async fn change_password(
    app: &App,
    actor: Arc<Actor>,
    old: Sensitive<String>,
    new: Sensitive<String>,
    caller: String,
) -> Outcome<SignedIn, SignInRefusal> {
    let user = own(app, &actor).await?;
    let Col(id) = user.id;
    let login = user.login.clone().ok_or(Failure::Forbidden)?;
    let password = Password::parse(new.reveal(), &login).map_err(|bad| refuse(SignInRefusal::Password(bad)))?;
    let limits = throttled_password(app, &user, old, &caller).await?;
    let hash = app.hashing.hash(Sensitive::new(password.reveal().to_owned())).await?;
    app.store
        .write(LaneKey::SHARED, "change_password", move |tx| {
            let now = tx.now();
            limits.iter().try_for_each(|limit| limit.forget(tx))?;
            users::set_password(tx.change(), id, &hash, false)?;
            users::end_sessions_of(tx.change(), id, now)?;
            let (token, expires_at) = open_session(tx, Some(id), None, STAFF_SESSION_S)?;
            audit::record(tx, &actor, AuditAction::PasswordChanged, id, None, &json!({}));
            Ok(SignedIn { token, expires_at, user: Some(id), must_change_password: false })
        })
        .await
}

/// The signed-in one's own record.
pub(super) async fn own(app: &App, actor: &Actor) -> Outcome<UserRow, SignInRefusal> {
    let id: UserId = actor.user.ok_or(Failure::Forbidden)?;
    app.store.read("own_user", move |conn| users::find(conn, id)?.ok_or(Failure::Forbidden)).await
}

/// Asks the signed-in one's own password again. Tries are counted as those of signing in are; the counts are to be taken back in the
/// commit of what was asked for.
pub(super) async fn throttled_password(
    app: &App,
    user: &UserRow,
    password: Sensitive<String>,
    caller: &str,
) -> Outcome<[Limit; 3], SignInRefusal> {
    let login = user.login.as_deref().ok_or(Failure::Forbidden)?;
    let limits = limits(app.store.sealer(), login, caller);
    let counting = limits.clone();
    app.store
        .write(LaneKey::SHARED, "own_password_try", move |tx| {
            let now = tx.now();
            counting.iter().try_for_each(|limit| limit.count(tx, now))
        })
        .await?;
    match app.hashing.verify(password, user.password_hash.clone()).await? {
        true => Ok(limits),
        false => Err(refuse(SignInRefusal::Wrong)),
    }
}
