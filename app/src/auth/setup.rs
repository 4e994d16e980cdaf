//! The first administrator: made once, with a token that is printed at the first start. There is no default account.

use super::{STAFF_SESSION_S, SignInRefusal, SignedIn, as_actor, new_user, open_session, refuse};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Never, Outcome};
use crate::session::Token;
use domain::PlaceCode;
use domain::access::{Role, UserKind};
use domain::audit::AuditAction;
use domain::id::UserId;
use domain::person::password::Password;
use serde_json::json;
use store::column::{Col, Word};
use store::query::people::GrantRow;
use store::query::users;
use store::{LaneKey, Tx};

/// Makes the set-up token, in place of an earlier one; `None` once anybody has a right here.
pub async fn make_token(app: &App) -> Outcome<Option<Token>, Never> {
    let token = Token::random();
    let hash = Token::hash_of(token.reveal());
    let kept = app
        .store
        .write(LaneKey::SHARED, "setup_token", move |tx| Ok::<_, Failure<Never>>(users::set_setup_token(tx.change(), &hash)?))
        .await?;
    Ok(kept.then_some(token))
}

/// Who the first administrator is, and for which places.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// To sign in with.
    pub login: String,
    /// Shown to others.
    pub display_name: String,
    /// As typed.
    pub password: domain::Sensitive<String>,
    /// Roots of what is administered; places that are not known yet are added under these names.
    pub places: Vec<(PlaceCode, String)>,
}

/// Takes the token and makes the first administrator; they are signed in.
pub async fn set_up(app: &App, token: &str, first: FirstAdmin) -> Outcome<SignedIn, SignInRefusal> {
    let password = Password::parse(first.password.reveal(), &first.login).map_err(|bad| refuse(SignInRefusal::Password(bad)))?;
    let taken = Token::hash_of(token);
    let hash = app.hashing.hash(domain::Sensitive::new(password.reveal().to_owned())).await?;
    app.store.write(LaneKey::SHARED, "set_up", move |tx| set_up_in(tx, &taken, &first, &hash)).await
}

fn set_up_in(tx: &mut Tx<'_>, token: &[u8], first: &FirstAdmin, password_hash: &str) -> Outcome<SignedIn, SignInRefusal> {
    if users::by_login(tx.look(), &first.login)?.is_some() {
        return Err(refuse(SignInRefusal::LoginTaken));
    }
    if !users::take_setup_token(tx.change(), token)? {
        return Err(refuse(SignInRefusal::Wrong));
    }
    let (id, now): (UserId, _) = (tx.new_id(), tx.now());
    let mut row = new_user(id, UserKind::Staff, &first.display_name, now);
    row.login = Some(first.login.clone());
    row.password_hash = Some(password_hash.to_owned());
    users::insert(tx.change(), &row)?;
    for (place, name) in &first.places {
        users::add_place(tx.change(), place, name)?;
        let grant = GrantRow {
            id: Col(tx.new_id()),
            user_id: Col(id),
            role: Word(Role::Admin),
            place_code: Col(place.clone()),
            canteen_id: None,
            granted_by: None,
            granted_at: Col(now),
            revoked_at: None,
        };
        users::insert_grant(tx.change(), &grant)?;
        audit::record(tx, &as_actor(id), AuditAction::SetUp, id, Some(place), &json!({ "role": Role::Admin }));
    }
    let (token, expires_at) = open_session(tx, Some(id), None, STAFF_SESSION_S)?;
    Ok(SignedIn { token, expires_at, user: Some(id), must_change_password: false })
}
