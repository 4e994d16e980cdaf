//! Sessions: opaque tokens of 256 random bits, stored only as their SHA-256, revocable at once.

use crate::App;
use crate::failure::{Never, Outcome};
use domain::access::Actor;
use domain::{Instant, Sensitive};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::query::people;

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

/// Who holds a token now; `None` when nobody does.
pub async fn actor_of(app: &App, token: &str, now: Instant) -> Outcome<Option<Arc<Actor>>, Never> {
    let hash = Token::hash_of(token);
    app.store.read("session", move |conn| Ok(people::actor_of(conn, &hash, now)?.map(Arc::new))).await
}
