//! The first start of a database, and the check at every later one that it is opened with the keys it was made with.

use crate::App;
use crate::session::Token;
use domain::id::EpochId;
use store::column::Col;
use store::query::installation::{self, InstallationRow};
use store::seal::{Field, Sealer};
use store::{LaneKey, StoreError, Target};

/// What is known of an installation once it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Which history the database is.
    pub epoch: EpochId,
    /// The one-time token with which the first administrator is made; only at the first start, never to be had again.
    pub setup_token: Option<Token>,
}

/// The text that is sealed to recognise the keys; it is no secret.
const KEY_CHECK: &str = "nuanfan";

/// Opens the installation, making it at the first start.
///
/// Fails with [`StoreError::Sealed`] when the field keys are not those of this database: going on would seal new fields so that
/// nobody could read old and new ones with one key.
pub async fn open(app: &App) -> Result<Installed, StoreError> {
    let token = Token::random();
    let fresh = token.clone();
    let (row, made) = app
        .store
        .write(LaneKey::SHARED, "open_installation", move |tx| {
            if let Some(row) = installation::find(tx.look())? {
                return Ok::<_, StoreError>((row, false));
            }
            let epoch: EpochId = tx.new_id();
            let row = InstallationRow {
                only_row: 1,
                epoch: Col(epoch),
                created_at: Col(tx.now()),
                setup_token_hash: Some(Token::hash_of(fresh.reveal())),
                key_check_enc: tx.sealer().seal(Field::KeyCheck, epoch, KEY_CHECK)?,
            };
            // Several processes may start on a new database at once; the row of the first one stands.
            let made = installation::insert(tx.change(), &row)?;
            let row = installation::find(tx.look())?.ok_or(StoreError::NotFound)?;
            Ok((row, made))
        })
        .await?;
    check_key(app.store.sealer(), &row)?;
    Ok(Installed { epoch: row.epoch.0, setup_token: made.then_some(token) })
}

fn check_key(sealer: &Sealer, row: &InstallationRow) -> Result<(), StoreError> {
    let opened = sealer.open(Field::KeyCheck, row.epoch.0, &row.key_check_enc)?;
    if opened.reveal() == KEY_CHECK { Ok(()) } else { Err(StoreError::Sealed("installation.key_check_enc")) }
}

/// Begins a new history in a database that was put back from a copy: what displays and others have read of the old one beyond the
/// copy never happened here, and the new epoch tells them to read anew. Fails untouched when the key is not the database's.
pub fn renew(target: &Target, sealer: &Sealer) -> Result<EpochId, StoreError> {
    let mut conn = target.connect()?;
    let row = installation::find(&mut conn)?.ok_or(StoreError::NotFound)?;
    check_key(sealer, &row)?;
    let epoch = EpochId::from_uuid(uuid::Uuid::now_v7());
    let sealed = sealer.seal(Field::KeyCheck, epoch, KEY_CHECK)?;
    installation::renew(&mut conn, epoch, &sealed)?;
    Ok(epoch)
}
