//! Health certificates of staff (健康证). The number is sealed; what counts are the dates.

use super::BatchRefusal as Refusal;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use domain::access::{Action, Actor};
use domain::id::{CanteenId, CertificateId, UserId};
use domain::{Sensitive, ServiceDate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::LaneKey;
use store::column::Col;
use store::query::batches::{self, CertificateRow};
use store::seal::Field;

/// A certificate as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateDraft {
    /// Whose.
    pub user: UserId,
    /// The number on it.
    pub number: Sensitive<String>,
    /// The day of the check.
    pub issued_on: ServiceDate,
    /// The last day printed on it.
    pub expires_on: ServiceDate,
}

/// A certificate on record, without its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// Which record.
    pub certificate: CertificateId,
    /// Whose.
    pub user: UserId,
    /// The day of the check.
    pub issued_on: ServiceDate,
    /// The last day printed on it.
    pub expires_on: ServiceDate,
}

/// Records a certificate, for the gate to find.
pub async fn record(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    canteen: CanteenId,
    draft: CertificateDraft,
) -> Outcome<CertificateView, Refusal> {
    app.store
        .write(LaneKey::of(canteen), "record_certificate", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            canteen_for(tx.look(), &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?;
            let by = signer(&actor)?;
            tx.lock_canteen(canteen)?;
            if !batches::is_user(tx.look(), draft.user)? {
                return Err(Failure::NotFound(Thing::User));
            }
            let (id, now) = (tx.new_id(), tx.now());
            let row = CertificateRow {
                id: Col(id),
                user_id: Col(draft.user),
                canteen_id: Col(canteen),
                number_enc: tx.sealer().seal(Field::CertificateNumber, id, draft.number.reveal())?,
                issued_on: Col(draft.issued_on),
                expires_on: Col(draft.expires_on),
                recorded_at: Col(now),
                recorded_by: Col(by),
            };
            batches::add_certificate(tx.change(), &row)?;
            let answer =
                CertificateView { certificate: id, user: draft.user, issued_on: draft.issued_on, expires_on: draft.expires_on };
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}
