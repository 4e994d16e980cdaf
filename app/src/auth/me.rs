//! Who the signed-in one is, and what they may do.

use crate::App;
use crate::failure::{Never, Outcome};
use domain::access::Actor;
use domain::person::mask;
use std::sync::Arc;
use store::column::Col;
use store::query::{seniors, users};
use store::seal::Field;

/// The signed-in user or device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// With all rights.
    pub actor: Arc<Actor>,
    /// The user's name; empty for a device of nobody.
    pub display_name: String,
    /// The proven phone, masked.
    pub phone: Option<String>,
    /// Names of the seniors the actor is or acts for.
    pub seniors: Vec<(domain::id::SeniorId, String)>,
}

/// Looks the actor up.
pub async fn me(app: &App, actor: Arc<Actor>) -> Outcome<Me, Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("me", move |conn| {
            let user = actor.user.map(|id| users::find(conn, id)).transpose()?.flatten();
            let sealed = user.as_ref().and_then(|u| u.phone_enc.as_ref().map(|enc| (u.id, enc)));
            let phone = sealed.map(|(Col(id), enc)| sealer.open(Field::UserPhone, id, enc)).transpose()?;
            let mut names = Vec::new();
            for id in actor.self_senior.iter().chain(actor.family.keys()) {
                if let Some(senior) = seniors::find(conn, *id)? {
                    names.push((*id, senior.name));
                }
            }
            let display_name = user.map_or_else(String::new, |u| u.display_name);
            Ok(Me { actor, display_name, phone: phone.map(|p| mask::phone(p.reveal())), seniors: names })
        })
        .await
}
