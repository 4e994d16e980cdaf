//! Sessions: opaque tokens of 256 random bits, stored only as their SHA-256, revocable at once.

use crate::App;
use crate::failure::{Never, Outcome};
use domain::access::Actor;
use domain::{Instant, Sensitive};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use store::query::{changes, people};

/// A session's token in the clear: given to the client once, never stored, never logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(Sensitive<String>);

/// Visible prefix, so that a token found in the wild is recognised for what it is.
const PREFIX: &str = "nft_";

impl Token {
    /// A new random token.
    #[must_use]
    pub fn random() -> Self {
        use rand::Rng;
        let mut bytes = [0u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(Sensitive::new(format!("{PREFIX}{}", hex::encode(bytes))))
    }

    /// For the one answer that hands it out.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// What is stored. A plain hash is enough: there is nothing to guess in 256 random bits.
    #[must_use]
    pub fn hash_of(token: &str) -> Vec<u8> {
        Sha256::digest(token.as_bytes()).to_vec()
    }
}

/// Who holds which session, as of one count of changes of rights: what each request would else read from five tables.
#[derive(Debug, Default)]
pub struct Sessions(RwLock<Kept>);

#[derive(Debug, Default)]
struct Kept {
    as_of: i64,
    /// By the token's hash: who, and until when.
    holders: HashMap<Vec<u8>, (Arc<Actor>, Instant)>,
}

/// Sessions kept at most: those of a district's lunch hour.
const SESSIONS_KEPT: usize = 20_000;

impl Sessions {
    fn find(&self, as_of: i64, hash: &[u8], now: Instant) -> Option<Arc<Actor>> {
        let kept = self.0.read().ok()?;
        let (actor, until) = kept.holders.get(hash)?;
        (kept.as_of == as_of && now < *until).then(|| actor.clone())
    }

    fn keep(&self, as_of: i64, hash: Vec<u8>, actor: Arc<Actor>, until: Instant) {
        let Ok(mut kept) = self.0.write() else { return };
        if kept.as_of != as_of || kept.holders.len() >= SESSIONS_KEPT {
            *kept = Kept { as_of, holders: HashMap::new() };
        }
        kept.holders.insert(hash, (actor, until));
    }
}

/// The staff user in whose name a command is run; their own rights count, as if they had signed in. `None` for an unknown or
/// blocked login.
pub async fn staff(app: &App, login: String) -> Outcome<Option<Arc<Actor>>, Never> {
    app.store.read("staff", move |conn| Ok(people::staff_actor(conn, &login)?.map(Arc::new))).await
}

/// Who holds a token now; `None` when nobody does. A right taken away counts at once: any change of rights, by any process,
/// changes the count that is read here.
pub async fn actor_of(app: &App, token: &str, now: Instant) -> Outcome<Option<Arc<Actor>>, Never> {
    let (hash, sessions) = (Token::hash_of(token), app.sessions.clone());
    let as_of = app.changes.ask(&app.store, ()).await?.access;
    if let Some(actor) = sessions.find(as_of, &hash, now) {
        return Ok(Some(actor));
    }
    app.store
        .read("session", move |conn| {
            // Before the rights: what is loaded under a count must not be older than it.
            let as_of = changes::now(conn)?.access;
            let Some((actor, until)) = people::actor_of(conn, &hash, now)? else { return Ok(None) };
            let actor = Arc::new(actor);
            sessions.keep(as_of, hash, actor.clone(), until);
            Ok(Some(actor))
        })
        .await
}
