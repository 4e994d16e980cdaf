//! Devices: kitchen displays, counter terminals, couriers' phones, sensors. Paired by a short-lived code that entitled staff make.

use crate::App;
use crate::audit;
use crate::auth::throttle::Limit;
use crate::auth::{DEVICE_SESSION_S, SignInRefusal, SignedIn, open_session, refuse};
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor, DeviceKind, Role, Where};
use domain::audit::AuditAction;
use domain::id::{CanteenId, DeviceId, UserId};
use domain::{Instant, Sensitive};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::catalogue::{self, CanteenRow};
use store::query::devices::{self, DeviceRow, PairingRow};
use store::query::users;
use store::seal::Blind;
use store::{LaneKey, Tx};

/// Characters of a pairing code: 8 of 32, so 10^12 codes.
const CODE_LENGTH: usize = 8;
/// Without 0, O, 1 and I, which are read wrong.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// A code is good for ten minutes: the walk from the office to the kitchen.
const CODE_VALID_S: i64 = 600;
/// Wrong codes from one address, and from everywhere, in a quarter of an hour.
const TRIES_PER_CALLER: i64 = 10;
const TRIES_ALL: i64 = 300;
const WINDOW_S: i64 = 900;

/// Random characters that can be read out; each carries 5 bits.
pub(crate) fn random_letters(count: usize) -> String {
    use rand::Rng;
    let mut bytes = vec![0u8; count];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32))).map(|letter| char::from(*letter)).collect()
}

/// Which device is to be paired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// What it is.
    pub kind: DeviceKind,
    /// Where it stands.
    pub canteen: CanteenId,
    /// The courier whose phone it is; a courier's phone has one, nothing else does.
    pub user: Option<UserId>,
    /// What staff call it.
    pub name: String,
}

/// A pairing code, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingCode {
    /// To type on the device.
    pub code: Sensitive<String>,
    /// Until when.
    pub expires_at: Instant,
}

/// Why no code is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingRefusal {
    /// A courier's phone needs its courier.
    CourierNeeded,
    /// Only a courier's phone belongs to somebody.
    CourierNotAllowed,
    /// The user is no courier of this canteen.
    NotACourierHere,
    /// It was revoked before.
    AlreadyRevoked,
}

fn pairs_at(actor: &Actor, canteen: &CanteenRow) -> bool {
    actor.may(Action::PairDevices, Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) })
}

/// Makes a code for a device.
pub async fn make_code(app: &App, actor: Arc<Actor>, pairing: Pairing) -> Outcome<PairingCode, PairingRefusal> {
    let code = Sensitive::new(random_letters(CODE_LENGTH));
    let of_unit = code.clone();
    let expires_at = app
        .store
        .write(LaneKey::of(pairing.canteen), "make_pairing_code", move |tx| make_code_in(tx, &actor, &pairing, of_unit.reveal()))
        .await?;
    Ok(PairingCode { code, expires_at })
}

fn make_code_in(tx: &mut Tx<'_>, actor: &Actor, pairing: &Pairing, code: &str) -> Outcome<Instant, PairingRefusal> {
    let known = catalogue::canteen(tx.look(), pairing.canteen)?;
    let canteen = known.ok_or(Failure::NotFound(Thing::Canteen(pairing.canteen)))?;
    if !pairs_at(actor, &canteen) {
        let at = Where { place: &canteen.place_code.0, canteen: Some(pairing.canteen) };
        let seen = actor.may(Action::SeeCatalogue, at);
        return Err(if seen { Failure::Forbidden } else { Failure::NotFound(Thing::Canteen(pairing.canteen)) });
    }
    match (pairing.kind, pairing.user) {
        (DeviceKind::CourierPhone, None) => return Err(Failure::Refused(PairingRefusal::CourierNeeded)),
        (DeviceKind::CourierPhone, Some(user)) if !delivers_for(tx.look(), user, &canteen)? => {
            return Err(Failure::Refused(PairingRefusal::NotACourierHere));
        }
        (DeviceKind::CourierPhone, Some(_)) | (DeviceKind::KitchenDisplay | DeviceKind::Counter | DeviceKind::Sensor, None) => {}
        (DeviceKind::KitchenDisplay | DeviceKind::Counter | DeviceKind::Sensor, Some(_)) => {
            return Err(Failure::Refused(PairingRefusal::CourierNotAllowed));
        }
    }
    let expires_at = tx.now().plus_seconds(CODE_VALID_S);
    let row = PairingRow {
        code_hash: tx.sealer().blind(Blind::Code, &format!("pair|{code}")),
        kind: Word(pairing.kind),
        canteen_id: Col(pairing.canteen),
        user_id: pairing.user.map(Col),
        name: pairing.name.clone(),
        made_by: actor.user.map(Col),
        expires_at: Col(expires_at),
        used_at: None,
    };
    devices::insert_code(tx.change(), &row)?;
    let detail = json!({ "kind": pairing.kind, "courier": pairing.user });
    audit::record(tx, actor, AuditAction::PairingCodeMade, pairing.canteen, Some(&canteen.place_code.0), &detail);
    Ok(expires_at)
}

