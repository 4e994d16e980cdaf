//! Staff users: make, list, block, give a new password.

use super::grants::{NewGrant, check_grant, grant_row};
use super::{StaffUser, UserRefusal, managed, place_of, seen};
use crate::App;
use crate::audit;
use crate::auth::new_user;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::Sensitive;
use domain::access::{Action, Actor, UserKind, UserState};
use domain::audit::AuditAction;
use domain::id::UserId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::users;
use store::{LaneKey, Tx};

/// A staff user to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewUser {
    /// To sign in with.
    pub login: String,
    /// Shown to others.
    pub display_name: String,
    /// The first right; a user without any would belong to nobody's scope.
    pub grant: NewGrant,
}

/// The answer to making a user, as it is kept under the request's key: the password is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    user: UserId,
}

/// A password made for a user, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstPassword {
    /// Whose.
    pub user: UserId,
    /// `None` when the request was answered before: give a new one if it was lost.
    pub password: Option<Sensitive<String>>,
}

/// A password for one use: 20 characters of 5 bits, in groups that can be read out.
pub(crate) fn random_password() -> Sensitive<String> {
    let text = crate::devices::random_letters(20);
    let groups: Vec<String> = text.as_bytes().chunks(5).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    Sensitive::new(groups.join("-"))
}

/// Makes a staff user with a first right, and a password that must be changed at the first sign-in.
pub async fn create(app: &App, actor: Arc<Actor>, key: RequestKey, new: NewUser) -> Outcome<FirstPassword, UserRefusal> {
    if !actor.may_somewhere(Action::EditUsers) {
        return Err(Failure::Forbidden);
    }
    let password = random_password();
    let hash = app.hashing.hash(password.clone()).await?;
    let (made, fresh) = app
        .store
        .write(LaneKey::SHARED, "create_user", move |tx| {
            if let Some(Made { user }) = key.earlier_answer(tx)? {
                return Ok::<_, Failure<UserRefusal>>((user, false));
            }
            let user = create_in(tx, &actor, &new, &hash)?;
            key.keep_answer(tx, &Made { user }, tx.now())?;
            Ok((user, true))
        })
        .await?;
    Ok(FirstPassword { user: made, password: fresh.then_some(password) })
}

fn create_in(tx: &mut Tx<'_>, actor: &Actor, new: &NewUser, password_hash: &str) -> Outcome<UserId, UserRefusal> {
    check_grant(tx.look(), actor, &new.grant)?;
    if users::by_login(tx.look(), &new.login)?.is_some() {
        return Err(Failure::Refused(UserRefusal::LoginTaken));
    }
    let id: UserId = tx.new_id();
    let mut row = new_user(id, UserKind::Staff, &new.display_name, tx.now());
    row.login = Some(new.login.clone());
    row.password_hash = Some(password_hash.to_owned());
    row.must_change_password = true;
    users::insert(tx.change(), &row)?;
    let grant = grant_row(tx, actor, id, &new.grant);
    users::insert_grant(tx.change(), &grant)?;
    let place = Some(&new.grant.place);
    audit::record(tx, actor, AuditAction::UserCreated, id, place, &json!({}));
    audit::record(
        tx,
        actor,
        AuditAction::GrantGiven,
        id,
        place,
        &json!({ "grant": grant.id.0, "role": new.grant.role, "canteen": new.grant.canteen }),
    );
    Ok(id)
}

/// Staff in the actor's scope, after an identifier.
pub async fn list(app: &App, actor: Arc<Actor>, after: Option<UserId>, limit: i64) -> Outcome<Vec<StaffUser>, Never> {
    let scope = actor.scope(Action::EditUsers);
    if scope.places().is_empty() {
        return Err(Failure::Forbidden);
    }
    app.store
        .read("list_users", move |conn| {
            let mut found = Vec::new();
            for user in users::list(conn, &scope, after, limit)? {
                found.extend(seen(conn, &actor, user.id.0)?);
            }
            Ok(found)
        })
        .await
}

/// One of them.
pub async fn find(app: &App, actor: Arc<Actor>, id: UserId) -> Outcome<StaffUser, Never> {
    app.store.read("find_user", move |conn| seen(conn, &actor, id)?.ok_or(Failure::NotFound(Thing::User))).await
}

/// Blocks a user, whose sessions end at once, or lets them in again.
pub async fn set_state(app: &App, actor: Arc<Actor>, id: UserId, state: UserState) -> Outcome<(), UserRefusal> {
    app.store
        .write(LaneKey::of(id), "set_user_state", move |tx| {
            let user = managed(tx.look(), &actor, id)?;
            if actor.user == Some(id) {
                return Err(Failure::Refused(UserRefusal::OwnAccount));
            }
            if user.state == Word(state) {
                return Ok(());
            }
            let (now, place) = (tx.now(), place_of(tx.look(), &actor, id)?);
            users::set_state(tx.change(), id, state)?;
            let action = match state {
                UserState::Blocked => {
                    users::end_sessions_of(tx.change(), id, now)?;
                    AuditAction::UserBlocked
                }
                UserState::Active => AuditAction::UserUnblocked,
            };
            audit::record(tx, &actor, action, id, place.as_ref(), &json!({}));
            Ok(())
        })
        .await
}

/// Gives a user a new password, to be changed at the next sign-in; sessions end at once.
pub async fn reset_password(app: &App, actor: Arc<Actor>, id: UserId) -> Outcome<FirstPassword, UserRefusal> {
    if !actor.may_somewhere(Action::EditUsers) {
        return Err(Failure::Forbidden);
    }
    let password = random_password();
    let hash = app.hashing.hash(password.clone()).await?;
    app.store
        .write(LaneKey::of(id), "reset_password", move |tx| {
            managed(tx.look(), &actor, id)?;
            if actor.user == Some(id) {
                return Err(Failure::Refused(UserRefusal::OwnAccount));
            }
            let (now, place) = (tx.now(), place_of(tx.look(), &actor, id)?);
            users::set_password(tx.change(), id, &hash, true)?;
            users::end_sessions_of(tx.change(), id, now)?;
            audit::record(tx, &actor, AuditAction::PasswordReset, id, place.as_ref(), &json!({}));
            Ok(())
        })
        .await?;
    Ok(FirstPassword { user: id, password: Some(password) })
}

/// Ends every session of a user.
pub async fn end_sessions(app: &App, actor: Arc<Actor>, id: UserId) -> Outcome<usize, UserRefusal> {
    app.store
        .write(LaneKey::of(id), "end_sessions", move |tx| {
            managed::<UserRefusal>(tx.look(), &actor, id)?;
            let (now, place) = (tx.now(), place_of(tx.look(), &actor, id)?);
            let ended = users::end_sessions_of(tx.change(), id, now)?;
            audit::record(tx, &actor, AuditAction::SessionsRevoked, id, place.as_ref(), &json!({ "sessions": ended }));
            Ok(ended)
        })
        .await
}

/// The identifier of a row.
#[must_use]
pub const fn id_of(user: &StaffUser) -> UserId {
    let Col(id) = user.user.id;
    id
}
