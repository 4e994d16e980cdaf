//! Signing in: staff by password, clients by WeChat or a code sent to their phone, the first administrator by the set-up token.

pub mod client;
pub mod hashing;
pub mod me;
pub mod phone_code;
pub mod pin;
pub mod setup;
pub mod staff;
pub mod throttle;

use crate::failure::Failure;
use crate::session::Token;
use domain::Instant;
use domain::access::{Actor, UserKind, UserState};
use domain::id::{DeviceId, UserId};
use domain::person::password::BadPassword;
use domain::person::pin::BadPin;
use store::column::{Col, Word};
use store::query::people::{SessionRow, UserRow};
use store::query::users;
use store::{StoreError, Tx};

/// A session that was just opened; the only time its token is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The token.
    pub token: Token,
    /// Until when it is good, unless revoked.
    pub expires_at: Instant,
    /// Who signed in; `None` for a device of nobody.
    pub user: Option<UserId>,
    /// Nothing but changing the password is open until it is changed.
    pub must_change_password: bool,
}

/// Why nobody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// Login, password, code or token do not fit; which of them is not told.
    Wrong,
    /// Too many tries; wait so many seconds.
    TooManyTries {
        /// How long.
        retry_after_s: i64,
    },
    /// The way in is not configured here.
    NotConfigured(Way),
    /// The other side is out of reach; try again later.
    OutOfReach(Way),
    /// The other side blocks this user.
    BlockedThere(Way),
    /// The number cannot take text messages.
    NotMobile,
    /// The new password is not accepted.
    Password(BadPassword),
    /// The new number is not accepted.
    Pin(BadPin),
    /// The login is taken.
    LoginTaken,
    /// The phone or the senior belongs to another user already.
    Taken,
}

/// A way in that needs the outside world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// WeChat's server.
    WeChat,
    /// A text message.
    Sms,
    /// A mail.
    Mail,
}

/// How long a staff session lasts: a working day.
pub const STAFF_SESSION_S: i64 = 12 * 3600;
/// How long a client's session lasts: seniors should not have to sign in for every meal.
pub const CLIENT_SESSION_S: i64 = 30 * 86_400;
/// How long a device stays paired; revoking ends it at once.
pub const DEVICE_SESSION_S: i64 = 400 * 86_400;

/// Opens a session in this unit's commit.
pub(crate) fn open_session(
    tx: &mut Tx<'_>,
    user: Option<UserId>,
    device: Option<DeviceId>,
    lasts_s: i64,
) -> Result<(Token, Instant), StoreError> {
    let (token, now) = (Token::random(), tx.now());
    let expires_at = now.plus_seconds(lasts_s);
    let row = SessionRow {
        id: Col(tx.new_id()),
        token_hash: Token::hash_of(token.reveal()),
        user_id: user.map(Col),
        device_id: device.map(Col),
        created_at: Col(now),
        expires_at: Col(expires_at),
        revoked_at: None,
    };
    users::insert_session(tx.change(), &row)?;
    Ok((token, expires_at))
}

/// A user who is to be added.
pub(crate) fn new_user(id: UserId, kind: UserKind, display_name: &str, at: Instant) -> UserRow {
    UserRow {
        id: Col(id),
        kind: Word(kind),
        display_name: display_name.to_owned(),
        login: None,
        password_hash: None,
        must_change_password: false,
        phone_enc: None,
        phone_bix: None,
        openid_bix: None,
        state: Word(UserState::Active),
        created_at: Col(at),
    }
}

/// An actor that is nothing but a user, for the audit log.
pub(crate) fn as_actor(user: UserId) -> Actor {
    Actor { user: Some(user), ..Actor::default() }
}

/// Shorthand for a refusal.
pub(crate) fn refuse<R>(refusal: R) -> Failure<R> {
    Failure::Refused(refusal)
}