/// Whether somebody is a courier of a canteen: what a courier's phone and a place on a round both take.
pub(crate) fn delivers_for(conn: &mut AnyConnection, user: UserId, canteen: &CanteenRow) -> Result<bool, store::StoreError> {
    let here = |canteen_id: Option<Col<CanteenId>>| canteen_id.is_none_or(|Col(id)| id == canteen.id.0);
    Ok(users::grants(conn, user)?.iter().any(|grant| {
        grant.revoked_at.is_none()
            && grant.role == Word(Role::Courier)
            && grant.place_code.0.contains(&canteen.place_code.0)
            && here(grant.canteen_id)
    }))
}

/// Pairs a device: takes the code, once, and opens the device's session.
pub async fn pair(app: &App, code: Sensitive<String>, caller: String) -> Outcome<(DeviceId, SignedIn), SignInRefusal> {
    let sealer = app.store.sealer();
    let typed: String = code.reveal().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    let hash = sealer.blind(Blind::Code, &format!("pair|{typed}"));
    let limits = [
        Limit::new(sealer, &["pair", &caller], TRIES_PER_CALLER, WINDOW_S),
        Limit::new(sealer, &["pair_all"], TRIES_ALL, WINDOW_S),
    ];
    let counting = limits.clone();
    app.store
        .write(LaneKey::SHARED, "pair_try", move |tx| {
            let now = tx.now();
            counting.iter().try_for_each(|limit| limit.count(tx, now))
        })
        .await?;
    app.store
        .write(LaneKey::SHARED, "pair_device", move |tx| {
            let now = tx.now();
            let found = devices::usable_code(tx.look(), &hash, now)?.ok_or(refuse(SignInRefusal::Wrong))?;
            if !devices::take_code(tx.change(), &hash, now)? {
                return Err(refuse(SignInRefusal::Wrong));
            }
            let (id, user): (DeviceId, _) = (tx.new_id(), found.user_id.map(|Col(user)| user));
            let row = DeviceRow {
                id: Col(id),
                kind: found.kind,
                canteen_id: found.canteen_id,
                user_id: found.user_id,
                name: found.name,
                paired_at: Col(now),
                revoked_at: None,
            };
            devices::insert(tx.change(), &row)?;
            limits.iter().take(1).try_for_each(|limit| limit.forget(tx))?;
            let (token, expires_at) = open_session(tx, user, Some(id), DEVICE_SESSION_S)?;
            let place = catalogue::canteen(tx.look(), found.canteen_id.0)?.map(|c| c.place_code.0);
            let maker = Actor { user: found.made_by.map(|Col(by)| by), ..Actor::default() };
            audit::record(tx, &maker, AuditAction::DevicePaired, id, place.as_ref(), &json!({ "kind": found.kind.0 }));
            Ok((id, SignedIn { token, expires_at, user, must_change_password: false }))
        })
        .await
}

/// Devices in the actor's scope, after an identifier.
pub async fn list(app: &App, actor: Arc<Actor>, after: Option<DeviceId>, limit: i64) -> Outcome<Vec<DeviceRow>, Never> {
    let scope = actor.scope(Action::PairDevices);
    if scope.is_empty() {
        return Err(Failure::Forbidden);
    }
    app.store.read("list_devices", move |conn| Ok(devices::list(conn, &scope, after, limit)?)).await
}

/// Shuts a device out; its sessions end at once.
pub async fn revoke(app: &App, actor: Arc<Actor>, id: DeviceId) -> Outcome<(), PairingRefusal> {
    app.store
        .write(LaneKey::of(id), "revoke_device", move |tx| {
            let device = devices::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Device))?;
            let canteen = catalogue::canteen(tx.look(), device.canteen_id.0)?.ok_or(Failure::NotFound(Thing::Device))?;
            if !pairs_at(&actor, &canteen) {
                return Err(Failure::NotFound(Thing::Device));
            }
            let now = tx.now();
            if device.revoked_at.is_some() || !devices::revoke(tx.change(), id, now)? {
                return Err(Failure::Refused(PairingRefusal::AlreadyRevoked));
            }
            users::end_sessions_of_device(tx.change(), id, now)?;
            audit::record(tx, &actor, AuditAction::DeviceRevoked, id, Some(&canteen.place_code.0), &json!({}));
            Ok(())
        })
        .await
}
