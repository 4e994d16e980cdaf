//! Who stands at a display: what they do there is written down with their name besides the display's.
//!
//! Signing in gives no right. A display may do what a display may do, whoever stands there, and a kitchen does not stop because
//! somebody forgot their number: then the display alone is named.

use crate::App;
use crate::audit;
use crate::auth::throttle::Limit;
use crate::auth::{SignInRefusal, as_actor, refuse};
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor, Role, Where};
use domain::audit::AuditAction;
use domain::id::{DeviceId, DisplaySignInId, UserId};
use domain::text_enum::TextEnum;
use domain::{Instant, PlaceCode, Sensitive};
use serde_json::json;
use std::sync::Arc;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::catalogue;
use store::query::display_people::{self, SignInRow};
use store::seal::Sealer;
use store::{LaneKey, StoreError, Tx};

/// A sign-in is good for a working day; what was queued under it may come until then.
const GOOD_S: i64 = 12 * 3600;
/// People on the list at most: more do not work in one kitchen, nor fit on a screen.
pub const PEOPLE_MAX: i64 = 60;
/// Wrong numbers for one person at one display, and at one display, in a quarter of an hour: of 10,000 numbers.
const PER_PERSON: i64 = 5;
const PER_DISPLAY: i64 = 20;
const WINDOW_S: i64 = 900;

/// Somebody who may sign in at a display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// As colleagues know them.
    pub name: String,
}

/// Somebody who did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInHere {
    /// To be sent with what they do.
    pub id: DisplaySignInId,
    /// Who.
    pub person: Person,
    /// Until when.
    pub good_until: Instant,
}

/// Who of the display's kitchen has a number, by name.
pub async fn people(app: &App, actor: Arc<Actor>) -> Outcome<Vec<Person>, Never> {
    app.store
        .read("display_people", move |conn| {
            let (_, place) = display_of(conn, &actor)?;
            Ok(of_kitchen(conn, &actor, &place)?)
        })
        .await
}

/// Somebody says who they are, and proves it by their number; who stood there before is signed out. Wrong for everybody who is not on
/// the display's list.
pub async fn sign_in(app: &App, actor: Arc<Actor>, user: UserId, pin: Sensitive<String>) -> Outcome<SignedInHere, SignInRefusal> {
    let looking = actor.clone();
    let (device, place, person, hash) = app
        .store
        .read("display_person", move |conn| {
            let (device, place) = display_of(conn, &looking)?;
            let person = of_kitchen(conn, &looking, &place)?.into_iter().find(|person| person.user == user);
            let hash = person.as_ref().map(|_| display_people::pin_hash(conn, user)).transpose()?.flatten();
            Ok::<_, Failure<SignInRefusal>>((device, place, person, hash))
        })
        .await?;
    let limits = limits(app.store.sealer(), device, user);
    let counting = limits.clone();
    app.store
        .write(LaneKey::SHARED, "display_sign_in_try", move |tx| {
            let now = tx.now();
            counting.iter().try_for_each(|limit| limit.count(tx, now))
        })
        .await?;
    let right = app.hashing.verify(pin, hash).await?;
    app.store
        .write(LaneKey::SHARED, "display_sign_in", move |tx| match person.as_ref().filter(|_| right) {
            Some(person) => signed_in(tx, &limits, device, &place, person.clone()),
            None => {
                audit::record(tx, &actor, AuditAction::DisplaySignInFailed, user, Some(&place), &json!({ "device": device }));
                Ok(None)
            }
        })
        .await?
        .ok_or(refuse(SignInRefusal::Wrong))
}

fn signed_in(
    tx: &mut Tx<'_>,
    limits: &[Limit; 2],
    device: DeviceId,
    place: &PlaceCode,
    person: Person,
) -> Outcome<Option<SignedInHere>, SignInRefusal> {
    // The display's own count stands: a colleague who signs in does not make room for more guesses.
    limits.iter().take(1).try_for_each(|limit| limit.forget(tx))?;
    let (id, now) = (tx.new_id(), tx.now());
    let good_until = now.plus_seconds(GOOD_S);
    let row = SignInRow {
        id: Col(id),
        device_id: Col(device),
        user_id: Col(person.user),
        signed_in: Col(now),
        good_until: Col(good_until),
        signed_out: None,
    };
    display_people::sign_in(tx.change(), &row)?;
    let detail = json!({ "device": device });
    audit::record(tx, &as_actor(person.user), AuditAction::DisplaySignedIn, person.user, Some(place), &detail);
    Ok(Some(SignedInHere { id, person, good_until }))
}

/// Nobody stands at the display any more.
pub async fn sign_out(app: &App, actor: Arc<Actor>) -> Outcome<(), Never> {
    app.store
        .write(LaneKey::SHARED, "display_sign_out", move |tx| {
            let (device, _) = display_of(tx.look(), &actor)?;
            let now = tx.now();
            display_people::end(tx.change(), device, now)?;
            Ok(())
        })
        .await
}

/// Who did what a display sends under a sign-in: of this display, and still good. A sign-out meanwhile does not change who did it.
pub(crate) fn person_at(
    conn: &mut AnyConnection,
    actor: &Actor,
    sign_in: Option<DisplaySignInId>,
    now: Instant,
) -> Result<Option<UserId>, StoreError> {
    match (sign_in, actor.device) {
        (Some(id), Some((device, ..))) => display_people::person(conn, id, device, now),
        _ => Ok(None),
    }
}

fn limits(sealer: &Sealer, device: DeviceId, user: UserId) -> [Limit; 2] {
    let (device, user) = (device.to_string(), user.to_string());
    [
        Limit::new(sealer, &["display_person", &device, &user], PER_PERSON, WINDOW_S),
        Limit::new(sealer, &["display", &device], PER_DISPLAY, WINDOW_S),
    ]
}

/// The display that asks, and its canteen's place; forbidden for whatever is none.
fn display_of<R>(conn: &mut AnyConnection, actor: &Actor) -> Outcome<(DeviceId, PlaceCode), R> {
    let (device, _, canteen_id) = actor.device.ok_or(Failure::Forbidden)?;
    let canteen = catalogue::canteen(conn, canteen_id)?.ok_or(Failure::NotFound(Thing::Canteen(canteen_id)))?;
    let Col(place) = canteen.place_code;
    match actor.may_by_device(Action::Kitchen, Where { place: &place, canteen: Some(canteen_id) }) {
        true => Ok((device, place)),
        false => Err(Failure::Forbidden),
    }
}

fn of_kitchen(conn: &mut AnyConnection, actor: &Actor, place: &PlaceCode) -> Result<Vec<Person>, StoreError> {
    let Some((_, _, canteen)) = actor.device else { return Ok(Vec::new()) };
    let cooking: Vec<Role> = Role::ALL.iter().copied().filter(|role| role.allows(Action::Kitchen)).collect();
    let found = display_people::people(conn, canteen, &place.chain(), &cooking, PEOPLE_MAX)?;
    Ok(found.into_iter().map(|(user, name)| Person { user, name }).collect())
}
