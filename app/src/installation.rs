//! The first start of a database, and the check at every later one that it is opened with the keys it was made with.

use crate::App;
use crate::session::Token;
use domain::id::EpochId;
use store::column::Col;
use store::query::installation::{self, InstallationRow};
use store::seal::Field;
use store::{LaneKey, StoreError};

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
    let Col(epoch) = row.epoch;
    let opened = app.store.sealer().open(Field::KeyCheck, epoch, &row.key_check_enc)?;
    if opened.reveal() != KEY_CHECK {
        return Err(StoreError::Sealed("installation.key_check_enc"));
    }
    Ok(Installed { epoch, setup_token: made.then_some(token) })
}
