//! The number by which staff of a kitchen say at a display who they are: set by themselves, under their password.

use super::staff::{own, throttled_password};
use super::{SignInRefusal, refuse};
use crate::App;
use crate::audit;
use crate::failure::Outcome;
use domain::Sensitive;
use domain::access::Actor;
use domain::audit::AuditAction;
use domain::person::pin::Pin;
use serde_json::json;
use std::sync::Arc;
use store::LaneKey;
use store::column::Col;
use store::query::display_people::{self, PinRow};

/// Sets the actor's own number. The password is asked again: else whoever finds a browser open could cook in another's name.
pub async fn set_pin(
    app: &App,
    actor: Arc<Actor>,
    password: Sensitive<String>,
    pin: Sensitive<String>,
    caller: String,
) -> Outcome<(), SignInRefusal> {
    let pin = Pin::parse(pin.reveal()).map_err(|bad| refuse(SignInRefusal::Pin(bad)))?;
    let user = own(app, &actor).await?;
    let limits = throttled_password(app, &user, password, &caller).await?;
    let hash = app.hashing.hash(Sensitive::new(pin.reveal().to_owned())).await?;
    app.store
        .write(LaneKey::SHARED, "set_pin", move |tx| {
            limits.iter().try_for_each(|limit| limit.forget(tx))?;
            let row = PinRow { user_id: user.id, pin_hash: hash.clone(), set_at: Col(tx.now()) };
            display_people::set_pin(tx.change(), &row)?;
            audit::record(tx, &actor, AuditAction::PinSet, user.id.0, None, &json!({}));
            Ok(())
        })
        .await
}
